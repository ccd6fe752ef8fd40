// SPDX-License-Identifier: GPL-3.0-or-later
// A number fits in a long, since JSON's and the ranges do.
// error: a number is a long, or something that fits in one
#include "tests/compile_fail/module.hpp"

struct Params {
#ifdef BROKEN
    unsigned long count = 0;
#else
    unsigned count = 0;
#endif
};

Spec spec() { return Parameters<Params>().add("count", &Params::count, {"How many."}).spec(); }
