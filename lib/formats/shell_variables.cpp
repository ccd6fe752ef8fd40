// SPDX-License-Identifier: GPL-3.0-or-later
#include "lib/formats/shell_variables.hpp"

#include <optional>

#include "lib/error.hpp"
#include "lib/formats/shell_state.hpp"
#include "lib/text.hpp"

namespace virtbp {

namespace {

[[noreturn]] void fail(std::string_view path, int line, std::string_view name, std::string_view why) {
    throw Error(concat({path, ":", std::to_string(line), ": ", name, " ", why}));
}

/// What the files give; throws where that cannot be known.
ShellState read_files(const std::vector<ConfigFile>& files, std::string_view name) {
    ShellState state(files, name);
    if (const auto doubt = state.doubt())
        fail(doubt->path, doubt->line, name, concat({"depends on ", doubt->why}));
    return state;
}

bool holds(const std::vector<ConfigFile>& files, std::string_view name, std::string_view value) {
    const ShellState state(files, name);
    return !state.doubt() && state.text() == value;
}

std::string escaped(std::string_view text) {
    std::string all;
    for (const char c : text) {
        if (c == '"' || c == '\\' || c == '$' || c == '`') all += '\\';
        all += c;
    }
    return all;
}

/// Needs no quotes anywhere, and has no meaning without them.
bool is_bare(std::string_view text) {
    for (const char c : text) {
        const bool plain = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
        if (!plain && std::string_view("%+,-./:=@_").find(c) == std::string_view::npos) return false;
    }
    return true;
}

/// The value in the quotes that the right side of an assignment has, or in double ones.
std::string quoted_like(std::string_view right, std::string_view value) {
    if (right.ends_with('\r'))
        right.remove_suffix(1);  // of a line that ends with \r\n; a shell takes it for text
    if (is_bare(right) && is_bare(value)) return std::string(value);
    const bool single = right.size() > 1 && right.front() == '\'' && right.find('\'', 1) == right.size() - 1;
    if (single && value.find('\'') == std::string_view::npos) return concat({"'", value, "'"});
    return concat({"\"", escaped(value), "\""});
}

/// What follows `kept` in the value; nothing where the value does not begin with it as whole words.
std::optional<std::string_view> after(std::string_view kept, std::string_view value) {
    if (!value.starts_with(kept)) return std::nullopt;
    const auto rest = value.substr(kept.size());
    const auto blank = [](char c) { return c == ' ' || c == '\t'; };
    if (kept.empty() || rest.empty() || blank(kept.back()) || blank(rest.front())) return rest;
    return std::nullopt;
}

bool refers_to(std::string_view text, std::string_view name) {
    for (auto at = text.find('$'); at != std::string_view::npos; at = text.find('$', at + 1)) {
        const auto rest = text.substr(at + 1);
        if (leading_name(rest.substr(rest.starts_with('{') ? 1 : 0)) == name) return true;
    }
    return false;
}

/// Ways to write the last assignment again, the best one first. Not all of them need give the value.
std::vector<std::string> rewritten(const ShellAssignment& last, std::string_view name, std::string_view text,
                                   std::string_view value) {
    std::vector<std::string> ways;
    const auto right =
        std::string_view(last.word.text).substr(name.size() + (last.appends ? 2 : 1) + last.head.size());
    const auto kept = text.substr(0, last.kept);
    const bool refers = refers_to(last.head, name);
    if (const auto rest = after(kept, value); rest && (last.appends || refers || !kept.empty())) {
        const auto tail = last.head_quoted                      ? concat({escaped(*rest), "\""})
                          : rest->empty() && !last.head.empty() ? std::string()
                                                                : quoted_like(right, *rest);
        ways.push_back(concat({name, last.appends ? "+=" : "=", last.head, tail}));
    }
    if (refers) {
        const auto before = trim(kept);
        if (const auto rest = after(before, value))
            ways.push_back(before.empty()
                               ? concat({name, "=\"${", name, ":+$", name, " }", escaped(*rest), "\""})
                               : concat({name, "=\"$", name, escaped(*rest), "\""}));
    }
    ways.push_back(concat({name, "=", quoted_like(right, value)}));
    return ways;
}

}  // namespace

ShellValue shell_value(const std::vector<ConfigFile>& files, std::string_view name) {
    const auto state = read_files(files, name);
    const auto& last = state.last();
    if (!last) return {};
    return {std::string(state.text()), files[last->file].path, last->word.line};
}

std::map<std::string, std::string> set_shell_value(const std::vector<ConfigFile>& files,
                                                   std::string_view name, std::string_view value,
                                                   std::string_view otherwise) {
    if (value.find_first_of(std::string_view("\n\r\0", 3)) != std::string_view::npos)
        throw Error(concat({name, ": the value must be one line"}));
    const auto state = read_files(files, name);
    if (state.text() == value) return {};

    auto edited = files;
    if (const auto& last = state.last()) {
        const auto& before = files[last->file];
        const auto text = std::string_view(before.text);
        for (const auto& way : rewritten(*last, name, state.text(), value)) {
            edited[last->file].text =
                concat({text.substr(0, last->word.begin), way, text.substr(last->word.end)});
            if (holds(edited, name, value)) return {{before.path, edited[last->file].text}};
        }
        fail(before.path, last->word.line, name, "cannot be given the value here");
    }
    size_t at = 0;
    while (at < edited.size() && edited[at].path != otherwise) ++at;
    if (at == edited.size()) edited.push_back({std::string(otherwise), ""});
    auto& text = edited[at].text;
    if (!text.empty() && !text.ends_with('\n')) text += '\n';
    const auto line = static_cast<int>(lines(text).size()) + 1;
    append(text, {name, "=\"", escaped(value), "\"\n"});
    // After a line that goes on it would be a word of the command there.
    const auto commands = parse_shell(edited[at]);
    const bool alone = !commands.empty() && commands.back().words.size() == 1;
    if (alone && holds(edited, name, value)) return {{edited[at].path, text}};
    fail(otherwise, line, name, "cannot be given the value here");
}

}  // namespace virtbp
