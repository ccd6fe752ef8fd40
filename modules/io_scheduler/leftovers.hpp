// SPDX-License-Identifier: GPL-3.0-or-later
// What else on a machine wants to set schedulers at boot, and is dead or works against the rules: warned of,
// since it is not ours to take away.
#pragma once

#include <string>
#include <vector>

#include "lib/formats/config_file.hpp"
#include "lib/system.hpp"

namespace virtbp {

/// A disk's knob, and the scheduler that it should have.
struct WantedKnob {
    std::string path;  ///< "/sys/block/sda/queue/scheduler"
    std::string scheduler;
};

/// True for kernels of before 5.0: the legacy block layer, whose scheduler the parameter chose, went with it.
bool obeys_elevator(const System& system);

/// elevator= on the command line, and in /etc/default/grub, where it means nothing.
std::vector<std::string> dead_parameters(const System& system);

/// Lines of tmpfiles.d that write something else to the knobs.
std::vector<std::string> contrary_tmpfiles(const System& system, const std::vector<WantedKnob>& wanted);

/// udev rules that run a program on the knobs: what it writes is not known. `rules` are those of drop_ins().
std::vector<std::string> programs_in_rules(const std::vector<ConfigFile>& rules);

}  // namespace virtbp
