// SPDX-License-Identifier: GPL-3.0-or-later
#include "modules/domain_numa/wishes.hpp"

#include <algorithm>

#include "lib/error.hpp"
#include "lib/formats/number_list.hpp"
#include "lib/formats/size.hpp"
#include "lib/text.hpp"
#include "modules/domain_numa/automatic.hpp"

namespace virtbp::domain_numa {

namespace {

/// A list that was given as `place`, not empty.
std::vector<int> list(const std::string& text, std::string_view place) {
    try {
        auto numbers = parse_number_list(text);
        if (numbers.empty()) throw Error(concat({"\"", text, "\" names none"}));
        return numbers;
    } catch (const Error& error) {
        throw Error(concat({place, ": ", error.what()}));
    }
}

/// One that "" takes away.
std::optional<std::vector<int>> list_or_none(const std::string& text, std::string_view place) {
    return trim(text).empty() ? std::nullopt : std::optional(list(text, place));
}

long kibibytes(const std::string& text, std::string_view place) {
    try {
        const auto bytes = parse_memory(text);
        if (bytes <= 0) throw Error(concat({"\"", text, "\" is no memory"}));
        return bytes / 1024 + (bytes % 1024 != 0 ? 1 : 0);
    } catch (const Error& error) {
        throw Error(concat({place, ": ", error.what()}));
    }
}

std::map<int, int> distances(const json& given, std::string_view place) {
    std::map<int, int> all;
    for (const auto& [key, value] : given.items()) {
        const auto cell = to_integer(key);
        const auto distance = number_in(value);
        if (!cell || *cell < 0 || *cell > 1023 || !distance || *distance < 0 || *distance > 65535)
            throw Error(
                concat({place, "/distances: wanted cell: distance, found ", key, ": ", value.dump()}));
        all[static_cast<int>(*cell)] = static_cast<int>(*distance);
    }
    return all;
}

void set_cells(const std::vector<CellWish>& wishes, Domain& domain) {
    std::map<int, GuestCell> cells;
    std::set<int> with_own_distances;
    for (size_t i = 0; i < wishes.size(); ++i) {
        const auto& wish = wishes[i];
        const int id = wish.id.value_or(static_cast<int>(i));
        const auto place = concat({"cell ", std::to_string(id)});
        const auto before = domain.cells.find(id);
        GuestCell cell = before == domain.cells.end() ? GuestCell() : before->second;
        cell.cpus = trim(wish.cpus).empty() ? std::vector<int>() : list(wish.cpus, place + "/cpus");
        cell.memory = kibibytes(wish.memory, place + "/memory");
        if (wish.mem_access) cell.mem_access = *wish.mem_access;
        if (wish.discard) cell.discard = *wish.discard;
        if (!wish.distances.is_null()) {
            cell.distances = distances(wish.distances, place);
            with_own_distances.insert(id);
        }
        if (!cells.emplace(id, std::move(cell)).second) throw Error(place + " is in the list twice");
    }
    // What is known of a pair of cells from before gives way to what was given for it now. A cell that is
    // left with the distance to itself alone has none.
    for (auto& [id, cell] : cells) {
        if (with_own_distances.contains(id)) continue;
        const auto gone = std::erase_if(cell.distances, [&](const auto& distance) {
            return !cells.contains(distance.first) || with_own_distances.contains(distance.first);
        });
        if (gone != 0 && cell.distances.size() == 1 && cell.distances.contains(id)) cell.distances.clear();
    }
    complete_distances(cells);
    domain.cells = std::move(cells);
    sum_up(domain);
}

void set_numatune(const NumatuneWish& wish, Domain& domain) {
    auto policy = domain.numatune.value_or(MemoryPolicy());
    const bool was_auto = policy.placement == "auto";
    if (wish.mode) policy.mode = *wish.mode;
    if (wish.nodeset) {
        policy.nodeset = list(*wish.nodeset, "numatune/nodeset");
        policy.placement = "static";
    }
    if (wish.placement) policy.placement = *wish.placement;
    if (policy.placement == "auto") {
        if (wish.nodeset)
            throw Error("numatune: placement auto lets numad choose the nodes, so no nodeset goes with it");
        policy.nodeset.clear();
        // As libvirt does (virDomainDefParseXML): vCPUs that nothing else binds are placed by numad, too.
        domain.vcpu_placement_auto |= !domain.cpuset && domain.vcpupins.empty() && !domain.emulatorpin;
    } else if (policy.nodeset.empty()) {
        throw Error("numatune needs a nodeset, the host's nodes, as the domain has none");
    } else if (was_auto) {
        domain.vcpu_placement_auto = false;  // it came with that of the memory
    }
    domain.numatune = policy;
}

void set_memnodes(const std::vector<MemnodeWish>& wishes, Domain& domain) {
    domain.memnodes.clear();
    for (const auto& wish : wishes) {
        const auto place = concat({"memnode of cell ", std::to_string(wish.cell)});
        if (!domain.memnodes.emplace(wish.cell, MemoryPolicy{wish.mode, list(wish.nodeset, place)}).second)
            throw Error(place + " is in the list twice");
    }
}

void set_pins(const Params& params, Domain& domain) {
    for (const auto& [vcpu, cpus] : params.pins()) {
        const auto wanted = list_or_none(cpus, concat({"vcpupin of vCPU ", std::to_string(vcpu)}));
        if (wanted) domain.vcpupins[vcpu] = *wanted;
        else domain.vcpupins.erase(vcpu);
    }
    if (params.emulatorpin) domain.emulatorpin = list_or_none(*params.emulatorpin, "emulatorpin");
    if (params.cpuset) {
        domain.cpuset = list_or_none(*params.cpuset, "cpuset");
        domain.vcpu_placement_auto &= !domain.cpuset;  // libvirt drops the cpuset of placement auto
    }
}

}  // namespace

std::optional<long> number_in(const json& value) {
    if (value.is_string()) return to_integer(value.get<std::string>());
    return value.is_number_integer() ? std::optional(value.get<long>()) : std::nullopt;
}

void sum_up(Domain& domain) {
    if (domain.cells.empty()) return;
    const bool ballooned = domain.current_memory < domain.memory;
    domain.memory = domain.device_memory();
    for (const auto& [id, cell] : domain.cells) domain.memory += cell.memory;
    domain.current_memory = ballooned ? std::min(domain.current_memory, domain.memory) : domain.memory;
}

Domain wished(const Params& params, Domain domain, const Host& host, const Domain* running) {
    if (params.state == "absent") {
        domain.cells.clear();
        domain.numatune.reset();
        domain.memnodes.clear();
        domain.vcpupins.clear();
        domain.emulatorpin.reset();
        domain.cpuset.reset();
        domain.vcpu_placement_auto = false;
        return domain;
    }
    if (params.cells) set_cells(*params.cells, domain);
    if (params.memnodes) set_memnodes(*params.memnodes, domain);
    set_pins(params, domain);
    if (params.numatune) set_numatune(*params.numatune, domain);
    if (params.automatic) lay_out_domain(*params.automatic, host, running, domain);
    return domain;
}

}  // namespace virtbp::domain_numa
