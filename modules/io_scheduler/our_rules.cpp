// SPDX-License-Identifier: GPL-3.0-or-later
#include "modules/io_scheduler/our_rules.hpp"

#include <map>

#include "lib/text.hpp"

namespace virtbp {

namespace {

// One of our lines is these, with the match of a disk and the scheduler between them.
constexpr std::string_view before_match =
    R"(ACTION=="add|change", SUBSYSTEM=="block", ENV{DEVTYPE}=="disk", )";
constexpr std::string_view before_value = R"(, TEST=="queue/scheduler", ATTR{queue/scheduler}=")";
constexpr std::string_view after_value = "\"";

struct OwnLine {
    std::string_view match, value;
};

/// Nothing for a line that is not of our form.
std::optional<OwnLine> parse_own(std::string_view line) {
    if (!line.starts_with(before_match) || !line.ends_with(after_value)) return std::nullopt;
    line = line.substr(before_match.size(), line.size() - before_match.size() - after_value.size());
    const auto end = line.find(before_value);
    if (end == std::string_view::npos) return std::nullopt;
    return OwnLine{line.substr(0, end), line.substr(end + before_value.size())};
}

void append_own(std::string& text, std::string_view match, std::string_view value) {
    append(text, {before_match, match, before_value, value, after_value, "\n"});
}

}  // namespace

const std::string OurRules::path = "/etc/udev/rules.d/65-virtbp-io-scheduler.rules";

OurRules::OurRules(std::optional<std::string> text) : text_(std::move(text)) {
    auto parsed = std::make_shared<Parsed>();
    parsed->text = text_.value_or("");
    int number = 0;
    for (const auto line : lines(parsed->text)) {
        ++number;
        if (const auto own = parse_own(line)) parsed->lines[own->match] = {own->value, number};
    }
    parsed_ = std::move(parsed);
}

std::optional<RuleWrite> OurRules::find(const Identity& disk) const {
    const Parsed::Own* last = nullptr;
    for (const auto& match : disk.matches)
        if (const auto found = parsed_->lines.find(match); found != parsed_->lines.end())
            if (last == nullptr || last->line < found->second.line) last = &found->second;
    if (last == nullptr) return std::nullopt;
    return RuleWrite{std::string(last->value), concat({path, ":", std::to_string(last->line)})};
}

void OurRules::set(const std::vector<Line>& wanted) {
    std::map<std::string_view, size_t> owners;  // match → whose line it is
    for (size_t i = 0; i < wanted.size(); ++i)
        for (const auto& match : wanted[i].disk->matches) owners.emplace(match, i);
    std::vector<bool> written(wanted.size());
    std::string text;
    const auto write = [&](size_t i) {
        if (!written[i]) append_own(text, wanted[i].disk->matches.front(), wanted[i].scheduler);
        written[i] = true;
    };
    for (const auto line : lines(text_ ? std::string_view(*text_) : "# Written by virtbp\n")) {
        const auto own = parse_own(line);
        const auto owner = own ? owners.find(own->match) : owners.end();
        if (owner != owners.end()) write(owner->second);
        else append(text, {line, "\n"});
    }
    // Two paths of one disk share a line.
    for (const auto& line : wanted) write(owners.at(line.disk->matches.front()));
    *this = OurRules(std::move(text));
}

OurRules::StandIn OurRules::stand_in(std::string_view match, std::string_view value) const {
    StandIn result{"", 0, false};
    int number = 0;
    for (const auto line : lines(parsed_->text)) {
        ++number;
        if (!parse_own(line)) {
            const auto text = trim(line);
            result.has_other_rules = result.has_other_rules || !(text.empty() || text.starts_with('#'));
            append(result.text, {line, "\n"});
        } else if (result.line == 0) {
            append_own(result.text, match, value);
            result.line = number;
        } else {
            result.text += '\n';
        }
    }
    if (result.line == 0) {
        append_own(result.text, match, value);
        result.line = number + 1;
    }
    return result;
}

}  // namespace virtbp
