// SPDX-License-Identifier: GPL-3.0-or-later
// Shell text cut into words, as dash and bash cut it, with their quotes and expansions still in them:
// https://pubs.opengroup.org/onlinepubs/9699919799/utilities/V3_chap02.html
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "lib/formats/config_file.hpp"

namespace virtbp {

struct ShellWord {
    std::string text;  ///< without continuations (\ and the end of a line)
    size_t begin;      ///< where it stands in the file's text, continuations included
    size_t end;
    int line;  ///< of its begin, from 1
};

/// Takes one character, word or expansion after the other. Commands are for the class that derives from it.
class ShellWordReader {
public:
    explicit ShellWordReader(const ConfigFile& file);
    virtual ~ShellWordReader() = default;
    ShellWordReader(const ShellWordReader&) = delete;
    ShellWordReader& operator=(const ShellWordReader&) = delete;

protected:
    [[noreturn]] void fail(int line, std::string_view why) const;

    int line() const { return line_; }
    /// The next character, after continuations; '\0' at the end.
    char peek();
    void take();
    bool take_if(char wanted);
    void skip_blanks();
    /// Without the end of its line.
    void skip_comment();
    /// Up to a blank, the end of a line or an operator; "" before one of them.
    ShellWord take_word();

    /// The commands after "$(" and the ')' that ends them.
    virtual void take_substitution() = 0;

    /// The variables that the words set by ${NAME:=word} since this was empty.
    std::vector<std::string> assigned;

private:
    class Nested;

    void take_raw(int opened);
    void take_single_quoted();
    void take_double_quoted();
    void take_backquoted();
    void take_part(bool quoted, int opened);
    void take_expansion(bool quoted);
    void take_arithmetic(int opened);
    void take_braced(bool quoted, int opened);

    std::string_view path_;
    std::string_view text_;
    std::string taken_ = {};  ///< the text up to here, without comments and continuations
    size_t at_ = 0;
    size_t end_ = 0;  ///< of what was taken last
    int line_ = 1;
    int depth_ = 0;
};

/// The name of a variable that a text begins with; "" where there is none.
std::string_view leading_name(std::string_view text);

}  // namespace virtbp
