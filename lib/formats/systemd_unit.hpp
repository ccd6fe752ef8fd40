// SPDX-License-Identifier: GPL-3.0-or-later
// Unit files, systemd.syntax(7), and the names of units made from paths, systemd-escape(1).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace virtbp {

/// All values of a key in a section, in order; an empty assignment takes away those before it. Continuation
/// lines are joined by a blank.
std::vector<std::string> unit_values(std::string_view text, std::string_view section, std::string_view key);

/// The last of them; nothing where there is none.
std::optional<std::string> unit_value(std::string_view text, std::string_view section, std::string_view key);

/// An absolute path as a unit's name, as `systemd-escape --path --suffix=` makes it: "/dev/hugepages1G" and
/// "mount" give "dev-hugepages1G.mount". Throws Error where the path is not absolute, or holds "..".
std::string unit_name(std::string_view path, std::string_view suffix);

}  // namespace virtbp
