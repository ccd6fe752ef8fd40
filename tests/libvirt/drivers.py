# SPDX-License-Identifier: GPL-3.0-or-later
"""Real libvirt for a test, and calls of the module: the QEMU driver in the caller's own process, below a root
(qemu:///embed), and a libvirtd with sockets and folders of its own. Nothing of this machine's libvirt is used."""

import functools
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import fake_host

sys.path.insert(0, str(Path(__file__).parent.parent / "kernel"))
from counting import check, counts, equal, skip  # noqa: E402, F401  (for all programs of this folder)

TESTS = Path(__file__).parent
DOMAINS = TESTS / "domains"
SCHEMAS = Path("/usr/share/libvirt/schemas")
PROGRAMS = ("virsh", "xmllint", "qemu-system-x86_64")
QEMU_CONF = """user = "root"
group = "root"
security_driver = "none"
remember_owner = 0
namespaces = []
stdio_handler = "file"
"""
# libvirt's own lines, which a driver in this process writes to standard error.
LOG_LINE = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d+[^ ]* \d+: (debug|info|warning|error) : ")


class Embed:
    """The driver below a root. One process at a time may have it open."""

    def __init__(self, folder: Path):
        self.root = folder
        (folder / "etc").mkdir(parents=True)
        (folder / "etc/qemu.conf").write_text(QEMU_CONF + "cgroup_controllers = []\n", encoding="ascii")
        self.uri = f"qemu:///embed?root={folder}"

    def stored(self, name: str) -> Path:
        """The file that holds a domain's definition, secrets included."""
        return self.root / "etc/qemu" / f"{name}.xml"

    def virsh(self, *commands: str) -> list[str]:
        return virsh(self.uri, *commands)


class Daemon:
    """libvirtd without systemd, in a mount namespace where it has /etc/libvirt and the like to itself."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.groups = set(Path("/sys/fs/cgroup").glob("*/machine*"))
        script = ["mount --make-rprivate /"]
        for path in ("/etc/libvirt", "/var/lib/libvirt", "/var/cache/libvirt", "/var/log/libvirt", "/run/libvirt"):
            own = folder / path[1:].replace("/", "-")
            own.mkdir(parents=True)
            script += [f"mkdir -p {path}", f"mount --bind {own} {path}"]
        self.run = folder / "run-libvirt"
        self.socket = folder / "libvirt-sock"
        self.uri = f"qemu+unix:///system?socket={self.socket}"
        self.read_only_uri = f"{self.uri}-ro"
        (folder / "etc-libvirt/qemu.conf").write_text(QEMU_CONF, encoding="ascii")
        (folder / "libvirtd.conf").write_text(
            f'listen_tls = 0\nlisten_tcp = 0\nunix_sock_dir = "{folder}"\nauth_unix_rw = "none"\n'
            f'auth_unix_ro = "none"\nlog_outputs = "3:file:{folder}/libvirtd.log"\n', encoding="ascii")
        script.append(f"exec libvirtd -f {folder}/libvirtd.conf -p {folder}/libvirtd.pid")
        folder.chmod(0o755)
        with (folder / "output").open("wb") as output:
            self.process = subprocess.Popen(["unshare", "--mount", "bash", "-ec", "\n".join(script)],
                                            stdin=subprocess.DEVNULL, stdout=output, stderr=output,
                                            start_new_session=True)
        until = time.monotonic() + 60
        while subprocess.run(["virsh", "-q", "-c", self.uri, "version"], capture_output=True, check=False).returncode:
            if self.process.poll() is not None or time.monotonic() > until:
                said = (folder / "output").read_text(encoding="utf-8", errors="replace")
                self.stop()
                raise RuntimeError(f"libvirtd does not start: {said[-500:]}")
            time.sleep(0.1)

    def virsh(self, *commands: str) -> list[str]:
        return virsh(self.uri, *commands)

    def stored(self, name: str) -> Path:
        return self.folder / "etc-libvirt/qemu" / f"{name}.xml"

    def process_of(self, name: str) -> int:
        return int((self.run / "qemu" / f"{name}.pid").read_text(encoding="ascii"))

    def stop(self) -> None:
        """Ends its guests and itself, and takes away the cgroups that it made."""
        if self.process.poll() is None:
            names = self.virsh("list --name")[0].split()
            if names:
                self.virsh(*(f"destroy {name}" for name in names))
            os.kill(self.process.pid, signal.SIGTERM)
        self.process.wait(30)
        for group in set(Path("/sys/fs/cgroup").glob("*/machine*")) - self.groups:
            for folder, _, _ in os.walk(group, topdown=False):
                try:
                    os.rmdir(folder)
                except OSError:
                    pass  # another libvirt has guests in it now

    def __enter__(self) -> "Daemon":
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


def virsh(uri: str, *commands: str) -> list[str]:
    """What each command says, errors included, all in one process."""
    mark = "=virtbp-mark="
    whole = "; ".join(f"{command}; echo {mark}" for command in commands)
    done = subprocess.run(["virsh", "-q", "-c", uri, whole], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, encoding="utf-8", timeout=300, check=False)
    said = "".join(line for line in done.stdout.splitlines(keepends=True) if not LOG_LINE.match(line)).split(mark)
    if len(said) != len(commands) + 1:
        raise RuntimeError(f"virsh {uri}: {done.stdout[-500:]}")
    return [text.strip("\n") for text in said[:-1]]


# -- the module -------------------------------------------------------------------------------------------------------

def call(executable: str, *, checking: bool = False, root: str | Path = "/", environment: dict[str, str] | None = None,
         user: int | None = None, timeout: float = 120, enter: Callable[[list[str]], list[str]] = list,
         **parameters: object) -> dict:
    """The result. `enter` makes the command that runs a command elsewhere. libvirt's own lines on standard error are
    left out; corpus.py asks for silence."""
    arguments = parameters | {"_ansible_check_mode": checking, "_ansible_diff": True}
    command = enter([executable, "--root", str(root), "-"])
    variables = dict(os.environ)
    if "uri" in parameters:
        variables |= environment_for(executable, "+" in str(parameters["uri"]))
    try:
        done = subprocess.run(command, input=json.dumps(arguments), encoding="utf-8", capture_output=True,
                              timeout=timeout, check=False, user=user, group=user,
                              extra_groups=None if user is None else [], env=variables | (environment or {}))
    except subprocess.TimeoutExpired as late:
        check(False, f"{parameters}: {late}")
        return {"failed": True, "changed": None, "msg": str(late)}
    noise = [line for line in done.stderr.splitlines() if not LOG_LINE.match(line)]
    try:
        check(not noise, f"{parameters}: standard error: {done.stderr[-1500:]}")
        return json.loads(done.stdout)
    except ValueError:
        said = f"{parameters}: status {done.returncode}, no JSON: {done.stdout[:300]!r}, {done.stderr[-1500:]}"
        check(False, said)
        return {"failed": True, "changed": None, "msg": said}


@functools.cache
def environment_for(executable: str, is_remote: bool) -> dict[str, str]:
    """What a build with AddressSanitizer needs beside libvirt. It stands in for xdr_int() and its like, which talk to
    a libvirtd, and looks for the real ones before libvirt brings them; and its search for leaks stumbles over
    libvirt's threads now and then."""
    sanitizer = re.search(rb"libasan\.so\.\d+", Path(executable).read_bytes())
    if sanitizer is None:
        return {}
    early = {"LD_PRELOAD": f"{sanitizer[0].decode()}:libtirpc.so.3"} if is_remote else {}
    return early | {"ASAN_OPTIONS": f"{os.environ.get('ASAN_OPTIONS', '')}:detect_leaks=0"}


