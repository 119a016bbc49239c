# SPDX-License-Identifier: MIT
"""The brake (policy M2): however the world goes wrong, a limit is exceeded by nobody."""

import json
import shutil
import sqlite3
import subprocess
import time

import pytest

import harness
from harness import announce, day, revoked_event, team, wait_until
from sizes import size

ACTIVE = {"okta_password_optional": True,
          "okta_limits": {"users": 100000, "users_write": 100000}, "bob_search_per_min": 10000}
WINDOWS = ("hour", "day", "week")


def limits(**kinds):
    """Wide limits, but for those named: {"lower": 3} is 3 an hour, whatever the percentages."""
    made = harness.wide_limits()
    for kind, count in kinds.items():
        made[kind] = {**made[kind], "per_hour": count}
        if kind not in ("raise", "create", "revoke"):
            made[kind]["per_hour_percent"] = 0
    return made


def with_status(one, status):
    return [user["login"] for user in one.sandbox.users() if user["status"] == status]


def closed(one):
    return with_status(one, "DEPROVISIONED")


def employ(one, count, **fields):
    people = team(one, count, **fields)
    announce(one, people)
    one.quiet(60 + count / 5)
    assert len(with_status(one, "ACTIVE")) == count
    return people


def leave(one, people):
    for employee in people:
        one.sandbox.life(employee, "terminate", at=day(0), send=False)
    announce(one, people, "employee.left")


def limit_of(one, name):
    return next(limit for limit in one.server.status()["limits"] if limit["limit"] == name)


def said(one, *argv, status=0):
    result = one.server.cli(*argv)
    assert result.returncode == status, result.stdout + result.stderr
    return result.stdout


def data(one, *argv, status=0):
    return json.loads(said(one, *argv, "--json", status=status))


def change_store(one, sql, *values):
    """While the server does not run."""
    with sqlite3.connect(one.server.store) as store:
        store.execute(sql, values)
    store.close()


def pass_running_time(one, ms):
    """As if the server had run for so long."""
    one.server.stop()
    change_store(one, "UPDATE store_state SET value = value + ? WHERE name = 'running_ms'", ms)
    one.start()


# ----------------------------------------------------------------- how many pass


@pytest.mark.fault("B-01", "I6")
def test_of_many_leavers_at_once_five_pass_and_the_rest_is_listed(world):
    count = size(30, 1000)
    one = world(limits={"create": {"per_hour": 100000}}, sandbox_settings=ACTIVE)
    people = employ(one, count)
    began = time.monotonic()
    leave(one, people)
    wait_until(lambda: limit_of(one, "lower")["held"] == count - 5, "the rest is held",
               60 + count / 5)
    assert len(closed(one)) == 5, "max(5, 2 %), and nobody has been active for a day"
    # Seen at once by whoever watches, not only by whoever asks.
    wait_until(lambda: one.server.metric("bob2okta_limit_full", limit="lower") == 1, "shown", 60)
    print(f"{count} leavers: 5 closed, {count - 5} held and shown after "
          f"{time.monotonic() - began:.1f} s")
    for name in ("bob2okta_limit_used", "bob2okta_limit_allowed"):
        wait_until(lambda: one.server.metric(name, limit="lower", window="hour") == 5, name, 60)

    answer = one.server.get("/holds?limit=lower")
    assert len(answer["holds"]) + answer["left_out"] == count - 5
    hold = answer["holds"][0]
    assert hold["display_name"].startswith("Ada Number")
    assert (hold["action"], hold["rule"]) == ("deactivate", "L1")
    assert hold["differences"] == [
        {"attribute": "status", "present": "ACTIVE", "wanted": "DEPROVISIONED"}]
    limit = limit_of(one, "lower")
    assert limit["is_full"] and 0 < limit["next_in_ms"] <= 3600000
    assert "lower: 5 of 5 in an hour" in said(one, "status")
    listed = said(one, "held")
    assert f"limit lower: {count - 5} held; 5 of 5 in an hour" in listed
    assert "status: ACTIVE -> DEPROVISIONED" in listed and "Ada Number" in listed
    assert "Ada" not in one.server.log(), "names are for the admin API alone"


