// SPDX-License-Identifier: GPL-3.0-or-later
// Boot Loader Specification entries, /boot/loader/entries/ID.conf:
// https://uapi-group.org/specifications/specs/boot_loader_specification/ (type #1), with
// what GRUB's blscfg makes of them.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace virtbp {

struct BootEntry {
    std::string file;  ///< its name in the folder
    /// The file's name without .conf and without boot counters ("+3-0"), which are no part of it to
    /// systemd-boot, though they are to GRUB. loader.conf and EFI variables may name it with .conf.
    std::string id;
    std::string title, version, sort_key, machine_id, linux;
    /// All `options` lines, one blank between them (GRUB's blscfg takes the first line only); variables as
    /// written ("$kernelopts").
    std::string options;
    /// "rescue" in the id, or "0-rescue" in the version: not one that a machine starts by itself.
    bool is_rescue = false;
    bool is_bad = false;  ///< boot counting: no tries left, "+0" or "+0-N" at the end of the name
    /// The N of "rootflags=subvol=…/.snapshots/N/snapshot" in its options, "" where there is none. Where / is
    /// itself a snapshot the normal entry has one too; an entry of sdbootutil is of an old one where its
    /// sort-key begins with "snapper-", which are those that are read-only.
    std::string snapshot;
};

/// `name` is the file's name. Never fails: what is not understood is left out.
BootEntry parse_boot_entry(std::string_view name, std::string_view text);

/// The text with its options replaced: the first `options` line gets the value, others are taken away;
/// without one a line at the end. No line is left where `options` is empty. Everything else stays byte for
/// byte. Throws Error where `options` is more than one line.
std::string set_boot_entry_options(std::string_view text, std::string_view options);

/// In the order of a menu, the newest first. `by_grub`: blscfg's order, by the parts of the id
/// (NAME-VERSION-RELEASE) with the comparison of RPM's versions; otherwise systemd-boot's: bad entries last,
/// those with a sort-key by that, machine-id and version, then the others; at the end by id.
void sort_boot_entries(std::vector<BootEntry>& entries, bool by_grub);

/// -1, 0, 1: versions as RPM compares them, and as the UAPI version format specification does.
int compare_rpm_versions(std::string_view a, std::string_view b);
int compare_uapi_versions(std::string_view a, std::string_view b);

/// systemd-boot's loader.conf: the value of `default`, a glob of ids or "@saved"; nothing where there
/// is none.
std::optional<std::string> default_of_loader_config(std::string_view text);

}  // namespace virtbp
