// SPDX-License-Identifier: GPL-3.0-or-later
// One call of a module from arguments to result, with a module of a few lines that can be made to misbehave.
#include "lib/error.hpp"
#include "lib/module.hpp"
#include "lib/text.hpp"
#include "tests/lib/catch.hpp"
#include "tests/lib/tree.hpp"

using namespace virtbp;
using Catch::Contains;

namespace {

const std::string knob = "/sys/number", other_knob = "/sys/other", file = "/etc/number.conf";

/// Keeps a number in two knobs and a file.
struct Small {
    struct Params : HostParams {
        std::optional<long> number;
        std::string trick;  ///< how it misbehaves
        bool lenient = false;

        static Parameters<Params> parameters() {
            return with(
                Parameters<Params>()
                    .add("number", &Params::number, {"The number."}, {.aliases = {"value"}, .max = 1000})
                    .add("trick", &Params::trick, {"A fault."})
                    .add("lenient", &Params::lenient, {"Whether a part is enough."}));
        }
    };
    struct State {
        long number = 0, other = 0;
        Files files;
    };
    Params params;

    static Manual manual() {
        return {.name = "small", .summary = "Keep a number", .description = {}, .examples = ""};
    }

    State read(const System& system) const {
        if (params.trick == "throws something else") return {json("text").get<long>(), 0, {}};
        const auto number = [&system](const std::string& path) {
            const auto value = to_integer(trim(system.read(path)));
            if (!value) throw Error(path + " holds no number");
            return *value;
        };
        State is{number(knob), number(other_knob), {}};
        if (params.persistent) is.files[file] = system.read_if(file);
        return is;
    }
    State want(State is) const {
        if (params.trick == "wants more") return {is.number + 1, is.other, is.files};
        if (!params.number) return is;
        if (params.runtime) is.number = is.other = *params.number;
        if (params.persistent) is.files[file] = std::to_string(*params.number) + "\n";
        return is;
    }
    Fields fields(const State& state) const {
        return {{Layer::runtime, "number", state.number, knob},
                {Layer::runtime, "other", state.other, other_knob}};
    }
    void apply(System& system, const State& is, const State& should) {
        if (should.number != is.number) system.write(knob, std::to_string(should.number) + "\n");
        if (params.trick == "fails midway") throw Error("the machine is on fire");
        if (should.other != is.other) system.write(other_knob, std::to_string(should.other) + "\n");
        system.apply(is.files, should.files);
    }
    json facts(const State& state) const { return {{"sum", state.number + state.other}}; }
    std::vector<std::string> warnings(const State& state) const {
        if (state.number == 13) return {"13 is unlucky"};
        return {};
    }
    bool allows(Outcome outcome) const { return params.lenient && outcome == Outcome::partial; }
};

struct Machine {
    Machine() {
        tree.file(knob, "1\n");
        tree.file(other_knob, "2\n");
        tree.file(file, "1\n");
    }
    json call(const json& arguments, const System::Kernel& kernel = {}) {
        System system(tree.root());
        system.play_kernel(kernel);
        auto result = virtbp::call(entry<Small>(), system, arguments);
        journal = system.journal();
        return result;
    }
    std::string text(const std::string& path) const { return System(tree.root()).read(path); }

    Tree tree;
    std::vector<Change> journal;
};

}  // namespace

TEST_CASE("check mode predicts, the run does it, and a second run has nothing to do") {
    Machine machine;
    const json arguments{{"number", 13}};
    auto checked = arguments;
    checked["_ansible_check_mode"] = true;

    const auto check = machine.call(checked);
    CHECK(machine.journal.empty());
    CHECK(machine.text(knob) == "1\n");
    CHECK(machine.text(file) == "1\n");
    CHECK(check.at("msg") ==
          "would change runtime number: 1 -> 13; runtime other: 2 -> 13; /etc/number.conf");
    CHECK(check.at("sum") == 3);

    const auto real = machine.call(arguments);
    CHECK(machine.journal.size() == 3);
    CHECK(machine.text(file) == "13\n");
    CHECK(real.at("changed") == true);
    CHECK(real.at("changed") == check.at("changed"));
    CHECK(real.at("diff") == check.at("diff"));
    CHECK(real.at("sum") == 26);
    CHECK(real.at("warnings") == json::array({"13 is unlucky"}));

    const auto again = machine.call(arguments);
    CHECK(machine.journal.empty());
    CHECK(again.at("changed") == false);
    CHECK(again.at("msg") == "nothing to change");
    CHECK(machine.call(checked).at("changed") == false);
}

TEST_CASE("what is left out is not managed, and layers can be left out") {
    Machine machine;
    CHECK(machine.call(json::object()).at("changed") == false);
    machine.call({{"number", 5}, {"persistent", false}});
    CHECK(machine.text(knob) == "5\n");
    CHECK(machine.text(file) == "1\n");
    machine.call({{"number", 6}, {"runtime", false}});
    CHECK(machine.text(knob) == "5\n");
    CHECK(machine.text(file) == "6\n");
    const auto result = machine.call({{"number", 7}, {"runtime", "no"}, {"persistent", 0}});
    CHECK(result.at("failed") == true);
    CHECK(result.at("msg") == "runtime and persistent are both false: there is nothing to manage");
}

