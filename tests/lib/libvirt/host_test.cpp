// SPDX-License-Identifier: GPL-3.0-or-later
#include "lib/libvirt/host.hpp"

#include "lib/error.hpp"
#include "lib/formats/number_list.hpp"
#include "lib/text.hpp"
#include "tests/lib/catch.hpp"
#include "tests/lib/tree.hpp"

using namespace virtbp;

namespace {

/// A line a node: "0: 1000/900K 0-1 2-3 {0:10 1:21} 2048K:4/3".
std::string show(const Host& host) {
    std::string all;
    for (const auto& node : host.nodes) {
        append(all, {std::to_string(node.id), ": ", std::to_string(node.memory), "/",
                     std::to_string(node.free_memory), "K"});
        for (const auto& core : node.cores) append(all, {" ", format_number_list(core)});
        all += " {";
        for (const auto& [other, distance] : node.distances)
            append(all,
                   {all.ends_with('{') ? "" : " ", std::to_string(other), ":", std::to_string(distance)});
        all += "}";
        for (const auto& [size, pool] : node.pages)
            append(all, {" ", std::to_string(size), "K:", std::to_string(pool.total), "/",
                         std::to_string(pool.free)});
        all += "\n";
    }
    return all;
}

Host of_cells(const std::string& cells, const std::string& pages = "<pages unit='KiB' size='4'/>") {
    return host_of_capabilities(parse_xml("<capabilities><host><cpu>" + pages +
                                              "</cpu><topology><cells num='1'>" + cells +
                                              "</cells></topology></host></capabilities>",
                                          "capabilities"));
}

template <class Work>
std::string error_of(Work work) {
    try {
        work();
        return "";
    } catch (const Error& error) {
        return error.what();
    }
}

std::string isolated(const Tree& tree) {
    Host host;
    add_kernel_facts(host, System(tree.root()));
    return format_number_list({host.isolated.begin(), host.isolated.end()});
}

const std::string cpu = "/sys/devices/system/cpu/", node = "/sys/devices/system/node/";

void add_core(const Tree& tree, const std::vector<int>& cpus) {
    for (const int number : cpus)
        tree.file(cpu + "cpu" + std::to_string(number) + "/topology/thread_siblings_list",
                  format_number_list(cpus) + "\n");
}

/// CPUs 0 to 4, of which 3 is offline; nodes 0 and 2, which has no memory.
void two_nodes(const Tree& tree) {
    tree.file(cpu + "online", "0-2,4\n");
    add_core(tree, {0, 2});
    add_core(tree, {1});
    add_core(tree, {4});
    tree.file(node + "online", "0,2\n");
    tree.file(node + "node0/cpulist", "0-3\n");
    tree.file(node + "node0/distance", "10 21\n");
    tree.file(node + "node0/meminfo", "Node 0 MemTotal:  1000 kB\nNode 0 MemFree:  900 kB\n");
    tree.file(node + "node0/hugepages/hugepages-2048kB/nr_hugepages", "8\n");
    tree.file(node + "node0/hugepages/hugepages-2048kB/free_hugepages", "5\n");
    tree.file(node + "node2/cpulist", "4\n");
    tree.file(node + "node2/distance", "21 10\n");
    tree.file(node + "node2/meminfo", "Node 2 MemTotal:  0 kB\nNode 2 MemFree:  0 kB\n");
}

}  // namespace

TEST_CASE("a host of libvirt's capabilities") {
    const auto host = of_cells(R"(
        <cell id='1'><cpus num='0'/><memory unit='MiB'>1</memory></cell>
        <cell id='0'>
          <memory unit='KiB'>2097152</memory>
          <pages unit='KiB' size='4'>524288</pages>
          <pages unit='KiB' size='2048'>7</pages>
          <pages unit='KiB' size='1048576'>0</pages>
          <distances><sibling id='0' value='10'/><sibling id='1' value='17'/></distances>
          <cpus num='5'>
            <cpu id='9' socket_id='0' die_id='0' core_id='1' siblings='1,9,17'/>
            <cpu id='0' socket_id='0' die_id='0' core_id='0' siblings='0,8'/>
            <cpu id='8' socket_id='0' die_id='0' core_id='0' siblings='0,8'/>
            <cpu id='1' socket_id='0' die_id='0' core_id='1' siblings='1,9,17'/>
            <cpu id='4'/>
          </cpus>
        </cell>)");
    CHECK(show(host) == "0: 2097152/0K 0,8 1,9 4 {0:10 1:17} 2048K:7/0 1048576K:0/0\n1: 1024/0K {}\n");
    CHECK(host.known());
    CHECK(host.cpus() == std::vector{0, 1, 4, 8, 9});
    CHECK(host.nodes[0].cpus() == std::vector{0, 1, 4, 8, 9});
    CHECK(host.find(1)->memory == 1024);
    CHECK(host.find(2) == nullptr);
    CHECK(host.node_of(9) == host.find(0));
    CHECK(host.node_of(17) == nullptr);
    CHECK(host.isolated.empty());
}

