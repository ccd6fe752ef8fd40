// SPDX-License-Identifier: GPL-3.0-or-later
// How a scheduler is made to last: a line for each disk in a rules file of ours, which udev reads after those
// of the distributions (60-io-scheduler.rules, 60-block-scheduler.rules, 64-btrfs-zoned.rules) and before an
// administrator's 99-something.rules.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "modules/io_scheduler/identity.hpp"

namespace virtbp {

/// The attribute that all is about, as rules name it.
constexpr std::string_view scheduler_attribute = "queue/scheduler";

/// What a rule writes, and where it stands: "/etc/udev/rules.d/x.rules:3".
struct RuleWrite {
    std::string value;
    std::string place;
};

/// Our file: a value, so that want() edits a copy.
class OurRules {
public:
    static const std::string path;

    explicit OurRules(std::optional<std::string> text = {});

    /// What our lines write to the scheduler of a disk.
    std::optional<RuleWrite> find(const Identity& disk) const;

    struct Line {
        const Identity* disk;
        std::string scheduler;
    };
    /// Sets the lines of these disks, in their places or at the end; every other line stays as it is.
    void set(const std::vector<Line>& wanted);

    const std::optional<std::string>& text() const { return text_; }

    /// The file with one line, "…, MATCH, …=\"VALUE\"", in the place of all of ours. Whatever else is in it
    /// stays.
    struct StandIn {
        std::string text;
        int line;              ///< where it stands
        bool has_other_rules;  ///< there are some that are not of our form
    };
    StandIn stand_in(std::string_view match, std::string_view value) const;

private:
    struct Parsed {
        std::string text;
        struct Own {
            std::string_view value;
            int line;
        };
        std::map<std::string_view, Own> lines;  // by match; views of the text
    };
    std::optional<std::string> text_;
    std::shared_ptr<const Parsed> parsed_;
};

}  // namespace virtbp
