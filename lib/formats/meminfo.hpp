// SPDX-License-Identifier: GPL-3.0-or-later
// /proc/meminfo, and a node's: /sys/devices/system/node/nodeN/meminfo, whose lines begin with "Node N ".
#pragma once

#include <optional>
#include <string_view>

namespace virtbp {

/// The value of a key ("MemTotal", "HugePages_Free"): bytes where the line ends in kB, a plain number
/// otherwise; nothing where there is no such line. Throws Error where the line has no number or one too
/// large.
std::optional<long> meminfo(std::string_view text, std::string_view key);

}  // namespace virtbp
