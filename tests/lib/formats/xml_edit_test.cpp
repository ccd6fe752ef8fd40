// SPDX-License-Identifier: GPL-3.0-or-later
#include "lib/formats/xml_edit.hpp"

#include <algorithm>
#include <functional>
#include <random>

#include "lib/error.hpp"
#include "lib/text.hpp"
#include "tests/lib/catch.hpp"

using namespace virtbp;

namespace {

const std::string guest =
    "<domain>\n"
    "  <!-- pins -->\n"
    "  <cputune>\n"
    "    <vcpupin vcpu=\"0\" cpuset='1>0'/>  <!-- first -->\n"
    "    <!-- second -->\n"
    "    <vcpupin\n"
    "      vcpu = '2'\n"
    "      cpuset='4' />\n"
    "  </cputune>\n"
    "  <empty/>\n"
    "  <cpu mode='host'></cpu>\n"
    "</domain>\n";

using Change = std::function<void(XmlEdit&, const XmlElement&)>;

std::string edited(const std::string& text, const Change& change) {
    const auto root = parse_xml(text, "before");
    XmlEdit edit(text);
    change(edit, root);
    const auto result = edit.result();
    CHECK(edit.changes() == (result != text));
    parse_xml(result, "after");
    return result;
}

/// `guest` with one piece of it replaced.
std::string with(std::string_view what, std::string_view by) {
    const auto place = guest.find(what);
    REQUIRE(place != std::string::npos);
    return std::string(guest).replace(place, what.size(), by);
}

const XmlElement& pin(const XmlElement& root, size_t number) {
    return *root.all("cputune/vcpupin").at(number);
}

const NewElement one_pin{"vcpupin", {{"vcpu", "1"}, {"cpuset", "<2>"}}};
const NewElement numa{"numa", {}, "", {{"cell", {{"id", "0"}}, "", {{"distances"}}}, {"note", {}, "a&b"}}};

}  // namespace

TEST_CASE("an attribute's value is replaced in its quotes") {
    CHECK(edited(guest, [](auto& edit, auto& root) { edit.set_attribute(pin(root, 0), "vcpu", "\"7'"); }) ==
          with("\"0\"", "\"&quot;7&apos;\""));
    CHECK(edited(guest, [](auto& edit, auto& root) { edit.set_attribute(pin(root, 0), "cpuset", "3"); }) ==
          with("1>0", "3"));
    CHECK(edited(guest, [](auto& edit, auto& root) { edit.set_attribute(pin(root, 1), "vcpu", "3"); }) ==
          with("vcpu = '2'", "vcpu = '3'"));
    CHECK(edited(guest, [](auto& edit, auto& root) { edit.set_attribute(pin(root, 1), "vcpu", "2"); }) ==
          guest);
    CHECK(edited("<a b='&#x41;'/>", [](auto& edit, auto& root) { edit.set_attribute(root, "b", "A"); }) ==
          "<a b='&#x41;'/>");
}

TEST_CASE("a new attribute stands where it is wanted") {
    CHECK(edited(guest, [](auto& edit, auto& root) { edit.set_attribute(pin(root, 0), "x", "<"); }) ==
          with("'1>0'/>", "'1>0' x='&lt;'/>"));
    CHECK(edited(guest, [](auto& edit, auto& root) { edit.set_attribute(pin(root, 1), "x", "1"); }) ==
          with("'4' />", "'4' x='1' />"));
    CHECK(edited(guest, [](auto& edit, auto& root) {
              edit.set_attribute(pin(root, 1), "x", "1", {"none", "cpuset", "vcpu"});
              edit.set_attribute(pin(root, 1), "y", "2", {"vcpu"});
          }) == with("<vcpupin\n", "<vcpupin x='1' y='2'\n"));
    CHECK(edited(guest, [](auto& edit, auto& root) { edit.set_attribute(*root.find("empty"), "x", "1"); }) ==
          with("<empty/>", "<empty x='1'/>"));
}