TEST_CASE("a host without cells is not known") {
    CHECK_FALSE(of_cells("").known());
    CHECK_FALSE(host_of_capabilities(parse_xml("<capabilities/>", "capabilities")).known());
    CHECK_FALSE(Host().known());
}

TEST_CASE("ordinary pages are no huge pages") {
    const std::string cell =
        "<cell id='0'><pages unit='KiB' size='64'>9</pages><pages unit='KiB' size='2048'>1</pages>"
        "<pages unit='MiB' size='512'>2</pages></cell>";
    CHECK(show(of_cells(cell, "<pages unit='KiB' size='2048'/><pages unit='KiB' size='64'/>")) ==
          "0: 0/0K {} 2048K:1/0 524288K:2/0\n");
    CHECK(show(of_cells(cell)) == "0: 0/0K {} 64K:9/0 2048K:1/0 524288K:2/0\n");
    CHECK(show(of_cells("<cell id='0'><pages size='8'>9</pages><pages size='16'>1</pages></cell>")) ==
          "0: 0/0K {}\n");
}

TEST_CASE("every CPU is in one core, however its siblings are listed") {
    CHECK(show(of_cells("<cell id='0'><cpus><cpu id='0' siblings='0-1'/><cpu id='1' siblings='1-2'/>"
                        "<cpu id='2' siblings=''/><cpu id='3' siblings='0'/></cpus></cell>")) ==
          "0: 0/0K 0-1 2 3 {}\n");
}

TEST_CASE("capabilities that cannot be understood are errors that say where") {
    const auto error = [](const std::string& cells) { return error_of([&] { of_cells(cells); }); };
    CHECK(error("<cell/>") == "libvirt's capabilities: <cell> has no id");
    CHECK(error("<cell id='-1'/>") ==
          "libvirt's capabilities: <cell id>: wanted a number from 0 to 65535, found \"-1\"");
    CHECK(error("<cell id='1'/><cell id='1'/>") == "libvirt's capabilities: cell 1 is there twice");
    CHECK(
        error("<cell id='1'><memory unit='ells'>3</memory></cell>") ==
        "libvirt's capabilities: <memory>: \"3 ells\" is not an amount of memory below 8 EiB, such as 8G or "
        "512000 KiB");
    CHECK(error("<cell id='1'><pages size='2048'>many</pages></cell>") ==
          "libvirt's capabilities: <pages>: wanted a number from 0 to 9007199254740992, found \"many\"");
    CHECK(error("<cell id='1'><cpus><cpu id='1' siblings='x'/></cpus></cell>") ==
          "libvirt's capabilities: <cpu siblings>: \"x\" is not a list of numbers from 0 to 65535, such as "
          "0-3,8");
    CHECK(error("<cell id='1'><distances><sibling id='1' value='far'/></distances></cell>") ==
          "libvirt's capabilities: <sibling value>: wanted a number from 0 to 65535, found \"far\"");
}

TEST_CASE("a host of the kernel's files") {
    const Tree tree;
    two_nodes(tree);
    tree.file("/proc/meminfo", "MemTotal: 1000 kB\nHugepagesize:    2048 kB\n");
    tree.file(cpu + "isolated", "4\n");
    const auto host = host_of_sysfs(System(tree.root()));
    CHECK(show(host) == "0: 1000/900K 0,2 1 {0:10 2:21} 2048K:8/5\n2: 0/0K 4 {0:21 2:10}\n");
    CHECK(host.isolated == std::set{4});
    CHECK(host.default_page == 2048);
}

TEST_CASE("a kernel without NUMA is one node") {
    const Tree tree;
    tree.file(cpu + "online", "0-1\n");
    tree.file("/proc/meminfo", "MemTotal: 1000 kB\nMemFree: 900 kB\n");
    tree.file("/sys/kernel/mm/hugepages/hugepages-1048576kB/nr_hugepages", "2\n");
    tree.file("/sys/kernel/mm/hugepages/hugepages-1048576kB/free_hugepages", "1\n");
    const auto host = host_of_sysfs(System(tree.root()));
    CHECK(show(host) == "0: 1000/900K 0 1 {0:10} 1048576K:2/1\n");
    CHECK(host.default_page == 0);
}

