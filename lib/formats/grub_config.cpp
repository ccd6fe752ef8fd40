// SPDX-License-Identifier: GPL-3.0-or-later
// Follows the script as far as a file of grub-mkconfig needs it: blocks, conditions and assignments. Nothing
// of it is recursive, and each statement is seen once.
#include "lib/formats/grub_config.hpp"

#include <algorithm>
#include <optional>

#include "lib/formats/grub_script.hpp"
#include "lib/text.hpp"

namespace virtbp {

namespace {

constexpr size_t deepest_menu = 8, longest_path = 1000;

using Words = std::vector<std::string>;

template <class Names>
bool is_one_of(std::string_view name, const Names& names) {
    return std::find(std::begin(names), std::end(names), name) != std::end(names);
}

bool is_loader(std::string_view name) {
    static constexpr std::string_view names[] = {"linux",      "linuxefi", "linux16", "multiboot",
                                                 "multiboot2", "module",   "module2"};
    return is_one_of(name, names);
}

/// What a statement begins, or the whole file: what is known of the commands in it.
struct Scope {
    bool is_condition = false;  ///< ends with fi or done, others with '}'
    bool ignored = false;       ///< does not run at a boot that nothing was asked of
    bool conditional = false;   ///< may run or not
    bool else_ignored = false;
    bool in_entry = false;
    size_t menu = 0;
};

/// A condition about next_entry or extra_cmdline holds only at a boot that was asked for.
struct Condition {
    explicit Condition(const Words& words) {
        for (const auto& word : words) {
            if (word.find("next_entry") != std::string::npos ||
                word.find("extra_cmdline") != std::string::npos)
                about_request = true;
            if (word == "-z" || word == "!") negated = true;
        }
    }
    bool about_request = false;
    bool negated = false;
};

/// The first two of what a menuentry or submenu is given: its title and its id.
struct Heading {
    explicit Heading(const Words& words) {
        bool titled = false;
        for (size_t i = 1; i < words.size(); ++i) {
            static constexpr std::string_view with_value[] = {"--class", "--users", "--hotkey", "--source"};
            const auto& word = words[i];
            if (word == "--id" || word == "$menuentry_id_option" || word == "${menuentry_id_option}") {
                if (++i < words.size()) id = grub_plain_text(words[i]);
            } else if (is_one_of(word, with_value)) {
                ++i;
            } else if (word.starts_with("--id=")) {
                id = grub_plain_text(std::string_view(word).substr(5));
            } else if (!titled && !word.starts_with("--")) {
                title = grub_plain_text(word);
                titled = true;
            }
        }
    }
    std::string title, id;
};

/// A name as it stands in a path, with '>' between it and the menu's.
std::string path_below(const std::string& menu, const std::string& name) {
    return concat({menu, menu.empty() ? "" : ">", replaced(name, ">", ">>")});
}

class Reader {
public:
    explicit Reader(std::string_view text) : script_(text) {}
    GrubConfig read();

private:
    /// An open menu: how entries in it are named, and how many there are.
    struct Menu {
        std::string path, index;
        size_t depth = 0, items = 0;
    };

    void run(GrubStatement& statement);
    bool is_keyword(const std::string& word, const Words& words);
    void branch(const Words& words);
    void last_branch();
    void close_block();
    Scope block(const GrubStatement& statement);
    void add_entry(Heading heading, int line);
    bool add_submenu(Heading heading);
    void command(const GrubStatement& statement);
    void load(const GrubStatement& statement);
    void assign(std::string_view assignment);
    const Scope& scope() const { return scopes_.back(); }

