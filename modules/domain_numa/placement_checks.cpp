// SPDX-License-Identifier: GPL-3.0-or-later
// Whether there is room for each part of a guest's memory where it is to come from, and whether its vCPUs run
// there, too.
#include <algorithm>

#include "lib/formats/number_list.hpp"
#include "lib/formats/size.hpp"
#include "lib/text.hpp"
#include "modules/domain_numa/automatic.hpp"
#include "modules/domain_numa/checks.hpp"

namespace virtbp::domain_numa {

namespace {

std::string amount(long kibibytes) {
    return kibibytes % 1024 == 0 ? concat({std::to_string(kibibytes / 1024), " MiB"})
                                 : concat({std::to_string(kibibytes), " KiB"});
}

std::string pages(long count, long size) {
    return concat({std::to_string(count), " pages of ", page_size_name(size * 1024)});
}

/// A part of the guest's memory: a cell, or all of it where it has none.
struct Part {
    std::string element;
    long memory;
    long page;                      ///< KiB; 0: ordinary pages
    const MemoryPolicy* policy;     ///< nullptr: from wherever there is room
    const std::vector<int>* vcpus;  ///< nullptr: all
};

class PlacementChecks : public Finder {
public:
    PlacementChecks(const Domain& domain, const Host& host, const Domain* running)
        : domain_(domain), host_(host), is_running_(running != nullptr) {
        if (is_running_) held_ = held_by(*running);
        for (const auto& [id, cell] : domain_.cells)
            parts_.push_back({concat({"cpu/numa/cell ", std::to_string(id)}), cell.memory,
                              domain_.page_of(id, host_.default_page), policy_of(id), &cell.cpus});
        if (parts_.empty())
            parts_.push_back(
                {"memory", domain_.memory, domain_.page_of(0, host_.default_page), policy_of(-1), nullptr});
    }

    Findings run() {
        room();
        spread();
        return take();
    }

private:
    const MemoryPolicy* policy_of(int cell) const {
        const auto memnode = domain_.memnodes.find(cell);
        if (memnode != domain_.memnodes.end()) return &memnode->second;
        return domain_.numatune ? &*domain_.numatune : nullptr;
    }

    /// What parts that share a set of nodes need of it together.
    void room() {
        std::map<std::pair<std::vector<int>, long>, std::pair<long, std::string>> needs;
        for (const auto& part : parts_) {
            if (part.policy != nullptr && part.policy->nodeset.empty()) continue;  // numad chooses
            const bool bound = part.policy != nullptr &&
                               (part.policy->mode == "strict" || part.policy->mode == "restrictive");
            std::vector<int> nodes;
            if (bound) nodes = part.policy->nodeset;
            else
                for (const auto& node : host_.nodes) nodes.push_back(node.id);
            auto& [memory, element] = needs[{nodes, part.page}];
            memory += part.memory;
            element += concat({element.empty() ? "" : ", ", part.element});
        }
        for (const auto& [key, need] : needs) {
            const auto& [nodes, page] = key;
            if (page != 0) room_in_pages(need.second, nodes, page, need.first);
            else room_in_memory(need.second, nodes, need.first);
        }
    }

    std::string where(const std::vector<int>& nodes) const {
        if (nodes.size() == host_.nodes.size() && nodes.size() > 1) return "the host";
        return concat({nodes.size() == 1 ? "host node " : "host nodes ", format_number_list(nodes)});
    }

    void room_in_pages(const std::string& element, const std::vector<int>& nodes, long size, long memory) {
        long total = 0, available = 0;
        for (const int id : nodes)
            if (const auto* node = host_.find(id)) {
                const auto pool = node->pages.find(size);
                if (pool == node->pages.end()) continue;
                total += pool->second.total;
                available += std::min(pool->second.total, pool->second.free + held(id) / size);
            }
        const long wanted = (memory + size - 1) / size;
        if (wanted <= available) return;
        const bool for_good = wanted > total;
        misfit(element,
               {"needs ", pages(wanted, size), " on ", where(nodes), ": ", std::to_string(available),
                " free of ", std::to_string(total)},
               for_good ? "make the pool larger (module hugepages)" : "end what holds the pages",
               "vbp-dom-hugepages");
    }

