// SPDX-License-Identifier: GPL-3.0-or-later
#include "lib/libvirt/host.hpp"

#include <algorithm>

#include "lib/error.hpp"
#include "lib/formats/cmdline.hpp"
#include "lib/formats/meminfo.hpp"
#include "lib/formats/number_list.hpp"
#include "lib/formats/size.hpp"
#include "lib/text.hpp"

namespace virtbp {

namespace {

const std::string cpu_folder = "/sys/devices/system/cpu/", node_folder = "/sys/devices/system/node/";

/// What `parse` makes of a text; its error names the place.
template <class Parse>
auto parsed(std::string_view place, Parse parse) {
    try {
        return parse();
    } catch (const Error& error) {
        throw Error(concat({place, ": ", error.what()}));
    }
}

std::vector<int> number_list(std::string_view place, std::string_view text) {
    return parsed(place, [text] { return parse_number_list(text); });
}

long number(std::string_view place, std::string_view text, long largest) {
    const auto value = to_integer(trim(text));
    if (!value || *value < 0 || *value > largest)
        throw Error(concat({place, ": wanted a number from 0 to ", std::to_string(largest), ", found \"",
                            trim(text).substr(0, 100), "\""}));
    return *value;
}

constexpr long largest_id = 65535, largest_distance = 65535, largest_count = 1L << 53;

/// CPU → what its siblings are said to be, of one node.
using Siblings = std::map<int, std::vector<int>>;

/// Every CPU in one core, whatever the lists say: what is of no node, or offline, is left out.
std::vector<std::vector<int>> cores_of(const Siblings& siblings) {
    std::vector<std::vector<int>> cores;
    std::set<int> taken;
    for (const auto& [cpu, listed] : siblings) {
        if (!taken.insert(cpu).second) continue;
        std::vector<int> core{cpu};
        for (const int other : listed)
            if (siblings.contains(other) && taken.insert(other).second) core.push_back(other);
        std::sort(core.begin(), core.end());
        cores.push_back(std::move(core));
    }
    return cores;
}

// -- libvirt --------------------------------------------------------------------------------------------

constexpr std::string_view capabilities_name = "libvirt's capabilities: ";
constexpr long smallest_huge_page = 64;  // KiB; libvirt's test driver has ordinary pages of 4 and of 8

/// An attribute that must be there.
std::string attribute(const XmlElement& element, std::string_view name) {
    const auto value = element.attribute(name);
    if (!value) throw Error(concat({capabilities_name, "<", element.name, "> has no ", name}));
    return *value;
}

long attribute_number(const XmlElement& element, std::string_view name, long largest) {
    return number(concat({capabilities_name, "<", element.name, " ", name, ">"}), attribute(element, name),
                  largest);
}

int attribute_id(const XmlElement& element, std::string_view name) {
    return static_cast<int>(attribute_number(element, name, largest_id));
}

/// KiB of an amount in the unit that the element gives.
long kibibytes(const XmlElement& element, const std::string& amount) {
    return parsed(concat({capabilities_name, "<", element.name, ">"}), [&] {
        return parse_memory(concat({trim(amount), " ", element.attribute("unit").value_or("KiB")})) / 1024;
    });
}

HostNode node_of_cell(const XmlElement& cell, long ordinary_page) {
    HostNode node;
    node.id = attribute_id(cell, "id");
    if (const auto* memory = cell.find("memory")) node.memory = kibibytes(*memory, memory->text);
    for (const auto* pages : cell.all("pages")) {
        const long size = kibibytes(*pages, attribute(*pages, "size"));
        if (size > ordinary_page && size >= smallest_huge_page)
            node.pages[size].total =
                number(concat({capabilities_name, "<pages>"}), pages->text, largest_count);
    }
    for (const auto* sibling : cell.all("distances/sibling"))
        node.distances[attribute_id(*sibling, "id")] =
            static_cast<int>(attribute_number(*sibling, "value", largest_distance));
    Siblings siblings;
    for (const auto* cpu : cell.all("cpus/cpu"))
        siblings[attribute_id(*cpu, "id")] = number_list(concat({capabilities_name, "<cpu siblings>"}),
                                                         cpu->attribute("siblings").value_or(""));
    node.cores = cores_of(siblings);
    return node;
}

// -- the kernel -----------------------------------------------------------------------------------------

long meminfo_kibibytes(const System& system, const std::string& path, std::string_view key) {
    const auto text = system.read(path);
    const auto bytes = parsed(path, [&] { return meminfo(text, key); });
    if (!bytes) throw Error(concat({path, ": no line \"", key, "\""}));
    return *bytes / 1024;
}

std::map<long, HostPages> pools_in(const System& system, const std::string& folder) {
    std::map<long, HostPages> pools;
    for (const auto& name : system.list(folder)) {
        const auto size = hugepages_folder_size(name);
        if (!size) continue;
        const auto count = [&](std::string_view file) {
            const auto path = concat({folder, "/", name, "/", file});
            return number(path, system.read(path), largest_count);
        };
        pools[*size / 1024] = {count("nr_hugepages"), count("free_hugepages")};
    }
    return pools;
}

std::vector<std::vector<int>> cores_of(const System& system, const std::vector<int>& cpus) {
    Siblings siblings;
    for (const int cpu : cpus) {
        const auto path = concat({cpu_folder, "cpu", std::to_string(cpu), "/topology/thread_siblings_list"});
        siblings[cpu] = number_list(path, system.read_if(path).value_or(""));
    }
    return cores_of(siblings);
}

/// One number for each online node, in their order (node_read_distance() in drivers/base/node.c).
std::map<int, int> distances_in(const System& system, const std::string& path,
                                const std::vector<int>& online) {
    const auto text = system.read(path);
    const auto values = words(text);
    if (values.size() != online.size())
        throw Error(concat({path, ": wanted a distance for each of ", std::to_string(online.size()),
                            " nodes, found \"", trim(text).substr(0, 100), "\""}));
    std::map<int, int> distances;
    for (size_t i = 0; i < online.size(); ++i)
        distances[online[i]] = static_cast<int>(number(path, values[i], largest_distance));
    return distances;
}

HostNode node_in(const System& system, int id, const std::vector<int>& online_nodes,
                 const std::vector<int>& online_cpus) {
    const auto folder = concat({node_folder, "node", std::to_string(id), "/"});
    HostNode node;
    node.id = id;
    node.memory = meminfo_kibibytes(system, folder + "meminfo", "MemTotal");
    node.free_memory = meminfo_kibibytes(system, folder + "meminfo", "MemFree");
    node.distances = distances_in(system, folder + "distance", online_nodes);
    node.pages = pools_in(system, folder + "hugepages");
    auto cpus = number_list(folder + "cpulist", system.read(folder + "cpulist"));
    std::erase_if(cpus,
                  [&](int cpu) { return !std::binary_search(online_cpus.begin(), online_cpus.end(), cpu); });
    node.cores = cores_of(system, cpus);
    return node;
}

/// The list in a parameter of the command line that takes CPUs from the scheduler or its tick. isolcpus= has
/// flags before it, and with "managed_irq" alone it does neither (housekeeping_isolcpus_setup() in
/// kernel/sched/isolation.c).
std::string_view isolating_list(std::string_view value) {
    bool has_flags = false, isolates = false;
    while (!value.empty() && (value.front() < '0' || value.front() > '9')) {
        const auto flag = value.substr(0, value.find(','));
        has_flags = true;
        isolates |= flag == "domain" || flag == "nohz";
        value.remove_prefix(std::min(flag.size() + 1, value.size()));
    }
    return has_flags && !isolates ? std::string_view() : value;
}

/// The kernel's own file; where an old kernel has none, the parameter that it would be made from.
std::vector<int> isolated_cpus(const System& system, const std::string& path, std::string_view parameter) {
    if (const auto text = system.read_if(path))
        return trim(*text) == "(null)" ? std::vector<int>() : number_list(path, *text);  // nohz_full of none
    std::vector<int> cpus;
    for (const auto& token : parse_cmdline(system.read_if("/proc/cmdline").value_or("")).tokens)
        if (token.is(parameter) && token.value)
            cpus = number_list(concat({"/proc/cmdline: ", parameter}), isolating_list(*token.value));
    return cpus;
}

}  // namespace

std::vector<int> HostNode::cpus() const {
    std::vector<int> all;
    for (const auto& core : cores) all.insert(all.end(), core.begin(), core.end());
    std::sort(all.begin(), all.end());
    return all;
}

const HostNode* Host::find(int id) const {
    const auto found =
        std::find_if(nodes.begin(), nodes.end(), [id](const auto& node) { return node.id == id; });
    return found == nodes.end() ? nullptr : &*found;
}

std::vector<int> Host::cpus() const {
    std::vector<int> all;
    for (const auto& node : nodes)
        for (const auto& core : node.cores) all.insert(all.end(), core.begin(), core.end());
    std::sort(all.begin(), all.end());
    return all;
}

const HostNode* Host::node_of(int cpu) const {
    for (const auto& node : nodes)
        for (const auto& core : node.cores)
            if (std::find(core.begin(), core.end(), cpu) != core.end()) return &node;
    return nullptr;
}

Host host_of_capabilities(const XmlElement& capabilities) {
    const auto cells = capabilities.all("host/topology/cells/cell");
    // A cell counts ordinary pages, too: they are the smallest of the processor's.
    long ordinary_page = 0;
    for (const auto* pages : capabilities.all("host/cpu/pages")) {
        const long size = kibibytes(*pages, attribute(*pages, "size"));
        ordinary_page = ordinary_page == 0 ? size : std::min(ordinary_page, size);
    }
    Host host;
    for (const auto* cell : cells) {
        host.nodes.push_back(node_of_cell(*cell, ordinary_page));
        const int id = host.nodes.back().id;
        if (host.find(id) != &host.nodes.back())
            throw Error(concat({capabilities_name, "cell ", std::to_string(id), " is there twice"}));
    }
    std::sort(host.nodes.begin(), host.nodes.end(), [](const auto& a, const auto& b) { return a.id < b.id; });
    return host;
}

Host host_of_sysfs(const System& system) {
    if (!system.exists(cpu_folder)) return {};
    const auto online_cpus = number_list(cpu_folder + "online", system.read(cpu_folder + "online"));
    Host host;
    if (const auto online = system.read_if(node_folder + "online")) {
        const auto nodes = number_list(node_folder + "online", *online);
        for (const int id : nodes) host.nodes.push_back(node_in(system, id, nodes, online_cpus));
    } else {
        HostNode node;
        node.memory = meminfo_kibibytes(system, "/proc/meminfo", "MemTotal");
        node.free_memory = meminfo_kibibytes(system, "/proc/meminfo", "MemFree");
        node.distances = {{0, 10}};
        node.pages = pools_in(system, "/sys/kernel/mm/hugepages");
        node.cores = cores_of(system, online_cpus);
        host.nodes.push_back(std::move(node));
    }
    add_kernel_facts(host, system);
    return host;
}

void add_kernel_facts(Host& host, const System& system) {
    for (const auto& cpus : {isolated_cpus(system, cpu_folder + "isolated", "isolcpus"),
                             isolated_cpus(system, cpu_folder + "nohz_full", "nohz_full")})
        host.isolated.insert(cpus.begin(), cpus.end());
    const auto text = system.read_if("/proc/meminfo").value_or("");
    const auto size = parsed("/proc/meminfo", [&text] { return meminfo(text, "Hugepagesize"); });
    host.default_page = size.value_or(0) / 1024;
}

}  // namespace virtbp
