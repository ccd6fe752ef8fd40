# SPDX-License-Identifier: GPL-3.0-or-later
"""What every release executable must be: small, stripped, in need of nothing but an old glibc, and no list of folders to
look for libraries in; and the one of the other architecture must answer as this machine's own does.

    check_release.py BUILD     BUILD holds release/bin and release-aarch64/bin

Every case of tests/modules is asked in check mode, of both architectures on the same tree. Prints a table."""

from __future__ import annotations

import json
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import yaml

LARGEST = 450 * 1024
# docs/decisions/0023-boot-engine-in-modules.md
LARGEST_WITH_BOOT_ENGINE = 600 * 1024
WITH_BOOT_ENGINE = {"grub_cmdline", "hugepages", "io_scheduler"}
# docs/decisions/0024-libvirt-and-libxml2.md: XML, layouts and checks of domains
LARGEST_OF_DOMAINS = 900 * 1000
# glibc of SLES 12.
NEWEST_ALLOWED = {"GLIBC": (2, 22)}
MACHINES = {"x86_64": "X86-64", "aarch64": "AArch64"}
GLIBC = re.compile(r"(libc\.so\.6|libm\.so\.6|libpthread\.so\.0|libdl\.so\.2|librt\.so\.1|ld-linux.*\.so\.[0-9])$")
TESTS = Path(__file__).resolve().parent.parent


def readelf(*arguments: str) -> str:
    return subprocess.run(["readelf", "--wide", *arguments], check=True, capture_output=True, text=True,
                          env=os.environ | {"LC_ALL": "C"}).stdout


def version(text: str) -> tuple[int, ...]:
    return tuple(int(number) for number in re.findall(r"\d+", text))


class Executable:
    """One release executable, as readelf sees it."""

    def __init__(self, path: Path, arch: str):
        self.name, self.path, self.arch = path.name, path, arch
        self.size = path.stat().st_size
        self.dynamic = readelf("--dynamic", str(path))
        self.needed = re.findall(r"\(NEEDED\).*\[(.*)\]", self.dynamic)
        self.symbols = sorted(set(re.findall(r"Name: (\w+?_[0-9][0-9._]*)", readelf("--version-info", str(path)))),
                              key=version)
        self.sections = readelf("--sections", str(path))
        self.header = readelf("--file-header", str(path))

    def faults(self) -> list[str]:
        faults = []
        if MACHINES[self.arch] not in self.header:
            faults.append(f"is not for {self.arch}")
        largest = LARGEST_WITH_BOOT_ENGINE if self.name in WITH_BOOT_ENGINE else LARGEST
        if self.name.startswith("domain_"):
            largest = LARGEST_OF_DOMAINS
        if self.size > largest:
            faults.append(f"{self.size} bytes, wanted at most {largest}")
        for library in self.needed:
            if not GLIBC.match(library):
                faults.append(f"needs {library}")
        for symbol in self.symbols:
            allowed = NEWEST_ALLOWED.get(symbol.split("_")[0])
            if allowed is None or version(symbol) > allowed:
                faults.append(f"needs {symbol}, wanted {allowed or 'none of its kind'} at most")
        if found := re.search(r"\((?:RUNPATH|RPATH)\).*", self.dynamic):
            faults.append(f"looks for libraries in folders of its own: {found[0]}")
        if ".symtab" in self.sections or ".debug" in self.sections:
            faults.append("is not stripped")
        return faults


def put(target: Path, what: str | dict) -> None:
    """One entry of a case's tree (tests/run_cases.cpp)."""
    target.parent.mkdir(parents=True, exist_ok=True)
    if isinstance(what, str):
        target.write_text(what, encoding="utf-8")
    elif "link" in what:
        target.symlink_to(what["link"])
    elif "missing" in what:
        shutil.rmtree(target) if target.is_dir() and not target.is_symlink() else target.unlink(missing_ok=True)
    elif "fifo" in what:
        os.mkfifo(target)
    else:
        target.mkdir(exist_ok=True)


def make_tree(case: Path, folder: Path) -> None:
    # The base loader leaves every scalar the text that it is.
    with case.open(encoding="utf-8") as file:
        root = yaml.load(file, yaml.BaseLoader).get("root") or {}
    if "from" in root:
        shutil.copytree(TESTS / "machines" / root.pop("from"), folder, symlinks=True, dirs_exist_ok=True)
    for path, what in root.items():
        put(folder / path.lstrip("/"), what)


def answer(executable: Executable, root: Path, arguments: dict, build: Path) -> dict:
    runner = []
    if executable.arch != platform.machine():
        runner = [f"qemu-{executable.arch}", "-L", str(build / f"sysroot-{executable.arch}")]
    done = subprocess.run([*runner, executable.path, "--root", root, "-"], input=json.dumps(arguments),
                          capture_output=True, text=True, check=False, timeout=60)
    if done.stderr:
        raise AssertionError(f"{executable.arch} wrote to standard error: {done.stderr}")
    return json.loads(done.stdout)


def compare(here: Executable, there: Executable, build: Path) -> tuple[int, list[str]]:
    """The cases of one module, asked of both; how many, and which answers differ."""
    faults = []
    cases = sorted((TESTS / "modules" / here.name).glob("*.yml"))
    for case in cases:
        with case.open(encoding="utf-8") as file:
            arguments = dict(yaml.safe_load(file).get("args") or {}, _ansible_check_mode=True)
        with tempfile.TemporaryDirectory(prefix="virtbp-release-") as root:
            make_tree(case, Path(root))
            mine, other = (answer(one, Path(root), arguments, build) for one in (here, there))
        if mine != other:
            faults.append(f"{case.name}: {here.arch} answers {json.dumps(mine)}\n"
                          f"          and {there.arch} {json.dumps(other)}")
    return len(cases), faults


def main() -> int:
    build = Path(sys.argv[1]).resolve()
    folders = {"x86_64": build / "release/bin", "aarch64": build / "release-aarch64/bin"}
    executables = {arch: [Executable(path, arch) for path in sorted(folder.glob("*"))]
                   for arch, folder in folders.items() if folder.is_dir()}
    own = {executable.name: executable for executable in executables.get(platform.machine(), [])}
    if not own:
        print("no release executables: cmake --preset release && cmake --build --preset release")
        return 1

    failed = 0
    row = "{:14} {:8} {:>8}  {:12} {}"
    print(row.format("name", "arch", "bytes", "glibc", "needs"))
    for executable in (executable for group in executables.values() for executable in group):
        print(row.format(executable.name, executable.arch, executable.size, executable.symbols[-1],
                         " ".join(executable.needed)))
        for fault in executable.faults():
            failed += 1
            print(f"    FAILED: {fault}")

    for arch, group in executables.items():
        if arch == platform.machine():
            continue
        if not shutil.which(f"qemu-{arch}"):
            print(f"the {arch} executables were not run: qemu-{arch} is not installed")
            continue
        for executable in group:
            count, faults = compare(own[executable.name], executable, build)
            print(f"{executable.name}: {count - len(faults)} of {count} cases answered alike by {arch}")
            failed += len(faults) or (count == 0)
            for fault in faults:
                print(f"    FAILED: {fault}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
