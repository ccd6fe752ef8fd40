// SPDX-License-Identifier: GPL-3.0-or-later
#include "modules/hugepages/hugetlbfs.hpp"

#include <algorithm>

#include "lib/error.hpp"
#include "lib/text.hpp"

namespace virtbp::hugepages {

namespace {

const std::string type = "hugetlbfs";
const std::string fstab_file = "/etc/fstab";

constexpr long default_mode = 0755;

/// A group's number from /etc/group; nothing where it has no such group. getgrnam() would ask this machine's.
std::optional<long> group_number(std::string_view groups, std::string_view name) {
    if (const auto number = to_integer(name); number && *number >= 0) return number;
    for (const auto line : lines(groups)) {
        const auto parts = split(line, ':');
        if (parts.size() >= 3 && parts[0] == name) return to_integer(parts[2]);
    }
    return std::nullopt;
}

std::optional<Mount> last_at(const std::vector<Mount>& mounts, std::string_view path) {
    std::optional<Mount> last;
    for (const auto& mount : mounts) {
        std::string_view target(mount.target);
        while (target.size() > 1 && target.ends_with('/')) target.remove_suffix(1);
        if (target == path) last = mount;
    }
    return last;
}

/// Of a mount's options as the kernel shows them those that mount(2) takes: "seclabel" is none.
std::string given_at_mount(const std::string& options) {
    std::vector<std::string> kept;
    for (const auto option : split(options, ',')) {
        const auto name = option.substr(0, option.find('='));
        for (const std::string_view known : {"ro", "nosuid", "nodev", "noexec", "pagesize", "size",
                                             "min_size", "nr_inodes", "uid", "gid", "mode"})
            if (name == known) kept.emplace_back(option);
    }
    return join(kept, ",");
}

}  // namespace

Mounts::Mounts(const System& system, const std::vector<MountWish>& wishes, long default_size,
               const std::optional<std::vector<long>>& sizes)
    : default_size_(default_size) {
    if (wishes.empty()) return;
    fstab_ = system.read_if(fstab_file);
    groups_ = system.read_if("/etc/group").value_or("");
    const auto mounts = parse_mounts(system.read_if("/proc/mounts").value_or(""), "/proc/mounts");
    for (const auto& wish : wishes) {
        Entry entry{wish};
        entry.unit = MountUnit(system, wish.path);
        entry.offered = !sizes || std::find(sizes->begin(), sizes->end(), size(entry)) != sizes->end();
        entry.mounted = last_at(mounts, wish.path);
        if (wish.group) {
            entry.group = group_number(groups_, *wish.group);
            if (!entry.group)
                throw Error(concat({"mounts: group ", *wish.group,
                                    " is not in /etc/group: give the number of a group from elsewhere"}));
        }
        entries_.push_back(std::move(entry));
    }
}

// -- compared -----------------------------------------------------------------------------------------------

json Mounts::wanted(const Entry& entry) const {
    HugetlbfsOptions options;
    options.page_size = size(entry);
    options.mode = entry.wish.mode;
    if (entry.group) options.gid = std::to_string(*entry.group);
    return format_hugetlbfs_options(options);
}

/// Options in the form of wanted().
json Mounts::shown(const Entry& entry, const std::string& options) const {
    const auto all = parse_hugetlbfs_options(options);
    HugetlbfsOptions asked;
    asked.page_size = all.page_size.value_or(default_size_);
    if (entry.wish.mode) asked.mode = all.mode.value_or(default_mode);
    if (entry.group) {
        const auto name = all.gid.value_or("0");
        const auto number = group_number(groups_, name);
        asked.gid = number ? std::to_string(*number) : name;
    }
    return format_hugetlbfs_options(asked);
}

json Mounts::now(const Entry& entry) const {
    if (!entry.mounted) return nullptr;
    return entry.mounted->type == type ? shown(entry, entry.mounted->options) : json(entry.mounted->type);
}

Mounts::Setting Mounts::at_boot(const Entry& entry) const {
    if (const auto line = in_fstab(entry.wish.path)) {
        const auto options = split(line->options, ',');
        const bool automatic = std::find(options.begin(), options.end(), "noauto") == options.end();
        if (line->type != type) return {line->type, fstab_file};
        return {automatic ? shown(entry, line->options) : json(), fstab_file};
    }
    const auto options = entry.unit.options();
    if (!entry.unit.is_started()) return {nullptr, options.source, entry.unit.is_masked()};
    if (entry.unit.type() != type) return {entry.unit.type(), options.source};
    return {shown(entry, options.text), options.source};
}

std::optional<Mount> Mounts::in_fstab(const std::string& path) const {
    return last_at(parse_mounts(fstab_.value_or(""), fstab_file), path);
}

// -- changed ------------------------------------------------------------------------------------------------

/// Options with those that are asked for, and the others as they were.
std::string Mounts::merged(const Entry& entry, const std::string& options) const {
    HugetlbfsOptions asked;
    asked.page_size = entry.wish.size;
    asked.mode = entry.wish.mode;
    if (entry.group) asked.gid = std::to_string(*entry.group);
    std::vector<std::string> all;
    for (const auto option : split(options, ',')) {
        const auto name = option.substr(0, option.find('='));
        const bool gone = option.empty() || option == "defaults" || option == "noauto" ||
                          name == "pagesize" || (name == "mode" && asked.mode) ||
                          (name == "gid" && asked.gid);
        if (!gone) all.emplace_back(option);
    }
    if (auto text = format_hugetlbfs_options(asked); !text.empty()) all.push_back(std::move(text));
    return all.empty() ? "defaults" : join(all, ",");
}

void Mounts::mount_all() {
    for (auto& entry : entries_) {
        if (!entry.offered || now(entry) == wanted(entry)) continue;
        const auto& mounted = entry.mounted;
        if (mounted && mounted->type != type)
            throw Error(concat({"mounts: ", entry.wish.path, " holds a file system of type ", mounted->type,
                                ": wanted hugetlbfs"}));
        entry.mounted = {type, entry.wish.path, type,
                         merged(entry, mounted ? given_at_mount(mounted->options) : "")};
    }
}

void Mounts::keep_all() {
    for (auto& entry : entries_) {
        const auto& path = entry.wish.path;
        auto& unit = entry.unit;
        auto line = in_fstab(path);
        if (!entry.offered) continue;
        if (line && unit.beats_fstab())
            throw Error(concat({"mounts: ", path, " stands in ", fstab_file, " and in ",
                                unit.options().source, ", and the unit wins: keep one of them"}));
        if (at_boot(entry).options == wanted(entry) || (!line && unit.is_masked())) continue;
        if (line) {
            if (line->type != type)
                throw Error(concat(
                    {"mounts: ", fstab_file, " mounts ", line->type, " on ", path, ": wanted hugetlbfs"}));
            line->options = merged(entry, line->options);
            fstab_ = set_fstab(fstab_.value_or(""), *line);
            continue;
        }
        const auto options = unit.options().text;
        if (unit.type() != type || shown(entry, options) != wanted(entry))
            unit.set(merged(entry, options), entry.wish.size);
        unit.start();
    }
}

// -- applied ------------------------------------------------------------------------------------------------

void Mounts::apply(System& system, const Mounts& is) const {
    for (size_t i = 0; i < entries_.size(); ++i) {
        const auto& before = is.entries_[i].mounted;
        const auto& path = entries_[i].wish.path;
        const auto& options = entries_[i].mounted;
        if (is.now(is.entries_[i]) == now(entries_[i]) || !options) continue;
        if (!before) {
            system.make_directory(path);
            system.mount(type, path, type, options->options);
            continue;
        }
        // pagesize= cannot be changed by remounting.
        system.unmount(path);
        try {
            system.mount(type, path, type, options->options);
        } catch (const Error&) {
            system.mount(before->source, path, type, given_at_mount(before->options));
            throw;
        }
    }
}

Files Mounts::files() const {
    Files files;
    for (const auto& entry : entries_) {
        files[fstab_file] = fstab_;
        files.merge(entry.unit.files());
    }
    return files;
}

std::vector<Link> Mounts::links() const {
    std::vector<Link> all;
    for (const auto& entry : entries_)
        for (auto& link : entry.unit.links()) all.push_back(std::move(link));
    return all;
}

}  // namespace virtbp::hugepages
