// SPDX-License-Identifier: GPL-3.0-or-later
// The files of a drop-in folder that stands in /etc, /run, /usr/local/lib, /usr/lib and /lib: sysctl.d,
// tmpfiles.d, udev/rules.d. Of files with one name the first place wins, and an empty file or a link to
// /dev/null there hides the others (systemd's rule, sysctl.d(5)).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "lib/formats/config_file.hpp"
#include "lib/system.hpp"

namespace virtbp {

/// The files in force, sorted by name. `folder` is "sysctl.d", "udev/rules.d"; `suffix` ".conf", ".rules".
/// Files in `as_if` are taken to hold its text, or to be missing where it holds none: what would be in force
/// after writing them. Throws SystemError where a file cannot be read.
std::vector<ConfigFile> drop_ins(const System& system, const std::string& folder, std::string_view suffix,
                                 const Files& as_if = {});

}  // namespace virtbp
