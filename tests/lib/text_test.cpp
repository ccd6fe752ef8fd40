// SPDX-License-Identifier: GPL-3.0-or-later
#include "lib/text.hpp"

#include "tests/lib/catch.hpp"

using namespace virtbp;

using Views = std::vector<std::string_view>;

TEST_CASE("parts are put together in order") {
    CHECK(concat({}).empty());
    CHECK(concat({"a", "", "bc"}) == "abc");
    std::string all = "x";
    append(all, {"y", std::string_view("\0z", 2)});
    CHECK(all == std::string("xy\0z", 4));
}

TEST_CASE("every occurrence is replaced once") {
    CHECK(replaced("a'b''", "'", "''") == "a''b''''");
    CHECK(replaced("aaa", "aa", "b") == "ba");
    CHECK(replaced("abc", "x", "y") == "abc");
    CHECK(replaced("", "x", "y").empty());
    CHECK(replaced("xx", "x", "").empty());
}

TEST_CASE("white space goes at both ends only") {
    CHECK(trim(" \t\r\n\v\f a b \n") == "a b");
    CHECK(trim(" \n ").empty());
    CHECK(trim("").empty());
    CHECK(trim("a") == "a");
    CHECK(trim("\xc2\xa0"
               "a") ==
          "\xc2\xa0"
          "a");  // Unicode's white space is not ours
}

TEST_CASE("pieces between separators are all kept") {
    CHECK(split("a,,b", ',') == Views{"a", "", "b"});
    CHECK(split("", ',') == Views{""});
    CHECK(split(",", ',') == Views{"", ""});
    CHECK(split("a b", ',') == Views{"a b"});
    CHECK(split(std::string_view("a\0b", 3), '\0') == Views{"a", "b"});
}

TEST_CASE("words are what stands between white space") {
    CHECK(words(" a\t bc\n\nd ") == Views{"a", "bc", "d"});
    CHECK(words("").empty());
    CHECK(words(" \n").empty());
    CHECK(words("one") == Views{"one"});
}

TEST_CASE("lines have their ends taken off, and the last needs none") {
    CHECK(lines("a\nb\r\n\nc") == Views{"a", "b", "", "c"});
    CHECK(lines("a\n") == Views{"a"});
    CHECK(lines("\n") == Views{""});
    CHECK(lines("").empty());
    CHECK(lines("a\rb\n") == Views{"a\rb"});
}

TEST_CASE("joining puts the separator between parts, equal parts too") {
    CHECK(join({"a", "a", ""}, ", ") == "a, a, ");
    CHECK(join({"a"}, ", ") == "a");
    CHECK(join({}, ", ").empty());
}

TEST_CASE("an integer is the whole text or nothing") {
    CHECK(to_integer("0") == 0);
    CHECK(to_integer("-12") == -12);
    CHECK(to_integer("+12") == 12);
    CHECK(to_integer("007") == 7);
    CHECK(to_integer("9223372036854775807") == 9223372036854775807);
    CHECK(to_integer("-9223372036854775808") == -9223372036854775807 - 1);
    for (const auto* text : {"", "+", "-", "+-1", "++1", "--1", " 1", "1 ", "1\n", "0x10", "1.0", "1e3",
                             "9223372036854775808", "-9223372036854775809", "ten"}) {
        INFO(text);
        CHECK_FALSE(to_integer(text));
    }
    CHECK_FALSE(to_integer(std::string_view("1\0", 2)));
}

TEST_CASE("patterns are the shell's") {
    CHECK(matches("sd*", "sda"));
    CHECK(matches("sd?", "sda"));
    CHECK(matches("sd[a-c]", "sdb"));
    CHECK(matches("sd[!a-c]", "sdd"));
    CHECK(matches("*", ""));
    CHECK(matches("a\\*", "a*"));
    CHECK_FALSE(matches("a\\*", "ab"));
    CHECK_FALSE(matches("sd", "sda"));
    CHECK_FALSE(matches("sd?", "sdab"));
    CHECK(matches("*.conf", ".conf"));
    CHECK(matches("/dev/*", "/dev/disk/by-id"));
}
