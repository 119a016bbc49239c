# SPDX-License-Identifier: MIT
"""Bursts, failures, restarts: what the engine promises while the world misbehaves."""

import json
import signal
import time

import pytest

import harness
from harness import day, event, wait_until

ACTIVE = {"okta_password_optional": True}
PAST = -30


def team(one, count, **fields):
    """Employed people without an event, by number."""
    return [
        one.sandbox.add_employee(**{
            "root.firstName": "Ada", "root.surname": f"Number{n}",
            "root.email": f"ada.{n}@example.com", **fields,
        })
        for n in range(count)
    ]


def announce(one, employees, kind="employee.created"):
    for employee in employees:
        assert one.server.post_event(event(employee, kind)).status == 200


# ------------------------------------------------------------- bursts and batches

WIDE = {"okta_limits": {"users": 5000, "users_write": 5000}, "bob_search_per_min": 1000}


def two_looks(one, people, kind, is_done):
    """Searches of the first look and of the second one for the same events."""
    one.sandbox.settings(bob_latency_ms=250)
    since = one.sandbox.mark()
    began = time.monotonic()
    announce(one, people, kind)
    wait_until(is_done, "all done", 60)
    first = len(one.sandbox.bob_searches(since))
    assert time.monotonic() - began < 10 * harness.SLOW, "the second look has begun already"
    one.quiet(60)
    return first, len(one.sandbox.bob_searches(since)) - first, since


def test_two_hundred_at_once_cost_five_searches_and_five_for_the_second_look(world):
    one = world(sandbox_settings=WIDE, reread_after_s=10)
    people = team(one, 200)
    first, second, since = two_looks(
        one, people, "employee.created", lambda: len(one.sandbox.users()) == 200)
    print(f"hired: {first} searches, then {second}")
    assert first <= 5 and 1 <= second <= 5
    assert one.okta_writes(since) == ["create+activate"] * 200
    for n, employee in enumerate(people):
        one.sandbox.call("PATCH", f"/bob/employees/{employee}", {"work.workPhone": f"+44 {n}"})
    first, second, since = two_looks(
        one, people, "employee.updated",
        lambda: all(u["profile"].get("primaryPhone") for u in one.sandbox.users()))
    print(f"changed: {first} searches, then {second}")
    assert first <= 5 and 1 <= second <= 5
    assert one.okta_writes(since) == ["update"] * 200
    assert len(one.okta_calls(since)) == 200, "nothing is read from Okta for a change"
    assert one.sandbox.get("/counters")["okta_429"] == 0


def test_an_event_alone_is_read_at_once(world):
    one = world()
    employee = one.hire_settled("Ada", "Alone", day(PAST))
    since = one.sandbox.mark()
    one.sandbox.update(employee, {"work.workPhone": "+44 1"})
    one.quiet()
    calls = one.okta_calls(since)
    assert [harness.short(call) for call in calls if call["method"] != "GET"] == ["update"]
    assert len(calls) == 1, "one change is one call"
    assert len(one.sandbox.bob_searches(since)) <= 2, "one look, and the second one"


def test_fifty_events_during_a_run_are_one_more_run(world):
    one = world(reread_after_s=0)
    employee = one.hire_settled("Ada", "Busy", day(PAST))
    one.sandbox.settings(okta_latency_ms=2000)
    since = one.sandbox.mark()
    one.sandbox.update(employee, {"work.workPhone": "+44 1"})
    wait_until(lambda: one.server.record(employee)["state"] == "working", "being worked on")
    for n in range(50):
        body = event(employee, fieldUpdates=[{"id": f"about.n{n}"}])
        assert one.server.post_event(body).status == 200
    one.sandbox.settings(okta_latency_ms=0)
    one.quiet()
    assert len(one.sandbox.bob_searches(since)) <= 3
    assert one.okta_writes(since) == ["update"]
    assert one.server.record(employee)["settled_generation"] == one.server.record(
        employee)["generation"]


def test_a_stale_answer_is_mended_by_the_second_look(world):
    one = world(reread_after_s=3)
    employee = one.hire_settled("Ada", "Stale", day(PAST))
    one.sandbox.settings(bob_stale_ms=2000)
    since = one.sandbox.mark()
    one.sandbox.update(employee, {"work.workPhone": "+44 2"})
    one.quiet(unsettled=True)
    wait_until(lambda: one.sandbox.user("ada.stale@example.com")["profile"].get("primaryPhone")
               == "+44 2", "the new value arrived", 15)
    one.quiet()
    assert one.okta_writes(since) == ["update"]


def test_nothing_is_lost_when_bob_answers_null_for_a_while(world):
    """K4: a null right after a change clears nothing."""
    one = world(reread_after_s=3, mapping=[
        {"okta": "primaryPhone", "bob": "work.workPhone", "when_empty": "clear"}])
    employee = one.hire_settled("Ada", "Null", day(PAST), fields={"work.workPhone": "+44 1"})
    one.sandbox.settings(bob_stale_ms=1500, bob_stale_null=True)
    one.sandbox.update(employee, {"work.workPhone": "+44 2"})
    wait_until(lambda: one.sandbox.user("ada.null@example.com")["profile"].get("primaryPhone")
               == "+44 2", "the new value arrived", 15)
    bodies = [c["body"] for c in one.sandbox.calls(system="okta", writes=1)]
    assert all(b.get("profile", {}).get("primaryPhone", "x") is not None for b in bodies if b)


# ----------------------------------------------------- finding accounts: G3 to G6

def test_adopts_the_same_persons_account(world):
    one = world()
    one.sandbox.add_user("ACTIVE", login="ada.old@example.com", email="ada.old@example.com",
                         firstName="Ada", lastName="Old", nickName="kept")
    since = one.sandbox.mark()
    employee = one.hire_settled("Ada", "Old", day(PAST))
    writes = one.okta_writes(since)
    assert "create" not in "".join(writes) and len(writes) <= 1, writes
    assert one.server.record(employee)["okta_id"] == one.sandbox.user("ada.old@example.com")["id"]
    assert one.sandbox.user("ada.old@example.com")["profile"]["nickName"] == "kept"


