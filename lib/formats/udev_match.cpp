// SPDX-License-Identifier: GPL-3.0-or-later
// udev's rules run for one device. All matches of a rule count before its assignments, wherever they stand.
#include <fnmatch.h>
#include <strings.h>

#include <algorithm>

#include "lib/formats/selector.hpp"
#include "lib/formats/udev_rules.hpp"
#include "lib/text.hpp"

namespace virtbp {

namespace {

// udev's buffers, UDEV_NAME_SIZE and UDEV_PATH_SIZE.
constexpr size_t value_limit = 512, path_limit = 1024;

/// `value` against "a|b*": an empty alternative matches an empty value.
bool matches_value(const UdevToken& token, const std::string& value) {
    const bool is_pattern = token.value.find_first_of("*?[") != std::string::npos;
    const auto matches_one = [&](std::string_view one) {
        if (one.empty() || (!is_pattern && !token.ignores_case)) return one == value;
        const std::string text(one);
        if (!is_pattern) return strcasecmp(text.c_str(), value.c_str()) == 0;
        return fnmatch(text.c_str(), value.c_str(), token.ignores_case ? FNM_CASEFOLD : 0) == 0;
    };
    if (token.value.find('|') == std::string::npos) return matches_one(token.value);
    const auto parts = split(token.value, '|');
    return std::any_of(parts.begin(), parts.end(), matches_one);
}

/// The same with the operator looked at.
bool holds(const UdevToken& token, const std::string& value) {
    return matches_value(token, value) == (token.op == "==");
}

/// KERNELS, SUBSYSTEMS, DRIVERS, ATTRS and TAGS.
bool is_for_parents(const UdevToken& token) { return token.matches() && token.key.ends_with('S'); }

std::string_view without_end(std::string_view text, std::string_view characters) {
    const auto last = text.find_last_not_of(characters);
    return text.substr(0, last == std::string_view::npos ? 0 : last + 1);
}

/// What a written attribute reads: a selector keeps its words and moves its brackets.
std::string read_back(const std::optional<std::string>& before, const std::string& written) {
    const auto selector = parse_selector(before.value_or(""));
    if (!selector.chosen || !selector.offers(written)) return written;
    std::string text;
    for (const auto& word : selector.offered) {
        if (!text.empty()) text += ' ';
        text += word == written ? concat({"[", word, "]"}) : word;
    }
    return text;
}

/// The state of one event: the device, and what the rules have changed so far.
class Event {
public:
    explicit Event(const UdevDevice& device) : device_(device) {}

    /// True where every match of the rule holds. Assignments to ENV and ATTR are then made.
    bool apply(const UdevRule& rule, const std::string& wanted, std::vector<std::string>& written) {
        if (!matches(rule) || !matches_parents(rule)) return false;
        for (const auto& token : rule.tokens)
            if (token.key == "ENV" && !token.matches()) set_property(token);
        for (const auto& token : rule.tokens) {
            if (token.key != "ATTR" || token.matches()) continue;
            const auto value = substitute(token.value, value_limit);
            if (!value) continue;
            if (token.attribute == wanted) written.push_back(*value);
            attributes_[token.attribute] = read_back(attribute(token.attribute), *value);
        }
        return true;
    }

private:
    bool matches(const UdevRule& rule) {
        return std::all_of(rule.tokens.begin(), rule.tokens.end(), [this](const UdevToken& token) {
            if (token.key == "PROGRAM" || token.key == "IMPORT") return false;
            return !token.matches() || is_for_parents(token) || match(token);
        });
    }

    bool match(const UdevToken& token) {
        if (token.key == "ACTION") return holds(token, device_.action);
        if (token.key == "DEVPATH") return holds(token, device_.devpath);
        if (token.key == "ENV") return holds(token, property(token.attribute));
        if (token.key == "NAME") return holds(token, "");  // network interfaces have one, devices do not
        if (token.key == "SYMLINK") return match_any(token, property("DEVLINKS"), ' ');
        if (token.key == "TAG") return match_any(token, property("TAGS"), ':');
        if (token.key == "TEST") {
            const auto path = substitute(token.value, path_limit);
            return path && exists(*path) == (token.op == "==");
        }
        return match_node(token, device_);
    }

