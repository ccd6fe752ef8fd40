// SPDX-License-Identifier: GPL-3.0-or-later
#include "lib/formats/udev_rules.hpp"

#include "tests/lib/catch.hpp"

using namespace virtbp;

TEST_CASE("a rule is its tokens and the line where it begins") {
    const auto rules = parse_udev_rules(
        "# comment\n"
        "\n"
        "ACTION==\"add|change\", SUBSYSTEM==\"block\", \\\n"
        "  # a comment between\n"
        "  ENV{DEVTYPE} != \"partition\" , ATTR{queue/scheduler}=\"none\"\n"
        "LABEL=\"end\"\r\n");
    REQUIRE(rules.size() == 2);
    CHECK(rules[0].line == 3);
    REQUIRE(rules[0].tokens.size() == 4);
    CHECK(rules[0].tokens[0].key == "ACTION");
    CHECK(rules[0].tokens[0].op == "==");
    CHECK(rules[0].tokens[0].value == "add|change");
    CHECK(rules[0].tokens[2].attribute == "DEVTYPE");
    CHECK(rules[0].tokens[2].op == "!=");
    CHECK(rules[0].tokens[3].key == "ATTR");
    CHECK(rules[0].tokens[3].attribute == "queue/scheduler");
    CHECK(rules[0].tokens[3].op == "=");
    CHECK(rules[1].line == 6);
    CHECK(rules[1].tokens[0].value == "end");
}

TEST_CASE("values are quoted, with escapes after e and in either case after i") {
    const auto rules =
        parse_udev_rules(R"(KERNEL=="a\"b\n", ENV{x}==e"c\n\"d", ENV{y}==i"E", ENV{z}==ei"\x41")");
    REQUIRE(rules.size() == 1);
    CHECK(rules[0].tokens[0].value == "a\"b\\n");
    CHECK(rules[0].tokens[1].value == "c\n\"d");
    CHECK(rules[0].tokens[2].ignores_case);
    CHECK(rules[0].tokens[3].value == "A");
    CHECK(rules[0].tokens[3].ignores_case);
}

TEST_CASE("blanks and commas between tokens may be missing or many") {
    const auto rules = parse_udev_rules("KERNEL==\"a\"ENV{b}+=\"c\",, TAG-=\"d\"RUN{program}:=\"e\",\n");
    REQUIRE(rules.size() == 1);
    REQUIRE(rules[0].tokens.size() == 4);
    CHECK(rules[0].tokens[1].op == "+=");
    CHECK(rules[0].tokens[2].op == "-=");
    CHECK(rules[0].tokens[3].op == ":=");
}

TEST_CASE("a rule that udev refuses is left out as a whole") {
    for (const std::string rule :
         {"KERNEL==sda", "KERNEL==\"sda", "KERNEL=\"sda\"", "KERNEL", "KERNEL{x}==\"a\"", "ATTR==\"a\"",
          "ATTR{}==\"a\"", "ATTR{a==\"b\"", "UNKNOWN==\"a\"", "ENV{DEVTYPE}=\"disk\"", "ATTR{a}-=\"b\"",
          "ENV{a}=i\"b\"", "ENV{a}==e\"\\q\"", "ENV{a}==ee\"b\"", "NAME=\"%k\"", "OPTIONS==\"watch\"",
          "=\"a\"", "GOTO==\"a\""}) {
        CAPTURE(rule);
        CHECK(parse_udev_rules(rule).empty());
        CHECK(parse_udev_rules("TAG+=\"x\", " + rule).empty());
    }
    CHECK(parse_udev_rules("TAG+=\"x\", \\").empty());
}