def test_adopting_changes_no_login_and_no_email(world):
    """G5; the match attribute finds an account under another login."""
    one = world(match={"okta": "employeeNumber", "bob": "work.employeeIdInCompany"})
    one.sandbox.add_user("ACTIVE", login="old.login@example.com", email="old.login@example.com",
                         firstName="Ada", lastName="Moved", employeeNumber="4711")
    since = one.sandbox.mark()
    employee = one.hire_settled("Ada", "Moved", day(PAST),
                                fields={"work.employeeIdInCompany": 4711})
    assert len(one.sandbox.users()) == 1
    user = one.sandbox.user("old.login@example.com")
    assert one.server.record(employee)["okta_id"] == user["id"]
    assert user["profile"]["email"] == "old.login@example.com"
    bodies = [c["body"] for c in one.sandbox.calls(since, system="okta", writes=1) if c["body"]]
    assert all("login" not in b["profile"] and "email" not in b["profile"] for b in bodies)


@pytest.mark.parametrize("status", ["SUSPENDED", "DEPROVISIONED"])
def test_holds_a_closed_account_and_reopens_it_when_a_human_says_so(world, status):
    """G4: 'same person: reopen'."""
    one = world(sandbox_settings=ACTIVE)
    one.sandbox.add_user(status, login="ada.back@example.com", email="ada.back@example.com",
                         firstName="Ada", lastName="Back")
    since = one.sandbox.mark()
    employee = one.hire_settled("Ada", "Back", day(PAST))
    assert one.server.hold_kinds(employee) == ["match"]
    assert one.okta_writes(since) == []
    assert one.server.post("/holds/release", {"employee_id": employee})["released"] == 1
    wait_until(lambda: one.server.record(employee)["okta_id"], "linked")
    wait_until(lambda: one.status_of("ada.back@example.com") == "ACTIVE", "reopened")
    one.quiet()
    assert one.server.hold_kinds(employee) == []
    assert len(one.sandbox.users()) == 1


def test_holds_a_login_that_belongs_to_someone_else(world):
    """G4: no suffix is invented, nothing is taken over."""
    one = world()
    one.sandbox.add_user("ACTIVE", login="ada.taken@example.com", email="ada.taken@example.com",
                         firstName="Zoe", lastName="Other", employeeNumber="99")
    since = one.sandbox.mark()
    employee = one.hire_settled("Ada", "Taken", day(PAST),
                                fields={"work.employeeIdInCompany": 12})
    assert one.server.hold_kinds(employee) == ["match"]
    assert one.okta_writes(since) == []
    assert one.server.record(employee)["okta_id"] == ""


def test_meets_a_taken_login_although_the_search_lags(world):
    """G3: the login's uniqueness covers the gap; the same person is adopted."""
    one = world(sandbox_settings={"okta_search_lag_ms": 600000})
    one.sandbox.add_user("ACTIVE", login="ada.lag@example.com", email="ada.lag@example.com",
                         firstName="Ada", lastName="Lag")
    employee = one.hire_settled("Ada", "Lag", day(PAST))
    assert len(one.sandbox.users()) == 1
    assert one.server.record(employee)["okta_id"] == one.sandbox.user("ada.lag@example.com")["id"]


def test_holds_a_second_record_of_the_same_person(world):
    """G6: contractor to employee. While it is open the old record's leaving closes nothing."""
    one = world(sandbox_settings=ACTIVE)
    first = one.hire_settled("Ada", "Twice", day(PAST))
    second = one.sandbox.hire("Ada", "Twice", day(PAST))
    one.quiet()
    assert one.server.hold_kinds(second) == ["duplicate"]
    assert len(one.sandbox.users()) == 1
    since = one.sandbox.mark()
    one.sandbox.life(first, "terminate", at=day(0))
    one.quiet()
    assert one.okta_writes(since) == []
    assert one.status_of("ada.twice@example.com") == "ACTIVE"


def test_waits_for_a_work_email(world):
    """G2: waiting, not failed."""
    one = world()
    none = one.sandbox.add_employee(**{"root.firstName": "Ada", "root.surname": "Nomail"})
    one.sandbox.call("PATCH", f"/bob/employees/{none}", {"root.email": None})
    announce(one, [none])
    other = one.sandbox.hire("Ada", "Private", day(PAST), fields={"root.email": "a@example.org"})
    one.quiet()
    for employee in (none, other):
        record = one.server.record(employee)
        assert record["state"] in ("waiting", "idle") and record["last_rule"] == "G2", record
        assert record["policy_due_at_ms"] > 0, "read again daily"
    assert one.sandbox.users() == []
    one.sandbox.update(none, {"root.email": "ada.nomail@example.com"})
    one.quiet()
    assert one.status_of("ada.nomail@example.com")


def test_a_past_leaver_is_never_created(world):
    one = world()
    employee = one.sandbox.add_employee(**{
        "root.email": "ada.gone@example.com", "internal.lifecycleStatus": "terminated",
        "internal.status": "Inactive", "internal.terminationDate": day(-400)})
    announce(one, [employee], "employee.updated")
    one.quiet()
    assert one.sandbox.users() == []
    assert one.server.record(employee)["state"] == "idle"


def test_never_touches_a_protected_account(world):
    """S1.1: and a leaver among them is an alarm."""
    one = world(protected=["ada.boss@example.com"])
    one.sandbox.add_user("ACTIVE", login="ada.boss@example.com", email="ada.boss@example.com",
                         firstName="Ada", lastName="Boss")
    employee = one.hire_settled("Ada", "Boss", day(PAST))
    one.sandbox.update(employee, {"work.workPhone": "+44 3"})
    one.sandbox.life(employee, "terminate", at=day(0))
    one.quiet()
    assert one.okta_writes() == []
    assert one.status_of("ada.boss@example.com") == "ACTIVE"


# ------------------------------------------------------------------------- limits

LOW = {**harness.wide_limits(), "lower": {
    "per_hour": 3, "per_hour_percent": 0, "per_day": 10, "per_day_percent": 0,
    "per_week": 20, "per_week_percent": 0}}


def leave_all(one, people):
    for employee in people:
        one.sandbox.life(employee, "terminate", at=day(0), send=False)
    announce(one, people, "employee.left")


def closed(one):
    return [u["login"] for u in one.sandbox.users() if u["status"] == "DEPROVISIONED"]


