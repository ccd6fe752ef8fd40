#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The ksm module on the running kernel, as root:

    ksm.py build/dev/bin/ksm

Pages are really merged: a child of this program asks for it. Every knob is saved before, and put back and compared
afterwards, whatever happens. Files are written below a root of their own, never to this machine's /etc."""

import contextlib
import ctypes
import fcntl
import json
import mmap
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time

from counting import check, counts, equal, skip

KSM = pathlib.Path("/sys/kernel/mm/ksm")
MERGEABLE = 12  # MADV_MERGEABLE
SHARED = 64 << 20


# -- the kernel -------------------------------------------------------------------------------------------------------

def read(knob: str) -> str:
    """A knob's value: of "[none] scan-time" what is chosen."""
    text = (KSM / knob).read_text(encoding="ascii").strip()
    return text[text.index("[") + 1:text.index("]")] if "[" in text else text


def write(knob: str, value: object) -> None:
    descriptor = os.open(KSM / knob, os.O_WRONLY)
    try:
        os.write(descriptor, f"{value}\n".encode("ascii"))
    finally:
        os.close(descriptor)


def knobs() -> dict[str, str]:
    """All that can be written, in the order in which the kernel takes it back."""
    order = ["advisor_mode", "pages_to_scan", "run"]
    names = [path.name for path in KSM.iterdir() if path.stat().st_mode & 0o200]
    names.sort(key=lambda name: (name == "run", order.index(name) if name in order else 1, name))
    return {name: read(name) for name in names}


@contextlib.contextmanager
def knobs_kept():
    saved = knobs()
    try:
        yield saved
    finally:
        if knobs() != saved:
            write("run", 2)  # merge_across_nodes and max_page_sharing change only while nothing is shared
            for name, value in saved.items():
                write(name, value)
        equal(knobs(), saved, "the knobs after the run")


def wait_for_sharing() -> None:
    until = time.monotonic() + 60
    while int(read("pages_shared")) == 0 and time.monotonic() < until:
        time.sleep(0.05)
    check(int(read("pages_shared")) > 0, "nothing is merged within a minute")


