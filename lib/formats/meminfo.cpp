// SPDX-License-Identifier: GPL-3.0-or-later
#include "lib/formats/meminfo.hpp"

#include "lib/error.hpp"
#include "lib/text.hpp"

namespace virtbp {

std::optional<long> meminfo(std::string_view text, std::string_view key) {
    for (const auto line : lines(text)) {
        const auto colon = line.find(':');
        if (colon == std::string_view::npos) continue;
        auto name = words(line.substr(0, colon));
        if (name.size() == 3 && name[0] == "Node") name.erase(name.begin(), name.begin() + 2);
        if (name.size() != 1 || name[0] != key) continue;

        const auto value = words(line.substr(colon + 1));
        auto number = value.empty() ? std::nullopt : to_integer(value[0]);
        long factor = 1;
        if (value.size() == 2 && value[1] == "kB") factor = 1024;
        else if (value.size() != 1) number.reset();
        if (!number || *number < 0 || __builtin_mul_overflow(*number, factor, &*number))
            throw Error(concat({"meminfo: no number in the line \"", line.substr(0, 200), "\""}));
        return number;
    }
    return std::nullopt;
}

}  // namespace virtbp
