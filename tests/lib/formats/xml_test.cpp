// SPDX-License-Identifier: GPL-3.0-or-later
#include "lib/formats/xml.hpp"

#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <random>

#include "lib/error.hpp"
#include "lib/text.hpp"
#include "tests/lib/catch.hpp"

using namespace virtbp;
using Catch::Contains;
using Catch::StartsWith;

namespace {

const std::string guest =
    "<?xml version='1.0' encoding='utf-8'?>\n"
    "<!-- <not> an element -->\n"
    "<domain type='kvm' xmlns:qemu='http://libvirt.org/schemas/domain/qemu/1.0'>\n"
    "  <name>a &amp; b</name>\n"
    "  <cputune a = \"1 > 0\"\n"
    "           b='&quot;&#x41;'><vcpupin vcpu='0'/><!-- > --><vcpupin vcpu='1' ></vcpupin >\n"
    "  </cputune>\n"
    "  <?note <vcpupin/> ?>\n"
    "  <text>one<![CDATA[<two>]]><b/>three</text>\n"
    "  <qemu:commandline qemu:x='1' y='2'><qemu:arg value='-s'/></qemu:commandline>\n"
    "  <cputune><vcpupin vcpu='7'/></cputune>\n"
    "</domain>\n";

std::string_view part(const std::string& text, size_t begin, size_t end) {
    return std::string_view(text).substr(begin, end - begin);
}

/// The tree in one line, with the text of every tag.
std::string show(const std::string& text, const XmlElement& element) {
    const auto& span = element.span;
    auto all = concat({part(text, span.begin, span.content_begin), "(", element.name});
    for (const auto& [name, value] : element.attributes) append(all, {" ", name, "=", value});
    append(all, {" \"", trim(element.text), "\""});
    for (const auto& child : element.children) append(all, {" ", show(text, child)});
    return concat({all, ")", part(text, span.content_end, span.end)});
}

std::string fault_of(const std::string& text) {
    try {
        parse_xml(text, "x.xml");
    } catch (const Error& error) {
        return error.what();
    }
    return "";
}

std::string times(size_t count, std::string_view text) {
    std::string all;
    for (size_t i = 0; i < count; ++i) all += text;
    return all;
}

}  // namespace

TEST_CASE("a document becomes a tree of values, and each knows where it stands") {
    const auto root = parse_xml(guest, "guest");
    CHECK(root.span ==
          XmlSpan{guest.find("<domain"), guest.find("\n  <name"), guest.find("</domain"), guest.size() - 1});
    CHECK(root.attributes == decltype(root.attributes){{"type", "kvm"}});
    CHECK(root.find("name")->text == "a & b");
    const auto* cputune = root.find("cputune");
    REQUIRE(cputune != nullptr);
    CHECK(show(guest, *cputune) ==
          "<cputune a = \"1 > 0\"\n           b='&quot;&#x41;'>(cputune a=1 > 0 b=\"A \"\""
          " <vcpupin vcpu='0'/>(vcpupin vcpu=0 \"\") <vcpupin vcpu='1' >(vcpupin vcpu=1 \"\")</vcpupin "
          ">)</cputune>");
    CHECK(show(guest, *root.find("text")) == "<text>(text \"one<two>three\" <b/>(b \"\"))</text>");
}

TEST_CASE("an element in a namespace has it in its name") {
    const auto root = parse_xml(guest, "guest");
    const auto* commands = root.find("name") + 3;
    CHECK(
        show(guest, *commands) ==
        "<qemu:commandline qemu:x='1' y='2'>({http://libvirt.org/schemas/domain/qemu/1.0}commandline y=2 \"\""
        " <qemu:arg value='-s'/>({http://libvirt.org/schemas/domain/qemu/1.0}arg value=-s \"\"))"
        "</qemu:commandline>");
    const auto inherited = parse_xml("<a xmlns='u'><b xmlns=''><c/></b><d/></a>", "x");
    CHECK(inherited.name == "{u}a");
    CHECK(inherited.children[0].name == "b");
    CHECK(inherited.children[0].children[0].name == "c");
    CHECK(inherited.children[1].name == "{u}d");
    CHECK(parse_xml("<n:a/>", "x").name == "n:a");
}

TEST_CASE("elements are found by their path") {
    const auto root = parse_xml(guest, "guest");
    CHECK(root.find("cputune/vcpupin")->attribute("vcpu") == "0");
    CHECK(root.find("cputune/nothing") == nullptr);
    CHECK(root.find("nothing/vcpupin") == nullptr);
    CHECK(root.all("cputune/vcpupin").size() == 2);
    CHECK(root.all("cputune").size() == 2);
    CHECK(root.all("nothing/vcpupin").empty());
    CHECK(root.find("cputune")->attribute("c") == std::nullopt);
}

