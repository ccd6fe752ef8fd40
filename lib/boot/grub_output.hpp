// SPDX-License-Identifier: GPL-3.0-or-later
// The grub.cfg that GRUB itself reads, and its environment block.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "lib/formats/grub_config.hpp"
#include "lib/system.hpp"

namespace virtbp {

struct GrubOutput {
    std::string path;  ///< of grub.cfg
    GrubConfig config = {};
    std::string environment_file;
    std::optional<std::string> environment_block = {};  ///< nothing where GRUB would not take it
    std::map<std::string, std::string> environment = {};

    /// Arguments as the kernel gets them, or an entry's options.
    std::string expanded(const std::string& arguments) const {
        return expand_grub_arguments(arguments, config, environment);
    }
};

/// `named`, or the first that is no stub of an EFI partition; where there is none, an empty one where it
/// belongs. Throws Error where `named` is such a stub.
GrubOutput read_grub_output(const System& system, const std::string& named);

/// Throws Error where a parameter that is new on the line does not come through GRUB's script language as it
/// is.
void check_for_grub(std::string_view before, std::string_view after);

}  // namespace virtbp
