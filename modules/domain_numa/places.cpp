// SPDX-License-Identifier: GPL-3.0-or-later
#include "modules/domain_numa/places.hpp"

#include <algorithm>

#include "lib/formats/size.hpp"
#include "lib/text.hpp"

namespace virtbp::domain_numa {

namespace {

constexpr long MiB = 1024, GiB = 1024 * MiB;  // in KiB

long free_memory(const HostNode& node, const LayoutGuest& guest) {
    const auto held = guest.held.find(node.id);
    const long back = held == guest.held.end() ? 0 : held->second;
    if (guest.page == 0) return node.free_memory + back;
    const auto pool = node.pages.find(guest.page);
    return (pool == node.pages.end() ? 0 : pool->second.free * guest.page) + back;
}

std::string counted(long number, std::string_view what) {
    return concat({std::to_string(number), " ", what, number == 1 ? "" : "s"});
}

std::string size_text(long kibibytes) {
    if (kibibytes == 0) return "0 MiB";
    auto name = page_size_name(kibibytes * 1024);
    name.insert(name.size() - 1, 1, ' ');
    return name + "iB";
}

/// "6 or 8": the multiples of `step` around a number that is none.
template <class Text>
std::string neighbours(long number, long step, Text text) {
    const long below = number - number % step;
    return concat({below == 0 ? "" : text(below) + " or ", text(below + step)});
}

/// "8 CPUs and 64 GiB (64 pages of 1G)".
std::string amount(long cpus, long memory, long page) {
    auto text = concat({counted(cpus, "CPU"), " and ", size_text(memory)});
    if (page != 0)
        append(text, {" (", counted(memory / page, "page"), " of ", page_size_name(page * 1024), ")"});
    return text;
}

std::string what_there_is(const std::vector<Place>& places, long page) {
    constexpr size_t most = 16;
    std::vector<std::string> all;
    for (const auto& place : places) {
        if (all.size() == most) {
            all.emplace_back("…");
            break;
        }
        const long free = place.free - place.free % MiB;
        all.push_back(place.is_usable() ? concat({"node ", std::to_string(place.node->id), " has ",
                                                  amount(place.cpus, free, page), " free"})
                                        : useless(place));
    }
    return join(all, ", ");
}

}  // namespace

std::vector<Place> places_of(const Host& host, const LayoutGuest& guest, const std::set<int>& reserved) {
    std::vector<Place> places;
    for (const auto& node : host.nodes) {
        Place place{&node, node.cores, 0, free_memory(node, guest)};
        std::erase_if(place.cores, [&](const auto& core) {
            return std::any_of(core.begin(), core.end(), [&](int cpu) {
                return reserved.contains(cpu) || host.isolated.contains(cpu);
            });
        });
        std::sort(place.cores.begin(), place.cores.end());
        for (const auto& core : place.cores) place.cpus += static_cast<long>(core.size());
        places.push_back(std::move(place));
    }
    std::sort(places.begin(), places.end(),
              [](const auto& a, const auto& b) { return a.node->id < b.node->id; });
    return places;
}

std::string indivisible(const LayoutGuest& guest, long nodes) {
    const auto over = concat({" cannot be divided equally over ", counted(nodes, "node")});
    const long cpu_step = nodes * guest.threads;
    if (nodes > 1 && guest.vcpus % cpu_step != 0)
        return concat({counted(guest.vcpus, "vCPU"),
                       guest.threads == 1 ? "" : concat({" in cores of ", std::to_string(guest.threads)}),
                       over, ": ",
                       neighbours(guest.vcpus, cpu_step, [](long n) { return std::to_string(n); }), " can"});
    const long memory_step = nodes * std::max(guest.page, MiB);
    if (guest.memory % memory_step == 0) return "";
    const auto in_unit = [memory_step](long kibibytes) {  // the same for both
        return memory_step % GiB == 0 ? size_text(kibibytes)
                                      : concat({std::to_string(kibibytes / MiB), " MiB"});
    };
    const auto unit = guest.page == 0 ? "whole MiB" : "whole pages of " + page_size_name(guest.page * 1024);
    return concat({size_text(guest.memory), " of memory",
                   nodes == 1 ? concat({" is not made of ", unit}) : concat({over, " in ", unit}), ": ",
                   neighbours(guest.memory, memory_step, in_unit), nodes == 1 ? " is" : " can"});
}

std::string useless(const Place& place) {
    const auto* const missing = place.node->memory == 0     ? "memory"
                                : place.node->cores.empty() ? "CPUs"
                                                            : "core without a reserved or isolated CPU";
    return concat({"node ", std::to_string(place.node->id), " has no ", missing});
}

Error no_room(const std::vector<Place>& places, const LayoutGuest& guest) {
    const auto would_fit = [&](long nodes) {
        return nodes <= std::count_if(places.begin(), places.end(), [&](const auto& place) {
                   return place.is_usable() && place.has_room(guest.vcpus / nodes, guest.memory / nodes);
               });
    };
    const auto usable =
        std::count_if(places.begin(), places.end(), [](const auto& place) { return place.is_usable(); });
    std::string needs = amount(guest.vcpus, guest.memory, guest.page);
    for (long nodes = 2; nodes <= usable; ++nodes) {
        const auto reason = indivisible(guest, nodes);
        if (reason.empty())
            append(needs, {", or on each of ", std::to_string(nodes), " nodes ",
                           amount(guest.vcpus / nodes, guest.memory / nodes, guest.page)});
        else if (would_fit(nodes))
            return Error(concat({"no node has room for the whole guest, and ", reason, "; ",
                                 what_there_is(places, guest.page)}));
    }
    return Error(
        concat({"no node has room: the guest needs ", needs, "; ", what_there_is(places, guest.page)}));
}

Error no_room_on(const std::vector<Place>& wished, const LayoutGuest& guest) {
    const auto nodes = static_cast<long>(wished.size());
    return Error(concat({"auto/nodes: no room: the guest needs ",
                         amount(guest.vcpus / nodes, guest.memory / nodes, guest.page),
                         nodes == 1 ? "" : " on each node", "; ", what_there_is(wished, guest.page)}));
}

}  // namespace virtbp::domain_numa
