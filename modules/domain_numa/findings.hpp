// SPDX-License-Identifier: GPL-3.0-or-later
// What is wrong or doubtful about a domain, in words for the operator.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "lib/json.hpp"

namespace virtbp::domain_numa {

enum class Severity { info, warning, error };

struct Finding {
    Severity severity = Severity::warning;
    std::string element;  ///< of the domain's XML, or the host's: "cpu/numa/cell 1"
    std::string message;  ///< what is, and what it should be
    std::string remedy;
    std::string row;         ///< of the guide
    bool is_misfit = false;  ///< an error of the host and the domain together, which on_misfit may allow
};

using Findings = std::vector<Finding>;

json to_json(const Findings& findings);
std::string in_words(const Finding& finding);

/// What checks are derived from: they find, it keeps.
class Finder {
public:
    Findings take() { return std::move(findings_); }

protected:
    using Words = std::initializer_list<std::string_view>;

    void error(std::string element, Words message, std::string remedy, std::string row);
    void misfit(std::string element, Words message, std::string remedy, std::string row);
    void warning(std::string element, Words message, std::string remedy, std::string row);
    void info(std::string element, Words message, std::string remedy, std::string row);

private:
    void add(Severity severity, bool is_misfit, std::string element, Words message, std::string remedy,
             std::string row);
    Findings findings_;
};

}  // namespace virtbp::domain_numa
