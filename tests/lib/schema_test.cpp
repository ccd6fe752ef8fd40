// SPDX-License-Identifier: GPL-3.0-or-later
// What a declaration says of its members, and what is stored into them.
#include "lib/schema.hpp"

#include "tests/lib/catch.hpp"

using namespace virtbp;
using Catch::Contains;

namespace {

struct Base {
    bool common = true;
};

struct Pool {
    std::string size = "2M";
    std::optional<long> count;

    static Parameters<Pool> parameters() {
        return Parameters<Pool>()
            .add("size", &Pool::size, {"The page size."}, {.choices = {"2M", "1G"}})
            .add("count", &Pool::count, {"Pages."}, {.required = true, .min = 0});
    }
};

struct Rich : Base {
    long number = 7;
    int narrow = 0;
    unsigned char byte = 0;
    std::optional<long> maybe;
    std::optional<bool> flag;
    std::string text = "it's \"q\"";
    std::string place;
    std::vector<std::string> words = {"a", "b"};
    std::vector<long> numbers;
    std::optional<std::vector<std::string>> optional_words;
    std::vector<Pool> pools;
    std::optional<Pool> pool;
    Pool always;
    json anything;

    static Parameters<Rich> parameters() {
        return Parameters<Rich>()
            .add("number", &Rich::number, {"A number."}, {.aliases = {"n"}, .min = -5, .max = 4294967295})
            .add("narrow", &Rich::narrow, {"An int."})
            .add("byte", &Rich::byte, {"A byte."}, {.max = 100})
            .add("maybe", &Rich::maybe, {"Or not."})
            .add("flag", &Rich::flag, {"Yes, no, or not said."})
            .add("text", &Rich::text, {"Text."})
            .add("place", &Rich::place, {"A path."}, {.required = true, .type = Type::path})
            .add("words", &Rich::words, {"Words."})
            .add("numbers", &Rich::numbers, {"Numbers."}, {.min = 0})
            .add("optional_words", &Rich::optional_words, {"Words, or nothing."})
            .add("pools", &Rich::pools, {"Pools."})
            .add("pool", &Rich::pool, {"One pool."})
            .add("always", &Rich::always, {"A pool with a default."})
            .add("anything", &Rich::anything, {"Whatever."})
            .add("common", &Rich::common, {"Of the base."})
            .where({.mutually_exclusive = {{"maybe", "flag"}}});
    }
};

Rich stored(json arguments) {
    if (!arguments.contains("place")) arguments["place"] = "/p";
    Rich rich;
    const auto parameters = Rich::parameters();
    parameters.store(accept(parameters.spec(), "virtbp.core.rich", arguments).params, rich);
    return rich;
}

Option option(const std::string& name) {
    const auto spec = Rich::parameters().spec();
    const auto* found = spec.find(name);
    REQUIRE(found != nullptr);
    return *found;
}

}  // namespace

TEST_CASE("type, default and range of an option are those of the member") {
    CHECK(option("number").type == Type::integer);
    CHECK(option("number").default_value == 7);
    CHECK(option("number").minimum == -5);
    CHECK(option("number").maximum == 4294967295);
    CHECK(option("number").aliases == std::vector<std::string>{"n"});
    CHECK(option("maybe").type == Type::integer);
    CHECK(option("maybe").default_value.is_null());
    CHECK_FALSE(option("maybe").minimum);
    CHECK(option("flag").type == Type::boolean);
    CHECK_FALSE(option("common").minimum);
    CHECK(option("common").default_value == true);
    CHECK(option("text").type == Type::str);
    CHECK(option("text").default_value == "it's \"q\"");
    CHECK(option("place").type == Type::path);
    CHECK(option("place").required);
    CHECK(option("place").default_value.is_null());
    CHECK(option("words").type == Type::list);
    CHECK(option("words").elements == Type::str);
    CHECK(option("words").default_value == json::array({"a", "b"}));
    CHECK(option("numbers").elements == Type::integer);
    CHECK(option("numbers").default_value.is_null());
    CHECK(option("optional_words").type == Type::list);
    CHECK(option("optional_words").default_value.is_null());
    CHECK(option("pools").elements == Type::dict);
    CHECK(option("pools").suboptions.options.size() == 2);
    CHECK(option("pool").type == Type::dict);
    CHECK_FALSE(option("pool").elements);
    CHECK(option("anything").type == Type::raw);
    CHECK(Rich::parameters().spec().rules.mutually_exclusive.size() == 1);
    CHECK(Rich::parameters().spec().find("nothing") == nullptr);
}

