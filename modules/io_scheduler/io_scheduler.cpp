// SPDX-License-Identifier: GPL-3.0-or-later
// The I/O schedulers of disks (guide rows vbp-io-scheduler-*; the kernel's Documentation/block/switching-
// sched.rst).
//
// A write to queue/scheduler lasts until the next event of the device, when the distribution's udev rules are
// run again: a rule of our own, after theirs, makes it last.
#include <algorithm>
#include <memory>

#include "lib/boot/boot_parameter.hpp"
#include "lib/drop_ins.hpp"
#include "lib/module.hpp"
#include "modules/io_scheduler/leftovers.hpp"
#include "modules/io_scheduler/our_rules.hpp"
#include "modules/io_scheduler/params.hpp"
#include "modules/io_scheduler/schedulers.hpp"
#include "modules/io_scheduler/targets.hpp"

namespace virtbp {

namespace {

struct IoScheduler {
    using Params = IoSchedulerParams;

    struct State {
        std::shared_ptr<const std::vector<Target>> targets;
        std::vector<std::string> runtime;               ///< what each reads; "" where it reads nothing
        std::vector<std::optional<RuleWrite>> at_boot;  ///< what the next boot gives each
        OurRules rules;
        Files files;
        std::vector<std::string> leftovers;
        bool runs_udev = false;
        BootLines lines;  ///< looked at where elevator= is to go
        RunningLine running;
    };

    Params params;

    static Manual manual() { return io_scheduler_manual(); }

    // -- what is --------------------------------------------------------------------------------------------

    State read(const System& system) const {
        State is;
        const LoadableSchedulers loadable(system);
        auto targets = find_targets(system, loadable, params);
        for (const auto& target : targets)
            is.runtime.push_back(target.schedulers.chosen.value_or(std::string(trim(target.list))));
        is.at_boot.resize(targets.size());
        if (params.persistent) {
            const auto files = drop_ins(system, "udev/rules.d", ".rules");
            is.rules = OurRules(system.read_if(OurRules::path));
            is.files = {{OurRules::path, is.rules.text()}};
            is.at_boot = read_rules(system, loadable, files, is.rules, targets);
            is.leftovers = leftovers(system, files, targets);
            is.runs_udev = system.exists("/run/udev/control");
        }
        is.targets = std::make_shared<const std::vector<Target>>(std::move(targets));
        if (!params.remove_elevator || obeys_elevator(system)) return is;
        is.lines = BootLines(system, {});
        is.running.text = system.read_if(is.running.source);
        is.files.merge(is.lines.files());
        return is;
    }

    static std::vector<std::string> leftovers(const System& system, const std::vector<ConfigFile>& rules,
                                              const std::vector<Target>& targets) {
        std::vector<WantedKnob> knobs;
        for (const auto& target : targets)
            if (!target.boot_obstacle) knobs.push_back({target.knob(), target.wanted});
        auto all = dead_parameters(system);
        for (auto& more : {contrary_tmpfiles(system, knobs), programs_in_rules(rules)})
            all.insert(all.end(), more.begin(), more.end());
        return all;
    }

    // -- what should be -------------------------------------------------------------------------------------

    State want(State is) const {
        auto should = std::move(is);
        const auto& targets = *should.targets;
        std::vector<OurRules::Line> missing;
        for (size_t i = 0; i < targets.size(); ++i) {
            const auto& target = targets[i];
            if (params.runtime && !target.obstacle) should.runtime[i] = target.wanted;
            if (params.persistent && !target.boot_obstacle && target.lacks(should.at_boot[i]))
                missing.push_back({&target.identity, target.wanted});
        }
        if (removes_elevator(should)) {
            for (const auto variable : {BootVariable::normal, BootVariable::all})
                elevator().edit(should.lines, variable);
            for (const auto& [path, text] : should.lines.files()) should.files[path] = text;
        }
        if (missing.empty()) return should;
        should.rules.set(missing);
        should.files[OurRules::path] = should.rules.text();
        for (size_t i = 0; i < targets.size(); ++i)
            if (auto ours = should.rules.find(targets[i].identity);
                ours && ours->value == targets[i].wanted && !targets[i].after)
                should.at_boot[i] = std::move(ours);
        return should;
    }

    /// Its own kernel parameter, which has had no effect since Linux 5.0.
    static BootParameter elevator() { return {"elevator", {{}, {parse_parameter("elevator")}}, {{}, 0}}; }
    static bool removes_elevator(const State& state) { return state.lines.why_none().empty(); }

    // -- what is reported -----------------------------------------------------------------------------------

    Fields fields(const State& state) const {
        Fields all;
        const auto& targets = *state.targets;
        all.reserve(2 * targets.size());
        for (size_t i = 0; params.runtime && i < targets.size(); ++i)
            all.push_back(runtime_field(targets[i], state.runtime[i]));
        for (size_t i = 0; params.persistent && i < targets.size(); ++i)
            all.push_back(persistent_field(targets[i], state.at_boot[i]));
        if (!removes_elevator(state)) return all;
        for (auto& field :
             elevator().fields(state.lines, BootVariable::normal, params.runtime ? &state.running : nullptr))
            all.push_back(std::move(field));
        return all;
    }

