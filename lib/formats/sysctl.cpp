// SPDX-License-Identifier: GPL-3.0-or-later
// systemd's src/sysctl/sysctl.c decides what a line means and which assignment wins.
#include "lib/formats/sysctl.hpp"

#include <fnmatch.h>

#include <map>

#include "lib/error.hpp"
#include "lib/formats/raw_lines.hpp"
#include "lib/text.hpp"

namespace virtbp {

namespace {

constexpr std::string_view white_space = " \t\n\r\v\f";

bool is_pattern(std::string_view key) { return key.find_first_of("*?[") != std::string_view::npos; }

/// The assignment in a line, without a line number; nothing where it holds none.
std::optional<SysctlAssignment> parse_line(std::string_view line) {
    line = trim(line);
    if (line.empty() || line.starts_with('#') || line.starts_with(';')) return std::nullopt;
    const auto equals = line.find('=');
    const bool minus = line.starts_with('-');
    if (equals == std::string_view::npos && !minus) return std::nullopt;
    SysctlAssignment assignment{{}, {}, 0, minus && equals != std::string_view::npos};
    if (equals != std::string_view::npos) assignment.value = trim(line.substr(equals + 1));
    const auto name = line.substr(0, equals);
    assignment.key = sysctl_path(trim(minus ? name.substr(1) : name));
    return assignment;
}

bool assigns(std::string_view line, std::string_view path) {
    const auto assignment = parse_line(line);
    return assignment && assignment->key == path;
}

/// The assignment `line` with another value; everything else of it is kept.
std::string with_value(std::string_view line, std::string_view key, std::string_view value) {
    const auto tail = line.substr(line.find_last_not_of(white_space) + 1);
    const auto equals = line.find('=');
    if (equals == std::string_view::npos) return concat({key, " = ", value, tail});
    auto head = line.substr(0, line.size() - tail.size());
    head = head.substr(0, head.find_first_not_of(white_space, equals + 1));
    return concat({head, value, tail});
}

}  // namespace

std::string sysctl_path(std::string_view key) {
    const auto first = key.find_first_of("/.");
    const bool dotted = first != std::string_view::npos && key[first] == '.';
    std::string path;
    for (char c : key) {
        if (dotted && (c == '.' || c == '/')) c = c == '.' ? '/' : '.';
        if (c == '/' && (path.empty() || path.back() == '/')) continue;
        path += c;
    }
    while (path.ends_with('/')) path.pop_back();
    return path;
}

std::vector<SysctlAssignment> parse_sysctl(std::string_view text) {
    std::vector<SysctlAssignment> assignments;
    int number = 0;
    for (const auto line : lines(text)) {
        ++number;
        if (auto assignment = parse_line(line)) {
            assignment->line = number;
            assignments.push_back(std::move(*assignment));
        }
    }
    return assignments;
}

std::optional<SysctlSetting> effective_sysctl(const std::vector<ConfigFile>& files, std::string_view key) {
    const auto path = sysctl_path(key);
    std::optional<SysctlAssignment> exact;
    std::string exact_file;
    // Patterns are applied in the order in which they first got the value that they have at the end.
    struct Pattern {
        std::string value;
        std::string file;
        int line;
        size_t rank;
    };
    std::map<std::string, Pattern> patterns;
    size_t rank = 0;
    for (const auto& file : files) {
        for (auto& assignment : parse_sysctl(file.text)) {
            if (assignment.key == path) {
                exact = std::move(assignment);
                exact_file = file.path;
            } else if (is_pattern(assignment.key) &&
                       fnmatch(assignment.key.c_str(), path.c_str(), FNM_PATHNAME | FNM_PERIOD) == 0) {
                const auto known = patterns.find(assignment.key);
                if (!assignment.value) {
                    patterns.erase(assignment.key);
                } else if (known == patterns.end() || known->second.value != *assignment.value) {
                    patterns[assignment.key] = {*assignment.value, file.path, assignment.line, ++rank};
                }
            }
        }
    }
    if (exact) {
        if (!exact->value) return std::nullopt;
        return SysctlSetting{*exact->value, exact_file, exact->line};
    }
    const Pattern* last = nullptr;
    for (const auto& [name, pattern] : patterns)
        if (!last || pattern.rank > last->rank) last = &pattern;
    if (!last) return std::nullopt;
    return SysctlSetting{last->value, last->file, last->line};
}

std::string set_sysctl(std::string_view text, std::string_view key, std::string_view value) {
    if (value.find_first_of("\n\r") != std::string_view::npos)
        throw Error(concat({"sysctl ", key, ": the value must be one line"}));
    const auto path = sysctl_path(key);
    const auto all = raw_lines(text);
    size_t last = all.size();
    while (last > 0 && !assigns(all[last - 1], path)) --last;

    std::string changed;
    for (size_t i = 0; i < all.size(); ++i) {
        if (i + 1 == last) changed += with_value(all[i], key, value);
        else if (!assigns(all[i], path)) changed += all[i];
    }
    if (last > 0) return changed;
    if (!changed.empty() && !changed.ends_with('\n')) changed += '\n';
    return concat({changed, key, " = ", value, "\n"});
}

std::string unset_sysctl(std::string_view text, std::string_view key) {
    const auto path = sysctl_path(key);
    std::string changed;
    for (const auto line : raw_lines(text))
        if (!assigns(line, path)) changed += line;
    return changed;
}

}  // namespace virtbp
