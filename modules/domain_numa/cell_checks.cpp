// SPDX-License-Identifier: GPL-3.0-or-later
#include "lib/formats/number_list.hpp"
#include "lib/text.hpp"
#include "modules/domain_numa/checks.hpp"

namespace virtbp::domain_numa {

namespace {

std::string kibibytes(long amount) { return concat({std::to_string(amount), " KiB"}); }
std::string cell_element(int id) { return concat({"cpu/numa/cell ", std::to_string(id)}); }

class CellChecks : public Finder {
public:
    explicit CellChecks(const Domain& domain) : domain_(domain) {}

    Findings run() {
        if (domain_.cells.empty()) return {};
        ids();
        vcpus();
        amounts();
        distances();
        cores();
        access();
        return take();
    }

private:
    // Every finding of this class is about the same row.
    void wrong(std::string element, Words message, std::string remedy) {
        error(std::move(element), message, std::move(remedy), "vbp-dom-vnuma");
    }
    void doubtful(std::string element, Words message, std::string remedy) {
        warning(std::move(element), message, std::move(remedy), "vbp-dom-vnuma");
    }

    void ids() {
        int expected = 0;
        for (const auto& [id, cell] : domain_.cells)
            if (id != expected++) {
                wrong("cpu/numa",
                      {"cell ", std::to_string(expected - 1), " is missing: ids are 0, 1, 2 without a gap"},
                      "number the cells from 0");
                break;
            }
    }

    void vcpus() {
        std::map<int, int> owners;
        for (const auto& [id, cell] : domain_.cells) {
            for (const int vcpu : cell.cpus) {
                const auto [owner, is_first] = owners.emplace(vcpu, id);
                if (!is_first)
                    wrong(cell_element(id),
                          {"vCPU ", std::to_string(vcpu), " is in cell ", std::to_string(owner->second),
                           ", too"},
                          "put each vCPU in exactly one cell");
            }
            if (!cell.cpus.empty() && cell.cpus.back() >= domain_.max_vcpus)
                wrong(cell_element(id),
                      {"vCPU ", std::to_string(cell.cpus.back()), " is not there: the guest has ",
                       std::to_string(domain_.max_vcpus), ", 0 to ", std::to_string(domain_.max_vcpus - 1)},
                      "name vCPUs of the guest");
            if (cell.cpus.empty())
                doubtful(cell_element(id), {"has no vCPUs"}, "give it vCPUs, unless it is for memory alone");
        }
        std::vector<int> nowhere;
        for (int vcpu = 0; vcpu < domain_.max_vcpus; ++vcpu)
            if (!owners.contains(vcpu)) nowhere.push_back(vcpu);
        // libvirt would put them into cell 0 without a word.
        if (!nowhere.empty())
            wrong("cpu/numa",
                  {nowhere.size() == 1 ? "vCPU " : "vCPUs ", format_number_list(nowhere), " of 0-",
                   std::to_string(domain_.max_vcpus - 1),
                   nowhere.size() == 1 ? " is in no cell" : " are in no cell"},
                  "put each vCPU in exactly one cell");
    }

    void amounts() {
        long sum = domain_.device_memory();
        for (const auto& [id, cell] : domain_.cells) sum += cell.memory;
        if (sum != domain_.memory)
            wrong("memory",
                  {"is ", kibibytes(domain_.memory), ", and the cells with the memory devices have ",
                   kibibytes(sum)},
                  "give the cells all of the guest's memory");
        const auto& first = domain_.cells.begin()->second;
        for (const auto& [id, cell] : domain_.cells)
            if (cell.memory != first.memory || cell.cpus.size() != first.cpus.size()) {
                doubtful(cell_element(id),
                         {"is not as large as cell 0: ", std::to_string(cell.cpus.size()), " vCPUs and ",
                          kibibytes(cell.memory), ", and ", std::to_string(first.cpus.size()), " and ",
                          kibibytes(first.memory)},
                         "make cells equal, unless the host's nodes are not");
                break;
            }
    }

    void distances() {
        for (const auto& [id, cell] : domain_.cells)
            for (const auto& [other, distance] : cell.distances) {
                const auto element = concat({cell_element(id), "/distances/sibling ", std::to_string(other)});
                const auto found = domain_.cells.find(other);
                // An invalid one makes libvirt 9.0 write beyond an array: it must not get there.
                if (found == domain_.cells.end())
                    wrong(element, {"there is no cell ", std::to_string(other)}, "name cells of the guest");
                else if (other == id ? distance != 10 : distance < 11 || distance > 255)
                    wrong(element,
                          {"is ", std::to_string(distance), ", wanted ",
                           other == id ? "10, as to itself" : "11 to 255"},
                          "take the host's distances");
                else if (const auto back = found->second.distances.find(id);
                         id < other && back != found->second.distances.end() && back->second != distance)
                    doubtful(element,
                             {"is ", std::to_string(distance), ", and ", std::to_string(back->second),
                              " the other way"},
                             "give both ways the same distance");
            }
    }

    void cores() {
        if (!domain_.topology) return;
        const int threads = domain_.topology->threads;
        for (const auto& [id, cell] : domain_.cells) {
            std::map<int, int> cores;
            for (const int vcpu : cell.cpus) ++cores[vcpu / threads];
            for (const auto& [core, count] : cores)
                if (count < threads) {
                    doubtful(cell_element(id),
                             {"has ", std::to_string(count), " of the ", std::to_string(threads),
                              " threads of the guest's core ", std::to_string(core)},
                             "keep the threads of a core in one cell");
                    return;
                }
        }
    }

    void access() {
        const bool can_share =
            !domain_.hugepages.empty() || domain_.memory_source == "memfd" || domain_.memory_source == "file";
        for (const auto& [id, cell] : domain_.cells) {
            if (!cell.mem_access.empty() && cell.mem_access != "shared" && cell.mem_access != "private")
                wrong(cell_element(id), {"has the memAccess ", cell.mem_access}, "use shared or private");
            if (!cell.discard.empty() && cell.discard != "yes" && cell.discard != "no")
                wrong(cell_element(id), {"has the discard ", cell.discard}, "use yes or no");
            if (cell.mem_access == "shared" && !can_share)
                doubtful(cell_element(id),
                         {"is to be shared, and other processes reach only huge pages or a source memfd or "
                          "file of memoryBacking"},
                         "set memoryBacking, or make it private");
        }
    }

    const Domain& domain_;
};

}  // namespace

Findings check_cells(const Domain& domain) { return CellChecks(domain).run(); }

}  // namespace virtbp::domain_numa
