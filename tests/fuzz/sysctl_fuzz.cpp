// SPDX-License-Identifier: GPL-3.0-or-later
#include "lib/formats/sysctl.hpp"

#include "tests/fuzz/fuzz.hpp"

using namespace virtbp;

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    const auto text = to_text(data, size);
    const std::string key = "vm.nr_hugepages", other = "vm.swappiness";

    const auto path = sysctl_path(text);
    if (path.find('.') == std::string::npos) must(sysctl_path(path) == path);

    const auto with = set_sysctl(text, key, "512");
    const auto setting = effective_sysctl({{"f", with}}, key);
    must(setting && setting->value == "512" && setting->path == "f");
    must(set_sysctl(with, key, "512") == with);

    const auto before = effective_sysctl({{"f", text}}, other),
               after = effective_sysctl({{"f", with}}, other);
    must(before.has_value() == after.has_value() && (!before || before->value == after->value));

    const auto without = unset_sysctl(with, key);
    for (const auto& assignment : parse_sysctl(without)) must(assignment.key != sysctl_path(key));
    must(unset_sysctl(without, key) == without);
    return 0;
}
