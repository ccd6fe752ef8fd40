// SPDX-License-Identifier: GPL-3.0-or-later
// get_line_from_config(), skip_to() and cmain() of GRUB 0.97's stage2 decide what a line means.
#include "lib/formats/menu_lst.hpp"

#include <algorithm>
#include <utility>

#include "lib/error.hpp"
#include "lib/text.hpp"

namespace virtbp {

namespace {

constexpr std::string_view white_space = " \t\n\r\v\f", separators = " \t\n\r\v\f=";

struct Line {
    std::string_view raw;  ///< with its end, and with the lines that it goes on in
    std::string
        text;  ///< as GRUB takes it, as long as `raw`: blanks for a backslash and the line end behind it
    int number;
};

/// Takes the first line off a text, and makes `number` the next one's.
Line take_line(std::string_view& text, int& number) {
    Line line{{}, {}, number};
    while (line.text.size() < text.size() && !line.text.ends_with('\n')) {
        const auto rest = text.substr(line.text.size());
        const size_t joined = rest.starts_with("\\\n") ? 2 : rest.starts_with("\\\r\n") ? 3 : 0;
        if (joined > 0) line.text.append(joined, ' ');
        else line.text += rest.substr(0, rest.starts_with("\\\\") ? 2 : 1);
        if (joined > 0 || line.text.ends_with('\n')) ++number;
    }
    line.raw = text.substr(0, line.text.size());
    text.remove_prefix(line.raw.size());
    return line;
}

/// Takes a word off the beginning, and what is between words before it.
std::string_view take_word(std::string_view& text, std::string_view between) {
    text.remove_prefix(std::min(text.find_first_not_of(between), text.size()));
    const auto word = text.substr(0, text.find_first_of(between));
    text.remove_prefix(word.size());
    return word;
}

/// `rest` is all behind the name; `file` and `arguments` are those of kernel and module, else empty.
struct Command {
    std::string_view name, rest, file, arguments;
};

Command parse_command(std::string_view line) {
    Command command;
    line.remove_prefix(std::min(line.find_first_not_of(white_space), line.size()));
    if (line.starts_with('#')) return command;
    command.name = take_word(line, separators);
    line.remove_prefix(std::min(line.find_first_not_of(separators), line.size()));
    command.rest = trim(line);
    if (command.name != "kernel" && command.name != "module") return command;
    do command.file = take_word(line, white_space);
    while (command.file.starts_with("--"));
    command.arguments = trim(line);
    return command;
}

std::string lower_case(std::string_view text) {
    std::string lower(text);
    for (char& c : lower)
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    return lower;
}

bool contains(std::string_view text, std::string_view part) {
    return text.find(part) != std::string_view::npos;
}

/// YaST's mark before a title: "###Don't change this comment - YaST2 identifier: Original name: failsafe###".
bool marks_failsafe(std::string_view comment) {
    constexpr std::string_view before = "original name:";
    const auto lower = lower_case(comment);
    const auto at = lower.find(before);
    return at != std::string::npos &&
           trim(std::string_view(lower).substr(at + before.size())).starts_with("failsafe");
}

bool names_failsafe(std::string_view title) {
    const auto lower = lower_case(title);
    return contains(lower, "failsafe") || contains(lower, "recovery mode");
}

/// What the file is by its name: "xen.gz", "xen-4.1.gz"; "vmlinuz-3.0.101", "bzImage".
MenuLstLine::Loads loaded_by(const Command& command, const MenuLstTitle& title) {
    using Loads = MenuLstLine::Loads;
    if (command.name == "module") {
        const bool first = !title.lines.empty() && title.lines.back().loads == Loads::hypervisor;
        return first ? Loads::kernel : Loads::module;
    }
    const auto name = command.file.substr(command.file.find_last_of("/)") + 1);
    return name.starts_with("xen") ? Loads::hypervisor : Loads::kernel;
}

bool is_linux(const MenuLstLine& line) {
    if (line.loads != MenuLstLine::Loads::kernel) return false;
    const auto name = lower_case(std::string_view(line.file).substr(line.file.find_last_of("/)") + 1));
    return contains(name, "vmlinu") || name.starts_with("bzimage") || name.starts_with("linux") ||
           name.starts_with("kernel");
}

/// cmain(): a default that is not there is the first fallback, or 0.
std::optional<size_t> choose(std::string_view wanted, std::string_view fallback, size_t titles) {
    if (wanted == "saved" || titles == 0) return std::nullopt;
    for (const auto named : {wanted, fallback})
        if (const auto number = to_integer(named); number && *number >= 0 && std::cmp_less(*number, titles))
            return static_cast<size_t>(*number);
    return 0;
}

Error refusal(int line, std::string_view why) {
    return Error(concat({"menu.lst:", std::to_string(line), ": ", why}));
}

std::string with_arguments(const Line& line, std::string_view arguments) {
    const auto command = parse_command(line.text);
    if (command.file.empty()) throw refusal(line.number, "has no command line");
    if (command.arguments == arguments) return std::string(line.raw);
    const auto last = arguments.empty() ? command.file : arguments;
    if (arguments.find_first_of("\n\r") != std::string_view::npos || last.ends_with('\\'))
        throw refusal(line.number, "its arguments must be one line");

    const auto place = [&line](std::string_view part) {
        return static_cast<size_t>(part.data() - line.text.data());
    };
    const auto file_end = place(command.file) + command.file.size();
    const bool has_arguments = !command.arguments.empty(), wants_arguments = !arguments.empty();
    const auto begin = has_arguments && wants_arguments ? place(command.arguments) : file_end;
    const auto end = has_arguments ? place(command.arguments) + command.arguments.size() : file_end;
    return concat({line.raw.substr(0, begin), wants_arguments && !has_arguments ? " " : "", arguments,
                   line.raw.substr(end)});
}

}  // namespace

MenuLst parse_menu_lst(std::string_view text) {
    MenuLst menu;
    std::string wanted("0"), fallback;
    bool failsafe = false;
    for (int number = 1; !text.empty();) {
        const auto line = take_line(text, number);
        const auto command = parse_command(line.text);
        if (command.name.empty()) {
            failsafe = failsafe || marks_failsafe(line.text);
        } else if (command.name == "title") {
            menu.titles.push_back({std::string(command.rest),
                                   {},
                                   failsafe || names_failsafe(command.rest),
                                   false,
                                   line.number});
            failsafe = false;
        } else if (menu.titles.empty()) {
            auto words = command.rest;
            if (command.name == "default") wanted = take_word(words, white_space);
            if (command.name == "fallback") fallback = take_word(words, white_space);
        } else if (!command.file.empty()) {
            auto& title = menu.titles.back();
            title.lines.push_back({loaded_by(command, title), std::string(command.file),
                                   std::string(command.arguments), line.number});
            title.is_kernel = title.is_kernel || is_linux(title.lines.back());
        }
    }
    menu.default_title = choose(wanted, fallback, menu.titles.size());
    return menu;
}

std::string set_menu_lst_arguments(std::string_view text, const std::map<int, std::string>& arguments) {
    std::string changed;
    auto wanted = arguments.begin();
    for (int number = 1; !text.empty();) {
        const auto line = take_line(text, number);
        if (wanted != arguments.end() && wanted->first < line.number) break;
        if (wanted == arguments.end() || wanted->first != line.number) changed += line.raw;
        else changed += with_arguments(line, trim((wanted++)->second));
    }
    if (wanted != arguments.end()) throw refusal(wanted->first, "has no command line");
    return changed;
}

}  // namespace virtbp
