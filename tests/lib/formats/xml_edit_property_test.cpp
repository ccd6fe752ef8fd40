// SPDX-License-Identifier: GPL-3.0-or-later
// The laws of XmlEdit, on small documents of all styles.
#include <algorithm>
#include <random>

#include "lib/formats/xml_edit.hpp"
#include "lib/text.hpp"
#include "tests/lib/catch.hpp"

using namespace virtbp;

namespace {

class Documents {
public:
    explicit Documents(unsigned seed) : random_(seed) {}

    size_t below(size_t limit) { return random_() % limit; }

    std::string document() {
        line_end_ = below(4) == 0 ? "\r\n" : "\n";
        indent_ = pick({"  ", "    ", "\t", ""});
        one_line_ = below(4) == 0;
        auto text = concat({below(3) == 0 ? "<?xml version='1.0'?>" : "", below(4) == 0 ? line_end_ : ""});
        text += element(0);
        return text + (below(2) == 0 ? line_end_ : "");
    }

    std::string value() { return pick({"", "0", "a>b", "<", "'", "\"", "&amp;", "x\ny", "\xc3\xa4"}); }
    std::string name() { return pick({"a", "b", "cell", "vcpupin", "x-1"}); }

private:
    std::string pick(const std::vector<std::string>& all) { return all[below(all.size())]; }

    std::string attributes() {
        std::string all;
        for (const auto* name : {"id", "n:id", "cpus"}) {
            if (below(3) != 0) continue;
            const std::string quote = pick({"'", "\""}), blank = pick({" ", "  ", "\n\t"});
            append(all, {blank, name, pick({"=", " =", "=\n "}), quote,
                         pick({"", "1", ">", "/>", "&lt;&#10;", " = "}), quote});
        }
        return all + pick({"", "", " "});
    }

    std::string line(size_t depth) {
        if (one_line_ || below(12) == 0) return below(8) == 0 ? " " : "";
        std::string blanks = below(10) == 0 ? line_end_ : "";
        blanks += line_end_;
        for (; depth > 0; --depth) blanks += indent_;
        return blanks;
    }

    std::string element(size_t depth) {
        const auto tag = name();
        auto text = concat({"<", tag, depth == 0 ? " xmlns:n='urn:n'" : "", attributes()});
        if (below(4) == 0) return text + "/>";
        text += ">";
        if (below(4) == 0)
            return concat({text, pick({"", "text", " ", "<![CDATA[</a>]]>", line_end_}), "</", tag, ">"});
        for (auto count = below(depth > 3 ? 1 : 4); count > 0; --count) {
            if (below(6) == 0) append(text, {line(depth + 1), "<!-- <b> -->"});
            if (below(12) == 0) append(text, {line(depth + 1), "<?a </b> ?>"});
            append(text, {line(depth + 1), element(depth + 1)});
        }
        return concat({text, line(depth), "</", tag, ">"});
    }

    std::mt19937 random_;
    std::string line_end_, indent_;
    bool one_line_ = false;
};

/// A tree without places and without the blanks in its text.
std::string show(const XmlElement& element) {
    auto all = concat({"(", element.name});
    for (const auto& [name, value] : element.attributes) append(all, {" ", name, "=", value});
    all += " \"";
    for (const auto word : words(element.text)) all += word;
    all += "\"";
    for (const auto& child : element.children) append(all, {" ", show(child)});
    return all + ")";
}

void collect(XmlElement& element, std::vector<XmlElement*>& all) {
    all.push_back(&element);
    for (auto& child : element.children) collect(child, all);
}

std::vector<XmlElement*> all_of(XmlElement& root) {
    std::vector<XmlElement*> all;
    collect(root, all);
    return all;
}

/// How much of `text` stands at both ends of `changed`.
size_t kept(const std::string& text, const std::string& changed) {
    const auto most = std::min(text.size(), changed.size());
    const auto front = static_cast<size_t>(
        std::mismatch(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(most), changed.begin()).first -
        text.begin());
    size_t back = 0;
    while (back < most - front && text[text.size() - 1 - back] == changed[changed.size() - 1 - back]) ++back;
    return front + back;
}

XmlElement as_read(const NewElement& element) {
    XmlElement read{element.name, element.attributes, element.text, {}, {}};
    for (const auto& child : element.children) read.children.push_back(as_read(child));
    return read;
}

constexpr int rounds = 2000;

}  // namespace

