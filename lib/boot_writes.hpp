// SPDX-License-Identifier: GPL-3.0-or-later
// What the next boot writes to kernel files by tmpfiles.d(5), with a drop-in of ours among it: how a knob
// below /sys is made to last. A value: want() changes a copy of it and sees what its own lines will do.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "lib/formats/config_file.hpp"
#include "lib/system.hpp"

namespace virtbp {

class BootWrites {
public:
    struct Setting {
        std::string value;
        std::string place;  ///< "/etc/tmpfiles.d/x.conf:3"
    };

    BootWrites() = default;
    /// `drop_in` is our file, "/etc/tmpfiles.d/virtbp-ksm.conf".
    BootWrites(const System& system, std::string drop_in);

    /// What a kernel file will hold after the boot; nothing where nothing writes to it.
    std::optional<Setting> find(const std::string& path) const;

    /// Sets kernel files in our drop-in. Its lines for the files in `order` stand at its end in that order,
    /// since some knobs reset others; every other line stays as it is.
    void set(const std::vector<std::pair<std::string, std::string>>& values,
             const std::vector<std::string>& order);

    const std::string& drop_in() const { return drop_in_; }
    /// Our drop-in, as State::files takes it.
    Files files() const { return {{drop_in_, text_}}; }

private:
    std::string drop_in_;
    std::optional<std::string> text_;
    std::vector<ConfigFile> all_;
};

}  // namespace virtbp
