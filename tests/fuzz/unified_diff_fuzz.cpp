// SPDX-License-Identifier: GPL-3.0-or-later
// Two texts with a form feed between them.
#include "lib/formats/unified_diff.hpp"

#include "tests/fuzz/fuzz.hpp"
#include "tests/lib/patch.hpp"

using namespace virtbp;

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    const auto text = to_text(data, size);
    const auto middle = std::min(text.find('\f'), text.size());
    const auto one = text.substr(0, middle), other = text.substr(std::min(middle + 1, text.size()));
    const auto there = unified_diff(one, other, "one", "other"),
               back = unified_diff(other, one, "other", "one");
    must(there.empty() == (one == other));
    must(patched(one, there) == other);
    must(patched(other, back) == one);
    return 0;
}
