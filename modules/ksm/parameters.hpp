// SPDX-License-Identifier: GPL-3.0-or-later
// What users write about KSM, and which of the kernel's knobs that concerns.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "lib/json.hpp"
#include "lib/module.hpp"

namespace virtbp::ksm {

inline const std::string folder = "/sys/kernel/mm/ksm/";

/// A knob, and what the user asks of it: null where it is not managed. Values are numbers, and advisor_mode's
/// words.
struct Knob {
    std::string name;
    json asked;
    std::string path = folder + name;
};

/// A knob's value in `text`. Throws Error, which names the place, where there is none.
json value_of(const std::string& knob, const std::string& text, const std::string& place);
std::string text_of(const json& value);

struct Params : HostParams {
    std::optional<std::string> state, advisor_mode;
    std::optional<bool> merge_across_nodes, use_zero_pages, smart_scan;
    std::optional<long> pages_to_scan, sleep_millisecs, max_page_sharing, advisor_max_cpu,
        advisor_min_pages_to_scan, advisor_max_pages_to_scan, advisor_target_scan_time;

    static Parameters<Params> parameters();

    /// Throws Error on what a declaration cannot say.
    void check() const;

    /// In the order in which the kernel takes them. run, which `state` asks for by its name, comes last.
    std::vector<Knob> knobs() const;
};

/// The module's documents.
Manual manual();

}  // namespace virtbp::ksm
