// SPDX-License-Identifier: GPL-3.0-or-later
#include "modules/io_scheduler/targets.hpp"

#include <algorithm>
#include <map>
#include <set>

#include "lib/error.hpp"
#include "lib/text.hpp"
#include "modules/io_scheduler/other_rules.hpp"

namespace virtbp {

namespace {

bool is_deadline(const std::string& name) { return name == "mq-deadline" || name == "deadline"; }

/// Writes to a zone must stay in order, and of the schedulers only one keeps them so.
bool is_host_managed(const System& system, const Disk& disk) {
    return trim(system.read_if(disk.folder() + "/queue/zoned").value_or("")) == "host-managed";
}

Target target_for(const System& system, const LoadableSchedulers& loadable, Disk disk,
                  const std::vector<std::string>& preferred) {
    Target target{std::move(disk)};
    target.wanted = preferred.front();
    const auto stop = [&target](Outcome outcome, std::string reason) {
        target.obstacle = target.boot_obstacle = Target::Obstacle{outcome, std::move(reason)};
    };
    if (!target.is_configurable()) {
        stop(Outcome::not_applicable, "it takes bios, not requests: the kernel offers no scheduler for it");
        return target;
    }
    const Offer offer(target.schedulers, loadable);
    auto found = offer.first_of(preferred);
    if (found.empty()) {
        stop(Outcome::unsupported, concat({"it offers ", join(target.schedulers.offered, ", ")}));
        return target;
    }
    if (!is_deadline(found) && is_host_managed(system, target)) {
        const bool is_preferred = std::any_of(preferred.begin(), preferred.end(), is_deadline);
        found = is_preferred ? offer.first_of({"mq-deadline"}) : "";
        if (found.empty())
            stop(Outcome::unsupported,
                 "it is zoned and host-managed: only mq-deadline keeps its writes in order");
    }
    if (!found.empty()) target.wanted = std::move(found);
    return target;
}

void recognize(const System& system, Target& target) {
    target.identity = identify(system, target);
    if (target.is_hidden())
        target.boot_obstacle = {Outcome::not_applicable,
                                "it is a path of an NVMe multipath head, of which udev is not told"};
}

/// Of a tree without /sys only disks that are named by their ids are known.
std::vector<Target> targets_by_link(const IoSchedulerParams& params) {
    std::vector<Target> targets;
    if (!params.select.empty()) throw Error("select: this tree has no /sys/block to tell disks apart by");
    for (const auto& device : params.devices) {
        auto identity = identify_by_link(device);
        const bool is_set = device == "all" || device.find_first_of("*?[") != std::string::npos;
        if (is_set || (!identity && params.allow_none)) continue;
        if (!identity && params.persistent)
            throw Error(concat({"devices: this tree has no /sys/block, so that no stable id of ", device,
                                " is known: wanted a disk's name in /dev/disk/by-id"}));
        Target target{{device.substr(device.rfind('/') + 1)}};
        target.wanted = params.preference(target).front();
        target.obstacle = {Outcome::not_applicable,
                           "this tree has no /sys/block: the runtime layer is left out"};
        if (identity) target.identity = std::move(*identity);
        const auto is_same = [&target](const Target& other) { return other.name == target.name; };
        if (std::none_of(targets.begin(), targets.end(), is_same)) targets.push_back(std::move(target));
    }
    return targets;
}

/// Takes away what two disks have in common that should have different schedulers: no rule can tell them
/// apart by it.
void keep_apart(std::vector<Target>& targets) {
    const auto is_like_first = [&](const Target& target) { return target.wanted == targets.front().wanted; };
    if (std::all_of(targets.begin(), targets.end(), is_like_first)) return;
    std::map<std::string_view, std::string_view> wanted;
    std::set<std::string> shared;
    for (const auto& target : targets)
        for (const auto& match : target.identity.matches)
            if (wanted.emplace(match, target.wanted).first->second != target.wanted) shared.insert(match);
    if (shared.empty()) return;
    for (auto& target : targets)
        std::erase_if(target.identity.matches, [&](const auto& match) { return shared.contains(match); });
}

}  // namespace

std::vector<Target> find_targets(const System& system, const LoadableSchedulers& loadable,
                                 const IoSchedulerParams& params) {
    std::vector<Target> targets;
    const bool has_sysfs = system.exists("/sys/block");
    if (has_sysfs) {
        // All of one disk at once, since what stands in one folder is found faster.
        find_disks(system, params.devices, params.select, params.allow_none, [&](Disk disk) {
            const auto preferred = params.preference(disk);
            auto& target = targets.emplace_back(target_for(system, loadable, std::move(disk), preferred));
            if (params.persistent && !target.boot_obstacle) recognize(system, target);
        });
    } else {
        targets = targets_by_link(params);
    }
    if (targets.empty() && !params.allow_none)
        throw Error(concat({"devices: no disk is left of ", join(params.devices, ", "),
                            params.select.empty() ? "" : " after select",
                            has_sysfs ? "" : ": this tree has no /sys/block to find them in"}));
    return targets;
}

std::vector<std::optional<RuleWrite>> read_rules(const System& system, const LoadableSchedulers& loadable,
                                                 const std::vector<ConfigFile>& files, const OurRules& ours,
                                                 std::vector<Target>& targets) {
    keep_apart(targets);

    std::vector<std::optional<RuleWrite>> at_boot;
    const OtherRules others(system, files, ours);
    for (auto& target : targets) {
        at_boot.emplace_back();
        if (!target.boot_obstacle && target.identity.matches.empty())
            target.boot_obstacle = {Outcome::unsupported, "no rule can tell it from other disks"};
        if (target.boot_obstacle) continue;
        // The last write that the kernel does not refuse stays.
        const auto last = [&](std::vector<RuleWrite> writes) -> std::optional<RuleWrite> {
            for (auto write = writes.rbegin(); write != writes.rend(); ++write) {
                if (!target.list.empty())
                    write->value = Offer(target.schedulers, loadable).taken(write->value);
                if (!write->value.empty()) return std::move(*write);
            }
            return std::nullopt;
        };
        auto writes = others.around(target, target.identity, target.wanted);
        target.before = last(std::move(writes.before));
        target.after = last(std::move(writes.after));
        auto& final = at_boot.back() = target.after;
        if (auto own = ours.find(target.identity); own && !final) final = last({std::move(*own)});
        if (!final) final = target.before;
    }
    return at_boot;
}

}  // namespace virtbp
