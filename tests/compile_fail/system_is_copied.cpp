// SPDX-License-Identifier: GPL-3.0-or-later
// Whoever may only look cannot make himself a copy to touch.
// error: use of deleted function .*System::System|call to deleted constructor of .*System
#include "tests/compile_fail/module.hpp"

struct Touching : Plain {
    State read(const System& system) const {
#ifdef BROKEN
        auto mine = system;
        mine.write("/sys/kernel/mm/ksm/run", "1\n");
#endif
        return {system.is_live() ? 1 : 0};
    }
};

Entry virtbp::module() { return entry<Touching>(); }
