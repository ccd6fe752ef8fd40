// SPDX-License-Identifier: GPL-3.0-or-later
// What the fuzz targets share: the input as text, and a law that must hold for every input.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <string>
#include <utility>

#include "lib/error.hpp"

/// Called by libFuzzer with an input of its making, and by replay.cpp with the files of the corpus.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

inline std::string to_text(const uint8_t* data, size_t size) {
    return {reinterpret_cast<const char*>(data), size};
}

/// The text up to the first line end, and what follows: for targets that need a key or path besides a file.
inline std::pair<std::string, std::string> first_line(const std::string& text) {
    const auto end = text.find('\n');
    if (end == std::string::npos) return {text, ""};
    return {text.substr(0, end), text.substr(end + 1)};
}

/// Runs what may refuse the input: an Error is an answer, too.
template <class Function>
void may_refuse(Function function) {
    try {
        function();
    } catch (const virtbp::Error&) {
        return;
    }
}

inline void must(bool law) {
    if (!law) abort();
}
