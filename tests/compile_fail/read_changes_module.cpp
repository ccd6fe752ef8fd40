// SPDX-License-Identifier: GPL-3.0-or-later
// Reading is the same the second time: it does not change the module.
// error: no matching function for call to .*entry
#include "tests/compile_fail/module.hpp"

struct Changing : Plain {
#ifdef BROKEN
    State read(const System& /*system*/) {
        params.number = 1;
#else
    State read(const System& /*system*/) const {
#endif
        return {params.number};
    }
};

Entry virtbp::module() { return entry<Changing>(); }
