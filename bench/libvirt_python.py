# SPDX-License-Identifier: GPL-3.0-or-later
"""What domain_numa tells of all domains, asked with libvirt's own Python binding and lxml in one process:

    libvirt_python.py URI      prints a JSON object"""

import collections
import json
import os
import sys
import threading

os.environ.setdefault("LIBVIRT_LOG_OUTPUTS", "4:file:/dev/null")

import libvirt  # noqa: E402  (reads the environment)
from lxml import etree  # noqa: E402

UNITS = {"b": 1, "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30}


def numbers(text: str) -> set[int]:
    found = set()
    for part in text.split(","):
        first, _, last = part.partition("-")
        found |= set(range(int(first), int(last or first) + 1))
    return found


def kibibytes(text: str, unit: str | None) -> int:
    return int(text) * UNITS[unit or "KiB"] // 1024


def main() -> int:
    libvirt.virEventRegisterDefaultImpl()
    libvirt.virEventAddTimeout(500, lambda *_: None, None)
    threading.Thread(target=lambda: [libvirt.virEventRunDefaultImpl() for _ in iter(int, 1)], daemon=True).start()
    connection = libvirt.openReadOnly(sys.argv[1])
    capabilities = etree.fromstring(connection.getCapabilities().encode())
    nodes = {int(cell.get("id")): {"memory": int(cell.findtext("memory") or 0),
                                   "cpus": [int(cpu.get("id")) for cpu in cell.iterfind("cpus/cpu")]}
             for cell in capabilities.iterfind("host/topology/cells/cell")}
    for number, node in nodes.items():
        node["free"] = connection.getCellsFreeMemory(number, 1)
    sums = {"vcpus": 0, "memory": collections.Counter(), "pages": collections.Counter()}
    pinned, domains = collections.defaultdict(set), []
    for domain in connection.listAllDomains():
        active = domain.isActive()
        root = etree.fromstring(domain.XMLDesc(0 if active else libvirt.VIR_DOMAIN_XML_INACTIVE).encode())
        vcpus = int(root.findtext("vcpu"))
        memnodes = {int(one.get("cellid")): numbers(one.get("nodeset")) for one in root.iterfind("numatune/memnode")}
        page = root.find("memoryBacking/hugepages/page")
        size = kibibytes(page.get("size"), page.get("unit")) if page is not None else 0
        cells = []
        for cell in root.iterfind("cpu/numa/cell"):
            number, memory = int(cell.get("id")), kibibytes(cell.get("memory"), cell.get("unit"))
            cells.append({"id": number, "cpus": sorted(numbers(cell.get("cpus"))), "memory": memory})
            bound = memnodes.get(number, set())
            if len(bound) == 1:
                sums["memory"][min(bound)] += memory
                if size:
                    sums["pages"][min(bound)] += memory // size
        pins = {int(one.get("vcpu")): numbers(one.get("cpuset")) for one in root.iterfind("cputune/vcpupin")}
        for cpus in pins.values():
            for cpu in cpus:
                pinned[cpu].add(domain.name())
        sums["vcpus"] += vcpus
        domains.append({"name": domain.name(), "uuid": domain.UUIDString(), "running": bool(active), "vcpus": vcpus,
                        "cells": cells, "pins": {vcpu: sorted(cpus) for vcpu, cpus in pins.items()},
                        "in_no_cell": sorted(set(range(vcpus)) - {cpu for cell in cells for cpu in cell["cpus"]})})
    shared = {cpu: sorted(names) for cpu, names in pinned.items() if len(names) > 1}
    print(json.dumps({"nodes": nodes, "sums": sums, "shared": shared, "domains": domains}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