@pytest.mark.fault("B-02", "I6")
def test_a_trickle_below_the_hour_meets_the_day_and_the_week(world):
    one = world(limits={"create": {"per_hour": 10000}}, sandbox_settings=ACTIVE)
    hours = size(5, 40)
    people = employ(one, 4 * hours)
    done = []
    for hour in range(hours):  # four an hour, where five may
        leave(one, people[4 * hour:][:4])
        one.quiet(60)
        done.append(len(closed(one)))
        pass_running_time(one, 3600000)
    # 10 in a day; the next day's ten, and then it is 20 in the week. Who is held stays held.
    expected = [4, 8] + [10] * 22 + [14, 18] + [20] * 200
    assert done == expected[:hours]
    assert limit_of(one, "lower")["held"] == 4 * hours - done[-1]
    pass_running_time(one, 7 * 24 * 3600000)
    one.server.post("/sync")
    one.quiet(60)
    assert len(closed(one)) == done[-1], "nobody passes because the windows are empty again"
    assert not limit_of(one, "lower")["is_full"]


@pytest.mark.fault("B-01")
@pytest.mark.parametrize("lower", [{"per_hour": 0}, {"per_hour": 0, "per_hour_percent": 100}])
def test_a_limit_of_zero_asks_about_the_first_one_of_the_smallest_company(world, lower):
    one = world(limits={**harness.wide_limits(), "lower": lower}, sandbox_settings=ACTIVE)
    (ada,) = employ(one, 1)
    leave(one, [ada])
    one.quiet()
    assert closed(one) == []
    assert [hold["limit"] for hold in one.server.holds()] == ["lower"]
    assert "it is set to 0" in said(one, "status")
    assert "1 released: 1 done" in said(one, "release", ada)
    assert len(closed(one)) == 1


# ------------------------------------------------------------- crashes and clocks


@pytest.mark.fault("B-03", "I6")
def test_kills_in_the_middle_exceed_the_limit_by_nobody(world):
    most, kills = 7, size(3, 60)
    one = world(limits=limits(lower=most), sandbox_settings={**ACTIVE, "okta_latency_ms": 20})
    people = employ(one, 24)
    one.sandbox.webhooks(url="")
    leave_events = [harness.event(e, "employee.left") for e in people]
    for employee in people:
        one.sandbox.life(employee, "terminate", at=day(0), send=False)
    for turn in range(kills):
        since = one.sandbox.mark()
        for body in leave_events if turn == 0 else []:
            assert one.server.post_event(body).status == 200
        if turn > 0:
            one.server.post("/sync")
        with_patience(lambda: "deactivate" in one.okta_writes(since), 0.05 + 0.13 * (turn % 7))
        one.server.kill()
        assert len(closed(one)) <= most
        one.start()
    one.server.post("/sync")
    one.quiet(60)
    assert len(closed(one)) == most
    assert limit_of(one, "lower")["held"] == len(people) - most


def with_patience(condition, for_s):
    """Waits for it, but no longer than that: both are good moments for a kill."""
    until = time.monotonic() + for_s
    while time.monotonic() < until and not condition():
        time.sleep(0.01)


@pytest.mark.fault("B-03", "K-01", "I6")
def test_a_clock_that_jumps_empties_no_window(world):
    one = world(limits=limits(lower=2), sandbox_settings=ACTIVE, clock=0)
    people = employ(one, 8)
    leave(one, people)
    one.quiet(60)
    assert len(closed(one)) == 2
    used = limit_of(one, "lower")["windows"]
    for offset_s in (2 * 3600, -2 * 3600, 8 * 86400, 0):
        one.set_clock(offset_s)
        one.server.post("/sync")
        for hold in one.server.holds(kind="limit")[:1]:  # asked afresh: the hold is not in the way
            one.server.post("/holds/reject", {"employee_id": hold["employee_id"]})
        one.restart()
        assert [w["used"] for w in limit_of(one, "lower")["windows"]] == [w["used"] for w in used]
        assert limit_of(one, "lower")["is_full"]
    one.quiet(60, unsettled=True)
    assert len(closed(one)) == 2


