// SPDX-License-Identifier: GPL-3.0-or-later
// Touching besides replace(): knobs, copies, removing, links, folders, mounts, and the journal of it all.
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "lib/error.hpp"
#include "lib/system.hpp"
#include "lib/text.hpp"
#include "tests/lib/catch.hpp"
#include "tests/lib/child.hpp"
#include "tests/lib/tree.hpp"

using namespace virtbp;
using Catch::Contains;

namespace {

/// "verb path text" a change.
std::vector<std::string> told(const System& system) {
    std::vector<std::string> all;
    for (const auto& change : system.journal())
        all.push_back(change.verb + " " + change.path + " " + change.text);
    return all;
}

using Journal = std::vector<std::string>;

}  // namespace

// -- knobs ----------------------------------------------------------------------------------------------

TEST_CASE("a knob holds what was written, and no more") {
    const Tree tree;
    tree.file("/sys/knob", "123456789\n");
    tree.link("/sys/link", "/sys/knob");
    System system(tree.root(), GENERATE(from_range(ways())));
    system.write("/sys/knob", "5\n");
    CHECK(system.read("/sys/knob") == "5\n");
    system.write("/sys/link", "77\n");
    CHECK(system.read("/sys/knob") == "77\n");
    CHECK(told(system) == Journal{"write /sys/knob 5\n", "write /sys/link 77\n"});
}

TEST_CASE("a knob that is not there is not made, and what is no file is not written") {
    const Tree tree;
    std::filesystem::create_directories(tree.root() + "/sys/folder");
    REQUIRE(mkfifo((tree.root() + "/sys/fifo").c_str(), 0600) == 0);
    System system(tree.root(), GENERATE(from_range(ways())));
    CHECK_THROWS_WITH(system.write("/sys/knob", "1"),
                      Contains("/sys/knob: No such file or directory (ENOENT)"));
    CHECK_THROWS_WITH(system.write("/sys/folder", "1"), Contains("/sys/folder: Is a directory (EISDIR)"));
    CHECK_THROWS_WITH(system.write("/sys/fifo", "1"), "/sys/fifo is not a regular file");
    CHECK(system.kind("/sys/knob") == Kind::none);
    CHECK(system.journal().empty());
}

TEST_CASE("the kernel's refusal reaches the message, and the knob keeps its value") {
    const std::string knob = "/sys/kernel/mm/ksm/run";
    if (geteuid() != 0 || !System("/").exists(knob)) {
        WARN("skipped: writing to " << knob << ": not root, or a kernel without it");
        return;
    }
    System system("/", GENERATE(from_range(ways())));
    CHECK_THROWS_WITH(system.write(knob, "3\n"), "cannot write " + knob + ": Invalid argument (EINVAL)");
    CHECK(system.read(knob) != "3\n");
    CHECK(system.journal().empty());
}

TEST_CASE("the kernel that a test plays may refuse, take less, and change other files") {
    const Tree tree;
    tree.file("/sys/pool", "0\n");
    tree.file("/sys/free", "0\n");
    System system(tree.root());
    system.play_kernel([&tree](const std::string& path, std::string& text) {
        if (text == "9\n") return EBUSY;
        if (path == "/sys/pool") {
            text = "3\n";
            tree.file("/sys/free", text);
        }
        return 0;
    });
    CHECK_THROWS_WITH(system.write("/sys/pool", "9\n"),
                      "cannot write /sys/pool: Device or resource busy (EBUSY)");
    CHECK(system.read("/sys/pool") == "0\n");
    system.write("/sys/pool", "5\n");
    CHECK(system.read("/sys/pool") == "3\n");
    CHECK(system.read("/sys/free") == "3\n");
    CHECK(told(system) == Journal{"write /sys/pool 5\n"});
}

TEST_CASE("on another root a selector stays one: the brackets move") {
    const Tree tree;
    const auto written = [&tree](const std::string& before, const std::string& text) {
        tree.file("/sys/knob", before);
        System system(tree.root());
        system.write("/sys/knob", text);
        return system.read("/sys/knob");
    };
    CHECK(written("[none] mq-deadline bfq \n", "bfq\n") == "none mq-deadline [bfq]\n");
    CHECK(written("[none] mq-deadline\n", "none") == "[none] mq-deadline\n");
    CHECK(written("always [madvise] never\n", "always\n") == "[always] madvise never\n");
    CHECK(written("[none] mq-deadline\n", "kyber\n") == "kyber\n");
    CHECK(written("none\n", "bfq\n") == "bfq\n");
    CHECK(written("", "1\n") == "1\n");
}

