// SPDX-License-Identifier: GPL-3.0-or-later
#include "modules/hugepages/boot_pools.hpp"

#include <algorithm>

#include "lib/drop_ins.hpp"
#include "lib/error.hpp"
#include "lib/formats/size.hpp"
#include "lib/formats/sysctl.hpp"
#include "lib/formats/systemd_unit.hpp"
#include "lib/text.hpp"

namespace virtbp::hugepages {

namespace {

const std::string sysctl_file = "/etc/sysctl.d/90-virtbp-hugepages.conf";
const std::string unit_name = "virtbp-hugepages.service";
const std::string unit_file = "/etc/systemd/system/" + unit_name;

constexpr std::string_view first_line = "# Written by virtbp\n";

/// Early, so that memory is still in one piece, and after sysctl.d, whose vm.nr_hugepages spreads pages over
/// all nodes.
constexpr std::string_view unit_head = R"(# Written by virtbp, which writes it anew as a whole
[Unit]
Description=Huge pages by size and NUMA node
DefaultDependencies=no
After=systemd-sysctl.service
Before=sysinit.target libvirtd.service virtqemud.service

[Service]
Type=oneshot
RemainAfterExit=yes
)";

constexpr std::string_view unit_tail = R"(
[Install]
WantedBy=sysinit.target
)";

/// A shell writes, because it is everywhere and its failure is seen: StandardInput=data and
/// StandardOutput=file: need systemd 236, and SLES 12 has 228; systemd-tmpfiles is silent where the file is
/// missing. What it is given are numbers and paths made of numbers. A failed write keeps none of the others
/// from being tried (the dash).
constexpr std::string_view write_begin = "-/bin/sh -c 'echo ", write_middle = " >", write_end = "'";
/// After all writes the pools are looked at: a unit that failed tells of one that came out short.
constexpr std::string_view check_begin = "/bin/grep -qx ";

const char* sysctl_key(const Knob& knob) {
    return knob.overcommit ? "vm.nr_overcommit_hugepages" : "vm.nr_hugepages";
}

std::map<std::string, long> writes_in(std::string_view unit) {
    std::map<std::string, long> writes;
    for (const auto& value : unit_values(unit, "Service", "ExecStart")) {
        std::string_view line(value);
        const auto middle = line.find(write_middle);
        if (!line.starts_with(write_begin) || !line.ends_with(write_end) || middle == std::string_view::npos)
            continue;
        const auto pages = to_integer(line.substr(write_begin.size(), middle - write_begin.size()));
        line.remove_prefix(middle + write_middle.size());
        line.remove_suffix(write_end.size());
        if (pages) writes[std::string(line)] = *pages;
    }
    return writes;
}

/// The page size of a knob's path.
long size_in(const std::string& path) {
    const auto parts = split(path, '/');
    return parts.size() < 2 ? 0 : hugepages_folder_size(parts[parts.size() - 2]).value_or(0);
}

json number_or_text(const std::string& value) {
    const auto number = to_integer(value);
    return number ? json(*number) : json(value);
}

}  // namespace

BootPools::BootPools(const System& system, HugePageSupport support)
    : support_(std::move(support)),
      cmdline_(parse_cmdline(system.read_if("/proc/cmdline").value_or(""))),
      sysctl_(drop_ins(system, "sysctl.d", ".conf")),
      our_sysctl_(system.read_if(sysctl_file)) {
    const auto unit = find_unit(system, unit_name);
    if (!unit || unit->path != unit_file) return;
    masked_ = unit->masked;
    if (masked_) return;
    our_unit_ = unit->text;
    enabled_ = unit->enabled;
    unit_lines_ = writes_in(unit->text);
}

BootPools::Setting BootPools::find(const Knob& knob) const {
    const bool for_node = knob.node != whole_machine;
    if (enabled_) {
        if (const auto line = unit_lines_.find(knob.path()); line != unit_lines_.end())
            return {line->second, unit_file};
        const auto others = concat({hugepages_folder(knob.size), "/nr_hugepages"});
        for (const auto& [path, pages] : unit_lines_)
            if (!knob.overcommit && path.ends_with(others) && (!for_node || path == Knob{knob.size}.path()))
                return {nullptr, unit_file};
    }
    if (knob.size == support_.default_size)
        if (const auto setting = effective_sysctl(sysctl_, sysctl_key(knob)))
            return {for_node ? json() : number_or_text(setting->value),
                    concat({setting->path, ":", std::to_string(setting->line)})};
    if (knob.overcommit || skips_at_boot(knob.size)) return {0, ""};
    for (const auto& pool : simulate_huge_page_boot(cmdline_, support_).pools) {
        if (pool.size != knob.size) continue;
        if (!for_node) return {pool.count, "/proc/cmdline"};
        if (pool.nodes.empty()) return {nullptr, "/proc/cmdline"};
        const auto node = pool.nodes.find(knob.node);
        return {node == pool.nodes.end() ? 0 : node->second, "/proc/cmdline"};
    }
    return {0, ""};
}

