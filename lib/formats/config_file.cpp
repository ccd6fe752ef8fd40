// SPDX-License-Identifier: GPL-3.0-or-later
#include "lib/formats/config_file.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

namespace virtbp {

namespace {

std::string_view name_of(const ConfigFile& file) {
    return std::string_view(file.path).substr(file.path.rfind('/') + 1);
}

}  // namespace

void put(std::vector<ConfigFile>& files, ConfigFile file) {
    const auto place =
        std::lower_bound(files.begin(), files.end(), file,
                         [](const auto& one, const auto& other) { return name_of(one) < name_of(other); });
    if (place != files.end() && name_of(*place) == name_of(file)) *place = std::move(file);
    else files.insert(place, std::move(file));
}

}  // namespace virtbp
