// SPDX-License-Identifier: GPL-3.0-or-later
// grub-core/lib/envblk.c decides what a block means.
#include <optional>

#include "lib/error.hpp"
#include "lib/formats/grub_config.hpp"
#include "lib/text.hpp"

namespace virtbp {

namespace {

constexpr size_t block_size = 1024;
constexpr std::string_view signature = "# GRUB Environment Block\n";

/// The lines of a block with their ends, without its filling; a line end behind a backslash is part of a
/// value.
std::vector<std::string_view> lines_of(std::string_view block, std::string_view path) {
    if (block.size() != block_size || !block.starts_with(signature))
        throw Error(concat({path, ": is no environment block of GRUB: wanted 1024 bytes that begin with \"",
                            trim(signature), "\""}));
    const auto content = block.substr(0, block.find_last_not_of('#') + 1);
    std::vector<std::string_view> all;
    size_t begin = 0;
    for (size_t i = 0; i < content.size(); ++i) {
        if (content[i] == '\\') {
            ++i;
        } else if (content[i] == '\n') {
            all.push_back(content.substr(begin, i + 1 - begin));
            begin = i + 1;
        }
    }
    if (begin < content.size()) throw Error(concat({path, ": its last line has no end"}));
    return all;
}

struct Setting {
    std::string name, value;
};

std::optional<Setting> parse_line(std::string_view line) {
    const auto equals = line.find('=');
    if (line.starts_with('#') || equals == std::string_view::npos) return std::nullopt;
    line.remove_suffix(1);
    Setting setting{std::string(line.substr(0, equals)), ""};
    for (auto rest = line.substr(equals + 1); !rest.empty(); rest.remove_prefix(1)) {
        if (rest.front() == '\\' && rest.size() > 1) rest.remove_prefix(1);
        setting.value += rest.front();
    }
    return setting;
}

}  // namespace

std::map<std::string, std::string> parse_grub_environment(std::string_view block, std::string_view path) {
    std::map<std::string, std::string> variables;
    for (const auto line : lines_of(block, path))
        if (auto setting = parse_line(line)) variables[setting->name] = std::move(setting->value);
    return variables;
}

std::string set_grub_environment(std::string_view block, std::string_view name, std::string_view value,
                                 std::string_view path) {
    if (name.empty() || name.starts_with('#') || name.find_first_of("=\\\n") != std::string_view::npos)
        throw Error(concat({path, ": \"", name, "\" is no name of a variable"}));
    std::string line = concat({name, "="});
    for (const char c : value) {
        if (c == '\\' || c == '\n') line += '\\';
        line += c;
    }
    line += '\n';

    const auto all = lines_of(block, path);
    size_t last = all.size();  // of several the last counts
    bool same = false;
    for (size_t i = 0; i < all.size(); ++i)
        if (const auto setting = parse_line(all[i]); setting && setting->name == name) {
            last = i;
            same = setting->value == value;
        }
    if (same) return std::string(block);

    std::string changed;
    for (size_t i = 0; i < all.size(); ++i) changed += i == last ? std::string_view(line) : all[i];
    if (last == all.size()) changed += line;
    if (changed.size() > block_size)
        throw Error(concat({path, ": has no room for ", name, ": it holds 1024 bytes"}));
    changed.append(block_size - changed.size(), '#');
    return changed;
}

}  // namespace virtbp