def test_the_lower_limit_holds_the_rest_and_lists_them(world):
    """M2: beyond the limit people are held one by one, and planned afresh at release."""
    one = world(limits=LOW, sandbox_settings=ACTIVE)
    people = team(one, 8)
    announce(one, people)
    one.quiet()
    leave_all(one, people)
    one.quiet()
    assert len(closed(one)) == 3
    held = one.server.holds(kind="limit")
    assert len(held) == 5 and all("limit" in hold["cause"] for hold in held)
    assert one.server.status()["holds"]["limit"] == 5

    # Across a restart the limit is exceeded by none.
    one.restart()
    one.server.post("/sync")
    one.quiet()
    assert len(closed(one)) == 3

    # One of them came back meanwhile: released, it is planned afresh, and nothing is closed.
    back, *rest = [hold["employee_id"] for hold in held]
    one.sandbox.life(back, "cancel-termination")
    one.server.post("/holds/release", {"employee_id": back})
    one.quiet()
    assert len(closed(one)) == 3

    for done, employee in enumerate(rest, 1):
        assert one.server.post("/holds/release", {"employee_id": employee})["released"] == 1
        wait_until(lambda n=done: len(closed(one)) == 3 + n, "released one is closed")
    one.quiet()
    assert one.server.holds(kind="limit") == []
    writes = one.okta_writes()
    assert writes.count("deactivate") == 7 and writes.count("sessions") == 7


def test_a_rejected_one_stays_until_it_is_released_by_name(world):
    one = world(limits={**LOW, "lower": {**LOW["lower"], "per_hour": 1}}, sandbox_settings=ACTIVE)
    people = team(one, 3)
    announce(one, people)
    one.quiet()
    leave_all(one, people)
    one.quiet()
    held = [hold["employee_id"] for hold in one.server.holds(kind="limit")]
    assert len(held) == 2
    one.server.post("/holds/reject", {"employee_id": held[0]})
    one.server.post("/holds/release", {"all": True})
    wait_until(lambda: len(closed(one)) == 2, "the other one is closed")
    one.quiet()
    (left,) = one.server.holds(kind="limit")
    assert left["employee_id"] == held[0] and left["is_rejected"]


def test_the_limit_for_creating_holds_too(world):
    one = world(limits={**harness.wide_limits(), "create": {"per_hour": 2}})
    announce(one, team(one, 5))
    one.quiet()
    assert len(one.sandbox.users()) == 2
    assert len(one.server.holds(kind="limit")) == 3
    one.server.post("/holds/release", {"all": True})
    wait_until(lambda: len(one.sandbox.users()) == 5, "all created")


# ---------------------------------------------------------------------- revocation

def revoked_event(employee, offset_s=0):
    return event(employee, "employee.access.revoked.immediately",
                 triggered_at=harness.now_text(offset_s))


def test_a_revocation_acts_at_once_and_holds_until_a_rehire(world):
    """V1, V2: no read, event or replay lifts it; a rehire does."""
    one = world(sandbox_settings=ACTIVE)
    employee = one.hire_settled("Ada", "Revoked", day(PAST))
    login = "ada.revoked@example.com"
    since = one.sandbox.mark()
    body = json.dumps(revoked_event(employee))
    one.server.post_event(body)
    wait_until(lambda: one.status_of(login) == "SUSPENDED", "suspended")
    one.quiet()
    assert one.okta_writes(since) == ["suspend", "sessions"]
    assert one.server.hold_kinds(employee) == ["revoked"]

    since = one.sandbox.mark()
    one.server.post_event(body)  # a replay
    one.sandbox.life(employee, "return")  # Bob still says active
    one.sandbox.update(employee, {"work.workPhone": "+44 9"})
    one.server.sync(employee)
    one.quiet()
    assert one.status_of(login) == "SUSPENDED"
    assert "unsuspend" not in one.okta_writes(since)

    one.restart()
    one.server.sync(employee)
    one.quiet()
    assert one.status_of(login) == "SUSPENDED"

    one.sandbox.life(employee, "terminate", at=day(0))
    one.quiet()
    assert one.status_of(login) == "DEPROVISIONED"
    one.sandbox.life(employee, "rehire", at=day(0))
    one.quiet()
    assert one.status_of(login) == "ACTIVE"
    assert "revoked" not in one.server.hold_kinds(employee)


def test_a_revocation_that_finds_the_account_closed_is_carried_out_once(world):
    """V2: there is nothing to lower; the hold stands, and later runs call nothing."""
    one = world(sandbox_settings=ACTIVE)
    employee = one.hire_settled("Ada", "Shut", day(PAST))
    one.sandbox.patch_user("ada.shut@example.com", status="SUSPENDED")
    one.server.post_event(revoked_event(employee))
    one.quiet()
    assert one.status_of("ada.shut@example.com") == "SUSPENDED"
    assert one.server.hold_kinds(employee) == ["revoked"]
    since = one.sandbox.mark()
    one.server.sync(employee)
    one.quiet()
    assert one.okta_writes(since) == []


def test_a_second_revocation_closes_what_was_opened_by_hand(world):
    """Engine rule 10: that we closed the account does not prove that it is closed."""
    one = world(sandbox_settings=ACTIVE)
    employee = one.hire_settled("Ada", "Reopened", day(PAST))
    login = "ada.reopened@example.com"
    one.server.post_event(revoked_event(employee, -3600))
    one.quiet()
    assert one.status_of(login) == "SUSPENDED"
    one.sandbox.patch_user(login, status="ACTIVE")
    one.server.post_event(revoked_event(employee))
    one.quiet()
    assert one.status_of(login) == "SUSPENDED"


def test_an_old_revocation_replayed_after_the_rehire_does_nothing(world):
    one = world(sandbox_settings=ACTIVE)
    employee = one.hire_settled("Ada", "Replay", day(PAST))
    old = revoked_event(employee)
    one.server.post_event(old)
    one.quiet()
    one.sandbox.life(employee, "terminate", at=day(0))
    one.quiet()
    one.sandbox.life(employee, "rehire", at=day(0))
    one.quiet()
    assert one.status_of("ada.replay@example.com") == "ACTIVE"
    since = one.sandbox.mark()
    # Not the same bytes, so it is no duplicate; but the same moment.
    one.server.post_event(json.dumps(old, indent=2))
    one.quiet()
    assert one.okta_writes(since) == []
    assert one.status_of("ada.replay@example.com") == "ACTIVE"


@pytest.mark.parametrize("moment", ["5 days old", "3 days ahead", "missing", "nonsense"])
def test_a_revocation_with_a_doubtful_time_is_held(world, moment):
    one = world(sandbox_settings=ACTIVE)
    employee = one.hire_settled("Ada", "Doubt", day(PAST))
    since = one.sandbox.mark()
    body = revoked_event(employee, {"5 days old": -5 * 86400, "3 days ahead": 3 * 86400}.get(
        moment, 0))
    if moment == "missing":
        del body["triggeredAt"]
    elif moment == "nonsense":
        body["triggeredAt"] = "the day before yesterday"
    one.server.post_event(body)
    one.quiet()
    assert one.okta_writes(since) == []
    assert one.status_of("ada.doubt@example.com") == "ACTIVE"
    kinds = one.server.hold_kinds(employee)
    if moment == "5 days old":
        assert kinds in ([], ["revoke_doubtful"]), "old: a replay, or a question"
    else:
        assert kinds == ["revoke_doubtful"]


