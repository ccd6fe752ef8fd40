// SPDX-License-Identifier: GPL-3.0-or-later
// What patch(1) does, without its leniency: a unified diff has to fit to the byte.
#pragma once

#include <cstdio>
#include <stdexcept>
#include <string>

#include "lib/formats/raw_lines.hpp"

namespace virtbp {

inline std::string patched(const std::string& before, const std::string& diff) {
    const auto fail = [](const char* why) -> void { throw std::runtime_error(why); };
    if (diff.empty()) return before;
    const auto old = raw_lines(before);
    auto told = raw_lines(diff);
    if (told.size() < 3 || !told[0].starts_with("--- ") || !told[1].starts_with("+++ ")) fail("no head");
    std::string after;
    size_t taken = 0, given = 0;  // lines of both texts
    for (size_t i = 2; i < told.size();) {
        long old_first = 0, old_count = 1, new_first = 0, new_count = 1;
        const std::string head(told[i++]);
        if (std::sscanf(head.c_str(), "@@ -%ld,%ld +%ld,%ld @@", &old_first, &old_count, &new_first,
                        &new_count) != 4) {
            old_count = new_count = 1;
            if (std::sscanf(head.c_str(), "@@ -%ld +%ld,%ld @@", &old_first, &new_first, &new_count) != 3 &&
                std::sscanf(head.c_str(), "@@ -%ld,%ld +%ld @@", &old_first, &old_count, &new_first) != 3 &&
                std::sscanf(head.c_str(), "@@ -%ld +%ld @@", &old_first, &new_first) != 2)
                fail("no hunk");
        }
        const auto start = static_cast<size_t>(old_count == 0 ? old_first : old_first - 1);
        while (taken < start && taken < old.size()) after += old[taken++], ++given;
        if (taken != start || given != static_cast<size_t>(new_count == 0 ? new_first : new_first - 1))
            fail("a hunk in a wrong place");
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
