// SPDX-License-Identifier: GPL-3.0-or-later
// A module's read() must take what only looks.
// error: no matching function for call to .*entry
#include "tests/compile_fail/module.hpp"

struct Touching : Plain {
#ifdef BROKEN
    State read(System& system) const {
#else
    State read(const System& system) const {
#endif
        return {
            system.is_live() ? 1 : 0
        };
}
}
;

Entry virtbp::module() { return entry<Touching>(); }
