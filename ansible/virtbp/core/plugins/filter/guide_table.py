# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The results of the modules, run in check mode with what the guide asks, as a table for the eye."""

from __future__ import annotations

DOCUMENTATION = r"""
name: guide_table
short_description: A table of what a machine lacks against the guide
version_added: 1.0.0
author: The virtbp authors (@virtbp)
description:
  - Turns results of the modules of this collection, got in check mode, into lines of text, a line for each field of
    each row of the guide, with what is, what is wanted and the outcome. The last line is the sum.
  - Fields of one row that agree in everything but their name share a line.
positional: _input
options:
  _input:
    description: The results by the id of the guide's row.
    type: dict
    required: true
  expect:
    description:
      - What is good enough besides the exact value, by the id of the row - a dictionary of V(min), V(max) or both.
      - A field whose value lies within it passes.
    type: dict
    default: {}
  show:
    description:
      - For rows that only want to be looked at, the key of the result to show, by the id of the row.
      - What is zero in it is left out.
    type: dict
    default: {}
"""

EXAMPLES = r"""
- name: Ask for what the guide asks
  virtbp.core.ksm:
    sleep_millisecs: 2000
    persistent: false
  check_mode: true
  failed_when: false
  register: sleep

- name: Show what is lacking
  ansible.builtin.debug:
    msg: "{{ {'vbp-mem-ksm-sleep': sleep} | virtbp.core.guide_table({'vbp-mem-ksm-sleep': {'min': 1001}}) }}"
"""

RETURN = r"""
_value:
  description: The lines of the table.
  type: list
  elements: str
"""

HEAD = ("ROW", "FIELD", "IS", "WANTED", "OUTCOME")
WIDEST = 36


def cell(value: object) -> str:
    """A value as the table writes it."""
    text = "-" if value is None or value == "" else " ".join(str(value).split())
    return text if len(text) <= WIDEST else text[: WIDEST - 3] + "..."


def within(value: object, expected: dict) -> bool:
    """True where the value is a number and not out of what is expected."""
    if not expected or isinstance(value, bool) or not isinstance(value, (int, float)):
        return False
    return expected.get("min", value) <= value <= expected.get("max", value)


def verdict(field: dict, expected: dict) -> tuple[str, str]:
    """What a field's outcome means for its row, and why."""
    outcome, reason = field.get("outcome", "changed"), field.get("reason", "")
    if outcome == "same" or within(field.get("was"), expected):
        return "pass", ""
    if outcome == "not_applicable":
        return "notapplicable", reason
    # in check mode "changed" is a change that would be made
    return "fail", ": ".join(part for part in ("" if outcome == "changed" else outcome, reason) if part)


def wanted(field: dict, expected: dict) -> object:
    """What the table calls wanted: the range where there is one."""
    bounds = [f"{sign}{expected[bound]}" for bound, sign in (("min", ">="), ("max", "<=")) if bound in expected]
    return " ".join(bounds) or field.get("wanted")


def of_fields(fields: list[dict], expected: dict) -> list[list[str]]:
    """The lines of a result's fields."""
    groups: dict[tuple, list[str]] = {}
    for field in fields:
        layer = field.get("layer", "runtime")
        name = str(field.get("name")) if layer == "runtime" else f"{field.get('name')} ({layer})"
        rest = (cell(field.get("was")), cell(wanted(field, expected)), *verdict(field, expected))
        groups.setdefault((layer, *rest), []).append(name)
    return [[names[0] if len(names) == 1 else f"{names[0]} and {len(names) - 1} more", *key[1:]]
            for key, names in groups.items()]


def of_value(key: str, value: object) -> list[list[str]]:
    """The lines of what only wants to be looked at: a dictionary without its zeros, a text, or a list of either."""
    lines = []
    for item in value if isinstance(value, list) else [value]:
        if not isinstance(item, dict):
            lines.append([key, "-", "-", "info", " ".join(str(item).split())])
            continue
        names = [f"node {item[name]}" if name == "node" else str(item[name])
                 for name in ("name", "size", "node") if item.get(name) is not None]
        rest = [f"{name} {part}" for name, part in item.items()
                if part and name not in ("name", "size", "node", "count", "wanted")]
        lines.append([" ".join(names) or key, cell(item.get("count")), "-", "info", ", ".join(rest)])
    return lines


def entries(result: dict, expected: dict, shown: str | None) -> list[list[str]]:
    """The lines of one row, each without the row's id: field, is, wanted, outcome, reason."""
    if result.get("skipped"):
        return [["-", "-", "-", "skipped", ""]]
    payload = result.get("virtbp")
    if not isinstance(payload, dict):
        return [["-", "-", "-", "error", " ".join(str(result.get("msg", "no result")).split())]]
    lines = of_value(shown, result.get(shown, [])) if shown else of_fields(payload.get("fields", []), expected)
    return lines or [["-", "-", "-", "notapplicable", "nothing to say of this machine"]]


def of_row(outcomes: list[str]) -> str:
    """The outcome of a row, of those of its fields."""
    for one in ("error", "fail", "pass"):
        if one in outcomes:
            return one
    return outcomes[0]


def guide_table(results: dict, expect: dict | None = None, show: dict | None = None) -> list[str]:
    """The filter."""
    table, outcomes = [[*HEAD, ""]], {}
    for row, result in results.items():
        lines = entries(result, (expect or {}).get(row, {}), (show or {}).get(row))
        outcomes[row] = of_row([line[3] for line in lines])
        table += [[row, *line] for line in lines]
    widths = [max(len(line[column]) for line in table) for column in range(len(HEAD))]
    text = []
    for *columns, reason in table:
        padded = "  ".join(part.ljust(width) for part, width in zip(columns, widths))
        text.append(f"{padded}  {reason}".rstrip())
    judged = [outcome for outcome in outcomes.values() if outcome in ("pass", "fail", "error")]
    text.append(f"{judged.count('pass')} of {len(judged)} rows are met")
    return text


class FilterModule:
    """The collection's filters."""

    def filters(self) -> dict:
        return {"guide_table": guide_table}
