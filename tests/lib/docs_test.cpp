// SPDX-License-Identifier: GPL-3.0-or-later
// The documents of a module whose texts hold everything that could break a format.
#include "lib/docs.hpp"

#include <yaml-cpp/yaml.h>

#include "lib/text.hpp"
#include "tests/lib/catch.hpp"
#include "tests/lib/child.hpp"
#include "tests/lib/tree.hpp"

using namespace virtbp;
using Catch::Contains;

namespace {

const std::string nasty =
    "it's: \"a\" \\n \\ # {x} [y] & *z, %v | > @ ` ünïcode \xe2\x82\xac, C(size) and V(2M)";

struct Sub {
    std::string size = "2M";
    std::optional<long> count;
    static Parameters<Sub> parameters() {
        return Parameters<Sub>()
            .add("size", &Sub::size, {"'quoted'"}, {.choices = {"2M", "1G"}})
            .add("count", &Sub::count, {nasty}, {.required = true, .min = 0})
            .where({.required_together = {{"size", "count"}}});
    }
};

struct Rich {
    long number = -7;
    bool flag = true;
    std::string text = "it's \"q\" \\ ü";
    std::optional<std::string> word, other;
    std::vector<std::string> list = {"a'b", "c\"d"};
    std::vector<Sub> subs;
    json raw = json::array({true, nullptr, "x"});
    std::string place;
    static Parameters<Rich> parameters() {
        return Parameters<Rich>()
            .add("number", &Rich::number, {nasty, ".starts with a dot", "'starts with a quote"},
                 {.min = -10, .max = 99})
            .add("flag", &Rich::flag, {"Yes: or no."})
            .add("text", &Rich::text, {"Text."}, {.aliases = {"t"}})
            .add("word", &Rich::word, {"One of three."}, {.choices = {"no", "1", "it's \"\\"}})
            .add("other", &Rich::other, {"B(Bold), O(word=1), RFC(kept), I(open"}, {.min = 1})
            .add("list", &Rich::list, {"A list."})
            .add("subs", &Rich::subs, {"Dicts."})
            .add("raw", &Rich::raw, {"Anything."}, {.max = 3})
            .add("place", &Rich::place, {"Where."},
                 {.required = true, .aliases = {"dest"}, .type = Type::path})
            .where({.mutually_exclusive = {{"word", "other"}},
                    .required_together = {{"list", "subs"}},
                    .required_one_of = {{"word", "other", "number"}},
                    .required_if = {{"flag", true, {"number"}}, {"word", "no", {"list", "subs"}, true}},
                    .required_by = {{"other", {"text"}}}});
    }
};

Description description() {
    return {{.name = "rich",
             .summary = "Manage: it's a \"test\" \\ with ünïcode",
             .description = {nasty, "- not a list"},
             .notes = {nasty},
             .examples =
                 "- name: \"It's\" # not a comment\n  virtbp.core.rich:\n    text: 'a\\b'\n\n    list: [ü]",
             .returns = {{"things", "dict", {nasty}, {{"it's", json::array({"\\", nullptr, true, 1})}}}}},
            Rich::parameters().spec()};
}

std::vector<std::string> texts(const YAML::Node& list) { return list.as<std::vector<std::string>>(); }

void check_documentation(const YAML::Node& yaml) {
    const auto module = description();
    CHECK(yaml["module"].as<std::string>() == "rich");
    CHECK(yaml["short_description"].as<std::string>() == module.manual.summary);
    CHECK(texts(yaml["description"]) == module.manual.description);
    CHECK(texts(yaml["notes"]) == module.manual.notes);
    CHECK(yaml["attributes"]["check_mode"]["support"].as<std::string>() == "full");
    const auto options = yaml["options"];
    REQUIRE(options.size() == module.spec.options.size());
    for (const auto& option : module.spec.options) {
        INFO(option.name);
        const auto node = options[option.name];
        CHECK(node["type"].as<std::string>() == name_of(option.type));
        CHECK(texts(node["description"]) == paragraphs(option));
        CHECK(node["required"].as<bool>(false) == option.required);
        CHECK(static_cast<bool>(node["default"]) == !option.default_value.is_null());
    }
    CHECK(texts(options["number"]["description"]).back() == "From -10 to 99.");
    CHECK(texts(options["other"]["description"]).back() == "At least 1.");
    CHECK(texts(options["raw"]["description"]).back() == "At most 3.");
    CHECK(options["number"]["default"].as<long>() == -7);
    CHECK(options["flag"]["default"].as<bool>());
    CHECK(options["text"]["default"].as<std::string>() == "it's \"q\" \\ ü");
    CHECK(texts(options["text"]["aliases"]) == std::vector<std::string>{"t"});
    CHECK(texts(options["word"]["choices"]) == std::vector<std::string>{"no", "1", "it's \"\\"});
    CHECK(options["word"]["choices"][0].Tag() == "!");  // quoted: not a boolean, not a number
    CHECK(texts(options["list"]["default"]) == std::vector<std::string>{"a'b", "c\"d"});
    CHECK(options["subs"]["elements"].as<std::string>() == "dict");
    const auto sub = options["subs"]["suboptions"];
    CHECK(texts(sub["size"]["choices"]) == std::vector<std::string>{"2M", "1G"});
    CHECK(sub["size"]["default"].as<std::string>() == "2M");
    CHECK(sub["count"]["required"].as<bool>());
    CHECK(texts(sub["count"]["description"]) == std::vector<std::string>{nasty, "At least 0."});
}

void check_returns(const YAML::Node& yaml) {
    for (const auto* key : {"reboot_required", "backup_files", "diff", "virtbp", "things"}) {
        INFO(key);
        REQUIRE(yaml[key]);
        CHECK_FALSE(texts(yaml[key]["description"]).empty());
        CHECK(yaml[key]["returned"]);
        CHECK(yaml[key]["sample"]);
    }
    CHECK(texts(yaml["things"]["description"]) == std::vector<std::string>{nasty});
    CHECK(yaml["things"]["sample"]["it's"][0].as<std::string>() == "\\");
    CHECK(yaml["diff"]["sample"][0]["after"]["run"].as<int>() == 1);
}

void check_examples(const std::string& text) {
    const auto yaml = YAML::Load(text);
    CHECK(yaml[0]["name"].as<std::string>() == "It's");
    CHECK(yaml[0]["virtbp.core.rich"]["text"].as<std::string>() == "a\\b");
    CHECK(yaml[0]["virtbp.core.rich"]["list"][0].as<std::string>() == "ü");
}

/// Runs a tool on a text; its status, and all it says.
std::optional<Output> tool(const std::string& text, std::vector<std::string> command) {
    const Tree tree;
    tree.file("/input", text);
    command.push_back(tree.root() + "/input");
    auto output = System("/").query(command);
    if (!output) WARN("skipped: " << command.front() << " is not installed");
    return output;
}

}  // namespace

