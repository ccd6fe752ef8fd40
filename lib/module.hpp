// SPDX-License-Identifier: GPL-3.0-or-later
// READ THIS FIRST: what a module is, and the whole engine.
//
// A module says what is, what should be, and how to get there; everything else is the library's. It is one
// struct:
//
//   struct Ksm {
//       struct Params : HostParams { … static Parameters<Params> parameters(); };
//       struct State { … Files files; };      files only where it keeps some
//       Params params;
//       static Manual manual();
//       State read(const System&) const;      what is; to touch here does not compile
//       State want(State is) const;           what should be: what is, with what was asked
//       Fields fields(const State&) const;    what of it is managed, compared and reported
//       void apply(System&, const State& is, const State& should);
//   };
//   virtbp::Entry virtbp::module() { return entry<Ksm>(); }
//
// It may add `json facts(const State&) const` (keys of the result that it documents as returns; with a second
// parameter, `const json& result`, they are made from what the engine found; as `json facts(const State&
// before, const State& after) const` they may tell a difference), `std::vector<std::string> warnings(const
// State&) const`, `bool allows(Outcome) const` (a parameter that lets a field stay otherwise than wanted) and
// `static std::string shown(const std::string& text)` (a file's text in a diff, without its secrets).
// docs/writing-a-module.md walks through a real one.
#pragma once

#include <concepts>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lib/field.hpp"
#include "lib/json.hpp"
#include "lib/schema.hpp"
#include "lib/system.hpp"

namespace virtbp {

/// Parameters in common to all modules.
struct CommonParams {
    bool backup = false;

    /// The module's own parameters with these after them.
    template <class P>
    static Parameters<P> with(Parameters<P> own) {
        own.list.push_back(
            {"backup",
             &CommonParams::backup,
             {"Keep a copy of each file that is replaced; C(backup_files) of the result names it."}});
        return own;
    }

    void check() const {}
};

/// Those of the modules of a host, which has a running system and files that the next boot reads.
struct HostParams : CommonParams {
    bool runtime = true;
    bool persistent = true;

    template <class P>
    static Parameters<P> with(Parameters<P> own) {
        own.list.push_back({"runtime", &HostParams::runtime, {"Change the running system."}});
        own.list.push_back({"persistent", &HostParams::persistent, {"Make it last across a reboot."}});
        return CommonParams::with(std::move(own));
    }

    /// Throws Error where nothing would be managed.
    void check() const {
        if (!runtime && !persistent)
            throw Error("runtime and persistent are both false: there is nothing to manage");
    }
};

template <class M>
concept Module =
    requires(M module, const M asked, const System look, System touch, const typename M::State state) {
        requires std::derived_from<typename M::Params, CommonParams>;
        { M::Params::parameters() } -> std::same_as<Parameters<typename M::Params>>;
        { M::manual() } -> std::same_as<Manual>;
        { asked.read(look) } -> std::same_as<typename M::State>;
        { asked.want(state) } -> std::same_as<typename M::State>;
        { asked.fields(state) } -> std::same_as<Fields>;
        module.apply(touch, state, state);
    };

/// A wish that must not be carried out, with what the result tells about it besides the message.
struct Refusal : Error {
    Refusal(const std::string& message, json details) : Error(message), facts(std::move(details)) {}
    json facts;
};

/// What the engine compares: the managed fields and files of one state.
struct Picture {
    Fields fields;
    Files files;
};

/// How a file's text is shown in a diff; empty: as it is.
using Shown = std::function<std::string(const std::string& text)>;

/// One run from the pictures to the result: compares, judges, words. Does not know any module's types.
class Report {
public:
    /// What is, and what should be.
    Report(Picture is, Picture should, bool check_mode, Shown shown = {});

    /// True where something is to be applied.
    bool differs() const { return differs_; }
    /// Ends apply(): what was read again, and the error it ended with ("" where it did not).
    void applied(Picture now, std::string error);

    /// The result's keys that every module has. Outcomes that `allows` names do not make the task fail.
    json result(const System& system, const std::function<bool(Outcome)>& allows,
                std::vector<std::string> warnings) const;

private:
    struct Row;
    std::vector<Row> rows() const;
    json diff(const std::vector<Row>& rows) const;

    Picture is_, should_, now_;
    bool check_mode_;
    Shown shown_;
    bool differs_;
    bool applied_ = false;
    std::string error_;
};

/// The module's own keys, after the others.
void add_facts(json& result, json facts);

/// The law that makes a second run change nothing: asked again of what it wants, a module wants no more.
void check_fixed_point(const Picture& should, const Picture& again);

template <Module M>
Picture picture(const M& module, const typename M::State& state) {
    if constexpr (requires { state.files; }) return {module.fields(state), state.files};
    else return {module.fields(state), {}};
}

/// `params` are accepted arguments.
template <Module M>
json run(System& system, const json& params, bool check_mode) {
    M module;
    M::Params::parameters().store(params, module.params);
    module.params.check();
    system.keep_backups(module.params.backup);

    const auto is = module.read(system);
    const auto should = module.want(is);
    auto wanted = picture(module, should);
    check_fixed_point(wanted, picture(module, module.want(should)));

    Shown shown;
    if constexpr (requires { M::shown(std::string()); }) shown = M::shown;
    Report report(picture(module, is), std::move(wanted), check_mode, std::move(shown));
    std::optional<typename M::State> again;
    if (report.differs() && !check_mode) {
        std::string error;
        try {
            module.apply(system, is, should);
        } catch (const std::exception& caught) {
            error = caught.what();
        }
        try {
            again = module.read(system);
        } catch (const Error& caught) {
            throw Error(concat({error, error.empty() ? "" : "; ", "after the change: ", caught.what()}));
        }
        report.applied(picture(module, *again), error);
    }

    const auto& now = again ? *again : is;
    std::vector<std::string> warnings;
    if constexpr (requires { module.warnings(now); }) warnings = module.warnings(now);
    json result = report.result(
        system,
        [&](Outcome outcome) {
            if constexpr (requires { module.allows(outcome); }) return module.allows(outcome);
            else return false;
        },
        std::move(warnings));
    if constexpr (requires { module.facts(now); }) add_facts(result, module.facts(now));
    if constexpr (requires { module.facts(now, result); }) add_facts(result, module.facts(now, result));
    if constexpr (requires { module.facts(is, now); })
        add_facts(result, module.facts(is, again || !check_mode ? now : should));
    return result;
}

/// What main.cpp and the tests know of a module.
struct Entry {
    Description description;
    json (*run)(System& system, const json& params, bool check_mode);
};

template <Module M>
Entry entry() {
    return {{M::manual(), M::Params::parameters().spec()}, &run<M>};
}

/// Defined by each module's own file.
Entry module();

/// One call of a module: the arguments as Ansible sends them, `_ansible_…` keys included, to the result.
/// Every failure is a result with "failed": true.
json call(const Entry& entry, System& system, const json& arguments);

}  // namespace virtbp
