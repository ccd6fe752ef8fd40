// SPDX-License-Identifier: GPL-3.0-or-later
#include "modules/domain_numa/layout.hpp"

#include <chrono>

#include "lib/error.hpp"
#include "lib/formats/number_list.hpp"
#include "lib/text.hpp"
#include "tests/domain_numa/hosts.hpp"
#include "tests/lib/catch.hpp"

using namespace virtbp;
using namespace virtbp::domain_numa;

namespace {

constexpr long MiB = 1024, GiB = 1024 * MiB;

/// "0-3 4096M @1" for each cell, then "0-1: 0-1" for all vCPUs with the same pins.
std::string show(const Layout& layout) {
    std::string all;
    for (const auto& cell : layout.cells)
        all += concat({format_number_list(cell.cpus), " ", std::to_string(cell.memory / MiB), "M @",
                       std::to_string(cell.node), "\n"});
    std::map<std::vector<int>, std::vector<int>> vcpus;
    std::vector<std::vector<int>> order;
    for (const auto& [vcpu, cpus] : layout.pins) {
        if (!vcpus.contains(cpus)) order.push_back(cpus);
        vcpus[cpus].push_back(vcpu);
    }
    for (const auto& cpus : order)
        all += concat({format_number_list(vcpus[cpus]), ": ", format_number_list(cpus), "\n"});
    return all;
}

std::string laid_out(const Host& host, const LayoutGuest& guest, const LayoutWish& wish = {}) {
    const auto layout = lay_out(host, guest, wish);
    CHECK(may_stay(layout, host, guest, wish));
    return show(layout);
}

std::string refused(const Host& host, const LayoutGuest& guest, const LayoutWish& wish = {}) {
    try {
        return "no error: " + show(lay_out(host, guest, wish));
    } catch (const Error& error) {
        return error.what();
    }
}

const LayoutWish without_pins{std::nullopt, false, {}};

}  // namespace

TEST_CASE("a guest that fits on one node is not spread") {
    CHECK(laid_out(host_of(4, 4, 2), {8, 2, 8 * GiB, 0, {}}) ==
          "0-7 8192M @0\n0-1: 0-1\n2-3: 2-3\n4-5: 4-5\n6-7: 6-7\n");
    CHECK(laid_out(host_of(4, 4, 2, false), {4, 2, 8 * GiB, 0, {}}) ==
          "0-3 8192M @0\n0-1: 0,16\n2-3: 1,17\n");
    CHECK(laid_out(host_of(4, 4, 2), {8, 2, 8 * GiB, 0, {}}, without_pins) == "0-7 8192M @0\n");
}

TEST_CASE("a guest that does not gets equal cells on the fewest nodes") {
    CHECK(laid_out(host_of(4, 4, 2), {16, 2, 32 * GiB, 0, {}}) ==
          "0-7 16384M @0\n8-15 16384M @1\n"
          "0-1: 0-1\n2-3: 2-3\n4-5: 4-5\n6-7: 6-7\n8-9: 8-9\n10-11: 10-11\n12-13: 12-13\n14-15: 14-15\n");
    CHECK(
        laid_out(host_of(4, 4, 2, false), {12, 2, 16 * GiB, 0, {}}) ==
        "0-5 8192M @0\n6-11 8192M @1\n0-1: 0,16\n2-3: 1,17\n4-5: 2,18\n6-7: 4,20\n8-9: 5,21\n10-11: 6,22\n");
    CHECK(laid_out(host_of(4, 4, 2), {8, 1, 96 * GiB, 0, {}}, without_pins) ==
          "0-1 24576M @0\n2-3 24576M @1\n4-5 24576M @2\n6-7 24576M @3\n");
}

