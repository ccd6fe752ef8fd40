// SPDX-License-Identifier: GPL-3.0-or-later
#include "lib/libvirt/domain.hpp"

#include "lib/error.hpp"
#include "tests/lib/catch.hpp"

using namespace virtbp;
using Catch::Contains;

namespace {

Domain read(const std::string& content) {
    return read_domain(parse_xml("<domain>" + content + "</domain>", "guest"), "guest");
}

std::string fault(const std::string& content) {
    try {
        read(content);
    } catch (const Error& error) {
        return error.what();
    }
    return "no fault";
}

}  // namespace

TEST_CASE("memory is read in libvirt's units, and rounded up to KiB") {
    CHECK(read("<memory>1024</memory>").memory == 1024);
    CHECK(read("<memory unit='b'>1025</memory>").memory == 2);
    CHECK(read("<memory unit='KB'>1000</memory>").memory == 977);
    CHECK(read("<memory unit='MiB'>1</memory>").memory == 1024);
    CHECK(read("<memory unit='g'>1</memory>").memory == 1 << 20);
    CHECK(read("<memory unit='GB'>1</memory>").memory == 976563);
    CHECK(read("<memory unit='GiB'>2</memory><currentMemory unit='GiB'>1</currentMemory>").current_memory ==
          1 << 20);
    CHECK(read("<memory unit='MiB'>3</memory>").current_memory == 3072);
    CHECK_THAT(fault("<memory unit='Gi'>1</memory>"), Contains("guest: memory: \"1 Gi\""));
    CHECK_THAT(fault("<memory>1.5</memory>"), Contains("guest: memory"));
}

TEST_CASE("where no memory is given, it is that of the cells and devices") {
    const auto domain = read(
        "<cpu><numa><cell cpus='0' memory='512'/><cell cpus='1' memory='1' unit='MiB'/></numa></cpu>"
        "<devices><memory model='dimm'><target><size unit='MiB'>2</size><node>1</node></target></memory>"
        "</devices>");
    CHECK(domain.memory == 512 + 1024 + 2048);
    CHECK(domain.device_memory() == 2048);
    CHECK(domain.memory_devices == std::vector<MemoryDevice>{{2048, 1}});
}

TEST_CASE("a cell without an id counts by its position") {
    const auto cells =
        read(
            "<cpu><numa><cell cpus='0-1,4' memory='1'/><cell id='1' memory='2' memAccess='shared'"
            " discard='yes'/></numa></cpu>")
            .cells;
    CHECK(cells.at(0) == GuestCell{{0, 1, 4}, 1});
    CHECK(cells.at(1) == GuestCell{{}, 2, "shared", "yes"});
    CHECK(fault("<cpu><numa><cell memory='1'/><cell id='0' memory='1'/></numa></cpu>") ==
          "guest: cell 0 is there twice");
    CHECK(fault("<cpu><numa><cell cpus='0'/></numa></cpu>") == "guest: <cell> has no memory");
    CHECK_THAT(fault("<cpu><numa><cell cpus='3-1' memory='1'/></numa></cpu>"), Contains("cell 0/@cpus"));
}

TEST_CASE("distances are completed as libvirt does") {
    const auto cells =
        read(
            "<cpu><numa><cell memory='1'><distances><sibling id='1' value='21'/></distances></cell>"
            "<cell memory='1'/><cell memory='1'/></numa></cpu>")
            .cells;
    CHECK(cells.at(0).distances == std::map<int, int>{{0, 10}, {1, 21}});
    CHECK(cells.at(1).distances == std::map<int, int>{{0, 21}, {1, 10}});
    CHECK(cells.at(2).distances.empty());

    std::map<int, GuestCell> uneven{{0, {{0}, 1, "", "", {{1, 31}, {7, 20}}}},
                                    {1, {{1}, 1, "", "", {{0, 21}}}}};
    complete_distances(uneven);
    CHECK(uneven.at(0).distances == std::map<int, int>{{0, 10}, {1, 31}, {7, 20}});
    CHECK(uneven.at(1).distances == std::map<int, int>{{0, 21}, {1, 10}});
}

