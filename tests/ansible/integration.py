#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The modules through a real Ansible on the real kernel of this machine, as root:

    integration.py --ansible FOLDER_OF_PROGRAMS --collections build/collections

Each case is played four times: check, apply, check, apply. The first two must say the same, changed and differences,
the last two that nothing is to do. What would last across a reboot goes below a root of its own, never to this
machine's /etc. Every knob is saved before, and put back and compared afterwards, whatever happens."""

import argparse
import contextlib
import fcntl
import glob
import os
import pathlib
import sys

from playing import MACHINE, Ansible, Checks, end_on_signals, ignore_signals, make_machine

KSM = "/sys/kernel/mm/ksm/"
# in the order in which the kernel takes them back
KSM_KNOBS = ["advisor_mode", "pages_to_scan", "sleep_millisecs", "merge_across_nodes", "use_zero_pages",
             "max_page_sharing", "smart_scan", "run"]
POOL = "/sys/kernel/mm/hugepages/hugepages-2048kB/"
NODE_POOLS = "/sys/devices/system/node/node*/hugepages/*/nr_hugepages"


def read(path: str) -> str:
    """A knob's value: of "[none] bfq" what is chosen."""
    text = pathlib.Path(path).read_text(encoding="ascii").strip()
    return text[text.index("[") + 1:text.index("]")] if "[" in text else text


def free_loop_device() -> str | None:
    """The last loop device that nothing is behind."""
    for knob in sorted(glob.glob("/sys/block/loop*/queue/scheduler"), reverse=True):
        if not os.path.exists(os.path.join(knob.split("/queue")[0], "loop")) and "[" in pathlib.Path(knob).read_text():
            return knob
    return None


@contextlib.contextmanager
def knobs_kept(checks: Checks):
    """Saves what the cases turn; puts it back and compares. One run at a time: the folder is locked."""
    lock = os.open("/sys/kernel/mm", os.O_RDONLY)
    fcntl.flock(lock, fcntl.LOCK_EX)
    paths = [KSM + name for name in KSM_KNOBS] + sorted(glob.glob(NODE_POOLS))
    paths += glob.glob(POOL + "nr_*hugepages") + [free_loop_device() or ""]
    saved = {path: read(path) for path in paths if os.path.exists(path)}
    try:
        yield saved
    finally:
        ignore_signals()
        for path, value in saved.items():
            if read(path) != value:
                pathlib.Path(path).write_text(value, encoding="ascii")
        for path, value in saved.items():
            checks.equal(read(path), value, f"{path} after the run")
        checks.step("every knob is as before")
        end_on_signals()
        os.close(lock)


def kernel_cases(saved: dict[str, str], checks: Checks) -> list[tuple[str, str, dict, dict]]:
    """Of the running kernel: name, module, parameters, what the knobs then read."""
    cases = []

    def case(name: str, module: str, parameters: dict, after: dict[str, object]) -> None:
        missing = [path for path in after if path not in saved]
        if missing:
            checks.skip(name, f"this kernel has no {missing[0] or 'loop device'}")
        else:
            cases.append((name, module, parameters, {path: str(value) for path, value in after.items()}))

    pages = int(saved.get(POOL + "nr_hugepages", 0))
    case("two huge pages more", "hugepages", {"size": "2M", "count": pages + 2}, {POOL + "nr_hugepages": pages + 2})
    node = NODE_POOLS.replace("node*", "node0").replace("*/nr", "hugepages-2048kB/nr")
    on_node = int(saved.get(node, 0))
    case("one huge page more on node 0", "hugepages",
         {"pools": [{"size": "2048 KiB", "count": on_node + 1, "node": 0}]}, {node: on_node + 1})
    case("an amount of memory", "hugepages", {"memory": f"{2 * pages + 2} MiB"}, {POOL + "nr_hugepages": pages + 1})
    extra = int(saved.get(POOL + "nr_overcommit_hugepages", 0)) + 3
    case("pages beyond the pool", "hugepages", {"pools": [{"size": "2M", "count": pages + 1, "overcommit": extra}]},
         {POOL + "nr_overcommit_hugepages": extra})

    sleep, scan = (int(saved.get(KSM + name, 0)) for name in ("sleep_millisecs", "pages_to_scan"))
    case("another pace of KSM", "ksm", {"sleep_millisecs": sleep + 100, "pages_to_scan": str(scan + 10)},
         {KSM + "sleep_millisecs": sleep + 100, KSM + "pages_to_scan": scan + 10})
    case("KSM runs, each node by itself", "ksm", {"state": "started", "merge_across_nodes": False},
         {KSM + "run": 1, KSM + "merge_across_nodes": 0})
    case("the kernel's advisor of KSM", "ksm", {"advisor_mode": "scan-time"}, {KSM + "advisor_mode": "scan-time"})
    case("no advisor, and pages_to_scan again", "ksm", {"advisor_mode": "none", "pages_to_scan": scan + 20},
         {KSM + "advisor_mode": "none", KSM + "pages_to_scan": scan + 20})
    case("KSM stops", "ksm", {"state": "stopped"}, {KSM + "run": 0})

    knob = free_loop_device() or ""
    name, now = knob.split("/")[3] if knob else "", saved.get(knob)
    one, other = ("deadline", "mq-deadline") if now != "mq-deadline" else ("noop", "none")
    case("a loop device by the scheduler's old name", "io_scheduler", {"devices": [name], "scheduler": [one]}, {knob: other})
    case("the first scheduler that it offers", "io_scheduler",
         {"devices": f"/dev/{name}", "scheduler": ["no-such-scheduler", now or "none"]}, {knob: now})
    return cases


