// SPDX-License-Identifier: GPL-3.0-or-later
#include "modules/domain_numa/settings.hpp"

#include "lib/formats/number_list.hpp"
#include "lib/formats/size.hpp"
#include "lib/text.hpp"

namespace virtbp::domain_numa {

namespace {

std::string kibibytes(long amount) { return concat({std::to_string(amount), " KiB"}); }

std::string distances_of(const GuestCell& cell) {
    std::vector<std::string> all;
    for (const auto& [id, distance] : cell.distances)
        all.push_back(concat({std::to_string(id), ":", std::to_string(distance)}));
    return join(all, ",");
}

json described(const GuestCell& cell, int id) {
    json told{{"id", id}, {"cpus", format_number_list(cell.cpus)}, {"memory", kibibytes(cell.memory)}};
    if (!cell.mem_access.empty()) told["mem_access"] = cell.mem_access;
    if (!cell.discard.empty()) told["discard"] = cell.discard;
    if (!cell.distances.empty()) told["distances"] = distances_of(cell);
    return told;
}

json described(const MemoryPolicy& policy) {
    if (policy.placement == "auto") return {{"mode", policy.mode}, {"placement", "auto"}};
    return {{"mode", policy.mode}, {"nodeset", format_number_list(policy.nodeset)}};
}

}  // namespace

Settings settings_of(const Domain& domain) {
    Settings all;
    for (const auto& [id, cell] : domain.cells) {
        const auto head = concat({"cell/", std::to_string(id), "/"});
        all[head + "cpus"] = format_number_list(cell.cpus);
        all[head + "memory"] = kibibytes(cell.memory);
        if (!cell.mem_access.empty()) all[head + "mem_access"] = cell.mem_access;
        if (!cell.discard.empty()) all[head + "discard"] = cell.discard;
        if (!cell.distances.empty()) all[head + "distances"] = distances_of(cell);
    }
    if (domain.numatune) {
        all["numatune/mode"] = domain.numatune->mode;
        if (domain.numatune->placement == "auto") all["numatune/placement"] = "auto";
        else all["numatune/nodeset"] = format_number_list(domain.numatune->nodeset);
    }
    for (const auto& [cell, policy] : domain.memnodes) {
        const auto head = concat({"memnode/", std::to_string(cell), "/"});
        all[head + "mode"] = policy.mode;
        all[head + "nodeset"] = format_number_list(policy.nodeset);
    }
    for (const auto& [vcpu, cpus] : domain.vcpupins)
        all[concat({"vcpupin/", std::to_string(vcpu)})] = format_number_list(cpus);
    if (domain.emulatorpin) all["emulatorpin"] = format_number_list(*domain.emulatorpin);
    if (domain.cpuset) all["cpuset"] = format_number_list(*domain.cpuset);
    if (domain.vcpu_placement_auto) all["placement"] = "auto";
    all["memory"] = kibibytes(domain.memory);
    all["current_memory"] = kibibytes(domain.current_memory);
    return all;
}

json value_of(const Settings& settings, const std::string& name) {
    const auto found = settings.find(name);
    return found == settings.end() ? json() : json(found->second);
}

Settings together(Settings all, const std::vector<Settings>& others) {
    for (const auto& other : others) all.insert(other.begin(), other.end());
    return all;
}

bool can_change_live(const std::string& setting, const Domain& live) {
    if (setting == "numatune/nodeset") return live.numatune && live.numatune->mode == "restrictive";
    return setting.starts_with("vcpupin/") || setting == "emulatorpin";
}

Domain reachable(const Domain& live, const Domain& wish) {
    auto reached = live;
    reached.vcpupins = wish.vcpupins;
    reached.emulatorpin = wish.emulatorpin;
    if (can_change_live("numatune/nodeset", live) && wish.numatune && !wish.numatune->nodeset.empty())
        reached.numatune->nodeset = wish.numatune->nodeset;
    return reached;
}

Domain without_left_pins(Domain live, const Domain& wish, const Host& host) {
    const auto all = host.cpus();
    std::erase_if(live.vcpupins,
                  [&](const auto& pin) { return pin.second == all && !wish.vcpupins.contains(pin.first); });
    if (live.emulatorpin == all && !wish.emulatorpin) live.emulatorpin.reset();
    return live;
}

json describe(const Domain& domain) {
    json told{{"vcpus", domain.max_vcpus},
              {"memory", kibibytes(domain.memory)},
              {"cells", json::array()},
              {"memnodes", json::object()},
              {"vcpupin", json::object()}};
    for (const auto& [id, cell] : domain.cells) told["cells"].push_back(described(cell, id));
    for (const auto& [cell, policy] : domain.memnodes)
        told["memnodes"][std::to_string(cell)] = described(policy);
    // There may be thousands, so no look through the keys before for each.
    auto& pins = told["vcpupin"].get_ref<json::object_t&>();
    for (const auto& [vcpu, cpus] : domain.vcpupins)
        pins.emplace_back(std::to_string(vcpu), format_number_list(cpus));
    if (domain.numatune) told["numatune"] = described(*domain.numatune);
    if (domain.emulatorpin) told["emulatorpin"] = format_number_list(*domain.emulatorpin);
    if (domain.cpuset) told["cpuset"] = format_number_list(*domain.cpuset);
    return told;
}

json describe(const Host& host) {
    json nodes = json::array();
    for (const auto& node : host.nodes) {
        json siblings = json::array(), pools = json::array(), distances = json::object();
        for (const auto& core : node.cores) siblings.push_back(format_number_list(core));
        for (const auto& [size, pool] : node.pages)
            pools.push_back(
                {{"size", page_size_name(size * 1024)}, {"count", pool.total}, {"free", pool.free}});
        for (const auto& [other, distance] : node.distances) distances[std::to_string(other)] = distance;
        nodes.push_back({{"id", node.id},
                         {"cpus", format_number_list(node.cpus())},
                         {"siblings", std::move(siblings)},
                         {"memory", kibibytes(node.memory)},
                         {"free_memory", kibibytes(node.free_memory)},
                         {"pools", std::move(pools)},
                         {"distances", std::move(distances)}});
    }
    return {{"nodes", std::move(nodes)},
            {"isolated", format_number_list({host.isolated.begin(), host.isolated.end()})}};
}

}  // namespace virtbp::domain_numa
