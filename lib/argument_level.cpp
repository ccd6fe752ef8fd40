// SPDX-License-Identifier: GPL-3.0-or-later
#include "lib/argument_level.hpp"

#include <algorithm>
#include <iterator>
#include <set>

#include "lib/coercion.hpp"
#include "lib/formats/python.hpp"
#include "lib/text.hpp"

namespace virtbp {

namespace {

using Names = std::vector<std::string>;

/// Python compares a boolean as the number it is.
bool are_equal(const json& one, const json& other) {
    const auto plain = [](const json& value) {
        return value.is_boolean() ? json(value.get<bool>() ? 1 : 0) : value;
    };
    return plain(one) == plain(other);
}

/// Ansible looks for secrets before it checks anything. We have none, but its errors on the way come first.
void look_below(const Option& option, const json& value) {
    if (!has_suboptions(option) || value.is_null()) return;
    const auto look_at = [&option](const json& element) {
        const json dict = element.is_string() ? coerce(Type::dict, element) : element;
        if (!dict.is_object())
            throw Error(concat({"Value '", python_str(element), "' in the sub parameter field '", option.name,
                                "' must be a ", name_of(option.type), ", not '", python_type(element), "'"}));
        for (const auto& suboption : option.suboptions.options)
            if (const auto found = dict.find(suboption.name); found != dict.end())
                look_below(suboption, *found);
    };
    if (value.is_array()) std::for_each(value.begin(), value.end(), look_at);
    else look_at(value);
}

json converted(Type type, const json& value, std::string_view who, std::string_view after) {
    try {
        return coerce(type, value);
    } catch (const Error& error) {
        throw Error(concat({who, " is of type ", python_type(value), after,
                            " and we were unable to convert to ", name_of(type), ": ", error.what()}));
    }
}

}  // namespace

bool has_suboptions(const Option& option) {
    return !option.suboptions.options.empty() &&
           (option.type == Type::dict || (option.type == Type::list && option.elements == Type::dict));
}

ArgumentLevel::ArgumentLevel(const Spec& spec, const Names& path)
    : spec_(spec), path_(path), values_(spec.options.size()) {}

void ArgumentLevel::take(const json& given, const std::string& prefix, std::vector<std::string>& warnings) {
    for (size_t i = 0; i < values_.size(); ++i) {
        const auto& option = spec_.options[i];
        if (const auto found = given.find(option.name); found != given.end()) values_[i] = *found;
        for (const auto& alias : option.aliases) {
            const auto found = given.find(alias);
            if (found == given.end()) continue;
            if (values_[i])
                warnings.push_back(concat(
                    {"Both option ", prefix, option.name, " and its alias ", prefix, alias, " are set."}));
            values_[i] = *found;
        }
    }
}

void ArgumentLevel::check() {
    for (size_t i = 0; i < values_.size(); ++i)
        if (values_[i]) look_below(spec_.options[i], *values_[i]);
    check_mutually_exclusive();
    for (size_t i = 0; i < values_.size(); ++i)
        if (const auto& start = spec_.options[i].default_value; !values_[i] && !start.is_null())
            values_[i] = start;
    check_required();
    for (size_t i = 0; i < values_.size(); ++i)
        if (values_[i]) convert(spec_.options[i], *values_[i]);
    for (size_t i = 0; i < values_.size(); ++i)
        if (values_[i] && !spec_.options[i].choices.empty()) check_choices(spec_.options[i], *values_[i]);
    check_required_together();
    check_required_one_of();
    check_required_if();
    check_required_by();
}

/// Nothing where it was left out.
const json* ArgumentLevel::find(std::string_view name) const {
    for (size_t i = 0; i < values_.size(); ++i)
        if (spec_.options[i].name == name) return values_[i] ? &*values_[i] : nullptr;
    return nullptr;
}

std::string ArgumentLevel::above() const { return join(path_, " -> "); }

Error ArgumentLevel::refuse(std::initializer_list<std::string_view> parts) const {
    return Error(path_.empty() ? concat(parts) : concat({concat(parts), " found in ", above()}));
}

void ArgumentLevel::check_mutually_exclusive() const {
    Names broken;
    for (const auto& names : spec_.rules.mutually_exclusive)
        if (std::count_if(names.begin(), names.end(), [this](const auto& name) { return find(name); }) > 1)
            broken.push_back(join(names, "|"));
    if (!broken.empty()) throw refuse({"parameters are mutually exclusive: ", join(broken, ", ")});
}

void ArgumentLevel::check_required() const {
    Names missing;
    for (const auto& option : spec_.options)
        if (option.required && find(option.name) == nullptr) missing.push_back(option.name);
    std::sort(missing.begin(), missing.end());
    if (!missing.empty()) throw refuse({"missing required arguments: ", join(missing, ", ")});
}

void ArgumentLevel::convert(const Option& option, json& value) const {
    if (value.is_null() && !option.required && option.default_value.is_null()) return;
    const auto place = path_.empty() ? "" : concat({" found in '", above(), "'"});
    value = converted(option.type, value, concat({"argument '", option.name, "'"}),
                      place.empty() ? "" : place + ".");
    if (!option.elements) return;
    const auto who = concat({"Elements value for option '", option.name, "'", place});
    for (auto& element : value) element = converted(*option.elements, element, who, "");
}

void ArgumentLevel::check_choices(const Option& option, json& value) const {
    const auto& choices = option.choices;
    const auto is_choice = [&choices](const json& one) {
        return one.is_string() &&
               std::find(choices.begin(), choices.end(), one.get_ref<const std::string&>()) != choices.end();
    };
    if (value.is_array()) {
        Names others;
        for (const auto& element : value)
            if (!is_choice(element)) others.push_back(python_str(element));
        if (!others.empty())
            throw refuse({"value of ", option.name, " must be one or more of: ", join(choices, ", "),
                          ". Got no match for: ", join(others, ", ")});
        return;
    }
    if (is_choice(value)) return;
    if (value == "True" || value == "False") {
        // YAML has made a boolean of a word: back to the one choice that it can have been.
        std::set<std::string_view> meant;
        for (const auto& choice : choices)
            if (boolean_word(choice) == (value == "True")) meant.insert(choice);
        if (meant.size() == 1) {
            value = *meant.begin();
            return;
        }
    }
    throw refuse(
        {"value of ", option.name, " must be one of: ", join(choices, ", "), ", got: ", python_str(value)});
}

void ArgumentLevel::check_required_together() const {
    for (const auto& names : spec_.rules.required_together) {
        const auto given =
            std::count_if(names.begin(), names.end(), [this](const auto& name) { return find(name); });
        if (given != 0 && given != std::ssize(names))
            throw refuse({"parameters are required together: ", join(names, ", ")});
    }
}

void ArgumentLevel::check_required_one_of() const {
    for (const auto& names : spec_.rules.required_one_of)
        if (std::none_of(names.begin(), names.end(), [this](const auto& name) { return find(name); }))
            throw refuse({"one of the following is required: ", join(names, ", ")});
}

void ArgumentLevel::check_required_if() const {
    for (const auto& rule : spec_.rules.required_if) {
        const json* value = find(rule.name);
        if (value == nullptr || !are_equal(*value, rule.value)) continue;
        Names missing;
        for (const auto& name : rule.requirements)
            if (find(name) == nullptr) missing.push_back(name);
        if (missing.empty() || (rule.any && missing.size() < rule.requirements.size())) continue;
        throw refuse({rule.name, " is ", python_str(rule.value), " but ", rule.any ? "any" : "all",
                      " of the following are missing: ", join(missing, ", ")});
    }
}

void ArgumentLevel::check_required_by() const {
    const auto is_missing = [this](std::string_view name) {
        return find(name) == nullptr || find(name)->is_null();
    };
    for (const auto& [name, others] : spec_.rules.required_by) {
        if (is_missing(name)) continue;
        Names missing;
        std::copy_if(others.begin(), others.end(), std::back_inserter(missing), is_missing);
        if (!missing.empty())
            throw refuse({"missing parameter(s) required by '", name, "': ", join(missing, ", ")});
    }
}

}  // namespace virtbp
