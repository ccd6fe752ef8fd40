// SPDX-License-Identifier: GPL-3.0-or-later
#include "lib/formats/selector.hpp"

#include "tests/lib/catch.hpp"

using namespace virtbp;
using Words = std::vector<std::string>;

TEST_CASE("a selector gives what is offered and what is in force") {
    const auto selector = parse_selector("none [mq-deadline] kyber bfq\n");
    CHECK(selector.offered == Words{"none", "mq-deadline", "kyber", "bfq"});
    CHECK(selector.chosen == "mq-deadline");
    CHECK(selector.offers("bfq"));
    CHECK_FALSE(selector.offers("[mq-deadline]"));
    CHECK_FALSE(selector.offers("cfq"));
}

TEST_CASE("a queue that cannot be configured brackets nothing") {
    const auto selector = parse_selector("none\n");
    CHECK(selector.offered == Words{"none"});
    CHECK_FALSE(selector.chosen);
}

TEST_CASE("an unclosed bracket is taken as plain text") {
    const auto selector = parse_selector("always [madvise never");
    CHECK(selector.offered == Words{"always", "[madvise", "never"});
    CHECK_FALSE(selector.chosen);
}

TEST_CASE("empty brackets are plain text, and of two brackets the last is in force") {
    CHECK_FALSE(parse_selector("[]").chosen);
    CHECK(parse_selector("[a] [b]").chosen == "b");
}

TEST_CASE("an empty text offers nothing") { CHECK(parse_selector(" \n").offered.empty()); }

TEST_CASE("a word with a plus is one word") {
    const auto selector = parse_selector("always defer [defer+madvise] madvise never");
    CHECK(selector.chosen == "defer+madvise");
    CHECK(selector.offered.size() == 5);
}
