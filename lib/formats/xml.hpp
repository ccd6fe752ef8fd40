// SPDX-License-Identifier: GPL-3.0-or-later
// XML documents as values: read by libxml2, and each element knows where it stands in the text, so that
// lib/formats/xml_edit.hpp can change one and leave all other bytes alone.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace virtbp {

/// Where an element stands, in bytes of the document's text.
struct XmlSpan {
    size_t begin = 0;          ///< the < of its start tag
    size_t content_begin = 0;  ///< behind the > of its start tag
    size_t content_end = 0;    ///< the < of its end tag; as content_begin where it is <a/>
    size_t end = 0;            ///< behind it all
    bool operator==(const XmlSpan&) const = default;
};

struct XmlElement {
    /// The local name; with a namespace "{http://libvirt.org/schemas/domain/qemu/1.0}commandline".
    std::string name;
    /// Those without a namespace, in their order, entities resolved.
    std::vector<std::pair<std::string, std::string>> attributes;
    std::string text;  ///< of its own text and CDATA nodes, one after the other
    std::vector<XmlElement> children;
    XmlSpan span;

    /// An attribute's value; nothing where it is not there.
    std::optional<std::string> attribute(std::string_view attribute_name) const;
    /// The first element below that `path` names ("cpu/numa"), by way of the first parents; nullptr where
    /// there is none.
    const XmlElement* find(std::string_view path) const;
    /// All elements below that `path` names ("cputune/vcpupin"), in their order, of the first parents only.
    std::vector<const XmlElement*> all(std::string_view path) const;
};

/// The root element of a document. `what` names it in messages ("/root/guest.xml").
/// Throws Error where it is not well-formed, not UTF-8, has a document type or an entity of its own (nothing
/// is ever fetched or expanded), is nested deeper than 256, larger than 16 MiB (10 MB for one text, which
/// is libxml2's limit), has more than 500,000 elements, attributes and comments, or more than 256 attributes
/// in one element, or namespaces in all.
XmlElement parse_xml(const std::string& text, std::string_view what);

/// `text` as the value of an attribute in quotes of either kind, and as the content of an element. Throws
/// Error where it is not UTF-8, or holds a control character that XML cannot.
std::string escape_xml(std::string_view text);

}  // namespace virtbp
