// SPDX-License-Identifier: GPL-3.0-or-later
// A domain and its host as they are: from libvirt over a connection that can only read, or from a file.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "lib/libvirt/connection.hpp"
#include "lib/libvirt/domain.hpp"
#include "lib/libvirt/host.hpp"
#include "lib/system.hpp"
#include "modules/domain_numa/all_domains.hpp"
#include "modules/domain_numa/checks.hpp"
#include "modules/domain_numa/parameters.hpp"

namespace virtbp::domain_numa {

struct Observation {
    std::string place;  ///< where the definition is: the domain's URI and name, or the file's path
    std::string text;   ///< the definition that the next start has, without secrets; with xml what dest holds
    std::string source;                      ///< what is edited: the same, with xml that file's text
    std::optional<std::string> target_text;  ///< with xml: dest as it is, nothing where it is not there yet
    Domain config;                           ///< `text` as values
    std::optional<Domain> running;           ///< nothing where it does not run
    bool is_persistent = true;
    bool has_managed_save = false;
    Host host;  ///< of a file below another root, the machine of that root
    /// Whether the host is the one that the domain is meant for: a file of the running machine may be for
    /// another.
    bool is_its_host = true;
    HostServices services;
    std::vector<ExaminedDomain> domains;     ///< with domain: all
    std::shared_ptr<Connection> connection;  ///< kept open: the test driver forgets all with its last one
};

/// Throws Error where there is no such domain, file or libvirt.
Observation observe(const Params& params, const System& system);

}  // namespace virtbp::domain_numa
