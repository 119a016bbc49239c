# SPDX-License-Identifier: MIT
"""The way back from an action, and that it lasts until somebody lets go."""

import json

import pytest

from harness import Background, day, event, revoked_event, wait_until, wide_limits
from test_groups import members, rows, with_groups

ACTIVE = {"okta_password_optional": True}
PAST = -30
ALL = "1 == 1"


def actions(one, employee):
    return one.server.person(employee)["actions"]


def action(one, employee, kind):
    """The newest of that kind."""
    return next(a for a in actions(one, employee) if a["kind"] == kind)


def undo(one, action_id, *flags):
    """The report, or the reason why there is none."""
    done = one.server.cli("undo", str(action_id), "--json", *(flags or ("--yes",)))
    return json.loads(done.stdout) if done.returncode == 0 else done.stderr


def refused(one, action_id, *flags):
    answer = undo(one, action_id, *flags)
    assert isinstance(answer, str), answer
    return answer


def steps(report):
    return [(step["kind"], step["state"]) for step in report["steps"]]


def leaver(one, first="Ada", **more):
    employee = one.hire_settled(first, "Gone", day(PAST), **more)
    one.sandbox.life(employee, "terminate", at=day(0))
    one.quiet()
    return employee, f"{first.lower()}.gone@example.com"


def renamed(one, first="Ada", **more):
    employee = one.hire_settled(first, "Old", day(PAST))
    one.sandbox.update(employee, {"root.email": f"{first.lower()}.new@example.com",
                                  "work.workPhone": "+44 1", **more})
    one.quiet()
    return employee, f"{first.lower()}.old@example.com", f"{first.lower()}.new@example.com"


# ------------------------------------------------------------------ deactivate, suspend


def test_an_undone_deactivation_lasts_until_it_is_released(world):
    one = with_groups(world, rows(Everyone2=ALL), names=("Everyone2",), sandbox_settings=ACTIVE)
    employee, login = leaver(one)
    done = action(one, employee, "deactivate")
    assert done["can_undo"] is True

    plan = undo(one, done["intent_id"], "--dry-run")
    assert (plan["state"], plan["is_held"]) == ("planned", False)
    assert plan["before"]["status"] == "ACTIVE" and plan["before"]["at_ms"] > 0
    assert steps(plan) == [("activate", "planned"), ("join_group", "planned")]
    assert any("assigned by hand" in loss for loss in plan["losses"])
    assert one.status_of(login) == "DEPROVISIONED", "a plan does nothing"

    one.sandbox.post("/okta/groups/Everyone2/members", {"leave": login})
    report = undo(one, done["intent_id"])
    assert report["state"] == "done" and report["is_held"] is True
    assert steps(report) == [("activate", "done"), ("join_group", "done")]
    assert one.status_of(login) == "ACTIVE"
    assert members(one, "Everyone2") == ["ada.gone"]
    assert one.server.hold_kinds(employee) == ["undo"]

    # Events, a sweep, a sync and a revocation: all planned, nothing done, and said loudly.
    since = one.sandbox.mark()
    one.quiet()
    one.sandbox.update(employee, {"work.workPhone": "+44 7"})
    assert one.server.post_event(revoked_event(employee)).status == 200
    assert one.server.cli("sweep", timeout_s=120).returncode == 0
    one.server.sync(employee)
    one.quiet()
    assert one.okta_writes(since) == []
    record = one.server.record(employee)
    assert "held after an undo, but the account should be closed" in record["last_sentence"]
    wait_until(lambda: one.server.alarms("leaver_held"), "and an alarm")
    wait_until(lambda: "alarm=leaver_held" in one.server.log(), "a line in the log")
    plan = one.server.post(f"/people/{employee}/plan")
    assert [a["kind"] for a in plan["actions"]][:1] in (["suspend"], ["deactivate"]), plan
    assert plan["hold"]["kind"] == "undo"

    # Let go: planned afresh.
    assert one.server.cli("release", employee, "--kind", "undo").returncode == 0
    wait_until(lambda: one.status_of(login) == "DEPROVISIONED", "closed again")
    one.quiet()


def test_an_undo_holds_over_a_restart(world):
    one = world(sandbox_settings=ACTIVE)
    employee, login = leaver(one)
    undo(one, action(one, employee, "deactivate")["intent_id"])
    one.restart()
    one.server.sync(employee)
    one.quiet()
    assert one.status_of(login) == "ACTIVE"
    assert one.server.hold_kinds(employee) == ["undo"]


