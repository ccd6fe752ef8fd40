// SPDX-License-Identifier: GPL-3.0-or-later
#include <random>

#include "lib/libvirt/domain.hpp"
#include "lib/text.hpp"
#include "tests/lib/catch.hpp"

using namespace virtbp;

namespace {

const std::string plain = R"(<domain type='kvm'>
  <name>web</name>
  <memory unit='KiB'>4096</memory>
  <currentMemory unit='KiB'>4096</currentMemory>
  <vcpu placement='static' current='2'>4</vcpu>
  <iothreads>1</iothreads>
  <cputune>
    <shares>10</shares>
    <iothreadpin iothread='1' cpuset='0'/>
  </cputune>
  <os>
    <type>hvm</type>
  </os>
  <cpu mode='host-model' check='partial'>
    <topology sockets='1' cores='2' threads='2'/>
  </cpu>
  <devices>
    <emulator>/usr/bin/qemu-kvm</emulator>
  </devices>
</domain>
)";

Domain read(const std::string& text) { return read_domain(parse_xml(text, "guest"), "guest"); }

std::string edited(const std::string& text, const Domain& should) {
    return edit_domain(text, parse_xml(text, "guest"), should);
}

using Random = std::mt19937;

int upto(Random& random, int most) { return static_cast<int>(random() % static_cast<unsigned>(most + 1)); }

std::vector<int> some(Random& random, int most) {
    std::vector<int> numbers;
    for (int i = 0; i <= most; ++i)
        if (upto(random, 2) == 0) numbers.push_back(i);
    if (numbers.empty()) numbers.push_back(upto(random, most));
    return numbers;
}

MemoryPolicy policy(Random& random) {
    return {memory_modes[static_cast<size_t>(upto(random, 3))], some(random, 5)};
}

/// Any settings, whether they make sense or not.
Domain with_settings(Random& random, Domain domain) {
    const int cells = upto(random, 4);
    domain.cells.clear();
    domain.memnodes.clear();
    domain.vcpupins.clear();
    for (int id = 0; id < cells; ++id) {
        GuestCell cell{some(random, 7), 1024L * (1 + upto(random, 3))};
        if (upto(random, 2) == 0) cell.mem_access = upto(random, 1) == 0 ? "shared" : "private";
        if (upto(random, 3) == 0) cell.discard = "yes";
        if (upto(random, 2) == 0) cell.distances[upto(random, cells - 1)] = 11 + upto(random, 200);
        cell.distances.erase(id);
        domain.cells[id] = cell;
        if (upto(random, 1) == 0) domain.memnodes[id] = policy(random);
    }
    complete_distances(domain.cells);
    domain.numatune.reset();
    if (upto(random, 1) == 0) domain.numatune = policy(random);
    if (domain.numatune && upto(random, 3) == 0) *domain.numatune = {"strict", {}, "auto"};
    for (int vcpu = 0; vcpu < 4; ++vcpu)
        if (upto(random, 1) == 0) domain.vcpupins[vcpu] = some(random, 7);
    domain.emulatorpin = upto(random, 1) == 0 ? std::optional(some(random, 3)) : std::nullopt;
    domain.cpuset = upto(random, 1) == 0 ? std::optional(some(random, 3)) : std::nullopt;
    domain.vcpu_placement_auto = upto(random, 3) == 0;
    domain.memory = 4096L * (1 + upto(random, 2));
    return domain;
}

}  // namespace

TEST_CASE("whatever settings a domain gets, they are read again, and going back gives each byte back") {
    Random random(GENERATE(5U));
    const auto original = read(plain);
    auto text = plain;
    for (int round = 0; round < 500; ++round) {
        const auto should = with_settings(random, original);
        const auto from_plain = edited(plain, should);
        REQUIRE(read(from_plain) == should);
        CHECK(edited(from_plain, should) == from_plain);
        CHECK(edited(from_plain, original) == plain);
        text = edited(text, should);  // from the settings of the round before
        REQUIRE(read(text) == should);
        CHECK(edited(text, original) == plain);
        if (text != from_plain) INFO(text);
        CHECK(text == from_plain);
    }
}

TEST_CASE("elements come in libvirt's order") {
    auto should = read(plain);
    should.vcpupins = {{0, {1}}, {2, {3}}};
    should.emulatorpin = {{0}};
    should.cpuset = {{0, 1}};
    should.numatune = MemoryPolicy{"strict", {0}};
    should.memnodes = {{0, {"strict", {0}}}};
    should.cells = {{0, {{0, 1, 2, 3}, 4096, "shared", "yes", {{0, 10}}}}};
    const auto text = edited(plain, should);
    CHECK(text ==
          replaced(replaced(replaced(plain, "'static' current", "'static' cpuset='0-1' current"),
                            "    <iothreadpin iothread='1' cpuset='0'/>\n  </cputune>\n",
                            "    <vcpupin vcpu='0' cpuset='1'/>\n    <vcpupin vcpu='2' cpuset='3'/>\n"
                            "    <emulatorpin cpuset='0'/>\n    <iothreadpin iothread='1' cpuset='0'/>\n"
                            "  </cputune>\n  <numatune>\n    <memory mode='strict' nodeset='0'/>\n"
                            "    <memnode cellid='0' mode='strict' nodeset='0'/>\n  </numatune>\n"),
                   "  </cpu>\n",
                   "    <numa>\n      <cell id='0' cpus='0-3' memory='4096' unit='KiB' memAccess='shared' "
                   "discard='yes'>\n        <distances>\n          <sibling id='0' value='10'/>\n"
                   "        </distances>\n      </cell>\n    </numa>\n  </cpu>\n"));
    should.vcpupins[1] = {2};
    should.vcpupins.erase(0);
    CHECK(edited(text, should) ==
          replaced(text, "<vcpupin vcpu='0' cpuset='1'/>", "<vcpupin vcpu='1' cpuset='2'/>"));
}

