// SPDX-License-Identifier: GPL-3.0-or-later
// Changes to a domain that libvirt has.
#pragma once

#include "modules/domain_numa/observation.hpp"

namespace virtbp::domain_numa {

/// Defines the domain with the settings of `should`, its secrets kept. Throws Error where somebody else has
/// changed it since `is` was read, or libvirt refuses it.
void define(const Params& params, const Domain& is, const Domain& should);

/// Brings the running domain from `is` to `should`: pins, and the nodeset of numatune. One that is taken
/// away becomes all of the host's CPUs.
void change_running(const Params& params, const Domain& is, const Domain& should, const Host& host);

}  // namespace virtbp::domain_numa