@pytest.mark.fault("B-03", "I6")
@pytest.mark.parametrize("how", ["marked", "unmarked"])
def test_a_store_that_was_put_back_starts_with_full_windows(world, how):
    """An old copy has forgotten who was closed since."""
    one = world(limits=limits(lower=3), sandbox_settings=ACTIVE)
    people = employ(one, 7)
    one.server.stop()
    copy = one.directory / "copy.db"
    shutil.copy(one.server.store, copy)
    one.start()
    leave(one, people)
    one.quiet(60)
    assert len(closed(one)) == 3
    one.server.stop()
    for path in one.server.store.parent.glob("bob2okta.db*"):
        if path.suffix != ".lock" or how == "marked":
            path.unlink()  # a marked copy says so by itself, on any machine
    shutil.copy(copy, one.server.store)
    if how == "marked":
        change_store(one, "INSERT OR REPLACE INTO store_state VALUES ('restored', 1)")
    one.start()
    assert limit_of(one, "lower")["is_restored"]
    assert "FULL, since the store was put back" in said(one, "status")
    one.server.post("/sync")
    one.quiet(60)
    assert len(closed(one)) == 3
    assert limit_of(one, "lower")["held"] >= 4
    one.restart()
    assert limit_of(one, "lower")["is_restored"], "a restart takes nothing of it back"
    said(one, "release", "--limit", "lower", "--yes")
    wait_until(lambda: len(closed(one)) == 7, "a human decides")


@pytest.mark.fault("B-04", "I6")
def test_sixty_workers_exceed_the_limit_by_nobody(world):
    most, count = 17, size(60, 200)
    one = world(limits=limits(lower=most), sandbox_settings={**ACTIVE, "okta_latency_ms": 30},
                args=("--workers", "60"))
    people = employ(one, count)
    leave(one, people)
    one.quiet(60 + count / 5)
    assert len(closed(one)) == most
    assert limit_of(one, "lower")["held"] == count - most
    # A second server on the same store does not start.
    argv = [harness.server_program(), "serve", "--listen", "127.0.0.1:0", "--admin-listen",
            "127.0.0.1:0", "--store", f"sqlite:{one.server.store}", "--settings",
            str(one.server.settings_path), "--allow-insecure-loopback"]
    second = subprocess.run(argv, capture_output=True, text=True, timeout=30 * harness.SLOW)
    assert second.returncode == 1 and "another process uses the store" in second.stderr
    assert len(closed(one)) == most


@pytest.mark.fault("B-03", "B-04", "I6")
def test_a_change_of_the_settings_in_the_middle_counts_on(world):
    one = world(limits=limits(lower=4), sandbox_settings={**ACTIVE, "okta_latency_ms": 30})
    people = employ(one, 20)
    for employee in people:
        one.sandbox.life(employee, "terminate", at=day(0), send=False)
    for n, employee in enumerate(people):
        assert one.server.post_event(harness.event(employee, "employee.left")).status == 200
        if n % 4 == 1:
            one.server.document["connections"][0]["provisioning"]["reread_after_s"] = n % 3
            one.server.write_settings(one.server.document)
            said(one, "settings", "reload")
    one.quiet(60)
    assert len(closed(one)) == 4


# ------------------------------------------------------------- changes by settings


