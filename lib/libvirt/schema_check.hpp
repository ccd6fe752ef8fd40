// SPDX-License-Identifier: GPL-3.0-or-later
// libvirt's own schema of a domain, which comes with its client library.
#pragma once

#include <string>
#include <string_view>

namespace virtbp {

/// Relax NG (https://libvirt.org/format.html).
constexpr const char* installed_domain_schema = "/usr/share/libvirt/schemas/domain.rng";

/// What makes the document invalid, with its line; "" where it is valid, or where there is no such schema on
/// this machine. Loading the schema takes some 20 ms. Throws Error where the schema itself cannot be used.
std::string schema_fault(const std::string& text, const std::string& schema);

}  // namespace virtbp
