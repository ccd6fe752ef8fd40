#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The collection's plugins by themselves: what the table says of a result, and the words for what does not run.
Wants a Python that has ansible-core."""

import importlib.util
import pathlib
import tempfile
import unittest

PLUGINS = pathlib.Path(__file__).resolve().parents[2] / "ansible/virtbp/core/plugins"


def loaded(path: str):
    spec = importlib.util.spec_from_file_location(pathlib.Path(path).stem, PLUGINS / path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


native = loaded("action/native.py")
guide_table = loaded("filter/guide_table.py").FilterModule().filters()["guide_table"]


def field(name: str, was: object, wanted: object, outcome: str = "changed", **more) -> dict:
    return {"layer": "runtime", "name": name, "was": was, "wanted": wanted, "now": was, "outcome": outcome} | more


def result(*fields: dict, **more) -> dict:
    return {"changed": True, "msg": "", "virtbp": {"v": 1, "status": "changed", "fields": list(fields)}} | more


def words(table: list[str]) -> list[list[str]]:
    return [line.split() for line in table]


class TableTest(unittest.TestCase):
    def table(self, *results: dict, expect: dict | None = None, show: dict | None = None) -> list[list[str]]:
        return words(guide_table({f"vbp-{number}": one for number, one in enumerate(results)}, expect, show))

    def test_a_line_a_field_and_the_sum(self):
        self.assertEqual(self.table(result(field("run", 0, 1), field("sleep", 20, 20, "same"))), [
            ["ROW", "FIELD", "IS", "WANTED", "OUTCOME"],
            ["vbp-0", "run", "0", "1", "fail"],
            ["vbp-0", "sleep", "20", "20", "pass"],
            "0 of 1 rows are met".split()])

    def test_columns_stand_below_each_other(self):
        lines = guide_table({"vbp-a": result(field("run", 0, 1)), "vbp-longer": result(field("n", 100000, 1))})
        self.assertEqual({line.index("fail") for line in lines[1:3]}, {lines[0].index("OUTCOME")})

    def test_a_layer_other_than_runtime_is_named(self):
        self.assertEqual(self.table(result(field("run", 0, 1, layer="persistent")))[1],
                         ["vbp-0", "run", "(persistent)", "0", "1", "fail"])

    def test_a_field_that_is_not_met_says_why(self):
        for outcome in ("partial", "overridden", "locked", "unsupported", "pending_reboot"):
            line = self.table(result(field("run", 0, 1, outcome, reason="ksmtuned")))[1]
            self.assertEqual(line[4:], ["fail", f"{outcome}:", "ksmtuned"])

    def test_what_does_not_concern_the_machine_is_not_counted(self):
        table = self.table(result(field("sda", None, None, "not_applicable", reason="no queue")), result(field("run", 1, 1, "same")))
        self.assertEqual(table[1], ["vbp-0", "sda", "-", "-", "notapplicable", "no", "queue"])
        self.assertEqual(table[-1], "1 of 1 rows are met".split())

    def test_a_row_with_something_to_judge_is_judged_by_it(self):
        fields = field("zram0", None, None, "not_applicable"), field("sda", "none", "none", "same")
        self.assertEqual(self.table(result(*fields))[-1], "1 of 1 rows are met".split())

    def test_a_range_is_good_enough(self):
        expect = {"vbp-0": {"min": 1001}}
        self.assertEqual(self.table(result(field("sleep", 1500, 2000)), expect=expect)[1][2:], ["1500", ">=1001", "pass"])
        self.assertEqual(self.table(result(field("sleep", 1000, 2000)), expect=expect)[1][2:], ["1000", ">=1001", "fail"])
        self.assertEqual(self.table(result(field("sleep", None, 2000)), expect=expect)[1][2:], ["-", ">=1001", "fail"])
        self.assertEqual(self.table(result(field("n", 7, 1)), expect={"vbp-0": {"min": 1, "max": 5}})[1][2:],
                         ["7", ">=1", "<=5", "fail"])
        self.assertEqual(self.table(result(field("n", True, 5)), expect={"vbp-0": {"max": 5}})[1][2:], ["True", "<=5", "fail"])

    def test_fields_that_agree_share_a_line(self):
        disks = [field(f"sd{letter}", "bfq", "mq-deadline") for letter in "abc"] + [field("sdd", "none", "mq-deadline")]
        self.assertEqual([line[1:5] for line in self.table(result(*disks))[1:3]],
                         [["sda", "and", "2", "more"], ["sdd", "none", "mq-deadline", "fail"]])

    def test_a_failed_task_is_an_error_on_one_line(self):
        table = self.table({"failed": False, "msg": "cannot\nread it"})
        self.assertEqual(table[1], ["vbp-0", "-", "-", "-", "error", "cannot", "read", "it"])
        self.assertEqual(table[-1], "0 of 1 rows are met".split())

    def test_a_skipped_task_is_not_counted(self):
        table = self.table({"skipped": True, "changed": False}, result(field("run", 1, 1, "same")))
        self.assertEqual(table[1], ["vbp-0", "-", "-", "-", "skipped"])
        self.assertEqual(table[-1], "1 of 1 rows are met".split())

    def test_no_field_at_all(self):
        self.assertEqual(self.table(result())[1][4], "notapplicable")

    def test_what_only_wants_to_be_looked_at(self):
        show = {"vbp-0": "counters", "vbp-1": "pools"}
        table = self.table(result(counters={"scans": 7, "shared": 3, "volatile": 0}),
                           result(pools=[{"count": 5, "free": 4, "node": None, "size": "2M", "surplus": 0},
                                         {"count": 0, "free": 0, "node": 1, "size": "2M", "surplus": 0}]), show=show)
        self.assertEqual(table[1:4], ["vbp-0 counters - - info scans 7, shared 3".split(), "vbp-1 2M 5 - info free 4".split(),
                                      "vbp-1 2M node 1 0 - info".split()])
        self.assertEqual(table[-1], "0 of 0 rows are met".split())

    def test_texts_to_look_at(self):
        show = {"vbp-0": "warnings", "vbp-1": "warnings"}
        table = self.table(result(warnings=["no\nswap", "two nodes"]), result(warnings=[]), show=show)
        self.assertEqual(table[1], "vbp-0 warnings - - info no swap".split())
        self.assertEqual(table[2], "vbp-0 warnings - - info two nodes".split())
        self.assertEqual(table[3][:5], "vbp-1 - - - notapplicable".split())

    def test_long_values_are_cut(self):
        line = self.table(result(field("rule", "x" * 100, "y")))[1]
        self.assertLess(len(line[2]), 40)
        self.assertTrue(line[2].endswith("..."))


class ExplanationTest(unittest.TestCase):
    def told(self, rc: int, stderr: str = "", stdout: str = "", parsed: bool = False) -> str | None:
        answer = {"_ansible_parsed": parsed, "rc": rc, "module_stderr": stderr, "module_stdout": stdout}
        return native.explanation(answer, "x86_64", "/tmp/remote")

    def test_an_answer_needs_no_words(self):
        self.assertIsNone(self.told(1, "noise", parsed=True))
        self.assertIsNone(self.told(1, "some other failure"))

    def test_noexec(self):
        for shell in ("/bin/sh: 1: /tmp/remote/x: Permission denied", "bash: /tmp/remote/x: Keine Berechtigung"):
            text = self.told(126, shell)
            self.assertIn("/tmp/remote", text)
            self.assertIn("ansible_remote_tmp", text)

    def test_streams_that_a_terminal_made_one(self):
        self.assertIn("noexec", self.told(126, stdout="/bin/sh: 1: x: Permission denied\r\n"))

    def test_another_processor(self):
        for shell in ("/bin/sh: 1: x: Exec format error", "bash: x: cannot execute binary file: Exec format error"):
            self.assertIn("the x86_64 executable does not run on this target", self.told(126, shell))

    def test_no_loader_and_old_libraries(self):
        self.assertIn("no dynamic loader", self.told(127, "/bin/sh: 1: x: not found"))
        self.assertIn("too old", self.told(1, "x: /lib64/libc.so.6: version `GLIBC_2.22' not found (required by x)"))
        text = self.told(127, "x: error while loading shared libraries: libmount.so.1: cannot open shared object file")
        self.assertIn("libmount.so.1", text)

    def test_a_signal(self):
        self.assertIn("signal 9", self.told(137, "Killed"))

    def test_shipped_architectures(self):
        with tempfile.TemporaryDirectory() as folder:
            self.assertEqual(native.shipped("ksm", folder + "/none"), [])
            for name in ("x86_64/ksm", "aarch64/ksm", "s390x/other"):
                path = pathlib.Path(folder, name)
                path.parent.mkdir()
                path.touch()
            self.assertEqual(native.shipped("ksm", folder), ["aarch64", "x86_64"])


if __name__ == "__main__":
    unittest.main()
