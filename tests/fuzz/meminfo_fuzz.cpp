// SPDX-License-Identifier: GPL-3.0-or-later
#include "lib/formats/meminfo.hpp"

#include "tests/fuzz/fuzz.hpp"

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    const auto text = to_text(data, size);
    for (const char* key : {"MemTotal", "HugePages_Total", "Hugepagesize"}) {
        may_refuse([&] {
            const auto value = virtbp::meminfo(text, key);
            must(!value || *value >= 0);
        });
    }
    return 0;
}
