// SPDX-License-Identifier: GPL-3.0-or-later
#include "modules/io_scheduler/disks.hpp"

#include <sys/sysmacros.h>

#include <algorithm>
#include <map>
#include <set>

#include "lib/error.hpp"
#include "lib/text.hpp"

namespace virtbp {

namespace {

bool begins_with_any(std::string_view name, std::initializer_list<std::string_view> beginnings) {
    return std::any_of(beginnings.begin(), beginnings.end(),
                       [name](const auto beginning) { return name.starts_with(beginning); });
}

bool is_pattern(const std::string& text) { return text.find_first_of("*?[") != std::string::npos; }

/// As the kernel names what /dev has in a folder: cciss/c0d0 is cciss!c0d0.
std::string kernel_name(std::string_view text) { return replaced(text, "/", "!"); }

/// "/dev/disk/by-id" and "../../sda" → "/dev/sda".
std::string joined(std::string_view folder, std::string_view target) {
    std::vector<std::string_view> parts;
    for (const auto text : {target.starts_with('/') ? std::string_view() : folder, target})
        for (const auto part : split(text, '/')) {
            if (part == ".." && !parts.empty()) parts.pop_back();
            else if (!part.empty() && part != "." && part != "..") parts.push_back(part);
        }
    std::string path;
    for (const auto part : parts) append(path, {"/", part});
    return path;
}

class Finder {
public:
    Finder(const System& system, const Selection& select, const std::function<void(Disk)>& found)
        : system_(system), select_(select), found_(found), names_(system.list("/sys/block")) {
        for (const auto& name : names_)
            if (name.starts_with("dm-")) look_for_paths(name);
    }

    /// False where the text names no disk.
    bool add(const std::string& text) {
        if (text == "all") return add_all(), true;
        if (is_pattern(text)) return add_matching(text), true;
        const auto name = disk_named(text);
        if (name) add_below(*name);
        return name.has_value();
    }

private:
    /// Those that matter: no loop devices, RAM disks, CD and floppy drives, sticks; no device that others
    /// stand on.
    void add_all() {
        auto usual = select_;
        usual.removable = select_.removable.value_or(false);
        usual.is_virtual = select_.is_virtual.value_or(false);
        for (const auto& name : names_) {
            if (begins_with_any(name, {"sr", "fd"}) || maps_.contains(name) || !is_selected(name, usual))
                continue;
            auto disk = look_at(name);
            if (disk.is_configurable() && !disk.is_hidden()) keep(std::move(disk));
        }
    }

    void add_matching(const std::string& pattern) {
        if (!pattern.starts_with('/')) {
            const auto wanted = kernel_name(pattern);
            for (const auto& name : names_)
                if (matches(wanted, name) && !Disk{name}.is_hidden()) add_below(name);
            return;
        }
        const auto slash = pattern.rfind('/');
        const auto folder = pattern.substr(0, slash);
        if (is_pattern(folder))
            throw Error(concat({"devices: ", pattern,
                                ": wanted a pattern in the last part of a path only, found it before"}));
        for (const auto& entry : system_.list(folder))
            if (matches(pattern.substr(slash + 1), entry))
                if (const auto name = disk_named(concat({folder, "/", entry}))) add_below(*name);
    }

    /// The device itself where its queue takes a scheduler, otherwise the devices that it stands on.
    void add_below(const std::string& name) {
        if (const auto map = maps_.find(name); map != maps_.end()) return add_below(map->second);
        if (!entered_.insert(name).second) return;
        auto disk = look_at(name);
        const auto slaves =
            disk.is_configurable() ? std::vector<std::string>() : system_.list(disk.folder() + "/slaves");
        for (const auto& slave : slaves)
            if (const auto below = disk_called(slave)) add_below(*below);
        if (slaves.empty() && is_selected(name, select_)) keep(std::move(disk));
    }

    void keep(Disk disk) {
        if (kept_.insert(disk.name).second) found_(std::move(disk));
    }

    Disk look_at(const std::string& name) const {
        Disk disk{name};
        disk.list = system_.read_if(disk.folder() + "/queue/scheduler").value_or("");
        disk.schedulers = parse_selector(disk.list);
        disk.first_path = first_path(name);
        return disk;
    }

    /// Of a multipath device; "" where it is none.
    std::string first_path(const std::string& name) const {
        const auto path = first_paths_.find(name);
        return path == first_paths_.end() ? "" : path->second;
    }

    /// Request-based multipath schedules its own queue and passes by those of its paths. In bio mode it is
    /// the other way round, as for every other target.
    void look_for_paths(const std::string& name) {
        const auto folder = "/sys/block/" + name;
        if (!system_.read_if(folder + "/dm/uuid").value_or("").starts_with("mpath-")) return;
        if (!look_at(name).is_configurable()) return;
        for (const auto& slave : system_.list(folder + "/slaves"))
            if (const auto path = disk_called(slave)) {
                maps_[*path] = name;
                first_paths_.emplace(name, *path);
            }
    }

    bool is_disk(const std::string& name) const {
        return std::binary_search(names_.begin(), names_.end(), name);
    }

