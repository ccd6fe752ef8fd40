// SPDX-License-Identifier: GPL-3.0-or-later
// What is refused, in shell_variables_test.cpp, no edit changes.
#include "lib/formats/shell_variables.hpp"

#include "tests/lib/catch.hpp"

using namespace virtbp;

namespace {

using Changed = std::map<std::string, std::string>;

const std::string name = "X";

std::string value(const std::string& text) { return shell_value({{"f", text}}, name).text; }

/// The one file after the edit; the text itself where nothing changes.
std::string set(const std::string& text, const std::string& wanted) {
    const auto changed = set_shell_value({{"f", text}}, name, wanted, "f");
    if (changed.empty()) return text;
    CHECK(changed.size() == 1);
    CHECK(value(changed.at("f")) == wanted);
    CHECK(set_shell_value({{"f", changed.at("f")}}, name, wanted, "f").empty());
    return changed.at("f");
}

}  // namespace

TEST_CASE("an edit changes the last assignment and nothing else") {
    CHECK(set("# X=0\nX=1\n\n  X=2  # why\nY=\"$Z\"", "3") == "# X=0\nX=1\n\n  X=3  # why\nY=\"$Z\"");
    CHECK(set("export X='a' Y=b\n", "c d") == "export X='c d' Y=b\n");
    CHECK(set("X=\"a \\\n b \\\n c\"\nY=1\n", "d") == "X=\"d\"\nY=1\n");
    CHECK(set("\tY=a; X=$Z ;Z=b # c\n", "d e") == "\tY=a; X=\"d e\" ;Z=b # c\n");
    CHECK(set("X=a", "b") == "X=b");
    CHECK(set("if a; then X=b; fi\nX=c\n", "d") == "if a; then X=b; fi\nX=d\n");
}

TEST_CASE("a value that is there already changes nothing") {
    CHECK(set_shell_value({{"f", "X='a'\"b\"\nX+=\" c\"\n"}}, name, "ab c", "f").empty());
    CHECK(set_shell_value({{"f", "Y=1"}}, name, "", "f").empty());
}

TEST_CASE("an edit keeps the quotes that can hold the value") {
    CHECK(set("X=\"\"\n", "quiet splash") == "X=\"quiet splash\"\n");
    CHECK(set("X=\"a\"\n", "") == "X=\"\"\n");
    CHECK(set("X=''\n", "a b") == "X='a b'\n");
    CHECK(set("X='a'\n", "b \"$\\`") == "X='b \"$\\`'\n");
    CHECK(set("X='a'\n", "it's $b") == "X=\"it's \\$b\"\n");
    CHECK(set("X='a'b\n", "c") == "X=\"c\"\n");
    CHECK(set("X=a\n", "hugepages=4") == "X=hugepages=4\n");
    CHECK(set("X=\n", "a") == "X=a\n");
    CHECK(set("X=a\n", "") == "X=\n");
    CHECK(set("X=a\n", "b c") == "X=\"b c\"\n");
    CHECK(set("X=a\n", "b;c") == "X=\"b;c\"\n");
    CHECK(set("X=a\n", "~") == "X=\"~\"\n");
    CHECK(set("X=\"a\"\n", "\"'$\\`#;&!*") == "X=\"\\\"'\\$\\\\\\`#;&!*\"\n");
}

TEST_CASE("an assignment that appends goes on appending where that gives the value") {
    CHECK(set("X=a\nX+=\" b\"\n", "a c") == "X=a\nX+=\" c\"\n");
    CHECK(set("X=a\nX+=' b'\n", "a c d") == "X=a\nX+=' c d'\n");
    CHECK(set("X=a\nX+=\" b\"\n", "a") == "X=a\nX+=\"\"\n");
    CHECK(set("X=a\nX=\"$X b\"\n", "a c") == "X=a\nX=\"$X c\"\n");
    CHECK(set("X=a\nX=\"${X} b\"\n", "a") == "X=a\nX=\"${X}\"\n");
    CHECK(set("X=a\nX=\"${X:+$X }b\"\n", "a c") == "X=a\nX=\"${X:+$X }c\"\n");
    CHECK(set("X=a\nX=\"${X:+$X }b\"\n", "a") == "X=a\nX=\"$X\"\n");
    CHECK(set("X=a\nX=$X' b'\n", "a c") == "X=a\nX=$X' c'\n");
    CHECK(set("X=\"$X b\"\n", "c") == "X=\"${X:+$X }c\"\n");
    CHECK(set("X=\"${X:+$X }b\"\n", "c") == "X=\"${X:+$X }c\"\n");
    CHECK(set("X+=\" b\"\n", "c") == "X+=\"c\"\n");
    CHECK(set("Y=a\nX=\"$Y b\"\n", "a c") == "Y=a\nX=\"$Y c\"\n");
    CHECK(set("X=a\nX+=\"b\"\r\n", "a c") == "X=a\nX+=\" c\"\n");
}

