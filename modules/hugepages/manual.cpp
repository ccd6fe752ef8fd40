// SPDX-License-Identifier: GPL-3.0-or-later
#include "modules/hugepages/parameters.hpp"

namespace virtbp::hugepages {

Manual manual() {
    return {
        .name = "hugepages",
        .summary = "Manage pools of huge pages and their mounts",
        .description =
            {"Sets how many huge pages the running kernel has, by size and by NUMA node, and makes that last "
             "by a "
             "file in C(/etc/sysctl.d) or an early unit of systemd. Mounts hugetlbfs.",
             "The kernel may give fewer pages than it was asked for: they are counted afterwards, and "
             "O(on_shortfall) decides. A pool is never made smaller than what is in use of it.",
             "A parameter that is left out is not managed; without any, all pools are returned."},
        .notes = {"A count does not hold surplus pages, which the kernel shows in C(nr_hugepages) as well.",
                  "Domains with huge pages cannot be ballooned, merged by KSM or swapped.",
                  "libvirt looks for mounts of hugetlbfs when its daemon starts."},
        .examples = R"(- name: Huge pages of the default size for 64 GiB of guests
  virtbp.core.hugepages:
    memory: 64G
    reserve: 8G

- name: A pool on each NUMA node, all or nothing
  virtbp.core.hugepages:
    pools:
      - {size: 2M, node: 0, count: 8192}
      - {size: 2M, node: 1, count: 4096}
    on_shortfall: rollback

- name: Pages of 1G now and by a unit at boot, mounted for a group
  virtbp.core.hugepages:
    size: 1G
    count: 16
    persist_by: unit
    mounts:
      - {path: /dev/hugepages1G, size: 1G, mode: "1770", group: kvm}

- name: Look at the pools
  virtbp.core.hugepages:
  register: huge
)",
        .returns = {
            {"pools",
             "list",
             {"The kernel's pools of the sizes that were asked for, or all: C(size), C(node) (null for the "
              "whole machine), C(count), C(free), C(surplus), C(wanted) (null where nothing was asked), and, "
              "of the whole machine alone, C(reserved) and C(overcommit)."},
             {{{"size", "2M"},
               {"node", nullptr},
               {"count", 512},
               {"free", 92},
               {"reserved", 0},
               {"surplus", 0},
               {"overcommit", 0},
               {"wanted", 512}}}}}};
}

}  // namespace virtbp::hugepages