TEST_CASE("huge pages count where they back the guest, and stay whole") {
    const auto host = host_of(4, 4, 2);  // 4 free pages of 1G on each node
    CHECK(laid_out(host, {8, 1, 8 * GiB, 1 * GiB, {}}, without_pins) == "0-3 4096M @0\n4-7 4096M @1\n");
    CHECK(laid_out(host, {8, 1, 4 * GiB, 2 * MiB, {}}, without_pins) == "0-7 4096M @0\n");
    // Not over 3 nodes, which would have room: 10 pages are not divided by 3.
    CHECK(laid_out(host, {12, 1, 12 * GiB, 1 * GiB, {}}, without_pins) ==
          "0-3 4096M @0\n4-7 4096M @1\n8-11 4096M @2\n");
    CHECK(laid_out(host, {12, 1, 8 * GiB, 1 * GiB, {}}, without_pins) == "0-5 4096M @0\n6-11 4096M @1\n");
    CHECK(laid_out(host, {8, 1, 8 * GiB, 1 * GiB, {{2, 4 * GiB}}}, without_pins) == "0-7 8192M @2\n");
}

TEST_CASE("both halves of a large host") {
    const auto layout = lay_out(host_of(2, 56, 2, false), {224, 2, 48 * GiB, 0, {}}, {});
    REQUIRE(layout.cells.size() == 2);
    CHECK(format_number_list(layout.cells[1].cpus) == "112-223");
    CHECK(layout.pins.at(0) == std::vector{0, 112});
    CHECK(layout.pins.at(111) == std::vector{55, 167});
    CHECK(layout.pins.at(112) == std::vector{56, 168});
    CHECK(layout.pins.at(223) == std::vector{111, 223});
}

TEST_CASE("near nodes are chosen first, then those with more free memory, then low ids") {
    auto host = host_of(4, 4, 2);
    host.nodes[1].free_memory = 20 * GiB;
    CHECK(laid_out(host, {4, 1, 8 * GiB, 0, {}}, without_pins) == "0-3 8192M @0\n");
    host.nodes[3].free_memory = 29 * GiB;
    CHECK(laid_out(host, {4, 1, 8 * GiB, 0, {}}, without_pins) == "0-3 8192M @3\n");
    CHECK(laid_out(host, {16, 1, 8 * GiB, 0, {}}, without_pins) == "0-7 4096M @0\n8-15 4096M @3\n");
    for (const auto& [a, b] : {std::pair(0, 1), std::pair(2, 3)})
        host.nodes[static_cast<size_t>(a)].distances[b] = host.nodes[static_cast<size_t>(b)].distances[a] =
            12;
    CHECK(laid_out(host, {16, 1, 8 * GiB, 0, {}}, without_pins) == "0-7 4096M @2\n8-15 4096M @3\n");
    CHECK(laid_out(host, {16, 1, 50 * GiB, 0, {}}, without_pins) == "0-7 25600M @2\n8-15 25600M @3\n");
    host.nodes[2].free_memory = 1 * GiB;
    CHECK(laid_out(host, {16, 1, 8 * GiB, 0, {}}, without_pins) == "0-7 4096M @0\n8-15 4096M @1\n");
    for (auto& node : host.nodes) node.distances.clear();
    CHECK(laid_out(host, {16, 1, 8 * GiB, 0, {}}, without_pins) == "0-7 4096M @0\n8-15 4096M @3\n");
}

TEST_CASE("nodes without memory or without CPUs, and offline CPUs, are left out") {
    auto host = host_of(4, 2, 2);
    host.nodes[0].memory = host.nodes[0].free_memory = 0;
    host.nodes[1].cores.clear();
    host.nodes[2].cores[0] = {9};  // 8 is offline
    CHECK(laid_out(host, {3, 1, 4 * GiB, 0, {}}) == "0-2 4096M @2\n0: 9\n1-2: 10-11\n");
    CHECK(laid_out(host, {2, 2, 4 * GiB, 0, {}}) == "0-1 4096M @2\n0-1: 10-11\n");
    CHECK(laid_out(host, {4, 2, 4 * GiB, 0, {}}) == "0-3 4096M @3\n0-1: 12-13\n2-3: 14-15\n");
    CHECK(refused(host, {8, 1, 4 * GiB, 0, {}}) ==
          "no node has room: the guest needs 8 CPUs and 4 GiB, or on each of 2 nodes 4 CPUs and 2 GiB; node "
          "0 has "
          "no memory, node 1 has no CPUs, node 2 has 3 CPUs and 28 GiB free, node 3 has 4 CPUs and 28 GiB "
          "free");
}

