// SPDX-License-Identifier: GPL-3.0-or-later
// What a real shell makes of such files is in shell_variables_shell_test.cpp.
#include "lib/formats/shell_variables.hpp"

#include "lib/error.hpp"
#include "tests/lib/catch.hpp"

using namespace virtbp;

namespace {

const std::string name = "X";

ShellValue read(const std::string& text) { return shell_value({{"f", text}}, name); }
std::string value(const std::string& text) { return read(text).text; }

/// Both reading and editing refuse it, with this message.
void check_refused(const std::string& text, const std::string& message) {
    CAPTURE(text);
    CHECK_THROWS_WITH(read(text), message);
    CHECK_THROWS_WITH(set_shell_value({{"f", text}}, name, "new", "f"), message);
}

}  // namespace

TEST_CASE("the last assignment counts, and is where the value is from") {
    const auto found = shell_value({{"f", "X=a\nX=b\n"}, {"g", "# X=c\n\nX=d"}, {"h", "XX=e\n"}}, name);
    CHECK(found.text == "d");
    CHECK(found.path == "g");
    CHECK(found.line == 3);
}

TEST_CASE("a variable that no file assigns is empty and of no file") {
    const auto found = read("XX=a\n#X=b\nY=X=c\necho X=d\n");
    CHECK(found.text.empty());
    CHECK(found.path.empty());
    CHECK(found.line == 0);
}

TEST_CASE("quotes and escapes are the shell's") {
    CHECK(value("X=quiet\n") == "quiet");
    CHECK(value("X=\"\"\n").empty());
    CHECK(value("X=\n").empty());
    CHECK(value("X=''\n").empty());
    CHECK(value("X=\"quiet splash\"") == "quiet splash");
    CHECK(value("X='quiet \"splash\" \\ $Y'") == "quiet \"splash\" \\ $Y");
    CHECK(value("X=\"a\\\"b\\\\c\\$d\\`e\\f\"") == "a\"b\\c$d`e\\f");
    CHECK(value("X=a\\ b\\\"c") == "a b\"c");
    CHECK(value("X=\"a\"'b'c\\d\"$Y\"") == "abcd");
    CHECK(value("X=a#b") == "a#b");
    CHECK(value("X=\"a # b\" # c") == "a # b");
    CHECK(value("X='a\nb'") == "a\nb");
    CHECK(value("X=a$") == "a$");
    CHECK(value("X=\"$ a$\"") == "$ a$");
}

TEST_CASE("GRUB's own variables are kept, however they are quoted") {
    CHECK(value("X=\"quiet \\$tuned_params\"") == "quiet $tuned_params");
    CHECK(value("X='quiet $tuned_params'") == "quiet $tuned_params");
    CHECK(value("X=\"quiet $tuned_params\"") == "quiet ");
}

TEST_CASE("lines that are continued are one") {
    CHECK(value("X=\"a \\\nb\"\n") == "a b");
    CHECK(value("X='a \\\nb'\n") == "a \\\nb");
    CHECK(value("X=a\\\nb\\\n c\nX=d\n") == "d");
    CHECK(value("Y=a\nX\\\n=$\\\nY\\\nZ\n").empty());
    CHECK(value("# comment \\\nX=a\n") == "a");
    CHECK(read("Y=\"a\\\nb\nc\"\n\nX=d\n").line == 5);
}

TEST_CASE("references are to what was assigned before, in whatever file") {
    CHECK(value("Y=a\nX=$Y-${Y}\nY=b\n") == "a-a");
    CHECK(value("X=\"$X new\"\n") == " new");
    CHECK(value("X=\"${X:+$X }new\"\n") == "new");
    CHECK(value("X=old\nX=\"${X:+$X }new\"\n") == "old new");
    CHECK(value("X=${Y:-'a b'}\n") == "a b");
    CHECK(value("Y=c\nX=\"${Y:-a b}$Y\"\n") == "cc");
    CHECK(value("Y=c\nX=\"${Y:+its \\} ${Z:-deep}}\"\n") == "its } deep");
    CHECK(value("Y=c\nX='$Y'\"\\$Y\"\\$Y\n") == "$Y$Y$Y");
    CHECK(shell_value({{"f", "X=a\n"}, {"g", "X=\"$X b\"\n"}}, name).text == "a b");
}

