// SPDX-License-Identifier: GPL-3.0-or-later
#include "lib/formats/udev_rules.hpp"

#include <algorithm>

#include "lib/text.hpp"
#include "tests/lib/catch.hpp"

using namespace virtbp;

namespace {

using Attributes = std::map<std::string, std::string>;

auto reader(Attributes attributes) {
    return [attributes](const std::string& name) -> std::optional<std::string> {
        const auto found = attributes.find(name);
        if (found == attributes.end()) return std::nullopt;
        return found->second;
    };
}

/// A SATA disk that turns, with one hardware queue.
UdevDevice disk() {
    UdevDevice device;
    device.kernel = "sda";
    device.subsystem = "block";
    device.attribute = reader({{"queue/scheduler", "[none] mq-deadline kyber bfq\n"},
                               {"queue/rotational", "1\n"},
                               {"removable", "0\n"},
                               {"queue/zoned", "none\n"},
                               {"serial", "S1  \n"}});
    device.devpath = "/devices/pci0000:00/ata1/host0/target0:0:0/0:0:0:0/block/sda";
    device.environment = {{"DEVTYPE", "disk"},     {"ID_SERIAL", "ACME_1"},
                          {"MAJOR", "8"},          {"MINOR", "0"},
                          {"DEVNAME", "/dev/sda"}, {"DEVLINKS", "/dev/disk/by-id/a /dev/disk/by-path/b"},
                          {"TAGS", ":systemd:x:"}};
    const UdevNode scsi{"0:0:0:0", "scsi", "sd", reader({{"vendor", "ATA     \n"}, {"type", "0\n"}})};
    const UdevNode port{"ata1", "ata", "", {}};
    device.parents = {scsi, port};
    device.exists = [devpath = device.devpath](const std::string& path) {
        return path == "/sys" + devpath + "/queue/scheduler" || path == "/sys" + devpath + "/mq/0";
    };
    return device;
}

std::string show(const std::vector<UdevWrite>& writes) {
    std::string text;
    for (const auto& [value, path, line] : writes)
        append(text, {text.empty() ? "" : ", ", path, ":", std::to_string(line), " ", value});
    return text;
}

std::string scheduler(const std::string& rules, const UdevDevice& device = disk()) {
    return show(UdevRules({{"f", rules}}, "queue/scheduler").writes(device));
}

/// True where a rule with these matches is applied to the disk.
bool matches(const std::string& matches, const UdevDevice& device = disk()) {
    return !scheduler(matches + ", ATTR{queue/scheduler}=\"x\"", device).empty();
}

}  // namespace

TEST_CASE("matches on the device itself") {
    CHECK(matches("KERNEL==\"sda\""));
    CHECK(matches("KERNEL==\"hd*|sd[a-z]\""));
    CHECK_FALSE(matches("KERNEL!=\"hd*|sd[a-z]\""));
    CHECK_FALSE(matches("KERNEL==\"SDA\""));
    CHECK(matches("KERNEL==i\"SD?\""));
    CHECK(matches("KERNEL==i\"SDA\""));
    CHECK(matches("ACTION==\"add|change\", SUBSYSTEM==\"block\", DEVPATH==\"*/ata1/*\", DRIVER==\"\""));
    CHECK(matches("ENV{DEVTYPE}==\"disk\""));
    CHECK(matches("ENV{MISSING}!=\"?*\""));
    CHECK(matches("ENV{MISSING}==\"\""));
    CHECK(matches("ENV{MISSING}==\"a|\""));
    CHECK_FALSE(matches("ENV{MISSING}==\"?*\""));
    CHECK(matches("SYMLINK==\"disk/by-id/*\", TAG==\"systemd\""));
    CHECK_FALSE(matches("SYMLINK!=\"disk/by-id/*\""));
    CHECK(matches("TAG!=\"y\""));
}

