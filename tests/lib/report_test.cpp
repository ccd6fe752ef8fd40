// SPDX-License-Identifier: GPL-3.0-or-later
// The engine's judgement of two or three pictures, without a module.
#include "lib/error.hpp"
#include "lib/module.hpp"
#include "tests/lib/catch.hpp"
#include "tests/lib/tree.hpp"

using namespace virtbp;

namespace {

Field field(const std::string& name, json value, Layer layer = Layer::runtime) {
    return {layer, name, std::move(value), "/sys/" + name};
}

bool none(Outcome /*outcome*/) { return false; }

json result_of(const Report& report, const std::function<bool(Outcome)>& allows = none,
               const std::vector<std::string>& warnings = {}) {
    static const Tree tree;
    return report.result(System(tree.root()), allows, warnings);
}

/// A check run's result.
json predicted(Picture is, Picture should) {
    return result_of(Report(std::move(is), std::move(should), true));
}

/// A real run's result, which found `now` afterwards.
json applied(Picture is, Picture should, Picture now, std::string error = "",
             const std::function<bool(Outcome)>& allows = none) {
    Report report(std::move(is), std::move(should), false);
    report.applied(std::move(now), std::move(error));
    return result_of(report, allows);
}

json outcomes(const json& result) {
    json all = json::array();
    for (const auto& one : result.at("virtbp").at("fields")) all.push_back(one.at("outcome"));
    return all;
}

}  // namespace

TEST_CASE("where all is as it should be, nothing is to be done") {
    const Picture is{{field("a", 1), field("b", "x")}, {{"/etc/f", "text"}}};
    CHECK_FALSE(Report(is, is, false).differs());
    const auto result = result_of(Report(is, is, false), none, {"of the module"});
    CHECK(result.at("changed") == false);
    CHECK(result.at("msg") == "nothing to change");
    CHECK(result.at("diff").empty());
    CHECK(result.at("reboot_required") == false);
    CHECK(result.at("backup_files").empty());
    CHECK(result.at("warnings") == json::array({"of the module"}));
    CHECK(result.at("virtbp").at("v") == 1);
    CHECK(result.at("virtbp").at("status") == "same");
    CHECK(outcomes(result) == json::array({"same", "same"}));
    CHECK_FALSE(result.contains("failed"));
}

TEST_CASE("nothing managed is nothing to change") {
    const auto result = result_of(Report({}, {}, false));
    CHECK(result.at("msg") == "nothing to change");
    CHECK(result.at("virtbp").at("status") == "same");
}

TEST_CASE("a changed field is told before and after") {
    const Picture is{{field("pool", nullptr), field("word", "old")}, {}};
    const Picture should{{field("pool", 512), field("word", "old")}, {}};
    CHECK(Report(is, should, false).differs());
    const auto check = predicted(is, should), real = applied(is, should, should);
    CHECK(check.at("msg") == "would change runtime pool: nothing -> 512");
    CHECK(real.at("msg") == "runtime pool: nothing -> 512");
    CHECK(check.at("changed") == true);
    CHECK(real.at("changed") == true);
    CHECK(check.at("diff") == real.at("diff"));
    CHECK(real.at("diff") == json::parse(R"([{"before_header": "runtime", "after_header": "runtime",
                                              "before": {"pool": null}, "after": {"pool": 512}}])"));
    CHECK(outcomes(check) == json::array({"changed", "same"}));
    CHECK(outcomes(real) == json::array({"changed", "same"}));
    CHECK(check.at("virtbp").at("fields").at(0) ==
          json::parse(R"({"layer": "runtime", "name": "pool", "was": null, "wanted": 512, "now": null,
                          "outcome": "changed", "source": "/sys/pool", "reason": ""})"));
    CHECK(real.at("virtbp").at("fields").at(0).at("now") == 512);
    CHECK(real.at("virtbp").at("status") == "changed");
}

