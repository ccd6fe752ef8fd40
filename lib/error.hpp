// SPDX-License-Identifier: GPL-3.0-or-later
// The one exception of the project: thrown anywhere, caught once in main.cpp, where it becomes
// {"failed": true, "msg": …}. The text names the path or parameter, what was wanted and what was found.
#pragma once

#include <stdexcept>
#include <string>
#include <string_view>

namespace virtbp {

struct Error : std::runtime_error {
    using std::runtime_error::runtime_error;
};

/// A system call's failure: `message` is "cannot write /sys/…/run: Invalid argument (EINVAL)".
struct SystemError : Error {
    /// `action` is the verb with its object, "cannot write"; `number` the errno.
    SystemError(std::string_view action, std::string_view path, int number);
    int number;
};

/// "Invalid argument (EINVAL)": the text of an errno in the C locale.
std::string errno_text(int number);

}  // namespace virtbp
