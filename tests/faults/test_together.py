# SPDX-License-Identifier: MIT
"""Where the parts meet: the trail and every deed, alarms and what others find, the brake and what
was taken back, a backup and its keys, deliveries and the estimate."""

import json
import sqlite3

import pytest

import harness
import hooks
from audit_oracle import records
from harness import day, event, wait_until
from test_undo import backup, restart_on, restore, swept

ACTIVE = {"okta_password_optional": True}
PAST = -30
NOBODY = {**harness.wide_limits(), "lower": {"per_hour": 0}}


@pytest.fixture
def hook():
    made = hooks.Hook()
    yield made
    made.close()


def change_store(one, *statements):
    """Somebody else's hand in the file, while nobody has it."""
    one.server.stop()
    with sqlite3.connect(one.server.store) as db:
        for statement in statements:
            db.execute(statement)
    db.close()


def action_of(one, employee, kind):
    return next(a["intent_id"] for a in one.server.person(employee)["actions"]
                if a["kind"] == kind)


# ----------------------------------------------------------------------- the trail

def deeds(one, held, undoable, unusable):
    """Route, body, kind of the record, how many."""
    yield f"/actions/{undoable}/undo", {}, "undo", 1
    yield "/backup", {}, "backup", 1
    yield "/alarms/ack", {"alarm": "brake", "subject": held[0]}, "alarm", 1
    yield "/alarms/ack", {"alarm": "brake"}, "alarm", 1
    yield "/secrets/bob.webhook_secret", {"value": "one-secret-of-bob"}, "secret", 1
    yield "/secrets/bob.webhook_secret/remove", {}, "secret", 1
    yield "/keys/rotate", {}, "keys", 1
    yield "/keys/rotate", {"finish": True}, "keys", 1
    yield "/plan/approve", {"day": day(30), "limit": "lower", "employee_ids": held[:1]}, "approve", 1
    yield "/holds/reject", {"employee_id": held[0]}, "reject", 1
    yield "/holds/release", {"employee_id": held[1]}, "release", 1
    yield "/holds/release", {"all": True, "limit": "lower"}, "release", len(held) - 2
    yield "/retry", {"event_id": unusable}, "retry", 1
    yield f"/people/{held[0]}/erase", {"although": "asked for"}, "erase", 1


@pytest.mark.fault("L-03", "I8")
def secrets_of(one):
    """But when each worked last, which goes on by itself."""
    return [{key: value for key, value in secret.items() if key != "success_at_ms"}
            for secret in one.server.get("/secrets")["secrets"]]


def test_every_deed_is_its_record_and_without_it_nothing(world):
    one = world(sandbox_settings=ACTIVE, limits=NOBODY)
    changed = one.hire_settled("Uma", "Undone", day(PAST))
    one.sandbox.update(changed, {"work.workPhone": "+44 1"})
    held = [one.hire_settled(name, "Held", day(PAST)) for name in ("Ada", "Bea", "Cleo", "Dora")]
    for employee in held:
        one.sandbox.life(employee, "terminate", at=day(0))
    one.quiet()
    assert len(one.server.holds(kind="limit")) == 4
    assert len(records(one, kind="brake")) == 1, "the brake is tripped once"
    wait_until(lambda: len(one.server.alarms("brake")) == 4, "the brake is an alarm")
    assert one.server.post_event({"companyId": harness.COMPANY_ID, "type": "employee.updated"}
                                 ).status == 200
    unusable = wait_until(lambda: [e["event_id"] for e in one.server.get("/events")["events"]
                                   if e["state"] == "unusable"], "one that cannot be read")[0]
    undoable = action_of(one, changed, "update")
    all_deeds = list(deeds(one, held, undoable, unusable))

    change_store(one, "CREATE TRIGGER no_room BEFORE INSERT ON audit_records"
                      " BEGIN SELECT RAISE(ABORT, 'no room'); END")
    one.server.start()
    since = one.sandbox.mark()
    before = secrets_of(one), one.server.get("/keys")["versions"]
    for path, body, kind, _ in all_deeds:
        reply = one.server.ask("POST", "/api/v1" + path, {**body, "by": "grace"})
        is_nothing = kind == "keys" and "finish" in body  # there is nothing to finish
        assert reply.status >= 400 or is_nothing, (path, reply)
    assert one.okta_writes(since) == []
    assert len([h for h in one.server.holds(kind="limit") if not h["is_rejected"]]) == 4
    assert one.server.hold_kinds(changed) == []
    assert [a["acknowledged_by"] for a in one.server.alarms("brake")] == [""] * 4
    assert secrets_of(one) == before[0]
    assert one.server.get("/plan/approvals")["approvals"] == []

    change_store(one, "DROP TRIGGER no_room")
    one.server.start()
    wait_until(lambda: one.server.status()["okta"]["state"] == "ok", "Okta was asked")
    for path, body, kind, count in all_deeds:
        last = records(one)[-1]["seq"]
        reply = one.server.ask("POST", "/api/v1" + path, {**body, "by": "grace"})
        assert reply.status < 300, (path, reply)
        fresh = [r for r in records(one) if r["seq"] > last and r["who"] == "grace"
                 and r["kind"] not in ("intent", "outcome", "hold")]
        assert [r["kind"] for r in fresh] == [kind] * count, (path, fresh)
        assert {r["origin"] for r in fresh} == {"127.0.0.1"}
        one.quiet(60)
    assert one.server.post("/audit/verify", {})["finding"] == "whole"


