// SPDX-License-Identifier: GPL-3.0-or-later
// All domains of a host at once: what none of them shows by itself (guide rows vbp-cpu-overcommit,
// vbp-dom-numa-spread, vbp-dom-hugepages).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "modules/domain_numa/checks.hpp"

namespace virtbp::domain_numa {

struct ExaminedDomain {
    std::string name, uuid;
    bool is_active = false;
    std::optional<Domain> domain;  ///< as it runs, else as it is defined; nothing where `problem` says why
    std::string problem;
};

/// Sums over domains against the host: what those that run ask for is an error where it is too much, what all
/// would ask for a warning.
Findings check_all(const std::vector<ExaminedDomain>& domains, const Host& host);

/// [{name, uuid, state, findings, topology}], with the findings of each domain by itself.
json describe(const std::vector<ExaminedDomain>& domains, const Host& host, const HostServices& services);

}  // namespace virtbp::domain_numa
