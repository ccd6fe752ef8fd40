// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>

#include "lib/formats/number_list.hpp"
#include "lib/formats/size.hpp"
#include "lib/text.hpp"
#include "modules/domain_numa/checks.hpp"

namespace virtbp::domain_numa {

namespace {

std::string kibibytes(long amount) { return concat({std::to_string(amount), " KiB"}); }

/// The checks of one domain, one after the other.
class GuestChecks : public Finder {
public:
    GuestChecks(const Domain& domain, long default_page) : domain_(domain), default_page_(default_page) {}

    Findings run() {
        memnodes();
        numatune();
        pins();
        hugepages();
        devices();
        topology();
        limits();
        return take();
    }

private:
    static std::string cell_element(int id) { return concat({"cpu/numa/cell ", std::to_string(id)}); }

    void memnodes() {
        for (const auto& [cell, policy] : domain_.memnodes) {
            const auto element = concat({"numatune/memnode ", std::to_string(cell)});
            if (!domain_.cells.contains(cell))
                error(element,
                      {"the guest has no cell ", std::to_string(cell),
                       domain_.cells.empty() ? ": it has none at all" : ""},
                      "give the cells, or take the memnode away", "vbp-dom-numatune");
            if (domain_.numatune && domain_.numatune->placement == "auto")
                error(element, {"goes not together with placement auto of numatune"},
                      "choose the nodes for all, or let numad choose", "vbp-dom-numatune");
            const bool whole = domain_.numatune && domain_.numatune->mode == "restrictive";
            if (policy.mode == "restrictive" && !whole)
                error(element, {"is restrictive, and numatune is not"}, "make numatune restrictive, too",
                      "vbp-dom-numatune");
            if (whole && policy.mode != "restrictive")
                error(element, {"is ", policy.mode, ", and numatune is restrictive"},
                      "make it restrictive, too", "vbp-dom-numatune");
            known_mode(element, policy);
            single_node(element, policy);
        }
    }

    void known_mode(const std::string& element, const MemoryPolicy& policy) {
        if (std::find(memory_modes.begin(), memory_modes.end(), policy.mode) == memory_modes.end())
            error(element, {"has the mode ", policy.mode, ", which libvirt does not know"},
                  concat({"use ", join(memory_modes, ", ")}), "vbp-dom-numatune");
    }

    void single_node(const std::string& element, const MemoryPolicy& policy) {
        if (policy.mode == "preferred" && policy.nodeset.size() > 1)
            warning(element,
                    {"prefers several nodes, ", format_number_list(policy.nodeset),
                     ", and older kernels take one only"},
                    "prefer one node", "vbp-dom-numatune");
    }

    void numatune() {
        if (!domain_.numatune) return;
        if (domain_.numatune->placement == "static" && domain_.numatune->nodeset.empty())
            error("numatune/memory", {"has no nodeset"}, "name the host's nodes", "vbp-dom-numatune");
        known_mode("numatune/memory", *domain_.numatune);
        single_node("numatune/memory", *domain_.numatune);
    }

    void pins() {
        for (const auto& [vcpu, cpus] : domain_.vcpupins)
            // libvirt would drop it without a word.
            if (vcpu >= domain_.max_vcpus)
                error(concat({"cputune/vcpupin ", std::to_string(vcpu)}),
                      {"the guest has no vCPU ", std::to_string(vcpu), ": it has ",
                       std::to_string(domain_.max_vcpus), ", 0 to ", std::to_string(domain_.max_vcpus - 1)},
                      "pin vCPUs of the guest", "vbp-dom-vcpupin");
        emulator();
        for (const int thread : domain_.iothreadpins)
            if (!domain_.iothreads.contains(thread))
                error(concat({"cputune/iothreadpin ", std::to_string(thread)}),
                      {"the guest has no iothread ", std::to_string(thread)}, "pin iothreads of the guest",
                      "vbp-dom-vcpupin");
        if (domain_.cpuset && domain_.vcpu_placement_auto)
            error("vcpu", {"has a cpuset and placement auto, which ignores it"}, "choose one of them",
                  "vbp-dom-vcpupin");
    }

    /// Its threads take time from a vCPU that has the CPU for its own.
    void emulator() {
        if (!domain_.emulatorpin) return;
        std::set<int> shared;
        for (const auto& [vcpu, cpus] : domain_.vcpupins)
            std::set_intersection(cpus.begin(), cpus.end(), domain_.emulatorpin->begin(),
                                  domain_.emulatorpin->end(), std::inserter(shared, shared.end()));
        if (!shared.empty())
            warning("cputune/emulatorpin",
                    {"shares CPU ", format_number_list({shared.begin(), shared.end()}), " with pinned vCPUs"},
                    "give the emulator CPUs of its own", "vbp-dom-vcpupin");
    }

