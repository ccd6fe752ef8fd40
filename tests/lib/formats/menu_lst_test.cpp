// SPDX-License-Identifier: GPL-3.0-or-later
#include "lib/formats/menu_lst.hpp"

#include "lib/error.hpp"
#include "tests/lib/catch.hpp"

using namespace virtbp;

namespace {

/// As YaST of SLES 11 writes it.
const std::string sles = R"(# Modified by YaST2. Last modification on Mon Mar  3 12:00:00 CET 2014
default 0
timeout 8
##YaST - generic_mbr
gfxmenu (hd0,1)/boot/message
##YaST - activate

###Don't change this comment - YaST2 identifier: Original name: linux###
title SUSE Linux Enterprise Server 11 SP3 - 3.0.76-0.11
    root (hd0,1)
    kernel /boot/vmlinuz-3.0.76-0.11-default root=/dev/sda2 splash=silent crashkernel=256M-:128M vga=0x317
    initrd /boot/initrd-3.0.76-0.11-default

###Don't change this comment - YaST2 identifier: Original name: failsafe###
title Safe -- SUSE Linux Enterprise Server 11 SP3
    root (hd0,1)
    kernel /boot/vmlinuz-3.0.76-0.11-default root=/dev/sda2 showopts ide=nodma apm=off
    initrd /boot/initrd-3.0.76-0.11-default

###Don't change this comment - YaST2 identifier: Original name: xen###
title Xen -- SUSE Linux Enterprise Server 11 SP3
    root (hd0,1)
    kernel /boot/xen.gz dom0_mem=4096M
    module /boot/vmlinuz-3.0.76-0.11-xen root=/dev/sda2 splash=silent
    module /boot/initrd-3.0.76-0.11-xen

###Don't change this comment - YaST2 identifier: Original name: floppy###
title Floppy
    rootnoverify (fd0)
    chainloader +1
)";

std::string show(const MenuLstTitle& title) {
    std::string all;
    for (const auto& line : title.lines)
        all += std::string(line.loads == MenuLstLine::Loads::kernel       ? "kernel"
                           : line.loads == MenuLstLine::Loads::hypervisor ? "hypervisor"
                                                                          : "module") +
               " " + line.file + " [" + line.arguments + "] " + std::to_string(line.line) + "\n";
    return all;
}

/// The only command of a title that has this line.
std::string command(const std::string& line) {
    const auto menu = parse_menu_lst("title a\n" + line);
    return menu.titles.at(0).lines.empty() ? "none" : show(menu.titles[0]);
}

std::string chosen(const std::string& head) {
    const auto menu = parse_menu_lst(head + "title a\ntitle b\ntitle c\n");
    return menu.default_title ? std::to_string(*menu.default_title) : "nothing";
}

}  // namespace

TEST_CASE("titles of SLES 11 are read with what they load") {
    const auto menu = parse_menu_lst(sles);
    REQUIRE(menu.titles.size() == 4);
    CHECK(menu.default_title == 0U);
    CHECK(menu.titles[0].title == "SUSE Linux Enterprise Server 11 SP3 - 3.0.76-0.11");
    CHECK(menu.titles[0].line == 9);
    CHECK(menu.titles[0].is_kernel);
    CHECK_FALSE(menu.titles[0].is_failsafe);
    CHECK(show(menu.titles[0]) ==
          "kernel /boot/vmlinuz-3.0.76-0.11-default [root=/dev/sda2 splash=silent crashkernel=256M-:128M "
          "vga=0x317] 11\n");
    CHECK(menu.titles[1].is_failsafe);
    CHECK(menu.titles[1].is_kernel);
    CHECK(show(menu.titles[2]) ==
          "hypervisor /boot/xen.gz [dom0_mem=4096M] 23\n"
          "kernel /boot/vmlinuz-3.0.76-0.11-xen [root=/dev/sda2 splash=silent] 24\n"
          "module /boot/initrd-3.0.76-0.11-xen [] 25\n");
    CHECK(menu.titles[2].is_kernel);
    CHECK_FALSE(menu.titles[2].is_failsafe);
    CHECK(menu.titles[3].lines.empty());
    CHECK_FALSE(menu.titles[3].is_kernel);
}

TEST_CASE("titles tell a rescue entry, too") {
    CHECK(parse_menu_lst("title Failsafe -- a").titles[0].is_failsafe);
    CHECK(parse_menu_lst("title Debian, kernel 2.6.32 (recovery mode)").titles[0].is_failsafe);
    const auto menu = parse_menu_lst("### Original name: failsafe###\ntitle a\ntitle b\n");
    CHECK(menu.titles[0].is_failsafe);
    CHECK_FALSE(menu.titles[1].is_failsafe);
}

