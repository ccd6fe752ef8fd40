// SPDX-License-Identifier: GPL-3.0-or-later
#include "lib/formats/python.hpp"

#include <cmath>

#include "lib/error.hpp"
#include "tests/lib/catch.hpp"

using virtbp::Error;
using virtbp::json;
using virtbp::parse_python;
using virtbp::python_repr;
using virtbp::python_str;
using virtbp::python_strip;
using virtbp::python_type;

TEST_CASE("types have Python's names") {
    CHECK(python_type(nullptr) == "NoneType");
    CHECK(python_type(true) == "bool");
    CHECK(python_type(-1) == "int");
    CHECK(python_type(1U) == "int");
    CHECK(python_type(1.0) == "float");
    CHECK(python_type("") == "str");
    CHECK(python_type(json::array()) == "list");
    CHECK(python_type(json::object()) == "dict");
}

TEST_CASE("constants and containers are shown as Python shows them") {
    CHECK(python_repr({{"a", {true, false, nullptr}}, {"b", json::object()}, {"c", json::array()}}) ==
          "{'a': [True, False, None], 'b': {}, 'c': []}");
    CHECK(python_repr(18446744073709551615U) == "18446744073709551615");
}

TEST_CASE("text is quoted as Python quotes it") {
    CHECK(python_repr("it") == "'it'");
    CHECK(python_repr("it's") == "\"it's\"");
    CHECK(python_repr("say \"it's\"") == "'say \"it\\'s\"'");
    CHECK(python_repr("say \"it\"") == "'say \"it\"'");
    CHECK(python_repr("\\\n\r\t") == R"('\\\n\r\t')");
    CHECK(python_repr("\x01\x1b\x7f") == R"('\x01\x1b\x7f')");
    CHECK(python_repr(std::string("a\0b", 3)) == R"('a\x00b')");
}

TEST_CASE("printable characters are kept and others escaped by their length") {
    CHECK(python_repr("ü日😀") == "'ü日😀'");
    CHECK(python_repr("\u00a0\u00ad\u200b\u2028\u3000\ufeff") == R"('\xa0\xad\u200b\u2028\u3000\ufeff')");
    CHECK(python_repr("\U000e0001\U00100000") == R"('\U000e0001\U00100000')");
    CHECK(python_repr("\xff") == R"('\udcff')");
}

TEST_CASE("a float has the fewest digits that give it back") {
    const std::vector<std::pair<double, std::string>> known{
        {0.0, "0.0"},
        {-0.0, "-0.0"},
        {1.0, "1.0"},
        {0.1, "0.1"},
        {1.0 / 3, "0.3333333333333333"},
        {100.0, "100.0"},
        {123.456, "123.456"},
        {1e15, "1000000000000000.0"},
        {1e16, "1e+16"},
        {123456789012345680.0, "1.2345678901234568e+17"},
        {1e22, "1e+22"},
        {1e-4, "0.0001"},
        {1e-5, "1e-05"},
        {-1.5e-7, "-1.5e-07"},
        {5e-324, "5e-324"},
        {0x1p-44, "5.684341886080802e-14"},
        {1e23, "1e+23"},
        {1.7976931348623157e308, "1.7976931348623157e+308"},
        {9007199254740993.0, "9007199254740992.0"},
        {0.30000000000000004, "0.30000000000000004"},
    };
    for (const auto& [value, text] : known) CHECK(python_repr(value) == text);
    CHECK(python_repr(std::nan("")) == "nan");
    CHECK(python_repr(-INFINITY) == "-inf");
}

TEST_CASE("text as text is not quoted, text in a list is") {
    CHECK(python_str("it's") == "it's");
    CHECK(python_str(json::array({"a"})) == "['a']");
    CHECK(python_str(nullptr) == "None");
}

TEST_CASE("showing ends at a bound, whatever the nesting") {
    json value;
    for (int i = 0; i < 1000; ++i) value = json::array({std::move(value)});
    CHECK_THROWS_AS(python_repr(value), Error);
}

TEST_CASE("Unicode's white space is stripped from both ends") {
    CHECK(python_strip(" \t\n\v\f\r\x1c\x1f"
                       "a b\u0085\u00a0\u1680\u2003\u2028\u202f\u205f\u3000") == "a b");
    CHECK(python_strip("\u200b") == "\u200b");
    CHECK(python_strip(" \n ").empty());
    CHECK(python_strip("").empty());
    CHECK(python_strip("\xa0 ") == "\xa0");
}

