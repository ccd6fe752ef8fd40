// SPDX-License-Identifier: GPL-3.0-or-later
// How a state is told to users.
#pragma once

#include <string>
#include <vector>

#include "lib/field.hpp"
#include "modules/hugepages/parameters.hpp"
#include "modules/hugepages/state.hpp"

namespace virtbp::hugepages {

Fields fields(const Params& params, const State& state);
std::vector<std::string> warnings(const Params& params, const State& state);

}  // namespace virtbp::hugepages
