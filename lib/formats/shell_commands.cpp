// SPDX-License-Identifier: GPL-3.0-or-later
#include "lib/formats/shell_commands.hpp"

#include <initializer_list>
#include <optional>
#include <string_view>
#include <utility>

#include "lib/text.hpp"

namespace virtbp {

namespace {

using Runs = ShellCommand::Runs;

/// What is open around a command. A `case` is at its patterns or in a branch.
enum class Open { condition, loop, patterns, branch, group, subshell };

constexpr std::pair<std::string_view, Open> openers[] = {
    {"if", Open::condition}, {"while", Open::loop},  {"until", Open::loop},
    {"for", Open::loop},     {"select", Open::loop}, {"{", Open::group},
};
constexpr std::pair<std::string_view, Open> closers[] = {
    {"fi", Open::condition}, {"done", Open::loop}, {"esac", Open::branch}, {"}", Open::group}};

/// The commands of a text or of a substitution, as far as they are read.
struct List {
    struct Compound {
        Open kind;
        int line;
    };
    std::vector<ShellCommand> commands = {};
    ShellCommand command = {};  ///< the one that is being read
    std::vector<Compound> open = {};
    size_t begin = 0;                        ///< of the commands that && and its like may still join
    bool joined = false;                     ///< and that they do
    bool continues = false;                  ///< after an operator that goes on in the next line
    bool closed = false;                     ///< after `fi` and its like: no word may follow
    bool redirects = false;                  ///< the next word is a file
    bool redirected = false;                 ///< the command is, and not run where that fails
    bool names_function = false;             ///< the next compound command is a function's body
    std::optional<size_t> function_at = {};  ///< how much is open around the function that is being read

    bool in(Open kind) const { return !open.empty() && open.back().kind == kind; }
};

bool is_one_of(std::initializer_list<std::string_view> words, std::string_view word) {
    for (const auto one : words)
        if (one == word) return true;
    return false;
}

class Reader : public ShellWordReader {
public:
    using ShellWordReader::ShellWordReader;

    std::vector<ShellCommand> read() {
        List list;
        read_list(list, false);
        return std::move(list.commands);
    }

protected:
    void take_substitution() override {
        List list;
        read_list(list, true);
    }

private:
    [[noreturn]] void refuse(int line, std::string_view word) const {
        fail(line, concat({"an unexpected ", word}));
    }

