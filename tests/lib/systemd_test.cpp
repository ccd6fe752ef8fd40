// SPDX-License-Identifier: GPL-3.0-or-later
#include "lib/systemd.hpp"

#include "lib/formats/systemd_unit.hpp"
#include "tests/lib/catch.hpp"
#include "tests/lib/tree.hpp"

using namespace virtbp;

namespace {

const std::string ksm =
    "[Unit]\nDescription=Kernel Samepage "
    "Merging\n[Service]\nType=oneshot\n[Install]\nWantedBy=multi-user.target\n";

}  // namespace

TEST_CASE("a unit is found in the first place of the search path") {
    const Tree tree;
    tree.file("/usr/lib/systemd/system/ksm.service", ksm);
    const System system(tree.root());
    auto unit = find_unit(system, "ksm.service");
    REQUIRE(unit);
    CHECK(unit->name == "ksm.service");
    CHECK(unit->path == "/usr/lib/systemd/system/ksm.service");
    CHECK(unit->text == ksm);
    CHECK_FALSE(unit->masked);
    CHECK_FALSE(unit->enabled);
    CHECK_FALSE(unit->active);

    tree.file("/etc/systemd/system/ksm.service", "[Unit]\n");
    unit = find_unit(system, "ksm.service");
    REQUIRE(unit);
    CHECK(unit->path == "/etc/systemd/system/ksm.service");
    CHECK_FALSE(find_unit(system, "ksmtuned.service"));
}

TEST_CASE("a link to /dev/null and an empty file mask a unit") {
    const Tree tree;
    tree.file("/usr/lib/systemd/system/ksm.service", ksm);
    tree.link("/etc/systemd/system/ksm.service", "/dev/null");
    tree.file("/etc/systemd/system/ksmtuned.service", "");
    const System system(tree.root());
    const auto unit = find_unit(system, "ksm.service");
    REQUIRE(unit);
    CHECK(unit->masked);
    CHECK(unit->path == "/etc/systemd/system/ksm.service");
    CHECK(unit->text.empty());
    CHECK(find_unit(system, "ksmtuned.service")->masked);
}

TEST_CASE("a unit that links to nothing is an error that names it") {
    const Tree tree;
    tree.link("/etc/systemd/system/ksm.service", "/usr/lib/systemd/system/missing.service");
    CHECK_THROWS_WITH(find_unit(System(tree.root()), "ksm.service"),
                      Catch::Contains("/etc/systemd/system/ksm.service"));
}

TEST_CASE("a unit that something wants is enabled") {
    const Tree tree;
    tree.file("/usr/lib/systemd/system/ksm.service", ksm);
    tree.file("/usr/lib/systemd/system/a.service", ksm);
    tree.file("/usr/lib/systemd/system/b.service", ksm);
    tree.link("/etc/systemd/system/multi-user.target.wants/ksm.service",
              "/usr/lib/systemd/system/ksm.service");
    tree.link("/etc/systemd/system/x.target.requires/a.service", "nowhere");
    tree.link("/etc/systemd/system/x.target.d/b.service", "nowhere");
    const System system(tree.root());
    CHECK(find_unit(system, "ksm.service")->enabled);
    CHECK(find_unit(system, "a.service")->enabled);
    CHECK_FALSE(find_unit(system, "b.service")->enabled);
}

TEST_CASE("a unit whose control group holds processes is active, in each layout of control groups") {
    const Tree tree;
    tree.file("/sys/fs/cgroup/system.slice/a.service/cgroup.procs", "100\n");
    tree.file("/sys/fs/cgroup/systemd/system.slice/b.service/cgroup.procs", "100\n101\n");
    tree.file("/sys/fs/cgroup/unified/system.slice/c.service/cgroup.procs", "102\n");
    tree.file("/sys/fs/cgroup/system.slice/d.service/cgroup.procs", "");
    tree.file("/sys/fs/cgroup/system.slice/d.service/cgroup.events", "populated 1\nfrozen 0\n");
    tree.file("/sys/fs/cgroup/system.slice/e.service/cgroup.procs", "");
    tree.file("/sys/fs/cgroup/system.slice/e.service/cgroup.events", "populated 0\nfrozen 0\n");
    const System system(tree.root());
    CHECK(is_active(system, "a.service"));
    CHECK(is_active(system, "b.service"));
    CHECK(is_active(system, "c.service"));
    CHECK(is_active(system, "d.service"));
    CHECK_FALSE(is_active(system, "e.service"));
    CHECK_FALSE(is_active(system, "f.service"));
}

TEST_CASE("enabling makes the links that [Install] asks for") {
    const std::string path = "/usr/lib/systemd/system/x.service";
    const auto links = enabling_links("x.service", path,
                                      "[Install]\nWantedBy=multi-user.target a.target\nWantedBy=b.target\n"
                                      "RequiredBy=c.target\nAlias=y.service\n");
    std::vector<std::string> paths;
    for (const auto& link : links) {
        CHECK(link.target == path);
        paths.push_back(link.path);
    }
    CHECK(paths == std::vector<std::string>{"/etc/systemd/system/multi-user.target.wants/x.service",
                                            "/etc/systemd/system/a.target.wants/x.service",
                                            "/etc/systemd/system/b.target.wants/x.service",
                                            "/etc/systemd/system/c.target.requires/x.service",
                                            "/etc/systemd/system/y.service"});
    CHECK(enabling_links("x.service", path, "[Unit]\nWantedBy=a.target\n").empty());
    CHECK(enabling_links("x.service", path, "[Install]\nWantedBy=../../a\n").empty());
}

TEST_CASE("unit names of paths are those of systemd-escape") {
    const System live("/");
    if (!live.query({"systemd-escape", "--version"})) {
        WARN("skipped: systemd-escape is not installed");
        return;
    }
    for (const std::string path : {"/dev/hugepages", "/dev/hugepages1G", "/dev/huge-pages", "/", "/.a/.b",
                                   "/a//b/./c/", "/é ü", "/a\\b", "/x:y_z.w@v", "/tab\there"}) {
        CAPTURE(path);
        const auto output = live.query({"systemd-escape", "--path", "--suffix=mount", path});
        REQUIRE(output);
        CHECK(output->out == unit_name(path, "mount") + "\n");
    }
}
