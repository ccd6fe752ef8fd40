// SPDX-License-Identifier: GPL-3.0-or-later
#include "lib/formats/cmdline.hpp"

#include <algorithm>

#include "tests/fuzz/fuzz.hpp"

using namespace virtbp;

namespace {

std::vector<BootPool> sorted(std::vector<BootPool> pools) {
    std::sort(pools.begin(), pools.end(),
              [](const BootPool& a, const BootPool& b) { return a.size < b.size; });
    return pools;
}

}  // namespace

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    const auto text = to_text(data, size);
    const auto line = parse_cmdline(text);

    // Cut again, each token's text is that token.
    for (const auto& token : line.tokens) {
        const auto again = parse_cmdline(token.text);
        must(again.tokens.size() == 1 && again.rest.empty());
        must(again.tokens[0].name == token.name && again.tokens[0].value == token.value);
    }

    const HugePageSupport support = {{2L << 20U, 1L << 30U}, 2L << 20U, {0, 1}};
    const auto boot = simulate_huge_page_boot(line, support);
    for (const auto& pool : boot.pools) must(pool.count > 0);

    // What the line gives, written anew, boots to the same.
    std::string written;
    for (const auto& token : render_huge_page_group(boot.default_size, boot.pools)) written += token + " ";
    const auto again = simulate_huge_page_boot(parse_cmdline(written), support);
    must(again.default_size == boot.default_size && sorted(again.pools) == sorted(boot.pools) &&
         again.ignored.empty());
    return 0;
}
