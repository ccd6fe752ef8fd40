// SPDX-License-Identifier: GPL-3.0-or-later
#include "lib/formats/number_list.hpp"

#include <algorithm>
#include <charconv>
#include <optional>

#include "lib/error.hpp"
#include "lib/text.hpp"

namespace virtbp {

namespace {

constexpr size_t limit = 65536;  // numbers, and parts of a list: the kernel has far fewer CPUs

std::optional<size_t> number(std::string_view text) {
    text = trim(text);
    size_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size() || value >= limit) return std::nullopt;
    return value;
}

}  // namespace

std::vector<int> parse_number_list(std::string_view text) {
    const auto refuse = [text] {
        const auto shown = text.substr(0, 100);
        return Error(concat({"\"", shown, shown.size() < text.size() ? "…" : "",
                             "\" is not a list of numbers from 0 to 65535, such as 0-3,8"}));
    };
    std::vector<bool> chosen;
    if (trim(text).empty()) return {};
    const auto parts = split(text, ',');
    if (parts.size() > limit) throw refuse();
    for (auto part : parts) {
        part = trim(part);
        const bool excluded = part.starts_with('^');
        if (excluded) part.remove_prefix(1);
        const auto dash = part.find('-');
        const auto first = number(part.substr(0, dash));
        const auto last = dash == std::string_view::npos ? first : number(part.substr(dash + 1));
        if (!first || !last || *first > *last) throw refuse();
        if (chosen.size() <= *last) chosen.resize(*last + 1);
        const auto begin = chosen.begin();
        std::fill(begin + static_cast<long>(*first), begin + static_cast<long>(*last + 1), !excluded);
    }
    std::vector<int> numbers;
    for (size_t i = 0; i < chosen.size(); ++i)
        if (chosen[i]) numbers.push_back(static_cast<int>(i));
    return numbers;
}

std::string format_number_list(const std::vector<int>& numbers) {
    std::string text;
    for (size_t first = 0; first < numbers.size();) {
        size_t last = first;
        while (last + 1 < numbers.size() && numbers[last + 1] == numbers[last] + 1) ++last;
        if (!text.empty()) text += ',';
        text += std::to_string(numbers[first]);
        if (last > first) text += '-' + std::to_string(numbers[last]);
        first = last + 1;
    }
    return text;
}

}  // namespace virtbp
