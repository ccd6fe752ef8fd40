// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "lib/module.hpp"

namespace virtbp::domain_numa {

struct CellWish {
    std::optional<int> id;
    std::string cpus, memory;
    std::optional<std::string> mem_access, discard;
    json distances;  ///< cell → distance

    static Parameters<CellWish> parameters();
};

struct NumatuneWish {
    std::optional<std::string> mode, nodeset, placement;

    static Parameters<NumatuneWish> parameters();
};

struct MemnodeWish {
    int cell = 0;
    std::string mode = "strict";
    std::string nodeset;

    static Parameters<MemnodeWish> parameters();
};

struct AutoWish {
    json nodes = "fit";  ///< or a list of nodes
    bool pin = true;
    std::string reserve_cpus;

    static Parameters<AutoWish> parameters();
};

struct Params : CommonParams {
    std::string domain;
    std::optional<std::string> uri, xml, dest;
    std::optional<std::vector<CellWish>> cells;
    std::optional<NumatuneWish> numatune;
    std::optional<std::vector<MemnodeWish>> memnodes;
    json vcpupin;  ///< vCPU → cpuset
    std::optional<std::string> emulatorpin, cpuset;
    std::optional<AutoWish> automatic;
    std::string state = "present";
    std::string scope = "config";
    std::optional<std::string> on_misfit;

    static Parameters<Params> parameters();
    void check() const;

    /// Whether anything is to be managed; otherwise the domain is only looked at.
    bool manages() const;
    /// vcpupin by number. Throws Error where a key is none, or a value no text or number.
    std::map<int, std::string> pins() const;
    /// Whether a setting is managed ("vcpupin/3", as settings.hpp names it); `own_pins` is pins().
    bool manages(const std::string& setting, const std::map<int, std::string>& own_pins) const;
    bool all_domains() const { return domain == "all" && !xml; }
    bool config() const { return scope != "live"; }
    bool live() const { return scope != "config"; }
    /// The file that holds the result.
    const std::string& target() const { return dest ? *dest : *xml; }
};

Manual manual();

}  // namespace virtbp::domain_numa
