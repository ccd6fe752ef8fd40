// SPDX-License-Identifier: GPL-3.0-or-later
// GRUB legacy's menu.lst (SLES 11): its titles, and the command lines of kernels and hypervisors in them.
// https://www.gnu.org/software/grub/manual/legacy/grub.html
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace virtbp {

/// One command of a title that has a command line.
struct MenuLstLine {
    enum class Loads { kernel, hypervisor, module };
    Loads loads;  ///< `kernel /boot/xen.gz` is a hypervisor, the first `module` behind it the dom0's kernel
    std::string file;  ///< "(hd0,1)/boot/vmlinuz"
    /// What follows the file: the command's own options (--type=…, --no-mem-option) stand before it.
    std::string arguments;
    int line;  ///< from 1
};

struct MenuLstTitle {
    std::string title;
    std::vector<MenuLstLine> lines;
    /// By YaST's comment "Original name: failsafe", or by the title: failsafe, recovery mode.
    bool is_failsafe = false;
    /// Loads a Linux kernel, with a hypervisor or without: no chainloader, no memtest.
    bool is_kernel = false;
    int line = 0;
};

struct MenuLst {
    std::vector<MenuLstTitle> titles;
    /// Of `default N`; without one, or with one that is not there, what GRUB takes: the first of `fallback`,
    /// or 0. Nothing for `default saved`, and where there are no titles.
    std::optional<size_t> default_title;
};

/// Never fails: what it does not understand is left out. A line that ends in a backslash goes on in the
/// next one.
MenuLst parse_menu_lst(std::string_view text);

/// The text with the arguments of commands replaced, line -> arguments; everything else stays byte for byte,
/// the line's indent, command, options and file too. Throws Error where such a line has no command line, or
/// where its arguments are more than one line.
std::string set_menu_lst_arguments(std::string_view text, const std::map<int, std::string>& arguments);

}  // namespace virtbp
