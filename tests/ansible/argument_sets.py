# SPDX-License-Identifier: GPL-3.0-or-later
"""Argument sets for differential.py: known traps for every type, and as many random sets as wanted, both made
from a module's argument_spec. Most random values are right, so that acceptance is reached often."""

from __future__ import annotations

import collections
import itertools
import json
import random

HUGE = [2**63 - 1, 2**63, -(2**63), -(2**63) - 1, 2**64 - 1, 2**64, 12345678901234567890123, 10**40]

TEXTS = [
    "", "a", "it's", 'say "it\'s"', 'a"b', "a b", " a ", "a,b, c", ",", "key=value", "ünïcödé", "日本", "😀",
    "\u00a0", "back\\slash", "line\nend", "tab\t\r", "\x7f\x1b\x01", "\u2028\u200b\ufeff\u00ad", "True",
    "False", "None", "{}", "[1]", "%s {0} $x", "0", "1", "yes", "no", "on", "off"
]
ANY = [
    None, True, False, 0, 1, -1, 2, 1.0, 0.0, -0.0, 1.5, 1e16, 1e15, 123456789012345680.0, 1e22, 1e-4, 1e-5,
    5e-324, 1.7976931348623157e308, 0.1, 1 / 3, 100.0, [], [1], ["a", None], [[1, 2.0], {"k": [True]}], {},
    {"k": "v"}, {"a": {"b": [None, "it's"]}}, {"ü": "\n"}, "text", ""
]

