// SPDX-License-Identifier: GPL-3.0-or-later
#include "lib/formats/boot_entry.hpp"

#include <algorithm>

#include "lib/error.hpp"
#include "lib/formats/cmdline.hpp"
#include "lib/formats/raw_lines.hpp"
#include "lib/text.hpp"

namespace virtbp {

namespace {

constexpr std::string_view blanks = " \t", white_space = " \t\n\r\v\f", digits = "0123456789";

/// "key value", the value "" where there is none; a comment has the key "#…".
struct Setting {
    std::string_view key, value;
};

Setting parse_line(std::string_view line) {
    line = trim(line);
    const auto end = std::min(line.find_first_of(blanks), line.size());
    return {line.substr(0, end), trim(line.substr(end))};
}

/// "+LEFT-DONE" or "+LEFT" at the end of a name, without '+'; "" where there is none.
std::string_view boot_counters(std::string_view name) {
    const auto plus = name.rfind('+');
    if (plus == std::string_view::npos) return {};
    const auto counters = name.substr(plus + 1);
    const auto numbers = split(counters, '-');
    if (numbers.size() > 2) return {};
    for (const auto number : numbers)
        if (number.empty() || number.find_first_not_of(digits) != std::string_view::npos) return {};
    return counters;
}

std::string snapshot_of(std::string_view options) {
    constexpr std::string_view before = "/.snapshots/", after = "/snapshot";
    std::string snapshot;
    for (const auto& token : parse_cmdline(options).tokens) {
        if (!token.is("rootflags") || !token.value) continue;
        snapshot.clear();
        const auto at = token.value->find(before);
        if (at == std::string::npos) continue;
        const auto rest = std::string_view(*token.value).substr(at + before.size());
        const auto number = rest.substr(0, rest.find_first_not_of(digits));
        if (rest.substr(number.size()).starts_with(after)) snapshot = number;
    }
    return snapshot;
}

}  // namespace

BootEntry parse_boot_entry(std::string_view name, std::string_view text) {
    BootEntry entry;
    entry.file = name;
    if (name.ends_with(".conf")) name.remove_suffix(5);
    if (const auto counters = boot_counters(name); !counters.empty()) {
        entry.is_bad = split(counters, '-')[0].find_first_not_of('0') == std::string_view::npos;
        name.remove_suffix(counters.size() + 1);
    }
    entry.id = name;
    for (const auto line : lines(text)) {
        const auto [key, value] = parse_line(line);
        if (key == "title") entry.title = value;
        else if (key == "version") entry.version = value;
        else if (key == "sort-key") entry.sort_key = value;
        else if (key == "machine-id") entry.machine_id = value;
        else if (key == "linux") entry.linux = value;
        else if (key == "options" && !value.empty())
            append(entry.options, {entry.options.empty() ? "" : " ", value});
    }
    entry.is_rescue =
        entry.id.find("rescue") != std::string::npos || entry.version.find("0-rescue") != std::string::npos;
    entry.snapshot = snapshot_of(entry.options);
    return entry;
}

std::string set_boot_entry_options(std::string_view text, std::string_view options) {
    if (options.find_first_of("\n\r") != std::string_view::npos)
        throw Error("options of a boot entry must be one line");
    options = trim(options);
    std::string changed;
    bool written = options.empty();
    for (const auto line : raw_lines(text)) {
        if (parse_line(line).key != "options") {
            changed += line;
        } else if (!written) {
            const auto key_end = line.find_first_not_of(white_space) + std::string_view("options").size();
            const auto value = std::min(line.find_first_not_of(white_space, key_end), line.size());
            const auto tail = line.substr(line.find_last_not_of(white_space) + 1);
            const bool has_value = value < line.size() - tail.size();
            append(changed,
                   {line.substr(0, has_value ? value : key_end), has_value ? "" : " ", options, tail});
            written = true;
        }
    }
    if (written) return changed;
    if (!changed.empty() && !changed.ends_with('\n')) changed += '\n';
    return concat({changed, "options ", options, "\n"});
}

std::optional<std::string> default_of_loader_config(std::string_view text) {
    std::optional<std::string> chosen;
    for (const auto line : lines(text)) {
        auto [key, value] = parse_line(line);
        if (key != "default" || value.empty()) continue;
        if (value.size() > 1 && value.front() == '"' && value.back() == '"')
            value = value.substr(1, value.size() - 2);
        chosen = value;
    }
    return chosen;
}

}  // namespace virtbp
