// SPDX-License-Identifier: GPL-3.0-or-later
// Ansible's order and texts. tests/ansible/differential.py compares many argument sets with the real one.
#include "lib/arguments.hpp"

#include "lib/error.hpp"
#include "tests/lib/catch.hpp"

using virtbp::accept;
using virtbp::Error;
using virtbp::json;
using virtbp::Option;
using virtbp::Spec;
using virtbp::Type;

namespace {

constexpr auto name = "virtbp.core.test";

json params(const Spec& spec, const json& arguments) { return accept(spec, name, arguments).params; }

void refused(const Spec& spec, const json& arguments, const std::string& message) {
    CHECK_THROWS_WITH(accept(spec, name, arguments), message);
}

Option dict_of(std::string option, Spec suboptions) {
    return {.name = std::move(option), .type = Type::dict, .suboptions = std::move(suboptions)};
}

Option dicts_of(std::string option, Spec suboptions) {
    return {.name = std::move(option),
            .type = Type::list,
            .elements = Type::dict,
            .suboptions = std::move(suboptions)};
}

const Spec numbers{{{.name = "n", .type = Type::integer, .aliases = {"number", "count"}},
                    {.name = "m", .type = Type::integer}}};

}  // namespace

TEST_CASE("what was left out is the default, or null") {
    const Spec spec{{{.name = "a"}, {.name = "b", .type = Type::integer, .default_value = 7}}};
    CHECK(params(spec, json::object()).dump() == R"({"a":null,"b":7})");
    CHECK(params(spec, {{"b", "8"}, {"a", 1}}).dump() == R"({"a":"1","b":8})");
}

TEST_CASE("null stays null, but for an option that must have a value") {
    const Spec spec{{{.name = "a"}, {.name = "b", .default_value = "x"}, {.name = "c", .required = true}}};
    CHECK(params(spec, {{"a", nullptr}, {"b", nullptr}, {"c", nullptr}}).dump() ==
          R"({"a":null,"b":"","c":""})");
    refused({{{.name = "n", .type = Type::integer, .default_value = 1}}}, {{"n", nullptr}},
            "argument 'n' is of type NoneType and we were unable to convert to int: \"None\" cannot be "
            "converted to an int");
}

TEST_CASE("an alias stands for its option, wins, and warns where both are given") {
    const auto one = accept(numbers, name, {{"count", 1}});
    CHECK(one.params.dump() == R"({"n":1,"m":null})");
    CHECK(one.warnings.empty());
    const auto both = accept(numbers, name, {{"count", 3}, {"n", 1}, {"number", 2}});
    CHECK(both.params.at("n") == 3);
    CHECK(both.warnings == std::vector<std::string>{"Both option n and its alias number are set.",
                                                    "Both option n and its alias count are set."});
}

TEST_CASE("aliases of sub-options warn with their place, before the outermost ones") {
    const Spec spec{{{.name = "x", .aliases = {"y"}}, dict_of("d", numbers), dicts_of("l", numbers)}};
    const json two{{"n", 1}, {"count", 2}};
    CHECK(accept(spec, name, {{"x", 1}, {"y", 2}, {"d", two}, {"l", {json::object(), two}}}).warnings ==
          std::vector<std::string>{"Both option d.n and its alias d.count are set.",
                                   "Both option l[1].n and its alias l[1].count are set.",
                                   "Both option x and its alias y are set."});
}

TEST_CASE("unknown parameters are named last, with all that are known") {
    refused(numbers, {{"z", 1}, {"a", 2}},
            "Unsupported parameters for (virtbp.core.test) module: a, z. Supported parameters include: m, n "
            "(count, number).");
    refused({{{.name = "only"}}}, {{"z", 1}},
            "Unsupported parameters for (virtbp.core.test) module: z. Supported parameters include: only.");
    refused(numbers, {{"z", 1}, {"n", "x"}},
            "argument 'n' is of type str and we were unable to convert to int: \"'x'\" cannot be converted "
            "to an int");
    refused({{dicts_of("l", numbers)}}, {{"l", {{{"z", 1}}, {{"z", 2}}}}},
            "Unsupported parameters for (virtbp.core.test) module: l.z. Supported parameters include: m, n "
            "(count, number).");
}

TEST_CASE("Ansible's own keys are no parameters, and one of them lets unknown ones pass") {
    CHECK(params(numbers, {{"_ansible_whatever", 1}}).size() == 2);
    CHECK(params(numbers, {{"z", 1}, {"_ansible_ignore_unknown_opts", "yes"}}).dump() ==
          R"({"n":null,"m":null})");
    CHECK_THROWS_AS(accept(numbers, name, {{"z", 1}, {"_ansible_ignore_unknown_opts", false}}), Error);
    CHECK_THROWS_AS(accept({{dict_of("d", numbers)}}, name, {{"d", {{"_ansible_whatever", 1}}}}), Error);
}

TEST_CASE("elements are converted one by one and named as such") {
    const Spec spec{{{.name = "l", .type = Type::list, .elements = Type::integer}}};
    CHECK(params(spec, {{"l", "1,2, 3"}}).dump() == R"({"l":[1,2,3]})");
    refused(spec, {{"l", {1, "x"}}},
            "Elements value for option 'l' is of type str and we were unable to convert to int: \"'x'\" "
            "cannot be converted to "
            "an int");
    refused({{dict_of("d", spec)}}, {{"d", {{"l", {true, 1.5}}}}},
            "Elements value for option 'l' found in 'd' is of type float and we were unable to convert to "
            "int: \"1.5\" cannot be "
            "converted to an int");
}

