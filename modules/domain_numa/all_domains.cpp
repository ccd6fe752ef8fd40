// SPDX-License-Identifier: GPL-3.0-or-later
#include "modules/domain_numa/all_domains.hpp"

#include <algorithm>

#include "lib/formats/number_list.hpp"
#include "lib/formats/size.hpp"
#include "lib/text.hpp"
#include "modules/domain_numa/automatic.hpp"
#include "modules/domain_numa/settings.hpp"

namespace virtbp::domain_numa {

namespace {

/// The guide: a host with many small guests may have up to eight vCPUs for a core, never more.
constexpr long most_vcpus_a_core = 8;

/// Of the memory, what hosts of large guests keep for themselves by the vendors' guides, in percent.
constexpr long host_share = 8;

struct Sums {
    long vcpus = 0;
    long all_memory = 0;                                ///< KiB
    std::map<int, long> memory;                         ///< node → KiB that is bound to it alone
    std::map<std::pair<int, long>, long> pages;         ///< node and page size → pages
    std::map<int, std::vector<std::string>> dedicated;  ///< CPU → domains that pin a vCPU to it
};

void add(const std::string& name, const Domain& domain, long default_page, Sums& sums) {
    sums.vcpus += domain.max_vcpus;
    sums.all_memory += domain.memory;
    for (const auto& [node, memory] : held_by(domain)) sums.memory[node] += memory;
    for (const auto& [id, cell] : domain.cells) {
        const auto memnode = domain.memnodes.find(id);
        const long page = domain.page_of(id, default_page);
        if (page != 0 && memnode != domain.memnodes.end() && memnode->second.nodeset.size() == 1)
            sums.pages[{memnode->second.nodeset.front(), page}] += cell.memory / page;
    }
    const long page = domain.page_of(0, default_page);
    if (domain.cells.empty() && page != 0 && domain.numatune && domain.numatune->nodeset.size() == 1)
        sums.pages[{domain.numatune->nodeset.front(), page}] += domain.memory / page;
    for (const auto& [vcpu, cpus] : domain.vcpupins)
        for (const int cpu : cpus)
            if (auto& names = sums.dedicated[cpu]; names.empty() || names.back() != name)
                names.push_back(name);
}

class Comparison {
public:
    Comparison(const Host& host, const Sums& sums, bool runs) : host_(host), sums_(sums), runs_(runs) {}

    Findings run() {
        vcpus();
        memory();
        pages();
        shared_cpus();
        return std::move(findings_);
    }

private:
    void tell(Severity severity, std::string element, std::initializer_list<std::string_view> message,
              std::string remedy, std::string row) {
        findings_.push_back(
            {severity, std::move(element),
             concat({runs_ ? "domains that run " : "domains, if all of them run, ", concat(message)}),
             std::move(remedy), std::move(row)});
    }
    Severity severity() const { return runs_ ? Severity::error : Severity::warning; }

    void vcpus() {
        const auto online = static_cast<long>(host_.cpus().size());
        long cores = 0;
        for (const auto& node : host_.nodes) cores += static_cast<long>(node.cores.size());
        if (sums_.vcpus > most_vcpus_a_core * cores)
            tell(severity(), "host/cpus",
                 {"have ", std::to_string(sums_.vcpus), " vCPUs, more than ",
                  std::to_string(most_vcpus_a_core), " for each of the ", std::to_string(cores), " cores"},
                 "move guests to another host", "vbp-cpu-overcommit");
        else if (sums_.vcpus > online)
            tell(Severity::warning, "host/cpus",
                 {"have ", std::to_string(sums_.vcpus), " vCPUs, more than the ", std::to_string(online),
                  " CPUs online"},
                 "avoid overcommit of CPUs", "vbp-cpu-overcommit");
    }

    void memory() {
        long host_memory = 0;
        for (const auto& node : host_.nodes) host_memory += node.memory;
        if (sums_.all_memory > host_memory / 100 * (100 - host_share))
            tell(severity(), "host/memory",
                 {"have ", std::to_string(sums_.all_memory / 1024), " MiB, and the host ",
                  std::to_string(host_memory / 1024), " MiB, of which it needs ", std::to_string(host_share),
                  " % itself"},
                 "move guests to another host", "vbp-dom-numa-spread");
        for (const auto& [id, memory] : sums_.memory)
            if (const auto* node = host_.find(id); node != nullptr && memory > node->memory)
                tell(severity(), concat({"host/node ", std::to_string(id)}),
                     {"bind ", std::to_string(memory / 1024), " MiB to it, and it has ",
                      std::to_string(node->memory / 1024), " MiB"},
                     "bind some of them to another node", "vbp-dom-numa-spread");
    }

    void pages() {
        for (const auto& [key, count] : sums_.pages) {
            const auto* node = host_.find(key.first);
            if (node == nullptr) continue;
            const auto pool = node->pages.find(key.second);
            const long total = pool == node->pages.end() ? 0 : pool->second.total;
            if (count > total)
                tell(severity(), concat({"host/node ", std::to_string(key.first)}),
                     {"need ", std::to_string(count), " pages of ", page_size_name(key.second * 1024),
                      ", and its pool has ", std::to_string(total)},
                     "make the pool larger (module hugepages)", "vbp-dom-hugepages");
        }
    }

    /// One finding for each group of domains, not for each CPU.
    void shared_cpus() {
        std::map<std::vector<std::string>, std::vector<int>> groups;
        for (const auto& [cpu, names] : sums_.dedicated)
            if (names.size() > 1) groups[names].push_back(cpu);
        for (const auto& [names, cpus] : groups)
            tell(Severity::warning, "host/cpus",
                 {join(names, ", "), " have vCPUs pinned to the same CPUs: ", format_number_list(cpus)},
                 "pin each to CPUs of its own", "vbp-dom-vcpupin");
    }

    const Host& host_;
    const Sums& sums_;
    bool runs_;
    Findings findings_;
};

}  // namespace

Findings check_all(const std::vector<ExaminedDomain>& domains, const Host& host) {
    Sums running, all;
    for (const auto& examined : domains) {
        if (!examined.domain) continue;
        add(examined.name, *examined.domain, host.default_page, all);
        if (examined.is_active) add(examined.name, *examined.domain, host.default_page, running);
    }
    if (!host.known()) return {};
    auto findings = Comparison(host, running, true).run();
    // What those that run ask for is not told twice.
    for (auto& finding : Comparison(host, all, false).run()) {
        const bool told = std::any_of(findings.begin(), findings.end(), [&finding](const Finding& other) {
            return other.element == finding.element && other.row == finding.row;
        });
        if (!told) findings.push_back(std::move(finding));
    }
    return findings;
}

json describe(const std::vector<ExaminedDomain>& domains, const Host& host, const HostServices& services) {
    json list = json::array();
    for (const auto& examined : domains) {
        json told{{"name", examined.name},
                  {"uuid", examined.uuid},
                  {"state", examined.is_active ? "running" : "shut off"}};
        Findings findings;
        if (examined.domain) {
            findings = check_guest(*examined.domain, host.default_page);
            for (auto& finding : check_host(*examined.domain, host, services,
                                            examined.is_active ? &*examined.domain : nullptr))
                findings.push_back(std::move(finding));
            told["topology"] = describe(*examined.domain);
        } else {
            findings.push_back(
                {Severity::error, "domain", examined.problem, "look at its XML", "vbp-dom-vnuma"});
        }
        told["findings"] = to_json(findings);
        list.push_back(std::move(told));
    }
    return list;
}

}  // namespace virtbp::domain_numa
