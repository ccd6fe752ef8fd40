// SPDX-License-Identifier: GPL-3.0-or-later
#include "lib/boot/boot_parameter.hpp"

#include "lib/text.hpp"

namespace virtbp {

namespace {

/// Not for all entries: a machine may start without any of them.
bool is_for_some(BootVariable variable) {
    return variable != BootVariable::normal && variable != BootVariable::all;
}

}  // namespace

void BootParameter::edit(BootLines& lines, BootVariable variable) const {
    lines.edit(variable, [*this](std::string_view line) { return edited(line); });
}

const std::string& BootParameter::edited(std::string_view line) const {
    const auto found = known_->find(line);
    if (found != known_->end()) return found->second;
    return known_->emplace(line, edit_cmdline(line, wish_, support_)).first->second;
}

json BootParameter::value(std::string_view line) const {
    return cmdline_value(parse_cmdline(line), name_, support_);
}

/// What a line holds once it is as wanted.
json BootParameter::wanted(std::string_view line) const { return value(edited(line)); }

Fields BootParameter::fields(const BootLines& lines, BootVariable variable,
                             const RunningLine* running) const {
    Fields all{configured_field(lines, variable)};
    if (auto next = next_field(lines, variable, all[0])) all.push_back(std::move(*next));
    if (running != nullptr) all.push_back(running_field(*running, all.back()));
    return all;
}

/// Where several lines differ, the first that is not as wanted is told.
Field BootParameter::configured_field(const BootLines& lines, BootVariable variable) const {
    Field field{Layer::persistent, name_, nullptr, ""};
    if (!lines.why_none().empty()) {
        const auto asked = wanted("");
        return field.judged(asked.is_null() ? Outcome::not_applicable : Outcome::unsupported,
                            lines.why_none(), asked);
    }
    const auto& all = lines.configured(variable);
    if (all.empty())
        return field.judged(Outcome::not_applicable, "the boot loader has no such entry", wanted(""));
    for (const auto& line : all) {
        const auto whole = line.whole();
        const bool right = edited(whole) == whole;
        if (right && &line != &all.front()) continue;
        field.value = value(whole);
        field.source = line.source;
        if (!right)
            return field.judged(Outcome::overridden,
                                concat({line.elsewhere, " sets it on the same line, and is not edited here"}),
                                wanted(whole));
    }
    return field;
}

std::optional<Field> BootParameter::next_field(const BootLines& lines, BootVariable variable,
                                               const Field& configured) const {
    const auto next = lines.next(variable);
    if (!next) {
        if (!is_for_some(variable) || !lines.why_none().empty()) return std::nullopt;
        return Field{Layer::boot, name_, nullptr, ""}.judged(
            Outcome::not_applicable, "the next boot starts no entry that has such parameters", wanted(""));
    }
    Field field{Layer::boot, name_, value(next->line), next->source};
    const auto asked = wanted(next->line);
    if (field.value == asked) return field;
    if (!next->apart.empty()) return field.judged(Outcome::overridden, next->apart, asked);
    if (configured.verdict == Outcome::overridden)
        return field.judged(Outcome::overridden, configured.reason, asked);
    auto why = lines.waits(*next);
    return why.empty() ? field : field.judged(Outcome::pending_reboot, std::move(why), asked);
}

Field BootParameter::running_field(const RunningLine& running, const Field& next) const {
    Field field{Layer::runtime, name_, nullptr, running.source};
    const auto asked = wanted(running.text.value_or(""));
    if (!running.text)
        return field.judged(Outcome::not_applicable,
                            concat({running.source, " tells nothing: none runs here"}), asked);
    field.value = value(*running.text);
    if (field.value == asked) return field;
    if (next.layer == Layer::boot && next.verdict == Outcome::not_applicable)
        return field.judged(Outcome::not_applicable, next.reason, asked);
    if (next.verdict && next.verdict != Outcome::pending_reboot)
        return field.judged(*next.verdict, next.reason, asked);
    return field.judged(Outcome::pending_reboot, "a running kernel's command line stays until the next boot",
                        asked);
}

}  // namespace virtbp
