// SPDX-License-Identifier: GPL-3.0-or-later
// The machine's boot loader: where it keeps kernel parameters, what it starts next, and how its own files are
// made from those that people edit. One class a loader; all are values of what the files say, so that check
// mode changes a copy and sees what will be.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lib/error.hpp"
#include "lib/formats/config_file.hpp"
#include "lib/system.hpp"

namespace virtbp {

/// Which entries a parameter is for. GRUB 2 has a variable for each of them in /etc/default/grub; of the
/// loaders whose entries are edited themselves, `normal` and `all` are the entries that are no rescue.
enum class BootVariable {
    normal,      ///< GRUB_CMDLINE_LINUX_DEFAULT
    all,         ///< GRUB_CMDLINE_LINUX
    recovery,    ///< GRUB_CMDLINE_LINUX_RECOVERY
    xen,         ///< GRUB_CMDLINE_XEN: the hypervisor's
    xen_normal,  ///< GRUB_CMDLINE_XEN_DEFAULT
    xen_replace  ///< GRUB_CMDLINE_LINUX_XEN_REPLACE_DEFAULT: dom0's kernel
};

/// A line of parameters in a file.
struct BootLine {
    std::string text;    ///< what can be edited of it
    std::string source;  ///< "/etc/default/grub:4"
    /// What entries have on the same line before and after it, from elsewhere.
    std::string before = {}, after = {};
    std::string elsewhere = {};  ///< what that is: "GRUB_CMDLINE_LINUX of /etc/default/grub:7"

    std::string whole() const;
};

/// The entry that starts without anybody at the console.
struct NextBoot {
    std::string entry;   ///< its title or id
    std::string why;     ///< "saved_entry of /boot/grub2/grubenv"
    std::string source;  ///< "/boot/grub2/grub.cfg:112"
    std::string line;    ///< the parameters of its kernel, or hypervisor
    /// Why its line does not follow the edited ones; "" where it does.
    std::string apart;
};

class BootLoader {
public:
    /// A line to what it should be; applied to that again, it changes nothing.
    using Edit = std::function<std::string(std::string_view line)>;
    using Pointer = std::shared_ptr<const BootLoader>;

    BootLoader() = default;
    BootLoader(const BootLoader&) = default;
    BootLoader& operator=(const BootLoader&) = delete;
    virtual ~BootLoader() = default;

    virtual std::string_view name() const = 0;  ///< as the parameter `backend` has it
    /// How the machine was told to have it.
    const std::string& why() const { return why_; }

    /// The lines that keep the parameters, each with its place; none where the loader has no such entries.
    virtual std::vector<BootLine> configured(BootVariable variable) const = 0;
    /// What the next boot starts; nothing where that cannot be told, or has no such line: no hypervisor, and
    /// for `recovery` no entry of that kind.
    virtual std::optional<NextBoot> next(BootVariable variable) const = 0;
    /// The loader with its lines edited, and its entries as they will be after generate(). A line that is as
    /// wanted already, with what stands around it, is left alone.
    virtual Pointer edited(BootVariable variable, const Edit& edit) const = 0;

    /// The files that people edit, as State::files takes them.
    virtual Files files() const = 0;
    /// Makes the loader's own files once files() are written, checks them, and only then puts them in place.
    /// Throws Error where they do not hold what was edited; the loader's own files are then as before. For
    /// loaders whose entries are edited themselves there is nothing to do.
    virtual void generate(System&) const {}
    /// The command that generate() is about, installed or not; "" for loaders that need none.
    virtual std::string generator() const { return ""; }
    /// Why generate() is bound to fail, as an error's text; "" where it is not.
    virtual std::string why_not_generated() const { return ""; }

protected:
    /// The line's text as `edit` has it, or as it is where the whole line is right already.
    static std::string edited_text(const BootLine& line, const Edit& edit);
    /// A variable of shell files as a line; without a source where none assigns it.
    static BootLine shell_line(const std::vector<ConfigFile>& files, std::string_view variable);
    /// A file with a variable edited, where it has it.
    static void edit_shell_line(ConfigFile& file, std::string_view variable, const Edit& edit);

    std::string why_;
};

/// What a user says of the loader; empty: the usual.
struct BootChoice {
    std::string backend = "auto";  ///< "auto", "grub2", "grub-legacy", "bls", "sdbootutil"
    std::string defaults_file = {}, output_file = {};
};

/// A machine that is started without one that we know: a container, or a guest by its kernel.
struct NoBootLoader : Error {
    using Error::Error;
};

/// Throws NoBootLoader where there is none, and Error where the one that is named has no files here.
BootLoader::Pointer find_boot_loader(const System& system, const BootChoice& choice);

}  // namespace virtbp
