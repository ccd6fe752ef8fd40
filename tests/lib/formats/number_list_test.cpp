// SPDX-License-Identifier: GPL-3.0-or-later
#include "lib/formats/number_list.hpp"

#include "lib/error.hpp"
#include "tests/lib/catch.hpp"

using namespace virtbp;
using Numbers = std::vector<int>;

TEST_CASE("a number list is sorted, each number once") {
    CHECK(parse_number_list("0-3,8\n") == Numbers{0, 1, 2, 3, 8});
    CHECK(parse_number_list("8,0-2,1-3") == Numbers{0, 1, 2, 3, 8});
    CHECK(parse_number_list(" 5 , 7 - 8 ") == Numbers{5, 7, 8});
}

TEST_CASE("an empty number list is one of no numbers") {
    CHECK(parse_number_list("").empty());
    CHECK(parse_number_list("\n").empty());
}

TEST_CASE("an exclusion takes away what stands before it") {
    CHECK(parse_number_list("1-4,^3") == Numbers{1, 2, 4});
    CHECK(parse_number_list("0-7,^2-5") == Numbers{0, 1, 6, 7});
    CHECK(parse_number_list("^3,1-4") == Numbers{1, 2, 3, 4});
    CHECK(parse_number_list("^9").empty());
}

TEST_CASE("the largest number is 65535") {
    CHECK(parse_number_list("65535") == Numbers{65535});
    CHECK(parse_number_list("0-65535").size() == 65536);
    CHECK_THROWS_AS(parse_number_list("65536"), Error);
    CHECK_THROWS_AS(parse_number_list("0-99999999999999999999"), Error);
}

TEST_CASE("what is no number list is quoted in the error") {
    for (const std::string text : {"a", "1-", "-1", "3-1", "1,,2", "1,", "0x1", "1 2", "1-2-3", "^", "+1"}) {
        CAPTURE(text);
        CHECK_THROWS_WITH(parse_number_list(text), "\"" + text +
                                                       "\" is not a list of numbers from 0 to 65535, "
                                                       "such as 0-3,8");
    }
}

TEST_CASE("a long wrong list is quoted in part") {
    const std::string text(100000, ',');
    CHECK_THROWS_WITH(parse_number_list(text), Catch::Contains("…"));
}

TEST_CASE("numbers are written in their shortest form") {
    CHECK(format_number_list({}).empty());
    CHECK(format_number_list({0}) == "0");
    CHECK(format_number_list({0, 1}) == "0-1");
    CHECK(format_number_list({0, 1, 2, 3, 8, 10, 11}) == "0-3,8,10-11");
}
