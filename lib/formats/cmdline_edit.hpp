// SPDX-License-Identifier: GPL-3.0-or-later
// A kernel command line, edited: only the parameters that are asked about move, everything else stays byte
// for byte where it is.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lib/formats/cmdline.hpp"
#include "lib/json.hpp"

namespace virtbp {

/// What a user wants of a line.
struct CmdlineWish {
    std::vector<CmdlineToken> present;
    std::vector<CmdlineToken> absent;  ///< without a value, all parameters of that name
    bool replace = false;              ///< `present` is the whole line, but for what boots the machine
    bool force = false;  ///< and that, too: root=, rd.*, resume=, GRUB's $variables, and what follows --
};

/// One parameter as a user writes it: blanks in its value are put in quotes. Throws Error where it is none,
/// or is what a YAML boolean or null became on its way (True, None).
CmdlineToken parse_parameter(const std::string& text);

/// Throws Error where the wish contradicts itself, or where its parameters of huge pages are such as a kernel
/// ignores.
void check_wish(const CmdlineWish& wish, const HugePageSupport& support);

/// The line as wished. Of a parameter that counts once the last one is changed, and others of its name are
/// taken away; of one that may come often (console=) those wished for are there in that order, others stay;
/// parameters of huge pages are one group, and stay as they are where they reserve the same. New ones go to
/// the end, before " -- ". Throws Error where a quote of the line is not closed, and where what is taken away
/// would leave a group that a kernel ignores in part.
std::string edit_cmdline(std::string_view text, const CmdlineWish& wish, const HugePageSupport& support);

/// What a wish manages, each once: names, and "hugepages" for the group.
std::vector<std::string> managed_parameters(const CmdlineWish& wish);

/// What a line says of one of them: null where it is not there, true where it has no value, else its value;
/// all values with a blank between them where it may come often; of huge pages the group that reserves the
/// same.
json cmdline_value(const Cmdline& line, const std::string& name, const HugePageSupport& support);

}  // namespace virtbp
