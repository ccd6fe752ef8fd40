# SPDX-License-Identifier: GPL-3.0-or-later
"""A domain's XML as this folder's tests look at it, without any code of the project: its NUMA layout as values, and all
the rest as it is written."""

import re
import xml.etree.ElementTree as ElementTree

TOKEN = re.compile(rb"<!--.*?-->|<\?.*?\?>|<!\[CDATA\[.*?\]\]>|<!DOCTYPE[^[>]*(?:\[.*?\])?\s*>|"
                   rb"<(?:[^>'\"]|'[^']*'|\"[^\"]*\")*>|[^<]+", re.DOTALL)
# What domain_numa manages, by the path below <domain>; and what is written only to hold it.
MANAGED = {tuple(path.split("/")) for path in (
    "memory", "currentMemory", "cpu/numa", "cpu/numa/cell", "cpu/numa/cell/distances",
    "cpu/numa/cell/distances/sibling", "numatune", "numatune/memory", "numatune/memnode", "cputune/vcpupin",
    "cputune/emulatorpin")}
HOLDERS = {("cpu",), ("cputune",)}
UNITS = {"b": 1, "bytes": 1, "": 1024} | {
    letter + tail: base ** power for power, letter in enumerate("kmgt", 1)
    for tail, base in (("", 1024), ("ib", 1024), ("b", 1000))}
SECRETS = ("hunter2", "s3cret", "c00kie")


# -- the rest ---------------------------------------------------------------------------------------------------------

def tokens(text: bytes) -> list[tuple[tuple[str, ...], bytes]]:
    """Tags, texts, comments, each with the path of the element that it is of (a comment and a text: that it is in)."""
    found, path = [], []
    for match in TOKEN.finditer(text):
        token = match[0]
        if not token.startswith(b"<") or token.startswith((b"<!", b"<?")):
            found.append((tuple(path), token))
            continue
        name = re.match(rb"</?\s*([^\s/>]+)", token)[1].decode()
        if token.startswith(b"</"):
            found.append((tuple(path), token))
            path.pop()
        elif token.endswith(b"/>"):
            start = token[:-2].rstrip() + b">"
            found += [((*path, name), start), ((*path, name), b"</%s>" % name.encode())]
        else:
            path.append(name)
            found.append((tuple(path), token))
    return found


def rest(text: bytes) -> list[bytes]:
    """Every byte that domain_numa has no business with, but blanks between elements: tags, texts and comments."""
    kept: list[tuple[tuple[str, ...], bytes]] = []
    for path, token in tokens(text):
        below = path[1:]
        is_markup = token.startswith(b"<") and not token.startswith((b"<!", b"<?"))
        if token.isspace() or (below in MANAGED and (is_markup or not token.startswith(b"<"))):
            continue
        if below == ("vcpu",) and token.startswith(b"<vcpu"):
            token = re.sub(rb"\s+(cpuset|placement)\s*=\s*('[^']*'|\"[^\"]*\")", b"", token)
            token = re.sub(rb"\s+>", b">", token)
        if is_markup and token.startswith(b"</") and below in HOLDERS and kept and kept[-1][0] == path \
                and re.fullmatch(rb"<%s\s*>" % path[-1].encode(), kept[-1][1]):
            kept.pop()  # it holds nothing else
            continue
        kept.append((path, token))
    return [token for _, token in kept]


def canonical(text: bytes) -> str:
    """C14N without comments outside of elements' text and without the blanks between elements."""
    return ElementTree.canonicalize(text.decode(), with_comments=True, strip_text=True)


def canonical_rest(text: bytes) -> str:
    """C14N of the rest. libvirt writes the XML that is given here, so order and quotes are its own already."""
    return canonical(b"".join(rest(text)))


# -- the layout -------------------------------------------------------------------------------------------------------

def numbers(text: str) -> frozenset[int]:
    chosen: set[int] = set()
    for part in filter(None, (part.strip() for part in text.split(","))):
        first, _, last = part.lstrip("^").partition("-")
        span = set(range(int(first), int(last or first) + 1))
        chosen = chosen - span if part.startswith("^") else chosen | span
    return frozenset(chosen)


