// SPDX-License-Identifier: GPL-3.0-or-later
#include "lib/coercion.hpp"

#include <pwd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <utility>
#include <vector>

#include "lib/error.hpp"
#include "lib/formats/json_text.hpp"
#include "lib/formats/python.hpp"
#include "lib/text.hpp"

namespace virtbp {

namespace {

constexpr std::array<std::string_view, 6> true_words{"y", "yes", "on", "1", "true", "t"};
constexpr std::array<std::string_view, 6> false_words{"n", "no", "off", "0", "false", "f"};

Error cannot_become(const json& value, std::string_view what) {
    return Error(concat({"<class '", python_type(value), "'> cannot be converted to a ", what}));
}

std::string to_text(const json& value) { return value.is_null() ? "" : python_str(value); }

// -- int: what Python's Decimal reads, where it is whole ----------------------------------------------------

size_t digits_at(std::string_view text) {
    return std::min(text.find_first_not_of("0123456789"), text.size());
}

/// The decimal's coefficient without zeros at its ends, and its power of ten.
struct Decimal {
    bool negative = false;
    std::string coefficient = {};  ///< "": zero
    long exponent = 0;
};

std::optional<Decimal> decimal_in(std::string text) {
    std::erase(text, '_');  // Decimal takes them anywhere
    std::string_view rest(text);
    Decimal number;
    if (rest.starts_with('-') || rest.starts_with('+')) {
        number.negative = rest.front() == '-';
        rest.remove_prefix(1);
    }
    const auto whole = digits_at(rest);
    number.coefficient = rest.substr(0, whole);
    rest.remove_prefix(whole);
    if (rest.starts_with('.')) {
        rest.remove_prefix(1);
        const auto places = digits_at(rest);
        number.coefficient += rest.substr(0, places);
        number.exponent = -static_cast<long>(places);
        rest.remove_prefix(places);
    }
    if (number.coefficient.empty()) return std::nullopt;
    if (rest.starts_with('e') || rest.starts_with('E')) {
        constexpr long most = 999'999'999'999'999'999;  // Decimal's own limit
        const auto exponent = to_integer(rest.substr(1));
        if (!exponent || *exponent > most || *exponent < -most) return std::nullopt;
        number.exponent += *exponent;
        rest = {};
    }
    if (!rest.empty()) return std::nullopt;
    number.coefficient.erase(0,
                             std::min(number.coefficient.find_first_not_of('0'), number.coefficient.size()));
    const auto significant = number.coefficient.find_last_not_of('0') + 1;
    number.exponent += static_cast<long>(number.coefficient.size() - significant);
    number.coefficient.resize(significant);
    return number;
}

json to_integer_from(const json& value, const Decimal& number) {
    if (number.coefficient.empty()) return 0;
    if (number.exponent > 19) return value;
    const auto text = concat({number.negative ? "-" : "", number.coefficient,
                              std::string(static_cast<size_t>(number.exponent), '0')});
    if (const auto whole = to_integer(text)) return *whole;
    return value;
}

json to_int(const json& value) {
    if (value.is_number_integer() || value.is_boolean())
        return value;  // Python's bool is an int and stays one
    if (value.is_string()) {
        const auto number = decimal_in(std::string(python_strip(value.get_ref<const std::string&>())));
        if (number && (number->exponent >= 0 || number->coefficient.empty()))
            return to_integer_from(value, *number);
    } else if (value.is_number_float()) {
        const auto number = value.get<double>();
        constexpr double beyond = 9223372036854775808.0;  // 2^63; every number from there on is whole
        if (number < -beyond || number >= beyond) return value;
        // Without std::trunc: it is all that would be needed of libm, which is slow to load.
        if (const long whole = std::isnan(number) ? 0 : static_cast<long>(number);
            static_cast<double>(whole) == number)
            return whole;
    }
    throw Error(concat({"\"", python_repr(value), "\" cannot be converted to an int"}));
}

// -- bool ---------------------------------------------------------------------------------------------------

json to_bool(const json& value) {
    if (value.is_boolean()) return value;
    if (value.is_string()) {
        std::string word(python_strip(value.get_ref<const std::string&>()));
        std::transform(word.begin(), word.end(), word.begin(),
                       [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; });
        if (const auto meaning = boolean_word(word)) return *meaning;
    } else if (!value.is_number()) {
        throw cannot_become(value, "bool");
    } else if (value == 0 || value == 1) {
        return value == 1;
    }
    throw Error(concat({"The value '", python_str(value),
                        "' is not a valid boolean. Valid booleans include: 'y', 'yes', ",
                        "'on', '1', 'true', 't', 1, 'n', 'no', 'off', '0', 'false', 'f', 0"}));
}

// -- list and dict ------------------------------------------------------------------------------------------

json to_list(const json& value) {
    if (value.is_array()) return value;
    if (value.is_string()) return split(value.get_ref<const std::string&>(), ',');
    if (value.is_number() || value.is_boolean()) return json::array({python_str(value)});
    throw cannot_become(value, "list");
}

json dict_of_literal(std::string_view text) {
    try {
        return parse_json(text);
    } catch (const Error&) {
        try {
            return parse_python(text);
        } catch (const Error&) {
            throw Error("unable to evaluate string as dictionary");
        }
    }
}

/// "a=1, b='x y'" or "a=1 b=2": quotes keep blanks and commas together and vanish, a backslash takes the next
/// byte as it is, even between quotes.
json dict_of_pairs(std::string_view text) {
    std::vector<std::pair<std::string, json>> pairs;
    std::string field;
    const auto end_field = [&] {
        if (field.empty()) return;
        const auto mark = field.find('=');
        if (mark == std::string::npos)
            throw Error("unable to evaluate string in the \"key=value\" format as dictionary");
        pairs.emplace_back(field.substr(0, mark), field.substr(mark + 1));
        field.clear();
    };
    char quote = '\0';
    bool escaped = false;
    for (const char c : python_strip(text)) {
        if (escaped) field += c, escaped = false;
        else if (c == '\\') escaped = true;
        else if (quote == '\0' && (c == '\'' || c == '"')) quote = c;
        else if (quote != '\0' && c == quote) quote = '\0';
        else if (quote == '\0' && (c == ',' || c == ' ')) end_field();
        else field += c;
    }
    end_field();
    return object_of(std::move(pairs));
}

json to_dict(const json& value) {
    if (value.is_object()) return value;
    if (!value.is_string()) throw cannot_become(value, "dict");
    const auto& text = value.get_ref<const std::string&>();
    if (!text.starts_with('{')) {
        if (text.find('=') != std::string::npos) return dict_of_pairs(text);
        throw Error("dictionary requested, could not parse JSON or key=value");
    }
    auto dict = dict_of_literal(text);
    if (!dict.is_object()) throw Error("unable to evaluate string as dictionary");
    return dict;
}

// -- path: os.path.expanduser() of os.path.expandvars() -----------------------------------------------------

constexpr std::string_view name_characters =
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_";

std::string expand_variables(std::string_view text) {
    std::string out;
    const auto last_brace = text.rfind('}');
    const char* const brace = last_brace == std::string_view::npos ? nullptr : text.data() + last_brace;
    for (;;) {
        const auto mark = text.find('$');
        out += text.substr(0, mark);
        if (mark == std::string_view::npos) return out;
        text.remove_prefix(mark + 1);
        std::string_view name;
        size_t size = 0;
        if (text.starts_with('{') && text.data() < brace) {
            size = text.find('}') + 1;
            name = text.substr(1, size - 2);
        } else {
            size = std::min(text.find_first_not_of(name_characters), text.size());
            name = text.substr(0, size);
        }
        const bool possible = !name.empty() && name.find('\0') == std::string_view::npos;
        const char* value = possible ? std::getenv(std::string(name).c_str()) : nullptr;
        out += value != nullptr ? value : concat({"$", text.substr(0, size)});
        text.remove_prefix(size);
    }
}

std::optional<std::string> home_of(const std::string& user) {
    if (user.empty())
        if (const char* home = std::getenv("HOME")) return home;
    if (user.find('\0') != std::string::npos) throw Error("embedded null byte");
    const passwd* entry = user.empty() ? getpwuid(getuid()) : getpwnam(user.c_str());
    if (entry == nullptr) return std::nullopt;
    return entry->pw_dir;
}

std::string expand_user(const std::string& path) {
    if (!path.starts_with('~')) return path;
    const auto slash = std::min(path.find('/', 1), path.size());
    auto home = home_of(path.substr(1, slash - 1));
    if (!home) return path;
    home->erase(home->find_last_not_of('/') + 1);
    const auto expanded = concat({*home, path.substr(slash)});
    return expanded.empty() ? "/" : expanded;
}

}  // namespace

std::optional<bool> boolean_word(std::string_view word) {
    if (std::find(true_words.begin(), true_words.end(), word) != true_words.end()) return true;
    if (std::find(false_words.begin(), false_words.end(), word) != false_words.end()) return false;
    return std::nullopt;
}

json coerce(Type type, const json& value) {
    switch (type) {
        case Type::str: return to_text(value);
        case Type::integer: return to_int(value);
        case Type::boolean: return to_bool(value);
        case Type::list: return to_list(value);
        case Type::dict: return to_dict(value);
        case Type::path: return expand_user(expand_variables(to_text(value)));
        case Type::raw: break;
    }
    return value;
}

}  // namespace virtbp
