// SPDX-License-Identifier: GPL-3.0-or-later
// What holds for every layout, of hosts and guests that are made up at random; the same ones each time.
#include <algorithm>
#include <random>

#include "lib/error.hpp"
#include "modules/domain_numa/layout.hpp"
#include "tests/lib/catch.hpp"

using namespace virtbp;
using namespace virtbp::domain_numa;

namespace {

constexpr long MiB = 1024, GiB = 1024 * MiB;

class Dice {
public:
    explicit Dice(unsigned seed) : random_(seed) {}
    long roll(long least, long most) { return std::uniform_int_distribution<long>(least, most)(random_); }
    bool one_in(long chances) { return roll(1, chances) == 1; }
    template <class T>
    void shuffle(std::vector<T>& list) {
        std::shuffle(list.begin(), list.end(), random_);
    }
    template <class T>
    T one_of(std::initializer_list<T> list) {
        return list.begin()[roll(0, static_cast<long>(list.size()) - 1)];
    }

private:
    std::mt19937 random_;
};

Host some_host(Dice& dice) {
    Host host;
    const auto nodes = static_cast<int>(dice.one_in(20) ? dice.roll(9, 20) : dice.roll(1, 6));
    const auto threads = static_cast<int>(dice.one_of({1, 2, 2, 2, 4}));
    int cpu = 0;
    for (int id = 0; id < nodes; ++id) {
        HostNode node{2 * id, dice.roll(1, 64) * GiB, 0, {}, {}, {}};
        if (dice.one_in(10)) node.memory = 0;
        node.free_memory = dice.roll(0, node.memory / MiB) * MiB;
        node.pages[2 * MiB].free = dice.roll(0, node.memory / 4 / MiB);
        const auto cores = dice.one_in(10) ? 0 : dice.roll(1, 8);
        for (long core = 0; core < cores; ++core) {
            node.cores.emplace_back();
            for (int thread = 0; thread < threads; ++thread, ++cpu)
                if (thread == 0 || !dice.one_in(12)) node.cores.back().push_back(cpu);  // or offline
            if (dice.one_in(20)) host.isolated.insert(node.cores.back().front());
        }
        for (int other = 0; other < nodes; ++other)
            node.distances[2 * other] = other == id ? 10 : other / 2 == id / 2 ? 12 : 21;
        host.nodes.push_back(std::move(node));
    }
    return host;
}

Host permuted(Host host, Dice& dice) {
    dice.shuffle(host.nodes);
    for (auto& node : host.nodes) dice.shuffle(node.cores);
    return host;
}

void check_pins(const LayoutCell& cell, const Layout& layout, const Host& host, const LayoutGuest& guest,
                const LayoutWish& wish) {
    const auto& cores = host.find(cell.node)->cores;
    std::map<std::vector<int>, size_t> on_core;
    long whole = 0;
    std::vector<std::vector<int>> allowed;
    for (const auto& core : cores)
        if (std::none_of(core.begin(), core.end(), [&](int cpu) {
                return wish.reserved.contains(cpu) || host.isolated.contains(cpu);
            })) {
            allowed.push_back(core);
            whole += static_cast<long>(core.size()) / guest.threads;
        }
    for (const int vcpu : cell.cpus) {
        const auto& pin = layout.pins.at(vcpu);
        REQUIRE(std::find(allowed.begin(), allowed.end(), pin) != allowed.end());
        REQUIRE(++on_core[pin] <= pin.size());
    }
    // Siblings share a core in as many of the guest's cores as the node has room for.
    const long groups = static_cast<long>(cell.cpus.size()) / guest.threads;
    long together = 0;
    for (long group = 0; group < groups; ++group) {
        const int first = cell.cpus.front() + static_cast<int>(group) * guest.threads;
        bool same = true;
        for (int i = 1; i < guest.threads; ++i) same &= layout.pins.at(first + i) == layout.pins.at(first);
        together += same ? 1 : 0;
    }
    REQUIRE(together >= std::min(groups, whole));
}

void check_layout(const Layout& layout, const Host& host, const LayoutGuest& guest, const LayoutWish& wish) {
    std::set<int> vcpus, nodes;
    long memory = 0;
    for (const auto& cell : layout.cells) {
        REQUIRE(nodes.insert(cell.node).second);
        REQUIRE(cell.memory == layout.cells.front().memory);
        REQUIRE(cell.cpus.size() == layout.cells.front().cpus.size());
        REQUIRE(cell.memory % std::max(guest.page, MiB) == 0);
        memory += cell.memory;
        for (const int vcpu : cell.cpus) REQUIRE(vcpus.insert(vcpu).second);
        const auto* node = host.find(cell.node);
        const long free = guest.page == 0 ? node->free_memory : node->pages.at(guest.page).free * guest.page;
        REQUIRE(free + (guest.held.contains(node->id) ? guest.held.at(node->id) : 0) >= cell.memory);
        if (wish.pin) check_pins(cell, layout, host, guest, wish);
    }
    REQUIRE(memory == guest.memory);
    REQUIRE(vcpus.size() == static_cast<size_t>(guest.vcpus));
    REQUIRE(*vcpus.begin() == 0);
    REQUIRE(layout.pins.size() == (wish.pin ? vcpus.size() : 0));
    REQUIRE(may_stay(layout, host, guest, wish));
}

}  // namespace