def kibibytes(text: str, unit: str | None = None) -> int:
    """A number without unit is in KiB in XML, and bytes among a module's arguments."""
    amount, own = re.fullmatch(r"\s*([\d.]+)\s*([a-zA-Z]*)\s*", text).groups()
    factor = UNITS[(own or ("KiB" if unit is None else unit)).lower()]
    value = float(amount) * factor if "." in amount else int(amount) * factor
    return -(-int(value) // 1024)


def policy(element: ElementTree.Element) -> tuple:
    auto = element.get("placement", "static" if element.get("nodeset") else "auto") == "auto"
    return (element.get("mode", "strict"), "auto" if auto else numbers(element.get("nodeset", "")))


def layout(text: bytes) -> dict:
    """The NUMA settings of a domain. libvirt's defaults are filled in, so that equal layouts are equal values."""
    root = ElementTree.fromstring(text)
    cells = {}
    for position, cell in enumerate(root.findall("cpu/numa/cell")):
        distances = {int(one.get("id")): int(one.get("value")) for one in cell.findall("distances/sibling")}
        cells[int(cell.get("id", position))] = {
            "cpus": numbers(cell.get("cpus", "")), "memory": kibibytes(cell.get("memory"), cell.get("unit", "KiB")),
            "mem_access": cell.get("memAccess"), "discard": cell.get("discard"), "distances": distances}
    for number, cell in cells.items():
        for other, distance in list(cell["distances"].items()):
            if other in cells:
                cells[other]["distances"].setdefault(number, distance)
    for number, cell in cells.items():
        if cell["distances"]:
            cell["distances"].setdefault(number, 10)
    memory = root.find("numatune/memory")
    emulator = root.find("cputune/emulatorpin")
    vcpu = root.find("vcpu")
    return {"cells": cells, "numatune": None if memory is None else policy(memory),
            "memnodes": {int(one.get("cellid")): policy(one) for one in root.findall("numatune/memnode")},
            "vcpupin": {int(one.get("vcpu")): numbers(one.get("cpuset")) for one in root.findall("cputune/vcpupin")},
            "emulatorpin": None if emulator is None else numbers(emulator.get("cpuset")),
            "cpuset": None if vcpu is None or vcpu.get("cpuset") is None else numbers(vcpu.get("cpuset"))}


def amounts(text: bytes) -> tuple[int, int | None]:
    """KiB of <memory> and <currentMemory>."""
    root = ElementTree.fromstring(text)
    found = [None if one is None else kibibytes(one.text, one.get("unit", "KiB"))
             for one in (root.find("memory"), root.find("currentMemory"))]
    return found[0] or 0, found[1]


def memory_of(text: bytes) -> tuple[int, int]:
    """KiB of <memory>, or what libvirt takes for it where it is missing, and of the cells with the memory devices."""
    root = ElementTree.fromstring(text)
    whole, _ = amounts(text)
    parts = sum(cell["memory"] for cell in layout(text)["cells"].values())
    for size in root.findall("devices/memory/target/size"):
        parts += kibibytes(size.text, size.get("unit", "KiB"))
    return whole or parts, parts


NOTHING = {"cells": {}, "numatune": None, "memnodes": {}, "vcpupin": {}, "emulatorpin": None, "cpuset": None}


def is_without(text: bytes) -> bool:
    """Whether a domain has no NUMA settings at all."""
    return layout(text) == NOTHING and b"placement=" not in text


def missing(text: bytes, wish: dict) -> list[str]:
    """What of a wish a domain does not have."""
    has, lacks = layout(text), []
    if wish.get("state") == "absent":
        return [] if has == NOTHING else [f"still there: {has}"]

    def compare(what: str, found: object, wanted: object) -> None:
        if found != wanted:
            lacks.append(f"{what}: wanted {wanted}, found {found}")

    if "cells" in wish:
        wanted = {cell.get("id", position): cell for position, cell in enumerate(wish["cells"])}
        compare("cells", sorted(has["cells"]), sorted(wanted))
        for number, cell in wanted.items():
            found = has["cells"].get(number, {})
            compare(f"cell {number}: cpus", found.get("cpus"), numbers(cell["cpus"]))
            compare(f"cell {number}: memory", found.get("memory"), kibibytes(cell["memory"], "b"))
            if "mem_access" in cell:
                compare(f"cell {number}: memAccess", found.get("mem_access"), cell["mem_access"])
            if "discard" in cell:
                compare(f"cell {number}: discard", found.get("discard"), "yes" if cell["discard"] else "no")
            for other, distance in cell.get("distances", {}).items():
                compare(f"distance {number}-{other}", found.get("distances", {}).get(int(other)), distance)
                back = wanted.get(int(other), {}).get("distances", {}).get(number, distance)
                compare(f"distance {other}-{number}", has["cells"][int(other)]["distances"].get(number), back)
        whole, parts = memory_of(text)
        compare("memory", whole, parts)
    if "numatune" in wish:
        mode, nodes = has["numatune"] or (None, None)
        compare("numatune: mode", mode, wish["numatune"].get("mode", mode))
        if "nodeset" in wish["numatune"]:
            compare("numatune: nodeset", nodes, numbers(wish["numatune"]["nodeset"]))
        if "placement" in wish["numatune"]:
            compare("numatune: placement", nodes == "auto", wish["numatune"]["placement"] == "auto")
    if "memnodes" in wish:
        compare("memnodes", has["memnodes"],
                {one["cell"]: (one["mode"], numbers(one["nodeset"])) for one in wish["memnodes"]})
    for vcpu, cpus in wish.get("vcpupin", {}).items():
        compare(f"vcpupin {vcpu}", has["vcpupin"].get(int(vcpu)), numbers(cpus) if cpus else None)
    for name in ("emulatorpin", "cpuset"):
        if name in wish:
            compare(name, has[name], numbers(wish[name]) if wish[name] else None)
    return lacks


# -- the diff ---------------------------------------------------------------------------------------------------------

def patched(text: str, diff: str) -> str:
    """`text` with a unified diff. Raises ValueError where the diff is not one of this text."""
    lines, made, position = re.findall(r"[^\n]*\n|[^\n]+", text), [], 0
    rows = diff.split("\n")
    if len(rows) < 3 or not rows[0].startswith("--- ") or not rows[1].startswith("+++ "):
        raise ValueError(f"no diff: {diff[:200]!r}")
    for index, row in enumerate(rows[2:], 2):
        ends_open = index + 1 < len(rows) and rows[index + 1].startswith("\\")
        content = row[1:] + ("" if ends_open else "\n")
        if row.startswith("@@"):
            first, count = re.match(r"@@ -(\d+)(?:,(\d+))? ", row).groups()
            until = int(first) - (count != "0")
            made += lines[position:until]
            position = until
        elif row.startswith((" ", "-")):
            if position >= len(lines) or lines[position] != content:
                raise ValueError(f"{row!r} is not line {position + 1}: {lines[position:position + 1]}")
            if row.startswith(" "):
                made.append(content)
            position += 1
        elif row.startswith("+"):
            made.append(content)
    return "".join(made + lines[position:])