TEST_CASE("attributes and children that nobody manages stay with their element") {
    const std::string text =
        "<domain><memory dumpCore='off' unit='MiB'>1</memory><vcpu>1</vcpu><cpu><numa>"
        "<cell cpus='0' memory='1' unit='MiB' strange='x'><cache "
        "level='1'/></cell><interconnects/></numa></cpu></domain>";
    auto should = read(text);
    should.memory = should.current_memory = should.cells[0].memory = 2048;
    should.cells[0].distances = {{0, 10}};
    should.cells[1] = {{}, 0};
    CHECK(edited(text, should) ==
          "<domain><memory dumpCore='off' unit='KiB'>2048</memory><vcpu>1</vcpu><cpu><numa>"
          "<cell cpus='0' memory='2048' unit='KiB' strange='x'><distances><sibling id='0' "
          "value='10'/></distances>"
          "<cache level='1'/></cell><cell id='1' memory='0' "
          "unit='KiB'/><interconnects/></numa></cpu></domain>");
}

namespace {

std::string list_in_some_spelling(Random& random, const std::vector<int>& numbers) {
    std::string text;
    for (const int number : numbers) text += (text.empty() ? "" : ",") + std::to_string(number);
    if (upto(random, 3) == 0) text = "0-9,^0-9," + text;
    return text;
}

/// A domain as people write it: quotes, blanks, comments, ids left out, elements in one line or several.
std::string written_by_hand(Random& random) {
    const auto maybe = [&random](const char* text) { return upto(random, 2) == 0 ? std::string(text) : ""; };
    const auto list = [&random] { return list_in_some_spelling(random, some(random, 7)); };
    const std::string line = upto(random, 1) == 0 ? "\n  " : "\r\n\t";
    std::string text =
        "<domain type=\"kvm\">" + line + "<name>web</name>" + line + "<memory unit = 'MiB' >4</memory >" +
        line + maybe("<currentMemory>2048</currentMemory><!-- balloon -->") + "<vcpu" +
        maybe(" placement='static'") + maybe(" cpuset=\"0-3,^2\"") + maybe(" current='1'") + ">4</vcpu>";
    if (upto(random, 1) == 0) {
        text += line + "<cputune>" + maybe("<!-- pins -->");
        for (int vcpu = 3; vcpu >= 0; --vcpu)
            if (upto(random, 1) == 0)
                text += maybe("\n   ") + "<vcpupin cpuset='" + list() + "' vcpu=\"" + std::to_string(vcpu) +
                        "\"/>";
        text += maybe("<emulatorpin cpuset='0'></emulatorpin>") + maybe("<shares>9</shares>") + line +
                "</cputune>";
    }
    if (upto(random, 1) == 0)
        text += line + "<numatune>" + maybe("<memory nodeset='0,1'/>") +
                maybe("<memnode nodeset='1' cellid='1' mode='preferred'/>") +
                maybe("<memnode cellid='0' mode='strict' nodeset='0'/>") + "</numatune>";
    if (upto(random, 1) == 0)
        text +=
            line + "<cpu>" + maybe("<topology sockets='1' cores='4' threads='1'/>") + "<numa>" +
            "<cell cpus='" + list() + "' memory=\"2\" unit='MiB'" +
            (upto(random, 1) == 0 ? "/>" : "><distances><sibling value='21' id='1'/></distances></cell>") +
            line + "<cell id='1' memory='2048' memAccess='shared'/>" + maybe("<!-- two -->") +
            "</numa></cpu>";
    return text + line + maybe("<devices/>") + "\n</domain >\n";
}

}  // namespace

TEST_CASE("whatever stands in a domain, its settings can be changed, and to what they are changes no byte") {
    Random random(GENERATE(11U));
    for (int round = 0; round < 1000; ++round) {
        const auto text = written_by_hand(random);
        INFO(text);
        const auto is = read(text);
        REQUIRE(edited(text, is) == text);
        auto should = with_settings(random, is);
        if (text.find("<currentMemory") == std::string::npos) should.current_memory = should.memory;
        const auto changed = edited(text, should);
        INFO(changed);
        REQUIRE(read(changed) == should);
        CHECK(edited(changed, should) == changed);
        CHECK(read(edited(changed, is)) == is);
        const auto count = [](const std::string& in, std::string_view what) {
            size_t number = 0;
            for (auto at = in.find(what); at != std::string::npos; at = in.find(what, at + 1)) ++number;
            return number;
        };
        CHECK(count(changed, "<!-- balloon -->") == count(text, "<!-- balloon -->"));
        CHECK(count(changed, "<!-- pins -->") == count(text, "<!-- pins -->"));
        CHECK(count(changed, "<shares>9</shares>") == count(text, "<shares>9</shares>"));
        CHECK(count(changed, "<topology") == count(text, "<topology"));
    }
}

TEST_CASE("memory keeps the unit that it has as long as it is the same") {
    const std::string text =
        "<domain><memory unit='GiB'>1</memory><currentMemory unit='MiB'>512</currentMemory></domain>";
    auto should = read(text);
    CHECK(edited(text, should) == text);
    should.current_memory = 1 << 20;
    CHECK(edited(text, should) ==
          "<domain><memory unit='GiB'>1</memory><currentMemory unit='KiB'>1048576</currentMemory></domain>");
}

TEST_CASE("an element without a unit gets none that means otherwise") {
    const std::string text = "<domain><memory>1024</memory></domain>";
    auto should = read(text);
    should.memory = should.current_memory = 4096;
    CHECK(edited(text, should) == "<domain><memory unit='KiB'>4096</memory></domain>");
}
