// SPDX-License-Identifier: GPL-3.0-or-later
// Elements of a domain's XML that are told apart by a number, and their attributes: only what differs is
// edited.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "lib/formats/xml_edit.hpp"

namespace virtbp {

using Names = std::vector<std::string_view>;

/// The first child that has one of these names; nullptr where none has.
const XmlElement* first_of(const XmlElement& parent, const Names& names);

/// One attribute: set to a value, or taken away where that is "".
void put(XmlEdit& edit, const XmlElement& element, std::string_view name, const std::string& value,
         const Names& before = {});

/// A list of numbers: one in another spelling stays.
void put_list(XmlEdit& edit, const XmlElement& element, std::string_view name, const std::vector<int>& value,
              const Names& before = {});

/// Children of one name under a parent, by the number in one of their attributes, or by their position where
/// they have none. The numbers are known to be some: read_domain() has read them.
class Family {
public:
    /// `parent` may be nullptr.
    Family(const XmlElement* parent, const char* name, const char* key);

    const std::map<int, const XmlElement*>& members() const { return members_; }
    const XmlElement* find(int key) const;
    /// Where a new member goes: before the next larger one that is there, else before what follows the
    /// family. Not to be asked without a parent.
    const XmlElement* place(int key, const Names& followers) const;

private:
    const XmlElement* parent_;
    std::map<int, const XmlElement*> members_;
};

}  // namespace virtbp
