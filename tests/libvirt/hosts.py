#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""domain_numa on invented hosts: layouts by `auto`, and what does not fit.

    hosts.py build/dev/bin/domain_numa

Layouts are held against rules, not against other layouts: the fewest nodes, equal cells, sibling pairs on sibling
pairs, nothing on a CPU that is offline, isolated or reserved; and they stay while they are valid. As files below a
root that has the host's tree (no libvirt is needed for that), and through libvirt's QEMU driver."""

import copy
import dataclasses
import json
import shutil
import sys
import time
from pathlib import Path

import documents
import fake_host
from drivers import Embed, call, check, equal, errors_of, on_host, play, skip, words_of

GIBIBYTE = 1 << 20  # KiB


@dataclasses.dataclass
class Guest:
    vcpus: int
    memory: int  # GiB
    threads: int = 1
    page: str = ""  # of huge pages
    extra: str = ""

    def xml(self, name: str) -> bytes:
        backing = f"<memoryBacking><hugepages><page size='1' unit='{self.page}iB'/></hugepages></memoryBacking>"
        backing = backing.replace("size='1' unit='2MiB'", "size='2' unit='MiB'").replace("'1GiB'", "'GiB'")
        topology = f"<topology sockets='1' cores='{self.vcpus // self.threads}' threads='{self.threads}'/>"
        return (f"<domain type='qemu'>\n  <name>{name}</name>\n  <memory unit='GiB'>{self.memory}</memory>\n"
                f"  {backing if self.page else ''}\n  <vcpu>{self.vcpus}</vcpu>\n  {self.extra}\n"
                f"  <os>\n    <type arch='x86_64' machine='q35'>hvm</type>\n  </os>\n"
                f"  <cpu>\n    {topology}\n  </cpu>\n  <devices/>\n</domain>\n").encode()


@dataclasses.dataclass
class Plan:
    host: str
    guest: Guest
    nodes: set[int] | None = None  # None: refused
    words: str = ""                # of the refusal
    auto: dict = dataclasses.field(default_factory=dict)


PLANS = [
    Plan("4x8-adjacent", Guest(4, 4), {0}),
    Plan("4x8-adjacent", Guest(8, 8, threads=2), {0}),
    Plan("4x8-adjacent", Guest(12, 24), {0, 1}),
    Plan("4x8-adjacent", Guest(16, 16, threads=2), {0, 1}),
    Plan("4x8-adjacent", Guest(4, 20, threads=2), {0, 1}),
    Plan("4x8-adjacent", Guest(32, 48, threads=2), {0, 1, 2, 3}),
    Plan("4x8-adjacent", Guest(4, 8, page="1G"), {0, 1}),
    Plan("4x8-adjacent", Guest(4, 16, page="1G"), {0, 1, 2, 3}),
    Plan("4x8-adjacent", Guest(4, 4, page="2M"), {0}),
    Plan("4x8-adjacent", Guest(8, 8, threads=2), {2, 3}, auto={"nodes": [2, 3]}),
    Plan("4x8-adjacent", Guest(8, 8, threads=2), {1, 3}, auto={"nodes": [3, 1]}),
    Plan("4x8-adjacent", Guest(4, 4), {3}, auto={"nodes": [3], "pin": False}),
    Plan("4x8-adjacent", Guest(8, 8, threads=2), {1}, auto={"reserve_cpus": "0"}),
    Plan("4x8-adjacent", Guest(24, 24, threads=2), {0, 1, 2, 3}, auto={"reserve_cpus": "0-1,8-9,16-17,24-25"}),
    Plan("4x8-adjacent", Guest(40, 8), None, "40 CPUs"),
    Plan("4x8-adjacent", Guest(32, 8), None, "", auto={"reserve_cpus": "0"}),
    Plan("4x8-adjacent", Guest(7, 8), None, "7", auto={"nodes": [0, 1]}),
    Plan("4x8-adjacent", Guest(4, 4), None, "5", auto={"nodes": [5]}),
    Plan("4x8-adjacent", Guest(4, 120), None, ""),
    Plan("4x8-offset", Guest(4, 4, threads=2), {0}),
    Plan("4x8-offset", Guest(16, 16, threads=2), {2, 3}),
    Plan("4x8-offset", Guest(12, 12, threads=2), {0, 1}),
    Plan("2x112", Guest(112, 512, threads=2), {0}),
    Plan("2x112", Guest(128, 1024, threads=2), {0, 1}),
    Plan("2x112", Guest(224, 1024, threads=2), {0, 1}),
    Plan("memoryless", Guest(8, 8, threads=2), {2}),
    Plan("memoryless", Guest(16, 16, threads=2), {0, 2}),
    Plan("memoryless", Guest(4, 4), None, "1", auto={"nodes": [1]}),
    Plan("cpuless", Guest(4, 8), {0}),
    Plan("cpuless", Guest(4, 8), None, "1", auto={"nodes": [1]}),
    Plan("cpuless", Guest(4, 40), None, ""),
    Plan("offline", Guest(4, 4), {0}),
    Plan("offline", Guest(8, 8), {0, 1}),
]


class Place:
    """A domain as a file below a root with the host's tree, or in libvirt."""

    def __init__(self, executable: str, tree: Path, file: Path, name: str, driver: Embed | None):
        self.executable, self.tree, self.file, self.name, self.driver = executable, tree, file, name, driver

    def call(self, checking: bool = False, **arguments: object) -> dict:
        if self.driver is None:
            return call(self.executable, checking=checking, root=self.tree.parents[2], xml=f"/{self.file.name}",
                        domain=self.name, **({"on_misfit": "fail"} | arguments))  # else it may be for another host
        return call(self.executable, checking=checking, enter=lambda command: on_host(self.tree, command),
                    uri=self.driver.uri, domain=self.name, **arguments)


