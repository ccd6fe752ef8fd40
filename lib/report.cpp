// SPDX-License-Identifier: GPL-3.0-or-later
// The engine's judgement: fields and files compared, outcomes, and the words of the result. docs/protocol.md
// tells users what it means.
#include <algorithm>

#include "lib/coercion.hpp"
#include "lib/error.hpp"
#include "lib/module.hpp"
#include "lib/text.hpp"

namespace virtbp {

namespace {

const json nothing = nullptr;

/// Fields of two states mostly stand in the same order, so `hint` is looked at first.
const Field* find(const Fields& fields, const Field& like, size_t hint) {
    const auto is_it = [&](const Field& field) {
        return field.layer == like.layer && field.name == like.name;
    };
    if (hint < fields.size() && is_it(fields[hint])) return &fields[hint];
    const auto found = std::find_if(fields.begin(), fields.end(), is_it);
    return found == fields.end() ? nullptr : &*found;
}

const json& wanted_of(const Field& field) { return field.wanted ? *field.wanted : field.value; }

std::string words_of(const json& value) {
    if (value.is_null()) return "nothing";
    return value.is_string() ? value.get<std::string>() : value.dump();
}

/// Makes the task fail, unless the module has a parameter that allows it.
bool is_miss(Outcome outcome) { return outcome >= Outcome::partial; }

/// A file's text; nothing where there is no such file, or it was not read.
std::optional<std::string> text_of(const Files& files, const std::string& path) {
    const auto found = files.find(path);
    return found == files.end() ? std::nullopt : found->second;
}

/// The first file of `to` that holds something else than in `from`; "" where there is none.
std::string first_different_file(const Files& from, const Files& to) {
    for (const auto& [path, text] : to)
        if (text_of(from, path) != text) return path;
    return "";
}

/// The first managed thing that differs, in words; "" where nothing does.
std::string first_difference(const Picture& from, const Picture& to) {
    for (size_t i = 0; i < to.fields.size(); ++i) {
        const Field& field = to.fields[i];
        const Field* before = find(from.fields, field, i);
        const json& value = before != nullptr ? before->value : nothing;
        if (value != field.value)
            return concat({name_of(field.layer), " ", field.name, ": ", words_of(value), " -> ",
                           words_of(field.value)});
    }
    return first_different_file(from.files, to.files);
}

}  // namespace

/// One managed field through the run.
struct Report::Row {
    const Field* should;
    const json* was;
    const json* now;    ///< read again after apply(); before that, what is
    const json* after;  ///< what the diff shows: now after apply(), what is predicted before it
    Outcome outcome;
    std::string reason;

