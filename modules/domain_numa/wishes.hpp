// SPDX-License-Identifier: GPL-3.0-or-later
// From what a domain is and what was asked to what it should be. Nothing else of it changes.
#pragma once

#include "lib/libvirt/domain.hpp"
#include "lib/libvirt/host.hpp"
#include "modules/domain_numa/parameters.hpp"

namespace virtbp::domain_numa {

/// `running` is the domain as it runs, nullptr where it does not: what it holds is free for its own layout.
/// Throws Error where a wish cannot be understood, or cannot be had.
Domain wished(const Params& params, Domain domain, const Host& host, const Domain* running);

/// A number that may be written as text; nothing where it is none.
std::optional<long> number_in(const json& value);

/// The domain's memory follows its cells; the balloon follows, unless it has been set lower.
void sum_up(Domain& domain);

}  // namespace virtbp::domain_numa
