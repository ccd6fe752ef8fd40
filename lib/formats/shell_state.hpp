// SPDX-License-Identifier: GPL-3.0-or-later
// The variables of a shell that has read some files, as far as that can be known without running them.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lib/formats/config_file.hpp"
#include "lib/formats/shell_commands.hpp"
#include "lib/formats/shell_expansion.hpp"

namespace virtbp {

/// An assignment that surely runs, with what an edit of it needs.
struct ShellAssignment {
    size_t file;            ///< which of the files
    ShellWord word;         ///< NAME=value or NAME+=value
    bool appends = false;   ///< with +=
    std::string head = {};  ///< its value as written up to the end of the last reference: `"${NAME:+$NAME }`
    bool head_quoted = false;  ///< the head ends in double quotes
    size_t kept = 0;           ///< how much of what the variable then holds comes from += and the head
};

class ShellState : private ShellReferences {
public:
    /// Keeps the assignments of one variable in mind. What the files hold must outlive the state.
    ShellState(const std::vector<ConfigFile>& files, std::string_view name);

    /// What the variable holds, and why that cannot be known.
    std::string_view text() const { return text_of(name_); }
    std::optional<ShellDoubt> doubt() const { return doubt_of(name_); }
    const std::optional<ShellAssignment>& last() const { return last_; }

private:
    struct Variable {
        std::string text = {};
        std::optional<ShellDoubt> doubt = {};
        bool for_good = false;  ///< no assignment takes the doubt away
        size_t since = 0;
    };

    ShellReference refer(std::string_view name) override;

    std::string_view text_of(std::string_view name) const;
    std::optional<ShellDoubt> doubt_of(std::string_view name) const;
    void set_doubt(std::string_view name, std::string_view why);
    void doubt_all(std::string_view why);

    void run(const ShellCommand& command);
    void run_builtin(const ShellCommand& command, size_t at);
    void export_variables(const ShellCommand& command);
    void doubt_arguments(const ShellCommand& command, size_t at);
    void assign(const ShellWord& word, bool exported);

    std::string_view name_;
    size_t file_ = 0;  ///< which is being read
    std::string_view path_ = {};
    int line_ = 0;           ///< of the command
    bool for_good_ = false;  ///< doubts of the command are
    std::map<std::string, Variable, std::less<>> variables_ = {};
    Variable others_ = {};  ///< what counts for variables that were not assigned since
    size_t clock_ = 0;
    size_t expanded_ = 0;  ///< bytes that references have given
    std::optional<ShellAssignment> last_ = {};
};

}  // namespace virtbp