TRAPS = {
    "str": TEXTS + ANY,
    "int": [
        "12", " 12 ", "\t12\n", "\u00a012\u3000", "+5", "-3", "- 3", "--3", "1_000", "_1", "1__0", "1_", "_",
        "", " ", "1.0", "1.", ".5", ".", "1.5", ".5e1", "1e3", "1E3", "1e+3", "1e-3", "1000e-3", "1500e-3",
        "1e", "e1", "1e_3", "1_e3", "1e400", "1e18", "9e18", "1e19", "1e20", "0e5", "-0", "0.0", "0x10",
        "0o7", "0b1", "010", "1,000", "12abc", "nan", "sNaN", "NaN12", "inf", "-Infinity", "1 2", "½",
        "9223372036854775807", "9223372036854775808", "-9223372036854775808", "-9223372036854775809",
        "0.1e1_0", "1e999999999999999999999", "9223372036854774784.0", 9223372036854774784.0,
        9223372036854775808.0, -9223372036854775808.0, 1e300
    ] + HUGE + TEXTS + ANY,
    "bool": [
        "yes", "Yes", "YES", "y", "Y", "on", "On", "true", "TRUE", "t", "1", "no", "n", "off", "false", "f",
        "0", " yes ", "\tno\n", "\u00a0yes\u2003", "\x1cno", "yes!", "1.0", "0.0", "maybe", "", " ", "None",
        "2", "it's", "Kyes", "ſ"
    ] + ANY,
    "list": [
        "a", "a,b, c", "", ",", ",,", "[1, 2]", '["a"]', "{'a': 1}", "a=1", "a=1,b=2", "{", "=", "😀,ü",
        (1 << 63)
    ] + ANY,
    "dict": [
        '{"a": 1}', '{"a": 1', '{"a": 1}x', " {}", "{}", "{ }", "{}\n", "{} # comment", "{'a': 1}",
        "{'a': 1,}", "{,}", "{'a' 'b': 'c' \"d\"}", "{'a': (1, 2), 'b': (), 'c': (1), 'd': (1,)}",
        "{'a': True, 'b': None}", '{"a": true}', "{'a': true}", "{'a': 1, 'a': 2}",
        '{"a": 1, "b": 0, "a": 2}', "{1: 'a', 2.5: 'b', False: 'c', None: 'd'}", "{True: 1}",
        "{'a': -1, 'b': +1, 'c': - 1.5, 'd': -(1), 'e': (-1)}", "{'a': --1}", "{'a': -(-1)}", "{'a': -True}",
        "{'a': -'b'}", "{'a': 1 + 1}", "{'a': 1j}", "{'a': 1+1j}", "{'a': b'c'}", "{'a': {1, 2}}", "{1, 2}",
        "{'a': set()}", "{'a': ...}", "{'a': f'b'}", "{**{'a': 1}}", "{'a': x}", "{'a': dict()}",
        "{'a': [1, [2, [3]]]}", "{[1]: 2}", "{(1, 2): 3}", "{'a': 010}", "{'a': 00}", "{'a': 0_0}",
        "{'a': 01.5}", "{'a': 0x1F}", "{'a': 0X_1f}", "{'a': 0o17}", "{'a': 0b101}", "{'a': 0b102}",
        "{'a': 1_000}", "{'a': 1__0}", "{'a': 1_}", "{'a': 1.}", "{'a': .5}", "{'a': 1e5}",
        "{'a': 1_0.0_1e1_0}", "{'a': 1e999}", "{'a': -1e999}", '{"a": 1e999}', '{"a": NaN}',
        '{"a": -Infinity}', "{'a': 18446744073709551615}", "{'a': 18446744073709551616}",
        "{'a': -9223372036854775808}", "{'a': -9223372036854775809}", '{"a": 123456789012345678901234567890}',
        "{'a': '\\x41\\u00e9\\U0001f600\\101\\n\\q'}", "{'a': '\\N{BULLET}'}", "{'a': '\\ud800'}",
        '{"a": "\\ud800"}', '{"a": "\\ud83d\\ude00"}', "{'a': '\\777\\400\\8'}", "{'a': '\\x4'}",
        "{'a': r'\\n', 'b': R'\\'' , 'c': u'x', 'd': U'y'}", "{'a': ur'x'}", "{'a': r'\\'}",
        "{'a': '''b\nc'd'''}", '{"a": """b""c"""}', "{'a': ''''b'''}", "{'a': 'b\nc'}", "{'a': 'b\\\nc'}",
        "{'a': 'b\\\r\nc'}", "{'a':\r\n1,\r'b':\f2}", "{'a': 1 # c\n , # d\n 'b': 2}", "{'a': \\\n1}",
        "{'a': \\ \n1}", "{'a': \v1}", "{'a': '''b\r\nc\rd'''}", "{'a': 1 2}", "{'a'}", "{'a':}", "{:1}",
        "{'a': 1}, 1", "({'a': 1})", "{'a': 1} | {}", "{'a': 1}.b", "{'a': 1}\n{}", "{'ä': 'ö😀'}",
        "{'a': [1,,2]}", "{'a': [,]}", "{'a': (,)}", "{'a': [1 2]}", "{'a': 1}}", '{"a": 1,}', '{"a": \'b\'}',
        '{"a" 1}', '{"a": "b\nc"}', '{"a": "\\/\\u0041"}', '{"a": 01}', '{"a": 1.}',
        '{"a": -0, "b": -0.0, "c": 1E2}', '{"a": [1, 2,]}', "{'a': True'b'}", "{'a': NoneX}",
        "{'a': 'b' b'c'}", "{'a': 'b' 1}", "{'a': 'b'2}", "{'a': 1if}", "{'a': 1'b'}", "{'a': '", "{'a': '\\",
        "{'a': \"b'}", "{" * 70, "{'a': " + "[" * 40 + "]" * 40 + "}", "a=1", "a=1 b=2", "a=1,b=2",
        "a=1, b=2", "a=1,, b=2", "a = 1", "a=", "=a", "=", "==", "a=b=c", "a=1 b", "a", "a='b c' d=\"e,f\"",
        "a='it\"s'", "a=\\'b", "a=b\\ c", "a=b\\", "a='b", " a=1 ", "\na=1\n", "a=1\tb=2", "a=1\nb=2",
        "'a=1'", "a='x'y\"z\"", "\u00a0a=1", "ü=é 日=本", "a={'b': 1}", "a=1 a=2 b=3", "[('a', 1)]", "a: 1", "",
        " ", "null", "None"
    ] + ANY,
    "path": [
        "/a/b", "~", "~/", "~/x", "~//x", "~root", "~root/x", "~no-such-user/x", "a~b", " ~", "$HOME",
        "${HOME}/x", "$HOME$HOME", "$HOMEX", "${HOMEX}", "$", "$$HOME", "${", "${HOME", "${}", "${HO ME}",
        "$/x", "$é", "${HOME}}", "~$HOME", "$VIRTBP_TILDE", "$VIRTBP_EMPTY", "$VIRTBP_DOLLAR/x", "", "it's",
        "ü/😀"
    ] + ANY,
    "raw": TEXTS[:8] + ANY + HUGE,
}


