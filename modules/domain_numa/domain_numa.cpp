// SPDX-License-Identifier: GPL-3.0-or-later
// The NUMA layout of a libvirt domain (guide rows vbp-dom-vnuma, vbp-dom-numatune, vbp-dom-vcpupin,
// vbp-dom-numa-nonvnuma, vbp-numa-cpuset; https://libvirt.org/formatdomain.html).
//
// The definition is text that is edited in place and defined anew: libvirt has no calls for cells and
// memnodes, and those that it has for pins fill in more than was asked. A running domain is changed by calls,
// as far as it can be.
#include "lib/error.hpp"
#include "lib/formats/unified_diff.hpp"
#include "lib/formats/xml.hpp"
#include "lib/libvirt/schema_check.hpp"
#include "lib/module.hpp"
#include "lib/text.hpp"
#include "modules/domain_numa/all_domains.hpp"
#include "modules/domain_numa/changes.hpp"
#include "modules/domain_numa/checks.hpp"
#include "modules/domain_numa/observation.hpp"
#include "modules/domain_numa/parameters.hpp"
#include "modules/domain_numa/settings.hpp"
#include "modules/domain_numa/wishes.hpp"

namespace virtbp {

namespace {

using namespace domain_numa;

/// The findings hold them all.
constexpr size_t most_warnings = 20;

struct DomainNuma {
    using Params = domain_numa::Params;

    struct State : Observation {
        Domain was;                  ///< as read: settings that are taken away are told, too
        std::optional<Domain> live;  ///< the running domain as it is, or should be
        Files files;                 ///< of xml
    };

    Params params;

    static Manual manual() { return domain_numa::manual(); }
    static std::string shown(const std::string& text) { return without_secrets(text); }

    // -- what is --------------------------------------------------------------------------------------------

    State read(const System& system) const {
        State is{observe(params, system), {}, {}, {}};
        is.was = is.config;
        is.live = is.running;
        if (params.xml) is.files[params.target()] = is.target_text;
        return is;
    }

    // -- what should be -------------------------------------------------------------------------------------

    State want(State is) const {
        auto should = planned(is);
        if (params.xml && should.source != is.source) check_schema(is.source, should.source);
        return should;
    }

    State planned(State is) const {
        if (!params.manages()) return is;
        State should = std::move(is);
        if (params.config()) want_config(should);
        if (params.live() && should.live) {
            const auto wish = live_wish(should);
            refuse_errors(should, wish);
            should.live = reachable(*should.live, wish);
        }
        return should;
    }

    void want_config(State& should) const {
        if (!should.is_persistent)
            throw Error(concat({should.config.name,
                                " is transient and has no definition to change: use scope "
                                "live"}));
        const auto root = parse_xml(should.source, should.place);
        should.config = wished(params, read_domain(root, should.place), should.host, running_of(should));
        refuse_errors(should, should.config);
        should.text = should.source = edit_domain(should.source, root, should.config);
        if (params.xml) should.files[params.target()] = should.text;
    }

    /// libvirt does this by itself; a file that was not valid before need not become so.
    static void check_schema(const std::string& before, const std::string& after) {
        const auto fault = schema_fault(after, installed_domain_schema);
        if (!fault.empty() && schema_fault(before, installed_domain_schema).empty())
            throw Error(concat({"libvirt's schema does not allow the result: ", fault}));
    }

    /// What the running domain is asked for. A layout of its own, beside that of its definition, is no use.
    Domain live_wish(const State& state) const {
        if (!params.automatic || !params.config())
            return wished(params, *state.live, state.host, running_of(state));
        auto wish = *state.live;
        wish.cells = state.config.cells;
        wish.numatune = state.config.numatune;
        wish.memnodes = state.config.memnodes;
        if (params.automatic->pin) wish.vcpupins = state.config.vcpupins;
        return wish;
    }

    Findings findings(const State& state, const Domain& domain) const {
        auto all = check_guest(domain, state.host.default_page);
        for (auto& finding : check_host(domain, state.host, state.services, running_of(state))) {
            // A file may be for another host, and less than there was fits no worse.
            const bool is_none_of_it = (!state.is_its_host && !params.on_misfit) || params.state == "absent";
            if (is_none_of_it && finding.severity == Severity::error) finding.severity = Severity::warning;
            all.push_back(std::move(finding));
        }
        if (state.has_managed_save && params.config())
            all.push_back({Severity::warning, "domain",
                           "a saved state (managedsave) is there: the next start takes its old settings",
                           "start the domain once, or remove the saved state", "vbp-dom-vnuma"});
        return all;
    }

    static const Domain* running_of(const State& state) { return state.running ? &*state.running : nullptr; }

    bool is_refused(const Finding& finding) const {
        return finding.severity == Severity::error && !(finding.is_misfit && params.on_misfit == "warn");
    }

