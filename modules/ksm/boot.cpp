// SPDX-License-Identifier: GPL-3.0-or-later
#include "modules/ksm/boot.hpp"

namespace virtbp::ksm {

Boot::Boot(const System& system, const std::vector<Knob>& knobs)
    : knobs_(knobs),
      writes_(system, "/etc/tmpfiles.d/virtbp-ksm.conf"),
      service_(find_unit(system, "ksm.service")) {
    look();
}

/// From the unit and the lines alone, so that set() needs no system.
void Boot::look() {
    for (const auto& knob : knobs_) {
        if (knob.asked.is_null() && knob.name != "advisor_mode") continue;
        // run as the kernel begins
        Setting setting{knob.name == "run" ? json(0) : json(), writes_.drop_in()};
        if (const auto line = writes_.find(knob.path))
            setting = {value_of(knob.name, line->value, line->place), line->place};
        if (knob.name == "run" && starts_at_boot(service_)) setting = {1, service_->path};
        settings_[knob.name] = setting;
    }
}

void Boot::set(const Knob& knob, const json& value) {
    if (find(knob.name).value == value) return;
    // A masked unit has no text, and so no links.
    if (knob.name == "run" && service_ &&
        !enabling_links(service_->name, service_->path, service_->text).empty()) {
        service_->enabled = value == 1;
        look();
        if (find(knob.name).value == value) return;
    }
    std::vector<std::string> order;
    for (const auto& each : knobs_) order.push_back(each.path);
    writes_.set({{knob.path, text_of(value)}}, order);
    look();
}

void Boot::apply_service(System& system, const Boot& before) const {
    if (!service_ || service_->enabled == before.service_->enabled) return;
    for (const auto& link : enabling_links(service_->name, service_->path, service_->text)) {
        if (service_->enabled) system.make_link(link.path, link.target);
        else if (system.kind(link.path) != Kind::none) system.remove(link.path);
    }
}

bool starts_at_boot(const std::optional<Unit>& unit) { return unit && unit->enabled && !unit->masked; }

}  // namespace virtbp::ksm
