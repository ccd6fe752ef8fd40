#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""domain_numa on running guests, as root:

    live.py build/dev/bin/domain_numa

A libvirtd of its own starts guests that the processor is emulated for (64 MiB, no disk). Pins are looked for where the
kernel shows them, and each call is made as a play makes it: check mode, the run, a second run. Two CPUs are enough."""

import json
import os
import shutil
import socket
import subprocess
import sys
import time
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import documents
from drivers import Daemon, call, check, equal, field, play, skip, words_of

GUEST = """<domain type='qemu'>
  <name>{name}</name>
  <memory unit='MiB'>64</memory>
  <vcpu>2</vcpu>
  {tune}
  <os>
    <type arch='x86_64' machine='pc'>hvm</type>
  </os>
  <devices>
    <graphics type='vnc' passwd='hunter2'>
      <listen type='none'/>
    </graphics>
  </devices>
</domain>
"""
CELLS = [{"cpus": "0", "memory": "32 MiB"}, {"cpus": "1", "memory": "32 MiB"}]


class Guest:
    """A domain of the daemon, and calls of the module about it."""

    def __init__(self, daemon: Daemon, executable: str, name: str, tune: str = "", start: str = "define"):
        self.daemon, self.executable, self.name = daemon, executable, name
        file = daemon.folder / f"{name}.xml"
        file.write_text(GUEST.format(name=name, tune=tune), encoding="utf-8")
        commands = [f"create {file}"] if start == "create" else [f"define {file}", f"start {name}"]
        said = daemon.virsh(*(commands if start != "none" else commands[:1]))
        if any("error:" in text for text in said):
            raise RuntimeError("\n".join(said))

    def call(self, checking: bool = False, **arguments: object) -> dict:
        return call(self.executable, checking=checking, uri=self.daemon.uri, domain=self.name, **arguments)

    def picture(self) -> tuple[str, bytes]:
        """The running domain and the stored one."""
        stored = self.daemon.stored(self.name)
        running = self.daemon.virsh(f"dumpxml {self.name} --security-info")[0]
        return running, stored.read_bytes() if stored.exists() else b""

    def stored(self) -> dict:
        return documents.layout(self.daemon.stored(self.name).read_bytes())

    def live(self) -> dict:
        return documents.layout(self.daemon.virsh(f"dumpxml {self.name}")[0].encode())

    def pins(self) -> dict[str, str]:
        """vCPUs and the emulator, as libvirt has them for the running domain."""
        vcpus, emulator = self.daemon.virsh(f"vcpupin {self.name} --live", f"emulatorpin {self.name} --live")
        return dict(line.split() for line in vcpus.splitlines()) | {"*": emulator.split()[-1]}

    def allowed(self) -> dict[str, str]:
        """vCPUs and the emulator, as the kernel has them."""
        answer = self.daemon.virsh(f"qemu-monitor-command {self.name} '{{\"execute\": \"query-cpus-fast\"}}'")[0]
        threads = {str(one["cpu-index"]): one["thread-id"] for one in json.loads(answer)["return"]}
        process = self.daemon.process_of(self.name)
        return {name: allowed_list(process, thread) for name, thread in (threads | {"*": process}).items()}

    def twice(self, what: str, **arguments: object) -> dict:
        """Check mode, which changes nothing and foretells; the run; a second run. Gives what the first run says."""
        before = self.picture()
        predicted = self.call(True, **arguments)
        equal(self.picture(), before, f"{what}: the domain after check mode")
        done = self.call(**arguments)
        check(not done.get("failed"), f"{what}: {words_of(done)}")
        for part in ("changed", "diff", "xml_diff", "restart_required"):
            equal(predicted.get(part), done.get(part), f"{what}: {part}, predicted and done")
        after = self.picture()
        again = self.call(**arguments)
        equal((again.get("failed", False), again["changed"]), (False, False), f"{what}, again: failed, changed")
        equal(self.picture(), after, f"{what}: the domain after the second run")
        equal(again.get("restart_required"), done.get("restart_required"), f"{what}: restart_required the second time")
        check("hunter2" not in str(done) + str(predicted), f"{what}: a password in the result")
        if after[1]:
            check(b"passwd='hunter2'" in after[1], f"{what}: the password is lost")
        return done


def allowed_list(process: int, thread: int) -> str:
    status = Path(f"/proc/{process}/task/{thread}/status").read_text(encoding="ascii")
    return next(line.split()[1] for line in status.splitlines() if line.startswith("Cpus_allowed_list:"))


def pins(daemon: Daemon, executable: str) -> None:
    guest = Guest(daemon, executable, "pins")
    everywhere = guest.allowed()["0"]
    wanted = {"0": "1", "1": "0", "*": "1"}
    stored = daemon.stored("pins").read_bytes()
    done = guest.twice("live pins", scope="live", vcpupin={"0": "1", "1": "0"}, emulatorpin="1")
    equal((done["changed"], done.get("restart_required")), (True, False), "live pins: changed, restart_required")
    equal(guest.pins(), wanted, "live pins as virsh has them")
    equal(guest.allowed(), wanted, "live pins as the kernel has them")
    equal(daemon.stored("pins").read_bytes(), stored, "live pins: the stored definition")
    for name in ("vcpupin/0", "vcpupin/1", "emulatorpin"):
        equal(field(done, name, "live")["outcome"], "changed", f"live pins: outcome of {name}")

    done = guest.twice("pins in both", scope="both", vcpupin={"0": "0"}, emulatorpin="0-1")
    equal((done["changed"], done.get("restart_required")), (True, False), "pins in both: changed, restart_required")
    equal(guest.allowed(), {"0": "0", "1": "0", "*": "0-1"}, "pins in both as the kernel has them")
    equal((guest.stored()["vcpupin"], guest.stored()["emulatorpin"]), ({0: {0}}, {0, 1}), "pins in both, stored")

    running = daemon.virsh("dumpxml pins")[0]
    done = guest.twice("pins in config", scope="config", vcpupin={"0": "1"}, emulatorpin="0")
    equal((done["changed"], done.get("restart_required")), (True, True), "pins in config: changed, restart_required")
    equal(daemon.virsh("dumpxml pins")[0], running, "pins in config: the running domain")
    equal(guest.allowed(), {"0": "0", "1": "0", "*": "0-1"}, "pins in config as the kernel has them")
    equal((guest.stored()["vcpupin"], guest.stored()["emulatorpin"]), ({0: {1}}, {0}), "pins in config, stored")

    done = guest.twice("pins taken away", scope="both", vcpupin={"0": "", "1": ""}, emulatorpin="")
    check(done["changed"], "pins taken away: changed")
    equal(guest.allowed(), dict.fromkeys(wanted, everywhere), "pins taken away as the kernel has them")
    equal(guest.stored()["vcpupin"], {}, "pins taken away as they are stored")
    before = guest.picture()
    for checking in (True, False):
        refused = guest.call(checking, scope="both", vcpupin={"0": "999"})
        check(refused.get("failed") and "999" in words_of(refused), f"a CPU that is not there: {words_of(refused)}")
    equal(guest.picture(), before, "the domain after a CPU that is not there")
    daemon.virsh("destroy pins", "start pins")
    done = guest.call(True, scope="both", vcpupin={"0": ""})
    equal((done["changed"], done.get("restart_required")), (False, False), "after a start: changed, restart_required")


def cells(daemon: Daemon, executable: str) -> None:
    guest = Guest(daemon, executable, "cells")
    wish = {"cells": CELLS, "vcpupin": {"0": "0", "1": "1"}}
    done = guest.twice("cells", scope="both", **wish)
    equal((done["changed"], done.get("restart_required")), (True, True), "cells: changed, restart_required")
    equal(documents.missing(daemon.stored("cells").read_bytes(), wish), [], "cells: what the stored definition lacks")
    equal(field(done, "cell/0/cpus")["outcome"], "changed", "cells: outcome in config")
    for name in ("cell/0/cpus", "cell/1/memory"):
        equal(field(done, name, "live")["outcome"], "pending_reboot", f"cells: outcome of {name}, live")
    equal(field(done, "vcpupin/1", "live")["outcome"], "changed", "cells: outcome of a pin, live")
    equal(guest.live()["cells"], {}, "cells: the running domain's")
    equal({name: cpus for name, cpus in guest.allowed().items() if name != "*"}, {"0": "0", "1": "1"}, "cells: pins")
    daemon.virsh("destroy cells", "start cells")
    equal(sorted(guest.live()["cells"]), [0, 1], "cells after a start")
    done = guest.call(scope="both", **wish)
    equal((done.get("failed"), done["changed"], done.get("restart_required")), (None, False, False),
          "cells after a start: failed, changed, restart_required")

    refused = guest.call(scope="both", cells=[CELLS[0] | {"distances": {"1": 5}}, CELLS[1]])
    check(refused.get("failed") and "distances" in words_of(refused), f"a distance of 5: {words_of(refused)}")
    check("error:" not in daemon.virsh("version")[0], "libvirtd is alive after a distance of 5")


def numatune(daemon: Daemon, executable: str) -> None:
    guest = Guest(daemon, executable, "numatune", "<numatune><memory mode='restrictive' nodeset='0'/></numatune>")
    done = guest.twice("nodeset as it is", scope="both", numatune={"mode": "restrictive", "nodeset": "0"})
    equal((done["changed"], done.get("restart_required")), (False, False), "nodeset as it is: changed, to restart")
    done = guest.twice("another mode", scope="both", numatune={"mode": "strict"})
    equal((done["changed"], done.get("restart_required")), (True, True), "another mode: changed, restart_required")
    equal(field(done, "numatune/mode", "live")["outcome"], "pending_reboot", "another mode: outcome, live")
    equal((guest.stored()["numatune"][0], guest.live()["numatune"][0]), ("strict", "restrictive"), "another mode")
    nodes = documents.numbers(Path("/sys/devices/system/node/has_memory").read_text(encoding="ascii"))
    if len(nodes) < 2:
        skip("another nodeset of a running guest", "this machine has one node")
        return
    other = str(max(nodes))
    done = guest.twice("another nodeset", scope="live", numatune={"nodeset": other})
    equal((done["changed"], guest.live()["numatune"]), (True, ("restrictive", {max(nodes)})), "another nodeset")


def states(daemon: Daemon, executable: str) -> None:
    off = Guest(daemon, executable, "off", start="none")
    before = off.picture()
    for checking in (True, False):
        told = off.call(checking, scope="live", vcpupin={"0": "0"})
        check(not told["changed"] and "does not run" in told["msg"], f"scope live, shut off: {words_of(told)}")
    equal(off.picture(), before, "a shut-off domain after scope live")
    done = off.twice("shut off, scope both", scope="both", vcpupin={"0": "0"})
    equal((done["changed"], done.get("restart_required")), (True, False), "shut off, scope both: changed, to restart")

    passing = Guest(daemon, executable, "passing", start="create")
    done = passing.twice("transient, live", scope="live", vcpupin={"0": "1"})
    equal((done["changed"], passing.allowed()["0"]), (True, "1"), "transient, live: changed, as the kernel has it")
    for scope in ("config", "both"):
        before = passing.picture()
        refused = passing.call(scope=scope, vcpupin={"0": "0"})
        check(refused.get("failed") and "transient" in words_of(refused), f"transient, {scope}: {words_of(refused)}")
        equal(passing.picture(), before, f"a transient domain after scope {scope}")
    check("passing" not in daemon.virsh("list --persistent --name")[0], "a transient domain stays one")

    saved = Guest(daemon, executable, "saved")
    daemon.virsh("managedsave saved")
    done = saved.call(vcpupin={"0": "0"})
    check("saved" in " ".join(done.get("warnings", [])) + str(done.get("findings")).replace("'saved'", ""),
          f"a managed save makes what is configured wait, and that is said: {done}")
    check("saved" in daemon.virsh("list --all --with-managed-save --name")[0], "the managed save is there still")

    gone = Guest(daemon, executable, "gone", start="none")
    check(gone.call(True, vcpupin={"0": "0"})["changed"], "a domain, before it is undefined")
    daemon.virsh("undefine gone")
    for checking in (True, False):
        refused = gone.call(checking, vcpupin={"0": "0"})
        check(refused.get("failed") and "gone" in words_of(refused), f"an undefined domain: {words_of(refused)}")


def looking(daemon: Daemon, executable: str) -> None:
    """All domains; and as a user who may only look."""
    names = sorted(daemon.virsh("list --all --name")[0].split())
    before = {name: daemon.virsh(f"dumpxml {name} --security-info")[0] for name in names}
    for checking in (True, False):
        told = call(executable, checking=checking, uri=daemon.uri, domain="all")
        equal((told.get("failed"), told["changed"]), (None, False), "all: failed, changed")
        equal(sorted(one["name"] for one in told.get("domains", [])), names, "all: names")
        running = {one["name"] for one in told.get("domains", []) if one["state"] == "running"}
        equal(running, set(daemon.virsh("list --name")[0].split()), "all: those that run")
        for one in told.get("domains", []):
            equal(one["uuid"], daemon.virsh(f"domuuid {one['name']}")[0], f"all: {one['name']}'s uuid")
    refused = call(executable, uri=daemon.uri, domain="all", vcpupin={"0": "0"})
    check(refused.get("failed") and "all" in words_of(refused), f"all, with a wish: {words_of(refused)}")
    uuid = daemon.virsh("domuuid cells")[0]
    by_uuid = call(executable, checking=True, uri=daemon.uri, domain=uuid, vcpupin={"0": "1"})
    equal((by_uuid.get("failed"), by_uuid["changed"]), (None, True), "by uuid: failed, changed")

    copy = daemon.folder / "executable"
    shutil.copy(executable, copy)
    copy.chmod(0o755)
    daemon.folder.parent.chmod(0o755)
    daemon.socket.chmod(0o700)
    nobody = {"user": 65534, "environment": {"HOME": "/", "XDG_RUNTIME_DIR": "/nonexistent"}}
    told = call(str(copy), checking=True, uri=daemon.read_only_uri, domain="cells", vcpupin={"0": "1"}, **nobody)
    equal((told.get("failed"), told.get("changed")), (None, True), f"check mode, only looking: {words_of(told)}")
    refused = call(str(copy), uri=daemon.read_only_uri, domain="cells", vcpupin={"0": "1"}, **nobody)
    check(refused.get("failed"), f"a run, only looking: {refused.get('msg')}")
    refused = call(str(copy), checking=True, uri=daemon.uri, domain="cells", **nobody)
    check(refused.get("failed") and "ermission" in words_of(refused), f"a closed socket: {words_of(refused)}")
    daemon.socket.chmod(0o777)
    equal({name: daemon.virsh(f"dumpxml {name} --security-info")[0] for name in names}, before, "domains after looking")


def connections(executable: str, folder: Path) -> None:
    silent = folder / "silent"
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(silent))
        listening.listen()
        for what, uri, limit in (("no libvirtd", f"qemu+unix:///system?socket={folder}/none", 10),
                                 ("a libvirtd that keeps silent", f"qemu+unix:///system?socket={silent}", 15),
                                 ("no URI", "this is none", 10), ("no driver", "nothing:///system", 10),
                                 ("an empty host", "qemu+tcp://", 30), ("no transport", "qemu+pigeon:///system", 10)):
            for checking in (True, False):
                started = time.monotonic()
                told = call(executable, checking=checking, uri=uri, domain="any", vcpupin={"0": "0"},
                            environment={"VIRTBP_LIBVIRT_TIMEOUT": "3"}, timeout=limit)
                equal((told.get("failed"), told["changed"]), (True, False), f"{what}: failed, changed")
                check(told["msg"] and len(told["msg"]) < 1000, f"{what}: a message: {told['msg']}")
                check(time.monotonic() - started < limit, f"{what}: took {time.monotonic() - started:.1f} s")
            print(f"{what}: {told['msg']}", flush=True)


def stopped(daemon: Daemon, executable: str) -> None:
    """A libvirtd that stops answering while a call is under way."""
    os.kill(int((daemon.folder / "libvirtd.pid").read_text(encoding="ascii")), 19)  # SIGSTOP
    try:
        told = call(executable, uri=daemon.uri, domain="cells", vcpupin={"0": "0"},
                    environment={"VIRTBP_LIBVIRT_TIMEOUT": "2"})
    finally:
        os.kill(int((daemon.folder / "libvirtd.pid").read_text(encoding="ascii")), 18)  # SIGCONT
    equal(told.get("failed"), True, "a libvirtd that has been stopped: failed")


def live(executable: str, folder: Path) -> None:
    connections(executable, folder)
    if os.geteuid() != 0 or shutil.which("libvirtd") is None:
        skip("guests", "not root" if os.geteuid() != 0 else "libvirtd is not installed")
        return
    if len(os.sched_getaffinity(0)) < 2 or subprocess.run(["unshare", "--mount", "true"], check=False).returncode != 0:
        skip("guests", "less than two CPUs, or no mount namespace can be made")
        return
    with Daemon(folder / "daemon") as daemon:
        capabilities = ElementTree.fromstring(daemon.virsh("capabilities")[0])
        if capabilities.find(".//guest/arch/domain[@type='qemu']") is None:
            skip("guests", "QEMU emulates no guest here")
            return
        for part in (pins, cells, numatune, states, looking, stopped):
            started = time.monotonic()
            part(daemon, executable)
            print(f"{part.__name__}: {time.monotonic() - started:.0f} s", flush=True)
        check(daemon.process.poll() is None, "libvirtd is alive at the end")


if __name__ == "__main__":
    sys.exit(play(("virsh", "qemu-system-x86_64"), False, live))
