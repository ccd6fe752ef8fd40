// SPDX-License-Identifier: GPL-3.0-or-later
// A domain's NUMA settings one by one, as the result's fields and its topology tell them.
#pragma once

#include <cstring>
#include <map>
#include <string>

#include "lib/json.hpp"
#include "lib/libvirt/domain.hpp"
#include "lib/libvirt/host.hpp"

namespace virtbp::domain_numa {

/// vcpupin/2 comes before vcpupin/10.
struct NaturalOrder {
    bool operator()(const std::string& a, const std::string& b) const {
        return strverscmp(a.c_str(), b.c_str()) < 0;
    }
};

using Settings = std::map<std::string, std::string, NaturalOrder>;

/// Name → value: cell/0/cpus "0-1", cell/0/memory "262144 KiB",
/// numatune/mode, memnode/0/nodeset, vcpupin/0, emulatorpin, cpuset, placement, memory, current_memory.
/// A setting that is not there has no name here.
Settings settings_of(const Domain& domain);

/// null where it is not there.
json value_of(const Settings& settings, const std::string& name);
/// With the names of all.
Settings together(Settings all, const std::vector<Settings>& others);

/// Whether a running domain takes another value of it (virDomainPinVcpuFlags, virDomainPinEmulator,
/// virDomainSetNumaParameters: the nodeset in mode restrictive alone).
bool can_change_live(const std::string& setting, const Domain& live);

/// The running domain with as much of the wish as it takes.
Domain reachable(const Domain& live, const Domain& wish);

/// The running domain without what is left of pins that were taken away: libvirt keeps a pin as long as the
/// domain runs, so it becomes one to all of the host's CPUs. Those that `wish` has stay.
Domain without_left_pins(Domain live, const Domain& wish, const Host& host);

/// For people: {vcpus, memory, cells: […], …} and {nodes: […]}.
json describe(const Domain& domain);
json describe(const Host& host);

}  // namespace virtbp::domain_numa
