#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Measures whole processes against each other, in turns, and prints the ratios of their medians (bench/README.md).

    build/venv/ansible-2.19/bin/python bench/run.py [--rounds N]"""

from __future__ import annotations

import argparse
import json
import os
import random
import re
import shutil
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from ansible.executor.module_common import modify_module
from ansible.parsing.dataloader import DataLoader
from ansible.plugins.loader import init_plugin_loader
from ansible.template import Templar

from tree import make_disks, make_entries, make_grub_config

PROJECT = Path(__file__).resolve().parent.parent
WORK = PROJECT / "build/bench"
RELEASE = PROJECT / "build/release/bin"
DEVICES = 4096
ENTRIES, CONFIG_SIZE = 1000, 2_000_000
PYTHON = next(path for path in ("/usr/bin/python3", sys.executable) if os.path.exists(path))

# What is asked of this machine, one task a module; of Python the first.
QUESTIONS = {
    "hugepages": {"count": 512, "persistent": False},
    "ksm": {"state": "started", "pages_to_scan": 1000, "sleep_millisecs": 1200, "persistent": False},
    "io_scheduler": {"devices": ["all"], "scheduler": ["none", "mq-deadline"], "persistent": False,
                     "allow_none": True},
}
# What is asked of made trees only: this machine may have no boot loader.
CMDLINE = {"present": ["intel_iommu=on", "iommu=pt", "console=ttyS0,115200n8"], "absent": ["elevator"]}
SYSCTL = {"name": "vm.nr_hugepages", "value": "512", "state": "present", "sysctl_set": True,
          "sysctl_file": "/etc/sysctl.d/60-bench.conf", "reload": False}


@dataclass
class Contender:
    """A command, and how long it took each time."""
    name: str
    command: list[str]
    seconds: list[float]

    def run(self) -> None:
        null = os.open(os.devnull, os.O_RDWR)
        actions = [(os.POSIX_SPAWN_DUP2, null, descriptor) for descriptor in (0, 1)]
        began = time.perf_counter()
        process = os.posix_spawn(self.command[0], self.command, os.environ, file_actions=actions)
        status = os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])
        self.seconds.append(time.perf_counter() - began)
        os.close(null)
        if status != 0:
            raise SystemExit(f"{self.name} failed with status {status}: {' '.join(self.command)[:300]}")

    def median(self) -> float:
        return statistics.median(self.seconds)


@dataclass
class Goal:
    """`better` is to take at most `limit` times what `other` takes."""
    better: Contender
    other: Contender
    limit: float

    def verdict(self) -> tuple[str, bool]:
        ratio = self.better.median() / self.other.median()
        met = ratio <= self.limit
        if self.limit < 1:
            said, wanted = f"{1 / ratio:.0f} times faster than", f"at least {1 / self.limit:.0f}"
        else:
            said, wanted = f"{ratio:.2f} times the time of", f"at most {self.limit:g}"
        return f"{self.better.name}: {said} {self.other.name} (wanted {wanted}{'' if met else ': MISSED'})", met


def arguments_file(name: str, arguments: dict) -> str:
    path = WORK / f"{name}.json"
    path.write_text(json.dumps(arguments | {"_ansible_check_mode": True}), encoding="utf-8")
    return str(path)


def compiled(source: str, *options: str) -> str:
    target = WORK / Path(source).stem
    compiler = "cc" if source.endswith(".c") else "c++"
    subprocess.run([compiler, "-O2", *options, PROJECT / "bench" / source, "-o", target], check=True)
    return str(target)


def ansiballz() -> str:
    """The file that Ansible sends to a host and runs there: the Python module with its arguments and all it imports."""
    init_plugin_loader([str(WORK)])
    path = WORK / "ansible_collections/ansible/posix/plugins/modules/sysctl.py"
    built = modify_module(module_name="ansible.posix.sysctl", module_path=str(path), templar=Templar(DataLoader()),
                          task_vars={"ansible_playbook_python": PYTHON}, module_compression="ZIP_DEFLATED",
                          module_args=SYSCTL | {"_ansible_check_mode": True}, remote_is_local=True)
    target = WORK / "AnsiballZ_sysctl.py"
    target.write_bytes(built.b_module_data)
    return str(target)


def opened_by(command: list[str]) -> list[str]:
    """The files and folders that a command opens and reads, but for its shared libraries."""
    log = WORK / "strace"
    subprocess.run(["strace", "-qq", "-y", "-e", "trace=open,openat,openat2", "-o", log, *command], check=True,
                   stdout=subprocess.DEVNULL)
    paths = [match.group(1) for line in log.read_text(encoding="utf-8").splitlines()
             if "O_PATH" not in line and (match := re.search(r"= \d+<(/[^>]*)>$", line))]
    return [path for path in paths if not re.search(r"\.so[.\d]*$|ld\.so\.cache$", path)]


def native(name: str, *options: str) -> list[str]:
    return [str(RELEASE / name), *options, arguments_file(name, QUESTIONS.get(name, CMDLINE))]


def empty(name: str) -> Path:
    root = WORK / name
    shutil.rmtree(root, ignore_errors=True)
    return root


def contest() -> tuple[list[Contender], list[Goal]]:
    """Who runs, and who is to be how fast."""
    bare = compiled("bare_read.c", "-static")
    python = Contender("ansible.posix.sysctl", [PYTHON, ansiballz()], [])
    contenders, goals = [python], []
    for name in QUESTIONS:
        files = opened_by(native(name))
        module = Contender(name, native(name), [])
        reader = Contender(f"bare C reading its {len(files)} files", [bare, *files], [])
        contenders += [module, reader]
        goals += [Goal(module, python, 1 / 100), Goal(module, reader, 3)]

    root = empty("disks")
    first = make_disks(root, DEVICES)
    everywhere = native("io_scheduler", "--root", str(root))
    names = [match.group(1) for path in opened_by(everywhere)
             if (match := re.search(rf"/{first}/((?:queue|device)/.*|[a-z_]+)$", path)) and Path(path).is_file()]
    module = Contender(f"io_scheduler on {DEVICES} disks", everywhere, [])
    loop = Contender(f"plain C++ loop over {', '.join(names)}",
                     [compiled("scheduler_loop.cpp", "-std=c++20"), str(root), *names], [])
    contenders += [module, loop]
    goals += [Goal(module, loop, 2)]

    lines = compiled("line_reader.cpp", "-std=c++20")
    for what, make, size in ((f"{ENTRIES} entries", make_entries, ENTRIES),
                             (f"a grub.cfg of {CONFIG_SIZE // 1_000_000} MB", make_grub_config, CONFIG_SIZE)):
        root = empty(make.__name__)
        make(root, size)
        command = native("grub_cmdline", "--root", str(root))
        files = [path for path in dict.fromkeys(opened_by(command)) if Path(path).is_file()]  # each once
        module = Contender(f"grub_cmdline on {what}", command, [])
        reader = Contender(f"plain C++ reading the lines of its {len(files)} files", [lines, *files], [])
        contenders += [module, reader]
        goals.append(Goal(module, reader, 10))
    return contenders, goals


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=50)
    rounds = parser.parse_args().rounds
    WORK.mkdir(parents=True, exist_ok=True)
    contenders, goals = contest()
    shuffle = random.Random(1).shuffle
    for _ in range(rounds + 1):
        order = contenders[:]
        shuffle(order)  # whoever comes after Python finds the processor's caches cold
        for contender in order:
            contender.run()
    for contender in contenders:
        del contender.seconds[0]  # the first fills the caches
        print(f"{contender.median() * 1000:10.2f} ms  {contender.name}")
    print()
    verdicts = [goal.verdict() for goal in goals]
    for text, _ in verdicts:
        print(text)
    return 0 if all(met for _, met in verdicts) else 1


if __name__ == "__main__":
    sys.exit(main())