class Bench:
    """The hosts' trees, and a driver for all."""

    def __init__(self, executable: str, folder: Path):
        self.executable, self.folder, self.number = executable, folder, 0
        self.driver = Embed(folder / "embed") if fake_host.why_not() is None and shutil.which("virsh") else None
        for name, host in fake_host.HOSTS.items():
            self.add(name, host)

    def tree(self, host: str) -> Path:
        return self.folder / host / "sys/devices/system"

    def add(self, name: str, host: fake_host.Host) -> None:
        fake_host.make_tree(host, self.tree(name))
        meminfo = self.folder / name / "proc/meminfo"
        meminfo.parent.mkdir()
        total = sum(node.memory for node in host.nodes) * 1024
        meminfo.write_text(f"MemTotal: {total} kB\nMemFree: {total} kB\nHugepagesize: 2048 kB\n", encoding="ascii")

    def places(self, host: str, guest: Guest):
        self.number += 1
        name = f"guest-{self.number}"
        file = self.folder / host / f"{name}.xml"
        file.write_bytes(guest.xml(name))
        yield "file", Place(self.executable, self.tree(host), file, name, None)
        if self.driver is not None:
            (self.folder / file.name).write_bytes(guest.xml(name))
            said = self.driver.virsh(f"define {self.folder / file.name}")[0]
            check("error:" not in said, f"{name}: {said}")
            yield "libvirt", Place(self.executable, self.tree(host), self.driver.stored(name), name, self.driver)


# -- auto -------------------------------------------------------------------------------------------------------------

