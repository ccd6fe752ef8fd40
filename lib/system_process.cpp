// SPDX-License-Identifier: GPL-3.0-or-later
// Commands: argument vectors, never a shell, in the C locale, without input, and with an end.
#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <ctime>

#include "lib/descriptor.hpp"
#include "lib/error.hpp"
#include "lib/system.hpp"
#include "lib/text.hpp"

namespace virtbp {

namespace {

constexpr long longest_seconds = 300;
constexpr size_t most_output = 1U << 20U;
constexpr size_t block_size = 4096;

/// The folders of root's PATH come last: a user's sudo or cron may give a PATH without them. An
/// absolute path is taken as it is.
std::optional<std::string> find_command(const std::string& name) {
    if (name.starts_with('/')) return access(name.c_str(), X_OK) == 0 ? std::optional(name) : std::nullopt;
    const char* path = getenv("PATH");
    const auto places = concat({path != nullptr ? path : "", ":/usr/sbin:/usr/bin:/sbin:/bin"});
    for (const auto folder : split(places, ':')) {
        auto file = concat({folder, "/", name});
        if (folder.starts_with('/') && access(file.c_str(), X_OK) == 0) return file;
    }
    return std::nullopt;
}

long now_in_milliseconds() {
    timespec time{};
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * 1000 + time.tv_nsec / 1'000'000;
}

struct Pipe {
    Descriptor out, in;
    Pipe() {
        std::array<int, 2> ends{};
        if (pipe2(ends.data(), O_CLOEXEC) != 0) throw SystemError("cannot make", "a pipe", errno);
        out = Descriptor(ends[0]);
        in = Descriptor(ends[1]);
    }
};

/// The environment with LC_ALL=C in the place of all that chooses a language.
std::vector<std::string> plain_environment() {
    std::vector<std::string> variables{"LC_ALL=C"};
    for (const char* const* variable = environ; *variable != nullptr; ++variable) {
        const std::string_view text(*variable);
        if (!text.starts_with("LC_") && !text.starts_with("LANG")) variables.emplace_back(text);
    }
    return variables;
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
    std::vector<char*> list;
    for (auto& text : texts) list.push_back(text.data());
    list.push_back(nullptr);
    return list;
}

class Command {
public:
    explicit Command(const std::string& file, std::vector<std::string> arguments) {
        posix_spawn_file_actions_t actions;
        posix_spawn_file_actions_init(&actions);
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
        posix_spawn_file_actions_adddup2(&actions, out_.in.get(), 1);
        posix_spawn_file_actions_adddup2(&actions, err_.in.get(), 2);
        posix_spawnattr_t attributes;
        posix_spawnattr_init(&attributes);
        // A group, so that all of it can be ended together; and what we were started with ignored is not the
        // command's business.
        posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF);
        posix_spawnattr_setpgroup(&attributes, 0);
        sigset_t signals;
        sigemptyset(&signals);
        sigaddset(&signals, SIGPIPE);
        posix_spawnattr_setsigdefault(&attributes, &signals);
        auto variables = plain_environment();
        const int number = posix_spawn(&process_, file.c_str(), &actions, &attributes,
                                       pointers(arguments).data(), pointers(variables).data());
        posix_spawn_file_actions_destroy(&actions);
        posix_spawnattr_destroy(&attributes);
        if (number != 0) throw SystemError("cannot run", file, number);
        out_.in.reset();
        err_.in.reset();
    }

    /// What it gave until it ended. A child that it leaves behind, be it with our pipes, is not waited for.
    std::optional<Output> wait() {
        Output output;
        const long end = now_in_milliseconds() + longest_seconds * 1000;
        for (int pause = 1; !has_ended(output.status);) {
            if (now_in_milliseconds() >= end) {
                kill(-process_, SIGKILL);
                return std::nullopt;
            }
            pause = collect(pause, output) ? 1 : std::min(2 * pause, 50);
        }
        // What was in the pipes when it ended; a child that it left behind may go on writing without end.
        for (size_t rest = most_output / block_size; rest > 0 && collect(0, output); --rest) {}
        return output;
    }

private:
    bool has_ended(int& exit_status) const {
        int status = 0;
        if (waitpid(process_, &status, WNOHANG) != process_) return false;
        exit_status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
        return true;
    }

    /// What is there within `milliseconds`; false where nothing is.
    bool collect(int milliseconds, Output& output) {
        std::array<pollfd, 2> waiting{{{out_.out.get(), POLLIN, 0}, {err_.out.get(), POLLIN, 0}}};
        if (poll(waiting.data(), waiting.size(), milliseconds) <= 0) return false;
        const auto take = [](Descriptor& from, short events, std::string& into) {
            if (events == 0) return;
            std::array<char, block_size> block;
            const auto size = read(from.get(), block.data(), block.size());
            if (size > 0 && into.size() < most_output) into.append(block.data(), static_cast<size_t>(size));
            if (size == 0 || (size < 0 && errno != EINTR)) from.reset();
        };
        take(out_.out, waiting[0].revents, output.out);
        take(err_.out, waiting[1].revents, output.err);
        return true;
    }

    Pipe out_, err_;
    pid_t process_ = 0;
};

Output execute(const std::string& file, const std::vector<std::string>& arguments) {
    for (const auto& argument : arguments)
        if (argument.find('\0') != std::string::npos)
            throw Error(concat({"cannot run ", file, ": an argument has a NUL byte"}));
    auto output = Command(file, arguments).wait();
    if (!output)
        throw Error(concat({file, " had not ended after ", std::to_string(longest_seconds), " seconds"}));
    return std::move(*output);
}

}  // namespace

std::optional<Output> System::query(const std::vector<std::string>& arguments) const {
    if (!live_) return std::nullopt;
    const auto file = find_command(arguments.front());
    if (!file) return std::nullopt;
    return execute(*file, arguments);
}

void System::run(const std::vector<std::string>& arguments) {
    if (!live_) return;
    const auto command = join(arguments, " ");
    const auto file = find_command(arguments.front());
    if (!file) throw Error(concat({"cannot run ", command, ": ", arguments.front(), " is not installed"}));
    const auto output = execute(*file, arguments);
    record("run", command, "");
    if (output.status != 0)
        throw Error(concat({command, " failed with status ", std::to_string(output.status), ": ",
                            trim(output.err.empty() ? output.out : output.err)}));
}

}  // namespace virtbp
