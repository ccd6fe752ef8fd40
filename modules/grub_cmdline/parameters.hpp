// SPDX-License-Identifier: GPL-3.0-or-later
// What users can ask of the grub_cmdline module.
#pragma once

#include <string>
#include <vector>

#include "lib/boot/boot_loader.hpp"
#include "lib/formats/cmdline_edit.hpp"
#include "lib/module.hpp"

namespace virtbp::grub_cmdline {

struct Params : HostParams {
    std::vector<std::string> present, absent;
    bool replace = false, force = false, regenerate = true;
    std::string variable = "default", backend = "auto";
    std::optional<std::string> defaults_file, output_file;

    static Parameters<Params> parameters();
    void check() const;

    CmdlineWish wish() const;
    /// What is wanted of one of managed_parameters().
    CmdlineWish wish(const std::string& name) const;
    BootVariable boot_variable() const;
    /// Not for all entries: a machine may start without any of them.
    bool is_for_some() const { return variable != "default" && variable != "linux"; }
    bool is_for_hypervisor() const { return variable == "xen" || variable == "xen_default"; }
    BootChoice choice() const { return {backend, defaults_file.value_or(""), output_file.value_or("")}; }
};

Manual manual();

}  // namespace virtbp::grub_cmdline
