// SPDX-License-Identifier: GPL-3.0-or-later
// The executable of a module: an argument file in, one JSON object out (docs/protocol.md).
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <string>
#include <string_view>

#include "lib/arguments_file.hpp"
#include "lib/docs.hpp"
#include "lib/module.hpp"
#include "lib/text.hpp"

namespace {

using virtbp::concat;
using virtbp::json;

void print(std::string_view text) {
    while (!text.empty()) {
        const auto size = write(STDOUT_FILENO, text.data(), text.size());
        if (size < 0 && errno == EINTR) continue;
        if (size < 0) _exit(1);
        text.remove_prefix(static_cast<size_t>(size));
    }
}

/// ASCII only: Ansible splits a result at every character that Python calls a line end.
std::string dump(const json& value) {
    return value.dump(-1, ' ', true, json::error_handler_t::replace) + "\n";
}

#ifdef __has_feature
#if __has_feature(address_sanitizer)
#define VIRTBP_SANITIZED 1
#endif
#endif
#if !defined(__SANITIZE_ADDRESS__) && !defined(VIRTBP_SANITIZED)

/// A crash is a failed task with a message, too. Only what is safe in a signal handler.
void report_crash(int number) {
    std::array<char, 64> text{"{\"failed\": true, \"msg\": \"a bug: ended by signal "};
    const std::string_view before(text.data());
    std::array<char, 8> end{'0', '0', '"', '}', '\n'};
    end[0] = static_cast<char>('0' + number / 10);
    end[1] = static_cast<char>('0' + number % 10);
    print(before);
    print({end.data(), 5});
    _exit(1);
}

void catch_crashes() {
    static std::array<char, 32768> stack;  // of its own: the stack's end may be what was hit
    stack_t alternative{};
    alternative.ss_sp = stack.data();
    alternative.ss_size = stack.size();
    sigaltstack(&alternative, nullptr);
    struct sigaction action{};
    action.sa_handler = report_crash;
    action.sa_flags = static_cast<int>(SA_ONSTACK | SA_RESETHAND);
    for (const int number : {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT}) sigaction(number, &action, nullptr);
}

#else
void catch_crashes() {}  // the sanitizers report better
#endif

/// A descriptor that is closed would be given to the next file that is opened, and the result written into
/// it.
void open_standard_descriptors() {
    int number = 0;
    while (number >= 0 && number <= STDERR_FILENO) number = open("/dev/null", O_RDWR);
    close(number);
}

json failure(std::string_view message) { return {{"failed", true}, {"changed", false}, {"msg", message}}; }

[[noreturn]] void run(const virtbp::Entry& entry, const std::string& root, const std::string& file) {
    json result;
    try {
        virtbp::System system(root);
        result = virtbp::call(entry, system, virtbp::read_arguments(file));
    } catch (const std::exception& error) {
        result = failure(error.what());
    }
    print(dump(result));
    // Without a return: to take a result of thousands of fields apart would be time for nothing.
    exit(result.contains("failed") ? 1 : 0);
}

}  // namespace

int main(int count, char** values) {
    catch_crashes();
    open_standard_descriptors();
    umask(022);
    const auto entry = virtbp::module();
    const char* environment = getenv("VIRTBP_ROOT");
    std::string root = environment != nullptr && *environment != '\0' ? environment : "/";
    std::string file;
    for (int i = 1; i < count; ++i) {
        const std::string_view argument(values[i]);
        if (argument == "--help") return print(virtbp::help(entry.description)), 0;
        if (argument == "--version")
            return print(concat({entry.description.manual.name, " " VIRTBP_VERSION "\n"})), 0;
        if (argument == "--doc") return print(virtbp::ansible_doc(entry.description)), 0;
        if (argument == "--schema") return print(virtbp::json_schema(entry.description)), 0;
        if (argument == "--stub") return print(virtbp::ansible_stub(entry.description)), 0;
        if (argument == "--man") return print(virtbp::man_page(entry.description)), 0;
        if (argument == "--root" && i + 1 < count) root = values[++i];
        else if (argument.starts_with("--root=")) root = argument.substr(7);
        else if ((argument.starts_with('-') && argument != "-") || !file.empty()) file.clear(), i = count;
        else file = argument;
    }
    if (file.empty()) {
        print(dump(failure(
            concat({"usage: ", entry.description.manual.name, " [--root DIR] FILE|- (see --help)"}))));
        return 1;
    }
    run(entry, root, file);
}
