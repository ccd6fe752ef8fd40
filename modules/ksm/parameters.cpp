// SPDX-License-Identifier: GPL-3.0-or-later
#include "modules/ksm/parameters.hpp"

#include "lib/error.hpp"
#include "lib/formats/selector.hpp"
#include "lib/text.hpp"

namespace virtbp::ksm {

json value_of(const std::string& knob, const std::string& text, const std::string& place) {
    if (knob == "advisor_mode") return parse_selector(text).chosen.value_or(std::string(trim(text)));
    const auto number = to_integer(trim(text));
    if (!number) throw Error(concat({place, " holds no number: ", trim(text)}));
    return *number;
}

std::string text_of(const json& value) { return value.is_string() ? value.get<std::string>() : value.dump(); }

Parameters<Params> Params::parameters() {
    return with(Parameters<Params>()
                    .add("state", &Params::state,
                         {"Whether the kernel merges equal pages.",
                          "V(stopped) keeps what is merged; V(unmerged) takes it apart, which needs the "
                          "memory that it saved."},
                         {.choices = {"started", "stopped", "unmerged"}})
                    .add("pages_to_scan", &Params::pages_to_scan,
                         {"Pages to look at before each pause. The guide begins with 1000.",
                          "Belongs to the kernel's advisor while O(advisor_mode) is V(scan-time)."},
                         {.min = 0, .max = 4294967295})
                    .add("sleep_millisecs", &Params::sleep_millisecs,
                         {"The pause in milliseconds. The guide asks for more than 1000."},
                         {.min = 0, .max = 4294967295})
                    .add("merge_across_nodes", &Params::merge_across_nodes,
                         {"Whether pages of different NUMA nodes are merged. The guide asks for V(false) on "
                          "a NUMA machine.",
                          "To change it, what is merged is taken apart first."})
                    .add("use_zero_pages", &Params::use_zero_pages,
                         {"Whether empty pages are merged with the kernel's zero page."})
                    .add("max_page_sharing", &Params::max_page_sharing,
                         {"How many pages may share one. To change it, what is merged is taken apart first."},
                         {.min = 2, .max = 2147483647})
                    .add("smart_scan", &Params::smart_scan,
                         {"Whether pages that never merged are looked at less often."})
                    .add("advisor_mode", &Params::advisor_mode,
                         {"The kernel's own tuning of O(pages_to_scan)."}, {.choices = {"none", "scan-time"}})
                    .add("advisor_max_cpu", &Params::advisor_max_cpu,
                         {"The most of a CPU that the advisor lets scanning take, in percent."},
                         {.min = 0, .max = 100})
                    .add("advisor_min_pages_to_scan", &Params::advisor_min_pages_to_scan,
                         {"The advisor's lower bound."}, {.min = 0})
                    .add("advisor_max_pages_to_scan", &Params::advisor_max_pages_to_scan,
                         {"The advisor's upper bound."}, {.min = 0})
                    .add("advisor_target_scan_time", &Params::advisor_target_scan_time,
                         {"Seconds in which the advisor wants all pages scanned."}, {.min = 1}));
}

void Params::check() const {
    HostParams::check();
    if (advisor_mode == "scan-time" && pages_to_scan)
        throw Error("pages_to_scan belongs to the advisor while advisor_mode is scan-time: give one of them");
}

std::vector<Knob> Params::knobs() const {
    const auto asked = [](const auto& given) { return given ? json(*given) : json(); };
    const auto flag = [](const auto& given) { return given ? json(*given ? 1 : 0) : json(); };
    return {{"advisor_mode", asked(advisor_mode)},
            {"advisor_max_cpu", asked(advisor_max_cpu)},
            {"advisor_min_pages_to_scan", asked(advisor_min_pages_to_scan)},
            {"advisor_max_pages_to_scan", asked(advisor_max_pages_to_scan)},
            {"advisor_target_scan_time", asked(advisor_target_scan_time)},
            {"max_page_sharing", asked(max_page_sharing)},
            {"merge_across_nodes", flag(merge_across_nodes)},
            {"pages_to_scan", asked(pages_to_scan)},
            {"sleep_millisecs", asked(sleep_millisecs)},
            {"use_zero_pages", flag(use_zero_pages)},
            {"smart_scan", flag(smart_scan)},
            {"run", asked(state)}};
}

Manual manual() {
    return {
        .name = "ksm",
        .summary = "Manage kernel same-page merging",
        .description =
            {"Sets KSM's knobs in the running kernel, and for good by C(ksm.service) where there is one "
             "and by a file in C(/etc/tmpfiles.d).",
             "What a running C(ksmtuned) or the kernel's advisor owns is left to it and reported as "
             "C(overridden).",
             "A parameter that is left out is not managed; without any, the counters are returned."},
        .notes = {"KSM merges neither huge pages nor the memory of domains with C(nosharepages)."},
        .examples = R"(- name: Merge pages of like guests, as the guide begins
  virtbp.core.ksm:
    state: started
    pages_to_scan: 1000
    sleep_millisecs: 1500
    merge_across_nodes: false

- name: Take apart what was merged, now and not for good
  virtbp.core.ksm:
    state: unmerged
    persistent: false
)",
        .returns = {{"counters",
                     "dict",
                     {"What the kernel counts: C(pages_shared), C(pages_sharing), C(full_scans) and others."},
                     {{"pages_shared", 1200}, {"pages_sharing", 8400}, {"full_scans", 17}}}}};
}

}  // namespace virtbp::ksm
