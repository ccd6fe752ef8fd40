// SPDX-License-Identifier: GPL-3.0-or-later
#include "modules/domain_numa/observation.hpp"

#include <strings.h>

#include "lib/error.hpp"
#include "lib/formats/mounts.hpp"
#include "lib/formats/xml.hpp"
#include "lib/text.hpp"

namespace virtbp::domain_numa {

namespace {

/// What libvirt does not tell. Mounts are looked at for a domain of huge pages alone.
void look_at_services(const Domain& domain, const System& system, HostServices& services) {
    services.balances = trim(system.read_if("/proc/sys/kernel/numa_balancing").value_or("0")) == "1";
    services.has_numad = system.exists("/usr/bin/numad") || system.exists("/usr/sbin/numad");
    const auto mounts = domain.hugepages.empty() ? std::nullopt : system.read_if("/proc/self/mounts");
    if (!mounts) return;
    long default_page = 0;
    Host host;
    add_kernel_facts(host, system);
    default_page = host.default_page;
    services.hugetlbfs.emplace();
    for (const auto& mount : parse_mounts(*mounts, "/proc/self/mounts"))
        if (mount.type == "hugetlbfs") {
            const auto size = parse_hugetlbfs_options(mount.options).page_size;
            services.hugetlbfs->insert(size ? *size / 1024 : default_page);
        }
}

Domain parsed(const std::string& text, const std::string& place) {
    return read_domain(parse_xml(text, place), place);
}

void observe_file(const Params& params, const System& system, Observation& seen) {
    seen.place = params.target();
    seen.source = system.read(*params.xml);
    seen.target_text = system.read_if(params.target());
    seen.text = seen.target_text.value_or(seen.source);
    const auto source = parsed(seen.source, *params.xml);
    if (params.domain != source.name && strcasecmp(params.domain.c_str(), source.uuid.c_str()) != 0)
        throw Error(concat({*params.xml, " holds the domain ", source.name, ", wanted ", params.domain}));
    seen.config = params.dest ? parsed(seen.text, seen.place) : source;
    if (seen.config.name != source.name)  // a dest that was mistyped
        throw Error(concat({seen.place, " holds the domain ", seen.config.name, ", wanted ", source.name}));
    seen.host = host_of_sysfs(system);
    add_kernel_facts(seen.host, system);
    seen.is_its_host = !system.is_live();
    if (seen.host.known()) look_at_services(seen.config, system, seen.services);
}

void observe_host(const System& system, Observation& seen) {
    seen.host = seen.connection->host();
    seen.services.libvirt_version = seen.connection->version();
    if (seen.connection->is_this_machine()) add_kernel_facts(seen.host, system);
}

void observe_domain(const Params& params, const System& system, Observation& seen) {
    const auto handle = seen.connection->find(params.domain);
    seen.place = concat({seen.connection->uri(), " ", handle.name()});
    seen.source = seen.text = handle.inactive_xml();
    seen.config = parsed(seen.text, seen.place);
    seen.is_persistent = handle.is_persistent();
    observe_host(system, seen);
    if (handle.is_active()) {
        seen.running = parsed(handle.live_xml(), seen.place);
    } else {
        seen.has_managed_save = handle.has_managed_save();
    }
    if (seen.connection->is_this_machine()) look_at_services(seen.config, system, seen.services);
}

void observe_all(const System& system, Observation& seen) {
    seen.place = seen.connection->uri();
    observe_host(system, seen);
    for (const auto& handle : seen.connection->domains()) {
        ExaminedDomain examined{handle.name(), handle.uuid(), handle.is_active(), {}, ""};
        try {
            examined.domain = parsed(examined.is_active ? handle.live_xml() : handle.inactive_xml(),
                                     concat({seen.place, " ", examined.name}));
        } catch (const Error& error) {
            examined.problem = error.what();  // of one domain: the others are told all the same
        }
        seen.domains.push_back(std::move(examined));
    }
}

}  // namespace

Observation observe(const Params& params, const System& system) {
    Observation seen;
    if (params.xml) {
        observe_file(params, system, seen);
        return seen;
    }
    if (!system.is_live())
        throw Error("libvirt is the running machine's: below another root give xml, a file");
    seen.connection = std::make_shared<Connection>(params.uri.value_or(""), Access::read_only);
    if (params.all_domains()) observe_all(system, seen);
    else observe_domain(params, system, seen);
    return seen;
}

}  // namespace virtbp::domain_numa
