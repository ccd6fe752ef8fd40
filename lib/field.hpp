// SPDX-License-Identifier: GPL-3.0-or-later
// A field: one value that a module manages, in one layer. What is compared, changed and reported.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lib/json.hpp"

namespace virtbp {

/// Where a value lives. runtime: the kernel now · persistent: a file that the next boot reads · boot: the
/// kernel command line · config: a domain's definition · live: a running domain.
enum class Layer { runtime, persistent, boot, config, live };

/// What became of a field (docs/protocol.md), from the best to the worst.
enum class Outcome {
    not_applicable,  ///< does not concern this machine; `reason` is a fact
    same,
    changed,
    pending_reboot,  ///< written, in force from the next boot on
    partial,         ///< the kernel took a part
    overridden,      ///< written, but a later file or a running daemon wins
    locked,          ///< present, and cannot be changed
    unsupported,     ///< this kernel or this object does not offer it
};

struct Field {
    Layer layer = Layer::runtime;
    std::string name;  ///< "hugepages/2M": unique in its layer
    json value;  ///< a scalar; in the state that read() gives what is, in the one from want() what will be
    std::string source;  ///< the file that it is read from
    /// Set by read() or want() where comparing values does not tell: not_applicable, unsupported, locked,
    /// overridden, pending_reboot, and partial from a reading after apply.
    std::optional<Outcome> verdict = {};
    std::string reason = {};
    /// What the user asked for where it is not what will be read (overridden, unsupported, locked,
    /// pending_reboot).
    std::optional<json> wanted = {};

    /// The field with a verdict, its reason, and what the user asked for.
    Field judged(Outcome outcome, std::string why, json asked) const;
};

using Fields = std::vector<Field>;

std::string_view name_of(Layer layer);
std::string_view name_of(Outcome outcome);

}  // namespace virtbp
