// SPDX-License-Identifier: GPL-3.0-or-later
#include "lib/huge_page_support.hpp"

#include <algorithm>

#include "lib/formats/meminfo.hpp"
#include "lib/formats/number_list.hpp"
#include "lib/formats/size.hpp"

namespace virtbp {

long built_in_page_size(const System& system, long in_force) {
    const auto running = parse_cmdline(system.read_if("/proc/cmdline").value_or(""));
    const bool chosen = std::any_of(running.tokens.begin(), running.tokens.end(),
                                    [](const auto& token) { return token.is("default_hugepagesz"); });
    return chosen ? usual_page_size : in_force;
}

HugePageSupport huge_page_support(const System& system) {
    const auto in_force = meminfo(system.read_if("/proc/meminfo").value_or(""), "Hugepagesize");
    HugePageSupport support{{}, built_in_page_size(system, in_force.value_or(usual_page_size)), {0}};
    for (const auto& name : system.list("/sys/kernel/mm/hugepages"))
        if (const auto size = hugepages_folder_size(name)) support.sizes.push_back(*size);
    if (const auto online = system.read_if("/sys/devices/system/node/online"))
        support.nodes = parse_number_list(*online);
    return support;
}

}  // namespace virtbp
