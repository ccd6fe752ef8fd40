// SPDX-License-Identifier: GPL-3.0-or-later
// Pools of huge pages and their mounts (guide rows vbp-mem-hugepages-*; the kernel's
// admin-guide/mm/hugetlbpage).
//
// The kernel takes any count and gives what it finds, so every write is read back. Pools are set by size
// through sysfs: vm.nr_hugepages means the default size, whatever that is. A size has the machine's count or
// its nodes', never both, since the machine's moves the nodes' pages.
#include <algorithm>

#include "lib/error.hpp"
#include "lib/formats/meminfo.hpp"
#include "lib/formats/size.hpp"
#include "lib/huge_page_support.hpp"
#include "lib/module.hpp"
#include "lib/text.hpp"
#include "modules/hugepages/fields.hpp"
#include "modules/hugepages/parameters.hpp"
#include "modules/hugepages/pools.hpp"
#include "modules/hugepages/state.hpp"

namespace virtbp {

namespace {

using namespace hugepages;

struct Hugepages {
    using Params = hugepages::Params;
    using State = hugepages::State;

    Params params;

    static Manual manual() { return hugepages::manual(); }

    // -- what is --------------------------------------------------------------------------------------------

    State read(const System& system) const {
        State is;
        is.live = system.is_live();
        is.has_sysfs = system.exists("/sys/kernel");
        if (const auto text = system.read_if("/proc/meminfo")) {
            is.has_meminfo = true;
            is.default_size = meminfo(*text, "Hugepagesize").value_or(usual_page_size);
            read_memory(is, whole_machine, *text);
        }
        is.wishes = params.wishes(is.default_size);
        is.pools = read_pools(system);
        for (const auto& [knob, pages] : is.wishes)
            if (knob.node != whole_machine)
                if (const auto text = system.read_if(
                        concat({"/sys/devices/system/node/node", std::to_string(knob.node), "/meminfo"})))
                    read_memory(is, knob.node, *text);
        is.mounts = Mounts(system, params.mount_wishes(), is.default_size,
                           is.has_sysfs ? std::optional(is.pools.sizes()) : std::nullopt);
        if (!params.persistent) return is;
        HugePageSupport support{is.pools.sizes(), built_in_page_size(system, is.default_size),
                                is.pools.nodes(is.default_size)};
        for (const auto& wish : is.wishes) support.sizes.push_back(wish.knob.size);
        if (params.default_size) support.sizes.push_back(wanted_default(is));
        is.boot = BootPools(system, support, uses_lines(is));
        is.collect_files();
        return is;
    }

    bool uses_lines(const State& is) const {
        return params.default_size || std::any_of(is.wishes.begin(), is.wishes.end(), [&](const Wish& wish) {
                   return params.keeper_of(wish.knob, is.default_size) == Keeper::cmdline;
               });
    }

    static void read_memory(State& state, int node, std::string_view text) {
        if (const auto total = meminfo(text, "MemTotal")) state.memory[node] = *total;
        if (const auto free = meminfo(text, "MemFree")) state.free_memory[node] = *free;
    }

    // -- what should be -------------------------------------------------------------------------------------

    State want(State is) const {
        State should = is;
        Pools planned = is.pools;
        for (const auto& wish : is.wishes)
            if (is.why_unsupported(wish.knob).empty()) planned.set(wish);
        if (params.runtime) {
            check_in_use(is.pools, planned);
            should.pools = planned;
            if (is.live) should.mounts.mount_all();
        }
        check_reserve(is, planned);
        if (params.persistent) want_persistent(should);
        return should;
    }

    void check_reserve(const State& is, const Pools& planned) const {
        const bool lasts = std::any_of(is.wishes.begin(), is.wishes.end(), [&](const Wish& wish) {
            if (!params.persistent || wish.knob.overcommit) return false;
            const auto before = is.boot.find(wish.knob).pages;
            return !before.is_number() || before.get<long>() < wish.pages;
        });
        for (const auto& [node, memory] : is.memory) {
            const long after = memory_of(planned, is.pools, node);
            const bool grows = params.runtime && after > memory_of(is.pools, is.pools, node);
            const long reserve = params.reserved(memory, node);
            if (after > memory - reserve && (grows || lasts))
                throw Error(concat({"reserve: ", place_of(node), "huge pages would take ", mebibytes(after),
                                    " of ", mebibytes(memory), ", and ", mebibytes(reserve),
                                    " must stay free: nothing was changed"}));
        }
    }

