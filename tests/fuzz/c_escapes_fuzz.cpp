// SPDX-License-Identifier: GPL-3.0-or-later
#include "lib/formats/c_escapes.hpp"

#include "tests/fuzz/fuzz.hpp"

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    const auto text = to_text(data, size);
    const auto plain = virtbp::unescape_c(text);
    must(!plain || plain->size() <= text.size());
    if (text.find('\\') == std::string::npos) must(plain == text);
    return 0;
}