def test_whoever_is_rehired_meanwhile_is_planned_afresh_at_the_release(world):
    one = world(sandbox_settings=ACTIVE)
    employee, login = leaver(one)
    undo(one, action(one, employee, "deactivate")["intent_id"])
    one.sandbox.life(employee, "rehire", at=day(0))
    one.quiet()
    since = one.sandbox.mark()
    one.server.cli("release", employee)
    one.quiet()
    assert one.status_of(login) == "ACTIVE"
    assert "deactivate" not in one.okta_writes(since)


def test_an_undone_suspension_is_unsuspended(world):
    one = world(sandbox_settings=ACTIVE)
    employee = one.hire_settled("Ada", "Gone", day(PAST))
    one.sandbox.life(employee, "revoke", at=day(5))
    one.quiet()
    assert one.status_of("ada.gone@example.com") == "SUSPENDED"
    report = undo(one, action(one, employee, "suspend")["intent_id"])
    assert steps(report) == [("unsuspend", "done")]
    assert any("signs in again" in loss for loss in report["losses"])
    assert one.status_of("ada.gone@example.com") == "ACTIVE"
    one.quiet()
    assert one.status_of("ada.gone@example.com") == "ACTIVE"


@pytest.mark.parametrize("status", ["ACTIVE", "SUSPENDED"])
def test_a_status_somebody_else_changed_is_left_alone(world, status):
    one = world(sandbox_settings=ACTIVE)
    employee, login = leaver(one)
    one.sandbox.patch_user(login, status=status)
    since = one.sandbox.mark()
    assert f"is {status} in Okta now" in refused(
        one, action(one, employee, "deactivate")["intent_id"])
    assert one.okta_writes(since) == []
    assert "undo" not in one.server.hold_kinds(employee)


def test_an_account_that_was_not_open_is_not_opened(world):
    one = world(sandbox_settings=ACTIVE, activation="never")
    employee = one.hire_settled("Ada", "Gone", day(PAST))
    assert one.status_of("ada.gone@example.com") == "STAGED"
    one.sandbox.life(employee, "terminate", at=day(0))
    one.quiet()
    done = action(one, employee, "deactivate")
    assert (done["can_undo"], "never open" in done["undo_why"]) == (False, True)
    assert "never open" in refused(one, done["intent_id"])


def test_a_deleted_user_does_not_come_back(world):
    """E-11: and nothing is created in its place."""
    one = world(sandbox_settings=ACTIVE)
    employee, login = leaver(one)
    one.sandbox.call("DELETE", f"/okta/users/{one.sandbox.user(login)['id']}")
    since = one.sandbox.mark()
    assert "not there any more" in refused(
        one, action(one, employee, "deactivate")["intent_id"])
    assert one.okta_writes(since) == []
    assert one.server.hold_kinds(employee) == []


# --------------------------------------------------------------------- rename, profile


def test_a_rename_and_a_profile_are_put_back(world):
    one = world(sandbox_settings=ACTIVE)
    employee, old, new = renamed(one)
    report = undo(one, action(one, employee, "update")["intent_id"])
    assert steps(report) == [("update", "done")]
    assert one.sandbox.user(new) is None
    profile = one.sandbox.user(old)["profile"]
    assert profile["email"] == old and not profile.get("primaryPhone")
    one.server.sync(employee)
    one.quiet()
    assert one.sandbox.user(old), "held"
    one.server.cli("release", employee)
    wait_until(lambda: one.sandbox.user(new), "planned afresh")
    one.quiet()


def test_what_was_changed_since_is_left_alone(world):
    one = world(sandbox_settings=ACTIVE)
    employee, old, new = renamed(one)
    one.sandbox.patch_user(new, profile={"primaryPhone": "+44 by hand"})
    report = undo(one, action(one, employee, "update")["intent_id"])
    assert report["losses"] == ["primaryPhone: changed since, left alone"]
    profile = one.sandbox.user(old)["profile"]
    assert profile["primaryPhone"] == "+44 by hand"


def test_a_login_that_is_another_persons_by_now_is_named(world):
    one = world(sandbox_settings=ACTIVE)
    employee, old, new = renamed(one)
    holder = one.sandbox.add_user("ACTIVE", login=old, email=old, firstName="Bo", lastName="Old")
    report = undo(one, action(one, employee, "update")["intent_id"])
    assert any(loss.startswith("login: Okta user " + holder["id"]) for loss in report["losses"])
    assert one.sandbox.user(new)["profile"].get("primaryPhone") is None, "the rest is put back"
    assert one.sandbox.user(new)["id"] != holder["id"]


