// SPDX-License-Identifier: GPL-3.0-or-later
// The huge page group of the kernel command line: written, and read as mm/hugetlb.c of the kernel reads it.
#include <algorithm>
#include <climits>
#include <set>
#include <utility>

#include "lib/error.hpp"
#include "lib/formats/cmdline.hpp"
#include "lib/formats/size.hpp"
#include "lib/text.hpp"

namespace virtbp {

namespace {

constexpr std::string_view default_size_name = "default_hugepagesz", size_name = "hugepagesz",
                           count_name = "hugepages";

/// What the kernel's sscanf("%lu") takes off the text; nothing where there is no number. Too large a one
/// wraps.
std::optional<unsigned long> take_number(std::string_view& text) {
    while (!text.empty() && (text[0] == ' ' || (text[0] >= '\t' && text[0] <= '\r'))) text.remove_prefix(1);
    if (text.empty() || text[0] < '0' || text[0] > '9') return std::nullopt;
    unsigned long number = 0;
    for (; !text.empty() && text[0] >= '0' && text[0] <= '9'; text.remove_prefix(1))
        number = number * 10 + static_cast<unsigned long>(text[0] - '0');
    return number;
}

long clamped(unsigned long number) { return static_cast<long>(std::min<unsigned long>(number, LONG_MAX)); }

/// A pool while the line is parsed: the kernel's struct hstate.
struct Pool {
    long size = 0;
    unsigned long pages = 0;
    std::map<int, unsigned long> nodes = {};
    std::string counted_by = {};  // the token that gave the pages
};

class Parser {
public:
    explicit Parser(const HugePageSupport& support) : support_(support) {}

    void parse(const Cmdline& line) {
        size_t kept = 0;
        for (const auto& token : line.tokens) {
            if (!in_huge_page_group(token)) continue;
            if (!token.value) ignore(token.text, "it has no value");
            else if (support_.most_parameters != 0 && kept++ >= support_.most_parameters)
                ignore(token.text, "the kernel keeps no more parameters of huge pages");
            else if (token.is(default_size_name)) parse_default_size(token);
            else if (token.is(size_name)) parse_size(token);
            else parse_count(token);
        }
    }

    /// hugetlb_init(): what the line left open, and the result.
    BootHugePages finish() {
        if (!default_) {
            default_ = add(support_.default_size);
            // Here, and not in default_hugepagesz=, the kernel copies the nodes without pages, too.
            if (pending_.pages != 0) pools_[*default_].nodes.clear();
            give_pending(*default_);
        }
        BootHugePages boot{pools_[*default_].size, {}, std::move(ignored_)};
        for (const auto& pool : pools_) {
            BootPool result{pool.size};
            for (const auto& [node, pages] : pool.nodes) {
                if (pages == 0) continue;
                result.nodes[node] = clamped(pages);
                if (__builtin_add_overflow(result.count, clamped(pages), &result.count))
                    result.count = LONG_MAX;
            }
            if (result.nodes.empty()) result.count = clamped(pool.pages);
            if (result.count > 0) boot.pools.push_back(std::move(result));
        }
        return boot;
    }

private:
    void parse_default_size(const CmdlineToken& token) {
        valid_size_ = false;
        if (default_) return ignore(token.text, "the default size was given before");
        const auto size = offered(token);
        if (!size) return;
        valid_size_ = true;
        default_ = add(*size);
        give_pending(*default_);
    }

    void parse_size(const CmdlineToken& token) {
        valid_size_ = false;
        const auto size = offered(token);
        if (!size) return;
        const auto known = find(*size);
        if (known && (default_ != known || pools_[*known].pages != 0))
            return ignore(token.text, "this size was given before");
        valid_size_ = true;
        parsed_ = known ? *known : add(*size);
    }

    void parse_count(const CmdlineToken& token) {
        if (!valid_size_) {
            valid_size_ = true;
            return ignore(token.text, "it follows a size that is ignored");
        }
        // Before any size the count is kept for the default one.
        Pool& pool = pools_.empty() ? pending_ : pools_[parsed_];
        const long target = pools_.empty() ? -1 : static_cast<long>(parsed_);
        if (last_counted_ == target) return ignore(token.text, "this size has a count before");
        if (!count(*token.value, pool)) {
            pool = {pool.size};
            return ignore(token.text, "it is no count, or names a node that is not online");
        }
        pool.counted_by = token.text;
        last_counted_ = target;
    }

