// SPDX-License-Identifier: GPL-3.0-or-later
// Reading does not write to the kernel.
// error: const .*System.*(discards qualifiers|is not marked const)
#include "tests/compile_fail/module.hpp"

struct Touching : Plain {
    State read(const System& system) const {
#ifdef BROKEN
        system.write("/sys/kernel/mm/ksm/run", "1\n");
#endif
        return {system.is_live() ? 1 : 0};
    }
};

Entry virtbp::module() { return entry<Touching>(); }
