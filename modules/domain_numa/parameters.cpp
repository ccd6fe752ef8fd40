// SPDX-License-Identifier: GPL-3.0-or-later
#include "modules/domain_numa/parameters.hpp"

#include "lib/error.hpp"
#include "lib/libvirt/domain.hpp"
#include "lib/text.hpp"

namespace virtbp::domain_numa {

Parameters<CellWish> CellWish::parameters() {
    return Parameters<CellWish>()
        .add("id", &CellWish::id, {"The cell's number. By default its place in the list, from 0."},
             {.min = 0, .max = 1023})
        .add("cpus", &CellWish::cpus,
             {"Its vCPUs, such as V(0-3). Every vCPU of the guest is in exactly one cell."},
             {.required = true})
        .add("memory", &CellWish::memory,
             {"Its memory: V(4G) and V(4GiB) are binary, V(4GB) is 4 * 10^9 bytes, as with libvirt. A number "
              "without a "
              "unit is bytes."},
             {.required = true})
        .add("mem_access", &CellWish::mem_access,
             {"Whether its memory is shared with other processes. Left out: as it is."},
             {.choices = {"shared", "private"}})
        .add("discard", &CellWish::discard,
             {"Whether its memory is thrown away, not written back, at the end. Left out: as it is."},
             {.choices = {"yes", "no"}})
        .add("distances", &CellWish::distances,
             {"Cell to distance, from 11 to 255. One side is enough. Left out: as they are."},
             {.type = Type::dict});
}

Parameters<NumatuneWish> NumatuneWish::parameters() {
    return Parameters<NumatuneWish>()
        .add("mode", &NumatuneWish::mode, {"How strictly memory comes from the nodes; V(strict) where new."},
             {.choices = memory_modes})
        .add("nodeset", &NumatuneWish::nodeset, {"The host's nodes, such as V(0) or V(1-4,^3)."})
        .add("placement", &NumatuneWish::placement,
             {"V(auto) lets numad choose the nodes when the guest starts."}, {.choices = {"static", "auto"}});
}

Parameters<MemnodeWish> MemnodeWish::parameters() {
    return Parameters<MemnodeWish>()
        .add("cell", &MemnodeWish::cell, {"The guest's cell."}, {.required = true, .min = 0, .max = 1023})
        .add("mode", &MemnodeWish::mode, {"How strictly its memory comes from the nodes."},
             {.choices = memory_modes})
        .add("nodeset", &MemnodeWish::nodeset, {"The host's nodes."}, {.required = true});
}

Parameters<AutoWish> AutoWish::parameters() {
    return Parameters<AutoWish>()
        .add("nodes", &AutoWish::nodes,
             {"The host's nodes to use, a list such as V([0, 1]), a cell on each. V(fit) takes the fewest "
              "that have room."})
        .add(
            "pin", &AutoWish::pin,
            {"Whether vCPUs are pinned, pairs of siblings to pairs of siblings. V(false) leaves pins alone."})
        .add("reserve_cpus", &AutoWish::reserve_cpus,
             {"CPUs of the host that no vCPU gets, such as V(0,16). CPUs that the kernel isolates are left "
              "out, too."});
}

Parameters<Params> Params::parameters() {
    return with(
        Parameters<Params>()
            .add("domain", &Params::domain,
                 {"Name or UUID. V(all) looks at all domains of the host in one call, and changes nothing."},
                 {.required = true})
            .add("uri", &Params::uri, {"The libvirt URI. By default libvirt's own."})
            .add("xml", &Params::xml,
                 {"A file with the domain's XML, to be changed instead of what libvirt has; no libvirt is "
                  "needed."},
                 {.type = Type::path})
            .add("dest", &Params::dest, {"Where the changed XML goes. By default to the same file."},
                 {.type = Type::path})
            .add("cells", &Params::cells,
                 {"The guest's NUMA nodes, all of them: a cell that is not in the list is taken away. An "
                  "empty "
                  "list makes a guest without."})
            .add("numatune", &Params::numatune, {"Where the guest's memory comes from as a whole."})
            .add("memnodes", &Params::memnodes,
                 {"Where the memory of each cell comes from, all of them: one that is not in the list is "
                  "taken "
                  "away."})
            .add("vcpupin", &Params::vcpupin,
                 {"vCPU to the host's CPUs that may run it, V({0: \"4,20\"}). Others stay as they are; an "
                  "empty text takes a pin away."},
                 {.type = Type::dict})
            .add("emulatorpin", &Params::emulatorpin,
                 {"The CPUs for all threads that run no vCPU. An empty text takes the pin away."})
            .add("cpuset", &Params::cpuset,
                 {"The CPUs for all that has no pin of its own. An empty text takes it away."})
            .add("auto", &Params::automatic,
                 {"Lays the guest out over the host's nodes: cells, memnodes and pins that follow the host's "
                  "topology. A layout that is there and still fits stays."})
            .add("state", &Params::state,
                 {"V(absent) takes all NUMA settings away: cells, numatune, pins and cpuset."},
                 {.choices = {"present", "absent"}})
            .add("scope", &Params::scope,
                 {"What is changed: the definition, which the next start of the domain has; the running "
                  "domain; or both.",
                  "A running domain takes pins, and the nodeset of numatune where its mode is "
                  "V(restrictive). For the rest RV(restart_required) is true."},
                 {.choices = {"config", "live", "both"}})
            .add("on_misfit", &Params::on_misfit,
                 {"What happens where the layout does not fit the host. More vCPUs than the host has CPUs is "
                  "always an error.",
                  "By default V(fail). A file (O(xml)) of the running machine may be meant for another host: "
                  "what does not fit this one is then told as a warning, unless V(fail) is given."},
                 {.choices = {"fail", "warn"}})
            .where({.mutually_exclusive = {{"uri", "xml"},
                                           {"auto", "cells"},
                                           {"auto", "numatune"},
                                           {"auto", "memnodes"},
                                           {"auto", "vcpupin"}},
                    .required_by = {{"dest", {"xml"}}}}));
}

bool Params::manages() const {
    return state == "absent" || cells || numatune || memnodes || !vcpupin.is_null() || emulatorpin ||
           cpuset || automatic;
}

void Params::check() const {
    const bool wishes = manages() && state == "present";
    if (state == "absent" &&
        (cells || numatune || memnodes || !vcpupin.is_null() || emulatorpin || cpuset || automatic))
        throw Error("state absent takes all NUMA settings away: none can be given with it");
    if (all_domains() && (wishes || state == "absent"))
        throw Error("domain: all only looks: to change a domain, name one");
    if (xml && live()) throw Error("scope " + scope + " needs a running domain, and xml names a file");
}

std::map<int, std::string> Params::pins() const {
    std::map<int, std::string> all;
    if (!vcpupin.is_object()) return all;
    for (const auto& [key, value] : vcpupin.items()) {
        const auto vcpu = to_integer(key);
        if (!vcpu || *vcpu < 0 || *vcpu > 65535)
            throw Error(concat({"vcpupin: \"", key, "\" is no number of a vCPU"}));
        if (!value.is_string() && !value.is_number_integer())
            throw Error(concat({"vcpupin of vCPU ", key, " is no list of CPUs: ", value.dump()}));
        all[static_cast<int>(*vcpu)] = value.is_string() ? value.get<std::string>() : value.dump();
    }
    return all;
}

bool Params::manages(const std::string& setting, const std::map<int, std::string>& own_pins) const {
    const bool amount = setting == "memory" || setting == "current_memory";
    const bool cell = setting.starts_with("cell/");
    const bool policy = setting.starts_with("numatune/") || setting == "placement";
    const bool memnode = setting.starts_with("memnode/");
    if (state == "absent") return !amount;
    if (automatic) {
        if (setting.starts_with("vcpupin/")) return automatic->pin;
        if (amount || cell || policy || memnode) return true;
    }
    if (amount || cell) return cells.has_value();
    if (policy) return numatune.has_value() || (setting == "placement" && cpuset);
    if (memnode) return memnodes.has_value();
    if (setting.starts_with("vcpupin/"))
        return own_pins.contains(static_cast<int>(to_integer(setting.substr(8)).value_or(-1)));
    return setting == "emulatorpin" ? emulatorpin.has_value() : cpuset.has_value();
}

}  // namespace virtbp::domain_numa
