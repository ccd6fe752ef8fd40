// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "lib/formats/cmdline.hpp"
#include "lib/system.hpp"

namespace virtbp {

/// What kernels have that are not told otherwise, on x86_64 and on aarch64 with pages of 4K.
constexpr long usual_page_size = 2L << 20U;

/// The default size that the kernel has without default_hugepagesz=, where `in_force` is the one that it has
/// now: where the running line chose that, the kernel does not tell its own any more.
long built_in_page_size(const System& system, long in_force);

/// How this machine's kernel takes huge page parameters: /sys/kernel/mm/hugepages, /proc/meminfo and the
/// online nodes. Without a /sys no size is known, and the default is what x86_64 and aarch64 have.
HugePageSupport huge_page_support(const System& system);

}  // namespace virtbp
