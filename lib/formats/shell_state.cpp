// SPDX-License-Identifier: GPL-3.0-or-later
#include "lib/formats/shell_state.hpp"

#include <initializer_list>
#include <utility>

#include "lib/error.hpp"
#include "lib/text.hpp"

namespace virtbp {

namespace {

using Runs = ShellCommand::Runs;

constexpr std::string_view not_always = "an assignment that is not always made";

/// Set before the files are read, by a shell or by grub-mkconfig.
constexpr std::string_view set_elsewhere =
    " BASH BASHPID BASH_VERSION EUID HOME HOSTNAME HOSTTYPE IFS LINENO MACHTYPE OPTIND OSTYPE PATH PPID PWD"
    " RANDOM SECONDS SHLVL UID _ GRUB_DEVICE GRUB_DEVICE_BOOT GRUB_DEVICE_BOOT_UUID GRUB_DEVICE_PARTUUID"
    " GRUB_DEVICE_UUID GRUB_FS bindir datadir datarootdir exec_prefix grub_cfg grub_probe host_os libdir"
    " pkgdatadir prefix sbindir self sysconfdir ";

/// Commands that may set variables: those that their arguments name, or any; and commands after which it is
/// open whether the next line is read as it stands.
enum class Sets { first, arguments, arguments_for_good, any, any_for_good };
constexpr std::pair<std::string_view, Sets> builtins[] = {
    {"for", Sets::first},
    {"select", Sets::first},
    {"read", Sets::arguments},
    {"unset", Sets::arguments},
    {"export", Sets::arguments},
    {"getopts", Sets::arguments},
    {"mapfile", Sets::arguments},
    {"printf", Sets::arguments},
    {"readarray", Sets::arguments},
    {"declare", Sets::arguments_for_good},
    {"local", Sets::arguments_for_good},
    {"readonly", Sets::arguments_for_good},
    {"typeset", Sets::arguments_for_good},
    {".", Sets::any},
    {"let", Sets::any},
    {"source", Sets::any},
    {"alias", Sets::any_for_good},
    {"coproc", Sets::any_for_good},
    {"eval", Sets::any_for_good},
    {"exec", Sets::any_for_good},
    {"exit", Sets::any_for_good},
    {"return", Sets::any_for_good},
    {"set", Sets::any_for_good},
    {"shopt", Sets::any_for_good},
    {"time", Sets::any_for_good},
    {"trap", Sets::any_for_good},
};

bool is_one_of(std::string_view characters, char c) { return characters.find(c) != std::string_view::npos; }

/// NAME= or NAME+=; and NAME[…], bash's element of an array.
enum class Form { word, assignment, element };
Form form_of(std::string_view word) {
    const auto name = leading_name(word);
    const auto rest = word.substr(name.size());
    if (name.empty()) return Form::word;
    if (rest.starts_with('=') || rest.starts_with("+=")) return Form::assignment;
    return rest.starts_with('[') && is_one_of(rest, '=') ? Form::element : Form::word;
}

}  // namespace

ShellState::ShellState(const std::vector<ConfigFile>& files, std::string_view name) : name_(name) {
    for (; file_ < files.size(); ++file_) {
        path_ = files[file_].path;
        for (const auto& command : parse_shell(files[file_])) run(command);
    }
}

std::string_view ShellState::text_of(std::string_view name) const {
    const auto found = variables_.find(name);
    return found == variables_.end() ? std::string_view() : found->second.text;
}

std::optional<ShellDoubt> ShellState::doubt_of(std::string_view name) const {
    const auto found = variables_.find(name);
    if (found == variables_.end()) return others_.doubt;
    const auto& variable = found->second;
    return variable.for_good || variable.since > others_.since ? variable.doubt : others_.doubt;
}

ShellReference ShellState::refer(std::string_view name) {
    if (!variables_.contains(name) && set_elsewhere.find(concat({" ", name, " "})) != std::string_view::npos)
        return {{}, ShellDoubt{path_, line_, "a variable that no file sets"}};
    const auto text = text_of(name);
    // Each line may double what is there.
    expanded_ += text.size();
    if (expanded_ > 1 << 26)
        throw Error(concat({path_, ":", std::to_string(line_), ": the variables grow too large"}));
    return {text, doubt_of(name)};
}

void ShellState::set_doubt(std::string_view name, std::string_view why) {
    auto& variable = variables_[std::string(name)];
    if (variable.for_good) return;
    variable = {{}, ShellDoubt{path_, line_, why}, for_good_, ++clock_};
}

void ShellState::doubt_all(std::string_view why) {
    if (!others_.for_good) others_ = {{}, ShellDoubt{path_, line_, why}, for_good_, ++clock_};
}

void ShellState::run(const ShellCommand& command) {
    line_ = command.line;
    for_good_ = command.runs == Runs::in_function;
    for (const auto& name : command.assigned) set_doubt(name, not_always);
    const auto& words = command.words;
    size_t at = 0;
    bool has_element = false;
    for (; at < words.size() && form_of(words[at].text) != Form::word; ++at)
        has_element = has_element || form_of(words[at].text) == Form::element;
    for (size_t i = 0; i < at; ++i) {
        line_ = words[i].line;
        if (at < words.size()) set_doubt(leading_name(words[i].text), "an assignment for one command");
        else if (has_element) set_doubt(leading_name(words[i].text), "an array");
        else if (command.runs == Runs::always) assign(words[i], false);
        else set_doubt(leading_name(words[i].text), not_always);
    }
    if (at < words.size()) run_builtin(command, at);
}

void ShellState::run_builtin(const ShellCommand& command, size_t at) {
    const auto& words = command.words;
    std::string name;
    for (; at < words.size(); ++at) {
        name.clear();
        for (const char c : words[at].text)
            if (!is_one_of("\\'\"", c)) name += c;
        if (name != "command" && name != "builtin" && !name.starts_with('-')) break;
    }
    if (at == words.size()) return;
    line_ = words[at].line;
    if (name.find_first_of("$`") != std::string::npos) {
        for_good_ = true;
        return doubt_all("a command whose name is not written out");
    }
    if (name == "export" && at == 0 && command.runs == Runs::always) return export_variables(command);
    if (name == "printf" && (at + 1 == words.size() || !words[at + 1].text.starts_with("-v"))) return;
    if (name == "exec" && at + 1 == words.size()) return;
    if (name == "return" && for_good_) return;
    for (const auto& [builtin, sets] : builtins) {
        if (name != builtin) continue;
        switch (sets) {
            case Sets::first:
                if (at + 1 < words.size()) set_doubt(leading_name(words[at + 1].text), "a loop's variable");
                return;
            case Sets::arguments_for_good: for_good_ = true; [[fallthrough]];
            case Sets::arguments: return doubt_arguments(command, at + 1);
            case Sets::any_for_good: for_good_ = true; [[fallthrough]];
            case Sets::any: return doubt_all("a command that may set or end anything");
        }
    }
}

void ShellState::export_variables(const ShellCommand& command) {
    for (size_t i = 1; i < command.words.size(); ++i) {
        const auto& word = command.words[i];
        const auto name = leading_name(word.text);
        line_ = word.line;
        if (form_of(word.text) == Form::assignment) assign(word, true);
        else if (form_of(word.text) == Form::element) set_doubt(name, "an array");
        else if (name != word.text && !word.text.starts_with('-')) doubt_all("an argument of export");
    }
}

void ShellState::doubt_arguments(const ShellCommand& command, size_t at) {
    for (; at < command.words.size(); ++at) {
        const std::string_view word = command.words[at].text;
        const auto name = leading_name(word);
        const auto rest = word.substr(name.size());
        if (rest.empty() || is_one_of("=+[", rest.front())) set_doubt(name, "a command that sets it");
        else if (rest.find_first_of("$`\\'\"") != std::string_view::npos)
            doubt_all("a command that sets a variable");
    }
}

void ShellState::assign(const ShellWord& word, bool exported) {
    const auto name = leading_name(word.text);
    const bool appends = word.text[name.size()] == '+';
    const std::string_view right = std::string_view(word.text).substr(name.size() + (appends ? 2 : 1));
    auto value = expand_shell(right, {path_, line_, {}}, exported, *this);
    auto cause = value.doubt;
    if (!cause && (appends || others_.for_good)) cause = doubt_of(name);

    auto& variable = variables_[std::string(name)];
    const size_t before = appends ? variable.text.size() : 0;
    if (name == name_)
        last_ = {file_,
                 word,
                 appends,
                 std::string(right.substr(0, value.head)),
                 value.head_quoted,
                 before + value.head_text};
    if (variable.for_good) return;
    if (cause) variable.text.clear();
    else if (appends) variable.text += value.text;
    else variable.text = std::move(value.text);
    variable.doubt = cause;
    variable.since = ++clock_;
}

}  // namespace virtbp
