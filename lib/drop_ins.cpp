// SPDX-License-Identifier: GPL-3.0-or-later
#include "lib/drop_ins.hpp"

#include <map>
#include <set>

#include "lib/text.hpp"

namespace virtbp {

namespace {

constexpr std::string_view places[] = {"/etc/", "/run/", "/usr/local/lib/", "/usr/lib/", "/lib/"};

/// The text of a file, "" where it hides others or is no file; nothing where there is nothing.
std::optional<std::string> text_of(const System& system, const std::string& path) {
    if (system.kind(path) == Kind::none) return std::nullopt;
    const auto target = system.resolve(path);
    // A link to nothing hides others as well: systemd finds the name, and reads nothing.
    if (!target || system.kind(*target) != Kind::file) return "";
    return system.read(path);
}

}  // namespace

std::vector<ConfigFile> drop_ins(const System& system, const std::string& folder, std::string_view suffix,
                                 const Files& as_if) {
    std::map<std::string, ConfigFile> found;  // by name; std::map sorts as strcmp() does
    for (const auto place : places) {
        const auto directory = concat({place, folder, "/"});
        std::set<std::string> names;
        for (auto& name : system.list(directory)) names.insert(std::move(name));
        for (const auto& [path, text] : as_if)
            if (path.starts_with(directory)) names.insert(path.substr(directory.size()));
        for (const auto& name : names) {
            if (!name.ends_with(suffix) || name.find('/') != std::string::npos || found.contains(name))
                continue;
            const auto path = directory + name;
            const auto changed = as_if.find(path);
            auto text = changed != as_if.end() ? changed->second : text_of(system, path);
            if (text) found.emplace(name, ConfigFile{path, std::move(*text)});
        }
    }
    std::vector<ConfigFile> files;
    for (auto& [name, file] : found)
        if (!file.text.empty()) files.push_back(std::move(file));
    return files;
}

}  // namespace virtbp
