// SPDX-License-Identifier: GPL-3.0-or-later
// Reading asks commands, and runs none that changes something.
// error: const .*System.*(discards qualifiers|is not marked const)
#include "tests/compile_fail/module.hpp"

struct Touching : Plain {
    State read(const System& system) const {
#ifdef BROKEN
        system.run({"swapoff", "-a"});
#endif
        return {system.query({"uname"}) ? 1 : 0};
    }
};

Entry virtbp::module() { return entry<Touching>(); }
