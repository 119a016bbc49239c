# SPDX-License-Identifier: MIT
"""The audit trail under faults: kills, a changed file, a full disk, settings that change midway."""

import json
import os
import random
import shutil
import sqlite3

import pytest

import harness
from audit_oracle import check_audit, check_pairs, heads_of, records, stop_and_read
from harness import day, event, wait_until
from sizes import size

PAST = -30
ACTIVE = {"okta_password_optional": True}
SEED = int(os.environ.get("SEED", "0")) or random.SystemRandom().randrange(1, 2**31)


def people_of(one, count):
    team = harness.team(one, count, **{"work.startDate": day(PAST)})
    harness.announce(one, team)
    return team


@pytest.mark.fault("I8")
def test_kills_leave_one_intent_and_one_outcome_each(world):
    print("SEED", SEED)
    rng = random.Random(SEED)
    one = world(sandbox_settings=ACTIVE)
    team = harness.team(one, 12)
    for n in range(size(6, 60)):
        for employee in rng.sample(team, 6):
            one.sandbox.update(employee, {"work.workPhone": f"+44 {n}"}, send=False)
            assert one.server.post_event(event(employee, n=f"{n}-{employee}")).status == 200
        rng.random() < 0.7 and one.sandbox.calls()  # a moment that is not always the same
        wait_until(lambda: one.okta_writes(), "work has begun")
        one.server.kill()
        one.server.start()
    one.quiet(60)
    pairs = check_audit(one)
    assert len(pairs) >= 12
    heads = heads_of(one.server.log())
    report = one.server.post("/audit/verify", {"heads": heads})
    assert report["finding"] == "whole" and report["heads_met"] == len(heads)


# ------------------------------------------------------------------ L-02: the file

def renumber(db, table, first, by):
    db.execute(f"UPDATE {table} SET seq = -(seq + {by}) WHERE seq >= {first}")
    db.execute(f"UPDATE {table} SET seq = -seq WHERE seq < 0")


def second_intent(path):
    """The record that is tampered with; what a start writes stands before it."""
    with sqlite3.connect(path) as db:
        rows = db.execute("SELECT seq FROM audit_records WHERE kind = 'intent'"
                          " AND meta LIKE '%create%' ORDER BY seq LIMIT 2").fetchall()
    db.close()
    return rows[1][0]


def change(db, at):
    db.execute("UPDATE audit_records SET meta = replace(meta, 'create', 'update')"
               f" WHERE seq = {at}")


def delete(db, at):
    db.execute(f"DELETE FROM audit_records WHERE seq = {at}")


def insert(db, at):
    for table in ("audit_records", "audit_payloads"):
        renumber(db, table, at, 1)
    db.execute(f"INSERT INTO audit_records SELECT {at}, at_ms, connection, kind, person, 'eve',"
               " origin, settings_version, meta, payload_mac, mac FROM audit_records"
               f" WHERE seq = {at - 1}")


def swap(db, at):
    for table in ("audit_records", "audit_payloads"):
        db.execute(f"UPDATE {table} SET seq = -{at} WHERE seq = {at}")
        db.execute(f"UPDATE {table} SET seq = {at} WHERE seq = {at + 2}")
        db.execute(f"UPDATE {table} SET seq = {at + 2} WHERE seq = -{at}")


def truncate(db, at):
    db.execute(f"DELETE FROM audit_records WHERE seq >= {at}")
    db.execute(f"DELETE FROM audit_payloads WHERE seq >= {at}")


MANIPULATIONS = [("changed", change), ("deleted", delete), ("inserted", insert),
                 ("swapped", swap), ("truncated", truncate)]