    /// The disk of a name, or that of the partition: sda1 is sda's, nvme0n1p1 is nvme0n1's (disk_name() in
    /// the kernel).
    std::optional<std::string> disk_called(std::string_view text) const {
        auto name = kernel_name(text);
        if (is_disk(name)) return name;
        const auto digits = name.find_last_not_of("0123456789") + 1;
        auto disk = name.substr(0, digits);
        if (!is_disk(disk) && disk.ends_with('p')) disk.pop_back();
        const bool is_partition = digits < name.size() && is_disk(disk) &&
                                  (system_.exists(concat({"/sys/block/", disk, "/", name})) ||
                                   system_.exists("/sys/class/block/" + name));
        return is_partition ? std::optional(disk) : std::nullopt;
    }

    std::optional<std::string> disk_named(const std::string& text) const {
        if (!text.starts_with('/')) {
            const auto name = disk_called(text);
            return name ? name : disk_named("/dev/" + text);
        }
        // Links are followed by their text: a tree may have them and no device nodes.
        auto path = joined("", text);
        for (int links = 0; links < 40; ++links) {
            const auto target = system_.link(path);
            if (!target) break;
            path = joined(path.substr(0, path.rfind('/')), *target);
        }
        if (path.starts_with("/dev/"))
            if (auto name = disk_called(std::string_view(path).substr(5))) return name;
        const auto number = system_.block_device(path);
        if (!number) return std::nullopt;
        const auto device = system_.link(
            concat({"/sys/dev/block/", std::to_string(major(*number)), ":", std::to_string(minor(*number))}));
        return device ? disk_called(std::string_view(*device).substr(device->rfind('/') + 1)) : std::nullopt;
    }

    bool is_selected(const std::string& name, const Selection& select) const {
        const auto differs = [&](const std::optional<bool>& wanted, const char* attribute) {
            if (!wanted) return false;
            const auto text = system_.read_if(concat({"/sys/block/", name, attribute}));
            return *wanted != (trim(text.value_or("")) == "1");
        };
        if (select.is_virtual && *select.is_virtual != is_virtual(name)) return false;
        if (differs(select.removable, "/removable") || differs(select.rotational, "/queue/rotational"))
            return false;
        const auto& transports = select.transport;
        if (transports.empty()) return true;
        const auto path = first_path(name);
        return std::find(transports.begin(), transports.end(), transport_of(path.empty() ? name : path)) !=
               transports.end();
    }

    bool is_virtual(const std::string& name) const {
        if (first_paths_.contains(name)) return false;
        // Most disks tell by their names, which saves a look.
        if (begins_with_any(name, {"sd", "vd", "xvd", "hd", "nvme", "mmcblk", "dasd", "cciss!"}))
            return false;
        if (begins_with_any(name, {"loop", "ram", "zram", "nbd", "md", "dm-"})) return true;
        return system_.link("/sys/block/" + name).value_or("").find("/virtual/block/") != std::string::npos;
    }

    /// By the device's place in /sys/devices, "" where that does not tell.
    std::string_view transport_of(const std::string& name) const {
        struct Sign {
            std::string_view part, transport;
        };
        constexpr Sign names[] = {{"nvme", "nvme"}, {"vd", "virtio"}, {"xvd", "xen"}, {"mmcblk", "mmc"}};
        constexpr Sign places[] = {{"/session", "iscsi"},   {"/rport-", "fc"}, {"/usb", "usb"},
                                   {"/end_device-", "sas"}, {"/ata", "sata"},  {"/virtio", "virtio"},
                                   {"/vbd-", "xen"},        {"/host", "scsi"}};
        for (const auto& [part, transport] : names)
            if (name.starts_with(part)) return transport;
        const auto place = system_.link("/sys/block/" + name).value_or("");
        for (const auto& [part, transport] : places)
            if (place.find(part) != std::string::npos) return transport;
        return "";
    }

    const System& system_;
    const Selection& select_;
    const std::function<void(Disk)>& found_;
    std::vector<std::string> names_;                  // of /sys/block, sorted
    std::map<std::string, std::string> maps_;         // path → the multipath device that schedules for it
    std::map<std::string, std::string> first_paths_;  // the other way round
    std::set<std::string> entered_, kept_;
};

}  // namespace

Parameters<Selection> Selection::parameters() {
    return Parameters<Selection>()
        .add("rotational", &Selection::rotational,
             {"Whether the kernel takes the disk for one that rotates (C(queue/rotational))."})
        .add("transport", &Selection::transport,
             {"How the disk is attached, one or several of them; V(virtio) is virtio-blk and virtio-scsi, "
              "V(scsi) "
              "what is none of the others."},
             {.choices = {"sata", "sas", "fc", "iscsi", "usb", "nvme", "virtio", "xen", "mmc", "scsi"}})
        .add("removable", &Selection::removable,
             {"Whether the medium can be taken out, as of a memory stick."})
        .add("virtual", &Selection::is_virtual,
             {"Whether no device stands behind it: loop devices, RAM disks, network block devices."});
}

void find_disks(const System& system, const std::vector<std::string>& devices, const Selection& select,
                bool may_be_missing, const std::function<void(Disk)>& found) {
    Finder finder(system, select, found);
    for (const auto& device : devices)
        if (!finder.add(device) && !may_be_missing)
            throw Error(concat({"devices: wanted a name in /sys/block, a partition or a path in /dev, found ",
                                device, ", which is no disk here"}));
}

}  // namespace virtbp
