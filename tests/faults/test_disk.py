# SPDX-License-Identifier: MIT
"""D-06 (I/O errors), D-07 (no space), D-09 (a corrupt file), D-12 (two processes on one file)."""

import os
import random
import re
import shutil
import time

import pytest

import harness
import oracle
import scenes
from harness import wait_until
from sizes import size

SEED = int(os.environ.get("SEED", "0")) or random.SystemRandom().randrange(1, 2**31)
SYNCS = "fdatasync,fsync"


@pytest.mark.fault("D-06")
@pytest.mark.parametrize("call,when", [
    ("fdatasync", "1"), ("fdatasync", "1+"), ("fdatasync", "2"), ("pwrite64", "1"), ("pwrite64", "1+"),
    ("pwrite64", "3"),
])
def test_an_io_error_ends_the_process_on_purpose(scene, call, when, tmp_path):
    """No 200 for that event, a named exit status, and no second try of a fsync."""
    one = scene(threads=2)
    people = one.settled(2)
    trace = tmp_path / "trace"
    strace = scenes.Strace(one, f"{call}:error=EIO:when={when}", trace=f"pwrite64,{SYNCS}", output=trace)
    acked = len(one.ledger.acked)
    one.tell("update", people[:1])
    status, words = one.wait_death()
    strace.detach()
    assert status == 74 and "the disk failed while the store was written" in words
    if when.startswith("1"):
        assert len(one.ledger.acked) == acked
    lines = trace.read_text().splitlines()
    failed = next(n for n, line in enumerate(lines) if "(INJECTED)" in line)
    if call == "fdatasync":
        later = [line for line in lines[failed + 1:] if re.search(r"f(data)?sync\(", line)]
        assert later == [], "a fsync was tried again"
    one.start()
    one.sender.drain()
    one.check()


def came_back(one):
    """Goes on by itself soon. True when it could not: strace that lets go in the middle of
    a call it was to fail leaves ENOSYS behind, which is an error of the disk like any other."""
    wait_until(lambda: one.sender.waiting() == 0 or not one.server.program.is_running(), "on again")
    if one.server.program.is_running():
        return False
    assert one.note_death()[0] == 74
    one.start()
    one.sender.drain()
    return True


@pytest.mark.fault("D-07")
@pytest.mark.parametrize("error", ["ENOSPC", "EDQUOT"])
def test_no_space_at_any_write(scene, error):
    """503 while there is none, nothing acknowledged is lost, on again without a restart."""
    one = scene(threads=2)
    people = one.settled(2)
    refused = deaths = 0
    for n in range(1, size(12, 60), size(4, 1)):
        strace = scenes.Strace(one, f"pwrite64:error={error}:when={n}+")
        one.tell("update", people)
        end = time.monotonic() + 0.4
        while time.monotonic() < end and one.sender.waiting():
            time.sleep(0.01)
        refused += one.sender.waiting() > 0
        strace.detach()
        deaths += came_back(one)
    assert refused > 0 and deaths <= refused / 4
    print(f"{refused} times without space, {deaths} of them ended by strace")
    one.check()


@pytest.mark.fault("D-12")
def test_a_second_process_leaves_the_first_alone(scene):
    one = scene(threads=2)
    people = one.settled(2)
    second = harness.Program("second", [*one.server.program.argv], one.world.directory)
    second.start()
    assert second.wait_exit() == 1
    assert "another process uses the store" in second.output("err")
    one.tell("update", people)
    one.sender.drain()
    one.check()


# ----------------------------------------------------------------- corruption

PAGE = 4096


class Copy:
    """The store's directory as it was, put back before each case."""

    def __init__(self, one):
        self.one = one
        self.directory = one.server.store.parent
        self.kept = one.world.directory / "kept"
        shutil.copytree(self.directory, self.kept)

    def restore(self):
        shutil.rmtree(self.directory)
        shutil.copytree(self.kept, self.directory)


def flip(path, offset, bit):
    with open(path, "r+b") as file:
        file.seek(offset)
        byte = file.read(1)[0]
        file.seek(offset)
        file.write(bytes([byte ^ 1 << bit]))


