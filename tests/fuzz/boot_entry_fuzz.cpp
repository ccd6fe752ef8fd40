// SPDX-License-Identifier: GPL-3.0-or-later
#include "lib/formats/boot_entry.hpp"

#include "lib/text.hpp"
#include "tests/fuzz/fuzz.hpp"

using namespace virtbp;

namespace {

bool same_but_options(const BootEntry& a, const BootEntry& b) {
    return a.id == b.id && a.title == b.title && a.version == b.version && a.sort_key == b.sort_key &&
           a.machine_id == b.machine_id && a.linux == b.linux && a.is_rescue == b.is_rescue &&
           a.is_bad == b.is_bad;
}

}  // namespace

/// The first line of an input is the file's name, the rest its text.
int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    const auto [name, text] = first_line(to_text(data, size));
    const auto entry = parse_boot_entry(name, text);
    for (const std::string options : {"root=/dev/a $kernelopts", ""}) {
        const auto with = set_boot_entry_options(text, options);
        const auto changed = parse_boot_entry(name, with);
        must(changed.options == options && same_but_options(changed, entry));
        must(set_boot_entry_options(with, options) == with);
    }
    may_refuse([&entry, &text = text] {
        const auto same = set_boot_entry_options(text, entry.options);
        must(set_boot_entry_options(same, entry.options) == same);
    });
    default_of_loader_config(text);

    for (const auto compare : {compare_rpm_versions, compare_uapi_versions}) {
        must(compare(name, text) == -compare(text, name));
        must(compare(name, name) == 0);
    }
    std::vector<BootEntry> entries;
    for (const auto line : lines(text))
        entries.push_back(parse_boot_entry(line, "sort-key a\nversion " + std::string(line)));
    if (entries.size() > 50) return 0;
    for (const bool by_grub : {true, false}) {
        auto sorted = entries;
        sort_boot_entries(sorted, by_grub);
        must(sorted.size() == entries.size());
        for (size_t i = 1; i < sorted.size() && !by_grub; ++i) must(sorted[i - 1].is_bad <= sorted[i].is_bad);
    }
    return 0;
}
