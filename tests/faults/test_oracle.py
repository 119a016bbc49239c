# SPDX-License-Identifier: MIT
"""Proof of the oracle: a sound company passes, and each invariant notices what it is there for."""

import copy
import pathlib
import re

import pytest

import oracle
from evidence import Usage
from ledger import digest, send_refused


@pytest.fixture(scope="module")
def sound():
    """Evidence of a company to which everything has happened once."""
    import harness
    import scenes

    made = []

    def make(**options):
        made.append(harness.World(**options))
        return made[-1]

    scene = scenes.Scene(make)
    try:
        people = scene.settled(4)
        scene.note_usage()
        scene.tell("update", people)
        scene.sender.drain()
        scene.world.quiet()
        scene.tell("update", people[:1])
        scene.tell("leave", people[1:2])
        scene.tell("revoke", people[2:3])
        scene.sender.drain()
        send_refused(scene.server, scene.ledger, "{}")
        yield scene.check(lower_limit=2)
    finally:
        scene.end()
        made[0].close()
        made[0].remove()


def first(calls, route):
    return next(call for call in calls if call["applied"] and call["route"].endswith(route))


def lose_an_event(one):
    del one.events[one.acked[0]["sha256"]]


def leave_an_event_unread(one):
    one.events[one.acked[0]["sha256"]] = "received"


def leave_somebody_dirty(one):
    one.employees[one.acked[0]["employee"]]["state"] = "dirty"


def double_a_user(one):
    one.users.append({**one.users[0], "id": "00uother"})


def link_twice(one):
    rows = list(one.employees.values())
    rows[0]["okta_id"] = rows[1]["okta_id"]


def unlink(one):
    list(one.employees.values())[0]["okta_id"] = ""


def keep_a_body_twice(one):
    one.doubled.append(one.acked[0]["sha256"])


def double_an_update(one):
    call = first(one.writes, "POST /api/v1/users/{id}")
    one.writes.insert(one.writes.index(call), dict(call))


def double_a_deactivation(one):
    one.writes.append(dict(first(one.writes, "/lifecycle/deactivate")))


def mail_twice(one):
    one.users[0]["activation_mails"] = 3


def open_a_leaver(one):
    next(user for user in one.users if user["status"] == "DEPROVISIONED")["status"] = "ACTIVE"


def open_a_revoked(one):
    next(user for user in one.users if user["status"] == "SUSPENDED")["status"] = "ACTIVE"


def an_old_phone(one):
    next(user for user in one.users if user["status"] == "ACTIVE")["profile"]["primaryPhone"] = "+44 0"


def go_back(one):
    call = first(one.writes, "POST /api/v1/users/{id}")
    old = copy.deepcopy(call)
    old["body"]["profile"]["primaryPhone"] = "+44 0"
    one.writes.append(old)


def change_before_create(one):
    one.writes.sort(key=lambda call: -call["seq"])


def lower_too_many(one):
    one.lower_limit = 1


def leak(one):
    one.leaks.append(("Okta token", "log"))


def break_the_chain(one):
    one.audit = (1, "record 7 was changed")


def an_effect_without_a_record(one):
    next(row for row in one.intents if row["kind"] == "update")["outcome"] = "not_sent"


def leave_an_intent_open(one):
    one.intents.append({**one.intents[-1], "outcome": "open", "kind": "sessions"})


def forget_an_outcome(one):
    one.trail.remove(next(record for record in one.trail if record["kind"] == "outcome"))


def an_action_outside_the_trail(one):
    number = one.intents[-1]["intent_id"]
    one.trail = [record for record in one.trail if record["meta"]["intent_id"] != number]


def corrupt(one):
    one.integrity = ["Tree 7 page 9: btreeInitPage() returns error code 11"]


def leak_descriptors(one):
    one.after = Usage(one.before.descriptors + 40, one.before.threads, one.before.rss_kib)


def leak_threads(one):
    one.after = Usage(one.before.descriptors, one.before.threads + 40, one.before.rss_kib)


def leak_memory(one):
    one.after = Usage(one.before.descriptors, one.before.threads, one.before.rss_kib + 10**6)


def be_gone(one):
    one.is_up = False


def crash(one):
    one.deaths = [(-11, "")]


def end_without_a_word(one):
    one.deaths = [(65, "")]


def accept_a_forgery(one):
    one.refused[0]["status"] = 200


def keep_a_forgery(one):
    one.events[one.refused[0]["sha256"]] = "accepted"


TAMPERING = [
    ("I1", lose_an_event), ("I1", leave_an_event_unread), ("I1", leave_somebody_dirty),
    ("I2", double_a_user), ("I2", link_twice), ("I2", unlink),
    ("I3", keep_a_body_twice), ("I3", double_an_update), ("I3", double_a_deactivation), ("I3", mail_twice),
    ("I4", open_a_leaver), ("I4", open_a_revoked), ("I4", an_old_phone),
    ("I5", go_back), ("I5", change_before_create), ("I6", lower_too_many), ("I7", leak),
    ("I8", break_the_chain), ("I8", an_effect_without_a_record), ("I8", leave_an_intent_open),
    ("I8", forget_an_outcome), ("I8", an_action_outside_the_trail), ("I9", corrupt),
    ("I10", leak_descriptors), ("I10", leak_threads), ("I10", leak_memory),
    ("I11", be_gone), ("I11", crash), ("I11", end_without_a_word),
    ("I12", accept_a_forgery), ("I12", keep_a_forgery),
]


def test_a_sound_company_passes(sound):
    assert oracle.judge(sound) == []
    assert len(sound.acked) >= 10 and digest("{}") == sound.refused[0]["sha256"]


@pytest.mark.parametrize("name,tamper", TAMPERING, ids=[f"{n}-{t.__name__}" for n, t in TAMPERING])
def test_each_invariant_notices(sound, name, tamper):
    one = copy.deepcopy(sound)
    tamper(one)
    assert name in {rule for rule, _ in oracle.judge(one)}


def test_every_invariant_is_tampered_with():
    rules = {rule.__name__.split("_")[0].upper() for rule in oracle.INVARIANTS}
    assert rules == {name for name, _ in TAMPERING} == {f"I{n}" for n in range(1, 13)}


HERE = pathlib.Path(__file__).parent
MARK = re.compile(r"@pytest\.mark\.fault\(([^)]*)\)\n(?:[@ \])(][^\n]*\n)*def (test_\w+)")


def test_the_table_of_proofs_is_that_of_the_marks():
    """docs/evidence.md names for each fault every test that is marked with it, and no test there is not."""
    text = (HERE.parents[1] / "docs/evidence.md").read_text().split("## Which test proves what")[1]
    table = dict(re.findall(r"^\| ([A-Z]-\d\d) \| (.*) \|$", text, re.M))
    for path in HERE.glob("test_*.py"):
        for ids, name in MARK.findall(path.read_text()):
            for entry in re.findall(r'"([DEOKBR]-\d\d)"', ids):
                assert f"`{name}`" in table.get(entry, ""), f"{entry} is proved by {name}, and the table does not say so"
    there = "".join(path.read_text() for room in ("faults", "e2e") for path in (HERE.parent / room).glob("test_*.py"))
    for name in re.findall(r"`(test_\w+)`", text):
        assert f"def {name}(" in there, f"there is no {name}"
