// SPDX-License-Identifier: GPL-3.0-or-later
#include "lib/formats/tmpfiles.hpp"

#include "lib/error.hpp"
#include "lib/text.hpp"
#include "tests/lib/catch.hpp"

using namespace virtbp;

namespace {

const std::string run = "/sys/kernel/mm/ksm/run";

/// "file:line value" of each write, joined by commas.
std::string show(const std::vector<TmpfilesWrite>& writes) {
    std::string text;
    for (const auto& [value, path, line] : writes)
        append(text, {text.empty() ? "" : ", ", path, ":", std::to_string(line), " ", value});
    return text;
}

std::string show(const std::string& text) { return show(tmpfiles_writes({{"f", text}}, run)); }

}  // namespace

TEST_CASE("a tmpfiles.d line has seven fields") {
    const auto entries = parse_tmpfiles(
        "# comment\n"
        "\n"
        "  w!+ /sys/kernel/mm/ksm/run - - - - 1\n"
        "d /run/virtbp 0750 root kvm 10d\r\n"
        "f /etc/a\n");
    REQUIRE(entries.size() == 3);
    CHECK(entries[0].type == 'w');
    CHECK(entries[0].modifiers == "!+");
    CHECK(entries[0].path == run);
    CHECK(entries[0].mode.empty());
    CHECK(entries[0].age.empty());
    CHECK(entries[0].argument == "1");
    CHECK(entries[0].line == 3);
    CHECK(entries[1].type == 'd');
    CHECK(entries[1].mode == "0750");
    CHECK(entries[1].user == "root");
    CHECK(entries[1].group == "kvm");
    CHECK(entries[1].age == "10d");
    CHECK(entries[1].argument.empty());
    CHECK(entries[2].argument.empty());
    CHECK(entries[2].line == 5);
}

TEST_CASE("fields may be quoted and escaped, the argument is escaped only") {
    const auto entries = parse_tmpfiles(
        "\"w\" \"/a b/c\" '-' - - - \"two words\"  \n"
        "w /a\\x20b/\\143 - - - - x\\ny\\\\\n");
    REQUIRE(entries.size() == 2);
    CHECK(entries[0].path == "/a b/c");
    CHECK(entries[0].argument == "\"two words\"");
    CHECK(entries[1].path == "/a b/c");
    CHECK(entries[1].argument == "x\ny\\");
}

TEST_CASE("a doubled percent sign is one, a specifier stays as it is") {
    const auto entries = parse_tmpfiles("w /a%%b/%v - - - - 50%%%H\n");
    REQUIRE(entries.size() == 1);
    CHECK(entries[0].path == "/a%b/%v");
    CHECK(entries[0].argument == "50%%H");
}

TEST_CASE("paths are simplified and /var/run is /run") {
    const auto entries = parse_tmpfiles("d //run//x/\nd /var/run/y\nd /\n");
    REQUIRE(entries.size() == 3);
    CHECK(entries[0].path == "/run/x");
    CHECK(entries[1].path == "/run/y");
    CHECK(entries[2].path == "/");
}

TEST_CASE("a line that is none is left out") {
    for (const std::string line : {"w", "w relative - - - - 1", "w /a", "w /a - - - - -", "w /a - - - -",
                                   "Y /a", "w* /a - - - - 1", "w++ /a - - - - 1", "w \"/a - - - - 1",
                                   "w /a\\q - - - - 1", "w /a - - - - \\q", "w /a - - - - a\\"}) {
        CAPTURE(line);
        CHECK(parse_tmpfiles(line).empty());
    }
}

TEST_CASE("of two lines for one path the first is run") {
    CHECK(show("w /sys/kernel/mm/ksm/run - - - - 1\nw /sys/kernel/mm/ksm/run - - - - 0\n") == "f:1 1");
    CHECK(show(tmpfiles_writes({{"/etc/a.conf", "w //sys/kernel/mm/ksm/run - - - - 1\n"},
                                {"/usr/lib/b.conf", "w /sys/kernel/mm/ksm/run - - - - 2\n"}},
                               run)) == "/etc/a.conf:1 1");
}

