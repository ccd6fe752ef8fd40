// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>

#include "lib/boot/boot_entries.hpp"
#include "lib/error.hpp"
#include "lib/text.hpp"

namespace virtbp {

namespace {

const std::string program = "sdbootutil";

/// The EFI partition's, or where an extended boot partition is mounted.
std::string folder_of(const System& system) {
    for (const std::string folder :
         {"/boot/efi/loader/entries", "/efi/loader/entries", "/boot/loader/entries"}) {
        const auto names = system.list(folder);
        if (std::any_of(names.begin(), names.end(), [](const auto& name) { return name.ends_with(".conf"); }))
            return folder;
    }
    return "";
}

bool is_installed(const System& system) {
    return system.exists("/usr/bin/sdbootutil") || system.exists("/usr/sbin/sdbootutil");
}

/// A variable of systemd's boot loader interface (https://systemd.io/BOOT_LOADER_INTERFACE): four bytes of
/// attributes, then UTF-16. Ids are ASCII.
std::string efi_variable(const System& system, std::string_view name) {
    const auto bytes =
        system.read_if(concat({"/sys/firmware/efi/efivars/", name, "-4a67b082-0a4c-41cf-b6c7-440b29bb8c4f"}));
    std::string text;
    for (size_t i = 4; bytes && i + 1 < bytes->size(); i += 2)
        if (const char c = (*bytes)[i]; c != '\0') text += c;
    return text;
}

/// Why sdbootutil leaves an entry as it is; "" where it makes it anew.
std::string why_left(const BootEntry& entry) {
    if (entry.sort_key.starts_with("snapper-")) return "which is of an old snapshot";
    return entry.is_rescue ? "which is a rescue entry" : "";
}

void refuse_others(BootVariable variable) {
    if (variable >= BootVariable::recovery)
        throw Error("variable: sdbootutil keeps one line of parameters, for normal entries");
}

}  // namespace

bool SdBootEntries::are_used(const System& system) {
    return is_installed(system) && !folder_of(system).empty();
}

BootLoader::Pointer SdBootEntries::find(const System& system, bool by_grub, std::string why) {
    auto found = std::make_shared<SdBootEntries>();
    found->why_ = std::move(why);
    const auto folder = folder_of(system);
    if (folder.empty()) throw Error("backend: there is no entry in /boot/efi/loader/entries");
    found->by_grub_ = by_grub;
    found->files_ = EntryFiles(system, folder, by_grub);
    if (found->files_.entries.empty()) throw Error(concat({"backend: there is no entry in ", folder}));
    found->cmdline_ = KernelCmdline(system);
    found->installed_ = is_installed(system);
    const auto config = concat({folder.substr(0, folder.rfind('/')), "/loader.conf"});
    for (const std::string_view variable : {"LoaderEntryOneShot", "LoaderEntryDefault"})
        if (found->chosen_.empty()) {
            found->chosen_ = efi_variable(system, variable);
            found->chosen_by_ = concat({"the EFI variable ", variable});
        }
    if (found->chosen_.empty())
        if (const auto text = system.read_if(config)) {
            found->chosen_ = default_of_loader_config(*text).value_or("");
            found->chosen_by_ = concat({"default of ", config});
        }
    return found;
}

std::vector<BootLine> SdBootEntries::configured(BootVariable variable) const {
    refuse_others(variable);
    return {cmdline_.line()};
}

std::optional<NextBoot> SdBootEntries::next(BootVariable variable) const {
    refuse_others(variable);
    const auto& entries = files_.entries;
    auto chosen = std::find_if(entries.begin(), entries.end(), [this](const BootEntry& entry) {
        const auto name = concat({entry.id, ".conf"});
        return !chosen_.empty() && (matches(chosen_, name) || matches(chosen_, entry.id));
    });
    const bool by_default = chosen == entries.end();
    if (by_default) chosen = entries.begin();
    NextBoot next{chosen->title.empty() ? chosen->id : chosen->title,
                  by_default ? "the first entry" : chosen_by_, files_.file_of(*chosen).path, chosen->options,
                  ""};
    if (const auto why = why_left(*chosen); !why.empty())
        next.apart = concat({"the next boot starts \"", next.entry, "\", ", why});
    return next;
}

BootLoader::Pointer SdBootEntries::edited(BootVariable variable, const Edit& edit) const {
    refuse_others(variable);
    auto changed = std::make_shared<SdBootEntries>(*this);
    changed->cmdline_.set(edited_text(cmdline_.line(), edit));
    for (auto& entry : changed->files_.entries)
        if (why_left(entry).empty()) entry.options = edit(entry.options);
    changed->edits_.push_back(edit);
    return changed;
}

std::string SdBootEntries::why_not_generated() const {
    return installed_
               ? ""
               : "cannot make the boot entries: sdbootutil is not installed (regenerate: false leaves it "
                 "to you)";
}

Files SdBootEntries::files() const {
    const auto& file = cmdline_.file();
    const std::string path = cmdline_.line().source;
    return {{path, file ? std::optional(file->text) : std::nullopt}};
}

void SdBootEntries::generate(System& system) const {
    const EntryFiles before(system, files_.folder, by_grub_);
    try {
        system.run({program, "update-all-entries"});
        check(EntryFiles(system, files_.folder, by_grub_));
    } catch (const Error&) {
        // Of those that were made already only the options: a kernel or initrd may have got another name.
        EntryFiles now(system, files_.folder, by_grub_);
        Files is, should;
        for (auto& entry : now.entries) {
            const auto* old = before.find(entry.id);
            if (old == nullptr || old->options == entry.options) continue;
            const auto& path = now.file_of(entry).path;
            is[path] = now.file_of(entry).text;
            now.set_options(entry, old->options);
            should[path] = now.file_of(entry).text;
        }
        system.apply(is, should);
        throw;
    }
}

void SdBootEntries::check(const EntryFiles& made) const {
    for (const auto& entry : made.entries) {
        if (!why_left(entry).empty()) continue;
        for (const auto& edit : edits_)
            if (edit(entry.options) != entry.options)
                throw Error(concat(
                    {program, " left an entry without the parameters: ", entry.id, " has ", entry.options}));
    }
}

}  // namespace virtbp
