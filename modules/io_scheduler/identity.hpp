// SPDX-License-Identifier: GPL-3.0-or-later
// How udev's rules can tell a disk from all others, whatever name the kernel gives it.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "lib/system.hpp"
#include "modules/io_scheduler/disks.hpp"

namespace virtbp {

/// What udev knows of a disk.
struct Identity {
    std::string number;      ///< "8:0"; "" where it is not known
    std::string properties;  ///< its file in udev's database
    /// How a rule can match it, the best first: ENV{ID_WWN}=="0x5…". The last is the kernel's name, which
    /// another disk may have after the next boot. None where all hold characters that a rule gives a meaning.
    std::vector<std::string> matches;

    bool is_stable() const { return !matches.empty() && !matches.front().starts_with("KERNEL"); }
};

/// A file below /sys as udev reads it: one that cannot be read is not there.
std::optional<std::string> read_attribute(const System& system, const std::string& path);

Identity identify(const System& system, const Disk& disk);

/// A disk of a tree without /sys, which its link below /dev/disk/by-id tells apart; nothing where the path is
/// none.
std::optional<Identity> identify_by_link(const std::string& path);

}  // namespace virtbp
