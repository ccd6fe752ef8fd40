// SPDX-License-Identifier: GPL-3.0-or-later
#include "lib/formats/sysctl.hpp"

#include "tests/lib/catch.hpp"

using namespace virtbp;

namespace {

std::string show(const std::optional<SysctlSetting>& setting) {
    return setting ? setting->path + ":" + std::to_string(setting->line) + " " + setting->value : "nothing";
}

}  // namespace

TEST_CASE("the first separator of a sysctl key decides which one separates") {
    CHECK(sysctl_path("vm.nr_hugepages") == "vm/nr_hugepages");
    CHECK(sysctl_path("vm/nr_hugepages") == "vm/nr_hugepages");
    CHECK(sysctl_path("/vm/nr_hugepages") == "vm/nr_hugepages");
    CHECK(sysctl_path("net.ipv4.conf.eth0/1.forwarding") == "net/ipv4/conf/eth0.1/forwarding");
    CHECK(sysctl_path("net/ipv4/conf/eth0.1/forwarding") == "net/ipv4/conf/eth0.1/forwarding");
    CHECK(sysctl_path("vm..swappiness.") == "vm/swappiness");
    CHECK(sysctl_path("swappiness") == "swappiness");
    CHECK(sysctl_path("").empty());
}

TEST_CASE("assignments are read with their lines, comments and other lines left out") {
    const auto all = parse_sysctl(
        "# vm.a=1\n"
        " ; vm.b = 2\n"
        "\n"
        "  vm.swappiness =  10  \r\n"
        "-fs.aio-max-nr=1048576\n"
        "nonsense\n"
        "-net.ipv4.conf.all.rp_filter\n"
        "kernel.core_pattern=|/usr/bin/x a=b\n"
        "vm.empty=");
    REQUIRE(all.size() == 5);
    CHECK(all[0].key == "vm/swappiness");
    CHECK(all[0].value == "10");
    CHECK(all[0].line == 4);
    CHECK_FALSE(all[0].ignore_errors);
    CHECK(all[1].key == "fs/aio-max-nr");
    CHECK(all[1].ignore_errors);
    CHECK(all[2].key == "net/ipv4/conf/all/rp_filter");
    CHECK_FALSE(all[2].value);
    CHECK(all[3].value == "|/usr/bin/x a=b");
    CHECK(all[4].value == "");
    CHECK(all[4].line == 9);
}

TEST_CASE("the last assignment of a key wins, whatever its spelling") {
    const std::vector<ConfigFile> files = {
        {"/usr/lib/sysctl.d/50-a.conf", "vm.swappiness = 60\nfs.aio-max-nr=1\n"},
        {"/etc/sysctl.d/90-b.conf", "vm/swappiness=10\n-vm.swappiness=20\n"}};
    CHECK(show(effective_sysctl(files, "vm.swappiness")) == "/etc/sysctl.d/90-b.conf:2 20");
    CHECK(show(effective_sysctl(files, "vm/swappiness")) == "/etc/sysctl.d/90-b.conf:2 20");
    CHECK(show(effective_sysctl(files, "fs.aio-max-nr")) == "/usr/lib/sysctl.d/50-a.conf:2 1");
    CHECK(show(effective_sysctl(files, "vm.nr_hugepages")) == "nothing");
}

TEST_CASE("a key by name beats a pattern of a later file") {
    const std::vector<ConfigFile> files = {{"a", "net.ipv4.conf.eth0.rp_filter = 1"},
                                           {"b", "net.ipv4.conf.*.rp_filter = 2"}};
    CHECK(show(effective_sysctl(files, "net.ipv4.conf.eth0.rp_filter")) == "a:1 1");
    CHECK(show(effective_sysctl(files, "net.ipv4.conf.eth1.rp_filter")) == "b:1 2");
    CHECK(show(effective_sysctl(files, "net.ipv4.conf.a.b.rp_filter")) == "nothing");
}