TEST_CASE("fields of one name in two layers are two, in whatever order they stand") {
    const Picture is{{field("a", 1), field("a", 2, Layer::persistent), field("z", 0, Layer::boot)}, {}};
    const Picture should{{field("z", 0, Layer::boot), field("a", 3, Layer::persistent), field("a", 1)}, {}};
    const auto result = predicted(is, should);
    CHECK(outcomes(result) == json::array({"same", "changed", "same"}));
    REQUIRE(result.at("diff").size() == 1);
    CHECK(result.at("diff").at(0).at("before_header") == "persistent");
    CHECK(result.at("msg") == "would change persistent a: 2 -> 3");
}

TEST_CASE("the diff has an entry a layer, in their order, and one a file") {
    const Picture is{
        {field("l", 1, Layer::live), field("c", 1, Layer::config), field("b", 1, Layer::boot),
         field("p", 1, Layer::persistent), field("r", 1), field("r2", 1)},
        {{"/etc/changed", "old"}, {"/etc/gone", "text"}, {"/etc/same", "s"}, {"/etc/new", std::nullopt}}};
    Picture should = is;
    for (auto& one : should.fields) one.value = 2;
    should.files = {{"/etc/changed", "new"},
                    {"/etc/gone", std::nullopt},
                    {"/etc/same", "s"},
                    {"/etc/new", "n"},
                    {"/etc/unread", "u"}};
    const auto result = applied(is, should, should);
    json headers = json::array();
    for (const auto& entry : result.at("diff")) headers.push_back(entry.at("after_header"));
    CHECK(headers == json::array({"runtime", "persistent", "boot", "config", "live", "/etc/changed",
                                  "/etc/gone", "/etc/new", "/etc/unread"}));
    CHECK(result.at("diff").at(0).at("after") == json{{"r", 2}, {"r2", 2}});
    CHECK(result.at("diff").at(5).at("before") == "old");
    CHECK(result.at("diff").at(6).at("after") == "");
    CHECK(result.at("diff").at(7).at("before") == "");
    CHECK(predicted(is, should).at("diff") == result.at("diff"));
    CHECK(result.at("msg") ==
          "live l: 1 -> 2; config c: 1 -> 2; boot b: 1 -> 2; persistent p: 1 -> 2; runtime r: 1 -> 2; "
          "runtime r2: 1 -> 2; /etc/changed; /etc/gone; and 2 more");
}

TEST_CASE("a file alone that differs is a change") {
    const Picture is{{}, {{"/etc/f", "old"}}}, should{{}, {{"/etc/f", "new"}}};
    CHECK(Report(is, should, true).differs());
    CHECK(predicted(is, should).at("msg") == "would change /etc/f");
    CHECK(applied(is, should, should).at("changed") == true);
}

TEST_CASE("a file that another program puts back is a failure that names it") {
    const Picture is{{}, {{"/etc/f", "old"}}}, should{{}, {{"/etc/f", "new"}}};
    const auto result = applied(is, should, is);
    CHECK(result.at("failed") == true);
    CHECK(result.at("changed") == false);
    CHECK(result.at("msg") == "/etc/f does not hold what was written to it: another program writes it, too");
    CHECK(applied(is, should, {}).at("failed") == true);
}

TEST_CASE("a part that the kernel took is a failure, unless it is allowed") {
    const Picture is{{field("pool", 0)}, {}}, should{{field("pool", 512)}, {}};
    Picture now{{field("pool", 300)}, {}};
    auto result = applied(is, should, now);
    CHECK(result.at("failed") == true);
    CHECK(result.at("changed") == true);
    CHECK(result.at("msg") ==
          "runtime pool: wanted 512, found 300 (changed before that: runtime pool: 0 -> 300)");
    CHECK(outcomes(result) == json::array({"partial"}));
    CHECK(result.at("virtbp").at("status") == "partial");
    CHECK(result.at("diff").at(0).at("after").at("pool") == 300);

    now.fields[0] = now.fields[0].judged(Outcome::partial, "memory is in pieces", 512);
    CHECK(applied(is, should, now).at("msg") ==
          "runtime pool: wanted 512, found 300: memory is in pieces (changed before that: runtime pool: 0 -> "
          "300)");

    result = applied(is, should, now, "", [](Outcome outcome) { return outcome == Outcome::partial; });
    CHECK_FALSE(result.contains("failed"));
    CHECK(result.at("msg") == "runtime pool: 0 -> 300");
    CHECK(result.at("warnings") == json::array({"runtime pool: wanted 512, found 300: memory is in pieces"}));
    CHECK(outcomes(result) == json::array({"partial"}));
}

