// SPDX-License-Identifier: GPL-3.0-or-later
// Lists of CPUs and nodes: "0-3,8" as the kernel writes them (admin-guide/kernel-parameters, "cpu lists"),
// with libvirt's exclusions, "0-7,^4".
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace virtbp {

/// Sorted, each number once. White space around numbers, and an empty text, are allowed. An exclusion takes
/// away what stands before it. Throws Error, which quotes the text, where it is not a list or goes beyond
/// 65535.
std::vector<int> parse_number_list(std::string_view text);

/// The canonical text of sorted numbers, each once: "0-3,8"; "" of none. What parse_number_list() gives fits.
std::string format_number_list(const std::vector<int>& numbers);

}  // namespace virtbp