TEST_CASE("what is not well-formed is refused, with its line") {
    CHECK(fault_of("<a>\n<b></a>") == "cannot parse x.xml:2: wanted </b>, found </a>");
    CHECK(fault_of("<a>\n<b>") == "cannot parse x.xml:2: wanted </b>, found the end");
    CHECK(fault_of("<a>\n</a></b>") == "cannot parse x.xml:2: an end tag too many, </b>");
    CHECK(fault_of("<a></a") == "cannot parse x.xml:1: wanted </a>, found </a");
    CHECK(fault_of("<a></a b>") == "cannot parse x.xml:1: wanted </a>, found </a");
    CHECK(fault_of("\n<a x=1/>") == "cannot parse x.xml:2: <a is no start tag");
    CHECK(fault_of("<a x='1/>") == "cannot parse x.xml:1: <a is no start tag");
    CHECK(fault_of("<a") == "cannot parse x.xml:1: <a is no start tag");
    CHECK(fault_of("<a>< b/></a>") == "cannot parse x.xml:1: < is no start tag");
    CHECK(fault_of("<a><!-- b</a>") == "cannot parse x.xml:1: <!-- without -->");
    CHECK(fault_of("<a><![CDATA[b</a>") == "cannot parse x.xml:1: <![CDATA[ without ]]>");
    CHECK(fault_of("<a>\n<b x='1' x='2'/></a>") == "cannot parse x.xml:2: Attribute x redefined");
    CHECK_THAT(fault_of("<a/><b/>"), StartsWith("cannot parse x.xml:1: Extra content"));
    for (const auto* text : {"", "  ", "a", "<a/>b", "<a>&</a>", "<a>]]></a>", "<a b='<'/>",
                             "<a b='1'c='2'/>", "<1/>", "<a><!-- -- --></a>", " <?xml version='1.0'?><a/>",
                             "<a>\x01</a>", "<a>&#0;</a>", "<a>&#x110000;</a>", "<a>\xef\xbf\xbf</a>"})
        CHECK_THAT(fault_of(text), StartsWith("cannot parse x.xml:1: "));
}

TEST_CASE("a document type and entities of a document's own are refused") {
    const std::string bomb =
        "<!DOCTYPE a [<!ENTITY b '" + times(1000, "x") + "'><!ENTITY c '" + times(1000, "&b;") + "'>]>\n";
    for (const auto& text :
         {bomb + "<a>" + times(1000, "&c;") + "</a>", std::string("<!DOCTYPE a><a/>"),
          std::string("<!DOCTYPE a SYSTEM 'file:///etc/passwd'><a/>"),
          std::string("<!-- --><?x?><!DOCTYPE a [<!ENTITY % p SYSTEM 'http://[::1]/'> %p;]><a/>")})
        CHECK(fault_of(text) == "cannot parse x.xml:1: a document type, which is never read, for safety");
    CHECK(fault_of("<a>\n<!ELEMENT a ANY></a>") ==
          "cannot parse x.xml:2: a document type, which is never read, for safety");
    CHECK(fault_of("<a>&other;</a>") == "cannot parse x.xml:1: Entity 'other' not defined");
    CHECK(fault_of("<a b='&other;'/>") == "cannot parse x.xml:1: Entity 'other' not defined");
    CHECK(parse_xml("<a b='&lt;&gt;&amp;&quot;&apos;&#10;'>&lt;&gt;&amp;&quot;&apos;&#10;</a>", "x").text ==
          "<>&\"'\n");
    CHECK(parse_xml("<a b='&lt;&gt;&amp;&quot;&apos;&#10;&#x20ac;'/>", "x").attribute("b") ==
          "<>&\"'\n\xe2\x82\xac");
}

TEST_CASE("only UTF-8 is read") {
    CHECK(fault_of("<?xml version='1.0' encoding='ISO-8859-1'?><a/>") ==
          "cannot parse x.xml: wanted UTF-8, found ISO-8859-1");
    CHECK(fault_of("<?xml version='1.0' encoding=\"UTF-16\"?><a/>") ==
          "cannot parse x.xml: wanted UTF-8, found UTF-16");
    CHECK(fault_of("<a>\n\xe4</a>") == "cannot parse x.xml:2: wanted UTF-8, found a byte that is none");
    CHECK(fault_of("<a>\xed\xa0\x80</a>") == "cannot parse x.xml:1: wanted UTF-8, found a byte that is none");
    CHECK(fault_of(std::string("<\0a\0/\0>\0", 8)) == "cannot parse x.xml:1: it holds a NUL");
    CHECK(fault_of("\xff\xfe<a/>") == "cannot parse x.xml:1: wanted UTF-8, found a byte that is none");
    CHECK(parse_xml("<?xml version='1.0' encoding='us-ascii'?><a/>", "x").name == "a");
    CHECK(parse_xml("<\xc3\xa4>\xf0\x9f\x98\x80</\xc3\xa4>", "x").text == "\xf0\x9f\x98\x80");
    const auto marked = parse_xml("\xef\xbb\xbf<?xml version='1.0' encoding='UTF-8'?><a><b/></a>", "x");
    CHECK(marked.children[0].span == XmlSpan{44, 48, 48, 48});
}

