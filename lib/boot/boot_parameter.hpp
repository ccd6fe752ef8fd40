// SPDX-License-Identifier: GPL-3.0-or-later
// One kernel parameter as fields of a result: what files are set to, what the next boot has, what runs.
#pragma once

#include <map>
#include <memory>

#include "lib/boot/boot_lines.hpp"
#include "lib/field.hpp"
#include "lib/formats/cmdline_edit.hpp"

namespace virtbp {

/// The line that the kernel, or hypervisor, was started with.
struct RunningLine {
    std::optional<std::string> text;  ///< nothing where nothing runs
    std::string source = "/proc/cmdline";
};

class BootParameter {
public:
    /// `name` is one of managed_parameters(), `wish` about it alone.
    BootParameter(std::string name, CmdlineWish wish, HugePageSupport support)
        : name_(std::move(name)), wish_(std::move(wish)), support_(std::move(support)) {}

    /// Sets it on the lines, where it is not right already.
    void edit(BootLines& lines, BootVariable variable) const;
    /// Of each layer; of the running one where `running` is given.
    Fields fields(const BootLines& lines, BootVariable variable, const RunningLine* running) const;

private:
    json value(std::string_view line) const;
    json wanted(std::string_view line) const;
    const std::string& edited(std::string_view line) const;

    Field configured_field(const BootLines& lines, BootVariable variable) const;
    std::optional<Field> next_field(const BootLines& lines, BootVariable variable,
                                    const Field& configured) const;
    Field running_field(const RunningLine& running, const Field& next) const;

    std::string name_;
    CmdlineWish wish_;
    HugePageSupport support_;
    /// Most entries have the same line.
    std::shared_ptr<std::map<std::string, std::string, std::less<>>> known_ =
        std::make_shared<std::map<std::string, std::string, std::less<>>>();
};

}  // namespace virtbp