// -- copies ---------------------------------------------------------------------------------------------

TEST_CASE("a copy of what is replaced or removed has the form, mode and text that Ansible's has") {
    const Tree tree;
    tree.file("/etc/x.conf", "old");
    REQUIRE(chmod((tree.root() + "/etc/x.conf").c_str(), 0604) == 0);
    System system(tree.root(), GENERATE(from_range(ways())));
    system.keep_backups(true);
    const bool removes = GENERATE(true, false);
    if (removes) system.remove("/etc/x.conf");
    else system.replace("/etc/x.conf", "new");
    REQUIRE(system.backups().size() == 1);
    const auto copy = system.backups()[0];
    CHECK_THAT(copy, Catch::Matches("/etc/x\\.conf\\." + std::to_string(getpid()) +
                                    "\\.\\d{4}-\\d\\d-\\d\\d@\\d\\d:\\d\\d:\\d\\d~"));
    CHECK(system.read(copy) == "old");
    struct stat status{};
    REQUIRE(stat((tree.root() + copy).c_str(), &status) == 0);
    CHECK((status.st_mode & 07777U) == 0604);
    CHECK(system.journal().size() == 1);
    CHECK(system.list("/etc").size() == (removes ? 1 : 2));
}

TEST_CASE("what a run replaces twice is copied once, and a new file not at all") {
    const Tree tree;
    tree.file("/etc/x.conf", "first");
    System system(tree.root());
    system.keep_backups(true);
    system.replace("/etc/x.conf", "second");
    system.replace("/etc/x.conf", "third");
    system.remove("/etc/x.conf");
    system.replace("/etc/new.conf", "new");
    REQUIRE(system.backups().size() == 1);
    CHECK(system.read(system.backups()[0]) == "first");
}

TEST_CASE("a copy stands beside the target of a link, and at the root too") {
    const Tree tree;
    tree.file("/real", "old");
    tree.link("/etc/x", "/real");
    System system(tree.root());
    system.keep_backups(true);
    system.replace("/etc/x", "new");
    REQUIRE(system.backups().size() == 1);
    CHECK_THAT(system.backups()[0], Catch::StartsWith("/real."));
    CHECK(system.read(system.backups()[0]) == "old");
}

TEST_CASE("without being asked for, no copy is kept") {
    const Tree tree;
    tree.file("/etc/x", "old");
    System system(tree.root());
    system.replace("/etc/x", "new");
    system.remove("/etc/x");
    CHECK(system.backups().empty());
    CHECK(system.list("/etc").empty());
}

// -- the rest -------------------------------------------------------------------------------------------

TEST_CASE("removing takes a file or the link itself, and no folder") {
    const Tree tree;
    tree.file("/etc/file", "");
    tree.file("/etc/folder/below", "");
    tree.link("/etc/link", "file");
    System system(tree.root(), GENERATE(from_range(ways())));
    system.remove("/etc/link");
    CHECK(system.exists("/etc/file"));
    system.remove("/etc/file");
    CHECK_THROWS_WITH(system.remove("/etc/file"),
                      "cannot remove /etc/file: No such file or directory (ENOENT)");
    CHECK_THROWS_WITH(system.remove("/etc/folder"), Contains("cannot remove /etc/folder: "));
    CHECK_THROWS_WITH(system.remove("/nowhere/file"),
                      Contains("/nowhere/file: No such file or directory (ENOENT)"));
    CHECK(told(system) == Journal{"remove /etc/link ", "remove /etc/file "});
}