def test_a_revocation_of_somebody_not_linked_is_found_and_closed(world):
    """V1: looked up by G3, linked by G4 and closed."""
    one = world(sandbox_settings=ACTIVE)
    one.sandbox.add_user("ACTIVE", login="ada.before@example.com", email="ada.before@example.com",
                         firstName="Ada", lastName="Before")
    employee = one.sandbox.add_employee(**{
        "root.firstName": "Ada", "root.surname": "Before", "root.email": "ada.before@example.com"})
    one.server.post_event(revoked_event(employee))
    one.quiet()
    assert one.status_of("ada.before@example.com") == "SUSPENDED"


# ------------------------------------------------- absence, deletion, disappearance

def test_a_person_who_is_not_there_any_more_is_held(world):
    """L2: an absence closes nobody. Two looks at least 30 s apart agree on it."""
    one = world(sandbox_settings=ACTIVE)
    employee = one.hire_settled("Ada", "Vanish", day(PAST))
    one.sandbox.call("DELETE", f"/bob/employees/{employee}")
    since = one.sandbox.mark()
    announce(one, [employee], "employee.updated")
    wait_until(lambda: one.server.hold_kinds(employee) == ["disappeared"], "held", 60)
    assert one.okta_writes(since) == []
    assert one.status_of("ada.vanish@example.com") == "ACTIVE"


def test_an_empty_answer_is_the_sources_fault(world):
    one = world(sandbox_settings=ACTIVE)
    people = team(one, 5)
    announce(one, people)
    one.quiet()
    fault = one.sandbox.fault(system="bob", route="POST /v1/people/search", action="empty")
    since = one.sandbox.mark()
    announce(one, people, "employee.inactivated")
    wait_until(lambda: len(one.sandbox.bob_searches(since)) >= 1, "asked")
    time_is_up = time.monotonic() + 2
    wait_until(lambda: time.monotonic() > time_is_up, "two seconds", 5)
    assert one.okta_writes(since) == []
    one.sandbox.call("DELETE", f"/faults/{fault}")
    announce(one, people, "employee.activated")
    one.quiet(60, unsettled=True)
    assert {u["status"] for u in one.sandbox.users()} == {"ACTIVE"}


def test_unreadable_status_lowers_and_raises_nobody(world):
    """K1, K2: what cannot be read is no fact."""
    one = world(sandbox_settings=ACTIVE)
    employee = one.hire_settled("Ada", "Veiled", day(PAST))
    one.sandbox.settings(unreadable_fields=["lifecycle"])
    since = one.sandbox.mark()
    one.sandbox.life(employee, "terminate", at=day(0))
    fresh = one.sandbox.hire("Ada", "Fresh", day(PAST))
    one.quiet(unsettled=True)
    assert one.okta_writes(since) == []
    assert one.status_of("ada.fresh@example.com") is None
    one.sandbox.settings(unreadable_fields=[])
    for one_id in (employee, fresh):
        one.server.sync(one_id)
    one.quiet()
    assert one.status_of("ada.veiled@example.com") == "DEPROVISIONED"
    assert one.status_of("ada.fresh@example.com") == "ACTIVE"


def test_an_unknown_lifecycle_word_is_listed(world):
    one = world(sandbox_settings=ACTIVE)
    employee = one.hire_settled("Ada", "Sabbat", day(PAST))
    since = one.sandbox.mark()
    one.sandbox.call("PATCH", f"/bob/employees/{employee}",
                     {"internal.lifecycleStatus": "on the moon", "internal.status": "Inactive"})
    announce(one, [employee], "employee.inactivated")
    one.quiet()
    assert one.okta_writes(since) == []
    assert one.server.record(employee)["last_rule"] == "K1"


# ------------------------------------------------------------- Okta refuses or fails

def test_a_revoked_token_parks_and_resumes_by_itself(world):
    """Engine rule 7: few calls, no attempts used up, and on again with a working token."""
    one = world(sandbox_settings={"okta_token": "another-token"}, start=False)
    one.sandbox.settings(okta_token=harness.OKTA_TOKEN)
    one.start()
    one.hire_settled("Ada", "First", day(PAST))
    one.sandbox.settings(okta_token="another-token")
    since = one.sandbox.mark()
    announce(one, team(one, 30))
    wait_until(lambda: one.server.status()["okta"]["state"] == "parked", "parked")
    assert "token" in one.server.status()["okta"]["sentence"].lower()
    one.sandbox.life("new", "hire", at=day(PAST), fields={"root.email": "ada.extra@example.com"})
    harness.stays(lambda: len(one.okta_calls(since)) <= 12, "few calls with a dead token", 3)
    admin = harness.http_call(one.server.admin, "GET", "/readyz").json()
    assert "okta" in json.dumps(admin).lower()
    assert harness.http_call(one.server.public, "GET", "/readyz").status == 200, "intake goes on"
    attempts = [one.server.record(p["employee_id"])["attempts"] for p in one.server.people()]
    assert max(attempts) <= 1, "parking uses up no attempts"
    one.sandbox.settings(okta_token=harness.OKTA_TOKEN)
    wait_until(lambda: len(one.sandbox.users()) == 32, "all done by itself", 90)
    assert one.server.status()["okta"]["state"] == "ok"


def test_one_person_the_token_may_not_manage_is_held_alone(world):
    """C5: a probe works, so only that person waits."""
    one = world()
    people = team(one, 3)
    announce(one, people)
    one.quiet()
    one.sandbox.patch_user("ada.1@example.com", manageable=False)
    for employee in people:
        one.sandbox.update(employee, {"work.workPhone": "+44 7"})
    one.quiet(unsettled=True)
    assert one.server.hold_kinds(people[1]) == ["forbidden"]
    assert one.server.status()["okta"]["state"] == "ok"
    for n in (0, 2):
        assert one.sandbox.user(f"ada.{n}@example.com")["profile"]["primaryPhone"] == "+44 7"
    one.sandbox.patch_user("ada.1@example.com", manageable=True)
    one.server.post("/holds/release", {"employee_id": people[1]})
    wait_until(lambda: one.sandbox.user("ada.1@example.com")["profile"].get("primaryPhone")
               == "+44 7", "updated after the release")


