// SPDX-License-Identifier: GPL-3.0-or-later
// What GRUB 2 makes of its variables: get_entry_number() and grub_menu_execute_entry() of
// grub-core/normal/menu.c decide which entry `default` names.
#include <algorithm>
#include <utility>

#include "lib/formats/grub_config.hpp"
#include "lib/formats/grub_script.hpp"
#include "lib/text.hpp"

namespace virtbp {

namespace {

using Environment = std::map<std::string, std::string>;

constexpr size_t most_put_in = size_t{64} * 1024, deepest_value = 8;

/// Takes the first part off a path; "" of an empty one.
std::string take_part(std::string_view& path) {
    std::string part;
    size_t at = 0;
    for (; at < path.size(); ++at) {
        if (path[at] == '>') {
            if (path.substr(at, 2) != ">>") break;
            ++at;
        }
        part += path[at];
    }
    path.remove_prefix(std::min(at + 1, path.size()));
    return part;
}

/// How well an item of a menu fits a part of a path; the best is the lowest.
enum class Fit { id, title, number, first };

struct Item {
    const GrubEntry* entry = nullptr;
    size_t submenu = 0;  ///< where it is no entry: as in GrubEntry::menu
    Fit fit = Fit::first;
    size_t position = 0;
};

/// The item of a menu that `part` names, else its first; neither entry nor submenu where the menu is empty.
Item find_item(const GrubConfig& config, size_t menu, const std::string& part) {
    const auto number = to_integer(part);
    Item best;
    const auto look = [&](const auto& item, Item as) {
        if (item.menu != menu) return;
        as.position = item.position;
        if (!part.empty()) {
            if (item.id == part) as.fit = Fit::id;
            else if (item.title == part) as.fit = Fit::title;
            else if (number && static_cast<size_t>(*number) == item.position) as.fit = Fit::number;
        }
        if ((best.entry == nullptr && best.submenu == 0) ||
            std::pair(as.fit, as.position) < std::pair(best.fit, best.position))
            best = as;
    };
    for (const auto& entry : config.entries) look(entry, {&entry});
    for (size_t i = 0; i < config.submenus.size(); ++i) look(config.submenus[i], {nullptr, i + 1});
    return best;
}

/// Puts variables into a text, at most so much that no text is too much.
class Expansion {
public:
    Expansion(const GrubConfig& config, const Environment& environment)
        : config_(config), environment_(environment) {}

    void add(std::string_view text, size_t depth = 0) {
        while (!text.empty()) {
            const auto at = std::min(text.find_first_of("$\\"), text.size());
            result_ += text.substr(0, at);
            text.remove_prefix(at);
            const auto length = grub_variable_length(text);
            if (length > 0) {
                add_variable(std::string(grub_variable_name(text.substr(0, length))), depth);
                text.remove_prefix(length);
            } else if (!text.empty()) {
                if (text.starts_with("\\$") || text.starts_with("\\\\")) text.remove_prefix(1);
                result_ += text.front();
                text.remove_prefix(1);
            }
        }
    }

    std::string& result() { return result_; }

private:
    bool may_put_in(size_t size) {
        if (size > left_) return false;
        left_ -= size;
        return true;
    }

    void add_variable(const std::string& name, size_t depth) {
        if (const auto known = environment_.find(name); known != environment_.end()) {
            if (may_put_in(known->second.size())) result_ += known->second;
        } else if (const auto set = config_.variables.find(name); set != config_.variables.end()) {
            if (depth < deepest_value && may_put_in(set->second.size())) add(set->second, depth + 1);
        }
    }

    const GrubConfig& config_;
    const Environment& environment_;
    size_t left_ = most_put_in;
    std::string result_;
};

}  // namespace

std::string expand_grub_arguments(const std::string& arguments, const GrubConfig& config,
                                  const Environment& environment) {
    Expansion expansion(config, environment);
    expansion.add(arguments);
    return std::move(expansion.result());
}

GrubChoice next_grub_entry(const GrubConfig& config, const Environment& environment) {
    const auto& known = config.reads_environment ? environment : Environment{};
    const auto is_set = [&known](const char* name) {
        const auto found = known.find(name);
        return found != known.end() && !found->second.empty();
    };
    GrubChoice choice{nullptr, "set default"};
    std::string named;
    if (is_set("next_entry")) {
        choice.why = "next_entry of grubenv";
        named = known.at("next_entry");
    } else if (const auto set = config.variables.find("default"); set != config.variables.end()) {
        if (set->second.find("saved_entry") != std::string::npos && is_set("saved_entry"))
            choice.why = "saved_entry of grubenv";
        named = expand_grub_arguments(set->second, config, known);
    }

    std::string_view path = named;
    size_t menu = 0;
    do {
        const auto item = find_item(config, menu, take_part(path));
        if (menu == 0 && item.fit == Fit::first) choice.why = "the first entry";
        choice.entry = item.entry;
        menu = item.submenu;
    } while (menu != 0);
    return choice;
}

}  // namespace virtbp
