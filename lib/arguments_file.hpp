// SPDX-License-Identifier: GPL-3.0-or-later
// The argument file of a run: JSON whose size and depth are bounded.
#pragma once

#include <string>
#include <string_view>

#include "lib/json.hpp"

namespace virtbp {

/// `name` is a path, or - for standard input. A FIFO that nobody writes to is empty, not waited for.
json read_arguments(const std::string& name);

/// Throws Error that calls the text `name`.
json parse_arguments(std::string_view text, std::string_view name);

}  // namespace virtbp
