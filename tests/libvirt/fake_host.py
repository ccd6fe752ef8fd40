#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""An invented NUMA host for a command: what it sees below /sys/devices/system/{node,cpu} is a tree of our own, made
from a short description and mounted in a mount namespace of its own. As root:

    fake_host.py 4x8-adjacent -- virsh -c qemu:///embed?root=/some/folder capabilities
    fake_host.py --tree 4x8-adjacent FOLDER      # only makes FOLDER/node and FOLDER/cpu

libvirt takes it for real, and so does libnuma; the kernel does not: guests bound to invented nodes cannot start."""

import contextlib
import dataclasses
import os
import pathlib
import shlex
import shutil
import subprocess
import sys
import tempfile

HUGE_PAGES = (2048, 1048576)  # KiB


@dataclasses.dataclass
class Node:
    """A NUMA node: memory in MiB, pages as {size in KiB: (all, free)}."""
    cores: int
    memory: int
    free: int
    pages: dict[int, tuple[int, int]] = dataclasses.field(default_factory=dict)


@dataclasses.dataclass
class Host:
    nodes: list[Node]
    threads: int = 2
    adjacent: bool = True  # siblings 0,1 and 2,3; else they are half of the CPUs apart
    offline: frozenset[int] = frozenset()
    isolated: frozenset[int] = frozenset()
    distances: list[list[int]] | None = None  # 10 and 21 by default

    def cpus_of(self, number: int) -> list[list[int]]:
        """The cores of a node, each with all its CPUs, the offline ones too."""
        before = sum(node.cores for node in self.nodes[:number])
        cores = sum(node.cores for node in self.nodes)
        return [[core * self.threads + thread if self.adjacent else thread * cores + core
                 for thread in range(self.threads)] for core in range(before, before + self.nodes[number].cores)]

    def distance(self, one: int, other: int) -> int:
        return self.distances[one][other] if self.distances else 10 if one == other else 21


def _nodes(count: int, cores: int, memory: int, free: int) -> list[Node]:
    return [Node(cores, memory, free, {2048: (4096, 2048), 1048576: (8, 4)}) for _ in range(count)]


HOSTS = {
    "4x8-adjacent": Host(_nodes(4, 4, 32768, 14336)),
    "4x8-offset": Host(_nodes(4, 4, 32768, 14336), adjacent=False, isolated=frozenset({3, 19}),
                       distances=[[10, 12, 21, 21], [12, 10, 21, 21], [21, 21, 10, 12], [21, 21, 12, 10]]),
    "2x112": Host(_nodes(2, 56, 1048576, 901120), adjacent=False),
    "memoryless": Host([Node(4, 16384, 12000), Node(4, 0, 0), Node(4, 32768, 30000, {1048576: (16, 15)})]),
    "cpuless": Host([Node(4, 16384, 12000), Node(0, 65536, 65000)], distances=[[10, 17], [28, 10]]),
    # the one whose numactl output the guide shows, 4.6
    "guide": Host([Node(18, *sizes) for sizes in ((31975, 31120), (32316, 31673), (32316, 31726), (32314, 31387))],
                  adjacent=False),
    "offline": Host(_nodes(2, 4, 32768, 14336), adjacent=False, offline=frozenset({3, 7, 9})),
}


def list_of(numbers) -> str:
    """As the kernel writes a list: 0-3,8."""
    runs: list[list[int]] = []
    for number in sorted(numbers):
        if runs and number == runs[-1][1] + 1:
            runs[-1][1] = number
        else:
            runs.append([number, number])
    return ",".join(str(first) if first == last else f"{first}-{last}" for first, last in runs)


def mask_of(numbers, size: int) -> str:
    """As the kernel writes a mask: words of 32 bits, the most significant first."""
    bits = sum(1 << number for number in numbers)
    return ",".join(f"{bits >> 32 * word & 0xffffffff:08x}" for word in reversed(range(-(-size // 32))))


def _write(path: pathlib.Path, text: object) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"{text}\n", encoding="ascii")


def _make_node(host: Host, number: int, folder: pathlib.Path, total: int) -> None:
    node = host.nodes[number]
    online = [cpu for core in host.cpus_of(number) for cpu in core if cpu not in host.offline]
    _write(folder / "cpulist", list_of(online))
    _write(folder / "cpumap", mask_of(online, total))
    _write(folder / "distance", " ".join(str(host.distance(number, other)) for other in range(len(host.nodes))))
    all_small, free_small = node.pages.get(2048, (0, 0))
    memory = {"MemTotal": node.memory, "MemFree": node.free, "MemUsed": node.memory - node.free}
    pages = {"HugePages_Total": all_small, "HugePages_Free": free_small, "HugePages_Surp": 0}
    _write(folder / "meminfo", "\n".join([f"Node {number} {key}: {value * 1024} kB" for key, value in memory.items()] +
                                         [f"Node {number} {key}: {value}" for key, value in pages.items()]))
    for size in HUGE_PAGES:
        pool = dict(zip(("nr", "free", "surplus"), (*node.pages.get(size, (0, 0)), 0)))
        for key, count in pool.items():
            _write(folder / f"hugepages/hugepages-{size}kB/{key}_hugepages", count)
    for cpu in online:
        (folder / f"cpu{cpu}").symlink_to(f"../../cpu/cpu{cpu}")


def _make_cpus(host: Host, number: int, folder: pathlib.Path, total: int) -> None:
    package = [cpu for core in host.cpus_of(number) for cpu in core if cpu not in host.offline]
    for core_id, core in enumerate(host.cpus_of(number)):
        siblings = [cpu for cpu in core if cpu not in host.offline]
        for cpu in core:
            _write(folder / f"cpu{cpu}/online", int(cpu not in host.offline))
        for cpu in siblings:
            texts = {"physical_package_id": number, "die_id": 0, "cluster_id": -1, "core_id": core_id,
                     "thread_siblings_list": list_of(siblings), "core_cpus_list": list_of(siblings),
                     "thread_siblings": mask_of(siblings, total), "core_siblings_list": list_of(package),
                     "core_siblings": mask_of(package, total)}
            for name, text in texts.items():
                _write(folder / f"cpu{cpu}/topology/{name}", text)
            (folder / f"cpu{cpu}/node{number}").symlink_to(f"../../node/node{number}")


def make_tree(host: Host, folder: pathlib.Path) -> None:
    """Makes folder/node and folder/cpu, as they are in /sys/devices/system."""
    numbers = range(len(host.nodes))
    cpus = {cpu for number in numbers for core in host.cpus_of(number) for cpu in core}
    with_memory = list_of(number for number in numbers if host.nodes[number].memory > 0)
    with_cpus = (number for number in numbers
                 if any(cpu not in host.offline for core in host.cpus_of(number) for cpu in core))
    for name, text in {"online": list_of(numbers), "possible": list_of(numbers), "has_cpu": list_of(with_cpus),
                       "has_memory": with_memory, "has_normal_memory": with_memory}.items():
        _write(folder / "node" / name, text)
    for name, text in {"online": list_of(cpus - host.offline), "possible": list_of(cpus), "present": list_of(cpus),
                       "offline": list_of(host.offline), "isolated": list_of(host.isolated),
                       "kernel_max": 8191}.items():
        _write(folder / "cpu" / name, text)
    for number in numbers:
        _make_node(host, number, folder / f"node/node{number}", len(cpus))
        _make_cpus(host, number, folder / "cpu", len(cpus))


def on(tree: pathlib.Path, command: list[str]) -> list[str]:
    """The command that runs `command` on the host whose tree that is."""
    mounts = " && ".join(f"mount --bind {shlex.quote(str(tree / name))} /sys/devices/system/{name}"
                         for name in ("node", "cpu"))
    return ["unshare", "-m", "sh", "-c", f'mount --make-rprivate / && {mounts} && exec "$@"', "fake_host", *command]


def why_not() -> str | None:
    """Why no host can be invented here; None where it can."""
    if shutil.which("unshare") is None:
        return "unshare is not installed"
    if os.geteuid() != 0:
        return "not root"
    nothing_new = on(pathlib.Path("/sys/devices/system"), ["true"])
    tried = subprocess.run(nothing_new, capture_output=True, text=True, check=False)
    return None if tried.returncode == 0 else f"no mount namespace: {tried.stderr.strip()}"


@contextlib.contextmanager
def invented(host: Host):
    """A folder with the host's tree, for on()."""
    with tempfile.TemporaryDirectory(prefix="virtbp-host-") as folder:
        make_tree(host, pathlib.Path(folder))
        yield pathlib.Path(folder)


def main() -> int:
    match sys.argv[1:]:
        case ["--tree", name, folder] if name in HOSTS:
            make_tree(HOSTS[name], pathlib.Path(folder))
            return 0
        case [name, "--", *command] if name in HOSTS and command:
            if reason := why_not():
                print(f"skipped: all: {reason}")
                return 77
            with invented(HOSTS[name]) as tree:
                return subprocess.run(on(tree, command), check=False).returncode
    print(f"usage: fake_host.py HOST -- COMMAND…\n       fake_host.py --tree HOST FOLDER\nHOST: {' '.join(HOSTS)}",
          file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main())
