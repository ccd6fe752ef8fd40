// SPDX-License-Identifier: GPL-3.0-or-later
#include "lib/formats/cmdline.hpp"

#include "tests/lib/catch.hpp"

using namespace virtbp;

namespace {

/// "name", or "name=value", in brackets each.
std::string show(std::string_view text) {
    const auto line = parse_cmdline(text);
    std::string all;
    for (const auto& token : line.tokens)
        all += "[" + token.name + (token.value ? "=" + *token.value : "") + "]";
    return all + line.rest;
}

}  // namespace

TEST_CASE("a command line is cut at white space") {
    CHECK(show("root=/dev/sda1  ro\tquiet\n") == "[root=/dev/sda1][ro][quiet]");
    CHECK(show("").empty());
    CHECK(show("  ").empty());
    CHECK(show("a\xa0"
               "b") == "[a][b]");
    CHECK(show("root=UUID=1-2 a==b") == "[root=UUID=1-2][a==b]");
}

TEST_CASE("quotes hold a token together and are taken away around all of it or around its value") {
    CHECK(show("a=\"b c\" d") == "[a=b c][d]");
    CHECK(show("\"a=b c\" d") == "[a=b c][d]");
    CHECK(show("\"a b\"") == "[a b]");
    CHECK(show("a=b\"c d\"e") == "[a=b\"c d\"e]");
    CHECK(show("a=\"b c\"d") == "[a=b c\"d]");
    CHECK(show("a=\"\" \"\"") == "[a=][]");
    CHECK(show("a\"b c\"=d") == "[a\"b c\"=d]");
}

TEST_CASE("a quote that is not closed goes to the end") {
    CHECK(show("a=\"b c d") == "[a=b c d]");
    CHECK(show("\"a b") == "[a b]");
    CHECK(show("a \"") == "[a][]");
    CHECK(show("a=\"") == "[a=]");
}

TEST_CASE("an equals sign at the beginning does not end a name") {
    CHECK(show("=a") == "[=a]");
    CHECK(show("=a=b") == "[=a=b]");
    CHECK(parse_cmdline("=a=b").tokens[0].name == "=a");
}

TEST_CASE("two dashes end the kernel's parameters") {
    CHECK(show("a=b -- c=d e") == "[a=b]-- c=d e");
    CHECK(show("\"--\" x") == "\"--\" x");
    CHECK(show("--x --=y") == "[--x][--=y]");
}

TEST_CASE("a token keeps its text") {
    const auto line = parse_cmdline("a=\"b c\"  \"d\"");
    REQUIRE(line.tokens.size() == 2);
    CHECK(line.tokens[0].text == "a=\"b c\"");
    CHECK(line.tokens[1].text == "\"d\"");
}

TEST_CASE("in names - and _ are equal") {
    const auto token = parse_cmdline("kvm-intel.ple_gap=0").tokens[0];
    CHECK(token.is("kvm_intel.ple_gap"));
    CHECK(token.is("kvm-intel.ple-gap"));
    CHECK_FALSE(token.is("kvm_intelXple_gap"));
    CHECK_FALSE(token.is("kvm_intel.ple_ga"));
    CHECK_FALSE(token.is("kvm_intel.ple_gap2"));
}
