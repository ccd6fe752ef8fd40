// SPDX-License-Identifier: GPL-3.0-or-later
#include "lib/formats/grub_config.hpp"

#include "tests/lib/catch.hpp"

using namespace virtbp;

namespace {

/// How grub-mkconfig's 00_header begins.
const std::string header = R"(### BEGIN /etc/grub.d/00_header ###
if [ -s $prefix/grubenv ]; then
  load_env
fi
if [ "${next_entry}" ] ; then
   set default="${next_entry}"
   set next_entry=
   save_env next_entry
   set boot_once=true
else
   set default="${saved_entry}"
fi
if [ x"${feature_menuentry_id}" = xy ]; then
  menuentry_id_option="--id"
else
  menuentry_id_option=""
fi
function savedefault {
  if [ -z "${boot_once}" ]; then
    saved_entry="${chosen}"
    save_env saved_entry
  fi
}
### END /etc/grub.d/00_header ###
)";

/// A plain entry, and older kernels in a submenu: Debian and SLES.
const std::string linux = R"(### BEGIN /etc/grub.d/10_linux ###
menuentry 'Host'  --class host --class os $menuentry_id_option 'gnulinux-simple-77' {
	load_video
	if [ x$grub_platform = xxen ]; then insmod xzio; insmod lzopio; fi
	set root='hd0,gpt2'
	echo	'Loading Linux 6.1 ...'
	linux	/boot/vmlinuz-6.1 root=UUID=77 ${extra_cmdline} ro quiet
	initrd	/boot/initrd-6.1
}
submenu 'Older kernels of Host' $menuentry_id_option 'gnulinux-advanced-77' {
	menuentry 'Host, Linux 6.1' --class os $menuentry_id_option 'gnulinux-6.1-advanced-77' {
		linux	/boot/vmlinuz-6.1 root=UUID=77 ro quiet
	}
	menuentry 'Host, Linux 6.1 (recovery mode)' --class os $menuentry_id_option 'gnulinux-6.1-recovery-77' {
		linux	/boot/vmlinuz-6.1 root=UUID=77 ro recovery nomodeset
	}
	menuentry 'Host, Linux 5.9' --class os $menuentry_id_option 'gnulinux-5.9-advanced-77' {
		linuxefi	/boot/vmlinuz-5.9 root=UUID=77 ro quiet
	}
}
### END /etc/grub.d/10_linux ###
)";

const std::string xen = R"(### BEGIN /etc/grub.d/20_linux_xen ###
menuentry 'Host, with Xen' --class xen $menuentry_id_option 'xen-gnulinux-simple-77' {
        if [ "$grub_platform" = "pc" -o "$grub_platform" = "" ]; then
            xen_rm_opts=
        else
            xen_rm_opts="no-real-mode edd=off"
        fi
	multiboot2	/boot/xen.gz placeholder dom0_mem=8G,max:8G ${xen_rm_opts}
	module2	/boot/vmlinuz-6.1 placeholder root=UUID=77 ro quiet
	module2	--nounzip   /boot/initrd-6.1
}
submenu 'Older with Xen' {
	submenu 'Xen hypervisor, version 4.17' {
		menuentry 'Host, Xen 4.17 and Linux 5.9' {
			multiboot2	/boot/xen-4.17.gz placeholder
		}
	}
}
### END /etc/grub.d/20_linux_xen ###
)";

/// The arguments of one `linux` command with these.
std::string arguments(const std::string& written) {
    const auto config = parse_grub_config("menuentry a {\n linux /k " + written + "\n}\n");
    return config.entries.at(0).commands.at(0).arguments;
}

std::string expanded(const std::string& written) {
    return expand_grub_arguments(arguments(written), {}, {{"v", "1 2"}});
}

}  // namespace

