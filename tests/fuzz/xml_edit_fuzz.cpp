// SPDX-License-Identifier: GPL-3.0-or-later
// A line of changes, two letters each (which element, and what is done to it), and a document.
#include "lib/formats/xml_edit.hpp"

#include <set>

#include "tests/fuzz/fuzz.hpp"

using namespace virtbp;

namespace {

const std::string value = "<a b='1'>&\"\n";

void collect(const XmlElement& element, std::vector<const XmlElement*>& all) {
    all.push_back(&element);
    for (const auto& child : element.children) collect(child, all);
}

void change(XmlEdit& edit, const XmlElement& root, const XmlElement& element, unsigned what) {
    const auto* first = element.children.empty() ? nullptr : &element.children.front();
    const NewElement added{"new", {{"b", value}}, "", {{"inner", {}, value}}};
    switch (what % 8) {
        case 0: return edit.set_attribute(element, "b", value);
        case 1: return edit.set_attribute(element, "b", "1", {"a", "c"});
        case 2: return edit.remove_attribute(element, "b");
        case 3: return edit.set_text(element, value);
        case 4: return &element == &root ? void() : edit.remove(element);
        case 5: return edit.add(element, added, first);
        case 6: return edit.add(element, added);
        default: return edit.set_text(element, "");
    }
}

}  // namespace

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    const auto [changes, text] = first_line(to_text(data, size));
    if (text.size() > 700) return 0;  // could reach a limit of parse_xml() by what is added
    std::optional<XmlElement> root;
    may_refuse([&] { root = parse_xml(text, "text"); });
    if (!root) return 0;
    std::vector<const XmlElement*> all;
    collect(*root, all);

    XmlEdit together(text);
    std::set<const XmlElement*> with_attribute;
    for (size_t i = 0; i + 1 < std::min<size_t>(changes.size(), 20); i += 2) {
        const auto& element = *all[static_cast<unsigned char>(changes[i]) % all.size()];
        const auto what = static_cast<unsigned char>(changes[i + 1]);
        XmlEdit alone(text);
        change(alone, *root, element, what);
        const auto result = alone.result();
        if (!alone.changes()) must(result == text);
        parse_xml(result, "result");
        if (what % 8 > 2 || with_attribute.insert(&element).second) change(together, *root, element, what);
    }
    std::optional<std::string> result;
    may_refuse([&] { result = together.result(); });  // they may contradict each other
    if (result) parse_xml(*result, "result of all");
    return 0;
}
