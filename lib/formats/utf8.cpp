// SPDX-License-Identifier: GPL-3.0-or-later
#include "lib/formats/utf8.hpp"

#include <array>

namespace virtbp {

namespace {

struct Form {
    unsigned mask, lead;  ///< of the first byte
    size_t size;
    char32_t least;  ///< what is smaller takes fewer bytes
};

constexpr std::array<Form, 4> forms{{
    {0x80, 0x00, 1, 0},
    {0xe0, 0xc0, 2, 0x80},
    {0xf0, 0xe0, 3, 0x800},
    {0xf8, 0xf0, 4, 0x10000},
}};

bool is_scalar(char32_t point) { return point <= 0x10ffff && (point < 0xd800 || point > 0xdfff); }

}  // namespace

Character first_character(std::string_view text) {
    const auto lead = static_cast<unsigned char>(text.front());
    for (const auto& form : forms) {
        if ((lead & form.mask) != form.lead) continue;
        if (text.size() < form.size) break;
        char32_t point = lead & ~form.mask;
        size_t i = 1;
        while (i < form.size && is_continuation(text[i]))
            point = point << 6U | (static_cast<unsigned char>(text[i++]) & 0x3fU);
        if (i < form.size || point < form.least || !is_scalar(point)) break;
        return {point, form.size};
    }
    return {char32_t{0xdc00} + lead, 1};
}

bool append_character(std::string& text, char32_t point) {
    if (!is_scalar(point)) return false;
    size_t form = forms.size() - 1;
    while (point < forms[form].least) --form;
    const auto size = forms[form].size;
    for (size_t i = 0; i < size; ++i) {
        const auto bits = point >> (6 * (size - 1 - i));
        text += static_cast<char>(i == 0 ? forms[form].lead | bits : 0x80U | (bits & 0x3fU));
    }
    return true;
}

}  // namespace virtbp
