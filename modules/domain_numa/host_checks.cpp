// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>

#include "lib/formats/number_list.hpp"
#include "lib/formats/size.hpp"
#include "lib/text.hpp"
#include "modules/domain_numa/checks.hpp"

namespace virtbp::domain_numa {

namespace {

/// libvirt knows mode restrictive from 7.3 on.
constexpr unsigned long restrictive_since = 7003000;

class HostChecks : public Finder {
public:
    HostChecks(const Domain& domain, const Host& host, const HostServices& services)
        : domain_(domain), host_(host), services_(services) {}

    Findings run() {
        version();
        numad();
        mounts();
        if (!host_.known()) {
            info("host", {"the host's topology is not known: no check against it was made"},
                 "give uri, or run it on the host", "vbp-numa-topology");
            return take();
        }
        count();
        nodesets();
        cpus();
        isolated();
        balancing();
        return take();
    }

private:
    void version() {
        const bool restrictive = domain_.numatune && domain_.numatune->mode == "restrictive";
        if (restrictive && services_.libvirt_version != 0 && services_.libvirt_version < restrictive_since)
            misfit("numatune/memory",
                   {"mode restrictive came with libvirt 7.3.0, and this one is ",
                    std::to_string(services_.libvirt_version / 1000000), ".",
                    std::to_string(services_.libvirt_version / 1000 % 1000)},
                   "use strict", "vbp-dom-numatune");
    }

    void numad() {
        const bool asks =
            domain_.vcpu_placement_auto || (domain_.numatune && domain_.numatune->placement == "auto");
        if (asks && services_.has_numad == false)
            misfit("numatune", {"placement auto asks numad when the guest starts, and it is not installed"},
                   "install numad, or give a nodeset", "vbp-dom-numatune");
    }

    void mounts() {
        if (!services_.hugetlbfs) return;
        std::set<long> sizes;
        if (domain_.cells.empty()) sizes.insert(domain_.page_of(0, host_.default_page));
        for (const auto& [id, cell] : domain_.cells) sizes.insert(domain_.page_of(id, host_.default_page));
        for (const long size : sizes)
            if (size != 0 && !services_.hugetlbfs->contains(size))
                misfit("memoryBacking/hugepages",
                       {"no hugetlbfs of page size ", page_size_name(size * 1024), " is mounted"},
                       "mount one (module hugepages, mounts)", "vbp-mem-hugepages-mount");
    }

    void count() {
        const int online = static_cast<int>(host_.cpus().size());
        if (domain_.max_vcpus <= online) return;
        // Not a misfit: the guide has no use for it, so on_misfit does not allow it.
        error("vcpu",
              {"the guest has ", std::to_string(domain_.max_vcpus), " vCPUs, and the host ",
               std::to_string(online), " CPUs online"},
              "never give a guest more vCPUs than the host has CPUs", "vbp-dom-vcpu-count");
    }

    void nodeset(const std::string& element, const MemoryPolicy& policy) {
        std::vector<int> missing, without_memory;
        for (const int id : policy.nodeset) {
            const auto* node = host_.find(id);
            if (node == nullptr) missing.push_back(id);
            else if (node->memory == 0) without_memory.push_back(id);
        }
        std::vector<int> there;
        for (const auto& node : host_.nodes) there.push_back(node.id);
        if (!missing.empty())
            misfit(element,
                   {"the host has no node ", format_number_list(missing), ": it has ",
                    format_number_list(there)},
                   "name nodes of the host", "vbp-dom-numatune");
        if (!without_memory.empty())
            misfit(element, {"the host's node ", format_number_list(without_memory), " has no memory"},
                   "name nodes that have memory", "vbp-dom-numatune");
    }

    void nodesets() {
        if (domain_.numatune) nodeset("numatune/memory", *domain_.numatune);
        for (const auto& [cell, policy] : domain_.memnodes)
            nodeset(concat({"numatune/memnode ", std::to_string(cell)}), policy);
    }

    void pin(const std::string& element, const std::vector<int>& wanted, const std::vector<int>& online) {
        std::vector<int> missing;
        std::set_difference(wanted.begin(), wanted.end(), online.begin(), online.end(),
                            std::back_inserter(missing));
        if (!missing.empty())
            misfit(element,
                   {"CPU ", format_number_list(missing), " is not there or not online: the host has ",
                    format_number_list(online)},
                   "name CPUs that are online", "vbp-dom-vcpupin");
    }

    /// The kernel balances no load over isolated CPUs: what floats over them stays where it began.
    void isolated() {
        if (!domain_.cpuset || std::ssize(domain_.vcpupins) == domain_.max_vcpus) return;
        std::vector<int> both;
        std::set_intersection(domain_.cpuset->begin(), domain_.cpuset->end(), host_.isolated.begin(),
                              host_.isolated.end(), std::back_inserter(both));
        if (!both.empty())
            warning("vcpu",
                    {"floats over CPU ", format_number_list(both),
                     ", which the kernel isolates: it balances "
                     "no load there"},
                    "pin each vCPU, or leave isolated CPUs out of the cpuset", "vbp-dom-vcpupin");
    }

    void balancing() {
        if (services_.balances && !domain_.vcpupins.empty())
            warning("cputune",
                    {"vCPUs are pinned, and kernel.numa_balancing is on: it scans memory that cannot move "
                     "nearer"},
                    "turn it off where all guests are pinned", "vbp-numa-balancing");
    }

    void cpus() {
        const auto online = host_.cpus();
        if (domain_.cpuset) pin("vcpu", *domain_.cpuset, online);
        if (domain_.emulatorpin) pin("cputune/emulatorpin", *domain_.emulatorpin, online);
        for (const auto& [vcpu, wanted] : domain_.vcpupins)
            pin(concat({"cputune/vcpupin ", std::to_string(vcpu)}), wanted, online);
    }

    const Domain& domain_;
    const Host& host_;
    const HostServices& services_;
};

}  // namespace

Findings check_host(const Domain& domain, const Host& host, const HostServices& services,
                    const Domain* running) {
    auto findings = HostChecks(domain, host, services).run();
    if (!host.known()) return findings;
    for (auto& finding : check_placement(domain, host, running)) findings.push_back(std::move(finding));
    return findings;
}

}  // namespace virtbp::domain_numa
