// SPDX-License-Identifier: GPL-3.0-or-later
// GRUB 2 whose grub.cfg is made by grub-mkconfig from /etc/default/grub: SLES and openSUSE, Debian, Ubuntu.
#pragma once

#include <map>

#include "lib/boot/boot_loader.hpp"
#include "lib/boot/grub_output.hpp"
#include "lib/formats/config_file.hpp"

namespace virtbp {

class Grub2 : public BootLoader {
public:
    inline static const std::string usual_defaults = "/etc/default/grub";

    static Pointer find(const System& system, const BootChoice& choice, GrubOutput output, std::string why);

    std::string_view name() const override { return "grub2"; }
    std::vector<BootLine> configured(BootVariable variable) const override;
    std::optional<NextBoot> next(BootVariable variable) const override;
    Pointer edited(BootVariable variable, const Edit& edit) const override;
    Files files() const override;
    void generate(System& system) const override;
    std::string generator() const override;
    std::string why_not_generated() const override;

private:
    BootLine line_of(BootVariable variable) const;
    std::string value_of(std::string_view variable) const;
    /// Why an entry's line does not follow a variable, as "which …"; "" where it does.
    std::string why_apart(const GrubEntry& entry, BootVariable variable) const;
    /// /etc/default/grub alone where that is enough: drop-ins belong to packages.
    void edit_files(BootVariable variable, const Edit& edit);
    void check(const System& system, const std::string& path) const;
    /// Throws Error where grub-mkconfig or GRUB would not let through what is edited.
    void check_edit(BootVariable variable, const Edit& edit) const;

    std::vector<ConfigFile> defaults_;  ///< /etc/default/grub and its drop-ins, as they are read
    GrubOutput output_;
    std::string mkconfig_, checker_;
    bool sets_recovery_ = false;  ///< 10_linux has the recovery entries' parameters itself
    std::vector<std::pair<BootVariable, Edit>> edits_;
    std::map<bool, std::string>
        foreseen_;  ///< the next boot's line after edits: the kernel's, the hypervisor's
};

}  // namespace virtbp
