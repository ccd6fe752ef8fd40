// SPDX-License-Identifier: GPL-3.0-or-later
// The order of boot entries, and the two comparisons of versions that it stands on:
// https://uapi-group.org/specifications/specs/version_format_specification/ and RPM's rpmvercmp(), which
// GRUB's blscfg has a copy of.
#include <algorithm>
#include <array>

#include "lib/formats/boot_entry.hpp"

namespace virtbp {

namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

int sign(int comparison) { return comparison < 0 ? -1 : comparison > 0 ? 1 : 0; }

/// Takes what `of_part` is true for off the beginning.
template <class Condition>
std::string_view take_while(std::string_view& text, Condition of_part) {
    size_t size = 0;
    while (size < text.size() && of_part(text[size])) ++size;
    const auto part = text.substr(0, size);
    text.remove_prefix(size);
    return part;
}

/// Numbers of any length.
int compare_numbers(std::string_view a, std::string_view b) {
    const auto is_zero = [](char c) { return c == '0'; };
    take_while(a, is_zero);
    take_while(b, is_zero);
    if (a.size() != b.size()) return a.size() < b.size() ? -1 : 1;
    return sign(a.compare(b));
}

/// Where one of them begins with `c`: `alone` for `a` if it is the only one; 0 and it is taken away if both
/// do.
int compare_mark(std::string_view& a, std::string_view& b, char c, int alone) {
    const bool has_a = a.starts_with(c), has_b = b.starts_with(c);
    if (has_a != has_b) return has_a ? alone : -alone;
    if (has_a) {
        a.remove_prefix(1);
        b.remove_prefix(1);
    }
    return 0;
}

/// NAME-VERSION-RELEASE: the last two '-' part them; without two there is no release, without one no version.
std::array<std::string_view, 3> parts_of(std::string_view id) {
    const auto last = id.rfind('-');
    if (last == std::string_view::npos) return {id, "", ""};
    const auto before = last == 0 ? last : id.rfind('-', last - 1);
    if (before == std::string_view::npos || before == last)
        return {id.substr(0, last), id.substr(last + 1), ""};
    return {id.substr(0, before), id.substr(before + 1, last - before - 1), id.substr(last + 1)};
}

bool is_before_in_grub(const BootEntry& a, const BootEntry& b) {
    const auto parts_a = parts_of(a.id), parts_b = parts_of(b.id);
    for (size_t i = 0; i < parts_a.size(); ++i)
        if (const int order = compare_rpm_versions(parts_a[i], parts_b[i])) return order > 0;
    return false;
}

bool is_before_in_systemd_boot(const BootEntry& a, const BootEntry& b) {
    if (a.is_bad != b.is_bad) return b.is_bad;
    if (a.sort_key.empty() != b.sort_key.empty()) return b.sort_key.empty();
    if (!a.sort_key.empty()) {
        if (a.sort_key != b.sort_key) return a.sort_key < b.sort_key;
        if (a.machine_id != b.machine_id) return a.machine_id < b.machine_id;
        if (const int order = compare_uapi_versions(a.version, b.version)) return order > 0;
    }
    return compare_uapi_versions(a.id, b.id) > 0;
}

}  // namespace

int compare_rpm_versions(std::string_view a, std::string_view b) {
    const auto is_separator = [](char c) { return !is_digit(c) && !is_letter(c) && c != '~' && c != '^'; };
    for (;;) {
        take_while(a, is_separator);
        take_while(b, is_separator);
        if (a.starts_with('~') || b.starts_with('~')) {
            if (const int order = compare_mark(a, b, '~', -1)) return order;
            continue;
        }
        if (a.starts_with('^') || b.starts_with('^')) {
            if (a.empty() || b.empty()) return a.empty() ? -1 : 1;
            if (const int order = compare_mark(a, b, '^', -1)) return order;
            continue;
        }
        if (a.empty() || b.empty()) return a.empty() == b.empty() ? 0 : a.empty() ? -1 : 1;
        if (is_digit(a.front()) != is_digit(b.front())) return is_digit(a.front()) ? 1 : -1;
        const bool numeric = is_digit(a.front());
        const auto of_part = numeric ? is_digit : is_letter;
        const auto part_a = take_while(a, of_part), part_b = take_while(b, of_part);
        if (const int order = numeric ? compare_numbers(part_a, part_b) : sign(part_a.compare(part_b)))
            return order;
    }
}

int compare_uapi_versions(std::string_view a, std::string_view b) {
    const auto is_separator = [](char c) {
        return !is_digit(c) && !is_letter(c) && std::string_view("-.~^").find(c) == std::string_view::npos;
    };
    for (;;) {
        take_while(a, is_separator);
        take_while(b, is_separator);
        if (const int order = compare_mark(a, b, '~', -1)) return order;
        if (a.empty() || b.empty()) return a.empty() == b.empty() ? 0 : a.empty() ? -1 : 1;
        if (const int order = compare_mark(a, b, '-', -1)) return order;
        if (const int order = compare_mark(a, b, '^', 1)) return order;
        if (const int order = compare_mark(a, b, '.', -1)) return order;
        const auto starts_with_digit = [](std::string_view text) {
            return !text.empty() && is_digit(text.front());
        };
        const bool numeric = starts_with_digit(a) || starts_with_digit(b);
        const auto of_part = numeric ? is_digit : is_letter;
        const auto part_a = take_while(a, of_part), part_b = take_while(b, of_part);
        if (const int order = numeric ? compare_numbers(part_a, part_b) : sign(part_a.compare(part_b)))
            return order;
    }
}

void sort_boot_entries(std::vector<BootEntry>& entries, bool by_grub) {
    std::stable_sort(entries.begin(), entries.end(), by_grub ? is_before_in_grub : is_before_in_systemd_boot);
}

}  // namespace virtbp
