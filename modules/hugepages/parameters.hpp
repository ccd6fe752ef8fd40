// SPDX-License-Identifier: GPL-3.0-or-later
// What users write, and what is meant by it.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "lib/json.hpp"
#include "lib/module.hpp"
#include "modules/hugepages/boot_pools.hpp"
#include "modules/hugepages/hugetlbfs.hpp"
#include "modules/hugepages/pools.hpp"

namespace virtbp::hugepages {

/// One pool.
struct PoolParams {
    std::optional<std::string> size, memory;
    std::optional<long> count, node, overcommit;

    static Parameters<PoolParams> parameters();
};

struct MountParams {
    std::string path;
    std::optional<std::string> size, group;
    json mode;

    static Parameters<MountParams> parameters();
};

struct Params : HostParams {
    std::optional<std::string> size, memory;
    std::optional<long> count, node, overcommit;
    std::vector<PoolParams> pools;
    std::vector<MountParams> mounts;
    std::string persist_by = "auto", on_shortfall = "fail", reserve = "10%";
    std::optional<std::string> default_size;

    static Parameters<Params> parameters();

    /// Throws Error on what a declaration cannot say.
    void check() const;

    /// The pool that is described without `pools`.
    PoolParams single() const;
    std::vector<Wish> wishes(long default_size) const;
    std::vector<MountWish> mount_wishes() const;
    /// Who keeps a knob's pages. Throws Error where `persist_by` cannot.
    Keeper keeper_of(const Knob& knob, long default_size) const;
    /// Bytes that must stay free of huge pages, of this much of the machine or of a node.
    long reserved(long total, int of_node) const;
};

/// The module's documents.
Manual manual();

}  // namespace virtbp::hugepages
