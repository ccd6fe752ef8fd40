// SPDX-License-Identifier: GPL-3.0-or-later
#include "lib/drop_ins.hpp"

#include "lib/text.hpp"
#include "tests/lib/catch.hpp"
#include "tests/lib/tree.hpp"

using namespace virtbp;

namespace {

/// The paths found, or "path=text" where text is asked for.
std::vector<std::string> paths(const std::vector<ConfigFile>& files, bool with_text = false) {
    std::vector<std::string> all;
    all.reserve(files.size());
    for (const auto& [path, text] : files)
        all.push_back(concat({path, with_text ? "=" : "", with_text ? text : ""}));
    return all;
}

using Paths = std::vector<std::string>;

}  // namespace

TEST_CASE("drop-ins of all places are sorted by name, and of one name the first place wins") {
    const Tree tree;
    tree.file("/usr/lib/sysctl.d/50-a.conf", "vendor a");
    tree.file("/usr/lib/sysctl.d/99-z.conf", "vendor z");
    tree.file("/usr/local/lib/sysctl.d/60-local.conf", "local");
    tree.file("/run/sysctl.d/50-a.conf", "run a");
    tree.file("/etc/sysctl.d/70-b.conf", "etc b");
    tree.file("/etc/sysctl.d/README", "no");
    tree.file("/lib/sysctl.d/10-old.conf", "old");
    const System system(tree.root());
    CHECK(paths(drop_ins(system, "sysctl.d", ".conf"), true) ==
          Paths{"/lib/sysctl.d/10-old.conf=old", "/run/sysctl.d/50-a.conf=run a",
                "/usr/local/lib/sysctl.d/60-local.conf=local", "/etc/sysctl.d/70-b.conf=etc b",
                "/usr/lib/sysctl.d/99-z.conf=vendor z"});
}

TEST_CASE("one folder that stands in two places is read once") {
    const Tree tree;
    tree.file("/usr/lib/udev/rules.d/60-a.rules", "a");
    tree.link("/lib", "usr/lib");
    CHECK(paths(drop_ins(System(tree.root()), "udev/rules.d", ".rules")) ==
          Paths{"/usr/lib/udev/rules.d/60-a.rules"});
}

TEST_CASE("an empty file and a link to /dev/null hide a file of their name") {
    const Tree tree;
    tree.file("/usr/lib/tmpfiles.d/a.conf", "a");
    tree.file("/usr/lib/tmpfiles.d/b.conf", "b");
    tree.file("/usr/lib/tmpfiles.d/c.conf", "c");
    tree.file("/usr/lib/tmpfiles.d/d.conf", "d");
    tree.file("/etc/tmpfiles.d/a.conf", "");
    tree.link("/etc/tmpfiles.d/b.conf", "/dev/null");
    tree.link("/run/tmpfiles.d/c.conf", "missing");
    CHECK(paths(drop_ins(System(tree.root()), "tmpfiles.d", ".conf")) == Paths{"/usr/lib/tmpfiles.d/d.conf"});
}

TEST_CASE("links are followed below the root only") {
    const Tree tree;
    tree.file("/etc/sysctl.conf", "real");
    tree.link("/etc/sysctl.d/99-sysctl.conf", "../sysctl.conf");
    tree.link("/etc/sysctl.d/98-out.conf", "../../../../../../etc/passwd");
    CHECK(paths(drop_ins(System(tree.root()), "sysctl.d", ".conf"), true) ==
          Paths{"/etc/sysctl.d/99-sysctl.conf=real"});
}

TEST_CASE("what is no file hides others and is not read") {
    const Tree tree;
    tree.file("/etc/sysctl.d/a.conf/inside", "x");
    tree.file("/usr/lib/sysctl.d/a.conf", "vendor");
    CHECK(drop_ins(System(tree.root()), "sysctl.d", ".conf").empty());
}

TEST_CASE("files can be taken as if they were written or removed") {
    const Tree tree;
    tree.file("/usr/lib/sysctl.d/a.conf", "vendor");
    tree.file("/etc/sysctl.d/a.conf", "ours");
    tree.file("/etc/sysctl.d/c.conf", "c");
    const System system(tree.root());
    const auto as_if = [&](const Files& files) {
        return paths(drop_ins(system, "sysctl.d", ".conf", files), true);
    };
    CHECK(as_if({}) == Paths{"/etc/sysctl.d/a.conf=ours", "/etc/sysctl.d/c.conf=c"});
    CHECK(as_if({{"/etc/sysctl.d/a.conf", "new"}}) ==
          Paths{"/etc/sysctl.d/a.conf=new", "/etc/sysctl.d/c.conf=c"});
    CHECK(as_if({{"/etc/sysctl.d/a.conf", std::nullopt}}) ==
          Paths{"/usr/lib/sysctl.d/a.conf=vendor", "/etc/sysctl.d/c.conf=c"});
    CHECK(as_if({{"/etc/sysctl.d/b.conf", "b"}}) ==
          Paths{"/etc/sysctl.d/a.conf=ours", "/etc/sysctl.d/b.conf=b", "/etc/sysctl.d/c.conf=c"});
    CHECK(as_if({{"/etc/sysctl.d/a.conf", ""}}) == Paths{"/etc/sysctl.d/c.conf=c"});
    CHECK(as_if({{"/etc/other/b.conf", "b"}, {"/etc/sysctl.d/b.txt", "b"}}) == as_if({}));
}

TEST_CASE("no places are no drop-ins") {
    const Tree tree;
    CHECK(drop_ins(System(tree.root()), "sysctl.d", ".conf").empty());
}
