// SPDX-License-Identifier: GPL-3.0-or-later
#include "lib/libvirt/element_edit.hpp"

#include <algorithm>

#include "lib/formats/number_list.hpp"
#include "lib/text.hpp"

namespace virtbp {

const XmlElement* first_of(const XmlElement& parent, const Names& names) {
    const auto found =
        std::find_if(parent.children.begin(), parent.children.end(), [&names](const XmlElement& child) {
            return std::find(names.begin(), names.end(), child.name) != names.end();
        });
    return found == parent.children.end() ? nullptr : &*found;
}

void put(XmlEdit& edit, const XmlElement& element, std::string_view name, const std::string& value,
         const Names& before) {
    if (value.empty()) edit.remove_attribute(element, name);
    else if (element.attribute(name) != value) edit.set_attribute(element, name, value, before);
}

void put_list(XmlEdit& edit, const XmlElement& element, std::string_view name, const std::vector<int>& value,
              const Names& before) {
    const auto now = element.attribute(name);
    if (now && !value.empty() && parse_number_list(*now) == value) return;
    put(edit, element, name, format_number_list(value), before);
}

Family::Family(const XmlElement* parent, const char* name, const char* key) : parent_(parent) {
    if (parent_ == nullptr) return;
    int position = 0;
    for (const auto* child : parent_->all(name)) {
        const auto id = child->attribute(key);
        members_[id ? static_cast<int>(to_integer(trim(*id)).value_or(position)) : position] = child;
        ++position;
    }
}

const XmlElement* Family::find(int key) const {
    const auto found = members_.find(key);
    return found == members_.end() ? nullptr : found->second;
}

const XmlElement* Family::place(int key, const Names& followers) const {
    const auto next = members_.upper_bound(key);
    return next != members_.end() ? next->second : first_of(*parent_, followers);
}

}  // namespace virtbp
