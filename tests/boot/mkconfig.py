#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""grub_cmdline against Debian's own grub-mkconfig and grub-script-check: tests/boot/mkconfig.py EXECUTABLES, as root.
Each group has a machine of its own (machine.py)."""

import os
import sys

from grub import CONFIG, VFIO, assignment, entries, have, is_recovery, outcomes, prepare, set_line
from machine import DEFAULTS, Checks, apply_twice, play, refuse

checks = Checks()


def grub2(machine, what, **parameters):
    return apply_twice(checks, machine, what, "grub_cmdline", **parameters)


def test_layers(machine):
    machine.path(CONFIG).chmod(0o640)
    os.chown(machine.path(CONFIG), 0, 4)
    beside = sorted(path.name for path in machine.path("/boot/grub").iterdir())
    _, done = grub2(machine, "two parameters", present=VFIO)
    checks.check("the normal entries have them, the recovery ones do not", have(machine, VFIO), entries(machine))
    status = machine.path(CONFIG).stat()
    checks.check("grub.cfg keeps mode and owner", (status.st_mode & 0o7777, status.st_gid) == (0o640, 4), status)
    left = sorted(path.name for path in machine.path("/boot/grub").iterdir())
    checks.check("nothing is left beside grub.cfg", left == beside, left)
    checks.check("a boot is needed, and why is said",
                 done["reboot_required"] and len(done["reboot_reasons"]) == 2, done["reboot_reasons"])
    made = machine.read(CONFIG)
    machine.run("update-grub")
    checks.check("grub.cfg is what update-grub makes", machine.read(CONFIG) == made)
    machine.boot(" ".join(entries(machine)[0][1][1:]))
    result = machine.call("grub_cmdline", present=VFIO)
    checks.check("after that boot none is needed", not result["reboot_required"] and not result["reboot_reasons"],
                 result["reboot_reasons"])

    grub2(machine, "one goes", absent=["iommu"], backup=True)
    checks.check("the entries lack it", have(machine, ["intel_iommu=on"]), entries(machine))
    copies = sorted(path.name for path in machine.path("/etc/default").glob("grub.*~"))
    checks.check("backup keeps a copy", len(copies) == 1 and "iommu=pt" in machine.read(f"/etc/default/{copies[0]}"),
                 copies)
    grub2(machine, "a parameter of all entries", present=["console=tty0", "console=ttyS0,115200n8"], variable="linux")
    checks.check("recovery entries have it, too", len(entries(machine)) == 5 and all(
        {"console=tty0", "console=ttyS0,115200n8"} <= set(arguments) for _, arguments in entries(machine)),
        entries(machine))
    grub2(machine, "the whole line", present=["quiet", "splash"], replace=True)
    checks.check("nothing else is on it", assignment(machine) == ['GRUB_CMDLINE_LINUX_DEFAULT="quiet splash"'],
                 assignment(machine))


def test_missing_config(machine):
    machine.path(CONFIG).unlink()
    machine.path(CONFIG).with_name("grubenv").unlink(missing_ok=True)
    result = machine.call("grub_cmdline", present=VFIO)
    checks.check("grub.cfg is made where there is none", result["changed"] and not result.get("failed"), result["msg"])
    checks.check("it has the parameters", have(machine, VFIO), entries(machine))
    mode = machine.path(CONFIG).stat().st_mode & 0o777
    checks.check("only root reads it", mode == 0o600, oct(mode))


def test_quotes(machine):
    set_line(machine, r'"quiet \$tuned_params"')
    grub2(machine, "beside $tuned_params", present=VFIO)
    kept = r'GRUB_CMDLINE_LINUX_DEFAULT="quiet \$tuned_params intel_iommu=on iommu=pt"'
    checks.check(r"\$tuned_params stays in the defaults", assignment(machine) == [kept], assignment(machine))
    checks.check("$tuned_params reaches grub.cfg", have(machine, ["quiet", "$tuned_params", *VFIO]), entries(machine))
    value = 'dyndbg="file virtio_net.c +p; file vhost.c +p"'
    grub2(machine, "a value with blanks", present=[value])
    checks.check("grub.cfg has it in one piece", have(machine, [value.replace('"', "")]), entries(machine))
    for line in ("'quiet'", "quiet", "", '""', '"quiet" # by hand', "'quiet '\"splash\""):
        set_line(machine, line)
        machine.run("update-grub")
        grub2(machine, f"after {line or 'nothing'}", present=VFIO)
        checks.check(f"after {line or 'nothing'}: the entries", have(machine, VFIO), entries(machine))


def test_drop_ins(machine):
    own = "/etc/default/grub.d/50-own.cfg"
    machine.write(own, 'GRUB_CMDLINE_LINUX_DEFAULT="console=ttyS0"\n')
    machine.run("update-grub")
    before = machine.read(DEFAULTS)
    _, done = grub2(machine, "a drop-in that wins", present=VFIO)
    checks.check("the entries have it", have(machine, ["console=ttyS0", *VFIO]), entries(machine))
    checks.check("the drop-in is what was edited",
                 machine.read(DEFAULTS) == before and list(done["configured"]) == [f"{own}:1"], done["configured"])
    machine.write(own, 'GRUB_CMDLINE_LINUX_DEFAULT="$GRUB_CMDLINE_LINUX_DEFAULT console=ttyS0"\n')
    grub2(machine, "a drop-in that adds", present=VFIO)
    found = [set(arguments) >= {"quiet", "console=ttyS0", *VFIO} for title, arguments in entries(machine)
             if not is_recovery(title)]
    checks.check("the entries have what both files give", found and all(found), entries(machine))
    machine.path(own).unlink()

    set_line(machine, '"mitigations=off"')
    machine.run("update-grub")
    result = machine.call("grub_cmdline", present=["mitigations=auto"], variable="linux")
    checks.check("a variable that wins is told", result["failed"] and outcomes(result, "persistent") == {"overridden"},
                 result["msg"])
    checks.check("what was asked stands in the defaults",
                 assignment(machine, "GRUB_CMDLINE_LINUX") == ['GRUB_CMDLINE_LINUX="mitigations=auto"'],
                 assignment(machine, "GRUB_CMDLINE_LINUX"))


def test_drift(machine):
    set_line(machine, '"quiet intel_iommu=on iommu=pt"')
    _, done = grub2(machine, "defaults edited without update-grub", present=VFIO)
    checks.check("only the boot layer changed", outcomes(done, "persistent") == {"same"}
                 and outcomes(done, "boot") == {"changed"}, done["virtbp"])
    checks.check("the entries are repaired", have(machine, ["quiet", *VFIO]), entries(machine))
    set_line(machine, '"quiet"')
    result = machine.call("grub_cmdline", present=VFIO, regenerate=False)
    checks.check("regenerate: false leaves grub.cfg alone, which is right already",
                 result["changed"] and not result.get("failed"), result["msg"])
    before = machine.read(CONFIG)
    result = machine.call("grub_cmdline", present=["nosmt"], regenerate=False)
    checks.check("regenerate: false tells what is left to do",
                 machine.read(CONFIG) == before and outcomes(result, "boot") == {"pending_reboot"}
                 and "grub-mkconfig" in "".join(result["reboot_reasons"]), result["reboot_reasons"])


def test_failures(machine):
    def fails(what, message):
        refuse(checks, machine, what, message, "grub_cmdline", present=VFIO)

    machine.stand_in("/etc/grub.d/09_broken", "exit 1\n")
    fails("a script of /etc/grub.d that fails", "grub-mkconfig")
    machine.stand_in("/etc/grub.d/09_broken", "echo \"menuentry 'broken' {\"\n")
    fails("a script of /etc/grub.d that prints nonsense", "grub-mkconfig")
    machine.path("/etc/grub.d/09_broken").unlink()
    machine.path("/etc/grub.d/10_linux").chmod(0o644)
    fails("a menu without entries", "without entries")
    machine.path("/etc/grub.d/10_linux").chmod(0o755)
    machine.replace("/etc/grub.d/10_linux", "${GRUB_CMDLINE_LINUX_DEFAULT}", "")
    fails("a script that leaves the variable out", "without the parameters")

    machine.path("/usr/sbin/grub-mkconfig").rename(machine.path("/usr/sbin/grub-mkconfig.real"))
    machine.stand_in("/usr/sbin/grub-mkconfig", 'grub-mkconfig.real "$@" && echo "menuentry broken {" >>"$2"\n')
    fails("a grub.cfg that grub-script-check refuses", "grub-script-check")
    machine.stand_in("/usr/sbin/grub-mkconfig", "")
    fails("a grub-mkconfig that writes nothing", "grub.cfg.virtbp")
    machine.path("/usr/sbin/grub-mkconfig").unlink()
    fails("no grub-mkconfig", "is installed")


def test_special_characters(machine):
    """GRUB's shell reads the line, too: a parameter arrives as it was asked for, or nothing is changed."""
    for parameter in ("memmap=1G$4G", "a=b;c", "a=b|c&d", "a='b", "a={b", "a=<b>", "a=\\x41", "#a", "a=b#c", "a=`ls`",
                      "a=*~!", "a=\u00e9"):
        before = machine.texts("/boot", "/etc")
        result = machine.call("grub_cmdline", present=[parameter])
        fine = machine.texts("/boot", "/etc") == before if result.get("failed") else have(machine, [parameter])
        checks.check(f"{parameter} arrives, or nothing is changed", fine, (result["msg"], entries(machine)))
        machine.call("grub_cmdline", absent=[parameter])


