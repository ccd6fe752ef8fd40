#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The project's playbooks through a real Ansible, on a tree of files that stands for a machine:

    playbooks.py --ansible FOLDER_OF_PROGRAMS --collections build/collections

check.yml finds what is lacking and changes nothing, kvm_host.yml predicts, does and then changes nothing more, and
check.yml is content with what it did; kvm_guests.yml lays out a guest of libvirt's test driver."""

import argparse
import json
import pathlib
import re
import sys
from ctypes.util import find_library

from playing import PROJECT, Ansible, Checks, end_on_signals, make_machine

WANTED = '''{"virtbp_hugepages": [{"size": "2M", "memory": "1G"}],
             "virtbp_kernel_parameters": ["intel_iommu=on"], "virtbp_kernel_parameters_absent": ["elevator"]}'''
DEFAULTS = 'GRUB_CMDLINE_LINUX_DEFAULT="quiet elevator=noop"\n'


class Run:
    """One run of a playbook, on the tree or on the machine itself."""

    def __init__(self, ansible: Ansible, root: pathlib.Path | None, name: str, *arguments: str):
        tree_of = {"VIRTBP_ROOT": str(root)} if root else {}
        self.ran = ansible.run("ansible-playbook", PROJECT / "playbooks" / name, "-i", "localhost,", "-c", "local", *arguments,
                               ANSIBLE_PYTHON_INTERPRETER=str(ansible.programs / "python"), **tree_of)
        self.changed, self.failed = (int(re.search(rf"\b{word}=(\d+)", self.ran.stdout + f"{word}=-1").group(1))
                                     for word in ("changed", "failed"))
        self.lines = [line.split() for line in re.findall(r'^ {8}"(.*)",?$', self.ran.stdout, re.MULTILINE)]

    def rows(self, outcome: str) -> set[str]:
        """The rows with a line of that outcome."""
        return {line[0] for line in self.lines if outcome in line[4:]}


def tree(root: pathlib.Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in root.rglob("*") if path.is_file()}


def looked_at(ansible: Ansible, checks: Checks, root: pathlib.Path) -> None:
    """check.yml on a machine as it comes, told to apply and to show differences."""
    before = tree(root)
    run = Run(ansible, root, "check.yml", "--diff", "--extra-vars", WANTED)
    checks.equal((run.ran.returncode, run.changed), (0, 0), f"return code and changed of check.yml {run.ran.stderr}")
    checks.check("+++" not in run.ran.stdout, "check.yml shows differences")
    checks.equal(run.lines[0] if run.lines else None, ["ROW", "FIELD", "IS", "WANTED", "OUTCOME"], "the table's head")
    checks.equal(run.rows("fail"), {"vbp-boot-cmdline", "vbp-io-scheduler-host", "vbp-io-scheduler-persist",
                                    "vbp-mem-hugepages-boot", "vbp-mem-hugepages-mount", "vbp-mem-hugepages-pool", "vbp-mem-ksm-nodes",
                                    "vbp-mem-ksm-pages", "vbp-mem-ksm-sleep"}, "rows that fail")
    checks.equal(run.rows("pass"), {"vbp-mem-ksm-run"}, "rows that pass")
    checks.equal(run.rows("error"), set(), "rows with an error")
    checks.equal(run.lines[-1], "1 of 10 rows are met".split(), "the sum")

    one = Run(ansible, root, "check.yml", "--tags", "vbp-mem-ksm-sleep")
    checks.equal(one.lines[1:], [["vbp-mem-ksm-sleep", "sleep_millisecs", "20", ">=1001", "fail"],
                                 ["vbp-mem-ksm-sleep", "sleep_millisecs", "(persistent)", "-", ">=1001", "fail"],
                                 "0 of 1 rows are met".split()], "one row by its tag")
    checks.equal(tree(root), before, "the machine's files after check.yml")
    checks.step("check.yml on a machine as it comes")