TEST_CASE("an attribute is matched without its end, and a missing one not even by !=") {
    CHECK(matches("ATTR{queue/rotational}==\"1\""));
    CHECK(matches("ATTR{queue/rotational}!=\"0\""));
    CHECK(matches("ATTR{serial}==\"S1\""));
    CHECK(matches("ATTR{serial}==\"S1  \""));
    CHECK_FALSE(matches("ATTR{serial}==\"S1 \""));
    CHECK_FALSE(matches("ATTR{missing}!=\"1\""));
    CHECK_FALSE(matches("ATTR{missing}==\"\""));
    CHECK_FALSE(matches("ATTR{[dmi/id]sys_vendor}==\"?*\""));
}

TEST_CASE("matches on parents hold for one and the same device of the chain") {
    CHECK(matches("SUBSYSTEMS==\"scsi\", ATTRS{vendor}==\"ATA\""));
    CHECK(matches("SUBSYSTEMS==\"block\", KERNELS==\"sda\""));
    CHECK(matches("KERNELS==\"ata1\""));
    CHECK(matches("DRIVERS==\"sd\", KERNELS==\"0:*\""));
    CHECK_FALSE(matches("SUBSYSTEMS==\"scsi\", KERNELS==\"ata1\""));
    CHECK_FALSE(matches("SUBSYSTEMS==\"usb\""));
    CHECK_FALSE(matches("TAGS==\"systemd\""));
}

TEST_CASE("a test looks for a path below the device's folder, or an absolute one") {
    CHECK(matches("TEST==\"queue/scheduler\""));
    CHECK(matches("TEST==\"%S%p/mq/0\""));
    CHECK(matches("TEST==\"$sys$devpath/mq/0\""));
    CHECK(matches("TEST!=\"%S%p/mq/1\""));
    CHECK_FALSE(matches("TEST==\"mq/1\""));
    auto blind = disk();
    blind.exists = nullptr;
    CHECK(matches("TEST!=\"queue/scheduler\"", blind));
}

TEST_CASE("what needs a program is taken as not matching") {
    CHECK_FALSE(matches("PROGRAM==\"/bin/true\""));
    CHECK_FALSE(matches("PROGRAM=\"/bin/true\""));
    CHECK_FALSE(matches("IMPORT{builtin}=\"path_id\""));
    CHECK_FALSE(matches("IMPORT{program}!=\"/bin/false\""));
    CHECK_FALSE(matches("RESULT!=\"x\""));
    CHECK_FALSE(matches("CONST{virt}==\"kvm\""));
    CHECK_FALSE(matches("SYSCTL{vm.swappiness}==\"1\""));
}

TEST_CASE("all writes are given in order, whatever operator assigns") {
    CHECK(scheduler("ATTR{queue/scheduler}=\"a\", ATTR{queue/scheduler}+=\"b\"\n"
                    "ATTR{queue/scheduler}:=\"c\"\n"
                    "KERNEL==\"sdb\", ATTR{queue/scheduler}=\"d\"\n"
                    "ATTR{queue/nr_requests}=\"e\"\n") == "f:1 a, f:1 b, f:2 c");
}

TEST_CASE("matches count before assignments, wherever they stand") {
    CHECK(scheduler("ATTR{queue/scheduler}=\"bfq\", KERNEL==\"sdb\"").empty());
    CHECK(scheduler("ATTR{queue/scheduler}=\"$env{S}\", ENV{S}=\"bfq\"") == "f:1 bfq");
    CHECK(scheduler("ENV{S}=\"bfq\", ENV{S}==\"bfq\", ATTR{queue/scheduler}=\"x\"").empty());
}

TEST_CASE("a rule sees what rules before it have set") {
    CHECK(scheduler("ENV{S}=\"a\"\nENV{S}+=\"b\"\nENV{S}==\"a b\", ATTR{queue/scheduler}=\"x\"") == "f:3 x");
    CHECK(scheduler("ENV{ID_SERIAL}=\"\"\nENV{ID_SERIAL}==\"\", ATTR{queue/scheduler}=\"x\"") == "f:2 x");
    CHECK(scheduler("ATTR{queue/scheduler}=\"bfq\"\n"
                    "ATTR{queue/scheduler}==\"*[[]bfq]*\", ATTR{queue/scheduler}==\"none *\", "
                    "ATTR{queue/scheduler}=\"kyber\"\n") == "f:1 bfq, f:2 kyber");
    CHECK(scheduler("ATTR{removable}=\"9\"\nATTR{removable}==\"9\", ATTR{queue/scheduler}=\"x\"") == "f:2 x");
}

