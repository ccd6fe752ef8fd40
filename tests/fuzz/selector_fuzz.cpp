// SPDX-License-Identifier: GPL-3.0-or-later
#include "lib/formats/selector.hpp"

#include "tests/fuzz/fuzz.hpp"

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    const auto selector = virtbp::parse_selector(to_text(data, size));
    must(!selector.chosen || selector.offers(*selector.chosen));
    for (const auto& word : selector.offered) must(!word.empty());
    return 0;
}
