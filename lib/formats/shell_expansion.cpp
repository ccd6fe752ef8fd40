// SPDX-License-Identifier: GPL-3.0-or-later
#include "lib/formats/shell_expansion.hpp"

#include "lib/formats/shell_words.hpp"

namespace virtbp {

namespace {

constexpr std::string_view substitution = "a command substitution";
constexpr std::string_view other_expansion =
    "an expansion other than $NAME, ${NAME}, ${NAME:+word} and ${NAME:-word}";

bool is_one_of(std::string_view characters, char c) { return characters.find(c) != std::string_view::npos; }

class Expander {
public:
    Expander(std::string_view right, const ShellDoubt& place, bool exported, ShellReferences& references)
        : right_(right), place_(place), exported_(exported), references_(references) {}

    ShellExpansion expand() {
        expand_unquoted('\0');
        return std::move(result_);
    }

private:
    char peek() const { return at_ < right_.size() ? right_[at_] : '\0'; }

    /// What follows is of no interest any more.
    void give_up(const ShellDoubt& cause) {
        if (!result_.doubt) result_.doubt = cause;
        at_ = right_.size();
    }
    void give_up(std::string_view why) { give_up({place_.path, place_.line, why}); }

    void expand_unquoted(char end);
    void expand_quoted(char end);
    void expand_reference(bool quoted);
    void expand_braced(bool quoted);
    std::string_view look_up(std::string_view name) {
        const auto reference = references_.refer(name);
        if (reference.doubt) give_up(*reference.doubt);
        return reference.text;
    }

    std::string_view right_;
    ShellDoubt place_;
    bool exported_;
    ShellReferences& references_;
    ShellExpansion result_ = {};
    size_t at_ = 0;
    int depth_ = 0;  ///< of ${…} in each other, which the reader of words has bounded
};

/// Up to `end`, which is taken too.
void Expander::expand_unquoted(char end) {
    auto& text = result_.text;
    while (at_ < right_.size()) {
        const char c = right_[at_++];
        if (c == end) return;
        if (c == '\\') {
            text += at_ < right_.size() ? right_[at_++] : c;
        } else if (c == '\'') {
            const auto close = right_.find('\'', at_);
            text += right_.substr(at_, close - at_);
            at_ = close + 1;
        } else if (c == '"') {
            expand_quoted('"');
        } else if (c == '$') {
            expand_reference(false);
        } else if (c == '`') {
            give_up(substitution);
        } else if (c == '~') {
            give_up("a home directory (~)");
        } else if (exported_ && is_one_of("*?[{", c)) {
            give_up("a pattern after export");
        } else {
            text += c;
        }
    }
}

void Expander::expand_quoted(char end) {
    auto& text = result_.text;
    while (at_ < right_.size()) {
        const char c = right_[at_++];
        if (c == end) return;
        if (c == '\\') {
            const bool escapes = is_one_of("$`\"\\", peek()) || (end == '}' && peek() == '}');
            if (!escapes) text += c;
            if (at_ < right_.size()) text += right_[at_++];
        } else if (c == '$') {
            expand_reference(true);
        } else if (c == '`') {
            give_up(substitution);
        } else if (c == '"') {
            give_up("quotes in an expansion in quotes");
        } else {
            text += c;
        }
    }
}

void Expander::expand_reference(bool quoted) {
    const auto rest = right_.substr(at_);
    const auto name = leading_name(rest);
    const char c = peek();
    if (exported_ && !quoted && (c == '{' || !name.empty()))
        return give_up("a reference without quotes after export");
    if (c == '{') {
        ++at_;
        ++depth_;
        expand_braced(quoted);
        --depth_;
    } else if (!name.empty()) {
        at_ += name.size();
        result_.text += look_up(name);
    } else if (c == '(') {
        return give_up(rest.starts_with("((") ? "arithmetic" : substitution);
    } else if (is_one_of("0123456789@*#?!-$", c) || (!quoted && c == '"')) {
        return give_up(other_expansion);
    } else {
        result_.text += '$';
        return;
    }
    if (depth_ > 0) return;
    result_.head = at_;
    result_.head_text = result_.text.size();
    result_.head_quoted = quoted;
}

void Expander::expand_braced(bool quoted) {
    const auto name = leading_name(right_.substr(at_));
    at_ += name.size();
    const auto rest = right_.substr(at_);
    const bool plain = rest.starts_with('}');
    const bool otherwise = rest.starts_with(":-");
    if (name.empty() || !(plain || otherwise || rest.starts_with(":+"))) return give_up(other_expansion);
    const auto value = look_up(name);
    if (result_.doubt) return;
    auto& text = result_.text;
    if (plain) {
        ++at_;
        text += value;
        return;
    }
    at_ += 2;
    const size_t before = text.size();
    if (quoted) expand_quoted('}');
    else expand_unquoted('}');
    if (value.empty() == otherwise) return;
    text.resize(before);
    if (otherwise) text += value;
}

}  // namespace

ShellExpansion expand_shell(std::string_view right, const ShellDoubt& place, bool exported,
                            ShellReferences& references) {
    return Expander(right, place, exported, references).expand();
}

}  // namespace virtbp
