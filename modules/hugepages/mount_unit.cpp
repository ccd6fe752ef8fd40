// SPDX-License-Identifier: GPL-3.0-or-later
#include "modules/hugepages/mount_unit.hpp"

#include "lib/drop_ins.hpp"
#include "lib/error.hpp"
#include "lib/formats/size.hpp"
#include "lib/formats/systemd_unit.hpp"
#include "lib/text.hpp"

namespace virtbp::hugepages {

namespace {

const std::string etc = "/etc/systemd/system/";

constexpr std::string_view first_line = "# Written by virtbp\n";

std::string drop_in_file(const std::string& unit) { return concat({etc, unit, ".d/90-virtbp.conf"}); }

/// As dev-hugepages.mount, which comes with systemd, but for the machine it waits for.
std::string unit_text(const std::string& path, std::string_view options, std::optional<long> size) {
    return concat(
        {first_line, "[Unit]\nDescription=Huge pages", size ? " of " : "", size ? page_size_name(*size) : "",
         "\nDefaultDependencies=no\nBefore=sysinit.target\n"
         "ConditionPathExists=/sys/kernel/mm/hugepages",
         size ? "/" : "", size ? hugepages_folder(*size) : "", "\n\n[Mount]\nWhat=hugetlbfs\nWhere=", path,
         "\nType=hugetlbfs\nOptions=", options, "\n\n[Install]\nWantedBy=sysinit.target\n"});
}

}  // namespace

MountUnit::MountUnit(const System& system, std::string path)
    : path_(std::move(path)),
      name_(unit_name(path_, "mount")),
      unit_(find_unit(system, name_)),
      drop_ins_(drop_ins(system, concat({"systemd/system/", name_, ".d"}), ".conf")),
      our_drop_in_(system.read_if(drop_in_file(name_))) {}

bool MountUnit::is_ours() const {
    return unit_ && unit_->path.starts_with(etc) && unit_->text.starts_with(first_line);
}

bool MountUnit::is_started() const {
    return unit_ && !unit_->masked &&
           (unit_->enabled || unit_values(unit_->text, "Install", "WantedBy").empty());
}

bool MountUnit::beats_fstab() const {
    return (unit_ && !unit_->masked && unit_->path.starts_with(etc)) || options().by_drop_in;
}

std::string MountUnit::type() const {
    return unit_ ? unit_value(unit_->text, "Mount", "Type").value_or("") : "";
}

MountUnit::Options MountUnit::options() const {
    Options options{"", etc + name_, false};
    if (unit_) options = {unit_value(unit_->text, "Mount", "Options").value_or(""), unit_->path, false};
    for (const auto& file : drop_ins_)
        if (const auto given = unit_value(file.text, "Mount", "Options")) options = {*given, file.path, true};
    return options;
}

void MountUnit::set(const std::string& options, std::optional<long> size) {
    if (!unit_) unit_ = Unit{name_, etc + name_, std::string(first_line)};
    if (is_ours() && !this->options().by_drop_in) {
        unit_->text = unit_text(path_, options, size);
        return;
    }
    if (type() != "hugetlbfs")
        throw Error(
            concat({"mounts: ", unit_->path, " mounts \"", type(), "\" on ", path_, ": wanted hugetlbfs"}));
    our_drop_in_ = concat({first_line, "[Mount]\nOptions=", options, "\n"});
    put(drop_ins_, {drop_in_file(name_), *our_drop_in_});
}

void MountUnit::start() {
    if (unit_) unit_->enabled = !unit_values(unit_->text, "Install", "WantedBy").empty();
}

Files MountUnit::files() const {
    Files files{{drop_in_file(name_), our_drop_in_}};
    if (is_masked()) return files;
    const bool in_etc = unit_ && unit_->path.starts_with(etc);
    files[etc + name_] = in_etc ? std::optional(unit_->text) : std::nullopt;
    return files;
}

std::vector<Link> MountUnit::links() const {
    if (!unit_ || !unit_->enabled) return {};
    return enabling_links(name_, unit_->path, unit_->text);
}

}  // namespace virtbp::hugepages