    void refuse_errors(const State& state, const Domain& domain) const {
        const auto all = findings(state, domain);
        std::vector<std::string> errors;
        for (const auto& finding : all)
            if (is_refused(finding)) errors.push_back(in_words(finding));
        if (errors.empty()) return;
        throw Refusal(concat({state.config.name, ": ", enumerate(errors)}),
                      {{"findings", to_json(all)},
                       {"topology", {{"host", describe(state.host)}, {"guest", describe(state.was)}}}});
    }

    // -- what is reported -----------------------------------------------------------------------------------

    Fields fields(const State& state) const {
        Fields all;
        if (!params.manages() || params.all_domains()) return all;
        if (params.config()) add_config(state, all);
        if (params.live()) add_live(state, all);
        return all;
    }

    void add_config(const State& state, Fields& all) const {
        const auto pins = params.pins();
        const auto now = settings_of(state.config);
        for (const auto& [name, any] : together(now, {settings_of(state.was)}))
            if (params.manages(name, pins))
                all.push_back({Layer::config, name, value_of(now, name), state.place});
    }

    /// Of a running domain some settings follow at once, the others with its next start.
    void add_live(const State& state, Fields& all) const {
        if (!state.live) {
            if (!params.config())
                all.push_back(Field{Layer::live, "state", "shut off", state.place}.judged(
                    Outcome::not_applicable, concat({state.config.name, " does not run"}), "shut off"));
            return;
        }
        const auto pins = params.pins();
        const auto asked = live_wish(state);
        const auto now = settings_of(without_left_pins(*state.live, asked, state.host));
        const auto wish = settings_of(asked);
        for (const auto& [name, any] : together(now, {wish, settings_of(*state.running)})) {
            if (!params.manages(name, pins) || is_amount(name)) continue;
            Field field{Layer::live, name, value_of(now, name), state.place};
            if (const auto wanted = value_of(wish, name);
                wanted != field.value && !can_change_live(name, *state.running))
                field =
                    field.judged(Outcome::pending_reboot,
                                 "a running domain keeps it until it is shut off and started again", wanted);
            all.push_back(std::move(field));
        }
    }

    /// The balloon moves them while the domain runs.
    static bool is_amount(const std::string& name) { return name == "memory" || name == "current_memory"; }

    /// How the definition changes; a transient domain's is its running state.
    std::string xml_diff(const State& before, const State& after) const {
        if (!params.config()) return "";
        return unified_diff(without_secrets(before.text), without_secrets(after.text), before.place,
                            after.place);
    }

    json facts(const State& before, const State& after) const {
        if (params.all_domains())
            return {{"domains", describe(after.domains, after.host, after.services)},
                    {"findings", to_json(check_all(after.domains, after.host))},
                    {"topology", {{"host", describe(after.host)}}}};
        return {{"topology", {{"host", describe(after.host)}, {"guest", describe(after.config)}}},
                {"findings", to_json(findings(after, target_of(after)))},
                {"restart_required", needs_restart(after)},
                {"xml_diff", xml_diff(before, after)}};
    }

    const Domain& target_of(const State& state) const {
        return !params.config() && state.live ? *state.live : state.config;
    }

    /// Whether the running domain is otherwise than the managed settings of its definition.
    bool needs_restart(const State& state) const {
        if (!state.live || !params.manages()) return false;
        const auto pins = params.pins();
        const auto asked = params.config() ? state.config : live_wish(state);
        const auto live = settings_of(without_left_pins(*state.live, asked, state.host));
        const auto wanted = settings_of(asked);
        for (const auto& [name, any] : together(live, {wanted}))
            if (params.manages(name, pins) && !is_amount(name) &&
                value_of(live, name) != value_of(wanted, name))
                return true;
        return false;
    }

    std::vector<std::string> warnings(const State& state) const {
        std::vector<std::string> all;
        if (!params.manages()) return all;
        const auto should = planned(state);  // in check mode the state is what is
        for (const auto& finding : findings(should, target_of(should)))
            if (finding.severity != Severity::info && !is_refused(finding)) all.push_back(in_words(finding));
        if (all.size() > most_warnings) {
            const auto more = std::to_string(all.size() - most_warnings);
            all.resize(most_warnings);
            all.push_back(concat({"and ", more, " findings more"}));
        }
        return all;
    }

    // -- how to get there -----------------------------------------------------------------------------------

    void apply(System& system, const State& is, const State& should) {
        if (params.xml) return system.apply(is.files, should.files);
        if (should.config != is.config) define(params, is.config, should.config);
        if (should.live != is.live) change_running(params, *is.live, *should.live, is.host);
    }
};

}  // namespace

Entry module() { return entry<DomainNuma>(); }

}  // namespace virtbp
