# SPDX-License-Identifier: GPL-3.0-or-later
"""A Debian with a real GRUB in a folder, a copy of what scripts/setup made, entered by chroot; and the counting of
checks. Nothing of this machine is changed: the copy sees /dev and /sys read-only, in a mount namespace that ends with
each command."""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

BUILD = Path(__file__).resolve().parent.parent.parent / "build"
ORIGINAL = BUILD / "grub-root"
KERNELS = ("6.1.0-1-amd64", "6.1.0-2-amd64")
DEFAULTS, CALLS = "/etc/default/grub", "/calls"

# $1: what /proc/cmdline is to say, $2: the root; then the command.
ENTER = """
mount --bind -o ro /dev "$2/dev" && mount -t proc proc "$2/proc" && mount -t sysfs -o ro sysfs "$2/sys" || exit 125
mount --bind "$1" "$2/proc/cmdline" || exit 125
root=$2
shift 2
exec env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C chroot "$root" "$@"
"""


class Checks:
    passed, failed, skipped = 0, 0, 0

    def check(self, what, fine, found=""):
        if fine:
            self.passed += 1
        else:
            self.failed += 1
        print(f"{'passed' if fine else 'FAILED'}: {what}{'' if fine else f': found {found}'}", flush=True)

    def skip(self, what, reason):
        self.skipped += 1
        print(f"skipped: {what}: {reason}", flush=True)

    def finish(self):
        print(f"{self.passed} passed, {self.failed} failed, {self.skipped} skipped", flush=True)
        return 1 if self.failed else 0


def result_of(done):
    if done.stderr:
        raise RuntimeError(f"standard error: {done.stderr}")
    return json.loads(done.stdout)


class Machine:
    """One copy; of the kernels there are stand-ins only, since grub-mkconfig asks for no more than their names."""

    def __init__(self, executables):
        self.root = Path(tempfile.mkdtemp(prefix="grub-test-", dir=BUILD))
        self.running = self.root.with_suffix(".cmdline")
        self.running.write_text("BOOT_IMAGE=/boot/vmlinuz-6.1.0-2-amd64 root=/dev/vda1 ro quiet\n", encoding="ascii")
        subprocess.run(["cp", "-a", "--reflink=auto", f"{ORIGINAL}/.", self.root], check=True)
        for kernel in KERNELS:
            for name, text in (("vmlinuz", "kernel\n"), ("initrd.img", "initrd\n"), ("config", "CONFIG_XEN_DOM0=y\n")):
                self.write(f"/boot/{name}-{kernel}", text)
        shutil.copy(self.path("/usr/share/grub/default/grub"), self.path(DEFAULTS))
        self.path("/boot/grub").mkdir(exist_ok=True)
        self.path("/opt/virtbp").mkdir(parents=True)
        for name in ("grub_cmdline", "hugepages"):
            shutil.copy(executables / name, self.path("/opt/virtbp"))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        shutil.rmtree(self.root)
        self.running.unlink()

    def path(self, inside):
        return self.root / inside.lstrip("/")

    def read(self, inside):
        return self.path(inside).read_text(encoding="utf-8")

    def write(self, inside, text, mode=0o644):
        path = self.path(inside)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        path.chmod(mode)

    def replace(self, inside, old, new):
        text = self.read(inside)
        assert old in text, f"{inside} has no {old}"
        self.path(inside).write_text(text.replace(old, new), encoding="utf-8")

    def enter(self, *command, given=None):
        return subprocess.run(["unshare", "--mount", "--propagation", "private", "sh", "-c", ENTER, "sh", self.running,
                               self.root, *command], input=given, capture_output=True, text=True, check=False)

    def run(self, *command):
        """A command that has to succeed; what it prints."""
        done = self.enter(*command)
        if done.returncode != 0:
            raise RuntimeError(f"{' '.join(command)}: status {done.returncode}: {done.stderr}")
        return done.stdout

    def call(self, module, check_mode=False, **parameters):
        given = json.dumps({**parameters, "_ansible_check_mode": check_mode, "_ansible_inject_invocation": False})
        return result_of(self.enter(f"/opt/virtbp/{module}", "-", given=given))

    def call_from_outside(self, module, **parameters):
        """As an installer does, on a root that is not running."""
        return result_of(subprocess.run([self.path(f"/opt/virtbp/{module}"), "--root", self.root, "-"], check=False,
                                        input=json.dumps(parameters), capture_output=True, text=True))

    def boot(self, line):
        """From now on a kernel runs that was started with this."""
        self.running.write_text(f"BOOT_IMAGE=/boot/vmlinuz-6.1.0-2-amd64 {line}\n", encoding="utf-8")

    def files(self):
        """Every file below the root by what changes with it; ctime tells of every write."""
        found = {}
        for folder, folders, names in os.walk(self.root):
            for name in folders + names:
                status = os.lstat(os.path.join(folder, name))
                found[os.path.join(folder, name)] = (status.st_mode, status.st_ino, status.st_ctime_ns, status.st_size)
        found.pop(str(self.path(CALLS)), None)
        return found

    def texts(self, *folders):
        """What the files below these folders hold."""
        return {f"/{path.relative_to(self.root)}": path.read_bytes()
                for folder in folders for path in sorted(self.path(folder).rglob("*")) if path.is_file()}

    def stand_in(self, inside, script):
        """A program that Debian has not, or one that is to fail: a script which notes how it was called."""
        self.write(inside, f'#!/bin/sh\necho "${{0##*/}} $*" >>{CALLS}\n{script}', 0o755)

    def calls(self):
        return self.read(CALLS).splitlines() if self.path(CALLS).exists() else []