TEST_CASE("every layout has equal cells with room, right pins, and comes out the same again") {
    Dice dice(20240607);
    int laid_out = 0, spread = 0;
    for (int round = 0; round < 3000; ++round) {
        const auto host = some_host(dice);
        LayoutGuest guest{1, static_cast<int>(dice.one_of({1, 1, 2})), 0, dice.one_of({0L, 2 * MiB}), {}};
        guest.vcpus = static_cast<int>(dice.roll(1, 12)) * guest.threads;
        guest.memory = dice.roll(1, 64) * dice.one_of({512 * MiB, 1 * GiB});
        if (dice.one_in(4)) guest.held[0] = dice.roll(0, 8) * GiB;
        LayoutWish wish{std::nullopt, !dice.one_in(4), {}};
        if (dice.one_in(3)) wish.reserved = {0, static_cast<int>(dice.roll(1, 8))};
        if (dice.one_in(4)) wish.nodes = host.nodes.size() > 1 ? std::vector{2, 0} : std::vector{0};
        try {
            const auto layout = lay_out(host, guest, wish);
            check_layout(layout, host, guest, wish);
            REQUIRE(lay_out(host, guest, wish) == layout);
            REQUIRE(lay_out(permuted(host, dice), guest, wish) == layout);
            if (!wish.nodes && layout.cells.size() > 1) ++spread;
            ++laid_out;
        } catch (const Error& error) {
            REQUIRE(std::string(error.what()) != "");
        }
    }
    CHECK(laid_out > 500);
    CHECK(spread > 100);
}

TEST_CASE("no choice of as many nodes is nearer, and no fewer nodes would do") {
    Dice dice(20240607);
    int compared = 0;
    for (int round = 0; round < 1500; ++round) {
        const auto host = some_host(dice);
        if (host.nodes.size() > 6) continue;
        const LayoutGuest guest{dice.one_of({4, 12, 12, 24}), 1, dice.roll(1, 4) * 12 * GiB, 0, {}};
        const auto layout_on = [&](std::optional<std::vector<int>> nodes) -> std::optional<Layout> {
            try {
                return lay_out(host, guest, {std::move(nodes), false, {}});
            } catch (const Error&) {
                return std::nullopt;
            }
        };
        const auto cost = [&host](const Layout& layout) {
            long distances = 0, free = 0;
            for (const auto& a : layout.cells) {
                free += host.find(a.node)->free_memory;
                for (const auto& b : layout.cells) distances += host.find(a.node)->distances.at(b.node);
            }
            return std::pair(distances, -free);
        };
        const auto chosen = layout_on(std::nullopt);
        for (unsigned set = 1; set < 1U << host.nodes.size(); ++set) {
            std::vector<int> nodes;
            for (size_t i = 0; i < host.nodes.size(); ++i)
                if ((set >> i & 1U) != 0) nodes.push_back(host.nodes[i].id);
            const auto other = layout_on(nodes);
            if (!other) continue;
            REQUIRE(chosen);
            REQUIRE(chosen->cells.size() <= other->cells.size());
            if (chosen->cells.size() == other->cells.size()) REQUIRE(cost(*chosen) <= cost(*other));
            ++compared;
        }
    }
    CHECK(compared > 1000);
}
