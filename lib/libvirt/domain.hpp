// SPDX-License-Identifier: GPL-3.0-or-later
// A domain's definition as values: its NUMA layout, and what must be known to judge it
// (https://libvirt.org/formatdomain.html; guide rows vbp-dom-vnuma, vbp-dom-numatune, vbp-dom-vcpupin,
// vbp-dom-numa-nonvnuma). Memory is in KiB, lists of CPUs and nodes are sorted.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "lib/formats/xml.hpp"

namespace virtbp {

/// <cpu><numa><cell>: a NUMA node of the guest.
struct GuestCell {
    std::vector<int> cpus;  ///< vCPUs
    long memory = 0;
    std::string mem_access = {};        ///< shared, private; "" where the domain's holds
    std::string discard = {};           ///< yes, no; "" where the domain's holds
    std::map<int, int> distances = {};  ///< cell → distance; empty where libvirt's 10 and 20 hold

    bool operator==(const GuestCell&) const = default;
};

/// The modes of MemoryPolicy.
inline const std::vector<std::string> memory_modes{"strict", "interleave", "preferred", "restrictive"};

/// <numatune><memory> and <memnode>: where memory comes from.
struct MemoryPolicy {
    std::string mode = "strict";
    std::vector<int> nodeset = {};     ///< of the host; none with placement auto
    std::string placement = "static";  ///< or auto: numad chooses; a memnode has none

    bool operator==(const MemoryPolicy&) const = default;
};

/// <memoryBacking><hugepages><page>.
struct HugePageBacking {
    long size = 0;                ///< KiB; 0: the host's default
    std::vector<int> cells = {};  ///< none: all that no other names

    bool operator==(const HugePageBacking&) const = default;
};

/// <memory model=…> among the devices.
struct MemoryDevice {
    long size = 0;
    std::optional<int> cell = {};

    bool operator==(const MemoryDevice&) const = default;
};

/// <cpu><topology>.
struct GuestTopology {
    long cpus = 0;  ///< the product of all its levels
    int threads = 1;

    bool operator==(const GuestTopology&) const = default;
};

/// <memtune>; nothing where unlimited or not set.
struct MemoryLimits {
    std::optional<long> soft, hard, swap_hard;

    bool operator==(const MemoryLimits&) const = default;
};

struct Domain {
    std::string name, uuid;
    int max_vcpus = 1;
    int current_vcpus = 1;  ///< plugged in when it starts
    bool vcpu_placement_auto = false;
    long memory = 0;                 ///< with memory devices
    long current_memory = 0;         ///< what the balloon leaves
    std::optional<long> max_memory;  ///< that memory devices may bring it to
    int memory_slots = 0;            ///< for memory devices; 0: not told

    // What domain_numa manages.
    std::map<int, GuestCell> cells;
    std::optional<MemoryPolicy> numatune;
    std::map<int, MemoryPolicy> memnodes;  ///< cell →
    std::map<int, std::vector<int>> vcpupins;
    std::optional<std::vector<int>> emulatorpin;
    std::optional<std::vector<int>> cpuset;  ///< of <vcpu>

    // What decides whether that can be right.
    std::vector<HugePageBacking> hugepages;
    std::string memory_source, access_mode;  ///< of memoryBacking; "" where not set
    std::vector<MemoryDevice> memory_devices;
    std::set<int> iothreads;            ///< their ids
    std::set<int> iothreadpins;         ///< ids that are pinned
    std::vector<int> controller_cells;  ///< that PCI expander buses belong to
    std::optional<GuestTopology> topology;
    MemoryLimits limits;

    /// Memory of its memory devices together.
    long device_memory() const;
    /// The huge page size in KiB that backs a cell (or, without cells, the guest): 0 for ordinary pages.
    /// `default_size` is the host's.
    long page_of(int cell, long default_size) const;

    bool operator==(const Domain&) const = default;
};

/// Reads the root element of a domain's XML. Throws Error where it is none, or where a value of it cannot be
/// understood or is there twice; `what` names the document. What libvirt would fill in is filled in: ids of
/// cells by their position, mode strict, mirrored distances, the memory of the cells where no other is given.
Domain read_domain(const XmlElement& root, std::string_view what);

/// As libvirt does on definition (virDomainNumaDefNodeDistanceParseXML): a distance that only one side gives
/// holds for the other, too, and a cell that has any is 10 from itself.
void complete_distances(std::map<int, GuestCell>& cells);

/// The text with those of domain_numa's settings, memory and current_memory changed that differ in `should`;
/// all else stays byte for byte. New elements are written as libvirt writes them. `root` is the parsed
/// `text`.
std::string edit_domain(const std::string& text, const XmlElement& root, const Domain& should);

/// A domain's XML without what nobody may read: passwords of its graphics, cookies of its disks.
std::string without_secrets(const std::string& text);

}  // namespace virtbp
