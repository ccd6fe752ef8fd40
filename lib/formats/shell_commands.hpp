// SPDX-License-Identifier: GPL-3.0-or-later
// Shell text as the simple commands in it, and which of them surely run. Nothing is expanded, nothing runs.
#pragma once

#include <string>
#include <vector>

#include "lib/formats/config_file.hpp"
#include "lib/formats/shell_words.hpp"

namespace virtbp {

/// `NAME=value` and `for NAME in …` are commands, too.
struct ShellCommand {
    /// maybe: below if, for, case and the like, in a list of && or ||, a pipe, a subshell or the background,
    /// or with a redirection, which may fail.
    enum class Runs { always, maybe, in_function };

    std::vector<ShellWord> words = {};       ///< without redirections
    std::vector<std::string> assigned = {};  ///< by an expansion in it, ${NAME:=word}
    Runs runs = Runs::always;
    int line = 0;
};

/// In the order of the text, without those in command substitutions, which set no variable outside. Throws
/// Error with path:line where the text is no shell text, and for what is not understood: a here-document, an
/// array, arithmetic that may set a variable, "${NAME:-it's}", what bash alone knows ($'…').
std::vector<ShellCommand> parse_shell(const ConfigFile& file);

}  // namespace virtbp