def test_a_mapping_row_that_wrote_nonsense_is_undone_after_it_is_gone(world):
    one = world(sandbox_settings=ACTIVE)
    employee = one.hire_settled("Ada", "Old", day(PAST))
    settings = one.server.document
    settings["connections"][0].setdefault("mapping", [])
    before = json.loads(json.dumps(settings))
    settings["connections"][0]["mapping"].append({"okta": "nickName", "value": "Nonsense"})
    one.restart(settings)
    one.server.sync(employee)
    one.quiet()
    assert one.sandbox.user("ada.old@example.com")["profile"]["nickName"] == "Nonsense"
    done = action(one, employee, "update")
    one.restart(before)
    undo(one, done["intent_id"])
    assert one.sandbox.user("ada.old@example.com")["profile"].get("nickName") is None


def test_a_write_that_crosses_a_change_by_hand_is_planned_again(world):
    """Engine rule 11: If-Match from this run's own look; E-11."""
    one = world(sandbox_settings=ACTIVE)
    employee, old, new = renamed(one)
    done = action(one, employee, "update")["intent_id"]
    one.sandbox.fault(system="okta", route="POST /api/v1/users/{id}", action="slow", ms=1500,
                      times=1)
    work = Background(lambda: undo(one, done))
    wait_until(lambda: one.sandbox.get("/faults")["rules"][0]["fired"] == 1, "on its way")
    one.sandbox.patch_user(new, profile={"primaryPhone": "+44 by hand"})
    work.join()
    assert "update!" in one.okta_writes()
    profile = one.sandbox.user(old)["profile"]
    assert profile["primaryPhone"] == "+44 by hand", "not written over"


# ------------------------------------------------------------------------------ groups


def test_memberships_go_both_ways(world):
    one = with_groups(world, rows(Sales='.work.department.label == "Sales"'), names=("Sales",),
                      sandbox_settings=ACTIVE)
    employee = one.hire_settled("Ada", "King", day(PAST), fields={"work.department": "Sales"})
    undo(one, action(one, employee, "join_group")["intent_id"])
    assert members(one, "Sales") == []
    one.server.sync(employee)
    one.quiet()
    assert members(one, "Sales") == [], "held"
    one.server.cli("release", employee)
    wait_until(lambda: members(one, "Sales") == ["ada.king"], "given again")
    one.sandbox.update(employee, {"work.department": "Legal"})
    one.quiet()
    undo(one, action(one, employee, "leave_group")["intent_id"])
    assert members(one, "Sales") == ["ada.king"]


def test_a_group_that_refuses_does_not_spoil_the_rest(world):
    """E-07: what was done stays done, what failed is said."""
    one = with_groups(world, rows(Sales=ALL), names=("Sales",), sandbox_settings=ACTIVE)
    employee, login = leaver(one)
    one.sandbox.fault(system="okta", route="PUT /api/v1/groups/{id}/users/{uid}", action="status",
                      status=403, code="E0000006", times=1)
    one.sandbox.fault(system="okta", route="PUT *", action="status", status=403, code="E0000006",
                      times=1)
    answer = one.server.cli("undo", str(action(one, employee, "deactivate")["intent_id"]), "--yes")
    assert answer.returncode == 1
    assert "partly undone" in answer.stdout and "refused  join_group Sales" in answer.stdout
    assert one.status_of(login) == "ACTIVE"
    assert one.server.hold_kinds(employee) == ["undo"]


# ------------------------------------------------------------------------------ no way


def test_what_cannot_be_undone_says_why(world):
    one = world(sandbox_settings=ACTIVE)
    employee, login = leaver(one)
    create, deactivate = action(one, employee, "create"), action(one, employee, "deactivate")
    assert "close it instead" in refused(one, create["intent_id"])
    assert "sessions do not come back" in refused(
        one, action(one, employee, "end_sessions")["intent_id"])
    assert "there is no action 99999" in refused(one, 99999)
    again = undo(one, deactivate["intent_id"])
    assert again["state"] == "done"
    newer = action(one, employee, "activate")["intent_id"]
    assert f"undone already, by action {newer}" in refused(one, deactivate["intent_id"])
    bad = one.server.cli("undo", "none", "--dry-run")
    assert (bad.returncode, "no action's number" in bad.stderr) == (2, True)
    for body in ({"plan": "yes"}, {"plans": True}):
        assert one.server.ask("POST", f"/api/v1/actions/{newer}/undo", body).status == 400
    assert one.server.ask("POST", "/api/v1/actions/0/undo", {}).status == 400


