// SPDX-License-Identifier: GPL-3.0-or-later
// How paths are resolved below a root, on both ways alike.
#include <cerrno>

#include "lib/error.hpp"
#include "lib/system.hpp"
#include "tests/lib/catch.hpp"
#include "tests/lib/child.hpp"
#include "tests/lib/tree.hpp"

using namespace virtbp;

namespace {

/// The errno of reading a path; 0 where that works.
int errno_of_read(const System& system, const std::string& path) {
    try {
        system.read(path);
        return 0;
    } catch (const SystemError& error) {
        return error.number;
    }
}

}  // namespace

TEST_CASE("links are followed below the root: absolute and relative, in the middle and at the end") {
    const Deadline deadline;
    const Tree tree;
    tree.file("/etc/real", "text");
    tree.link("/etc/absolute", "/etc/real");
    tree.link("/etc/relative", "real");
    tree.link("/etc/up", "../etc/./real");
    tree.link("/etc/chain", "absolute");
    tree.link("/folder", "/etc");
    tree.link("/relative-folder", "etc/");
    const System system(tree.root(), GENERATE(from_range(ways())));
    for (const auto* path :
         {"/etc/real", "/etc/absolute", "/etc/relative", "/etc/up", "/etc/chain", "/folder/up",
          "/relative-folder/absolute", "/folder/../folder/chain", "//etc///real"}) {
        INFO(path);
        CHECK(system.read(path) == "text");
        CHECK(system.resolve(path) == "/etc/real");
        CHECK(system.exists(path));
    }
    CHECK(system.kind("/etc/chain") == Kind::link);
    CHECK(system.link("/etc/chain") == "absolute");
    CHECK_FALSE(system.link("/etc/real"));
    CHECK_FALSE(system.link("/missing"));
    CHECK(system.resolve("/") == "/");
    CHECK(system.resolve("/folder") == "/etc");
}

TEST_CASE("a link to a file of the machine means the root's own") {
    const Deadline deadline;
    const Tree tree;
    tree.link("/etc/stolen", "/etc/shadow");
    tree.link("/etc/climbing", "../../../../../../../../../../etc/shadow");
    const System system(tree.root(), GENERATE(from_range(ways())));
    for (const auto* path : {"/etc/stolen", "/etc/climbing", "/../../../../../../../../etc/shadow"}) {
        INFO(path);
        CHECK_FALSE(system.read_if(path));
        CHECK_FALSE(system.exists(path));
    }
    tree.file("/etc/shadow", "the root's own");
    for (const auto* path : {"/etc/stolen", "/etc/climbing", "/../../../../../../../../etc/shadow"}) {
        INFO(path);
        CHECK(system.read(path) == "the root's own");
        CHECK(system.resolve(path) == "/etc/shadow");
    }
}

TEST_CASE("two dots lead to the real parent of a link's target, and from the root to the root") {
    const Deadline deadline;
    const Tree tree;
    tree.file("/a/x", "of a");
    tree.file("/x", "of the root");
    tree.file("/a/b/y", "");
    tree.link("/link", "/a/b");
    const System system(tree.root(), GENERATE(from_range(ways())));
    CHECK(system.read("/link/../x") == "of a");
    CHECK(system.read("/link/../../x") == "of the root");
    CHECK(system.read("/link/../../../../x") == "of the root");
    CHECK(system.resolve("/link/..") == "/a");
    CHECK(system.kind("/..") == Kind::directory);
    CHECK(errno_of_read(system, "/x/../x") == ENOTDIR);
}

TEST_CASE("a link that leads in a circle is an error where it is read") {
    const Deadline deadline;
    const Tree tree;
    tree.link("/self", "self");
    tree.link("/one", "/two");
    tree.link("/two", "one/x");
    const System system(tree.root(), GENERATE(from_range(ways())));
    for (const std::string path : {"/self", "/one", "/self/below"}) {
        INFO(path);
        CHECK(errno_of_read(system, path) == ELOOP);
        CHECK_THROWS_WITH(system.read_if(path),
                          "cannot read " + path + ": Too many levels of symbolic links (ELOOP)");
        CHECK_FALSE(system.exists(path));
        CHECK_FALSE(system.resolve(path));
    }
    CHECK(system.kind("/self") == Kind::link);
    CHECK(system.link("/self") == "self");
}

