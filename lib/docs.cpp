// SPDX-License-Identifier: GPL-3.0-or-later
// The documents for people and editors: help, man page, JSON Schema. Ansible's are in docs_ansible.cpp.
#include "lib/docs.hpp"

#include <algorithm>
#include <cctype>

#include "lib/text.hpp"

namespace virtbp {

namespace {

/// A description without Ansible's markup: C(size), O(size) and V(2M) become size and 2M.
std::string plain(std::string_view text) {
    std::string all;
    for (size_t i = 0; i < text.size(); ++i) {
        const bool markup = i + 1 < text.size() && text[i + 1] == '(' &&
                            std::string_view("BCIOV").find(text[i]) < 5 &&
                            (i == 0 || std::isalnum(static_cast<unsigned char>(text[i - 1])) == 0);
        const auto end = markup ? text.find(')', i) : std::string_view::npos;
        if (end == std::string_view::npos) {
            all += text[i];
        } else {
            all += text.substr(i + 2, end - i - 2);
            i = end;
        }
    }
    return all;
}

std::string type_in_words(const Option& option) {
    if (!option.elements) return std::string(name_of(option.type));
    return concat({"list of ", name_of(*option.elements)});
}

// -- JSON Schema ----------------------------------------------------------------------------------------

json schema_of(Type type) {
    switch (type) {
        case Type::integer: return {{"type", "integer"}};
        case Type::boolean: return {{"type", "boolean"}};
        case Type::list: return {{"type", "array"}};
        case Type::dict: return {{"type", "object"}};
        case Type::raw: return json::object();
        default: return {{"type", "string"}};
    }
}

json schema_of(const Spec& spec);

json schema_of(const Option& option) {
    json schema = schema_of(option.type);
    std::string text;
    for (const auto& paragraph : option.description)
        append(text, {text.empty() ? "" : " ", plain(paragraph)});
    json& single = option.elements ? schema["items"] = schema_of(*option.elements) : schema;
    if (!option.suboptions.options.empty()) single = schema_of(option.suboptions);
    if (!option.choices.empty()) single["enum"] = option.choices;
    if (option.minimum) single["minimum"] = *option.minimum;
    if (option.maximum) single["maximum"] = *option.maximum;
    if (!option.default_value.is_null()) schema["default"] = option.default_value;
    schema["description"] = text;
    return schema;
}

json required(const std::vector<std::string>& names) { return {{"required", names}}; }

json one_of(const std::vector<std::string>& names) {
    json any = json::array();
    for (const auto& name : names) any.push_back(required({name}));
    return {{"anyOf", std::move(any)}};
}

json schema_of(const Spec& spec) {
    json schema{{"type", "object"}, {"additionalProperties", false}, {"properties", json::object()}};
    std::vector<std::string> needed;
    for (const auto& option : spec.options) {
        schema["properties"][option.name] = schema_of(option);
        for (const auto& alias : option.aliases) schema["properties"][alias] = schema_of(option);
        if (option.required && option.aliases.empty()) needed.push_back(option.name);
    }
    if (!needed.empty()) schema["required"] = needed;
    json all = json::array();
    for (const auto& option : spec.options)
        if (option.required && !option.aliases.empty()) {
            auto names = option.aliases;
            names.insert(names.begin(), option.name);
            all.push_back(one_of(names));
        }
    for (const auto& names : spec.rules.mutually_exclusive)
        for (size_t i = 0; i < names.size(); ++i)
            for (size_t j = i + 1; j < names.size(); ++j)
                all.push_back({{"not", required({names[i], names[j]})}});
    for (const auto& names : spec.rules.required_one_of) all.push_back(one_of(names));
    for (const auto& names : spec.rules.required_together)
        for (const auto& name : names) schema["dependentRequired"][name] = names;
    for (const auto& [name, requirements] : spec.rules.required_by)
        schema["dependentRequired"][name] = requirements;
    for (const auto& rule : spec.rules.required_if) {
        const json then = rule.any ? one_of(rule.requirements) : required(rule.requirements);
        all.push_back(
            {{"if", {{"required", {rule.name}}, {"properties", {{rule.name, {{"const", rule.value}}}}}}},
             {"then", then}});
    }
    if (!all.empty()) schema["allOf"] = all;
    return schema;
}

// -- roff -----------------------------------------------------------------------------------------------

std::string roff_escaped(std::string_view text) { return replaced(replaced(text, "\\", "\\e"), "-", "\\-"); }

std::string roff(std::string_view text) {
    std::string all;
    for (const auto line : lines(text)) {
        if (line.starts_with('.') || line.starts_with('\'')) all += "\\&";
        append(all, {roff_escaped(line), "\n"});
    }
    return all;
}

void roff_options(std::string& page, const Spec& spec) {
    for (const auto& option : spec.options) {
        append(page, {".TP\n.BR ", option.name, " \" (", type_in_words(option)});
        if (option.required) append(page, {", required"});
        if (!option.default_value.is_null())
            append(page, {", default ", roff_escaped(replaced(option.default_value.dump(), "\"", ""))});
        append(page, {")\"\n"});
        for (const auto& paragraph : paragraphs(option)) page += roff(plain(paragraph));
        if (!option.choices.empty()) page += roff(concat({"One of: ", join(option.choices, ", "), "."}));
        if (option.suboptions.options.empty()) continue;
        append(page, {".RS\n"});
        roff_options(page, option.suboptions);
        append(page, {".RE\n"});
    }
}

}  // namespace

std::vector<std::string> paragraphs(const Option& option) {
    auto all = option.description;
    if (option.minimum && option.maximum)
        all.push_back(
            concat({"From ", std::to_string(*option.minimum), " to ", std::to_string(*option.maximum), "."}));
    else if (option.minimum) all.push_back(concat({"At least ", std::to_string(*option.minimum), "."}));
    else if (option.maximum) all.push_back(concat({"At most ", std::to_string(*option.maximum), "."}));
    return all;
}

std::string help(const Description& module) {
    const auto& manual = module.manual;
    std::string text =
        concat({manual.name, " - ", manual.summary, "\n\nusage: ", manual.name,
                " [--root DIR] FILE   arguments as a JSON object in FILE, or - for standard input\n       ",
                manual.name, " --help | --version | --doc | --schema | --stub | --man\n\nparameters:\n"});
    for (const auto& option : module.spec.options) {
        auto left =
            concat({"  ", option.name, " (", type_in_words(option), option.required ? ", required)" : ")"});
        left.resize(std::max<size_t>(left.size() + 1, 36), ' ');
        append(text, {left, plain(option.description.front()), "\n"});
    }
    append(text,
           {"\nIn the JSON, \"_ansible_check_mode\": true changes nothing and tells what would change.\n"
            "--root DIR, or VIRTBP_ROOT in the environment, names the root of the tree to work on.\n"});
    return text;
}

std::string json_schema(const Description& module) {
    json schema{{"$schema", "https://json-schema.org/draft/2020-12/schema"},
                {"title", module.full_name()},
                {"description", module.manual.summary}};
    schema.update(schema_of(module.spec));
    return schema.dump(2) + "\n";
}

std::string man_page(const Description& module) {
    const auto& manual = module.manual;
    std::string page =
        concat({".\\\" SPDX-", "License-Identifier: GPL-3.0-or-later\n.TH ", manual.name, " 1 \"\" \"virtbp ",
                VIRTBP_VERSION, "\" \"virtbp\"\n.SH NAME\n", manual.name, " \\- ", roff(manual.summary),
                ".SH SYNOPSIS\n.B ", manual.name,
                "\n[\\fB\\-\\-root\\fR \\fIDIR\\fR] \\fIFILE\\fR|\\fB\\-\\fR\n.SH DESCRIPTION\n"});
    for (const auto& paragraph : manual.description) append(page, {roff(plain(paragraph)), ".PP\n"});
    append(page,
           {"The arguments are a JSON object in\n.IR FILE ,\nor on standard input where it is\n.BR \\- .\n"
            ".SH PARAMETERS\n"});
    roff_options(page, module.spec);
    append(page, {".SH RESULT\n"});
    for (const auto& key : manual.returns) {
        append(page, {".TP\n.B ", key.name, "\n"});
        for (const auto& paragraph : key.description) page += roff(plain(paragraph));
    }
    for (const auto& note : manual.notes)
        append(page, {&note == &manual.notes.front() ? ".SH NOTES\n" : ".PP\n", roff(plain(note))});
    append(page, {".SH EXAMPLES\n.nf\n", roff(manual.examples), ".fi\n"});
    return page;
}

}  // namespace virtbp