def check_layout(what: str, text: bytes, plan: Plan) -> None:
    """The rules that every layout keeps."""
    host, guest = fake_host.HOSTS[plan.host], plan.guest
    found = documents.layout(text)
    cells = found["cells"]
    equal(documents.memory_of(text), (guest.memory * GIBIBYTE,) * 2, f"{what}: memory, and that of all cells")
    equal(sorted(vcpu for cell in cells.values() for vcpu in cell["cpus"]), list(range(guest.vcpus)), f"{what}: vCPUs")
    share = guest.memory * GIBIBYTE // len(plan.nodes)
    equal({cell["memory"] for cell in cells.values()}, {share}, f"{what}: equal cells")
    nodes = {number: next(iter(policy[1])) for number, policy in found["memnodes"].items() if len(policy[1]) == 1}
    equal(sorted(nodes), sorted(cells), f"{what}: a memnode for each cell")
    equal(set(nodes.values()), plan.nodes, f"{what}: nodes")
    equal((found["numatune"], {policy[0] for policy in found["memnodes"].values()}),
          (("strict", plan.nodes), {"strict"}), f"{what}: numatune, memnodes' modes")
    for number, cell in cells.items() if len(cells) > 1 else ():
        for other in cells:
            if host.distances or cell["distances"]:
                equal(cell["distances"].get(other), host.distance(nodes[number], nodes[other]),
                      f"{what}: distance {number}-{other}")
    if plan.auto.get("pin", True):
        check_pins(what, found, plan, nodes)
    else:
        equal(found["vcpupin"], {}, f"{what}: no pins")


