// SPDX-License-Identifier: GPL-3.0-or-later
#include "lib/formats/udev_rules.hpp"

#include "tests/fuzz/fuzz.hpp"

using namespace virtbp;

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    const auto text = to_text(data, size);
    for (const auto& rule : parse_udev_rules(text)) must(!rule.tokens.empty() && rule.line > 0);

    UdevDevice device;
    device.kernel = "sda";
    device.subsystem = "block";
    device.devpath = "/devices/block/sda";
    device.environment = {{"DEVTYPE", "disk"}, {"ID_SERIAL", "S"}, {"DEVLINKS", "/dev/disk/by-id/a"}};
    device.attribute = [](const std::string& name) -> std::optional<std::string> {
        if (name == "queue/scheduler") return "none [bfq]\n";
        return name == "queue/rotational" ? std::optional<std::string>("1\n") : std::nullopt;
    };
    device.exists = [](const std::string& path) { return path.size() % 2 == 0; };
    device.parents = {{"host0", "scsi", "ahci", {}}};
    UdevRules({{"f", text}}, "queue/scheduler").writes(device);
    return 0;
}