    static bool match_any(const UdevToken& token, std::string_view all, char separator) {
        for (auto one : split(all, separator)) {
            if (one.starts_with("/dev/")) one.remove_prefix(5);
            if (!one.empty() && matches_value(token, std::string(one))) return token.op == "==";
        }
        return token.op == "!=";
    }

    /// What can be asked of the device itself, KERNEL, and of its parents, KERNELS.
    bool match_node(const UdevToken& token, const UdevNode& node) {
        if (token.key.starts_with("KERNEL")) return holds(token, node.kernel);
        if (token.key.starts_with("SUBSYSTEM")) return holds(token, node.subsystem);
        if (token.key.starts_with("DRIVER")) return holds(token, node.driver);
        return token.key.starts_with("ATTR") && match_attribute(token, node);
    }

    /// An attribute that is missing matches nothing, not even !=.
    bool match_attribute(const UdevToken& token, const UdevNode& node) {
        const auto name = substitute(token.attribute, value_limit);
        const auto value = name ? attribute_of(node, *name) : std::nullopt;
        if (!value) return false;
        auto text = without_end(*value, "\n\r");
        constexpr std::string_view white_space = " \t\n\r\v\f";
        const bool keeps_blanks =
            token.value.empty() || white_space.find(token.value.back()) != std::string_view::npos;
        if (!keeps_blanks) text = without_end(text, white_space);
        return holds(token, std::string(text));
    }

    /// One and the same device of the chain, itself first, must have all that the rule asks of parents.
    bool matches_parents(const UdevRule& rule) {
        if (std::none_of(rule.tokens.begin(), rule.tokens.end(), is_for_parents)) return true;
        const auto has_all = [&](const UdevNode& node) {
            parent_ = &node;
            return std::all_of(rule.tokens.begin(), rule.tokens.end(), [&](const UdevToken& token) {
                return !is_for_parents(token) || match_node(token, node);
            });
        };
        const auto& parents = device_.parents;
        if (has_all(device_) || std::any_of(parents.begin(), parents.end(), has_all)) return true;
        parent_ = nullptr;
        return false;
    }

    std::string property(const std::string& name) const {
        const auto set = properties_.find(name);
        if (set != properties_.end()) return set->second;
        const auto found = device_.environment.find(name);
        return found == device_.environment.end() ? "" : found->second;
    }

    void set_property(const UdevToken& token) {
        const auto value = substitute(token.value, value_limit);
        if (!value || (token.value.empty() && token.op == "+=")) return;
        const auto before = token.op == "+=" ? property(token.attribute) : "";
        auto whole = before.empty() ? *value : concat({before, " ", *value});
        if (whole.size() < value_limit) properties_[token.attribute] = std::move(whole);
    }

    /// Read once for each event, or as written by a rule.
    std::optional<std::string> attribute(const std::string& name) {
        const auto found = attributes_.find(name);
        if (found != attributes_.end()) return found->second;
        return attributes_[name] = device_.attribute ? device_.attribute(name) : std::nullopt;
    }

    std::optional<std::string> attribute_of(const UdevNode& node, const std::string& name) {
        if (&node == &device_) return attribute(name);
        return node.attribute ? node.attribute(name) : std::nullopt;
    }

    bool exists(const std::string& path) const {
        const auto whole = path.starts_with('/') ? path : concat({"/sys", device_.devpath, "/", path});
        return device_.exists && device_.exists(whole);
    }

    /// $kernel, %k and the like replaced; nothing where the result reaches the limit: udev does nothing then.
    std::optional<std::string> substitute(std::string_view text, size_t limit) {
        std::string result;
        while (!text.empty() && result.size() < limit) {
            const auto name = variable(text);
            if (name.empty()) {
                if (text.starts_with("$$") || text.starts_with("%%")) text.remove_prefix(1);
                result += text.front();
                text.remove_prefix(1);
                continue;
            }
            std::string_view argument;
            if (text.starts_with('{')) {
                const auto close = text.find('}');
                if (close == std::string_view::npos || close == 1) return result;
                argument = text.substr(1, close - 1);
                text.remove_prefix(close + 1);
            }
            result += meaning(name, std::string(argument));
        }
        if (result.size() >= limit) return std::nullopt;
        return result;
    }