    GrubScript script_;
    GrubConfig config_;
    std::optional<Condition> condition_;  ///< of the statement that runs, read once
    std::vector<Scope> scopes_{Scope{}};
    std::vector<Menu> menus_{Menu{}};
    size_t blocks_ = 0;  ///< open ones of scopes_
    bool has_parts_ = false, leads_elsewhere_ = false;
};

GrubConfig Reader::read() {
    for (;;) {
        auto statement = script_.next();
        if (!script_.part().empty()) has_parts_ = true;
        run(statement);
        if (statement.end == '}') close_block();
        if (statement.end == 0) break;
    }
    config_.is_stub = config_.entries.empty() && leads_elsewhere_ && !has_parts_ && !config_.includes_blscfg;
    return std::move(config_);
}

void Reader::run(GrubStatement& statement) {
    auto& words = statement.words;
    condition_.reset();
    size_t keywords = 0;
    while (keywords < words.size() && is_keyword(words[keywords], words)) ++keywords;
    words.erase(words.begin(), words.begin() + static_cast<std::ptrdiff_t>(keywords));
    if (statement.end == '{') {
        scopes_.push_back(block(statement));
        ++blocks_;
    } else if (!words.empty() && !scope().ignored) {
        command(statement);
    }
}

/// Keywords stand before a command: "then set default=1". True where `word` is one, which then was followed.
bool Reader::is_keyword(const std::string& word, const Words& words) {
    if (word == "if" || word == "while" || word == "until" || word == "for") {
        scopes_.push_back(scope());
        scopes_.back().is_condition = true;
        branch(words);
    } else if (word == "elif") {
        branch(words);
    } else if (word == "else") {
        last_branch();
    } else if (word == "fi" || word == "done") {
        if (scope().is_condition) scopes_.pop_back();
    } else {
        return word == "then" || word == "do" || word == "!";
    }
    return true;
}

/// A branch of the condition that is open begins.
void Reader::branch(const Words& words) {
    if (!scope().is_condition) return;
    if (!condition_) condition_.emplace(words);
    const auto& outer = scopes_[scopes_.size() - 2];
    auto& inner = scopes_.back();
    inner.else_ignored = condition_->about_request && condition_->negated;
    inner.ignored = outer.ignored || (condition_->about_request && !condition_->negated);
    inner.conditional = outer.conditional || !condition_->about_request;
}

void Reader::last_branch() {
    if (!scope().is_condition) return;
    const auto& outer = scopes_[scopes_.size() - 2];
    auto& inner = scopes_.back();
    inner.ignored = outer.ignored || inner.else_ignored;
    inner.conditional = outer.conditional;
}

/// Conditions left open in the block end with it.
void Reader::close_block() {
    if (blocks_ == 0) return;
    while (scope().is_condition) scopes_.pop_back();
    scopes_.pop_back();
    --blocks_;
}

Scope Reader::block(const GrubStatement& statement) {
    auto inner = scope();
    inner.is_condition = false;
    const auto name = statement.words.empty() ? std::string_view() : statement.words[0];
    if (name == "menuentry" && !inner.ignored && !inner.in_entry) {
        add_entry(Heading(statement.words), statement.line);
        inner.in_entry = true;
    } else if (name == "submenu" && !inner.ignored && !inner.in_entry &&
               add_submenu(Heading(statement.words))) {
        inner.menu = config_.submenus.size();
    } else {
        inner.ignored = true;
    }
    return inner;
}

void Reader::add_entry(Heading heading, int line) {
    auto& menu = menus_[scope().menu];
    GrubEntry entry;
    entry.path = path_below(menu.path, heading.title);
    entry.index = path_below(menu.index, std::to_string(menu.items));
    entry.by_menu_only = scope().menu != 0 || heading.id.find("-recovery-") != std::string::npos ||
                         heading.title.ends_with("(recovery mode)");
    entry.title = std::move(heading.title);
    entry.id = std::move(heading.id);
    entry.script = script_.part();
    entry.line = line;
    entry.menu = scope().menu;
    entry.position = menu.items++;
    config_.entries.push_back(std::move(entry));
}

/// False where the submenu is too deep or its path too long to be kept.
bool Reader::add_submenu(Heading heading) {
    auto& outer = menus_[scope().menu];
    const auto position = outer.items++;
    Menu inner{path_below(outer.path, heading.title), path_below(outer.index, std::to_string(position)),
               outer.depth + 1, 0};
    if (inner.depth > deepest_menu || inner.path.size() > longest_path) return false;
    config_.submenus.push_back({std::move(heading.title), std::move(heading.id), scope().menu, position});
    menus_.push_back(std::move(inner));
    return true;
}

void Reader::command(const GrubStatement& statement) {
    const auto& words = statement.words;
    const auto& name = words[0];
    if (scope().in_entry) {
        if (is_loader(name)) load(statement);
        return;
    }
    if (scope().menu != 0) return;
    if (name == "set" && words.size() > 1) assign(words[1]);
    else if (name == "load_env") config_.reads_environment = true;
    else if (name == "blscfg" || name == "bls_import") config_.includes_blscfg = true;
    else if (name == "configfile" || name == "source" || name == "." || name == "normal")
        leads_elsewhere_ = leads_elsewhere_ || words.size() > 1;
    else if (words.size() == 1) assign(name);
}

void Reader::load(const GrubStatement& statement) {
    const auto& words = statement.words;
    const auto file = std::find_if(words.begin() + 1, words.end(),
                                   [](const std::string& word) { return !word.starts_with("--"); });
    if (file == words.end()) return;
    std::string arguments;
    for (auto word = file + 1; word != words.end(); ++word)
        append(arguments, {arguments.empty() ? "" : " ", grub_loader_argument(*word)});
    config_.entries.back().commands.push_back(
        {words[0], grub_plain_text(*file), std::move(arguments), statement.line});
}

void Reader::assign(std::string_view assignment) {
    const auto equals = assignment.find('=');
    if (equals == std::string_view::npos || equals == 0) return;
    const std::string name(assignment.substr(0, equals)), value(assignment.substr(equals + 1));
    if (scope().conditional) config_.variables.emplace(name, value);
    else config_.variables[name] = value;
}

}  // namespace

GrubConfig parse_grub_config(std::string_view text) { return Reader(text).read(); }

}  // namespace virtbp
