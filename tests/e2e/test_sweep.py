# SPDX-License-Identifier: MIT
"""Finding what no event announced: hires, leavers, drift, doubles, and sources that cannot be trusted."""

import json

from harness import day, team, wait_until

PAST = -30


def quietly(connection, **values):
    """No sweep by itself in the middle of a test."""
    connection["sweep"] = {"nightly": False, **values}


def sweep(one, *argv):
    """Runs a sweep to its end; its row, and its findings by kind."""
    reply = one.server.cli("sweep", "--json", *argv)
    answer = json.loads(reply.stdout)
    found = {}
    for finding in answer["findings"]:
        found.setdefault(finding["kind"], []).append(finding)
    return answer["sweep"], found


def who(found, kind):
    return sorted(finding["employee_id"] for finding in found.get(kind, []))


def test_finds_what_no_event_announced(world):
    one = world(change=quietly, sandbox_settings={"okta_password_optional": True})
    stays = one.hire_settled("Ada", "Stays", day(PAST))
    leaver = one.hire_settled("Ben", "Leaver", day(PAST))
    later = one.hire_settled("Cyd", "Later", day(PAST))
    closed = one.hire_settled("Dan", "Closed", day(PAST))
    orphan = one.sandbox.add_user(login="robot@example.com", email="robot@example.com",
                                  firstName="Ro", lastName="Bot")["id"]

    row, found = sweep(one)
    assert row["state"] == "done" and row["cause"] == "by_hand"
    assert who(found, "change") == [] and who(found, "status") == [] and row["counts"]["marked"] == 0
    assert row["bob_calls"] == 2 and row["okta_calls"] == 1, "the ids and one batch, one page"

    hired = one.sandbox.add_employee(**{
        "root.firstName": "Eve", "root.surname": "Early", "root.email": "eve@example.com",
        "work.startDate": day(20)})
    here = one.sandbox.add_employee(**{
        "root.firstName": "Fay", "root.surname": "Former", "root.email": "fay@example.com"})
    twin = one.sandbox.add_employee(**{
        "root.firstName": "Fay", "root.surname": "Former", "root.email": "fay@example.com"})
    one.sandbox.life(leaver, "terminate", at=day(-1), send=False)
    one.sandbox.life(later, "terminate", at=day(40), send=False)
    one.sandbox.patch_user("dan.closed@example.com", status="SUSPENDED")
    one.sandbox.patch_user("ada.stays@example.com", profile={"title": "King of the hill"})
    since = one.sandbox.mark()

    row, found = sweep(one)
    assert row["state"] == "done", row
    assert who(found, "change") == sorted([hired, here, twin, leaver, later])
    assert who(found, "status") == [closed]
    assert [(f["employee_id"], f["detail"]) for f in found["drift"]] == [(stays, "title")]
    assert who(found, "no_user") == sorted([hired, here, twin])
    assert who(found, "duplicate") == sorted([here, twin])
    assert [(f["okta_id"], f["login"]) for f in found["no_employee"]
            if "owner" not in f["detail"]] == [(orphan, "robot@example.com")]
    assert "absent" not in found
    one.quiet(30)
    assert one.status_of("eve@example.com") == "STAGED", "a hire Bob told nobody about"
    assert one.server.hold_kinds(here) == ["existing"], "M3: who was here before is not created"
    assert one.sandbox.user("fay@example.com") is None
    assert one.status_of("ben.leaver@example.com") == "DEPROVISIONED"
    assert one.status_of("cyd.later@example.com") == "ACTIVE"
    assert one.server.record(later)["policy_due_at_ms"] > 0, "the last day is known now"
    assert one.server.hold_kinds(closed) == ["closed_by_other"], "policy decides about it"
    assert one.sandbox.user("ada.stays@example.com")["profile"]["title"] == "King of the hill"
    assert one.okta_writes(since, login="robot@example.com") == []
    assert one.okta_writes(since, login="ada.stays@example.com") == []

    settings = one.server.document
    quietly(settings["connections"][0], correct_drift=True)
    one.server.write_settings(settings)
    one.server.post("/settings/reload")
    row, found = sweep(one)
    assert who(found, "drift") == [stays]
    assert who(found, "change") == [], "nothing is new twice"
    one.quiet()
    title = one.sandbox.employee(stays)["labels"]["work.title"]
    assert one.sandbox.user("ada.stays@example.com")["profile"]["title"] == title
    row, found = sweep(one)
    assert who(found, "drift") == []
    status = one.server.status()["sweep"]
    assert status["last_good"]["sweep_id"] == row["sweep_id"] and status["next_at_ms"] == 0
    wait_until(lambda: one.server.metric("bob2okta_sweep_found", kind="no_employee") == 2, "counted")
    listed = one.server.cli("sweep", "show", "--kind", "duplicate").stdout
    assert here in listed and twin in listed and stays not in listed
    assert "by_hand" in one.server.cli("sweep", "list").stdout