def test_a_later_action_takes_the_place(world):
    one = world(sandbox_settings=ACTIVE)
    employee, login = leaver(one)
    first = action(one, employee, "deactivate")["intent_id"]
    one.sandbox.life(employee, "rehire", at=day(0))
    one.quiet()
    second = action(one, employee, "activate")["intent_id"]
    assert f"action {second} came later" in refused(one, first)


def test_protected_accounts_and_dry_runs_are_left_alone(world):
    one = world(sandbox_settings=ACTIVE)
    employee, login = leaver(one)
    done = action(one, employee, "deactivate")["intent_id"]
    settings = one.server.document
    settings["connections"][0]["provisioning"]["protected"] = [login]
    one.restart(settings)
    assert "protected" in refused(one, done)
    settings["connections"][0]["provisioning"]["protected"] = []
    settings["connections"][0]["mode"] = "dry_run"
    one.restart(settings)
    since = one.sandbox.mark()
    report = undo(one, done)
    assert (report["state"], steps(report)) == ("dry_run", [("activate", "planned")])
    assert one.okta_writes(since) == []
    assert one.server.hold_kinds(employee) == []


def test_raising_counts_against_its_limit(world):
    limits = {**wide_limits(), "raise": {"per_hour": 1}}
    one = world(limits=limits, sandbox_settings=ACTIVE, activation="always")
    people = [leaver(one, first) for first in ("Ada", "Bea")]
    ids = [action(one, employee, "deactivate")["intent_id"] for employee, _ in people]
    assert undo(one, ids[0])["state"] == "done"
    assert 'the limit "raise"' in refused(one, ids[1])
    assert one.status_of(people[1][1]) == "DEPROVISIONED"
    assert one.server.hold_kinds(people[1][0]) == [], "nothing was done: nothing is held"


def test_a_pause_stops_an_undo(world):
    one = world(sandbox_settings=ACTIVE)
    employee, login = leaver(one)
    one.server.post("/pause", {"revocations": True})
    assert "paused" in refused(one, action(one, employee, "deactivate")["intent_id"])
    assert one.server.hold_kinds(employee) == []


def test_an_answer_that_got_lost_keeps_the_hold_and_is_found_out(world):
    one = world(sandbox_settings=ACTIVE)
    employee, login = leaver(one)
    done = action(one, employee, "deactivate")["intent_id"]
    one.sandbox.fault(system="okta", route="POST /api/v1/users/{id}/lifecycle/activate",
                      action="cut_after_apply", bytes=0, times=1)
    refused(one, done)
    assert one.server.hold_kinds(employee) == ["undo"]
    wait_until(lambda: actions(one, employee)[0]["state"] == "done", "resolved by reading")
    one.quiet()
    assert one.status_of(login) == "ACTIVE"
    assert one.okta_writes().count("activate") + one.okta_writes().count("activate!") == 1


def test_an_undone_person_can_be_closed(world):
    """Close is a human's word, too."""
    one = world(sandbox_settings=ACTIVE)
    employee, login = leaver(one)
    undo(one, action(one, employee, "deactivate")["intent_id"])
    assert one.server.cli("close", employee).returncode == 0
    assert one.status_of(login) == "DEPROVISIONED"


def test_a_kill_in_the_middle_leaves_the_person_held(world):
    one = world(sandbox_settings=ACTIVE)
    employee, login = leaver(one)
    done = action(one, employee, "deactivate")["intent_id"]
    one.sandbox.fault(system="okta", route="POST /api/v1/users/{id}/lifecycle/activate",
                      action="hang", ms=1000, times=1)
    work = Background(lambda: one.server.cli("undo", str(done), "--yes"))
    wait_until(lambda: one.sandbox.get("/faults")["rules"][0]["fired"] == 1, "on its way")
    one.server.kill()
    work.join()
    one.restart()
    one.quiet()
    assert one.server.hold_kinds(employee) == ["undo"]
    assert one.status_of(login) == "DEPROVISIONED"
    assert undo(one, done)["state"] == "done", "and it can be tried again"
