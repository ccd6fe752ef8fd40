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

Field persistent_field(const Params& params, const Wish& wish, const State& state) {
    const auto keeper = params.keeper_of(wish.knob, state.default_size);
    const auto setting = state.boot.find(wish.knob);
    Field field{keeper == Keeper::cmdline ? Layer::boot : Layer::persistent, wish.knob.name(), setting.pages,
                setting.source.empty() ? BootPools::file_of(keeper) : setting.source};
    if (field.value == wish.pages) return field;
    if (auto why = state.why_unsupported(wish.knob); !why.empty())
        return field.judged(Outcome::unsupported, std::move(why), wish.pages);
    if (state.is_masked(keeper))
        return field.judged(Outcome::overridden, BootPools::file_of(keeper) + " is masked", wish.pages);
    return field.judged(Outcome::overridden, field.source + " wins", wish.pages);
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
    for (const auto& wish : state.wishes) all.push_back(persistent_field(params, wish, state));
    if (params.default_size)
        all.push_back(
            {Layer::boot, "default_hugepagesz", page_size_name(state.default_size), "/proc/cmdline"});
    for (const auto& entry : state.mounts.entries()) all.push_back(kept_field(entry, state));
    return all;
}

std::vector<std::string> warnings(const Params& params, const State& state) {
    std::vector<std::string> all;
    if (!state.has_meminfo && !state.wishes.empty())
        all.push_back(
            concat({"this tree has no /proc/meminfo to tell the default size of huge pages: taken is ",
                    page_size_name(usual_size)}));
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
