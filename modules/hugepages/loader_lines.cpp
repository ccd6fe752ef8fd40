// SPDX-License-Identifier: GPL-3.0-or-later
#include "modules/hugepages/loader_lines.hpp"

#include <algorithm>

#include "lib/error.hpp"
#include "lib/formats/cmdline_edit.hpp"
#include "lib/text.hpp"

namespace virtbp::hugepages {

namespace {

bool has_group(const Cmdline& line) {
    return std::any_of(line.tokens.begin(), line.tokens.end(), in_huge_page_group);
}

}  // namespace

LoaderLines::LoaderLines(const System& system, HugePageSupport support, bool of_loader)
    : support_(std::move(support)) {
    const std::string running = "/proc/cmdline";
    configured_ = fullest_ = next_ = {parse_cmdline(system.read_if(running).value_or("")), running};
    if (!of_loader) return;
    lines_ = BootLines(system, {});
    if (can_be_set()) look();
}

void LoaderLines::look() {
    const auto lines = lines_.configured(BootVariable::normal);
    for (const auto& line : lines) {
        // Where entries differ, one that lacks the group is told, and one that has it says what else stays.
        const Line one{parse_cmdline(line.whole()), line.source};
        const bool first = &line == &lines.front();
        if (first || !has_group(one.parameters)) configured_ = one;
        if (first || !has_group(fullest_.parameters)) fullest_ = one;
    }
    const auto next = lines_.next(BootVariable::normal);
    next_ = next ? Line{parse_cmdline(next->line), next->source} : Line();
    apart_ = next ? next->apart : "";
    waits_ = next ? lines_.waits(*next) : "nothing tells what the next boot starts";
}

/// What the line reserves now, with the wishes in it.
std::vector<std::string> LoaderLines::group(std::optional<long> default_size,
                                            const std::vector<Wish>& wishes) const {
    const auto boot = simulate_huge_page_boot(fullest_.parameters, support_);
    auto pools = boot.pools;
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
    for (auto& pool : pools) std::erase_if(pool.nodes, [](const auto& node) { return node.second == 0; });
    if (!default_size && boot.default_size != support_.default_size) default_size = boot.default_size;
    auto tokens = render_huge_page_group(default_size, pools);
    if (simulate_huge_page_boot(parse_cmdline(join(tokens, " ")), support_).pools != pools)
        throw Error(concat({"no kernel command line gives what is wanted: it would be ", join(tokens, " ")}));
    return tokens;
}

void LoaderLines::set(std::optional<long> default_size, const std::vector<Wish>& wishes) {
    if (!can_be_set())
        throw Error(concat({lines_.why_none(),
                            "; put this on the kernel command line: ", join(group(default_size, wishes), " "),
                            wishes.empty() ? "" : "; or set persist_by: unit, or persistent: false"}));
    CmdlineWish wish, without;
    for (const auto& token : group(default_size, wishes)) wish.present.push_back(parse_parameter(token));
    for (const auto* name : {"default_hugepagesz", "hugepagesz", "hugepages"})
        without.absent.push_back(parse_parameter(name));
    if (wish.present.empty()) wish = without;
    const auto edit_by = [this](const CmdlineWish& by) {
        return [by, support = support_](std::string_view line) { return edit_cmdline(line, by, support); };
    };
    const auto edit = edit_by(wish);
    // The group stays in the variable that has it; of two, the usual one keeps it.
    const auto has = [this](BootVariable variable) {
        const auto lines = lines_.configured(variable);
        return std::any_of(lines.begin(), lines.end(),
                           [](const BootLine& line) { return has_group(parse_cmdline(line.text)); });
    };
    const bool in_all = has(BootVariable::all), in_normal = has(BootVariable::normal);
    if (in_all && in_normal && lines_.loader().name() == "grub2")
        if (const auto whole = lines_.configured(BootVariable::normal)[0].whole(); edit(whole) != whole)
            lines_.edit(BootVariable::all, edit_by(without));
    lines_.edit(in_all && !in_normal ? BootVariable::all : BootVariable::normal, edit);
    look();
}

}  // namespace virtbp::hugepages
