#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""domain_numa on files that somebody made to harm it:

    hostile.py build/dev/bin/domain_numa

Each is refused, or handled, within ten seconds and bounded memory; nothing is fetched from anywhere, and no file but
the named one is read for it."""

import contextlib
import json
import os
import resource
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import documents
from drivers import check, environment_for, equal, play, skip, words_of

SECONDS, MEBIBYTES = 10, 768  # a build with sanitizers may take five times as long
SECRET = "virtbp-root-of-all"
HEAD = "<domain type='qemu'><name>guest</name><memory unit='MiB'>512</memory><vcpu>4</vcpu>"
TAIL = "<os><type>hvm</type></os><devices/></domain>"
PINS = {"vcpupin": {"0": "1"}}
COMMENT = "<!--" + "x" * 1000 + "-->"


def document(inside: str = "", head: str = HEAD, before: str = "") -> bytes:
    return f"{before}{head}{inside}{TAIL}".encode()


def bomb(levels: int, width: int) -> str:
    entities = [f'<!ENTITY e{level} "{f"&e{level - 1};" * width}">' for level in range(1, levels)]
    return f"<!DOCTYPE domain [<!ENTITY e0 'ha'>{''.join(entities)}]>"


def cells(count: int) -> str:
    made = "".join(f"<cell id='{one}' cpus='{one}' memory='1024' unit='KiB'/>" for one in range(count))
    return f"<cpu><numa>{made}</numa></cpu>"


def refused(port: int) -> dict[str, tuple[bytes, str]]:
    """A file each, and what is said about it. No port is listened to that the file has not."""
    entity = "<description>&e9;</description>"
    outside = "<!DOCTYPE domain [<!ENTITY e9 SYSTEM '{}'>]>"
    http = f"http://127.0.0.1:{port}/domain"
    return {
        "entity bomb": (document(entity, before=bomb(10, 10)), "document type"),
        "entity bomb in an attribute": (
            document("<metadata><a b='&e9;'/></metadata>", before=bomb(10, 10)), "document type"),
        "large entity, used often": (
            document("&a;" * 50_000, before=f"<!DOCTYPE domain [<!ENTITY a '{'x' * 50_000}'>]>"), "document type"),
        "entity of itself": (document("&a;", before="<!DOCTYPE domain [<!ENTITY a '&a;'>]>"), "document type"),
        "external entity, file": (document(entity, before=outside.format("file:///etc/passwd")), "document type"),
        "external entity, path": (document(entity, before=outside.format("/etc/passwd")), "document type"),
        "external entity, http": (document(entity, before=outside.format(http)), "document type"),
        "external subset, http": (document(before=f"<!DOCTYPE domain SYSTEM '{http}.dtd'>"), "document type"),
        "external subset, file": (document(before="<!DOCTYPE domain SYSTEM 'file:///etc/passwd'>"), "document type"),
        "parameter entity": (
            document(before=f"<!DOCTYPE domain [<!ENTITY % p SYSTEM '{http}'> %p;]>"), "document type"),
        "unparsed entity": (document(before="<!DOCTYPE domain [<!NOTATION n SYSTEM 'n'>]>"), "document type"),
        "entity that nobody made": (document("<title>&passwd;</title>"), "passwd"),
        "50 MB of comments": (document(COMMENT * 50_000), "larger than"),
        "50 MB of text": (document("<description>" + "x" * 50_000_000 + "</description>"), "larger than"),
        "50 MB of blanks": (document() + b" " * 50_000_000, "larger than"),
        "50 MB that are no XML": (b"\xff" * 50_000_000, "larger than"),
        "invalid UTF-8": (document().replace(b"guest", b"gu\xffest"), "guest.xml"),
        "overlong UTF-8": (document().replace(b"guest", b"gu\xc0\xbcest"), "guest.xml"),
        "UTF-8 surrogate": (document().replace(b"guest", b"gu\xed\xa0\x80est"), "guest.xml"),
        "UTF-16": (document().decode().encode("utf-16"), "guest.xml"),
        "UTF-7": (document(before="<?xml version='1.0' encoding='UTF-7'?>"), "guest.xml"),
        "Latin 1": (
            document(before="<?xml version='1.0' encoding='ISO-8859-1'?>").replace(b"guest", b"g\xfcst"), "guest.xml"),
        "NUL in the name": (document().replace(b"guest", b"gu\0est"), "guest.xml"),
        "NUL after the end": (document() + b"\0", "guest.xml"),
        "NUL as a reference": (document().replace(b"guest", b"gu&#0;est"), "guest.xml"),
        "NULs": (b"\0" * 100_000, "guest.xml"),
        "deep": (document("<a>" * 100_000 + "</a>" * 100_000), "guest.xml"),
        "deep without end": (b"<domain>" * 1_000_000, "guest.xml"),
        "deep metadata": (document("<metadata>" + "<a>" * 300 + "</a>" * 300 + "</metadata>"), "guest.xml"),
        "empty": (b"", "guest.xml"),
        "blank": (b" \n", "guest.xml"),
        "cut": (document()[:-5], "guest.xml"),
        "two documents": (document() * 2, "guest.xml"),
        "attribute twice": (document("<cpu mode='custom' mode='custom'/>"), "guest.xml"),
        "another root": (b"<network><name>guest</name></network>", "network"),
        "another name space": (b"<domain xmlns='urn:other'><name>guest</name></domain>", "domain"),
        "a domain in a domain": (b"<domainsnapshot>" + document() + b"</domainsnapshot>", "domainsnapshot"),
        "name of another": (document(head=HEAD.replace("guest", "guest&lt;/name&gt;")), "guest"),
        "more vCPUs than numbers": (document(head=HEAD.replace(">4<", ">99999999999999999999<")), "vcpu"),
        "negative vCPUs": (document(head=HEAD.replace(">4<", ">-4<")), "vcpu"),
        "all CPUs there may be": (document("<cputune><vcpupin vcpu='0' cpuset='0-4294967295'/></cputune>"), "cpuset"),
        "list without end": (
            document(f"<cputune><vcpupin vcpu='0' cpuset='{'0,' * 1_000_000}0'/></cputune>"), "cpuset"),
        "vCPU below zero": (document("<cputune><vcpupin vcpu='-1' cpuset='0'/></cputune>"), "vcpu"),
        "cell below zero": (document("<cpu><numa><cell id='-1' cpus='0-3' memory='1'/></numa></cpu>"), "cell"),
        "cell of 2^31": (document("<cpu><numa><cell id='2147483648' cpus='0-3' memory='1'/></numa></cpu>"), "cell"),
        "memory that overflows": (document(
            "<cpu><numa><cell id='0' cpus='0-3' memory='9223372036854775807' unit='TiB'/></numa></cpu>"), "memory"),
        "memory whose sum overflows": (document("<cpu><numa>" + "".join(
            f"<cell id='{one}' cpus='{one}' memory='9007199254740991'/>" for one in range(4)) + "</numa></cpu>"),
            "memory"),
        "topology that overflows": (document(
            "<cpu><topology sockets='2147483647' dies='2147483647' cores='2147483647'/></cpu>"), "topology"),
        "distance of nobody": (document("<cpu><numa><cell id='0' cpus='0-3' memory='524288'><distances>"
                                        "<sibling id='2147483647' value='20'/></distances></cell></numa></cpu>"),
                               "distances"),
    }


def handled() -> dict[str, bytes]:
    """Odd, but no reason to refuse."""
    many = HEAD.replace(">4<", ">10000<")
    pins = "".join(f"<vcpupin vcpu='{one}' cpuset='{one % 4096}'/>" for one in range(10_000))
    return {
        "10,000 vCPUs with 10,000 pins": document(f"<cputune>{pins}</cputune>", head=many),
        "10,000 comments": document("<!-- a -->" * 10_000),
        "8 MB of metadata": document(f"<metadata><a xmlns='urn:a'>{'x' * 8_000_000}</a></metadata>"),
        "100,000 elements of metadata": document(f"<metadata><a xmlns='urn:a'>{'<a/>' * 100_000}</a></metadata>"),
        "a prefix without a name space": document("<a:b/>"),
        "200 levels": document("<metadata>" + "<a xmlns='urn:a'>" * 200 + "</a>" * 200 + "</metadata>"),
        "512 cells": document(cells(512), head=HEAD.replace(">4<", ">512<")),
        "XInclude": document("<metadata><i:include xmlns:i='http://www.w3.org/2001/XInclude' parse='text' "
                             "href='file:///etc/passwd'/></metadata>"),
        "style sheet": document(before="<?xml-stylesheet href='file:///etc/passwd' type='text/xsl'?>"),
        "schema's place": document("<metadata><a xmlns='urn:a' xmlns:x='http://www.w3.org/2001/XMLSchema-instance' "
                                   "x:schemaLocation='urn:a file:///etc/passwd'/></metadata>"),
        "byte order mark": b"\xef\xbb\xbf" + document(),
        "markup in texts": document("<title>]]&gt;&lt;/title&gt;&lt;numatune&gt;</title><description><![CDATA[</domain>"
                                    "<vcpu>9</vcpu>]]></description><metadata><a xmlns='urn:&lt;&amp;\"'/></metadata>"),
    }


class Runner:
    def __init__(self, executable: str, folder: Path):
        self.executable, self.root = executable, folder
        self.file = folder / "guest.xml"
        self.seconds = SECONDS * (5 if environment_for(executable, False) else 1)
        self.traces = shutil.which("strace") is not None
        (folder / "etc").mkdir()
        (folder / "etc/passwd").write_text(f"{SECRET}:x:0:0::/:/bin/sh\n", encoding="ascii")

    def call(self, what: str, checking: bool, traced: bool = False, **arguments: object) -> dict:
        """The result, once it is seen that it came in time, in bounded memory, and with nothing fetched."""
        log = self.root.parent / "trace"
        command = [self.executable, "--root", str(self.root), "-"]
        environment = dict(os.environ)
        if traced:
            command = ["strace", "-f", "-qq", "-e", "trace=network,open,openat,openat2", "-o", str(log), *command]
            environment["ASAN_OPTIONS"] = environment.get("ASAN_OPTIONS", "") + ":detect_leaks=0"  # it traces, too
        given = {"domain": "guest", "xml": "/guest.xml", "_ansible_check_mode": checking} | arguments
        started = time.monotonic()
        with contextlib.ExitStack() as files:
            wish, output, errors = (files.enter_context(tempfile.TemporaryFile()) for _ in range(3))
            wish.write(json.dumps(given).encode())
            wish.seek(0)
            process = subprocess.Popen(command, stdin=wish, stdout=output, stderr=errors, env=environment)
            limit = threading.Timer(self.seconds * 6, process.kill)
            limit.start()
            _, status, usage = os.wait4(process.pid, 0)
            limit.cancel()
            process.returncode = os.waitstatus_to_exitcode(status)
            output.seek(0)
            errors.seek(0)
            said, complaint = output.read(), errors.read()
        took = time.monotonic() - started
        check(took < self.seconds, f"{what}: took {took:.1f} s")
        if not traced:
            check(usage.ru_maxrss < MEBIBYTES * 1024, f"{what}: took {usage.ru_maxrss // 1024} MiB")
        equal(complaint[:500], b"", f"{what}: standard error")
        check(SECRET.encode() not in said, f"{what}: the result tells what /etc/passwd holds")
        if traced:
            calls = log.read_text(encoding="utf-8", errors="replace")
            check("connect(" not in calls and "socket(" not in calls, f"{what}: a connection is tried")
            check("etc/passwd" not in calls, f"{what}: /etc/passwd is opened")
        try:
            result = json.loads(said)
        except ValueError:
            check(False, f"{what}: status {process.returncode}, no JSON: {said[:300]!r}")
            return {"failed": True, "changed": False, "msg": ""}
        check(len(result["msg"]) < 2000, f"{what}: a message of {len(result['msg'])} characters")
        return result


def play_refused(runner: Runner) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        for what, (text, words) in refused(closed.getsockname()[1]).items():
            runner.file.write_bytes(text)
            for checking in (True, False):
                traced = runner.traces and not checking and len(text) < 10_000_000
                result = runner.call(what, checking, traced, **PINS)
                equal((result.get("failed"), result["changed"]), (True, False), f"{what}: failed, changed")
                check(words in words_of(result), f"{what}: says {words!r}: found {words_of(result)[:300]!r}")
            check(runner.file.read_bytes() == text, f"{what}: the file is another")
            print(f"{what}: {result['msg'][:150]}", flush=True)


def play_handled(runner: Runner) -> None:
    for what, text in handled().items():
        runner.file.write_bytes(text)
        wish = {"vcpupin": {"9999": "7"}} if "10,000 vCPUs" in what else PINS
        if what == "512 cells":
            wish = wish | {"cells": [{"cpus": str(one), "memory": "1 MiB"} for one in range(512)]}
        predicted = runner.call(what, True, **wish)
        check(runner.file.read_bytes() == text, f"{what}: the file after check mode")
        result = runner.call(what, False, runner.traces, **wish)
        if not check(not result.get("failed"), f"{what}: {words_of(result)[:300]}"):
            continue
        equal((result["changed"], predicted["changed"]), (True, True), f"{what}: changed")
        check(result["diff"] == predicted["diff"], f"{what}: the diff as check mode foretold")
        after = runner.file.read_bytes()
        check(SECRET.encode() not in after, f"{what}: the file holds what /etc/passwd does")
        check(documents.rest(after.removeprefix(b"\xef\xbb\xbf")) == documents.rest(text.removeprefix(b"\xef\xbb\xbf")),
              f"{what}: the rest is another")
        again = runner.call(what, False, **wish)
        equal((again.get("failed"), again["changed"]), (None, False), f"{what}: the second run: failed, changed")
        print(f"{what}: {result['msg'][:150]}", flush=True)


def play_arguments(runner: Runner) -> None:
    """Names and wishes with markup: data, never XML."""
    text = document(head=HEAD.replace("guest", "&lt;b&gt; &amp; &quot;it&apos;s&quot;"))
    runner.file.write_bytes(text)
    done = runner.call("markup in the name", False, domain="<b> & \"it's\"", **PINS)
    equal((done.get("failed"), done["changed"]), (None, True), "markup in the name: failed, changed")
    for what, wish in {"markup in a pin": {"vcpupin": {"0": "0'/><evil a='"}},
                       "markup in a nodeset": {"numatune": {"mode": "strict", "nodeset": "0'/><x a='"}},
                       "markup in memory": {"cells": [{"cpus": "0-3", "memory": "512 MiB'/>"}]},
                       "a million pins": {"vcpupin": {str(one): "0" for one in range(200_000)}},
                       "a cell for every number": {"cells": [{"cpus": "0", "memory": "1 MiB"}] * 20_000},
                       "memory that overflows": {"cells": [{"cpus": "0-3", "memory": "16777216 TiB"}]},
                       "a list without end": {"emulatorpin": "0," * 500_000},
                       "a CPU beyond all": {"emulatorpin": "0-99999999999"}}.items():
        runner.file.write_bytes(document())
        for checking in (True, False):
            result = runner.call(what, checking, **wish)
            equal((result.get("failed"), result["changed"]), (True, False), f"{what}: failed, changed")
        check(runner.file.read_bytes() == document(), f"{what}: the file is another")


def play_files(runner: Runner) -> None:
    """What is no file, and links that lead out of the root."""
    def fails(what: str, words: str) -> None:
        for checking in (True, False):
            result = runner.call(what, checking, **PINS)
            check(result.get("failed") and words in result["msg"], f"{what}: {result['msg']}")

    runner.file.unlink()
    os.mkfifo(runner.file)
    fails("a pipe", "/guest.xml")
    runner.file.unlink()
    outside = runner.root.parent / "outside.xml"
    outside.write_bytes(document())
    runner.file.symlink_to(f"../../../../../../../../..{outside}")
    fails("a link that leads out", "/guest.xml")
    equal(outside.read_bytes(), document(), "the file outside")
    runner.file.unlink()
    runner.file.symlink_to("guest.xml")
    fails("a link to itself", "/guest.xml")
    runner.file.unlink()


def hostile(executable: str, folder: Path) -> None:
    root = folder / "root"
    root.mkdir()
    runner = Runner(executable, root)
    if not runner.traces:
        skip("system calls", "strace is not installed")
    for part in (play_refused, play_handled, play_arguments, play_files):
        part(runner)
    print(f"peak memory of all: {resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024} MiB", flush=True)


if __name__ == "__main__":
    sys.exit(play((), False, hostile))