TEST_CASE("ansible-doc's YAML holds every text as it was written") {
    const auto yaml = YAML::Load(ansible_doc(description()));
    check_documentation(yaml["DOCUMENTATION"]);
    check_returns(yaml["RETURN"]);
    check_examples(yaml["EXAMPLES"].as<std::string>());
}

TEST_CASE("the stub is Python whose documents and argument_spec say the same") {
    const auto stub = ansible_stub(description());
    // Python itself reads it, with AnsibleModule in the stub's place.
    const std::string reader = R"(
import sys, types, json
class Recorder:
    def __init__(self, **arguments): self.arguments = arguments
    def fail_json(self, msg): print(json.dumps(dict(self.arguments, msg=msg, documents=[
        namespace['DOCUMENTATION'], namespace['EXAMPLES'], namespace['RETURN']])))
basic = types.ModuleType('ansible.module_utils.basic'); basic.AnsibleModule = Recorder
for name in ('ansible', 'ansible.module_utils'): sys.modules[name] = types.ModuleType(name)
sys.modules['ansible.module_utils.basic'] = basic
namespace = {'__name__': '__main__'}
exec(compile(open(sys.argv[1], encoding='utf-8').read(), 'stub', 'exec'), namespace)
)";
    const auto output = tool(stub, {"python3", "-c", reader});
    if (!output) return;
    INFO(output->err);
    REQUIRE(output->status == 0);
    const auto said = json::parse(output->out);
    CHECK(said.at("supports_check_mode") == true);
    CHECK_THAT(said.at("msg").get<std::string>(), Contains("virtbp.core.rich is a native module"));
    check_documentation(YAML::Load(said.at("documents").at(0).get<std::string>()));
    check_examples(said.at("documents").at(1).get<std::string>());
    check_returns(YAML::Load(said.at("documents").at(2).get<std::string>()));

    const auto& spec = said.at("argument_spec");
    CHECK(spec.at("number") == json{{"type", "int"}, {"default", -7}});
    CHECK(spec.at("flag") == json{{"type", "bool"}, {"default", true}});
    CHECK(spec.at("text").at("default") == "it's \"q\" \\ ü");
    CHECK(spec.at("text").at("aliases") == json::array({"t"}));
    CHECK(spec.at("word").at("choices") == json::array({"no", "1", "it's \"\\"}));
    CHECK(spec.at("list").at("default") == json::array({"a'b", "c\"d"}));
    CHECK(spec.at("raw").at("default") == json::array({true, nullptr, "x"}));
    CHECK(spec.at("place") == json{{"type", "path"}, {"required", true}, {"aliases", {"dest"}}});
    CHECK(spec.at("subs").at("options").at("count") == json{{"type", "int"}, {"required", true}});
    CHECK(spec.at("subs").at("required_together") == json::parse(R"([["size", "count"]])"));
    CHECK(said.at("mutually_exclusive") == json::parse(R"([["word", "other"]])"));
    CHECK(said.at("required_together") == json::parse(R"([["list", "subs"]])"));
    CHECK(said.at("required_one_of") == json::parse(R"([["word", "other", "number"]])"));
    CHECK(said.at("required_if") ==
          json::parse(R"([["flag", true, ["number"]], ["word", "no", ["list", "subs"], true]])"));
    CHECK(said.at("required_by") == json::parse(R"({"other": ["text"]})"));
}

