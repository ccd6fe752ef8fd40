// SPDX-License-Identifier: GPL-3.0-or-later
#include "modules/domain_numa/layout.hpp"

#include <algorithm>
#include <tuple>

#include "lib/error.hpp"
#include "lib/formats/number_list.hpp"
#include "lib/text.hpp"
#include "modules/domain_numa/places.hpp"

namespace virtbp::domain_numa {

namespace {

using Places = std::vector<const Place*>;

/// As libvirt and the kernel have it where nothing else is known: 10 within a node, 20 between two.
long distance(const Place& from, const Place& to) {
    const auto found = from.node->distances.find(to.node->id);
    return found != from.node->distances.end() ? found->second : from.node == to.node ? 10 : 20;
}

/// There and back, between each two of some nodes.
using Distances = std::vector<std::vector<long>>;

Distances distances_between(const Places& places) {
    Distances all;
    for (const auto* from : places) {
        all.emplace_back();
        for (const auto* to : places) all.back().push_back(distance(*from, *to) + distance(*to, *from));
    }
    return all;
}

/// Some of the candidates: fewer steps between them are better, then more free memory.
struct Choice {
    std::vector<size_t> places;
    long distances = 0;
    long free = 0;

    bool operator<(const Choice& other) const {
        return std::tuple(distances, -free) < std::tuple(other.distances, -other.free);
    }
};

/// For the best choice of `count` candidates.
class Search {
public:
    Search(const Places& candidates, size_t count)
        : candidates_(candidates), count_(count), between_(distances_between(candidates)) {}

    /// The best of all.
    Choice best() {
        go_on({}, 0);
        return best_;
    }
    /// The best of those that come from each node by the next best, again and again: not always the very
    /// best, but in little time.
    Choice good() const {
        Choice best;
        for (size_t seed = 0; seed < candidates_.size(); ++seed)
            if (auto now = grown(seed); best.places.empty() || now < best) best = std::move(now);
        std::sort(best.places.begin(), best.places.end());
        return best;
    }

private:
    Choice with(Choice now, size_t next) const {
        for (const size_t place : now.places) now.distances += between_[place][next];
        now.free += candidates_[next]->free;
        now.places.push_back(next);
        return now;
    }
    void go_on(const Choice& now, size_t first) {
        if (now.places.size() == count_) {
            if (best_.places.empty() || now < best_) best_ = now;
            return;
        }
        for (size_t i = first; i + count_ - now.places.size() <= candidates_.size(); ++i)
            if (const auto next = with(now, i); best_.places.empty() || next.distances <= best_.distances)
                go_on(next, i + 1);
    }
    Choice grown(size_t seed) const {
        auto now = with({}, seed);
        auto away = between_[seed];  // of each candidate, from all that are chosen
        std::vector<bool> chosen(candidates_.size());
        chosen[seed] = true;
        while (now.places.size() < count_) {
            const auto rank = [&](size_t i) {
                return std::tuple<bool, long, long>(chosen[i], away[i], -candidates_[i]->free);
            };
            size_t next = 0;
            for (size_t i = 1; i < candidates_.size(); ++i)
                if (rank(i) < rank(next)) next = i;
            now = with(std::move(now), next);
            chosen[next] = true;
            for (size_t i = 0; i < candidates_.size(); ++i) away[i] += between_[next][i];
        }
        return now;
    }

