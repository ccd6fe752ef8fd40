// SPDX-License-Identifier: GPL-3.0-or-later
// The parts of a module that a program here does not break.
#pragma once

#include "lib/module.hpp"

using namespace virtbp;

struct PlainParams : HostParams {
    long number = 0;
    static Parameters<PlainParams> parameters() {
        return with(Parameters<PlainParams>().add("number", &PlainParams::number, {"A number."}));
    }
};

struct PlainState {
    long number = 0;
};

struct Plain {
    using Params = PlainParams;
    using State = PlainState;
    Params params;

    static Manual manual() { return {}; }
    State read(const System& /*system*/) const { return {}; }
    State want(State is) const { return is; }
    Fields fields(const State& /*state*/) const { return {}; }
    void apply(System& /*system*/, const State& /*is*/, const State& /*should*/) {}
};