TEST_CASE("Python's literals are read") {
    const auto text = [](std::string_view literal) { return parse_python(literal).dump(); };
    CHECK(text("{'a': 1, \"b\": [True, False, None,],}") == R"({"a":1,"b":[true,false,null]})");
    CHECK(text("(1, 'a')") == R"([1,"a"])");
    CHECK(text("[(), (1), (1,), ((1))]") == "[[],1,[1],1]");
    CHECK(text("{1: 0, 2.5: 0, None: 0, False: 0}") == R"({"1":0,"2.5":0,"null":0,"false":0})");
    CHECK(text("{'a': 1, 'b': 2, 'a': 3}") == R"({"a":3,"b":2})");
    CHECK(text("{ # comment\n'a'\t:\f\\\n1}\n# end") == R"({"a":1})");
}

TEST_CASE("numbers are read in all of Python's forms") {
    const auto is = [](std::string_view literal, const json& value) {
        const auto read = parse_python(literal);
        CHECK(read == value);
        CHECK(read.is_number_float() == value.is_number_float());
    };
    is("1_000", 1000);
    is("00", 0);
    is("0x_1F", 31);
    is("0O17", 15);
    is("0b101", 5);
    is("-7", -7);
    is("+ 7", 7);
    is("-(1)", -1);
    is("1.", 1.0);
    is(".5", 0.5);
    is("01.5", 1.5);
    is("1_0.0_1e1_0", 10.01e10);
    is("18446744073709551615", 18446744073709551615U);
    is("-9223372036854775808", std::numeric_limits<long>::min());
    is("-9223372036854775809", "-9223372036854775809");
    is("18446744073709551616", "18446744073709551616");
    for (const auto* bad : {"010", "1__0", "1_", "0x", "0b2", "1j", "1e", "1a", "--1", "-(-1)", "-True",
                            "1 + 1", "1e999", "0x10000000000000000", "."})
        CHECK_THROWS_AS(parse_python(bad), Error);
    CHECK_THROWS_AS(parse_python(std::string(5000, '9')), Error);
}

TEST_CASE("strings are read with their prefixes and escapes") {
    const auto is = [](std::string_view literal, std::string_view value) {
        CHECK(parse_python(literal) == value);
    };
    is(R"('a' "b" r'\n')", "ab\\n");
    is(R"(u'\x41\u00e9\U0001f600\101\n\q\'')", "Aé😀A\n\\q'");
    is(R"(R'\'')", "\\'");
    is("'''a\r\nb'c'''", "a\nb'c");
    is("\"\"\"a\"\"b\"\"\"", "a\"\"b");
    is("''''a'''", "'a");
    is("''", "");
    is("'a\\\nb'", "ab");
    is("'\\777'", "\u01ff");
    for (const auto* bad : {"'", "'a\nb'", "'\\", R"('\x4')", R"('\u12')", R"('\U00110000')", R"('\ud800')",
                            R"('\N{BULLET}')", "b'a'", "f'a'", "ur'a'", "'''a''", R"(r'\')", "x"})
        CHECK_THROWS_AS(parse_python(bad), Error);
    CHECK_THROWS_AS(parse_python(std::string_view("'a\0b'", 5)), Error);
}

TEST_CASE("what JSON cannot hold and what is no literal is refused") {
    for (const auto* text :
         {"",         "{1, 2}",    "set()",           "{'a': set()}", "...",   "{(1, 2): 3}",
          "{[1]: 2}", "{**{}}",    "{'a'}",           "{'a':}",       "{,}",   "[,]",
          "[1,,2]",   "[1 2]",     "{'a': 1 'b': 2}", "{}{}",         "{} {}", "true",
          "None_",    "{'a': 1}}", "(1, 2",           "1, 2",         "\v1"})
        CHECK_THROWS_AS(parse_python(text), Error);
}

TEST_CASE("64 levels of a literal are read and no more") {
    const auto nested = [](size_t levels) {
        return std::string(levels, '(') + "1" + std::string(levels, ')');
    };
    CHECK(parse_python(nested(64)) == 1);
    CHECK_THROWS_AS(parse_python(nested(65)), Error);
    CHECK_THROWS_AS(parse_python(std::string(1'000'000, '[')), Error);
    CHECK_THROWS_AS(parse_python(std::string(1'000'000, '-')), Error);
}