TEST_CASE("a core with a reserved or isolated CPU is left out as a whole") {
    auto host = host_of(2, 4, 2);
    host.isolated = {3};
    const LayoutWish wish{std::nullopt, true, {0}};
    CHECK(laid_out(host, {4, 2, 4 * GiB, 0, {}}, wish) == "0-3 4096M @0\n0-1: 4-5\n2-3: 6-7\n");
    CHECK(laid_out(host, {6, 2, 4 * GiB, 0, {}}, wish) == "0-5 4096M @1\n0-1: 8-9\n2-3: 10-11\n4-5: 12-13\n");
    host.isolated = {1, 3, 5, 7, 9, 11, 13, 15};
    CHECK(
        refused(host, {4, 2, 4 * GiB, 0, {}}) ==
        "no node of the host can take a guest: node 0 has no core without a reserved or isolated CPU, node 1 "
        "has no core without a reserved or isolated CPU");
}

TEST_CASE("siblings of the guest share a core as long as there are cores for them") {
    auto host = host_of(1, 4, 1);
    CHECK(laid_out(host, {4, 2, 1 * GiB, 0, {}}) == "0-3 1024M @0\n0: 0\n1: 1\n2: 2\n3: 3\n");
    host.nodes[0].cores = {{0, 1}, {2}, {3}, {4, 5}};  // fast and slow cores
    CHECK(laid_out(host, {4, 2, 1 * GiB, 0, {}}) == "0-3 1024M @0\n0-1: 0-1\n2-3: 4-5\n");
    CHECK(laid_out(host, {6, 2, 1 * GiB, 0, {}}) == "0-5 1024M @0\n0-1: 0-1\n2-3: 4-5\n4: 2\n5: 3\n");
    CHECK(laid_out(host, {4, 1, 1 * GiB, 0, {}}) == "0-3 1024M @0\n0-1: 0-1\n2: 2\n3: 3\n");
    host = host_of(1, 2, 8);
    CHECK(laid_out(host, {12, 4, 1 * GiB, 0, {}}) == "0-11 1024M @0\n0-7: 0-7\n8-11: 8-15\n");
    host = host_of(1, 3, 3);
    CHECK(laid_out(host, {6, 2, 1 * GiB, 0, {}}) == "0-5 1024M @0\n0-1: 0-2\n2-3: 3-5\n4-5: 6-8\n");
    CHECK(laid_out(host, {3, 2, 1 * GiB, 0, {}}) == "0-2 1024M @0\n0-1: 0-2\n2: 3-5\n");
}

TEST_CASE("wished nodes are used as they were given, or not at all") {
    auto host = host_of(4, 4, 2);
    const LayoutGuest guest{8, 1, 8 * GiB, 0, {}};
    const auto on = [](std::vector<int> nodes) { return LayoutWish{std::move(nodes), false, {}}; };
    CHECK(laid_out(host, guest, on({3})) == "0-7 8192M @3\n");
    CHECK(laid_out(host, guest, on({2, 0})) == "0-3 4096M @2\n4-7 4096M @0\n");
    CHECK(refused(host, guest, on({})) == "auto/nodes: the list is empty");
    CHECK(refused(host, guest, on({1, 1})) == "auto/nodes: node 1 is in the list twice");
    CHECK(refused(host, guest, on({0, 7})) == "auto/nodes: the host has no node 7, it has 0-3");
    CHECK(refused(host, guest, on({0, 1, 2})) ==
          "8 vCPUs cannot be divided equally over 3 nodes: 6 or 9 can");
    host.nodes[1].free_memory = 3 * GiB + 5;
    CHECK(refused(host, guest, on({0, 1})) ==
          "auto/nodes: no room: the guest needs 4 CPUs and 4 GiB on each node; node 0 has 8 CPUs and 28 GiB "
          "free, "
          "node 1 has 8 CPUs and 3 GiB free");
    CHECK(refused(host, {16, 1, 8 * GiB, 0, {}}, on({0})) ==
          "auto/nodes: no room: the guest needs 16 CPUs and 8 GiB; node 0 has 8 CPUs and 28 GiB free");
    host.nodes[1].memory = 0;
    CHECK(refused(host, guest, on({0, 1})) == "auto/nodes: node 1 has no memory");
}

