# SPDX-License-Identifier: GPL-3.0-or-later
"""What Debian's GRUB was told and what it made of that, read without the modules' code: expressions for the lines that
its scripts write."""

import re
import shlex

from machine import DEFAULTS

CONFIG = "/boot/grub/grub.cfg"
VFIO = ["intel_iommu=on", "iommu=pt"]


def entries(machine, command="linux"):
    """Of each entry with that command: title and arguments as GRUB's shell hands them on."""
    found, title = [], ""
    for line in machine.read(CONFIG).splitlines():
        if match := re.match(r"\s*menuentry '([^']*)'", line):
            title = match[1]
        elif match := re.match(rf"\s*{command}2?\s+(.*)", line):
            found.append((title, [word for word in shlex.split(match[1]) if word != "${xen_rm_opts}"]))
    return found


def is_recovery(title):
    return "recovery mode" in title


def have(machine, wanted, command="linux"):
    """True where all entries but those of the recovery mode end with these arguments, and no recovery entry has one."""
    found = entries(machine, command)
    return len(found) >= 2 and all(not set(wanted) & set(arguments) if is_recovery(title)
                                   else arguments[-len(wanted):] == wanted for title, arguments in found)


def assignment(machine, variable="GRUB_CMDLINE_LINUX_DEFAULT", file=DEFAULTS):
    return re.findall(rf"^{variable}=.*$", machine.read(file), re.MULTILINE)


def set_line(machine, value, variable="GRUB_CMDLINE_LINUX_DEFAULT"):
    """What an administrator does, who may forget update-grub."""
    machine.replace(DEFAULTS, assignment(machine, variable)[0], f"{variable}={value}")


def outcomes(result, layer):
    return {field["outcome"] for field in result["virtbp"]["fields"] if field["layer"] == layer}


def prepare(machine):
    probed = machine.enter("grub-probe", "--target=device", "/")
    if probed.returncode != 0:
        return f"grub-probe finds no device for build/: {probed.stderr.strip()}"
    machine.run("update-grub")
    return None
