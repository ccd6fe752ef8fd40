// SPDX-License-Identifier: GPL-3.0-or-later
// What a shell makes of the right side of an assignment, as far as it depends on nothing but other variables.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace virtbp {

/// Why a value cannot be known, and the place of the cause.
struct ShellDoubt {
    std::string_view path;
    int line;
    std::string_view why;  ///< what the value depends on
};

struct ShellReference {
    std::string_view text;
    std::optional<ShellDoubt> doubt;
};
/// The variables that $NAME refers to.
class ShellReferences {
public:
    virtual ~ShellReferences() = default;
    virtual ShellReference refer(std::string_view name) = 0;
};

struct ShellExpansion {
    std::string text = {};
    std::optional<ShellDoubt> doubt = {};  ///< the text is of no use then
    size_t head = 0;           ///< how much of the right side goes up to the end of its last reference
    size_t head_text = 0;      ///< and how much of the text that gives
    bool head_quoted = false;  ///< it ends in double quotes
};

/// `right` is of a word of ShellWordReader, `place` is for doubts. `exported`: it is of an argument of
/// `export`, which not every shell takes as it takes an assignment.
ShellExpansion expand_shell(std::string_view right, const ShellDoubt& place, bool exported,
                            ShellReferences& references);

}  // namespace virtbp