def check_pins(what: str, found: dict, plan: Plan, nodes: dict[int, int]) -> None:
    host, guest = fake_host.HOSTS[plan.host], plan.guest
    left_out = host.offline | host.isolated | documents.numbers(plan.auto.get("reserve_cpus", ""))
    cores = {cpu: (node, core[0]) for node in range(len(host.nodes)) for core in host.cpus_of(node) for cpu in core}
    equal(sorted(found["vcpupin"]), list(range(guest.vcpus)), f"{what}: every vCPU is pinned")
    holders: dict[tuple[int, int], set[int]] = {}
    for number, cell in found["cells"].items():
        for vcpu in cell["cpus"]:
            pin = found["vcpupin"].get(vcpu, frozenset())
            equal(sorted(pin & left_out), [], f"{what}: vCPU {vcpu}: CPUs that are left out")
            equal({cores[cpu][0] for cpu in pin}, {nodes[number]}, f"{what}: vCPU {vcpu}: nodes")
            equal(len({cores[cpu] for cpu in pin}), 1, f"{what}: vCPU {vcpu}: cores")
            for cpu in pin:
                holders.setdefault(cores[cpu], set()).add(vcpu)
    for core, vcpus in holders.items():
        if guest.threads > 1:
            equal(len({vcpu // guest.threads for vcpu in vcpus}), 1, f"{what}: cores of the guest on {core}: {vcpus}")
        check(len(vcpus) <= host.threads, f"{what}: vCPUs on {core}: {vcpus}")


def play_plan(bench: Bench, plan: Plan) -> None:
    layouts = []
    for way, place in bench.places(plan.host, plan.guest):
        what = f"{way}, {plan.host}, {plan.guest.vcpus} vCPUs, {plan.guest.memory} GiB, {json.dumps(plan.auto)}"
        before = place.file.read_bytes()
        wish = {"auto": plan.auto}
        predicted = place.call(True, **wish)
        equal(place.file.read_bytes(), before, f"{what}: after check mode")
        done = place.call(**wish)
        if plan.nodes is None:
            for result in (predicted, done):
                equal((result.get("failed"), result["changed"]), (True, False), f"{what}: failed, changed")
                check(plan.words in words_of(result), f"{what}: says {plan.words}: {words_of(result)}")
            equal(place.file.read_bytes(), before, f"{what}: after a refused run")
            print(f"{what}: {done['msg']}", flush=True)
            continue
        if not check(not done.get("failed"), f"{what}: {words_of(done)}"):
            continue
        equal([done.get(key) for key in ("changed", "diff", "xml_diff")],
              [predicted.get(key) for key in ("changed", "diff", "xml_diff")], f"{what}: as check mode foretold")
        after = place.file.read_bytes()
        check_layout(what, after, plan)
        again = place.call(**wish)
        equal((again.get("failed"), again["changed"]), (None, False), f"{what}: again: failed, changed")
        equal(place.file.read_bytes(), after, f"{what}: after the second run")
        layouts.append(documents.layout(after))
    check(all(one == layouts[0] for one in layouts), f"{plan}: libvirt's and the kernel's topology give two layouts")


def stays(bench: Bench) -> None:
    """Other nodes get more free memory: what was laid out before is valid, and stays. Then its node gets too little."""
    plan = Plan("4x8-adjacent", Guest(4, 4, threads=2), {0})
    emptier, full = (copy.deepcopy(fake_host.HOSTS[plan.host]) for _ in range(2))
    for number, node in enumerate(emptier.nodes):
        node.free = 30000 if number else 6000
    full.nodes[0].free = 1000
    bench.add("emptier", emptier)
    bench.add("full", full)
    for way, place in bench.places(plan.host, plan.guest):
        what = f"{way}, another free memory"
        place.call(auto={})
        after = place.file.read_bytes()
        check_layout(what, after, plan)
        for host, moves in (("emptier", False), ("full", True)):
            place.tree = bench.tree(host)
            if way == "file":
                place.file = Path(shutil.copy(place.file, bench.folder / host))
            result = place.call(True, auto={})
            equal((result.get("failed"), result["changed"]), (None, moves), f"{what}, {host}: failed, changed")
            equal(place.file.read_bytes(), after, f"{what}, {host}: the domain's XML")


# -- what does not fit ------------------------------------------------------------------------------------------------

def misfits(bench: Bench) -> None:
    node_0 = {"numatune": {"mode": "strict", "nodeset": "0"}}
    without_memory = {"cells": [{"cpus": "0-1", "memory": "4 GiB"}, {"cpus": "2-3", "memory": "4 GiB"}],
                      "memnodes": [{"cell": 1, "mode": "strict", "nodeset": "1"}]}
    for host, guest, wish, words, can_warn in (
            ("4x8-adjacent", Guest(4, 4), {"numatune": {"mode": "strict", "nodeset": "0,7"}}, "7", True),
            ("4x8-adjacent", Guest(4, 4), {"vcpupin": {"0": "400"}}, "400", True),
            ("4x8-adjacent", Guest(4, 4), {"emulatorpin": "32"}, "32", True),
            ("4x8-adjacent", Guest(4, 4), {"cpuset": "30-33"}, "32", True),
            ("4x8-adjacent", Guest(4, 64), node_0, "node 0", True),
            ("4x8-adjacent", Guest(4, 9, page="1G"), node_0, "node 0", True),
            ("4x8-adjacent", Guest(4, 6, page="1G"), node_0, "node 0", True),
            ("4x8-adjacent", Guest(4, 10, page="2M"), node_0, "node 0", True),
            ("4x8-adjacent", Guest(33, 4), {"vcpupin": {"0": "0"}}, "32", False),
            ("memoryless", Guest(4, 4), {"numatune": {"mode": "strict", "nodeset": "1"}}, "memory", True),
            ("memoryless", Guest(4, 8), without_memory, "memory", True),
            ("offline", Guest(4, 4), {"vcpupin": {"0": "2-3"}}, "3", True),
            ("offline", Guest(4, 4), {"emulatorpin": "9"}, "9", True),
            ("offline", Guest(14, 4), {"emulatorpin": "0"}, "13", False)):
        for way, place in bench.places(host, guest):
            what = f"{way}, {host}, {guest.vcpus} vCPUs, {guest.memory} GiB {guest.page}, {json.dumps(wish)}"
            before = place.file.read_bytes()
            for checking in (True, False):
                refused = place.call(checking, **wish)
                equal((refused.get("failed"), refused["changed"]), (True, False), f"{what}: failed, changed")
                check(words in words_of(refused), f"{what}: says {words!r}: {words_of(refused)!r}")
                check(errors_of(refused), f"{what}: a finding")
            equal(place.file.read_bytes(), before, f"{what}: the domain's XML after refusals")
            print(f"{what}: {words_of(refused)}", flush=True)
            warned = place.call(True, on_misfit="warn", **wish)
            equal((warned.get("failed", False), warned["changed"]), (not can_warn, can_warn), f"{what}: on_misfit warn")
            told = [one["message"] + one["element"] for one in warned.get("findings", [])]
            check(any(words in text for text in told), f"{what}: on_misfit warn: a finding with {words}")


def warnings(bench: Bench) -> None:
    """Odd, and done nevertheless."""
    two = [{"cpus": "0-1", "memory": "2 GiB"}, {"cpus": "2-3", "memory": "2 GiB"}]
    nodes = {"numatune": {"mode": "strict", "nodeset": "0-1"},
             "memnodes": [{"cell": number, "mode": "strict", "nodeset": str(number)} for number in (0, 1)]}
    unequal = [{"cpus": "0-2", "memory": "3 GiB"}, {"cpus": "3", "memory": "1 GiB"}]
    split = [{"cpus": "0,2", "memory": "2 GiB"}, {"cpus": "1,3", "memory": "2 GiB"}]
    for what, wish, words in (
            ("pins on another node than the memory", nodes | {"cells": two, "vcpupin": {"0": "8"}}, "node"),
            ("preferred with two nodes", {"numatune": {"mode": "preferred", "nodeset": "0-1"}}, "prefer"),
            ("unequal cells", {"cells": unequal}, "cell 0"),
            ("threads of a core in two cells", {"cells": split}, "thread")):
        for way, place in bench.places("4x8-adjacent", Guest(4, 4, threads=2)):
            done = place.call(**wish)
            equal((done.get("failed"), done["changed"]), (None, True), f"{way}, {what}: failed, changed")
            told = [one for one in done.get("findings", []) if one["severity"] == "warning"]
            check(any(words in one["message"] for one in told), f"{way}, {what}: a warning with {words!r}: {told}")
            check(all(one["remedy"] and one["element"] for one in told), f"{way}, {what}: remedies and elements")


# -- all domains ------------------------------------------------------------------------------------------------------

def whole_host(bench: Bench) -> None:
    if bench.driver is None:
        return
    driver = Embed(bench.folder / "many")
    names = []
    for number in range(20):
        name = f"many-{number}"
        bound = f"<numatune><memory mode='strict' nodeset='{number % 2}'/></numatune>" if number < 10 else ""
        guest = Guest(8, 8, page="1G" if number < 4 else "", extra=bound)
        (bench.folder / f"{name}.xml").write_bytes(guest.xml(name))
        names.append(name)
    driver.virsh(*(f"define {bench.folder}/{name}.xml" for name in names))
    before = {name: driver.stored(name).read_bytes() for name in names}
    for checking in (True, False):
        started = time.monotonic()
        told = call(bench.executable, checking=checking, uri=driver.uri, domain="all",
                    enter=lambda command: on_host(bench.tree("4x8-adjacent"), command))
        print(f"20 domains: {time.monotonic() - started:.2f} s", flush=True)
        equal((told.get("failed"), told["changed"]), (None, False), f"all: failed, changed: {told['msg']}")
        equal(sorted(one["name"] for one in told.get("domains", [])), sorted(names), "all: names")
        equal({one["state"] for one in told.get("domains", [])}, {"shut off"}, "all: states")
        said = [f"{one['element']}: {one['message']}" for one in told.get("findings", [])]
        print("\n".join(said), flush=True)
        for words in (("160", "16 cores"), ("node 0",), ("node 1",), ("page",)):
            check(any(all(word in text for word in words) for text in said), f"all: a finding with {words}")
        floating = [one for one in told.get("domains", []) if one["findings"]]
        check({one["name"] for one in floating} >= set(names[10:]), "all: domains that float have a finding")
    equal({name: driver.stored(name).read_bytes() for name in names}, before, "all: the stored definitions")


def hosts(executable: str, folder: Path) -> None:
    folder.chmod(0o755)
    bench = Bench(executable, folder)
    if bench.driver is None:
        skip("libvirt", fake_host.why_not() or "virsh is not installed")
    started = time.monotonic()
    for plan in PLANS:
        play_plan(bench, plan)
    for part in (stays, misfits, warnings, whole_host):
        part(bench)
        print(f"{part.__name__}: {time.monotonic() - started:.0f} s", flush=True)


if __name__ == "__main__":
    sys.exit(play((), False, hosts))
