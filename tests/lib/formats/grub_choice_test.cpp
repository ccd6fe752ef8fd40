// SPDX-License-Identifier: GPL-3.0-or-later
#include "lib/formats/grub_config.hpp"

#include "tests/lib/catch.hpp"

using namespace virtbp;

namespace {

using Environment = std::map<std::string, std::string>;

/// The menu of a machine with two kernels and Xen, without what the entries do.
const std::string menu = R"(
menuentry 'Host' --id gnulinux-simple-77 { linux /vmlinuz-6.1; }
submenu 'Older kernels of Host' $menuentry_id_option 'gnulinux-advanced-77' {
  menuentry 'Host, Linux 6.1' $menuentry_id_option 'gnulinux-6.1-advanced-77' { linux /vmlinuz-6.1; }
  menuentry 'Host, Linux 6.1 (recovery mode)' { linux /vmlinuz-6.1 recovery; }
  menuentry 'Host, Linux 5.9' $menuentry_id_option 'gnulinux-5.9-advanced-77' { linux /vmlinuz-5.9; }
}
menuentry 'Host, with Xen' { multiboot2 /xen.gz; }
submenu 'Older with Xen' {
  submenu 'Xen hypervisor, version 4.17' {
    menuentry 'Host, Xen 4.17 and Linux 5.9' { multiboot2 /xen-4.17.gz; }
  }
}
)";

GrubConfig whole() { return parse_grub_config("load_env\nset default=\"${saved_entry}\"\n" + menu); }

std::string next(const GrubConfig& config, const Environment& environment = {}) {
    const auto choice = next_grub_entry(config, environment);
    return (choice.entry ? choice.entry->index : "nothing") + ": " + choice.why;
}

/// What an entry named by `spec` in grubenv is, by its index.
std::string saved(const std::string& spec) { return next(whole(), {{"saved_entry", spec}}); }

/// The arguments of one `linux` command with these.
std::string arguments(const std::string& written) {
    const auto config = parse_grub_config("menuentry a {\n linux /k " + written + "\n}\n");
    return config.entries.at(0).commands.at(0).arguments;
}

/// The same as the kernel gets them.
std::string expanded(const std::string& written) {
    return expand_grub_arguments(arguments(written), {}, {{"v", "1 2"}});
}

}  // namespace

TEST_CASE("variables are put in, a literal dollar stays") {
    CHECK(expanded("a=$v b=${v}c d=$none.") == "a=1 2 b=1 2c d=.");
    CHECK(arguments("a=\\$v b='$v' c=\"\\$v\"") == "a=\\$v b=\\$v c=\\$v");
    CHECK(expanded("a=\\$v b='$v' c=\"\\$v\" d=5$") == "a=$v b=$v c=$v d=5$");
    CHECK(expanded("'\\'$v") == "\\\\1 2");

    const auto config = parse_grub_config(
        "set tuned=\"x=1 y\"\nset opts=\"root=/dev/a $tuned \\$z\"\nset me=\"a$me\"\nset loop=$pool\nset "
        "pool=$loop\n");
    CHECK(expand_grub_arguments("$opts $extra", config, {{"extra", "$tuned"}}) ==
          "root=/dev/a x=1 y $z $tuned");
    CHECK(expand_grub_arguments("$tuned", config, {{"tuned", "mine"}}) == "mine");
    CHECK(expand_grub_arguments("<$me$loop>", config, {}) == "<aaaaaaaa>");
}

TEST_CASE("a text of variables does not grow without bound") {
    std::string text = "set a=x\n", many;
    for (int i = 0; i < 20000; ++i) many += "$a";
    for (int i = 0; i < 200; ++i) text += "set a=\"$a$a\"\n";
    CHECK(expand_grub_arguments(many, parse_grub_config(text), {}).empty());
    CHECK(expand_grub_arguments(many, parse_grub_config("set a=" + many), {}).size() < 100000);
    CHECK(expand_grub_arguments(many, {}, {{"a", std::string(10000, 'x')}}).size() == 60000);
}

TEST_CASE("the environment chooses only where the file loads it") {
    CHECK(next(whole()) == "0: the first entry");
    CHECK(saved("gnulinux-simple-77") == "0: saved_entry of grubenv");
    CHECK(next(whole(), {{"saved_entry", "2"}, {"next_entry", "1>2"}}) == "1>2: next_entry of grubenv");
    CHECK(next(whole(), {{"saved_entry", "2"}, {"next_entry", ""}}) == "2: saved_entry of grubenv");
    const auto without = parse_grub_config("set default=2\n" + menu);
    CHECK(next(without, {{"saved_entry", "0"}, {"next_entry", "1>2"}}) == "2: set default");
    CHECK(next(parse_grub_config("")) == "nothing: the first entry");
}

TEST_CASE("an entry is named by number, title or id, along a path") {
    CHECK(saved("2") == "2: saved_entry of grubenv");
    CHECK(saved("1>2") == "1>2: saved_entry of grubenv");
    CHECK(saved("Host") == "0: saved_entry of grubenv");
    CHECK(saved("Older kernels of Host>Host, Linux 5.9") == "1>2: saved_entry of grubenv");
    CHECK(saved("gnulinux-advanced-77>gnulinux-5.9-advanced-77") == "1>2: saved_entry of grubenv");
    CHECK(saved("gnulinux-advanced-77>1") == "1>1: saved_entry of grubenv");
    CHECK(saved("Older with Xen>0>0") == "3>0>0: saved_entry of grubenv");
    // A submenu alone, and one whose entry is gone, start its first entry.
    CHECK(saved("1") == "1>0: saved_entry of grubenv");
    CHECK(saved("3") == "3>0>0: saved_entry of grubenv");
    CHECK(saved("1>gone") == "1>0: saved_entry of grubenv");
    CHECK(saved("gnulinux-simple-77>gone") == "0: saved_entry of grubenv");
    for (const auto gone : {"gone", "9", "-1", ">", "gnulinux-5.9-advanced-77"})
        CHECK(saved(gone) == "0: the first entry");
    const auto doubled = parse_grub_config("set default='b>>c'\nmenuentry a {\n}\nmenuentry 'b>c' {\n}\n");
    CHECK(next(doubled) == "1: set default");
    CHECK(doubled.entries[1].path == "b>>c");
    CHECK(next(parse_grub_config("set default=0\nsubmenu a {\n}\nmenuentry b {\n}\n")) ==
          "nothing: set default");
}
