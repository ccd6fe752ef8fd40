// SPDX-License-Identifier: GPL-3.0-or-later
#include "lib/boot/boot_entries.hpp"
#include "lib/error.hpp"
#include "lib/formats/cmdline.hpp"
#include "lib/formats/raw_lines.hpp"
#include "lib/text.hpp"

namespace virtbp {

namespace {

const std::string own_file = "/etc/kernel/cmdline", drop_ins = "/etc/kernel/cmdline.d";

/// The lines without comments, one blank between them.
std::string parameters_in(std::string_view text) {
    std::vector<std::string> parts;
    for (const auto line : lines(text))
        if (const auto trimmed = trim(line); !trimmed.empty() && !trimmed.starts_with('#'))
            parts.emplace_back(trimmed);
    return join(parts, " ");
}

/// What kernel-install and sdbootutil take where /etc/kernel/cmdline is missing.
std::string fallback(const System& system) {
    if (const auto vendor = system.read_if("/usr/lib/kernel/cmdline")) return parameters_in(*vendor);
    std::vector<std::string> kept;
    for (const auto& token : parse_cmdline(system.read_if("/proc/cmdline").value_or("")).tokens)
        if (!token.is("BOOT_IMAGE") && !token.is("initrd") && !token.is("systemd.machine_id"))
            kept.push_back(token.text);
    return join(kept, " ");
}

}  // namespace

KernelCmdline::KernelCmdline(const System& system) {
    if (auto text = system.read_if(own_file)) file_ = {own_file, std::move(*text)};
    else fallback_ = fallback(system);
    std::vector<std::string> parts;
    for (const auto& name : system.list(drop_ins))
        if (const auto text = system.read_if(concat({drop_ins, "/", name})))
            parts.push_back(parameters_in(*text));
    after_ = join(parts, " ");
}

BootLine KernelCmdline::line() const {
    return {file_ ? parameters_in(file_->text) : fallback_, own_file, "", after_, drop_ins};
}

void KernelCmdline::set(std::string_view line) {
    if (line == this->line().text) return;
    if (!file_ && fallback_.empty())
        throw Error(concat({own_file,
                            " is missing, and no kernel runs here to tell what belongs there: write it "
                            "first, root= and all"}));
    // The first line with parameters gets them all; others of that kind go, comments stay.
    std::string text;
    bool written = false;
    for (const auto raw : raw_lines(file_ ? std::string_view(file_->text) : "\n")) {
        const auto trimmed = trim(raw);
        if (trimmed.starts_with('#') || (trimmed.empty() && file_)) {
            text += raw;
        } else if (!written) {
            append(text, {line, "\n"});
            written = true;
        }
    }
    if (!written) append(text, {text.empty() || text.ends_with('\n') ? "" : "\n", line, "\n"});
    file_ = {own_file, std::move(text)};
}

}  // namespace virtbp