TEST_CASE("entries of grub-mkconfig are read with their submenus, parts and commands") {
    const auto config = parse_grub_config(header + linux + xen);
    REQUIRE(config.entries.size() == 6);
    const auto& simple = config.entries[0];
    CHECK(simple.title == "Host");
    CHECK(simple.id == "gnulinux-simple-77");
    CHECK(simple.script == "10_linux");
    CHECK(simple.path == "Host");
    CHECK(simple.index == "0");
    CHECK(simple.line == 26);
    CHECK_FALSE(simple.by_menu_only);
    REQUIRE(simple.commands.size() == 1);
    CHECK(simple.commands[0].name == "linux");
    CHECK(simple.commands[0].file == "/boot/vmlinuz-6.1");
    CHECK(simple.commands[0].arguments == "root=UUID=77 ${extra_cmdline} ro quiet");
    CHECK(simple.commands[0].line == 31);

    const auto& recovery = config.entries[2];
    CHECK(recovery.path == "Older kernels of Host>Host, Linux 6.1 (recovery mode)");
    CHECK(recovery.index == "1>1");
    CHECK(recovery.by_menu_only);
    CHECK(config.entries[3].commands[0].name == "linuxefi");

    const auto& under_xen = config.entries[4];
    CHECK(under_xen.index == "2");
    CHECK(under_xen.script == "20_linux_xen");
    CHECK_FALSE(under_xen.by_menu_only);
    REQUIRE(under_xen.commands.size() == 3);
    CHECK(under_xen.commands[0].arguments == "placeholder dom0_mem=8G,max:8G ${xen_rm_opts}");
    CHECK(under_xen.commands[1].arguments == "placeholder root=UUID=77 ro quiet");
    CHECK(under_xen.commands[2].file == "/boot/initrd-6.1");
    CHECK(config.entries[5].index == "3>0>0");
    CHECK(config.entries[5].path ==
          "Older with Xen>Xen hypervisor, version 4.17>Host, Xen 4.17 and Linux 5.9");

    CHECK(config.reads_environment);
    CHECK_FALSE(config.is_stub);
    CHECK_FALSE(config.includes_blscfg);
    CHECK(config.variables.at("default") == "${saved_entry}");
}

TEST_CASE("titles and ids lose their quotes") {
    const auto config = parse_grub_config(
        "menuentry 'it'\\''s a # { } \"host\"' --id=one --unrestricted {\n true\n}\n"
        "menuentry \"say \\\"5 \\$\\\"\" --hotkey x ${menuentry_id_option} two {\n}\n"
        "menuentry --class os plain --users root --id three { true; }\n");
    REQUIRE(config.entries.size() == 3);
    CHECK(config.entries[0].title == "it's a # { } \"host\"");
    CHECK(config.entries[0].id == "one");
    CHECK(config.entries[1].title == "say \"5 $\"");
    CHECK(config.entries[1].id == "two");
    CHECK(config.entries[2].title == "plain");
    CHECK(config.entries[2].id == "three");
}

TEST_CASE("arguments are what GRUB passes on") {
    CHECK(arguments("a=1  b=2\t'c=3'") == "a=1 b=2 c=3");
    CHECK(arguments("a=1 # b=2") == "a=1");
    CHECK(arguments("a=1 b=#2 ; linux /other c") == "a=1 b=#2");
    CHECK(arguments("a=1 \\\n b=2") == "a=1 b=2");
    CHECK(arguments("$tuned_params ${a}b") == "$tuned_params ${a}b");
    // What mkconfig writes of dyndbg="file a +p": the kernel takes quotes around the whole for the same.
    CHECK(arguments("dyndbg=\"file a +p\"") == "\"dyndbg=file a +p\"");
    CHECK(expanded("'dyndbg=file a +p'") == "\"dyndbg=file a +p\"");
    // Quotes inside of a word reach the kernel behind a backslash.
    CHECK(expanded("\"dyndbg=\\\"file a +p\\\"\"") == "\"dyndbg=\\\"file a +p\\\"\"");
    CHECK(expanded("a=\\\"b\\\"") == "a=\\\"b\\\"");
    // systemd's escapes in names of units
    CHECK(expanded("'systemd.mask=dev-disk-by\\x2duuid.device'") ==
          "systemd.mask=dev-disk-by\\x2duuid.device");
    CHECK(expanded("a=b\\x2dc 'd\\e'") == "a=bx2dc d\\\\e");
}

