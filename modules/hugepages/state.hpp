// SPDX-License-Identifier: GPL-3.0-or-later
// What is, and what should be.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "lib/huge_page_support.hpp"
#include "lib/system.hpp"
#include "modules/hugepages/boot_pools.hpp"
#include "modules/hugepages/hugetlbfs.hpp"
#include "modules/hugepages/pools.hpp"

namespace virtbp::hugepages {

struct State {
    bool live = false, has_sysfs = false, has_meminfo = false;
    long default_size = usual_page_size;
    Pools pools;
    std::map<int, long> memory, free_memory;  ///< of the machine and of nodes asked for
    std::vector<Wish> wishes;
    BootPools boot;
    Mounts mounts;
    Files files;

    /// Links that make systemd start units: path -> target.
    std::map<std::string, std::string> links() const {
        std::map<std::string, std::string> all;
        for (const auto& of : {boot.links(), mounts.links()})
            for (const auto& [path, target] : of) all.emplace(path, target);
        return all;
    }
    void collect_files() {
        files = boot.files();
        files.merge(mounts.files());
    }

    /// "" where the kernel has the knob, or nothing tells.
    std::string why_unsupported(const Knob& knob) const { return has_sysfs ? why_missing(pools, knob) : ""; }
    /// True where an administrator has forbidden what keeps a number of pages.
    bool is_masked(Keeper keeper) const { return keeper == Keeper::unit && boot.unit_is_masked(); }
    std::string shortfall_of(const Wish& wish) const {
        const auto free = free_memory.find(wish.knob.node);
        return shortfall(wish, pools, free == free_memory.end() ? std::nullopt : std::optional(free->second));
    }
};

}  // namespace virtbp::hugepages
