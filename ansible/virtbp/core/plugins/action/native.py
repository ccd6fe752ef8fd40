# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Runs the collection's native modules: meta/runtime.yml sends every module here. The executable is chosen by the
architecture of the machine that the task runs on, and what a machine says that cannot run it is put into words."""

from __future__ import annotations

import os

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase
from ansible.utils.vars import merge_hash

COLLECTION = "virtbp.core"
EXECUTABLES = os.path.join(os.path.dirname(os.path.dirname(__file__)), "modules", "__native")
SPELLINGS = {"amd64": "x86_64", "arm64": "aarch64", "ppc64el": "ppc64le"}


def shipped(name: str, folder: str = EXECUTABLES) -> list[str]:
    """The architectures that have an executable of this name."""
    if not os.path.isdir(folder):
        return []
    return sorted(arch for arch in os.listdir(folder) if os.path.isfile(os.path.join(folder, arch, name)))


def explanation(result: dict, arch: str, tmpdir: str) -> str | None:
    """Why the target could not run the executable; None where it ran and answered."""
    if result.get("_ansible_parsed", True):
        return None
    # with a terminal (ssh -tt) the two streams are one
    said = (str(result.get("module_stderr", "")) + str(result.get("module_stdout", ""))).strip()
    last = said.splitlines()[-1] if said else "no output"
    rc = result.get("rc")
    if "Exec format error" in said or "cannot execute binary file" in said:
        return (f"the {arch} executable does not run on this target ({last}): if its facts come from a cache, "
                "gather them again")
    if rc == 126:
        return (f"the target does not execute files in {tmpdir} ({last}): the file system is most likely mounted "
                "noexec; set ansible_remote_tmp to a directory where files may be executed, "
                "such as /var/tmp/ansible or /root/.ansible/tmp")
    if "error while loading shared libraries" in said or ("GLIBC_" in said and "not found" in said):
        return f"a library that the executable needs is missing on the target or too old ({last})"
    if rc == 127:
        return (f"the target has no dynamic loader for {arch} programs of the GNU C library, version 2.22 or later "
                f"({last}): musl systems and 32-bit userlands are not supported")
    if isinstance(rc, int) and rc > 128:
        return f"the executable ended by signal {rc - 128} ({last})"
    return None


class Refusal(AnsibleActionFail):
    """A failure that has nothing to do with this file, so without the traceback that up to 2.18 would be shown."""

    def __init__(self, message: str, result: dict | None = None):
        super().__init__(message, result=result)
        self.result.pop("exception", None)


class ActionModule(ActionBase):
    """The action plugin of every module of the collection."""

    def run(self, tmp=None, task_vars=None):
        self._supports_async = True  # here, not in the class: ansible-core 2.14 resets it when it makes the object
        result = super().run(tmp, task_vars)
        task_vars = task_vars or {}

        # not the task's resolved_action: in some versions that is this plugin
        module = self._shared_loader_obj.module_loader.find_plugin_with_context(
            self._task.action, collection_list=self._task.collections)
        name = (module.resolved_fqcn if module.resolved else self._task.action).rpartition(".")[2]
        offered = shipped(name)
        if not offered:
            raise Refusal(f"{COLLECTION} holds no executable named {name}: was the collection assembled?")
        arch = self._architecture(task_vars)
        if arch not in offered:
            raise Refusal(f"{COLLECTION}.{name} has no executable for {arch}, only for {', '.join(offered)}")

        wrap_async = self._task.async_val and not self._connection.has_native_async
        result = merge_hash(result, self._execute_module(
            module_name=f"{COLLECTION}.__native.{arch}.{name}", task_vars=task_vars, wrap_async=wrap_async))
        tmpdir = self._connection._shell.tmpdir
        if not wrap_async:
            why = explanation(result, arch, os.path.dirname((tmpdir or "").rstrip("/")) or "its remote_tmp")
            self._remove_tmp_path(tmpdir)
            if why:
                kept = {key: result[key] for key in ("rc", "module_stdout", "module_stderr") if key in result}
                raise Refusal(why, result=kept)
        return result

    def _architecture(self, task_vars: dict) -> str:
        """The target's architecture: the controller's own where the connection is local, else of the facts of the
        host that the task is delegated to, or of the play's; where there are none the target is asked."""
        if self._connection.transport == "local":
            system, machine = os.uname().sysname, os.uname().machine
        else:
            host = self._task.delegate_to
            known = task_vars.get("ansible_delegated_vars", {}).get(host, {}) if host else task_vars
            facts = known.get("ansible_facts", {})
            system, machine = facts.get("system"), facts.get("architecture")
        if not system or not machine:
            answer = self._low_level_execute_command("uname -sm", sudoable=False)
            said = answer["stdout"].strip()
            words = said.splitlines()[-1].split() if said else []  # the last line: a login may print before it
            if answer["rc"] != 0 or len(words) != 2:
                raise Refusal(f"cannot tell the target's architecture: uname -sm answered with "
                                        f"rc {answer['rc']} and {said or answer['stderr'].strip()!r}")
            system, machine = words
        if system != "Linux":
            raise Refusal(f"{COLLECTION} manages Linux hosts, and this target runs {system}")
        return SPELLINGS.get(machine, machine)
