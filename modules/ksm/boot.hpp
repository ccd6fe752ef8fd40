// SPDX-License-Identifier: GPL-3.0-or-later
// What the next boot does to KSM: first the lines of tmpfiles.d, then ksm.service, where there is one. A
// value: want() changes a copy of it and sees what its own lines will do.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "lib/boot_writes.hpp"
#include "lib/json.hpp"
#include "lib/system.hpp"
#include "lib/systemd.hpp"
#include "modules/ksm/parameters.hpp"

namespace virtbp::ksm {

class Boot {
public:
    struct Setting {
        json value;          ///< null where nothing sets the knob
        std::string source;  ///< "/etc/tmpfiles.d/x.conf:3"
    };

    Boot() = default;
    Boot(const System& system, const std::vector<Knob>& knobs);

    /// Of a knob that is asked for, or advisor_mode.
    Setting find(const std::string& knob) const { return settings_.at(knob); }

    /// Sets a knob by ksm.service, where that can, or by a line of ours. Another file may still win.
    void set(const Knob& knob, const json& value);

    Files files() const { return writes_.files(); }
    /// Enables or disables ksm.service, where it is otherwise in `before`.
    void apply_service(System& system, const Boot& before) const;

private:
    void look();

    std::vector<Knob> knobs_;
    BootWrites writes_;
    std::optional<Unit> service_;
    std::map<std::string, Setting> settings_;
};

bool starts_at_boot(const std::optional<Unit>& unit);

}  // namespace virtbp::ksm
