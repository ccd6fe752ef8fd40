// SPDX-License-Identifier: GPL-3.0-or-later
#include "lib/formats/mounts.hpp"

#include "lib/error.hpp"
#include "tests/lib/catch.hpp"

using namespace virtbp;

namespace {

const std::string fstab =
    "# /etc/fstab\n"
    "UUID=1-2   /      ext4\tdefaults  0 1\n"
    "\n"
    "  hugetlbfs /dev/huge\\040pages hugetlbfs pagesize=2M,mode=1770 0 0 # ours\r\n"
    "tmpfs /tmp tmpfs";

}  // namespace

TEST_CASE("the three forms of a table of mounts give the same") {
    const auto check = [](const std::string& text, const std::string& options) {
        const auto mounts = parse_mounts(text, "table");
        REQUIRE(mounts.size() == 1);
        CHECK(mounts[0].source == "hugetlbfs");
        CHECK(mounts[0].target == "/dev/huge pages");
        CHECK(mounts[0].type == "hugetlbfs");
        CHECK(mounts[0].options == options);
    };
    check("hugetlbfs /dev/huge\\040pages hugetlbfs rw,relatime,pagesize=1024M 0 0\n",
          "rw,relatime,pagesize=1024M");
    check("35 22 0:32 / /dev/huge\\040pages rw,relatime shared:16 - hugetlbfs hugetlbfs rw,pagesize=1024M\n",
          "rw,relatime,pagesize=1024M");
    check("# comment\n\nhugetlbfs /dev/huge\\040pages hugetlbfs pagesize=1024M\n", "pagesize=1024M");
}

TEST_CASE("a table without mounts is empty") {
    CHECK(parse_mounts("", "fstab").empty());
    CHECK(parse_mounts("\n \n", "fstab").empty());
    CHECK(parse_mounts("# nothing\n", "fstab").empty());
}

TEST_CASE("mounts keep their order, and may lie on one another") {
    const auto mounts = parse_mounts("a /m tmpfs rw 0 0\nb /m tmpfs ro 0 0\n", "mounts");
    REQUIRE(mounts.size() == 2);
    CHECK(mounts[0].source == "a");
    CHECK(mounts[1].source == "b");
}

TEST_CASE("a line that libmount cannot parse is named") {
    CHECK_THROWS_WITH(parse_mounts("a /m tmpfs rw 0 0\nbroken\n", "/etc/fstab"), "cannot parse /etc/fstab:2");
    CHECK_THROWS_WITH(parse_mounts(std::string("a /m tmpfs\0 rw\n", 15), "/etc/fstab"),
                      "cannot parse /etc/fstab: it holds a NUL");
}

TEST_CASE("options of hugetlbfs are compared by what they mean") {
    CHECK(parse_hugetlbfs_options("rw,relatime,pagesize=1024M,mode=1770,gid=36") ==
          parse_hugetlbfs_options("gid=36,pagesize=1G,mode=01770"));
    CHECK(parse_hugetlbfs_options("pagesize=2M") != parse_hugetlbfs_options("pagesize=1G"));
    CHECK(parse_hugetlbfs_options("") == HugetlbfsOptions{});
    CHECK(parse_hugetlbfs_options("size=2G").size == "2147483648");
    CHECK(parse_hugetlbfs_options("size=50%").size == "50%");
    CHECK(parse_hugetlbfs_options("uid=5,min_size=2M").uid == "5");
}

TEST_CASE("options of hugetlbfs that the kernel refuses are refused") {
    CHECK_THROWS_WITH(parse_hugetlbfs_options("rw,pagesize=3M"),
                      "hugetlbfs: no valid pagesize in \"pagesize=3M\"");
    for (const std::string options : {"pagesize=", "pagesize=x", "pagesize=0", "size=x", "mode=9",
                                      "mode=", "mode=-1", "mode=77777", "pagesize=8E"}) {
        CAPTURE(options);
        CHECK_THROWS_AS(parse_hugetlbfs_options(options), Error);
    }
}

TEST_CASE("options of hugetlbfs are written as they are read") {
    HugetlbfsOptions options;
    CHECK(format_hugetlbfs_options(options).empty());
    options = {1L << 30U, "50%", 01770, "0", "36"};
    CHECK(format_hugetlbfs_options(options) == "pagesize=1G,size=50%,mode=1770,uid=0,gid=36");
    CHECK(parse_hugetlbfs_options(format_hugetlbfs_options(options)) == options);
}

TEST_CASE("a mount is added to fstab at the end") {
    CHECK(set_fstab("", {"hugetlbfs", "/dev/hugepages1G", "hugetlbfs", "pagesize=1G"}) ==
          "hugetlbfs /dev/hugepages1G hugetlbfs pagesize=1G 0 0\n");
    CHECK(set_fstab(fstab, {"none", "/a b", "hugetlbfs", "pagesize=1G"}) ==
          fstab + "\nnone /a\\040b hugetlbfs pagesize=1G 0 0\n");
}

TEST_CASE("a mount without options has the default ones in fstab") {
    CHECK(set_fstab("", {"tmpfs", "/a", "tmpfs", ""}) == "tmpfs /a tmpfs defaults 0 0\n");
}

TEST_CASE("of a mount in fstab only what differs changes") {
    auto expected = fstab;
    expected.replace(expected.find("pagesize=2M,mode=1770"), 21, "pagesize=1G");
    const Mount wanted = {"hugetlbfs", "/dev/huge pages", "hugetlbfs", "pagesize=1G"};
    CHECK(set_fstab(fstab, wanted) == expected);
    CHECK(set_fstab(expected, wanted) == expected);
}

TEST_CASE("a short line of fstab gets the fields that it lacks") {
    CHECK(set_fstab("tmpfs /tmp tmpfs\n", {"tmpfs", "/tmp", "tmpfs", "size=1G"}) ==
          "tmpfs /tmp tmpfs size=1G\n");
    CHECK(set_fstab("tmpfs /tmp tmpfs", {"tmpfs", "/tmp", "tmpfs", "size=1G"}) == "tmpfs /tmp tmpfs size=1G");
}

TEST_CASE("of several lines of one target the last is changed") {
    CHECK(set_fstab("a /m tmpfs rw\nb /m/ tmpfs rw\n", {"c", "/m", "tmpfs", "ro"}) ==
          "a /m tmpfs rw\nc /m/ tmpfs ro\n");
}

TEST_CASE("a target is taken out of fstab") {
    const auto without = unset_fstab(fstab, "/dev/huge pages/");
    CHECK(without == "# /etc/fstab\nUUID=1-2   /      ext4\tdefaults  0 1\n\ntmpfs /tmp tmpfs");
    CHECK(unset_fstab(fstab, "/nowhere") == fstab);
}

TEST_CASE("an fstab that libmount cannot parse is not edited") {
    CHECK_THROWS_AS(set_fstab("broken\n", {"a", "/a", "tmpfs", "rw"}), Error);
    CHECK_THROWS_AS(unset_fstab("broken\n", "/a"), Error);
}
