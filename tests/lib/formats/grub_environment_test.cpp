// SPDX-License-Identifier: GPL-3.0-or-later
#include "lib/error.hpp"
#include "lib/formats/grub_config.hpp"
#include "tests/lib/catch.hpp"

using namespace virtbp;

namespace {

using Environment = std::map<std::string, std::string>;

std::string block(const std::string& lines) {
    auto text = "# GRUB Environment Block\n" + lines;
    text.resize(1024, '#');
    return text;
}

}  // namespace

TEST_CASE("the environment block is read and written") {
    const auto text = block("# WARNING\nsaved_entry=Host>5\nkernelopts=root=/dev/a ro\na=b\\\\c\\\nd\n");
    const auto variables = parse_grub_environment(text, "grubenv");
    CHECK(variables ==
          Environment{{"saved_entry", "Host>5"}, {"kernelopts", "root=/dev/a ro"}, {"a", "b\\c\nd"}});

    const auto changed = set_grub_environment(text, "kernelopts", "ro quiet", "grubenv");
    CHECK(changed == block("# WARNING\nsaved_entry=Host>5\nkernelopts=ro quiet\na=b\\\\c\\\nd\n"));
    CHECK(set_grub_environment(text, "a", "b\\c\nd", "grubenv") == text);
    CHECK(set_grub_environment(block(""), "a", "\\\n", "grubenv") == block("a=\\\\\\\n\n"));
    CHECK(set_grub_environment(block("a=1\nb=2\na=3\n"), "a", "4", "grubenv") == block("a=1\nb=2\na=4\n"));
}

TEST_CASE("what is no environment block is refused") {
    const auto whole_block = block("");
    CHECK_THROWS_WITH(
        parse_grub_environment("", "/boot/grub2/grubenv"),
        "/boot/grub2/grubenv: is no environment block of GRUB: wanted 1024 bytes that begin with "
        "\"# GRUB Environment Block\"");
    CHECK_THROWS_AS(parse_grub_environment(std::string(1024, '#'), "e"), Error);
    CHECK_THROWS_WITH(parse_grub_environment(block("a=1"), "e"), "e: its last line has no end");
    CHECK_THROWS_WITH(set_grub_environment(whole_block, "a", std::string(1000, 'x'), "e"),
                      "e: has no room for a: it holds 1024 bytes");
    CHECK_THROWS_WITH(set_grub_environment(whole_block, "a=b", "", "e"),
                      "e: \"a=b\" is no name of a variable");
}
