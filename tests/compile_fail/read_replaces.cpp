// SPDX-License-Identifier: GPL-3.0-or-later
// Reading does not replace files.
// error: const .*System.*(discards qualifiers|is not marked const)
#include "tests/compile_fail/module.hpp"

struct Touching : Plain {
    State read(const System& system) const {
#ifdef BROKEN
        system.replace("/etc/fstab", "");
#endif
        return {system.exists("/etc/fstab") ? 1 : 0};
    }
};

Entry virtbp::module() { return entry<Touching>(); }
