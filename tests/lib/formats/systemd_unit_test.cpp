// SPDX-License-Identifier: GPL-3.0-or-later
#include "lib/formats/systemd_unit.hpp"

#include "lib/error.hpp"
#include "tests/lib/catch.hpp"

using namespace virtbp;
using Values = std::vector<std::string>;

namespace {
const std::string unit =
    "# a comment\n"
    "[Unit]\n"
    "Description=Huge pages \\\n"
    "; in between\n"
    "   of 1G\n"
    "After = a.service\n"
    "After=b.service\n"
    "\n"
    "[Mount]\n"
    "What=hugetlbfs\n"
    "Options=pagesize=1G,mode=1770\n"
    "[Service]\n"
    "ExecStart=/bin/a\n"
    "ExecStart=\n"
    "ExecStart=/bin/b\r\n"
    "[Unit]\n"
    "After=c.service\n";
}

TEST_CASE("the values of a key come from all sections of that name") {
    CHECK(unit_values(unit, "Unit", "After") == Values{"a.service", "b.service", "c.service"});
    CHECK(unit_value(unit, "Unit", "After") == "c.service");
    CHECK(unit_value(unit, "Mount", "Options") == "pagesize=1G,mode=1770");
}

TEST_CASE("a key of another section, or none, gives nothing") {
    CHECK_FALSE(unit_value(unit, "Service", "After"));
    CHECK_FALSE(unit_value(unit, "Unit", "after"));
    CHECK(unit_values("After=x\n", "Unit", "After").empty());
    CHECK(unit_values("", "Unit", "After").empty());
}

TEST_CASE("lines that go on are joined by a blank, over comments") {
    CHECK(unit_value(unit, "Unit", "Description") == "Huge pages     of 1G");
    CHECK(unit_value("[A]\nb=c\\\\\nd=e\n", "A", "d") == "e");
    CHECK(unit_value("[A]\nb=c\\", "A", "b") == "c");
}

TEST_CASE("an empty assignment takes away those before it") {
    CHECK(unit_values(unit, "Service", "ExecStart") == Values{"/bin/b"});
    CHECK(unit_values("[A]\nb=1\nb=\n", "A", "b").empty());
}

TEST_CASE("a byte order mark is skipped") { CHECK(unit_value("\xef\xbb\xbf[A]\nb=1\n", "A", "b") == "1"); }

TEST_CASE("a path names a unit as systemd-escape has it") {
    CHECK(unit_name("/dev/hugepages1G", "mount") == "dev-hugepages1G.mount");
    CHECK(unit_name("/dev/huge-pages", "mount") == "dev-huge\\x2dpages.mount");
    CHECK(unit_name("//dev//.x/./a b/", "mount") == "dev-.x-a\\x20b.mount");
    CHECK(unit_name("/.hidden", "mount") == "\\x2ehidden.mount");
    CHECK(unit_name("/é\\", "mount") == "\\xc3\\xa9\\x5c.mount");
    CHECK(unit_name("/", "mount") == "-.mount");
}

TEST_CASE("a path that names no unit is refused") {
    CHECK_THROWS_WITH(unit_name("dev/x", "mount"), "\"dev/x\" cannot name a unit: wanted an absolute path");
    CHECK_THROWS_AS(unit_name("", "mount"), Error);
    CHECK_THROWS_AS(unit_name("/a/../b", "mount"), Error);
    CHECK_THROWS_AS(unit_name("/" + std::string(300, 'a'), "mount"), Error);
    CHECK_THROWS_AS(unit_name(std::string("/a\0b", 4), "mount"), Error);
}
