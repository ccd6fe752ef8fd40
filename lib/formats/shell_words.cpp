// SPDX-License-Identifier: GPL-3.0-or-later
#include "lib/formats/shell_words.hpp"

#include <algorithm>

#include "lib/error.hpp"
#include "lib/text.hpp"

namespace virtbp {

namespace {

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_one_of(std::string_view characters, char c) { return characters.find(c) != std::string_view::npos; }

}  // namespace

/// Keeps quotes and expansions in each other from using up the stack.
class ShellWordReader::Nested {
public:
    explicit Nested(ShellWordReader& reader) : depth_(reader.depth_) {
        if (++depth_ > 50) reader.fail(reader.line_, "quotes and expansions nested too deep");
    }
    ~Nested() { --depth_; }
    Nested(const Nested&) = delete;
    Nested& operator=(const Nested&) = delete;

private:
    int& depth_;
};

ShellWordReader::ShellWordReader(const ConfigFile& file) : path_(file.path), text_(file.text) {
    if (text_.find('\0') != std::string_view::npos) fail(1, "a NUL byte in shell text");
}

void ShellWordReader::fail(int line, std::string_view why) const {
    throw Error(concat({path_, ":", std::to_string(line), ": ", why}));
}

char ShellWordReader::peek() {
    while (text_.substr(at_).starts_with("\\\n")) {
        at_ += 2;
        ++line_;
    }
    return at_ < text_.size() ? text_[at_] : '\0';
}

/// A character as it stands, where a continuation is none.
void ShellWordReader::take_raw(int opened) {
    if (at_ == text_.size()) fail(opened, "a quote or an expansion has no end");
    if (text_[at_] == '\n') ++line_;
    taken_ += text_[at_++];
    end_ = at_;
}

void ShellWordReader::take() {
    peek();
    take_raw(line_);
}

bool ShellWordReader::take_if(char wanted) {
    if (peek() != wanted) return false;
    take();
    return true;
}

void ShellWordReader::skip_blanks() {
    while (is_one_of(" \t", peek())) take();
}

void ShellWordReader::skip_comment() { at_ = std::min(text_.find('\n', at_), text_.size()); }

ShellWord ShellWordReader::take_word() {
    constexpr std::string_view ends("\0 \t\n;&|<>()", 11);
    const char first = peek();
    ShellWord word{{}, at_, at_, line_};
    if (is_one_of(ends, first)) return word;
    const size_t from = taken_.size();
    while (!is_one_of(ends, peek())) take_part(false, line_);
    word.text = taken_.substr(from);
    word.end = end_;
    return word;
}

void ShellWordReader::take_single_quoted() {
    const int opened = line_;
    take();
    while (at_ == text_.size() || text_[at_] != '\'') take_raw(opened);
    take();
}

void ShellWordReader::take_double_quoted() {
    const int opened = line_;
    take();
    while (peek() != '"') take_part(true, opened);
    take();
}

void ShellWordReader::take_backquoted() {
    const int opened = line_;
    take();
    while (at_ == text_.size() || text_[at_] != '`') {
        const bool escapes = at_ < text_.size() && text_[at_] == '\\';
        take_raw(opened);
        if (escapes) take_raw(opened);
    }
    take();
}

/// One character of a word, or all that belongs together. `quoted`: in double quotes.
void ShellWordReader::take_part(bool quoted, int opened) {
    const Nested nested(*this);
    switch (peek()) {
        case '\\':
            take();
            if (at_ < text_.size()) take_raw(opened);
            return;
        case '\'': return quoted ? take() : take_single_quoted();
        case '"': return take_double_quoted();
        case '`': return take_backquoted();
        case '$': return take_expansion(quoted);
        default: take_raw(opened);
    }
}

void ShellWordReader::take_expansion(bool quoted) {
    const int opened = line_;
    take();
    if (take_if('{')) return take_braced(quoted, opened);
    if (peek() == '[' || (peek() == '\'' && !quoted)) fail(opened, "an expansion that only bash knows");
    if (!take_if('(')) return;
    if (take_if('(')) return take_arithmetic(opened);
    // What is set in there is set in a process of its own.
    const auto outside = std::move(assigned);
    take_substitution();
    assigned = outside;
}

void ShellWordReader::take_arithmetic(int opened) {
    for (int open = 2; open > 0;) {
        const char c = peek();
        const auto rest = text_.substr(at_);
        if (c == '=' || rest.starts_with("++") || rest.starts_with("--"))
            fail(opened, "arithmetic that may set a variable");
        if (c == '(') ++open;
        if (c == ')') --open;
        take_part(false, opened);
    }
}

void ShellWordReader::take_braced(bool quoted, int opened) {
    if (is_one_of(" \t\n|", peek())) fail(opened, "an expansion that only bash knows");
    const bool indirect = take_if('!');
    const size_t from = taken_.size();
    while (is_letter(peek()) || is_digit(peek())) take();
    const auto name = taken_.substr(from);
    take_if(':');
    if (peek() == '=') {
        if (indirect) fail(opened, "an expansion that sets a variable by another's value");
        assigned.push_back(name);
    }
    // In "${NAME:-'x'}" single quotes are characters for some shells, and quote for others; in the pattern of
    // "${NAME%'x'}" they quote.
    const bool literal = quoted && is_one_of("-+=?", peek());
    while (peek() != '}') {
        if (literal && peek() == '\'') fail(opened, "a single quote in an expansion in double quotes");
        take_part(literal, opened);
    }
    take();
}

std::string_view leading_name(std::string_view text) {
    size_t length = 0;
    while (length < text.size() && (is_letter(text[length]) || (length > 0 && is_digit(text[length]))))
        ++length;
    return text.substr(0, length);
}

}  // namespace virtbp