TEST_CASE("policies of memory have libvirt's defaults") {
    const auto domain = read(
        "<numatune><memory nodeset='1-4,^3'/><memnode cellid='2' mode='preferred' nodeset='2'/>"
        "</numatune>");
    CHECK(domain.numatune == MemoryPolicy{"strict", {1, 2, 4}, "static"});
    CHECK(domain.memnodes.at(2) == MemoryPolicy{"preferred", {2}, "static"});
    CHECK(read("<numatune><memory mode='strict' placement='auto'/></numatune>").numatune->placement ==
          "auto");
    CHECK_FALSE(read("<numatune/>").numatune);
    const std::string twice = "<memnode cellid='1' mode='strict' nodeset='0'/>";
    CHECK(fault("<numatune>" + twice + twice + "</numatune>") == "guest: memnode of cell 1 is there twice");
}

TEST_CASE("vCPUs, pins and iothreads are read") {
    const auto domain = read(
        "<vcpu placement='auto' cpuset='0-3' current='2'>4</vcpu><iothreads>3</iothreads>"
        "<iothreadids><iothread id='2'/></iothreadids><cputune>"
        "<vcpupin vcpu='0' cpuset='0,4'/><emulatorpin cpuset='7'/>"
        "<iothreadpin iothread='9' cpuset='1'/></cputune>");
    CHECK(domain.max_vcpus == 4);
    CHECK(domain.current_vcpus == 2);
    CHECK(domain.vcpu_placement_auto);
    CHECK(domain.cpuset == std::vector<int>{0, 1, 2, 3});
    CHECK(domain.vcpupins == std::map<int, std::vector<int>>{{0, {0, 4}}});
    CHECK(domain.emulatorpin == std::vector<int>{7});
    CHECK(domain.iothreads == std::set<int>{1, 2, 3});
    CHECK(domain.iothreadpins == std::set<int>{9});
    CHECK(fault("<cputune><emulatorpin cpuset='0'/><emulatorpin cpuset='0'/></cputune>") ==
          "guest: emulatorpin is there twice");
    CHECK(fault("<cputune><vcpupin vcpu='1' cpuset='0'/><vcpupin vcpu='1' cpuset='0'/></cputune>") ==
          "guest: vcpupin of vCPU 1 is there twice");
    CHECK(fault("<iothreads>99999999</iothreads>") == "guest: iothreads is 99999999");
    CHECK(fault("<vcpu>-1</vcpu>") == "guest: vcpu holds no number: \"-1\"");
}

TEST_CASE("each cell's huge pages are told") {
    const auto domain = read(
        "<memoryBacking><hugepages><page size='2048'/><page size='1' unit='G' nodeset='1-2'/>"
        "</hugepages></memoryBacking>");
    CHECK(domain.page_of(0, 0) == 2048);
    CHECK(domain.page_of(1, 0) == 1 << 20);
    CHECK(domain.page_of(2, 0) == 1 << 20);
    CHECK(read("<memoryBacking><hugepages/></memoryBacking>").page_of(0, 2048) == 2048);
    CHECK(read("<memoryBacking><hugepages/></memoryBacking>").page_of(0, 0) == 0);
    CHECK(read("<memoryBacking><nosharepages/></memoryBacking>").page_of(0, 2048) == 0);
}

TEST_CASE("a topology has its product, which cannot overflow") {
    CHECK(read("<cpu><topology sockets='2' dies='1' cores='3' threads='2'/></cpu>").topology ==
          GuestTopology{12, 2});
    CHECK(read("<cpu><topology sockets='2147483647' cores='2147483647' threads='2147483647'/></cpu>")
              .topology->cpus == std::numeric_limits<long>::max());
}

TEST_CASE("what is no domain is refused") {
    CHECK_THROWS_WITH(read_domain(parse_xml("<network/>", "net"), "net"),
                      "net holds no domain: its root is <network>");
}

