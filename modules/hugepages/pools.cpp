// SPDX-License-Identifier: GPL-3.0-or-later
#include "modules/hugepages/pools.hpp"

#include <algorithm>
#include <climits>

#include "lib/error.hpp"
#include "lib/formats/number_list.hpp"
#include "lib/formats/size.hpp"
#include "lib/text.hpp"

namespace virtbp::hugepages {

namespace {

/// More than any machine has; sums of such numbers fit.
constexpr long most_pages = 1L << 52U;

constexpr int most_tries = 4;

std::string folder_of_all(int node) {
    return node == whole_machine
               ? "/sys/kernel/mm/hugepages/"
               : concat({"/sys/devices/system/node/node", std::to_string(node), "/hugepages/"});
}

/// The number in a kernel file; nothing where this kernel does not have it.
std::optional<long> number(const System& system, const std::string& path) {
    const auto text = system.read_if(path);
    if (!text) return std::nullopt;
    const auto value = to_integer(trim(*text));
    if (!value || *value < 0 || *value > most_pages)
        throw Error(concat({path, " holds no number of pages: ", trim(*text)}));
    return value;
}

std::optional<Pool> read_pool(const System& system, const std::string& folder, int node) {
    const auto pages = number(system, folder + "nr_hugepages");
    if (!pages) return std::nullopt;
    Pool pool;
    pool.surplus = number(system, folder + "surplus_hugepages").value_or(0);
    pool.count = *pages - pool.surplus;
    pool.free = number(system, folder + "free_hugepages").value_or(*pages);
    if (node != whole_machine) return pool;
    pool.reserved = number(system, folder + "resv_hugepages");
    pool.overcommit = number(system, folder + "nr_overcommit_hugepages");
    return pool;
}

}  // namespace

std::string Knob::name() const {
    return concat({overcommit ? "overcommit/" : "hugepages/",
                   node == whole_machine ? "" : concat({"node", std::to_string(node), "/"}),
                   page_size_name(size)});
}

std::string Knob::path() const {
    return concat({folder_of_all(node), hugepages_folder(size),
                   overcommit ? "/nr_overcommit_hugepages" : "/nr_hugepages"});
}

std::vector<long> Pools::sizes() const {
    std::vector<long> all;
    for (const auto& [name, pool] : *this)
        if (name.second == whole_machine) all.push_back(name.first);
    return all;
}

std::vector<int> Pools::nodes(long size) const {
    std::vector<int> all;
    for (const auto& [name, pool] : *this)
        if (name.first == size && name.second != whole_machine) all.push_back(name.second);
    return all;
}

std::optional<long> Pools::value(const Knob& knob) const {
    const auto pool = find({knob.size, knob.node});
    if (pool == end()) return std::nullopt;
    return knob.overcommit ? pool->second.overcommit : pool->second.count;
}

void Pools::set(const Wish& wish) {
    const auto& knob = wish.knob;
    const auto pool = find({knob.size, knob.node});
    if (pool == end()) return;
    if (knob.overcommit) {
        pool->second.overcommit = wish.pages;
        return;
    }
    const auto whole = find({knob.size, whole_machine});
    if (knob.node != whole_machine && whole != end())
        whole->second.count = saturated_sum(whole->second.count - pool->second.count, wish.pages);
    pool->second.count = wish.pages;
}

Pools read_pools(const System& system) {
    std::vector<int> places{whole_machine};
    if (const auto online = system.read_if("/sys/devices/system/node/online"))
        for (const int node : parse_number_list(*online)) places.push_back(node);
    Pools pools;
    for (const int node : places)
        for (const auto& name : system.list(folder_of_all(node)))
            if (const auto size = hugepages_folder_size(name))
                if (auto pool = read_pool(system, concat({folder_of_all(node), name, "/"}), node))
                    pools[{*size, node}] = *pool;
    return pools;
}

std::string why_missing(const Pools& pools, const Knob& knob) {
    const auto sizes = pools.sizes();
    if (sizes.empty()) return "this kernel has no huge pages: there is no /sys/kernel/mm/hugepages";
    if (std::find(sizes.begin(), sizes.end(), knob.size) == sizes.end()) {
        std::vector<std::string> names;
        for (const long size : sizes) names.push_back(page_size_name(size));
        return concat({"this kernel offers pages of ", join(names, ", ")});
    }
    if (knob.overcommit && knob.size >= gigantic)
        return "the kernel has no overcommit of pages as large as this: Invalid argument (EINVAL)";
    if (pools.value(knob)) return "";
    if (knob.overcommit) return concat({"this kernel has no ", knob.path()});
    const auto nodes = format_number_list(pools.nodes(knob.size));
    return nodes.empty() ? "this kernel has no NUMA nodes"
                         : concat({"the nodes of this machine are ", nodes});
}

void check_in_use(const Pools& is, const Pools& planned) {
    // Backwards: a node's pool says more than the machine's, which holds it.
    for (auto entry = is.rbegin(); entry != is.rend(); ++entry) {
        const auto& [name, pool] = *entry;
        const long wanted = planned.at(name).count;
        if (wanted >= pool.count || wanted >= pool.in_use()) continue;
        throw Error(
            concat({Knob{name.first, name.second}.name(), ": wanted ", std::to_string(wanted), " pages, and ",
                    std::to_string(pool.in_use()), " of ", std::to_string(pool.pages()),
                    " are in use or reserved: stop who uses them first"}));
    }
}

long memory_of(const Pools& planned, const Pools& is, int node) {
    long bytes = 0;
    for (const auto& [name, pool] : planned) {
        if (name.second != node) continue;
        const auto& old = is.at(name);
        const long pages = std::max(pool.count, std::min(pool.count, old.count) + old.surplus);
        bytes = saturated_sum(bytes, bytes_of(pages, name.first));
    }
    return bytes;
}

std::vector<Wish> in_order(const std::vector<Wish>& wishes, const Pools& is, const Pools& should) {
    std::multimap<long, Wish> ranked;
    for (const auto& wish : wishes) {
        if (is.value(wish.knob) == should.value(wish.knob)) continue;
        const bool grows = !wish.knob.overcommit && wish.pages > is.value(wish.knob).value_or(0);
        ranked.emplace(grows ? -wish.knob.size : LONG_MIN, wish);
    }
    std::vector<Wish> all;
    for (const auto& [rank, wish] : ranked) all.push_back(wish);
    return all;
}

void write_pages(System& system, const Wish& wish) {
    const auto path = wish.knob.path();
    const auto folder = path.substr(0, path.rfind('/') + 1);
    long got = -1;
    for (int tries = 0; tries < most_tries; ++tries) {
        system.write(path, std::to_string(wish.pages) + "\n");
        const auto pool = read_pool(system, folder, wish.knob.node);
        if (wish.knob.overcommit || !pool || pool->count >= wish.pages || pool->count <= got) return;
        got = pool->count;
    }
}

std::string shortfall(const Wish& wish, const Pools& now, std::optional<long> free_memory) {
    const auto& knob = wish.knob;
    const long got = now.value(knob).value_or(0);
    if (knob.overcommit || got > wish.pages) return concat({"the kernel keeps ", std::to_string(got)});
    auto text =
        concat({"the kernel gave ", std::to_string(got), " of ", std::to_string(wish.pages), " pages"});
    if (free_memory)
        append(text, {*free_memory < bytes_of(wish.pages - got, knob.size)
                          ? ": no more memory is free than "
                          : ": memory is free, but not in pieces of this size: ",
                      mebibytes(*free_memory)});
    const auto nodes = knob.node == whole_machine ? now.nodes(knob.size) : std::vector<int>();
    for (size_t i = 0; i < nodes.size() && nodes.size() > 1; ++i)
        append(text, {i == 0 ? "; " : ", ", place_of(nodes[i]),
                      std::to_string(now.value({knob.size, nodes[i]}).value_or(0))});
    return text;
}

json listed(const Pools& pools, const std::vector<Wish>& wishes) {
    const auto number = [](const std::optional<long>& value) { return value ? json(*value) : json(); };
    json all = json::array();
    for (const auto& [name, pool] : pools) {
        const auto& [size, node] = name;
        json wanted;
        bool asked = wishes.empty();
        for (const auto& wish : wishes) {
            asked = asked || wish.knob.size == size;
            if (wish.knob == Knob{size, node}) wanted = wish.pages;
        }
        if (asked)
            all.push_back({{"size", page_size_name(size)},
                           {"node", node == whole_machine ? json() : json(node)},
                           {"count", pool.count},
                           {"free", pool.free},
                           {"reserved", number(pool.reserved)},
                           {"surplus", pool.surplus},
                           {"overcommit", number(pool.overcommit)},
                           {"wanted", std::move(wanted)}});
    }
    return all;
}

std::string place_of(int node) {
    return node == whole_machine ? "" : concat({"node ", std::to_string(node), ": "});
}

std::string mebibytes(long bytes) { return concat({std::to_string(bytes >> 20U), " MiB"}); }

long bytes_of(long pages, long size) {
    long bytes = 0;
    return __builtin_mul_overflow(pages, size, &bytes) ? LONG_MAX : bytes;
}

long saturated_sum(long one, long other) {
    long sum = 0;
    return __builtin_add_overflow(one, other, &sum) ? LONG_MAX : sum;
}

}  // namespace virtbp::hugepages
