// SPDX-License-Identifier: GPL-3.0-or-later
// The script language of GRUB 2 cut into statements and words; what they do is grub_config's matter.
// https://www.gnu.org/software/grub/manual/grub/grub.html#Shell_002dlike-scripting
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace virtbp {

/// Words without their quotes. A backslash stands before each '$' and '\' that is no variable's and no
/// escape's, so that "$x" and "${x}" are variables wherever they are seen.
struct GrubStatement {
    std::vector<std::string> words;
    int line = 0;  ///< of the first word, from 1
    char end =
        0;  ///< '{' and '}' where a block begins or ends after it, '\n' at any other end, 0 at the text's
};

class GrubScript {
public:
    explicit GrubScript(std::string_view text) : text_(text) {}

    GrubStatement next();
    /// The part of /etc/grub.d that wrote what was read last ("10_linux"), by mkconfig's BEGIN and END
    /// comments.
    const std::string& part() const { return part_; }

private:
    bool skip_blanks();
    void skip_comment();
    std::string word();
    void double_quoted(std::string& word);
    void variable(std::string& word);
    char take();

    std::string_view text_;
    size_t at_ = 0;
    int line_ = 1;
    std::string part_;
};

/// The length of "$name" or "${name}" that `text` begins with, 0 where it begins with no variable.
size_t grub_variable_length(std::string_view text);
/// "name", of either spelling.
std::string_view grub_variable_name(std::string_view reference);

/// A word with its literal '$' and '\' as they are.
std::string grub_plain_text(std::string_view word);

/// The word as a loader command writes it into a command line: in double quotes where it has a blank in it, a
/// backslash before each quote and backslash that is not one of \xHH (grub_create_loader_cmdline()).
std::string grub_loader_argument(std::string_view word);

}  // namespace virtbp
