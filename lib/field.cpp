// SPDX-License-Identifier: GPL-3.0-or-later
#include "lib/field.hpp"

#include <array>
#include <utility>

namespace virtbp {

std::string_view name_of(Layer layer) {
    constexpr std::array<std::string_view, 5> names{"runtime", "persistent", "boot", "config", "live"};
    return names.at(static_cast<size_t>(layer));
}

std::string_view name_of(Outcome outcome) {
    constexpr std::array<std::string_view, 8> names{"not_applicable", "same",       "changed",
                                                    "pending_reboot", "partial",    "overridden",
                                                    "locked",         "unsupported"};
    return names.at(static_cast<size_t>(outcome));
}

Field Field::judged(Outcome outcome, std::string why, json asked) const {
    Field field = *this;
    field.verdict = outcome;
    field.reason = std::move(why);
    field.wanted = std::move(asked);
    return field;
}

}  // namespace virtbp
