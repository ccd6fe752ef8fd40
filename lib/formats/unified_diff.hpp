// SPDX-License-Identifier: GPL-3.0-or-later
// Differences of two texts in the unified format of diff(1): "@@ -2,7 +2,7 @@", three lines around each.
#pragma once

#include <string>
#include <string_view>

namespace virtbp {

/// "" of equal texts. The names stand behind --- and +++. A text without a last line end is told as diff
/// does, "\ No newline at end of file". Time and memory are bounded for any input: equal lines at both ends
/// are set aside first, and what remains is compared by Myers' algorithm up to a limit, beyond which it is
/// told as taken out and put in as a whole.
std::string unified_diff(std::string_view before, std::string_view after, std::string_view before_name,
                         std::string_view after_name);

}  // namespace virtbp
