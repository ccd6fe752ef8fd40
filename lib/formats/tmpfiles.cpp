// SPDX-License-Identifier: GPL-3.0-or-later
// systemd's src/tmpfiles/tmpfiles.c decides what a line means and in which order lines are run.
#include "lib/formats/tmpfiles.hpp"

#include <fnmatch.h>

#include <algorithm>
#include <climits>
#include <map>
#include <optional>

#include "lib/error.hpp"
#include "lib/formats/c_escapes.hpp"
#include "lib/text.hpp"

namespace virtbp {

namespace {

constexpr std::string_view white_space = " \t\n\r\v\f";
constexpr std::string_view types = "fFwdDevqQpLcbCxXrRzZtThHaAm";
constexpr std::string_view escaped_types = "fFwLC";  // whose argument has escapes
constexpr std::string_view pattern_types = "wexXrRzZtThHaAm";
constexpr std::string_view exclusive_types = "wexXrR";  // those of pattern_types that claim the path

/// Takes the first word off a line, without its quotes and escapes; nothing where they are not whole. A line
/// without words gives "".
std::optional<std::string> take_word(std::string_view& line) {
    line.remove_prefix(std::min(line.find_first_not_of(white_space), line.size()));
    std::string word;
    char quote = 0;
    size_t i = 0;
    for (; i < line.size(); ++i) {
        const char c = line[i];
        if (c == '\\') {
            // The longest escape is \U and eight digits; only as much as one escape needs is looked at.
            std::optional<std::string> plain;
            size_t length = 2;
            for (; !plain && length <= 10 && i + length <= line.size(); ++length)
                plain = unescape_c(line.substr(i, length));
            if (!plain) return std::nullopt;
            word += *plain;
            i += length - 2;
        } else if (quote != 0) {
            if (c == quote) quote = 0;
            else word += c;
        } else if (c == '"' || c == '\'') {
            quote = c;
        } else if (white_space.find(c) != std::string_view::npos) {
            break;
        } else {
            word += c;
        }
    }
    if (quote != 0) return std::nullopt;
    line.remove_prefix(i);
    return word;
}

/// %% is a percent sign. Others depend on the machine and are left alone.
std::string without_percents(std::string_view text) {
    std::string plain;
    for (size_t i = 0; i < text.size(); ++i) {
        plain += text[i];
        if (text.substr(i, 2) == "%%") ++i;
    }
    return plain;
}

/// Without doubled and trailing slashes; /var/run is /run.
std::string simple_path(std::string_view path) {
    std::string simple;
    for (const char c : path)
        if (c != '/' || !simple.ends_with('/')) simple += c;
    if (simple.size() > 1 && simple.ends_with('/')) simple.pop_back();
    if (simple.starts_with("/var/run/")) simple.erase(0, 4);
    return simple;
}

std::optional<TmpfilesEntry> parse_line(std::string_view line, int number) {
    std::string fields[6];
    for (auto& field : fields) {
        auto word = take_word(line);
        if (!word) return std::nullopt;
        field = std::move(*word);
    }
    auto& [type, path, mode, user, group, age] = fields;
    if (type.empty() || types.find(type[0]) == std::string_view::npos) return std::nullopt;
    const auto modifiers = type.substr(1);
    for (size_t i = 0; i < modifiers.size(); ++i)
        if (std::string_view("!+-=~^$?").find(modifiers[i]) == std::string_view::npos ||
            modifiers.find(modifiers[i], i + 1) != std::string::npos)
            return std::nullopt;
    for (auto* field : {&mode, &user, &group, &age})
        if (*field == "-") field->clear();

    std::string argument(trim(line));
    if (argument == "-") argument.clear();
    if (escaped_types.find(type[0]) != std::string_view::npos) {
        auto plain = unescape_c(argument);
        if (!plain) return std::nullopt;
        argument = without_percents(*plain);
    }
    path = simple_path(without_percents(path));
    if (!path.starts_with('/') || path.size() >= PATH_MAX) return std::nullopt;
    if (type[0] == 'w' && argument.empty()) return std::nullopt;
    return TmpfilesEntry{type[0], modifiers, path, mode, user, group, age, argument, number};
}

/// glob(3) with braces. `budget` bounds what a hostile pattern may cost.
bool path_matches(const std::string& pattern, const std::string& path, int& budget) {
    if (--budget < 0) return false;
    const auto open = pattern.find('{');
    if (open == std::string::npos)
        return fnmatch(pattern.c_str(), path.c_str(), FNM_PATHNAME | FNM_PERIOD) == 0;
    int depth = 0;
    size_t close = open;
    std::vector<size_t> ends;  // of the alternatives
    for (; close < pattern.size(); ++close) {
        if (pattern[close] == '{') ++depth;
        if (pattern[close] == ',' && depth == 1) ends.push_back(close);
        if (pattern[close] == '}' && --depth == 0) break;
    }
    if (close == pattern.size())
        return fnmatch(pattern.c_str(), path.c_str(), FNM_PATHNAME | FNM_PERIOD) == 0;
    ends.push_back(close);
    size_t begin = open + 1;
    for (const auto end : ends) {
        const auto one = concat({std::string_view(pattern).substr(0, open),
                                 std::string_view(pattern).substr(begin, end - begin),
                                 std::string_view(pattern).substr(close + 1)});
        if (path_matches(one, path, budget)) return true;
        begin = end + 1;
    }
    return false;
}

bool same(const TmpfilesEntry& a, const TmpfilesEntry& b) {
    return a.argument == b.argument && a.mode == b.mode && a.user == b.user && a.group == b.group &&
           a.age == b.age;
}

/// The lines for one path that are run.
struct PathLines {
    struct Line {
        TmpfilesEntry entry;
        std::string file;
    };
    std::vector<Line> lines;
    std::optional<size_t> fixed;  // the first that is not of type w+
    bool varied = false;          // lines of type w+ differ

