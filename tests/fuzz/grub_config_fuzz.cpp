// SPDX-License-Identifier: GPL-3.0-or-later
#include "lib/formats/grub_config.hpp"

#include "tests/fuzz/fuzz.hpp"

using namespace virtbp;

namespace {

/// Each entry is where its index says, so that this, as a number, starts it.
void check_entries(GrubConfig config) {
    config.reads_environment = true;
    for (auto& submenu : config.submenus) submenu.id = submenu.title = "";
    for (auto& entry : config.entries) entry.id = entry.title = "";
    for (size_t i = 0; i < config.entries.size() && i < 50; ++i) {
        const auto& entry = config.entries[i];
        must(next_grub_entry(config, {{"next_entry", entry.index}}).entry == &entry);
        for (const auto& command : entry.commands) {
            must(command.line >= entry.line);
            must(expand_grub_arguments(command.arguments, {}, {}).size() <= command.arguments.size());
            expand_grub_arguments(command.arguments, config, {{"a", "$a"}});
        }
    }
}

void check_environment(const std::string& text) {
    const auto [name, value] = first_line(text);
    auto block = "# GRUB Environment Block\n" + text.substr(0, std::min<size_t>(text.size(), 990));
    block.resize(1024, '#');
    may_refuse([&, &name = name, &value = value] {
        const auto before = parse_grub_environment(block, "e");
        const auto with = set_grub_environment(block, name, value, "e");
        auto after = parse_grub_environment(with, "e");
        must(with.size() == 1024 && after.at(name) == value);
        must(set_grub_environment(with, name, value, "e") == with);
        after.erase(name);
        for (const auto& [other, known] : before)
            if (other != name) must(after.at(other) == known);
    });
}

}  // namespace

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    const auto text = to_text(data, size);
    const auto config = parse_grub_config(text);
    must(!config.is_stub || config.entries.empty());
    next_grub_entry(config, {});
    check_entries(config);
    check_environment(text);

    if (text.find_first_of("'\"\\ ") == std::string::npos) {
        const auto quoted = parse_grub_config("menuentry a { linux /k '" + text + "' }");
        must(quoted.entries.size() == 1 && quoted.entries[0].commands.size() == 1);
        must(expand_grub_arguments(quoted.entries[0].commands[0].arguments, {}, {}) == text);
    }
    return 0;
}