@pytest.mark.fault("B-05", "I6")
def test_a_changed_mapping_writes_to_a_few_and_asks_about_the_rest(world):
    count = size(12, 120)
    one = world(limits=limits(update_by_settings=3), sandbox_settings=ACTIVE)
    people = employ(one, count)
    draft = {"mapping": [{"okta": "title", "value": "Astronaut"}]}
    preview = one.server.post("/mapping/preview-all", draft)
    assert preview["changed"] == count, preview
    one.server.document["connections"][0]["mapping"] = draft["mapping"]
    one.server.write_settings(one.server.document)
    said(one, "settings", "reload")
    one.server.post("/sync")
    one.quiet(60)

    def astronauts():
        return sum(user["profile"].get("title") == "Astronaut" for user in one.sandbox.users())

    assert astronauts() == 3
    holds = one.server.get("/holds?limit=update_by_settings")["holds"]
    assert len(holds) == count - 3
    assert holds[0]["action"] == "update"
    assert holds[0]["differences"] == [
        {"attribute": "title", "present": "Engineer", "wanted": "Astronaut"}]

    # It binds nothing else: a leaver is closed, and once filled, the brake is out of the way.
    held = holds[0]["employee_id"]
    leave(one, [held])
    wait_until(lambda: len(closed(one)) == 1, "a leaver is closed")
    one.quiet(60)
    assert f"{count - 4} released: {count - 4} done" in said(
        one, "release", "--limit", "update_by_settings", "--yes")
    assert astronauts() == count - 1
    for employee in people:
        if employee != held:
            one.sandbox.update(employee, {"work.workPhone": "+44 1"})
    one.quiet(60)
    assert one.server.holds() == []

    # Settings that leave the mapping as it is count nobody, and so does a mapping that is back.
    one.server.document["connections"][0]["limits"]["rename"]["per_hour"] = 9
    one.server.write_settings(one.server.document)
    said(one, "settings", "reload")
    for employee in people:
        if employee != held:
            one.sandbox.update(employee, {"work.workPhone": "+44 2"})
    one.quiet(60)
    assert one.server.holds() == []


@pytest.mark.fault("B-05")
def test_a_mapping_that_is_mended_takes_its_questions_back(world):
    one = world(limits=limits(update_by_settings=1), sandbox_settings=ACTIVE)
    employ(one, 4)
    rows = one.server.document["connections"][0]
    rows["mapping"] = [{"okta": "title", "value": "Astronaut"}]
    one.server.write_settings(one.server.document)
    said(one, "settings", "reload")
    one.server.post("/sync")
    one.quiet(60)
    assert len(one.server.holds(limit="update_by_settings")) == 3
    rows["mapping"] = []
    one.server.write_settings(one.server.document)
    said(one, "settings", "reload")
    one.server.post("/sync")
    one.quiet(60)
    assert one.server.holds() == [], "nothing is wanted of them any more"


@pytest.mark.fault("B-06", "I6")
def test_each_limit_holds_what_it_is_about_and_nothing_else(world):
    one = world(limits=limits(rename=1, leave_group=1), sandbox_settings=ACTIVE, start=False,
                change=lambda c: c.update(groups=[
                    {"group": "Finance", "when": '.work.department.label == "Finance"'}]))
    one.sandbox.post("/okta/groups", {"name": "Finance"})
    one.start()
    people = employ(one, 4, **{"work.department": "Finance"})
    for n, employee in enumerate(people):
        one.sandbox.update(employee, {"root.email": f"ada.new{n}@example.com",
                                      "work.department": "Legal"})
    one.quiet(60)
    renamed = [user for user in one.sandbox.users() if "new" in user["login"]]
    assert len(renamed) == 1
    assert len(one.server.holds(limit="rename")) == len(one.server.holds(limit="leave_group")) == 3
    both = [e for e in people if one.server.hold_kinds(e) == ["limit", "limit"]]
    assert len(both) >= 2, "one of each"

    # A plain attribute of a held one goes through, and so does a leaver.
    one.sandbox.update(both[0], {"work.workPhone": "+44 7"})
    one.quiet(60)
    assert any(u["profile"].get("primaryPhone") == "+44 7" for u in one.sandbox.users())
    leave(one, [both[0]])
    wait_until(lambda: len(closed(one)) == 1, "closed")

    # A release for the group lets nobody rename.
    said(one, "release", both[1], "--limit", "leave_group")
    one.quiet(60)
    assert len([user for user in one.sandbox.users() if "new" in user["login"]]) == 1
    assert [h["limit"] for h in one.server.holds(employee_id=both[1])] == ["rename"]


