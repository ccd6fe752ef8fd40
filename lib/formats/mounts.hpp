// SPDX-License-Identifier: GPL-3.0-or-later
// Tables of mounts through libmount: /proc/mounts, /proc/self/mountinfo and fstab; hugetlbfs's options.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace virtbp {

struct Mount {
    std::string source;  ///< without escapes; "none" or "hugetlbfs" for hugetlbfs
    std::string target;  ///< without escapes
    std::string type;
    std::string options;  ///< comma separated, those of the mount and of its file system
};

/// hugetlbfs's options (admin-guide/mm/hugetlbpage), parsed: "pagesize=1G" and "pagesize=1024M" are equal.
struct HugetlbfsOptions {
    std::optional<long> page_size;    ///< bytes; nothing: the default size
    std::optional<std::string> size;  ///< bytes as a number, or "50%"
    std::optional<long> mode;         ///< permission bits
    std::optional<std::string> uid;
    std::optional<std::string> gid;

    bool operator==(const HugetlbfsOptions&) const = default;
};

/// The mounts of a table in order, in any of the three forms. Throws Error where libmount cannot parse a
/// line. `path` is for the message.
std::vector<Mount> parse_mounts(const std::string& text, std::string_view path);

/// Options not named in HugetlbfsOptions are skipped. Throws Error on a page size, size or mode that is none.
HugetlbfsOptions parse_hugetlbfs_options(const std::string& options);
/// "pagesize=1G,mode=1770,gid=36", only what is set.
std::string format_hugetlbfs_options(const HugetlbfsOptions& options);

/// An fstab with one line for the mount's target: the last line of that target is changed where there is one,
/// or one is added at the end; everything else is kept byte for byte. A line that says the same is kept as it
/// is. Throws Error where libmount cannot parse a line.
std::string set_fstab(const std::string& text, const Mount& mount);
/// The fstab without the lines of a target.
std::string unset_fstab(const std::string& text, const std::string& target);

}  // namespace virtbp
