// SPDX-License-Identifier: GPL-3.0-or-later
#include "lib/formats/python.hpp"

#include "lib/error.hpp"
#include "lib/formats/json_text.hpp"
#include "tests/fuzz/fuzz.hpp"

using namespace virtbp;

namespace {

/// What is shown is read back the same.
void check(const json& value) { must(parse_python(python_repr(value)).dump() == value.dump()); }

}  // namespace

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    const auto text = to_text(data, size);
    must(python_strip(text).size() <= text.size());
    try {
        check(parse_python(text));
    } catch (const Error&) {}
    try {
        check(parse_json(text));
    } catch (const Error&) {}
    return 0;
}