TEST_CASE("of several assignments that counts which an ordinary boot makes") {
    const auto chosen = [](const std::string& text) {
        return parse_grub_config(text).variables.at("default");
    };
    CHECK(chosen("set default=0\nset default=1\ndefault=2\n") == "2");
    CHECK(chosen("if cmostest 1 ; then\n set default=1\nelif [ \"${next_entry}\" ] ; then\n "
                 "set default=\"${next_entry}\"\nelse\n set default=\"2\"\nfi\n") == "2");
    CHECK(chosen("if [ -z \"$next_entry\" ]; then set default=3; else set default=$next_entry; fi\n") == "3");
    // 10_linux puts a title of former times right, if it is chosen
    CHECK(chosen("set default=0\nif [ \"x$default\" = 'Old' ]; then default='New>Old'; fi;") == "0");
    CHECK(chosen("if true; then set default=4; fi") == "4");
    CHECK(parse_grub_config("function f {\n set default=1\n}\nmenuentry a {\n set default=2\n}\n")
              .variables.empty());
}

TEST_CASE("what a snapshot's menu adds is not there at an ordinary boot") {
    const auto config = parse_grub_config(
        "if [ -n \"$extra_cmdline\" ]; then\n"
        "  submenu \"Bootable snapshot #$snapshot_num\" {\n    menuentry \"If OK, go on\" { true; }\n  }\n"
        "fi\n" +
        linux);
    CHECK(config.entries[0].index == "0");
    CHECK(config.entries[0].title == "Host");
    CHECK(expand_grub_arguments(config.entries[0].commands[0].arguments, config, {}) ==
          "root=UUID=77  ro quiet");
}

TEST_CASE("RHEL's file has its entries elsewhere") {
    const auto config =
        parse_grub_config(header +
                          "### BEGIN /etc/grub.d/10_linux ###\n"
                          "insmod part_gpt\n"
                          "if [ -z \"${kernelopts}\" ]; then\n"
                          "  set kernelopts=\"root=/dev/mapper/vg-root ro \"\n"
                          "fi\n\n"
                          "insmod blscfg\nblscfg\n"
                          "### END /etc/grub.d/10_linux ###\n"
                          "if [ -f $prefix/custom.cfg ]; then\n  source $prefix/custom.cfg\nfi\n");
    CHECK(config.includes_blscfg);
    CHECK_FALSE(config.is_stub);
    CHECK(config.entries.empty());
    CHECK(expand_grub_arguments("$kernelopts quiet", config, {}) == "root=/dev/mapper/vg-root ro  quiet");
    CHECK(expand_grub_arguments("$kernelopts quiet", config, {{"kernelopts", "ro"}}) == "ro quiet");
}

TEST_CASE("a stub leads to another file") {
    CHECK(parse_grub_config("search.fs_uuid 77 root hd0,gpt2\nset prefix=($root)'/boot/grub'\n"
                            "configfile $prefix/grub.cfg\n")
              .is_stub);
    CHECK(parse_grub_config("set btrfs_relative_path=\"yes\"\nsource \"${prefix}/grub.cfg\"\n").is_stub);
    CHECK_FALSE(parse_grub_config("").is_stub);
    CHECK_FALSE(parse_grub_config(linux + "configfile x\n").is_stub);
    CHECK_FALSE(parse_grub_config(header + "source $prefix/custom.cfg\n").is_stub);
}

TEST_CASE("a script that is no script is read to its end") {
    const auto config = parse_grub_config(
        "}\n}\nfi\nelse\ndone\nmenuentry 'a' {\nif x; then\n linux /k a\n}\n"
        "menuentry b {\n function c {\n  linux /l\n }\n linux '/k b");
    REQUIRE(config.entries.size() == 2);
    CHECK(config.entries[0].commands.size() == 1);
    CHECK(config.entries[1].index == "1");
    REQUIRE(config.entries[1].commands.size() == 1);
    CHECK(config.entries[1].commands[0].file == "/k b");
}

TEST_CASE("submenus that nobody can read are left out") {
    std::string deep, text;
    for (int i = 0; i < 100000; ++i) deep += "submenu a {\nmenuentry b {\n}\n";
    CHECK(parse_grub_config(deep).entries.size() == 8);
    text = "submenu " + std::string(2000, 'x') + " {\nmenuentry b {\n}\n}\nmenuentry c {\n}\n";
    REQUIRE(parse_grub_config(text).entries.size() == 1);
    CHECK(parse_grub_config(text).entries[0].index == "1");
}
