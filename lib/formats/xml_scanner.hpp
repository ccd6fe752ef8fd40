// SPDX-License-Identifier: GPL-3.0-or-later
// Where elements and attributes stand in the text of an XML document. libxml2 does not tell; and what it
// would spend memory or squared time on is refused here, before it sees any of it.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "lib/error.hpp"
#include "lib/formats/xml.hpp"

namespace virtbp {

struct FoundElement {
    std::string_view name;  ///< with its prefix
    XmlSpan span;
};

/// The elements in the order of their start tags, each with its end tag. Throws Error as parse_xml() says.
/// What is in the tags and between them may still be no XML.
std::vector<FoundElement> scan_xml(std::string_view text, std::string_view what);

/// "cannot parse /root/guest.xml: …".
Error xml_fault(std::string_view what, std::string_view found);
/// Cut where it is long: names and messages can be as long as the document.
std::string_view shortened(std::string_view text);

struct XmlAttributeSpan {
    std::string_view name;   ///< with its prefix
    size_t begin = 0;        ///< of the blank before it
    size_t value_begin = 0;  ///< behind the opening quote
    size_t end = 0;          ///< behind the closing quote
};

/// Where a name ends that begins at `from`.
size_t xml_name_end(std::string_view text, size_t from);
/// The next attribute of a tag, `from` the end of its name or of the attribute before; nothing where there is
/// none, or none that is well-formed.
std::optional<XmlAttributeSpan> next_xml_attribute(std::string_view text, size_t from);

constexpr std::string_view xml_blanks = " \t\r\n";
constexpr std::string_view utf8_byte_order_mark = "\xef\xbb\xbf";

}  // namespace virtbp
