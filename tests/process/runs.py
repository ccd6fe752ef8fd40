# SPDX-License-Identifier: GPL-3.0-or-later
"""What the programs here share: runs of a module's executable on a fake machine, what every result must be, and the
count of what passed. A module that PLAYS does not name has all tests but those that need a machine of its kind."""

import json
import os
import shutil
import stat
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
NOBODY = 65534

#: module: a machine of tests/machines, arguments that change something on it, and the file that they need
PLAYS = {
    "ksm": ("sle16-two-nodes", {"state": "started", "pages_to_scan": 1000, "merge_across_nodes": False},
            "/sys/kernel/mm/ksm/run"),
    "hugepages": ("sles15-numa-huge-pages", {"count": 512},
                  "/sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages"),
    "io_scheduler": ("sles15-disks", {"devices": "sda", "scheduler": "mq-deadline"},
                     "/sys/block/sda/queue/scheduler"),
    "grub_cmdline": ("sles15-grub2", {"present": ["intel_iommu=on"], "backend": "grub2"}, "/etc/default/grub"),
    "domain_numa": ("kvm-4x8", {"domain": "web", "xml": "/etc/guests/web.xml", "auto": {}}, "/etc/guests/web.xml"),
}


class Problem(Exception):
    """A test that failed, and how."""


class Skipped(Exception):
    """A test that this machine cannot do, and why."""


def need(fine: bool, what: str) -> None:
    if not fine:
        raise Problem(what)


def environment() -> dict[str, str]:
    """Leaks are not what is looked for here, and cannot be where another program traces."""
    return {**os.environ, "ASAN_OPTIONS": "detect_leaks=0", "LC_ALL": "C"}


def run(command: list, *, text: bytes | None = b"", timeout: int = 60, **options) -> subprocess.CompletedProcess:
    options.setdefault("env", environment())
    try:
        return subprocess.run(command, input=text, capture_output=True, timeout=timeout, check=False, **options)
    except subprocess.TimeoutExpired:
        raise Problem(f"hangs: no end after {timeout} seconds") from None


def one_object(done: subprocess.CompletedProcess) -> dict:
    """The result on standard output: one line, one object, ASCII, and the exit code that goes with it."""
    need(done.stderr == b"", f"standard error: {done.stderr[:300]!r}")
    need(done.stdout.isascii() and done.stdout.count(b"\n") == 1 and done.stdout.endswith(b"\n"),
         f"not one line of ASCII: {done.stdout[:300]!r}")
    try:
        result = json.loads(done.stdout)
    except ValueError as error:
        raise Problem(f"no JSON: {error}: {done.stdout[:300]!r}") from None
    need(isinstance(result, dict), f"no object: {done.stdout[:300]!r}")
    need(isinstance(result.get("msg"), str) and result["msg"] != "", f"no msg: {result}")
    failed = result.get("failed", False)
    need(done.returncode == (1 if failed else 0), f"exit code {done.returncode}, failed {failed}: {result['msg']}")
    return result


def failure(done: subprocess.CompletedProcess, *words: str) -> dict:
    """A result that failed, with all of these words in its message."""
    result = one_object(done)
    need(result.get("failed") is True, f"it did not fail: {result['msg'][:300]}")
    for word in words:
        need(word in result["msg"], f"{word!r} is not in: {result['msg'][:300]}")
    return result


def as_nobody() -> None:
    """For preexec_fn."""
    os.setgroups([])
    os.setgid(NOBODY)
    os.setuid(NOBODY)


def need_root() -> None:
    if os.geteuid() != 0:
        raise Skipped("not root")


class Module:
    """An executable, copied to where everybody may run it."""

    def __init__(self, executable: Path, folder: Path):
        self.name = executable.name
        self.path = folder / "bin" / self.name
        self.path.parent.mkdir(exist_ok=True)
        shutil.copy(executable, self.path)
        self.path.chmod(0o755)
        self.sanitized = b"__asan_init" in self.path.read_bytes()
        self.folder = folder
        self.machine, self.arguments, self.knob = PLAYS.get(self.name, (None, {}, None))
        self.machines = 0

    def root(self) -> Path:
        """A fresh copy of its machine; an empty folder where PLAYS names none."""
        self.machines += 1
        root = self.folder / f"{self.name}-{self.machines}"
        if self.machine:
            shutil.copytree(HERE.parent / "machines" / self.machine, root, symlinks=True)
        else:
            root.mkdir()
        root.chmod(0o755)
        return root

    def root_for(self, what: str) -> Path:
        if not self.machine:
            raise Skipped(f"{what}: PLAYS has no machine for {self.name}")
        return self.root()

    def file(self, contents: bytes, name: str = "arguments") -> Path:
        path = self.folder / name
        path.write_bytes(contents)
        path.chmod(0o644)
        return path

    def call(self, root: Path, arguments: dict, *, check: bool = False, **options) -> subprocess.CompletedProcess:
        given = {**arguments, "_ansible_check_mode": check}
        return run([self.path, "--root", root, "-"], text=json.dumps(given).encode(), **options)


def snapshot(root: Path, *, times: bool = True) -> dict[str, tuple]:
    """Everything that a change would leave a trace in."""
    found = {}
    for path in sorted(root.rglob("*")):
        status = path.lstat()
        text = path.read_bytes() if stat.S_ISREG(status.st_mode) else b""
        if stat.S_ISLNK(status.st_mode):
            text = os.readlink(path).encode()
        moment = (status.st_mtime_ns, status.st_ino) if times else ()
        found["/" + str(path.relative_to(root))] = (status.st_mode, text, *moment)
    return found


def main(tests: list) -> int:
    """Runs each test, a function of a Module, for every module in the folder that the command line names."""
    folder = Path(sys.argv[1])
    names = sorted({entry.stem for entry in (HERE.parents[1] / "modules").iterdir()} - {"CMakeLists"})
    modules = [folder / name for name in names if (folder / name).is_file()]
    counts = {"passed": 0, "failed": 0, "skipped": 0}
    memory = Path("/dev/shm")  # fsync() takes no time there
    usable = memory.is_dir() and os.access(memory, os.W_OK) and not os.statvfs(memory).f_flag & os.ST_NOEXEC
    with tempfile.TemporaryDirectory(prefix="virtbp-process-", dir=memory if usable else None) as name:
        Path(name).chmod(0o755)
        for executable in modules:
            module = Module(executable, Path(name))
            for test in tests:
                title = f"{module.name}: {test.__name__.replace('_', ' ')}"
                try:
                    test(module)
                    counts["passed"] += 1
                except Skipped as reason:
                    counts["skipped"] += 1
                    print(f"skipped: {title}: {reason}", flush=True)
                except Problem as problem:
                    counts["failed"] += 1
                    print(f"FAILED {title}: {problem}", flush=True)
    print(", ".join(f"{number} {outcome}" for outcome, number in counts.items()))
    return 0 if modules and counts["failed"] == 0 else 1
