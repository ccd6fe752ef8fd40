// SPDX-License-Identifier: GPL-3.0-or-later
#include "lib/formats/xml.hpp"

#include <algorithm>
#include <memory>

#include "lib/error.hpp"
#include "lib/formats/utf8.hpp"
#include "lib/formats/xml_scanner.hpp"
#include "lib/libxml2.hpp"
#include "lib/text.hpp"

namespace virtbp {

namespace {

constexpr LibXml<xmlCtxtGetLastError> last_error{"xmlCtxtGetLastError"};
constexpr LibXml<xmlCtxtReadMemory> read_memory{"xmlCtxtReadMemory"};
constexpr LibXml<xmlFreeDoc> free_document{"xmlFreeDoc"};
constexpr LibXml<xmlFreeParserCtxt> free_parser{"xmlFreeParserCtxt"};
constexpr LibXml<xmlNewParserCtxt> new_parser{"xmlNewParserCtxt"};

struct Release {
    void operator()(xmlDoc* document) const { free_document(document); }
    void operator()(xmlParserCtxt* parser) const { free_parser(parser); }
};
template <class T>
using Held = std::unique_ptr<T, Release>;

std::string_view view(const xmlChar* text) {
    return text != nullptr ? reinterpret_cast<const char*>(text) : std::string_view();
}

bool is_valid(char32_t point) {
    return point >= 0x20 ? point < 0xd800 || (point > 0xdfff && point < 0xfffe) || point > 0xffff
                         : point == '\t' || point == '\n' || point == '\r';
}

/// A parsed tree with what was found in the text, element by element.
class Reader {
public:
    Reader(const std::vector<FoundElement>& found, std::string_view what) : found_(found), what_(what) {}

    XmlElement element(const xmlNode& node) {
        const auto local = view(node.name);
        const auto prefix = node.ns != nullptr ? view(node.ns->prefix) : std::string_view();
        if (next_ == found_.size() ||
            found_[next_].name != (prefix.empty() ? std::string(local) : concat({prefix, ":", local})))
            throw disagreement();
        XmlElement element;
        element.span = found_[next_++].span;
        element.name =
            node.ns != nullptr ? concat({"{", view(node.ns->href), "}", local}) : std::string(local);
        for (const auto* attribute = node.properties; attribute != nullptr; attribute = attribute->next) {
            if (attribute->ns != nullptr) continue;
            std::string value;
            for (const auto* part = attribute->children; part != nullptr; part = part->next)
                value += text_of(*part);
            element.attributes.emplace_back(view(attribute->name), std::move(value));
        }
        for (const auto* child = node.children; child != nullptr; child = child->next) {
            if (child->type == XML_ELEMENT_NODE) element.children.push_back(this->element(*child));
            else if (child->type != XML_COMMENT_NODE && child->type != XML_PI_NODE)
                element.text += text_of(*child);
        }
        return element;
    }

    void finish() const {
        if (next_ != found_.size()) throw disagreement();
    }

private:
    std::string_view text_of(const xmlNode& node) const {
        if (node.type != XML_TEXT_NODE && node.type != XML_CDATA_SECTION_NODE)
            throw xml_fault(what_, concat({"an entity, ", shortened(view(node.name))}));
        return view(node.content);
    }

    Error disagreement() const {
        return xml_fault(what_, "libxml2 reads other elements than stand in the text");
    }

    const std::vector<FoundElement>& found_;
    std::string_view what_;
    size_t next_ = 0;
};

}  // namespace

std::optional<std::string> XmlElement::attribute(std::string_view attribute_name) const {
    for (const auto& [key, value] : attributes)
        if (key == attribute_name) return value;
    return std::nullopt;
}

const XmlElement* XmlElement::find(std::string_view path) const {
    const XmlElement* element = this;
    for (const auto step : split(path, '/')) {
        const auto found = std::find_if(element->children.begin(), element->children.end(),
                                        [step](const XmlElement& child) { return child.name == step; });
        if (found == element->children.end()) return nullptr;
        element = &*found;
    }
    return element;
}

std::vector<const XmlElement*> XmlElement::all(std::string_view path) const {
    const auto slash = path.rfind('/');
    const bool deep = slash != std::string_view::npos;
    std::vector<const XmlElement*> found;
    if (const auto* parent = deep ? find(path.substr(0, slash)) : this)
        for (const auto& child : parent->children)
            if (child.name == path.substr(deep ? slash + 1 : 0)) found.push_back(&child);
    return found;
}

XmlElement parse_xml(const std::string& text, std::string_view what) {
    const auto found = scan_xml(text, what);
    const size_t begin = text.starts_with(utf8_byte_order_mark) ? utf8_byte_order_mark.size() : 0;
    const Held<xmlParserCtxt> parser(new_parser());
    if (!parser) throw xml_fault(what, "out of memory");
    // Of some errors libxml2 2.9 tells stderr even with XML_PARSE_NOERROR, unless there is someone to listen.
    parser->sax->serror = [](void*, auto*) {};
    const Held<xmlDoc> document(read_memory(
        parser.get(), text.data() + begin, static_cast<int>(text.size() - begin), nullptr, "UTF-8",
        XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING | XML_PARSE_IGNORE_ENC));
    if (!document) {
        const auto* error = last_error(parser.get());
        if (error == nullptr || error->message == nullptr) throw xml_fault(what, "it is not well-formed");
        throw xml_fault(concat({what, ":", std::to_string(error->line)}), shortened(trim(error->message)));
    }
    if (document->intSubset != nullptr || document->extSubset != nullptr)
        throw xml_fault(what, "a document type, which is never read, for safety");
    const auto* root = document->children;
    while (root != nullptr && root->type != XML_ELEMENT_NODE) root = root->next;
    if (root == nullptr) throw xml_fault(what, "it has no element");
    Reader reader(found, what);
    auto element = reader.element(*root);
    reader.finish();
    return element;
}

std::string escape_xml(std::string_view text) {
    std::string escaped;
    while (!text.empty()) {
        const auto [point, size] = first_character(text);
        if (!is_valid(point))
            throw Error(concat({"XML cannot hold the character ", std::to_string(point), " in a value"}));
        if (point < 0x20) append(escaped, {"&#", std::to_string(point), ";"});
        else if (point == '&') escaped += "&amp;";
        else if (point == '<') escaped += "&lt;";
        else if (point == '>') escaped += "&gt;";
        else if (point == '"') escaped += "&quot;";
        else if (point == '\'') escaped += "&apos;";
        else escaped += text.substr(0, size);
        text.remove_prefix(size);
    }
    return escaped;
}

}  // namespace virtbp
