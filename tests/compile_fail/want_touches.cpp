// SPDX-License-Identifier: GPL-3.0-or-later
// What should be is thought out without a machine.
// error: no matching function for call to .*entry
#include "tests/compile_fail/module.hpp"

struct Touching : Plain {
#ifdef BROKEN
    State want(System& /*system*/, State is) const { return is; }
#else
    State want(State is) const { return is; }
#endif
};

Entry virtbp::module() { return entry<Touching>(); }