TEST_CASE("a value that vanished is told as nothing") {
    const Picture is{{field("a", 0)}, {}}, should{{field("a", 1)}, {}};
    CHECK(applied(is, should, {}).at("msg") ==
          "runtime a: wanted 1, found nothing (changed before that: runtime a: 0 -> nothing)");
}

TEST_CASE("verdicts that are misses warn in check mode and fail for real") {
    const auto outcome = GENERATE(Outcome::overridden, Outcome::locked, Outcome::unsupported);
    const Picture is{{field("a", 1)}, {}};
    const Picture should{{field("a", 1).judged(outcome, "because", 2)}, {}};
    CHECK_FALSE(Report(is, should, false).differs());
    const auto check = predicted(is, should), real = result_of(Report(is, should, false));
    CHECK_FALSE(check.contains("failed"));
    CHECK(check.at("changed") == false);
    CHECK(check.at("msg") == "nothing to change");
    CHECK(check.at("warnings") ==
          json::array({"without check mode this would fail: runtime a: wanted 2, found 1: because"}));
    CHECK(real.at("failed") == true);
    CHECK(real.at("changed") == false);
    CHECK(real.at("msg") == "runtime a: wanted 2, found 1: because");
    CHECK(real.at("virtbp").at("fields").at(0).at("wanted") == 2);
    CHECK(outcomes(real) == json::array({name_of(outcome)}));
    CHECK(outcomes(check) == outcomes(real));
}

TEST_CASE("written and overridden: the change is told, and the task fails with who wins") {
    const Picture is{{field("a", 1, Layer::persistent)}, {{"/etc/a", std::nullopt}}};
    const Picture should{{field("a", 1, Layer::persistent).judged(Outcome::overridden, "/etc/z:3 wins", 2)},
                         {{"/etc/a", "a = 2\n"}}};
    const auto real = applied(is, should, {is.fields, should.files});
    CHECK(real.at("changed") == true);
    CHECK(real.at("msg") == "persistent a: wanted 2, found 1: /etc/z:3 wins (changed before that: /etc/a)");
    CHECK(outcomes(real) == json::array({"overridden"}));
    CHECK(predicted(is, should).at("diff") == real.at("diff"));
}

TEST_CASE("a value as wanted is no success where the new reading says that another wins") {
    const Picture is{{field("a", 1, Layer::persistent)}, {}}, should{{field("a", 2, Layer::persistent)}, {}};
    Picture now = should;
    now.fields[0] = now.fields[0].judged(Outcome::overridden, "/etc/z:3 wins", 2);
    const auto result = applied(is, should, now);
    CHECK(outcomes(result) == json::array({"overridden"}));
    CHECK(result.at("failed") == true);
    CHECK(result.at("msg") ==
          "persistent a: wanted 2, found 2: /etc/z:3 wins (changed before that: persistent a: 1 -> 2)");
}

TEST_CASE("what waits for a reboot does not fail, and says so") {
    const Picture is{{field("a", 1, Layer::boot)}, {{"/etc/default/grub", "old"}}};
    const Picture should{{field("a", 1, Layer::boot).judged(Outcome::pending_reboot, "written", 2)},
                         {{"/etc/default/grub", "new"}}};
    for (const auto& result : {predicted(is, should), applied(is, should, {is.fields, should.files}),
                               result_of(Report({is.fields, should.files}, should, false))}) {
        CHECK_FALSE(result.contains("failed"));
        CHECK(result.at("reboot_required") == true);
        CHECK(outcomes(result) == json::array({"pending_reboot"}));
        CHECK(result.at("warnings").empty());
    }
}