TEST_CASE("only Linux is a kernel") {
    for (const std::string file :
         {"(hd0,1)/boot/vmlinuz", "/vmlinux-2.6", "/boot/bzImage", "/boot/kernel-3.0"})
        CHECK(parse_menu_lst("title a\nkernel " + file + "\n").titles[0].is_kernel);
    for (const std::string file :
         {"/boot/memtest.bin", "/memdisk", "/boot/xen-4.1.gz", "(hd0,0)/xen", "/boot/grub/stage2"})
        CHECK_FALSE(parse_menu_lst("title a\nkernel " + file + "\n").titles[0].is_kernel);
}

TEST_CASE("the parts of a command are found however they are separated") {
    CHECK(command("kernel (hd0,1)/boot/vmlinuz a  b \r\n") == "kernel (hd0,1)/boot/vmlinuz [a  b] 2\n");
    CHECK(command("\tkernel\t/boot/vmlinuz\ta\n") == "kernel /boot/vmlinuz [a] 2\n");
    CHECK(command("kernel=/boot/vmlinuz a=b") == "kernel /boot/vmlinuz [a=b] 2\n");
    CHECK(command("kernel --type=linux --no-mem-option /boot/vmlinuz --a") ==
          "kernel /boot/vmlinuz [--a] 2\n");
    CHECK(command("#kernel /boot/vmlinuz\nkernels /x\nkernel\nkernel --a\n") == "none");
    CHECK(command("# kopt=root=/dev/a ro\n\nkernel /boot/vmlinuz a\n") == "kernel /boot/vmlinuz [a] 4\n");
}

TEST_CASE("a line that ends in a backslash goes on") {
    CHECK(command("kernel /boot/vmlinuz a \\\n  b\\\r\nc\nmodule /i\n") ==
          "kernel /boot/vmlinuz [a     b   c] 2\nmodule /i [] 5\n");
    CHECK(command("kernel /boot/vmlinuz a\\\\\nmodule /i\n") ==
          "kernel /boot/vmlinuz [a\\\\] 2\nmodule /i [] 3\n");
    CHECK(command("# a comment \\\nkernel /boot/vmlinuz\n") == "none");
}

TEST_CASE("the default is a number, else what GRUB takes") {
    CHECK(chosen("") == "0");
    CHECK(chosen("default 2\n") == "2");
    CHECK(chosen("default=1\ntimeout=8\n") == "1");
    CHECK(chosen("\tdefault\t1 # two\n") == "1");
    CHECK(chosen("default saved\n") == "nothing");
    CHECK(chosen("default 7\n") == "0");
    CHECK(chosen("default 7\nfallback 2 1\n") == "2");
    CHECK(chosen("default x\n") == "0");
    CHECK(chosen("#default 2\n## default num\n") == "0");
    CHECK(parse_menu_lst("title a\ntitle b\ndefault 1\n").default_title == 0U);
    CHECK_FALSE(parse_menu_lst("default 0\n").default_title);
}

TEST_CASE("of a command only the arguments change, of the text nothing else") {
    const auto changed = set_menu_lst_arguments(sles, {{23, "dom0_mem=8G,max:8G"}});
    CHECK(changed.size() == sles.size() + 4);
    CHECK(parse_menu_lst(changed).titles[2].lines[0].arguments == "dom0_mem=8G,max:8G");
    CHECK(changed.find("    kernel /boot/xen.gz dom0_mem=8G,max:8G\n    module") != std::string::npos);
    const auto set = [](const std::string& line, const std::string& wanted) {
        return set_menu_lst_arguments("title a\n" + line + "title b\n", {{2, wanted}}).substr(8);
    };
    CHECK(set("\tkernel\t--type=linux /k \t a  b \r\n", "c") ==
          "\tkernel\t--type=linux /k \t c \r\ntitle b\n");
    CHECK(set("kernel /k a  b\n", "a  b") == "kernel /k a  b\ntitle b\n");
    CHECK(set("kernel /k\n", "a") == "kernel /k a\ntitle b\n");
    CHECK(set("kernel /k  \n", "a") == "kernel /k a  \ntitle b\n");
    CHECK(set("kernel /k a \n", "") == "kernel /k \ntitle b\n");
    CHECK(set("kernel /k a \\\n b\n", "c") == "kernel /k c\ntitle b\n");
    CHECK(set("kernel /k a \\\n b\n", "a    b") == "kernel /k a \\\n b\ntitle b\n");
}

TEST_CASE("a line without a command line is refused") {
    for (const int line : {-1, 0, 1, 2, 10, 12, 34, 1000})
        CHECK_THROWS_WITH(set_menu_lst_arguments(sles, {{line, "a"}}),
                          "menu.lst:" + std::to_string(line) + ": has no command line");
    CHECK_THROWS_WITH(set_menu_lst_arguments(sles, {{23, "a\nb"}}),
                      "menu.lst:23: its arguments must be one line");
    CHECK_THROWS_WITH(set_menu_lst_arguments(sles, {{23, "a\\"}}),
                      "menu.lst:23: its arguments must be one line");
}