    void hugepages() {
        std::set<int> named;
        int for_all = 0;
        for (const auto& backing : domain_.hugepages) {
            const auto element =
                concat({"memoryBacking/hugepages/page ", page_size_name(backing.size * 1024)});
            if (backing.cells.empty() && ++for_all > 1)
                error(element, {"is the second page size for all cells"}, "keep one", "vbp-dom-hugepages");
            for (const int cell : backing.cells) {
                if (!domain_.cells.contains(cell) && !(domain_.cells.empty() && cell == 0))
                    error(element, {"names cell ", std::to_string(cell), ", which is not there"},
                          "change memoryBacking together with the cells", "vbp-dom-hugepages");
                if (!named.insert(cell).second)
                    error(element, {"cell ", std::to_string(cell), " has another page size, too"}, "keep one",
                          "vbp-dom-hugepages");
            }
        }
        for (const auto& [id, cell] : domain_.cells)
            whole_pages(cell_element(id), cell.memory, domain_.page_of(id, default_page_));
        if (domain_.cells.empty()) whole_pages("memory", domain_.memory, domain_.page_of(0, default_page_));
        if (!domain_.hugepages.empty() && domain_.memory_source == "anonymous")
            error("memoryBacking/source", {"is anonymous, and huge pages are wanted"}, "take the source away",
                  "vbp-dom-hugepages");
    }

    void devices() {
        for (const auto& device : domain_.memory_devices) {
            if (device.cell && !domain_.cells.contains(*device.cell))
                error("devices/memory",
                      {"belongs to cell ", std::to_string(*device.cell), ", which is not there"},
                      "keep a cell for the memory device, or unplug it", "vbp-dom-memory-hotplug");
            if (!device.cell && !domain_.cells.empty())
                error("devices/memory", {"has no target node, and the guest has cells"},
                      "give the memory device a cell", "vbp-dom-memory-hotplug");
        }
        for (const int cell : domain_.controller_cells)
            if (!domain_.cells.contains(cell))
                error("devices/controller",
                      {"belongs to cell ", std::to_string(cell), ", which is not there"},
                      "keep a cell for the PCI expander bus, or take its target node away", "vbp-dom-vnuma");
        if (!domain_.max_memory) return;
        if (domain_.cells.empty())
            error("maxMemory", {"takes a guest with cells, and there are none"},
                  "keep a cell, or take maxMemory away", "vbp-dom-memory-hotplug");
        if (domain_.memory > *domain_.max_memory)
            error("maxMemory",
                  {"is ", kibibytes(*domain_.max_memory), ", less than the memory, ",
                   kibibytes(domain_.memory)},
                  "raise maxMemory", "vbp-dom-memory-hotplug");
        const auto devices = static_cast<int>(domain_.memory_devices.size());
        if (domain_.memory_slots < std::max(1, devices))
            error("maxMemory",
                  {"has slots for ", std::to_string(domain_.memory_slots), " memory devices, and there are ",
                   std::to_string(devices)},
                  "give it at least one slot, and one for each device", "vbp-dom-memory-hotplug");
    }

    void topology() {
        if (domain_.current_vcpus < 1 || domain_.current_vcpus > domain_.max_vcpus)
            error("vcpu",
                  {"has ", std::to_string(domain_.current_vcpus), " vCPUs plugged in of ",
                   std::to_string(domain_.max_vcpus)},
                  "plug in 1 to all of them", "vbp-dom-vcpu-count");
        if (domain_.topology && domain_.topology->cpus != domain_.max_vcpus)
            error("cpu/topology",
                  {"has ", std::to_string(domain_.topology->cpus), " CPUs, and the guest ",
                   std::to_string(domain_.max_vcpus)},
                  "make its product the number of vCPUs", "vbp-dom-vcpu-count");
    }

    void limits() {
        const auto above = [this](const char* low, const char* high, const std::optional<long>& smaller,
                                  const std::optional<long>& larger) {
            if (smaller && larger && *smaller > *larger)
                error(concat({"memtune/", low}),
                      {"is ", kibibytes(*smaller), ", above ", high, ", ", kibibytes(*larger)},
                      concat({"keep ", low, " at or below ", high}), "vbp-dom-memtune");
        };
        above("soft_limit", "hard_limit", domain_.limits.soft, domain_.limits.hard);
        above("hard_limit", "swap_hard_limit", domain_.limits.hard, domain_.limits.swap_hard);
        if (domain_.limits.hard && *domain_.limits.hard < domain_.memory)
            warning("memtune/hard_limit",
                    {"is ", kibibytes(*domain_.limits.hard), ", less than the guest's memory, ",
                     kibibytes(domain_.memory), ": the kernel ends the guest when it is reached"},
                    "take hard_limit away", "vbp-dom-memtune");
    }

    /// QEMU cannot make a part of a page: the guest would not start.
    void whole_pages(const std::string& element, long memory, long page) {
        if (page == 0 || memory % page == 0) return;
        error(element,
              {"has ", kibibytes(memory), ", no whole number of ", page_size_name(page * 1024), " pages: ",
               kibibytes(memory / page * page), " and ", kibibytes((memory / page + 1) * page), " are"},
              "give it whole pages", "vbp-dom-hugepages");
    }

    const Domain& domain_;
    long default_page_;
};

}  // namespace

Findings check_guest(const Domain& domain, long default_page) {
    auto findings = check_cells(domain);
    for (auto& finding : GuestChecks(domain, default_page).run()) findings.push_back(std::move(finding));
    return findings;
}

}  // namespace virtbp::domain_numa