def test_bobs_dead_credentials_park(world):
    """Bob's firewall blocks after repeated 401: very few calls."""
    one = world()
    one.hire_settled("Ada", "First", day(PAST))
    one.sandbox.settings(bob_token="changed")
    since = one.sandbox.mark()
    announce(one, team(one, 20))
    wait_until(lambda: one.server.status()["bob"]["state"] == "parked", "parked")
    harness.stays(lambda: len(one.sandbox.calls(since, system="bob")) <= 5, "few calls", 3)
    one.sandbox.settings(bob_token=harness.BOB_TOKEN)
    wait_until(lambda: len(one.sandbox.users()) == 21, "all done by itself", 90)


def test_an_outage_parks_and_drains(world):
    one = world()
    people = team(one, 20)
    one.sandbox.fault(system="okta", route="*", action="status", status=503, code="E0000181")
    announce(one, people)
    wait_until(lambda: one.server.status()["okta"]["state"] == "parked", "parked", 20)
    assert one.sandbox.users() == []
    one.sandbox.clear_faults()
    wait_until(lambda: len(one.sandbox.users()) == 20, "drained", 90)
    one.quiet(60)
    assert one.okta_writes().count("create+activate") == 20


def test_bobs_outage_loses_nothing(world):
    one = world()
    one.sandbox.fault(system="bob", route="*", action="status", status=502)
    people = team(one, 5)
    announce(one, people)
    wait_until(lambda: len(one.sandbox.bob_searches()) >= 2, "asked again", 20)
    one.sandbox.clear_faults()
    wait_until(lambda: len(one.sandbox.users()) == 5, "all done", 60)


@pytest.mark.parametrize("action", ["html200", "garbage", "truncate", "cut"])
def test_an_odd_answer_from_bob_changes_nobody(world, action):
    one = world(sandbox_settings=ACTIVE)
    people = team(one, 3)
    announce(one, people)
    one.quiet()
    since = one.sandbox.mark()
    one.sandbox.fault(system="bob", route="POST /v1/people/search", action=action, times=2)
    for employee in people:
        one.sandbox.update(employee, {"work.workPhone": "+44 5"})
    wait_until(lambda: all(u["profile"].get("primaryPhone") == "+44 5" for u in one.sandbox.users()),
               "updated after all", 60)
    assert set(one.okta_writes(since)) == {"update"}


def test_429_is_respected(world):
    """Refused calls wait for the reset by Okta's own clock, and nobody fails."""
    one = world(sandbox_settings={"okta_window_s": 4})
    people = team(one, 12)
    one.sandbox.fault(system="okta", route="POST /api/v1/users", action="429", reset_s=4, times=3)
    announce(one, people)
    wait_until(lambda: one.sandbox.get("/counters")["okta_429"] >= 1, "refused")
    wait_until(lambda: len(one.sandbox.users()) == 12, "all done", 60)
    one.quiet(30)
    refused = [c for c in one.sandbox.calls(system="okta") if c["status"] == 429]
    assert len(refused) <= 4, "no hammering at a closed door"
    assert one.server.status()["employees"]["failed"] == 0


def test_a_steady_load_sees_no_429(world):
    """The budget is watched before it is spent."""
    one = world(sandbox_settings={
        "okta_limits": {"users": 20, "users_write": 20}, "okta_window_s": 3}, reread_after_s=0)
    announce(one, team(one, 40))
    wait_until(lambda: len(one.sandbox.users()) == 40, "all done", 60)
    refused = [c for c in one.sandbox.calls(system="okta") if c["status"] == 429]
    assert len(refused) <= 2, f"{len(refused)} calls were refused"


def test_the_concurrency_429_backs_off_shortly(world):
    one = world(sandbox_settings={"okta_concurrency": 1, "okta_latency_ms": 30}, reread_after_s=0)
    announce(one, team(one, 20))
    wait_until(lambda: len(one.sandbox.users()) == 20, "all done", 60)
    assert one.server.status()["employees"]["failed"] == 0


@pytest.mark.parametrize("action", ["500_after", "cut_after_apply", "truncate"])
def test_an_unclear_create_makes_one_user(world, action):
    """Engine rule 8: found by login, equal to what was sent: ours."""
    one = world()
    one.sandbox.fault(system="okta", route="POST /api/v1/users", action=action, times=1)
    employee = one.sandbox.hire("Ada", "Unclear", day(PAST))
    wait_until(lambda: (r := one.server.record(employee)) and r["okta_id"], "linked", 30)
    one.quiet(30)
    (user,) = one.sandbox.users()
    assert user["transitions"].count("create") == 1
    assert one.server.record(employee)["okta_id"] == user["id"]


@pytest.mark.parametrize("action", ["500_before", "cut", "hang"])
def test_a_create_that_never_arrived_is_sent_again(world, action):
    one = world()
    more = {"ms": 1500} if action == "hang" else {}
    one.sandbox.fault(system="okta", route="POST /api/v1/users", action=action, times=1, **more)
    employee = one.sandbox.hire("Ada", "Again", day(PAST))
    wait_until(lambda: (r := one.server.record(employee)) and r["okta_id"], "linked", 60)
    one.quiet(30)
    (user,) = one.sandbox.users()
    assert user["transitions"].count("create") == 1


def test_an_unclear_deactivation_ends_sessions_all_the_same(world):
    """Engine rule 9."""
    one = world(sandbox_settings=ACTIVE)
    employee = one.hire_settled("Ada", "Cut", day(PAST))
    one.sandbox.fault(system="okta", route="POST /api/v1/users/{id}/lifecycle/deactivate",
                      action="cut_after_apply", times=1)
    one.sandbox.life(employee, "terminate", at=day(0))
    wait_until(lambda: one.sandbox.user("ada.cut@example.com")["sessions_ended"] >= 1, "ended", 30)
    assert one.status_of("ada.cut@example.com") == "DEPROVISIONED"


def test_what_okta_will_never_accept_is_failed_and_explained(world):
    one = world()
    one.sandbox.fault(system="okta", route="POST /api/v1/users/{id}", action="status", status=400,
                      code="E0000001", times=1)
    employee = one.hire_settled("Ada", "Refused", day(PAST))
    one.sandbox.update(employee, {"work.workPhone": "+44 5"})
    wait_until(lambda: one.server.record(employee)["state"] == "failed", "failed")
    record = one.server.record(employee)
    assert len(record["last_error"]) > 10
    assert one.server.person(employee)["next_step"]
    one.sandbox.update(employee, {"work.workPhone": "+44 6"})  # the next change tries again
    wait_until(lambda: one.sandbox.user("ada.refused@example.com")["profile"].get("primaryPhone")
               == "+44 6", "accepted now")


