// SPDX-License-Identifier: GPL-3.0-or-later
#include "modules/domain_numa/automatic.hpp"

#include <algorithm>
#include <set>

#include "lib/error.hpp"
#include "lib/formats/number_list.hpp"
#include "lib/text.hpp"
#include "modules/domain_numa/layout.hpp"
#include "modules/domain_numa/wishes.hpp"

namespace virtbp::domain_numa {

namespace {

std::vector<int> list(const std::string& text, std::string_view place) {
    try {
        return parse_number_list(text);
    } catch (const Error& error) {
        throw Error(concat({place, ": ", error.what()}));
    }
}

std::optional<std::vector<int>> wished_nodes(const json& nodes) {
    if (nodes == "fit") return std::nullopt;
    if (nodes.is_string()) return list(nodes.get<std::string>(), "auto/nodes");
    if (nodes.is_number_integer()) return std::vector<int>{nodes.get<int>()};
    std::vector<int> all;
    if (nodes.is_array())
        for (const auto& node : nodes) {
            const auto number = number_in(node);
            if (number && *number >= 0 && *number < 1024) all.push_back(static_cast<int>(*number));
        }
    if (all.empty() || all.size() != nodes.size())
        throw Error(concat({"auto/nodes: wanted fit or a list of the host's nodes, found ", nodes.dump()}));
    return all;
}

/// What of a domain lay_out() would have made; nothing where it could not have.
std::optional<Layout> layout_of(const Domain& domain, bool pin) {
    Layout layout;
    for (const auto& [id, cell] : domain.cells) {
        const auto memnode = domain.memnodes.find(id);
        if (memnode == domain.memnodes.end() || memnode->second.mode != "strict" ||
            memnode->second.nodeset.size() != 1)
            return std::nullopt;
        layout.cells.push_back({cell.cpus, cell.memory, memnode->second.nodeset.front()});
    }
    if (layout.cells.empty() || !domain.numatune) return std::nullopt;
    if (pin) layout.pins = domain.vcpupins;
    return layout;
}

void set_layout(const Layout& layout, const Host& host, bool pin, Domain& domain) {
    const auto before = domain.cells;
    std::set<int> nodes;
    domain.cells.clear();
    domain.memnodes.clear();
    if (pin) domain.vcpupins = layout.pins;
    for (size_t i = 0; i < layout.cells.size(); ++i) {
        const int id = static_cast<int>(i);
        const auto& made = layout.cells[i];
        const auto known = before.find(id);
        GuestCell cell = known == before.end() ? GuestCell() : known->second;
        cell.cpus = made.cpus;
        cell.memory = made.memory;
        cell.distances.clear();
        const auto* node = host.find(made.node);
        for (size_t j = 0; node != nullptr && layout.cells.size() > 1 && j < layout.cells.size(); ++j)
            if (const auto found = node->distances.find(layout.cells[j].node); found != node->distances.end())
                cell.distances[static_cast<int>(j)] = found->second;
        domain.cells[id] = std::move(cell);
        domain.memnodes[id] = {"strict", {made.node}};
        nodes.insert(made.node);
    }
    domain.numatune = MemoryPolicy{"strict", {nodes.begin(), nodes.end()}};
    sum_up(domain);
}

/// The nodes of the whole guest are at least those of its cells, or the guest does not start; and restrictive
/// is not for cells that are strict.
void widen_numatune(Domain& domain) {
    std::set<int> nodes;
    for (const auto& [cell, policy] : domain.memnodes)
        nodes.insert(policy.nodeset.begin(), policy.nodeset.end());
    const auto& now = domain.numatune->nodeset;
    if (domain.numatune->mode == "restrictive" ||
        !std::includes(now.begin(), now.end(), nodes.begin(), nodes.end()))
        domain.numatune = MemoryPolicy{"strict", {nodes.begin(), nodes.end()}};
}

}  // namespace

void lay_out_domain(const AutoWish& wish, const Host& host, const Domain* running, Domain& domain) {
    if (!host.known())
        throw Error(
            "auto needs the host's topology, and there is none here: neither libvirt nor "
            "the CPUs of a machine in this root");
    LayoutWish asked{wished_nodes(wish.nodes), wish.pin, {}};
    for (const int cpu : list(wish.reserve_cpus, "auto/reserve_cpus")) asked.reserved.insert(cpu);
    LayoutGuest guest{domain.max_vcpus,
                      domain.topology ? domain.topology->threads : 1,
                      domain.memory - domain.device_memory(),
                      domain.page_of(0, host.default_page),
                      {}};
    if (running != nullptr) guest.held = held_by(*running);
    const auto now = layout_of(domain, wish.pin);
    if (now && may_stay(*now, host, guest, asked)) widen_numatune(domain);
    else set_layout(lay_out(host, guest, asked), host, wish.pin, domain);
    domain.vcpu_placement_auto = false;  // nothing is left for numad to choose
}

std::map<int, long> held_by(const Domain& running) {
    std::map<int, long> held;
    const auto bound_to = [&running](int cell) -> const MemoryPolicy* {
        const auto memnode = running.memnodes.find(cell);
        if (memnode != running.memnodes.end()) return &memnode->second;
        return running.numatune ? &*running.numatune : nullptr;
    };
    const auto add = [&held](const MemoryPolicy* policy, long amount) {
        if (policy != nullptr && policy->nodeset.size() == 1) held[policy->nodeset.front()] += amount;
    };
    for (const auto& [id, cell] : running.cells) add(bound_to(id), cell.memory);
    if (running.cells.empty()) add(bound_to(-1), running.memory);
    return held;
}

}  // namespace virtbp::domain_numa
