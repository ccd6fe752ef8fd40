// SPDX-License-Identifier: GPL-3.0-or-later
#include "lib/formats/xml_edit.hpp"

#include <algorithm>
#include <optional>

#include "lib/error.hpp"
#include "lib/formats/xml_scanner.hpp"
#include "lib/text.hpp"

namespace virtbp {

namespace {

/// Where the blanks before a position begin.
size_t before_blanks(std::string_view text, size_t position) {
    return text.substr(0, position).find_last_not_of(xml_blanks) + 1;  // npos + 1 is 0
}

/// The blanks in front of what begins a line; nothing where something else stands there.
std::optional<std::string> indentation(std::string_view text, size_t position) {
    auto line = text.substr(0, position);
    line.remove_prefix(line.rfind('\n') + 1);
    if (line.starts_with(utf8_byte_order_mark)) line.remove_prefix(utf8_byte_order_mark.size());
    if (line.find_first_not_of(xml_blanks) != std::string_view::npos) return std::nullopt;
    return std::string(line);
}

/// As the document has them.
std::string_view line_end(std::string_view text) {
    const auto end = text.find('\n');
    return end != std::string_view::npos && end > 0 && text[end - 1] == '\r' ? "\r\n" : "\n";
}

/// The indentation of a new child; nothing where children stand behind one another.
std::optional<std::string> child_indentation(std::string_view text, const XmlElement& parent) {
    for (const auto& child : parent.children)
        if (auto found = indentation(text, child.span.begin)) return found;
    if (!parent.children.empty() || !trim(parent.text).empty()) return std::nullopt;
    auto found = indentation(text, parent.span.begin);
    if (found) *found += "  ";
    return found;
}

/// With the line end and blanks before it.
std::string written(const NewElement& element, std::string_view line_end,
                    const std::optional<std::string>& indentation) {
    const auto before = indentation ? concat({line_end, *indentation}) : std::string();
    auto text = concat({before, "<", element.name});
    for (const auto& [name, value] : element.attributes)
        append(text, {" ", name, "='", escape_xml(value), "'"});
    if (element.text.empty() && element.children.empty()) return concat({text, "/>"});
    append(text, {">", escape_xml(element.text)});
    const auto deeper = indentation ? std::optional(*indentation + "  ") : std::nullopt;
    for (const auto& child : element.children) text += written(child, line_end, deeper);
    append(text, {element.children.empty() ? "" : before, "</", element.name, ">"});
    return text;
}

/// The name in the start tag, with its prefix.
std::string_view written_name(std::string_view text, const XmlElement& element) {
    const auto begin = element.span.begin + 1;
    return text.substr(begin, xml_name_end(text, begin) - begin);
}

std::vector<XmlAttributeSpan> attributes(std::string_view text, const XmlElement& element) {
    const auto tag = text.substr(0, element.span.content_begin);
    std::vector<XmlAttributeSpan> all;
    auto position = xml_name_end(tag, element.span.begin + 1);
    while (const auto attribute = next_xml_attribute(tag, position)) {
        all.push_back(*attribute);
        position = attribute->end;
    }
    return all;
}

/// <a/>
bool is_closed(const XmlElement& element) { return element.span.end == element.span.content_begin; }

}  // namespace

void XmlEdit::set_attribute(const XmlElement& element, std::string_view name, std::string_view value,
                            const std::vector<std::string_view>& before) {
    if (element.attribute(name) == value) return;
    const auto all = attributes(text_, element);
    for (const auto& one : all)
        if (one.name == name) return splices_.push_back({one.value_begin, one.end - 1, escape_xml(value)});
    const auto next = std::find_if(all.begin(), all.end(), [&before](const XmlAttributeSpan& one) {
        return std::find(before.begin(), before.end(), one.name) != before.end();
    });
    const auto place = next != all.end() ? next->begin
                       : !all.empty()    ? all.back().end
                                         : xml_name_end(text_, element.span.begin + 1);
    splices_.push_back({place, place, concat({" ", name, "='", escape_xml(value), "'"})});
}

void XmlEdit::remove_attribute(const XmlElement& element, std::string_view name) {
    for (const auto& one : attributes(text_, element))
        if (one.name == name) splices_.push_back({one.begin, one.end, ""});
}

void XmlEdit::set_text(const XmlElement& element, std::string_view text) {
    if (element.children.empty() && element.text == text) return;
    const auto& span = element.span;
    if (is_closed(element))
        splices_.push_back({span.end - 2, span.end,
                            concat({">", escape_xml(text), "</", written_name(text_, element), ">"})});
    else splices_.push_back({span.content_begin, span.content_end, escape_xml(text)});
}

void XmlEdit::remove(const XmlElement& element) {
    splices_.push_back({before_blanks(text_, element.span.begin), element.span.end, ""});
}

void XmlEdit::empty(const XmlElement& element) {
    if (element.span.content_begin == element.span.end) return;  // it is <a/>
    splices_.push_back({element.span.content_begin - 1, element.span.end, "/>"});
}

void XmlEdit::add(const XmlElement& parent, const NewElement& child, const XmlElement* before) {
    const auto indentation = child_indentation(text_, parent);
    auto text = written(child, line_end(text_), indentation);
    if (parent.children.empty()) return add_first(parent, text, indentation.has_value());
    const auto place = before_blanks(text_, before != nullptr ? before->span.begin : parent.span.content_end);
    splices_.push_back({place, place, std::move(text)});
}

void XmlEdit::add_first(const XmlElement& parent, const std::string& child, bool own_lines) {
    const auto opened = std::find_if(splices_.rbegin(), splices_.rend(),
                                     [&parent](const Splice& one) { return one.opened == &parent; });
    if (opened != splices_.rend()) {
        opened->text += child;
        return;
    }
    const auto& span = parent.span;
    std::string tail;
    if (own_lines) tail = concat({line_end(text_), *indentation(text_, span.begin)});
    if (is_closed(parent)) {
        append(tail, {"</", written_name(text_, parent), ">"});
        return splices_.push_back({span.end - 2, span.end, concat({">", child}), std::move(tail), &parent});
    }
    // An end tag in its own line stays there.
    const auto blanks = std::max(before_blanks(text_, span.content_end), span.content_begin);
    if (text_.find('\n', blanks) < span.content_end)
        return splices_.push_back({blanks, blanks, child, "", &parent});
    splices_.push_back({span.content_end, span.content_end, child, std::move(tail), &parent});
}

std::string XmlEdit::result() const {
    auto ordered = splices_;
    std::stable_sort(ordered.begin(), ordered.end(), [](const Splice& one, const Splice& other) {
        // What comes in front of something that goes.
        return std::pair(one.begin, one.begin != one.end) < std::pair(other.begin, other.begin != other.end);
    });
    std::string changed;
    size_t done = 0;
    for (const auto& splice : ordered) {
        if (splice.begin < done) throw Error("two changes to one place of an XML document");
        append(changed,
               {std::string_view(text_).substr(done, splice.begin - done), splice.text, splice.tail});
        done = splice.end;
    }
    return changed.append(text_, done);
}

}  // namespace virtbp