def test_a_leaver_is_not_blocked_by_a_failed_attribute(world):
    """L3."""
    one = world(sandbox_settings=ACTIVE)
    employee = one.hire_settled("Ada", "Blocked", day(PAST))
    one.sandbox.fault(system="okta", route="POST /api/v1/users/{id}", action="status", status=400,
                      code="E0000001")
    one.sandbox.update(employee, {"work.workPhone": "+44 5"})
    wait_until(lambda: one.server.record(employee)["state"] == "failed", "failed")
    one.sandbox.life(employee, "terminate", at=day(0))
    wait_until(lambda: one.status_of("ada.blocked@example.com") == "DEPROVISIONED", "closed")


def test_a_profile_owned_elsewhere_still_gets_its_status(world):
    """C3."""
    one = world(sandbox_settings=ACTIVE)
    employee = one.hire_settled("Ada", "Sourced", day(PAST))
    one.sandbox.patch_user("ada.sourced@example.com", sourced=True)
    one.sandbox.update(employee, {"work.workPhone": "+44 5"})
    one.quiet(unsettled=True)
    assert one.server.record(employee)["is_sourced_elsewhere"]
    since = one.sandbox.mark()
    one.sandbox.update(employee, {"work.workPhone": "+44 6"})
    one.quiet(unsettled=True)
    assert one.okta_writes(since) == [], "no more profile writes"
    one.sandbox.life(employee, "terminate", at=day(0))
    one.quiet()
    assert one.status_of("ada.sourced@example.com") == "DEPROVISIONED"


def test_what_someone_else_closed_stays_closed(world):
    """R3: only our own lowering is undone."""
    one = world(sandbox_settings=ACTIVE)
    employee = one.hire_settled("Ada", "Other", day(PAST))
    one.sandbox.patch_user("ada.other@example.com", status="SUSPENDED")
    since = one.sandbox.mark()
    one.sandbox.update(employee, {"work.workPhone": "+44 5"})
    one.sandbox.life(employee, "leave")
    one.sandbox.life(employee, "return")
    one.quiet(unsettled=True)
    assert not {"unsuspend", "activate"} & set(one.okta_writes(since))
    assert one.status_of("ada.other@example.com") == "SUSPENDED"


# ----------------------------------------------------------- modes, pause, restart

def test_dry_run_writes_nothing_and_says_what_it_would(world):
    one = world(mode="dry_run")
    employee = one.sandbox.hire("Ada", "Dry", day(PAST))
    one.quiet(unsettled=True)
    assert one.okta_writes() == []
    actions = one.server.person(employee)["actions"]
    assert [a["kind"] for a in actions][:1] == ["create"] and actions[0]["state"] == "dry_run"
    # Leaving dry_run plans everyone afresh.
    document = one.server.document
    document["connections"][0]["mode"] = "live"
    one.restart(document)
    wait_until(lambda: one.status_of("ada.dry@example.com"), "created in live mode", 20)


def test_pause_keeps_intake_and_resume_does_the_rest(world):
    """M4; revocations pass when the pause says so."""
    one = world(sandbox_settings=ACTIVE)
    closing = one.hire_settled("Ada", "Closing", day(PAST))
    assert one.server.post("/pause", {"revocations": True})["pause"]["revocations"] is True
    since = one.sandbox.mark()
    announce(one, team(one, 5))
    one.quiet(unsettled=True)
    assert one.okta_writes(since) == []
    one.server.post_event(revoked_event(closing))
    wait_until(lambda: one.status_of("ada.closing@example.com") == "SUSPENDED", "revoked")
    one.restart()
    one.quiet(unsettled=True)
    assert one.server.status()["pause"], "a pause survives a restart"
    assert len(one.sandbox.users()) == 1
    one.server.post("/resume")
    wait_until(lambda: len(one.sandbox.users()) == 6, "the rest is done", 20)
    assert one.server.status()["pause"] is None


def test_a_pause_of_everything_stops_revocations_too(world):
    one = world(sandbox_settings=ACTIVE)
    employee = one.hire_settled("Ada", "Paused", day(PAST))
    one.server.post("/pause", {"revocations": False})
    since = one.sandbox.mark()
    one.server.post_event(revoked_event(employee))
    one.quiet(unsettled=True)
    assert one.okta_writes(since) == []
    one.server.post("/resume")
    wait_until(lambda: one.status_of("ada.paused@example.com") == "SUSPENDED", "revoked", 20)


def test_a_human_hold_stops_everything_and_release_does_it(world):
    one = world(sandbox_settings=ACTIVE)
    employee = one.hire_settled("Ada", "Held", day(PAST))
    one.server.post(f"/people/{employee}/hold", {"why": "an audit"})
    since = one.sandbox.mark()
    one.sandbox.update(employee, {"work.workPhone": "+44 5"})
    one.sandbox.life(employee, "terminate", at=day(0))
    one.quiet(unsettled=True)
    assert one.okta_writes(since) == []
    one.server.post("/holds/release", {"employee_id": employee})
    wait_until(lambda: one.status_of("ada.held@example.com") == "DEPROVISIONED", "closed", 20)


def test_close_closes_now_and_nothing_reopens(world):
    one = world(sandbox_settings=ACTIVE)
    employee = one.hire_settled("Ada", "Close", day(PAST))
    one.server.post(f"/people/{employee}/close", {"why": "at once"})
    wait_until(lambda: one.status_of("ada.close@example.com") == "DEPROVISIONED", "closed")
    one.sandbox.life(employee, "return")
    one.server.sync(employee)
    one.quiet(unsettled=True)
    assert one.status_of("ada.close@example.com") == "DEPROVISIONED"
    assert one.server.hold_kinds(employee) == ["human"]


def test_kill_in_the_middle_and_restart(world):
    one = world(sandbox_settings={"okta_latency_ms": 100})
    people = team(one, 40)
    announce(one, people)
    wait_until(lambda: len(one.sandbox.users()) >= 5, "some are done")
    one.server.kill()
    one.sandbox.settings(okta_latency_ms=0)
    one.restart()
    wait_until(lambda: len(one.sandbox.users()) == 40, "all done", 60)
    one.quiet(60)
    for user in one.sandbox.users():
        assert user["transitions"].count("create") == 1
        assert user["activation_mails"] == 1
    assert {r["okta_id"] for r in one.server.people()} == {u["id"] for u in one.sandbox.users()}


