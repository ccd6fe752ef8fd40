// SPDX-License-Identifier: GPL-3.0-or-later
// Values as Python writes and reads them, as far as JSON can hold them. Ansible's messages show values as
// repr() does, text options get them as str() does, and the text of a dictionary may be a Python literal.
#pragma once

#include <string>
#include <string_view>

#include "lib/json.hpp"

namespace virtbp {

/// type(value).__name__: "NoneType", "bool", "int", "float", "str", "list", "dict".
std::string_view python_type(const json& value);

/// repr(value): "'it'", "1.0", "None", "{'a': [True]}".
std::string python_repr(const json& value);

/// str(value): text as it is, everything else as repr().
std::string python_str(const json& value);

/// text.strip(): without Unicode's white space at both ends.
std::string_view python_strip(std::string_view text);

/// What ast.literal_eval() gives: a tuple becomes a list, a number as key its text, an integer beyond 64 bits
/// its text too. Throws Error for what JSON cannot hold (bytes, sets, complex and infinite numbers, lone
/// surrogates), for \N{names} and for more than most_levels levels.
json parse_python(std::string_view text);

}  // namespace virtbp
