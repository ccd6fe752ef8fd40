// SPDX-License-Identifier: GPL-3.0-or-later
#include "lib/formats/tmpfiles.hpp"

#include "tests/fuzz/fuzz.hpp"

using namespace virtbp;

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    const auto text = to_text(data, size);
    for (const auto& entry : parse_tmpfiles(text)) must(entry.path.starts_with('/'));
    tmpfiles_writes({{"f", text}}, "/sys/kernel/mm/ksm/run");

    // Whatever can be written is read back.
    const auto input = first_line(text);
    const auto &path = input.first, &value = input.second;
    may_refuse([&] {
        const auto entries = parse_tmpfiles(tmpfiles_write_line(path, value));
        must(entries.size() == 1 && entries[0].type == 'w' && entries[0].argument == value);
    });
    return 0;
}
