#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Holds documents against the tree: snippets.py [DOCUMENT…], run from the project's root.

A fenced block of C++, YAML or CMake whose first line is a comment with a path is a snippet of that file: the rest must
stand there, line by line, white space at both ends of lines aside; a line "…" leaves out any number of lines. C++ must
always be one. Links to files of the project must lead to one."""

import re
import sys
from pathlib import Path

BLOCK = re.compile(r"^```(cpp|yaml|cmake)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
PATH = re.compile(r"(?://|#) ([\w.-]+(?:/[\w.-]+)+)$")
LINK = re.compile(r"\]\((?!\w+:|#)([^)#\s]+)")


def find(part: list[str], lines: list[str], start: int) -> int:
    """Where the part ends in the lines, from `start` on; -1 where it does not stand there."""
    for begin in range(start, len(lines) - len(part) + 1):
        if lines[begin:begin + len(part)] == part:
            return begin + len(part)
    return -1


def faults_of_block(language: str, text: str) -> list[str]:
    head, *snippet = [line.strip() for line in text.splitlines()]
    path = PATH.match(head)
    if not path:
        return [f"C++ that names no file in its first line: {head}"] if language == "cpp" else []
    name = path[1]
    if not Path(name).is_file():
        return [f"a snippet of {name}, which is not there"]
    lines = [line.strip() for line in Path(name).read_text(encoding="utf-8").splitlines()]
    position = 0
    for part in re.split(r"^…$", "\n".join(snippet), flags=re.MULTILINE):
        part = part.strip("\n").splitlines()
        if not part:
            return [f"an empty snippet of {name}"]
        position = find(part, lines, position)
        if position < 0:
            return [f"not in {name}, or not in this order:\n    " + "\n    ".join(part)]
    return []


def faults_of_document(name: str) -> list[str]:
    text = Path(name).read_text(encoding="utf-8")
    faults = [fault for block in BLOCK.finditer(text) for fault in faults_of_block(block[1], block[2])]
    faults += [f"links to {target}, which is not there" for target in LINK.findall(BLOCK.sub("", text))
               if not (Path(name).parent / target).exists()]
    return [f"{name}: {fault}" for fault in faults]


if __name__ == "__main__":
    NAMES = sys.argv[1:] or sorted(str(path) for folder in Path().iterdir() if folder.name not in (".git", "build")
                                   for path in ([folder] if folder.suffix == ".md" else folder.rglob("*.md")))
    FAULTS = [fault for name in NAMES for fault in faults_of_document(name)]
    print("\n".join(FAULTS) if FAULTS else f"{len(NAMES)} documents are as the tree")
    sys.exit(1 if FAULTS else 0)
