// SPDX-License-Identifier: GPL-3.0-or-later
#include "modules/hugepages/parameters.hpp"

#include <algorithm>
#include <charconv>

#include "lib/error.hpp"
#include "lib/formats/size.hpp"
#include "lib/text.hpp"

namespace virtbp::hugepages {

namespace {

/// The highest number of a node that kernels know.
constexpr long last_node = 65535;

bool asks_for_nothing(const PoolParams& pool) { return !pool.count && !pool.memory && !pool.overcommit; }

/// An error with the parameter that it is about.
template <class F>
auto with_name(std::string_view parameter, F parse) {
    try {
        return parse();
    } catch (const Error& error) {
        throw Error(concat({parameter, ": ", error.what()}));
    }
}

/// Pages of an amount of memory, whole ones that hold it.
long pages_of(const std::string& memory, long size) {
    const long bytes = with_name("memory", [&] { return parse_memory(memory); });
    return bytes / size + (bytes % size == 0 ? 0 : 1);
}

std::vector<Wish> wishes_of(const PoolParams& pool, long default_size) {
    const long size =
        pool.size ? with_name("size", [&] { return parse_page_size(*pool.size); }) : default_size;
    const int node = pool.node ? static_cast<int>(*pool.node) : whole_machine;
    std::vector<Wish> wishes;
    if (pool.count) wishes.push_back({{size, node}, *pool.count});
    if (pool.memory) wishes.push_back({{size, node}, pages_of(*pool.memory, size)});
    if (pool.overcommit) wishes.push_back({{size, whole_machine, true}, *pool.overcommit});
    return wishes;
}

/// The machine's count would move the pages of the nodes again.
void refuse_contradictions(const std::vector<Wish>& wishes) {
    for (auto one = wishes.begin(); one != wishes.end(); ++one)
        for (auto other = std::next(one); other != wishes.end(); ++other) {
            if (one->knob == other->knob)
                throw Error(concat({"pools: ", one->knob.name(), " is there twice"}));
            const bool counts = !one->knob.overcommit && !other->knob.overcommit;
            if (counts && one->knob.size == other->knob.size &&
                (one->knob.node == whole_machine || other->knob.node == whole_machine))
                throw Error(concat({"pools: ", one->knob.name(), " and ", other->knob.name(),
                                    " contradict each other: give the whole machine's count or the nodes'"}));
        }
}

/// As Ansible's file modes: text is octal, a number is the mode itself.
std::optional<long> mode_of(const json& mode) {
    long bits = -1;
    if (mode.is_null()) return std::nullopt;
    if (mode.is_number_integer()) {
        bits = mode.get<long>();
    } else if (mode.is_string()) {
        const auto& digits = mode.get_ref<const std::string&>();
        const auto* const end = digits.data() + digits.size();
        if (std::from_chars(digits.data(), end, bits, 8).ptr != end) bits = -1;
    }
    if (bits < 0 || bits > 07777)
        throw Error(concat({"mounts: mode must be octal, such as \"1770\", not ", mode.dump()}));
    return bits;
}

/// Without doubled and trailing slashes.
std::string mount_point(const std::string& path) {
    std::string simple;
    for (const auto part : split(path, '/'))
        if (!part.empty()) append(simple, {"/", part});
    // A unit file and its name must be able to hold it.
    const bool strange = std::any_of(path.begin(), path.end(), [](char c) {
        return (c >= 0 && c <= ' ') || c == 0x7f || c == '\\' || c == '%';
    });
    if (!path.starts_with('/') || simple.empty() || strange ||
        concat({simple, "/"}).find("/../") != std::string::npos)
        throw Error(
            concat({"mounts: path must be absolute, without \"..\", blanks, \\ and %, not \"", path, "\""}));
    return simple;
}

template <class P>
Parameters<P> with_pool(Parameters<P> all) {
    return std::move(all)
        .add("size", &P::size,
             {"Page size: V(2M), V(1G), V(2048kB), V(2MiB) and so on. All spellings of a size are equal.",
              "Left out, it is the kernel's default size."})
        .add("count", &P::count, {"Pages in the pool."}, {.min = 0})
        .add("memory", &P::memory,
             {"The pool as an amount of memory, V(8G), rounded up to whole pages. V(GB) is 10^9 bytes."})
        .add("node", &P::node,
             {"A NUMA node: its pool instead of the whole machine's.",
              "A size has either a pool of the whole machine or pools of nodes."},
             {.min = 0, .max = last_node})
        .add(
            "overcommit", &P::overcommit,
            {"Pages of this size that the kernel may add to the pool of the whole machine when it is empty."},
            {.min = 0});
}

}  // namespace

Parameters<PoolParams> PoolParams::parameters() {
    return with_pool(Parameters<PoolParams>())
        .where({.mutually_exclusive = {{"count", "memory"}, {"node", "overcommit"}},
                .required_one_of = {{"count", "memory", "overcommit"}}});
}

Parameters<MountParams> MountParams::parameters() {
    return Parameters<MountParams>()
        .add("path", &MountParams::path, {"Where to mount; made where it is missing."},
             {.required = true, .type = Type::path})
        .add("size", &MountParams::size, {"Page size. Left out, it is the kernel's default size."})
        .add("mode", &MountParams::mode, {"Permissions of the mount's root, octal and quoted: V(\"1770\")."})
        .add("group", &MountParams::group, {"Group of the mount's root, a name or a number."});
}

Parameters<Params> Params::parameters() {
    return with(
        with_pool(Parameters<Params>())
            .add("pools", &Params::pools,
                 {"Several pools at once, instead of the one of the parameters above."})
            .add("persist_by", &Params::persist_by,
                 {"What makes pools last. V(sysctl) is a file in C(/etc/sysctl.d), for the default size and "
                  "the "
                  "whole machine; V(unit) an early unit of systemd, for every size and node; V(cmdline) the "
                  "kernel command line.",
                  "V(auto) takes V(sysctl) for the default size, V(cmdline) for 1G and more, and V(unit) for "
                  "other sizes and for nodes.",
                  "On the command line the parameters of huge pages are one ordered group: pools that it has "
                  "already stay, and so does what reserves the same in other words. The boot loader is found "
                  "as M(virtbp.core.grub_cmdline) does it."},
                 {.choices = {"auto", "sysctl", "unit", "cmdline"}})
            .add("default_size", &Params::default_size,
                 {"The kernel's default size from the next boot on, C(default_hugepagesz=) on its command "
                  "line."})
            .add(
                "mounts", &Params::mounts,
                {"Mounts of hugetlbfs, now and for good: by a unit of systemd, or in C(/etc/fstab) where the "
                 "path stands there."})
            .add("on_shortfall", &Params::on_shortfall,
                 {"When the kernel finds fewer pages than wanted: V(fail) keeps them and fails, V(rollback) "
                  "writes "
                  "the earlier counts back and fails, V(warn) keeps them."},
                 {.choices = {"fail", "rollback", "warn"}})
            .add(
                "reserve", &Params::reserve,
                {"Memory that must stay free of huge pages, in percent of the machine's and of each node "
                 "that "
                 "is asked for, or an amount of the machine's. Pools that would grow beyond it are refused."})
            .where({.mutually_exclusive = {{"count", "memory"},
                                           {"node", "overcommit"},
                                           {"pools", "size"},
                                           {"pools", "count"},
                                           {"pools", "memory"},
                                           {"pools", "node"},
                                           {"pools", "overcommit"}}}));
}

PoolParams Params::single() const { return {size, memory, count, node, overcommit}; }

void Params::check() const {
    HostParams::check();
    if ((size || node) && asks_for_nothing(single()))
        throw Error("size and node choose a pool: give count, memory or overcommit with them");
    if (default_size) {
        with_name("default_size", [this] { return parse_page_size(*default_size); });
        if (!persistent) throw Error("default_size is set for good or not at all: persistent must be true");
    }
    reserved(0, whole_machine);
    const auto all = mount_wishes();
    for (auto one = all.begin(); one != all.end(); ++one)
        for (auto other = std::next(one); other != all.end(); ++other)
            if (one->path == other->path) throw Error(concat({"mounts: ", one->path, " is there twice"}));
}

std::vector<Wish> Params::wishes(long default_page_size) const {
    auto all = wishes_of(single(), default_page_size);
    for (const auto& pool : pools)
        for (auto& wish : wishes_of(pool, default_page_size)) all.push_back(wish);
    refuse_contradictions(all);
    return all;
}

std::vector<MountWish> Params::mount_wishes() const {
    std::vector<MountWish> all;
    for (const auto& mount : mounts) {
        MountWish wish{mount_point(mount.path), {}, mode_of(mount.mode), mount.group};
        if (mount.size) wish.size = with_name("mounts: size", [&] { return parse_page_size(*mount.size); });
        all.push_back(std::move(wish));
    }
    return all;
}

Keeper Params::keeper_of(const Knob& knob, long default_page_size) const {
    const bool fits_sysctl = knob.node == whole_machine && knob.size == default_page_size;
    if (persist_by == "sysctl" && !fits_sysctl)
        throw Error(
            concat({"persist_by: sysctl.d takes the whole machine's pages of the default size, ",
                    page_size_name(default_page_size), ": ", knob.name(), " needs persist_by: unit"}));
    if (persist_by == "cmdline" && knob.overcommit)
        throw Error(concat({"persist_by: the kernel command line has nothing for ", knob.name(),
                            ": use unit, or sysctl for the default size"}));
    if (persist_by == "cmdline") return Keeper::cmdline;
    if (persist_by == "sysctl" || (persist_by == "auto" && fits_sysctl)) return Keeper::sysctl;
    const bool early = persist_by == "auto" && knob.size >= gigantic && !knob.overcommit;
    return early ? Keeper::cmdline : Keeper::unit;
}

long Params::reserved(long total, int of_node) const {
    const std::string_view text(reserve);
    if (!text.ends_with('%')) {
        const long bytes = with_name("reserve", [&] { return parse_memory(text); });
        return of_node == whole_machine ? bytes : 0;
    }
    const auto percent = to_integer(trim(text.substr(0, text.size() - 1)));
    if (!percent || *percent < 0 || *percent > 100)
        throw Error(concat({"reserve must be an amount of memory or 0% to 100%, not ", reserve}));
    return total / 100 * *percent;
}

}  // namespace virtbp::hugepages