TEST_CASE("a link is made, in folders that are made, and replaces what is there but a folder") {
    const Tree tree;
    tree.file("/etc/file", "");
    std::filesystem::create_directories(tree.root() + "/etc/folder");
    System system(tree.root(), GENERATE(from_range(ways())));
    system.make_link("/etc/wants/unit", "/usr/lib/unit");
    system.make_link("/etc/wants/unit", "../other");
    system.make_link("/etc/file", "x");
    CHECK(system.link("/etc/wants/unit") == "../other");
    CHECK(system.link("/etc/file") == "x");
    CHECK_THROWS_WITH(system.make_link("/etc/folder", "x"),
                      "cannot link /etc/folder: Is a directory (EISDIR)");
    CHECK(system.list("/etc") == std::vector<std::string>{"file", "folder", "wants"});
    CHECK(told(system) == Journal{"mkdir /etc/wants ", "link /etc/wants/unit /usr/lib/unit",
                                  "link /etc/wants/unit ../other", "link /etc/file x"});
}

TEST_CASE("folders are made with their parents, below the root only, and none is changed") {
    const Tree tree;
    tree.link("/root/out", "../../..");
    tree.file("/root/file", "");
    REQUIRE(mkdir((tree.root() + "/root/closed").c_str(), 0700) == 0);
    System system(tree.root() + "/root", GENERATE(from_range(ways())));
    system.make_directory("/closed");
    system.make_directory("/out/a/b");
    CHECK(system.kind("/a/b") == Kind::directory);
    CHECK(System(tree.root()).list("/") == std::vector<std::string>{"root"});
    CHECK_THROWS_WITH(system.make_directory("/file"), "cannot make /file: File exists (EEXIST)");
    CHECK_THROWS_AS(system.make_directory("/file/x"), Error);
    struct stat status{};
    REQUIRE(stat((tree.root() + "/root/closed").c_str(), &status) == 0);
    CHECK((status.st_mode & 07777U) == 0700);
    CHECK(told(system) == Journal{"mkdir /out/a ", "mkdir /out/a/b "});
}

TEST_CASE("of files only those that differ are touched") {
    const Tree tree;
    tree.file("/same", "s");
    tree.file("/changed", "old");
    tree.file("/removed", "r");
    System system(tree.root());
    system.apply({{"/same", "s"}, {"/changed", "old"}, {"/removed", "r"}, {"/absent", std::nullopt}},
                 {{"/same", "s"},
                  {"/changed", "new"},
                  {"/removed", std::nullopt},
                  {"/absent", std::nullopt},
                  {"/made", "m"},
                  {"/never", std::nullopt}});
    CHECK(told(system) == Journal{"replace /changed new", "replace /made m", "remove /removed "});
    CHECK(system.list("/") == std::vector<std::string>{"changed", "made", "same"});
}

TEST_CASE("mounts are made and undone on the live root, and told where they fail") {
    const Tree tree;
    System elsewhere(tree.root());
    elsewhere.mount("none", "/", "tmpfs", "");
    elsewhere.unmount("/");
    CHECK(elsewhere.journal().empty());
    const auto target = tree.root() + "/mounted";
    REQUIRE(mkdir(target.c_str(), 0755) == 0);
    check_child(in_child([&]() -> std::string {
        if (unshare(CLONE_NEWNS) != 0 || mount("", "/", "", MS_REC | MS_PRIVATE, nullptr) != 0)
            return skipped("a mount namespace");
        System system("/");
        system.mount("none", target, "tmpfs", "size=64k,mode=0700");
        tree.file("/mounted/x", "");
        if (system.read("/proc/self/mounts").find(concat({"none ", target, " tmpfs "})) == std::string::npos)
            return "not mounted";
        system.unmount(target);
        if (system.exists(target + "/x")) return "still mounted";
        try {
            system.mount("none", target + "/missing", "tmpfs", "");
            return "a missing target was mounted on";
        } catch (const Error& error) {
            const std::string text = error.what();
            if (!text.starts_with("cannot mount " + target + "/missing: ")) return text;
        }
        try {
            system.unmount(target);
            return "what was not mounted was unmounted";
        } catch (const Error& error) {
            const std::string text = error.what();
            if (!text.starts_with("cannot unmount " + target + ": ")) return text;
        }
        const auto journal = told(system);
        const Journal wanted{"mount " + target + " size=64k,mode=0700", "unmount " + target + " "};
        return journal == wanted ? "" : "the journal tells otherwise";
    }));
}
