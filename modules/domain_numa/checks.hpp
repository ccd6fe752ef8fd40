// SPDX-License-Identifier: GPL-3.0-or-later
// What can be wrong with a domain's NUMA layout: in itself, and on a host. libvirt accepts most of it, and
// the guest then does not start, or runs slowly.
#pragma once

#include <optional>
#include <set>

#include "lib/libvirt/domain.hpp"
#include "lib/libvirt/host.hpp"
#include "modules/domain_numa/findings.hpp"

namespace virtbp::domain_numa {

/// What a host has besides its topology, as far as it is known.
struct HostServices {
    std::optional<bool> has_numad;
    std::optional<std::set<long>> hugetlbfs;  ///< page sizes in KiB of the mounts
    bool balances = false;                    ///< kernel.numa_balancing is on
    unsigned long libvirt_version = 0;        ///< 9.0.1 is 9000001; 0 where there is none
};

/// In the domain itself, whatever host it runs on. `default_page` is the host's default huge page in KiB, 0
/// where it is not known.
Findings check_guest(const Domain& domain, long default_page);

/// A part of that: its cells, and what of the guest's topology concerns them.
Findings check_cells(const Domain& domain);

/// On this host. `running` is the domain as it runs, nullptr where it does not: what it holds is not missing.
Findings check_host(const Domain& domain, const Host& host, const HostServices& services,
                    const Domain* running);

/// A part of that: whether its memory has room where it is to come from, and its vCPUs run there.
Findings check_placement(const Domain& domain, const Host& host, const Domain* running);

}  // namespace virtbp::domain_numa
