// SPDX-License-Identifier: GPL-3.0-or-later
// What the rules of everybody else do to a disk's scheduler.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "lib/formats/config_file.hpp"
#include "lib/formats/udev_rules.hpp"
#include "lib/system.hpp"
#include "modules/io_scheduler/identity.hpp"
#include "modules/io_scheduler/our_rules.hpp"

namespace virtbp {

/// The rules of all others, run for a disk as if one of our lines set `wanted` for it.
class OtherRules {
public:
    /// `files` are those of drop_ins().
    OtherRules(const System& system, std::vector<ConfigFile> files, const OurRules& ours);

    /// What they write before our line and after it, in order.
    struct Writes {
        std::vector<RuleWrite> before, after;
    };
    Writes around(const Disk& disk, const Identity& identity, const std::string& wanted) const;

private:
    UdevDevice device(const Disk& disk, const Identity& identity) const;

    const System& system_;
    std::optional<UdevRules> rules_;  // nothing where no rule of others writes schedulers
    int our_line_;                    // where ours stands in for all of our lines
    bool needs_parents_ = false;
};

}  // namespace virtbp
