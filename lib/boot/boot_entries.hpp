// SPDX-License-Identifier: GPL-3.0-or-later
// Loaders whose entries are files of the Boot Loader Specification: GRUB with blscfg (RHEL, Fedora), and the
// entries that SUSE's sdbootutil keeps for systemd-boot and grub2-bls (SL Micro, openSUSE, SLES 16).
#pragma once

#include <map>

#include "lib/boot/boot_loader.hpp"
#include "lib/boot/grub_output.hpp"
#include "lib/formats/boot_entry.hpp"
#include "lib/formats/config_file.hpp"
#include "lib/formats/grub_config.hpp"

namespace virtbp {

inline const std::string entries_folder = "/boot/loader/entries";

/// True where the variable is about entries like this one.
inline bool is_meant(const BootEntry& entry, BootVariable variable) {
    return entry.is_rescue == (variable == BootVariable::recovery);
}

/// The entry files of a folder, in the order of the menu.
struct EntryFiles {
    std::string folder;
    std::vector<BootEntry> entries;
    std::map<std::string, ConfigFile> by_name;  ///< as BootEntry::file

    EntryFiles() = default;
    EntryFiles(const System& system, std::string entry_folder, bool by_grub);
    const ConfigFile& file_of(const BootEntry& entry) const { return by_name.at(entry.file); }
    void set_options(BootEntry& entry, const std::string& options);
    /// By id, title or number, as GRUB names them; null where there is none.
    const BootEntry* find(std::string_view name) const;
};

/// /etc/kernel/cmdline: what entries get that are made from now on. Comments and line ends stay.
class KernelCmdline {
public:
    KernelCmdline() = default;
    explicit KernelCmdline(const System& system);

    const std::optional<ConfigFile>& file() const { return file_; }
    BootLine line() const;
    void set(std::string_view line);

private:
    std::optional<ConfigFile> file_;
    std::string fallback_, after_;
};

/// GRUB's blscfg. Entries are edited themselves, with /etc/kernel/cmdline and GRUB_CMDLINE_LINUX for those to
/// come, and `kernelopts` of the environment block where entries refer to it.
class GrubEntries : public BootLoader {
public:
    static Pointer find(const System& system, const BootChoice& choice, GrubOutput output, std::string why);

    std::string_view name() const override { return "bls"; }
    std::vector<BootLine> configured(BootVariable variable) const override;
    std::optional<NextBoot> next(BootVariable variable) const override;
    Pointer edited(BootVariable variable, const Edit& edit) const override;
    Files files() const override;

private:
    std::string options_of(const BootEntry& entry) const;
    const BootEntry* next_entry(std::string& why) const;

    EntryFiles files_;
    KernelCmdline cmdline_;
    std::optional<ConfigFile> defaults_;
    GrubOutput output_;
};

/// Entries that `sdbootutil update-all-entries` makes from /etc/kernel/cmdline.
class SdBootEntries : public BootLoader {
public:
    static bool are_used(const System& system);
    /// `by_grub`: GRUB shows the entries, and not systemd-boot.
    static Pointer find(const System& system, bool by_grub, std::string why);

    std::string_view name() const override { return "sdbootutil"; }
    std::vector<BootLine> configured(BootVariable variable) const override;
    std::optional<NextBoot> next(BootVariable variable) const override;
    Pointer edited(BootVariable variable, const Edit& edit) const override;
    Files files() const override;
    void generate(System& system) const override;
    std::string generator() const override { return "sdbootutil update-all-entries"; }
    std::string why_not_generated() const override;

private:
    void check(const EntryFiles& made) const;

    EntryFiles files_;
    KernelCmdline cmdline_;
    bool by_grub_ = false;
    std::string chosen_, chosen_by_;  ///< an id or a glob of ids, and who says so
    bool installed_ = false;
    std::vector<Edit> edits_;
};

}  // namespace virtbp
