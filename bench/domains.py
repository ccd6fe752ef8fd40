#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Measures domain_numa against libvirt itself, in turns, and prints differences and ratios of the medians
(bench/README.md). As root; a driver below a folder of its own is asked, in the measured process.

    build/venv/ansible-2.19/bin/python bench/domains.py [--rounds N]"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import uuid
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(PROJECT / "tests/libvirt"))
from drivers import QEMU_CONF  # noqa: E402

MODULE = PROJECT / "build/release/bin/domain_numa"
PYTHON = "/usr/bin/python3"  # libvirt-python and lxml are Debian's
SIZES = (250, 500, 1000)
CHANGES = {"cells": [{"cpus": "0", "memory": "128M"}, {"cpus": "1", "memory": "128M"}],
           "memnodes": [{"cell": 0, "nodeset": "0"}, {"cell": 1, "nodeset": "0"}], "vcpupin": {"0": "0", "1": "1"}}
CELLS = "".join(f"<cell id='{cell}' cpus='{4 * cell}-{4 * cell + 3}' memory='65536' unit='KiB'/>" for cell in range(4))
PINS = "".join(f"<vcpupin vcpu='{vcpu}' cpuset='{vcpu % 2}'/>" for vcpu in range(16))
MEMNODES = "".join(f"<memnode cellid='{cell}' mode='strict' nodeset='0'/>" for cell in range(4))
LARGE = (f"<memoryBacking><hugepages><page size='2' unit='MiB'/></hugepages></memoryBacking><cputune>{PINS}</cputune>"
         f"<numatune>{MEMNODES}</numatune><cpu mode='host-model'><numa>{CELLS}</numa></cpu>")
DISKS = "".join(f"<disk type='file' device='disk'><source file='/images/{disk}'/>"
                f"<target dev='vd{disk}' bus='virtio'/></disk>" for disk in "abcdefgh")


def document(name: str, vcpus: int, layout: str) -> str:
    return (f"<domain type='qemu'><name>{name}</name><memory unit='MiB'>256</memory><vcpu>{vcpus}</vcpu>{layout}"
            "<os><type arch='x86_64' machine='pc'>hvm</type></os>"
            f"<devices>{DISKS}<graphics type='vnc' passwd='secret'/></devices></domain>")


def answer(command: list, text: str | None = None) -> dict:
    return json.loads(subprocess.run(command, input=text, capture_output=True, text=True, check=True).stdout)


def timed(command: list, text: str | None = None) -> float:
    began = time.perf_counter()
    subprocess.run(command, input=text, capture_output=True, text=True, check=True)
    return (time.perf_counter() - began) * 1000


def turns(rounds: int, *contenders: tuple[list, str | None]) -> list[float]:
    """The medians in milliseconds, after one run of each that is not counted."""
    times = [[timed(*contender) for contender in contenders] for _ in range(rounds + 1)][1:]
    return [statistics.median(column) for column in zip(*times)]


class Driver:
    """qemu:///embed with the two definitions that all others are copies of."""

    def __init__(self, folder: Path):
        self.folder, self.uri = folder, f"qemu:///embed?root={folder}"
        (folder / "etc").mkdir()
        (folder / "etc/qemu.conf").write_text(QEMU_CONF + "cgroup_controllers = []\n", encoding="ascii")
        for name, text in {"one": document("one", 2, ""), "large": document("large", 16, LARGE)}.items():
            (folder / name).write_text(text, encoding="ascii")
            subprocess.run(["virsh", "-c", self.uri, "define", folder / name], check=True, capture_output=True)
        self.stored = folder / "etc/qemu/large.xml"
        self.text = self.stored.read_text(encoding="utf-8")
        self.uuid = self.text.split("<uuid>")[1].split("<")[0]

    def fill(self, count: int) -> None:
        """`count` domains in all."""
        for number in range(count - 2):
            name = f"large{number}"
            (self.folder / f"etc/qemu/{name}.xml").write_text(
                self.text.replace("<name>large<", f"<name>{name}<").replace(
                    self.uuid, str(uuid.UUID(int=number + 1))), encoding="utf-8")


def verdict(what: str, value: float, limit: float, unit: str) -> int:
    missed = value > limit
    print(f"{what}: {value:.2f}{unit} (wanted at most {limit:g}{unit}{': MISSED' if missed else ''})")
    return int(missed)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=40)
    rounds = parser.parse_args().rounds
    lacks = [name for name in ("virsh", "g++", "qemu-system-x86_64", PYTHON, str(MODULE)) if not shutil.which(name)]
    if PYTHON not in lacks and subprocess.run([PYTHON, "-c", "import libvirt, lxml"], capture_output=True).returncode:
        lacks.append("python3-libvirt or python3-lxml")
    if os.geteuid() != 0:
        lacks.append("root")
    if lacks:
        print(f"skipped: all: lacks {', '.join(lacks)}")
        return 0
    missed = 0
    with tempfile.TemporaryDirectory(prefix="virtbp-bench-") as name:
        folder = Path(name)
        calls = folder / "libvirt_calls"
        subprocess.run(["g++", "-std=c++20", "-O2", "-o", calls, PROJECT / "bench/libvirt_calls.cpp", "-lvirt"],
                       check=True)
        root = folder / "root"
        root.mkdir()
        driver = Driver(root)
        check = {"uri": driver.uri, "_ansible_check_mode": True}
        one = ([MODULE, "-"], json.dumps(check | CHANGES | {"domain": "one"}))
        assert answer(*one)["changed"], "the module has something to plan"
        module, bare = turns(rounds, one, ([calls, driver.uri, "one"], None))
        print(f"{module:10.2f} ms  domain_numa, one domain in check mode\n{bare:10.2f} ms  libvirt's calls alone")
        missed += verdict("one domain, outside of libvirt's calls", module - bare, 5, " ms")
        each = []
        for count in SIZES:
            driver.fill(count)
            everything = ([MODULE, "-"], json.dumps(check | {"domain": "all"}))
            in_python = ([PYTHON, PROJECT / "bench/libvirt_python.py", driver.uri], None)
            for told in (answer(*everything), answer(*in_python)):
                assert len(told["domains"]) == count, f"{len(told['domains'])} domains told, of {count}"
            module, bare, python = turns(max(3, rounds // 2), everything, ([calls, driver.uri, "all"], None), in_python)
            print(f"\n{module:10.2f} ms  domain_numa, all of {count} domains\n{bare:10.2f} ms  libvirt's calls alone\n"
                  f"{python:10.2f} ms  libvirt-python and lxml")
            each.append((module - bare) / count)
            missed += verdict(f"each of {count} domains, outside of libvirt's calls", each[-1], 1, " ms")
            print(f"libvirt-python and lxml: {python / module:.2f} times the time of domain_numa; "
                  f"outside of libvirt's calls {(python - bare) / (module - bare):.1f} times")
        print()
        missed += verdict(f"each of {SIZES[-1]} domains, in times of each of {SIZES[0]}", each[-1] / each[0], 1.5, "")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
