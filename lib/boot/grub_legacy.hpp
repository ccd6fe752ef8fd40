// SPDX-License-Identifier: GPL-3.0-or-later
// GRUB legacy (SLES 11): the entries of menu.lst are edited themselves, and in /etc/sysconfig/bootloader what
// entries of kernels to come get.
#pragma once

#include "lib/boot/boot_loader.hpp"
#include "lib/formats/config_file.hpp"
#include "lib/formats/menu_lst.hpp"

namespace virtbp {

class GrubLegacy : public BootLoader {
public:
    inline static const std::string menu = "/boot/grub/menu.lst";

    static Pointer find(const System& system, std::string why);

    std::string_view name() const override { return "grub-legacy"; }
    std::vector<BootLine> configured(BootVariable variable) const override;
    std::optional<NextBoot> next(BootVariable variable) const override;
    Pointer edited(BootVariable variable, const Edit& edit) const override;
    Files files() const override;

private:
    std::string text_;
    MenuLst parsed_;
    std::optional<ConfigFile> sysconfig_;
    std::optional<size_t> saved_;  ///< of `default saved`
};

}  // namespace virtbp
