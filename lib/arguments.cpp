// SPDX-License-Identifier: GPL-3.0-or-later
// All levels of arguments, from the outermost inward, and the unknown ones last: Ansible reports the first
// error only, so that its order is what users see.
#include "lib/arguments.hpp"

#include <algorithm>
#include <array>
#include <map>

#include "lib/argument_level.hpp"
#include "lib/coercion.hpp"
#include "lib/error.hpp"
#include "lib/formats/python.hpp"
#include "lib/text.hpp"

namespace virtbp {

namespace {

using Names = std::vector<std::string>;

constexpr std::string_view internal = "_ansible_";

bool knows(const Spec& spec, std::string_view name) {
    return std::any_of(spec.options.begin(), spec.options.end(), [name](const Option& option) {
        return option.name == name ||
               std::find(option.aliases.begin(), option.aliases.end(), name) != option.aliases.end();
    });
}

/// All levels, and what is said of all of them together.
class Acceptance {
public:
    json accept(const Spec& spec, const json& given, Names& path, const std::string& prefix) {
        ArgumentLevel level(spec, path);
        level.take(given, prefix, path.empty() ? last_warnings_ : warnings_);
        note_unsupported(spec, given, path);
        level.check();
        json accepted = json::object();
        for (size_t i = 0; i < spec.options.size(); ++i) {
            const auto& option = spec.options[i];
            json value = std::move(level.values()[i]).value_or(nullptr);
            if (has_suboptions(option) && !value.is_null())
                accept_below(option, value, path, concat({prefix, option.name}));
            accepted.emplace(option.name, std::move(value));
        }
        return accepted;
    }

    void refuse_unsupported(std::string_view name) const {
        if (unsupported_.empty()) return;
        Names names;
        for (const auto& [path, spec] : unsupported_) names.push_back(join(path, "."));
        std::sort(names.begin(), names.end());
        Names supported, aliases;
        for (const auto& option : unsupported_.begin()->second->options) {
            supported.push_back(option.name);
            aliases.insert(aliases.end(), option.aliases.begin(), option.aliases.end());
        }
        std::sort(supported.begin(), supported.end());
        std::sort(aliases.begin(), aliases.end());
        throw Error(concat({"Unsupported parameters for (", name, ") module: ", join(names, ", "),
                            ". Supported parameters include: ", join(supported, ", "),
                            aliases.empty() ? "" : concat({" (", join(aliases, ", "), ")"}), "."}));
    }

    std::vector<std::string> warnings() const {
        auto all = warnings_;
        all.insert(all.end(), last_warnings_.begin(), last_warnings_.end());
        return all;
    }

private:
    void accept_below(const Option& option, json& value, Names& path, const std::string& prefix) {
        path.push_back(option.name);
        if (value.is_array()) {
            for (size_t i = 0; i < value.size(); ++i)
                value[i] =
                    accept(option.suboptions, value[i], path, concat({prefix, "[", std::to_string(i), "]."}));
        } else {
            value = accept(option.suboptions, value, path, concat({prefix, "."}));
        }
        path.pop_back();
    }

    void note_unsupported(const Spec& spec, const json& given, const Names& path) {
        for (const auto& [key, value] : given.items()) {
            if (path.empty() && key.starts_with(internal)) continue;
            if (knows(spec, key)) continue;
            auto full = path;
            full.push_back(key);
            unsupported_.try_emplace(std::move(full), &spec);
        }
    }

    std::map<Names, const Spec*> unsupported_;
    std::vector<std::string> warnings_;
    std::vector<std::string> last_warnings_;  ///< the outermost level's: Ansible gives them last
};

}  // namespace

std::string_view name_of(Type type) {
    constexpr std::array<std::string_view, 7> names{"str", "int", "bool", "list", "dict", "path", "raw"};
    return names.at(static_cast<size_t>(type));
}

const Option* Spec::find(std::string_view name) const {
    const auto found = std::find_if(options.begin(), options.end(),
                                    [name](const Option& option) { return option.name == name; });
    return found == options.end() ? nullptr : &*found;
}

Accepted accept(const Spec& spec, std::string_view name, const json& arguments) {
    if (!arguments.is_object())
        throw Error(concat({"the arguments must be a JSON object, not of type ", python_type(arguments)}));
    const auto ignore = arguments.value(concat({internal, "ignore_unknown_opts"}), json());
    const bool ignores_unknown = !ignore.is_null() && coerce(Type::boolean, ignore).get<bool>();
    Acceptance acceptance;
    Names path;
    auto params = acceptance.accept(spec, arguments, path, "");
    if (!ignores_unknown) acceptance.refuse_unsupported(name);
    return {std::move(params), acceptance.warnings()};
}

}  // namespace virtbp
