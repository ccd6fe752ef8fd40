// SPDX-License-Identifier: GPL-3.0-or-later
#include "lib/huge_page_support.hpp"

#include <algorithm>

#include "lib/formats/meminfo.hpp"
#include "lib/formats/number_list.hpp"
#include "lib/formats/size.hpp"

namespace virtbp {

HugePageSupport huge_page_support(const System& system) {
    constexpr long usual_size = 2L << 20U;
    HugePageSupport support{{}, usual_size, {0}};
    for (const auto& name : system.list("/sys/kernel/mm/hugepages"))
        if (const auto size = hugepages_folder_size(name)) support.sizes.push_back(*size);
    // Where the running line chose a default, the kernel does not tell its own any more.
    const auto running = parse_cmdline(system.read_if("/proc/cmdline").value_or(""));
    const bool chosen = std::any_of(running.tokens.begin(), running.tokens.end(),
                                    [](const auto& token) { return token.is("default_hugepagesz"); });
    if (!chosen)
        support.default_size =
            meminfo(system.read_if("/proc/meminfo").value_or(""), "Hugepagesize").value_or(usual_size);
    if (const auto online = system.read_if("/sys/devices/system/node/online"))
        support.nodes = parse_number_list(*online);
    return support;
}

}  // namespace virtbp