TEST_CASE("where nothing fits, the message says what is needed and what there is") {
    auto host = host_of(2, 3, 2);
    host.nodes[0].pages = {{1 * GiB, {40, 40}}};
    host.nodes[1].pages = {{1 * GiB, {40, 1}}};
    CHECK(
        refused(host, {8, 1, 64 * GiB, 1 * GiB, {}}) ==
        "no node has room: the guest needs 8 CPUs and 64 GiB (64 pages of 1G), or on each of 2 nodes 4 CPUs "
        "and "
        "32 GiB (32 pages of 1G); node 0 has 6 CPUs and 40 GiB (40 pages of 1G) free, node 1 has 6 CPUs and "
        "1 GiB (1 page of 1G) free");
    CHECK(refused(host, {1, 1, 2 * MiB, 2 * MiB, {}}) ==
          "no node has room: the guest needs 1 CPU and 2 MiB (1 page of 2M); node 0 has 6 CPUs and 0 MiB (0 "
          "pages "
          "of 2M) free, node 1 has 6 CPUs and 0 MiB (0 pages of 2M) free");
    CHECK(refused({}, {1, 1, 1 * GiB, 0, {}}) == "no node of the host can take a guest: it has none");
    CHECK(refused(host_of(20, 1, 1), {40, 1, 1 * GiB, 0, {}})
              .ends_with("node 15 has 1 CPU and 28 GiB free, …"));
}

TEST_CASE("where division is in the way, the message names the nearest sizes") {
    const auto host = host_of(2, 3, 2);
    CHECK(refused(host, {7, 1, 8 * GiB, 0, {}}) ==
          "no node has room for the whole guest, and 7 vCPUs cannot be divided equally over 2 nodes: 6 or 8 "
          "can; "
          "node 0 has 6 CPUs and 28 GiB free, node 1 has 6 CPUs and 28 GiB free");
    const LayoutWish both{{{0, 1}}, false, {}};
    CHECK(refused(host, {6, 2, 8 * GiB, 0, {}}, both) ==
          "6 vCPUs in cores of 2 cannot be divided equally over 2 nodes: 4 or 8 can");
    CHECK(refused(host, {1, 1, 8 * GiB, 0, {}}, both) ==
          "1 vCPU cannot be divided equally over 2 nodes: 2 can");
    CHECK(refused(host, {4, 1, 10241 * MiB, 2 * MiB, {}}, both) ==
          "10241 MiB of memory cannot be divided equally over 2 nodes in whole pages of 2M: 10240 MiB"
          " or 10244 MiB can");
    CHECK(refused(host, {4, 1, 1 * GiB + 1, 0, {}}) ==
          "1048577 KiB of memory is not made of whole MiB: 1024 MiB or 1025 MiB is");
    CHECK(refused(host, {4, 1, 512 * MiB, 1 * GiB, {}}) ==
          "512 MiB of memory is not made of whole pages of 1G: 1 GiB is");
}