@pytest.mark.fault("L-02")
def test_each_manipulation_of_the_file_is_named(world):
    one = world(sandbox_settings=ACTIVE)
    people_of(one, 2)
    one.quiet()
    one.server.stop()
    older = one.directory / "older.db"
    shutil.copy(one.server.store, older)
    one.server.start()
    one.point_webhooks()
    people_of(one, 1)
    one.quiet()
    heads = stop_and_read(one)
    log = one.directory / "kept.log"
    log.write_text(one.server.log())
    key = one.server.store.parent / "master-key"

    def verify(path, *more):
        result = one.server.cli("audit", "verify", "--file", str(path), "--key-file", str(key),
                                "--json", *more)
        return result.returncode, json.loads(result.stdout)

    assert len(heads) >= 2
    status, report = verify(one.server.store, "--heads", str(log))
    assert status == 0 and report["heads_met"] == len(heads)
    at = second_intent(one.server.store)
    for finding, manipulate in MANIPULATIONS:
        copy = one.directory / f"{finding}.db"
        shutil.copy(one.server.store, copy)
        with sqlite3.connect(copy) as db:
            manipulate(db, at)
        db.close()
        status, report = verify(copy, "--head", heads[-1])
        assert (status, report["finding"], report["bad_seq"]) == (1, finding, at), report
    status, report = verify(older, "--heads", str(log))
    first = int(heads[0].split(":")[0])
    assert (status, report["finding"]) == (1, "rolled back") and report["bad_seq"] == first + 1
    # Without a head an older file is as good as a newer one, and the command says so.
    result = one.server.cli("audit", "verify", "--file", str(older), "--key-file", str(key))
    assert result.returncode == 0 and "no head was compared" in result.stdout


# ----------------------------------------------------------- L-03: the trail is full

@pytest.mark.fault("L-03")
def test_where_no_record_can_be_written_nothing_reaches_okta(world):
    one = world(sandbox_settings=ACTIVE)
    employee = one.hire_settled("Ada", "Audited", day(PAST))
    one.server.stop()
    with sqlite3.connect(one.server.store) as db:
        db.execute("CREATE TRIGGER no_room BEFORE INSERT ON audit_records"
                   " BEGIN SELECT RAISE(ABORT, 'no room'); END")
    db.close()
    one.server.start()
    one.point_webhooks()
    mark = one.sandbox.mark()
    one.sandbox.update(employee, {"work.workPhone": "+44 20 7"})
    people_of(one, 3)
    wait_until(lambda: one.server.status()["events"]["received"] == 0, "events are read")
    wait_until(lambda: (one.server.record(employee) or {}).get("last_run_at_ms", 0), "it was tried")
    wait_until(lambda: "no room" in one.server.log(), "a run has met the full trail")
    for path, body in (("/pause", {"revocations": True}), (f"/people/{employee}/hold", {}),
                       (f"/people/{employee}/close", {})):
        reply = one.server.ask("POST", "/api/v1" + path, body)
        assert reply.status >= 400, (path, reply)
    assert one.okta_writes(since=mark) == []
    assert one.server.holds() == [] and one.server.status()["pause"] is None
    one.server.stop()
    with sqlite3.connect(one.server.store) as db:
        db.execute("DROP TRIGGER no_room")
    db.close()
    one.server.start()
    one.point_webhooks()
    one.server.sync(employee)
    wait_until(lambda: "update" in one.okta_writes(since=mark), "with room it goes on")
    one.quiet(60)
    check_audit(one)


# ------------------------------------------------- O-17: settings change while it works

@pytest.mark.fault("O-17")
def test_each_effect_names_the_one_version_that_made_it(world):
    one = world(sandbox_settings=ACTIVE)
    team = people_of(one, size(12, 60))
    one.quiet(60)
    versions = {}
    for n in range(size(3, 12)):
        document = json.loads(json.dumps(one.server.document))
        document["connections"][0]["mapping"] = [{"okta": "division", "value": f"Division {n}"}]
        harness.announce(one, team, "employee.updated")
        one.server.write_settings(document)
        versions[one.server.post("/settings/reload", {"by": "grace"})["version"]] = f"Division {n}"
        one.sandbox.mark()
    harness.announce(one, team, "employee.joined")
    one.quiet(60)
    one.server.post("/sync", {})
    one.quiet(60)
    pairs = check_pairs(records(one))
    with sqlite3.connect(f"file:{one.server.store}?mode=ro", uri=True) as db:
        bodies = dict(db.execute("SELECT intent_id, body FROM intents WHERE body IS NOT NULL"))
    db.close()
    seen = set()
    for number, (intent, outcome) in pairs.items():
        division = json.loads(bodies.get(number, "{}")).get("division")
        if division is not None:
            assert versions[intent["settings_version"]] == division, (intent, division)
            assert outcome["settings_version"] == intent["settings_version"]
            seen.add(division)
    assert f"Division {len(versions) - 1}" in seen
