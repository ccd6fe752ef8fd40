// SPDX-License-Identifier: GPL-3.0-or-later
// What libvirt itself gives only with VIR_DOMAIN_XML_SECURE.
#include "lib/formats/xml_edit.hpp"
#include "lib/libvirt/domain.hpp"

namespace virtbp {

namespace {

void hide_secrets(const XmlElement& element, XmlEdit& edit) {
    if (element.name == "graphics" && element.attribute("passwd"))
        edit.set_attribute(element, "passwd", "hidden");
    if (element.name == "cookie") edit.set_text(element, "hidden");
    for (const auto& child : element.children) hide_secrets(child, edit);
}

}  // namespace

std::string without_secrets(const std::string& text) {
    XmlEdit edit(text);
    const auto root = parse_xml(text, "the domain");
    hide_secrets(root, edit);
    return edit.result();
}

}  // namespace virtbp
