// SPDX-License-Identifier: GPL-3.0-or-later
// The invented hosts of fake_host.py, once as libvirt tells of them (recorded by capabilities.py) and once as
// the kernel's files do: both are the same host.
#include <fstream>
#include <iterator>

#include "lib/formats/number_list.hpp"
#include "lib/libvirt/host.hpp"
#include "lib/text.hpp"
#include "tests/lib/catch.hpp"
#include "tests/lib/tree.hpp"

using namespace virtbp;

namespace {

const std::string tests = TESTS_FOLDER;

/// What libvirt's capabilities tell of a host.
std::string show(const Host& host) {
    std::string all;
    for (const auto& node : host.nodes) {
        append(all, {"node ", std::to_string(node.id), ", ", std::to_string(node.memory), " KiB\n"});
        for (const auto& core : node.cores) append(all, {" ", format_number_list(core)});
        for (const auto& [other, distance] : node.distances)
            append(all, {" ", std::to_string(other), "=", std::to_string(distance)});
        for (const auto& [size, pool] : node.pages)
            append(all, {" ", std::to_string(size), "*", std::to_string(pool.total)});
        all += "\n";
    }
    return all;
}

std::string text_of(const std::string& path) {
    std::ifstream file(path);
    REQUIRE(file);
    return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace

TEST_CASE("libvirt's capabilities and the kernel's files tell of the same host") {
    const auto* const name =
        GENERATE("4x8-adjacent", "4x8-offset", "2x112", "memoryless", "cpuless", "offline");
    INFO(name);
    const Tree tree;
    const auto folder = tree.root() + "/sys/devices/system";
    const auto made = System().query({"python3", tests + "/libvirt/fake_host.py", "--tree", name, folder});
    REQUIRE(made);
    INFO(made->err);
    REQUIRE(made->status == 0);
    const auto path = concat({tests, "/libvirt/capabilities/", name, ".xml"});
    const auto told = host_of_capabilities(parse_xml(text_of(path), path));
    CHECK(told.known());
    CHECK(show(told) == show(host_of_sysfs(System(tree.root()))));
}

TEST_CASE("invented hosts are read as they were described") {
    const auto read = [](const std::string& name) {
        const auto path = concat({tests, "/libvirt/capabilities/", name, ".xml"});
        return host_of_capabilities(parse_xml(text_of(path), path));
    };
    CHECK(show(read("cpuless")) ==
          "node 0, 16777216 KiB\n 0-1 2-3 4-5 6-7 0=10 1=17 2048*0 1048576*0\n"
          "node 1, 67108864 KiB\n 0=28 1=10 2048*0 1048576*0\n");
    const auto offline = read("offline");
    CHECK(format_number_list(offline.cpus()) == "0-2,4-6,8,10-15");
    CHECK(offline.find(0)->cores == std::vector<std::vector<int>>{{0, 8}, {1}, {2, 10}, {11}});
    CHECK(read("memoryless").find(1)->memory == 0);
    CHECK(read("2x112").find(1)->cores.back() == std::vector{111, 223});
    CHECK(read("4x8-offset").find(3)->cores.front() == std::vector{12, 28});
}

TEST_CASE("the machines of the cases are hosts") {
    const auto host = [](const std::string& name) {
        return host_of_sysfs(System(tests + "/machines/" + name));
    };
    const auto big = host("kvm-4x8");
    REQUIRE(big.nodes.size() == 4);
    CHECK(big.nodes[2].cores == std::vector<std::vector<int>>{{16, 17}, {18, 19}, {20, 21}, {22, 23}});
    CHECK(big.nodes[3].free_memory == 14L << 20U);
    CHECK(big.nodes[3].pages.at(2048).free == 2048);
    CHECK(big.nodes[3].pages.at(1L << 20U).total == 8);
    CHECK(big.default_page == 2048);
    CHECK(big.isolated.empty());
    const auto offset = host("kvm-2x4-offset");
    CHECK(show(offset) ==
          "node 0, 16777216 KiB\n 0,4 1,5 0=10 1=21 2048*0 1048576*0\n"
          "node 1, 16777216 KiB\n 2,6 3,7 0=21 1=10 2048*0 1048576*0\n");
    CHECK(offset.isolated == std::set{7});
    CHECK(show(host("kvm-one-node")) == "node 0, 8388608 KiB\n 0 1 2 3 0=10 2048*0\n");
}