def test_sigterm_under_load_exits_0_within_ten_seconds(world):
    one = world(sandbox_settings={"okta_latency_ms": 300, "bob_latency_ms": 300})
    announce(one, team(one, 60))
    wait_until(lambda: len(one.sandbox.users()) >= 1, "at work")
    began = time.monotonic()
    one.server.stop(10)
    assert time.monotonic() - began < 10 * harness.SLOW
    one.sandbox.settings(okta_latency_ms=0, bob_latency_ms=0)
    one.restart()
    wait_until(lambda: len(one.sandbox.users()) == 60, "the rest is done after the start", 60)


def test_a_second_signal_skips_the_waits(world):
    one = world(sandbox_settings={"okta_latency_ms": 8000})
    announce(one, team(one, 3))
    wait_until(lambda: one.server.status()["employees"]["working"] >= 1, "at work")
    began = time.monotonic()
    one.server.program.send_signal(signal.SIGTERM)
    one.server.program.send_signal(signal.SIGINT)
    assert one.server.program.wait_exit(5) == 0
    assert time.monotonic() - began < 5 * harness.SLOW


def test_an_idle_stop_is_quick(world):
    one = world()
    one.quiet()
    began = time.monotonic()
    one.server.stop(5)
    assert time.monotonic() - began < 3 * harness.SLOW


# ----------------------------------------------------------------- changes, renames

def test_a_new_email_renames_once(world):
    """C2."""
    one = world()
    employee = one.hire_settled("Ada", "Single", day(PAST))
    since = one.sandbox.mark()
    one.sandbox.update(employee, {"root.email": "ada.married@example.com",
                                  "root.surname": "Married"})
    one.quiet()
    one.server.sync(employee)
    one.quiet()
    assert one.okta_writes(since) == ["update"]
    (user,) = one.sandbox.users()
    assert user["login"] == "ada.married@example.com" == user["profile"]["email"]


def test_a_login_changed_by_hand_is_not_changed_back(world):
    """C2: only when Bob's value changed."""
    one = world()
    employee = one.hire_settled("Ada", "Byhand", day(PAST))
    one.sandbox.patch_user("ada.byhand@example.com", profile={"login": "byhand@example.com"})
    since = one.sandbox.mark()
    one.sandbox.update(employee, {"work.workPhone": "+44 5"})
    one.quiet()
    assert one.okta_writes(since) == ["update"]
    assert one.sandbox.user("byhand@example.com")


def test_a_new_domain_is_held(world):
    """C2: never to a domain outside the list."""
    one = world()
    employee = one.hire_settled("Ada", "Domain", day(PAST))
    since = one.sandbox.mark()
    one.sandbox.update(employee, {"root.email": "ada.domain@example.org", "work.workPhone": "+44 5"})
    one.quiet(unsettled=True)
    bodies = [c["body"]["profile"] for c in one.sandbox.calls(since, system="okta", writes=1)
              if c["body"]]
    assert all("login" not in body and "email" not in body for body in bodies)
    assert one.sandbox.users()[0]["login"] == "ada.domain@example.com"
    assert one.server.hold_kinds(employee) == ["domain"] or one.server.record(
        employee)["last_rule"] in ("C2", "G2", "L5")


def test_only_what_differs_is_sent(world):
    """C1."""
    one = world()
    employee = one.hire_settled("Ada", "Partial", day(PAST))
    since = one.sandbox.mark()
    one.sandbox.update(employee, {"work.title": "Head of Sums"})
    one.quiet()
    (call,) = one.sandbox.calls(since, system="okta", writes=1)
    assert call["body"]["profile"] == {"title": "Head of Sums"}


def test_an_emptied_value_is_kept_by_default(world):
    one = world()
    employee = one.hire_settled("Ada", "Keeps", day(PAST), fields={"work.workPhone": "+44 1"})
    since = one.sandbox.mark()
    one.sandbox.update(employee, {"work.workPhone": None})
    one.quiet()
    assert one.okta_writes(since) == []
    assert one.sandbox.users()[0]["profile"]["primaryPhone"] == "+44 1"


def test_clearing_needs_two_reads_that_agree(world):
    """K4: at least 20 s apart."""
    one = world(mapping=[{"okta": "primaryPhone", "bob": "work.workPhone", "when_empty": "clear"}])
    employee = one.hire_settled("Ada", "Clears", day(PAST), fields={"work.workPhone": "+44 1"})
    since = one.sandbox.mark()
    began = time.monotonic()
    one.sandbox.update(employee, {"work.workPhone": None})
    wait_until(lambda: one.okta_writes(since) == ["update"], "cleared", 60)
    assert time.monotonic() - began >= 19
    assert not one.sandbox.users()[0]["profile"].get("primaryPhone")


def test_mapping_rows_replace_add_and_remove(world):
    one = world(mapping=[
        {"okta": "costCenter", "bob": "work.custom.field_1655996461265"},
        {"okta": "title", "bob": None},
        {"okta": "department", "bob": "work.site"},
    ])
    one.hire_settled("Ada", "Mapped", day(PAST), fields={
        "work.custom.field_1655996461265": "CC-7", "work.title": "Analyst", "work.site": "Leeds"})
    profile = one.sandbox.users()[0]["profile"]
    assert profile["costCenter"] == "CC-7" and profile["department"] == "Leeds"
    assert not profile.get("title")


def test_the_default_mapping_gives_labels_not_ids(world):
    one = world()
    boss = one.sandbox.add_employee(**{"root.firstName": "Bea", "root.surname": "Boss",
                                       "root.email": "bea.boss@example.com"})
    one.hire_settled("Ada", "Full", day(PAST), fields={
        "work.title": "Analyst", "work.department": "Finance", "work.reportsTo": boss,
        "work.workPhone": "+44 1", "work.workMobile": "+44 2"})
    profile = one.sandbox.user("ada.full@example.com")["profile"]
    assert {key: profile.get(key) for key in (
        "login", "email", "firstName", "lastName", "displayName", "title", "department", "manager",
        "primaryPhone", "mobilePhone")} == {
        "login": "ada.full@example.com", "email": "ada.full@example.com", "firstName": "Ada",
        "lastName": "Full", "displayName": "Ada Full", "title": "Analyst", "department": "Finance",
        "manager": "Bea Boss", "primaryPhone": "+44 1", "mobilePhone": "+44 2"}


