// SPDX-License-Identifier: GPL-3.0-or-later
// A parameter is stored into a member of its own struct.
// error: no matching (member )?function for call to .*push_back
#include "tests/compile_fail/module.hpp"

struct Other {
    long number = 0;
};

#ifdef BROKEN
using Owner = Other;
#else
using Owner = PlainParams;
#endif

Spec spec() { return Parameters<PlainParams>().add("number", &Owner::number, {"A number."}).spec(); }
