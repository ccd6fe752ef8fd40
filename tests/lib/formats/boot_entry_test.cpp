// SPDX-License-Identifier: GPL-3.0-or-later
#include "lib/formats/boot_entry.hpp"

#include "lib/error.hpp"
#include "tests/lib/catch.hpp"

using namespace virtbp;

namespace {

/// As kernel-install of RHEL 9 writes it.
const std::string rhel = R"(title Red Hat Enterprise Linux (5.14.0-70.el9.x86_64) 9.0 (Plow)
version 5.14.0-70.el9.x86_64
linux /vmlinuz-5.14.0-70.el9.x86_64
initrd /initramfs-5.14.0-70.el9.x86_64.img $tuned_initrd
options root=/dev/mapper/rhel-root ro crashkernel=1G-4G:192M $tuned_params
grub_users $grub_users
grub_arg --unrestricted
grub_class rhel
)";

/// As sdbootutil of openSUSE writes it.
const std::string suse = R"(# Boot Loader Specification type#1 entry
title      openSUSE Tumbleweed
version    7@6.9.1-1-default
sort-key   opensuse-tumbleweed
options    root=UUID=77 splash=silent rootflags=subvol=@/.snapshots/7/snapshot systemd.machine_id=3a
linux      /opensuse-tumbleweed/6.9.1-1-default/linux-8
initrd     /opensuse-tumbleweed/6.9.1-1-default/initrd-9
)";

std::string snapshot(const std::string& options) {
    return parse_boot_entry("a", "options " + options).snapshot;
}

std::string order(std::vector<BootEntry> entries, bool by_grub) {
    sort_boot_entries(entries, by_grub);
    std::string ids;
    for (const auto& entry : entries) ids += (ids.empty() ? "" : " ") + entry.id;
    return ids;
}

std::vector<BootEntry> named(const std::vector<std::string>& names) {
    std::vector<BootEntry> entries;
    for (const auto& name : names) entries.push_back(parse_boot_entry(name + ".conf", "linux /l\n"));
    return entries;
}

BootEntry sorted_by(const std::string& name, const std::string& key, const std::string& machine,
                    const std::string& version) {
    return parse_boot_entry(name,
                            "sort-key " + key + "\nmachine-id " + machine + "\nversion " + version + "\n");
}

}  // namespace

TEST_CASE("an entry of RHEL is read, keys of GRUB left out") {
    const auto entry = parse_boot_entry("ab12-5.14.0-70.el9.x86_64.conf", rhel);
    CHECK(entry.id == "ab12-5.14.0-70.el9.x86_64");
    CHECK(entry.title == "Red Hat Enterprise Linux (5.14.0-70.el9.x86_64) 9.0 (Plow)");
    CHECK(entry.version == "5.14.0-70.el9.x86_64");
    CHECK(entry.linux == "/vmlinuz-5.14.0-70.el9.x86_64");
    CHECK(entry.options == "root=/dev/mapper/rhel-root ro crashkernel=1G-4G:192M $tuned_params");
    CHECK(entry.sort_key.empty());
    CHECK(entry.snapshot.empty());
    CHECK_FALSE(entry.is_rescue);
    CHECK_FALSE(entry.is_bad);
}

TEST_CASE("an entry of SUSE names its snapshot") {
    const auto entry = parse_boot_entry("opensuse-tumbleweed-6.9.1-1-default-7.conf", suse);
    CHECK(entry.id == "opensuse-tumbleweed-6.9.1-1-default-7");
    CHECK(entry.sort_key == "opensuse-tumbleweed");
    CHECK(entry.snapshot == "7");
    CHECK(snapshot("rootflags=compress=zstd,subvol=/@/.snapshots/12/snapshot quiet") == "12");
    CHECK(snapshot("rootflags=subvol=@/.snapshots/1/snapshot rootflags=subvol=@").empty());
    CHECK(snapshot("rootflags=subvol=@/.snapshots/x/snapshot").empty());
    CHECK(snapshot("rootflags=subvol=@/.snapshots/1/other").empty());
    CHECK(snapshot("x=/.snapshots/1/snapshot").empty());
    CHECK(snapshot("rootflags").empty());
}