def words_of(result: dict) -> str:
    """Everything that a result says to its reader."""
    return "\n".join([result.get("msg", ""), *(f"{one['element']}: {one['message']}" for one in errors_of(result))])


def errors_of(result: dict) -> list[dict]:
    return [finding for finding in result.get("findings", []) if finding["severity"] == "error"]


def field(result: dict, name: str, layer: str = "config") -> dict:
    found = [one for one in result.get("virtbp", {}).get("fields", []) if (one["layer"], one["name"]) == (layer, name)]
    return found[0] if len(found) == 1 else {"outcome": f"{len(found)} fields of this name"}


# -- an invented host -------------------------------------------------------------------------------------------------

def on_host(tree: Path, command: list[str]) -> list[str]:
    """The command that runs `command` on an invented host with file systems for its huge pages."""
    mounts = 'for size in 2M 1G; do mkdir -p "$0/$size"; mount -t hugetlbfs -o pagesize=$size none "$0/$size"; done'
    return fake_host.on(tree, ["sh", "-c", f'{mounts}; exec "$@"', str(tree), *command])


# -- programs ---------------------------------------------------------------------------------------------------------

def end(number: int, _frame: object) -> None:
    raise SystemExit(128 + number)


def play(needed: tuple[str, ...], root_needed: bool, body) -> int:
    """The frame of each program here: `body(executable, folder)` in a folder that is gone afterwards."""
    executable = os.path.abspath(sys.argv[1])
    without = [program for program in needed if shutil.which(program) is None]
    if not os.access(executable, os.X_OK):
        skip("all", f"there is no {executable}")
        return 77
    if without or (root_needed and os.geteuid() != 0):
        skip("all", f"{', '.join(without)} not installed" if without else "not root")
        return 77
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, end)
    folder = Path(tempfile.mkdtemp(prefix="virtbp-libvirt-"))
    try:
        body(executable, folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    print(", ".join(f"{number} {name}" for name, number in counts.items()), flush=True)
    return 1 if counts["failed"] or not counts["passed"] else 0
