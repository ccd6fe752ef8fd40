// SPDX-License-Identifier: GPL-3.0-or-later
// The kernel command line of the next boot: parameters in the boot loader's files, in what is made from them,
// and whether the running kernel has them (guide row vbp-boot-cmdline).
#include <algorithm>
#include <map>

#include "lib/boot/boot_parameter.hpp"
#include "lib/huge_page_support.hpp"
#include "lib/module.hpp"
#include "modules/grub_cmdline/parameters.hpp"

namespace virtbp {

namespace {

struct GrubCmdline {
    using Params = grub_cmdline::Params;

    struct State {
        BootLines lines;
        HugePageSupport support;
        std::vector<BootParameter> parameters;
        RunningLine running;
        Files files;
    };

    Params params;

    static Manual manual() { return grub_cmdline::manual(); }

    // -- what is --------------------------------------------------------------------------------------------

    State read(const System& system) const {
        State is;
        is.lines = BootLines(system, params.choice(), params.regenerate);
        is.support = huge_page_support(system);
        for (const auto& name : managed_parameters(params.wish()))
            is.parameters.emplace_back(name, params.wish(name), is.support);
        if (params.is_for_hypervisor()) read_hypervisor(system, is.running);
        else if (const auto line = system.read_if(is.running.source)) is.running.text = trim(*line);
        is.files = is.lines.files();
        return is;
    }

    static void read_hypervisor(const System& system, RunningLine& running) {
        running.source = "xl info";
        const auto told = system.query({"xl", "info"});
        if (!told || told->status != 0) return;
        for (const auto line : lines(told->out))
            if (line.starts_with("xen_commandline"))
                running.text = trim(line.substr(std::min(line.find(':') + 1, line.size())));
    }

    // -- what should be -------------------------------------------------------------------------------------

    State want(State is) const {
        check_wish(params.wish(), is.support);
        State should = is;
        if (!is.lines.why_none().empty()) return should;
        if (params.replace) replace(should);
        else
            // One by one: what stands right on another variable's line needs no place on this one.
            for (const auto& parameter : is.parameters) parameter.edit(should.lines, params.boot_variable());
        should.files = should.lines.files();
        return should;
    }

    /// The boot loader's own files have more on a line than is replaced: from that, what goes is taken away.
    void replace(State& should) const {
        const auto variable = params.boot_variable();
        CmdlineWish elsewhere{params.wish().present, {}};
        std::map<std::string, std::string, std::less<>> replaced;
        for (const auto& line : should.lines.configured(variable)) {
            replaced[line.text] = edit_cmdline(line.text, params.wish(), should.support);
            const auto kept = parse_cmdline(replaced[line.text]).tokens;
            for (const auto& token : parse_cmdline(line.text).tokens)
                if (!token.is("ro") &&  // every entry has one of its own
                    std::none_of(kept.begin(), kept.end(),
                                 [&](const auto& one) { return one.text == token.text; }))
                    elsewhere.absent.push_back(token);
        }
        should.lines.edit(variable, [=, support = should.support](std::string_view line) {
            const auto whole = replaced.find(line);
            return whole != replaced.end() ? whole->second : edit_cmdline(line, elsewhere, support);
        });
    }

    // -- what is reported -----------------------------------------------------------------------------------

    Fields fields(const State& state) const {
        Fields all;
        for (const auto& parameter : state.parameters)
            for (auto& field : parameter.fields(state.lines, params.boot_variable(),
                                                params.runtime ? &state.running : nullptr))
                all.push_back(std::move(field));
        return all;
    }

    json facts(const State& state, const json& result) const {
        const auto variable = params.boot_variable();
        json configured = json::object(), reasons = json::array();
        for (const auto& line : state.lines.configured(variable)) configured[line.source] = line.text;
        std::string told;  // fields of a parameter follow each other
        for (const auto& field : result.at("virtbp").at("fields"))
            if (const std::string name = field.at("name");
                field.at("outcome") == "pending_reboot" && name != told) {
                told = name;
                reasons.push_back(concat({name, ": ", field.at("reason").get_ref<const std::string&>()}));
            }
        const auto next = state.lines.next(variable);
        const bool known = state.lines.why_none().empty();
        return {{"backend",
                 known ? json{{"name", state.lines.loader().name()}, {"why", state.lines.loader().why()}}
                       : json{{"name", nullptr}, {"why", state.lines.why_none()}}},
                {"configured", configured},
                {"generated", next ? json(next->line) : json()},
                {"running", state.running.text ? json(*state.running.text) : json()},
                {"next_boot",
                 next ? json{{"entry", next->entry}, {"why", next->why}, {"line", next->line}} : json()},
                {"reboot_reasons", reasons}};
    }

    // -- how to get there -----------------------------------------------------------------------------------

    void apply(System& system, const State& is, const State& should) {
        should.lines.apply(system, is.files, should.files);
    }
};

}  // namespace

Entry module() { return entry<GrubCmdline>(); }

}  // namespace virtbp
