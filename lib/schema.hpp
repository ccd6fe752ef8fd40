// SPDX-License-Identifier: GPL-3.0-or-later
// A module's parameters, declared once with member pointers: type and default are those of the C++ member, so
// the declaration, the acceptance of input and every document are the same object and cannot drift apart.
#pragma once

#include <concepts>
#include <functional>
#include <limits>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "lib/arguments.hpp"
#include "lib/error.hpp"
#include "lib/json.hpp"
#include "lib/text.hpp"

namespace virtbp {

/// What cannot be read off the C++ member.
struct Attributes {
    bool required = false;
    std::vector<std::string> choices = {};
    std::vector<std::string> aliases = {};
    std::optional<long> min = {};
    std::optional<long> max = {};
    std::optional<Type> type = {};  ///< Type::path for a std::string that is one
};

template <class P>
struct Parameter;

/// The parameters of a struct P: `static Parameters<P> parameters()` of a module's Params, or of the struct
/// of a sub-option, gives them.
template <class P>
struct Parameters {
    std::vector<Parameter<P>> list = {};
    Rules rules = {};

    /// See Parameter.
    template <class B, class T>
    Parameters add(std::string name, T B::* member, std::vector<std::string> description,
                   Attributes attributes = {}) && {
        list.push_back({std::move(name), member, std::move(description), std::move(attributes)});
        return std::move(*this);
    }
    /// Which of them go together.
    Parameters where(Rules together) && {
        rules = std::move(together);
        return std::move(*this);
    }

    Spec spec() const {
        Spec spec{{}, rules};
        for (const auto& parameter : list) spec.options.push_back(parameter.option);
        return spec;
    }

    /// Accepted JSON into the members; what is null keeps the member's initial value. Throws Error out of
    /// range.
    void store(const json& accepted, P& into) const {
        for (const auto& parameter : list)
            if (const json& value = accepted.at(parameter.option.name); !value.is_null())
                parameter.set(into, value);
    }
};

template <class T>
concept Structure = requires {
    { T::parameters() } -> std::same_as<Parameters<T>>;
};

template <class T>
struct Unwrapped {
    using type = T;
    static constexpr bool optional = false, list = false;
};
template <class T>
struct Unwrapped<std::optional<T>> : Unwrapped<T> {
    static constexpr bool optional = true;
};
template <class T>
struct Unwrapped<std::vector<T>> : Unwrapped<T> {
    static constexpr bool list = true;
};

template <class T>
constexpr Type type_of() {
    if constexpr (std::same_as<T, bool>) return Type::boolean;
    else if constexpr (std::integral<T>) return Type::integer;
    else if constexpr (std::same_as<T, std::string>) return Type::str;
    else if constexpr (Structure<T>) return Type::dict;
    else {
        static_assert(std::same_as<T, json>, "no Ansible type for this member");
        return Type::raw;
    }
}

/// The integer in `value`, which accept() has made one. Throws Error outside the option's range or that of
/// `long`.
long ranged(const Option& option, const json& value);

template <class T>
void store(const Option& option, const json& value, T& into) {
    if constexpr (Unwrapped<T>::optional) {
        store(option, value, into.emplace());
    } else if constexpr (Unwrapped<T>::list) {
        into.clear();
        for (const auto& element : value) store(option, element, into.emplace_back());
    } else if constexpr (Structure<T>) {
        T::parameters().store(value, into);
    } else if constexpr (std::same_as<T, json>) {
        into = value;
    } else if constexpr (std::integral<T> && !std::same_as<T, bool>) {
        into = static_cast<T>(ranged(option, value));
    } else {
        into = value.template get<T>();
    }
}

template <class P>
struct Parameter {
    Option option;
    std::function<void(P&, const json&)> set;

    /// `member` is P's, or that of a struct that P is derived from. Its initial value is the default, but for
    /// std::optional and an empty list, which have none.
    template <class B, class T>
        requires std::derived_from<P, B>
    Parameter(std::string name, T B::* member, std::vector<std::string> description,
              Attributes attributes = {}) {
        using Single = typename Unwrapped<T>::type;
        constexpr bool is_narrow = std::integral<Single> && sizeof(Single) < sizeof(long);
        static_assert(!std::integral<Single> || is_narrow || std::same_as<Single, long>,
                      "a number is a long, or something that fits in one");
        const Type single = attributes.type.value_or(type_of<Single>());
        option.name = std::move(name);
        option.type = Unwrapped<T>::list ? Type::list : single;
        if (Unwrapped<T>::list) option.elements = single;
        option.required = attributes.required;
        option.choices = std::move(attributes.choices);
        option.aliases = std::move(attributes.aliases);
        option.minimum = attributes.min;
        option.maximum = attributes.max;
        if constexpr (is_narrow && !std::same_as<Single, bool>) {
            option.minimum = attributes.min.value_or(std::numeric_limits<Single>::min());
            option.maximum = attributes.max.value_or(std::numeric_limits<Single>::max());
        }
        option.description = std::move(description);
        if constexpr (Structure<Single>) option.suboptions = Single::parameters().spec();
        if constexpr (!Unwrapped<T>::optional && !Structure<Single>) {
            const T initial = P{}.*member;
            if constexpr (Unwrapped<T>::list) {
                if (!initial.empty()) option.default_value = initial;
            } else if (!option.required) {
                option.default_value = initial;
            }
        }
        set = [declared = option, member](P& into, const json& value) {
            store(declared, value, into.*member);
        };
    }
};

/// A key that a module adds to the result.
struct Return {
    std::string name;
    std::string type;                      ///< Ansible's: str, int, bool, list, dict
    std::vector<std::string> description;  ///< a paragraph each
    json sample;
};

/// What the documents say of a module besides its parameters.
struct Manual {
    std::string name;     ///< "hugepages": the executable's
    std::string summary;  ///< one line, no full stop
    std::vector<std::string> description;
    std::vector<std::string> notes = {};
    std::string examples;  ///< an Ansible playbook's tasks, YAML
    std::vector<Return> returns = {};
};

/// A module without its types: what the documents are made from.
struct Description {
    Manual manual;
    Spec spec;

    std::string full_name() const { return concat({"virtbp.core.", manual.name}); }
};

}  // namespace virtbp
