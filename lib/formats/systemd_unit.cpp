// SPDX-License-Identifier: GPL-3.0-or-later
#include "lib/formats/systemd_unit.hpp"

#include "lib/error.hpp"
#include "lib/text.hpp"

namespace virtbp {

namespace {

bool is_comment(std::string_view line) {
    line = trim(line);
    return line.starts_with('#') || line.starts_with(';');
}

/// True where the line goes on in the next: it ends in a backslash that no other one escapes.
bool continues(std::string_view line) {
    size_t backslashes = 0;
    while (backslashes < line.size() && line[line.size() - 1 - backslashes] == '\\') ++backslashes;
    return backslashes % 2 == 1;
}

/// Lines put together where they go on, comments left out.
std::vector<std::string> logical_lines(std::string_view text) {
    if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);
    std::vector<std::string> all;
    bool open = false;
    for (const auto line : lines(text)) {
        if (is_comment(line)) continue;
        if (open) all.back() += line;
        else all.emplace_back(line);
        open = continues(line);
        if (open) all.back().back() = ' ';
    }
    return all;
}

}  // namespace

std::vector<std::string> unit_values(std::string_view text, std::string_view section, std::string_view key) {
    std::vector<std::string> values;
    bool inside = false;
    for (const auto& logical : logical_lines(text)) {
        const auto line = trim(logical);
        if (line.starts_with('[')) {
            if (line.ends_with(']')) inside = line.substr(1, line.size() - 2) == section;
            continue;
        }
        const auto equals = line.find('=');
        if (!inside || equals == std::string_view::npos || trim(line.substr(0, equals)) != key) continue;
        const auto value = trim(line.substr(equals + 1));
        if (value.empty()) values.clear();
        else values.emplace_back(value);
    }
    return values;
}

std::optional<std::string> unit_value(std::string_view text, std::string_view section, std::string_view key) {
    auto values = unit_values(text, section, key);
    if (values.empty()) return std::nullopt;
    return std::move(values.back());
}

std::string unit_name(std::string_view path, std::string_view suffix) {
    const auto refuse = [path](std::string_view wanted) {
        return Error(concat({"\"", path.substr(0, 300), "\" cannot name a unit: wanted ", wanted}));
    };
    if (!path.starts_with('/')) throw refuse("an absolute path");
    if (path.find('\0') != std::string_view::npos) throw refuse("no NUL in it");
    std::string name;
    for (const auto part : split(path, '/')) {
        if (part.empty() || part == ".") continue;
        if (part == "..") throw refuse("no \"..\" in it");
        if (!name.empty()) name += '-';
        for (const char c : part) {
            const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
            const bool allowed = letter || c == ':' || c == '_' || (c == '.' && !name.empty());
            if (allowed) {
                name += c;
                continue;
            }
            constexpr std::string_view digits = "0123456789abcdef";
            name += "\\x";
            name += digits[static_cast<unsigned char>(c) >> 4U];
            name += digits[static_cast<unsigned char>(c) & 0xfU];
        }
    }
    if (name.empty()) name = "-";
    name = concat({name, ".", suffix});
    if (name.size() > 255) throw refuse("a name of at most 255 bytes");
    return name;
}

}  // namespace virtbp