TEST_CASE("what does not concern this machine is a fact, and fails nothing") {
    const Picture is{{field("a", nullptr)}, {}};
    const Picture should{{field("a", nullptr).judged(Outcome::not_applicable, "this tree has no /sys", 2)},
                         {}};
    const auto result = result_of(Report(is, should, false));
    CHECK_FALSE(result.contains("failed"));
    CHECK(result.at("msg") == "not applicable: this tree has no /sys");
    CHECK(result.at("virtbp").at("status") == "not_applicable");

    Picture with_another = should, before = is;
    before.fields.push_back(field("b", 1));
    with_another.fields.push_back(field("b", 2));
    const auto both = applied(before, with_another, with_another);
    CHECK(outcomes(both) == json::array({"not_applicable", "changed"}));
    CHECK(both.at("virtbp").at("status") == "changed");
}

TEST_CASE("an error midway fails the task and tells what was done before it") {
    const Picture is{{field("a", 0), field("b", 0), field("c", 5)}, {}};
    const Picture should{{field("a", 1), field("b", 1), field("c", 5)}, {}};
    const Picture now{{field("a", 1), field("b", 0), field("c", 5)}, {}};
    const auto result = applied(is, should, now, "cannot write /sys/b: Input/output error (EIO)");
    CHECK(result.at("failed") == true);
    CHECK(result.at("changed") == true);
    CHECK(result.at("msg") ==
          "cannot write /sys/b: Input/output error (EIO) (changed before that: runtime a: 0 -> 1)");
    CHECK(outcomes(result) == json::array({"changed", "partial", "same"}));
    CHECK(result.at("virtbp").at("fields").at(1).at("reason") ==
          "cannot write /sys/b: Input/output error (EIO)");
    const auto nothing_done = applied(is, should, is, "no");
    CHECK(nothing_done.at("msg") == "no");
    CHECK(nothing_done.at("changed") == false);
}

TEST_CASE("the status is the worst of the outcomes") {
    const Outcome order[] = {Outcome::not_applicable, Outcome::same,       Outcome::changed,
                             Outcome::pending_reboot, Outcome::partial,    Outcome::overridden,
                             Outcome::locked,         Outcome::unsupported};
    const std::vector<std::string> names{"not_applicable", "same",       "changed", "pending_reboot",
                                         "partial",        "overridden", "locked",  "unsupported"};
    Picture is, should;
    for (size_t i = 0; i < names.size(); ++i) {
        CHECK(name_of(order[i]) == names[i]);
        is.fields.push_back(field(names[i], 0));
        should.fields.push_back(field(names[i], 0).judged(order[i], "", 0));
        CHECK(predicted(is, should).at("virtbp").at("status") == names[i]);
    }
}

TEST_CASE("a long list of misses is cut in the message and whole in the fields") {
    Picture is, should;
    for (int i = 0; i < 20; ++i) {
        is.fields.push_back(field("k" + std::to_string(i), 0));
        should.fields.push_back(is.fields.back().judged(Outcome::locked, "", 1));
    }
    const auto result = result_of(Report(is, should, false));
    CHECK_THAT(result.at("msg").get<std::string>(),
               Catch::EndsWith("runtime k7: wanted 1, found 0; and 12 more"));
    CHECK(result.at("virtbp").at("fields").size() == 20);
}

TEST_CASE("asked again of what it wants, a module must not want more") {
    const Picture one{{field("a", 1)}, {{"/etc/f", "x"}}};
    CHECK_NOTHROW(check_fixed_point(one, one));
    CHECK_THROWS_WITH(check_fixed_point(one, {{field("a", 2)}, {{"/etc/f", "x"}}}),
                      "a bug of this module: asked again of what it wants, it wants more: runtime a: 1 -> 2");
    CHECK_THROWS_WITH(check_fixed_point(one, {{field("a", 1)}, {{"/etc/f", "y"}}}),
                      "a bug of this module: asked again of what it wants, it wants more: /etc/f");
}

TEST_CASE("what waits for a domain's restart asks for no reboot of the host") {
    for (const auto layer : {Layer::live, Layer::boot}) {
        const Picture waits{{field("a", 1, layer).judged(Outcome::pending_reboot, "later", 2)}, {}};
        CHECK(predicted(waits, waits).at("reboot_required") == (layer == Layer::boot));
    }
}
