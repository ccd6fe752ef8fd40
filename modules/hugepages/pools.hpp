// SPDX-License-Identifier: GPL-3.0-or-later
// The kernel's pools of huge pages (admin-guide/mm/hugetlbpage): one for each size, and the part of it that
// lies on each NUMA node.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "lib/json.hpp"
#include "lib/system.hpp"

namespace virtbp::hugepages {

constexpr int whole_machine = -1;

/// From this size on the page allocator hands out no pages: they are put together of free memory, and there
/// is no overcommit.
constexpr long gigantic = 1L << 30U;

/// A kernel file that takes a number of pages: nr_hugepages of the machine or of a node, or
/// nr_overcommit_hugepages, which nodes have not.
struct Knob {
    long size = 0;
    int node = whole_machine;
    bool overcommit = false;

    std::string name() const;  ///< "hugepages/2M", "hugepages/node0/1G", "overcommit/2M"
    std::string path() const;

    bool operator==(const Knob&) const = default;
};

/// What a user asks for.
struct Wish {
    Knob knob;
    long pages = 0;
};

struct Pool {
    /// What was asked of the kernel, and what it could give. The file nr_hugepages shows `surplus` on top.
    long count = 0;
    long free = 0;
    long surplus = 0;  ///< taken beyond the count: by overcommit, or after shrinking
    std::optional<long> reserved, overcommit = {};  ///< the whole machine's alone

    long pages() const { return count + surplus; }
    long in_use() const { return pages() - free + reserved.value_or(0); }
};

/// By size and node; the whole machine's pool of a size comes before its nodes'.
struct Pools : std::map<std::pair<long, int>, Pool> {
    std::vector<long> sizes() const;
    std::vector<int> nodes(long size) const;
    /// The number behind a knob; nothing where the kernel does not have it.
    std::optional<long> value(const Knob& knob) const;
    /// The pools with a knob set. The machine's count follows its nodes'; how the kernel spreads a count of
    /// the machine over the nodes is not foreseen.
    void set(const Wish& wish);
};

Pools read_pools(const System& system);

/// "" where the kernel has the knob, or the fact that says why it has not.
std::string why_missing(const Pools& pools, const Knob& knob);

/// Throws Error where pages in use would leave a pool: the kernel would let them out of its count, and give
/// back no memory.
void check_in_use(const Pools& is, const Pools& planned);

/// The memory of the machine's or a node's pools once they are as planned: growing takes surplus pages into
/// the count, shrinking leaves them.
long memory_of(const Pools& planned, const Pools& is, int node);

/// The wishes that differ: first what gives memory back, then the large pages, which need it in the largest
/// pieces.
std::vector<Wish> in_order(const std::vector<Wish>& wishes, const Pools& is, const Pools& should);

/// Writes a number of pages, and again while that brings more: the kernel makes room by and by.
void write_pages(System& system, const Wish& wish);

/// Why what was written is not what is read, with the memory that is free now where it is known.
std::string shortfall(const Wish& wish, const Pools& now, std::optional<long> free_memory);

/// The result's `pools`: those of the sizes that are asked for, or all.
json listed(const Pools& pools, const std::vector<Wish>& wishes);

/// "node 1: ", "" for the whole machine.
std::string place_of(int node);
/// "1843 MiB"
std::string mebibytes(long bytes);
/// The largest number where the sum is larger.
long saturated_sum(long one, long other);
/// pages * size, or the largest number where that is larger.
long bytes_of(long pages, long size);

}  // namespace virtbp::hugepages
