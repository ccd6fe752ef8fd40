// SPDX-License-Identifier: GPL-3.0-or-later
#include "lib/formats/grub_script.hpp"

#include <algorithm>
#include <array>

#include "lib/text.hpp"

namespace virtbp {

namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_name(char c) { return c == '_' || is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_hexadecimal(char c) { return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }

constexpr std::string_view blanks = " \t\r";
constexpr std::string_view separators = "\n;|&<>{}";

/// What a character is outside quotes; of most there are many in a row that are nothing.
enum : char { plain = 0, blank, separator, special };

constexpr std::array<char, 256> kinds = [] {
    std::array<char, 256> all{};
    const auto mark = [&all](std::string_view characters, char kind) {
        for (const char c : characters) all[static_cast<unsigned char>(c)] = kind;
    };
    mark(blanks, blank);
    mark(separators, separator);
    mark("$'\"\\", special);
    return all;
}();

char kind_of(char c) { return kinds[static_cast<unsigned char>(c)]; }

void put(std::string& word, char c) {
    if (c == '$' || c == '\\') word += '\\';
    word += c;
}

}  // namespace

size_t grub_variable_length(std::string_view text) {
    if (!text.starts_with('$')) return 0;
    const size_t first = text.starts_with("${") ? 2 : 1;
    size_t end = first;
    if (end < text.size() && std::string_view("?#*@").find(text[end]) != std::string_view::npos) ++end;
    else if (end < text.size() && is_digit(text[end]))
        while (end < text.size() && is_digit(text[end])) ++end;
    else
        while (end < text.size() && is_name(text[end])) ++end;
    if (end == first) return 0;
    if (first == 1) return end;
    return end < text.size() && text[end] == '}' ? end + 1 : 0;
}

std::string_view grub_variable_name(std::string_view reference) {
    if (!reference.starts_with("${")) return reference.substr(1);
    return reference.substr(2, reference.size() - 3);
}

std::string grub_plain_text(std::string_view word) {
    std::string plain;
    for (size_t i = 0; i < word.size(); ++i) {
        if (word[i] == '\\' && i + 1 < word.size()) ++i;
        plain += word[i];
    }
    return plain;
}

std::string grub_loader_argument(std::string_view word) {
    const bool quoted = word.find(' ') != std::string_view::npos;
    std::string argument(quoted ? "\"" : "");
    for (size_t i = 0; i < word.size(); ++i) {
        const auto rest = word.substr(i);
        if (rest.starts_with("\\$")) {
            argument += "\\$";
            ++i;
        } else if (rest.starts_with("\\\\")) {
            const bool hexadecimal =
                rest.size() > 4 && rest[2] == 'x' && is_hexadecimal(rest[3]) && is_hexadecimal(rest[4]);
            argument += hexadecimal ? "\\\\" : "\\\\\\\\";
            ++i;
        } else {
            if (word[i] == '"' || word[i] == '\'') argument += "\\\\";
            argument += word[i];
        }
    }
    if (quoted) argument += '"';
    return argument;
}

char GrubScript::take() {
    const char c = text_[at_++];
    if (c == '\n') ++line_;
    return c;
}

GrubStatement GrubScript::next() {
    GrubStatement statement;
    while (skip_blanks()) {
        if (text_[at_] == '#') {
            skip_comment();
        } else if (kind_of(text_[at_]) != separator) {
            if (statement.words.empty()) statement.line = line_;
            statement.words.push_back(word());
        } else {
            const char end = take();
            if (end == '{' || end == '}') {
                statement.end = end;
                return statement;
            }
            statement.end = '\n';
            if (!statement.words.empty()) return statement;
        }
    }
    statement.end = 0;
    return statement;
}

/// False at the end of the text. A line that ends in a backslash goes on in the next one.
bool GrubScript::skip_blanks() {
    for (; at_ < text_.size(); take()) {
        if (text_.substr(at_, 2) == "\\\n") take();
        else if (kind_of(text_[at_]) != blank) return true;
    }
    return false;
}

void GrubScript::skip_comment() {
    const auto end = std::min(text_.find('\n', at_), text_.size());
    const auto mark = words(text_.substr(at_, std::min<size_t>(end - at_, 200)));
    at_ = end;
    if (mark.size() != 4 || mark[0] != "###" || mark[3] != "###") return;
    if (mark[1] == "BEGIN") part_ = mark[2].substr(mark[2].rfind('/') + 1);
    else if (mark[1] == "END") part_.clear();
}

std::string GrubScript::word() {
    std::string word;
    while (at_ < text_.size()) {
        const auto begin = at_;
        while (at_ < text_.size() && kind_of(text_[at_]) == plain) ++at_;
        word += text_.substr(begin, at_ - begin);
        if (at_ == text_.size() || kind_of(text_[at_]) != special) break;
        const char c = text_[at_];
        if (c == '$') {
            variable(word);
            continue;
        }
        take();
        if (c == '\'') {
            while (at_ < text_.size()) {
                const char inside = take();
                if (inside == '\'') break;
                put(word, inside);
            }
        } else if (c == '"') {
            double_quoted(word);
        } else if (c == '\\' && at_ < text_.size()) {
            const char escaped = take();
            if (escaped != '\n') put(word, escaped);
        } else if (c == '\\') {
            put(word, c);
        }
    }
    return word;
}

/// After the opening quote; it is not closed where the text ends before.
void GrubScript::double_quoted(std::string& word) {
    while (at_ < text_.size()) {
        if (text_[at_] == '$') {
            variable(word);
            continue;
        }
        const char c = take();
        if (c == '"') return;
        const bool escapes = c == '\\' && at_ < text_.size() &&
                             std::string_view("$\\\"\n").find(text_[at_]) != std::string_view::npos;
        const char meant = escapes ? take() : c;
        if (!escapes || meant != '\n') put(word, meant);
    }
}

void GrubScript::variable(std::string& word) {
    const auto length = grub_variable_length(text_.substr(at_));
    if (length == 0) {
        put(word, take());
        return;
    }
    word += text_.substr(at_, length);
    at_ += length;
}

}  // namespace virtbp
