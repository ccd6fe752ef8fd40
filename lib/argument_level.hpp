// SPDX-License-Identifier: GPL-3.0-or-later
// One dictionary of arguments against its options: the module's own, or those of a sub-option.
#pragma once

#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lib/arguments.hpp"
#include "lib/error.hpp"
#include "lib/json.hpp"

namespace virtbp {

/// True of an option that is a level of its own: a dict with sub-options, or a list of such.
bool has_suboptions(const Option& option);

class ArgumentLevel {
public:
    /// `path` holds the names of the options above; it and `spec` must outlive the level.
    ArgumentLevel(const Spec& spec, const std::vector<std::string>& path);

    /// Values under their own names; an alias wins. `prefix` is what warnings call this level: "pools[1].".
    void take(const json& given, const std::string& prefix, std::vector<std::string>& warnings);

    /// All of Ansible's checks and conversions, but for what is below; throws Error where one fails.
    void check();

    /// In the order of the options; nothing where one is left out, while null is a value.
    std::vector<std::optional<json>>& values() { return values_; }

private:
    const json* find(std::string_view name) const;
    Error refuse(std::initializer_list<std::string_view> parts) const;
    std::string above() const;

    void check_mutually_exclusive() const;
    void check_required() const;
    void convert(const Option& option, json& value) const;
    void check_choices(const Option& option, json& value) const;
    void check_required_together() const;
    void check_required_one_of() const;
    void check_required_if() const;
    void check_required_by() const;

    const Spec& spec_;
    const std::vector<std::string>& path_;
    std::vector<std::optional<json>> values_;
};

}  // namespace virtbp