TEST_CASE("a value may name what udev knows of the device") {
    const auto value = [](const std::string& text) {
        const auto all = scheduler("SUBSYSTEMS==\"scsi\", ATTR{queue/scheduler}=\"" + text + "\"");
        return all.substr(std::min<size_t>(4, all.size()));
    };
    CHECK(value("$kernel:%k:$number:%n") == "sda:sda::");
    CHECK(value("$env{ID_SERIAL}-%E{MISSING}") == "ACME_1-");
    CHECK(value("$attr{serial}/%s{vendor}") == "S1/ATA");
    CHECK(value("$major:%m $devnode $name $root") == "8:0 /dev/sda sda /dev");
    CHECK(value("$id %d") == "0:0:0:0 sd");
    CHECK(value("$$kernel %%k 5% $x") == "$kernel %k 5% $x");
    CHECK(value("a$env{b") == "a");
    CHECK(value("a$env{}b") == "a");
    auto partition = disk();
    partition.kernel = "nvme0n1p12";
    CHECK(scheduler("ATTR{queue/scheduler}=\"%n\"", partition) == "f:1 12");
}

TEST_CASE("a value of 512 bytes and more is not written, nor set") {
    const std::string longest(511, 'x');
    CHECK(scheduler("ATTR{queue/scheduler}=\"" + longest + "\"") == "f:1 " + longest);
    CHECK(scheduler("ATTR{queue/scheduler}=\"" + longest + "x\"").empty());
    std::string doubled = "ENV{A}=\"12345678\"\n";
    for (int i = 0; i < 60; ++i) doubled += "ENV{A}=\"$env{A}$env{A}\"\nENV{A}+=\"x\"\n";
    const auto written = scheduler(doubled + "ATTR{queue/scheduler}=\"$env{A}\"");
    CHECK(written.size() > 256);
    CHECK(written.size() < 520);
    CHECK_FALSE(matches("TEST!=\"" + std::string(1024, 'x') + "\""));
}

TEST_CASE("a rule may go to a label further down in its file") {
    CHECK(scheduler("KERNEL==\"sda\", GOTO=\"end\"\n"
                    "ATTR{queue/scheduler}=\"a\"\n"
                    "LABEL=\"end\"\n"
                    "ATTR{queue/scheduler}=\"b\"\n") == "f:4 b");
    CHECK(scheduler(
              "LABEL=\"end\"\nATTR{queue/scheduler}=\"a\", GOTO=\"end\"\nATTR{queue/scheduler}=\"b\"\n") ==
          "f:2 a, f:3 b");
    CHECK(scheduler("GOTO=\"x\"\nATTR{queue/scheduler}=\"a\"\nLABEL=\"x\", ATTR{queue/scheduler}=\"b\"\n") ==
          "f:3 b");
    CHECK(scheduler("GOTO=\"x\"\nATTR{queue/scheduler}=\"a\"\nLABEL=\"x\", LABEL=\"y\"\n") == "f:2 a");
    CHECK(show(UdevRules({{"a", "GOTO=\"x\"\nATTR{queue/scheduler}=\"1\"\n"},
                          {"b", "LABEL=\"x\"\nATTR{queue/scheduler}=\"2\"\n"}},
                         "queue/scheduler")
                   .writes(disk())) == "a:2 1, b:2 2");
}

