// SPDX-License-Identifier: GPL-3.0-or-later
#include "lib/formats/size.hpp"

#include "tests/fuzz/fuzz.hpp"

using namespace virtbp;

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    const auto text = to_text(data, size);
    must(parse_kernel_size(text).rest.size() <= text.size());
    if (const auto bytes = hugepages_folder_size(text)) must(hugepages_folder(*bytes) == text);
    may_refuse([&] {
        const long bytes = parse_page_size(text);
        must(parse_page_size(page_size_name(bytes)) == bytes);
        must(std::cmp_equal(parse_kernel_size(page_size_name(bytes)).bytes, bytes));
    });
    may_refuse([&] { must(parse_memory(text) >= 0); });
    return 0;
}