@contextlib.contextmanager
def merged_pages():
    """A process with equal pages that the kernel has merged. ksmd has to run."""
    ready, child_ready = os.pipe()
    process = os.fork()
    if process == 0:
        memory = mmap.mmap(-1, SHARED, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
        memory.madvise(MERGEABLE)
        memory[:] = b"virtbp!\n" * (SHARED // 8)
        os.write(child_ready, b".")
        while True:
            signal.pause()
    try:
        os.read(ready, 1)
        wait_for_sharing()
        yield
    finally:
        os.kill(process, signal.SIGKILL)
        os.waitpid(process, 0)
        os.close(ready)
        os.close(child_ready)


def forbid_writing() -> None:
    """Landlock: this process may change no file any more. Called in the child, before the module starts."""
    libc = ctypes.CDLL(None, use_errno=True)
    version = libc.syscall(444, None, 0, 1)  # landlock_create_ruleset, LANDLOCK_CREATE_RULESET_VERSION
    if version < 1:
        raise OSError(ctypes.get_errno(), "the kernel has no Landlock")
    # WRITE_FILE, REMOVE_DIR … MAKE_SYM; since version 2 REFER, since version 3 TRUNCATE
    access = ctypes.c_uint64(1 << 1 | 0b1111111110000 | (version > 1) << 13 | (version > 2) << 14)
    rules = libc.syscall(444, ctypes.byref(access), 8, 0)
    if rules < 0 or libc.prctl(38, 1, 0, 0, 0) != 0 or libc.syscall(446, rules, 0) != 0:  # NO_NEW_PRIVS, restrict_self
        raise OSError(ctypes.get_errno(), "Landlock")


# -- the module -------------------------------------------------------------------------------------------------------

def run(executable: str, *, checking: bool = False, root: str = "/", locked: bool = False, **parameters) -> dict:
    arguments = parameters | {"_ansible_check_mode": checking}
    done = subprocess.run([executable, "--root", root, "-"], input=json.dumps(arguments), text=True, check=False,
                          capture_output=True, timeout=120, preexec_fn=forbid_writing if locked else None)
    equal(done.stderr, "", "standard error")
    return json.loads(done.stdout)


def four_times(executable: str, after: dict[str, object], **parameters) -> dict:
    """Check, apply, check, apply, and what must hold between them. Gives the result of the first real run."""
    before = knobs()
    missing = [knob for knob in after if knob not in before]
    if missing:
        skip(json.dumps(parameters), f"this kernel has no {KSM / missing[0]}")
        return {}
    parameters = {"persistent": False} | parameters
    name = json.dumps(parameters)
    predicted = run(executable, checking=True, **parameters)
    equal(knobs(), before, f"{name}: the knobs after check mode")
    done = run(executable, **parameters)
    if not check(not done.get("failed"), f"{name}: {done.get('msg')}"):
        return done
    wanted = {knob: str(value) for knob, value in after.items()}
    equal({knob: read(knob) for knob in after}, wanted, f"{name}: the knobs")
    equal(done["changed"], any(before[knob] != value for knob, value in wanted.items()), f"{name}: changed")
    for key in ("changed", "diff"):
        equal(predicted[key], done[key], f"{name}: {key}, predicted and done")
    for checking in (True, False):
        again = run(executable, checking=checking, **parameters)
        equal((again.get("failed"), again["changed"]), (None, False), f"{name}: changed once it is as wanted")
        outcomes = {field["outcome"] for field in again["virtbp"]["fields"]}
        equal(outcomes, {"same"}, f"{name}: outcomes once it is as wanted")
    return done


def starting_and_stopping(executable: str) -> None:
    four_times(executable, {"run": 1, "pages_to_scan": 4000, "sleep_millisecs": 1500}, state="started",
               pages_to_scan=4000, sleep_millisecs=1500)
    four_times(executable, {"run": 0}, state="stopped")
    four_times(executable, {"run": 1}, state="started")
    four_times(executable, {"run": 2}, state="unmerged")
    four_times(executable, {"run": 2}, state="stopped")
    four_times(executable, {"smart_scan": 0}, smart_scan=False)
    four_times(executable, {"smart_scan": 1}, smart_scan=True)
    four_times(executable, {"use_zero_pages": 1}, use_zero_pages="yes")
    four_times(executable, {"use_zero_pages": 0}, use_zero_pages="no")


def advisor(executable: str) -> None:
    if "advisor_mode" not in knobs():
        skip("the advisor", f"this kernel has no {KSM / 'advisor_mode'}")
        return
    four_times(executable, {"advisor_mode": "none", "pages_to_scan": 900}, advisor_mode="none", pages_to_scan=900)
    four_times(executable,
               {"advisor_mode": "scan-time", "advisor_max_cpu": 33, "advisor_min_pages_to_scan": 900,
                "advisor_max_pages_to_scan": 12000, "advisor_target_scan_time": 120},
               advisor_mode="scan-time", advisor_max_cpu=33, advisor_min_pages_to_scan=900,
               advisor_max_pages_to_scan=12000, advisor_target_scan_time=120)
    before = knobs()
    owned = run(executable, pages_to_scan=4000, persistent=False)
    equal((owned.get("failed"), owned["changed"]), (True, False), "pages_to_scan while the advisor has it")
    equal([field["outcome"] for field in owned["virtbp"]["fields"]], ["overridden"], "its outcome")
    refused = run(executable, pages_to_scan=4000, advisor_mode="scan-time", persistent=False)
    check(refused.get("failed") and "advisor" in refused["msg"], f"both at once: {refused.get('msg')}")
    equal(knobs(), before, "the knobs after two refusals")
    # The kernel resets pages_to_scan when the advisor is switched off, from whatever it was.
    four_times(executable, {"advisor_mode": "none", "pages_to_scan": 4000}, pages_to_scan=4000, advisor_mode="none")


def sharing(executable: str) -> None:
    four_times(executable, {"run": 1}, state="started", pages_to_scan=100000, sleep_millisecs=10)
    with merged_pages():
        counters = run(executable)["counters"]
        check(counters["pages_shared"] > 0, f"pages_shared in the result: {counters['pages_shared']}")
        equal(set(counters) - {path.name for path in KSM.iterdir()}, set(), "counters that the kernel has not")
        for knob, value, other in (("max_page_sharing", 300, 256), ("merge_across_nodes", False, True)):
            if not (KSM / knob).exists():
                skip(f"{knob} with shared pages", f"this kernel has no {KSM / knob}")
                continue
            four_times(executable, {knob: int(other)}, **{knob: other})
            wait_for_sharing()
            try:
                write(knob, int(value))
                check(False, f"the kernel takes {knob} while pages are shared")
            except OSError as error:
                equal(error.errno, 16, f"writing {knob} while pages are shared: EBUSY")
            four_times(executable, {knob: int(value), "run": 1}, **{knob: value})
            wait_for_sharing()
        four_times(executable, {"run": 0}, state="stopped")
        check(int(read("pages_shared")) > 0, "stopped: what was merged is not any more")
        four_times(executable, {"run": 2}, state="unmerged")
        equal((read("pages_shared"), read("pages_sharing")), ("0", "0"), "pages shared after unmerging")


def check_mode_writes_nothing(executable: str) -> None:
    """The kernel itself forbids every write to the process that checks; its prediction is the same."""
    parameters = {"state": "started", "sleep_millisecs": int(read("sleep_millisecs")) + 1}
    free = run(executable, checking=True, **parameters)
    try:
        locked = run(executable, checking=True, locked=True, **parameters)
    except subprocess.SubprocessError:
        skip("check mode under Landlock", "this kernel has none")
        return
    equal(locked, free, "check mode under Landlock")
    refused = run(executable, locked=True, persistent=False, **parameters)
    check("EACCES" in refused["msg"], f"a real run under Landlock is refused: {refused['msg']}")


def files(executable: str) -> None:
    """The next boot, below a root of its own; systemd's own program then does what it would do at boot."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix="virtbp-ksm-"))
    try:
        drop_in = folder / "etc/tmpfiles.d/virtbp-ksm.conf"
        first = run(executable, root=str(folder), pages_to_scan=700, state="started")
        equal((first.get("failed"), first["changed"]), (None, True), "a tree without a kernel")
        before = drop_in.read_text()
        second = run(executable, root=str(folder), pages_to_scan=800, sleep_millisecs=1700, state="stopped", backup=True)
        equal([(folder / path[1:]).read_text() for path in second["backup_files"]], [before], "the copies of what was there")
        last = run(executable, root=str(folder), **({"advisor_mode": "none"} if (KSM / "advisor_mode").exists() else {}),
                   use_zero_pages=True)
        check(not last.get("failed"), last["msg"])
        if shutil.which("systemd-tmpfiles") is None:
            skip("what systemd makes of the file", "systemd-tmpfiles is not installed")
            return
        if (KSM / "advisor_mode").exists():
            write("advisor_mode", "scan-time")
        subprocess.run(["systemd-tmpfiles", "--create", str(drop_in)], check=True)
        done = {knob: read(knob) for knob in ("pages_to_scan", "sleep_millisecs", "use_zero_pages", "run")}
        equal(done, {"pages_to_scan": "800", "sleep_millisecs": "1700", "use_zero_pages": "1", "run": "0"},
              "the knobs after systemd-tmpfiles")
    finally:
        shutil.rmtree(folder)


def end(number, _frame) -> None:
    raise SystemExit(128 + number)


def main() -> int:
    executable = os.path.abspath(sys.argv[1])
    if os.geteuid() != 0:
        skip("all", "not root")
    elif not KSM.exists():
        skip("all", f"this kernel has no {KSM}")
    else:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, end)
        lock = os.open("/sys/kernel/mm", os.O_RDONLY)  # against the other tests that turn these knobs
        fcntl.flock(lock, fcntl.LOCK_EX)
        if int(read("pages_shared")) > 0:
            skip("all", "KSM is at work on this machine, and would have to be unmerged")
        else:
            files_before = sorted(pathlib.Path("/etc/tmpfiles.d").glob("*"))
            with knobs_kept():
                for part in (starting_and_stopping, advisor, sharing, check_mode_writes_nothing, files):
                    part(executable)
            equal(sorted(pathlib.Path("/etc/tmpfiles.d").glob("*")), files_before, "this machine's own files")
    print(", ".join(f"{number} {name}" for name, number in counts.items()))
    return 1 if counts["failed"] else 0


if __name__ == "__main__":
    sys.exit(main())