TEST_CASE("a choice that YAML has made a boolean is found again where only one fits") {
    const Spec spec{
        {{.name = "c", .choices = {"yes", "no", "auto"}}, {.name = "d", .choices = {"yes", "on", "off"}}}};
    CHECK(params(spec, {{"c", true}, {"d", false}}).dump() == R"({"c":"yes","d":"off"})");
    refused(spec, {{"d", true}}, "value of d must be one of: yes, on, off, got: True");
    refused(spec, {{"c", "Yes"}}, "value of c must be one of: yes, no, auto, got: Yes");
    refused(spec, {{"c", nullptr}}, "value of c must be one of: yes, no, auto, got: None");
    refused({{{.name = "l", .type = Type::list, .elements = Type::str, .choices = {"a", "b"}}}},
            {{"l", "a,d, e"}}, "value of l must be one or more of: a, b. Got no match for: d,  e");
}

TEST_CASE("rules speak of options that are given, be it as null, and after defaults but for exclusion") {
    const Spec spec{{{.name = "a"}, {.name = "b"}, {.name = "c", .default_value = "x"}, {.name = "d"}},
                    {.mutually_exclusive = {{"a", "b"}, {"c", "d"}}}};
    CHECK(params(spec, {{"d", "y"}}).at("c") == "x");
    refused(spec, {{"a", nullptr}, {"b", 1}, {"c", 1}, {"d", 1}},
            "parameters are mutually exclusive: a|b, c|d");
    const auto rule = [](virtbp::Rules rules) {
        return Spec{{{.name = "a"}, {.name = "b"}, {.name = "c"}, {.name = "f", .type = Type::boolean}},
                    std::move(rules)};
    };
    refused(rule({.required_together = {{"a", "b"}}}), {{"a", nullptr}},
            "parameters are required together: a, b");
    refused(rule({.required_one_of = {{"a", "b"}}}), {{"c", 1}}, "one of the following is required: a, b");
    refused(rule({.required_if = {{"f", true, {"a", "b"}}}}), {{"f", "yes"}, {"b", 1}},
            "f is True but all of the following are missing: a");
    refused(rule({.required_if = {{"f", true, {"a", "b"}, true}}}), {{"f", "yes"}},
            "f is True but any of the following are missing: a, b");
    CHECK(params(rule({.required_if = {{"f", true, {"a", "b"}, true}}}), {{"f", 1}, {"b", 1}}).at("f") ==
          true);
    refused(rule({.required_by = {{"a", {"b", "c"}}}}), {{"a", 1}, {"c", nullptr}},
            "missing parameter(s) required by 'a': b, c");
    CHECK(params(rule({.required_by = {{"a", {"b"}}}}), {{"a", nullptr}}).at("a").is_null());
}

TEST_CASE("a boolean given for a number counts as 0 or 1 in a rule") {
    const Spec spec{{{.name = "n", .type = Type::integer}, {.name = "a"}},
                    {.required_if = {{"n", 1, {"a"}}}}};
    refused(spec, {{"n", true}}, "n is 1 but all of the following are missing: a");
}

TEST_CASE("required options are named in alphabetical order, with their place") {
    const Spec inner{{{.name = "z", .required = true}, {.name = "b", .required = true}}};
    refused(inner, json::object(), "missing required arguments: b, z");
    refused({{dicts_of("a", {{dict_of("d", inner)}})}}, {{"a", {{{"d", json::object()}}}}},
            "missing required arguments: b, z found in a -> d");
}

TEST_CASE("sub-options are taken as text too, and named by their place") {
    const Spec spec{{dict_of("d", numbers)}};
    CHECK(params(spec, {{"d", "n=1"}}).dump() == R"({"d":{"n":1,"m":null}})");
    CHECK(params(spec, {{"d", "{'count': 0x10}"}}).dump() == R"({"d":{"n":16,"m":null}})");
    CHECK(params(spec, {{"d", nullptr}}).dump() == R"({"d":null})");
    CHECK(params({{dicts_of("l", numbers)}}, {{"l", "n=1,m=2"}}).dump() ==
          R"({"l":[{"n":1,"m":null},{"n":null,"m":2}]})");
    refused(spec, {{"d", {{"m", "x"}}}},
            "argument 'm' is of type str found in 'd'. and we were unable to convert to int: \"'x'\" cannot "
            "be converted to an int");
}

TEST_CASE("what cannot be sub-options is refused before anything else is looked at") {
    const Spec spec{{dict_of("d", numbers), dicts_of("l", numbers), {.name = "r", .required = true}}};
    refused(spec, {{"d", "text"}}, "dictionary requested, could not parse JSON or key=value");
    refused(spec, {{"d", 5}}, "Value '5' in the sub parameter field 'd' must be a dict, not 'int'");
    refused(spec, {{"l", {nullptr}}},
            "Value 'None' in the sub parameter field 'l' must be a list, not 'NoneType'");
    refused(spec, {{"d", {1}}}, "Value '1' in the sub parameter field 'd' must be a dict, not 'int'");
    refused(spec, {{"d", json::array({json::object()})}, {"r", 1}},
            "argument 'd' is of type list and we were unable to convert to dict: <class 'list'> cannot be "
            "converted to a dict");
}

TEST_CASE("arguments that are no object are refused") {
    refused(numbers, json::array(), "the arguments must be a JSON object, not of type list");
}

TEST_CASE("options are found by name, types have Ansible's names") {
    REQUIRE(numbers.find("m") != nullptr);
    CHECK(name_of(numbers.find("m")->type) == "int");
    CHECK(numbers.find("count") == nullptr);
}
