// SPDX-License-Identifier: GPL-3.0-or-later
#include "lib/formats/size.hpp"

#include <cctype>
#include <charconv>
#include <climits>

#include "lib/error.hpp"
#include "lib/text.hpp"

namespace virtbp {

namespace {

constexpr std::string_view units = "kmgtpe";  // each 1024 (or 1000) times the one before

char lower(char c) { return static_cast<char>(std::tolower(static_cast<unsigned char>(c))); }

int value_of_digit(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (lower(c) >= 'a' && lower(c) <= 'f') return lower(c) - 'a' + 10;
    return 16;
}

/// A number with a unit; `thousand` is what the k of kB stands for.
std::optional<long> amount(std::string_view text, long thousand) {
    text = trim(text);
    if (text.empty() || text.front() < '0' || text.front() > '9') return std::nullopt;
    long number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc{}) return std::nullopt;
    text.remove_prefix(static_cast<size_t>(end - text.data()));

    std::string unit;
    for (const char c : trim(text)) unit += lower(c);
    if (unit.empty() || unit == "b" || unit == "byte" || unit == "bytes") return number;
    const auto power = units.find(unit.front());
    if (power == std::string_view::npos) return std::nullopt;
    const auto rest = std::string_view(unit).substr(1);
    if (rest == "b") {
    } else if (rest.empty() || rest == "ib") {
        thousand = 1024;
    } else {
        return std::nullopt;
    }
    for (size_t i = 0; i <= power; ++i)
        if (__builtin_mul_overflow(number, thousand, &number)) return std::nullopt;
    return number;
}

bool is_power_of_two(long number) { return number > 0 && (number & (number - 1)) == 0; }

}  // namespace

long parse_page_size(std::string_view text) {
    const auto bytes = amount(text, 1024);
    if (!bytes || !is_power_of_two(*bytes))
        throw Error(concat({"\"", text, "\" is not a page size, such as 2M, 1G or 2048kB"}));
    return *bytes;
}

std::string page_size_name(long bytes) {
    size_t power = 0;
    while (bytes != 0 && bytes % 1024 == 0 && power < units.size()) {
        bytes /= 1024;
        ++power;
    }
    auto name = std::to_string(bytes);
    if (power > 0) name += static_cast<char>(std::toupper(units[power - 1]));
    return name;
}

long parse_memory(std::string_view text) {
    const auto bytes = amount(text, 1000);
    if (!bytes)
        throw Error(
            concat({"\"", text, "\" is not an amount of memory below 8 EiB, such as 8G or 512000 KiB"}));
    return *bytes;
}

std::string hugepages_folder(long page_size) {
    return concat({"hugepages-", std::to_string(page_size / 1024), "kB"});
}

std::optional<long> hugepages_folder_size(std::string_view name) {
    constexpr std::string_view head = "hugepages-", tail = "kB";
    if (!name.starts_with(head) || !name.ends_with(tail)) return std::nullopt;
    const auto bytes = amount(name.substr(head.size()), 1024);
    if (!bytes || !is_power_of_two(*bytes) || hugepages_folder(*bytes) != name) return std::nullopt;
    return bytes;
}

KernelSize parse_kernel_size(std::string_view text) {
    int base = 10;
    if (text.size() > 2 && text[0] == '0' && lower(text[1]) == 'x' && value_of_digit(text[2]) < 16) {
        base = 16;
        text.remove_prefix(2);
    } else if (text.starts_with('0')) {
        base = 8;
    }
    unsigned long bytes = 0;
    for (; !text.empty() && value_of_digit(text[0]) < base; text.remove_prefix(1))
        bytes =
            bytes * static_cast<unsigned long>(base) + static_cast<unsigned long>(value_of_digit(text[0]));
    if (!text.empty()) {
        const auto power = units.find(lower(text[0]));
        if (power != std::string_view::npos) {
            bytes <<= 10 * (power + 1);
            text.remove_prefix(1);
        }
    }
    return {bytes, text};
}

}  // namespace virtbp
