# SPDX-License-Identifier: MIT
"""The overview's numbers end to end: what was done, kept over a restart, gone after 32 days."""

import sqlite3
import time

from harness import day, wait_until

DAY_MS = 86400000


def overview(one):
    return one.server.get("/overview")


def today(one):
    return overview(one)["today"]


def test_a_hire_a_leaver_and_a_failure_are_counted_and_kept(world):
    one = world()
    ada = one.sandbox.hire("Ada", "Byron", day(0))
    wait_until(lambda: one.sandbox.user("ada.byron@example.com"), "Ada has an account")
    one.sandbox.life(ada, "terminate", at=day(-1))
    wait_until(lambda: today(one)["done"].get("deactivate") == 1, "she left")
    one.sandbox.fault(system="okta", route="POST /api/v1/users", action="status", status=400,
                      code="E0000001")
    one.sandbox.hire("Bea", "Castro", day(0))
    wait_until(lambda: overview(one)["people"]["failed"] == 1, "Bea fails")
    seen = overview(one)
    assert seen["today"]["done"]["create"] == 1
    assert seen["today"]["refused"]["create"] >= 1
    assert seen["today"]["failed"] >= 1
    assert seen["today"]["events"] >= 3
    assert seen["is_working"]["state"] == "attention"
    assert "failed" in [reason["code"] for reason in seen["is_working"]["reasons"]]
    assert abs(seen["last_delivery_at_ms"] - seen["now_ms"]) < 60000
    writes = seen["event_to_okta"]["hours"]["writes"]
    assert writes["count"] >= 2 and 0 < writes["p50_ms"] <= writes["p95_ms"] <= 60000
    # The sums of hours and days agree; only a midnight in between could part them.
    if one_day(seen):
        for name in ("deliveries", "events", "failed"):
            assert sum(hour[name] for hour in seen["hours"]) == seen["days"][-1][name]

    one.sandbox.clear_faults()
    one.restart()
    wait_until(lambda: overview(one)["okta"]["state"] == "ok", "it works again")
    after = overview(one)
    assert after["today"]["done"] == seen["today"]["done"] or not one_day(after)
    assert after["event_to_okta"]["days"]["writes"]["count"] >= writes["count"]
    assert after["last_delivery_at_ms"] == seen["last_delivery_at_ms"]
    print("answered in ms:", answer_ms(one))


def one_day(seen):
    """All that was counted was counted since midnight."""
    return seen["days"][-2]["deliveries"] == 0


def answer_ms(one):
    begun = time.monotonic()
    overview(one)
    return round((time.monotonic() - begun) * 1000)


def test_numbers_older_than_32_days_go(world):
    one = world()
    one.server.stop()
    now_ms = int(time.time() * 1000)
    with sqlite3.connect(one.server.store) as db:
        db.executemany("INSERT INTO history VALUES ('default', ?, 'event', 'accepted', ?)",
                       [(now_ms - 33 * DAY_MS, 1), (now_ms - 20 * DAY_MS, 7)])
    db.close()
    one.start()

    def rows():
        with sqlite3.connect(f"file:{one.server.store}?mode=ro", uri=True) as store:
            return store.execute("SELECT count(*) FROM history WHERE slot_ms < ?",
                                 (now_ms - 32 * DAY_MS,)).fetchone()[0]

    wait_until(lambda: rows() == 0, "the old ones are gone")
    assert sum(each["events"] for each in overview(one)["days"]) == 7


def test_dates_ahead_are_in_the_calendar(world):
    one = world(create="on_start_date")
    ada = one.sandbox.hire("Ada", "Byron", day(3))
    bea = one.sandbox.hire("Bea", "Castro", day(0))
    wait_until(lambda: one.sandbox.user("bea.castro@example.com"), "Bea has an account")
    one.sandbox.life(bea, "terminate", at=day(4))

    def entries():
        found = {}
        for each in one.server.get("/overview/calendar")["days"]:
            for entry in each["entries"]:
                found[entry["employee_id"]] = (entry["kind"], each["date"])
        return found

    wait_until(lambda: set(entries()) == {ada, bea}, "both are told")
    assert entries()[ada] == ("join", day(3))
    assert entries()[bea][0] == "leave"
    calendar = one.server.get("/overview/calendar?days=2")
    assert [each["joins"] + each["leaves"] for each in calendar["days"]] == [0, 0]
