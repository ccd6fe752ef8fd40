// SPDX-License-Identifier: GPL-3.0-or-later
#include "modules/hugepages/fields.hpp"

#include <algorithm>

#include "lib/formats/size.hpp"
#include "lib/text.hpp"

namespace virtbp::hugepages {

namespace {

constexpr std::string_view no_sysfs = "this tree has no /sys: the runtime layer is left out";

Field runtime_field(const Wish& wish, const State& state) {
    Field field{Layer::runtime, wish.knob.name(), nullptr, wish.knob.path()};
    if (!state.has_sysfs) return field.judged(Outcome::not_applicable, std::string(no_sysfs), wish.pages);
    if (const auto value = state.pools.value(wish.knob)) field.value = *value;
    if (field.value == wish.pages) return field;
    if (auto why = state.why_unsupported(wish.knob); !why.empty())
        return field.judged(Outcome::unsupported, std::move(why), wish.pages);
    return field.judged(Outcome::partial, state.shortfall_of(wish), wish.pages);
}

/// What the boot loader's files are set to.
Field configured_field(const Wish& wish, const State& state) {
    const auto setting = state.boot.find_configured(wish.knob);
    Field field{Layer::persistent, wish.knob.name(), setting.pages, setting.source};
    if (field.source.empty()) field.source = state.boot.lines().configured().source;
    if (field.value == wish.pages) return field;
    if (auto why = state.why_unsupported(wish.knob); !why.empty())
        return field.judged(Outcome::unsupported, std::move(why), wish.pages);
    return field.judged(Outcome::overridden, "other parameters of the same line decide", wish.pages);
}

/// What the next boot gives.
Field boot_field(const Wish& wish, const State& state, Keeper keeper) {
    const auto setting = state.boot.find(wish.knob);
    Field field{keeper == Keeper::cmdline ? Layer::boot : Layer::persistent, wish.knob.name(), setting.pages,
                setting.source.empty() ? BootPools::file_of(keeper) : setting.source};
    if (field.value == wish.pages) return field;
    if (keeper == Keeper::cmdline) {
        const auto& lines = state.boot.lines();
        if (!lines.apart().empty()) return field.judged(Outcome::overridden, lines.apart(), wish.pages);
        if (!lines.waits().empty() && state.boot.find_configured(wish.knob).pages == wish.pages)
            return field.judged(Outcome::pending_reboot, lines.waits(), wish.pages);
    }
    if (auto why = state.why_unsupported(wish.knob); !why.empty())
        return field.judged(Outcome::unsupported, std::move(why), wish.pages);
    if (state.is_masked(keeper))
        return field.judged(Outcome::overridden, BootPools::file_of(keeper) + " is masked", wish.pages);
    return field.judged(Outcome::overridden, field.source + " wins", wish.pages);
}

void add_default_size(Fields& all, const Params& params, const State& state, long wanted) {
    const std::string name = "default_hugepagesz";
    const auto& lines = state.boot.lines();
    all.push_back({Layer::persistent, name, page_size_name(state.boot.configured_default_size()),
                   lines.configured().source});
    all.push_back({Layer::boot, name, page_size_name(state.boot.default_size()), lines.next().source});
    if (auto& next = all.back(); next.value != page_size_name(wanted)) {
        if (!lines.apart().empty())
            next = next.judged(Outcome::overridden, lines.apart(), page_size_name(wanted));
        else if (!lines.waits().empty())
            next = next.judged(Outcome::pending_reboot, lines.waits(), page_size_name(wanted));
    }
    if (!params.runtime) return;
    Field running{Layer::runtime, name, page_size_name(state.default_size), "/proc/meminfo"};
    if (!state.has_meminfo)
        running = running.judged(Outcome::not_applicable, std::string(no_sysfs), page_size_name(wanted));
    else if (state.default_size != wanted)
        running = running.judged(Outcome::pending_reboot,
                                 "a running kernel's default size stays until the next boot",
                                 page_size_name(wanted));
    all.push_back(std::move(running));
}

Field mounted_field(const Mounts::Entry& entry, const State& state) {
    Field field{Layer::runtime, "mount" + entry.wish.path, state.mounts.now(entry), "/proc/mounts"};
    const auto wanted = state.mounts.wanted(entry);
    if (field.value == wanted) return field;
    if (!state.has_sysfs) return field.judged(Outcome::not_applicable, std::string(no_sysfs), wanted);
    if (!entry.offered)
        return field.judged(Outcome::unsupported, why_missing(state.pools, {state.mounts.size(entry)}),
                            wanted);
    if (!state.live)
        return field.judged(Outcome::not_applicable,
                            "this root is not the running machine's: mounts are made there alone", wanted);
    return field;
}

Field kept_field(const Mounts::Entry& entry, const State& state) {
    const auto setting = state.mounts.at_boot(entry);
    Field field{Layer::persistent, "mount" + entry.wish.path, setting.options, setting.source};
    const auto wanted = state.mounts.wanted(entry);
    if (field.value == wanted) return field;
    if (!entry.offered)
        return field.judged(Outcome::unsupported, why_missing(state.pools, {state.mounts.size(entry)}),
                            wanted);
    return field.judged(Outcome::overridden,
                        concat({setting.source, setting.masked ? " is masked" : " wins"}), wanted);
}

}  // namespace

Fields fields(const Params& params, const State& state) {
    Fields all;
    if (params.runtime) {
        for (const auto& wish : state.wishes) all.push_back(runtime_field(wish, state));
        for (const auto& entry : state.mounts.entries()) all.push_back(mounted_field(entry, state));
    }
    if (!params.persistent) return all;
    const long wanted_default =
        params.default_size ? parse_page_size(*params.default_size) : state.default_size;
    for (const auto& wish : state.wishes) {
        const auto keeper = params.keeper_of(wish.knob, wanted_default);
        if (keeper == Keeper::cmdline) all.push_back(configured_field(wish, state));
        all.push_back(boot_field(wish, state, keeper));
    }
    if (params.default_size) add_default_size(all, params, state, wanted_default);
    for (const auto& entry : state.mounts.entries()) all.push_back(kept_field(entry, state));
    return all;
}

std::vector<std::string> warnings(const Params& params, const State& state) {
    std::vector<std::string> all;
    if (!state.has_meminfo && !state.wishes.empty())
        all.push_back(
            concat({"this tree has no /proc/meminfo to tell the default size of huge pages: taken is ",
                    page_size_name(usual_page_size)}));
    for (const auto& [name, pool] : state.pools) {
        const bool asked =
            std::any_of(state.wishes.begin(), state.wishes.end(),
                        [size = name.first](const Wish& wish) { return wish.knob.size == size; });
        if (asked && name.second == whole_machine && pool.surplus > pool.overcommit.value_or(0))
            all.push_back(concat({Knob{name.first}.name(), ": ", std::to_string(pool.surplus),
                                  " surplus pages, more than overcommit allows: they are freed when who uses "
                                  "them ends"}));
    }
    for (const auto& wish : state.wishes)
        if (const auto place = params.persistent ? state.boot.spread_before(wish.knob) : ""; !place.empty())
            all.push_back(
                concat({place, " spreads pages over all nodes before ", BootPools::file_of(Keeper::unit),
                        " sets ", wish.knob.name(), ": nodes without a count of their own keep theirs"}));
    return all;
}

}  // namespace virtbp::hugepages
