// SPDX-License-Identifier: GPL-3.0-or-later
// Acceptance of a module's arguments: what Ansible's own argument-spec validator (ansible-core 2.19 and up,
// module_utils/common/arg_spec.py) would accept, coerce, default and say, word for word and in its order.
// tests/ansible/differential.py proves it against the real one.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "lib/json.hpp"

namespace virtbp {

/// Ansible's types of an option: str, int, bool, list, dict, path, raw.
enum class Type { str, integer, boolean, list, dict, path, raw };

std::string_view name_of(Type type);

struct Option;

/// Which options go together. In each, names as declared.
struct Rules {
    std::vector<std::vector<std::string>> mutually_exclusive = {};
    std::vector<std::vector<std::string>> required_together = {};
    std::vector<std::vector<std::string>> required_one_of = {};
    struct If {
        std::string name;
        json value;
        std::vector<std::string> requirements;
        bool any = false;  ///< one of the requirements is enough
    };
    std::vector<If> required_if = {};
    /// where the first is given (not null), so must be the others
    std::vector<std::pair<std::string, std::vector<std::string>>> required_by = {};
};

struct Spec {
    std::vector<Option> options;
    Rules rules = {};

    const Option* find(std::string_view name) const;
};

struct Option {
    std::string name;
    Type type = Type::str;
    std::optional<Type> elements = {};  ///< of a list
    bool required = false;
    json default_value = nullptr;  ///< null: none
    std::vector<std::string> choices = {};
    std::vector<std::string> aliases = {};
    Spec suboptions = {};  ///< of a dict, or of a list's dicts
    // for the documents
    std::vector<std::string> description = {};  ///< a paragraph each
    std::optional<long> minimum = {};           ///< checked when stored (schema.hpp): Ansible knows no ranges
    std::optional<long> maximum = {};
};

struct Accepted {
    json params;  ///< every declared option, null where it was left out and has no default
    std::vector<std::string> warnings;
};

/// `name` is the module's public name, "virtbp.core.hugepages". Keys that begin with _ansible_ are no
/// parameters; of them _ansible_ignore_unknown_opts is obeyed. Throws Error with the validator's first error.
Accepted accept(const Spec& spec, std::string_view name, const json& arguments);

}  // namespace virtbp
