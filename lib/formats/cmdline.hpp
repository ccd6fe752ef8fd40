// SPDX-License-Identifier: GPL-3.0-or-later
// The kernel command line: its tokens as the kernel cuts them (next_arg() in lib/cmdline.c, parse_args() in
// kernel/params.c), and the huge page parameters, which are one ordered group: each hugepages= belongs to the
// hugepagesz= before it.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace virtbp {

struct CmdlineToken {
    std::string text;                  ///< as written, with its quotes
    std::string name;                  ///< without quotes
    std::optional<std::string> value;  ///< without quotes; nothing where there is no '='

    /// '-' and '_' are the same in names.
    bool is(std::string_view wanted_name) const;
};

struct Cmdline {
    std::vector<CmdlineToken> tokens;  ///< the kernel's
    std::string rest;                  ///< from "--" on, for init; "" where there is none
};

/// Never fails; a quote that is not closed goes to the end.
Cmdline parse_cmdline(std::string_view text);

/// A pool of the group, wanted or predicted. Per node where `nodes` is not empty: `count` is then their sum.
struct BootPool {
    long size;
    long count = 0;
    std::map<int, long> nodes = {};  ///< node -> pages

    bool operator==(const BootPool&) const = default;
};

/// What decides how a kernel takes the group.
struct HugePageSupport {
    std::vector<long> sizes;       ///< all that the kernel offers, in bytes
    long default_size;             ///< without default_hugepagesz=
    std::vector<int> nodes = {0};  ///< online ones
    /// How many parameters of the group the kernel keeps: since 6.15 twice the sizes that its architecture
    /// knows, and one (5 on x86, 9 on arm64). 0: all of them.
    size_t most_parameters = 0;
};

struct IgnoredToken {
    std::string text;
    std::string why;
};

struct BootHugePages {
    long default_size;            ///< in bytes
    std::vector<BootPool> pools;  ///< sizes with pages, in the order in which the line names them
    std::vector<IgnoredToken> ignored;
};

/// True for default_hugepagesz=, hugepagesz= and hugepages=.
bool in_huge_page_group(const CmdlineToken& token);

/// The group's tokens in order: "default_hugepagesz=1G hugepagesz=1G hugepages=4 hugepagesz=2M
/// hugepages=0:256,1:256". Throws Error where a size comes twice or a count is negative.
std::vector<std::string> render_huge_page_group(std::optional<long> default_size,
                                                const std::vector<BootPool>& pools);

/// What a kernel that boots with this line reserves, given enough memory: as mm/hugetlb.c (5.16 and later)
/// parses it.
BootHugePages simulate_huge_page_boot(const Cmdline& line, const HugePageSupport& support);

}  // namespace virtbp