TEST_CASE("nobody reads a secret") {
    const std::string text =
        "<domain><!-- passwd='seen' --><devices><graphics type='vnc' passwd='a&amp;b' port='-1'/>"
        "<disk><source><cookies><cookie name='c'>x</cookie></cookies></source></disk></devices>"
        "</domain>";
    CHECK(without_secrets(text) ==
          "<domain><!-- passwd='seen' --><devices><graphics type='vnc' passwd='hidden' port='-1'/>"
          "<disk><source><cookies><cookie "
          "name='c'>hidden</cookie></cookies></source></disk></devices></domain>");
}

TEST_CASE("whatever cannot be understood is named with its place") {
    const std::vector<std::pair<std::string, std::string>> wrong{
        {"<vcpu>four</vcpu>", "guest: vcpu holds no number: \"four\""},
        {"<vcpu>4294967296</vcpu>", "guest: vcpu holds no number: \"4294967296\""},
        {"<vcpu current=''>4</vcpu>", "guest: vcpu/@current holds no number: \"\""},
        {"<vcpu cpuset='3-1'>4</vcpu>", "guest: vcpu/@cpuset: \"3-1\" is not a list"},
        {"<memory/>", "guest: memory: \" KiB\" is not an amount of memory"},
        {"<memory unit='GiB'>99999999999</memory>", "guest: memory: \"99999999999 GiB\""},
        {"<memory>1</memory><currentMemory unit='x'>1</currentMemory>", "guest: currentMemory: \"1 x\""},
        {"<maxMemory slots='many'>1</maxMemory>", "guest: maxMemory/@slots holds no number: \"many\""},
        {"<cpu><numa><cell id='-1' memory='1'/></numa></cpu>", "guest: cell/@id holds no number: \"-1\""},
        {"<cpu><numa><cell memory='1' unit='Gi'/></numa></cpu>", "guest: cell 0/@memory: \"1 Gi\""},
        {"<cpu><numa><cell memory='1'><distances><sibling value='20'/></distances></cell></numa></cpu>",
         "guest: <sibling> has no id"},
        {"<cpu><numa><cell memory='1'><distances><sibling id='0'/></distances></cell></numa></cpu>",
         "guest: <sibling> has no value"},
        {"<cpu><numa><cell memory='1'><distances><sibling id='0' value='x'/></distances></cell></numa></cpu>",
         "guest: sibling/@value holds no number: \"x\""},
        {"<cpu><topology sockets='1' cores='x' threads='1'/></cpu>",
         "guest: cpu/topology holds no number: \"x\""},
        {"<numatune><memory nodeset='a'/></numatune>", "guest: numatune/memory/@nodeset: \"a\""},
        {"<numatune><memnode mode='strict' nodeset='0'/></numatune>", "guest: <memnode> has no cellid"},
        {"<numatune><memnode cellid='0' nodeset='1-'/></numatune>",
         "guest: numatune/memnode/@nodeset: \"1-\""},
        {"<cputune><vcpupin cpuset='0'/></cputune>", "guest: <vcpupin> has no vcpu"},
        {"<cputune><vcpupin vcpu='0'/></cputune>", "guest: <vcpupin> has no cpuset"},
        {"<cputune><vcpupin vcpu='0' cpuset='^x'/></cputune>", "guest: vcpupin/@cpuset: \"^x\""},
        {"<cputune><emulatorpin/></cputune>", "guest: <emulatorpin> has no cpuset"},
        {"<cputune><iothreadpin cpuset='0'/></cputune>", "guest: <iothreadpin> has no iothread"},
        {"<iothreadids><iothread/></iothreadids>", "guest: <iothread> has no id"},
        {"<memoryBacking><hugepages><page unit='G'/></hugepages></memoryBacking>",
         "guest: <page> has no size"},
        {"<memoryBacking><hugepages><page size='2' unit='M' nodeset='x'/></hugepages></memoryBacking>",
         "guest: page/@nodeset: \"x\""},
        {"<memtune><hard_limit unit='Q'>1</hard_limit></memtune>", "guest: hard_limit: \"1 Q\""},
        {"<devices><memory><target><node>first</node></target></memory></devices>",
         "guest: target/node holds no number: \"first\""},
        {"<devices><controller><target><node>x</node></target></controller></devices>",
         "guest: controller/target/node holds no number: \"x\""}};
    for (const auto& [content, message] : wrong) {
        INFO(content);
        CHECK_THAT(fault(content), Catch::StartsWith(message));
    }
}

