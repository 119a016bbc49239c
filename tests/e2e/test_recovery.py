# SPDX-License-Identifier: MIT
"""Corners where something is kept back, repeated or decided late: nothing may stick or be lost."""

import json

import pytest

import harness
from harness import day, event, wait_until

ACTIVE = {"okta_password_optional": True}
PAST = -30


def narrow(kind, count):
    limit = {"per_hour": count, "per_hour_percent": 0, "per_day": count, "per_day_percent": 0,
             "per_week": count, "per_week_percent": 0}
    return {**harness.wide_limits(), kind: limit}


# --------------------------------------------------------------- what is kept back


def two_renamed(world):
    """Two people renamed where one rename is allowed; the id and old login of the held one."""
    one = world(limits=narrow("rename", 1), sandbox_settings=ACTIVE)
    people = [one.hire_settled("Ada", f"Name{n}", day(PAST)) for n in range(2)]
    for n, employee in enumerate(people):
        one.sandbox.update(employee, {
            "root.email": f"ada.new{n}@example.com", "work.workPhone": f"+44 {n}"})
    one.quiet()
    (held,) = one.server.holds(kind="limit")
    n = people.index(held["employee_id"])
    return one, held["employee_id"], f"ada.name{n}@example.com", f"+44 {n}"


def test_a_rename_over_the_limit_keeps_back_the_address_alone(world):
    one, employee, login, phone = two_renamed(world)
    assert one.sandbox.user(login)["profile"]["primaryPhone"] == phone
    one.server.post("/holds/release", {"employee_id": employee})
    one.quiet()
    assert one.sandbox.user(login) is None
    assert one.server.holds(kind="limit") == []


def test_a_held_rename_does_not_keep_a_leaver_open(world):
    """Engine rule 2: no hold but a human's, and one of the lowering itself, blocks lowering."""
    one, employee, login, _ = two_renamed(world)
    one.sandbox.life(employee, "terminate", at=day(0))
    one.quiet()
    assert one.status_of(login) == "DEPROVISIONED"
    assert one.server.holds(kind="limit") == []


def test_a_match_hold_goes_when_the_account_is_linked(world):
    one = world(sandbox_settings=ACTIVE)
    one.sandbox.add_user("STAGED", login="ada.mended@example.com", email="ada.mended@example.com",
                         firstName="Ada", lastName="Other")
    employee = one.sandbox.hire("Ada", "Mended", day(PAST))
    one.quiet()
    assert one.server.hold_kinds(employee) == ["match"]
    one.sandbox.patch_user("ada.mended@example.com", profile={"lastName": "Mended"})
    one.sandbox.update(employee, {"work.workPhone": "+44 5"})
    one.quiet()
    assert one.server.hold_kinds(employee) == []
    assert one.status_of("ada.mended@example.com") == "ACTIVE"


def test_a_match_hold_goes_when_the_person_leaves(world):
    one = world(sandbox_settings=ACTIVE)
    one.sandbox.add_user("ACTIVE", login="ada.short@example.com", email="ada.short@example.com",
                         firstName="Ada", lastName="Other")
    employee = one.sandbox.hire("Ada", "Short", day(PAST))
    one.quiet()
    assert one.server.hold_kinds(employee) == ["match"]
    one.sandbox.life(employee, "terminate", at=day(0))
    one.quiet()
    assert one.server.hold_kinds(employee) == []


@pytest.mark.parametrize("leaves", ["new", "rejected"])
def test_an_answered_duplicate_lets_the_old_record_go(world, leaves):
    """G6: no question any more, so that the old record's leaving closes the account."""
    one = world(sandbox_settings=ACTIVE)
    old = one.hire_settled("Ada", "Twice", day(PAST))
    new = one.sandbox.hire("Ada", "Twice", day(PAST))
    one.quiet()
    assert one.server.hold_kinds(old) == ["duplicate"]
    if leaves == "new":
        one.sandbox.life(new, "terminate", at=day(0))
    else:
        one.server.post("/holds/reject", {"employee_id": new})
    wait_until(lambda: one.server.hold_kinds(old) == [], "the old record is free")
    one.sandbox.life(old, "terminate", at=day(0))
    one.quiet()
    assert one.status_of("ada.twice@example.com") == "DEPROVISIONED"


# -------------------------------------------------------------------- revocations


@pytest.mark.parametrize("status", ["SUSPENDED", "DEPROVISIONED"])
def test_a_revocation_of_a_closed_account_is_carried_out_once(world, status):
    """V1, V2: handled, so that it is not repeated, and a rehire reopens what we closed."""
    one = world(sandbox_settings=ACTIVE)
    employee = one.hire_settled("Ada", "Shut", day(PAST))
    one.sandbox.patch_user("ada.shut@example.com", status=status)
    one.sandbox.life(employee, "revoke", at=day(0))
    one.quiet()
    record = one.server.record(employee)
    since = one.sandbox.mark()
    one.sandbox.update(employee, {"work.workPhone": "+44 6"})
    one.quiet()
    assert one.okta_writes(since) == [], record


