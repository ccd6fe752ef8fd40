// SPDX-License-Identifier: GPL-3.0-or-later
#include "modules/io_scheduler/other_rules.hpp"

#include "lib/text.hpp"

namespace virtbp {

namespace {

/// The property that stands for the value of our line while the rules of others are run.
constexpr std::string_view property = "VIRTBP_IO_SCHEDULER";

std::string last_part(std::string_view path) { return std::string(path.substr(path.rfind('/') + 1)); }

/// For KERNELS, ATTRS and the like: the device's ancestors, the nearest first.
std::vector<UdevNode> ancestors(const System& system, std::string path) {
    std::vector<UdevNode> all;
    while (path.find('/', 1) != std::string::npos) {
        path.erase(path.rfind('/'));
        const auto folder = "/sys" + path;
        if (!system.exists(folder + "/uevent")) continue;
        UdevNode node;
        node.kernel = replaced(last_part(path), "!", "/");
        node.subsystem = last_part(system.link(folder + "/subsystem").value_or(""));
        node.driver = last_part(system.link(folder + "/driver").value_or(""));
        node.attribute = [&system, folder](const std::string& name) {
            return read_attribute(system, concat({folder, "/", name}));
        };
        all.push_back(std::move(node));
    }
    return all;
}

}  // namespace

OtherRules::OtherRules(const System& system, std::vector<ConfigFile> files, const OurRules& ours)
    : system_(system) {
    auto stand_in = ours.stand_in(concat({"ENV{", property, "}==\"?*\""}), concat({"$env{", property, "}"}));
    our_line_ = stand_in.line;
    std::erase_if(files, [](const ConfigFile& file) {
        return file.path == OurRules::path || file.text.find(scheduler_attribute) == std::string::npos;
    });
    if (files.empty() && !stand_in.has_other_rules) return;
    put(files, {OurRules::path, std::move(stand_in.text)});
    for (const auto& file : files)
        for (const auto* const key : {"KERNELS", "SUBSYSTEMS", "DRIVERS", "ATTRS"})
            needs_parents_ = needs_parents_ || file.text.find(key) != std::string::npos;
    rules_.emplace(files, std::string(scheduler_attribute));
}

OtherRules::Writes OtherRules::around(const Disk& disk, const Identity& identity,
                                      const std::string& wanted) const {
    Writes writes;
    if (!rules_) return writes;
    auto event = device(disk, identity);
    event.environment[std::string(property)] = wanted;
    bool after = false;
    for (auto& write : rules_->writes(event)) {
        if (write.path == OurRules::path && write.line == our_line_) {
            after = true;
            continue;
        }
        (after ? writes.after : writes.before)
            .push_back({std::move(write.value), concat({write.path, ":", std::to_string(write.line)})});
    }
    return writes;
}

UdevDevice OtherRules::device(const Disk& disk, const Identity& identity) const {
    UdevDevice device;
    const auto link = system_.link(disk.folder()).value_or("");
    const auto place = link.find("/devices/");
    device.kernel = replaced(disk.name, "!", "/");
    device.subsystem = "block";
    device.devpath = place == std::string::npos ? "/block/" + disk.name : link.substr(place);
    auto& environment = device.environment;
    for (const auto line : lines(identity.properties)) {
        if (line.starts_with("S:")) append(environment["DEVLINKS"], {" /dev/", line.substr(2)});
        const auto equals = line.find('=');
        if (line.starts_with("E:") && equals != std::string_view::npos)
            environment[std::string(line.substr(2, equals - 2))] = line.substr(equals + 1);
    }
    environment["DEVTYPE"] = "disk";
    environment["DEVNAME"] = "/dev/" + device.kernel;
    environment["MAJOR"] = identity.number.substr(0, identity.number.find(':'));
    environment["MINOR"] = identity.number.substr(identity.number.find(':') + 1);
    device.attribute = [this, &disk](const std::string& name) -> std::optional<std::string> {
        if (name == scheduler_attribute && !disk.list.empty()) return disk.list;
        return read_attribute(system_, concat({disk.folder(), "/", name}));
    };
    // Of a disk that is not known from /sys, the attribute is taken to be there.
    device.exists = [this, is_known = !disk.list.empty()](const std::string& path) {
        return system_.exists(path) || (!is_known && path.ends_with(scheduler_attribute));
    };
    if (needs_parents_) device.parents = ancestors(system_, device.devpath);
    return device;
}

}  // namespace virtbp
