# SPDX-License-Identifier: GPL-3.0-or-later
"""What the tests in this folder share: running tasks through a real Ansible, and counting what was checked."""

import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time

PROJECT = pathlib.Path(__file__).resolve().parents[2]
COLLECTION = pathlib.Path("ansible_collections/virtbp/core")


# A machine's files, as far as the modules of a host look at them.
MACHINE = {
    "etc/default/grub": 'GRUB_CMDLINE_LINUX_DEFAULT="quiet"\n',
    "etc/guests/web.xml": "<domain type='kvm'>\n  <name>web</name>\n  <memory unit='MiB'>256</memory>\n"
                          "  <vcpu>2</vcpu>\n</domain>\n",
    "etc/sysctl.conf": "",
    "proc/meminfo": "MemTotal:       16384000 kB\nMemAvailable:   15000000 kB\nSwapTotal: 0 kB\nHugepagesize:       2048 kB\n",
    "proc/cmdline": "root=/dev/sda2 quiet\n",
    "proc/filesystems": "nodev\thugetlbfs\n",
    "proc/mounts": "/dev/sda2 / ext4 rw 0 0\n",
    "sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages": "0\n",
    "sys/kernel/mm/hugepages/hugepages-2048kB/free_hugepages": "0\n",
    "sys/kernel/mm/hugepages/hugepages-2048kB/resv_hugepages": "0\n",
    "sys/kernel/mm/hugepages/hugepages-2048kB/surplus_hugepages": "0\n",
    "sys/kernel/mm/hugepages/hugepages-2048kB/nr_overcommit_hugepages": "0\n",
    "sys/kernel/mm/ksm/merge_across_nodes": "1\n",
    "sys/kernel/mm/ksm/pages_shared": "0\n",
    "sys/kernel/mm/ksm/run": "0\n",
    "sys/kernel/mm/ksm/sleep_millisecs": "20\n",
    "sys/kernel/mm/ksm/pages_to_scan": "100\n",
    "sys/block/sda/queue/scheduler": "[none] mq-deadline bfq\n",
}

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def end_on_signals() -> None:
    """Makes a signal an exception, so that what must be put back is put back."""
    def end(number, _frame):
        raise SystemExit(128 + number)
    for number in SIGNALS:
        signal.signal(number, end)


def ignore_signals() -> None:
    """While it is put back."""
    for number in SIGNALS:
        signal.signal(number, signal.SIG_IGN)


def make_machine(root: pathlib.Path) -> None:
    """Writes MACHINE below a root."""
    for path, text in MACHINE.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)


class Checks:
    """Counts and prints what was checked, step by step. A failed check does not end the run."""

    def __init__(self):
        self.failed, self.passed, self.skipped = 0, 0, 0
        self._before, self._began = (0, 0), time.monotonic()

    def check(self, truth: object, text: str) -> bool:
        if truth:
            self.passed += 1
        else:
            self.failed += 1
            print(f"FAILED: {text}", flush=True)
        return bool(truth)

    def equal(self, found: object, wanted: object, text: str) -> bool:
        return self.check(found == wanted, f"{text}: wanted {wanted!r}, found {found!r}")

    def skip(self, what: str, reason: str) -> None:
        self.skipped += 1
        print(f"skipped: {what}: {reason}", flush=True)

    def step(self, name: str) -> None:
        """Ends a step: prints its counts."""
        passed, failed = self.passed - self._before[0], self.failed - self._before[1]
        seconds = time.monotonic() - self._began
        print(f"{'FAILED' if failed else 'ok':<7} {name}: {passed} checks passed, {failed} failed, {seconds:.1f} s",
              flush=True)
        self._before, self._began = (self.passed, self.failed), time.monotonic()

    def end(self) -> int:
        print(f"{self.passed} checks passed, {self.failed} failed, {self.skipped} skipped", flush=True)
        return 1 if self.failed or not self.passed else 0


class Ansible:
    """The Ansible whose programs are in `programs`, with the collections below `collections`, in a folder of its own
    that is removed at the end."""

    def __init__(self, programs: str, collections: str):
        self.programs = pathlib.Path(programs).absolute()
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="virtbp-ansible-"))
        self.folder.chmod(0o755)  # tasks of another user read below it
        self.collections = pathlib.Path(collections).absolute()
        self._plays = 0
        (self.folder / "ansible.cfg").write_text("[defaults]\n")  # in place of the machine's

    def __enter__(self):
        return self

    def __exit__(self, *_error):
        shutil.rmtree(self.folder)

    def version(self) -> str:
        return self.run("ansible", "--version").stdout.splitlines()[0]

    def run(self, program: str, *arguments, before=(), **environment) -> subprocess.CompletedProcess:
        """Runs one of Ansible's programs. `before` is what the command line begins with, such as unshare."""
        settings = {name: value for name, value in os.environ.items() if not name.startswith("ANSIBLE_")}
        settings |= {"ANSIBLE_COLLECTIONS_PATH": str(self.collections), "ANSIBLE_HOME": str(self.folder / "home"),
                     "ANSIBLE_LOCAL_TEMP": str(self.folder / "tmp"), "ANSIBLE_LOCALHOST_WARNING": "0",
                     "ANSIBLE_NOCOLOR": "1", "ANSIBLE_CONFIG": str(self.folder / "ansible.cfg"), "LC_ALL": "C.UTF-8"} | environment
        command = [*before, str(self.programs / program), *map(str, arguments)]
        with subprocess.Popen(command, env=settings, cwd=self.folder, text=True, start_new_session=True,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
            try:
                out, err = process.communicate(timeout=600)
            except BaseException:
                os.killpg(process.pid, signal.SIGKILL)
                raise
        return subprocess.CompletedProcess(command, process.returncode, out, err)

    def play(self, *tasks: dict, hosts: dict | None = None, before=(), environment: dict | None = None,
             **keywords) -> list[dict]:
        """Runs tasks, each whether or not the one before failed, and gives their results on the first host; `by_host`
        keeps those of all. `hosts` are the inventory's, with their variables; `keywords` are the play's."""
        self._plays += 1
        base = self.folder / f"play{self._plays}"
        local = {"ansible_connection": "local", "ansible_python_interpreter": str(self.programs / "python")}
        hosts = hosts or {"localhost": {}}
        inventory = {"all": {"hosts": hosts, "vars": local}}
        registered = [task | {"register": f"result_{number}", "ignore_errors": True}
                      for number, task in enumerate(tasks)]
        names = [task["register"] for task in registered]
        save = {"ansible.builtin.copy": {"content": "{{ [" + ", ".join(names) + "] | to_json }}",
                                         "dest": f"{base}.{{{{ inventory_hostname }}}}"},
                "connection": "local", "check_mode": False, "diff": False, "become": False}
        play = {"hosts": "all", "gather_facts": False} | keywords | {"tasks": [*registered, save]}
        base.with_suffix(".json").write_text(json.dumps(inventory))
        base.with_suffix(".yml").write_text(json.dumps([play]))
        self.last = self.run("ansible-playbook", "--diff", "-i", base.with_suffix(".json"), base.with_suffix(".yml"),
                             before=before, **(environment or {}))
        if self.last.returncode != 0:
            print(self.last.stdout, self.last.stderr, sep="\n", file=sys.stderr)
            raise SystemExit(f"ansible-playbook ended with {self.last.returncode}")
        self.by_host = {host: json.loads(pathlib.Path(f"{base}.{host}").read_text()) for host in hosts}
        return next(iter(self.by_host.values()))
