// SPDX-License-Identifier: GPL-3.0-or-later
#include "modules/domain_numa/changes.hpp"

#include "lib/error.hpp"
#include "lib/formats/number_list.hpp"
#include "lib/formats/xml.hpp"
#include "lib/libvirt/schema_check.hpp"
#include "lib/text.hpp"

namespace virtbp::domain_numa {

void define(const Params& params, const Domain& is, const Domain& should) {
    const Connection connection(params.uri.value_or(""), Access::read_write);
    const auto text = connection.find(params.domain).inactive_xml(true);
    const auto root = parse_xml(text, is.name);
    if (read_domain(root, is.name) != is)
        throw Error(concat({"the definition of ", is.name,
                            " was changed by another program meanwhile: nothing was written"}));
    const auto edited = edit_domain(text, root, should);
    try {
        connection.define(edited, true);
    } catch (const SchemaError&) {
        // One that was not valid before cannot become so by what was asked.
        if (schema_fault(text, installed_domain_schema).empty()) throw;
        connection.define(edited, false);
    }
}

void change_running(const Params& params, const Domain& is, const Domain& should, const Host& host) {
    const Connection connection(params.uri.value_or(""), Access::read_write);
    auto domain = connection.find(params.domain);
    const auto all = host.cpus();
    const int count = all.empty() ? 0 : all.back() + 1;
    for (const auto& [vcpu, cpus] : should.vcpupins)
        if (const auto before = is.vcpupins.find(vcpu); before == is.vcpupins.end() || before->second != cpus)
            domain.pin_vcpu(vcpu, cpus, count);
    for (const auto& [vcpu, cpus] : is.vcpupins)
        if (!should.vcpupins.contains(vcpu)) domain.pin_vcpu(vcpu, all, count);
    if (is.emulatorpin != should.emulatorpin) domain.pin_emulator(should.emulatorpin.value_or(all), count);
    if (is.numatune != should.numatune && should.numatune)
        domain.set_nodeset(format_number_list(should.numatune->nodeset));
}

}  // namespace virtbp::domain_numa
