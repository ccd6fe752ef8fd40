// SPDX-License-Identifier: GPL-3.0-or-later
#include "modules/domain_numa/findings.hpp"

#include "lib/text.hpp"

namespace virtbp::domain_numa {

namespace {

const char* name_of(Severity severity) {
    if (severity == Severity::error) return "error";
    return severity == Severity::warning ? "warning" : "info";
}

}  // namespace

json to_json(const Findings& findings) {
    json list = json::array();
    for (const auto& finding : findings)
        list.push_back({{"severity", name_of(finding.severity)},
                        {"element", finding.element},
                        {"message", finding.message},
                        {"remedy", finding.remedy},
                        {"row", finding.row}});
    return list;
}

std::string in_words(const Finding& finding) {
    return concat({finding.element, ": ", finding.message, " (", finding.remedy, ")"});
}

void Finder::add(Severity severity, bool is_misfit, std::string element, Words message, std::string remedy,
                 std::string row) {
    findings_.push_back(
        {severity, std::move(element), concat(message), std::move(remedy), std::move(row), is_misfit});
}

void Finder::error(std::string element, Words message, std::string remedy, std::string row) {
    add(Severity::error, false, std::move(element), message, std::move(remedy), std::move(row));
}

void Finder::misfit(std::string element, Words message, std::string remedy, std::string row) {
    add(Severity::error, true, std::move(element), message, std::move(remedy), std::move(row));
}

void Finder::warning(std::string element, Words message, std::string remedy, std::string row) {
    add(Severity::warning, false, std::move(element), message, std::move(remedy), std::move(row));
}

void Finder::info(std::string element, Words message, std::string remedy, std::string row) {
    add(Severity::info, false, std::move(element), message, std::move(remedy), std::move(row));
}

}  // namespace virtbp::domain_numa