    /// Takes the variable off that the text begins with: its name, or "" where it begins with none.
    static std::string_view variable(std::string_view& text) {
        struct Variable {
            std::string_view name;
            char letter;
        };
        constexpr Variable all[] = {{"devnode", 'N'}, {"tempnode", 'N'}, {"attr", 's'},   {"sysfs", 's'},
                                    {"env", 'E'},     {"kernel", 'k'},   {"number", 'n'}, {"driver", 'd'},
                                    {"devpath", 'p'}, {"id", 'b'},       {"major", 'M'},  {"minor", 'm'},
                                    {"result", 'c'},  {"parent", 'P'},   {"name", 'D'},   {"links", 'L'},
                                    {"root", 'r'},    {"sys", 'S'}};
        for (const auto& [name, letter] : all) {
            const bool is_long = text.starts_with('$') && text.substr(1).starts_with(name);
            if (!is_long && !(text.starts_with('%') && text.substr(1, 1) == std::string_view(&letter, 1)))
                continue;
            text.remove_prefix(is_long ? 1 + name.size() : 2);
            return name;
        }
        return {};
    }

    std::string meaning(std::string_view name, const std::string& argument) {
        if (name == "env") return property(argument);
        if (name == "kernel") return device_.kernel;
        if (name == "devpath") return device_.devpath;
        if (name == "root") return "/dev";
        if (name == "sys") return "/sys";
        if (name == "major") return property("MAJOR");
        if (name == "minor") return property("MINOR");
        if (name == "devnode") return property("DEVNAME");
        if (name == "id") return parent_ ? parent_->kernel : "";
        if (name == "driver") return parent_ ? parent_->driver : "";
        if (name == "number") return device_.kernel.substr(without_end(device_.kernel, "0123456789").size());
        if (name == "attr" || name == "sysfs") {
            auto value = attribute(argument);
            if (!value && parent_) value = attribute_of(*parent_, argument);
            return std::string(without_end(value.value_or(""), " \t\n\r\v\f"));
        }
        if (name == "name") {
            const auto node = property("DEVNAME");
            return node.starts_with("/dev/") ? node.substr(5) : device_.kernel;
        }
        return "";  // results of programs are not known; links and parents' nodes are no values of attributes
    }

    const UdevDevice& device_;
    const UdevNode* parent_ = nullptr;               // the one that the last matches on parents have found
    std::map<std::string, std::string> properties_;  // those that rules have set
    std::map<std::string, std::optional<std::string>> attributes_;
};

const UdevToken* find_token(const UdevRule& rule, std::string_view key) {
    const auto found = std::find_if(rule.tokens.begin(), rule.tokens.end(),
                                    [key](const UdevToken& token) { return token.key == key; });
    return found == rule.tokens.end() ? nullptr : &*found;
}

}  // namespace

UdevRules::UdevRules(const std::vector<ConfigFile>& files, std::string attribute)
    : attribute_(std::move(attribute)) {
    const auto writes = [this](const UdevToken& token) {
        return token.key == "ATTR" && token.attribute == attribute_ && !token.matches();
    };
    for (const auto& [path, text] : files) {
        if (text.find(attribute_) == std::string::npos) continue;
        File file{path, parse_udev_rules(text), {}};
        bool used = false;
        for (size_t i = 0; i < file.rules.size(); ++i) {
            const auto& tokens = file.rules[i].tokens;
            used = used || std::any_of(tokens.begin(), tokens.end(), writes);
            const auto label = std::find_if(tokens.rbegin(), tokens.rend(),
                                            [](const UdevToken& token) { return token.key == "LABEL"; });
            if (label != tokens.rend()) file.labels[label->value].push_back(i);
        }
        if (used) files_.push_back(std::move(file));
    }
}

std::vector<UdevWrite> UdevRules::writes(const UdevDevice& device) const {
    std::vector<UdevWrite> all;
    Event event(device);
    for (const auto& file : files_) {
        for (size_t i = 0; i < file.rules.size(); ++i) {
            const auto& rule = file.rules[i];
            std::vector<std::string> written;
            if (!event.apply(rule, attribute_, written)) continue;
            for (auto& value : written) all.push_back({std::move(value), file.path, rule.line});
            const auto* const go_to = find_token(rule, "GOTO");
            if (!go_to) continue;
            // The first such label below; a label that is not there is no reason to stop.
            const auto labels = file.labels.find(go_to->value);
            if (labels == file.labels.end()) continue;
            const auto below = std::upper_bound(labels->second.begin(), labels->second.end(), i);
            if (below != labels->second.end()) i = *below - 1;
        }
    }
    return all;
}

}  // namespace virtbp
