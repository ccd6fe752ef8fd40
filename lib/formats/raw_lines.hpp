// SPDX-License-Identifier: GPL-3.0-or-later
// For those that edit a text line by line and must give back every byte that they do not change.
#pragma once

#include <string_view>
#include <vector>

namespace virtbp {

/// The lines with their ends, \n or \r\n; put together they are the text.
inline std::vector<std::string_view> raw_lines(std::string_view text) {
    std::vector<std::string_view> parts;
    while (!text.empty()) {
        const auto end = text.find('\n');
        parts.push_back(text.substr(0, end == std::string_view::npos ? end : end + 1));
        text.remove_prefix(parts.back().size());
    }
    return parts;
}

}  // namespace virtbp
