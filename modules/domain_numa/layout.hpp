// SPDX-License-Identifier: GPL-3.0-or-later
// The layout of a guest over a host's nodes: the fewest nodes, equal cells of whole pages, sibling pairs on
// sibling pairs; the same answer to the same question (guide rows vbp-dom-vnuma, vbp-dom-vcpupin,
// vbp-dom-numa-spread).
#pragma once

#include <map>
#include <optional>
#include <set>
#include <vector>

#include "lib/libvirt/host.hpp"

namespace virtbp::domain_numa {

/// What is asked of the layout.
struct LayoutWish {
    std::optional<std::vector<int>> nodes;  ///< exactly these, in this order; nothing: the fewest that fit
    bool pin = true;
    std::set<int> reserved;  ///< CPUs left to the host; a core is left out when any of its siblings is
};

struct LayoutGuest {
    int vcpus = 1;
    int threads = 1;  ///< of its <topology>: its vCPUs 0…threads-1 are siblings
    long memory = 0;  ///< KiB, without memory devices
    long page = 0;    ///< KiB of a huge page that backs it; 0: ordinary pages
    /// What the running guest holds on each node, which is free for its own new layout: KiB.
    std::map<int, long> held;
};

struct LayoutCell {
    std::vector<int> cpus;  ///< vCPUs
    long memory = 0;        ///< KiB
    int node = 0;           ///< the host's

    bool operator==(const LayoutCell&) const = default;
};

struct Layout {
    std::vector<LayoutCell> cells;
    std::map<int, std::vector<int>> pins;  ///< vCPU → host CPUs, the whole sibling set; none without pin

    bool operator==(const Layout&) const = default;
};

/// Throws Error where the guest does not fit or cannot be divided; it names what is missing on which node, or
/// the nearest sizes that can be.
Layout lay_out(const Host& host, const LayoutGuest& guest, const LayoutWish& wish);

/// Whether a layout that is there already does all that is asked, and may stay although lay_out() would
/// choose another: equal cells of whole pages, each on a node of its own that has room for it, and, with pin,
/// every vCPU on CPUs of its cell's node that are neither reserved nor isolated. Wished nodes must be the
/// ones used.
bool may_stay(const Layout& layout, const Host& host, const LayoutGuest& guest, const LayoutWish& wish);

}  // namespace virtbp::domain_numa