TEST_CASE("a tree without CPUs is not a known host") {
    const Tree tree;
    tree.file("/proc/meminfo", "MemTotal: 1000 kB\n");
    CHECK_FALSE(host_of_sysfs(System(tree.root())).known());
}

TEST_CASE("a file of the kernel that is missing or cannot be understood is an error that names it") {
    const auto error = [](const std::string& path, const std::string& text) {
        const Tree tree;
        two_nodes(tree);
        tree.file(path, text);
        return error_of([&] { host_of_sysfs(System(tree.root())); });
    };
    CHECK(error("/proc/version", "") == "");
    CHECK(error(cpu + "online", "all\n") ==
          cpu + "online: \"all\n\" is not a list of numbers from 0 to 65535, such as 0-3,8");
    CHECK(error(node + "online", "0,3\n") ==
          "cannot read " + node + "node3/meminfo: No such file or directory (ENOENT)");
    CHECK(error(node + "node2/cpulist", "?").starts_with(node + "node2/cpulist: \"?\" is not a list"));
    CHECK(error(node + "node0/distance", "10\n") ==
          node + "node0/distance: wanted a distance for each of 2 nodes, found \"10\"");
    CHECK(error(node + "node0/distance", "10 x\n") ==
          node + "node0/distance: wanted a number from 0 to 65535, found \"x\"");
    CHECK(error(node + "node0/meminfo", "Node 0 MemTotal: 5 kB\n") ==
          node + "node0/meminfo: no line \"MemFree\"");
    CHECK(error(node + "node0/meminfo", "Node 0 MemTotal: x kB\n") ==
          node + "node0/meminfo: meminfo: no number in the line \"Node 0 MemTotal: x kB\"");
    CHECK(error(node + "node0/hugepages/hugepages-2048kB/free_hugepages", "-1\n") ==
          node +
              "node0/hugepages/hugepages-2048kB/free_hugepages: wanted a number from 0 to 9007199254740992, "
              "found \"-1\"");
    CHECK(error(cpu + "cpu2/topology/thread_siblings_list", "2-\n")
              .starts_with(cpu + "cpu2/topology/thread_siblings_list: "));
    CHECK(error(cpu + "isolated", "none\n").starts_with(cpu + "isolated: \"none\n\" is not a list"));
    CHECK(
        error("/proc/cmdline", "isolcpus=3-2").starts_with("/proc/cmdline: isolcpus: \"3-2\" is not a list"));
    CHECK(error("/proc/meminfo", "Hugepagesize: ?\n").starts_with("/proc/meminfo: meminfo: no number"));
}

TEST_CASE("isolated CPUs are those of the kernel's files") {
    const Tree tree;
    CHECK(isolated(tree) == "");
    tree.file("/proc/cmdline", "quiet isolcpus=9 nohz_full=9\n");
    tree.file(cpu + "isolated", "2-3\n");
    tree.file(cpu + "nohz_full", "3-4\n");
    CHECK(isolated(tree) == "2-4");
    tree.file(cpu + "nohz_full", "(null)\n");
    CHECK(isolated(tree) == "2-3");
    tree.file(cpu + "isolated", "\n");
    CHECK(isolated(tree) == "");
}

TEST_CASE("without those files, isolated CPUs are those of the command line") {
    const auto [line, wanted] =
        GENERATE(table<std::string, std::string>({{"quiet", ""},
                                                  {"isolcpus=2-3,5", "2-3,5"},
                                                  {"isolcpus=domain,2-3", "2-3"},
                                                  {"isolcpus=managed_irq,domain,2-5", "2-5"},
                                                  {"isolcpus=nohz,2-3", "2-3"},
                                                  {"isolcpus=managed_irq,2-3", ""},
                                                  {"isolcpus=", ""},
                                                  {"isolcpus=domain", ""},
                                                  {"isolcpus=1 isolcpus=2", "2"},
                                                  {"nohz_full=4 isolcpus=2", "2,4"},
                                                  {"isolcpus nohz_full", ""},
                                                  {"a.isolcpus=2 -- isolcpus=3", ""}}));
    const Tree tree;
    tree.file("/proc/cmdline", line + "\n");
    INFO(line);
    CHECK(isolated(tree) == wanted);
}
