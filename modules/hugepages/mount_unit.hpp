// SPDX-License-Identifier: GPL-3.0-or-later
// systemd's .mount unit of one path, with its drop-ins. A value, as BootPools.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "lib/formats/config_file.hpp"
#include "lib/system.hpp"
#include "lib/systemd.hpp"

namespace virtbp::hugepages {

class MountUnit {
public:
    struct Options {
        std::string text;    ///< "nosuid,pagesize=1G"
        std::string source;  ///< the file that gives them
        bool by_drop_in = false;
    };

    MountUnit() = default;
    MountUnit(const System& system, std::string path);

    bool is_masked() const { return unit_ && unit_->masked; }
    /// systemd mounts it at boot: it is enabled, or the distribution's and needs no enabling.
    bool is_started() const;
    /// systemd would take it before a line of fstab.
    bool beats_fstab() const;
    /// The file system, "hugetlbfs"; "" where there is no unit, or it leaves that open.
    std::string type() const;
    /// Of the unit and its drop-ins; without text where there is no unit.
    Options options() const;

    /// Makes systemd mount the path with these options: by a unit of ours, or by a drop-in where the unit is
    /// someone else's. `size` is what a new unit waits for and names. Throws Error where the unit mounts
    /// another file system.
    void set(const std::string& options, std::optional<long> size);
    void start();

    Files files() const;
    std::vector<Link> links() const;

private:
    bool is_ours() const;

    std::string path_, name_;
    std::optional<Unit> unit_;
    std::vector<ConfigFile> drop_ins_;
    std::optional<std::string> our_drop_in_;
};

}  // namespace virtbp::hugepages
