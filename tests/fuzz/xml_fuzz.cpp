// SPDX-License-Identifier: GPL-3.0-or-later
#include "lib/formats/xml.hpp"

#include "lib/text.hpp"
#include "tests/fuzz/fuzz.hpp"

using namespace virtbp;

namespace {

/// Every element stands where it says, inside its parent and behind its sibling, and its values can be
/// written.
void check(const std::string& text, const XmlElement& element) {
    const auto& span = element.span;
    must(span.begin < span.content_begin && span.content_begin <= span.content_end &&
         span.content_end <= span.end && span.end <= text.size());
    must(text[span.begin] == '<' && text[span.content_begin - 1] == '>' && text[span.end - 1] == '>');
    must(span.content_begin == span.end || text.compare(span.content_end, 2, "</") == 0);
    for (const auto& [name, value] : element.attributes)
        must(parse_xml(concat({"<a b='", escape_xml(value), "'/>"}), "again").attribute("b") == value);
    must(parse_xml(concat({"<a>", escape_xml(element.text), "</a>"}), "again").text == element.text);
    size_t done = span.content_begin;
    for (const auto& child : element.children) {
        must(child.span.begin >= done && child.span.end <= span.content_end);
        done = child.span.end;
        check(text, child);
    }
}

}  // namespace

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    const auto text = to_text(data, size);
    std::optional<XmlElement> root;
    std::optional<std::string> written;
    may_refuse([&] { root = parse_xml(text, "text"); });
    may_refuse([&] { written = escape_xml(text); });
    // From here on nothing may be refused.
    if (root) check(text, *root);
    if (written) must(parse_xml(concat({"<a>", *written, "</a>"}), "written").text == text);
    return 0;
}