TEST_CASE("check mode is coerced as a parameter is, and never mistaken for a real run") {
    Machine machine;
    for (const json& yes : {json("yes"), json("true"), json(1), json(true)}) {
        CHECK(machine.call({{"number", 5}, {"_ansible_check_mode", yes}}).at("changed") == true);
        CHECK(machine.text(knob) == "1\n");
    }
    const auto result = machine.call({{"number", 5}, {"_ansible_check_mode", "maybe"}});
    CHECK(result.at("failed") == true);
    CHECK_THAT(result.at("msg").get<std::string>(), Contains("_ansible_check_mode") && Contains("'maybe'"));
    CHECK(machine.text(knob) == "1\n");
    machine.call({{"number", 5}, {"_ansible_check_mode", nullptr}});
    CHECK(machine.text(knob) == "5\n");
}

TEST_CASE("the accepted arguments are told, unless Ansible asks not to") {
    Machine machine;
    auto result = machine.call({{"value", "7"}, {"_ansible_check_mode", true}, {"_ansible_verbosity", 3}});
    CHECK(result.at("invocation").at("module_args") == json{{"number", 7},
                                                            {"trick", ""},
                                                            {"lenient", false},
                                                            {"runtime", true},
                                                            {"persistent", true},
                                                            {"backup", false}});
    result = machine.call({{"value", 7}, {"number", 8}, {"_ansible_inject_invocation", false}});
    CHECK_FALSE(result.contains("invocation"));
    CHECK(result.at("warnings") == json::array({"Both option number and its alias value are set."}));
}

TEST_CASE("arguments that are refused change nothing and are named") {
    Machine machine;
    const auto message = [&machine](const json& arguments) {
        const auto result = machine.call(arguments);
        CHECK(result.at("failed") == true);
        CHECK(result.at("changed") == false);
        CHECK_FALSE(result.contains("diff"));
        return result.at("msg").get<std::string>();
    };
    CHECK_THAT(
        message({{"nmber", 1}}),
        Contains(
            "Unsupported parameters for (virtbp.core.small) module: nmber. Supported parameters include"));
    CHECK_THAT(message({{"number", "many"}}), Contains("argument 'number' is of type str"));
    CHECK(message({{"number", 1001}}) == "argument 'number' must be at most 1000: 1001");
    for (const json& arguments : {json::array(), json("text"), json(5), json()})
        CHECK_THAT(message(arguments), Contains("must be a JSON object"));
    CHECK(machine.text(knob) == "1\n");
}

TEST_CASE("a module that wants more of what it wants is refused before it writes") {
    Machine machine;
    const auto result = machine.call({{"trick", "wants more"}});
    CHECK(result.at("failed") == true);
    CHECK(result.at("msg") ==
          "a bug of this module: asked again of what it wants, it wants more: runtime number: 2 -> 3");
    CHECK(machine.journal.empty());
}

TEST_CASE("a module that fails midway tells what it did") {
    Machine machine;
    const auto result = machine.call({{"number", 5}, {"trick", "fails midway"}});
    CHECK(result.at("failed") == true);
    CHECK(result.at("changed") == true);
    CHECK(result.at("msg") == "the machine is on fire (changed before that: runtime number: 1 -> 5)");
    CHECK(result.at("virtbp").at("fields").at(0).at("outcome") == "changed");
    CHECK(result.at("virtbp").at("fields").at(1).at("outcome") == "partial");
    CHECK(result.at("sum") == 7);
    CHECK(machine.text(file) == "1\n");
}

TEST_CASE("a kernel that takes less is told, and may be allowed") {
    Machine machine;
    const auto clamp = [](const std::string& path, std::string& text) {
        if (path == knob) text = "3\n";
        return 0;
    };
    auto result = machine.call({{"number", 5}, {"persistent", false}}, clamp);
    CHECK(result.at("failed") == true);
    CHECK(result.at("msg") ==
          "runtime number: wanted 5, found 3 (changed before that: runtime number: 1 -> 3; runtime other: 2 "
          "-> 5)");
    result = machine.call({{"number", 5}, {"persistent", false}, {"lenient", true}}, clamp);
    CHECK_FALSE(result.contains("failed"));
    CHECK(result.at("warnings") == json::array({"runtime number: wanted 5, found 3"}));
}

TEST_CASE("what cannot be read again after a change is still a change") {
    Machine machine;
    const auto broken = [](const std::string& /*path*/, std::string& text) {
        text = "garbage\n";
        return 0;
    };
    auto result = machine.call({{"number", 5}}, broken);
    CHECK(result.at("failed") == true);
    CHECK(result.at("changed") == true);
    CHECK(result.at("msg") == "after the change: /sys/number holds no number");
    Machine another;
    result = another.call({{"number", 5}, {"trick", "fails midway"}}, broken);
    CHECK(result.at("msg") == "the machine is on fire; after the change: /sys/number holds no number");
}

TEST_CASE("whatever a module throws is one failure") {
    Machine machine;
    const auto result = machine.call({{"trick", "throws something else"}});
    CHECK(result.at("failed") == true);
    CHECK_THAT(result.at("msg").get<std::string>(), Contains("type must be number"));
}

TEST_CASE("copies are named in the result, of a failure too") {
    Machine machine;
    const auto result = machine.call({{"number", 5}, {"backup", true}});
    REQUIRE(result.at("backup_files").size() == 1);
    CHECK(machine.text(result.at("backup_files").at(0).get<std::string>()) == "1\n");

    Machine other;
    System system(other.tree.root());
    system.play_kernel([&system](const std::string& /*path*/, std::string& text) {
        system.keep_backups(true);
        system.replace(file, "copied");
        text = "garbage\n";
        return 0;
    });
    const auto failed = virtbp::call(entry<Small>(), system, {{"number", 5}});
    CHECK(failed.at("failed") == true);
    CHECK(failed.at("backup_files").size() == 1);
}
