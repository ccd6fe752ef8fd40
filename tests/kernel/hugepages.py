#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module hugepages against the kernel that runs: tests/kernel/hugepages.py EXECUTABLE, as root.

Asks for a few pages, never for more than an eighth of the free memory, and touches no file below /etc. Every
count is saved before and put back afterwards, whatever happens; mounts are made in a namespace of their own.
"""
import fcntl
import json
import mmap
import os
import re
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

POOLS = Path("/sys/kernel/mm/hugepages")
NODES = Path("/sys/devices/system/node")
MAP_HUGETLB = 0x40000
EXTRA = 2  # pages that a test asks for on top of what is there

passed, failed, skipped = 0, 0, 0


def check(what, fine, found=""):
    global passed, failed
    if fine:
        passed += 1
    else:
        failed += 1
    print(f"{'passed' if fine else 'FAILED'}: {what}{'' if fine else f': found {found}'}", flush=True)


def skip(what, reason):
    global skipped
    skipped += 1
    print(f"skipped: {what}: {reason}", flush=True)


def number(path):
    return int(path.read_text())


def folder(kilobytes, node=None):
    base = POOLS if node is None else NODES / f"node{node}" / "hugepages"
    return base / f"hugepages-{kilobytes}kB"


def count(kilobytes, node=None):
    """What was asked of the kernel: nr_hugepages shows surplus pages as well."""
    place = folder(kilobytes, node)
    return number(place / "nr_hugepages") - number(place / "surplus_hugepages")


def sizes():
    return sorted(int(place.name[len("hugepages-"):-len("kB")]) for place in POOLS.glob("hugepages-*kB"))


def nodes():
    return sorted(int(place.parent.name[len("node"):]) for place in NODES.glob("node[0-9]*/hugepages"))


def knobs():
    """Each count and overcommit, by the file that sets it."""
    values = {}
    for size in sizes():
        for node in nodes() or [None]:
            values[folder(size, node) / "nr_hugepages"] = count(size, node)
        values[folder(size) / "nr_overcommit_hugepages"] = number(folder(size) / "nr_overcommit_hugepages")
    return values


def restore(before):
    for path, value in before.items():
        if knobs()[path] != value:
            path.write_text(str(value))


def call(executable, check_mode=False, environment=None, **parameters):
    arguments = {"persistent": False, **parameters, "_ansible_check_mode": check_mode}
    done = subprocess.run([executable, "-"], input=json.dumps(arguments), capture_output=True, text=True,
                          env=environment, check=False)
    if done.stderr:
        raise RuntimeError(f"standard error: {done.stderr}")
    return json.loads(done.stdout)


def apply_twice(executable, what, reads, wanted, **parameters):
    """Check mode foretells, the first run does it, and nothing is left for the others."""
    before = reads()
    foretold = call(executable, True, **parameters)
    check(f"{what}: check mode changes nothing", reads() == before, reads())
    done = call(executable, **parameters)
    check(f"{what}: changed", done["changed"] and not done.get("failed"), done["msg"])
    check(f"{what}: the kernel has {wanted}", reads() == wanted, reads())
    check(f"{what}: check mode foretold it", foretold["changed"] and foretold["diff"] == done["diff"], foretold)
    again = call(executable, True, **parameters)
    check(f"{what}: nothing to change in check mode", not again["changed"], again)
    again = call(executable, **parameters)
    check(f"{what}: nothing to change the second time", not again["changed"], again)


def test_pool(executable, size):
    now, name = count(size), f"{size}kB"
    more = now + EXTRA
    apply_twice(executable, f"pool of {name} grows", lambda: count(size), more, size=name, count=more)
    pools = call(executable, size=name, count=more)["pools"]
    check("the pool is returned", pools[0]["count"] == more and pools[0]["wanted"] == more, pools)
    apply_twice(executable, f"pool of {name} shrinks", lambda: count(size), now, size=name, count=now)


def refused_for_use(executable, what, size, wanted):
    result = call(executable, size=f"{size}kB", count=wanted)
    check(f"{what} stay in the pool", result.get("failed") and "in use or reserved" in result["msg"], result)


def test_in_use(executable, size):
    place, now, name = folder(size), count(size), f"{size}kB"
    (place / "nr_overcommit_hugepages").write_text("0")
    call(executable, size=name, count=now + EXTRA)
    used = number(place / "nr_hugepages") - number(place / "free_hugepages") + number(place / "resv_hugepages")
    wanted = used + EXTRA - 1  # one less than will be in use
    with mmap.mmap(-1, EXTRA * size * 1024, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | MAP_HUGETLB) as pages:
        refused_for_use(executable, "reserved pages", size, wanted)
        for page in range(EXTRA):
            pages[page * size * 1024] = 1
        refused_for_use(executable, "pages in use", size, wanted)
        check("the refused run changed nothing", count(size) == now + EXTRA, count(size))
        (place / "nr_hugepages").write_text(str(wanted))
        found = call(executable, size=name, count=wanted)
        check("surplus pages are not counted", not found["changed"] and not found.get("failed"), found)
        check("surplus pages are named", any("surplus" in warning for warning in found["warnings"]), found)
    call(executable, size=name, count=now)
    check("freed pages leave the pool", count(size) == now, count(size))


def test_node(executable, size):
    if not nodes():
        return skip("pool of a node", f"this kernel has no {NODES}/node*/hugepages")
    node = nodes()[0]
    now = count(size, node)
    others = [count(size, other) for other in nodes()[1:]]
    what = f"pool of {size}kB on node {node}"
    for wanted in (now + EXTRA, now):
        apply_twice(executable, f"{what}, {wanted} pages", lambda: count(size, node), wanted,
                    pools=[{"size": f"{size}kB", "node": node, "count": wanted}])
    check("other nodes keep theirs", [count(size, other) for other in nodes()[1:]] == others)
    return None


def test_overcommit(executable, size):
    path = folder(size) / "nr_overcommit_hugepages"
    now = number(path)
    for wanted in (now + EXTRA, now):
        apply_twice(executable, f"overcommit of {size}kB, {wanted} pages", lambda: number(path), wanted,
                    size=f"{size}kB", overcommit=wanted)


def test_overcommit_of_gigantic_pages(executable):
    if 1048576 not in sizes():
        return skip("overcommit of 1G", f"this kernel has no {folder(1048576)}")
    path = folder(1048576) / "nr_overcommit_hugepages"
    result = call(executable, size="1G", overcommit=number(path) + 1)
    check("overcommit of 1G is unsupported", result["virtbp"]["status"] == "unsupported" and result["failed"], result)
    try:
        path.write_text(str(number(path) + 1))
        check("the kernel refuses overcommit of 1G", False, "it was taken")
    except OSError as error:
        check("the kernel refuses overcommit of 1G", True, error)
    return None


def test_missing(executable):
    size = call(executable, size="4K", count=1)
    check("a size that is not offered is unsupported", size["virtbp"]["status"] == "unsupported", size)
    node = call(executable, node=65535, count=1)
    check("a node that is not there is unsupported", node["virtbp"]["status"] == "unsupported", node)


def mounted(path):
    lines = [line.split() for line in Path("/proc/mounts").read_text().splitlines()]
    options = [line[3].split(",") for line in lines if line[1:3] == [str(path), "hugetlbfs"]]
    asked = ("pagesize=", "mode=", "gid=")
    return {option for option in options[-1] if option.startswith(asked)} if options else None


def mounts_in_own_namespace(executable, size):
    """Runs below unshare, so that no mount is seen outside or outlives this process."""
    with tempfile.TemporaryDirectory(prefix="virtbp-kernel-") as parent:
        path = Path(parent) / "huge"
        mount = {"path": str(path), "size": f"{size}kB", "mode": "1770", "group": "36"}
        shown = {f"pagesize={size // 1024}M", "mode=1770", "gid=36"}

        def remount(what, wanted, **other):
            apply_twice(executable, what, lambda: mounted(path), wanted, mounts=[{**mount, **other}])

        def refuse(what, **other):
            result = call(executable, mounts=[{**mount, **other}])
            check(f"{what} is an error", result.get("failed") and str(path) in result["msg"], result)
            check(f"{what} leaves the mount as it was", mounted(path) == shown, mounted(path))

        remount("mount", shown)
        status = path.stat()
        check("the mount's root has mode and group", (status.st_mode & 0o7777, status.st_gid) == (0o1770, 36), status)
        with open(path / "open", "w", encoding="ascii"):
            refuse("a busy mount", mode="0700")
        refuse("a group that the kernel does not take", group=str(2**32 - 1))
        remount("mount with another mode", shown - {"mode=1770"} | {"mode=700"}, mode="0700")
        larger = [other for other in sizes() if other > size]
        if larger:
            another = {f"pagesize={larger[0] // 1024}M"}
            remount("mount with another page size", {"mode=1770", "gid=36"} | another, size=f"{larger[0]}kB")
        else:
            skip("mount with another page size", "this kernel offers one size")
        subprocess.run(["umount", path], check=True)


def test_mounts(executable, size):
    command = ["unshare", "--mount", "--propagation", "private"]
    try:
        subprocess.run([*command, "true"], check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError) as error:
        return skip("mounts", f"no mount namespace can be made: {error}")
    done = subprocess.run([*command, sys.executable, __file__, executable, "--mounts", str(size)],
                          stdout=subprocess.PIPE, text=True, check=False)
    *lines, last = done.stdout.splitlines() or [""]
    print("\n".join(lines))
    counts = re.fullmatch(r"(\d+) passed, (\d+) failed, (\d+) skipped", last)
    check("the mounts' tests came to their end", counts, last)
    if counts:
        global passed, failed, skipped
        own = (passed, failed, skipped)
        passed, failed, skipped = (sum(pair) for pair in zip(own, map(int, counts.groups())))
    return None


def test_without_libmount(executable):
    with tempfile.TemporaryDirectory(prefix="virtbp-kernel-") as libraries:
        (Path(libraries) / "libmount.so.1").touch()
        without = os.environ | {"LD_LIBRARY_PATH": libraries}
        result = call(executable, True, without, mounts=[{"path": "/dev/hugepages"}])
        check("mounts without libmount are an error that names it",
              result.get("failed") and "libmount.so.1" in result["msg"], result)
        check("pools need no libmount", "failed" not in call(executable, True, without))


def finish():
    print(f"{passed} passed, {failed} failed, {skipped} skipped", flush=True)
    return 1 if failed else 0


def main():
    executable = os.path.abspath(sys.argv[1])
    if sys.argv[2:3] == ["--mounts"]:
        mounts_in_own_namespace(executable, int(sys.argv[3]))
        return finish()
    if os.geteuid() != 0:
        skip("everything", "only root may change the kernel's pools")
        return finish()
    if not sizes():
        skip("everything", f"this kernel has no {POOLS}")
        return finish()
    size = 2048 if 2048 in sizes() else sizes()[0]
    free = re.search(r"MemFree:\s*(\d+)", Path("/proc/meminfo").read_text())
    if EXTRA * size > int(free[1]) // 8:
        skip("everything", f"{EXTRA} pages of {size}kB are more than an eighth of the free memory")
        return finish()

    def stop(number_, _frame):
        raise SystemExit(128 + number_)

    for name in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(name, stop)
    lock = os.open("/sys/kernel/mm", os.O_RDONLY)  # against other tests that turn the kernel's knobs
    fcntl.flock(lock, fcntl.LOCK_EX)
    before = knobs()
    try:
        everything = call(executable)
        check("without parameters all pools are returned",
              [pool["size"] for pool in everything["pools"] if pool["node"] is None]
              and len(everything["pools"]) == len(sizes()) * (1 + len(nodes())), everything["pools"])
        test_pool(executable, size)
        test_in_use(executable, size)
        test_node(executable, size)
        test_overcommit(executable, size)
        test_overcommit_of_gigantic_pages(executable)
        test_missing(executable)
        test_mounts(executable, size)
        test_without_libmount(executable)
    finally:
        restore(before)
    check("every knob is as before", knobs() == before, knobs())
    return finish()


if __name__ == "__main__":
    sys.exit(main())
