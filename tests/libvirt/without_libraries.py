#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""domain_numa where libvirt, or libxml2, is not installed: the message names the package, and a file is changed without
libvirt. As root: the library is hidden in a mount namespace of the module's own.

    without_libraries.py EXECUTABLE"""

import shlex
import subprocess
import sys
from pathlib import Path

from drivers import call, check, equal, play, skip

DOCUMENT = "<domain type='kvm'>\n  <name>guest</name>\n  <memory unit='MiB'>64</memory>\n  <vcpu>1</vcpu>\n</domain>\n"


def files_of(library: str) -> list[str]:
    """Where the loader finds it."""
    known = subprocess.run(["/sbin/ldconfig", "-p"], capture_output=True, text=True, check=True).stdout
    return [line.split("=> ")[1] for line in known.splitlines() if line.split() and line.split()[0] == library]


def without(*files: str):
    """Makes the command that runs a command where these are empty."""
    hide = "".join(f"mount --bind /dev/null {shlex.quote(file)}; " for file in files)
    return lambda command: ["unshare", "--mount", "sh", "-ec", f"mount --make-rprivate /; {hide}exec \"$@\"", "sh", *command]


def hidden(executable: str, folder: Path) -> None:
    file = folder / "guest.xml"
    pinned = {"domain": "guest", "vcpupin": {"0": "0"}}
    libvirt, xml = files_of("libvirt.so.0"), files_of("libxml2.so.2")
    if not libvirt or not xml:
        skip("hidden libraries", "libvirt.so.0 or libxml2.so.2 is not where ldconfig looks")
        return

    file.write_text(DOCUMENT, encoding="ascii")
    refused = call(executable, enter=without(*libvirt), uri="test:///default", **pinned)
    equal((refused.get("failed"), refused["changed"]), (True, False), "without libvirt: failed, changed")
    for words in ("libvirt-libs", "libvirt0", "or xml: a file"):
        check(words in refused["msg"], f"without libvirt: {words!r} is not in {refused['msg']!r}")
    done = call(executable, enter=without(*libvirt), xml=str(file), **pinned)
    equal((done.get("failed"), done["changed"]), (None, True), f"a file without libvirt: {done['msg']}")
    check("<vcpupin vcpu='0' cpuset='0'/>" in file.read_text(encoding="ascii"), "a file without libvirt: no pin in it")

    file.write_text(DOCUMENT, encoding="ascii")
    refused = call(executable, enter=without(*xml), xml=str(file), **pinned)
    equal((refused.get("failed"), refused["changed"]), (True, False), "without libxml2: failed, changed")
    check("libxml2" in refused["msg"] and "libxml2-2" in refused["msg"], f"without libxml2: {refused['msg']!r}")
    equal(file.read_text(encoding="ascii"), DOCUMENT, "the file without libxml2")


if __name__ == "__main__":
    sys.exit(play(("unshare",), True, hidden))