    void want_persistent(State& should) const {
        std::vector<Wish> on_line;
        bool line_differs =
            params.default_size && (should.boot.default_size() != wanted_default(should) ||
                                    should.boot.configured_default_size() != wanted_default(should));
        for (const auto& wish : should.wishes) {
            const auto& knob = wish.knob;
            const auto keeper = params.keeper_of(knob, wanted_default(should));
            const bool is_on_line = keeper == Keeper::cmdline;
            if (!should.why_unsupported(knob).empty() || should.is_masked(keeper)) continue;
            if (is_on_line) on_line.push_back(wish);
            const bool differs = should.boot.find(knob).pages != wish.pages;
            if (differs || is_on_line) should.boot.set(wish, keeper);
            line_differs = line_differs ||
                           (is_on_line && (differs || should.boot.find_configured(knob).pages != wish.pages));
        }
        const bool asks_line = params.default_size || !on_line.empty();
        if (line_differs || (asks_line && should.boot.lines().can_be_set()))
            set_lines(should, on_line, line_differs);
        should.mounts.keep_all();
        should.collect_files();
    }

    long wanted_default(const State& state) const {
        return params.default_size ? parse_page_size(*params.default_size) : state.default_size;
    }

    /// Other entries may differ where the one that is looked at does not.
    void set_lines(State& should, const std::vector<Wish>& wishes, bool differs) const {
        for (const auto& wish : wishes)
            if (BootPools::skips(should.boot.lines().configured(), wish.knob.size))
                throw Error(
                    "persist_by: hugetlb_cma= is on the kernel command line, and with it the kernel leaves "
                    "out "
                    "the pages of 1G and more that the line asks for: take it away, or set persist_by: unit");
        should.boot.set_lines(params.default_size ? std::optional(wanted_default(should)) : std::nullopt,
                              wishes);
        const auto memory = should.memory.find(whole_machine);
        if (memory == should.memory.end() || !differs) return;
        const long reserved = should.boot.reserved_by_line(),
                   kept = params.reserved(memory->second, whole_machine);
        if (reserved > memory->second - kept)
            throw Error(concat({"reserve: the kernel command line would reserve ", mebibytes(reserved),
                                " of ", mebibytes(memory->second), ", and ", mebibytes(kept),
                                " must stay free: nothing was changed"}));
    }

    // -- what is reported -----------------------------------------------------------------------------------

    Fields fields(const State& state) const { return hugepages::fields(params, state); }
    json facts(const State& state) const { return {{"pools", listed(state.pools, state.wishes)}}; }
    std::vector<std::string> warnings(const State& state) const { return hugepages::warnings(params, state); }

    bool allows(Outcome outcome) const {
        return outcome == Outcome::partial && params.on_shortfall == "warn";
    }

    // -- how to get there -----------------------------------------------------------------------------------

    void apply(System& system, const State& is, const State& should) {
        if (params.runtime) {
            apply_pools(system, is, should);
            should.mounts.apply(system, is.mounts);
        }
        if (!params.persistent) return;
        should.boot.lines().apply(system, is.files, should.files);
        const auto before = is.links(), after = should.links();
        for (const auto& [path, target] : after)
            if (!before.contains(path)) system.make_link(path, target);
        for (const auto& [path, target] : before)
            if (!after.contains(path) && system.kind(path) == Kind::link) system.remove(path);
        const bool for_systemd =
            before != after || std::any_of(should.files.begin(), should.files.end(), [&is](const auto& file) {
                const bool for_it = file.first.starts_with("/etc/systemd/") || file.first == "/etc/fstab";
                return for_it && is.files.at(file.first) != file.second;
            });
        if (for_systemd && system.exists("/run/systemd/system")) system.run({"systemctl", "daemon-reload"});
    }

    void apply_pools(System& system, const State& is, const State& should) const {
        auto writes = in_order(is.wishes, is.pools, should.pools);
        try {
            for (const auto& wish : writes) write_pages(system, wish);
            if (params.on_shortfall != "rollback") return;
            const auto now = read(system);
            for (const auto& wish : writes)
                if (now.pools.value(wish.knob) != wish.pages)
                    throw Error(concat({wish.knob.name(), ": ", now.shortfall_of(wish)}));
        } catch (const Error& error) {
            if (params.on_shortfall != "rollback") throw;
            std::reverse(writes.begin(), writes.end());
            for (const auto& [knob, pages] : writes)
                write_pages(system, {knob, is.pools.value(knob).value_or(0)});
            throw Error(concat({error.what(), "; the earlier counts were written back"}));
        }
    }
};

}  // namespace

Entry module() { return entry<Hugepages>(); }

}  // namespace virtbp
