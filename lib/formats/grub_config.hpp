// SPDX-License-Identifier: GPL-3.0-or-later
// GRUB 2's grub.cfg, as grub-mkconfig writes it, and its environment block: enough of both to tell what the
// next boot starts. https://www.gnu.org/software/grub/manual/grub/grub.html
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace virtbp {

/// One command of an entry that loads a kernel, a hypervisor or a module: `linux`, `linuxefi`, `linux16`,
/// `multiboot`, `multiboot2`, `module` or `module2`.
struct GrubCommand {
    std::string name;
    std::string file;  ///< what it loads
    /// What follows the file (with Xen its first word may be "placeholder"), as GRUB passes it on: words that
    /// were quoted because of blanks have double quotes around them, and quotes inside of words a backslash
    /// before them. Variables stand as written ("$tuned_params"), and a backslash before each '$' and '\'
    /// that is literal: expand_grub_arguments() gives what the kernel gets.
    std::string arguments;
    int line;  ///< from 1
};

struct GrubEntry {
    std::string title;
    std::string id;      ///< of --id or $menuentry_id_option; "" where there is none
    std::string script;  ///< the part of /etc/grub.d that wrote it ("10_linux"); "" where no part is marked
    /// Of titles, the outermost submenu's first, as `default` names it: "Older kernels>Linux 6.1".
    std::string path;
    std::string index;          ///< the same in numbers: "1>0"
    bool by_menu_only = false;  ///< below a submenu or marked as recovery, so that only a choice starts it
    std::vector<GrubCommand> commands;
    int line = 0;         ///< of its menuentry
    size_t menu = 0;      ///< 0: the outermost, else submenus[menu - 1]
    size_t position = 0;  ///< in that menu, from 0, submenus counted
};

struct GrubSubmenu {
    std::string title;
    std::string id;
    size_t menu = 0;      ///< the one that it is in, as in GrubEntry
    size_t position = 0;  ///< in that menu
};

/// What runs at a boot that nothing was asked of: a branch for next_entry, and SUSE's for extra_cmdline
/// (below a snapshot's own menu), are not part of it, functions neither.
struct GrubConfig {
    std::vector<GrubEntry> entries;     ///< in the order of the file, those of submenus among them
    std::vector<GrubSubmenu> submenus;  ///< an outer one before its inner ones
    /// set NAME="value" outside of entries, as written ("${saved_entry}"): the last of each that no condition
    /// or an `else` leads to, without such the first one. "default" is what the file itself chooses.
    std::map<std::string, std::string> variables;
    bool reads_environment = false;  ///< has load_env
    /// no entries and no parts of mkconfig, but a `configfile` or `source` of another place: an EFI
    /// partition's
    bool is_stub = false;
    bool includes_blscfg = false;  ///< has the command blscfg: entries are files of /boot/loader/entries
};

/// Never fails: what it does not understand is left out, and so are submenus that are more than 8 deep or
/// 1000 bytes of titles long.
GrubConfig parse_grub_config(std::string_view text);

/// grubenv: a block of exactly 1024 bytes, "# GRUB Environment Block\n", NAME=value lines, filled with '#';
/// in values a backslash stands before a backslash and a line end. Throws Error where it is none.
std::map<std::string, std::string> parse_grub_environment(std::string_view block, std::string_view path);
/// The block with one variable set; everything else stays but the filling. Throws Error where it does not
/// fit.
std::string set_grub_environment(std::string_view block, std::string_view name, std::string_view value,
                                 std::string_view path);

struct GrubChoice {
    const GrubEntry* entry =
        nullptr;      ///< nothing where there is no entry, or none in the submenu that is chosen
    std::string why;  ///< "next_entry of grubenv", "saved_entry of grubenv", "set default", "the first entry"
};

/// What GRUB starts next without anybody at the console: a one-shot next_entry, then `default`. Either is a
/// path with '>', each part an id, a title ('>' in it doubled) or a number; a part that names nothing is the
/// first of its menu, and so is what no part is left for. The environment is looked at only where the file
/// loads it.
GrubChoice next_grub_entry(const GrubConfig& config, const std::map<std::string, std::string>& environment);

/// A command's arguments with $NAME and ${NAME} put in from the file's variables and the environment (which
/// wins); what neither knows is empty, as GRUB has it. Values of the file may have variables in them. Nothing
/// is put in beyond 64 KiB: no kernel takes more.
std::string expand_grub_arguments(const std::string& arguments, const GrubConfig& config,
                                  const std::map<std::string, std::string>& environment);

}  // namespace virtbp
