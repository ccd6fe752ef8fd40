// SPDX-License-Identifier: GPL-3.0-or-later
// hugetlbfs mounts, now and for good: a line of fstab where the path stands there, or else a .mount unit. A
// value, as BootPools.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "lib/formats/mounts.hpp"
#include "lib/json.hpp"
#include "lib/system.hpp"
#include "lib/systemd.hpp"
#include "modules/hugepages/mount_unit.hpp"

namespace virtbp::hugepages {

struct MountWish {
    std::string path;          ///< absolute, without doubled and trailing slashes
    std::optional<long> size;  ///< nothing: the kernel's default one
    std::optional<long> mode;
    std::optional<std::string> group;  ///< a name or a number
};

class Mounts {
public:
    /// One mount: asked for, in the kernel, and in the files that the boot reads.
    struct Entry {
        MountWish wish;
        bool offered = true;             ///< the kernel has pages of this size
        std::optional<long> group = {};  ///< the wish's, as a number
        std::optional<Mount> mounted = {};
        MountUnit unit = {};
    };
    struct Setting {
        json options;  ///< "pagesize=1G,gid=36", what is asked for and no more; null: it is not mounted
        std::string source;
        bool masked = false;
    };

    Mounts() = default;
    /// `sizes` is what the kernel offers; nothing where that is not known.
    Mounts(const System& system, const std::vector<MountWish>& wishes, long default_size,
           const std::optional<std::vector<long>>& sizes);

    const std::vector<Entry>& entries() const { return entries_; }
    long size(const Entry& entry) const { return entry.wish.size.value_or(default_size_); }
    json wanted(const Entry& entry) const;
    json now(const Entry& entry) const;
    Setting at_boot(const Entry& entry) const;

    /// As if all were mounted as wanted. Throws Error where another file system is in the way.
    void mount_all();
    /// Makes all of them last. Throws Error where fstab and a unit contradict each other.
    void keep_all();

    /// Mounts what differs.
    void apply(System& system, const Mounts& is) const;
    Files files() const;
    std::vector<Link> links() const;

private:
    json shown(const Entry& entry, const std::string& options) const;
    std::string merged(const Entry& entry, const std::string& options) const;
    std::optional<Mount> in_fstab(const std::string& path) const;

    std::vector<Entry> entries_;
    long default_size_ = 0;
    std::optional<std::string> fstab_;
    std::string groups_;  ///< /etc/group
};

}  // namespace virtbp::hugepages
