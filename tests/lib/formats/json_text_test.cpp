// SPDX-License-Identifier: GPL-3.0-or-later
#include "lib/formats/json_text.hpp"

#include "lib/error.hpp"
#include "tests/lib/catch.hpp"

using virtbp::Error;
using virtbp::json;
using virtbp::parse_json;

TEST_CASE("every kind of value is read") {
    const auto value =
        parse_json(R"({"n": null, "b": [true, false], "i": [1, -2], "d": 1.5, "s": "\u00fc\n"})");
    CHECK(value.dump() == R"({"n":null,"b":[true,false],"i":[1,-2],"d":1.5,"s":"ü\n"})");
    CHECK(parse_json("[]").is_array());
    CHECK(parse_json("{}").is_object());
    CHECK(parse_json(" 7 ") == 7);
}

TEST_CASE("an integer beyond 64 bits is its text") {
    CHECK(parse_json("18446744073709551615").is_number_unsigned());
    CHECK(parse_json("18446744073709551616") == "18446744073709551616");
    CHECK(parse_json("-9223372036854775808").is_number_integer());
    CHECK(parse_json("-9223372036854775809") == "-9223372036854775809");
    CHECK(parse_json("1e300").is_number_float());
}

TEST_CASE("of equal keys the last value counts, in the place of the first") {
    CHECK(parse_json(R"({"a": 1, "b": 2, "a": 3})").dump() == R"({"a":3,"b":2})");
}

TEST_CASE("what is not JSON is refused") {
    for (const auto* text : {"", "{", "[1", R"({"a")", R"({"a":1,})", "{'a': 1}", "NaN", "1e999", "[1] 2",
                             "\"\xff\"", R"("\ud800")", "nul"})
        CHECK_THROWS_AS(parse_json(text), Error);
    CHECK_THROWS_AS(parse_json(std::string_view("{}\0", 3)), Error);
    CHECK_THROWS_WITH(parse_json("[1, x]"), Catch::Contains("column 5"));
}

TEST_CASE("64 levels are read and no more") {
    const auto nested = [](size_t levels) { return std::string(levels, '[') + std::string(levels, ']'); };
    CHECK(parse_json(nested(64)).is_array());
    CHECK_THROWS_WITH(parse_json(nested(65)), "nested deeper than 64 levels");
    CHECK_THROWS_AS(parse_json(std::string(1'000'000, '[')), Error);
}

TEST_CASE("an object of very many members takes no time to speak of") {
    std::string text = "{";
    for (int i = 0; i < 200'000; ++i) text += "\"" + std::to_string(i) + "\":0,";
    text += "\"end\":1}";
    CHECK(parse_json(text).size() == 200'001);
}
