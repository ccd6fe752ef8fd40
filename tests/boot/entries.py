#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Loaders with a file an entry, as the live root: tests/boot/entries.py EXECUTABLES, as root.

Debian has neither sdbootutil nor grubby, so stand-ins record how they are called; grub-editenv is the real one. Each
group has a machine of its own: a folder of tests/machines over the Debian of machine.py."""

import re
import subprocess
import sys
from pathlib import Path

from machine import DEFAULTS, Checks, apply_twice, play, refuse

MACHINES = Path(__file__).resolve().parent.parent / "machines"
VFIO = ["intel_iommu=on", "iommu=pt"]
SUSE, RED_HAT = "/boot/efi/loader/entries", "/boot/loader/entries"
CMDLINE = "/etc/kernel/cmdline"
checks = Checks()

# As sdbootutil does: entries of the running snapshot get the line anew, those of older ones stay.
SDBOOTUTIL = f"""
for entry in {SUSE}/*.conf; do
    if grep -q '^sort-key *snapper-' "$entry"; then continue; fi
    own=$(sed -n 's/^options.*\\( rootflags=.*\\)$/\\1/p' "$entry")
    sed -i "s|^options.*|options    $(cat {CMDLINE})$own|" "$entry"
    STEP
done
"""


def overlay(machine, name):
    subprocess.run(["cp", "-a", f"{MACHINES}/{name}/.", machine.root], check=True)
    machine.boot((MACHINES / name / "proc/cmdline").read_text(encoding="utf-8").strip())


def options(machine, folder):
    """Of each entry its options, by the file's name."""
    return {path.name: re.search(r"^options\s+(.*)$", path.read_text(encoding="utf-8"), re.MULTILINE)[1].split()
            for path in sorted(machine.path(folder).glob("*.conf"))}


def test_sdbootutil(machine):
    overlay(machine, "tumbleweed-systemd-boot")
    machine.stand_in("/usr/bin/sdbootutil", SDBOOTUTIL.replace("STEP", ":"))
    before = options(machine, SUSE)
    _, done = apply_twice(checks, machine, "stand-in sdbootutil", "grub_cmdline", present=VFIO)
    checks.check("it is found", done["backend"]["name"] == "sdbootutil", done["backend"])
    checks.check("it is called once", machine.calls() == ["sdbootutil update-all-entries"], machine.calls())
    checks.check("/etc/kernel/cmdline has them", machine.read(CMDLINE).split()[-2:] == VFIO, machine.read(CMDLINE))
    after = options(machine, SUSE)
    old = [name for name, words in before.items() if after[name] == words]
    checks.check("entries have them, that of the old snapshot stays",
                 len(old) == 1 and all(set(VFIO) <= set(words) for name, words in after.items() if name not in old),
                 after)
    checks.check("a boot is needed", done["reboot_required"], done["virtbp"])
    machine.boot(done["next_boot"]["line"])
    checks.check("after it none is", not machine.call("grub_cmdline", present=VFIO)["reboot_required"])
    apply_twice(checks, machine, "one goes", "grub_cmdline", absent=["iommu"])
    machine.write(CMDLINE, machine.read(CMDLINE).replace("\n", " nosmt\n"))
    apply_twice(checks, machine, "a line edited without sdbootutil", "grub_cmdline", present=["nosmt"])


def test_sdbootutil_fails(machine):
    overlay(machine, "tumbleweed-systemd-boot")

    def fails(what, message):
        refuse(checks, machine, f"sdbootutil that {what}", message, "grub_cmdline", present=VFIO)

    machine.stand_in("/usr/bin/sdbootutil", "echo no space left >&2; exit 3\n")
    fails("fails", "no space left")
    machine.stand_in("/usr/bin/sdbootutil", "")
    fails("does nothing", "without the parameters")
    machine.path("/usr/bin/sdbootutil").unlink()
    fails("is not there", "sdbootutil is not installed")

    before = machine.read(CMDLINE)
    machine.stand_in("/usr/bin/sdbootutil", SDBOOTUTIL.replace("STEP", "exit 1"))
    result = machine.call("grub_cmdline", present=VFIO)
    checks.check("sdbootutil that fails midway: the task fails", result.get("failed"), result)
    checks.check("sdbootutil that fails midway: the line is as it was", machine.read(CMDLINE) == before)
    machine.stand_in("/usr/bin/sdbootutil", SDBOOTUTIL.replace("STEP", ":"))
    apply_twice(checks, machine, "sdbootutil that works again", "grub_cmdline", present=VFIO)
    checks.check("every entry of the snapshot has them", sum(
        set(VFIO) <= set(words) for words in options(machine, SUSE).values()) == 2, options(machine, SUSE))


def test_grubby(machine):
    overlay(machine, "rhel9-bls")
    for program in ("grubby", "grub2-mkconfig"):
        machine.stand_in(f"/usr/sbin/{program}", "exit 1\n")
    environment = "/boot/grub2/grubenv"
    before = options(machine, RED_HAT)
    _, done = apply_twice(checks, machine, "entries of blscfg", "grub_cmdline", present=VFIO)
    checks.check("they are found", done["backend"]["name"] == "bls", done["backend"])
    checks.check("neither grubby nor grub2-mkconfig is called", machine.calls() == [], machine.calls())
    after = options(machine, RED_HAT)
    checks.check("entries have them last, the rescue entry stays", all(
        words == (before[name] if "0-rescue" in name else [*before[name], *VFIO]) for name, words in after.items()),
        after)
    checks.check("$tuned_params stays", sum("$tuned_params" in words for words in after.values()) == 2, after)
    checks.check("kernels to come have them, too", machine.read(CMDLINE).split()[-2:] == VFIO
                 and "intel_iommu=on iommu=pt" in machine.read(DEFAULTS), machine.read(DEFAULTS))
    for name in (name for name in after if "0-rescue" not in name):
        machine.run("grub-editenv", environment, "set", f"saved_entry={name.removesuffix('.conf')}")
        result = machine.call("grub_cmdline", True, present=VFIO)
        version = name.split("-", 1)[1].removesuffix(".conf")
        checks.check(f"saved_entry starts {version}", version in result["next_boot"]["entry"]
                     and "saved_entry" in result["next_boot"]["why"], result["next_boot"])
    checks.check("nothing is to be changed for it", not result["changed"], result["msg"])


def test_kernelopts(machine):
    overlay(machine, "rhel8-kernelopts")
    environment = "/boot/grub2/grubenv"
    before = dict(line.split("=", 1) for line in machine.run("grub-editenv", environment, "list").splitlines())
    apply_twice(checks, machine, "kernelopts", "grub_cmdline", present=VFIO)
    after = dict(line.split("=", 1) for line in machine.run("grub-editenv", environment, "list").splitlines())
    checks.check("grub-editenv reads them", after["kernelopts"].split()[-2:] == VFIO, after)
    checks.check("the block's other variables and its size stay",
                 {**after, "kernelopts": ""} == {**before, "kernelopts": ""}
                 and machine.path(environment).stat().st_size == 1024, after)
    machine.run("grub-editenv", environment, "set", f"kernelopts={before['kernelopts']}")
    apply_twice(checks, machine, "kernelopts that grub-editenv wrote", "grub_cmdline", present=VFIO)


if __name__ == "__main__":
    sys.exit(play(checks, [test_sdbootutil, test_sdbootutil_fails, test_grubby, test_kernelopts],
                  lambda machine: machine.path(DEFAULTS).unlink()))
