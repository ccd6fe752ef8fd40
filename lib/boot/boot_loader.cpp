// SPDX-License-Identifier: GPL-3.0-or-later
#include "lib/boot/boot_loader.hpp"

#include "lib/boot/boot_entries.hpp"
#include "lib/boot/grub2.hpp"
#include "lib/boot/grub_legacy.hpp"
#include "lib/formats/shell_variables.hpp"
#include "lib/text.hpp"

namespace virtbp {

std::string BootLine::whole() const {
    std::string all;
    for (const auto* part : {&before, &text, &after})
        if (!part->empty()) append(all, {all.empty() ? "" : " ", *part});
    return all;
}

std::string BootLoader::edited_text(const BootLine& line, const Edit& edit) {
    const auto whole = line.whole();
    return edit(whole) == whole ? line.text : edit(line.text);
}

BootLine BootLoader::shell_line(const std::vector<ConfigFile>& files, std::string_view variable) {
    const auto value = shell_value(files, variable);
    if (value.path.empty()) return {};
    // Where lines end with \r\n, a shell takes the \r for text: no parameter needs it.
    const auto size = value.text.find_last_not_of('\r') + 1;
    return {value.text.substr(0, size), concat({value.path, ":", std::to_string(value.line)})};
}

void BootLoader::edit_shell_line(ConfigFile& file, std::string_view variable, const Edit& edit) {
    const auto line = shell_line({file}, variable);
    if (const auto text = edit(line.text); !line.source.empty() && text != line.text)
        for (auto& [path, changed] : set_shell_value({file}, variable, text, file.path)) file.text = changed;
}

namespace {

const std::string sysconfig_file = "/etc/sysconfig/bootloader";

/// SUSE's own word for it; "" where it says none.
std::string loader_type(const System& system) {
    const auto text = system.read_if(sysconfig_file);
    return text ? std::string(trim(shell_value({{sysconfig_file, *text}}, "LOADER_TYPE").text)) : "";
}

BootLoader::Pointer detect(const System& system, const BootChoice& choice) {
    if (system.exists("/run/ostree-booted"))
        throw NoBootLoader(
            "this machine boots by ostree, which keeps the parameters itself: rpm-ostree kargs");
    const auto type = loader_type(system);
    const auto said = concat({"LOADER_TYPE of ", sysconfig_file, " is ", type});
    if (type == "systemd-boot" || type == "grub2-bls")
        return SdBootEntries::find(system, type == "grub2-bls", said);
    if (type == "grub") return GrubLegacy::find(system, said);
    auto output = read_grub_output(system, choice.output_file);
    if (output.config.includes_blscfg && !system.list(entries_folder).empty()) {
        auto why = concat({output.path, " takes its entries from ", entries_folder});
        return GrubEntries::find(system, choice, std::move(output), std::move(why));
    }
    const auto defaults = choice.defaults_file.empty() ? Grub2::usual_defaults : choice.defaults_file;
    if (system.exists(defaults))
        return Grub2::find(system, choice, std::move(output), concat({defaults, " is there"}));
    if (system.exists(GrubLegacy::menu))
        return GrubLegacy::find(system, concat({GrubLegacy::menu, " is there"}));
    if (SdBootEntries::are_used(system)) return SdBootEntries::find(system, false, "sdbootutil is installed");
    throw NoBootLoader(concat({"no boot loader is known here: there is no ", defaults, ", no ",
                               entries_folder, " and no ", GrubLegacy::menu}));
}

}  // namespace

BootLoader::Pointer find_boot_loader(const System& system, const BootChoice& choice) {
    const std::string asked = "asked for";
    const auto output = [&] { return read_grub_output(system, choice.output_file); };
    if (choice.backend == "grub2") return Grub2::find(system, choice, output(), asked);
    if (choice.backend == "grub-legacy") return GrubLegacy::find(system, asked);
    if (choice.backend == "bls") return GrubEntries::find(system, choice, output(), asked);
    if (choice.backend == "sdbootutil")
        return SdBootEntries::find(system, loader_type(system) == "grub2-bls", asked);
    return detect(system, choice);
}

}  // namespace virtbp
