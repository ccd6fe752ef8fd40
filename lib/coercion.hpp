// SPDX-License-Identifier: GPL-3.0-or-later
// A value into one of Ansible's types, as module_utils/common/validation.py does it in check_type_str() etc.
#pragma once

#include <optional>
#include <string_view>

#include "lib/arguments.hpp"
#include "lib/json.hpp"

namespace virtbp {

/// Throws Error with Ansible's text. An integer beyond 64 bits stays what it came as, text or double: it is
/// accepted as Ansible would, and ranged() (schema.hpp) refuses it by name.
json coerce(Type type, const json& value);

/// What the words that Ansible takes for a boolean mean: yes, on, 1, true…, in lower case.
std::optional<bool> boolean_word(std::string_view word);

}  // namespace virtbp
