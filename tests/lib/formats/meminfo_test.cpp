// SPDX-License-Identifier: GPL-3.0-or-later
#include "lib/formats/meminfo.hpp"

#include <string>

#include "lib/error.hpp"
#include "tests/lib/catch.hpp"

using namespace virtbp;

namespace {
const std::string machine =
    "MemTotal:       65842348 kB\n"
    "MemFree:        60000000 kB\n"
    "HugePages_Total:     512\n"
    "HugePages_Free:      500\n"
    "Hugepagesize:       2048 kB\n"
    "Hugetlb:         1048576 kB\n";
}

TEST_CASE("meminfo gives kB lines in bytes and others as they are") {
    CHECK(meminfo(machine, "MemTotal") == 65842348L * 1024);
    CHECK(meminfo(machine, "Hugepagesize") == 2048L * 1024);
    CHECK(meminfo(machine, "HugePages_Total") == 512);
}

TEST_CASE("a key that meminfo has not gives nothing") {
    CHECK_FALSE(meminfo(machine, "AnonHugePages"));
    CHECK_FALSE(meminfo(machine, "Mem"));
    CHECK_FALSE(meminfo(machine, "HugePages"));
    CHECK_FALSE(meminfo("", "MemTotal"));
}

TEST_CASE("a node's meminfo names the node first") {
    const std::string node = "Node 0 MemTotal:       16384 kB\nNode 0 HugePages_Total:     5\n";
    CHECK(meminfo(node, "MemTotal") == 16384L * 1024);
    CHECK(meminfo(node, "HugePages_Total") == 5);
}

TEST_CASE("a meminfo line without a number is an error that quotes it") {
    CHECK_THROWS_WITH(meminfo("MemTotal: lots kB\n", "MemTotal"),
                      "meminfo: no number in the line \"MemTotal: lots kB\"");
    for (const std::string line : {"MemTotal:", "MemTotal: 1 MB", "MemTotal: -1 kB", "MemTotal: 1 kB kB",
                                   "MemTotal: 9223372036854775807 kB", "MemTotal: kB"}) {
        CAPTURE(line);
        CHECK_THROWS_AS(meminfo(line, "MemTotal"), Error);
        CHECK_FALSE(meminfo(line, "MemFree"));
    }
}