@pytest.mark.fault("B-06", "I6")
def test_reactivations_have_a_limit_of_their_own(world):
    one = world(limits={**harness.wide_limits(), "raise": {"per_hour": 1}}, sandbox_settings=ACTIVE)
    people = employ(one, 4)
    leave(one, people)
    one.quiet(60)
    assert len(closed(one)) == 4
    for employee in people:
        one.sandbox.life(employee, "rehire", at=day(0))
    one.quiet(60)
    assert len(closed(one)) == 3 and len(one.server.holds(limit="raise")) == 3
    assert one.server.holds(limit="raise")[0]["differences"] == [
        {"attribute": "status", "present": "DEPROVISIONED", "wanted": "ACTIVE"}]
    assert "3 released: 3 done" in said(one, "release", "--all", "--yes")
    assert closed(one) == []


# ------------------------------------------------------------------------- humans


@pytest.mark.fault("B-07")
def test_a_second_yes_and_a_stranger_change_nothing(world):
    one = world(limits=limits(lower=1), sandbox_settings=ACTIVE)
    people = employ(one, 4)
    leave(one, people)
    one.quiet(60)
    held = [hold["employee_id"] for hold in one.server.holds(limit="lower")]
    body = {"employee_id": held[0]}
    for token in ("wrong", one.server.token[:-1], one.server.token + "x"):
        assert one.server.ask("POST", "/api/v1/holds/release", body, token=token).status == 401
    assert one.server.ask("GET", "/api/v1/holds/release").status == 405
    assert len(one.server.holds(limit="lower")) == 3 and len(closed(one)) == 1

    first = one.server.post("/holds/release", body)
    assert first["released"] == 1
    second = one.server.post("/holds/release", body)
    assert second == {"released": 0, "release_id": first["release_id"]}
    wait_until(lambda: len(closed(one)) == 2, "the one is closed")
    one.quiet(60)
    assert one.server.post("/holds/release", body)["released"] == 0
    assert "released before, by admin" in said(one, "release", held[0])
    one.quiet(60)
    assert len(closed(one)) == 2 and len(one.server.holds(limit="lower")) == 2
    assert one.okta_writes().count("deactivate") == 2
    # Without a terminal nobody can be asked about many at once.
    assert one.server.cli("release", "--limit", "lower").returncode == 2
    assert len(closed(one)) == 2


@pytest.mark.fault("B-08")
def test_whoever_came_back_meanwhile_is_skipped(world):
    one = world(limits=limits(lower=1), sandbox_settings=ACTIVE)
    people = employ(one, 6)
    leave(one, people)
    one.quiet(60)
    held = [hold["employee_id"] for hold in one.server.holds(limit="lower")]
    back = held[2]
    one.sandbox.life(back, "cancel-termination", send=False)
    dry = said(one, "release", "--limit", "lower", "--dry-run")
    assert "5 would be released; nothing was" in dry
    assert dry.count("would be done") == 4 and dry.count("would be skipped") == 1
    assert len(one.server.holds(limit="lower")) == 5 and len(closed(one)) == 1

    answer = data(one, "release", "--limit", "lower", "--yes")
    assert answer["by_state"] == {"waiting": 0, "done": 4, "dry_run": 0, "held": 0, "skipped": 1,
                                  "parked": 0, "failed": 0}
    (skipped,) = [one_ for one_ in answer["people"] if one_["state"] == "skipped"]
    assert skipped["employee_id"] == back and skipped["sentence"]
    assert len(closed(one)) == 5 and one.server.holds() == []

    # What was let go then is not let go for ever: the next leaving is asked about.
    leave(one, [back])
    one.quiet(60)
    assert len(closed(one)) == 5
    assert [hold["employee_id"] for hold in one.server.holds(limit="lower")] == [back]


