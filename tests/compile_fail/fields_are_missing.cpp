// SPDX-License-Identifier: GPL-3.0-or-later
// A module that reports nothing is none.
// error: no matching function for call to .*entry
#include "tests/compile_fail/module.hpp"

struct Silent : Plain {
#ifdef BROKEN
    Fields fields(const State& /*state*/) const = delete;
#endif
};

Entry virtbp::module() { return entry<Silent>(); }
