#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Proves that a native module takes its arguments as Ansible does: the argument_spec of its generated stub is
run by the real AnsibleModule of the installed ansible-core (2.19 or later), the same argument sets go to the
executable, and what comes out must be equal: the first error word for word, or the parameters, type by type,
and the warnings.

Known not to be equal, and checked to be what we say instead:
* An integer beyond 64 bits is accepted, then refused by name where an option of type int would store it.
  Elsewhere it is its text.
* What JSON cannot hold (NaN, sets, bytes, lone surrogates) and \\N{NAME} are refused in a dictionary's text.
* Where Ansible's validator itself ends with a traceback (int "inf", a list for sub-options), we refuse.
* Which options Ansible lists as supported, where unknown ones are of different levels, is chance.
Left out: digits of other scripts, a list for an int (Decimal takes [0, [1], 0]), more than 64 levels, NUL."""

from __future__ import annotations

import argparse
import ast
import concurrent.futures
import copy
import importlib.util
import json
import math
import os
import pathlib
import random
import re
import subprocess
import sys
import tempfile
import warnings

import ansible.release
from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.common import arg_spec, parameters
from ansible.module_utils.common.validation import check_type_dict

from argument_sets import Generator, has_suboptions

DEFAULT_SEED = 20241124
BOOLEANS = "Valid booleans include:"
NO_DICTIONARY = "unable to evaluate string as dictionary"
SUPPORTED = ". Supported parameters include:"


class Refused(Exception):
    pass


class NotJson(Exception):
    pass


class Reference(AnsibleModule):
    """The real one, without its surroundings."""

    def __init__(self, arguments, **declared):
        self.arguments = arguments
        super().__init__(**declared)

    def _load_params(self):
        self.params = copy.deepcopy(self.arguments)

    def _check_locale(self):
        pass

    def _log_invocation(self):
        pass

    def _set_cwd(self):
        pass

    def fail_json(self, msg, **_):
        raise Refused(msg)


def declared_by(stub):
    """What the stub gives to AnsibleModule."""
    class Stop(Exception):
        pass

    def capture(**declared):
        raise Stop(declared)

    loaded = importlib.util.spec_from_file_location(stub.stem, stub)
    module = importlib.util.module_from_spec(loaded)
    loaded.loader.exec_module(module)
    module.AnsibleModule = capture
    try:
        module.main()
    except Stop as stop:
        return stop.args[0]
    raise SystemExit(f"{stub}: its main() does not make an AnsibleModule")


def ask_ansible(declared, arguments):
    """("accepted", parameters, warnings), ("refused", message) or ("raised", exception)."""
    said = []
    arg_spec.warn = parameters.warn = said.append
    try:
        module = Reference(json.loads(json.dumps(arguments)), **copy.deepcopy(declared))
    except Refused as refused:
        return "refused", str(refused)
    except Exception as error:  # whatever its validator ends with
        return "raised", error
    return "accepted", module.params, said


def ask_native(executable, arguments, environment):
    run = subprocess.run([executable, "-"], input=json.dumps(arguments), capture_output=True, text=True,
                         env=environment, timeout=60, check=False)
    try:
        return json.loads(run.stdout)
    except ValueError:
        return {"crashed": f"exit status {run.returncode}: {run.stdout}{run.stderr}"}


def plain(value):
    """As JSON holds it, and as the executable keeps it."""
    if isinstance(value, dict):
        members = {}
        for key, member in value.items():
            if isinstance(key, tuple):
                raise NotJson(key)
            members[next(iter(json.loads(json.dumps({plain(key): 0}))))] = plain(member)
        return members
    if isinstance(value, (list, tuple)):
        return [plain(element) for element in value]
    if isinstance(value, float) and not math.isfinite(value):
        raise NotJson(value)
    if isinstance(value, int) and not -(2**63) <= value < 2**64:
        return str(value)
    if isinstance(value, str):
        try:
            value.encode()
        except UnicodeEncodeError as error:
            raise NotJson(value) from error
    elif not (value is None or isinstance(value, (bool, int, float))):
        raise NotJson(value)
    return value


def pairs_in(text):
    """Of "key=value" texts."""
    try:
        return check_type_dict(text)
    except TypeError:
        return {}


def beyond_json(value):
    """Whether text in it is a dictionary to Python and not to us."""
    if isinstance(value, dict):
        return any(beyond_json(member) for member in value.values())
    if isinstance(value, list):
        return any(beyond_json(element) for element in value)
    if not isinstance(value, str) or "{" not in value:
        return False
    if "\\N{" in value:
        return True
    if not value.startswith("{"):
        return any(beyond_json(pairs_in(text)) for text in {value, *value.split(",")})
    for read in (json.loads, ast.literal_eval):
        try:
            return beyond_json(plain(read(value)))
        except NotJson:
            return True
        except Exception:  # not this kind of text
            continue
    return False


def only_declared(spec, values):
    """Without aliases and unknown keys, which Ansible leaves among the parameters."""
    kept = {}
    for name, option in spec.items():
        kept[name] = value = values[name]
        if not has_suboptions(option) or value is None:
            continue
        if isinstance(value, list):
            kept[name] = [only_declared(option["options"], one) for one in value]
        else:
            kept[name] = only_declared(option["options"], value)
    return kept


def too_large(spec, values):
    """Names of the options that would have to store an integer beyond 64 bits."""
    for name, option in spec.items():
        is_list = isinstance(values[name], list)
        elements = values[name] if is_list else [values[name]]
        if option.get("elements" if is_list else "type") == "int":
            if any(isinstance(one, int) and not -(2**63) <= one < 2**63 for one in elements):
                yield name
        elif has_suboptions(option):
            for one in elements:
                yield from too_large(option["options"], one) if one is not None else ()


def same(one, other):
    """Equal, and of the same types all the way down."""
    return json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)


def comparable(message):
    """Without what is chance."""
    message = message.split(BOOLEANS)[0]
    unknown, supported, _ = message.partition(SUPPORTED)
    names = unknown.partition(" module: ")[2].split(", ")
    is_mixed = supported and len({name.rpartition(".")[0] for name in names}) > 1
    return unknown if is_mixed else message


def difference(declared, arguments, expected, native):
    """What is wrong with the native answer, or nothing."""
    accepted = "invocation" in native
    message = native.get("msg", "")
    if "crashed" in native:
        return "no JSON"
    if not accepted and message.endswith(NO_DICTIONARY) and beyond_json(arguments):
        return ""
    if expected[0] == "refused":
        if accepted:
            return "accepted"
        return "" if comparable(message) == comparable(expected[1]) else "another message"
    if expected[0] == "raised":
        return "accepted" if accepted else ""
    spec = declared["argument_spec"]
    wanted = only_declared(spec, expected[1])
    large = list(too_large(spec, wanted))
    wanted = plain(wanted)
    if not accepted:
        return "refused"
    if large:
        names = "|".join(map(re.escape, large))  # another number may be out of its own range before it
        refusal = rf"argument '(({names})' does not fit 64 bits|\w+' must be at (least|most) )"
        return "" if native.get("failed") and re.match(refusal, message) else "took a number beyond 64 bits"
    if not same(native["invocation"]["module_args"], wanted):
        return "other parameters"
    aliases = [warning for warning in native.get("warnings", []) if warning.startswith("Both option ")]
    return "" if aliases == expected[2] else "other warnings"


def compare(name, executable, declared, sets, environment):
    """Counts; prints what differs."""
    counts = {"accepted": 0, "refused": 0, "differ": 0}
    always = {"_ansible_check_mode": True, "_ansible_module_name": f"virtbp.core.{name}"}
    sets = [{**arguments, **always} for arguments in sets]
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        natives = pool.map(lambda one: ask_native(executable, one, environment), sets)
        for arguments, native in zip(sets, natives):
            expected = ask_ansible(declared, arguments)
            counts["accepted" if expected[0] == "accepted" else "refused"] += 1
            if problem := difference(declared, arguments, expected, native):
                counts["differ"] += 1
                print(f"{name}: {problem}\n  arguments: {json.dumps(arguments)}\n"
                      f"  ansible:   {': '.join(map(str, expected))}\n  native:    {json.dumps(native)}")
    print(f"{name}: {len(sets)} argument sets, "
          + ", ".join(f"{count} {what}" for what, count in counts.items()), flush=True)
    return counts["differ"]


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n\n")[0])
    parser.add_argument("--bin", type=pathlib.Path, required=True, help="folder of the executables")
    parser.add_argument("--stubs", type=pathlib.Path, required=True, help="folder of their stubs, NAME.py")
    parser.add_argument("--seed", default=os.environ.get("VIRTBP_SEED", str(DEFAULT_SEED)),
                        help="a number, or 'random'; VIRTBP_SEED in the environment does the same")
    parser.add_argument("--sets", type=int, default=400, help="generated ones a module, besides the traps")
    parser.add_argument("modules", nargs="+")
    options = parser.parse_args()

    version = ansible.release.__version__
    if tuple(int(part) for part in version.split(".")[:2]) < (2, 19):
        raise SystemExit(f"ansible-core {version}: we compare with the wording of 2.19 and later")
    seed = random.SystemRandom().randrange(2**32) if options.seed == "random" else int(options.seed)
    print(f"ansible-core {version}, seed {seed}", flush=True)

    warnings.simplefilter("ignore", SyntaxWarning)  # of literals in texts that are taken for dictionaries
    os.environ.update(VIRTBP_TILDE="~/z", VIRTBP_EMPTY="", VIRTBP_DOLLAR="$HOME", HOME="/home/of tests//")
    differ = 0
    with tempfile.TemporaryDirectory() as root:
        for folder in ("etc", "proc", "sys", "run"):
            pathlib.Path(root, folder).mkdir()
        environment = {**os.environ, "VIRTBP_ROOT": root}
        for name in options.modules:
            declared = declared_by(options.stubs / f"{name}.py")
            generator = Generator(declared, f"{seed} {name}")
            sets = list(generator.traps()) + [generator.generated() for _ in range(options.sets)]
            differ += compare(name, options.bin / name, declared, sets, environment)
    return 1 if differ else 0


if __name__ == "__main__":
    sys.exit(main())
