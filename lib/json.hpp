// SPDX-License-Identifier: GPL-3.0-or-later
// JSON as the whole project sees it: objects keep the order in which they were written, so that a result
// reads as its author meant it. Two objects from outside must not be compared with ==, which looks at that
// order.
#pragma once

// Executables read and write through System; the stream operators would bring the whole of iostream along.
#define JSON_NO_IO 1
#include <nlohmann/json.hpp>

namespace virtbp {

using json = nlohmann::ordered_json;

}  // namespace virtbp