TEST_CASE("+= appends to what is there") {
    CHECK(value("X=a\nX+=b\nX+=\" c\"\n") == "ab c");
    CHECK(value("X+=a\n") == "a");
    CHECK(value("Y=b\nX=a\nX+=$Y$X\n") == "aba");
}

TEST_CASE("export is an assignment, and without a value none") {
    CHECK(value("export X=\"a b\"\n") == "a b");
    CHECK(value("X=a\nexport X Y=b Z\n") == "a");
    CHECK(value("export Y=a X=b\n") == "b");
    CHECK(value("Y=a\nexport X=\"$Y b\"\n") == "a b");
    check_refused("Y=a\nexport X=$Y\n", "f:2: X depends on a reference without quotes after export");
    check_refused("export X={a,b}\n", "f:1: X depends on a pattern after export");
}

TEST_CASE("several assignments may be on a line") {
    CHECK(value("Y=a; X=$Y; Z=b\n") == "a");
    CHECK(value("Y=a X=$Y Z=b\n") == "a");
}

TEST_CASE("a carriage return before the end of a line is the shell's text") {
    CHECK(value("X=\"a\"\r\nY=b\r\n") == "a\r");
    CHECK(value("X=\r\n") == "\r");
    CHECK(value("\r\nX=\"a\" # c\r\n") == "a");
    CHECK(value("X=\"a\\\r\nb\"\n") == "a\\\r\nb");
    check_refused("X=\"a\" \r\n", "f:1: X depends on an assignment for one command");
}

TEST_CASE("other variables may hold what nobody can know") {
    const std::string others =
        "GRUB_DISTRIBUTOR=`( . /etc/os-release; echo ${NAME:-Debian} ) 2>/dev/null || echo Debian`\n"
        "Y=\"$(sed 's, release .*$,,g' /etc/system-release)\"\n"
        "A=$(case $Y in a) X=1 ;; (b) X=\"$(echo ')')\" ;; esac # isn't it\n)\n"
        "B=$((1 + (2 * 3)))\n"
        "C=${Y%%-*}${Y#\"}\"}'\"'\n"
        "echo \"including $Y\" >&2\n"
        "unset Z W\n"
        "if [ \"$Y\" = a ] && [ -x /bin/b ]; then\n    Z=1\nelif test c; then Z=2; else Z=3; fi 2>/dev/null\n"
        "for i in 1 2; do W=$i; done; while false; do :; done\n"
        "for i do W=$i; done\n"
        "case $Y in\n    a | b) Z=4 ;;\n    *) Z=5\nesac\n"
        "helper() {\n    local V=1\n    return 0\n}\n"
        "function other { V=2; }\n"
        "[[ -z $Y && a < b ]] || Z=6\n"
        ": ${T:=tiny}\n"
        "(cd / && S=7) & { R=8; }\n"
        "printf '%s\\n' \"$Y\" | cat >/dev/null 2>&1\n";
    CHECK(value("X=a\n" + others) == "a");
    CHECK(value(others + "X=a\n") == "a");
    CHECK(set_shell_value({{"f", others + "X=a"}}, name, "b", "f").at("f") == others + "X=b");
    CHECK(set_shell_value({{"f", others}}, name, "b c", "f").at("f") == others + "X=\"b c\"\n");
    for (const std::string other :
         {"A", "B", "C", "GRUB_DISTRIBUTOR", "R", "S", "T", "V", "W", "Y", "Z", "i"}) {
        CAPTURE(other);
        CHECK_THROWS(shell_value({{"f", others}}, other));
    }
}

