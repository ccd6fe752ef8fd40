// SPDX-License-Identifier: GPL-3.0-or-later
// Generated files, read by real shells: what shell_value() says is what a shell holds, and set_shell_value()
// changes that and nothing else. The shells get no environment and run nothing but what is generated here.
#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>

#include <array>
#include <fstream>
#include <iterator>

#include "lib/formats/shell_variables.hpp"
#include "lib/text.hpp"
#include "tests/lib/catch.hpp"
#include "tests/lib/formats/shell_generator.hpp"
#include "tests/lib/tree.hpp"

using namespace virtbp;
using namespace generated;

namespace {

constexpr size_t count = 800;

/// The values that a shell has after each case, before and after the edit, in the order of names().
const std::vector<std::string>& names() {
    static const std::vector<std::string> all{name,      plain[0],  plain[1],  plain[2],
                                              opaque[0], opaque[1], opaque[2], unset};
    return all;
}
std::vector<std::string> values_in(std::vector<std::string> shell, const std::string& cases,
                                   const Tree& tree) {
    std::string print = "printf '%s\\0'";
    for (const auto& one : names()) print += " \"${" + one + "-}\"";
    shell.push_back("for i in" + cases + "; do for when in before after; do (\n" +
                    "for file in \"$0/$i/$when\"/*; do . \"$file\" >/dev/null 2>&1; done\n" + print +
                    "\n); done; done");
    shell.push_back(tree.root());

    const auto path = tree.root() + "/output";
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&actions, 1, path.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
    std::vector<char*> arguments;
    for (auto& argument : shell) arguments.push_back(argument.data());
    arguments.push_back(nullptr);
    std::string search = "PATH=/usr/bin:/bin";
    std::array<char*, 2> environment{search.data(), nullptr};
    pid_t child = 0;
    REQUIRE(posix_spawn(&child, arguments[0], &actions, nullptr, arguments.data(), environment.data()) == 0);
    posix_spawn_file_actions_destroy(&actions);
    int status = 0;
    REQUIRE(waitpid(child, &status, 0) == child);
    CHECK(status == 0);

    std::ifstream file(path, std::ios::binary);
    const std::string text{std::istreambuf_iterator<char>(file), {}};
    std::vector<std::string> values;
    for (const auto value : split(text, '\0')) values.emplace_back(value);
    values.pop_back();
    return values;
}

void check_values(const Case& made, const std::string* before, const std::string* after) {
    CHECK(before[0] == shell_value(made.before, name).text);
    CHECK(after[0] == made.wanted);
    for (size_t i = 1; i < names().size(); ++i) CHECK(after[i] == before[i]);
    for (size_t i = 0; i < plain.size(); ++i) CHECK(before[i + 1] == shell_value(made.before, plain[i]).text);
}

/// Only the last assignment of the name is another, or there is a new one at the end of the first file.
void check_lines(const Case& made) {
    size_t at = made.parts.size(), last = 0;
    std::string head, tail;
    for (size_t i = 0; i < made.parts.size(); ++i)
        for (size_t j = 0; j < made.parts[i].size(); ++j)
            if (made.parts[i][j].of_name) at = i, last = j;
    const bool is_new = at == made.parts.size();
    if (is_new) at = 0, last = made.parts[0].size();
    for (size_t j = 0; j < made.parts[at].size(); ++j)
        if (j != last) (j < last ? head : tail) += made.parts[at][j].text;
    const auto& text = made.after[at].text;
    CHECK(text.starts_with(head));
    CHECK(text.ends_with(tail));
    CHECK(text.size() >= head.size() + tail.size());
    const auto middle = std::string_view(text).substr(head.size(), text.size() - head.size() - tail.size());
    CHECK(middle.find(name) != std::string_view::npos);
    for (size_t i = 0; i < made.before.size(); ++i)
        if (i != at) CHECK(made.after[i].text == made.before[i].text);
}

std::string shown(const std::vector<ConfigFile>& files) {
    std::string all;
    for (const auto& file : files) all += "--- " + file.path + "\n" + file.text;
    return all;
}

/// `appends`: the shell knows +=.
void check_shell(const std::vector<std::string>& shell, const std::vector<Case>& cases, bool appends,
                 const Tree& tree) {
    std::string folders;
    for (size_t i = 0; i < cases.size(); ++i)
        if (appends || !cases[i].only_bash) folders += " " + std::to_string(i);
    const auto values = values_in(shell, folders, tree);
    const size_t step = names().size();
    size_t at = 0;
    for (const auto& made : cases) {
        if (made.only_bash && !appends) continue;
        CAPTURE(shell, shown(made.before), made.wanted, shown(made.after));
        REQUIRE(values.size() >= at + 2 * step);
        check_values(made, &values[at], &values[at + step]);
        at += 2 * step;
    }
    CHECK(at == values.size());
}

}  // namespace

