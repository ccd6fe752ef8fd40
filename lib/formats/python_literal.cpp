// SPDX-License-Identifier: GPL-3.0-or-later
// Python's literals: the grammar is that of the language's reference ("Lexical analysis", "Displays"), the
// choice among it that of ast.literal_eval().
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <utility>
#include <vector>

#include "lib/error.hpp"
#include "lib/formats/json_text.hpp"
#include "lib/formats/python.hpp"
#include "lib/formats/utf8.hpp"
#include "lib/text.hpp"

namespace virtbp {

namespace {

/// Python itself refuses longer decimal integers (sys.int_info.default_max_str_digits).
constexpr size_t most_digits = 4300;

/// Of a digit in any base up to 36; 36 where there is none.
int digit_value(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'z') return c - 'a' + 10;
    if (c >= 'A' && c <= 'Z') return c - 'A' + 10;
    return 36;
}

bool is_digit(char c) { return digit_value(c) < 10; }
bool is_letter(char c) { return (!is_digit(c) && digit_value(c) < 36) || c == '_' || (c & 0x80) != 0; }
bool is_quote(char c) { return c == '\'' || c == '"'; }

/// Python's source has one kind of line end, inside of strings too.
std::string with_plain_line_ends(std::string_view text) {
    std::string plain;
    plain.reserve(text.size());
    for (size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '\r') plain += text[i];
        else if (i + 1 == text.size() || text[i + 1] != '\n') plain += '\n';
    }
    return plain;
}

class Literal {
public:
    explicit Literal(std::string_view text) : text_(with_plain_line_ends(text)) {
        if (text.find('\0') != std::string_view::npos) refuse();
    }

    json whole() {
        auto value = next(0);
        skip_blanks();
        if (at_ != text_.size()) refuse();
        return value;
    }

private:
    [[noreturn]] void refuse() const {
        throw Error(concat({"not a Python literal that JSON can hold, at offset ", std::to_string(at_)}));
    }

