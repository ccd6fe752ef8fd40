// SPDX-License-Identifier: GPL-3.0-or-later
#include "modules/io_scheduler/schedulers.hpp"

#include <algorithm>

#include "lib/text.hpp"

namespace virtbp {

namespace {

struct Pair {
    std::string_view single;  ///< for a queue of the old kind
    std::string_view multi;
};
constexpr Pair pairs[] = {{"noop", "none"}, {"deadline", "mq-deadline"}, {"cfq", "bfq"}};

/// "kernel/block/kyber-iosched.ko.xz" → "kyber"; "" for what is no scheduler's module.
std::string scheduler_in(std::string_view file) {
    constexpr std::string_view suffix = "-iosched";
    const bool in_block = file.starts_with("kernel/block/");
    auto name = file.substr(file.rfind('/') + 1);
    const auto end = name.find(".ko");
    if (end == std::string_view::npos) return "";
    name = name.substr(0, end);
    const bool named = name.ends_with(suffix);
    if (named) name.remove_suffix(suffix.size());
    return named || in_block ? std::string(name) : "";
}

std::set<std::string> modules_of(const System& system) {
    std::set<std::string> all;
    const auto release = system.read_if("/proc/sys/kernel/osrelease");
    if (!release) return all;
    for (const auto* const place : {"/lib/modules/", "/usr/lib/modules/"}) {
        const auto folder = concat({place, trim(*release), "/"});
        for (const auto& file : system.list(folder + "kernel/block"))
            all.insert(scheduler_in("kernel/block/" + file));
        const auto dependencies = system.read_if(folder + "modules.dep").value_or("");
        for (const auto line : lines(dependencies)) all.insert(scheduler_in(line.substr(0, line.find(':'))));
    }
    all.erase("");
    return all;
}

}  // namespace

std::string_view counterpart(std::string_view scheduler) {
    for (const auto& [single, multi] : pairs) {
        if (scheduler == single) return multi;
        if (scheduler == multi) return single;
    }
    return "";
}

bool LoadableSchedulers::contains(const std::string& name) const {
    if (!names_) names_ = modules_of(system_);
    return names_->contains(name);
}

std::string Offer::taken(const std::string& word) const {
    if (listed_.offers(word)) return word;
    // The kernel's own alias (elevator_alias); it has none for noop and cfq.
    if (word == "deadline" && listed_.offers("mq-deadline")) return "mq-deadline";
    const bool multi = listed_.offers("none");
    const bool fits = std::none_of(std::begin(pairs), std::end(pairs), [&](const Pair& pair) {
        return word == (multi ? pair.single : pair.multi);
    });
    return fits && loadable_.contains(word) ? word : "";
}

std::string Offer::first_of(const std::vector<std::string>& preferred) const {
    for (const auto& word : preferred) {
        const std::string other(counterpart(word));
        for (const auto* const name : {&word, &other})
            if (auto found = taken(*name); !found.empty()) return found;
    }
    return "";
}

}  // namespace virtbp