TEST_CASE("what a narrow member cannot hold is out of its range") {
    CHECK(option("narrow").minimum == std::numeric_limits<int>::min());
    CHECK(option("narrow").maximum == std::numeric_limits<int>::max());
    CHECK(option("byte").minimum == 0);
    CHECK(option("byte").maximum == 100);
    CHECK(stored({{"narrow", -2147483648}}).narrow == std::numeric_limits<int>::min());
    CHECK_THROWS_WITH(stored({{"narrow", 4294967296}}),
                      "argument 'narrow' must be at most 2147483647: 4294967296");
    CHECK_THROWS_WITH(stored({{"byte", -1}}), "argument 'byte' must be at least 0: -1");
    CHECK_THROWS_WITH(stored({{"byte", 101}}), "argument 'byte' must be at most 100: 101");
}

TEST_CASE("what is left out or null keeps the member's initial value") {
    for (const json& arguments :
         {json::object(), json{{"maybe", nullptr}, {"pools", nullptr}, {"pool", nullptr}}}) {
        const auto rich = stored(arguments);
        CHECK(rich.number == 7);
        CHECK_FALSE(rich.maybe);
        CHECK_FALSE(rich.flag);
        CHECK(rich.text == "it's \"q\"");
        CHECK(rich.words == std::vector<std::string>{"a", "b"});
        CHECK(rich.numbers.empty());
        CHECK_FALSE(rich.optional_words);
        CHECK(rich.pools.empty());
        CHECK_FALSE(rich.pool);
        CHECK(rich.always.size == "2M");
        CHECK(rich.anything.is_null());
        CHECK(rich.common);
    }
}

TEST_CASE("accepted values are stored, coerced and nested") {
    const auto rich = stored({{"n", "4294967295"},
                              {"maybe", 0},
                              {"words", "x,y"},
                              {"numbers", json::array({"3", 4})},
                              {"optional_words", json::array()},
                              {"pools", json::array({{{"count", "5"}}, {{"size", "1G"}, {"count", 6}}})},
                              {"pool", "size=1G count=1"},
                              {"always", {{"count", 2}}},
                              {"anything", {{"deep", json::array({1, nullptr})}}},
                              {"common", "no"}});
    CHECK(rich.number == 4294967295);
    CHECK(rich.maybe == 0);
    CHECK(rich.words == std::vector<std::string>{"x", "y"});
    CHECK(rich.numbers == std::vector<long>{3, 4});
    REQUIRE(rich.optional_words);
    CHECK(rich.optional_words->empty());
    REQUIRE(rich.pools.size() == 2);
    CHECK(rich.pools[0].size == "2M");
    CHECK(rich.pools[0].count == 5);
    CHECK(rich.pools[1].size == "1G");
    REQUIRE(rich.pool);
    CHECK(rich.pool->size == "1G");
    CHECK(rich.pool->count == 1);
    CHECK(rich.always.count == 2);
    CHECK(rich.always.size == "2M");
    CHECK(rich.anything == json::parse(R"({"deep": [1, null]})"));
    CHECK_FALSE(rich.common);
    CHECK(stored({{"flag", true}}).flag == true);
}

TEST_CASE("numbers out of range are refused by name, in lists and below too") {
    CHECK(stored({{"number", -5}}).number == -5);
    CHECK_THROWS_WITH(stored({{"number", -6}}), "argument 'number' must be at least -5: -6");
    CHECK_THROWS_WITH(stored({{"number", 4294967296}}),
                      "argument 'number' must be at most 4294967295: 4294967296");
    CHECK_THROWS_WITH(stored({{"numbers", {1, -1}}}), "argument 'numbers' must be at least 0: -1");
    CHECK_THROWS_WITH(stored({{"pools", json::array({{{"count", -3}}})}}),
                      "argument 'count' must be at least 0: -3");
}

TEST_CASE("numbers beyond 64 bits are refused, never wrapped or rounded") {
    const auto most = std::numeric_limits<long>::max(), least = std::numeric_limits<long>::min();
    CHECK(stored({{"maybe", most}}).maybe == most);
    CHECK(stored({{"maybe", least}}).maybe == least);
    CHECK(stored({{"maybe", "9223372036854775807"}}).maybe == most);
    for (const json& value : {json(9223372036854775808U), json(18446744073709551615U),
                              json("9223372036854775808"), json("-9223372036854775809"), json("1e30"),
                              json(1e30), json(-1e30), json("123456789012345678901234567890")}) {
        INFO(value.dump());
        CHECK_THROWS_WITH(stored({{"maybe", value}}), Contains("argument 'maybe' does not fit 64 bits: "));
    }
}

TEST_CASE("a boolean where a number is asked for is the number that Python has for it") {
    CHECK(stored({{"maybe", true}}).maybe == 1);
    CHECK(stored({{"number", false}}).number == 0);
}

TEST_CASE("a description knows its full name") {
    CHECK(Description{{.name = "ksm", .summary = "", .description = {}, .examples = ""}, {}}.full_name() ==
          "virtbp.core.ksm");
}
