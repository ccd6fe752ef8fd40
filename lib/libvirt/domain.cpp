// SPDX-License-Identifier: GPL-3.0-or-later
#include "lib/libvirt/domain.hpp"

#include <algorithm>
#include <limits>

#include "lib/error.hpp"
#include "lib/formats/number_list.hpp"
#include "lib/formats/size.hpp"
#include "lib/text.hpp"

namespace virtbp {

namespace {

/// No host has use for more; the number comes from a text that nobody has checked.
constexpr size_t most_iothreads = 65536;

/// Reads values of one document; messages name it and the place.
class Reader {
public:
    explicit Reader(std::string_view what) : what_(what) {}

    /// What `read` gives; its errors begin with the place.
    template <class F>
    auto named(std::string_view place, F read) const {
        try {
            return read();
        } catch (const Error& error) {
            throw Error(concat({what_, ": ", place, ": ", error.what()}));
        }
    }

    Error fault(std::initializer_list<std::string_view> words) const {
        return Error(concat({what_, ": ", concat(words)}));
    }
    long number(std::string_view text, std::string_view place) const {
        const auto value = to_integer(trim(text));
        if (!value || *value < 0 || *value > std::numeric_limits<int>::max())
            throw Error(concat({what_, ": ", place, " holds no number: \"", text.substr(0, 100), "\""}));
        return *value;
    }
    int small(std::string_view text, std::string_view place) const {
        return static_cast<int>(number(text, place));
    }
    std::vector<int> list(std::string_view text, std::string_view place) const {
        return named(place, [&] { return parse_number_list(text); });
    }
    /// KiB, rounded up as libvirt does; a number without a unit is KiB.
    long memory(std::string_view text, const std::optional<std::string>& unit, std::string_view place) const {
        return named(place, [&] {
            const auto bytes = parse_memory(concat({trim(text), " ", unit.value_or("KiB")}));
            return bytes / 1024 + (bytes % 1024 != 0 ? 1 : 0);
        });
    }
    long memory_in(const XmlElement* element) const {
        return element == nullptr ? 0 : memory(element->text, element->attribute("unit"), element->name);
    }
    std::string needed(const XmlElement& element, std::string_view attribute) const {
        if (auto value = element.attribute(attribute)) return *value;
        throw Error(concat({what_, ": <", element.name, "> has no ", attribute}));
    }

private:
    std::string_view what_;
};

MemoryPolicy policy_in(const Reader& reader, const XmlElement& element) {
    MemoryPolicy policy;
    policy.mode = element.attribute("mode").value_or(policy.mode);
    if (const auto nodeset = element.attribute("nodeset"))
        policy.nodeset = reader.list(*nodeset, concat({"numatune/", element.name, "/@nodeset"}));
    else if (element.name == "memory") policy.placement = "auto";
    policy.placement = element.attribute("placement").value_or(policy.placement);
    return policy;
}

template <class T>
void put_once(const Reader& reader, std::map<int, T>& all, int key, T value, std::string_view what) {
    if (!all.emplace(key, std::move(value)).second)
        throw reader.fault({what, " ", std::to_string(key), " is there twice"});
}

std::map<int, GuestCell> cells_in(const Reader& reader, const XmlElement& root) {
    std::map<int, GuestCell> cells;
    int position = 0;
    for (const auto* element : root.all("cpu/numa/cell")) {
        const auto id = element->attribute("id");
        const int key = id ? reader.small(*id, "cell/@id") : position;
        const auto place = concat({"cell ", std::to_string(key)});
        GuestCell cell;
        cell.cpus = reader.list(element->attribute("cpus").value_or(""), concat({place, "/@cpus"}));
        cell.memory = reader.memory(reader.needed(*element, "memory"), element->attribute("unit"),
                                    concat({place, "/@memory"}));
        cell.mem_access = element->attribute("memAccess").value_or("");
        cell.discard = element->attribute("discard").value_or("");
        for (const auto* sibling : element->all("distances/sibling"))
            cell.distances[reader.small(reader.needed(*sibling, "id"), "sibling/@id")] =
                reader.small(reader.needed(*sibling, "value"), "sibling/@value");
        put_once(reader, cells, key, std::move(cell), "cell");
        ++position;
    }
    complete_distances(cells);
    return cells;
}

void read_vcpu(const Reader& reader, const XmlElement& root, Domain& domain) {
    const auto* vcpu = root.find("vcpu");
    if (vcpu == nullptr) return;
    domain.max_vcpus = std::max(1, reader.small(vcpu->text, "vcpu"));
    domain.current_vcpus = domain.max_vcpus;
    if (const auto current = vcpu->attribute("current"))
        domain.current_vcpus = reader.small(*current, "vcpu/@current");
    domain.vcpu_placement_auto = vcpu->attribute("placement") == "auto";
    if (const auto cpuset = vcpu->attribute("cpuset")) domain.cpuset = reader.list(*cpuset, "vcpu/@cpuset");
}

void read_tuning(const Reader& reader, const XmlElement& root, Domain& domain) {
    if (const auto* memory = root.find("numatune/memory")) domain.numatune = policy_in(reader, *memory);
    for (const auto* memnode : root.all("numatune/memnode"))
        put_once(reader, domain.memnodes, reader.small(reader.needed(*memnode, "cellid"), "memnode/@cellid"),
                 policy_in(reader, *memnode), "memnode of cell");
    for (const auto* pin : root.all("cputune/vcpupin"))
        put_once(reader, domain.vcpupins, reader.small(reader.needed(*pin, "vcpu"), "vcpupin/@vcpu"),
                 reader.list(reader.needed(*pin, "cpuset"), "vcpupin/@cpuset"), "vcpupin of vCPU");
    const auto emulatorpins = root.all("cputune/emulatorpin");
    if (emulatorpins.size() > 1) throw reader.fault({"emulatorpin is there twice"});
    if (!emulatorpins.empty())
        domain.emulatorpin = reader.list(reader.needed(*emulatorpins[0], "cpuset"), "emulatorpin/@cpuset");
    const auto limit = [&](const char* path) -> std::optional<long> {
        const auto* element = root.find(path);
        return element == nullptr ? std::nullopt : std::optional(reader.memory_in(element));
    };
    domain.limits = {limit("memtune/soft_limit"), limit("memtune/hard_limit"),
                     limit("memtune/swap_hard_limit")};
}

void read_backing(const Reader& reader, const XmlElement& root, Domain& domain) {
    const auto pages = root.all("memoryBacking/hugepages/page");
    for (const auto* page : pages) {
        HugePageBacking backing;
        backing.size = reader.memory(reader.needed(*page, "size"), page->attribute("unit"), "page/@size");
        if (const auto cells = page->attribute("nodeset"))
            backing.cells = reader.list(*cells, "page/@nodeset");
        domain.hugepages.push_back(backing);
    }
    if (pages.empty() && root.find("memoryBacking/hugepages") != nullptr) domain.hugepages.emplace_back();
    const auto type = [&root](const char* path, std::string_view attribute) {
        const auto* element = root.find(path);
        return element == nullptr ? "" : element->attribute(attribute).value_or("");
    };
    domain.memory_source = type("memoryBacking/source", "type");
    domain.access_mode = type("memoryBacking/access", "mode");
}

void read_devices(const Reader& reader, const XmlElement& root, Domain& domain) {
    for (const auto* element : root.all("devices/memory")) {
        MemoryDevice device;
        device.size = reader.memory_in(element->find("target/size"));
        if (const auto* node = element->find("target/node"))
            device.cell = reader.small(node->text, "target/node");
        domain.memory_devices.push_back(device);
    }
    for (const auto* controller : root.all("devices/controller"))
        if (const auto* node = controller->find("target/node"))
            domain.controller_cells.push_back(reader.small(node->text, "controller/target/node"));
}

/// libvirt gives those that have no id of their own the lowest that are free.
void read_iothreads(const Reader& reader, const XmlElement& root, Domain& domain) {
    for (const auto* thread : root.all("iothreadids/iothread"))
        domain.iothreads.insert(reader.small(reader.needed(*thread, "id"), "iothread/@id"));
    const auto* count = root.find("iothreads");
    const auto wanted = static_cast<size_t>(count == nullptr ? 0 : reader.small(count->text, "iothreads"));
    if (wanted > most_iothreads) throw reader.fault({"iothreads is ", std::to_string(wanted)});
    for (int id = 1; domain.iothreads.size() < wanted; ++id) domain.iothreads.insert(id);
    for (const auto* pin : root.all("cputune/iothreadpin"))
        domain.iothreadpins.insert(reader.small(reader.needed(*pin, "iothread"), "iothreadpin/@iothread"));
}

/// After cells and devices.
void read_memory(const Reader& reader, const XmlElement& root, Domain& domain) {
    if (const auto* memory = root.find("memory")) {
        domain.memory = reader.memory_in(memory);
    } else {
        domain.memory = domain.device_memory();
        for (const auto& [id, cell] : domain.cells) domain.memory += cell.memory;
    }
    const auto* current = root.find("currentMemory");
    domain.current_memory = current == nullptr ? domain.memory : reader.memory_in(current);
    if (const auto* most = root.find("maxMemory")) {
        domain.max_memory = reader.memory_in(most);
        domain.memory_slots = reader.small(most->attribute("slots").value_or("0"), "maxMemory/@slots");
    }
}

void read_topology(const Reader& reader, const XmlElement& root, Domain& domain) {
    const auto* element = root.find("cpu/topology");
    if (element == nullptr) return;
    GuestTopology topology{1, 1};
    for (const auto& [name, value] : element->attributes)
        if (__builtin_mul_overflow(topology.cpus, reader.number(value, "cpu/topology"), &topology.cpus))
            topology.cpus = std::numeric_limits<long>::max();
    topology.threads = std::max(1, reader.small(element->attribute("threads").value_or("1"), "cpu/topology"));
    domain.topology = topology;
}

}  // namespace

void complete_distances(std::map<int, GuestCell>& cells) {
    const auto given = cells;
    for (const auto& [id, cell] : given)
        for (const auto& [other, distance] : cell.distances)
            if (other != id && cells.contains(other)) cells[other].distances.try_emplace(id, distance);
    for (auto& [id, cell] : cells)
        if (!cell.distances.empty()) cell.distances.try_emplace(id, 10);
}

long Domain::device_memory() const {
    long sum = 0;
    for (const auto& device : memory_devices) sum += device.size;
    return sum;
}

long Domain::page_of(int cell, long default_size) const {
    const HugePageBacking* found = nullptr;
    for (const auto& backing : hugepages) {
        const bool names_it = std::binary_search(backing.cells.begin(), backing.cells.end(), cell);
        if (names_it || (backing.cells.empty() && found == nullptr)) found = &backing;
    }
    if (found == nullptr) return 0;
    return found->size != 0 ? found->size : default_size;
}

Domain read_domain(const XmlElement& root, std::string_view what) {
    if (root.name != "domain")
        throw Error(concat({what, " holds no domain: its root is <", root.name.substr(0, 100), ">"}));
    const Reader reader(what);
    for (const auto* path :
         {"vcpu", "memory", "currentMemory", "cputune", "numatune", "numatune/memory", "cpu", "cpu/numa"})
        if (root.all(path).size() > 1)
            throw reader.fault({path, " is there twice"});  // libvirt takes the first
    const auto text = [&root](const char* path) {
        const auto* element = root.find(path);
        return element == nullptr ? std::string() : std::string(trim(element->text));
    };
    Domain domain;
    domain.name = text("name");
    domain.uuid = text("uuid");
    domain.cells = cells_in(reader, root);
    read_vcpu(reader, root, domain);
    read_tuning(reader, root, domain);
    read_backing(reader, root, domain);
    read_devices(reader, root, domain);
    read_topology(reader, root, domain);
    read_memory(reader, root, domain);
    read_iothreads(reader, root, domain);
    return domain;
}

}  // namespace virtbp
