// SPDX-License-Identifier: GPL-3.0-or-later
#include "lib/boot/boot_entries.hpp"
#include "lib/boot/grub2.hpp"
#include "lib/error.hpp"
#include "lib/text.hpp"

namespace virtbp {

namespace {

const std::string kernelopts = "kernelopts";
constexpr std::string_view defaults_variable = "GRUB_CMDLINE_LINUX";

void refuse_hypervisor(BootVariable variable) {
    if (variable >= BootVariable::xen)
        throw Error(concat({"variable: the entries of ", entries_folder, " start no hypervisor"}));
}

}  // namespace

BootLoader::Pointer GrubEntries::find(const System& system, const BootChoice& choice, GrubOutput output,
                                      std::string why) {
    auto found = std::make_shared<GrubEntries>();
    found->why_ = std::move(why);
    found->files_ = EntryFiles(system, entries_folder, true);
    if (found->files_.entries.empty())
        throw Error(concat({"backend: there is no entry in ", entries_folder}));
    found->cmdline_ = KernelCmdline(system);
    const auto& path = choice.defaults_file.empty() ? Grub2::usual_defaults : choice.defaults_file;
    if (auto text = system.read_if(path)) found->defaults_ = {path, std::move(*text)};
    found->output_ = std::move(output);
    return found;
}

std::string GrubEntries::options_of(const BootEntry& entry) const {
    const auto& options = entry.options;
    if (options.find('$') == std::string::npos && options.find('\\') == std::string::npos) return options;
    return std::string(trim(output_.expanded(entry.options)));
}

std::vector<BootLine> GrubEntries::configured(BootVariable variable) const {
    refuse_hypervisor(variable);
    std::vector<BootLine> all;
    for (const auto& entry : files_.entries)
        if (is_meant(entry, variable))
            all.push_back({options_of(entry), files_.file_of(entry).path, "", "",
                           concat({"a variable of ", output_.environment_file})});
    if (variable == BootVariable::recovery) return all;
    if (cmdline_.file()) all.push_back(cmdline_.line());
    if (defaults_) {
        if (auto line = shell_line({*defaults_}, defaults_variable); !line.source.empty())
            all.push_back(std::move(line));
    }
    return all;
}

const BootEntry* GrubEntries::next_entry(std::string& why) const {
    // RHEL's grub.cfg sets `default` to what grubenv has saved, unless GRUB_DEFAULT names an entry.
    const auto set = output_.config.variables.find("default");
    const std::string by_default = set != output_.config.variables.end() ? set->second : "${saved_entry}";
    for (const auto& said : {std::string("${next_entry}"), by_default}) {
        const auto name = output_.expanded(said);
        const auto* entry = files_.find(name);
        if (name.empty() || entry == nullptr) continue;
        why = said.starts_with("${")
                  ? concat({said.substr(2, said.size() - 3), " of ", output_.environment_file})
                  : "set default";
        return entry;
    }
    why = "the first entry";
    return &files_.entries.front();
}

std::optional<NextBoot> GrubEntries::next(BootVariable variable) const {
    refuse_hypervisor(variable);
    std::string why;
    const auto& entry = *next_entry(why);
    if (variable == BootVariable::recovery && !entry.is_rescue) return std::nullopt;
    NextBoot next{entry.title.empty() ? entry.id : entry.title, why, files_.file_of(entry).path,
                  options_of(entry), ""};
    if (!is_meant(entry, variable))
        next.apart = concat({"the next boot starts \"", next.entry, "\", which is a rescue entry"});
    return next;
}

BootLoader::Pointer GrubEntries::edited(BootVariable variable, const Edit& edit) const {
    refuse_hypervisor(variable);
    auto changed = std::make_shared<GrubEntries>(*this);
    auto& environment = changed->output_.environment;
    for (auto& entry : changed->files_.entries) {
        if (!is_meant(entry, variable)) continue;
        // A rescue entry's own parameters must not reach the others that share it.
        auto line = changed->options_of(entry);
        if (edit(line) == line) continue;
        if (const auto shared = environment.find(kernelopts);
            shared != environment.end() && variable != BootVariable::recovery &&
            entry.options.find("$kernelopts") != std::string::npos) {
            const std::string_view tail = shared->second.ends_with(' ') ? " " : "";
            shared->second = concat({edit(trim(shared->second)), tail});
            line = changed->options_of(entry);
            if (edit(line) == line) continue;
        }
        const auto wanted = edit(entry.options);
        check_for_grub(entry.options, wanted);
        changed->files_.set_options(entry, wanted);
    }
    if (variable == BootVariable::recovery) return changed;
    if (const auto shared = environment.find(kernelopts);
        shared != environment.end() && shared->second != output_.environment.at(shared->first))
        changed->output_.environment_block = set_grub_environment(
            output_.environment_block.value_or(""), kernelopts, shared->second, output_.environment_file);
    if (cmdline_.file()) changed->cmdline_.set(edited_text(cmdline_.line(), edit));
    if (defaults_) edit_shell_line(*changed->defaults_, defaults_variable, edit);
    return changed;
}

Files GrubEntries::files() const {
    Files files;
    for (const auto& [name, file] : files_.by_name) files[file.path] = file.text;
    if (cmdline_.file()) files[cmdline_.file()->path] = cmdline_.file()->text;
    if (defaults_) files[defaults_->path] = defaults_->text;
    if (output_.environment_block) files[output_.environment_file] = output_.environment_block;
    return files;
}

}  // namespace virtbp
