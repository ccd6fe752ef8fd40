// SPDX-License-Identifier: GPL-3.0-or-later
#include "lib/coercion.hpp"

#include <cstdlib>

#include "lib/error.hpp"
#include "tests/lib/catch.hpp"

using virtbp::coerce;
using virtbp::Error;
using virtbp::json;
using virtbp::Type;

namespace {

void becomes(Type type, const json& from, const json& to) {
    const auto value = coerce(type, from);
    CHECK(value.dump() == to.dump());
    CHECK(value.is_number_float() == to.is_number_float());
}

void refused(Type type, const json& value, const std::string& message) {
    CHECK_THROWS_WITH(coerce(type, value), message);
}

}  // namespace

TEST_CASE("everything becomes text, as str() writes it") {
    becomes(Type::str, "a", "a");
    becomes(Type::str, true, "True");
    becomes(Type::str, 1, "1");
    becomes(Type::str, 1.0, "1.0");
    becomes(Type::str, nullptr, "");
    becomes(Type::str, json::array({"a", 1}), "['a', 1]");
    becomes(Type::str, {{"k", nullptr}}, "{'k': None}");
}

TEST_CASE("text and floats that are whole become integers") {
    for (const auto* text :
         {"12", " 12 ", "\u00a012\u3000", "+12", "1_2", "_12", "12.", "12.0", "1.2e1", "1200e-2", "0.12E+2"})
        becomes(Type::integer, text, 12);
    becomes(Type::integer, "-0", 0);
    becomes(Type::integer, "0e99", 0);
    becomes(Type::integer, 3.0, 3);
    becomes(Type::integer, -0.0, 0);
    becomes(Type::integer, true, true);
    becomes(Type::integer, "9223372036854775807", 9223372036854775807);
    becomes(Type::integer, "-9223372036854775808", std::numeric_limits<long>::min());
}

TEST_CASE("what is no whole number is shown in the message") {
    refused(Type::integer, "1.5", "\"'1.5'\" cannot be converted to an int");
    refused(Type::integer, 1.5, "\"1.5\" cannot be converted to an int");
    refused(Type::integer, nullptr, "\"None\" cannot be converted to an int");
    refused(Type::integer, json::array({1}), "\"[1]\" cannot be converted to an int");
    for (const auto* text : {"", " ", "_", ".", "e1", "1e", "1e+", "0x10", "1,000", "1 2", "- 1", "--1",
                             "abc", "inf", "nan", "1e-1", "1e1000000000000000000", "12\n3"})
        CHECK_THROWS_AS(coerce(Type::integer, text), Error);
}

TEST_CASE("an integer beyond 64 bits stays what it came as") {
    for (const auto* text : {"9223372036854775808", "-9223372036854775809", "1e19", "1e999999"})
        becomes(Type::integer, text, text);
    becomes(Type::integer, 9223372036854775808U, 9223372036854775808U);
    becomes(Type::integer, 1e300, 1e300);
}

TEST_CASE("Ansible's words and 0 and 1 become booleans") {
    for (const json& yes : json{"y", "Yes", "ON", "1", "true", " t ", "\u00a0yes", 1, 1.0, true})
        becomes(Type::boolean, yes, true);
    for (const json& no : json{"n", "No", "OFF", "0", "False", "f\n", 0, -0.0, false})
        becomes(Type::boolean, no, false);
    for (const json& neither : json{"", "maybe", "1.0", "None", 2, -1, 1.5}) {
        CHECK_THROWS_WITH(coerce(Type::boolean, neither),
                          Catch::Contains("is not a valid boolean. Valid booleans include: 'y', 'yes'"));
    }
    refused(Type::boolean, nullptr, "<class 'NoneType'> cannot be converted to a bool");
    refused(Type::boolean, json::array(), "<class 'list'> cannot be converted to a bool");
}

TEST_CASE("text becomes a list at its commas, with its blanks") {
    becomes(Type::list, "a,b, c", {"a", "b", " c"});
    becomes(Type::list, "", json::array({""}));
    becomes(Type::list, 1.5, json::array({"1.5"}));
    becomes(Type::list, true, json::array({"True"}));
    becomes(Type::list, json::array({1, nullptr}), json::array({1, nullptr}));
    refused(Type::list, json::object(), "<class 'dict'> cannot be converted to a list");
    refused(Type::list, nullptr, "<class 'NoneType'> cannot be converted to a list");
}

TEST_CASE("text becomes a dictionary in three ways") {
    becomes(Type::dict, R"({"a": [1, null]})", {{"a", {1, nullptr}}});
    becomes(Type::dict, "{'a': [1, None]}", {{"a", {1, nullptr}}});
    becomes(Type::dict, "a=1, b='x, y' c=\\'z d=", {{"a", "1"}, {"b", "x, y"}, {"c", "'z"}, {"d", ""}});
    becomes(Type::dict, " a=b=c ", {{"a", "b=c"}});
    becomes(Type::dict, "a=1 b=2 a=3", {{"a", "3"}, {"b", "2"}});
    refused(Type::dict, "a", "dictionary requested, could not parse JSON or key=value");
    refused(Type::dict, "[1]", "dictionary requested, could not parse JSON or key=value");
    refused(Type::dict, "a=1, b", "unable to evaluate string in the \"key=value\" format as dictionary");
    refused(Type::dict, "{1, 2}", "unable to evaluate string as dictionary");
    refused(Type::dict, "{'a': x}", "unable to evaluate string as dictionary");
    refused(Type::dict, 1, "<class 'int'> cannot be converted to a dict");
    refused(Type::dict, json::array(), "<class 'list'> cannot be converted to a dict");
}

TEST_CASE("paths have their variables and homes filled in") {
    const std::string home = std::getenv("HOME") == nullptr ? "" : std::getenv("HOME");
    setenv("HOME", "/home/of/tests/", 1);
    setenv("VIRTBP_PROBE", "value", 1);
    becomes(Type::path, "~", "/home/of/tests");
    becomes(Type::path, "~/x", "/home/of/tests/x");
    becomes(Type::path, "~root", "/root");
    becomes(Type::path, "~nobody-of-this-name/x", "~nobody-of-this-name/x");
    becomes(Type::path, "a~", "a~");
    becomes(Type::path, "$VIRTBP_PROBE/${VIRTBP_PROBE}x", "value/valuex");
    becomes(Type::path, "$VIRTBP_PROBEX $ $$ ${ ${} ${VIRTBP_PROBE",
            "$VIRTBP_PROBEX $ $$ ${ ${} ${VIRTBP_PROBE");
    becomes(Type::path, nullptr, "");
    becomes(Type::path, 7, "7");
    refused(Type::path, std::string("~a\0b", 4), "embedded null byte");
    if (home.empty()) unsetenv("HOME");
    else setenv("HOME", home.c_str(), 1);
    unsetenv("VIRTBP_PROBE");
}

TEST_CASE("raw values stay as they are") {
    becomes(Type::raw, nullptr, nullptr);
    becomes(Type::raw, {{"a", {1, 1.0, true}}}, {{"a", {1, 1.0, true}}});
}