TEST_CASE("boot counters are no part of the id") {
    const auto entry = [](const std::string& name) { return parse_boot_entry(name, ""); };
    CHECK(entry("a-6.9+3.conf").id == "a-6.9");
    CHECK(entry("a-6.9+3-0.conf").id == "a-6.9");
    CHECK_FALSE(entry("a-6.9+3-0.conf").is_bad);
    CHECK(entry("a-6.9+0-3.conf").id == "a-6.9");
    CHECK(entry("a-6.9+0-3.conf").is_bad);
    CHECK(entry("a-6.9+0.conf").is_bad);
    CHECK_FALSE(entry("a-6.9+10.conf").is_bad);
    for (const std::string name : {"a-6.9+debug", "a-6.9+", "a-6.9+3-", "a-6.9+-3", "a-6.9+1-2-3", "a-6.9"}) {
        CHECK(entry(name + ".conf").id == name);
        CHECK_FALSE(entry(name + ".conf").is_bad);
    }
}

TEST_CASE("rescue entries are known by id or version") {
    CHECK(parse_boot_entry("ab12-0-rescue.conf", "").is_rescue);
    CHECK(parse_boot_entry("x.conf", "version 0-rescue-ab12\n").is_rescue);
    CHECK_FALSE(parse_boot_entry("x.conf", "title rescue\n").is_rescue);
}

TEST_CASE("lines may be indented, joined, commented and end as on Windows") {
    const auto entry = parse_boot_entry("a.conf",
                                        "# options no\r\n\ttitle\tA  B \r\n\r\noptions \t a=1  b\r\n"
                                        "options\nOptions no\noptionsx no\noptions $x");
    CHECK(entry.title == "A  B");
    CHECK(entry.options == "a=1  b $x");
}

TEST_CASE("of the options only the value changes, of the rest nothing") {
    CHECK(set_boot_entry_options(suse, "root=UUID=77 quiet") ==
          R"(# Boot Loader Specification type#1 entry
title      openSUSE Tumbleweed
version    7@6.9.1-1-default
sort-key   opensuse-tumbleweed
options    root=UUID=77 quiet
linux      /opensuse-tumbleweed/6.9.1-1-default/linux-8
initrd     /opensuse-tumbleweed/6.9.1-1-default/initrd-9
)");
    CHECK(set_boot_entry_options("title a\r\n\toptions\tb c \r\nlinux /l\r\n", "d") ==
          "title a\r\n\toptions\td \r\nlinux /l\r\n");
    CHECK(set_boot_entry_options("options a\n#options b\noptions c\nlinux /l\n", "a c d") ==
          "options a c d\n#options b\nlinux /l\n");
    CHECK(set_boot_entry_options("options\nlinux /l\n", "a") == "options a\nlinux /l\n");
    CHECK(set_boot_entry_options("linux /l", "a") == "linux /l\noptions a\n");
    CHECK(set_boot_entry_options("options a\nlinux /l\n", "") == "linux /l\n");
    CHECK(set_boot_entry_options("", "").empty());
    CHECK_THROWS_WITH(set_boot_entry_options("", "a\nb"), "options of a boot entry must be one line");
}

TEST_CASE("GRUB's order is that of RPM's versions, rescue last") {
    CHECK(order(named({"ab-0-rescue", "ab-5.14.0-70.el9", "ab-5.14.0-162.el9", "ab-5.14.0-162.2.el9"}),
                true) == "ab-5.14.0-162.2.el9 ab-5.14.0-162.el9 ab-5.14.0-70.el9 ab-0-rescue");
    // sdbootutil names them so that old snapshots come after the system
    CHECK(order(named({"snapper-os-6.9.1-1-default-8", "system-os-6.9.1-1-default-7"}), true) ==
          "system-os-6.9.1-1-default-7 snapper-os-6.9.1-1-default-8");
    CHECK(order(named({"b-1", "c", "-1", "a-b-1-2", ""}), true) == "c b-1 a-b-1-2 -1 ");
}

