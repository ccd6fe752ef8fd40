// SPDX-License-Identifier: GPL-3.0-or-later
// A virtualization host as a layout needs to know it: NUMA nodes with their CPUs, memory, huge pages and
// distances (guide row vbp-numa-topology; https://libvirt.org/formatcaps.html). Memory is in KiB, as in all
// of libvirt.
#pragma once

#include <map>
#include <set>
#include <vector>

#include "lib/formats/xml.hpp"
#include "lib/system.hpp"

namespace virtbp {

/// The pool of one page size on one node.
struct HostPages {
    long total = 0;
    long free = 0;
};

struct HostNode {
    int id = 0;
    long memory = 0;       ///< KiB; 0: the node has none
    long free_memory = 0;  ///< KiB
    /// Online CPUs by core: each core's are its siblings, sorted; cores are sorted by their lowest CPU.
    std::vector<std::vector<int>> cores;
    std::map<int, int> distances;     ///< node → distance, 10 for itself; empty where it is not known
    std::map<long, HostPages> pages;  ///< huge pages by their size in KiB

    std::vector<int> cpus() const;  ///< sorted
};

struct Host {
    std::vector<HostNode> nodes;  ///< sorted by id; none: nothing is known of the host
    std::set<int> isolated;       ///< CPUs that the kernel keeps its scheduler away from
    long default_page = 0;        ///< default huge page size in KiB; 0: not known

    bool known() const { return !nodes.empty(); }
    const HostNode* find(int id) const;      ///< nullptr where there is no such node
    std::vector<int> cpus() const;           ///< online, of all nodes, sorted
    const HostNode* node_of(int cpu) const;  ///< nullptr where no node has the CPU online
};

/// From the root element of libvirt's capabilities. Free memory and free pages are not in them and stay 0;
/// isolated and default_page stay empty.
Host host_of_capabilities(const XmlElement& capabilities);

/// From /sys/devices/system and /proc below the system's root. A kernel without NUMA is one node, 0; a tree
/// without /sys/devices/system/cpu gives a Host that is not known.
Host host_of_sysfs(const System& system);

/// isolated (/sys/devices/system/cpu/isolated and nohz_full; where an old kernel has no such file, isolcpus=
/// and nohz_full= of /proc/cmdline) and default_page (/proc/meminfo), which libvirt does not tell.
void add_kernel_facts(Host& host, const System& system);

}  // namespace virtbp
