// SPDX-License-Identifier: GPL-3.0-or-later
// Kernel same-page merging (guide rows vbp-mem-ksm-*; the kernel's Documentation/admin-guide/mm/ksm.rst).
//
// The kernel's own rules decide the order of things: the advisor owns pages_to_scan and resets it when it is
// switched; merge_across_nodes and max_page_sharing change only while no page is shared, so KSM is unmerged
// before.
#include <unistd.h>

#include "lib/error.hpp"
#include "lib/formats/meminfo.hpp"
#include "lib/formats/number_list.hpp"
#include "lib/module.hpp"
#include "lib/systemd.hpp"
#include "lib/text.hpp"
#include "modules/ksm/boot.hpp"
#include "modules/ksm/parameters.hpp"

namespace virtbp {

namespace {

using namespace ksm;

/// Programs that set run, pages_to_scan and sleep_millisecs by themselves, again and again.
const std::vector<std::string> owners{"ksmtuned.service", "mom-vdsm.service", "momd.service"};

const std::vector<std::string> counters{"pages_shared",   "pages_sharing", "pages_unshared",
                                        "pages_volatile", "pages_skipped", "pages_scanned",
                                        "ksm_zero_pages", "full_scans",    "general_profit"};

struct Ksm {
    using Params = ksm::Params;

    /// Knob → what it holds. One that is not there is missing.
    using Values = std::map<std::string, json>;

    struct State {
        bool has_sysfs = false;
        Values runtime, counters;
        std::string running_owner, enabled_owner;  ///< "ksmtuned.service runs"
        std::optional<long> spare_memory, swap;    ///< MiB
        size_t nodes = 1;
        Boot boot;
        Files files;

        json now(const std::string& knob) const {
            const auto found = runtime.find(knob);
            return found == runtime.end() ? json() : found->second;
        }
        json value(Layer layer, const std::string& knob) const {
            return layer == Layer::runtime ? now(knob) : boot.find(knob).value;
        }
        long count(const std::string& counter) const {
            const auto found = counters.find(counter);
            return found == counters.end() ? 0 : found->second.get<long>();
        }
    };

    Params params;

    static Manual manual() { return ksm::manual(); }

    // -- what is --------------------------------------------------------------------------------------------

    State read(const System& system) const {
        State is;
        is.has_sysfs = system.exists("/sys/kernel");
        const auto read_into = [&system](Values& values, const std::string& name) {
            if (const auto text = system.read_if(folder + name))
                values[name] = value_of(name, *text, folder + name);
        };
        for (const auto& knob : params.knobs()) read_into(is.runtime, knob.name);
        for (const auto& name : counters) read_into(is.counters, name);
        if (const auto text = system.read_if("/proc/meminfo")) {
            const auto mebibytes = [&text](auto key) { return meminfo(*text, key).value_or(0) >> 20; };
            is.swap = mebibytes("SwapTotal");
            is.spare_memory = mebibytes("MemAvailable") + mebibytes("SwapFree");
        }
        if (const auto text = system.read_if("/sys/devices/system/node/online"))
            is.nodes = parse_number_list(*text).size();
        for (const auto& name : owners) {
            if (is_active(system, name)) is.running_owner = concat({name, " runs"});
            if (starts_at_boot(find_unit(system, name))) is.enabled_owner = concat({name, " is enabled"});
        }
        if (!params.persistent) return is;
        is.boot = Boot(system, params.knobs());
        is.files = is.boot.files();
        return is;
    }

    // -- what should be -------------------------------------------------------------------------------------

    State want(State is) const {
        State should = is;
        for (const auto& knob : params.knobs()) {
            if (params.runtime && is.runtime.contains(knob.name) && is_ours(knob, Layer::runtime, should))
                should.runtime[knob.name] = wish(knob, Layer::runtime, is);
            if (params.persistent && is_ours(knob, Layer::persistent, should))
                should.boot.set(knob, wish(knob, Layer::persistent, is));
        }
        check_memory(is, should);
        if (params.persistent) should.files = should.boot.files();
        return should;
    }

    /// What a knob is to hold. run reads 2 after unmerging: 0 and 2 both stop KSM, and both have unmerged
    /// where nothing is merged.
    static json wish(const Knob& knob, Layer layer, const State& state) {
        if (knob.name != "run") return knob.asked;
        if (knob.asked == "started") return 1;
        const auto now = state.value(layer, "run");
        if (now == 2) return 2;
        const bool merged = now == 1 || state.count("pages_shared") > 0 || state.count("ksm_zero_pages") > 0;
        return knob.asked == "unmerged" && layer == Layer::runtime && merged ? 2 : 0;
    }

    static bool is_ours(const Knob& knob, Layer layer, const State& state) {
        return !knob.asked.is_null() && owner_of(knob, layer, state).empty();
    }