TEST_CASE("lines of type w+ for one path are all run, but not after one of type w") {
    CHECK(show("w+ /sys/kernel/mm/ksm/run - - - - 2\nw+ /sys/kernel/mm/ksm/run - - - - 1\n") ==
          "f:1 2, f:2 1");
    CHECK(show("w /sys/kernel/mm/ksm/run - - - - 2\nw+ /sys/kernel/mm/ksm/run - - - - 1\n") == "f:1 2");
}

TEST_CASE("a line that says the same as all before it is run") {
    const std::string once = "w /sys/kernel/mm/ksm/run - - - - 1\n",
                      plus = "w+ /sys/kernel/mm/ksm/run - - - - ";
    CHECK(show(once + once) == "f:1 1, f:2 1");
    CHECK(show(plus + "1\n" + once + plus + "2\n" + plus + "1\n") == "f:1 1, f:2 1, f:4 1");
    CHECK(show(plus + "1\n" + plus + "2\n" + once) == "f:1 1, f:2 2");
}

TEST_CASE("a line that claims the path otherwise keeps a later w from being run") {
    CHECK(show("r /sys/kernel/mm/ksm/run\nw /sys/kernel/mm/ksm/run - - - - 1\n").empty());
    CHECK(show("z /sys/kernel/mm/ksm/run 0640\nw /sys/kernel/mm/ksm/run - - - - 1\n") == "f:2 1");
}

TEST_CASE("a pattern is a path of its own, run where it first appears") {
    CHECK(show("w /sys/kernel/mm/ksm/r* - - - - 0\nw /sys/kernel/mm/ksm/run - - - - 1\n") == "f:1 0, f:2 1");
    CHECK(show("w /sys/kernel/mm/ksm/run - - - - 1\nw /sys/kernel/mm/*/run - - - - 0\n") == "f:1 1, f:2 0");
    CHECK(show("w /sys/kernel/*/run - - - - 0\n").empty());
}

TEST_CASE("braces of a pattern are alternatives") {
    CHECK(show("w /sys/kernel/mm/ksm/{pages,run} - - - - 1\n") == "f:1 1");
    CHECK(show("w /sys/kernel/{a,mm/{x,ksm}}/{r*n} - - - - 1\n") == "f:1 1");
    CHECK(show("w /sys/kernel/mm/ksm/{pages,runs} - - - - 1\n").empty());
    CHECK(show("w /sys/kernel/mm/ksm/{run - - - - 1\n").empty());
    std::string many = "w /sys";
    for (int i = 0; i < 1000; ++i) many += "{a,b}";
    CHECK(show(many + " - - - - 1\n").empty());
}

TEST_CASE("other types write nothing") { CHECK(show("f+ /sys/kernel/mm/ksm/run - - - - 1\n").empty()); }

TEST_CASE("a line that writes a value is read back as it was meant") {
    CHECK(tmpfiles_write_line(run, "1") == "w /sys/kernel/mm/ksm/run - - - - 1\n");
    for (const std::string value : {"1", "scan-time", "-", "--", "a b", " a ", "50%", "%v", "a\\nb", "x\n",
                                    "\t", "\"q\"", "#", "é", "\x7f"}) {
        for (const std::string path :
             {"/a", "/a b", "/50%", "/q\"u", "/it's", "/back\\slash", "/cciss!c0d0"}) {
            CAPTURE(path, value);
            const auto entries = parse_tmpfiles(tmpfiles_write_line(path, value));
            REQUIRE(entries.size() == 1);
            CHECK(entries[0].path == path);
            CHECK(entries[0].argument == value);
        }
    }
}

TEST_CASE("what no line can write is refused") {
    CHECK_THROWS_WITH(tmpfiles_write_line("a", "1"),
                      "tmpfiles.d cannot write to \"a\": wanted an absolute path, no pattern");
    CHECK_THROWS_AS(tmpfiles_write_line("/a*", "1"), Error);
    CHECK_THROWS_AS(tmpfiles_write_line("/a\nw /b", "1"), Error);
    CHECK_THROWS_WITH(tmpfiles_write_line("/a", ""),
                      "tmpfiles.d cannot write to /a: wanted a value, found none or a NUL");
}
