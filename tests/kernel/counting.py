# SPDX-License-Identifier: GPL-3.0-or-later
"""What was checked: failures and skips are printed when they happen, the counts at the end by who counted."""

counts = {"passed": 0, "failed": 0, "skipped": 0}


def check(truth: object, text: str) -> bool:
    counts["passed" if truth else "failed"] += 1
    if not truth:
        print(f"FAILED: {text}", flush=True)
    return bool(truth)


def equal(found: object, wanted: object, text: str) -> bool:
    return check(found == wanted, f"{text}: wanted {wanted!r}, found {found!r}")


def skip(what: str, reason: str) -> None:
    counts["skipped"] += 1
    print(f"skipped: {what}: {reason}", flush=True)