@pytest.mark.fault("B-10")
def test_one_urgent_leaver_and_held_revocations_are_a_command_each(world):
    one = world(limits=limits(lower=1, revoke=2), sandbox_settings=ACTIVE)
    people = employ(one, 9)
    leave(one, people[:3])
    one.quiet(60)
    held = [hold["employee_id"] for hold in one.server.holds(limit="lower")]
    began = time.monotonic()
    assert "1 released: 1 done" in said(one, "release", held[0])
    assert len(closed(one)) == 2
    leaver_s = time.monotonic() - began

    for employee in people[3:]:
        assert one.server.post_event(revoked_event(employee)).status == 200
    wait_until(lambda: limit_of(one, "revoke")["held"] == 4, "the rest is held")
    assert len(with_status(one, "SUSPENDED")) == 2
    began = time.monotonic()
    assert "4 released: 4 done" in said(one, "release", "--limit", "revoke", "--yes")
    assert len(with_status(one, "SUSPENDED")) == 6
    revoked_s = time.monotonic() - began
    print(f"a released leaver was closed after {leaver_s:.2f} s, "
          f"four revocations after {revoked_s:.2f} s")
    assert leaver_s < 60 and revoked_s < 60


def test_what_is_approved_for_today_lets_go_who_is_held(world):
    one = world(limits=limits(lower=1), sandbox_settings=ACTIVE)
    people = employ(one, 4)
    leave(one, people)
    one.quiet(60)
    held = [hold["employee_id"] for hold in one.server.holds(limit="lower")]
    said(one, "reject", held[0])
    said(one, "plan", "approve", "--day", day(0), "--limit", "lower", "--employee",
         ",".join(held), "--yes")
    wait_until(lambda: len(closed(one)) == 3, "the approved ones are closed")
    one.quiet(60)
    assert [hold["employee_id"] for hold in one.server.holds(limit="lower")] == [held[0]]


def test_the_holds_of_an_older_store_are_each_for_their_limit(world):
    one = world(start=False)
    with sqlite3.connect(one.server.store) as store:
        for path in sorted((harness.ROOT / "server/store/schema").glob("*.sql"))[:8]:
            store.executescript(path.read_text())
        store.executescript("PRAGMA user_version = 8; PRAGMA application_id = 0x626f6232;")
        store.execute("INSERT INTO employees (connection, employee_id, approvals)"
                      " VALUES ('default', '1', 7)")
        store.execute("INSERT INTO employees (connection, employee_id) VALUES ('default', '2')")
        for employee, kind, cause in (
                ("1", "limit", 'deactivate would pass the limit "lower": gone'),
                ("1", "match", 'no "limit" at all'),
                ("2", "limit", 'leave_group would pass the limit "leave_group": group x')):
            store.execute("INSERT INTO holds (connection, employee_id, kind, cause, [by], since_ms,"
                          " is_rejected) VALUES ('default', ?, ?, ?, 'bob2okta', 5, ?)",
                          (employee, kind, cause, employee == "2"))
    store.close()
    one.start()
    holds = {(h["employee_id"], h["kind"], h["limit"], h["is_rejected"], h["since_ms"])
             for h in one.server.holds()}
    assert holds == {("1", "limit", "lower", False, 5), ("1", "match", "none", False, 5),
                     ("2", "limit", "leave_group", True, 5)}
    assert "limit lower: 1 held" in said(one, "held")
    one.server.stop()
    with sqlite3.connect(one.server.store) as store:
        # What a release of some limit left behind is asked for again; the others stand.
        assert store.execute("SELECT approvals FROM employees ORDER BY employee_id").fetchall() \
            == [(5,), (0,)]
        assert store.execute("PRAGMA foreign_key_check").fetchall() == []
        assert store.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    store.close()
    one.start()