TEST_CASE("a layout stays as long as it does all that is asked") {
    auto host = host_of(4, 4, 2);
    const LayoutGuest guest{8, 2, 8 * GiB, 0, {}};
    const Layout layout{
        {{{0, 1, 4, 5}, 4 * GiB, 3}, {{2, 3, 6, 7}, 4 * GiB, 1}},
        {{0, {24}}, {1, {25}}, {2, {8, 9}}, {3, {8, 9}}, {4, {30, 31}}, {5, {30}}, {6, {9}}, {7, {8}}}};
    CHECK(may_stay(layout, host, guest, {}));
    CHECK(may_stay(layout, host, guest, {{{1, 3}}, true, {}}));
    CHECK(may_stay(layout, host, guest, {{{3, 1}}, true, {0}}));
    CHECK_FALSE(may_stay(layout, host, guest, {{{1, 2}}, true, {}}));
    CHECK_FALSE(may_stay(layout, host, guest, {{{1, 2, 3}}, true, {}}));
    CHECK_FALSE(may_stay({}, host, guest, {}));

    SECTION("memory that it holds itself is not missing") {
        host.nodes[3].free_memory = 1 * GiB;
        CHECK_FALSE(may_stay(layout, host, guest, {}));
        auto running = guest;
        running.held[3] = 3 * GiB;
        CHECK(may_stay(layout, host, running, {}));
    }
    SECTION("a pin on a reserved or isolated CPU, or beside the node, does not") {
        CHECK_FALSE(may_stay(layout, host, guest, {std::nullopt, true, {25}}));
        host.isolated = {31};
        CHECK_FALSE(may_stay(layout, host, guest, {}));
        CHECK(may_stay(layout, host, guest, without_pins));
        auto other = layout;
        other.pins[0] = {24, 8};
        host.isolated.clear();
        CHECK_FALSE(may_stay(other, host, guest, {}));
        other.pins[0] = {};
        CHECK_FALSE(may_stay(other, host, guest, {}));
        other.pins.erase(0);
        CHECK_FALSE(may_stay(other, host, guest, {}));
    }
    SECTION("cells must be equal, of all vCPUs, and on nodes of their own") {
        const auto changed = [&](auto change) {
            auto other = layout;
            change(other.cells);
            return may_stay(other, host, guest, without_pins);
        };
        CHECK(changed([](auto& cells) { std::swap(cells[0], cells[1]); }));
        CHECK_FALSE(changed([](auto& cells) { cells[0].node = 1; }));
        CHECK_FALSE(changed([](auto& cells) { cells[0].node = 9; }));
        CHECK_FALSE(changed([](auto& cells) { cells[0].memory += 1 * GiB, cells[1].memory -= 1 * GiB; }));
        CHECK_FALSE(changed([](auto& cells) { cells[0].cpus = {0, 1, 2, 3}; }));
        CHECK_FALSE(changed([](auto& cells) { std::swap(cells[0].cpus[0], cells[1].cpus[0]); }));  // siblings
        CHECK_FALSE(changed([](auto& cells) { cells.pop_back(); }));
    }
    SECTION("nor may the guest have grown, or got pages that do not fit") {
        CHECK_FALSE(may_stay(layout, host, {12, 2, 8 * GiB, 0, {}}, without_pins));
        CHECK_FALSE(may_stay(layout, host, {8, 2, 16 * GiB, 0, {}}, without_pins));
        CHECK(may_stay(layout, host, {8, 2, 8 * GiB, 1 * GiB, {}}, without_pins));
        host.nodes[1].pages.clear();
        CHECK_FALSE(may_stay(layout, host, {8, 2, 8 * GiB, 1 * GiB, {}}, without_pins));
    }
}

TEST_CASE("a host with many nodes takes no time") {
    const auto start = std::chrono::steady_clock::now();
    CHECK(lay_out(host_of(16, 1, 1), {8, 1, 200 * GiB, 0, {}}, {}).cells.back().node == 7);
    auto host = host_of(32, 2, 2);
    for (auto& node : host.nodes)
        for (auto& [other, distance] : node.distances)
            if (other != node.id) distance = other / 8 == node.id / 8 ? 12 : 32;
    host.nodes[20].free_memory += 1 * GiB;
    const auto layout = lay_out(host, {64, 2, 64 * GiB, 0, {}}, {});
    CHECK(lay_out(host_of(64, 1, 1), {32, 1, 32 * GiB, 0, {}}, {}).cells.size() == 32);
    CHECK(refused(host, {61, 1, 61 * GiB, 0, {}}).starts_with("no node has room"));
    CHECK(std::chrono::steady_clock::now() - start < std::chrono::seconds(1));
    REQUIRE(layout.cells.size() == 16);
    std::map<int, int> groups;  // the whole of two, one of them with the node that has more free memory
    for (const auto& cell : layout.cells) ++groups[cell.node / 8];
    CHECK(groups == std::map<int, int>{{0, 8}, {2, 8}});
}