TEST_CASE("forty links in a row are followed as the kernel does, one more is not") {
    const Deadline deadline;
    const Tree tree;
    tree.file("/0", "text");
    for (int i = 1; i <= 41; ++i) tree.link("/" + std::to_string(i), std::to_string(i - 1));
    const System system(tree.root(), GENERATE(from_range(ways())));
    CHECK(system.read("/40") == "text");
    CHECK(errno_of_read(system, "/41") == ELOOP);
}

TEST_CASE("a link to nothing is there as a link only") {
    const Deadline deadline;
    const Tree tree;
    tree.link("/dangling", "/nowhere/at/all");
    const System system(tree.root(), GENERATE(from_range(ways())));
    CHECK(system.kind("/dangling") == Kind::link);
    CHECK(system.link("/dangling") == "/nowhere/at/all");
    CHECK_FALSE(system.exists("/dangling"));
    CHECK_FALSE(system.read_if("/dangling"));
    CHECK_FALSE(system.resolve("/dangling"));
    CHECK(system.list("/dangling").empty());
}

TEST_CASE("a slash or a dot at the end asks for a folder") {
    const Deadline deadline;
    const Tree tree;
    tree.file("/etc/real", "text");
    tree.link("/link", "etc");
    tree.link("/to-file-as-folder", "etc/real/");
    const System system(tree.root(), GENERATE(from_range(ways())));
    CHECK(system.kind("/link") == Kind::link);
    CHECK(system.kind("/link/") == Kind::directory);
    CHECK(system.kind("/link/.") == Kind::directory);
    CHECK(system.kind("/etc/") == Kind::directory);
    CHECK(system.kind("/etc/real/") == Kind::none);
    for (const auto* path :
         {"/etc/real/", "/etc/real/.", "/etc/real/..", "/to-file-as-folder", "/etc/real/x"}) {
        INFO(path);
        CHECK(errno_of_read(system, path) == ENOTDIR);
        CHECK_FALSE(system.read_if(path));
    }
}

TEST_CASE("very long paths, NUL bytes and relative paths are refused by name") {
    const Deadline deadline;
    const Tree tree;
    tree.file("/etc/real", "text");
    const System system(tree.root(), GENERATE(from_range(ways())));
    CHECK(errno_of_read(system, "/" + std::string(256, 'x')) == ENAMETOOLONG);
    CHECK(errno_of_read(system, "/etc/" + std::string(100'000, '/') + "real") == ENAMETOOLONG);
    CHECK(system.read("/etc" + std::string(4'000, '/') + "real") == "text");
    CHECK(errno_of_read(system, std::string("/etc/real\0.conf", 15)) == EINVAL);
    CHECK(errno_of_read(system, "etc/real") == EINVAL);
    CHECK(errno_of_read(system, "") == EINVAL);
    CHECK_THROWS_AS(system.exists(std::string("/etc\0", 5)), SystemError);
    CHECK_THROWS_AS(system.kind("/" + std::string(5'000, 'x')), SystemError);
}

TEST_CASE("a path of two hundred folders is read") {
    const Deadline deadline;
    const Tree tree;
    std::string path;
    for (int i = 0; i < 200; ++i) path += "/d";
    tree.file(path + "/file", "deep");
    const System system(tree.root(), GENERATE(from_range(ways())));
    CHECK(system.read(path + "/file") == "deep");
    CHECK(system.resolve(path + "/../d/file") == path + "/file");
}

TEST_CASE("folders are listed by name and not read as files") {
    const Deadline deadline;
    const Tree tree;
    tree.file("/etc/b", "");
    tree.file("/etc/a", "");
    tree.file("/etc/.hidden", "");
    tree.link("/etc/c", "/nowhere");
    tree.link("/link", "/etc");
    const System system(tree.root(), GENERATE(from_range(ways())));
    const std::vector<std::string> names{".hidden", "a", "b", "c"};
    CHECK(system.list("/etc") == names);
    CHECK(system.list("/link/") == names);
    CHECK(system.list("/link") == names);
    CHECK(system.list("/") == std::vector<std::string>{"etc", "link"});
    CHECK(system.list("/missing").empty());
    CHECK(system.list("/etc/a").empty());
    CHECK_THROWS_WITH(system.read("/etc"), "cannot read /etc: Is a directory (EISDIR)");
    CHECK_THROWS_WITH(system.read_if("/link"), "cannot read /link: Is a directory (EISDIR)");
}
