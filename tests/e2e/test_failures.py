# SPDX-License-Identifier: MIT
"""Failures, restarts, modes and changes: what the engine promises while the world misbehaves."""

import json
import signal
import time

import pytest

import harness
from harness import announce, day, event, revoked_event, team, wait_until

ACTIVE = {"okta_password_optional": True}
PAST = -30


# ------------------------------------------------------------- Okta refuses or fails

def test_dead_credentials_park_and_resume_by_themselves(world):
    """Engine rule 7: few calls, no attempts used up, and on again with a working token. Bob's
    firewall blocks after repeated 401. Probes come once a minute, so both wait for theirs together."""
    okta, bob = world(), world()
    for one in (okta, bob):
        one.hire_settled("Ada", "First", day(PAST))
    okta.sandbox.settings(okta_token="another-token")
    bob.sandbox.settings(bob_token="another-token")
    since = {one: one.sandbox.mark() for one in (okta, bob)}
    for one in (okta, bob):
        announce(one, team(one, 30))
    wait_until(lambda: okta.server.status()["okta"]["state"] == "parked", "parked")
    wait_until(lambda: bob.server.status()["bob"]["state"] == "parked", "parked")
    assert "token" in okta.server.status()["okta"]["sentence"].lower()
    assert okta.server.status()["okta"]["is_refusing"] and bob.server.status()["bob"]["is_refusing"]
    announce(okta, [okta.sandbox.add_employee(**{"root.email": "ada.extra@example.com"})])
    harness.stays(lambda: len(okta.okta_calls(since[okta])) <= 12
                  and len(bob.sandbox.calls(since[bob], system="bob")) <= 5,
                  "few calls with a dead token", 3)
    for one, name in ((okta, "okta"), (bob, "bob")):
        admin = harness.http_call(one.server.admin, "GET", "/readyz").json()
        assert name in json.dumps(admin).lower()
        assert harness.http_call(one.server.public, "GET", "/readyz").status == 200, "intake goes on"
        attempts = [one.server.record(p["employee_id"])["attempts"] for p in one.server.people()]
        assert max(attempts) <= 1, "parking uses up no attempts"
    okta.sandbox.settings(okta_token=harness.OKTA_TOKEN)
    bob.sandbox.settings(bob_token=harness.BOB_TOKEN)
    wait_until(lambda: len(okta.sandbox.users()) == 32, "all done by itself", 90)
    wait_until(lambda: len(bob.sandbox.users()) == 31, "all done by itself", 90)
    assert okta.server.status()["okta"]["state"] == "ok"
    assert bob.server.status()["bob"]["state"] == "ok"


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


def test_an_outage_parks_and_drains(world):
    one = world()
    people = team(one, 20)
    one.sandbox.fault(system="okta", route="*", action="status", status=503, code="E0000181")
    announce(one, people)
    wait_until(lambda: one.server.status()["okta"]["state"] == "parked", "parked", 20)
    assert not one.server.status()["okta"]["is_refusing"], "it is away; no token is wrong"
    assert one.sandbox.users() == []
    one.sandbox.clear_faults()
    wait_until(lambda: len(one.sandbox.users()) == 20, "drained", 90)
    one.quiet(60)
    assert one.okta_writes().count("create+activate") == 20


def test_bobs_outage_loses_nothing(world):
    """From the very start, field metadata included; and Bob is not hammered meanwhile."""
    one = world(start=False)
    one.sandbox.fault(system="bob", route="*", action="status", status=502)
    one.start()
    announce(one, team(one, 5))
    wait_until(lambda: len(one.sandbox.bob_searches()) >= 2, "asked again", 20)
    assert len(one.sandbox.calls(system="bob")) <= 8
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
        "okta_limits": {"users": 20, "users_write": 20}, "okta_window_s": 3})
    announce(one, team(one, 40))
    wait_until(lambda: len(one.sandbox.users()) == 40, "all done", 60)
    refused = [c for c in one.sandbox.calls(system="okta") if c["status"] == 429]
    assert len(refused) <= 2, f"{len(refused)} calls were refused"


def test_the_concurrency_429_backs_off_shortly(world):
    one = world(sandbox_settings={"okta_concurrency": 1, "okta_latency_ms": 30})
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
    one = world(sandbox_settings={"okta_latency_ms": 6000})
    announce(one, team(one, 3))
    # Two calls come before the first work: whose token it is, and the schema.
    wait_until(lambda: one.server.status()["employees"]["working"] >= 1, "at work", 30)
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
