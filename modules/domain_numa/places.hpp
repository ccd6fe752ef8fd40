// SPDX-License-Identifier: GPL-3.0-or-later
// What a guest may have of a host's nodes, whether it can be divided over some of them, and the words for
// where it cannot be laid out.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "lib/error.hpp"
#include "lib/libvirt/host.hpp"
#include "modules/domain_numa/layout.hpp"

namespace virtbp::domain_numa {

struct Place {
    const HostNode* node;
    std::vector<std::vector<int>> cores;  ///< those without a reserved or isolated CPU
    long cpus = 0;                        ///< of these cores
    long free = 0;                        ///< KiB for this guest: with what it holds, of its page size

    bool is_usable() const { return node->memory > 0 && cpus > 0; }
    bool has_room(long vcpus, long memory) const { return cpus >= vcpus && free >= memory; }
};

/// All nodes by id, usable or not. They point into the host.
std::vector<Place> places_of(const Host& host, const LayoutGuest& guest, const std::set<int>& reserved);

/// Why the guest cannot be divided over so many nodes equally and in whole pages, with the nearest sizes that
/// can; "" where it can.
std::string indivisible(const LayoutGuest& guest, long nodes);

/// "node 2 has no memory": why a node that is not usable is not.
std::string useless(const Place& place);

/// What the guest needs and what there is: of all nodes, or of those that were wished for.
Error no_room(const std::vector<Place>& places, const LayoutGuest& guest);
Error no_room_on(const std::vector<Place>& wished, const LayoutGuest& guest);

}  // namespace virtbp::domain_numa
