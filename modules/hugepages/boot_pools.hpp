// SPDX-License-Identifier: GPL-3.0-or-later
// What the next boot reserves, in the order in which it does: the kernel command line, sysctl.d, and a unit
// of our own. A value: want() changes a copy of it and sees what its own files will do.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "lib/formats/cmdline.hpp"
#include "lib/formats/config_file.hpp"
#include "lib/json.hpp"
#include "lib/system.hpp"
#include "lib/systemd.hpp"
#include "modules/hugepages/pools.hpp"

namespace virtbp::hugepages {

/// What makes a number of pages last.
enum class Keeper { sysctl, unit, cmdline };

class BootPools {
public:
    struct Setting {
        json pages;          ///< null where the files do not tell
        std::string source;  ///< "/etc/sysctl.d/x.conf:3"; "" where nothing sets it
    };

    BootPools() = default;
    BootPools(const System& system, HugePageSupport support);

    /// What the boot gives a knob. A node's part of the machine's count is the kernel's to choose.
    Setting find(const Knob& knob) const;
    /// Sets a knob where it is kept from now on, and takes it out of our other file. The command line is not
    /// ours.
    void set(const Wish& wish, Keeper keeper);

    /// Who sets the machine's count although a knob of a node of this size is kept by our unit; "" where
    /// nobody does.
    std::string spread_before(const Knob& knob) const;
    /// True where an administrator has forbidden our unit.
    bool unit_is_masked() const { return masked_; }
    static std::string file_of(Keeper keeper);
    /// With hugetlb_cma= the kernel leaves out gigantic pages that the command line asks for.
    bool skips_at_boot(long size) const;

    /// The parameters of huge pages that a command line needs for what it says now and these wishes.
    std::string command_line(std::optional<long> default_size, const std::vector<Wish>& wishes) const;

    Files files() const;              ///< as State::files takes them
    std::vector<Link> links() const;  ///< that make systemd start our unit

private:
    std::string unit_text() const;
    void forget(const Knob& knob, bool in_sysctl);

    HugePageSupport support_;
    Cmdline cmdline_;
    std::vector<ConfigFile> sysctl_;
    std::optional<std::string> our_sysctl_, our_unit_;
    std::map<std::string, long> unit_lines_;  ///< the unit's writes: kernel file -> pages
    bool enabled_ = false, masked_ = false;
};

}  // namespace virtbp::hugepages