    const Places& candidates_;
    size_t count_;
    Distances between_;
    Choice best_;
};

Places best_of(const Places& candidates, size_t count) {
    constexpr size_t most_for_all = 16;  // at most 12870 choices
    Search search(candidates, count);
    const auto choice = candidates.size() > most_for_all ? search.good() : search.best();
    Places places;
    for (const size_t i : choice.places) places.push_back(candidates[i]);
    return places;
}

Places fewest(const std::vector<Place>& places, const LayoutGuest& guest) {
    Places usable;
    std::vector<std::string> reasons;
    for (const auto& place : places) {
        if (place.is_usable()) usable.push_back(&place);
        else reasons.push_back(useless(place));
    }
    if (usable.empty())
        throw Error(concat({"no node of the host can take a guest: ",
                            reasons.empty() ? "it has none" : join(reasons, ", ")}));
    if (const auto reason = indivisible(guest, 1); !reason.empty()) throw Error(reason);
    for (size_t count = 1; count <= usable.size(); ++count) {
        const auto nodes = static_cast<long>(count);
        if (!indivisible(guest, nodes).empty()) continue;
        Places candidates;
        for (const auto* place : usable)
            if (place->has_room(guest.vcpus / nodes, guest.memory / nodes)) candidates.push_back(place);
        if (candidates.size() >= count) return best_of(candidates, count);
    }
    throw no_room(places, guest);
}

Places wished(const std::vector<Place>& places, const LayoutGuest& guest, const std::vector<int>& nodes) {
    Places chosen;
    std::vector<int> known;
    for (const auto& place : places) known.push_back(place.node->id);
    for (const int node : nodes) {
        const auto found = std::find(known.begin(), known.end(), node);
        if (found == known.end())
            throw Error(concat({"auto/nodes: the host has no node ", std::to_string(node), ", it has ",
                                format_number_list(known)}));
        const auto& place = places[static_cast<size_t>(found - known.begin())];
        if (!place.is_usable()) throw Error(concat({"auto/nodes: ", useless(place)}));
        if (std::find(chosen.begin(), chosen.end(), &place) != chosen.end())
            throw Error(concat({"auto/nodes: node ", std::to_string(node), " is in the list twice"}));
        chosen.push_back(&place);
    }
    const auto count = static_cast<long>(chosen.size());
    if (count == 0) throw Error("auto/nodes: the list is empty");
    if (const auto reason = indivisible(guest, count); !reason.empty()) throw Error(reason);
    std::vector<Place> theirs;
    for (const auto* place : chosen) theirs.push_back(*place);
    if (!std::all_of(theirs.begin(), theirs.end(), [&](const auto& place) {
            return place.has_room(guest.vcpus / count, guest.memory / count);
        }))
        throw no_room_on(theirs, guest);
    return chosen;
}

/// Every vCPU of a cell on a core. Siblings of the guest share one as long as there are cores with room for
/// all of them; the rest takes what is left.
void pin(const LayoutCell& cell, const Place& place, int threads, std::map<int, std::vector<int>>& pins) {
    const auto together = static_cast<size_t>(threads);
    std::vector<const std::vector<int>*> whole, rest;
    for (const auto& core : place.cores) {
        whole.insert(whole.end(), core.size() / together, &core);
        rest.insert(rest.end(), core.size() % together, &core);
    }
    for (size_t i = 0; i < cell.cpus.size(); ++i) {
        const size_t group = i / together;
        pins[cell.cpus[i]] = group < whole.size() ? *whole[group] : *rest.at(i - whole.size() * together);
    }
}

/// Whether siblings of the guest are never in two cells.
bool keeps_siblings(const std::vector<LayoutCell>& cells, int threads) {
    std::map<int, size_t> cell_of;  // of a guest's core
    for (size_t i = 0; i < cells.size(); ++i)
        for (const int vcpu : cells[i].cpus)
            if (cell_of.emplace(vcpu / threads, i).first->second != i) return false;
    return true;
}

bool pins_are_right(const LayoutCell& cell, const Place& place, const std::map<int, std::vector<int>>& pins) {
    std::set<int> allowed;
    for (const auto& core : place.cores) allowed.insert(core.begin(), core.end());
    return std::all_of(cell.cpus.begin(), cell.cpus.end(), [&](int vcpu) {
        const auto found = pins.find(vcpu);
        return found != pins.end() && !found->second.empty() &&
               std::all_of(found->second.begin(), found->second.end(),
                           [&](int cpu) { return allowed.contains(cpu); });
    });
}

}  // namespace

Layout lay_out(const Host& host, const LayoutGuest& guest, const LayoutWish& wish) {
    const auto places = places_of(host, guest, wish.reserved);
    const auto chosen = wish.nodes ? wished(places, guest, *wish.nodes) : fewest(places, guest);
    const auto count = static_cast<int>(chosen.size());
    Layout layout;
    int next = 0;
    for (const auto* place : chosen) {
        LayoutCell cell{{}, guest.memory / count, place->node->id};
        for (int i = 0; i < guest.vcpus / count; ++i) cell.cpus.push_back(next++);
        if (wish.pin) pin(cell, *place, guest.threads, layout.pins);
        layout.cells.push_back(std::move(cell));
    }
    return layout;
}

bool may_stay(const Layout& layout, const Host& host, const LayoutGuest& guest, const LayoutWish& wish) {
    const auto count = static_cast<long>(layout.cells.size());
    if (count == 0 || !indivisible(guest, count).empty() || !keeps_siblings(layout.cells, guest.threads))
        return false;
    const auto places = places_of(host, guest, wish.reserved);
    std::set<int> nodes, vcpus;
    for (const auto& cell : layout.cells) {
        const auto place = std::find_if(places.begin(), places.end(),
                                        [&cell](const auto& one) { return one.node->id == cell.node; });
        if (place == places.end() || !place->is_usable() || !nodes.insert(cell.node).second) return false;
        if (static_cast<long>(cell.cpus.size()) != guest.vcpus / count ||
            cell.memory != guest.memory / count || !place->has_room(guest.vcpus / count, cell.memory) ||
            (wish.pin && !pins_are_right(cell, *place, layout.pins)))
            return false;
        vcpus.insert(cell.cpus.begin(), cell.cpus.end());
    }
    return vcpus.size() == static_cast<size_t>(guest.vcpus) && *vcpus.begin() == 0 &&
           *vcpus.rbegin() == guest.vcpus - 1 && (!wish.pin || layout.pins.size() == vcpus.size()) &&
           (!wish.nodes || std::set<int>(wish.nodes->begin(), wish.nodes->end()) == nodes);
}

}  // namespace virtbp::domain_numa
