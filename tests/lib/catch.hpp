// SPDX-License-Identifier: GPL-3.0-or-later
// Catch2, taught to print JSON in a failed assertion: taking it for a range, it would never end.
#pragma once

#include <catch2/catch.hpp>

#include "lib/json.hpp"

template <>
struct Catch::StringMaker<virtbp::json> {
    static std::string convert(const virtbp::json& value) {
        return value.dump(-1, ' ', false, virtbp::json::error_handler_t::replace);
    }
};
