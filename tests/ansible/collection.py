#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The collection itself through a real Ansible: documents, build and install, and everything that the action plugin
does around an executable. The machine that the modules see is a small tree of files.

    collection.py --ansible FOLDER_OF_PROGRAMS --collections build/collections [--tools FOLDER_OF_PROGRAMS]"""

import argparse
import os
import pathlib
import platform
import re
import shutil
import subprocess
import sys

from playing import COLLECTION, PROJECT, Ansible, Checks, end_on_signals, make_machine

KSM = {"virtbp.core.ksm": {"sleep_millisecs": 54321, "persistent": False}, "check_mode": True}
PLUGINS = {"ANSIBLE_CONNECTION_PLUGINS": str(pathlib.Path(__file__).parent / "connection_plugins")}


def modules() -> list[str]:
    """The modules' names, from the one list of them."""
    return sorted(re.findall(r"add_module\((\w+)", (PROJECT / "modules/CMakeLists.txt").read_text()))


def copied(ansible: Ansible, name: str) -> pathlib.Path:
    """The collection in a folder of collections of its own, to be damaged."""
    folder = ansible.folder / name
    shutil.copytree(ansible.collections / COLLECTION, folder / COLLECTION)
    return folder


def executable(collections: pathlib.Path, arch: str = platform.machine()) -> pathlib.Path:
    return collections / COLLECTION / "plugins/modules/__native" / arch / "ksm"


def metadata(ansible: Ansible, checks: Checks) -> None:
    """What the collection says of itself is what the project says."""
    folder = ansible.collections / COLLECTION
    runtime = (folder / "meta/runtime.yml").read_text()
    routed = re.findall(r"^    (\w+):\n      action_plugin: virtbp\.core\.native$", runtime, re.MULTILINE)
    checks.equal(sorted(routed), modules(), "modules that meta/runtime.yml sends to the action plugin")
    of_domains = [name for name in modules() if name.startswith("domain_")]
    for group, members in {"domain": of_domains, "host": [name for name in modules() if name not in of_domains]}.items():
        listed = re.search(rf"^  {group}:\n((?:    - \w+\n?)+)", runtime.partition("action_groups:\n")[2], re.MULTILINE)
        checks.equal(sorted(re.findall(r"- (\w+)", listed.group(1) if listed else "")), members, f"modules of the group {group}")
    for folder_of_arch in sorted((folder / "plugins/modules/__native").iterdir()):
        checks.equal(sorted(file.name for file in folder_of_arch.iterdir()), modules(), f"executables of {folder_of_arch.name}")
    version = re.search(r"project\(virtbp VERSION ([\d.]+)", (PROJECT / "CMakeLists.txt").read_text()).group(1)
    checks.check(f"\nversion: {version}\n" in (folder / "galaxy.yml").read_text(), f"galaxy.yml has not version {version}")
    checks.check(f"\nv{version}\n" in (folder / "CHANGELOG.rst").read_text(), f"CHANGELOG.rst has no version {version}")
    checks.check((folder / "COPYING").is_file(), "the collection has no COPYING")
    checks.step("metadata")


def documents(ansible: Ansible, checks: Checks) -> None:
    """ansible-doc lists and renders every module."""
    listed = ansible.run("ansible-doc", "--list", "virtbp.core")
    checks.equal([line.split()[0] for line in listed.stdout.splitlines()], [f"virtbp.core.{name}" for name in modules()],
                 "ansible-doc --list")
    checks.equal(listed.stderr, "", "ansible-doc --list says on standard error")
    for name in modules():
        page = ansible.run("ansible-doc", f"virtbp.core.{name}")
        checks.equal((page.returncode, page.stderr), (0, ""), f"ansible-doc virtbp.core.{name}")
        for part in ("OPTIONS", "EXAMPLES", "RETURN VALUES", "- backup"):
            checks.check(part in page.stdout, f"ansible-doc virtbp.core.{name} shows no {part}")
    page = ansible.run("ansible-doc", "-t", "filter", "virtbp.core.guide_table")
    checks.check(page.returncode == 0 and "OPTIONS" in page.stdout, "ansible-doc shows no guide_table")
    checks.step("ansible-doc")