TEST_CASE("adding changes the tree by that element, and removing it gives the text back") {
    Documents documents(GENERATE(20240705U));
    for (int round = 0; round < rounds; ++round) {
        const auto text = documents.document();
        auto root = parse_xml(text, "before");
        const auto all = all_of(root);
        const auto number = documents.below(all.size());
        auto& parent = *all[number];
        const auto children = parent.children.size(), place = documents.below(children + 1);
        NewElement added{"new", {{"id", documents.value()}}, "", {}};
        if (documents.below(3) == 0) added.children.push_back({"inner", {}, documents.value()});
        if (documents.below(6) == 0) added.children.push_back({"inner"});

        XmlEdit edit(text);
        edit.add(parent, added, place < children ? &parent.children[place] : nullptr);
        const auto with = edit.result();
        INFO(text << "\n->\n" << with);
        auto again = parse_xml(with, "after");
        const auto closed = parent.span.content_begin == parent.span.end;
        parent.children.insert(parent.children.begin() + static_cast<std::ptrdiff_t>(place), as_read(added));
        REQUIRE(show(again) == show(root));
        REQUIRE(kept(text, with) >= text.size() - (closed ? 1 : 0));

        XmlEdit back(with);
        back.remove(all_of(again)[number]->children[place]);
        const auto without = back.result();
        if (children > 0) REQUIRE(without == text);
        parent.children.erase(parent.children.begin() + static_cast<std::ptrdiff_t>(place));
        REQUIRE(show(parse_xml(without, "without")) == show(root));
    }
}

TEST_CASE("removing takes that element from the tree, and one piece from the text") {
    Documents documents(GENERATE(20240705U));
    for (int round = 0; round < rounds; ++round) {
        const auto text = documents.document();
        auto root = parse_xml(text, "before");
        std::vector<XmlElement*> parents;
        for (auto* element : all_of(root))
            if (!element->children.empty()) parents.push_back(element);
        if (parents.empty()) continue;
        auto& parent = *parents[documents.below(parents.size())];
        const auto child =
            parent.children.begin() + static_cast<std::ptrdiff_t>(documents.below(parent.children.size()));

        XmlEdit edit(text);
        edit.remove(*child);
        const auto without = edit.result();
        INFO(text << "\n->\n" << without);
        REQUIRE(kept(text, without) == without.size());
        parent.children.erase(child);
        REQUIRE(show(parse_xml(without, "after")) == show(root));
    }
}

TEST_CASE("setting an attribute changes it alone, and removing a new one gives the text back") {
    Documents documents(GENERATE(20240705U));
    for (int round = 0; round < rounds; ++round) {
        const auto text = documents.document();
        auto root = parse_xml(text, "before");
        const auto all = all_of(root);
        const auto number = documents.below(all.size());
        auto& element = *all[number];
        const auto value = documents.value();
        const auto before = documents.below(2) == 0 ? std::vector<std::string_view>{"cpus", "id"}
                                                    : std::vector<std::string_view>();

        for (const std::string name : {"id", "new"}) {
            XmlEdit edit(text);
            edit.set_attribute(element, name, value, before);
            const auto with = edit.result();
            INFO(text << "\n->\n" << with);
            auto again = parse_xml(with, "after");
            auto& changed = *all_of(again)[number];
            REQUIRE(changed.attribute(name) == value);
            if (element.attribute(name) == value) REQUIRE(with == text);
            if (!element.attribute(name)) REQUIRE(kept(text, with) == text.size());

            XmlEdit back(with);
            back.remove_attribute(changed, name);
            auto without = parse_xml(back.result(), "without");
            if (!element.attribute(name)) REQUIRE(back.result() == text);
            std::erase_if(changed.attributes, [&](const auto& one) { return one.first == name; });
            REQUIRE(show(without) == show(again));
            // All others are as before.
            auto others = root;
            std::erase_if(all_of(others)[number]->attributes,
                          [&](const auto& one) { return one.first == name; });
            REQUIRE(show(others) == show(again));
        }
    }
}

TEST_CASE("setting a text changes that element alone") {
    Documents documents(GENERATE(20240705U));
    for (int round = 0; round < rounds; ++round) {
        const auto text = documents.document();
        auto root = parse_xml(text, "before");
        const auto all = all_of(root);
        auto& element = *all[documents.below(all.size())];
        const auto value = documents.value();
        XmlEdit edit(text);
        edit.set_text(element, value);
        const auto with = edit.result();
        INFO(text << "\n->\n" << with);
        element.text = value;
        element.children.clear();
        REQUIRE(show(parse_xml(with, "after")) == show(root));
    }
}
