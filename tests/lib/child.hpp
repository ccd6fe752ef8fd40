// SPDX-License-Identifier: GPL-3.0-or-later
// Work in a process of its own, which may give up its rights or take a mount namespace; and an end for what
// hangs.
#pragma once

#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <functional>
#include <string>
#include <vector>

#include "lib/error.hpp"
#include "lib/system.hpp"
#include "tests/lib/catch.hpp"

/// Ends the whole test where it hangs.
class Deadline {
public:
    explicit Deadline(unsigned seconds = 30) { alarm(seconds); }
    ~Deadline() { alarm(0); }
    Deadline(const Deadline&) = delete;
    Deadline& operator=(const Deadline&) = delete;
};

/// What the work returns, in a child. Work returns "" where all is well, "skipped: …" where this machine
/// cannot do it.
inline std::string in_child(const std::function<std::string()>& work) {
    std::array<int, 2> ends{};
    if (pipe(ends.data()) != 0) return "no pipe";
    const pid_t child = fork();
    if (child == 0) {
        alarm(30);
        std::string result;
        try {
            result = work();
        } catch (const std::exception& error) {
            result = std::string("exception: ") + error.what();
        }
        const bool told = write(ends[1], result.data(), result.size()) == static_cast<ssize_t>(result.size());
        _exit(told ? 0 : 1);
    }
    close(ends[1]);
    std::string result;
    std::array<char, 4096> block{};
    for (ssize_t size = 0; (size = read(ends[0], block.data(), block.size())) > 0;)
        result.append(block.data(), static_cast<size_t>(size));
    close(ends[0]);
    int status = 0;
    waitpid(child, &status, 0);
    return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? result : result + " (died)";
}

/// Checks what in_child() returned; tells what was skipped.
inline void check_child(const std::string& result) {
    if (result.rfind("skipped: ", 0) == 0) WARN(result);
    else CHECK(result == "");
}

inline std::string skipped(const std::string& what) {
    return "skipped: " + what + ": " + std::strerror(errno);
}

/// The ways of resolving that this kernel offers.
inline std::vector<virtbp::Resolution> ways() {
    std::vector<virtbp::Resolution> all{virtbp::Resolution::by_hand};
    try {
        virtbp::System("/", virtbp::Resolution::by_kernel).exists("/");
        all.push_back(virtbp::Resolution::by_kernel);
    } catch (const virtbp::Error& error) {
        WARN("skipped: resolution by the kernel: " << error.what());
    }
    return all;
}
