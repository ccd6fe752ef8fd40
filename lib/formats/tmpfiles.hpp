// SPDX-License-Identifier: GPL-3.0-or-later
// tmpfiles.d(5), as systemd-tmpfiles reads it; of use here are the lines of type w, which write at boot.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "lib/formats/config_file.hpp"

namespace virtbp {

struct TmpfilesEntry {
    char type;              ///< 'w'
    std::string modifiers;  ///< "+", "!", "-", "=", "~", "^" and "$" after the type, in their order
    std::string path;       ///< without quotes and escapes; a pattern for types that take one
    std::string mode, user, group, age;  ///< "" where it is - or left out
    std::string argument;                ///< of type w without escapes
    int line;                            ///< from 1
};

struct TmpfilesWrite {
    std::string value;
    std::string path;  ///< of the file that holds the line
    int line;
};

/// The entries of one text in order. Lines that are none are left out, as systemd ignores them. %% is a
/// percent sign; other specifiers are kept as they are written.
std::vector<TmpfilesEntry> parse_tmpfiles(std::string_view text);

/// What the boot writes to a path, in order: the last one stays. Files in the order of drop_ins(). Of lines
/// of type w with the same path and different arguments systemd runs the first alone, unless all are of type
/// w+; patterns are paths of their own.
std::vector<TmpfilesWrite> tmpfiles_writes(const std::vector<ConfigFile>& files, const std::string& path);

/// The line that writes a value: "w /sys/kernel/mm/ksm/run - - - - 1\n", escaped where needed. Throws Error
/// where none can: the path is relative, a pattern or has control characters, or the value is empty or has a
/// NUL.
std::string tmpfiles_write_line(std::string_view path, std::string_view value);

}  // namespace virtbp
