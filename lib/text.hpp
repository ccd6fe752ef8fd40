// SPDX-License-Identifier: GPL-3.0-or-later
// Text: the few operations on strings that every part needs.
#pragma once

#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace virtbp {

/// All parts one after the other; smaller and faster than a chain of operator+.
std::string concat(std::initializer_list<std::string_view> parts);

/// concat() at the end of `all`.
void append(std::string& all, std::initializer_list<std::string_view> parts);

/// With every `what` replaced `by`.
std::string replaced(std::string_view text, std::string_view what, std::string_view by);

/// Without the white space (space, \t, \n, \r, \v, \f) at both ends.
std::string_view trim(std::string_view text);

/// The pieces between `separator`, empty ones included: "a,,b" has three, "" has one.
std::vector<std::string_view> split(std::string_view text, char separator);

/// The words between runs of white space: "" has none.
std::vector<std::string_view> words(std::string_view text);

/// The lines without their ends (\n or \r\n); a last line without an end counts, "" has none.
std::vector<std::string_view> lines(std::string_view text);

std::string join(const std::vector<std::string>& parts, std::string_view separator);

/// The parts with "; " between them, the first eight of more: "…; and 3 more".
std::string enumerate(const std::vector<std::string>& parts);

/// A whole decimal number, with a sign or not and nothing around it; nothing where it is not one or too
/// large.
std::optional<long> to_integer(std::string_view text);

/// True where `text` matches a shell pattern of *, ?, [set] and \ (fnmatch(3) without flags).
bool matches(const std::string& pattern, const std::string& text);

}  // namespace virtbp