    /// "512" or "0:256,1:256"; false where the kernel calls it invalid.
    bool count(std::string_view text, Pool& pool) const {
        for (bool first = true; !text.empty(); first = false) {
            const auto number = take_number(text);
            if (!number) return false;
            if (!text.starts_with(':')) {
                if (first) pool.pages = *number;
                return first;
            }
            const auto& online = support_.nodes;
            if (*number > INT_MAX) return false;
            const int node = static_cast<int>(*number);
            if (std::find(online.begin(), online.end(), node) == online.end()) return false;
            text.remove_prefix(1);
            const auto pages = take_number(text);
            if (!pages) return false;
            pool.nodes[node] = *pages;
            pool.pages += *pages;
            if (!text.starts_with(',')) return true;
            text.remove_prefix(1);
        }
        return true;
    }

    /// The size that a token names; where the kernel does not offer it, the token is ignored.
    std::optional<long> offered(const CmdlineToken& token) {
        const auto bytes = parse_kernel_size(*token.value).bytes;
        for (const long size : support_.sizes)
            if (std::cmp_equal(size, bytes)) return size;
        ignore(token.text, "the kernel does not offer this size");
        return std::nullopt;
    }

    std::optional<size_t> find(long size) const {
        for (size_t i = 0; i < pools_.size(); ++i)
            if (pools_[i].size == size) return i;
        return std::nullopt;
    }

    /// hugetlb_add_hstate(): only a pool that is new becomes the one that counts go to.
    size_t add(long size) {
        if (const auto known = find(size)) return *known;
        pools_.push_back({size});
        parsed_ = pools_.size() - 1;
        return parsed_;
    }

    /// A count before any size goes to the default one, over another that it may have.
    void give_pending(size_t to) {
        if (pending_.pages == 0) return;
        Pool& pool = pools_[to];
        // Where both stand, pages of nodes are what the kernel allocates.
        if (!pool.nodes.empty() && pending_.nodes.empty())
            ignore(pending_.counted_by, concat({pool.counted_by, " names nodes of the same size"}));
        else if (pool.pages != 0)
            ignore(pool.counted_by, concat({pending_.counted_by, " came first, for the default size"}));
        for (const auto& [node, pages] : pending_.nodes) pool.nodes[node] = pages;
        pool.pages = pending_.pages;
        pool.counted_by = pending_.counted_by;
        pending_ = {};
    }

    void ignore(const std::string& text, std::string why) { ignored_.push_back({text, std::move(why)}); }

    const HugePageSupport& support_;
    std::vector<Pool> pools_;
    Pool pending_;
    size_t parsed_ = 0;              // the pool that a count goes to
    std::optional<size_t> default_;  // the pool of default_hugepagesz=
    bool valid_size_ = true;
    long last_counted_ = -2;  // the pool that the last count went to, -1 for pending_
    std::vector<IgnoredToken> ignored_;
};

}  // namespace

bool in_huge_page_group(const CmdlineToken& token) {
    return token.is(default_size_name) || token.is(size_name) || token.is(count_name);
}

std::vector<std::string> render_huge_page_group(std::optional<long> default_size,
                                                const std::vector<BootPool>& pools) {
    std::vector<std::string> tokens;
    if (default_size) tokens.push_back(concat({default_size_name, "=", page_size_name(*default_size)}));
    std::set<long> sizes;
    for (const auto& pool : pools) {
        const auto size = page_size_name(pool.size);
        if (!sizes.insert(pool.size).second)
            throw Error(concat({"huge pages of ", size, " are wanted twice"}));
        std::string count;
        for (const auto& [node, pages] : pool.nodes) {
            if (!count.empty()) count += ',';
            count += concat({std::to_string(node), ":", std::to_string(pages)});
        }
        const bool negative =
            pool.count < 0 || std::any_of(
                                  pool.nodes.begin(), pool.nodes.end(),
                                  [](const auto& on) { return on.first < 0 || on.second < 0; });
        if (negative) throw Error(concat({"huge pages of ", size, ": a count or node is below 0"}));
        if (count.empty()) count = std::to_string(pool.count);
        tokens.push_back(concat({size_name, "=", size}));
        tokens.push_back(concat({count_name, "=", count}));
    }
    return tokens;
}

BootHugePages simulate_huge_page_boot(const Cmdline& line, const HugePageSupport& support) {
    Parser parser(support);
    parser.parse(line);
    return parser.finish();
}

}  // namespace virtbp
