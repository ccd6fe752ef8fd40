// SPDX-License-Identifier: GPL-3.0-or-later
// A member has one of Ansible's types.
// error: no Ansible type for this member
#include "tests/compile_fail/module.hpp"

struct Params {
#ifdef BROKEN
    double share = 0.5;
#else
    long share = 50;
#endif
};

Spec spec() { return Parameters<Params>().add("share", &Params::share, {"A share."}).spec(); }
