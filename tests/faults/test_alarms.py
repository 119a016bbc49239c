# SPDX-License-Identifier: MIT
"""Faults that an alarm has to tell of, and clocks that jump."""

import json
import sqlite3
import time

import pytest

import hooks
from harness import (announce, day, event, now_text, revoked_event, stays, team, wait_until,
                     wide_limits)
from sizes import size

HOUR = 3600
PAST = -30
ACTIVE = {"okta_password_optional": True}


@pytest.fixture
def hook():
    made = hooks.Hook()
    yield made
    made.close()


def tell(one, hook, **alarms):
    one.server.write_settings({
        **one.server.document,
        "alarms": {"targets": [{"name": "ops", "webhook": hook.url}], **alarms},
    })


def quietly(connection):
    """No sweep by itself in the middle of a test."""
    connection["sweep"] = {"nightly": False}


def sweep(one):
    answer = json.loads(one.server.cli("sweep", "--json").stdout)
    return answer["sweep"], answer["findings"]


def told(hook, alarm, state, deadline_s=60):
    return wait_until(lambda: hook.entries(alarm, state), f"{alarm} is told: {state}", deadline_s)


@pytest.mark.fault("O-12")
def test_two_days_without_a_word_from_bob(world, hook):
    """The silence is told, counted on over a restart; the sweep finds every change, and says so."""
    one = world(start=False, change=quietly, sandbox_settings=ACTIVE)
    tell(one, hook)
    one.start()
    people = team(one, size(6, 200))
    announce(one, people)
    one.quiet(60)
    one.server.stop()
    with sqlite3.connect(one.server.store) as store:
        store.execute("INSERT OR REPLACE INTO connection_values VALUES"
                      " ('default', 'alarm.silent_ms', ?)", (str(48 * HOUR * 1000),))
    store.close()
    one.sandbox.webhooks(url="http://127.0.0.1:1/", retry=False)
    one.server.start()
    (entry, *_) = told(hook, "bob_silent", "opened")
    assert entry["severity"] == "warning" and entry["subjects"] == []

    for employee in people[::2]:
        one.sandbox.life(employee, "terminate", at=day(-1), send=False)
    row, findings = sweep(one)
    assert row["state"] == "done"
    found = {f["employee_id"] for f in findings if f["kind"] == "change"}
    assert found == set(people[::2]), "all of them, and nobody else"
    told(hook, "unannounced", "opened")
    wait_until(lambda: sum(u["status"] == "DEPROVISIONED" for u in one.sandbox.users())
               == len(people[::2]), "closed after all", 60)

    # One signed delivery is a word from Bob.
    assert one.server.post_event(event(people[1])).status == 200
    told(hook, "bob_silent", "resolved", 90)