TEST_CASE("real shells read what we read, and hold the wanted value after an edit") {
    Generator generator(20);
    const Tree tree;
    std::vector<Case> cases;
    size_t changes = 0;
    while (cases.size() < count) {
        auto made = generator.make();
        CAPTURE(shown(made.before), made.wanted);
        const auto changed = set_shell_value(made.before, name, made.wanted, "0.cfg");
        made.after = made.before;
        for (auto& file : made.after)
            if (const auto found = changed.find(file.path); found != changed.end()) file.text = found->second;
        CHECK(set_shell_value(made.after, name, made.wanted, "0.cfg").empty());
        if (!changed.empty()) check_lines(made);
        changes += changed.size();

        const auto folder = std::to_string(cases.size());
        for (const auto& file : made.before) tree.file("/" + folder + "/before/" + file.path, file.text);
        for (const auto& file : made.after) tree.file("/" + folder + "/after/" + file.path, file.text);
        cases.push_back(std::move(made));
    }
    CHECK(changes > count / 2);

    // /bin/sh, which runs grub-mkconfig, is one of the last two.
    check_shell({"/bin/bash", "--norc", "-p", "-c"}, cases, true, tree);
    check_shell({"/bin/bash", "--norc", "--posix", "-p", "-c"}, cases, true, tree);
    check_shell({"/bin/dash", "-c"}, cases, false, tree);
}

TEST_CASE("what no edit is sure of is refused with its place, in whatever file it stands") {
    const std::vector<std::string> unsure = {name + "=`true`\n",
                                             name + "=\"a $(true)\"\n",
                                             name + "=$((1 + 1))\n",
                                             name + "=${GRUB_TIMEOUT%5}\n",
                                             "if true; then " + name + "=a; fi\n",
                                             "for i in 1; do " + name + "=a; done\n",
                                             "true && " + name + "=a\n",
                                             "case a in a) " + name + "=a;; esac\n",
                                             "set_it() { " + name + "=a; }\n",
                                             name + "=a || true\n",
                                             "(" + name + "=a)\n",
                                             "readonly " + name + "\n",
                                             "unset " + name + "\n",
                                             "read -r " + name + " </dev/null\n",
                                             "eval true\n",
                                             ". ./none\n",
                                             "source ./none\n",
                                             "return 0\n",
                                             "exit 0\n",
                                             ": ${" + name + ":=a}\n",
                                             "cat <<EOF\nEOF\n",
                                             "GRUB_THEME='\n",
                                             "GRUB_THEME=\"\n",
                                             "GRUB_THEME=`\n",
                                             "GRUB_THEME=$(\n",
                                             "if true\n"};
    Generator generator(20);
    for (size_t i = 0; i < 10 * unsure.size(); ++i) {
        auto files = generator.make().before;
        auto& file = files.back();
        if (!file.text.ends_with('\n')) file.text += '\n';
        const auto line = std::to_string(lines(file.text).size() + 1);
        file.text += unsure[i % unsure.size()];
        CAPTURE(shown(files));
        const auto place = Catch::StartsWith(file.path + ":" + line + ": ");
        CHECK_THROWS_WITH(shell_value(files, name), place);
        CHECK_THROWS_WITH(set_shell_value(files, name, "new", "0.cfg"), place);
    }
}
