// SPDX-License-Identifier: GPL-3.0-or-later
#include "lib/arguments_file.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "lib/descriptor.hpp"
#include "lib/error.hpp"
#include "lib/formats/json_text.hpp"
#include "lib/text.hpp"

namespace virtbp {

namespace {

constexpr size_t most_bytes = 16U << 20U;
constexpr size_t longest_reason = 200;  // the parser quotes what it read last, which may be megabytes

Descriptor open_arguments(const std::string& name) {
    if (name == "-") return Descriptor(dup(STDIN_FILENO));
    Descriptor file(open(name.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
    if (!file) throw SystemError("cannot read the arguments in", name, errno);
    fcntl(file.get(), F_SETFL, 0);
    return file;
}

}  // namespace

json read_arguments(const std::string& name) {
    const auto file = open_arguments(name);
    std::string text;
    std::array<char, 65536> block;
    for (;;) {
        const auto size = read(file.get(), block.data(), block.size());
        if (size < 0 && errno == EINTR) continue;
        if (size < 0) throw SystemError("cannot read the arguments in", name, errno);
        if (size == 0) return parse_arguments(text, name);
        text.append(block.data(), static_cast<size_t>(size));
        if (text.size() > most_bytes)
            throw Error(concat(
                {"the arguments in ", name, " are larger than ", std::to_string(most_bytes), " bytes"}));
    }
}

json parse_arguments(std::string_view text, std::string_view name) {
    try {
        return parse_json(text);
    } catch (const Error& error) {
        const std::string_view reason(error.what());
        throw Error(concat({"the arguments in ", name, " are not JSON: ", reason.substr(0, longest_reason),
                            reason.size() > longest_reason ? "..." : ""}));
    }
}

}  // namespace virtbp