TEST_CASE("systemd-boot's order has bad entries last, then goes by sort-key and version") {
    CHECK(order({sorted_by("a.conf", "os", "1", "6.9"), sorted_by("b.conf", "os", "1", "6.10"),
                 sorted_by("c.conf", "os", "0", "5.0"), sorted_by("d.conf", "snapper-os", "1", "6.10"),
                 sorted_by("e+0-3.conf", "os", "1", "7"), sorted_by("f.conf", "os", "1", "6.10")},
                false) == "c f b a d e");
    auto mixed = named({"x-5.9", "x-5.10"});
    mixed.push_back(sorted_by("a.conf", "z", "", ""));
    CHECK(order(mixed, false) == "a x-5.10 x-5.9");
}

TEST_CASE("versions compare as RPM has it") {
    const std::vector<std::vector<std::string>> rising = {
        {"1.0~rc1", "1.0~rc2", "1.0", "1.0^git1", "1.0.1", "1.1", "1.10"},
        {"", "a", "ab", "b", "0", "1", "1a", "1.1"},
        {"5.14.0", "5.14.0-70", "5.14.0-70.el9", "5.14.0-162.el9"},
        {"99999999999999999999", "100000000000000000000"}};
    for (const auto& versions : rising)
        for (size_t i = 0; i < versions.size(); ++i)
            for (size_t j = 0; j < versions.size(); ++j) {
                INFO(versions[i] << " and " << versions[j]);
                CHECK(compare_rpm_versions(versions[i], versions[j]) == (i < j ? -1 : i > j ? 1 : 0));
            }
    CHECK(compare_rpm_versions("1.0", "1-0") == 0);
    CHECK(compare_rpm_versions("1.01", "1.1") == 0);
    CHECK(compare_rpm_versions("1.", "1") == 0);
}

TEST_CASE("versions compare as the UAPI group has it") {
    const std::vector<std::pair<std::string, std::string>> rising = {
        {"bar-123", "foo-123"},
        {"123", "123a"},
        {"123", "123.a"},
        {"123.a", "123.b"},
        {"123.a", "123a"},
        {"A", "a"},
        {"", "0"},
        {"0", "0."},
        {"0", "0.0"},
        {"1_", "1.2"},
        {"1.3.3", "1_2_3"},
        {"1+", "1.2"},
        {"1.3.3", "1+2+3"},
        {"1~rc", "1"},
        {"1-1", "1^1"},
        {"1-1", "1.1"},
        {"6.9", "6.10"},
        {"6.9.1-1-default-7", "6.9.1-1-default-12"}};
    for (const auto& [low, high] : rising) {
        INFO(low << " and " << high);
        CHECK(compare_uapi_versions(low, high) == -1);
        CHECK(compare_uapi_versions(high, low) == 1);
    }
    for (const auto& [a, b] :
         {std::pair("11", "11"), {"11α", "11β"}, {"1_", "1"}, {"_1", "1"}, {"1+", "1"}, {"01", "1"}})
        CHECK(compare_uapi_versions(a, b) == 0);
}

TEST_CASE("loader.conf names the default entry") {
    CHECK(default_of_loader_config("# default a\ntimeout 3\ndefault  os-*.conf \n") == "os-*.conf");
    CHECK(default_of_loader_config("default a\ndefault @saved\n") == "@saved");
    CHECK(default_of_loader_config("default \"a b\"\n") == "a b");
    CHECK_FALSE(default_of_loader_config("#timeout 3\ndefault\n"));
}
