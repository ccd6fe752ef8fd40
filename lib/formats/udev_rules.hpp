// SPDX-License-Identifier: GPL-3.0-or-later
// Rules files of udev(7): parsed, and run for a device to tell what they write to one of its attributes.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lib/formats/config_file.hpp"

namespace virtbp {

struct UdevToken {
    std::string key;            ///< "ATTR"
    std::string attribute;      ///< what is in braces: "queue/scheduler"
    std::string op;             ///< ==, !=, =, +=, -= or :=
    std::string value;          ///< without quotes and escapes
    bool ignores_case = false;  ///< written i"…"

    bool matches() const { return op == "==" || op == "!="; }
};

struct UdevRule {
    int line;  ///< of its beginning, from 1
    std::vector<UdevToken> tokens;
};

/// The rules of one text in order. A rule that udev refuses is left out, as udev ignores it.
std::vector<UdevRule> parse_udev_rules(std::string_view text);

/// One device of a chain: the one that the event is for, or an ancestor.
struct UdevNode {
    std::string kernel;     ///< "sda"
    std::string subsystem;  ///< "block"
    std::string driver;
    /// Reads an attribute by its path below the device's folder in /sys; unset: it has none.
    std::function<std::optional<std::string>(const std::string& name)> attribute;
};

struct UdevDevice : UdevNode {
    std::string action = "change";
    std::string devpath;                             ///< "/devices/…/block/sda", without /sys
    std::map<std::string, std::string> environment;  ///< properties: DEVTYPE, ID_SERIAL, DM_UUID, MAJOR…
    std::vector<UdevNode> parents;                   ///< the nearest first, for KERNELS, SUBSYSTEMS, ATTRS…
    /// Whether an absolute path exists, for TEST; unset: none does.
    std::function<bool(const std::string& path)> exists;
};

struct UdevWrite {
    std::string value;
    std::string path;  ///< of the rules file
    int line;
};

/// What all rules together do to one attribute.
class UdevRules {
public:
    /// Files in the order of drop_ins(). Only those that write the attribute are kept and run.
    UdevRules(const std::vector<ConfigFile>& files, std::string attribute);

    /// What is written to the device's attribute, in order: the last that the kernel accepts stays. Programs
    /// are not run and nothing is imported: a rule that matches on IMPORT, PROGRAM, RESULT, CONST, SYSCTL or
    /// TAGS is taken as not matching, and the environment should be the one that udev's database holds after
    /// an event.
    std::vector<UdevWrite> writes(const UdevDevice& device) const;

private:
    struct File {
        std::string path;
        std::vector<UdevRule> rules;
        std::map<std::string, std::vector<size_t>> labels;  ///< LABEL -> indexes of its rules
    };
    std::vector<File> files_;
    std::string attribute_;
};

}  // namespace virtbp