    void room_in_memory(const std::string& element, const std::vector<int>& nodes, long memory) {
        long total = 0, available = 0;
        for (const int id : nodes)
            if (const auto* node = host_.find(id)) {
                total += node->memory;
                available += node->free_memory + held(id);
            }
        if (memory > total)
            misfit(element, {"needs ", amount(memory), " on ", where(nodes), ", which has ", amount(total)},
                   "use more nodes, or less memory", "vbp-dom-numa-spread");
        else if (memory > available && !is_running_)
            warning(element,
                    {"needs ", amount(memory), " on ", where(nodes), ": ", amount(available), " free of ",
                     amount(total)},
                    "end what holds the memory", "vbp-dom-numa-spread");
    }

    long held(int node) const {
        const auto found = held_.find(node);
        return found == held_.end() ? 0 : found->second;
    }

    /// The host's nodes whose CPUs a vCPU may run on; none where it is not bound.
    std::set<int> nodes_of_vcpu(int vcpu) const {
        const auto pin = domain_.vcpupins.find(vcpu);
        const auto* cpus = pin != domain_.vcpupins.end() ? &pin->second
                           : domain_.cpuset              ? &*domain_.cpuset
                                                         : nullptr;
        std::set<int> nodes;
        if (cpus == nullptr) return nodes;
        for (const int cpu : *cpus)
            if (const auto* node = host_.node_of(cpu)) nodes.insert(node->id);
        return nodes;
    }

    void spread() {
        if (host_.nodes.size() < 2) return;
        if (domain_.cells.size() > host_.nodes.size())
            warning("cpu/numa",
                    {"the guest has ", std::to_string(domain_.cells.size()), " cells, and the host ",
                     std::to_string(host_.nodes.size()), " nodes"},
                    "give it no more cells than the host has nodes", "vbp-dom-vnuma");
        bool floats = false;
        for (const auto& part : parts_) floats = spread_of(part) || floats;
        if (floats)
            warning("cputune",
                    {"vCPUs or memory are bound to no node: they move across the ",
                     std::to_string(host_.nodes.size()), " nodes of the host"},
                    "bind them: auto, or numatune with cpuset", "vbp-dom-numa-spread");
    }

    /// Warns of vCPUs that are not where their memory is; true where they are bound to nothing.
    bool spread_of(const Part& part) {
        std::set<int> cpu_nodes;
        bool floats = part.policy == nullptr;
        const auto look_at = [&](int vcpu) {
            const auto nodes = nodes_of_vcpu(vcpu);
            floats = floats || (nodes.empty() && !domain_.vcpu_placement_auto);
            cpu_nodes.insert(nodes.begin(), nodes.end());
        };
        if (part.vcpus != nullptr) std::for_each(part.vcpus->begin(), part.vcpus->end(), look_at);
        else
            for (int vcpu = 0; vcpu < domain_.max_vcpus; ++vcpu) look_at(vcpu);
        if (part.policy == nullptr || part.policy->nodeset.empty() || cpu_nodes.empty()) return floats;
        const std::vector<int> cpu_list(cpu_nodes.begin(), cpu_nodes.end());
        const auto& memory_list = part.policy->nodeset;
        if (!std::includes(memory_list.begin(), memory_list.end(), cpu_list.begin(), cpu_list.end()))
            warning(part.vcpus != nullptr ? part.element : "vcpu",
                    {"memory comes from host node ", format_number_list(memory_list),
                     ", and vCPUs run on node ", format_number_list(cpu_list)},
                    "keep both on one node", "vbp-dom-numa-spread");
        else if (part.vcpus == nullptr && cpu_list.size() > 1)
            warning("vcpu",
                    {"the guest has no cells and runs on nodes ", format_number_list(cpu_list),
                     ": it cannot tell near memory from far"},
                    "bind it to one node, or give it cells", "vbp-dom-numa-nonvnuma");
        return floats;
    }

    const Domain& domain_;
    const Host& host_;
    bool is_running_;
    std::map<int, long> held_;
    std::vector<Part> parts_;
};

}  // namespace

Findings check_placement(const Domain& domain, const Host& host, const Domain* running) {
    return PlacementChecks(domain, host, running).run();
}

}  // namespace virtbp::domain_numa