    static json or_null(const std::string& text) { return text.empty() ? json() : json(text); }

    static Field runtime_field(const Target& target, const std::string& now) {
        Field field{Layer::runtime, target.field(), or_null(now), target.knob()};
        if (!target.obstacle) return field;
        return field.judged(target.obstacle->outcome, target.obstacle->reason, target.wanted);
    }

    static Field persistent_field(const Target& target, const std::optional<RuleWrite>& at_boot) {
        Field field{Layer::persistent, target.field(), at_boot ? json(at_boot->value) : json(),
                    at_boot ? at_boot->place : OurRules::path};
        if (target.boot_obstacle)
            return field.judged(target.boot_obstacle->outcome, target.boot_obstacle->reason, target.wanted);
        if (at_boot && target.lacks(at_boot))
            return field.judged(Outcome::overridden,
                                concat({at_boot->place, " writes ", at_boot->value, " and wins"}),
                                target.wanted);
        return field;
    }

    /// A device each, with the worst outcome of its fields, which are those of `result` in the same order.
    json facts(const State& state, const json& result) const {
        const auto& all = result.at("virtbp").at("fields");
        const auto& targets = *state.targets;
        const size_t layers = params.runtime && params.persistent ? 2 : 1;
        json devices = json::array();
        for (size_t i = 0; i < targets.size(); ++i) {
            auto outcome = Outcome::not_applicable;
            for (size_t layer = 0; layer < layers; ++layer)
                outcome = std::max(outcome, outcome_named(all.at(layer * targets.size() + i)));
            json before = or_null(state.runtime[i]), after = before;
            if (params.runtime) {
                const auto& field = all.at(i);
                before = field.at("was");
                after = field.at(outcome_named(field) == Outcome::changed ? "wanted" : "now");
            }
            json::object_t device;
            device.reserve(6);
            device.emplace_back("name", targets[i].name);
            device.emplace_back("before", before);
            device.emplace_back("after", std::move(after));
            device.emplace_back("offered", targets[i].schedulers.offered);
            device.emplace_back("source", state.at_boot[i] ? json(state.at_boot[i]->place) : json());
            device.emplace_back("outcome", name_of(outcome));
            devices.push_back(std::move(device));
        }
        return {{"devices", std::move(devices)}};
    }

    static Outcome outcome_named(const json& field) {
        const auto& name = field.at("outcome").get_ref<const std::string&>();
        auto outcome = Outcome::unsupported;
        while (outcome != Outcome::not_applicable && name_of(outcome) != name)
            outcome = static_cast<Outcome>(static_cast<int>(outcome) - 1);
        return outcome;
    }

    std::vector<std::string> warnings(const State& state) const {
        auto all = state.leftovers;
        constexpr size_t most = 8;
        std::vector<std::string> unstable;
        const auto& targets = *state.targets;
        for (size_t i = 0; params.persistent && i < targets.size(); ++i) {
            const auto& at_boot = state.at_boot[i];
            const bool needs_ours = targets[i].lacks(at_boot) || at_boot->place.starts_with(OurRules::path);
            if (!targets[i].boot_obstacle && !targets[i].identity.is_stable() && needs_ours)
                unstable.push_back(targets[i].name);
        }
        if (unstable.empty()) return all;
        const auto more = unstable.size() > most ? unstable.size() - most : 0;
        unstable.resize(unstable.size() - more);
        all.push_back(concat(
            {"no stable id is known of ", join(unstable, ", "),
             more > 0 ? concat({" and ", std::to_string(more), " more"}) : "",
             ": the rule goes by the kernel's name, which another disk may have after the next boot"}));
        return all;
    }

    // -- how to get there -----------------------------------------------------------------------------------

    /// Disks do not depend on each other, so one that refuses keeps none from its change; but nothing is made
    /// to last that was refused.
    void apply(System& system, const State& is, const State& should) const {
        std::vector<std::string> refusals;
        for (size_t i = 0; i < is.runtime.size(); ++i) {
            if (is.runtime[i] == should.runtime[i]) continue;
            try {
                system.write((*is.targets)[i].knob(), should.runtime[i] + "\n");
            } catch (const Error& error) {
                refusals.emplace_back(error.what());
            }
        }
        if (refusals.size() == 1) throw Error(refusals.front());
        if (!refusals.empty())
            throw Error(concat({refusals.front(), " (and ", std::to_string(refusals.size() - 1), " more)"}));
        if (!params.persistent) return;
        const auto rules = [](const Files& files) { return files.at(OurRules::path); };
        const bool reloads = is.runs_udev && rules(is.files) != rules(should.files);
        should.lines.apply(system, is.files, should.files);
        if (reloads) system.run({"udevadm", "control", "--reload"});
    }
};

}  // namespace

Entry module() { return entry<IoScheduler>(); }

}  // namespace virtbp