def apply_twice(checks, machine, what, module, **parameters):
    """Check mode changes nothing and foretells the run, which does it, and nothing is left for the others."""
    before = machine.files()
    foretold = machine.call(module, True, **parameters)
    checks.check(f"{what}: check mode changes nothing", machine.files() == before)
    done = machine.call(module, **parameters)
    checks.check(f"{what}: changed", done["changed"] and not done.get("failed"), done["msg"])
    checks.check(f"{what}: check mode foretold it", foretold["changed"] and foretold["diff"] == done["diff"]
                 and judged(foretold) == judged(done), (foretold["msg"], judged(foretold), judged(done)))
    after = machine.files()
    again = machine.call(module, **parameters)
    checks.check(f"{what}: nothing to change the second time", not again["changed"] and not again.get("failed"),
                 again["msg"])
    again = machine.call(module, True, **parameters)
    checks.check(f"{what}: nothing to change in check mode", not again["changed"], again["msg"])
    checks.check(f"{what}: the second run wrote nothing", machine.files() == after)
    return foretold, done


def judged(result):
    return [[field[key] for key in ("layer", "name", "was", "wanted", "outcome")]
            for field in result["virtbp"]["fields"]]


def refuse(checks, machine, what, message, module, **parameters):
    """The task fails, says that, and /boot and /etc are byte for byte as before."""
    before = machine.texts("/boot", "/etc")
    result = machine.call(module, **parameters)
    checks.check(f"{what}: the task fails", result.get("failed") and not result["changed"], result)
    checks.check(f"{what}: and says why", message in result["msg"], result["msg"])
    checks.check(f"{what}: every file is as it was", machine.texts("/boot", "/etc") == before,
                 sorted(set(machine.texts("/boot", "/etc").items()) ^ set(before.items()))[:4])


def play(checks, groups, prepare):
    """Each group on a machine of its own: PROGRAM EXECUTABLES [GROUP]…; the exit status."""
    executables, names = Path(sys.argv[1]).resolve(), sys.argv[2:]
    reason = None
    if os.geteuid() != 0:
        reason = "only root enters another root"
    elif not (ORIGINAL / "complete").exists():
        reason = "there is no build/grub-root (scripts/setup test)"
    if reason:
        print(f"skipped: all: {reason}")
        return 77
    for name in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(name, lambda number, _frame: sys.exit(128 + number))
    for group in groups:
        if not names or group.__name__ in names:
            with Machine(executables) as machine:
                if reason := prepare(machine):
                    print(f"skipped: all: {reason}")
                    return 77
                group(machine)
    return checks.finish()
