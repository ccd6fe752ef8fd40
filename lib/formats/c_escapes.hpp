// SPDX-License-Identifier: GPL-3.0-or-later
// Escapes of the C language as systemd and udev take them: \n, \\, \x41, \101, \u00e9, and \s for a blank.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace virtbp {

/// The text without escapes; nothing where one is unknown, not whole, or stands for NUL.
std::optional<std::string> unescape_c(std::string_view text);

}  // namespace virtbp