# ---------------------------------------------------------------------- the alarms

def tell(one, hook):
    one.server.write_settings({
        **one.server.document, "alarms": {"targets": [{"name": "ops", "webhook": hook.url}]}})


def told(hook, alarm, state="opened"):
    return wait_until(lambda: hook.entries(alarm, state), f"{alarm} is told: {state}", 60)


def test_what_a_start_finds_is_told(world, hook):
    """A break of the trail, a copy in the store's place, an event that nobody reads."""
    one = world(start=False, sandbox_settings=ACTIVE)
    tell(one, hook)
    one.start()
    one.hire_settled("Ada", "Together", day(PAST))
    copy = backup(one)
    assert one.server.alarms("restored") == one.server.alarms("audit_broken") == []
    restart_on(one, copy)
    (entry, *_) = told(hook, "restored")
    assert (entry["severity"], entry["connection"], entry["subjects"]) == ("warning", "", [])
    assert len(records(one, kind="restore")) == 1
    assert len([r for r in records(one, kind="brake")]) == 1, "the full windows, once"
    change_store(one, "UPDATE events SET state = 'unusable', crashes = 3 WHERE event_id ="
                      " (SELECT max(event_id) FROM events)",
                 "UPDATE audit_records SET who = 'nobody' WHERE seq = 2")
    one.server.start()
    (entry, *_) = told(hook, "audit_broken")
    assert (entry["severity"], entry["count"]) == ("critical", 1)
    assert told(hook, "event_aside")[0]["severity"] == "critical"
    (aside,) = one.server.status()["events_aside"]
    assert one.server.post("/retry", {"event_id": aside})["event_id"] == aside
    told(hook, "event_aside", "resolved")


STORED = {"stored": True}


def take_from_store(connection):
    connection["okta"]["api_token"] = STORED
    connection["bob"]["webhook_secrets"] = [STORED]


def test_a_secret_that_is_missing_is_told(world, hook):
    """Never entered, and cleared because the settings name another host (S-03, U-02)."""
    one = world(start=False, change=take_from_store)
    tell(one, hook)
    one.start()
    assert told(hook, "parked")[0]["subjects"] == ["okta"]
    assert told(hook, "webhook_secret")[0]["severity"] == "critical"
    for name, value in (("okta.api_token", one.sandbox.get("/settings")["okta_token"]),
                        ("bob.webhook_secret", harness.SECRET)):
        done = one.server.cli("secret", "set", name, stdin=value)
        assert done.returncode == 0, done.stderr
    told(hook, "parked", "resolved")
    told(hook, "webhook_secret", "resolved")
    document = json.loads(json.dumps(one.server.document))
    url = document["connections"][0]["okta"]["base_url"]
    document["connections"][0]["okta"]["base_url"] = url.replace("127.0.0.1", "localhost")
    one.server.write_settings(document)
    assert one.server.post("/settings/reload", {"by": "grace"})["version"]
    wait_until(lambda: len(hook.entries("parked", "opened")) == 2, "told again", 60)
    assert any("cleared" in json.dumps(r["payload"]) for r in records(one, kind="secret") if r["who"] == "server")


# ----------------------------------------------------------------------- the brake

def aside(one, employee):
    """As three ends of the process leave somebody; make the file say so."""
    change_store(one, "INSERT INTO holds (connection, employee_id, kind, cause, [by], since_ms)"
                      f" VALUES ('default', '{employee}', 'crash', 'ended it', 'server', 1)")
    one.server.start()
    one.point_webhooks()


