// SPDX-License-Identifier: GPL-3.0-or-later
// UTF-8, character by character.
#pragma once

#include <string>
#include <string_view>

namespace virtbp {

struct Character {
    char32_t point;
    size_t size;  ///< in bytes, at least 1
};

/// The first character of a text that is not empty. A byte that begins none is 0xdc00 and itself, as Python's
/// surrogateescape has it.
Character first_character(std::string_view text);

inline bool is_continuation(char byte) { return (static_cast<unsigned char>(byte) & 0xc0U) == 0x80U; }

/// False for what no UTF-8 can hold: a surrogate, or a number beyond Unicode.
bool append_character(std::string& text, char32_t point);

}  // namespace virtbp