    /// Who sets a knob whatever we write; "" where nobody does.
    static std::string owner_of(const Knob& knob, Layer layer, const State& state) {
        const auto& owner = layer == Layer::runtime ? state.running_owner : state.enabled_owner;
        if (knob.name != "run" && knob.name != "pages_to_scan" && knob.name != "sleep_millisecs") return "";
        if (!owner.empty()) return concat({owner, " and sets it: disable it, or leave this to it"});
        const bool advised = state.value(layer, "advisor_mode") == "scan-time";
        return advised && knob.name == "pages_to_scan" ? "the kernel sets it while advisor_mode is scan-time"
                                                       : "";
    }

    static bool changes(const State& is, const State& should, const std::string& knob) {
        return is.now(knob) != should.now(knob);
    }

    /// The kernel refuses some changes while pages are shared (EBUSY).
    static bool unmerges_before(const State& is, const State& should) {
        return (changes(is, should, "merge_across_nodes") || changes(is, should, "max_page_sharing")) &&
               (is.count("pages_shared") > 0 || is.now("run") == 1);
    }

    /// Unmerging gives each guest its own copy again: without room for all, the OOM killer takes guests.
    static void check_memory(const State& is, const State& should) {
        const bool unmerges =
            unmerges_before(is, should) || (changes(is, should, "run") && should.now("run") == 2);
        const long pages = (1L << 20) / sysconf(_SC_PAGESIZE);  // in a mebibyte
        const long needed = is.count("pages_sharing") / pages + is.count("ksm_zero_pages") / pages;
        if (unmerges && is.spare_memory && needed > *is.spare_memory)
            throw Error(concat({"unmerging needs ", std::to_string(needed),
                                " MiB, and MemAvailable with SwapFree is ", std::to_string(*is.spare_memory),
                                " MiB: nothing was changed"}));
    }

    // -- what is reported -----------------------------------------------------------------------------------

    Fields fields(const State& state) const {
        Fields all;
        for (const auto layer : {Layer::runtime, Layer::persistent})
            for (const auto& knob : params.knobs())
                if (!knob.asked.is_null() && (layer == Layer::runtime ? params.runtime : params.persistent))
                    all.push_back(field(knob, layer, state));
        return all;
    }

    static Field field(const Knob& knob, Layer layer, const State& state) {
        const bool runtime = layer == Layer::runtime;
        const auto owner = owner_of(knob, layer, state);
        const auto asked = wish(knob, layer, state);
        Field field{layer, knob.name, state.value(layer, knob.name),
                    runtime ? knob.path : state.boot.find(knob.name).source};
        if (!runtime && !owner.empty()) field.value = nullptr;  // nobody knows what it will hold
        if (field.value == asked) return field;
        if (runtime && !state.has_sysfs)
            return field.judged(Outcome::not_applicable,
                                "this tree has no /sys: the runtime layer is left out", asked);
        if (runtime && field.value.is_null())
            return field.judged(Outcome::unsupported, concat({"this kernel has no ", knob.path}), asked);
        if (!owner.empty()) return field.judged(Outcome::overridden, owner, asked);
        return runtime ? field : field.judged(Outcome::overridden, concat({field.source, " wins"}), asked);
    }

    json facts(const State& state) const { return {{"counters", state.counters}}; }

    std::vector<std::string> warnings(const State& state) const {
        std::vector<std::string> all;
        if (params.state != "started") return all;
        if (state.swap == 0)
            all.emplace_back(
                "KSM merges and there is no swap: guests that write to merged pages need memory at once");
        const bool across = state.now("merge_across_nodes") == 1;
        if (state.nodes > 1 && params.merge_across_nodes.value_or(across))
            all.push_back(concat({"merge_across_nodes is 1 on a machine of ", std::to_string(state.nodes),
                                  " NUMA nodes: a guest's pages may move to a far one"}));
        return all;
    }

    // -- how to get there -----------------------------------------------------------------------------------

    void apply(System& system, const State& is, const State& should) {
        const auto write = [&system](const std::string& knob, const State& state) {
            system.write(folder + knob, text_of(state.now(knob)) + "\n");
        };
        const bool unmerge = unmerges_before(is, should);
        try {
            if (unmerge) system.write(folder + "run", "2\n");
            for (const auto& knob : params.knobs())
                if (is_written(knob, is, should)) write(knob.name, should);
        } catch (const Error&) {
            if (unmerge) write("run", is);
            throw;
        }
        should.boot.apply_service(system, is.boot);
        system.apply(is.files, should.files);
    }

    /// What differs, and what the kernel has changed through what was written before it.
    static bool is_written(const Knob& knob, const State& is, const State& should) {
        if (knob.name == "run" && unmerges_before(is, should)) return should.now("run") != 2;
        const bool reset =
            knob.name == "pages_to_scan" && !knob.asked.is_null() && changes(is, should, "advisor_mode");
        return changes(is, should, knob.name) || reset;
    }
};

}  // namespace

Entry module() { return entry<Ksm>(); }

}  // namespace virtbp