def test_all_means_questions_and_no_word_of_an_administrator(world):
    one = world(sandbox_settings=ACTIVE, limits={**NOBODY, "raise": {"per_hour": 0}})
    ada, bea, cleo = (one.hire_settled(name, "Held", day(PAST)) for name in ("Ada", "Bea", "Cleo"))
    one.sandbox.update(cleo, {"work.workPhone": "+44 1"})
    one.quiet()
    one.server.post("/people/%s/hold" % bea, {"why": "a holiday"})
    one.server.post("/actions/%d/undo" % action_of(one, cleo, "update"), {})
    for employee in (ada, cleo):
        one.sandbox.life(employee, "terminate", at=day(0))
    one.quiet()
    aside(one, ada)
    one.quiet(30)
    assert sorted(one.server.hold_kinds(ada)) == ["crash", "limit"]
    assert one.server.hold_kinds(bea) == ["human"] and one.server.hold_kinds(cleo) == ["undo"]
    shown = one.server.cli("held").stdout
    assert shown.count(ada) == 2, "both of its holds"

    since = one.sandbox.mark()
    assert one.server.post("/holds/reject", {"all": True, "kind": "domain"})["rejected"] == 0
    assert one.server.post("/holds/release", {"all": True})["released"] == 1
    # What the limit held may pass now, and whoever ended the process does not all the same.
    assert one.server.hold_kinds(ada) == ["crash"]
    assert one.server.hold_kinds(bea) == ["human"] and one.server.hold_kinds(cleo) == ["undo"]
    assert one.server.record(ada)["state"] == "dirty", "marked, and nobody works on it"
    assert one.okta_writes(since) == []
    assert one.server.post("/holds/release", {"all": True, "kind": "crash"})["released"] == 1
    wait_until(lambda: one.status_of("ada.held@example.com") == "DEPROVISIONED", "let go by kind")
    one.quiet(30)
    assert one.server.hold_kinds(bea) == ["human"] and one.server.hold_kinds(cleo) == ["undo"]


def test_an_undo_that_opens_an_account_counts(world):
    one = world(sandbox_settings=ACTIVE, limits={
        **harness.wide_limits(), "raise": {"per_hour": 1}})
    people = [one.hire_settled(name, "Back", day(PAST)) for name in ("Ada", "Bea")]
    for employee in people:
        one.sandbox.life(employee, "terminate", at=day(0))
    one.quiet()

    def used():
        (limit,) = [x for x in one.server.status()["limits"] if x["limit"] == "raise"]
        return limit["windows"][0]["used"]

    before = used()
    one.server.post("/actions/%d/undo" % action_of(one, people[0], "deactivate"), {})
    wait_until(lambda: one.status_of("ada.back@example.com") == "ACTIVE", "taken back")
    assert used() == before + 1
    # A human's own word is not held; the next one of the server's is.
    since = one.sandbox.mark()
    one.sandbox.life(people[1], "rehire", at=day(0))
    one.quiet(30)
    assert one.server.hold_kinds(people[1]) == ["limit"]
    assert one.okta_writes(since) == []


# ---------------------------------------------------------------------- the backup

def test_a_backup_needs_the_keys_of_its_time(world):
    """Verified with the key file of its time; after keys were removed it says which are missing."""
    one = world(sandbox_settings=ACTIVE)
    employee = one.hire_settled("Ada", "Kept", day(PAST))
    copy = backup(one)
    key = one.server.store.parent / "master-key"
    old = one.directory / "master-key.old"
    old.write_bytes(key.read_bytes())
    old.chmod(0o600)

    def verify(keys):
        return one.server.cli("audit", "verify", "--file", str(copy), "--key-file", str(keys))

    assert verify(key).returncode == 0 and "is whole" in verify(key).stdout
    for flags in ((), ("--finish",)):
        done = one.server.cli("key", "rotate", *flags, *(("--yes",) if flags else ()))
        assert done.returncode == 0, done.stderr
    gone = verify(key)
    assert gone.returncode == 1 and "under version 1 of the master key" in gone.stderr, gone
    assert verify(old).returncode == 0

    new = key.read_bytes()
    one.server.stop()
    assert restore(one.server.store, copy).returncode == 0
    with pytest.raises(AssertionError, match="under version 1 of the master key"):
        one.server.start()
    # Both together open it, and the next rotation is under the newest.
    key.write_bytes(old.read_bytes().rstrip(b"\n") + b"\n" + new)
    one.restart()
    swept(one)
    assert one.server.record(employee)["okta_id"]


# ----------------------------------------------------------- deliveries not read yet

def test_deliveries_that_nobody_has_read_count(world):
    one = world(sandbox_settings=ACTIVE)
    employee = one.hire_settled("Ada", "Waits", day(PAST))
    change_store(one, "CREATE TRIGGER no_room BEFORE DELETE ON inbox"
                      " BEGIN SELECT RAISE(ABORT, 'no room'); END")
    one.server.start()
    for n in range(5):
        assert one.server.post_event(event(employee, n=n)).status == 200
    status = wait_until(lambda: (s := one.server.status())["events"]["received"] == 5 and s,
                        "they wait to be read")
    assert sum(status["waiting"].values()) == 0
    assert status["drain"]["seconds"] is None, "not 0: there is something to do"
    shown = one.server.cli("status").stdout
    assert "5 deliveries are not read yet" in shown and "unknown yet" in shown
    change_store(one, "DROP TRIGGER no_room")
    one.server.start()
    one.quiet(30)
    assert one.server.status()["events"]["received"] == 0
    assert one.server.status()["drain"]["seconds"] == 0
