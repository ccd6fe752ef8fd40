// SPDX-License-Identifier: GPL-3.0-or-later
#include "lib/boot_writes.hpp"

#include "lib/error.hpp"
#include "tests/lib/catch.hpp"
#include "tests/lib/tree.hpp"

using namespace virtbp;

namespace {

const std::string ours = "/etc/tmpfiles.d/virtbp-x.conf";
const std::vector<std::string> order{"/sys/mode", "/sys/pages", "/sys/run"};

std::string text_of(const BootWrites& writes) {
    const auto files = writes.files();
    REQUIRE(files.size() == 1);
    REQUIRE(files.begin()->first == ours);
    REQUIRE(files.begin()->second);
    return *files.begin()->second;
}

std::string shown(const std::optional<BootWrites::Setting>& setting) {
    return setting ? setting->value + " at " + setting->place : "nothing";
}

}  // namespace

TEST_CASE("without any file nothing is set, and our file is none") {
    const Tree tree;
    const BootWrites writes(System(tree.root()), ours);
    CHECK(shown(writes.find("/sys/run")) == "nothing");
    CHECK(writes.drop_in() == ours);
    CHECK(writes.files() == Files{{ours, std::nullopt}});
}

TEST_CASE("what the boot will write is found with its file and line") {
    const Tree tree;
    tree.file("/usr/lib/tmpfiles.d/vendor.conf", "# comment\nw /sys/run - - - - 1\n");
    tree.file(ours, "w /sys/pages - - - - 100\n");
    const BootWrites writes(System(tree.root()), ours);
    CHECK(shown(writes.find("/sys/run")) == "1 at /usr/lib/tmpfiles.d/vendor.conf:2");
    CHECK(shown(writes.find("/sys/pages")) == "100 at /etc/tmpfiles.d/virtbp-x.conf:1");
    CHECK(shown(writes.find("/sys/other")) == "nothing");
}

TEST_CASE("a new file is begun, in the order that the kernel needs") {
    const Tree tree;
    BootWrites writes(System(tree.root()), ours);
    writes.set({{"/sys/run", "1"}, {"/sys/mode", "none"}}, order);
    CHECK(text_of(writes) == "# Written by virtbp\nw /sys/mode - - - - none\nw /sys/run - - - - 1\n");
    CHECK(shown(writes.find("/sys/run")) == "1 at /etc/tmpfiles.d/virtbp-x.conf:3");
    CHECK_FALSE(System(tree.root()).exists(ours));
}

TEST_CASE("setting keeps what else stands in our file, and is the same again") {
    const Tree tree;
    tree.file(
        ours,
        "# by hand\nw /sys/run - - - - 0\nd /run/x\nw /sys/foreign - - - - 7\nw /sys/pages - - - - 100");
    BootWrites writes(System(tree.root()), ours);
    writes.set({{"/sys/run", "1"}}, order);
    const std::string wanted =
        "# by hand\nd /run/x\nw /sys/foreign - - - - 7\nw /sys/pages - - - - 100\nw /sys/run - - - - 1\n";
    CHECK(text_of(writes) == wanted);
    writes.set({{"/sys/run", "1"}}, order);
    CHECK(text_of(writes) == wanted);
    writes.set({{"/sys/mode", "scan"}, {"/sys/pages", "5"}}, order);
    CHECK(text_of(writes) ==
          "# by hand\nd /run/x\nw /sys/foreign - - - - 7\nw /sys/mode - - - - scan\n"
          "w /sys/pages - - - - 5\nw /sys/run - - - - 1\n");
}

TEST_CASE("of two lines for one knob in our file one stays") {
    const Tree tree;
    tree.file(ours, "w /sys/run - - - - 0\nw /sys/run - - - - 2\n");
    BootWrites writes(System(tree.root()), ours);
    writes.set({{"/sys/run", "1"}}, order);
    CHECK(text_of(writes) == "w /sys/run - - - - 1\n");
}

TEST_CASE("the state before is not changed by setting on a copy") {
    const Tree tree;
    tree.file(ours, "w /sys/run - - - - 0\n");
    const BootWrites is(System(tree.root()), ours);
    BootWrites should = is;
    should.set({{"/sys/run", "1"}}, order);
    CHECK(shown(is.find("/sys/run")) == "0 at /etc/tmpfiles.d/virtbp-x.conf:1");
    CHECK(shown(should.find("/sys/run")) == "1 at /etc/tmpfiles.d/virtbp-x.conf:1");
}

TEST_CASE("what no line can hold is refused") {
    const Tree tree;
    BootWrites writes(System(tree.root()), ours);
    CHECK_THROWS_AS(writes.set({{"/sys/run", ""}}, order), Error);
    CHECK_THROWS_AS(writes.set({{"relative", "1"}}, {"relative"}), Error);
}