TEST_CASE("an attribute goes with the blank before it") {
    CHECK(edited(guest, [](auto& edit, auto& root) { edit.remove_attribute(pin(root, 0), "cpuset"); }) ==
          with(" cpuset='1>0'", ""));
    CHECK(edited(guest, [](auto& edit, auto& root) { edit.remove_attribute(pin(root, 1), "vcpu"); }) ==
          with("\n      vcpu = '2'", ""));
    CHECK(edited(guest, [](auto& edit, auto& root) { edit.remove_attribute(pin(root, 1), "id"); }) == guest);
    CHECK(edited(guest, [](auto& edit, auto& root) {
              edit.remove_attribute(pin(root, 0), "cpuset");
              edit.set_attribute(pin(root, 0), "cpus", "5", {"cpuset"});
          }) == with("cpuset='1>0'", "cpus='5'"));
}

TEST_CASE("text replaces all the content") {
    const auto set = [](const std::string& text, const char* wanted) {
        return edited(text, [wanted](auto& edit, auto& root) { edit.set_text(root, wanted); });
    };
    CHECK(set("<a>1</a>", "2<") == "<a>2&lt;</a>");
    CHECK(set("<a b='c' />", "2") == "<a b='c' >2</a>");
    CHECK(set("<n:a xmlns:n='u'/>", "2") == "<n:a xmlns:n='u'>2</n:a>");
    CHECK(set("<a><b/>1</a>", "1") == "<a>1</a>");
    CHECK(set("<a>1<!-- kept --></a>", "1") == "<a>1<!-- kept --></a>");
    CHECK(set("<a></a>", "") == "<a></a>");
}

TEST_CASE("an element goes with the blanks before it, and comments stay") {
    CHECK(edited(guest, [](auto& edit, auto& root) { edit.remove(pin(root, 0)); }) ==
          with("\n    <vcpupin vcpu=\"0\" cpuset='1>0'/>", ""));
    CHECK(edited(guest, [](auto& edit, auto& root) { edit.remove(pin(root, 1)); }) ==
          with("\n    <vcpupin\n      vcpu = '2'\n      cpuset='4' />", ""));
    CHECK(edited("<a>text <b>\n</b> <c/></a>",
                 [](auto& edit, auto& root) { edit.remove(*root.find("b")); }) == "<a>text <c/></a>");
    CHECK(edited("<a>\n  <b/>\n</a>", [](auto& edit, auto& root) { edit.remove(*root.find("b")); }) ==
          "<a>\n</a>");
}

TEST_CASE("a new child stands in its own line, before the one that is named or as the last") {
    const auto line = "\n    <vcpupin vcpu='1' cpuset='&lt;2&gt;'/>";
    CHECK(edited(guest, [](auto& edit, auto& root) { edit.add(*root.find("cputune"), one_pin); }) ==
          with("cpuset='4' />", concat({"cpuset='4' />", line})));
    CHECK(edited(guest, [](auto& edit, auto& root) {
              edit.add(*root.find("cputune"), one_pin, &pin(root, 1));
          }) == with("<!-- second -->", concat({"<!-- second -->", line})));
    CHECK(edited(guest, [](auto& edit, auto& root) {
              edit.add(*root.find("cputune"), one_pin, &pin(root, 0));
          }) == with("<cputune>", concat({"<cputune>", line})));
    CHECK(edited(guest, [](auto& edit, auto& root) { edit.add(root, numa); }) ==
          with("</cpu>",
               "</cpu>\n  <numa>\n    <cell id='0'>\n      <distances/>\n    </cell>\n"
               "    <note>a&amp;b</note>\n  </numa>"));
}

