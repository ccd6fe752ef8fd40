// SPDX-License-Identifier: GPL-3.0-or-later
// What users can ask of the io_scheduler module.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "lib/module.hpp"
#include "modules/io_scheduler/disks.hpp"

namespace virtbp {

struct IoSchedulerParams : HostParams {
    std::vector<std::string> devices, scheduler;
    Selection select;
    std::optional<std::string> role;
    bool allow_none = false, remove_elevator = false;

    static Parameters<IoSchedulerParams> parameters();
    void check() const;

    /// What the user prefers for a disk, or the guide, in names of today.
    std::vector<std::string> preference(const Disk& disk) const;
};

Manual io_scheduler_manual();

}  // namespace virtbp