TEST_CASE("a key with a minus alone is taken out of what patterns set") {
    const std::vector<ConfigFile> files = {{"a", "vm.nr_* = 5\n-vm.nr_hugepages\n"}};
    CHECK(show(effective_sysctl(files, "vm.nr_hugepages")) == "nothing");
    CHECK(show(effective_sysctl(files, "vm.nr_overcommit_hugepages")) == "a:1 5");
    CHECK(show(effective_sysctl({{"a", "vm.swappiness=1\n-vm.swappiness\n"}}, "vm.swappiness")) == "nothing");
}

TEST_CASE("of two patterns the one that got its value last is applied last") {
    CHECK(show(effective_sysctl({{"a", "vm.s*=1\nvm.*=2\n"}}, "vm.swappiness")) == "a:2 2");
    CHECK(show(effective_sysctl({{"a", "vm.s*=1\nvm.*=2\nvm.s*=3\n"}}, "vm.swappiness")) == "a:3 3");
    // The same value again does not move a pattern to the end.
    CHECK(show(effective_sysctl({{"a", "vm.s*=1\nvm.*=2\nvm.s*=1\n"}}, "vm.swappiness")) == "a:2 2");
    CHECK(show(effective_sysctl({{"a", "vm.s*=1\nvm.*=2\n-vm.*\n"}}, "vm.swappiness")) == "a:1 1");
}

TEST_CASE("a key that is not there is added at the end") {
    CHECK(set_sysctl("", "vm.nr_hugepages", "512") == "vm.nr_hugepages = 512\n");
    CHECK(set_sysctl("# mine\n", "vm.nr_hugepages", "512") == "# mine\nvm.nr_hugepages = 512\n");
    CHECK(set_sysctl("vm.swappiness=1", "vm.nr_hugepages", "512") ==
          "vm.swappiness=1\nvm.nr_hugepages = 512\n");
    CHECK(set_sysctl("vm.nr_*=1\n", "vm.nr_hugepages", "5") == "vm.nr_*=1\nvm.nr_hugepages = 5\n");
}

TEST_CASE("of an assignment only the value changes, of the rest nothing") {
    CHECK(set_sysctl("fs.file-max=100\n\t-vm/nr_hugepages  =  1 \r\nfs.file-max=999\n", "vm.nr_hugepages",
                     "512") == "fs.file-max=100\n\t-vm/nr_hugepages  =  512 \r\nfs.file-max=999\n");
    CHECK(set_sysctl("vm.nr_hugepages=", "vm.nr_hugepages", "512") == "vm.nr_hugepages=512");
    CHECK(set_sysctl("vm.nr_hugepages = \n", "vm.nr_hugepages", "512") == "vm.nr_hugepages =512 \n");
    CHECK(set_sysctl("-vm.nr_hugepages\n", "vm.nr_hugepages", "512") == "vm.nr_hugepages = 512\n");
    CHECK(set_sysctl("vm.nr_hugepages=512\n", "vm.nr_hugepages", "512") == "vm.nr_hugepages=512\n");
}

TEST_CASE("assignments of the key before its last one are dropped") {
    CHECK(set_sysctl("a.b=0\nvm.x=1\n#\nvm.x=2\nc.d=3\n", "vm.x", "9") == "a.b=0\n#\nvm.x=9\nc.d=3\n");
}

TEST_CASE("a value of two lines is refused") {
    CHECK_THROWS_WITH(set_sysctl("", "vm.x", "1\nvm.y=2"), "sysctl vm.x: the value must be one line");
}

TEST_CASE("a key that is taken out leaves everything else") {
    CHECK(unset_sysctl("# vm.x\nvm.x=1\r\n vm.y = 2\n-vm.x\nvm/x=3", "vm.x") == "# vm.x\n vm.y = 2\n");
    CHECK(unset_sysctl("vm.xx=1\n", "vm.x") == "vm.xx=1\n");
}