    /// systemd's rule: lines that differ are run only where all are of type w+.
    void add(TmpfilesEntry entry, const std::string& file) {
        const bool appends = entry.type == 'w' && entry.modifiers.find('+') != std::string::npos;
        const bool differs = !lines.empty() && !same(lines[0].entry, entry);
        if (appends ? fixed && !same(lines[*fixed].entry, entry) : differs || varied) return;
        varied = varied || differs;
        if (!appends && !fixed) fixed = lines.size();
        lines.push_back({std::move(entry), file});
    }
};

}  // namespace

std::vector<TmpfilesEntry> parse_tmpfiles(std::string_view text) {
    std::vector<TmpfilesEntry> entries;
    int number = 0;
    for (const auto line : lines(text)) {
        ++number;
        if (trim(line).starts_with('#')) continue;
        if (auto entry = parse_line(line, number)) entries.push_back(std::move(*entry));
    }
    return entries;
}

std::vector<TmpfilesWrite> tmpfiles_writes(const std::vector<ConfigFile>& files, const std::string& path) {
    // Lines are run path by path, in the order in which the paths first appear.
    std::vector<PathLines> order;
    std::map<std::string, size_t> known;
    for (const auto& file : files) {
        for (auto& entry : parse_tmpfiles(file.text)) {
            if (pattern_types.find(entry.type) == std::string_view::npos) continue;
            int budget = 200;
            if (entry.path != path && !path_matches(entry.path, path, budget)) continue;
            const auto place = known.emplace(entry.path, order.size());
            if (place.second) order.emplace_back();
            if (exclusive_types.find(entry.type) == std::string_view::npos) continue;
            order[place.first->second].add(std::move(entry), file.path);
        }
    }
    std::vector<TmpfilesWrite> writes;
    for (const auto& of_path : order)
        for (const auto& [entry, file] : of_path.lines)
            if (entry.type == 'w') writes.push_back({entry.argument, file, entry.line});
    return writes;
}

std::string tmpfiles_write_line(std::string_view path, std::string_view value) {
    const auto is_control = [](char c) { return static_cast<unsigned char>(c) < ' ' || c == '\x7f'; };
    if (!path.starts_with('/') || path.find_first_of("*?[{") != std::string_view::npos ||
        std::any_of(path.begin(), path.end(), is_control))
        throw Error(
            concat({"tmpfiles.d cannot write to \"", path, "\": wanted an absolute path, no pattern"}));
    if (value.empty() || value.find('\0') != std::string_view::npos)
        throw Error(concat({"tmpfiles.d cannot write to ", path, ": wanted a value, found none or a NUL"}));

    std::string name;
    for (const char c : path) {
        if (c == '"' || c == '\\') name += '\\';
        name += c;
        if (c == '%') name += c;
    }
    if (path.find_first_of(" '\"\\") != std::string_view::npos) name = concat({"\"", name, "\""});

    std::string argument;
    const auto hexadecimal = [&argument](char c) {
        constexpr std::string_view digits = "0123456789abcdef";
        argument += "\\x";
        argument += digits[static_cast<unsigned char>(c) >> 4U];
        argument += digits[static_cast<unsigned char>(c) & 0xfU];
    };
    for (size_t i = 0; i < value.size(); ++i) {
        const char c = value[i];
        const bool outermost = i == 0 || i + 1 == value.size();
        if (is_control(c) || (outermost && c == ' ') || value == "-") hexadecimal(c);
        else if (c == '\\' || c == '%') argument += {c, c};
        else argument += c;
    }
    return concat({"w ", name, " - - - - ", argument, "\n"});
}

}  // namespace virtbp