def installed(ansible: Ansible, checks: Checks) -> None:
    """What ansible-galaxy builds and installs runs."""
    target = ansible.folder / "installed"
    built = ansible.run("ansible-galaxy", "collection", "build", ansible.collections / COLLECTION,
                        "--output-path", ansible.folder)
    archive = next(ansible.folder.glob("virtbp-core-*.tar.gz"), None)
    if not checks.check(archive, f"nothing was built: {built.stdout}{built.stderr}"):
        return
    checks.check(archive.stat().st_size < 20_000_000, f"{archive.stat().st_size} bytes are more than Galaxy takes")
    done = ansible.run("ansible-galaxy", "collection", "install", archive, "-p", target, "--offline",
                       ANSIBLE_COLLECTIONS_PATH=str(target))
    checks.equal(done.returncode, 0, f"ansible-galaxy install: {done.stdout}{done.stderr}")
    checks.check(os.access(executable(target), os.X_OK), "the installed executable may not be executed")
    result, = ansible.play(KSM, environment={"ANSIBLE_COLLECTIONS_PATH": str(target)})
    checks.equal(result.get("changed"), True, f"the installed collection's ksm: {result.get('msg')}")
    checks.step("ansible-galaxy build and install")


def keywords(ansible: Ansible, checks: Checks) -> None:
    """What a task may say besides the module's parameters."""
    plain, short, action, delegated, defaulted, waited = ansible.play(
        KSM,
        {"ksm": KSM["virtbp.core.ksm"], "check_mode": True},
        {"action": "virtbp.core.ksm sleep_millisecs=54321 persistent=no", "check_mode": True},
        KSM | {"delegate_to": "localhost"},
        {"virtbp.core.ksm": {"sleep_millisecs": 54321}, "check_mode": True},
        # what it already is, for real: up to 2.14, async does not go with check mode
        {"virtbp.core.ksm": {"state": "stopped", "persistent": False}, "async": 60, "poll": 1},
        collections=["virtbp.core"], module_defaults={"group/virtbp.core.host": {"persistent": False}})
    for name, result in {"short name": short, "action": action, "delegate_to": delegated, "defaults": defaulted}.items():
        if checks.equal((result.get("changed"), result.get("diff")), (True, plain.get("diff")), f"{name}: {result.get('msg')}"):
            checks.equal({field["layer"] for field in result["virtbp"]["fields"]}, {"runtime"}, f"{name}: layers")
    checks.equal((waited.get("failed", False), waited.get("changed")), (False, False), f"async: {waited.get('msg')}")
    checks.check("virtbp" in waited, "async: the result has no virtbp")

    ansible.play(KSM | {"no_log": True}, environment={"ANSIBLE_VERBOSITY": "1"})
    checks.check("censored" in ansible.last.stdout and "54321" not in ansible.last.stdout, "no_log hides nothing")

    if shutil.which("su"):
        result, = ansible.play(KSM | {"become": True, "become_user": "nobody", "become_method": "su"},
                               hosts={"localhost": {"ansible_become_flags": "-s /bin/sh", "ansible_remote_tmp": "/tmp"}})
        checks.equal(result.get("changed"), True, f"become nobody: {result.get('msg')} {result.get('module_stderr')}")
    else:
        checks.skip("become", "there is no su")
    checks.step("keywords of a task")


def architectures(ansible: Ansible, checks: Checks) -> None:
    """The executable is that of the machine that the task runs on."""
    spelling = {"x86_64": "amd64", "aarch64": "arm64"}[platform.machine()]
    offered = sorted(folder.name for folder in executable(ansible.collections).parents[1].iterdir())
    unknown = f"virtbp.core.ksm has no executable for riscv64, only for {', '.join(offered)}"
    linux = {"system": "Linux"}
    # host: its facts and the host that it delegates to, and what comes of it
    hosts = {
        "asked_by_uname": ({}, "ran"),
        "another_spelling": (linux | {"architecture": spelling}, "ran"),
        "not_shipped": (linux | {"architecture": "riscv64"}, unknown),
        "another_system": ({"system": "FreeBSD", "architecture": spelling},
                           "virtbp.core manages Linux hosts, and this target runs FreeBSD"),
        "delegates_and_is_another": (linux | {"architecture": "riscv64", "to": "asked_by_uname"}, "ran"),
        "delegates_to_another": (linux | {"architecture": spelling, "to": "not_shipped"}, unknown),
    }
    ansible.play(
        {"ansible.builtin.set_fact": {"cacheable": True, "architecture": "{{ its.architecture }}", "system": "{{ its.system }}"},
         "when": "'system' in its"},
        KSM | {"delegate_to": "{{ its.to | default(omit) }}"},
        hosts={host: {"ansible_connection": "elsewhere", "its": its} for host, (its, _) in hosts.items()},
        environment=PLUGINS)
    for host, (_, wanted) in hosts.items():
        result = ansible.by_host[host][1]
        checks.equal("ran" if "virtbp" in result else result.get("msg"), wanted, f"architecture of {host}")
    checks.step("architectures")


