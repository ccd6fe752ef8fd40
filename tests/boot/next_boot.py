#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the next boot starts, and with which parameters: grub_cmdline and hugepages with Debian's own grub-editenv,
grub-reboot, grub-set-default and 20_linux_xen: tests/boot/next_boot.py EXECUTABLES, as root. Each group has a machine
of its own (machine.py); of Xen's programs there is a stand-in of xl alone."""

import re
import sys
from pathlib import Path

from grub import CONFIG, VFIO, entries, have, is_recovery, outcomes, prepare, set_line
from machine import KERNELS, Checks, apply_twice, play

checks = Checks()


def apply(machine, what, **parameters):
    return apply_twice(checks, machine, what, "grub_cmdline", **parameters)


def test_environment(machine):
    set_line(machine, "saved", "GRUB_DEFAULT")
    machine.run("grub-editenv", "/boot/grub/grubenv", "create")
    machine.run("update-grub")
    ids = re.findall(r"menuentry_id_option '([^']*)'", machine.read(CONFIG))
    simple, advanced = ids[0], ids[1]
    old, recovery = (next(name for name in ids if f"{KERNELS[number]}-{kind}" in name)
                     for number, kind in ((0, "advanced"), (1, "recovery")))
    old_title, new_title = (f"Debian GNU/Linux, with Linux {kernel}" for kernel in KERNELS)

    def starts(what, entry, why, fine=True):
        result = machine.call("grub_cmdline", True, present=VFIO)
        next_boot = result["next_boot"]
        checks.check(f"{what} starts {entry}", next_boot["entry"] == entry and why in next_boot["why"], next_boot)
        checks.check(f"{what} {'follows' if fine else 'does not follow'} the defaults",
                     ("overridden" in outcomes(result, "boot")) != fine, result["virtbp"])

    starts("an empty block", "Debian GNU/Linux", "")
    machine.run("grub-set-default", f"{advanced}>{old}")
    starts("grub-set-default with ids", old_title, "saved_entry")
    machine.run("grub-reboot", "1>0")
    starts("grub-reboot with numbers", new_title, "next_entry")
    apply(machine, "while next_entry is set", present=VFIO)
    checks.check("grubenv is as it was", "next_entry=1>0" in machine.run("grub-editenv", "list"))
    machine.run("grub-editenv", "-", "unset", "next_entry")
    starts("the saved entry, once that boot is over,", old_title, "saved_entry")
    machine.run("grub-set-default", simple)
    starts("grub-set-default with an id", "Debian GNU/Linux", "saved_entry")
    machine.run("grub-set-default", f"Advanced options for Debian GNU/Linux>{old_title}")
    starts("grub-set-default with titles", old_title, "saved_entry")
    machine.run("grub-set-default", f"{advanced}>{recovery}")
    starts("a saved recovery entry", f"{new_title} (recovery mode)", "saved_entry", fine=False)
    machine.run("grub-set-default", "no such entry")
    starts("a saved entry that is gone", "Debian GNU/Linux", "")


def test_xen(machine):
    machine.write("/boot/xen-4.17-amd64.gz", "hypervisor\n")
    set_line(machine, '"Debian GNU/Linux, with Xen hypervisor"', "GRUB_DEFAULT")
    machine.stand_in("/usr/sbin/xl", 'echo "xen_commandline        : placeholder"\n')
    machine.run("update-grub")
    checks.check("20_linux_xen made entries", len(entries(machine, "multiboot")) >= 3, entries(machine, "multiboot"))
    _, done = apply(machine, "dom0's memory", variable="xen_default", present=["dom0_mem=2G,max:2G"])
    checks.check("the hypervisor's lines have it", have(machine, ["dom0_mem=2G,max:2G"], "multiboot"),
                 entries(machine, "multiboot"))
    checks.check("no kernel has it", not any("dom0_mem" in " ".join(words) for command in ("linux", "module")
                                             for _, words in entries(machine, command)))
    checks.check("the next boot is Xen's", "Xen hypervisor" in done["next_boot"]["entry"]
                 and "dom0_mem" in done["next_boot"]["line"], done["next_boot"])
    checks.check("the hypervisor that runs lacks it", outcomes(done, "runtime") == {"pending_reboot"}, done["virtbp"])
    machine.stand_in("/usr/sbin/xl", 'echo "xen_commandline        : placeholder dom0_mem=2G,max:2G"\n')
    result = machine.call("grub_cmdline", variable="xen_default", present=["dom0_mem=2G,max:2G"])
    checks.check("it has it after a boot", not result["reboot_required"], result["reboot_reasons"])
    apply(machine, "parameters of dom0's kernel", variable="default", present=VFIO)
    dom0 = [words for title, words in entries(machine, "module") if "vmlinuz" in words[0] and not is_recovery(title)]
    checks.check("modules of Xen's entries have them", dom0 and all(set(VFIO) <= set(words) for words in dom0), dom0)

    apply(machine, "a line for dom0 alone", variable="linux_xen_replace_default", present=["nopti"], absent=["iommu"])
    dom0 = [words for title, words in entries(machine, "module") if "vmlinuz" in words[0] and not is_recovery(title)]
    checks.check("dom0 has what it had, and that",
                 dom0 and all(words[-3:] == ["quiet", "intel_iommu=on", "nopti"] for words in dom0), dom0)
    checks.check("kernels without Xen keep theirs", have(machine, VFIO), entries(machine))
    result = machine.call("grub_cmdline", True, present=["nosmt"])
    checks.check("the usual variable does not reach dom0 any more", outcomes(result, "boot") == {"overridden"},
                 result["virtbp"])


def reserved(line):
    """Pools by the kernel's rules: hugepages= means the hugepagesz= before it, and without one the default size."""
    size, pools = "default", {}
    for word in line:
        name, _, value = word.partition("=")
        if name == "hugepagesz":
            size = value
        elif name == "hugepages":
            pools[size] = int(value)
        elif name == "default_hugepagesz" and "default" in pools:
            pools[value] = pools.pop("default")
    return pools


def test_hugepages(machine):
    def reserve(what, wanted, pools):
        apply_twice(checks, machine, what, "hugepages", runtime=False, persist_by="cmdline", pools=pools)
        found = [reserved(words) for title, words in entries(machine) if not is_recovery(title)]
        checks.check(f"{what}: every entry reserves {wanted}", len(found) == 3
                     and all(one in wanted for one in found), entries(machine))

    if not Path("/sys/kernel/mm/hugepages/hugepages-2048kB").exists():
        return checks.skip("huge pages", "this kernel has none of 2M")
    set_line(machine, '"quiet hugepages=2"')
    machine.run("update-grub")
    reserve("one size", [{"2M": 3}, {"default": 3}], [{"size": "2M", "count": 3}])
    if not Path("/sys/kernel/mm/hugepages/hugepages-1048576kB").exists():
        return checks.skip("two sizes", "this kernel has none of 1G")
    reserve("two sizes", [{"2M": 4, "1G": 1}, {"default": 4, "1G": 1}],
            [{"size": "1G", "count": 1}, {"size": "2M", "count": 4}])
    before = machine.texts("/etc", "/boot")
    result = machine.call("hugepages", runtime=False, persist_by="cmdline", size="1G", count=1 << 20)
    checks.check("more than the machine has is refused", result["failed"] and "reserve" in result["msg"]
                 and machine.texts("/etc", "/boot") == before, result["msg"])
    reserve("none of 1G", [{"2M": 4}, {"default": 4}], [{"size": "1G", "count": 0}])
    return None


if __name__ == "__main__":
    sys.exit(play(checks, [test_environment, test_xen, test_hugepages], prepare))
