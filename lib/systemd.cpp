// SPDX-License-Identifier: GPL-3.0-or-later
#include "lib/systemd.hpp"

#include <algorithm>

#include "lib/formats/systemd_unit.hpp"
#include "lib/text.hpp"

namespace virtbp {

namespace {

constexpr std::string_view places[] = {"/etc/systemd/system/", "/run/systemd/system/",
                                       "/usr/local/lib/systemd/system/", "/usr/lib/systemd/system/",
                                       "/lib/systemd/system/"};

bool is_enabled(const System& system, const std::string& name) {
    const std::string links(places[0]);
    const auto folders = system.list(links);
    return std::any_of(folders.begin(), folders.end(), [&](const std::string& folder) {
        return (folder.ends_with(".wants") || folder.ends_with(".requires")) &&
               system.kind(concat({links, folder, "/", name})) == Kind::link;
    });
}

}  // namespace

std::optional<Unit> find_unit(const System& system, const std::string& name) {
    for (const auto place : places) {
        const auto path = concat({place, name});
        if (system.kind(path) == Kind::none) continue;
        Unit unit{name, path, {}};
        unit.masked = system.link(path) == "/dev/null";
        if (!unit.masked) unit.text = system.read(path);
        unit.masked = unit.text.empty();
        unit.enabled = is_enabled(system, name);
        unit.active = is_active(system, name);
        return unit;
    }
    return std::nullopt;
}

bool is_active(const System& system, const std::string& name) {
    for (const std::string_view hierarchy : {"", "unified/", "systemd/"}) {
        const auto group = concat({"/sys/fs/cgroup/", hierarchy, "system.slice/", name, "/"});
        // Groups below it, which a service makes with Delegate=, count in cgroup.events alone.
        const auto events = system.read_if(group + "cgroup.events");
        if (events && events->find("populated 1") != std::string::npos) return true;
        if (!trim(system.read_if(group + "cgroup.procs").value_or("")).empty()) return true;
    }
    return false;
}

std::vector<Link> enabling_links(std::string_view name, const std::string& path, std::string_view text) {
    struct Key {
        std::string_view name;
        std::string_view folder_suffix;  // of the unit that wants this one; "" for another name of it
    };
    constexpr Key keys[] = {{"WantedBy", ".wants"}, {"RequiredBy", ".requires"}, {"Alias", ""}};
    std::vector<Link> links;
    for (const auto& key : keys) {
        for (const auto& value : unit_values(text, "Install", key.name)) {
            for (const auto word : words(value)) {
                // A name with a slash is no unit's; the links must stay in their folder.
                if (word.find('/') != std::string_view::npos) continue;
                links.push_back({key.folder_suffix.empty()
                                     ? concat({places[0], word})
                                     : concat({places[0], word, key.folder_suffix, "/", name}),
                                 path});
            }
        }
    }
    return links;
}

}  // namespace virtbp
