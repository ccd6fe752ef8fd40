// SPDX-License-Identifier: GPL-3.0-or-later
#include "lib/boot/grub_legacy.hpp"

#include "lib/text.hpp"

namespace virtbp {

namespace {

const std::string sysconfig_file = "/etc/sysconfig/bootloader";

bool is_of_hypervisor(BootVariable variable) {
    return variable == BootVariable::xen || variable == BootVariable::xen_normal;
}

/// What perl-Bootloader gives entries of kernels that are installed later.
std::vector<std::string_view> append_variables(BootVariable variable) {
    if (variable == BootVariable::recovery) return {"FAILSAFE_APPEND"};
    if (is_of_hypervisor(variable)) return {"XEN_APPEND"};
    if (variable == BootVariable::xen_replace) return {"XEN_KERNEL_APPEND"};
    return {"DEFAULT_APPEND", "XEN_KERNEL_APPEND"};
}

bool is_meant(const MenuLstTitle& title, BootVariable variable) {
    return title.is_kernel && title.is_failsafe == (variable == BootVariable::recovery);
}

/// The command of a title that the variable is about; null where there is none.
const MenuLstLine* line_of(const MenuLstTitle& title, BootVariable variable) {
    const MenuLstLine* hypervisor = nullptr;
    for (const auto& line : title.lines) {
        if (line.loads == MenuLstLine::Loads::hypervisor) hypervisor = &line;
        else if (line.loads == MenuLstLine::Loads::kernel)
            return is_of_hypervisor(variable)                                       ? hypervisor
                   : variable == BootVariable::xen_replace && hypervisor == nullptr ? nullptr
                                                                                    : &line;
    }
    return nullptr;
}

}  // namespace

BootLoader::Pointer GrubLegacy::find(const System& system, std::string why) {
    auto found = std::make_shared<GrubLegacy>();
    found->why_ = std::move(why);
    found->text_ = system.read(menu);
    found->parsed_ = parse_menu_lst(found->text_);
    if (auto text = system.read_if(sysconfig_file)) found->sysconfig_ = {sysconfig_file, std::move(*text)};
    if (found->parsed_.default_title) return found;
    const auto saved = system.read_if("/boot/grub/default").value_or("");
    const auto number = to_integer(trim(saved.substr(0, saved.find('\n')))).value_or(0);
    if (number >= 0) found->saved_ = static_cast<size_t>(number);
    return found;
}

std::vector<BootLine> GrubLegacy::configured(BootVariable variable) const {
    std::vector<BootLine> all;
    for (const auto& title : parsed_.titles)
        if (const auto* line = is_meant(title, variable) ? line_of(title, variable) : nullptr)
            all.push_back({line->arguments, concat({menu, ":", std::to_string(line->line)})});
    for (const auto name : append_variables(variable))
        if (auto line = sysconfig_ ? shell_line({*sysconfig_}, name) : BootLine(); !line.source.empty())
            all.push_back(std::move(line));
    return all;
}

std::optional<NextBoot> GrubLegacy::next(BootVariable variable) const {
    const auto number = parsed_.default_title ? parsed_.default_title : saved_;
    if (!number || *number >= parsed_.titles.size()) return std::nullopt;
    const auto& title = parsed_.titles[*number];
    const auto* line = line_of(title, variable);
    if (line == nullptr || (variable == BootVariable::recovery && !title.is_failsafe)) return std::nullopt;
    NextBoot next{title.title, concat({parsed_.default_title ? "default of " : "default saved of ", menu}),
                  concat({menu, ":", std::to_string(line->line)}), line->arguments, ""};
    if (!is_meant(title, variable))
        next.apart = concat({"the next boot starts \"", title.title, "\", which is ",
                             title.is_failsafe ? "a failsafe entry" : "no Linux"});
    return next;
}

BootLoader::Pointer GrubLegacy::edited(BootVariable variable, const Edit& edit) const {
    auto changed = std::make_shared<GrubLegacy>(*this);
    std::map<int, std::string> wanted;
    for (const auto& title : parsed_.titles)
        if (const auto* line = is_meant(title, variable) ? line_of(title, variable) : nullptr)
            if (auto arguments = edit(line->arguments); arguments != line->arguments)
                wanted[line->line] = std::move(arguments);
    changed->text_ = set_menu_lst_arguments(text_, wanted);
    changed->parsed_ = parse_menu_lst(changed->text_);
    for (const auto name : append_variables(variable))
        if (sysconfig_) edit_shell_line(*changed->sysconfig_, name, edit);
    return changed;
}

Files GrubLegacy::files() const {
    Files files{{menu, text_}};
    if (sysconfig_) files[sysconfig_->path] = sysconfig_->text;
    return files;
}

}  // namespace virtbp
