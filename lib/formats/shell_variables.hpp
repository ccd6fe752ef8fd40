// SPDX-License-Identifier: GPL-3.0-or-later
// Files of shell text that only assign variables: /etc/default/grub and its drop-ins,
// /etc/sysconfig/bootloader. They are parsed and edited here, and never executed.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "lib/formats/config_file.hpp"

namespace virtbp {

/// A variable's value after a shell has read all of the files.
struct ShellValue {
    /// What the shell would hold; "" where it is not set. "\$x" and '$x' are "$x" here, as GRUB gets it.
    std::string text;
    std::string path = {};  ///< of the last file that assigns it; "" where none does
    int line = 0;           ///< of its last assignment, from 1
};

/// Files in the order in which the shell reads them. Repeated assignments, NAME+=, export, quotes and
/// escapes, continued lines, and references to variables that the files assign before ($NAME, ${NAME},
/// ${NAME:+word}, ${NAME:-word}) are understood; other variables are empty. A carriage return at the end of
/// an assignment's line is text, as it is for the shell. Throws Error with path:line where the value of
/// `name` depends on anything else: a command substitution, another expansion, an assignment below `if`,
/// `for`, `case`, a function or `&&`; and where a file is no shell text.
ShellValue shell_value(const std::vector<ConfigFile>& files, std::string_view name);

/// The files' texts, all lines but the assignments of `name` kept byte for byte, so that a shell that reads
/// all of them holds `value` in `name`. The last file that assigns it is edited, or `otherwise` where none
/// does: the last assignment gets the value, in its own quotes where they can hold it; where it appended to
/// earlier ones (NAME+=, "$NAME …") and the value still begins with what they give, it keeps appending. A
/// line of its that ends with \r\n ends with \n then. Throws Error with path:line, as shell_value() does,
/// and where what comes of it would not be read as `value` again. Only files that change are in the result:
/// path -> text.
std::map<std::string, std::string> set_shell_value(const std::vector<ConfigFile>& files,
                                                   std::string_view name, std::string_view value,
                                                   std::string_view otherwise);

}  // namespace virtbp
