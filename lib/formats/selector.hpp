// SPDX-License-Identifier: GPL-3.0-or-later
// A selector: a kernel file that lists what it offers and brackets what is in force, "none [mq-deadline]
// kyber" (queue/scheduler, transparent_hugepage/enabled, ksm/advisor_mode).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace virtbp {

struct Selector {
    std::vector<std::string> offered;   ///< in the kernel's order, without brackets
    std::optional<std::string> chosen;  ///< nothing where no word is bracketed

    bool offers(std::string_view word) const;
};

/// Never fails: an unclosed bracket is taken as plain text, and of several bracketed words the last is in
/// force.
Selector parse_selector(std::string_view text);

}  // namespace virtbp