namespace {

/// As distributions write it: by kind of device, with early ways out.
const ConfigFile distribution = {"/usr/lib/udev/rules.d/60-io-scheduler.rules",
                                 R"(# I/O schedulers of the distribution
SUBSYSTEM!="block", GOTO="io_scheduler_end"
ACTION!="add|change", GOTO="io_scheduler_end"
ENV{DEVTYPE}!="disk", GOTO="io_scheduler_end"
TEST!="%S%p/queue/scheduler", GOTO="io_scheduler_end"

# multipath: the map is scheduled, not its paths
ENV{DM_UUID}=="mpath-?*", ATTR{queue/scheduler}="none", GOTO="io_scheduler_end"
ENV{DM_MULTIPATH_DEVICE_PATH}=="1", ATTR{queue/scheduler}="none", GOTO="io_scheduler_end"
KERNEL=="loop[0-9]*", ATTR{queue/scheduler}="none", GOTO="io_scheduler_end"
KERNEL=="vd*|xvd*", GOTO="io_scheduler_end"
ATTR{queue/zoned}!="none", GOTO="io_scheduler_end"

# one hardware queue and a disk that turns
ATTR{queue/rotational}!="0", TEST!="%S%p/mq/1", \
    ATTR{queue/scheduler}="bfq", GOTO="io_scheduler_end"
ATTR{queue/rotational}=="0", ATTR{queue/scheduler}="mq-deadline"

LABEL="io_scheduler_end"
)"};

std::string distribution_gives(const UdevDevice& device) {
    const auto writes = UdevRules({distribution}, "queue/scheduler").writes(device);
    return writes.empty() ? "nothing" : std::to_string(writes.back().line) + " " + writes.back().value;
}

}  // namespace

TEST_CASE("a distribution's rules give each kind of device its scheduler") {
    CHECK(distribution_gives(disk()) == "15 bfq");

    auto solid = disk();
    solid.attribute = reader({{"queue/rotational", "0\n"}, {"queue/zoned", "none\n"}});
    CHECK(distribution_gives(solid) == "17 mq-deadline");

    auto several_queues = disk();
    several_queues.exists = [](const std::string&) { return true; };
    CHECK(distribution_gives(several_queues) == "nothing");

    auto path = disk();
    path.environment["DM_MULTIPATH_DEVICE_PATH"] = "1";
    CHECK(distribution_gives(path) == "9 none");

    auto map = disk();
    map.environment["DM_UUID"] = "mpath-3600";
    CHECK(distribution_gives(map) == "8 none");

    auto virtio = disk();
    virtio.kernel = "vda";
    CHECK(distribution_gives(virtio) == "nothing");

    auto partition = disk();
    partition.environment["DEVTYPE"] = "partition";
    CHECK(distribution_gives(partition) == "nothing");

    auto removed = disk();
    removed.action = "remove";
    CHECK(distribution_gives(removed) == "nothing");

    auto zoned = disk();
    zoned.attribute = reader({{"queue/rotational", "1\n"}, {"queue/zoned", "host-managed\n"}});
    CHECK(distribution_gives(zoned) == "nothing");
}

TEST_CASE("a rule sorted after the distribution's has the last word") {
    const ConfigFile ours = {"/etc/udev/rules.d/65-virtbp.rules",
                             "ACTION==\"add|change\", SUBSYSTEM==\"block\", ENV{DEVTYPE}==\"disk\", "
                             "ENV{ID_SERIAL}==\"ACME_1\", TEST==\"queue/scheduler\", "
                             "ATTR{queue/scheduler}=\"mq-deadline\"\n"};
    CHECK(show(UdevRules({distribution, ours}, "queue/scheduler").writes(disk())) ==
          distribution.path + ":15 bfq, " + ours.path + ":1 mq-deadline");
    auto other = disk();
    other.environment["ID_SERIAL"] = "ACME_2";
    CHECK(show(UdevRules({distribution, ours}, "queue/scheduler").writes(other)) ==
          distribution.path + ":15 bfq");
}

TEST_CASE("many rules with one label are run in time that grows with their number") {
    std::string rules = "KERNEL==\"none\", ATTR{queue/scheduler}=\"x\"\n";
    for (int i = 0; i < 20000; ++i) rules += "LABEL=\"l\", GOTO=\"l\"\n";
    CHECK(scheduler(rules).empty());
}
