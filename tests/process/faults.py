#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every system call of a real run fails once, by strace(1): each file is then as it was or as it was to become, nothing
temporary is left, there is one JSON failure that names a path, and the next run puts all right.

usage: faults.py FOLDER       the folder with the modules' executables
"""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from runs import Module, Problem, Skipped, environment, main, need, one_object, run, snapshot

#: what is made to fail, and how
FAULTS = {
    "write": ("ENOSPC", "EIO"), "ftruncate": ("EIO",), "fsync": ("EIO",), "renameat": ("EBUSY",),
    "openat": ("EBUSY", "EMFILE"), "openat2": ("EIO", "EACCES"), "fchmod": ("EPERM",), "fchown": ("EPERM",),
    "mkdirat": ("ENOSPC",), "unlinkat": ("EBUSY",), "read": ("EIO",), "getdents64": ("EIO",), "flistxattr": ("EIO",),
    "symlinkat": ("EROFS",),
}
#: of the calls that only look, so many at most are made to fail
MOST_LOOKS = 8
CHANGES = {"write", "ftruncate", "fsync", "renameat", "fchmod", "fchown", "mkdirat", "unlinkat", "symlinkat"}
#: main() calls it before everything of ours; what is before belongs to the loader
OUR_BEGINNING = "umask"


def strace(module: Module, root: Path, file: Path, *options: str) -> subprocess.CompletedProcess:
    command = ["strace", "-f", "-qqq", "-o", module.folder / "trace", *options, module.path, "--root", root, file]
    try:
        return subprocess.run(command, capture_output=True, timeout=120, check=False, env=environment())
    except FileNotFoundError:
        raise Skipped("strace is not installed") from None
    except subprocess.TimeoutExpired:
        raise Problem("hangs") from None


def traced(module: Module) -> list[str]:
    """The names of the calls in their order."""
    lines = (module.folder / "trace").read_text(errors="replace").splitlines()
    return [match[1] for line in lines if (match := re.match(r"(?:\d+ +)?(\w+)\(", line))]


def ours(names: list[str], call: str) -> list[int]:
    """Which of the calls of one name come from our own code."""
    return list(range(names[:names.index(OUR_BEGINNING)].count(call) + 1, names.count(call) + 1))


def chosen(names: list[str], call: str) -> list[int]:
    """All that change something; of others a few, from the first to the last."""
    numbers = ours(names, call)
    if call in CHANGES or len(numbers) <= MOST_LOOKS:
        return numbers
    return [numbers[index * (len(numbers) - 1) // (MOST_LOOKS - 1)] for index in range(MOST_LOOKS)]


def begin(module: Module) -> tuple[Path, Path]:
    """A machine, and a file of arguments."""
    if module.sanitized:
        raise Skipped("the sanitizers make system calls of their own")
    return (module.root_for("system calls that fail"),
            module.file(json.dumps({**module.arguments, "backup": True}).encode()))


def copied(module: Module, root: Path, name: str) -> Path:
    copy = module.folder / name
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(root, copy, symlinks=True)
    return copy


def states(root: Path) -> dict[str, bytes]:
    return {path: text for path, (mode, text, *_) in snapshot(root).items()
            if path.startswith(("/etc", "/run", "/usr")) and "~" not in path and mode >> 12 == 0o10}


def prepared(module: Module) -> tuple[Path, Path, dict, dict]:
    """A pristine machine whose persistent files hold something, the arguments, and those files before and after."""
    root, file = begin(module)
    other = dict(module.arguments, **{key: value + 1 for key, value in module.arguments.items()
                                      if isinstance(value, int) and not isinstance(value, bool)})
    if other == module.arguments:
        other |= {"scheduler": "none"} if "scheduler" in other else {"present": ["intel_iommu=off"]}
    one_object(module.call(root, dict(other, runtime=False)))
    after = copied(module, root, "after")
    done = strace(module, after, file)
    result = one_object(done)
    need(result.get("changed") is True and not result.get("failed"), f"nothing to break: {result['msg']}")
    before, wanted = states(root), states(after)
    need(before and before != wanted, "the run replaces no file")
    return root, file, before, wanted


def check_outcome(done: subprocess.CompletedProcess, root: Path, before: dict, wanted: dict) -> None:
    """After a fault."""
    if done.stdout == b"":  # it was the output that could not be written
        need(done.returncode == 1 and done.stderr == b"", f"exit code {done.returncode}, {done.stderr[:200]!r}")
    else:
        result = one_object(done)
        if result.get("failed"):
            need("/" in result["msg"], f"the message names no path: {result['msg']}")
        else:
            need(states(root) == wanted, f"it did not fail, and a file is not as wanted: {result['msg']}")
    for path, text in states(root).items():
        need(text in (before.get(path), wanted.get(path)), f"{path} is neither old nor new: {text[:200]!r}")
    for path in before:
        need(path in states(root) or path not in wanted, f"{path} is gone")
    for path, (mode, *_) in snapshot(root).items():
        need(not path.endswith(".virtbp"), f"{path} is left")
        need(mode & 0o7777 != 0 or mode >> 12 == 0o12, f"{path} may not be read")


def each_system_call_fails_once(module: Module) -> None:
    root, file, before, wanted = prepared(module)
    names = traced(module)
    for call, errors in FAULTS.items():
        for number in chosen(names, call):
            for error in errors:
                broken = copied(module, root, "broken")
                done = strace(module, broken, file, "--seccomp-bpf", f"--trace={call}",
                              f"--inject={call}:error={error}:when={number}")
                try:
                    check_outcome(done, broken, before, wanted)
                    if call in ("write", "renameat", "fsync"):
                        again = one_object(run([module.path, "--root", broken, file]))
                        need(not again.get("failed") and states(broken) == wanted, f"the next run: {again['msg']}")
                except Problem as problem:
                    raise Problem(f"{call} number {number} with {error}: {problem}") from None


def killed_at_each_change(module: Module) -> None:
    root, file, before, wanted = prepared(module)
    names = traced(module)
    for call in ("openat", "write", "fsync", "renameat"):
        for number in ours(names, call)[-12:]:  # a run looks first, and changes things at its end
            broken = copied(module, root, "broken")
            strace(module, broken, file, "--seccomp-bpf", f"--trace={call}", f"--inject={call}:signal=KILL:when={number}")
            try:
                for path, text in states(broken).items():
                    need(text in (before.get(path), wanted.get(path)) or path.endswith(".virtbp"),
                         f"{path} is neither old nor new: {text[:200]!r}")
                again = one_object(run([module.path, "--root", broken, file]))
                need(not again.get("failed") and states(broken) == wanted,
                     f"the next run: {again['msg']}; {sorted(set(states(broken)) ^ set(wanted))}")
            except Problem as problem:
                raise Problem(f"killed at {call} number {number}: {problem}") from None


def kernel_without_openat2(module: Module) -> None:
    """As those before 5.6, and as containers whose filter knows no such call."""
    for error in ("ENOSYS", "EPERM"):
        root, file = begin(module)
        other = module.root()
        plain = strace(module, other, file)
        done = strace(module, root, file, f"--inject=openat2:error={error}")
        need("openat2" in traced(module), "it does not use the call at all")
        results = [re.sub(rb"/[^\"]*~", b"COPY", one.stdout) for one in (plain, done)]
        one_object(done)
        need(results[0] == results[1], f"{error}: {done.stdout[:300]!r}, with the call {plain.stdout[:300]!r}")
        trees = [{path: what for path, what in snapshot(tree, times=False).items() if not path.endswith("~")}
                 for tree in (root, other)]
        need(trees[0] == trees[1], f"{error}: another tree")


if __name__ == "__main__":
    os.umask(0o022)
    sys.exit(main([each_system_call_fails_once, killed_at_each_change, kernel_without_openat2]))
