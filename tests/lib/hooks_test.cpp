// SPDX-License-Identifier: GPL-3.0-or-later
// What a module may add to the contract: a file's text as it is shown, facts of two states, a refusal that
// tells more.
#include "lib/module.hpp"
#include "lib/text.hpp"
#include "tests/lib/catch.hpp"
#include "tests/lib/tree.hpp"

using namespace virtbp;

namespace {

const std::string file = "/etc/number.conf";

/// Keeps a number in a file, which it does not show.
struct Shy {
    struct Params : CommonParams {
        long number = 0;

        static Parameters<Params> parameters() {
            return with(Parameters<Params>().add("number", &Params::number, {"The number."}));
        }
    };
    struct State {
        Files files;
    };
    Params params;

    static Manual manual() {
        return {.name = "shy", .summary = "Keep a secret", .description = {}, .examples = ""};
    }
    static std::string shown(const std::string& text) { return replaced(text, "1", "?"); }

    State read(const System& system) const { return {{{file, system.read(file)}}}; }
    State want(State is) const {
        if (params.number == 666)
            throw Refusal("666 is refused", {{"findings", json::array({"it is evil"})}});
        is.files[file] = concat({std::to_string(params.number), "\n"});
        return is;
    }
    Fields fields(const State& /*state*/) const { return {}; }
    void apply(System& system, const State& is, const State& should) { system.apply(is.files, should.files); }
    json facts(const State& before, const State& after) const {
        return {{"step", number(after) - number(before)}};
    }
    static long number(const State& state) { return to_integer(trim(*state.files.at(file))).value_or(-1); }
};

json call(const Tree& tree, const json& arguments) {
    System system(tree.root());
    return virtbp::call(entry<Shy>(), system, arguments);
}

}  // namespace

TEST_CASE("a module may hide in a diff what stands in a file, and tell what lies between two states") {
    const Tree tree;
    tree.file(file, "1\n");
    const auto check = call(tree, {{"number", 21}, {"_ansible_check_mode", true}});
    const auto real = call(tree, {{"number", 21}});
    CHECK(real.at("diff").back().at("before") == "?\n");
    CHECK(real.at("diff").back().at("after") == "2?\n");
    CHECK(System(tree.root()).read(file) == "21\n");
    CHECK(check.at("diff") == real.at("diff"));
    CHECK(check.at("step") == 20);
    CHECK(real.at("step") == 20);
    CHECK(call(tree, {{"number", 21}}).at("step") == 0);
}

TEST_CASE("a refusal tells more than its message, and nothing is changed") {
    const Tree tree;
    tree.file(file, "1\n");
    const auto result = call(tree, {{"number", 666}});
    CHECK(result.at("failed") == true);
    CHECK(result.at("changed") == false);
    CHECK(result.at("msg") == "666 is refused");
    CHECK(result.at("findings") == json::array({"it is evil"}));
    CHECK(System(tree.root()).read(file) == "1\n");
}
