// SPDX-License-Identifier: GPL-3.0-or-later
// Commands: no shell between us and them, no language, and an end.
#include <sys/stat.h>

#include <chrono>
#include <csignal>
#include <cstdlib>

#include "lib/error.hpp"
#include "lib/system.hpp"
#include "lib/text.hpp"
#include "tests/lib/catch.hpp"
#include "tests/lib/child.hpp"
#include "tests/lib/tree.hpp"

using namespace virtbp;
using Catch::Contains;

namespace {

/// The same environment again at the end.
class Variable {
public:
    Variable(const char* name, const std::string& value) : name_(name) {
        if (const char* old = getenv(name)) old_ = old;
        setenv(name, value.c_str(), 1);
    }
    ~Variable() {
        if (old_) setenv(name_, old_->c_str(), 1);
        else unsetenv(name_);
    }
    Variable(const Variable&) = delete;
    Variable& operator=(const Variable&) = delete;

private:
    const char* name_;
    std::optional<std::string> old_;
};

Output shell(const std::string& script) { return System("/").query({"sh", "-c", script}).value(); }

long milliseconds_of(const std::function<void()>& work) {
    const auto start = std::chrono::steady_clock::now();
    work();
    return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - start)
        .count();
}

}  // namespace

TEST_CASE("an argument stays what it is, whatever a shell would make of it") {
    const Deadline deadline;
    const Tree tree;
    const auto touched = tree.root() + "/x";
    const std::vector<std::string> texts{"$(touch " + touched + ")",
                                         "`touch " + touched + "`",
                                         "; touch " + touched,
                                         "a  b'\"\\",
                                         "*",
                                         "-n",
                                         ""};
    for (const auto& text : texts) {
        const auto output = System("/").query({"printf", "%s", text});
        REQUIRE(output);
        CHECK(output->out == text);
    }
    CHECK_FALSE(System("/").exists(touched));
}

TEST_CASE("an argument with a NUL byte is refused, not cut") {
    CHECK_THROWS_WITH(System("/").query({"printf", std::string("a\0b", 3)}),
                      Contains("an argument has a NUL byte"));
    System system("/");
    CHECK_THROWS_WITH(system.run({"printf", std::string("a\0b", 3)}), Contains("an argument has a NUL byte"));
    CHECK(system.journal().empty());
}

TEST_CASE("commands speak the C locale and have the rest of the environment") {
    const Deadline deadline;
    const Variable all("LC_ALL", "de_DE.UTF-8"), lang("LANG", "de_DE.UTF-8"),
        messages("LC_MESSAGES", "de_DE.UTF-8"), language("LANGUAGE", "de"), other("VIRTBP_TEST", "kept");
    const auto output = System("/").query({"env"});
    REQUIRE(output);
    std::vector<std::string> of_language, kept;
    for (const auto line : lines(output->out)) {
        if (line.starts_with("LC_") || line.starts_with("LANG")) of_language.emplace_back(line);
        if (line.starts_with("VIRTBP_TEST=")) kept.emplace_back(line);
    }
    CHECK(of_language == std::vector<std::string>{"LC_ALL=C"});
    CHECK(kept == std::vector<std::string>{"VIRTBP_TEST=kept"});
}

TEST_CASE("status and both outputs are told") {
    const Deadline deadline;
    const auto output = shell("echo out; echo err >&2; exit 3");
    CHECK(output.status == 3);
    CHECK(output.out == "out\n");
    CHECK(output.err == "err\n");
    CHECK(shell("kill -9 $$").status == 137);
    CHECK(shell("cat").out.empty());  // there is no input
}

TEST_CASE("what was ignored before us is not ignored by a command") {
    const Deadline deadline;
    const auto before = std::signal(SIGPIPE, SIG_IGN);
    CHECK(shell("kill -PIPE $$; echo alive").status == 128 + SIGPIPE);
    std::signal(SIGPIPE, before);
}

TEST_CASE("a command is found in the folders of root's PATH too") {
    const Deadline deadline;
    const Tree tree;
    tree.file("/printf", "#!/bin/sh\necho ours\n");
    chmod((tree.root() + "/printf").c_str(), 0755);
    {
        const Variable path("PATH", "/nonexistent");
        CHECK(System("/").query({"printf", "theirs"})->out == "theirs");
    }
    {
        const Variable path("PATH", tree.root());
        CHECK(System("/").query({"printf", "theirs"})->out == "ours\n");
    }
    const Variable path("PATH", "relative::.");
    CHECK(System("/").query({"printf", "theirs"})->out == "theirs");
}

TEST_CASE("a command that is not installed is nothing to ask, and an error to run") {
    System system("/");
    CHECK_FALSE(system.query({"no-such-command-of-virtbp", "x"}));
    CHECK_THROWS_WITH(system.run({"no-such-command-of-virtbp", "x"}),
                      "cannot run no-such-command-of-virtbp x: no-such-command-of-virtbp is not installed");
    CHECK(system.journal().empty());
}

TEST_CASE("a file that cannot be executed is an error") {
    const Tree tree;
    tree.file("/broken-command",
              "\x7f"
              "ELF but not really");
    chmod((tree.root() + "/broken-command").c_str(), 0755);
    const Variable path("PATH", tree.root());
    CHECK_THROWS_WITH(System("/").query({"broken-command"}), Contains("cannot run") && Contains("(ENOEXEC)"));
}

TEST_CASE("a change by a command is recorded, and its failure told in its own words") {
    const Deadline deadline;
    System system("/");
    system.run({"true", "and", "more"});
    REQUIRE(system.journal().size() == 1);
    CHECK(system.journal()[0].verb == "run");
    CHECK(system.journal()[0].path == "true and more");
    CHECK_THROWS_WITH(system.run({"sh", "-c", "echo why >&2; exit 2"}),
                      "sh -c echo why >&2; exit 2 failed with status 2: why");
    CHECK_THROWS_WITH(system.run({"sh", "-c", "echo out; exit 2"}), Contains("status 2: out"));
}

TEST_CASE("on another root no command is run") {
    const Tree tree;
    System system(tree.root());
    CHECK_FALSE(system.query({"true"}));
    const auto file = tree.root() + "/made";
    system.run({"touch", file});
    CHECK(system.kind("/made") == Kind::none);
    CHECK(system.journal().empty());
}

TEST_CASE("output beyond a mebibyte is read and left out") {
    const Deadline deadline;
    const auto output = shell("head -c 5000000 /dev/zero; head -c 300000 /dev/zero >&2; echo end >&2");
    CHECK(output.status == 0);
    CHECK(output.out.size() >= 1U << 20U);
    CHECK(output.out.size() < (1U << 20U) + 8192);
    CHECK(output.err.size() == 300'004);
    CHECK(output.err.ends_with("end\n"));
}

TEST_CASE("what a command wrote just before its end is read to the end") {
    const Deadline deadline;
    for (int i = 0; i < 20; ++i) CHECK(shell("head -c 60000 /dev/zero").out.size() == 60'000);
}

TEST_CASE("a child that a command leaves behind with its output is not waited for") {
    const Deadline deadline;
    Output output;
    CHECK(milliseconds_of([&] { output = shell("sleep 9 & echo done; exit 5"); }) < 5'000);
    CHECK(output.status == 5);
    CHECK(output.out == "done\n");
    CHECK(milliseconds_of([&] { output = shell("yes & exit 6"); }) < 5'000);
    CHECK(output.status == 6);
}

TEST_CASE("a command that closes its output is waited for") {
    const Deadline deadline;
    CHECK(shell("exec >&- 2>&-; sleep 0.2; exit 4").status == 4);
}