TEST_CASE("several children at one place keep the order of the calls") {
    CHECK(edited("<a>\n <b/>\n</a>", [](auto& edit, auto& root) {
              const auto* b = root.find("b");
              edit.add(root, {"z"});
              edit.add(root, {"c"}, b);
              edit.remove(*b);
              edit.add(root, {"d"}, b);
              edit.add(root, {"y"});
          }) == "<a>\n <c/>\n <d/>\n <z/>\n <y/>\n</a>");
    CHECK(edited(guest,
                 [](auto& edit, auto& root) {
                     edit.add(*root.find("empty"), {"x"});
                     edit.add(*root.find("cpu"), {"u"});
                     edit.add(*root.find("empty"), {"y"});
                     edit.set_attribute(*root.find("empty"), "z", "1");
                     edit.add(*root.find("cpu"), {"v"});
                 }) == with("<empty/>\n  <cpu mode='host'></cpu>",
                            "<empty z='1'>\n    <x/>\n    <y/>\n  </empty>\n"
                            "  <cpu mode='host'>\n    <u/>\n    <v/>\n  </cpu>"));
}

TEST_CASE("a parent without children gets lines for them") {
    const auto add = [](const std::string& text) {
        return edited(text, [](auto& edit, auto& root) { edit.add(root, {"b", {}, "", {{"c"}}}); });
    };
    CHECK(add("<a/>") == "<a>\n  <b>\n    <c/>\n  </b>\n</a>");
    CHECK(add("<n:a xmlns:n='u' />") == "<n:a xmlns:n='u' >\n  <b>\n    <c/>\n  </b>\n</n:a>");
    CHECK(add("\xef\xbb\xbf<a></a>\r\n") == "\xef\xbb\xbf<a>\r\n  <b>\r\n    <c/>\r\n  </b>\r\n</a>\r\n");
    CHECK(add("<a>\n</a>") == "<a>\n  <b>\n    <c/>\n  </b>\n</a>");
    CHECK(add("\t<a>\n\t</a>") == "\t<a>\n\t  <b>\n\t    <c/>\n\t  </b>\n\t</a>");
    CHECK(add("<a><!-- d --></a>") == "<a><!-- d -->\n  <b>\n    <c/>\n  </b>\n</a>");
    CHECK(add("<a>\n  <!-- d -->\n</a>") == "<a>\n  <!-- d -->\n  <b>\n    <c/>\n  </b>\n</a>");
}

TEST_CASE("nothing is indented where nothing was") {
    const auto add = [](const std::string& text, const char* path) {
        return edited(text,
                      [path](auto& edit, auto& root) { edit.add(*root.find(path), {"x", {}, "", {{"y"}}}); });
    };
    CHECK(add("<a><b><c/></b></a>", "b") == "<a><b><c/><x><y/></x></b></a>");
    CHECK(add("<a><b/></a>", "b") == "<a><b><x><y/></x></b></a>");
    CHECK(add("<a><b></b></a>", "b") == "<a><b><x><y/></x></b></a>");
    CHECK(add("<a>\n<b>text</b></a>", "b") == "<a>\n<b>text<x><y/></x></b></a>");
    CHECK(add("<a>\n<b/> <c>\n</c></a>", "c") == "<a>\n<b/> <c><x><y/></x>\n</c></a>");
}

TEST_CASE("changes to one place are refused") {
    const std::string text = "<a><b><c/></b></a>";
    const auto root = parse_xml(text, "x");
    XmlEdit edit(text);
    edit.remove(*root.find("b"));
    edit.remove(*root.find("b/c"));
    CHECK_THROWS_WITH(edit.result(), "two changes to one place of an XML document");
    CHECK_THROWS_AS(edit.set_attribute(root, "b", "\x01"), Error);
}

TEST_CASE("an element is emptied with its comments") {
    CHECK(edited("<a><b x='1'> <!-- c --> <c/> </b></a>",
                 [](auto& edit, auto& root) { edit.empty(*root.find("b")); }) == "<a><b x='1'/></a>");
    CHECK(edited(guest, [](auto& edit, auto& root) { edit.empty(*root.find("empty")); }) == guest);
    CHECK(edited(guest, [](auto& edit, auto& root) { edit.empty(*root.find("cpu")); }) ==
          with("<cpu mode='host'></cpu>", "<cpu mode='host'/>"));
}