TEST_CASE("the JSON Schema says the same") {
    const auto schema = json::parse(json_schema(description()));
    CHECK(schema.at("$schema") == "https://json-schema.org/draft/2020-12/schema");
    CHECK(schema.at("title") == "virtbp.core.rich");
    CHECK(schema.at("type") == "object");
    CHECK(schema.at("additionalProperties") == false);
    const auto& properties = schema.at("properties");
    CHECK(properties.size() == Rich::parameters().list.size() + 2);  // two aliases
    CHECK(properties.at("number").at("type") == "integer");
    CHECK(properties.at("number").at("minimum") == -10);
    CHECK(properties.at("number").at("maximum") == 99);
    CHECK(properties.at("number").at("default") == -7);
    CHECK_THAT(properties.at("number").at("description").get<std::string>(),
               Contains("it's: \"a\" \\n") && Contains("size and 2M") && Contains("€"));
    CHECK(properties.at("other").at("description") == "Bold, word=1, RFC(kept), I(open");
    CHECK(properties.at("word").at("enum") == json::array({"no", "1", "it's \"\\"}));
    CHECK(properties.at("t") == properties.at("text"));
    CHECK(properties.at("list").at("items") == json{{"type", "string"}});
    CHECK_FALSE(properties.at("raw").contains("type"));
    CHECK(properties.at("place").at("type") == "string");
    const auto& sub = properties.at("subs").at("items");
    CHECK(sub.at("required") == json::array({"count"}));
    CHECK(sub.at("properties").at("count").at("minimum") == 0);
    CHECK(sub.at("dependentRequired") ==
          json::parse(R"({"size": ["size", "count"], "count": ["size", "count"]})"));
    CHECK(schema.at("dependentRequired") ==
          json::parse(R"({"list": ["list", "subs"], "subs": ["list", "subs"], "other": ["text"]})"));
    CHECK(schema.at("allOf") == json::parse(R"([
        {"anyOf": [{"required": ["place"]}, {"required": ["dest"]}]},
        {"not": {"required": ["word", "other"]}},
        {"anyOf": [{"required": ["word"]}, {"required": ["other"]}, {"required": ["number"]}]},
        {"if": {"required": ["flag"], "properties": {"flag": {"const": true}}},
         "then": {"required": ["number"]}},
        {"if": {"required": ["word"], "properties": {"word": {"const": "no"}}},
         "then": {"anyOf": [{"required": ["list"]}, {"required": ["subs"]}]}}])"));
}

TEST_CASE("help has a line a parameter, and no markup") {
    const auto text = help(description());
    const auto all = lines(text);
    CHECK(all.front() == "rich - Manage: it's a \"test\" \\ with ünïcode");
    for (const auto& option : description().spec.options)
        CHECK(std::count_if(all.begin(), all.end(), [&option](std::string_view line) {
                  return line.starts_with(concat({"  ", option.name, " ("}));
              }) == 1);
    CHECK_THAT(text, Contains("  place (path, required) ") && Contains("  subs (list of dict) "));
    CHECK(text.find("C(size)") == std::string::npos);
}

TEST_CASE("groff renders the man page without a warning, every text in it") {
    const auto page = man_page(description());
    const auto output = tool(page, {"groff", "-man", "-Tutf8", "-Kutf8", "-ww", "-rLL=400n"});
    if (!output) return;
    CHECK(output->err == "");
    CHECK(output->status == 0);
    const auto plain = tool(page, {"sh", "-c", "groff -man -Tutf8 -Kutf8 -P-cbou -rLL=400n \"$0\""});
    REQUIRE(plain);
    for (const auto* text :
         {"it's: \"a\" \\n \\ # {x} [y] & *z, %v | > @ ` ünïcode €, size and 2M", ".starts with a dot",
          "'starts with a quote", "From -10 to 99.", "number (int, default -7)", "place (path, required)",
          "One of: no, 1, it's \"\\.", "- name: \"It's\" # not a comment", "text: 'a\\b'", "things"}) {
        INFO(text);
        CHECK_THAT(plain->out, Contains(text));
    }
}
