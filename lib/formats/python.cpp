// SPDX-License-Identifier: GPL-3.0-or-later
#include "lib/formats/python.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <cstdlib>

#include "lib/error.hpp"
#include "lib/formats/utf8.hpp"
#include "lib/text.hpp"

namespace virtbp {

namespace {

/// Deeper than anything that is parsed.
constexpr size_t most_repr_levels = 256;

struct Range {
    char32_t first, last;
};

// What repr() escapes beyond ASCII: controls, formats, separators and private characters (str.isprintable()).
// Code points without a character are left alone: which these are differs from one Python to the next.
constexpr std::array<Range, 32> unprintable{{
    {0x7f, 0xa0},         {0xad, 0xad},         {0x600, 0x605},     {0x61c, 0x61c},     {0x6dd, 0x6dd},
    {0x70f, 0x70f},       {0x890, 0x891},       {0x8e2, 0x8e2},     {0x1680, 0x1680},   {0x180e, 0x180e},
    {0x2000, 0x200f},     {0x2028, 0x202f},     {0x205f, 0x206f},   {0x3000, 0x3000},   {0xd800, 0xf8ff},
    {0xfeff, 0xfeff},     {0xfff9, 0xfffb},     {0xfffe, 0xffff},   {0x110bd, 0x110bd}, {0x110cd, 0x110cd},
    {0x13430, 0x1343f},   {0x1bca0, 0x1bca3},   {0x1d173, 0x1d17a}, {0x1fffe, 0x1ffff}, {0x2fffe, 0x2ffff},
    {0x3fffe, 0x3ffff},   {0xe0001, 0xe0001},   {0xe0020, 0xe007f}, {0xefffe, 0xeffff}, {0xf0000, 0xfffff},
    {0x100000, 0x10fffd}, {0x10fffe, 0x10ffff},
}};

constexpr std::array<Range, 10> white_space{{
    {0x9, 0xd},
    {0x1c, 0x20},
    {0x85, 0x85},
    {0xa0, 0xa0},
    {0x1680, 0x1680},
    {0x2000, 0x200a},
    {0x2028, 0x2029},
    {0x202f, 0x202f},
    {0x205f, 0x205f},
    {0x3000, 0x3000},
}};

template <size_t size>
bool holds(const std::array<Range, size>& ranges, char32_t point) {
    return std::any_of(ranges.begin(), ranges.end(),
                       [point](const Range& range) { return point >= range.first && point <= range.last; });
}

void write_hex(std::string& out, const char* format, char32_t point) {
    std::array<char, 16> text{};
    std::snprintf(text.data(), text.size(), format, static_cast<unsigned>(point));
    out += text.data();
}

void write_text(std::string& out, std::string_view text) {
    const bool has_single = text.find('\'') != std::string_view::npos;
    const char quote = has_single && text.find('"') == std::string_view::npos ? '"' : '\'';
    out += quote;
    while (!text.empty()) {
        const auto [point, size] = first_character(text);
        if (point == U'\n') out += "\\n";
        else if (point == U'\r') out += "\\r";
        else if (point == U'\t') out += "\\t";
        else if (point == U'\\' || point == static_cast<char32_t>(quote)) out.append({'\\', text.front()});
        else if (point >= U' ' && !holds(unprintable, point)) out += text.substr(0, size);
        else if (point <= 0xff) write_hex(out, "\\x%02x", point);
        else if (point <= 0xffff) write_hex(out, "\\u%04x", point);
        else write_hex(out, "\\U%08x", point);
        text.remove_prefix(size);
    }
    out += quote;
}

using FloatText = std::array<char, 32>;

/// One more in the last digit before the exponent. Floats lie closer below a power of two than above it, so
/// that the decimal next above may be that power where the nearest one is not.
FloatText raised(FloatText text) {
    for (auto i = std::string_view(text.data()).find('e'); i-- > 0;) {
        if (text[i] < '0' || text[i] > '9') continue;
        if (text[i]++ != '9') break;
        text[i] = '0';
    }
    return text;
}

/// The fewest digits that give the number back; with an exponent where it is below -4 or above 15.
std::string float_text(double value) {
    if (std::isnan(value)) return "nan";
    if (std::isinf(value)) return value < 0 ? "-inf" : "inf";
    FloatText text{};
    for (int digits = 0; digits <= 16; ++digits) {
        std::snprintf(text.data(), text.size(), "%.*e", digits, value);
        if (std::strtod(text.data(), nullptr) == value) break;
        if (auto above = raised(text); std::strtod(above.data(), nullptr) == value) {
            text = above;
            break;
        }
    }
    std::string shortest(text.data());
    const auto mark = shortest.find('e');
    const long exponent = std::strtol(shortest.c_str() + mark + 1, nullptr, 10);
    if (exponent < -4 || exponent > 15)
        return shortest;  // C writes at least two digits of it, and so does Python

    const std::string sign(shortest.front() == '-' ? "-" : "");
    std::string digits = shortest.substr(sign.size(), mark - sign.size());
    std::erase(digits, '.');
    if (exponent < 0)
        return concat({sign, "0.", std::string(static_cast<size_t>(-exponent) - 1, '0'), digits});
    const auto whole = static_cast<size_t>(exponent) + 1;
    if (digits.size() <= whole) return concat({sign, digits, std::string(whole - digits.size(), '0'), ".0"});
    return concat({sign, digits.substr(0, whole), ".", digits.substr(whole)});
}

void write_value(std::string& out, const json& value, size_t level) {
    if (level > most_repr_levels) throw Error("a value is nested too deeply to be shown");
    if (value.is_null()) out += "None";
    else if (value.is_boolean()) out += value.get<bool>() ? "True" : "False";
    else if (value.is_number_float()) out += float_text(value.get<double>());
    else if (value.is_string()) write_text(out, value.get_ref<const std::string&>());
    else if (value.is_array()) {
        out += '[';
        for (const auto& element : value) {
            if (&element != &value.front()) out += ", ";
            write_value(out, element, level + 1);
        }
        out += ']';
    } else if (value.is_object()) {
        out += '{';
        bool first = true;
        for (const auto& [key, member] : value.items()) {
            if (!first) out += ", ";
            first = false;
            write_text(out, key);
            out += ": ";
            write_value(out, member, level + 1);
        }
        out += '}';
    } else out += value.dump();
}

}  // namespace

std::string_view python_type(const json& value) {
    switch (value.type()) {
        case json::value_t::null: return "NoneType";
        case json::value_t::boolean: return "bool";
        case json::value_t::number_float: return "float";
        case json::value_t::string: return "str";
        case json::value_t::array: return "list";
        case json::value_t::object: return "dict";
        default: return "int";
    }
}

std::string python_repr(const json& value) {
    std::string out;
    write_value(out, value, 0);
    return out;
}

std::string python_str(const json& value) {
    return value.is_string() ? value.get<std::string>() : python_repr(value);
}

std::string_view python_strip(std::string_view text) {
    while (!text.empty()) {
        const auto [point, size] = first_character(text);
        if (!holds(white_space, point)) break;
        text.remove_prefix(size);
    }
    while (!text.empty()) {
        auto begin = text.size() - 1;
        while (begin > 0 && is_continuation(text[begin])) --begin;
        if (!holds(white_space, first_character(text.substr(begin)).point)) break;
        text.remove_suffix(text.size() - begin);
    }
    return text;
}

}  // namespace virtbp
