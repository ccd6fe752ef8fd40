// SPDX-License-Identifier: GPL-3.0-or-later
#include "lib/formats/cmdline.hpp"

#include <algorithm>

namespace virtbp {

namespace {

/// The kernel's isspace() (lib/ctype.c) counts 0xa0, the no-break space of Latin-1, too.
bool is_space(char c) { return c == ' ' || (c >= '\t' && c <= '\r') || c == '\xa0'; }

/// Takes the first token off a text that begins with one: next_arg(), step by step.
CmdlineToken take_token(std::string_view& text) {
    const bool quoted = text.front() == '"';
    const auto whole = text;
    auto body = quoted ? text.substr(1) : text;
    bool inside = quoted;
    size_t length = 0, equals = 0;
    for (; length < body.size(); ++length) {
        const char c = body[length];
        if (is_space(c) && !inside) break;
        if (equals == 0 && c == '=') equals = length;
        if (c == '"') inside = !inside;
    }
    text.remove_prefix(length + (quoted ? 1 : 0));
    body = body.substr(0, length);

    CmdlineToken token{std::string(whole.substr(0, whole.size() - text.size())), {}, {}};
    const bool closed = body.ends_with('"');
    if (equals == 0) {
        token.name = body.substr(0, length - (quoted && closed ? 1 : 0));
        return token;
    }
    token.name = body.substr(0, equals);
    auto value = body.substr(equals + 1);
    const bool opened = value.starts_with('"');
    if (opened) value.remove_prefix(1);
    if ((opened || quoted) && value.ends_with('"')) value.remove_suffix(1);
    token.value = value;
    return token;
}

}  // namespace

bool CmdlineToken::is(std::string_view wanted_name) const {
    const auto dash = [](char c) { return c == '-' ? '_' : c; };
    return std::equal(name.begin(), name.end(), wanted_name.begin(), wanted_name.end(),
                      [dash](char a, char b) { return dash(a) == dash(b); });
}

Cmdline parse_cmdline(std::string_view text) {
    Cmdline line;
    for (;;) {
        while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
        if (text.empty()) return line;
        const auto before = text;
        auto token = take_token(text);
        if (!token.value && token.name == "--") {
            line.rest = before;
            return line;
        }
        line.tokens.push_back(std::move(token));
    }
}

}  // namespace virtbp
