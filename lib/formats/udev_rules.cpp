// SPDX-License-Identifier: GPL-3.0-or-later
// udev's rules as text. systemd's src/udev/udev-rules.c decides what is a rule; udev_match.cpp runs them.
#include "lib/formats/udev_rules.hpp"

#include <algorithm>

#include "lib/formats/c_escapes.hpp"
#include "lib/text.hpp"

namespace virtbp {

namespace {

constexpr std::string_view white_space = " \t\n\r\v\f";

/// What a key may stand with: braces, and operators of three kinds.
struct Key {
    std::string_view name;
    enum { none, optional, required } attribute;
    bool matches;  // ==, !=
    bool assigns;  // =, +=, :=
    bool removes;  // -=
};

constexpr Key keys[] = {
    {"ACTION", Key::none, true, false, false},    {"DEVPATH", Key::none, true, false, false},
    {"KERNEL", Key::none, true, false, false},    {"SYMLINK", Key::none, true, true, true},
    {"NAME", Key::none, true, true, false},       {"ENV", Key::required, true, true, false},
    {"CONST", Key::required, true, false, false}, {"TAG", Key::none, true, true, true},
    {"SUBSYSTEM", Key::none, true, false, false}, {"DRIVER", Key::none, true, false, false},
    {"ATTR", Key::required, true, true, false},   {"SYSCTL", Key::required, true, true, false},
    {"KERNELS", Key::none, true, false, false},   {"SUBSYSTEMS", Key::none, true, false, false},
    {"DRIVERS", Key::none, true, false, false},   {"ATTRS", Key::required, true, false, false},
    {"TAGS", Key::none, true, false, false},      {"TEST", Key::optional, true, false, false},
    {"PROGRAM", Key::none, true, true, false},    {"IMPORT", Key::required, true, true, false},
    {"RESULT", Key::none, true, false, false},    {"OPTIONS", Key::none, false, true, false},
    {"OWNER", Key::none, false, true, false},     {"GROUP", Key::none, false, true, false},
    {"MODE", Key::none, false, true, false},      {"SECLABEL", Key::required, false, true, false},
    {"RUN", Key::optional, false, true, false},   {"GOTO", Key::none, false, true, false},
    {"LABEL", Key::none, false, true, false},
};

/// Properties that the kernel gives and no rule may set.
constexpr std::string_view fixed_properties[] = {"ACTION",  "DEVLINKS", "DEVNAME",   "DEVPATH",
                                                 "DEVTYPE", "DRIVER",   "IFINDEX",   "MAJOR",
                                                 "MINOR",   "SEQNUM",   "SUBSYSTEM", "TAGS"};

void skip(std::string_view& text, std::string_view characters) {
    text.remove_prefix(std::min(text.find_first_not_of(characters), text.size()));
}

/// Takes "…", e"…" or i"…" off the text; nothing where it is not whole.
bool take_value(std::string_view& text, UdevToken& token) {
    bool escaped = false;
    for (; !text.empty() && (text[0] == 'e' || text[0] == 'i'); text.remove_prefix(1)) {
        bool& seen = text[0] == 'e' ? escaped : token.ignores_case;
        if (seen) return false;
        seen = true;
    }
    if (!text.starts_with('"')) return false;
    size_t end = 1;
    std::string plain;
    for (; end < text.size() && text[end] != '"'; ++end) {
        if (text[end] == '\\' && end + 1 < text.size() && (escaped || text[end + 1] == '"')) {
            if (escaped) plain += '\\';
            ++end;
        }
        plain += text[end];
    }
    if (end >= text.size()) return false;
    text.remove_prefix(end + 1);
    if (!escaped) {
        token.value = std::move(plain);
        return true;
    }
    auto value = unescape_c(plain);
    if (value) token.value = std::move(*value);
    return value.has_value();
}

bool is_allowed(const UdevToken& token, bool braces) {
    const auto* const key =
        std::find_if(std::begin(keys), std::end(keys), [&](const Key& one) { return one.name == token.key; });
    if (key == std::end(keys)) return false;
    if (key->attribute == Key::none && braces) return false;
    if (key->attribute == Key::required && token.attribute.empty()) return false;
    const bool fixed = std::find(std::begin(fixed_properties), std::end(fixed_properties), token.attribute) !=
                       std::end(fixed_properties);
    if (token.matches()) return key->matches;
    if (token.ignores_case || (token.key == "ENV" && fixed)) return false;
    if (token.key == "NAME" && (token.value.empty() || token.value == "%k")) return false;
    return token.op == "-=" ? key->removes : key->assigns;
}

/// Takes the next token off the text; nothing where udev would refuse the rule.
std::optional<UdevToken> take_token(std::string_view& text) {
    UdevToken token;
    size_t end = 0;
    const auto ends_key = [&](size_t i) {
        if (text[i] == '=' || text[i] == '{' || white_space.find(text[i]) != std::string_view::npos)
            return true;
        return std::string_view("+-!:").find(text[i]) != std::string_view::npos &&
               text.substr(i + 1, 1) == "=";
    };
    while (end < text.size() && !ends_key(end)) ++end;
    token.key = text.substr(0, end);
    text.remove_prefix(end);
    const bool braces = text.starts_with('{');
    if (braces) {
        const auto close = text.find('}');
        if (close == std::string_view::npos) return std::nullopt;
        token.attribute = text.substr(1, close - 1);
        text.remove_prefix(close + 1);
    }
    skip(text, white_space);
    for (const std::string_view op : {"==", "!=", "+=", "-=", ":=", "="}) {
        if (!text.starts_with(op)) continue;
        token.op = op;
        text.remove_prefix(op.size());
        break;
    }
    skip(text, white_space);
    if (token.op.empty() || !take_value(text, token) || !is_allowed(token, braces)) return std::nullopt;
    return token;
}

std::vector<UdevToken> parse_rule(std::string_view text) {
    std::vector<UdevToken> tokens;
    const std::string separators = concat({white_space, ","});
    for (;;) {
        skip(text, separators);
        if (text.empty()) return tokens;
        auto token = take_token(text);
        if (!token) return {};
        tokens.push_back(std::move(*token));
    }
}

}  // namespace

std::vector<UdevRule> parse_udev_rules(std::string_view text) {
    std::vector<UdevRule> rules;
    std::string open;  // a rule that goes on in the next line
    int number = 0, begin = 0;
    for (auto line : lines(text)) {
        ++number;
        skip(line, white_space);
        if (line.starts_with('#')) continue;
        if (open.empty()) begin = number;
        const bool goes_on = line.ends_with('\\');
        if (goes_on) line.remove_suffix(1);
        open += line;
        if (goes_on) continue;
        if (auto tokens = parse_rule(open); !tokens.empty()) rules.push_back({begin, std::move(tokens)});
        open.clear();
    }
    return rules;
}

}  // namespace virtbp
