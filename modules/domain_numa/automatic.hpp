// SPDX-License-Identifier: GPL-3.0-or-later
// auto: a domain takes the layout that layout.hpp makes, or keeps the one that it has.
#pragma once

#include <map>

#include "lib/libvirt/domain.hpp"
#include "lib/libvirt/host.hpp"
#include "modules/domain_numa/parameters.hpp"

namespace virtbp::domain_numa {

/// Cells, memnodes, numatune and, where they are wished, pins. Throws Error where the host is not known or
/// the domain does not fit it.
void lay_out_domain(const AutoWish& wish, const Host& host, const Domain* running, Domain& domain);

/// What a running domain holds of each node, in KiB: the memory that is bound to one node alone.
std::map<int, long> held_by(const Domain& running);

}  // namespace virtbp::domain_numa
