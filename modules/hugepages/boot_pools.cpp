// SPDX-License-Identifier: GPL-3.0-or-later
#include "modules/hugepages/boot_pools.hpp"

#include <algorithm>

#include "lib/drop_ins.hpp"
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

BootPools::BootPools(const System& system, const HugePageSupport& support, bool of_loader)
    : support_(support),
      lines_(system, support, of_loader),
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
    if (knob.size == default_size())
        if (const auto setting = effective_sysctl(sysctl_, sysctl_key(knob)))
            return {for_node ? json() : number_or_text(setting->value),
                    concat({setting->path, ":", std::to_string(setting->line)})};
    if (knob.overcommit || skips(lines_.next(), knob.size)) return {0, ""};
    return on_line(lines_.next(), knob, support_);
}

BootPools::Setting BootPools::find_configured(const Knob& knob) const {
    return on_line(lines_.configured(), knob, support_);
}

BootPools::Setting BootPools::on_line(const LoaderLines::Line& line, const Knob& knob,
                                      const HugePageSupport& support) {
    for (const auto& pool : simulate_huge_page_boot(line.parameters, support).pools) {
        if (pool.size != knob.size) continue;
        if (knob.node == whole_machine) return {pool.count, line.source};
        if (pool.nodes.empty()) return {nullptr, line.source};
        const auto node = pool.nodes.find(knob.node);
        return {node == pool.nodes.end() ? 0 : node->second, line.source};
    }
    return {0, ""};
}

void BootPools::set_lines(std::optional<long> default_size, const std::vector<Wish>& wishes) {
    lines_.set(default_size, wishes);
}

long BootPools::reserved_by_line() const {
    long bytes = 0;
    for (const auto& pool : simulate_huge_page_boot(lines_.configured().parameters, support_).pools)
        bytes = saturated_sum(bytes, bytes_of(pool.count, pool.size));
    return bytes;
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
    if (!in_sysctl || !our_sysctl_ || knob.size != default_size()) return;
    auto text = unset_sysctl(*our_sysctl_, sysctl_key(knob));
    put(sysctl_, {sysctl_file, text});
    if (text == first_line) our_sysctl_.reset();
    else our_sysctl_ = std::move(text);
}

bool BootPools::skips(const LoaderLines::Line& line, long size) {
    const auto& tokens = line.parameters.tokens;
    return size >= gigantic && std::any_of(tokens.begin(), tokens.end(),
                                           [](const auto& token) { return token.is("hugetlb_cma"); });
}

std::string BootPools::spread_before(const Knob& knob) const {
    if (knob.node == whole_machine || knob.size != default_size()) return "";
    const auto setting = effective_sysctl(sysctl_, sysctl_key(knob));
    return setting ? concat({setting->path, ":", std::to_string(setting->line)}) : "";
}

std::string BootPools::file_of(Keeper keeper) {
    if (keeper == Keeper::cmdline) return "the kernel command line";
    return keeper == Keeper::sysctl ? sysctl_file : unit_file;
}

Files BootPools::files() const {
    Files files = lines_.files();
    files[sysctl_file] = our_sysctl_;
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
