#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs the examples of docs/protocol.md on copies of the trees that they name, and compares the results.

usage: protocol.py FOLDER       the folder with the modules' executables
"""

import json
import re
import shutil
import sys
import tempfile
from pathlib import Path

from runs import HERE, run

PROJECT = HERE.parents[1]
EXAMPLE = re.compile(r"^```console\n\$ echo '([^']*)' \| (\w+) --root (\S+) -\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def main() -> int:
    document = (PROJECT / "docs/protocol.md").read_text(encoding="utf-8")
    examples, failed = EXAMPLE.findall(document), 0
    for arguments, module, machine, shown in examples:
        with tempfile.TemporaryDirectory() as folder:
            shutil.copytree(PROJECT / machine, folder, symlinks=True, dirs_exist_ok=True)
            done = run([Path(sys.argv[1]) / module, "--root", folder, "-"], text=arguments.encode())
        if json.loads(done.stdout) != json.loads(shown):
            failed += 1
            print(f"FAILED {module} {arguments}: it prints\n{done.stdout.decode()}")
    print(f"{len(examples) - failed} passed, {failed} failed, 0 skipped")
    return 0 if failed == 0 and len(examples) == document.count("```console") > 0 else 1


if __name__ == "__main__":
    sys.exit(main())
