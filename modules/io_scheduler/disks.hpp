// SPDX-License-Identifier: GPL-3.0-or-later
// From what users name to the disks whose queues matter: names, paths, patterns and `all`; partitions and
// stacked devices are followed down, paths of a multipath device up to it.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "lib/formats/selector.hpp"
#include "lib/schema.hpp"
#include "lib/system.hpp"

namespace virtbp {

/// Narrows what was named. What is not set does not matter.
struct Selection {
    std::optional<bool> rotational, removable, is_virtual;
    std::vector<std::string> transport;

    bool empty() const { return !rotational && !removable && !is_virtual && transport.empty(); }
    static Parameters<Selection> parameters();
};

struct Disk {
    std::string name;             ///< in /sys/block: "cciss!c0d0"
    std::string list = {};        ///< queue/scheduler as it reads; "" where there is none
    Selector schedulers = {};     ///< the same, parsed
    std::string first_path = {};  ///< of a multipath device: "sda"

    std::string folder() const { return "/sys/block/" + name; }
    /// No word is bracketed where nothing can be chosen: the device takes bios, not requests.
    bool is_configurable() const { return schedulers.chosen.has_value(); }
    bool is_mapped() const { return name.starts_with("dm-"); }
    bool is_nvme() const { return name.starts_with("nvme") || first_path.starts_with("nvme"); }
    /// The path of an NVMe multipath head, "nvme0c1n1": it has no node in /dev, and udev is not told of it.
    bool is_hidden() const {
        const auto after = name.find_first_not_of("0123456789", 4);
        return name.starts_with("nvme") && after != std::string::npos && name[after] == 'c';
    }
};

/// Hands over the disks in the order in which they are named, each once, as soon as it is found. Throws Error
/// where a name is no disk, unless those may be missing.
void find_disks(const System& system, const std::vector<std::string>& devices, const Selection& select,
                bool may_be_missing, const std::function<void(Disk)>& found);

}  // namespace virtbp