TEST_CASE("what is not there has libvirt's defaults") {
    const auto domain = read("");
    CHECK(domain.name.empty());
    CHECK(domain.max_vcpus == 1);
    CHECK(domain.current_vcpus == 1);
    CHECK_FALSE(domain.vcpu_placement_auto);
    CHECK(domain.memory == 0);
    CHECK_FALSE(domain.max_memory);
    CHECK_FALSE(domain.cpuset);
    CHECK_FALSE(domain.emulatorpin);
    CHECK_FALSE(domain.topology);
    CHECK(domain.page_of(0, 2048) == 0);
    CHECK(domain == Domain());
}

TEST_CASE("blanks around names and numbers, and elements of other namespaces, mean nothing") {
    const auto domain = read(
        "<name>\n  web </name><vcpu> 2\n</vcpu><memory unit='KiB'> 2048 </memory>"
        "<x:numatune xmlns:x='urn:x'><x:memory "
        "nodeset='1'/></x:numatune><metadata><vcpu>9</vcpu></metadata>");
    CHECK(domain.name == "web");
    CHECK(domain.max_vcpus == 2);
    CHECK(domain.memory == 2048);
    CHECK_FALSE(domain.numatune);
}

TEST_CASE("ids that are given and ids by position go together, as long as none is there twice") {
    const auto cells =
        read("<cpu><numa><cell id='2' memory='3'/><cell memory='1'/><cell id='0' memory='2'/></numa></cpu>")
            .cells;
    CHECK(cells.at(0).memory == 2);
    CHECK(cells.at(1).memory == 1);
    CHECK(cells.at(2).memory == 3);
    CHECK_THAT(fault("<cpu><numa><cell id='1' memory='1'/><cell memory='1'/></numa></cpu>"),
               Catch::EndsWith("cell 1 is there twice"));
}

TEST_CASE("a page size for a cell comes before that for all, wherever it stands") {
    for (const char* pages : {"<page size='1' unit='G' nodeset='1'/><page size='2' unit='M'/>",
                              "<page size='2' unit='M'/><page size='1' unit='G' nodeset='1'/>"}) {
        const auto domain =
            read(std::string("<memoryBacking><hugepages>") + pages + "</hugepages></memoryBacking>");
        CHECK(domain.page_of(0, 0) == 2048);
        CHECK(domain.page_of(1, 0) == 1 << 20);
    }
    const auto part =
        read("<memoryBacking><hugepages><page size='1' unit='G' nodeset='1'/></hugepages></memoryBacking>");
    CHECK(part.page_of(0, 2048) == 0);
}

TEST_CASE("limits, hotplug and devices are read") {
    const auto domain = read(
        "<maxMemory slots='4' unit='GiB'>8</maxMemory><memory unit='GiB'>1</memory>"
        "<memtune><soft_limit unit='MiB'>1</soft_limit><hard_limit>4096</hard_limit></memtune>"
        "<memoryBacking><source type='memfd'/><access mode='shared'/></memoryBacking>"
        "<devices><memory model='dimm'><target><size unit='MiB'>1</size></target></memory>"
        "<controller type='pci'><target><node>1</node></target></controller><controller "
        "type='usb'/></devices>");
    CHECK(domain.max_memory == 8L << 20U);
    CHECK(domain.memory_slots == 4);
    CHECK(domain.limits == MemoryLimits{1024, 4096, std::nullopt});
    CHECK(domain.memory_source == "memfd");
    CHECK(domain.access_mode == "shared");
    CHECK(domain.memory_devices == std::vector<MemoryDevice>{{1024, std::nullopt}});
    CHECK(domain.controller_cells == std::vector<int>{1});
}

TEST_CASE("a text without secrets stays byte for byte") {
    const std::string text =
        "<domain >\r\n\t<a b = \"&lt;\"/><graphics type='vnc'/><!-- passwd='x' --></domain >\r\n";
    CHECK(without_secrets(text) == text);
}
