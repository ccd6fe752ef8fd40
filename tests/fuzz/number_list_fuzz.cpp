// SPDX-License-Identifier: GPL-3.0-or-later
#include "lib/formats/number_list.hpp"

#include <algorithm>

#include "tests/fuzz/fuzz.hpp"

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    may_refuse([&] {
        const auto numbers = virtbp::parse_number_list(to_text(data, size));
        must(numbers.size() <= 65536);
        must(std::is_sorted(numbers.begin(), numbers.end()));
        const auto text = virtbp::format_number_list(numbers);
        must(virtbp::parse_number_list(text) == numbers);
    });
    return 0;
}
