// SPDX-License-Identifier: GPL-3.0-or-later
#include "lib/text.hpp"

#include <fnmatch.h>
#include <algorithm>

#include <charconv>

namespace virtbp {

namespace {

/// Space, \t, \n, \v, \f, \r.
bool is_white(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

}  // namespace

std::string concat(std::initializer_list<std::string_view> parts) {
    size_t size = 0;
    for (const auto part : parts) size += part.size();
    std::string all;
    all.reserve(size);
    for (const auto part : parts) all += part;
    return all;
}

void append(std::string& all, std::initializer_list<std::string_view> parts) {
    for (const auto part : parts) all += part;
}

std::string replaced(std::string_view text, std::string_view what, std::string_view by) {
    std::string all;
    for (;;) {
        const auto at = text.find(what);
        all += text.substr(0, at);
        if (at == std::string_view::npos) return all;
        all += by;
        text.remove_prefix(at + what.size());
    }
}

std::string_view trim(std::string_view text) {
    while (!text.empty() && is_white(text.front())) text.remove_prefix(1);
    while (!text.empty() && is_white(text.back())) text.remove_suffix(1);
    return text;
}

std::vector<std::string_view> split(std::string_view text, char separator) {
    std::vector<std::string_view> parts;
    for (;;) {
        const auto end = text.find(separator);
        parts.push_back(text.substr(0, end));
        if (end == std::string_view::npos) return parts;
        text.remove_prefix(end + 1);
    }
}

std::vector<std::string_view> words(std::string_view text) {
    std::vector<std::string_view> parts;
    for (;;) {
        while (!text.empty() && is_white(text.front())) text.remove_prefix(1);
        if (text.empty()) return parts;
        size_t end = 0;
        while (end < text.size() && !is_white(text[end])) ++end;
        parts.push_back(text.substr(0, end));
        text.remove_prefix(end);
    }
}

std::vector<std::string_view> lines(std::string_view text) {
    std::vector<std::string_view> parts;
    while (!text.empty()) {
        const auto end = text.find('\n');
        auto line = text.substr(0, end);
        text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
        if (line.ends_with('\r')) line.remove_suffix(1);
        parts.push_back(line);
    }
    return parts;
}

std::string join(const std::vector<std::string>& parts, std::string_view separator) {
    std::string all;
    for (const auto& part : parts) {
        if (&part != &parts.front()) all += separator;
        all += part;
    }
    return all;
}

std::string enumerate(const std::vector<std::string>& parts) {
    constexpr size_t most = 8;
    const auto shown = std::min(parts.size(), most);
    auto text = join({parts.begin(), parts.begin() + static_cast<std::ptrdiff_t>(shown)}, "; ");
    if (shown < parts.size()) text += concat({"; and ", std::to_string(parts.size() - shown), " more"});
    return text;
}

std::optional<long> to_integer(std::string_view text) {
    if (text.starts_with('+') && !text.starts_with("+-")) text.remove_prefix(1);
    long number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return number;
}

bool matches(const std::string& pattern, const std::string& text) {
    return fnmatch(pattern.c_str(), text.c_str(), 0) == 0;
}

}  // namespace virtbp