@pytest.mark.fault("O-13")
def test_a_short_list_closes_nobody_and_is_told(world, hook):
    one = world(start=False, change=quietly,
                sandbox_settings={**ACTIVE, "bob_search_per_min": 1000})
    tell(one, hook)
    one.start()
    people = team(one, size(12, 100))
    announce(one, people)
    one.quiet(60)
    since = one.sandbox.mark()
    one.sandbox.settings(hidden_employees=people[len(people) // 2:])
    row, findings = sweep(one)
    assert row["state"] == "fault" and findings == []
    told(hook, "source_fault", "opened")
    one.quiet()
    assert one.okta_writes(since) == [], "0 deactivations"
    one.sandbox.settings(hidden_employees=[])
    assert sweep(one)[0]["state"] == "done"
    told(hook, "source_fault", "resolved", 90)


JUMPS = {
    "two hours back": -2 * HOUR,
    "two hours ahead": 2 * HOUR,
    "ten years ahead": 3652 * 24 * HOUR,
    "1970": None,
}


@pytest.mark.fault("K-01")
@pytest.mark.parametrize("jump", [
    "two hours back", "ten years ahead", pytest.param("two hours ahead", marks=pytest.mark.only_long),
    pytest.param("1970", marks=pytest.mark.only_long)])
def test_a_clock_that_jumps_while_running(world, hook, jump):
    """The brake's window does not move, a lease in use is nobody else's, no alarm gets older."""
    one = world(clock=0, start=False, change=quietly, sandbox_settings=ACTIVE,
                limits={**wide_limits(), "create": {"per_hour": 3}})
    tell(one, hook, held_minutes=60)
    one.start()
    announce(one, team(one, 2))
    wait_until(lambda: len(one.sandbox.users()) == 2, "two of three are used")
    # Somebody waits for a human, and is not an alarm for an hour.
    one.sandbox.add_user("SUSPENDED", login="eve.match@example.com", email="eve.match@example.com",
                         firstName="Eve", lastName="Match")
    match = one.sandbox.hire("Eve", "Match", day(PAST))
    wait_until(lambda: one.server.hold_kinds(match) == ["match"], "held")

    # The third is being created, slowly, while the clock jumps.
    one.sandbox.fault(system="okta", route="POST /api/v1/users", action="slow", ms=2500,
                      times=1)
    third = one.sandbox.add_employee(**{
        "root.firstName": "Cyd", "root.surname": "Third", "root.email": "cyd.third@example.com"})
    since = one.sandbox.mark()
    announce(one, [third])
    wait_until(lambda: one.server.record(third) and one.server.record(third)["state"] == "working",
               "in a worker's hands")
    seconds = JUMPS[jump]
    one.set_clock(seconds if seconds is not None else -int(time.time()) + 60)
    one.server.post_event(event(third))
    wait_until(lambda: one.sandbox.user("cyd.third@example.com"), "created", 20)
    one.quiet(unsettled=True)
    assert one.okta_writes(since).count("create+activate") == 1, "by one worker alone"
    assert one.server.record(third)["crashes"] == 0

    # A fourth is over the limit, whatever the clock says.
    fourth = one.sandbox.add_employee(**{
        "root.firstName": "Dan", "root.surname": "Fourth", "root.email": "dan.fourth@example.com"})
    announce(one, [fourth])
    wait_until(lambda: one.server.hold_kinds(fourth) == ["limit"], "held by the limit", 20)
    assert one.sandbox.user("dan.fourth@example.com") is None
    # That is told at once; the other hold is as young as before.
    (entry, *_) = told(hook, "brake", "opened")
    assert entry["subjects"] == [fourth]
    messages = len(hook.entries("brake"))
    stays(lambda: hook.entries("held") == [] and len(hook.entries("brake")) == messages,
          "no alarm before its time, and none repeated", size(2, 60))
    one.server.post("/holds/release", {"employee_id": fourth})
    wait_until(lambda: one.sandbox.user("dan.fourth@example.com"), "a human may", 20)


ODD_TIMES = ["2099-01-01T00:00:00.000000", "1970-01-01T00:00:00", "2026-13-45T99:00:00", "soon", "",
             7, None]


@pytest.mark.fault("K-06")
def test_odd_times_of_events_order_nothing(world, hook):
    """What Bob says now counts, in the order of arrival; a revocation with such a time is asked about."""
    one = world(start=False, change=quietly, sandbox_settings=ACTIVE)
    tell(one, hook)
    one.start()
    employee = one.hire_settled("Ada", "Odd", day(PAST))
    for n, odd in enumerate(ODD_TIMES):
        one.sandbox.update(employee, {"work.workPhone": f"+44 {n}"}, send=False)
        body = event(employee)
        body["triggeredAt"] = odd
        if odd is None:
            del body["triggeredAt"]
        assert one.server.post_event(body).status == 200
        wait_until(lambda: one.sandbox.user("ada.odd@example.com")["profile"].get("primaryPhone")
                   == f"+44 {n}", f"after {odd!r}", 20)
    # An honest one after those of the far future is the newest all the same.
    one.sandbox.update(employee, {"work.workPhone": "+44 99"}, send=False)
    assert one.server.post_event(event(employee, triggered_at=now_text())).status == 200
    wait_until(lambda: one.sandbox.user("ada.odd@example.com")["profile"]["primaryPhone"]
               == "+44 99", "the last one counts", 20)
    one.quiet(unsettled=True)
    since = one.sandbox.mark()
    assert one.server.post_event(revoked_event(employee, offset_s=40 * 24 * HOUR)).status == 200
    (entry, *_) = told(hook, "revocation_doubtful", "opened")
    assert entry["subjects"] == [employee] and entry["severity"] == "critical"
    assert one.okta_writes(since) == [] and one.status_of("ada.odd@example.com") == "ACTIVE"