void BootPools::set(const Wish& wish, Keeper keeper) {
    const auto& knob = wish.knob;
    forget(knob, keeper != Keeper::sysctl);
    if (keeper == Keeper::sysctl) {
        our_sysctl_ = set_sysctl(our_sysctl_.value_or(std::string(first_line)), sysctl_key(knob),
                                 std::to_string(wish.pages));
        put(sysctl_, {sysctl_file, *our_sysctl_});
    } else if (keeper == Keeper::unit) {
        unit_lines_[knob.path()] = wish.pages;
        enabled_ = true;
        our_unit_ = unit_text();
    }
}

/// Takes a knob, and those that contradict it, out of our files.
void BootPools::forget(const Knob& knob, bool in_sysctl) {
    const auto suffix = concat({hugepages_folder(knob.size), "/nr_hugepages"});
    const auto gone = std::erase_if(unit_lines_, [&](const auto& line) {
        if (line.first == knob.path()) return true;
        if (knob.overcommit) return false;
        return knob.node == whole_machine ? line.first.ends_with(suffix)
                                          : line.first == Knob{knob.size}.path();
    });
    if (gone > 0) {
        if (unit_lines_.empty()) our_unit_.reset();
        else our_unit_ = unit_text();
    }
    if (!in_sysctl || !our_sysctl_ || knob.size != support_.default_size) return;
    auto text = unset_sysctl(*our_sysctl_, sysctl_key(knob));
    put(sysctl_, {sysctl_file, text});
    if (text == first_line) our_sysctl_.reset();
    else our_sysctl_ = std::move(text);
}

bool BootPools::skips_at_boot(long size) const {
    return size >= gigantic && std::any_of(cmdline_.tokens.begin(), cmdline_.tokens.end(),
                                           [](const auto& token) { return token.is("hugetlb_cma"); });
}

std::string BootPools::spread_before(const Knob& knob) const {
    if (knob.node == whole_machine || knob.size != support_.default_size) return "";
    const auto setting = effective_sysctl(sysctl_, sysctl_key(knob));
    return setting ? concat({setting->path, ":", std::to_string(setting->line)}) : "";
}

std::string BootPools::file_of(Keeper keeper) {
    if (keeper == Keeper::cmdline) return "/proc/cmdline";
    return keeper == Keeper::sysctl ? sysctl_file : unit_file;
}

std::string BootPools::command_line(std::optional<long> default_size, const std::vector<Wish>& wishes) const {
    auto pools = simulate_huge_page_boot(cmdline_, support_).pools;
    for (const auto& [knob, pages] : wishes) {
        auto pool = std::find_if(pools.begin(), pools.end(),
                                 [size = knob.size](const BootPool& known) { return known.size == size; });
        if (pool == pools.end()) pool = pools.insert(pools.end(), BootPool{knob.size});
        if (knob.node == whole_machine) *pool = {knob.size, pages};
        else {
            pool->nodes[knob.node] = pages;
            pool->count = 0;
            for (const auto& [node, count] : pool->nodes) pool->count = saturated_sum(pool->count, count);
        }
    }
    std::erase_if(pools, [](const BootPool& pool) { return pool.count == 0; });
    for (const auto& token : cmdline_.tokens)
        if (!default_size && token.is("default_hugepagesz")) default_size = support_.default_size;
    auto line = join(render_huge_page_group(default_size, pools), " ");

    auto support = support_;
    for (const auto& pool : pools) support.sizes.push_back(pool.size);
    if (default_size) support.sizes.push_back(*default_size);
    for (const auto& wish : wishes) support.nodes.push_back(wish.knob.node);
    for (auto& pool : pools) std::erase_if(pool.nodes, [](const auto& node) { return node.second == 0; });
    if (simulate_huge_page_boot(parse_cmdline(line), support).pools != pools)
        throw Error(concat({"no kernel command line gives what is wanted: it would be ", line}));
    return line;
}

Files BootPools::files() const {
    Files files{{sysctl_file, our_sysctl_}};
    if (!masked_) files[unit_file] = our_unit_;
    return files;
}

std::vector<Link> BootPools::links() const {
    if (!enabled_ || !our_unit_) return {};
    return enabling_links(unit_name, unit_file, *our_unit_);
}

std::string BootPools::unit_text() const {
    // Large pages first: they need memory in the largest pieces.
    std::map<std::pair<long, std::string>, long> ordered;
    for (const auto& [path, pages] : unit_lines_) ordered[{-size_in(path), path}] = pages;
    std::string writes, checks;
    for (const auto& [rank, pages] : ordered) {
        const auto& path = rank.second;
        const auto number = std::to_string(pages);
        append(writes, {"ExecStart=", write_begin, number, write_middle, path, write_end, "\n"});
        append(checks, {"ExecStart=", check_begin, number, " ", path, "\n"});
    }
    return concat({unit_head, writes, checks, unit_tail});
}

}  // namespace virtbp::hugepages