def is_untouched(one, people, since):
    one.quiet()
    return (one.okta_writes(since) == []
            and all(u["status"] == "ACTIVE" for u in one.sandbox.users())
            and all(one.server.hold_kinds(p) == [] for p in people))


def test_a_source_that_cannot_be_trusted_marks_nobody(world):
    one = world(change=quietly, sandbox_settings={
        "okta_password_optional": True, "bob_search_per_min": 1000})
    people = team(one, 12)
    one.sandbox.call("POST", "/settings", {})
    for employee in people:
        one.server.sync(employee)
    one.quiet(40)
    holds = one.server.holds()
    if holds:
        one.server.post("/holds/release", {"all": True})
        one.quiet(40)
    assert len(one.sandbox.users()) == 12
    row, found = sweep(one)
    assert row["state"] == "done" and "change" not in found
    since = one.sandbox.mark()

    # A leaver among them: with the list short, not even that is acted on.
    one.sandbox.life(people[0], "terminate", at=day(-1), send=False)
    one.sandbox.settings(hidden_employees=people[6:])
    row, found = sweep(one)
    assert row["state"] == "fault" and "lacks 6 of 12" in row["sentence"], row
    assert found == {} and is_untouched(one, people, since)
    assert one.server.status()["sweep"]["is_fault"]
    wait_until(lambda: one.server.metric("bob2okta_sweep_source_fault") == 1, "the metric, too")
    wait_until(lambda: one.server.alarms("source_fault"), "an alarm", 20)

    one.sandbox.settings(hidden_employees=people)
    row, _ = sweep(one, "--accept-shorter-list")
    assert row["state"] == "fault" and "empty" in row["sentence"], "an empty list is never right"
    one.sandbox.settings(hidden_employees=[], unreadable_fields=["work.site"])
    row, _ = sweep(one)
    assert row["state"] == "fault" and "work.site" in row["sentence"]
    one.sandbox.settings(unreadable_fields=[])
    one.sandbox.fault(system="bob", route="POST /v1/people/search", action="status", status=400, after=1)
    row, _ = sweep(one)
    assert row["state"] == "fault" and "Bob" in row["sentence"]
    one.sandbox.clear_faults()
    one.sandbox.fault(system="okta", route="GET /api/v1/users", action="status", status=403,
                      code="E0000006")
    row, _ = sweep(one)
    assert row["state"] == "fault" and "Okta" in row["sentence"]
    one.sandbox.clear_faults()
    assert is_untouched(one, people, since)
    status = one.server.status()["sweep"]
    assert status["next_at_ms"] - status["last_fault"]["ended_at_ms"] == 16 * 3600 * 1000, \
        "an hour, doubled with each fault"

    row, found = sweep(one)
    assert row["state"] == "done" and who(found, "change") == [people[0]]
    wait_until(lambda: not one.server.alarms("source_fault"), "the alarm is over", 30)
    wait_until(lambda: one.okta_writes(since) == ["deactivate", "sessions"], "the leaver is closed")

    # One who is gone from the list is looked at, and never lowered for it by the sweep.
    one.sandbox.settings(hidden_employees=[people[1]])
    row, found = sweep(one)
    assert row["state"] == "done" and who(found, "absent") == [people[1]]
    one.quiet(20, unsettled=True)
    assert one.server.record(people[1])["absent_since_ms"] > 0
    assert one.okta_writes(since) == ["deactivate", "sessions"]


def causes(one):
    return [row["cause"] for row in one.server.get("/sweeps")["sweeps"] if row["state"] == "done"]


def test_sweeps_by_itself_after_a_downtime_a_silence_and_by_night(world):
    one = world(clock=0, change=quietly)
    one.hire_settled("Ada", "Awake", day(PAST))
    missed = one.hire_settled("Ben", "Missed", day(PAST))
    assert causes(one) == []
    one.server.stop()
    one.sandbox.life(missed, "terminate", at=day(-1), send=False)
    one.set_clock(3600)
    one.restart()
    wait_until(lambda: causes(one) == ["downtime"], "swept after the downtime", 30)
    wait_until(lambda: one.status_of("ben.missed@example.com") == "DEPROVISIONED", "closed", 20)
    assert not one.server.status()["sweep"]["is_bob_silent"]

    # Two days without a word from Bob.
    one.set_clock(3600 + 2 * 86400)
    wait_until(lambda: one.server.status()["sweep"]["is_bob_silent"], "the silence is noted", 30)
    wait_until(lambda: len(causes(one)) > 1, "swept because of it", 30)
    assert causes(one)[-2] in ("silence", "downtime"), "a clock that jumps looks like a sleep, too"

    settings = one.server.document
    settings["connections"][0]["sweep"] = {"at": "03:00"}
    one.server.write_settings(settings)
    one.server.post("/settings/reload")
    before = len(causes(one))
    wait_until(lambda: one.server.status()["sweep"]["next_at_ms"] > 0, "a night is planned", 20)
    one.set_clock(3600 + 3 * 86400)
    wait_until(lambda: len(causes(one)) > before, "swept by night", 30)
    assert causes(one)[0] in ("nightly", "downtime")