TEST_CASE("what the value cannot be known from is refused, with its line") {
    const std::string often = "f:2: X depends on an assignment that is not always made";
    check_refused("X=a\nX=`b`\n", "f:2: X depends on a command substitution");
    check_refused("X=a\nX=\"a$(b)\"\n", "f:2: X depends on a command substitution");
    check_refused("X=$((1 + 1))\n", "f:1: X depends on arithmetic");
    const std::string other =
        " depends on an expansion other than $NAME, ${NAME}, ${NAME:+word} and ${NAME:-word}";
    for (const std::string expansion : {"${Y%z}", "${Y#z}", "${Y/a/b}", "${#Y}", "${!Y}", "${Y-z}", "${Y+z}",
                                        "${Y:?z}", "${Y:0:1}", "$1", "$@", "$?", "$$", "${1}", "$\"a\""})
        check_refused("X=" + expansion + "\n", "f:1: X" + other);
    check_refused("X=~/a\n", "f:1: X depends on a home directory (~)");
    check_refused("X=\"${Y:-\"a\"}\"\n", "f:1: X depends on quotes in an expansion in quotes");
    check_refused("X=root=$GRUB_DEVICE\n", "f:1: X depends on a variable that no file sets");
    check_refused("if a; then\nX=b\nfi\n", often);
    check_refused("while a; do\nX=b; done\n", often);
    check_refused("for i in a; do\nX=b; done\n", often);
    check_refused("case a in\nb) X=b;; esac\n", often);
    check_refused("f() {\nX=b; }\nX=c\n", often);
    check_refused("function f\n{ X=b; }\n", often);
    check_refused("(\nX=b)\n", often);
    check_refused("{\nX=b; }\n", often);
    check_refused("a &&\n X=b\n", often);
    check_refused("a ||\nX=b\n", often);
    check_refused("a |\nX=b\n", often);
    check_refused("\nX=b &\n", often);
    check_refused("\n! X=b\n", often);
    check_refused("\nX=a && b\n", often);
    check_refused("\n: ${X:=a}\n", often);
    check_refused("\nif a; then export X=b; fi\n", "f:2: X depends on a command that sets it");
    check_refused("X=a\nread X\n", "f:2: X depends on a command that sets it");
    check_refused("X=a\nunset X\n", "f:2: X depends on a command that sets it");
    check_refused("readonly X=a\nX=b\n", "f:1: X depends on a command that sets it");
    check_refused("declare -i X\nX=b\n", "f:1: X depends on a command that sets it");
    check_refused("printf -v X a\n", "f:1: X depends on a command that sets it");
    check_refused("for X in a; do b; done\n", "f:1: X depends on a loop's variable");
    check_refused("X=a b\n", "f:1: X depends on an assignment for one command");
    check_refused("X=a\nX[0]=b\n", "f:2: X depends on an array");
    const std::string any = "f:2: X depends on a command that may set or end anything";
    check_refused("X=a\n. /etc/other\n", any);
    check_refused("X=a\nsource other\n", any);
    check_refused("X=a\nev\\al b\n", any);
    check_refused("X=a\ncommand eval b\n", any);
    check_refused("\nexit 0\nX=a\n", any);
    check_refused("\n[ -e a ] || return\nX=a\n", any);
    check_refused("\nf() { eval a; }\nX=a\n", any);
    check_refused("X=a\n$command b\n", "f:2: X depends on a command whose name is not written out");
}

TEST_CASE("an assignment after what is not known is known again") {
    CHECK(value("if a; then X=b; fi\nX=c\n") == "c");
    CHECK(value(". /etc/os-release\nX=c\n") == "c");
    CHECK(value("X=$(a)\nX=c\n") == "c");
    check_refused("X=$(a)\nX+=b\n", "f:1: X depends on a command substitution");
    check_refused("X=$(a)\nX=\"$X b\"\n", "f:1: X depends on a command substitution");
}