    char peek(size_t ahead = 0) const { return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0'; }

    bool take(char wanted) {
        if (peek() != wanted) return false;
        ++at_;
        return true;
    }

    /// Between brackets, where line ends do not count.
    void skip_blanks() {
        for (;;) {
            const char c = peek();
            if (c == ' ' || c == '\t' || c == '\f' || c == '\n') ++at_;
            else if (c == '\\' && peek(1) == '\n' && at_ + 2 < text_.size()) at_ += 2;
            else if (c == '#') at_ = std::min(text_.find('\n', at_), text_.size());
            else return;
        }
    }

    json next(size_t level) {
        skip_blanks();
        const char c = peek();
        if (level == most_levels && (c == '{' || c == '[' || c == '(')) refuse();
        is_plain_number_ = false;
        if (take('{')) return dict(level);
        if (take('[')) return list(level, ']');
        if (take('(')) return parenthesis(level);
        if (c == '+' || c == '-') return signed_number(level);
        if (is_digit(c) || (c == '.' && is_digit(peek(1)))) return number();
        if (is_quote(c)) return strings();
        if (is_letter(c)) return is_quote(peek(1)) ? strings() : word();
        refuse();
    }

    /// Up to `end`, with commas between the items and perhaps after the last.
    template <class Read>
    void items(char end, const Read& read_item) {
        for (skip_blanks(); !take(end); skip_blanks()) {
            read_item();
            skip_blanks();
            if (!take(',') && peek() != end) refuse();
        }
        is_plain_number_ = false;
    }

    json dict(size_t level) {
        std::vector<std::pair<std::string, json>> members;
        items('}', [&] {
            auto key = key_text(next(level + 1));
            skip_blanks();
            if (!take(':')) refuse();
            members.emplace_back(std::move(key), next(level + 1));
        });
        return object_of(std::move(members));
    }

    /// As json.dumps() writes a key.
    std::string key_text(const json& key) const {
        if (key.is_structured()) refuse();
        return key.is_boolean() || key.is_null() ? key.dump() : python_str(key);
    }

    json list(size_t level, char end) {
        json elements = json::array();
        items(end, [&] { elements.push_back(next(level + 1)); });
        return elements;
    }

    /// A tuple, or one value in parentheses.
    json parenthesis(size_t level) {
        skip_blanks();
        if (take(')')) return json::array();
        auto first = next(level + 1);
        skip_blanks();
        if (take(')')) return first;
        if (!take(',')) refuse();
        json elements = list(level, ')');
        elements.insert(elements.begin(), std::move(first));
        return elements;
    }

    json signed_number(size_t level) {
        const bool negative = text_[at_++] == '-';
        skip_blanks();
        if (peek() == '+' || peek() == '-') refuse();  // an expression
        auto value = next(level);
        if (!is_plain_number_) refuse();
        is_plain_number_ = false;
        if (!negative) return value;
        if (value.is_string()) return concat({"-", value.get_ref<const std::string&>()});
        if (value.is_number_float()) return -value.get<double>();
        const auto magnitude = value.get<unsigned long>();
        if (magnitude > 1UL << 63U) return concat({"-", std::to_string(magnitude)});
        return static_cast<long>(0UL - magnitude);
    }

    /// Digits with single underscores between them; false where there are none.
    bool digits(std::string& into, int base) {
        const auto is_one = [base](char c) { return digit_value(c) < base; };
        if (!is_one(peek())) return false;
        while (is_one(peek()) || (peek() == '_' && is_one(peek(1)))) {
            if (const char c = text_[at_++]; c != '_') into += c;
        }
        return true;
    }

    json number() {
        json value;
        const char kind = static_cast<char>(peek(1) | 0x20);
        if (peek() == '0' && (kind == 'x' || kind == 'o' || kind == 'b')) {
            at_ += 2;
            take('_');
            const int base = kind == 'x' ? 16 : kind == 'o' ? 8 : 2;
            std::string text;
            if (!digits(text, base)) refuse();
            value = integer(text, base);
        } else {
            value = decimal();
        }
        if (is_letter(peek()) || is_digit(peek())) refuse();  // 1j, 0b12
        is_plain_number_ = true;
        return value;
    }

    json decimal() {
        std::string text;
        digits(text, 10);
        bool is_float = false;
        if (take('.')) {
            is_float = true;
            text += '.';
            digits(text, 10);
        }
        if ((peek() | 0x20) == 'e') {
            is_float = true;
            ++at_;
            text += 'e';
            if (peek() == '+' || peek() == '-') text += text_[at_++];
            if (!digits(text, 10)) refuse();
        }
        if (!is_float) {
            if (text.front() == '0' && text.find_first_not_of('0') != std::string::npos) refuse();  // 010
            return integer(text, 10);
        }
        const double value = std::strtod(text.c_str(), nullptr);
        if (std::isinf(value)) refuse();
        return value;
    }

    json integer(const std::string& text, int base) const {
        unsigned long value = 0;
        const auto read = std::from_chars(text.data(), text.data() + text.size(), value, base);
        if (read.ec == std::errc{}) return value;
        if (base != 10 || text.size() > most_digits) refuse();
        return text;
    }

    json word() {
        const auto begin = at_;
        while (is_letter(peek()) || is_digit(peek())) ++at_;
        const auto name = std::string_view(text_).substr(begin, at_ - begin);
        if (name == "None") return nullptr;
        if (name != "True" && name != "False") refuse();
        return name == "True";
    }

    /// Strings that follow one another are one.
    json strings() {
        std::string all;
        do {
            bool raw = false;
            if (!is_quote(peek())) {
                const char prefix = static_cast<char>(text_[at_++] | 0x20);
                if (prefix != 'r' && prefix != 'u') refuse();
                raw = prefix == 'r';
            }
            one_string(all, raw);
            skip_blanks();
        } while (is_quote(peek()) || (is_letter(peek()) && is_quote(peek(1))));
        return all;
    }

    void one_string(std::string& out, bool raw) {
        const std::string three(3, text_[at_]);
        const bool is_long = text_.compare(at_, 3, three) == 0;
        const auto end = std::string_view(three).substr(0, is_long ? 3 : 1);
        for (at_ += end.size(); text_.compare(at_, end.size(), end) != 0;) {
            if (at_ == text_.size()) refuse();
            const char c = text_[at_++];
            if (c == '\n' && !is_long) refuse();
            if (c == '\\' && at_ == text_.size()) refuse();
            if (c == '\\' && !raw) escape(out);
            else out += c;
            if (c == '\\' && raw) out += text_[at_++];
        }
        at_ += end.size();
    }

    void escape(std::string& out) {
        constexpr std::string_view letters = "\\'\"abfnrtv";
        constexpr std::string_view meanings = "\\'\"\a\b\f\n\r\t\v";
        const char c = text_[at_++];
        if (c == '\n') return;
        if (const auto found = letters.find(c); found != std::string_view::npos) out += meanings[found];
        else if (c >= '0' && c <= '7') --at_, code_point(out, 8, 1, 3);
        else if (c == 'x') code_point(out, 16, 2, 2);
        else if (c == 'u') code_point(out, 16, 4, 4);
        else if (c == 'U') code_point(out, 16, 8, 8);
        else if (c == 'N') refuse();
        else out.append({'\\', c});
    }

    void code_point(std::string& out, int base, int least, int most) {
        char32_t point = 0;
        int count = 0;
        for (; count < most && digit_value(peek()) < base; ++count)
            point = point * static_cast<char32_t>(base) + static_cast<char32_t>(digit_value(text_[at_++]));
        if (count < least || !append_character(out, point)) refuse();
    }

    std::string text_;
    size_t at_ = 0;
    bool is_plain_number_ = false;  ///< of the value last read: a number without a sign
};

}  // namespace

json parse_python(std::string_view text) { return Literal(text).whole(); }

}  // namespace virtbp
