// SPDX-License-Identifier: GPL-3.0-or-later
#include "modules/io_scheduler/leftovers.hpp"

#include <algorithm>

#include "lib/drop_ins.hpp"
#include "lib/formats/cmdline.hpp"
#include "lib/formats/tmpfiles.hpp"
#include "lib/formats/udev_rules.hpp"
#include "lib/text.hpp"
#include "modules/io_scheduler/schedulers.hpp"

namespace virtbp {

namespace {

constexpr std::string_view knob = "queue/scheduler";

std::string at(std::string_view path, int line) { return concat({path, ":", std::to_string(line)}); }

std::string dead(std::string_view parameter, std::string_view place) {
    return concat({parameter, " in ", place, " has no effect since Linux 5.0: take it away"});
}

}  // namespace

bool obeys_elevator(const System& system) {
    const auto release = system.read_if("/proc/sys/kernel/osrelease").value_or("");
    const auto major = to_integer(std::string_view(release).substr(0, release.find('.')));
    return major && *major < 5;
}

std::vector<std::string> dead_parameters(const System& system) {
    std::vector<std::string> all;
    if (obeys_elevator(system)) return all;
    for (const auto& token : parse_cmdline(system.read_if("/proc/cmdline").value_or("")).tokens)
        if (token.is("elevator")) all.push_back(dead(token.text, "/proc/cmdline"));
    const std::string defaults = "/etc/default/grub";
    const auto text = system.read_if(defaults).value_or("");
    int number = 0;
    for (auto line : lines(text)) {
        ++number;
        line = trim(line);
        if (!line.starts_with("GRUB_CMDLINE")) continue;
        for (size_t begin = line.find("elevator="); begin != std::string_view::npos;
             begin = line.find("elevator=", begin + 1)) {
            constexpr std::string_view ends = " \t\"'";
            if (begin == 0 ||
                (ends.find(line[begin - 1]) == std::string_view::npos && line[begin - 1] != '='))
                continue;
            all.push_back(
                dead(line.substr(begin, line.find_first_of(ends, begin) - begin), at(defaults, number)));
        }
    }
    return all;
}

std::vector<std::string> contrary_tmpfiles(const System& system, const std::vector<WantedKnob>& wanted) {
    std::vector<std::string> all;
    for (const auto& file : drop_ins(system, "tmpfiles.d", ".conf")) {
        if (file.text.find(knob) == std::string::npos) continue;
        for (const auto& entry : parse_tmpfiles(file.text)) {
            if (entry.type != 'w' || !entry.path.ends_with(knob)) continue;
            const std::string written(trim(entry.argument));
            const bool works_against = std::any_of(wanted.begin(), wanted.end(), [&](const auto& disk) {
                return written != disk.scheduler && counterpart(written) != disk.scheduler &&
                       matches(entry.path, disk.path);
            });
            if (works_against)
                all.push_back(concat({at(file.path, entry.line), " writes ", written, " to ", entry.path,
                                      " at boot, before or after the rules of udev: take it away"}));
        }
    }
    return all;
}

std::vector<std::string> programs_in_rules(const std::vector<ConfigFile>& rules) {
    std::vector<std::string> all;
    for (const auto& file : rules) {
        if (file.text.find(knob) == std::string::npos) continue;
        for (const auto& rule : parse_udev_rules(file.text))
            for (const auto& token : rule.tokens)
                if ((token.key == "RUN" || token.key == "PROGRAM") &&
                    token.value.find(knob) != std::string::npos)
                    all.push_back(concat({at(file.path, rule.line), " runs a program on ", knob,
                                          ": what it writes is not known here"}));
    }
    return all;
}

}  // namespace virtbp