def kind(option):
    return option.get("type") or "str"


def has_suboptions(option):
    is_dict = kind(option) == "dict" or (kind(option) == "list" and option.get("elements") == "dict")
    return is_dict and bool(option.get("options"))


class Rules:
    """Which options go together, at one level; a sub-option's are keys of the option."""

    def __init__(self, source):
        self.exclusive = source.get("mutually_exclusive") or []
        self.together = source.get("required_together") or []
        self.one_of = source.get("required_one_of") or []
        self.needs = [(rule[0], rule[1], list(rule[2])) for rule in source.get("required_if") or []]
        self.by = source.get("required_by") or {}


class Generator:
    def __init__(self, module, seed):
        self.module = module
        self.spec = module["argument_spec"]
        self.random = random.Random(seed)
        self.rightness = 1.0  # how many values of a set are right
        self.doubling = 0.0  # how many options of a set are given under all of their names

    # -- sets -----------------------------------------------------------------------------------------------

    def traps(self):
        """Every trap in one option of its type, in a set that is right otherwise, and what rules forbid."""
        yield {}
        yield {"nonsense": 1}
        yield {"nonsense": 1, "_ansible_ignore_unknown_opts": True}
        yield self.completed({"nonsense": 1, "other": 2, "_ansible_ignore_unknown_opts": True})
        yield self.completed({"zz": 1, "Aa": 2})
        of_type = collections.defaultdict(list)
        for name, option in self.spec.items():
            of_type[kind(option), False].append(name)
            of_type[option.get("elements"), True].append(name)
        of_type.pop((None, True), None)
        for (type_name, in_list), names in of_type.items():
            for trap, name in zip(TRAPS[type_name], itertools.cycle(self.shuffled(names))):
                yield self.completed({name: [trap] if in_list else trap})
        for name, option in self.spec.items():
            yield {name: None}
            if has_suboptions(option):
                yield from self.traps_of_levels(name, option)
            for choice in [*option["choices"], True, False] if option.get("choices") else []:
                yield self.completed({name: choice})
            for alias in option.get("aliases") or []:
                yield self.completed({alias: self.right(option)})
                yield self.completed({alias: self.right(option), name: self.right(option)})
        rules = Rules(self.module)
        for group in rules.exclusive + rules.together + rules.one_of:
            yield self.completed({name: self.right(self.spec[name]) for name in group})
            yield from ({name: self.right(self.spec[name])} for name in group)
        for name, value, _ in rules.needs:
            yield {name: value}
        for name, needed in rules.by.items():
            yield self.completed({name: self.right(self.spec[name]), **dict.fromkeys(needed)})
            yield self.completed({name: None})

    def traps_of_levels(self, name, option):
        def below(**more):
            given = {**self.right_dict(option), **more}
            return [given] if kind(option) == "list" else given

        yield self.completed({name: below(zz=1), f"{name}-x": 1})  # in the order of text, not of levels
        self.doubling = 1.0  # warnings of both levels
        for other, aliased in self.spec.items():
            if other != name and aliased.get("aliases"):
                names = [other, *aliased["aliases"]]
                yield self.completed({**{one: self.right(aliased) for one in names}, name: below()})
        self.doubling = 0.0

    def generated(self):
        self.rightness = self.random.choice([1.0, 1.0, 0.9, 0.6])
        self.doubling = self.random.choice([0.02, 0.02, 0.02, 0.5])
        arguments = self.level(self.spec, Rules(self.module), 0)
        if self.random.random() < 0.03:
            arguments["_ansible_ignore_unknown_opts"] = self.random.choice([True, False, "yes"])
        return arguments

    def level(self, spec, rules, depth):
        share = self.random.choice([0.1, 0.3, 0.6])
        given = {}
        for name, option in spec.items():
            if self.random.random() > share:
                continue
            names = self.shuffled([name, *(option.get("aliases") or [])])
            for one in names if self.random.random() < self.doubling else names[:1]:
                given[one] = self.value(option, depth)
        if self.random.random() > self.rightness and self.random.random() < 0.3:
            given[self.random.choice(["nonsense", "Zz", "ü", "a.b", ""])] = self.random.choice(ANY)
        if self.random.random() < 0.85:
            self.complete(given, spec, rules, depth)
        return {name: given[name] for name in self.shuffled(given)}

    def shuffled(self, items):
        items = list(items)
        self.random.shuffle(items)
        return items

    def completed(self, given):
        self.complete(given, self.spec, Rules(self.module), 0)
        return given

    def complete(self, given, spec, rules, depth):
        """Takes away and adds what the rules want, as far as a few rounds bring it; the first name stays."""
        named = {alias: name for name, option in spec.items() for alias in option.get("aliases") or []}
        present = lambda name: name in given or any(named.get(one) == name for one in given)  # noqa: E731

        def add(names):
            for name in names:
                if name in spec and not present(name):
                    given[name] = self.right(spec[name], depth + 1)

        for group in rules.exclusive:
            names = [name for name in given if named.get(name, name) in group]
            for name in names:
                if named.get(name, name) != named.get(names[0], names[0]):
                    del given[name]
        add(name for name, option in spec.items() if option.get("required"))
        for _ in range(3):
            for group in rules.one_of:
                if not any(present(name) or spec[name].get("default") is not None for name in group):
                    add([self.random.choice(group)])
            for group in rules.together:
                add(group if any(present(name) for name in group) else [])
            for name, value, needed in rules.needs:
                add(needed if str(given.get(name, spec[name].get("default"))) == str(value) else [])
            for name, needed in rules.by.items():
                add(needed if present(name) else [])

    # -- values ----------------------------------------------------------------------------------------------

    def value(self, option, depth):
        if self.random.random() < self.rightness:
            return self.right(option, depth)
        return self.random.choice(TRAPS[kind(option)])

    def right(self, option, depth=0):
        if option.get("choices") and kind(option) != "list":
            return self.random.choice(option["choices"])
        if kind(option) == "list":
            return self.right_list(option, depth)
        if kind(option) == "dict":
            return self.written(self.right_dict(option, depth))
        pick = self.random.choice
        return {
            "str": lambda: pick(["a", "b c", "ü", "it's", "7", "present", "/dev/sda"]),
            "int": lambda: pick([0, 1, 7, 512, "7", "1e2", 3.0, " 8 ", True]),
            "bool": lambda: pick([True, False, "yes", "no", "On", 1, 0, "false"]),
            "path": lambda: pick(["/a/b", "~/x", "$HOME/y", "~root"]),
            "raw": lambda: pick(ANY),
        }[kind(option)]()

    def right_list(self, option, depth):
        element = dict(option, type=option.get("elements") or "raw", elements=None)
        elements = [self.right(element, depth) for _ in range(self.random.randrange(4))]
        texts = [one for one in elements if isinstance(one, str) and "," not in one]
        if texts and len(texts) == len(elements) and self.random.random() < 0.3:
            return ",".join(texts)
        return elements

    def right_dict(self, option, depth=0):
        if option.get("options"):
            return self.level(option["options"], Rules(option), depth + 1)
        return {self.random.choice(TEXTS): self.random.choice(ANY) for _ in range(self.random.randrange(4))}

    def written(self, value):
        """A dictionary as such, or as one of its texts, now and then a damaged one."""
        luck = self.random.random()
        if luck < 0.6:
            return value
        if luck < 0.7:
            return json.dumps(value, ensure_ascii=luck < 0.65, indent=self.random.choice([None, 1]))
        if luck < 0.8:
            return repr(value)
        if luck < 0.85 or self.rightness == 1.0:
            quoted = self.random.choice(["{}={}", "{}='{}'", '{}="{}"'])
            return self.random.choice([" ", ",", ", "]).join(quoted.format(*pair) for pair in value.items())
        return self.damaged(self.random.choice([repr(value), json.dumps(value)]))

    def damaged(self, text):
        at = self.random.randrange(len(text) + 1)
        inserted = self.random.choice(list("{}[]()'\",:=\\ #\n0_xeu.-+") + ["'''", "None", "u'", "\\u", "é"])
        return self.random.choice([text[:at], text[:at] + text[at + 1:], text[:at] + inserted + text[at:]])
