// SPDX-License-Identifier: GPL-3.0-or-later
// The documents for Ansible: ansible-doc's YAML and the collection's stub, whose argument_spec tests/ansible
// compares with what the executable accepts.
#include <array>

#include "lib/docs.hpp"
#include "lib/text.hpp"

namespace virtbp {

namespace {

constexpr std::string_view since = "1.0.0";  // the first release: every module of today was in it

// -- YAML -----------------------------------------------------------------------------------------------

std::string yaml_quoted(std::string_view text) { return concat({"'", replaced(text, "'", "''"), "'"}); }

std::string scalar(const json& value) {
    return value.is_string() ? yaml_quoted(value.get<std::string>()) : value.dump();
}

void yaml_list(std::string& yaml, std::string_view indent, std::string_view key,
               const std::vector<std::string>& items) {
    if (items.empty()) return;
    append(yaml, {indent, key, ":\n"});
    for (const auto& item : items) append(yaml, {indent, "  - ", yaml_quoted(item), "\n"});
}

void yaml_options(std::string& yaml, const std::string& indent, const Spec& spec) {
    for (const auto& option : spec.options) {
        append(yaml, {indent, option.name, ":\n"});
        const auto inner = indent + "  ";
        yaml_list(yaml, inner, "description", paragraphs(option));
        append(yaml, {inner, "type: ", name_of(option.type), "\n"});
        if (option.elements) append(yaml, {inner, "elements: ", name_of(*option.elements), "\n"});
        if (option.required) append(yaml, {inner, "required: true\n"});
        if (!option.default_value.is_null())
            append(yaml, {inner, "default: ", scalar(option.default_value), "\n"});
        yaml_list(yaml, inner, "choices", option.choices);
        yaml_list(yaml, inner, "aliases", option.aliases);
        if (option.suboptions.options.empty()) continue;
        append(yaml, {inner, "suboptions:\n"});
        yaml_options(yaml, inner + "  ", option.suboptions);
    }
}

std::string documentation(const Description& module, std::string indent) {
    const auto& manual = module.manual;
    std::string yaml;
    append(yaml, {indent, "module: ", manual.name, "\n", indent, "short_description: ",
                  yaml_quoted(manual.summary), "\n", indent, "version_added: ", since, "\n"});
    yaml_list(yaml, indent, "description", manual.description);
    append(yaml, {indent, "author:\n", indent, "  - 'the virtbp project (@virtbp)'\n", indent, "options:\n"});
    yaml_options(yaml, indent + "  ", module.spec);
    yaml_list(yaml, indent, "notes", manual.notes);
    append(yaml, {indent, "extends_documentation_fragment:\n"});
    for (const std::string_view part : {"", ".actiongroups"})
        append(yaml, {indent, "  - ansible.builtin.action_common_attributes", part, "\n"});
    append(yaml, {indent, "attributes:\n",          indent, "  check_mode:\n",
                  indent, "    support: full\n",    indent, "  diff_mode:\n",
                  indent, "    support: full\n",    indent, "  platform:\n",
                  indent, "    platforms: linux\n", indent, "    support: full\n",
                  indent, "  action_group:\n",      indent, "    membership: [virtbp.core.host]\n",
                  indent, "    support: full\n"});
    return yaml;
}

void yaml_return(std::string& yaml, std::string_view indent, const Return& key) {
    append(yaml, {indent, key.name, ":\n"});
    const auto inner = concat({indent, "  "});
    yaml_list(yaml, inner, "description", key.description);
    append(yaml, {inner, "returned: ", key.name == "backup_files" ? "always" : "success", "\n", inner,
                  "type: ", key.type, "\n", inner, "sample: ", key.sample.dump(), "\n"});
}

/// What every module returns, then what this one adds.
std::string returns(const Description& module, std::string_view indent) {
    std::string yaml;
    const std::array<Return, 4> common{{
        {"reboot_required", "bool", {"Whether something is in force only from the next boot on."}, false},
        {"backup_files",
         "list",
         {"Copies made of replaced files, where C(backup) asked for them."},
         json::array({"/etc/sysctl.d/90-virtbp-hugepages.conf.4711.2026-11-24@14:50:01~"})},
        {"diff",
         "list",
         {"Before and after: an entry for each layer with what changed in it, and for each file."},
         json::array({{{"before_header", "runtime"},
                       {"after_header", "runtime"},
                       {"before", {{"run", 0}}},
                       {"after", {{"run", 1}}}}})},
        {"virtbp",
         "dict",
         {"The managed fields one by one: layer, name, what was, what is wanted, what is now, outcome, "
          "source, reason.",
          "C(status) is the worst outcome."},
         {{"v", 1}, {"status", "same"}, {"fields", json::array()}}},
    }};
    for (const auto& key : common) yaml_return(yaml, indent, key);
    for (const auto& key : module.manual.returns) yaml_return(yaml, indent, key);
    return yaml;
}

std::string indented(std::string_view text, std::string_view indent) {
    std::string all;
    for (const auto line : lines(text)) append(all, {line.empty() ? "" : indent, line, "\n"});
    return all;
}

// -- Python ---------------------------------------------------------------------------------------------

std::string python(const json& value) {
    if (value.is_null()) return "None";
    if (value.is_boolean()) return value.get<bool>() ? "True" : "False";
    if (!value.is_array())
        return value.dump();  // numbers, and strings: they need no more than JSON's escapes
    std::string all = "[";
    for (const auto& element : value) append(all, {all.size() > 1 ? ", " : "", python(element)});
    return all + "]";
}

void python_rules(std::string& code, const std::string& indent, const Rules& rules) {
    const auto groups = [&](std::string_view key, const std::vector<std::vector<std::string>>& all) {
        if (all.empty()) return;
        append(code, {indent, key, "=["});
        for (const auto& names : all) append(code, {&names == &all.front() ? "" : ", ", python(names)});
        append(code, {"],\n"});
    };
    groups("mutually_exclusive", rules.mutually_exclusive);
    groups("required_together", rules.required_together);
    groups("required_one_of", rules.required_one_of);
    if (!rules.required_if.empty()) {
        append(code, {indent, "required_if=["});
        for (const auto& rule : rules.required_if)
            append(code, {&rule == &rules.required_if.front() ? "" : ", ", "(\"", rule.name, "\", ",
                          python(rule.value), ", ", python(rule.requirements), rule.any ? ", True)" : ")"});
        append(code, {"],\n"});
    }
    if (!rules.required_by.empty()) {
        append(code, {indent, "required_by={"});
        for (const auto& [name, requirements] : rules.required_by)
            append(code, {name == rules.required_by.front().first ? "" : ", ", "\"", name,
                          "\": ", python(requirements)});
        append(code, {"},\n"});
    }
}

void python_options(std::string& code, const std::string& indent, const Spec& spec) {
    for (const auto& option : spec.options) {
        append(code, {indent, option.name, "=dict(type=\"", name_of(option.type), "\""});
        if (option.elements) append(code, {", elements=\"", name_of(*option.elements), "\""});
        if (option.required) append(code, {", required=True"});
        if (!option.default_value.is_null()) append(code, {", default=", python(option.default_value)});
        if (!option.choices.empty()) append(code, {", choices=", python(option.choices)});
        if (!option.aliases.empty()) append(code, {", aliases=", python(option.aliases)});
        if (option.suboptions.options.empty()) {
            append(code, {"),\n"});
            continue;
        }
        append(code, {", options=dict(\n"});
        python_options(code, indent + "    ", option.suboptions);
        append(code, {indent, ")"});
        if (std::string rules; python_rules(rules, indent, option.suboptions.rules), !rules.empty())
            append(code, {",\n", rules, indent});
        append(code, {"),\n"});
    }
}

}  // namespace

std::string ansible_doc(const Description& module) {
    return concat({"---\nDOCUMENTATION:\n", documentation(module, "  "), "EXAMPLES: |\n",
                   indented(module.manual.examples, "  "), "RETURN:\n", returns(module, "  ")});
}

std::string ansible_stub(const Description& module) {
    std::string code = concat(
        {"#!/usr/bin/python\n# SPDX-",
         "License-Identifier: GPL-3.0-or-later\n"
         "# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)\n"
         "# Generated from the module's own declaration by: ",
         module.manual.name,
         " --stub\n\n"
         "from __future__ import annotations\n\nDOCUMENTATION = r\"\"\"\n",
         documentation(module, ""), "\"\"\"\n\nEXAMPLES = r\"\"\"\n", indented(module.manual.examples, ""),
         "\"\"\"\n\nRETURN = r\"\"\"\n", returns(module, ""),
         "\"\"\"\n\nfrom ansible.module_utils.basic import AnsibleModule\n\n\n"
         "def main():\n    module = AnsibleModule(\n        argument_spec=dict(\n"});
    python_options(code, "            ", module.spec);
    append(code, {"        ),\n"});
    python_rules(code, "        ", module.spec.rules);
    append(code, {"        supports_check_mode=True,\n    )\n    module.fail_json(\n        msg=\"",
                  module.full_name(),
                  " is a native module: its action plugin virtbp.core.native must run it\"\n    )\n\n\n"
                  "if __name__ == \"__main__\":\n    main()\n"});
    return code;
}

}  // namespace virtbp
