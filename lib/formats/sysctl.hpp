// SPDX-License-Identifier: GPL-3.0-or-later
// sysctl.d(5), as systemd-sysctl reads it. A key is kept as its path below /proc/sys, "vm/nr_hugepages".
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lib/formats/config_file.hpp"

namespace virtbp {

struct SysctlAssignment {
    std::string key;  ///< a path below /proc/sys, or a pattern of such paths
    std::optional<std::string>
        value;           ///< nothing: "-key" alone, which takes the key out of what patterns set
    int line;            ///< from 1
    bool ignore_errors;  ///< written "-key = value"
};

struct SysctlSetting {
    std::string value;
    std::string path;  ///< of the file
    int line;
};

/// Either spelling as a path: the separator that comes first is the one that separates, so that
/// "net.ipv4.conf.eth0/1.forwarding" is "net/ipv4/conf/eth0.1/forwarding".
std::string sysctl_path(std::string_view key);

/// The assignments of one text in order. Lines that are none are left out, as systemd ignores them.
std::vector<SysctlAssignment> parse_sysctl(std::string_view text);

/// What the boot sets the key to, and where. Files in the order of drop_ins(): of equal keys the last one
/// counts, and a key by name beats every pattern. Nothing where no file sets it.
std::optional<SysctlSetting> effective_sysctl(const std::vector<ConfigFile>& files, std::string_view key);

/// The text with one assignment of the key, its last one changed where there is one, or a line at the end;
/// everything else is kept byte for byte. Patterns are not keys.
std::string set_sysctl(std::string_view text, std::string_view key, std::string_view value);
/// The text without any assignment of the key.
std::string unset_sysctl(std::string_view text, std::string_view key);

}  // namespace virtbp