TEST_CASE("depth, size and number of elements are bounded") {
    CHECK(parse_xml(times(256, "<a>") + times(256, "</a>"), "x").name == "a");
    CHECK(fault_of(times(257, "<a>") + times(257, "</a>")) ==
          "cannot parse x.xml:1: wanted elements in at most 256 others, found more");
    CHECK_THAT(fault_of(times(1'000'000, "<a>")), Contains("in at most 256 others"));
    CHECK(fault_of("<a>" + times(16, std::string(1U << 20U, ' ')) + "</a>") ==
          "cannot parse x.xml: wanted at most 16 MiB, found 16777223 bytes");
    const auto start = std::chrono::steady_clock::now();
    for (const auto* tiny : {"<b/>", "<b></b>", "<!---->", "<?b?>", "<b c=''/>"})
        CHECK_THAT(fault_of("<a>" + times(1'500'000, tiny) + "</a>"),
                   Contains("wanted at most 500000 elements"));
    std::string attributes;
    for (int i = 0; i < 100'000; ++i) append(attributes, {" a", std::to_string(i), "=''"});
    CHECK_THAT(fault_of(concat({"<a", attributes, "/>"})), Contains("wanted at most 256 attributes"));
    CHECK_THAT(fault_of(times(200, "<a xmlns:p='' xmlns:q=''>") + times(200, "</a>")),
               Contains("found more"));
    CHECK(std::chrono::steady_clock::now() - start < std::chrono::seconds(20));
}

TEST_CASE("messages are short whatever the document says") {
    const auto name = times(100'000, "\xc3\xa4");
    for (const auto& text :
         {concat({"<", name, "></b>"}), concat({"<a></", name, ">"}),
          concat({"<a ", name, "='' ", name, "=''/>"}),
          concat({"<?xml version='1.0' encoding='", name, "'?><a/>"}), concat({"<a>&", name, ";</a>"})}) {
        const auto message = fault_of(text);
        CHECK(message.size() > 20);
        CHECK(message.size() < 500);
        CHECK_FALSE(message.ends_with('\xc3'));
    }
}

TEST_CASE("a guest of 10,000 vCPUs is read at once") {
    std::string text = "<domain>\n  <cputune>\n";
    for (int i = 0; i < 10'000; ++i)
        append(text, {"    <vcpupin vcpu='", std::to_string(i), "' cpuset='", std::to_string(i), "'/>\n"});
    text += "  </cputune>\n</domain>\n";
    const auto start = std::chrono::steady_clock::now();
    const auto root = parse_xml(text, "guest");
    CHECK(std::chrono::steady_clock::now() - start < std::chrono::seconds(2));
    const auto pins = root.all("cputune/vcpupin");
    REQUIRE(pins.size() == 10'000);
    CHECK(pins.back()->attribute("cpuset") == "9999");
    CHECK(part(text, pins[77]->span.begin, pins[77]->span.end) == "<vcpupin vcpu='77' cpuset='77'/>");
}

TEST_CASE("nothing is printed, whatever is refused") {
    FILE* const caught = tmpfile();
    fflush(stderr);
    const int kept = dup(STDERR_FILENO);
    dup2(fileno(caught), STDERR_FILENO);
    for (const auto* text :
         {"", "<a", "<a b='&c;'/>", "<a>\x01</a>", "<n:a/>", "<a xmlns='relative'/>", "<a/><b/>"})
        fault_of(text);
    const auto huge = fault_of("<a>" + times(300'000, "<![CDATA[" + times(36, "y") + "]]>") + "</a>");
    fflush(stderr);
    dup2(kept, STDERR_FILENO);
    close(kept);
    fseek(caught, 0, SEEK_END);
    CHECK(ftell(caught) == 0);
    CHECK_THAT(huge, StartsWith("cannot parse x.xml:1: "));
    fclose(caught);
}

TEST_CASE("any text can be written as a value and is read again") {
    CHECK(escape_xml("a<b>&'\"\n") == "a&lt;b&gt;&amp;&apos;&quot;&#10;");
    std::mt19937 random(GENERATE(20240705U));
    const std::vector<std::string> pieces{
        "<", ">", "&", "'", "\"", " ", "\n", "\r", "\t", "]]>", "\xe2\x82\xac", "a", "&amp;"};
    for (int round = 0; round < 1000; ++round) {
        std::string value;
        for (auto count = random() % 10; count > 0; --count) value += pieces[random() % pieces.size()];
        const auto escaped = escape_xml(value);
        const auto root =
            parse_xml(concat({"<a b='", escaped, "' c=\"", escaped, "\">", escaped, "</a>"}), "x");
        REQUIRE(root.attribute("b") == value);
        REQUIRE(root.attribute("c") == value);
        REQUIRE(root.text == value);
    }
    for (const auto* bad : {"\x01", "\x1f", "\xff", "\xef\xbf\xbf"})
        CHECK_THROWS_WITH(escape_xml(bad), StartsWith("XML cannot hold the character "));
    CHECK_THROWS_AS(escape_xml(std::string(1, '\0')), Error);
}
