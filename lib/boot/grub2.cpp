// SPDX-License-Identifier: GPL-3.0-or-later
#include "lib/boot/grub2.hpp"

#include <algorithm>

#include "lib/error.hpp"
#include "lib/formats/cmdline.hpp"
#include "lib/formats/shell_variables.hpp"
#include "lib/text.hpp"

namespace virtbp {

namespace {

const std::string drop_in_folder = "/etc/default/grub.d";

/// Where a variable stands on the line of an entry: 10_linux and 20_linux_xen put LINUX before LINUX_DEFAULT,
/// and LINUX_RECOVERY before LINUX.
struct Place {
    std::string_view name, before, after;
};

Place place_of(BootVariable variable) {
    switch (variable) {
        case BootVariable::normal: return {"GRUB_CMDLINE_LINUX_DEFAULT", "GRUB_CMDLINE_LINUX", ""};
        case BootVariable::all: return {"GRUB_CMDLINE_LINUX", "", "GRUB_CMDLINE_LINUX_DEFAULT"};
        case BootVariable::recovery: return {"GRUB_CMDLINE_LINUX_RECOVERY", "", "GRUB_CMDLINE_LINUX"};
        case BootVariable::xen: return {"GRUB_CMDLINE_XEN", "", "GRUB_CMDLINE_XEN_DEFAULT"};
        case BootVariable::xen_normal: return {"GRUB_CMDLINE_XEN_DEFAULT", "GRUB_CMDLINE_XEN", ""};
        case BootVariable::xen_replace: break;
    }
    return {"GRUB_CMDLINE_LINUX_XEN_REPLACE_DEFAULT", "GRUB_CMDLINE_LINUX_XEN_REPLACE", ""};
}

bool is_of_hypervisor(BootVariable variable) {
    return variable == BootVariable::xen || variable == BootVariable::xen_normal;
}

bool loads_hypervisor(const GrubCommand& command) { return command.name.starts_with("multiboot"); }

bool has_hypervisor(const GrubEntry& entry) {
    return std::any_of(entry.commands.begin(), entry.commands.end(), loads_hypervisor);
}

/// The command of an entry whose arguments the variable is part of; null where there is none.
const GrubCommand* command_of(const GrubEntry& entry, BootVariable variable) {
    const bool under_xen = has_hypervisor(entry);
    if (variable == BootVariable::xen_replace && !under_xen) return nullptr;
    for (const auto& command : entry.commands)
        if (is_of_hypervisor(variable) ? loads_hypervisor(command) : !loads_hypervisor(command))
            return &command;
    return nullptr;
}

bool is_recovery(const GrubEntry& entry) {
    return entry.by_menu_only && (entry.id.find("-recovery-") != std::string::npos ||
                                  entry.title.find("recovery mode") != std::string::npos);
}

bool is_generated(const GrubEntry& entry) {
    return entry.script.find("linux") != std::string::npos &&
           entry.script.find("custom") == std::string::npos;
}

/// The path of the first of these that is installed; "" for none.
std::string installed(const System& system, std::initializer_list<const char*> names) {
    for (const std::string_view name : names)
        for (const std::string_view folder : {"/usr/sbin/", "/usr/bin/", "/sbin/"})
            if (auto path = concat({folder, name}); system.exists(path)) return path;
    return "";
}

/// Debian's grub-mkconfig reads drop-ins; with others a folder of them is somebody's mistake.
bool reads_drop_ins(const System& system, const std::string& mkconfig) {
    const auto script = mkconfig.empty() ? std::nullopt : system.read_if(mkconfig);
    return !script || script->find("default/grub.d/") != std::string::npos;
}

}  // namespace

BootLoader::Pointer Grub2::find(const System& system, const BootChoice& choice, GrubOutput output,
                                std::string why) {
    auto found = std::make_shared<Grub2>();
    found->why_ = std::move(why);
    const auto& path = choice.defaults_file.empty() ? usual_defaults : choice.defaults_file;
    found->defaults_.push_back({path, system.read(path)});
    found->mkconfig_ = installed(system, {"grub2-mkconfig", "grub-mkconfig"});
    found->checker_ = installed(system, {"grub2-script-check", "grub-script-check"});
    if (path == usual_defaults && reads_drop_ins(system, found->mkconfig_))
        for (const auto& name : system.list(drop_in_folder))
            if (name.ends_with(".cfg") && !name.starts_with('.'))
                if (const auto drop_in = concat({drop_in_folder, "/", name}); system.exists(drop_in))
                    found->defaults_.push_back({drop_in, system.read(drop_in)});
    found->output_ = std::move(output);
    const auto script = system.read_if("/etc/grub.d/10_linux").value_or("");
    found->sets_recovery_ = script.find("GRUB_CMDLINE_LINUX_RECOVERY=") != std::string::npos;
    return found;
}

std::string Grub2::value_of(std::string_view variable) const { return shell_value(defaults_, variable).text; }

BootLine Grub2::line_of(BootVariable variable) const {
    const auto place = place_of(variable);
    auto line = shell_line(defaults_, place.name);
    if (line.source.empty()) line.source = defaults_[0].path;
    // What stands in for an empty variable would be lost with the first parameter that is put there.
    if (variable == BootVariable::recovery && line.text.empty()) line.text = "single";
    if (variable == BootVariable::xen_replace && line.text.empty())
        line.text = value_of(place_of(BootVariable::normal).name);

    auto other = place.before.empty() ? place.after : place.before;
    if (variable == BootVariable::xen_replace && value_of(other).empty())
        other = place_of(BootVariable::all).name;
    const auto beside = shell_line(defaults_, other);
    (place.before.empty() ? line.after : line.before) = beside.text;
    line.elsewhere = concat({other, " of ", beside.source});
    return line;
}

std::vector<BootLine> Grub2::configured(BootVariable variable) const { return {line_of(variable)}; }

std::string Grub2::why_apart(const GrubEntry& entry, BootVariable variable) const {
    if (!is_generated(entry))
        return concat(
            {entry.script.empty() ? "which" : concat({"which is of /etc/grub.d/", entry.script, " and"}),
             " does not follow ", defaults_[0].path});
    const bool recovery = is_recovery(entry);
    if (variable == BootVariable::recovery) return recovery ? "" : "which is no recovery entry";
    if (recovery && (variable == BootVariable::normal || variable == BootVariable::xen_normal ||
                     variable == BootVariable::xen_replace))
        return concat({"which leaves out ", place_of(variable).name});
    if (!has_hypervisor(entry) || (variable != BootVariable::normal && variable != BootVariable::all))
        return "";
    const auto replace = variable == BootVariable::normal ? "GRUB_CMDLINE_LINUX_XEN_REPLACE_DEFAULT"
                                                          : "GRUB_CMDLINE_LINUX_XEN_REPLACE";
    return value_of(replace).empty() ? "" : concat({"under Xen, where ", replace, " stands in for it"});
}

std::optional<NextBoot> Grub2::next(BootVariable variable) const {
    const auto [entry, why] = next_grub_entry(output_.config, output_.environment);
    const auto* command = entry != nullptr ? command_of(*entry, variable) : nullptr;
    if (command == nullptr || (variable == BootVariable::recovery && !is_recovery(*entry)))
        return std::nullopt;
    NextBoot next{entry->title, why, concat({output_.path, ":", std::to_string(command->line)}), "", ""};
    const auto foreseen = foreseen_.find(is_of_hypervisor(variable));
    next.line = foreseen != foreseen_.end() ? foreseen->second : output_.expanded(command->arguments);
    if (const auto apart = why_apart(*entry, variable); !apart.empty())
        next.apart = concat({"the next boot starts \"", entry->title, "\", ", apart});
    return next;
}

BootLoader::Pointer Grub2::edited(BootVariable variable, const Edit& edit) const {
    auto changed = std::make_shared<Grub2>(*this);
    changed->edits_.emplace_back(variable, edit);
    const auto line = line_of(variable);
    check_edit(variable, edit);
    if (edited_text(line, edit) != line.text) changed->edit_files(variable, edit);
    const auto whole = changed->line_of(variable).whole();
    if (const auto follows = next(variable); follows && follows->apart.empty() && edit(whole) == whole)
        changed->foreseen_[is_of_hypervisor(variable)] = edit(follows->line);
    return changed;
}

void Grub2::check_edit(BootVariable variable, const Edit& edit) const {
    const auto line = line_of(variable);
    const auto edited = edited_text(line, edit);
    if (variable == BootVariable::recovery && sets_recovery_ && edited != line.text)
        throw Error(
            "variable: recovery: /etc/grub.d/10_linux sets the parameters of recovery entries itself");
    const std::string own = "root=a ro";
    if (!is_of_hypervisor(variable) && parse_cmdline(edit(own)).tokens.size() < 2)
        throw Error("absent: root= and ro are put on each line by grub-mkconfig itself");
    check_for_grub(line.text, edited);
}

void Grub2::edit_files(BootVariable variable, const Edit& edit) {
    const auto name = place_of(variable).name;
    const auto before = defaults_;
    const auto set = [&](const std::vector<ConfigFile>& files, const std::string& text) {
        for (const auto& [path, edited] : set_shell_value(files, name, text, before[0].path))
            for (auto& file : defaults_)
                if (file.path == path) file.text = edited;
        const auto now = line_of(variable).text;
        return edit(now) == now;
    };
    if (const auto own = shell_line({before[0]}, name); before.size() > 1 && !own.source.empty()) {
        set({before[0]}, "");
        // A parameter goes next to another of its name: where it goes behind a mark, drop-ins have none.
        const auto marked = concat({shell_line(defaults_, name).text, " virtbp"});
        defaults_ = before;
        if (edit(marked).starts_with(marked) && set({before[0]}, edit(own.text))) return;
        defaults_ = before;
    }
    if (!set(before, edit(line_of(variable).text)))
        throw Error(concat({"variable: ", name, " cannot be empty: GRUB would take \"",
                            line_of(variable).text, "\" instead"}));
}

std::string Grub2::generator() const {
    const bool renamed = output_.path.find("/grub2/") != std::string::npos;
    const std::string_view usual = renamed ? "grub2-mkconfig" : "grub-mkconfig";
    return concat({mkconfig_.empty() ? usual : mkconfig_, " -o ", output_.path});
}

std::string Grub2::why_not_generated() const {
    return mkconfig_.empty() ? "cannot make grub.cfg: neither grub2-mkconfig nor grub-mkconfig is installed "
                               "(regenerate: false leaves it to you)"
                             : "";
}

Files Grub2::files() const {
    Files files;
    for (const auto& file : defaults_) files[file.path] = file.text;
    return files;
}

/// grub-mkconfig writes beside the real file, so that a failure, or a power cut, leaves the machine bootable.
void Grub2::generate(System& system) const {
    const auto beside = concat({output_.path, ".virtbp"});
    try {
        system.run({mkconfig_, "-o", beside});
        check(system, beside);
        system.replace(output_.path, system.read(beside), 0600);
    } catch (const Error&) {
        for (const auto& left : {beside, concat({beside, ".new"})})
            if (system.exists(left)) system.remove(left);
        throw;
    }
    system.remove(beside);
}

void Grub2::check(const System& system, const std::string& path) const {
    const auto made = parse_grub_config(system.read(path));
    if (made.entries.empty()) throw Error(concat({mkconfig_, " wrote a ", output_.path, " without entries"}));
    if (!checker_.empty())
        if (const auto checked = system.query({checker_, path}); checked && checked->status != 0)
            throw Error(
                concat({checker_, " finds a fault in what ", mkconfig_, " wrote: ", trim(checked->err)}));
    for (const auto& [variable, edit] : edits_) {
        const auto whole = line_of(variable).whole();
        if (edit(whole) != whole) continue;  // another variable overrides it: reported, and not GRUB's fault
        for (const auto& entry : made.entries) {
            if (!why_apart(entry, variable).empty()) continue;
            const auto* command = command_of(entry, variable);
            if (command == nullptr) continue;
            const auto line = expand_grub_arguments(command->arguments, made, output_.environment);
            if (edit(line) != line)
                throw Error(concat(
                    {mkconfig_, " wrote an entry without the parameters: \"", entry.title, "\" has ", line}));
        }
    }
}

}  // namespace virtbp
