// SPDX-License-Identifier: GPL-3.0-or-later
// What the next boot reserves, in the order in which it does: the kernel command line, sysctl.d, and a unit
// of our own. A value: want() changes a copy of it and sees what its own files will do.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "lib/formats/config_file.hpp"
#include "lib/json.hpp"
#include "lib/system.hpp"
#include "lib/systemd.hpp"
#include "modules/hugepages/loader_lines.hpp"
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
    /// `of_loader`: the boot loader's lines are looked at, too, and can be set.
    BootPools(const System& system, const HugePageSupport& support, bool of_loader);

    /// What the boot gives a knob. A node's part of the machine's count is the kernel's to choose.
    Setting find(const Knob& knob) const;
    /// Sets a knob where it is kept from now on, and takes it out of our other file. The command line is set
    /// as a whole, by set_lines().
    void set(const Wish& wish, Keeper keeper);
    void set_lines(std::optional<long> default_size, const std::vector<Wish>& wishes);
    /// What the boot loader's files are set to for a knob, whatever the boot does after the kernel has
    /// started.
    Setting find_configured(const Knob& knob) const;
    const LoaderLines& lines() const { return lines_; }
    long reserved_by_line() const;  ///< in bytes, of what the boot loader's files are set to
    /// The default size after the boot, and as the boot loader's files are set to.
    long default_size() const {
        return simulate_huge_page_boot(lines_.next().parameters, support_).default_size;
    }
    long configured_default_size() const {
        return simulate_huge_page_boot(lines_.configured().parameters, support_).default_size;
    }

    /// Who sets the machine's count although a knob of a node of this size is kept by our unit; "" where
    /// nobody does.
    std::string spread_before(const Knob& knob) const;
    /// True where an administrator has forbidden our unit.
    bool unit_is_masked() const { return masked_; }
    static std::string file_of(Keeper keeper);
    /// With hugetlb_cma= the kernel leaves out gigantic pages that the command line asks for.
    static bool skips(const LoaderLines::Line& line, long size);

    Files files() const;              ///< as State::files takes them
    std::vector<Link> links() const;  ///< that make systemd start our unit

private:
    std::string unit_text() const;
    void forget(const Knob& knob, bool in_sysctl);

    static Setting on_line(const LoaderLines::Line& line, const Knob& knob, const HugePageSupport& support);

    HugePageSupport support_;
    LoaderLines lines_;
    std::vector<ConfigFile> sysctl_;
    std::optional<std::string> our_sysctl_, our_unit_;
    std::map<std::string, long> unit_lines_;  ///< the unit's writes: kernel file -> pages
    bool enabled_ = false, masked_ = false;
};

}  // namespace virtbp::hugepages
