// SPDX-License-Identifier: GPL-3.0-or-later
// The huge page parameters of the boot loader's lines: the one that files are set to, and the one that the
// next boot has. A value, as BootPools.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "lib/boot/boot_lines.hpp"
#include "lib/formats/cmdline.hpp"
#include "modules/hugepages/pools.hpp"

namespace virtbp::hugepages {

class LoaderLines {
public:
    struct Line {
        Cmdline parameters;
        std::string source;
    };

    LoaderLines() = default;
    /// The running line stands for both where no boot loader is asked for, or none is known; it cannot be
    /// set.
    LoaderLines(const System& system, HugePageSupport support, bool of_loader);

    bool can_be_set() const { return lines_.why_none().empty(); }
    const Line& configured() const { return configured_; }
    const Line& next() const { return next_; }
    /// Why the next boot starts something that does not follow what is set; "" where it does.
    const std::string& apart() const { return apart_; }
    /// Why it does not have yet what is set; "" where it has.
    const std::string& waits() const { return waits_; }

    /// The group with these wishes, the other pools of the line and its default size kept. Throws Error where
    /// no line gives them, and where no boot loader is known.
    void set(std::optional<long> default_size, const std::vector<Wish>& wishes);

    Files files() const { return lines_.files(); }
    /// As BootLines::apply().
    void apply(System& system, const Files& is, const Files& should) const {
        lines_.apply(system, is, should);
    }

private:
    std::vector<std::string> group(std::optional<long> default_size, const std::vector<Wish>& wishes) const;
    void look();

    BootLines lines_;
    HugePageSupport support_;
    Line configured_, fullest_, next_;
    std::string apart_, waits_;
};

}  // namespace virtbp::hugepages
