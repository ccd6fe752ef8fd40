#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""domain_numa on every document of domains/, as domains.yml asks for: as files, and through libvirt's QEMU driver on an
invented host of four nodes with eight CPUs each.

    corpus.py build/dev/bin/domain_numa [NAME…]

Check, apply, apply, check: the prediction is what comes true, the second run changes nothing, the domain has what was
asked, and every byte of the rest is as it was. What is refused leaves the document alone."""

import functools
import os
import shutil
import signal
import subprocess
import sys
import time
import xml.etree.ElementTree as ElementTree
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import yaml

import documents
import fake_host
from drivers import DOMAINS, SCHEMAS, TESTS, Embed, call, check, end, on_host, play, skip, words_of

WORKERS = 2
BOOK = yaml.safe_load((TESTS / "domains.yml").read_text(encoding="utf-8"))


class Story:
    """The checks of one document, told when it is over: several are played at once."""

    def __init__(self, name: str):
        self.name = name
        self.checks: list[tuple[bool, str]] = []

    def check(self, truth: object, text: str) -> bool:
        self.checks.append((bool(truth), f"{self.name}: {text}"))
        return bool(truth)

    def equal(self, found: object, wanted: object, text: str) -> bool:
        return self.check(found == wanted, f"{text}: wanted {wanted!r}, found {found!r}"[:1500])

    def tell(self) -> None:
        for truth, text in self.checks:
            check(truth, text)


def wishes_of(name: str, way: str) -> list[dict]:
    """Those that may be tried this way; `with` is filled in, `key` names it to a reader."""
    chosen = []
    for number, wish in enumerate(BOOK["domains"][name]["wishes"]):
        wish = {"wish": wish} if isinstance(wish, str) else dict(wish)
        if wish.get("only", way) == way:
            wish.setdefault("with", BOOK["wishes"].get(wish.get("wish"), {}))
            wish["key"] = f"{wish.get('wish', 'wish')} {number}"
            chosen.append(wish)
    return chosen


def name_in(document: bytes) -> str:
    return ElementTree.fromstring(document).findtext("name")


def no_secrets(story: Story, key: str, result: dict) -> None:
    told = [secret for secret in documents.SECRETS if secret in str(result)]
    story.equal(told, [], f"{key}: secrets in the result")


# -- what holds of every way ------------------------------------------------------------------------------------------

def play_wish(story: Story, wish: dict, file: Path, run) -> tuple[bytes | None, str]:
    """`run(checking, **arguments)` is a call of the module on the domain whose XML is in `file`. Gives what is in it at
    the end of a run that was to change something, and the diff that foretold it."""
    key, arguments = wish["key"], wish["with"]
    before, identity = file.read_bytes(), (file.stat().st_ino, file.stat().st_mtime_ns)

    def untouched(when: str) -> None:
        story.check(file.read_bytes() == before and (file.stat().st_ino, file.stat().st_mtime_ns) == identity,
                    f"{key}: the domain's XML after {when} is another")

    predicted = run(True, **arguments)
    untouched("check mode")
    no_secrets(story, key, predicted)
    done = run(False, **arguments)
    if "refused" in wish:
        untouched("a refused run")
        for mode, result in (("check mode", predicted), ("the run", done)):
            story.equal((result.get("failed"), result["changed"]), (True, False), f"{key}: {mode}: failed, changed")
            story.check(wish["refused"] in words_of(result),
                        f"{key}: {mode} says {wish['refused']!r}: found {words_of(result)!r}")
        return None, ""
    if not story.check(not done.get("failed"), f"{key}: failed: {words_of(done)}"):
        untouched("a failed run")
        return None, ""
    wanted = wish.get("changed", True)
    story.equal(done["changed"], wanted, f"{key}: changed")
    for part in ("changed", "diff", "xml_diff"):
        story.equal(done.get(part), predicted.get(part), f"{key}: {part} of the run as check mode foretold")
    no_secrets(story, key, done)
    after = file.read_bytes()
    story.equal(documents.missing(after, arguments), [], f"{key}: what the domain lacks")
    if not wanted:
        untouched("a run with nothing to do")
        story.equal((done.get("xml_diff"), predicted.get("xml_diff")), ("", ""), f"{key}: xml_diff")
    for mode, checking in (("a second run", False), ("check mode after it", True)):
        again = run(checking, **arguments)
        story.equal((again.get("failed", False), again["changed"], again.get("xml_diff")), (False, False, ""),
                    f"{key}: {mode}: failed, changed, xml_diff")
        outcomes = {one["outcome"] for one in again.get("virtbp", {}).get("fields", [])}
        story.check(outcomes <= {"same"}, f"{key}: outcomes in {mode}: {outcomes}")
        story.check(file.read_bytes() == after, f"{key}: the domain's XML after {mode} is another")
    return (after if wanted else None), predicted.get("xml_diff", "")


def diff_holds(story: Story, key: str, before: bytes, after: bytes, diff: str) -> None:
    """The unified diff, applied by hand, makes the one of the other. What it may not show is masked."""
    if any(secret.encode() in before for secret in documents.SECRETS):
        return
    try:
        story.check(documents.patched(before.decode(), diff) == after.decode(), f"{key}: xml_diff makes something else")
    except ValueError as error:
        story.check(False, f"{key}: xml_diff: {error}")


# -- files ------------------------------------------------------------------------------------------------------------

def play_file(executable: str, root: Path, name: str) -> Story:
    story = Story(f"file {name}")
    original = (DOMAINS / f"{name}.xml").read_bytes()
    for number, wish in enumerate(wishes_of(name, "xml")):
        file = root / f"{name}.{number}.xml"
        file.write_bytes(original)
        domain = BOOK["domains"][name].get("name") or name_in(original)

        def run(checking: bool, file: Path = file, domain: str = domain, **arguments: object) -> dict:
            return call(executable, checking=checking, root=root, xml=f"/{file.name}", domain=domain, **arguments)

        after, foretold = play_wish(story, wish, file, run)
        if after is None:
            continue
        key = wish["key"]
        diff_holds(story, key, original, after, foretold)
        rests = documents.rest(original), documents.rest(after)
        story.check(rests[0] == rests[1], f"{key}: the rest is another: "
                    f"{[pair for pair in zip(*rests) if pair[0] != pair[1]][:2]}, {len(rests[0])} and {len(rests[1])}")
        story.equal(b"\r\n" in after, b"\r\n" in original, f"{key}: Windows' line ends")
        # One with maxMemory cannot be without cells: its own fault, which state absent does not repeat.
        may_be_without = documents.is_without(original) and b"<maxMemory" not in original
        if may_be_without and documents.amounts(original) == documents.amounts(after):
            run(False, state="absent")
            gone = file.read_bytes()
            story.check(documents.rest(gone) == documents.rest(original) and documents.is_without(gone),
                        f"{key}: state absent does not give the document back: {lines_changed(original, gone)}")
            file.write_bytes(after)
    return story


def play_other_names(executable: str, root: Path) -> Story:
    """By UUID, to another file, and a file that holds another domain."""
    story = Story("file")
    original = (DOMAINS / "plain.xml").read_bytes()
    uuid = ElementTree.fromstring(original).findtext("uuid")
    source, target = root / "source.xml", root / "target.xml"
    source.write_bytes(original)
    wish = BOOK["wishes"]["all"]
    done = call(executable, root=root, xml="/source.xml", dest="/target.xml", domain=uuid.upper(), **wish)
    story.equal((done.get("failed"), done["changed"], source.read_bytes()), (None, True, original), "to another file")
    if story.check(target.exists(), f"to another file: there is none: {done['msg']}"):
        story.equal(documents.missing(target.read_bytes(), wish), [], "what the other file lacks")
    again = call(executable, root=root, xml="/source.xml", dest="/target.xml", domain=uuid, **wish)
    story.equal((again.get("failed"), again["changed"]), (None, False), "to another file, again")
    for what, arguments, words in (("another domain", {"xml": "/source.xml", "domain": "other"}, "plain"),
                                   ("no such file", {"xml": "/none.xml", "domain": "plain"}, "/none.xml"),
                                   ("a folder", {"xml": "/usr", "domain": "plain"}, "/usr"),
                                   ("no domain", {"xml": "/source.xml"}, "domain"),
                                   ("file and scope live", {"xml": "/source.xml", "domain": "plain", "scope": "live"},
                                    "scope"),
                                   ("file and URI", {"xml": "/source.xml", "uri": "test:///default", "domain": "plain"},
                                    "mutually exclusive")):
        for checking in (True, False):
            refused = call(executable, checking=checking, root=root, **arguments, **wish)
            story.check(refused.get("failed") and words in words_of(refused), f"{what}: {words_of(refused)}")
    story.equal(source.read_bytes(), original, "the file after refusals")
    (root / "link.xml").symlink_to("source.xml")
    done = call(executable, root=root, xml="/link.xml", domain="plain", **wish)
    story.check(done["changed"] and (root / "link.xml").is_symlink(), "a link stays one")
    story.equal(documents.missing(source.read_bytes(), wish), [], "what the file behind the link lacks")
    return story


# -- libvirt ----------------------------------------------------------------------------------------------------------

def define_all(names: list[str], driver: Embed) -> list[str]:
    """Defines the documents twice (libvirt's own form is stable after that), and compares with what domains.yml says
    about each. Gives those that there are now."""
    names = [name for name in names if not BOOK["domains"][name].get("crashes")]
    said = driver.virsh(*(f"define {DOMAINS / name}.xml" for name in names))
    for name, text in zip(names, said):
        wanted = BOOK["domains"][name].get("define")
        if wanted is None:
            check("error:" not in text, f"libvirt {name}: define: wanted success, found {text}")
        else:
            check("error:" in text and wanted in text, f"libvirt {name}: define: wanted {wanted}, found {text}")
    there = [name for name in names if BOOK["domains"][name].get("define") is None]
    for number, name in enumerate(there):
        shutil.copy(driver.stored(name_of(name)), driver.root / f"again-{number}.xml")
    driver.virsh(*(f"define {driver.root}/again-{number}.xml" for number in range(len(there))))
    return there


@functools.cache
def name_of(document: str) -> str:
    return name_in((DOMAINS / f"{document}.xml").read_bytes())


def play_domain(executable: str, driver: Embed, name: str, results: Path) -> Story:
    story = Story(f"libvirt {name}")
    file = driver.stored(name_of(name))

    def run(checking: bool, **arguments: object) -> dict:
        return call(executable, checking=checking, uri=driver.uri, domain=name_of(name), **arguments)

    wishes = wishes_of(name, "uri")
    for wish in wishes:
        if "refused" in wish:
            play_wish(story, wish, file, run)
        elif not wish.get("changed", True):
            before = file.read_bytes()
            done = run(False, **wish["with"])
            story.equal((done.get("failed"), done["changed"]), (None, False), f"{wish['key']}: failed, changed")
            story.check(file.read_bytes() == before, f"{wish['key']}: the stored XML is another")
    before = file.read_bytes()
    for wish in [one for one in wishes if "refused" not in one and one.get("changed", True)][:1]:
        after, _ = play_wish(story, wish, file, run)
        if after is None:
            continue
        story.check(documents.canonical_rest(before) == documents.canonical_rest(after),
                    f"{wish['key']}: the rest is another: {lines_changed(before, after)}")
        (results / f"uri-{name}.xml").write_bytes(after)
        was_without = documents.is_without(before.replace(b"placement='static'", b""))
        if was_without and documents.amounts(before) == documents.amounts(after):
            gone = run(False, state="absent")
            story.equal((gone.get("failed"), gone["changed"]), (None, True), f"{wish['key']}: state absent")
            story.check(file.read_bytes() == before, f"{wish['key']}: state absent does not give it back: "
                        f"{lines_changed(before, file.read_bytes())}")
    return story


def lines_changed(before: bytes, after: bytes) -> list[bytes]:
    old, new = before.splitlines(), after.splitlines()
    return [line for line in old if line not in new][:3] + [line for line in new if line not in old][:3]


def quiet(executable: str, driver: Embed) -> None:
    """Nothing on standard error, the driver's own words included."""
    done = subprocess.run([executable, "-"], input=f'{{"domain": "all", "uri": "{driver.uri}"}}', encoding="utf-8",
                          capture_output=True, check=False)
    check(done.stderr == "", f"standard error: {done.stderr[:300]}")


# -- the schema -------------------------------------------------------------------------------------------------------

def valid(files: list[Path]) -> set[Path]:
    said = subprocess.run(["xmllint", "--noout", "--nonet", "--relaxng", SCHEMAS / "domain.rng", *files],
                          capture_output=True, encoding="utf-8", check=False).stderr
    return {Path(line.removesuffix(" validates")) for line in said.splitlines() if line.endswith(" validates")}


def check_schema(names: list[str], root: Path) -> None:
    """What was valid is so still."""
    before = {path.stem for path in valid([DOMAINS / f"{name}.xml" for name in names])}
    after = sorted(root.glob("*.[0-9]*.xml")) + sorted(root.glob("uri-*.xml"))
    fine = valid(after)
    for path in after:
        name = path.stem.removeprefix("uri-").split(".")[0]
        if name in before or path.stem.startswith("uri-"):
            check(path in fine, f"{path.name} is not valid any more")


def corpus(executable: str, folder: Path) -> None:
    names = sys.argv[2:] or list(BOOK["domains"])
    check({path.stem for path in DOMAINS.glob("*.xml")} == set(BOOK["domains"]), "domains/ and domains.yml differ")
    root = folder / "root"
    shutil.copytree(SCHEMAS, root / SCHEMAS.relative_to("/"))
    started = time.monotonic()

    def tell(stories) -> None:
        for story in stories:
            story.tell()
            print(f"{story.name}: {len(story.checks)} checks", flush=True)

    with ThreadPoolExecutor(WORKERS) as pool:
        tell(pool.map(lambda name: play_file(executable, root, name), names))
    tell([play_other_names(executable, root)])
    print(f"files: {time.monotonic() - started:.0f} s", flush=True)
    if shutil.which("virsh") is None or os.environ.get("VIRTBP_FAKE_HOST") is None:
        skip("libvirt", "there is no virsh" if shutil.which("virsh") is None else "no invented host can be made here")
    else:
        parts = [names[number::WORKERS] for number in range(WORKERS)]
        drivers = [Embed(folder / f"embed-{number}") for number in range(WORKERS)]
        with ThreadPoolExecutor(WORKERS) as pool:
            there = list(pool.map(define_all, parts, drivers))

            def play_part(number: int) -> list[Story]:
                return [play_domain(executable, drivers[number], name, root) for name in there[number]]

            for stories in pool.map(play_part, range(WORKERS)):
                tell(stories)
        quiet(executable, drivers[0])
        print(f"all: {time.monotonic() - started:.0f} s", flush=True)
    check_schema(names, root)


def on_invented_host(program: list[str]) -> int:
    """This program again, where libvirt sees the invented host."""
    signal.signal(signal.SIGTERM, end)
    with fake_host.invented(fake_host.HOSTS["4x8-adjacent"]) as tree:
        variables = os.environ | {"VIRTBP_FAKE_HOST": "yes"}
        with subprocess.Popen(on_host(tree, program), env=variables) as process:
            try:
                return process.wait()
            except BaseException:
                process.terminate()
                raise


if __name__ == "__main__":
    if "VIRTBP_FAKE_HOST" not in os.environ and fake_host.why_not() is None:
        sys.exit(on_invented_host([sys.executable, *sys.argv]))
    sys.exit(play(("xmllint",), False, corpus))