def test_sessions_end_although_the_first_try_failed_and_the_setting_is_off(world):
    """V2: a revocation ends sessions whatever the setting says, and rule 9 repeats it."""
    one = world(sandbox_settings=ACTIVE, leaver={"action": "deactivate", "end_sessions": False})
    employee = one.hire_settled("Ada", "Open", day(PAST))
    one.sandbox.fault(system="okta", route="DELETE /api/v1/users/{id}/sessions",
                      action="500_before", times=1)
    one.sandbox.life(employee, "revoke", at=day(5))
    one.quiet()
    assert [w for w in one.okta_writes() if w == "sessions"] == ["sessions"]


def test_a_revocation_passes_a_pause_with_its_sessions(world):
    one = world(sandbox_settings=ACTIVE)
    employee = one.hire_settled("Ada", "Paused", day(PAST))
    one.server.post("/pause", {"revocations": True})
    since = one.sandbox.mark()
    one.sandbox.life(employee, "revoke", at=day(5))
    wait_until(lambda: "sessions" in one.okta_writes(since), "suspended, sessions ended")
    assert one.okta_writes(since) == ["suspend", "sessions"]


def test_a_pause_that_lets_revocations_pass_wakes_those_that_wait(world):
    one = world(sandbox_settings=ACTIVE)
    employee = one.hire_settled("Ada", "Waits", day(PAST))
    one.server.post("/pause", {"revocations": False})
    one.sandbox.life(employee, "revoke", at=day(5))
    wait_until(lambda: one.server.record(employee)["state"] == "parked", "parked")
    one.server.post("/pause", {"revocations": True})
    wait_until(lambda: one.status_of("ada.waits@example.com") == "SUSPENDED", "suspended")


def test_an_unlinked_revocation_waits_for_bob(world):
    """V1: somebody must be looked for before it can be said that nobody was found."""
    one = world(sandbox_settings=ACTIVE, people=0)
    one.sandbox.add_user("ACTIVE", login="ada.unseen@example.com", email="ada.unseen@example.com",
                         firstName="Ada", lastName="Unseen")
    employee = one.sandbox.add_employee(**{
        "root.firstName": "Ada", "root.surname": "Unseen", "root.email": "ada.unseen@example.com"})
    one.sandbox.fault(system="bob", route="POST /v1/people/search", action="status", status=500,
                      times=2)
    assert one.server.post_event(
        event(employee, "employee.access.revoked.immediately")).status == 200
    wait_until(lambda: one.status_of("ada.unseen@example.com") == "SUSPENDED", "closed", 20)


def test_a_rejected_doubtful_revocation_is_forgotten(world):
    one = world(sandbox_settings=ACTIVE)
    employee = one.hire_settled("Ada", "Doubt", day(PAST))
    body = event(employee, "employee.access.revoked.immediately", triggered_at="nonsense")
    assert one.server.post_event(body).status == 200
    one.quiet()
    assert one.server.hold_kinds(employee) == ["revoke_doubtful"]
    one.server.post("/holds/reject", {"employee_id": employee})
    wait_until(lambda: one.server.hold_kinds(employee) == [], "forgotten")
    one.sandbox.update(employee, {"root.email": "ada.free@example.com"})
    one.quiet()
    assert one.status_of("ada.free@example.com") == "ACTIVE"


# ------------------------------------------------------------------- close by hand


def test_a_failed_close_leaves_an_earlier_hold_alone(world):
    one = world(sandbox_settings=ACTIVE)
    employee = one.hire_settled("Ada", "Kept", day(PAST))
    one.server.post(f"/people/{employee}/hold", {"why": "on purpose"})
    one.sandbox.fault(system="okta", route="POST /api/v1/users/{id}/lifecycle/deactivate",
                      action="500_before", times=1)
    one.server.ask("POST", f"/api/v1/people/{employee}/close", {})
    assert one.server.hold_kinds(employee) == ["human"]


def test_close_looks_at_an_account_that_was_closed_before(world):
    """Engine rule 10: somebody may have opened it since."""
    one = world(sandbox_settings=ACTIVE)
    employee = one.hire_settled("Ada", "Again", day(PAST))
    one.sandbox.life(employee, "terminate", at=day(0))
    one.quiet()
    one.sandbox.patch_user("ada.again@example.com", status="ACTIVE")
    one.server.ask("POST", f"/api/v1/people/{employee}/close", {})
    assert one.status_of("ada.again@example.com") == "DEPROVISIONED"


# ------------------------------------------------------------------------ crashes


def test_dry_run_sends_nothing_for_a_create_that_was_cut_short(world):
    """M1: the mode holds for what an earlier run began, too."""
    one = world(sandbox_settings=ACTIVE)
    one.sandbox.fault(system="okta", route="POST /api/v1/users", action="hang", ms=3000, times=1)
    one.sandbox.hire("Ada", "Begun", day(PAST))
    wait_until(lambda: one.server.status()["employees"]["working"] == 1 and one.lookups(),
               "looked for")
    wait_until(lambda: one.sandbox.get("/faults")["rules"][0]["fired"] == 1, "on its way")
    one.server.kill()
    settings = json.loads(one.server.settings_path.read_text())
    settings["connections"][0]["mode"] = "dry_run"
    one.restart(settings)
    one.quiet()
    assert one.sandbox.users() == []