    std::string in_words() const {
        return concat(
            {name_of(should->layer), " ", should->name, ": ", words_of(*was), " -> ", words_of(*after)});
    }
    std::string as_miss() const {
        return concat({name_of(should->layer), " ", should->name, ": wanted ", words_of(wanted_of(*should)),
                       ", found ", words_of(*now), reason.empty() ? "" : ": ", reason});
    }
    json as_field() const {
        json::object_t field;
        field.reserve(8);
        field.emplace_back("layer", name_of(should->layer));
        field.emplace_back("name", should->name);
        field.emplace_back("was", *was);
        field.emplace_back("wanted", wanted_of(*should));
        field.emplace_back("now", *now);
        field.emplace_back("outcome", name_of(outcome));
        field.emplace_back("source", should->source);
        field.emplace_back("reason", reason);
        return field;
    }
};

Report::Report(Picture is, Picture should, bool check_mode, Shown shown)
    : is_(std::move(is)),
      should_(std::move(should)),
      check_mode_(check_mode),
      shown_(std::move(shown)),
      differs_(!first_difference(is_, should_).empty()) {}

void Report::applied(Picture now, std::string error) {
    now_ = std::move(now);
    error_ = std::move(error);
    applied_ = true;
    if (!error_.empty()) return;
    if (const auto path = first_different_file(now_.files, should_.files); !path.empty())
        error_ = concat({path, " does not hold what was written to it: another program writes it, too"});
}

std::vector<Report::Row> Report::rows() const {
    std::vector<Row> rows;
    rows.reserve(should_.fields.size());
    for (size_t i = 0; i < should_.fields.size(); ++i) {
        const Field& should = should_.fields[i];
        const Field* before = find(is_.fields, should, i);
        const Field* read = applied_ ? find(now_.fields, should, i) : before;
        Row row{&should,
                before != nullptr ? &before->value : &nothing,
                read != nullptr ? &read->value : &nothing,
                nullptr,
                Outcome::same,
                ""};
        row.after = applied_ ? row.now : &should.value;
        // What was read again judges itself: a value may be as wanted and yet be overridden.
        const bool judged_again = applied_ && should.verdict != Outcome::not_applicable;
        const bool as_wanted = *row.after == wanted_of(should);
        const Field* judge = judged_again ? read : &should;
        if (judged_again && !as_wanted && !error_.empty()) {
            row.outcome = Outcome::partial;
            row.reason = error_;
        } else if (judge != nullptr && judge->verdict) {
            row.outcome = *judge->verdict;
            row.reason = judge->reason;
        } else if (as_wanted) {
            row.outcome = *row.was == *row.after ? Outcome::same : Outcome::changed;
        } else {
            row.outcome = should.verdict.value_or(Outcome::partial);
            row.reason = should.reason;
        }
        rows.push_back(std::move(row));
    }
    return rows;
}

json Report::diff(const std::vector<Row>& rows) const {
    json entries = json::array();
    for (const auto layer : {Layer::runtime, Layer::persistent, Layer::boot, Layer::config, Layer::live}) {
        // There may be thousands, so no look through the names before for each: they are unique in a layer.
        json::object_t before, after;
        for (const auto& row : rows)
            if (row.should->layer == layer && *row.was != *row.after) {
                before.emplace_back(row.should->name, *row.was);
                after.emplace_back(row.should->name, *row.after);
            }
        if (before.empty()) continue;
        entries.push_back({{"before_header", name_of(layer)},
                           {"after_header", name_of(layer)},
                           {"before", std::move(before)},
                           {"after", std::move(after)}});
    }
    const auto shown = [this](const std::optional<std::string>& text) {
        return text && shown_ ? shown_(*text) : text.value_or("");
    };
    const Files& files = applied_ ? now_.files : should_.files;
    for (const auto& [path, after] : files)
        if (const auto before = text_of(is_.files, path); before != after)
            entries.push_back({{"before_header", path},
                               {"after_header", path},
                               {"before", shown(before)},
                               {"after", shown(after)}});
    return entries;
}

json Report::result(const System& system, const std::function<bool(Outcome)>& allows,
                    std::vector<std::string> warnings) const {
    const auto all = rows();
    std::vector<std::string> changes, misses;
    json fields = json::array();
    auto status = all.empty() ? Outcome::same : Outcome::not_applicable;
    bool reboot = false;
    for (const auto& row : all) {
        status = std::max(status, row.outcome);
        // What waits in a running domain waits for the domain's own restart.
        reboot = reboot || (row.outcome == Outcome::pending_reboot && row.should->layer != Layer::live);
        if (*row.was != *row.after) changes.push_back(row.in_words());
        if (is_miss(row.outcome)) (allows(row.outcome) ? warnings : misses).push_back(row.as_miss());
        fields.push_back(row.as_field());
    }
    auto differences = diff(all);
    for (const auto& entry : differences)
        if (entry.at("after").is_string()) changes.push_back(entry.at("after_header").get<std::string>());

    json result = json::object();
    result.get_ref<json::object_t&>().reserve(16);  // to grow, an object copies all that it holds
    result["changed"] = !changes.empty();
    if (!check_mode_ && (!error_.empty() || !misses.empty())) {
        result["failed"] = true;
        result["msg"] = error_.empty() ? enumerate(misses) : error_;
        if (!changes.empty())
            result["msg"].get_ref<std::string&>() +=
                concat({" (changed before that: ", enumerate(changes), ")"});
    } else if (changes.empty()) {
        result["msg"] = status == Outcome::not_applicable ? concat({"not applicable: ", all.front().reason})
                                                          : "nothing to change";
    } else {
        result["msg"] = concat({check_mode_ ? "would change " : "", enumerate(changes)});
    }
    if (check_mode_)
        for (const auto& miss : misses)
            warnings.push_back(concat({"without check mode this would fail: ", miss}));
    result["reboot_required"] = reboot;
    result["warnings"] = std::move(warnings);
    result["diff"] = std::move(differences);
    result["backup_files"] = system.backups();
    result["virtbp"] = {{"v", 1}, {"status", name_of(status)}, {"fields", std::move(fields)}};
    return result;
}

void add_facts(json& result, json facts) {
    for (auto& [name, value] : facts.items()) result[name] = std::move(value);
}

void check_fixed_point(const Picture& should, const Picture& again) {
    if (const auto difference = first_difference(should, again); !difference.empty())
        throw Error(
            concat({"a bug of this module: asked again of what it wants, it wants more: ", difference}));
}

namespace {

/// One of Ansible's own keys, which it coerces as it does a parameter.
bool is_set(const json& arguments, const char* key, bool otherwise) {
    const auto found = arguments.find(key);
    if (found == arguments.end() || found->is_null()) return otherwise;
    try {
        return coerce(Type::boolean, *found).get<bool>();
    } catch (const Error& error) {
        throw Error(concat({key, ": ", error.what()}));
    }
}

}  // namespace

json call(const Entry& entry, System& system, const json& arguments) {
    json result;
    Accepted accepted;
    bool tells_arguments = true;  // ansible-core 2.21 asks for it; before, every module always told
    try {
        accepted = accept(entry.description.spec, entry.description.full_name(), arguments);
        tells_arguments = is_set(arguments, "_ansible_inject_invocation", true);
        result = entry.run(system, accepted.params, is_set(arguments, "_ansible_check_mode", false));
    } catch (const Refusal& refusal) {
        result = {{"failed", true}, {"changed", false}, {"msg", refusal.what()}};
        add_facts(result, refusal.facts);
    } catch (const std::exception& error) {
        result = {{"failed", true}, {"changed", !system.journal().empty()}, {"msg", error.what()}};
        if (!system.backups().empty()) result["backup_files"] = system.backups();
    }
    if (!accepted.warnings.empty()) {
        auto& warnings = result["warnings"];
        for (auto& warning : accepted.warnings) warnings.push_back(std::move(warning));
    }
    if (!accepted.params.is_null() && tells_arguments)
        result["invocation"] = {{"module_args", std::move(accepted.params)}};
    return result;
}

}  // namespace virtbp