def lives_with_it(one, people):
    """Starts on the damaged file, and updates everybody. What became of it, in a word."""
    mark = one.sandbox.mark()
    logins = {user["id"]: user["login"] for user in one.sandbox.users()}
    word = "unharmed"
    if not one.try_start():
        status, words = one.deaths.pop()
        assert status == 1 and "not started" in words and "backup" in words, (status, words)
        return "refused to start"
    ids = {person.id: person.login for person in people}
    for person in people:
        body = one.company.update(person)
        if one.sender.try_once(harness.json.dumps(body)) != 200:
            word = "refused events"
    try:
        wait_until(lambda: not one.server.program.is_running() or is_quiet(one), "quiet or dead", 3)
    except harness.Timeout:
        word = "did not get quiet"
    if not one.server.program.is_running():
        status, words = one.note_death()
        one.deaths.pop()
        assert status in oracle.NAMED_EXITS and "backup" in words, (status, words)
        word = "stopped"
    one.server.kill()
    assert "Sanitizer" not in one.server.program.output("err")
    check_nobody_else(one, mark, logins, ids)
    return word


def is_quiet(one):
    try:
        one.world.quiet(0.05 / harness.SLOW)
        return True
    except (AssertionError, OSError, harness.http.client.HTTPException, KeyError):
        return False


def check_nobody_else(one, mark, logins, ids):
    """Never a wrong employee acted on: only the phone of whose phone it is."""
    for call in one.sandbox.calls(mark, system="okta", writes="1"):
        name = harness.short(call)
        assert name == "update", f"{name} out of a damaged file: {call}"
        profile = call["body"]["profile"]
        owner = next(e for e, login in ids.items() if login == logins[call["user_id"]])
        phone = one.sandbox.employee(owner)["fields"]["work.workPhone"]
        assert profile.get("primaryPhone", phone) == phone, call


@pytest.mark.fault("D-09")
def test_flipped_bits(scene):
    print(f"SEED={SEED}")
    rng = random.Random(SEED)
    one = scene(threads=2)
    people = one.settled(5)
    one.server.stop()
    copy = Copy(one)
    pages = one.server.store.stat().st_size // PAGE
    words = {}
    for page in range(0, pages, size(max(1, pages // 12), 1)):
        for _ in range(size(1, 3)):
            copy.restore()
            flip(one.server.store, page * PAGE + rng.randrange(PAGE), rng.randrange(8))
            word = lives_with_it(one, people)
            words[word] = words.get(word, 0) + 1
    print(f"{pages} pages: {words}")


def cut_half(store, _):
    with open(store, "r+b") as file:
        file.truncate(store.stat().st_size // 2)


def cut_odd(store, _):
    with open(store, "r+b") as file:
        file.truncate(store.stat().st_size - 1000)


def cut_all(store, _):
    with open(store, "r+b") as file:
        file.truncate(10)


def no_log(store, _):
    os.unlink(f"{store}-wal")


def another_log(store, other):
    shutil.copy(other, f"{store}-wal")


def overwrite_page(store, _):
    with open(store, "r+b") as file:
        file.seek(PAGE)
        file.write(b"\xa5" * PAGE)


@pytest.mark.fault("D-09")
@pytest.mark.parametrize("damage", [cut_half, cut_odd, cut_all, overwrite_page, no_log, another_log])
def test_damaged_files(scene, damage):
    """Truncated, overwritten, without its log, with another file's log."""
    one, other = scene(threads=2), scene(threads=2, prefix="Other")
    people = one.settled(3)
    other.settled(3)
    other.server.kill()
    one.server.kill() if damage in (no_log, another_log) else one.server.stop()
    Copy(one)
    damage(one.server.store, f"{other.server.store}-wal")
    word = lives_with_it(one, people)
    print(f"{damage.__name__}: {word}")
    other.start()
    if damage in (cut_half, cut_odd, cut_all, overwrite_page):
        assert word != "unharmed"