@pytest.mark.parametrize("settings", [
    {"bob_status_case": "lower"}, {"bob_status_case": "upper"}, {"humanreadable_dates": "iso"},
    {"bob_person_shape": "employees"}, {"field_updates_key": "fieldUpdatesIds"},
    {"table_row_keys": "both"}], ids=lambda s: "-".join(map(str, *s.items())))
def test_bobs_variants_are_understood(world, settings):
    one = world(sandbox_settings={**ACTIVE, **settings})
    employee = one.hire_settled("Ada", "Odd", day(PAST))
    assert one.status_of("ada.odd@example.com") == "ACTIVE"
    one.sandbox.update(employee, {"work.title": "Lead"})
    one.quiet()
    assert one.sandbox.users()[0]["profile"]["title"] == "Lead"
    one.sandbox.life(employee, "terminate", at=day(0))
    one.quiet()
    assert one.status_of("ada.odd@example.com") == "DEPROVISIONED"


def test_v1_webhooks_do_the_same(world):
    one = world(sandbox_settings=ACTIVE)
    employee = one.hire_settled("Ada", "Legacy", day(PAST), version="v1")
    one.sandbox.update(employee, {"work.title": "Lead"}, version="v1")
    one.quiet()
    one.sandbox.life(employee, "terminate", at=day(0), version="v1")
    one.quiet()
    (user,) = one.sandbox.users()
    assert user["profile"]["title"] == "Lead" and user["status"] == "DEPROVISIONED"


def test_a_changed_mode_counts_for_new_accounts_only(world):
    """R5."""
    one = world(activation="never", sandbox_settings=ACTIVE)
    first = one.hire_settled("Ada", "Before", day(PAST))
    document = one.server.document
    document["connections"][0]["provisioning"]["activation"] = "always"
    one.restart(document)
    one.server.sync(first)
    one.hire_settled("Ada", "After", day(PAST))
    one.quiet()
    assert one.status_of("ada.before@example.com") == "STAGED"
    assert one.status_of("ada.after@example.com") == "ACTIVE"


def test_an_activation_by_hand_is_never_reverted(world):
    """R4."""
    one = world(activation="never", sandbox_settings=ACTIVE)
    employee = one.hire_settled("Ada", "Hand", day(PAST))
    one.sandbox.patch_user("ada.hand@example.com", status="ACTIVE")
    one.sandbox.update(employee, {"work.title": "Lead"})
    one.server.sync(employee)
    one.quiet()
    assert one.status_of("ada.hand@example.com") == "ACTIVE"


def test_people_hired_before_go_live_are_held_by_a_sync_of_all(world):
    """M3: existing = hold; a person named by an event is planned by G1 to G6."""
    one = world()
    people = team(one, 4)
    assert one.server.post("/sync")["marked"] == 4
    one.quiet(unsettled=True)
    assert one.sandbox.users() == []
    assert len(one.server.holds(kind="existing")) == 4
    announce(one, people[:1], "employee.updated")
    wait_until(lambda: len(one.sandbox.users()) == 1, "the one an event named")


def test_people_hired_before_go_live_are_created_if_the_settings_say_so(world):
    one = world(existing="create")
    team(one, 4)
    one.server.post("/sync")
    wait_until(lambda: len(one.sandbox.users()) == 4, "all created", 20)


def test_two_connections_do_not_meet(world):
    one = world(start=False)
    document = one.server.document
    other = json.loads(json.dumps(document["connections"][0]))
    other["name"] = "other"
    other["bob"]["company_id"] = 777
    other["bob"]["webhook_secrets"] = ["the-other-secret"]
    document["connections"].append(other)
    one.server.write_settings(document)
    one.start()
    employee = one.sandbox.add_employee()
    body = json.dumps(event(employee, "employee.created"))
    refused = one.server.post_event(body, path="/webhooks/bob/other")
    assert refused.status == 401, "each connection has its own secret"
    foreign = json.dumps(event(employee, "employee.created", company=harness.COMPANY_ID))
    assert one.server.post_event(foreign, harness.sign(foreign, "the-other-secret"),
                                 path="/webhooks/bob/other").status == 200
    one.quiet()
    assert one.sandbox.users() == [], "another company's event"
    assert one.server.post_event(body).status == 200
    wait_until(lambda: len(one.sandbox.users()) == 1, "the right connection")


# ------------------------------------------------------------------- what is shown

def test_no_personal_data_and_no_secret_in_the_log(world):
    one = world(sandbox_settings=ACTIVE)
    employee = one.hire_settled("Wilhelmina", "Quackenbush", day(PAST),
                                fields={"work.workPhone": "+44 7700 900123"})
    one.sandbox.update(employee, {"root.surname": "Featherstone"})
    one.sandbox.life(employee, "terminate", at=day(0))
    one.quiet()
    metrics = one.server.metrics()
    one.server.stop()
    log = (one.server.log() + metrics).lower()
    for word in ("wilhelmina", "quackenbush", "featherstone", "900123", harness.SECRET,
                 harness.BOB_TOKEN, harness.OKTA_TOKEN):
        assert word.lower() not in log, f"{word} is in the log"
    assert employee in log, "ids are"


def test_metrics_tell_the_story(world):
    one = world()
    one.hire_settled("Ada", "Metric", day(PAST))
    metric = one.server.metric
    assert metric("bob2okta_deliveries_total", result="stored") >= 1
    assert metric("bob2okta_actions_total", kind="create", result="done") == 1
    assert metric("bob2okta_okta_requests_total", status="200") >= 1
    assert metric("bob2okta_bob_requests_total", status="200") >= 1
    assert metric("bob2okta_event_to_done_seconds_count") >= 1
    assert metric("bob2okta_store_commit_seconds_count") >= 1
    text = one.server.metrics()
    assert "# TYPE bob2okta_deliveries_total counter" in text
    assert "ada" not in text.lower()


def test_the_actions_are_an_audit_trail(world):
    one = world(sandbox_settings=ACTIVE)
    employee = one.hire_settled("Ada", "Audit", day(PAST))
    one.sandbox.life(employee, "terminate", at=day(0))
    one.quiet()
    actions = one.server.person(employee)["actions"]
    assert [a["kind"] for a in actions] == ["end_sessions", "deactivate", "create"]
    assert {a["state"] for a in actions} == {"done"}
    requests = {c["request_id"] for c in one.sandbox.calls(system="okta", writes=1)}
    assert {a["request_id"] for a in actions} == requests
    assert actions[1]["rule"].startswith("L") and actions[1]["reason"]
