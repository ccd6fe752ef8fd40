// SPDX-License-Identifier: GPL-3.0-or-later
#include "modules/domain_numa/parameters.hpp"

namespace virtbp::domain_numa {

Manual manual() {
    return {
        .name = "domain_numa",
        .summary = "Lay out a libvirt domain over NUMA nodes",
        .description =
            {"Changes the NUMA cells of a guest, where the memory of each comes from, and the CPUs that its "
             "vCPUs run on; in the definition of the domain, in the running domain as far as it can be, or "
             "in a "
             "file.",
             "The definition is edited in place: all that is not asked for stays as it is, passwords, NVRAM, "
             "addresses and other namespaces among it. It is read back afterwards, since libvirt rewrites "
             "some "
             "of what it is given.",
             "Everything is checked before anything is written: the layout in itself and against the host."},
        .notes = {"Without any setting the module only looks, and changes nothing.",
                  "O(domain=all) compares all domains of a host with the host in one call.",
                  "In O(xml) mode neither a daemon nor libvirt's library is needed."},
        .examples = R"(- name: Four cells for the guest, each on a node of the host
  virtbp.core.domain_numa:
    domain: sles15
    cells:
      - {cpus: "0-1", memory: 512000 KiB}
      - {cpus: "2-3", memory: 512000 KiB}
      - {cpus: "4-5", memory: 512000 KiB}
      - {cpus: "6-7", memory: 512000 KiB}
    numatune: {mode: strict, nodeset: "1-4,^3"}
    memnodes:
      - {cell: 0, mode: strict, nodeset: "1"}
      - {cell: 2, mode: preferred, nodeset: "2"}

- name: Lay the guest out by itself, core 0 of each node stays with the host
  virtbp.core.domain_numa:
    domain: hana
    auto: {nodes: fit, reserve_cpus: "0,8,16,24"}

- name: Pin two vCPUs, now and for the next start
  virtbp.core.domain_numa:
    domain: web
    vcpupin: {0: "2", 1: "3"}
    emulatorpin: "0-1"
    scope: both

- name: A guest without cells on one node of the host
  virtbp.core.domain_numa:
    domain: small
    cpuset: "8-15"
    numatune: {mode: strict, nodeset: "1"}

- name: What does not fit, over all domains of the host
  virtbp.core.domain_numa:
    domain: all
  check_mode: true
  register: host_view
)",
        .returns = {
            {"topology",
             "dict",
             {"C(host): its nodes with CPUs, siblings, memory and pools of huge pages. C(guest): its vCPUs, "
              "cells and pins as they are after the call; in check mode as they would be."},
             {{"guest", {{"vcpus", 4}, {"memory", "2097152 KiB"}}}}},
            {"findings",
             "list",
             {"What is wrong or doubtful: C(severity) (error, warning, info), the C(element), a C(message), "
              "a "
              "C(remedy), and the C(row) of the guide. A task that is refused has them, too."},
             {{{"severity", "warning"},
               {"element", "cputune"},
               {"message", "vCPUs or memory are bound to no node: they move across the 2 nodes of the host"},
               {"remedy", "bind them: auto, or numatune with cpuset"},
               {"row", "vbp-dom-numa-spread"}}}},
            {"restart_required",
             "bool",
             {"Whether the running domain is otherwise than what was asked for, until it is shut off and "
              "started again. The fields of layer C(live) that are C(pending_reboot) say in what."},
             false},
            {"xml_diff",
             "str",
             {"The difference of the definition, as diff -u tells it, without secrets."},
             "--- qemu:///system web\n+++ qemu:///system web\n"},
            {"domains",
             "list",
             {"With O(domain=all): each domain's C(name), C(uuid), C(state), C(findings) and C(topology)."},
             {{{"name", "web"}, {"state", "running"}}}}}};
}

}  // namespace virtbp::domain_numa
