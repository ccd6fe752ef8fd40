// SPDX-License-Identifier: GPL-3.0-or-later
#include "lib/boot/grub_output.hpp"

#include <algorithm>
#include <vector>

#include "lib/error.hpp"
#include "lib/formats/cmdline.hpp"
#include "lib/text.hpp"

namespace virtbp {

namespace {

/// Nothing where there is no such file.
std::optional<GrubConfig> read_config(const System& system, const std::string& path) {
    const auto text = system.read_if(path);
    return text ? std::optional(parse_grub_config(*text)) : std::nullopt;
}

GrubOutput find_output(const System& system, const std::string& named) {
    if (!named.empty()) {
        auto config = read_config(system, named).value_or(GrubConfig());
        if (!config.is_stub) return {named, std::move(config), ""};
        throw Error(
            concat({"output_file: ", named, " only leads to another grub.cfg: it must not be replaced"}));
    }
    std::vector<std::string> places{"/boot/grub2/grub.cfg", "/boot/grub/grub.cfg"};
    for (const auto& vendor : system.list("/boot/efi/EFI"))
        places.push_back(concat({"/boot/efi/EFI/", vendor, "/grub.cfg"}));
    for (const auto& path : places)
        if (auto config = read_config(system, path); config && !config->is_stub)
            return {path, std::move(*config), ""};
    return {places[system.exists("/boot/grub2") ? 0 : 1], {}, ""};
}

/// The first character of a parameter that GRUB takes for itself; 0 for none. What has blanks may stand in
/// double quotes, as a whole or behind the '='.
char taken_by_grub(std::string_view token) {
    if (token.starts_with('#')) return '#';
    const auto open = token.find('"');
    const bool quoted = open != std::string_view::npos && token.ends_with('"') && token.size() > open + 1 &&
                        (open == 0 || token.find('=') + 1 == open);
    const auto outside = quoted ? token.substr(0, open) : token;
    const auto inside = quoted ? token.substr(open + 1, token.size() - open - 2) : "";
    if (const auto at = outside.find_first_of("$\\;|&<>{}'\""); at != std::string_view::npos)
        return outside[at];
    const auto at = inside.find_first_of("$\\\"");
    return at == std::string_view::npos ? '\0' : inside[at];
}

}  // namespace

GrubOutput read_grub_output(const System& system, const std::string& named) {
    auto output = find_output(system, named);
    output.environment_file = concat({output.path.substr(0, output.path.rfind('/')), "/grubenv"});
    auto block = system.read_if(output.environment_file);
    if (!block) return output;
    try {
        output.environment = parse_grub_environment(*block, output.environment_file);
        output.environment_block = std::move(block);
    } catch (const Error&) {
        return output;  // GRUB, too, goes on without it
    }
    return output;
}

void check_for_grub(std::string_view before, std::string_view after) {
    const auto old = parse_cmdline(before).tokens;
    for (const auto& token : parse_cmdline(after).tokens) {
        const bool is_new =
            std::none_of(old.begin(), old.end(), [&](const auto& one) { return one.text == token.text; });
        const char taken = is_new ? taken_by_grub(token.text) : '\0';
        if (taken != '\0')
            throw Error(concat({"present: GRUB's own shell would take the ", std::string_view(&taken, 1),
                                " of ", token.text, " for itself, and the kernel would get something else"}));
    }
}

}  // namespace virtbp
