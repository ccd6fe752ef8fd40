// SPDX-License-Identifier: GPL-3.0-or-later
// A boot loader on the way from what is to what should be: its lines as files are set to, and as the next
// boot has them. A value, for a module's State.
#pragma once

#include <map>

#include "lib/boot/boot_loader.hpp"

namespace virtbp {

class BootLines {
public:
    BootLines() = default;
    /// `regenerate`: the loader's own files are made from the edited ones. A machine without a known boot
    /// loader is no error: why_none() tells.
    BootLines(const System& system, const BootChoice& choice, bool regenerate = true);

    const std::string& why_none() const { return why_none_; }
    /// Only where why_none() is "".
    const BootLoader& loader() const { return *loader_; }

    const std::vector<BootLine>& configured(BootVariable variable) const;
    /// As the next boot has it: after an edit, what that becomes where the loader's files are made at once.
    std::optional<NextBoot> next(BootVariable variable) const;
    /// Why the next boot does not have yet what was edited; "" where it has.
    std::string waits(const NextBoot& next) const;

    /// Throws Error where there is no boot loader, and where its files cannot be edited safely.
    void edit(BootVariable variable, const BootLoader::Edit& edit);
    Files files() const;
    /// Brings the files from `is` to `should`, and where an edit changed something the loader's own, too;
    /// when those cannot be made, the former are put back, and Error is thrown.
    void apply(System& system, const Files& is, const Files& should) const;

private:
    bool reaches() const;

    BootLoader::Pointer loader_, starts_;
    mutable std::map<BootVariable, std::vector<BootLine>> configured_;  ///< those that were asked for
    std::string why_none_ = "no boot loader was looked for";
    bool live_ = false, regenerate_ = true, is_edited_ = false;
};

}  // namespace virtbp
