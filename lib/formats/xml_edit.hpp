// SPDX-License-Identifier: GPL-3.0-or-later
// Changes to the text of an XML document. What is not named stays byte for byte: quotes, blanks, comments,
// CDATA, order of attributes. New text is written as libvirt writes it: single quotes, two blanks a level.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "lib/formats/xml.hpp"

namespace virtbp {

/// An element to write.
struct NewElement {
    std::string name;
    std::vector<std::pair<std::string, std::string>> attributes = {};
    std::string text = {};  ///< or children, not both
    std::vector<NewElement> children = {};
};

/// Collects changes, then makes the new text of all. Every XmlElement is one of parse_xml(text); changes may
/// come in any order, but must not contradict each other: an element that is removed is not changed, nor is
/// anything in it, and no attribute is set twice. Values that XML cannot hold throw Error (escape_xml()).
class XmlEdit {
public:
    /// Keeps no copy: `text` must outlive it.
    explicit XmlEdit(const std::string& text) : text_(text) {}
    explicit XmlEdit(std::string&&) = delete;

    /// Replaces the value (in the quotes that are there), or adds the attribute: before the first one named
    /// in `before` that is there, else as the last. Nothing happens where the value is that already.
    void set_attribute(const XmlElement& element, std::string_view name, std::string_view value,
                       const std::vector<std::string_view>& before = {});
    /// With the blank before it. Nothing happens where it is not there.
    void remove_attribute(const XmlElement& element, std::string_view name);
    /// Replaces all the content by text. Nothing happens where it is that already.
    void set_text(const XmlElement& element, std::string_view text);
    /// With the blanks before it, so that no empty line is left; never the root. What stood in a parent
    /// before add() stands there again after remove(), byte for byte, but for one without children: <a/>
    /// comes back as
    /// <a></a> with the line end and blanks that its end tag was given.
    void remove(const XmlElement& element);
    /// All content goes, comments too: <a/>.
    void empty(const XmlElement& element);
    /// A new child: before `before`, one of the parent's children, else as the last. Several at one place
    /// come in the order of the calls. It stands in its own line, indented as the first sibling that does, or
    /// two blanks deeper than a parent that does and has no child or text; else right behind what is before
    /// it.
    void add(const XmlElement& parent, const NewElement& child, const XmlElement* before = nullptr);

    bool changes() const { return !splices_.empty(); }
    /// Throws Error where changes contradict each other.
    std::string result() const;

private:
    struct Splice {
        size_t begin, end;  ///< what goes
        std::string text;   ///< what comes
        /// Of the first child of `opened`, which had none: what stands behind it and those that follow.
        std::string tail = {};
        const XmlElement* opened = nullptr;
    };
    void add_first(const XmlElement& parent, const std::string& child, bool own_lines);

    std::vector<Splice> splices_;
    const std::string& text_;
};

}  // namespace virtbp
