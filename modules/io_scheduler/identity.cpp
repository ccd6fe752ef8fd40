// SPDX-License-Identifier: GPL-3.0-or-later
#include "modules/io_scheduler/identity.hpp"

#include <algorithm>

#include "lib/error.hpp"
#include "lib/text.hpp"

namespace virtbp {

namespace {

/// Characters that mean themselves in a rule's value. What udev makes of serial numbers has no others.
bool is_plain(std::string_view text) {
    return !text.empty() && std::all_of(text.begin(), text.end(), [](unsigned char c) {
        return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
               std::string_view("#+-.:=@_ /").find(static_cast<char>(c)) != std::string_view::npos;
    });
}

/// A property in a file of udev's database: "E:ID_WWN=0x5…".
std::string_view property_in(std::string_view database, std::string_view name) {
    const auto key = concat({"E:", name, "="});
    for (size_t at = database.find(key); at != std::string_view::npos; at = database.find(key, at + 1)) {
        if (at != 0 && database[at - 1] != '\n') continue;
        const auto rest = database.substr(at + key.size());
        return rest.substr(0, rest.find('\n'));
    }
    return {};
}

}  // namespace

std::optional<std::string> read_attribute(const System& system, const std::string& path) {
    try {
        return system.read_if(path);
    } catch (const Error&) {
        return std::nullopt;
    }
}

Identity identify(const System& system, const Disk& disk) {
    Identity identity;
    const auto add = [&identity](std::string_view key, std::string_view name, std::string_view value) {
        if (is_plain(value)) identity.matches.push_back(concat({key, "{", name, "}==\"", value, "\""}));
    };
    const auto add_attribute = [&](const char* name) {
        if (const auto text = read_attribute(system, concat({disk.folder(), "/", name})))
            add("ATTR", name, trim(*text));
    };
    identity.number = trim(system.read_if(disk.folder() + "/dev").value_or(""));
    if (!identity.number.empty() && !disk.is_hidden())
        identity.properties = system.read_if("/run/udev/data/b" + identity.number).value_or("");
    if (disk.is_mapped()) add("ENV", "DM_UUID", property_in(identity.properties, "DM_UUID"));
    // The first half of a long WWN belongs to an array, not to one of its disks.
    const auto wwn = property_in(identity.properties, "ID_WWN");
    const auto long_wwn = property_in(identity.properties, "ID_WWN_WITH_EXTENSION");
    if (long_wwn.size() > wwn.size()) add("ENV", "ID_WWN_WITH_EXTENSION", long_wwn);
    else add("ENV", "ID_WWN", wwn);
    add("ENV", "ID_SERIAL", property_in(identity.properties, "ID_SERIAL"));
    if (identity.matches.empty())
        add_attribute(disk.is_mapped()                ? "dm/uuid"
                      : disk.name.starts_with("nvme") ? "wwid"
                      : disk.name.starts_with("vd")   ? "serial"
                                                      : "device/wwid");
    if (const auto name = replaced(disk.name, "!", "/"); is_plain(name))
        identity.matches.push_back(concat({"KERNEL==\"", name, "\""}));
    return identity;
}

std::optional<Identity> identify_by_link(const std::string& path) {
    constexpr std::string_view folder = "/dev/disk/by-id/";
    if (!path.starts_with(folder)) return std::nullopt;
    auto name = path.substr(folder.size());
    if (const auto part = name.rfind("-part"); part != std::string::npos && to_integer(name.substr(part + 5)))
        name.resize(part);
    // Of stacked devices only a multipath device has a queue of its own.
    for (const auto* const stacked : {"lvm-", "md-", "dm-"})
        if (name.starts_with(stacked) && !name.starts_with("dm-uuid-mpath-")) return std::nullopt;
    if (!is_plain(name) || name.find('/') != std::string::npos) return std::nullopt;
    return Identity{
        "", concat({"S:disk/by-id/", name, "\n"}), {concat({"SYMLINK==\"disk/by-id/", name, "\""})}};
}

}  // namespace virtbp