TEST_CASE("an assignment that appends becomes a plain one where it cannot give the value") {
    CHECK(set("X=a\nX+=\" b\"\n", "c b") == "X=a\nX=\"c b\"\n");
    CHECK(set("X=a\nX+=\" b\"\n", "ac") == "X=a\nX=\"ac\"\n");
    CHECK(set("X=a\nX=\"$X b\"\n", "b") == "X=a\nX=\"b\"\n");
    CHECK(set("X=a\nX=\"${X:+$X }b\"\n", "") == "X=a\nX=\"\"\n");
    CHECK(set("X_Y=a\nX=\"$X_Y b\"\n", "c") == "X_Y=a\nX=\"c\"\n");
}

TEST_CASE("the last file that assigns the variable is edited") {
    const std::vector<ConfigFile> files = {
        {"/etc/default/grub", "X=\"quiet\"\n"}, {"a.cfg", "X=\"$X crash\"\n"}, {"b.cfg", "Y=1\n"}};
    CHECK(set_shell_value(files, name, "quiet splash", "b.cfg") == Changed{{"a.cfg", "X=\"$X splash\"\n"}});
}

TEST_CASE("a variable that no file assigns is added at the end of the one that is named") {
    CHECK(set("", "a") == "X=\"a\"\n");
    CHECK(set("Y=1", "a $b") == "Y=1\nX=\"a \\$b\"\n");
    CHECK(set("Y=1\r\n", "a") == "Y=1\r\nX=\"a\"\n");
    CHECK(set_shell_value({{"f", "Y=1\n"}, {"g", "Z=\"$X\"\n"}}, name, "a", "f") ==
          Changed{{"f", "Y=1\nX=\"a\"\n"}});
    CHECK(set_shell_value({{"f", "Y=1\n"}}, name, "a", "new") == Changed{{"new", "X=\"a\"\n"}});
}

TEST_CASE("what would not be read as the value again is refused") {
    CHECK_THROWS_WITH(set("a \\\n", "b"), "f:2: X cannot be given the value here");
    CHECK_THROWS_WITH(set("<\\", "b"), "f:2: X cannot be given the value here");
    CHECK_THROWS_WITH(set("# a\nY=a b \\", "b"), "f:3: X cannot be given the value here");
    CHECK(set("# a \\", "b") == "# a \\\nX=\"b\"\n");
    CHECK_THROWS_WITH(set("X=a", "b\nc"), "X: the value must be one line");
    CHECK_THROWS_WITH(set("X=a", "b\r"), "X: the value must be one line");
    CHECK_THROWS_WITH(set("X=a", {"b\0", 2}), "X: the value must be one line");
}

TEST_CASE("GRUB's own variables stay GRUB's") {
    CHECK(set("X=\"quiet \\$tuned_params\"\n", "hugepages=4 $tuned_params") ==
          "X=\"hugepages=4 \\$tuned_params\"\n");
    CHECK(set("X='quiet $tuned_params'\n", "hugepages=4 $tuned_params") == "X='hugepages=4 $tuned_params'\n");
    CHECK(set("X=\"quiet $tuned_params\"\n", "$tuned_params") == "X=\"\\$tuned_params\"\n");
}

TEST_CASE("the edited line loses its carriage return, with which the value would end; others stay") {
    CHECK(set("Y=1\r\nX='a b'\r\nZ=2\r\n", "a b") == "Y=1\r\nX='a b'\nZ=2\r\n");
    CHECK(set("Y=1\r\nX=a\r\nZ=2\r\n", "b") == "Y=1\r\nX=b\nZ=2\r\n");
    CHECK(set("X=\"a\" # c\r\n", "b") == "X=\"b\" # c\r\n");
}

TEST_CASE("of repeated assignments only the last one is written") {
    CHECK(set("X=\"a\"\nX=\"b\"\nexport X=\"c\"\n", "d") == "X=\"a\"\nX=\"b\"\nexport X=\"d\"\n");
}
