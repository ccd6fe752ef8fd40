#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rules of lib/README.md that no compiler keeps: who may include whom, where the kernel's paths may be named, how
long a file may be, what every file and every module must have. Prints each breach; run from the project's root."""

import re
import subprocess
import sys
from pathlib import Path

# A file includes only files of its own layer and those below.
LAYERS = [
    r"lib/(error|text|json|shared_library|libmount|libxml2)\.",
    r"lib/formats/",
    r"lib/(argument_level|arguments|coercion|descriptor|field|schema|system\w*)\.",
    r"lib/(boot/|libvirt/|(?!module|report|main)\w+\.)",
    r"lib/(module|report)\.",
    r"(lib/main\.|modules/)",
    r"tests/",
]
# Where a path of the machine's /proc or /sys may stand in the code.
NAMES_KERNEL_PATHS = re.compile(r"modules/|lib/(formats|boot|libvirt)/|lib/(systemd|drop_ins|boot_writes|huge_page_support)\.|tests/|bench/")
LONGEST = {"modules/": 250, "lib/": 300, "tests/": 300, "bench/": 300}
COLUMNS = 110
# The sign of each kind of case that a module must have.
CASES = {"already right": r"^changed: false", "change": r"^changed: true", "refused": r"^refused:"}
# Those that cannot carry a comment, or are written by a tool; REUSE.toml names their licence.
WITHOUT_LICENCE = re.compile(r"\.json$|^COPYING$|^LICENSES/|^tests/(machines|fuzz/corpus)/|^tests/libvirt/domains/one-line|/sanity/ignore-|"
                             r"^ansible/virtbp/core/(CHANGELOG\.rst|changelogs/changelog\.yaml)$")
LICENCE = "SPDX-License-" + "Identifier: GPL-3.0-or-later"  # in two parts, or `reuse` takes the line for its own
SOURCES = re.compile(r"^(lib|modules|tests|bench)/.*\.(c|cpp|hpp)$")


def files() -> list[str]:
    listed = subprocess.run(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], check=True,
                            capture_output=True, text=True).stdout
    return sorted(name for name in listed.split("\0") if name and Path(name).is_file())


def text_of(name: str) -> str:
    return Path(name).read_text(encoding="utf-8")


def layer(name: str) -> int:
    return next(number for number, pattern in enumerate([*LAYERS, ""]) if re.match(pattern, name))


def code(text: str) -> str:
    """Without whole-line comments, and with as many lines."""
    return re.sub(r"^\s*//.*$", "", text, flags=re.MULTILINE)


def check_source(name: str, text: str) -> list[str]:
    faults = []
    for included in re.findall(r'^#include "([^"]+)"', text, re.MULTILINE):
        if not Path(included).is_file():
            faults.append(f"includes {included}, which is no path from the root")
        elif layer(included) > layer(name):
            faults.append(f"includes {included} of a layer above")
        elif included.startswith("modules/") and included.split("/")[1] != name.split("/")[1]:
            faults.append(f"includes {included} of another module")
    if not NAMES_KERNEL_PATHS.match(name):
        faults += [f"names {path} outside modules and formats"
                   for path in re.findall(r'"(/(?:proc(?!/self/)|sys)\b[^"]*)"', code(text))]
    lines = text.splitlines()
    longest = next(number for folder, number in LONGEST.items() if name.startswith(folder))
    if len(lines) > longest:
        faults.append(f"has {len(lines)} lines, {longest} at most")
    faults += [f"line {number} has {len(line)} columns, {COLUMNS} at most"
               for number, line in enumerate(lines, 1) if len(line) > COLUMNS]
    return faults


def check_module(name: str) -> list[str]:
    cases = [text_of(str(case)) for case in Path("tests/modules", name).glob("*.yml")]
    return [f"has no case of the kind {kind!r} (a line {sign})" for kind, sign in CASES.items()
            if not any(re.search(sign, case, re.MULTILINE) for case in cases)]


def breaches() -> list[str]:
    found = []
    for name in files():
        if WITHOUT_LICENCE.search(name):
            continue
        text = text_of(name)
        if not any(LICENCE in line for line in text.splitlines()[:4]):
            found.append(f"{name}: has no SPDX line at its head")
        if SOURCES.match(name):
            found += [f"{name}: {fault}" for fault in check_source(name, text)]
    modules = re.findall(r"^add_module\((\w+)", text_of("modules/CMakeLists.txt"), re.MULTILINE)
    for module in modules:
        found += [f"module {module}: {fault}" for fault in check_module(module)]
    return found if modules else ["modules/CMakeLists.txt: names no module"]


if __name__ == "__main__":
    BREACHES = breaches()
    print("\n".join(BREACHES))
    sys.exit(1 if BREACHES else 0)