def four_times(ansible: Ansible, checks: Checks, module: str, parameters: dict, environment: dict, **play) -> list[dict]:
    """Check, apply, check, apply, and what must hold between them."""
    task = {f"virtbp.core.{module}": parameters, "environment": environment}
    results = ansible.play(*(task | {"check_mode": check} for check in (True, False, True, False)), **play)
    predicted, done, *again = results
    for number, result in enumerate(results):
        if not checks.check(not result.get("failed"), f"{module}, run {number + 1}: {result.get('msg')}"):
            return results
        checks.check("virtbp" in result, f"{module}, run {number + 1}: the result has no virtbp")
    checks.equal(done["changed"], predicted["changed"], "changed, done and predicted")
    checks.equal(done["diff"], predicted["diff"], "diff, done and predicted")
    for result in again:
        checks.equal(result["changed"], False, "changed once it is as wanted")
        checks.equal({field["outcome"] for field in result["virtbp"]["fields"]} - {"same", "not_applicable"}, set(),
                     "outcomes once it is as wanted")
    return results


def of_the_kernel(ansible: Ansible, checks: Checks, saved: dict[str, str]) -> None:
    """What changes the running kernel, and nothing else."""
    for name, module, parameters, after in kernel_cases(saved, checks):
        before = {path: read(path) for path in after}
        results = four_times(ansible, checks, module, parameters | {"persistent": False}, {})
        checks.equal({path: read(path) for path in after}, after, "the kernel's knobs")
        checks.equal(results[0].get("changed"), before != after, "changed, predicted")
        checks.step(f"{module}: {name}")


def mounts(ansible: Ansible, checks: Checks) -> None:
    """A hugetlbfs, mounted in a namespace of the run's own."""
    path = ansible.folder / "huge"
    path.mkdir()
    results = four_times(ansible, checks, "hugepages",
                         {"mounts": [{"path": str(path), "size": "2M", "mode": "0770"}], "persistent": False}, {},
                         before=["unshare", "--mount", "--propagation", "private"])
    checks.equal(results[0].get("changed"), True, "changed, predicted")
    checks.check(str(path) not in pathlib.Path("/proc/mounts").read_text(), f"{path} is mounted outside the namespace")
    checks.step("hugepages: a file system for them")


LASTING = [
    ("a pool of the default size", "hugepages",
     {"size": "2M", "count": 8, "mounts": [{"path": "/dev/hugepages"}], "runtime": False}),
    ("KSM with the guide's values", "ksm",
     {"state": "started", "sleep_millisecs": 2000, "pages_to_scan": 1000, "runtime": False}),
    ("a parameter of the kernel", "grub_cmdline",
     {"present": ["intel_iommu=on"], "absent": ["elevator"], "runtime": False}),
    ("a rule for a disk", "io_scheduler", {"devices": ["sda"], "scheduler": ["mq-deadline"], "runtime": False}),
    ("a guest's cells", "domain_numa",
     {"domain": "web", "xml": "/etc/guests/web.xml",
      "cells": [{"cpus": "0", "memory": "128M"}, {"cpus": 1, "memory": "128MiB"}]}),
]


def below_a_root(ansible: Ansible, checks: Checks) -> None:
    """What lasts across a reboot, in a tree that stands for a machine."""
    for name, module, parameters in LASTING:
        root = ansible.folder / f"root-{module}"
        make_machine(root)
        results = four_times(ansible, checks, module, parameters, {"VIRTBP_ROOT": str(root)})
        checks.equal(results[0].get("changed"), True, "changed, predicted")
        written = [path for path in root.glob("etc/**/*")
                   if path.is_file() and path.read_text() != MACHINE.get(str(path.relative_to(root)))]
        checks.check(written, f"{module} wrote no file below {root}/etc")
        checks.step(f"{module}: {name}, in the file {', '.join('/' + str(path.relative_to(root)) for path in written)}")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--ansible", required=True, help="the folder of ansible-playbook")
    parser.add_argument("--collections", required=True, help="the folder that holds ansible_collections")
    arguments = parser.parse_args()
    if os.geteuid() != 0:
        print("skipped: all: only root changes the kernel's knobs")
        return 77
    end_on_signals()
    checks = Checks()
    own_files = set(glob.glob("/etc/**/*virtbp*", recursive=True))
    with Ansible(arguments.ansible, arguments.collections) as ansible:
        print(ansible.version())
        with knobs_kept(checks) as saved:
            of_the_kernel(ansible, checks, saved)
            mounts(ansible, checks)
            below_a_root(ansible, checks)
    checks.equal(set(glob.glob("/etc/**/*virtbp*", recursive=True)), own_files, "virtbp's files in /etc")
    return checks.end()


if __name__ == "__main__":
    sys.exit(main())
