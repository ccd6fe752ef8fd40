// SPDX-License-Identifier: GPL-3.0-or-later
#include "lib/formats/c_escapes.hpp"

#include <charconv>

#include "lib/formats/utf8.hpp"

namespace virtbp {

namespace {

constexpr std::string_view letters = "abfnrtvs\\\"'";
constexpr std::string_view meanings = "\a\b\f\n\r\t\v \\\"'";

/// Exactly `count` digits, which are taken off the text; nothing where they are not there, or are 0.
std::optional<unsigned> digits(std::string_view& text, size_t count, int base) {
    unsigned value = 0;
    const auto number = text.substr(0, count);
    const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), value, base);
    if (number.size() < count || error != std::errc{} || end != number.data() + number.size() || value == 0)
        return std::nullopt;
    text.remove_prefix(count);
    return value;
}

}  // namespace

std::optional<std::string> unescape_c(std::string_view text) {
    std::string plain;
    while (!text.empty()) {
        const char c = text.front();
        text.remove_prefix(1);
        if (c != '\\') {
            plain += c;
            continue;
        }
        if (text.empty()) return std::nullopt;
        const char kind = text.front();
        if (const auto letter = letters.find(kind); letter != std::string_view::npos) {
            plain += meanings[letter];
            text.remove_prefix(1);
        } else if (kind >= '0' && kind <= '7') {
            const auto byte = digits(text, 3, 8);
            if (!byte || *byte > 255) return std::nullopt;
            plain += static_cast<char>(*byte);
        } else if (kind == 'x') {
            text.remove_prefix(1);
            const auto byte = digits(text, 2, 16);
            if (!byte) return std::nullopt;
            plain += static_cast<char>(*byte);
        } else if (kind == 'u' || kind == 'U') {
            text.remove_prefix(1);
            const auto code = digits(text, kind == 'u' ? 4 : 8, 16);
            if (!code || !append_character(plain, *code)) return std::nullopt;
        } else {
            return std::nullopt;
        }
    }
    return plain;
}

}  // namespace virtbp
