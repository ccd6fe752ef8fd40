// SPDX-License-Identifier: GPL-3.0-or-later
// JSON from outside: as many levels and members as anybody sends, without deep recursion and without the
// square of their number, which the library's own way into an ordered object takes.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "lib/json.hpp"

namespace virtbp {

/// Arrays and objects in one another, in any text that is parsed.
constexpr size_t most_levels = 64;

/// An integer beyond 64 bits becomes its text, digit for digit: whoever takes numbers as text takes it whole.
/// Throws Error with the position.
json parse_json(std::string_view text);

/// Of equal keys the last value counts, in the place of the first, as in Python.
json object_of(std::vector<std::pair<std::string, json>> members);

}  // namespace virtbp
