// SPDX-License-Identifier: GPL-3.0-or-later
#include "modules/grub_cmdline/parameters.hpp"

#include "lib/error.hpp"
#include "lib/text.hpp"

namespace virtbp::grub_cmdline {

namespace {

std::vector<CmdlineToken> parsed(const char* parameter, const std::vector<std::string>& texts) {
    std::vector<CmdlineToken> tokens;
    for (const auto& text : texts) {
        try {
            tokens.push_back(parse_parameter(text));
        } catch (const Error& error) {
            throw Error(concat({parameter, ": ", error.what()}));
        }
    }
    return tokens;
}

}  // namespace

Parameters<Params> Params::parameters() {
    return with(
        Parameters<Params>()
            .add("present", &Params::present,
                 {"Parameters that the line is to have: V(name) or V(name=value). Quote words that YAML "
                  "takes for "
                  "booleans.",
                  "One that may come often, such as C(console=), is given as often as wanted, in order; "
                  "others of "
                  "its name stay.",
                  "C(default_hugepagesz=), C(hugepagesz=) and C(hugepages=) are one group in their order, "
                  "which "
                  "replaces what the line has of them, unless that reserves the same."})
            .add("absent", &Params::absent,
                 {"Parameters that the line must not have: V(name) for all of that name, V(name=value) for "
                  "one of "
                  "several."})
            .add("replace", &Params::replace,
                 {"Makes O(present) the whole line. What the machine boots by stays, unless O(force): "
                  "C(root=), "
                  "C(rd.*), C(resume=), and variables of GRUB."})
            .add("force", &Params::force, {"With O(replace), lets C(root=), C(rd.*) and C(resume=) go, too."})
            .add("variable", &Params::variable,
                 {"Which entries of the menu it is for: V(default) all but rescue entries, V(linux) these as "
                  "well, "
                  "V(recovery) these alone; V(xen) and V(xen_default) are the hypervisor's, "
                  "V(linux_xen_replace_default) is that of dom0 alone.",
                  "With GRUB 2 they are C(GRUB_CMDLINE_LINUX_DEFAULT), C(GRUB_CMDLINE_LINUX) and so on of "
                  "C(/etc/default/grub). Where entries are edited themselves, V(linux) is V(default)."},
                 {.choices = {"default", "linux", "recovery", "xen", "xen_default",
                              "linux_xen_replace_default"}})
            .add("backend", &Params::backend,
                 {"The boot loader's way: V(grub2) is C(/etc/default/grub) and C(grub-mkconfig), "
                  "V(grub-legacy) "
                  "C(menu.lst), V(bls) files of C(/boot/loader/entries), V(sdbootutil) "
                  "C(/etc/kernel/cmdline) and "
                  "that program. V(auto) finds it, and RV(backend) says why."},
                 {.choices = {"auto", "grub2", "grub-legacy", "bls", "sdbootutil"}})
            .add("regenerate", &Params::regenerate,
                 {"Whether to make the boot loader's own file from the edited one, and to look what came of "
                  "it "
                  "before it replaces the real one."})
            .add("defaults_file", &Params::defaults_file, {"Instead of C(/etc/default/grub)."},
                 {.type = Type::path})
            .add("output_file", &Params::output_file, {"Instead of the C(grub.cfg) that is found."},
                 {.type = Type::path}));
}

void Params::check() const {
    if (!persistent)
        throw Error(
            "persistent: false leaves nothing to do: a running kernel's command line cannot be changed");
    if (replace && present.empty())
        throw Error("replace: present is empty, and would take every parameter away");
    if (replace && !absent.empty())
        throw Error("replace and absent exclude each other: present is the whole line");
    if (force && !replace) throw Error("force means something with replace only");
    check_wish(wish(), {{}, 2L << 20U});
}

CmdlineWish Params::wish() const {
    return {parsed("present", present), parsed("absent", absent), replace, force};
}

CmdlineWish Params::wish(const std::string& name) const {
    CmdlineWish wish{parsed("present", present), parsed("absent", absent)};
    const auto is_other = [&name](const CmdlineToken& token) {
        return in_huge_page_group(token) ? name != "hugepages" : !token.is(name);
    };
    std::erase_if(wish.present, is_other);
    std::erase_if(wish.absent, is_other);
    return wish;
}

BootVariable Params::boot_variable() const {
    if (variable == "linux") return BootVariable::all;
    if (variable == "recovery") return BootVariable::recovery;
    if (variable == "xen") return BootVariable::xen;
    if (variable == "xen_default") return BootVariable::xen_normal;
    return variable == "default" ? BootVariable::normal : BootVariable::xen_replace;
}

}  // namespace virtbp::grub_cmdline