def set_up(ansible: Ansible, checks: Checks, root: pathlib.Path) -> None:
    """kvm_host.yml, and what check.yml says then."""
    before = tree(root)
    predicted = Run(ansible, root, "kvm_host.yml", "--check", "--diff", "--extra-vars", WANTED)
    checks.equal((predicted.changed, predicted.failed), (4, 0), f"kvm_host.yml, predicted {predicted.ran.stdout}")
    checks.equal(tree(root), before, "the machine's files after --check")
    done = Run(ansible, root, "kvm_host.yml", "--diff", "--extra-vars", WANTED)
    checks.equal((done.changed, done.failed), (4, 0), f"kvm_host.yml, done {done.ran.stdout}")
    differences = [re.findall(r"^[-+].*$", run.ran.stdout, re.MULTILINE) for run in (predicted, done)]
    checks.equal(differences[1], differences[0], "differences, done and predicted")
    again = Run(ansible, root, "kvm_host.yml", "--diff", "--extra-vars", WANTED)
    checks.equal((again.changed, again.failed), (0, 0), f"kvm_host.yml, again {again.ran.stdout}")
    checks.step("kvm_host.yml: predicted, done, again")

    waits = Run(ansible, root, "check.yml", "--extra-vars", WANTED)
    checks.equal(waits.rows("fail"), {"vbp-boot-cmdline"}, "rows that wait for a boot")
    (root / "proc/cmdline").write_text("root=/dev/sda2 quiet intel_iommu=on\n")
    content = Run(ansible, root, "check.yml", "--extra-vars", WANTED)
    checks.equal(content.rows("fail") | content.rows("error"), set(), "rows that fail once the host is set up")
    checks.equal(content.lines[-1], "11 of 11 rows are met".split(), "the sum once the host is set up")
    checks.step("check.yml on a host that was set up")


def guests(ansible: Ansible, checks: Checks) -> None:
    """kvm_guests.yml with libvirt's test driver, whose invented host and guest live as long as a module's process."""
    if find_library("virt") is None:
        print("skipped: kvm_guests.yml: libvirt's client library is not installed")
        return
    wanted = json.dumps({"virtbp_libvirt_uri": "test:///default", "virtbp_guests": [
        {"domain": "test", "cpuset": "0-7", "numatune": {"nodeset": "0"}, "on_misfit": "warn"}]})
    for mode in (["--check"], []):
        run = Run(ansible, None, "kvm_guests.yml", *mode, "--extra-vars", wanted)
        checks.equal((run.changed, run.failed), (1, 0), f"kvm_guests.yml {mode} {run.ran.stdout}")
        checks.check("shut off and start again: test" in run.ran.stdout, f"the running guest is not named {run.ran.stdout}")
    refused = Run(ansible, None, "kvm_guests.yml", "--extra-vars", wanted.replace("warn", "fail"))
    checks.equal(refused.failed, 1, "a guest that does not fit")
    checks.check("needs 8192 MiB on host node 0, which has 2048 MiB" in refused.ran.stdout + refused.ran.stderr,
                 f"no reason {refused.ran.stdout}")
    checks.step("kvm_guests.yml: predicted, done, refused")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--ansible", required=True, help="the folder of ansible-playbook")
    parser.add_argument("--collections", required=True, help="the folder that holds ansible_collections")
    arguments = parser.parse_args()
    end_on_signals()
    checks = Checks()
    with Ansible(arguments.ansible, arguments.collections) as ansible:
        print(ansible.version())
        root = ansible.folder / "root"
        make_machine(root)
        (root / "etc/default/grub").write_text(DEFAULTS)
        (root / "proc/cmdline").write_text("root=/dev/sda2 quiet elevator=noop\n")
        looked_at(ansible, checks, root)
        set_up(ansible, checks, root)
        guests(ansible, checks)
    return checks.end()


if __name__ == "__main__":
    sys.exit(main())
