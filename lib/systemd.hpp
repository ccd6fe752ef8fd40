// SPDX-License-Identifier: GPL-3.0-or-later
// systemd's units, read from files alone: no systemctl, so that it works on an image and needs no systemd
// that runs.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lib/system.hpp"

namespace virtbp {

struct Unit {
    std::string name;      ///< "ksm.service"
    std::string path;      ///< where it was found: the first place of systemd's search path
    std::string text;      ///< "" where it is masked
    bool masked = false;   ///< a link to /dev/null, or empty
    bool enabled = false;  ///< a link of its name in a *.wants or *.requires folder of /etc/systemd/system
    bool active = false;   ///< its control group holds processes
};

struct Link {
    std::string path;
    std::string target;
};

/// Nothing where no place has the unit. Throws SystemError where it cannot be read.
std::optional<Unit> find_unit(const System& system, const std::string& name);

/// True where the unit's control group holds processes, whatever file it came from. A service that leaves
/// none, such as a oneshot with RemainAfterExit=, is not seen.
bool is_active(const System& system, const std::string& name);

/// The links that `systemctl enable` makes for WantedBy=, RequiredBy= and Alias= of a unit's [Install];
/// System::make_link() makes them. Also= is not followed.
std::vector<Link> enabling_links(std::string_view name, const std::string& path, std::string_view text);

}  // namespace virtbp
