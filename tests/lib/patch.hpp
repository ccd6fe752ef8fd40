// SPDX-License-Identifier: GPL-3.0-or-later
// What patch(1) does, without its leniency: a unified diff has to fit to the byte.
#pragma once

#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

#include "lib/formats/raw_lines.hpp"
#include "lib/text.hpp"

namespace virtbp {

/// "-3,4" of a hunk's head: the first line, and how many.
inline std::pair<long, long> patch_range(std::string_view text, char sign) {
    const auto parts = split(text.starts_with(sign) ? text.substr(1) : "", ',');
    const auto first = to_integer(parts[0]), count = parts.size() == 2 ? to_integer(parts[1]) : 1;
    if (!first || !count || parts.size() > 2) throw std::runtime_error("no range");
    return {*first, *count};
}

inline std::string patched(const std::string& before, const std::string& diff) {
    const auto fail = [](const char* why) -> void { throw std::runtime_error(why); };
    if (diff.empty()) return before;
    const auto old = raw_lines(before);
    auto told = raw_lines(diff);
    if (told.size() < 3 || !told[0].starts_with("--- ") || !told[1].starts_with("+++ ")) fail("no head");
    std::string after;
    size_t taken = 0, given = 0;  // lines of both texts
    for (size_t i = 2; i < told.size();) {
        const auto head = words(told[i++]);
        if (head.size() != 4 || head[0] != "@@" || head[3] != "@@") fail("no hunk");
        auto [old_first, old_count] = patch_range(head[1], '-');
        auto [new_first, new_count] = patch_range(head[2], '+');
        const auto start = static_cast<size_t>(old_count == 0 ? old_first : old_first - 1);
        const auto given_before = static_cast<size_t>(new_count == 0 ? new_first : new_first - 1);
        while (taken < start && taken < old.size()) after += old[taken++], ++given;
        if (taken != start || given != given_before) fail("a hunk in a wrong place");
        while (old_count > 0 || new_count > 0) {
            if (i == told.size()) fail("a short hunk");
            const char sign = told[i][0];
            auto line = told[i++].substr(1);
            if (i < told.size() && told[i].starts_with('\\')) line.remove_suffix(1), ++i;
            if (sign != '+' && (taken == old.size() || old[taken++] != line)) fail("another line");
            if (sign != '-') after += line, ++given;
            if (sign != '+') --old_count;
            if (sign != '-') --new_count;
            if (sign != ' ' && sign != '+' && sign != '-') fail("no sign");
        }
        if (old_count != 0 || new_count != 0) fail("a long hunk");
    }
    while (taken < old.size()) after += old[taken++];
    return after;
}

}  // namespace virtbp
