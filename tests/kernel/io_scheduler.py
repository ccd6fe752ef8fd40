#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The io_scheduler module on the running kernel, as root:

    io_scheduler.py build/dev/bin/io_scheduler

The disk is a loop device on a small file, attached for the run. In this program's own mount namespace another folder
stands in the place of /etc/udev, so that this machine's rules are never touched. The schedulers of all disks are saved
before, and put back and compared afterwards, whatever happens."""

import contextlib
import ctypes
import fcntl
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile

from counting import check, counts, equal, skip

BLOCK = pathlib.Path("/sys/block")
RULES = pathlib.Path("/etc/udev/rules.d/65-virtbp-io-scheduler.rules")
LOOP_SET_FD, LOOP_CLR_FD, LOOP_CTL_GET_FREE = 0x4C00, 0x4C01, 0x4C82
CLONE_NEWNS, MS_BIND, MS_REC, MS_PRIVATE = 0x20000, 0x1000, 0x4000, 0x40000


# -- the kernel -------------------------------------------------------------------------------------------------------

def offered(disk: str) -> list[str]:
    return (BLOCK / disk / "queue/scheduler").read_text(encoding="ascii").replace("[", "").replace("]", "").split()


def scheduler(disk: str) -> str:
    text = (BLOCK / disk / "queue/scheduler").read_text(encoding="ascii")
    return text[text.index("[") + 1:text.index("]")]


def choose(disk: str, name: str) -> None:
    (BLOCK / disk / "queue/scheduler").write_text(name + "\n", encoding="ascii")


def schedulers() -> dict[str, str]:
    found = {}
    for disk in sorted(path.name for path in BLOCK.iterdir()):
        with contextlib.suppress(OSError, ValueError):  # no such file, or nothing to choose
            found[disk] = scheduler(disk)
    return found


@contextlib.contextmanager
def schedulers_kept():
    saved = schedulers()
    try:
        yield
    finally:
        for disk, name in saved.items():
            if scheduler(disk) != name:
                choose(disk, name)
        equal({disk: scheduler(disk) for disk in saved}, saved, "the schedulers after the run")


@contextlib.contextmanager
def loop_device():
    """The name of a loop device on a file of 1 MiB; nothing where the kernel gives none."""
    with tempfile.TemporaryFile() as file:
        file.truncate(1 << 20)
        try:
            with open("/dev/loop-control", "rb") as control:
                name = f"loop{fcntl.ioctl(control, LOOP_CTL_GET_FREE)}"
            device = os.open(f"/dev/{name}", os.O_RDWR)
            fcntl.ioctl(device, LOOP_SET_FD, file.fileno())
        except OSError as error:
            skip("all", f"no loop device: {error}")
            yield None
            return
        try:
            yield name
        finally:
            fcntl.ioctl(device, LOOP_CLR_FD, 0)
            os.close(device)


def hide_rules(folder: str) -> None:
    """From now on `folder` stands in the place of /etc/udev, for this process and those that it starts."""
    libc = ctypes.CDLL(None, use_errno=True)
    for failed in (libc.unshare(CLONE_NEWNS), libc.mount(b"none", b"/", None, MS_REC | MS_PRIVATE, None),
                   libc.mount(folder.encode(), b"/etc/udev", None, MS_BIND, None)):
        if failed:
            raise OSError(ctypes.get_errno(), "cannot mount over /etc/udev")


# -- the module -------------------------------------------------------------------------------------------------------

def run(executable: str, *, checking: bool = False, **parameters) -> dict:
    arguments = parameters | {"_ansible_check_mode": checking}
    done = subprocess.run([executable, "-"], input=json.dumps(arguments), text=True, check=False,
                          capture_output=True, timeout=120)
    equal(done.stderr, "", "standard error")
    return json.loads(done.stdout)


def four_times(executable: str, disk: str, wanted: str, **parameters) -> dict:
    """Check, apply, check, apply, and what must hold between them. Gives the result of the first real run."""
    parameters = {"devices": [disk], "persistent": False} | parameters
    name = json.dumps(parameters)
    before, others = scheduler(disk), schedulers()
    del others[disk]
    files = RULES.read_text(encoding="utf-8") if RULES.exists() else None
    predicted = run(executable, checking=True, **parameters)
    equal(scheduler(disk), before, f"{name}: the scheduler after check mode")
    equal(RULES.read_text(encoding="utf-8") if RULES.exists() else None, files, f"{name}: the rules after check mode")
    done = run(executable, **parameters)
    if not check(not done.get("failed"), f"{name}: {done.get('msg')}"):
        return done
    equal(scheduler(disk), wanted, f"{name}: the scheduler")
    equal({other: scheduler(other) for other in others}, others, f"{name}: the schedulers of other disks")
    for key in ("changed", "diff"):
        equal(predicted[key], done[key], f"{name}: {key}, predicted and done")
    device = done["devices"][0]
    equal((device["name"], device["before"], device["after"]), (disk, before, wanted), f"{name}: devices")
    for checking in (True, False):
        again = run(executable, checking=checking, **parameters)
        equal((again.get("failed"), again["changed"]), (None, False), f"{name}: changed once it is as wanted")
        equal({field["outcome"] for field in again["virtbp"]["fields"]}, {"same"}, f"{name}: its outcomes")
    return done


def every_scheduler(executable: str, disk: str) -> None:
    for name in offered(disk) + [offered(disk)[0]]:
        four_times(executable, disk, name, scheduler=name)
    first = offered(disk)[0]
    four_times(executable, disk, first, scheduler=["no-such-one", first], devices=[f"/dev/{disk}"])


def names_of_the_other_era(executable: str, disk: str) -> None:
    for old, new in (("noop", "none"), ("deadline", "mq-deadline"), ("cfq", "bfq")):
        if new in offered(disk):
            four_times(executable, disk, new, scheduler=old)
        else:
            skip(f"{old} for {new}", f"{disk} offers {', '.join(offered(disk))}")
    four_times(executable, disk, "none", role="guest")


def refusals(executable: str, disk: str) -> None:
    before = schedulers()
    refused = run(executable, devices=[disk], scheduler="no-such-one", persistent=False)
    equal((refused.get("failed"), refused["changed"]), (True, False), "a scheduler that the kernel has not")
    check("offers" in refused["msg"], f"what it offers is told: {refused['msg']}")
    equal([field["outcome"] for field in refused["virtbp"]["fields"]], ["unsupported"], "its outcome")
    refused = run(executable, devices=["no-such-disk"], scheduler="none")
    check(refused.get("failed") and "no-such-disk" in refused["msg"], f"no such disk: {refused['msg']}")
    everywhere = run(executable, checking=True, devices="all", role="guest", allow_none=True)
    equal([device["name"] for device in everywhere["devices"] if device["name"].startswith("loop")], [],
          "loop devices among all disks")
    bios = [path.name for path in BLOCK.iterdir()
            if path.name not in before and not list(path.glob("slaves/*"))]
    for name in bios[:1]:
        done = run(executable, devices=[name], scheduler="none")
        equal({field["outcome"] for field in done["virtbp"]["fields"]}, {"not_applicable"}, f"{name}, which takes bios")
    if not bios:
        skip("a device that takes bios", "this machine has none")
    equal(schedulers(), before, "the schedulers after all that")


def rules(executable: str, disk: str) -> None:
    """The next boot: udev itself reads our rule and writes what it says."""
    names = [name for name in offered(disk) if name != "none"]
    if not names:
        skip("rules", f"{disk} offers none only")
        return
    choose(disk, "none")
    four_times(executable, disk, names[0], scheduler=names[0], persistent=True)
    check(f'KERNEL=="{disk}"' in RULES.read_text(encoding="utf-8"), f"a line for {disk} in {RULES}")
    four_times(executable, disk, names[-1], scheduler=names[-1], persistent=True, backup=True)
    equal(RULES.read_text(encoding="utf-8").count(disk), 1, f"lines for {disk}")
    check(len(list(RULES.parent.glob("*~"))) == (1 if len(names) > 1 else 0), "the copy of the file before")
    other = RULES.parent / "99-later.rules"
    other.write_text(f'KERNEL=="{disk}", ATTR{{queue/scheduler}}="none"\n', encoding="utf-8")
    beaten = run(executable, devices=[disk], scheduler=names[-1])
    equal([field["outcome"] for field in beaten["virtbp"]["fields"]], ["same", "overridden"], "a later rule")
    check(f"{other}:1" in beaten["msg"], f"its place is told: {beaten['msg']}")
    udevadm = shutil.which("udevadm")
    if udevadm is None:
        skip("what udev makes of the rules", "udevadm is not installed")
        return
    for text, wanted in ((other.read_text(encoding="utf-8"), "none"), (None, names[-1])):
        if text is None:
            other.unlink()
        choose(disk, names[-1] if text else "none")
        done = subprocess.run([udevadm, "test", "--action=change", f"/sys/block/{disk}"], check=False,
                              capture_output=True, text=True, timeout=60)
        if scheduler(disk) != wanted and "test mode" in (done.stdout + done.stderr).lower():
            skip("what udev makes of the rules", "this udevadm writes nothing when it tests")
            return
        equal(scheduler(disk), wanted, "the scheduler after udev's own run of the rules")


def end(number, _frame) -> None:
    raise SystemExit(128 + number)


def run_all(executable: str) -> None:
    with tempfile.TemporaryDirectory(prefix="virtbp-io-scheduler-") as folder:
        os.mkdir(f"{folder}/rules.d")
        try:
            own = os.open("/etc/udev/rules.d", os.O_RDONLY)  # stays this machine's, whatever is mounted over it
            hide_rules(folder)
        except OSError as error:
            skip("all", str(error))
            return
        files = os.listdir(own)
        with schedulers_kept(), loop_device() as disk:
            if disk is None:
                return
            if disk not in schedulers():
                skip("all", f"this kernel offers no scheduler for {disk}")
                return
            with schedulers_kept():  # of the loop device, too, before it is detached
                for part in (every_scheduler, names_of_the_other_era, refusals, rules):
                    print(f"{part.__name__.replace('_', ' ')} of {disk}", flush=True)
                    part(executable, disk)
        equal(os.listdir(own), files, "this machine's own rules")


def main() -> int:
    executable = os.path.abspath(sys.argv[1])
    if os.geteuid() != 0:
        skip("all", "not root")
    else:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, end)
        lock = os.open(BLOCK, os.O_RDONLY)  # against another run of this
        fcntl.flock(lock, fcntl.LOCK_EX)
        run_all(executable)
    print(", ".join(f"{number} {name}" for name, number in counts.items()))
    return 1 if counts["failed"] else 0


if __name__ == "__main__":
    sys.exit(main())
