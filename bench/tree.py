# SPDX-License-Identifier: GPL-3.0-or-later
"""A fake /sys with many disks, laid out as the kernel's: /sys/block/NAME links to the device's own folder."""

from pathlib import Path


def disk_name(number: int) -> str:
    """sda, sdb … sdz, sdaa …: as the kernel counts."""
    name = ""
    number += 1
    while number:
        number, letter = divmod(number - 1, 26)
        name = chr(ord("a") + letter) + name
    return "sd" + name


def make_disks(root: Path, count: int) -> str:
    """Makes them below `root`; returns the first one's name."""
    for folder in ("sys/block", "sys/class/block", "sys/dev/block", "proc/sys/kernel", "etc", "dev"):
        (root / folder).mkdir(parents=True)
    (root / "proc/sys/kernel/osrelease").write_text("6.4.0-150600.23-default\n", encoding="ascii")
    for number in range(count):
        name, device = disk_name(number), f"{8 + number // 256}:{number % 256}"
        place = f"devices/pci0000:00/0000:00:1f.2/host{number}/target{number}:0:0/{number}:0:0:0/block/{name}"
        folder = root / "sys" / place
        for below in ("queue", "device"):
            (folder / below).mkdir(parents=True)
        files = {"dev": device, "size": "1953525168", "removable": "0", "ro": "0", "hidden": "0",
                 "queue/scheduler": "[mq-deadline] kyber bfq none", "queue/rotational": "1",
                 "device/model": "ST1000NM0008", "device/vendor": "ATA", "device/type": "0"}
        for file, text in files.items():
            (folder / file).write_text(text + "\n", encoding="ascii")
        for link in (f"sys/block/{name}", f"sys/class/block/{name}"):
            (root / link).symlink_to("../" * (link.count("/") - 1) + place)
        (root / "sys/dev/block" / device).symlink_to(f"../../{place}")
    return disk_name(0)
