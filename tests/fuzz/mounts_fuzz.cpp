// SPDX-License-Identifier: GPL-3.0-or-later
#include "lib/formats/mounts.hpp"

#include "tests/fuzz/fuzz.hpp"

using namespace virtbp;

namespace {

const Mount ours{"hugetlbfs", "/dev/huge pages", "hugetlbfs", "pagesize=1G"};

/// The last mount on our target, which may be written with more slashes.
std::optional<Mount> find(const std::string& fstab) {
    std::optional<Mount> found;
    for (auto& mount : parse_mounts(fstab, "fstab")) {
        std::string target;
        for (const char c : mount.target)
            if (c != '/' || !target.ends_with('/')) target += c;
        if (target.ends_with('/')) target.pop_back();
        if (target == ours.target) found = std::move(mount);
    }
    return found;
}

}  // namespace

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    const auto text = to_text(data, size);
    may_refuse([&] {
        const auto options = parse_hugetlbfs_options(text);
        must(parse_hugetlbfs_options(format_hugetlbfs_options(options)) == options);
    });
    may_refuse([&] {
        const auto with = set_fstab(text, ours);
        must(set_fstab(with, ours) == with);
        const auto mount = find(with);
        must(mount && mount->source == ours.source && mount->type == ours.type &&
             mount->options == ours.options);
        must(!find(unset_fstab(with, ours.target)));
    });
    return 0;
}
