#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the real QEMU driver of libvirt tells of each host of fake_host.py: what was described, and what is recorded in
capabilities/NAME.xml for agreement_test.cpp. As root.

    capabilities.py             # compares
    capabilities.py --record    # writes them anew"""

import re
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import fake_host
from drivers import Embed, check, counts, equal, skip

RECORDED = Path(__file__).parent / "capabilities"
HEAD = "<!-- SPDX-License-" + "Identifier: GPL-3.0-or-later -->\n"  # in two parts, or `reuse` takes it for its own
KEPT = {"capabilities": {"host"}, "host": {"cpu", "topology"}, "cpu": {"arch", "pages"}}


def trimmed(element: ElementTree.Element) -> ElementTree.Element:
    """Without what depends on the machine that the test runs on."""
    if element.tag in KEPT and len(element):
        for child in list(element):
            if child.tag in KEPT[element.tag]:
                trimmed(child)
            else:
                element.remove(child)
    return element


def described(host: fake_host.Host) -> dict[int, dict]:
    nodes = {}
    for number, node in enumerate(host.nodes):
        online = [[cpu for cpu in core if cpu not in host.offline] for core in host.cpus_of(number)]
        nodes[number] = {
            "memory": node.memory * 1024, "free": node.free * 1024,
            "cpus": {cpu: fake_host.list_of(core) for core in online for cpu in core},
            "distances": {other: host.distance(number, other) for other in range(len(host.nodes))},
            "pages": {size: node.pages.get(size, (0, 0)) for size in fake_host.HUGE_PAGES}}
    return nodes


def told(capabilities: ElementTree.Element, free: dict[int, int], free_pages: dict[int, dict]) -> dict[int, dict]:
    nodes = {}
    for cell in capabilities.findall("host/topology/cells/cell"):
        number = int(cell.get("id"))
        pages = {int(page.get("size")): int(page.text) for page in cell.findall("pages")}
        nodes[number] = {
            "memory": int(cell.findtext("memory", "0")), "free": free.get(number, 0),
            "cpus": {int(cpu.get("id")): cpu.get("siblings") for cpu in cell.findall("cpus/cpu")},
            "distances": {int(other.get("id")): int(other.get("value")) for other in cell.findall("distances/sibling")},
            "pages": {size: (pages[size], free_pages.get(number, {}).get(size, 0)) for size in fake_host.HUGE_PAGES}}
    return nodes


def virsh(tree: Path, uri: str, *arguments: str) -> str:
    done = subprocess.run(fake_host.on(tree, ["virsh", "-c", uri, *arguments]), capture_output=True, text=True,
                          check=False, timeout=120)
    if done.returncode != 0:
        raise RuntimeError(f"virsh {arguments}: {done.stderr.strip().splitlines()[-1]}")
    return done.stdout


def examine(name: str, uri: str, recording: bool) -> None:
    host = fake_host.HOSTS[name]
    with fake_host.invented(host) as tree:
        capabilities = trimmed(ElementTree.fromstring(virsh(tree, uri, "capabilities")))
        sizes = {int(page.get("size")) for page in capabilities.findall("host/cpu/pages")}
        if not sizes.issuperset(fake_host.HUGE_PAGES):
            skip(name, f"this kernel has pages of {sorted(sizes)} KiB alone")
            return
        free, free_pages = {}, {}
        for number in (number for number, node in enumerate(host.nodes) if node.memory):
            text = virsh(tree, uri, "; ".join([f"freecell {number}", *(f"freepages {number} {size}"
                                                                       for size in fake_host.HUGE_PAGES)]))
            free[number] = int(re.search(r"(\d+) KiB", text)[1])
            free_pages[number] = {int(size): int(count) for size, count in re.findall(r"(\d+)KiB: (\d+)", text)}
    equal(told(capabilities, free, free_pages), described(host), f"{name}: what libvirt tells")
    ElementTree.indent(capabilities)
    text = HEAD + ElementTree.tostring(capabilities, encoding="unicode") + "\n"
    file = RECORDED / f"{name}.xml"
    if recording:
        file.parent.mkdir(exist_ok=True)
        file.write_text(text, encoding="utf-8")
    check(file.is_file() and file.read_text(encoding="utf-8") == text, f"{name}: {file} is not what libvirt tells")


def main() -> int:
    if reason := fake_host.why_not():
        skip("all", reason)
    else:
        with tempfile.TemporaryDirectory(prefix="virtbp-capabilities-") as folder:
            embed = Embed(Path(folder) / "root")
            for name in fake_host.HOSTS:
                examine(name, embed.uri, "--record" in sys.argv[1:])
    print(", ".join(f"{number} {name}" for name, number in counts.items()))
    return 1 if counts["failed"] else 0


if __name__ == "__main__":
    sys.exit(main())
