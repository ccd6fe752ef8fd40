// SPDX-License-Identifier: GPL-3.0-or-later
#include "lib/formats/systemd_unit.hpp"

#include "tests/fuzz/fuzz.hpp"

using namespace virtbp;

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    const auto text = to_text(data, size);
    const auto values = unit_values(text, "Unit", "After");
    for (const auto& value : values) must(!value.empty());
    must(unit_value(text, "Unit", "After").has_value() == !values.empty());
    may_refuse([&] {
        const auto name = unit_name(text, "mount");
        must(name.size() <= 255 && name.ends_with(".mount") && name.find('/') == std::string::npos);
    });
    return 0;
}