def test_stub(machine):
    stub = "/boot/efi/EFI/debian/grub.cfg"
    machine.write(stub, "search.fs_uuid 0a3407de-0000 root\nset prefix=($root)'/boot/grub'\n"
                        "configfile $prefix/grub.cfg\n")
    refuse(checks, machine, "the stub of an EFI partition", "must not be replaced", "grub_cmdline", present=VFIO,
           output_file=stub)
    before = machine.read(stub)
    grub2(machine, "beside a stub", present=VFIO)
    checks.check("the stub stays, the real one has them", machine.read(stub) == before and have(machine, VFIO))


def test_from_outside(machine):
    before = machine.texts("/boot")
    result = machine.call_from_outside("grub_cmdline", present=VFIO)
    checks.check("another root: no command is run, /boot stays", machine.texts("/boot") == before)
    checks.check("another root: the defaults are edited",
                 assignment(machine) == ['GRUB_CMDLINE_LINUX_DEFAULT="quiet intel_iommu=on iommu=pt"'],
                 assignment(machine))
    checks.check("another root: grub.cfg is to follow", outcomes(result, "boot") == {"pending_reboot"}
                 and "grub-mkconfig" in " ".join(result["reboot_reasons"]), result)
    again = machine.call_from_outside("grub_cmdline", present=VFIO)
    checks.check("another root: nothing to change the second time", not again["changed"], again["msg"])
    _, done = grub2(machine, "the machine itself, later", present=VFIO)
    checks.check("grub.cfg has followed", have(machine, VFIO) and outcomes(done, "boot") == {"changed"}, done["msg"])


if __name__ == "__main__":
    sys.exit(play(checks, [test_layers, test_missing_config, test_quotes, test_drop_ins, test_drift, test_failures,
                           test_special_characters, test_stub, test_from_outside], prepare))
