// SPDX-License-Identifier: GPL-3.0-or-later
#include "lib/schema.hpp"

namespace virtbp {

long ranged(const Option& option, const json& value) {
    const auto refuse = [&](std::string_view problem) -> Error {
        return Error(concat({"argument '", option.name, "' ", problem, ": ", value.dump()}));
    };
    long number = 0;
    if (value.is_boolean()) {
        number = value.get<bool>() ? 1 : 0;  // Ansible lets a bool pass as an int
    } else {
        // Python's integers have no end; what JSON could hold only as a double or as unsigned is beyond ours.
        const bool fits =
            value.is_number_integer() &&
            (!value.is_number_unsigned() ||
             value.get<unsigned long>() <= static_cast<unsigned long>(std::numeric_limits<long>::max()));
        if (!fits) throw refuse("does not fit 64 bits");
        number = value.get<long>();
    }
    if (option.minimum && number < *option.minimum)
        throw refuse(concat({"must be at least ", std::to_string(*option.minimum)}));
    if (option.maximum && number > *option.maximum)
        throw refuse(concat({"must be at most ", std::to_string(*option.maximum)}));
    return number;
}

}  // namespace virtbp
