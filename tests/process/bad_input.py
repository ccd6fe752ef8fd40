#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whatever a module is given, it answers with one JSON object, changes nothing that it was not asked to, and ends.

usage: bad_input.py FOLDER       the folder with the modules' executables
"""

import json
import os
import signal
import socket
import stat
import subprocess
import sys
import time
from pathlib import Path

from runs import Module, Problem, Skipped, as_nobody, failure, main, need, need_root, one_object, run, snapshot

MEGABYTE = 1 << 20


def number_option(module: Module) -> str:
    schema = json.loads(run([module.path, "--schema"]).stdout)
    return next((name for name, option in schema["properties"].items() if option.get("type") == "integer"), "backup")


# -- the argument file ------------------------------------------------------------------------------------------------

def contents_that_are_no_arguments(module: Module) -> None:
    texts = {
        "empty": b"", "blank": b" \n", "truncated": b'{"a": 1,', "cut in a string": b'{"a": "', "two": b"{} {}",
        "garbage after": b"{} x", "single quotes": b"{'a': 1}", "comment": b"/* */ {}", "NaN": b'{"a": NaN}',
        "list": b"[]", "number": b"5", "string": b'"text"', "null": b"null", "true": b"true",
        "latin 1": b'{"a": "\xe9"}', "latin 1 key": b'{"\xe9": 1}', "UTF-16": '{"a": 1}'.encode("utf-16"),
        "overlong UTF-8": b'{"a": "\xc0\xaf"}', "UTF-8 surrogate": b'{"a": "\xed\xa0\x80"}',
        "lone surrogate": b'{"a": "\\ud800"}', "reversed surrogates": b'{"a": "\\udc00\\ud800"}',
        "half a surrogate": b'{"a": "\\ud800', "NUL within": b'{"a":\0 1}', "NUL in a string": b'{"a": "\0"}',
        "NUL after": b"{}\0", "NULs": b"\0" * 4096, "line end in a string": b'{"a": "\n"}',
        "deep lists": b"[" * 100_000, "deep objects": b'{"a":' * 100_000,
        "deep and closed": b"[" * 100_000 + b"]" * 100_000, "deep value": b'{"a":' + b"[" * 5000 + b"]" * 5000 + b"}",
        "beyond double": b'{"a": 1e400}', "binary": bytes(range(256)) * 16, "byte order mark": b"\xef\xbb\xbf",
        "long string without end": b'"' + b"x" * (8 * MEGABYTE), "too large": b" " * (17 * MEGABYTE) + b"{}",
    }
    root = module.root()
    before = snapshot(root)
    for name, text in texts.items():
        for source in (module.file(text), "-"):
            try:
                result = failure(run([module.path, "--root", root, source], text=text))
                need(len(result["msg"]) < 1000, f"a message of {len(result['msg'])} characters")
            except Problem as problem:
                raise Problem(f"{name} in {'a file' if source != '-' else '-'}: {problem}") from None
    need(snapshot(root) == before, "the tree was changed")


def file_of_100_megabytes(module: Module) -> None:
    file = module.file(b"")
    os.truncate(file, 100 * MEGABYTE)
    failure(run([module.path, file]), "larger than 16777216 bytes")


def parameters_of_strange_values(module: Module) -> None:
    option = number_option(module)
    strange = [
        {option: 10**400}, {option: -(10**400)}, {option: 2**63}, {option: -(2**63) - 1}, {option: 1e300},
        {option: str(10**30)}, {option: "1e5000"}, {option: "\u2028"}, {option: "\0"}, {option: {"a": [None]}},
        {"runtime": "\u2028\u2029\u0085"}, {"runtime": "\0"}, {"runtime": "\x7f\x1b[31m"}, {"runtime": [[]]},
        {"unknown\u2028": 1}, {"un\0known": 1}, {"": 1}, {"x" * MEGABYTE: 1}, {"\U0001f4a9": 1},
        {str(number): number for number in range(20_000)}, {"runtime": False, "persistent": False},
        {"_ansible_check_mode": "perhaps"}, {"_ansible_check_mode": {}},
    ]
    root = module.root()
    before = snapshot(root)
    for given in strange:
        try:
            failure(run([module.path, "--root", root, "-"], text=json.dumps(given, ensure_ascii=False).encode()))
        except Problem as problem:
            raise Problem(f"{str(given)[:60]}: {problem}") from None
    need(snapshot(root) == before, "the tree was changed")


def files_that_cannot_be_read(module: Module) -> None:
    folder = module.folder
    (folder / "fifo").exists() or os.mkfifo(folder / "fifo")
    (folder / "loop").is_symlink() or (folder / "loop").symlink_to("loop")
    socket.socket(socket.AF_UNIX).bind(str(folder / f"socket-{module.name}"))
    for name, words in {
        "missing": ["missing: No such file or directory (ENOENT)"], ".": ["Is a directory (EISDIR)"],
        "fifo": ["are not JSON"], "loop": ["(ELOOP)"], "x" * 300: ["(ENAMETOOLONG)"], "a\nb\u2028\x1b": ["(ENOENT)"],
        f"socket-{module.name}": ["(ENXIO)"],
    }.items():
        failure(run([module.path, folder / name]), *words)
    failure(run([bytes(module.path), b"/\xff\xfe\n"]), "(ENOENT)")
    failure(run([module.path, "/dev/null"]), "are not JSON")
    failure(run([module.path, "/dev/zero"]), "are larger than")
    failure(run([module.path, ""]))


def file_that_is_not_ours_to_read(module: Module) -> None:
    need_root()
    file = module.file(b"{}")
    file.chmod(0)
    failure(run([module.path, file], preexec_fn=as_nobody), "Permission denied (EACCES)")


# -- the command line -------------------------------------------------------------------------------------------------

def command_lines_of_no_use(module: Module) -> None:
    file, usage = module.file(b"{}"), f"usage: {module.name}"
    for arguments in [[], ["--frobnicate"], ["-x"], ["--"], [file, file], ["-", file], ["--root"], [file, "--root"],
                      ["--root", module.folder], ["--helpme"], ["--frobnicate", file]]:
        failure(run([module.path, *arguments]), usage)
    for root in ["/nonexistent", "", str(file), "x" * 5000]:
        failure(run([module.path, f"--root={root}", file]), "cannot open the root directory")
    failure(run([module.path, file], env={"VIRTBP_ROOT": "/nonexistent"}), "/nonexistent: No such file or directory")


def documents_for_everybody(module: Module) -> None:
    options = {"preexec_fn": as_nobody} if os.geteuid() == 0 else {}

    def printed(option: str) -> str:
        done = run([module.path, option], **options)
        need(done.returncode == 0 and done.stderr == b"", f"{option}: {done.returncode}, {done.stderr[:200]!r}")
        return done.stdout.decode()

    need(printed("--help").startswith(f"{module.name} - "), "--help")
    need(printed("--version").split()[0] == module.name, "--version")
    need(printed("--doc").startswith("---\nDOCUMENTATION:\n"), "--doc")
    need(json.loads(printed("--schema"))["title"] == f"virtbp.core.{module.name}", "--schema")
    compile(printed("--stub"), "stub", "exec")
    need(f"\n.TH {module.name} 1 " in printed("--man"), "--man")


def standard_input_that_gives_nothing(module: Module) -> None:
    failure(run([module.path, "-"], text=b""), "are not JSON")
    for descriptors in ([0], [0, 2]):
        failure(run([module.path, "-"], text=None, preexec_fn=lambda closed=descriptors: [os.close(d) for d in closed]),
                "are not JSON")
    directory = os.open(module.folder, os.O_RDONLY)
    failure(run([module.path, "-"], text=None, stdin=directory), "Is a directory (EISDIR)")
    os.close(directory)


def output_that_nobody_takes(module: Module) -> None:
    root = module.root()
    file = module.file(json.dumps(module.arguments).encode())
    commands = [[module.path, "--help"], [module.path, file, "--root", root], [module.path]]
    for command in commands:
        reading, writing = os.pipe()
        os.close(reading)
        options = {"env": {**os.environ, "ASAN_OPTIONS": "detect_leaks=0"}, "stderr": subprocess.PIPE, "timeout": 60}
        done = subprocess.run(command, stdout=writing, check=False, **options)
        os.close(writing)
        need(done.returncode in (1, -signal.SIGPIPE) and done.stderr == b"", f"a closed pipe: {done.returncode}")
        with open("/dev/full", "wb") as full:
            done = subprocess.run(command, stdout=full, check=False, **options)
        need(done.returncode == 1 and done.stderr == b"", f"/dev/full: {done.returncode}, {done.stderr[:200]!r}")
        done = subprocess.run(command, check=False, preexec_fn=lambda: os.close(1), **options)
        need(done.returncode in (0, 1) and done.stderr == b"", f"closed: {done.returncode}, {done.stderr[:200]!r}")
    need(file.read_bytes() == json.dumps(module.arguments).encode(), "the result went into the argument file")
    for path, (mode, text, *_) in snapshot(root).items():
        need(not stat.S_ISREG(mode) or b'"virtbp"' not in text, f"the result went into {path}")


def crash_that_tells(module: Module) -> None:
    if module.sanitized:
        raise Skipped("the sanitizers report crashes themselves")
    for number in (signal.SIGSEGV, signal.SIGBUS, signal.SIGILL, signal.SIGFPE, signal.SIGABRT):
        with subprocess.Popen([module.path, "-"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE) as process:
            for _ in range(1000):  # until it catches the signal and waits for its input
                status = Path(f"/proc/{process.pid}/status").read_text()
                caught = int(status.split("SigCgt:")[1].split()[0], 16)
                if caught >> (number - 1) & 1:
                    break
                time.sleep(0.005)
            process.send_signal(number)
            out, err = process.communicate(timeout=60)
        failure(subprocess.CompletedProcess([], process.returncode, out, err), f"ended by signal {number.value:02}")


# -- the machine ------------------------------------------------------------------------------------------------------

def machine_without_anything(module: Module) -> None:
    root = module.folder / f"empty-{module.name}"
    root.mkdir()
    for check in (True, False):
        one_object(module.call(root, module.arguments, check=check))
        need(not check or not list(root.iterdir()), "check mode made something")


def files_that_a_user_may_not_read(module: Module) -> None:
    need_root()
    for closed in (module.knob, str(Path(module.knob or "/").parent), "/sys"):
        root = module.root_for("files that nobody may read")
        target = (root / closed[1:]).resolve()
        target.chmod(0)
        try:
            before = snapshot(root)
            failure(module.call(root, module.arguments, check=True, preexec_fn=as_nobody), "(EACCES)",
                    "/" + Path(closed).parts[1])
            need(snapshot(root) == before, "the tree was changed")
        finally:
            target.chmod(0o755)


def knobs_that_are_something_else(module: Module) -> None:
    def fifo(path: Path) -> None:
        os.mkfifo(path)

    def endless(path: Path) -> None:
        path.write_bytes(b"")
        os.truncate(path, 1 << 40)

    kinds = {
        "a FIFO": fifo, "a folder": Path.mkdir, "a file without end": endless,
        "a link in a circle": lambda path: path.symlink_to(path.name),
        "a socket": lambda path: socket.socket(socket.AF_UNIX).bind(os.path.relpath(path)),
        "garbage": lambda path: path.write_bytes(b"\xff\0\n[[["),
    }
    for name, make in kinds.items():
        root = module.root_for("something else in a knob's place")
        knob = (root / module.knob[1:]).resolve()
        knob.unlink()
        os.chdir(knob.parent)  # the name of a socket is short
        make(knob)
        os.chdir("/")
        before = snapshot(root) if name != "a file without end" else {}
        for check in (True, False):
            try:
                result = one_object(module.call(root, module.arguments, check=check))
                need(result.get("failed") or "[[[" in str(result), f"it did not fail: {result['msg'][:200]}")
            except Problem as problem:
                raise Problem(f"{name}, {'check' if check else 'real'} run: {problem}") from None
            need(not check or not before or snapshot(root) == before, "check mode changed the tree")


def link_to_the_machine_outside(module: Module) -> None:
    root = module.root_for("links to outside")
    outside = module.folder / f"outside-{module.name}"
    outside.mkdir()
    (outside / "canary").write_text("canary\n")
    for folder in ("etc/sysctl.d", "etc/tmpfiles.d", "etc/udev/rules.d", "etc/systemd/system"):
        (root / folder).parent.mkdir(parents=True, exist_ok=True)
        if not (root / folder).exists():
            (root / folder).symlink_to(outside)
    before = snapshot(outside)
    one_object(module.call(root, module.arguments))
    need(snapshot(outside) == before, "something outside the root was changed")


if __name__ == "__main__":
    sys.exit(main([
        contents_that_are_no_arguments, file_of_100_megabytes, parameters_of_strange_values, files_that_cannot_be_read,
        file_that_is_not_ours_to_read, command_lines_of_no_use, documents_for_everybody,
        standard_input_that_gives_nothing, output_that_nobody_takes, crash_that_tells, machine_without_anything,
        files_that_a_user_may_not_read, knobs_that_are_something_else, link_to_the_machine_outside,
    ]))