def explanations(ansible: Ansible, checks: Checks) -> None:
    """What does not run is put into words."""
    def told(collections: pathlib.Path, **play) -> str:
        result, = ansible.play(KSM, environment={"ANSIBLE_COLLECTIONS_PATH": str(collections)}, **play)
        checks.equal(result.get("failed"), True, "failed, of what cannot run")
        return str(result.get("msg"))

    foreign = copied(ansible, "foreign")
    elf = bytearray(executable(foreign).read_bytes())
    elf[18:20] = (2).to_bytes(2, "little")  # e_machine: SPARC
    executable(foreign).write_bytes(elf)
    text = told(foreign)
    checks.check("executable does not run on this target" in text and "Exec format error" in text, f"another processor: {text}")

    broken = copied(ansible, "broken")
    executable(broken).write_bytes(executable(broken).read_bytes().replace(b"/lib64/ld-linux", b"/lib64/no-linux")
                                   .replace(b"/lib/ld-linux", b"/lib/no-linux"))
    text = told(broken)
    checks.check("no dynamic loader" in text, f"no loader: {text}")

    unassembled = copied(ansible, "unassembled")
    shutil.rmtree(executable(unassembled).parents[1])
    text = told(unassembled)
    checks.check("was the collection assembled" in text, f"no executables: {text}")

    if os.geteuid() == 0:
        noexec = ansible.folder / "noexec"
        noexec.mkdir()
        mounted = f"mount -t tmpfs -o noexec,mode=0755 none {noexec} && exec \"$@\""
        text = told(ansible.collections, before=["unshare", "--mount", "--propagation", "private", "sh", "-c", mounted, "sh"],
                    hosts={"localhost": {"ansible_remote_tmp": str(noexec)}})
        checks.check("noexec" in text and "ansible_remote_tmp" in text and str(noexec) in text, f"noexec: {text}")
    else:
        checks.skip("noexec", "only root can mount a file system to try")

    stub = ansible.collections / COLLECTION / "plugins/modules/ksm.py"
    ran = subprocess.run([ansible.programs / "python", stub], input='{"ANSIBLE_MODULE_ARGS": {"state": "stopped"}}',
                         capture_output=True, text=True, check=False)
    checks.check("is a native module: its action plugin virtbp.core.native must run it" in ran.stdout,
                 f"the stub run by itself: {ran.stdout}{ran.stderr}")
    checks.step("explanations")


def plugins(ansible: Ansible, checks: Checks) -> None:
    """The plugins by themselves, with this Ansible's Python."""
    ran = subprocess.run([ansible.programs / "python", pathlib.Path(__file__).parent / "plugins_test.py"],
                         capture_output=True, text=True, check=False)
    checks.equal(ran.returncode, 0, f"plugins_test.py {ran.stderr}")
    checks.step("plugins")


def validated(ansible: Ansible, checks: Checks, tools: str) -> None:
    """ansible-test's validate-modules compares each stub's documents with its argument_spec."""
    python = pathlib.Path(tools).absolute() / "python"
    if not python.exists():
        checks.skip("validate-modules", f"there is no {python} (scripts/setup test)")
        return
    library = subprocess.run([python, "-c", "import ansible_test; print(*ansible_test.__path__)"],
                             capture_output=True, text=True, check=True).stdout.strip()
    program = pathlib.Path(library) / "_util/controller/sanity/validate-modules/validate.py"
    files = [f"plugins/modules/{name}.py" for name in modules()]
    ran = subprocess.run([python, program, "--format", "json", "--arg-spec", "--collection", COLLECTION, *files],
                         cwd=ansible.collections / COLLECTION, capture_output=True, text=True, check=False,
                         env=os.environ | {"PYTHONPATH": str(program.parent), "PYTHONDONTWRITEBYTECODE": "1",
                                           "ANSIBLE_COLLECTIONS_PATH": str(ansible.collections)})
    checks.equal((ran.returncode, ran.stdout.strip()), (0, "{}"), f"validate-modules {ran.stderr}")
    checks.step("validate-modules")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--ansible", required=True, help="the folder of ansible-playbook")
    parser.add_argument("--collections", required=True, help="the folder that holds ansible_collections")
    parser.add_argument("--tools", default=PROJECT / "build/venv/tools/bin", help="the folder of a Python that has ansible-core, voluptuous and antsibull-docs-parser")
    arguments = parser.parse_args()
    end_on_signals()
    checks = Checks()
    with Ansible(arguments.ansible, arguments.collections) as ansible:
        print(ansible.version())
        make_machine(ansible.folder / "root")
        os.environ["VIRTBP_ROOT"] = str(ansible.folder / "root")  # with a local connection, the modules' too
        for step in (plugins, metadata, documents, installed, keywords, architectures, explanations):
            step(ansible, checks)
        validated(ansible, checks, arguments.tools)
    return checks.end()


if __name__ == "__main__":
    sys.exit(main())