    void end_command(List& list);
    void end_list(List& list);
    void join(List& list);
    void open(List& list, Open kind, int line);
    void close(List& list, Open kind, std::string_view word);
    /// False where the word is none of the shell's own.
    bool read_keyword(List& list, const ShellWord& word);
    void read_word(List& list);
    void read_redirection(List& list);
    void read_parenthesis(List& list);
    void read_operator(List& list, char c);
    /// Up to the end, or over the ')' of a substitution.
    void read_list(List& list, bool substitution);
};

void Reader::end_command(List& list) {
    if (list.redirects) fail(line(), "a redirection without a file");
    auto& command = list.command;
    command.assigned = std::exchange(assigned, {});
    if (!command.words.empty() || !command.assigned.empty()) {
        if (list.function_at) command.runs = Runs::in_function;
        else if (!list.open.empty() || list.redirected || !command.assigned.empty())
            command.runs = Runs::maybe;
        command.line = command.words.empty() ? line() : command.words.front().line;
        list.commands.push_back(std::move(command));
    }
    command = {};
    list.closed = list.redirected = false;
}

void Reader::end_list(List& list) {
    end_command(list);
    if (!list.open.empty()) return;
    for (size_t i = list.begin; list.joined && i < list.commands.size(); ++i)
        if (list.commands[i].runs == Runs::always) list.commands[i].runs = Runs::maybe;
    list.begin = list.commands.size();
    list.joined = false;
}

void Reader::join(List& list) {
    end_command(list);
    list.joined = list.continues = true;
}

void Reader::open(List& list, Open kind, int line) {
    if (list.names_function && !list.function_at) list.function_at = list.open.size();
    list.names_function = list.continues = false;
    list.open.push_back({kind, line});
}

void Reader::close(List& list, Open kind, std::string_view word) {
    if (!list.in(kind)) refuse(line(), word);
    end_command(list);
    list.open.pop_back();
    if (list.function_at == list.open.size()) list.function_at.reset();
    list.closed = true;
}

bool Reader::read_keyword(List& list, const ShellWord& word) {
    for (const auto& [text, kind] : closers) {
        if (word.text != text) continue;
        close(list, kind, text);
        return true;
    }
    const auto is = [&word](std::initializer_list<std::string_view> any) {
        return is_one_of(any, word.text);
    };
    if (is({"then", "elif", "else", "do"})) {
        if (!list.in(is({"do"}) ? Open::loop : Open::condition)) refuse(word.line, word.text);
        list.closed = false;
        return true;
    }
    if (list.closed) refuse(word.line, word.text);
    for (const auto& [text, kind] : openers) {
        if (word.text != text) continue;
        open(list, kind, word.line);
        return !is({"for", "select"});
    }
    if (is({"case"})) {
        skip_blanks();
        take_word();
        for (skip_blanks(); take_if('\n');) skip_blanks();
        if (take_word().text != "in") fail(word.line, "a case without its in");
        open(list, Open::patterns, word.line);
        return true;
    }
    if (is({"function"})) {
        skip_blanks();
        take_word();
        skip_blanks();
        if (take_if('(')) {
            skip_blanks();
            if (!take_if(')')) refuse(line(), "(");
        }
        list.names_function = true;
        return true;
    }
    if (is({"!"})) list.joined = true;
    return is({"!"});
}

void Reader::read_word(List& list) {
    auto word = take_word();
    auto& words = list.command.words;
    if (list.redirects) {
        list.redirects = false;
    } else if (list.in(Open::patterns)) {
        if (word.text != "esac") return;
        list.open.back().kind = Open::branch;
        close(list, Open::branch, word.text);
    } else if ((peek() == '<' || peek() == '>') &&
               word.text.find_first_not_of("0123456789") == std::string::npos) {
        return;  // a descriptor
    } else if (words.size() == 2 && word.text == "do" && is_one_of({"for", "select"}, words[0].text)) {
        end_command(list);
    } else if (!words.empty() || !read_keyword(list, word)) {
        if (list.names_function) fail(word.line, "a function without { }");
        words.push_back(std::move(word));
        list.continues = false;
    }
}

void Reader::read_redirection(List& list) {
    const int begin = line();
    const bool reads = peek() == '<';
    take();
    if (peek() == '(') fail(begin, "a process substitution");
    if (reads && take_if('<')) {
        if (!take_if('<')) fail(begin, "a here-document");
    } else if (!take_if('&') && !take_if('|')) {
        take_if('>');
    }
    list.redirects = list.redirected = true;
    list.continues = false;
}

void Reader::read_parenthesis(List& list) {
    const int begin = line();
    auto& words = list.command.words;
    take();
    if (list.in(Open::patterns)) return;
    if (words.empty() && !list.closed && !list.redirects) {
        if (peek() == '(') fail(begin, "an arithmetic command");
        return open(list, Open::subshell, begin);
    }
    if (words.size() != 1 || words[0].text.find('=') != std::string::npos)
        fail(begin, "an array or an unexpected (");
    skip_blanks();
    if (!take_if(')')) refuse(begin, "(");
    words.clear();
    list.names_function = true;
}

void Reader::read_operator(List& list, char c) {
    take();
    if (c == ';') {
        end_list(list);
        if (!take_if(';') && !take_if('&')) return;
        take_if('&');
        if (!list.in(Open::branch)) refuse(line(), ";;");
        list.open.back().kind = Open::patterns;
    } else if (c == '&') {
        if (take_if('&')) return join(list);
        list.joined = true;
        // bash's &> is a redirection, for other shells it is two operators.
        if (peek() != '>') end_list(list);
    } else if (!list.in(Open::patterns)) {
        if (!take_if('|')) take_if('&');
        join(list);
    }
}

void Reader::read_list(List& list, bool substitution) {
    const int begin = line();
    for (;;) {
        skip_blanks();
        const char c = peek();
        switch (c) {
            case '\0':
                if (substitution) fail(begin, "a substitution without its end");
                if (!list.open.empty()) fail(list.open.back().line, "a command without its end");
                return end_list(list);
            case '\n':
                if (list.continues || list.names_function) end_command(list);
                else end_list(list);
                take();
                break;
            case '#': skip_comment(); break;
            case ';':
            case '&':
            case '|': read_operator(list, c); break;
            case '(': read_parenthesis(list); break;
            case ')':
                if (substitution && list.open.empty()) {
                    end_command(list);
                    return take();
                }
                if (list.in(Open::patterns)) list.open.back().kind = Open::branch;
                else close(list, Open::subshell, ")");
                take();
                break;
            case '<':
            case '>': read_redirection(list); break;
            default: read_word(list);
        }
    }
}

}  // namespace

std::vector<ShellCommand> parse_shell(const ConfigFile& file) { return Reader(file).read(); }

}  // namespace virtbp
