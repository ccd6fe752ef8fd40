// SPDX-License-Identifier: GPL-3.0-or-later
#include "lib/boot/boot_entries.hpp"
#include "lib/text.hpp"

namespace virtbp {

EntryFiles::EntryFiles(const System& system, std::string entry_folder, bool by_grub)
    : folder(std::move(entry_folder)) {
    for (const auto& name : system.list(folder)) {
        if (!name.ends_with(".conf")) continue;
        const auto path = concat({folder, "/", name});
        const auto text = system.read_if(path);
        if (!text) continue;
        entries.push_back(parse_boot_entry(name, *text));
        by_name[name] = {path, *text};
    }
    sort_boot_entries(entries, by_grub);
}

const BootEntry* EntryFiles::find(std::string_view name) const {
    for (const auto& entry : entries)
        if (entry.id == name || entry.file == name) return &entry;
    for (const auto& entry : entries)
        if (entry.title == name) return &entry;
    const auto number = to_integer(name);
    const bool is_there = number && *number >= 0 && static_cast<size_t>(*number) < entries.size();
    return is_there ? &entries[static_cast<size_t>(*number)] : nullptr;
}

void EntryFiles::set_options(BootEntry& entry, const std::string& options) {
    if (options == entry.options) return;
    entry.options = options;
    auto& file = by_name.at(entry.file);
    file.text = set_boot_entry_options(file.text, options);
}

}  // namespace virtbp
