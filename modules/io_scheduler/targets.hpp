// SPDX-License-Identifier: GPL-3.0-or-later
// The disks of one run: what each should have, what it cannot have, and what the next boot does to it.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "lib/field.hpp"
#include "lib/formats/config_file.hpp"
#include "lib/system.hpp"
#include "modules/io_scheduler/disks.hpp"
#include "modules/io_scheduler/identity.hpp"
#include "modules/io_scheduler/our_rules.hpp"
#include "modules/io_scheduler/params.hpp"
#include "modules/io_scheduler/schedulers.hpp"

namespace virtbp {

/// All of a disk that a run does not change.
struct Target : Disk {
    struct Obstacle {
        Outcome outcome;
        std::string reason;
    };

    std::string wanted = {};                           ///< as this disk calls it
    std::optional<Obstacle> obstacle = {};             ///< why it cannot have that now
    std::optional<Obstacle> boot_obstacle = {};        ///< and for good
    Identity identity = {};                            ///< where it can have it for good
    std::optional<RuleWrite> before = {}, after = {};  ///< what rules of others write that the kernel takes

    std::string field() const { return "scheduler/" + name; }
    std::string knob() const { return folder() + "/queue/scheduler"; }
    bool lacks(const std::optional<RuleWrite>& at_boot) const { return !at_boot || at_boot->value != wanted; }
};

/// What is asked for, and how rules can name it where it is to last. Throws Error where a device is not
/// found, or none is left, unless allow_none is given.
std::vector<Target> find_targets(const System& system, const LoadableSchedulers& loadable,
                                 const IoSchedulerParams& params);

/// Finds out how rules can name the targets and what those of others do to them. `files` are those of
/// drop_ins(). Gives what the next boot leaves each with.
std::vector<std::optional<RuleWrite>> read_rules(const System& system, const LoadableSchedulers& loadable,
                                                 const std::vector<ConfigFile>& files, const OurRules& ours,
                                                 std::vector<Target>& targets);

}  // namespace virtbp
