// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "lib/formats/cmdline.hpp"
#include "lib/system.hpp"

namespace virtbp {

/// How this machine's kernel takes huge page parameters: /sys/kernel/mm/hugepages, /proc/meminfo and the
/// online nodes. Without a /sys no size is known, and the default is what x86_64 and aarch64 have.
HugePageSupport huge_page_support(const System& system);

}  // namespace virtbp
