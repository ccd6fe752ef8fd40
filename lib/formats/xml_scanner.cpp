// SPDX-License-Identifier: GPL-3.0-or-later
#include "lib/formats/xml_scanner.hpp"

#include <algorithm>
#include <array>
#include <string>

#include "lib/formats/utf8.hpp"
#include "lib/text.hpp"

namespace virtbp {

namespace {

constexpr size_t largest = size_t{16} << 20U, deepest = 256, most_markup = 500'000;
/// The parser compares each attribute of an element with each other, and looks prefixes up one by one.
constexpr size_t most_attributes = 256, most_namespaces = 256;

Error fault_at(std::string_view what, std::string_view text, size_t position, std::string_view found) {
    const auto line =
        1 + std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(position), '\n');
    return xml_fault(concat({what, ":", std::to_string(line)}), found);
}

void check_characters(std::string_view text, std::string_view what) {
    for (size_t i = 0; i < text.size();) {
        if (const char c = text[i]; c != '\0' && (static_cast<unsigned char>(c) & 0x80U) == 0) {
            ++i;
            continue;
        }
        const auto [point, size] = first_character(text.substr(i, 4));
        if (point == 0) throw fault_at(what, text, i, "it holds a NUL");
        if (point >= 0xd800 && point <= 0xdfff)
            throw fault_at(what, text, i, "wanted UTF-8, found a byte that is none");
        i += size;
    }
}

class Scanner {
public:
    Scanner(std::string_view text, std::string_view what) : text_(text), what_(what) {}

    std::vector<FoundElement> run() {
        size_t position = text_.starts_with(utf8_byte_order_mark) ? utf8_byte_order_mark.size() : 0;
        if (text_.substr(position).starts_with("<?xml")) check_declaration(position + 5);
        while ((position = text_.find('<', position)) != std::string_view::npos) {
            count(position);
            position = markup(position);
        }
        if (!open_.empty()) throw wanted(text_.size(), open_.back(), "the end");
        return std::move(found_);
    }

private:
    void check_declaration(size_t position) const {
        while (const auto attribute = next_xml_attribute(text_, position)) {
            position = attribute->end;
            const auto value =
                text_.substr(attribute->value_begin, attribute->end - 1 - attribute->value_begin);
            std::string upper(value);
            for (char& c : upper)
                if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
            if (attribute->name == "encoding" && upper != "UTF-8" && upper != "US-ASCII" && upper != "ASCII")
                throw xml_fault(what_, concat({"wanted UTF-8, found ", shortened(value)}));
        }
    }

    void count(size_t position) {
        if (++markup_count_ > most_markup)
            throw fault_at(what_, text_, position,
                           concat({"wanted at most ", std::to_string(most_markup),
                                   " elements, attributes and comments, found more"}));
    }

    /// From a < to behind its >.
    size_t markup(size_t begin) {
        static constexpr std::array<std::array<std::string_view, 2>, 3> enclosed{
            {{"<!--", "-->"}, {"<![CDATA[", "]]>"}, {"<?", "?>"}}};
        const auto rest = text_.substr(begin);
        for (const auto& [start, end] : enclosed) {
            if (!rest.starts_with(start)) continue;
            const auto close = text_.find(end, begin + start.size());
            if (close == std::string_view::npos)
                throw fault_at(what_, text_, begin, concat({start, " without ", end}));
            return close + end.size();
        }
        if (rest.starts_with("<!"))
            throw fault_at(what_, text_, begin, "a document type, which is never read, for safety");
        return rest.starts_with("</") ? end_tag(begin) : start_tag(begin);
    }

    size_t start_tag(size_t begin) {
        size_t position = xml_name_end(text_, begin + 1);
        const auto name = text_.substr(begin + 1, position - begin - 1);
        size_t attributes = 0;
        while (const auto attribute = next_xml_attribute(text_, position)) {
            position = attribute->end;
            count(position);
            if (attribute->name.starts_with("xmlns")) ++namespaces_;
            if (++attributes > most_attributes || namespaces_ > most_namespaces)
                throw fault_at(what_, text_, begin,
                               "wanted at most 256 attributes in an element, and as many namespaces in all, "
                               "found more");
        }
        position = text_.find_first_not_of(xml_blanks, position);
        const auto rest = text_.substr(std::min(position, text_.size()));
        const bool empty = rest.starts_with("/>");
        if (name.empty() || (!empty && !rest.starts_with(">")))
            throw fault_at(what_, text_, std::min(position, text_.size()),
                           concat({"<", shortened(name), " is no start tag"}));
        if (open_.size() == deepest)
            throw fault_at(what_, text_, begin, "wanted elements in at most 256 others, found more");
        position += empty ? 2 : 1;
        if (!empty) open_.push_back(found_.size());
        found_.push_back({name, {begin, position, position, position}});
        return position;
    }

    size_t end_tag(size_t begin) {
        const auto close = text_.find('>', begin);
        const auto name = text_.substr(begin + 2, xml_name_end(text_, begin + 2) - begin - 2);
        const bool blank = close != std::string_view::npos &&
                           text_.find_first_not_of(xml_blanks, begin + 2 + name.size()) == close;
        const auto tag = concat({"</", shortened(name), blank ? ">" : ""});
        if (open_.empty()) throw fault_at(what_, text_, begin, concat({"an end tag too many, ", tag}));
        if (!blank || found_[open_.back()].name != name) throw wanted(begin, open_.back(), tag);
        auto& span = found_[open_.back()].span;
        span.content_end = begin;
        span.end = close + 1;
        open_.pop_back();
        return span.end;
    }

    Error wanted(size_t position, size_t element, std::string_view instead) const {
        return fault_at(what_, text_, position,
                        concat({"wanted </", shortened(found_[element].name), ">, found ", instead}));
    }

    std::string_view text_, what_;
    std::vector<FoundElement> found_;
    std::vector<size_t> open_;  ///< in found_, outermost first
    size_t markup_count_ = 0, namespaces_ = 0;
};

}  // namespace

std::vector<FoundElement> scan_xml(std::string_view text, std::string_view what) {
    if (text.size() > largest)
        throw xml_fault(what,
                        concat({"wanted at most 16 MiB, found ", std::to_string(text.size()), " bytes"}));
    check_characters(text, what);
    return Scanner(text, what).run();
}

Error xml_fault(std::string_view what, std::string_view found) {
    return Error(concat({"cannot parse ", what, ": ", found}));
}

std::string_view shortened(std::string_view text) {
    size_t size = std::min<size_t>(text.size(), 200);
    while (size > 0 && size < text.size() && is_continuation(text[size])) --size;
    return text.substr(0, size);
}

size_t xml_name_end(std::string_view text, size_t from) {
    return std::min(text.find_first_of(" \t\r\n=/<>'\"?", from), text.size());
}

std::optional<XmlAttributeSpan> next_xml_attribute(std::string_view text, size_t from) {
    const auto skip = [text](size_t position) {
        return std::min(text.find_first_not_of(xml_blanks, position), text.size());
    };
    const auto name = skip(from), name_end = xml_name_end(text, name), equals = skip(name_end);
    if (name == name_end || equals == text.size() || text[equals] != '=') return std::nullopt;
    const auto quote = skip(equals + 1);
    if (quote == text.size() || (text[quote] != '"' && text[quote] != '\'')) return std::nullopt;
    const auto close = text.find(text[quote], quote + 1);
    if (close == std::string_view::npos) return std::nullopt;
    return XmlAttributeSpan{text.substr(name, name_end - name), from, quote + 1, close + 1};
}

}  // namespace virtbp