TEST_CASE("a reference to a variable that is not known names the line of that one") {
    check_refused("Y=`a`\n\nX=\"$Y b\"\n", "f:1: X depends on a command substitution");
    check_refused("if a; then\nY=b; fi\nZ=$Y\nX=$Z\n",
                  "f:2: X depends on an assignment that is not always made");
    CHECK_THROWS_WITH(shell_value({{"f", "\nY=`a`\n"}, {"g", "X=$Y\n"}}, name),
                      "f:2: X depends on a command substitution");
}

TEST_CASE("what is no shell text, or too much of it, is refused with its line") {
    check_refused("X=a\nY=\"b\n\n", "f:2: a quote or an expansion has no end");
    check_refused("Y='b\n", "f:1: a quote or an expansion has no end");
    check_refused("Y=`b\n", "f:1: a quote or an expansion has no end");
    check_refused("Y=${b\n", "f:1: a quote or an expansion has no end");
    check_refused("\nY=$(b\n", "f:2: a substitution without its end");
    check_refused("cat <<END\nX=a\nEND\nX=b\n", "f:1: a here-document");
    check_refused("\nif a; then\n", "f:2: a command without its end");
    check_refused("if a; then\r\nX=b\r\nfi\r\n", "f:1: a command without its end");
    check_refused("\nfi\n", "f:2: an unexpected fi");
    check_refused("a)\n", "f:1: an unexpected )");
    check_refused("{ a; } b\n", "f:1: an unexpected b");
    check_refused("if a; do b; fi\n", "f:1: an unexpected do");
    check_refused("a ;;\n", "f:1: an unexpected ;;");
    check_refused("case a b\n", "f:1: a case without its in");
    check_refused("X=(a b)\n", "f:1: an array or an unexpected (");
    check_refused("a (b)\n", "f:1: an unexpected (");
    check_refused("f() a\n", "f:1: a function without { }");
    check_refused("((X = 1))\n", "f:1: an arithmetic command");
    check_refused("Y=$((X = 1))\n", "f:1: arithmetic that may set a variable");
    check_refused("a <(X=1)\n", "f:1: a process substitution");
    check_refused("a >\n", "f:1: a redirection without a file");
    check_refused("X=$'a'\n", "f:1: an expansion that only bash knows");
    check_refused("Y=\"${Z:-it's}\"\n", "f:1: a single quote in an expansion in double quotes");
    check_refused("Y=${!X:=a}\n", "f:1: an expansion that sets a variable by another's value");
    check_refused({"X=a\0b\n", 6}, "f:1: a NUL byte in shell text");
    std::string deep, doubling = "X=12345678\n";
    for (int i = 0; i < 100000; ++i) deep += "$(";
    for (int i = 0; i < 100; ++i) doubling += "X=$X$X\n";
    check_refused(deep, "f:1: quotes and expansions nested too deep");
    check_refused(doubling, "f:24: the variables grow too large");
}

TEST_CASE("large and hostile texts take no longer than their length") {
    constexpr size_t size = 1 << 17;
    for (const std::string piece : {"X+=a\n",
                                    "a\n",
                                    "'a'",
                                    "\"$(",
                                    "a;",
                                    "{ ",
                                    "( ",
                                    "if ",
                                    "\\\n",
                                    "a&&",
                                    "X=a;f(){ X=b;}\n",
                                    "X[",
                                    "${a:-",
                                    "#",
                                    "case a in a) ",
                                    "eval a;",
                                    "Y=$X\n",
                                    "a>b ",
                                    "<",
                                    "`",
                                    "$"}) {
        CAPTURE(piece);
        std::string text = "X=1\n";
        while (text.size() < size) text += piece;
        try {
            set_shell_value({{"f", text}}, name, "new value", "f");
        } catch (const Error& error) {
            CHECK(std::string(error.what()).starts_with("f:"));
        }
    }
}
