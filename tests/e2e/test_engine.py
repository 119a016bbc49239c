# SPDX-License-Identifier: MIT
"""Bursts, accounts that are there already, limits, revocation, absence."""

import json
import time

import pytest

import harness
from harness import announce, day, event, revoked_event, team, wait_until

ACTIVE = {"okta_password_optional": True}
PAST = -30


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
    one = world()
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
               == "+44 2", "the new value arrived")
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
               == "+44 2", "the new value arrived")
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


def test_a_leaver_whose_account_is_protected_is_an_alarm(world):
    one = world(sandbox_settings=ACTIVE)
    employee = one.hire_settled("Ada", "Boss", day(PAST))
    settings = one.server.document
    settings["connections"][0]["provisioning"]["protected"] = ["ada.boss@example.com"]
    one.server.write_settings(settings)
    one.server.post("/settings/reload")
    one.sandbox.life(employee, "terminate", at=day(0))
    one.quiet()
    assert one.status_of("ada.boss@example.com") == "ACTIVE"
    (alarm,) = wait_until(lambda: one.server.alarms("protected_leaver"), "an alarm", 20)
    assert alarm["subject"] == employee
    # Closed by hand: whoever looks again finds it so.
    one.sandbox.patch_user("ada.boss@example.com", status="DEPROVISIONED")
    one.server.cli("sweep")
    wait_until(lambda: not one.server.alarms("protected_leaver"), "it is over", 30)


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
