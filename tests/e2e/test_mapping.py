# SPDX-License-Identifier: MIT
"""Mapping rows end to end: any Bob field to any Okta attribute, and what rows may not do."""

import contextlib
import json
import os
import pathlib
import signal

import pytest

import harness
from harness import World, day, wait_until

PAST = -30
FUTURE = 20
CUSTOM = "work.custom.field_1655996461265"
COLUMN = "work.customColumns.column_1620839439167"

# What every read asks for whatever is mapped (mapping/person.c, policy K2).
NEEDED = {
    "root.id", "root.email", "root.surname", "root.displayName",
    "internal.status", "internal.lifecycleStatus", "internal.terminationDate",
    "employee.lastDayOfWork", "work.startDate", "work.site", "work.employeeIdInCompany",
}


def row(okta, bob=None, **more):
    return {"okta": okta, **({"bob": bob} if bob else {}), **more}


def expr(okta, *texts, **more):
    return {"okta": okta, "expr": texts[0] if len(texts) == 1 else list(texts), **more}


def with_schema(one, **attributes):
    """Adds custom attributes to Okta's profile before the server reads it."""
    one.sandbox.post("/okta/schema", {
        name: {"title": name, "type": "string", **more} for name, more in attributes.items()})
    one.start()
    return one


def profile(one, login):
    user = one.sandbox.user(login)
    return user["profile"] if user else None


def problems(one, employee):
    return {p["okta"]: p for p in one.server.record(employee)["row_problems"]}


# ------------------------------------------------------------------ plain rows


def test_a_custom_field_reaches_a_custom_attribute(world):
    one = with_schema(world(start=False, mapping=[row("badge", CUSTOM), row("costs", COLUMN)]),
                      badge={}, costs={})
    employee = one.hire_settled("Ada", "Custom", day(PAST), fields={CUSTOM: "B-17"})
    assert profile(one, "ada.custom@example.com")["badge"] == "B-17"
    one.sandbox.update(employee, {CUSTOM: "B-18"})
    one.quiet()
    assert profile(one, "ada.custom@example.com")["badge"] == "B-18"
    assert problems(one, employee) == {}


def test_a_constant_a_default_and_a_row_for_creation_only(world):
    one = world(mapping=[
        row("userType", value="Employee"),
        row("costCenter", CUSTOM, when_empty="default", default="none"),
        row("nickName", "root.firstName", apply="on_create"),
    ])
    employee = one.hire_settled("Ada", "Once", day(PAST))
    have = profile(one, "ada.once@example.com")
    assert (have["userType"], have["costCenter"], have["nickName"]) == ("Employee", "none", "Ada")
    since = one.sandbox.mark()
    one.sandbox.update(employee, {"root.firstName": "Augusta", "root.displayName": "A. Once"})
    one.quiet()
    have = profile(one, "ada.once@example.com")
    assert (have["firstName"], have["nickName"]) == ("Augusta", "Ada"), "only set at creation"
    assert one.okta_writes(since) == ["update"]
    for call in one.okta_calls(since):
        assert "nickName" not in (call.get("body") or {}).get("profile", {})


def test_clear_needs_two_reads_that_agree(world):
    one = world(mapping=[row("primaryPhone", "work.workPhone", when_empty="clear"),
                         row("mobilePhone", "work.workMobile")])
    employee = one.hire_settled(
        "Ada", "Clear", day(PAST), fields={"work.workPhone": "+44 1", "work.workMobile": "+44 2"})
    one.sandbox.update(employee, {"work.workPhone": None, "work.workMobile": None})
    one.sandbox.drain()
    wait_until(lambda: one.server.record(employee)["reread_at_ms"], "a second look is planned")
    assert profile(one, "ada.clear@example.com")["primaryPhone"] == "+44 1"
    wait_until(lambda: not profile(one, "ada.clear@example.com").get("primaryPhone"),
               "cleared by the second look", 40)
    assert profile(one, "ada.clear@example.com")["mobilePhone"] == "+44 2", "keep keeps"


def test_what_may_not_be_read_is_never_written_and_is_shown(world):
    one = world(mapping=[row("primaryPhone", "work.workPhone", when_empty="clear"),
                         row("division", "work.custom.field_404")])
    employee = one.hire_settled("Ada", "Hidden", day(PAST), fields={"work.workPhone": "+44 1"})
    assert profile(one, "ada.hidden@example.com")["primaryPhone"] == "+44 1"
    assert problems(one, employee)["division"]["state"] == "no_such_field"
    one.sandbox.settings(unreadable_fields=["work.workPhone"])
    since = one.sandbox.mark()
    one.sandbox.update(employee, {"work.workMobile": "+44 9"})
    one.quiet()
    have = profile(one, "ada.hidden@example.com")
    assert (have["primaryPhone"], have["mobilePhone"]) == ("+44 1", "+44 9")
    assert problems(one, employee)["primaryPhone"]["state"] == "not_readable"
    assert one.okta_writes(since) == ["update"]
    shown = one.server.cli("person", employee).stdout
    assert "primaryPhone: not readable" in shown and "division: no such field" in shown
    assert one.server.status()["row_problems"] == 1
    assert "people with mapping rows that do not work: 1" in one.server.cli("status").stdout
    assert one.server.metric("bob2okta_mapping_problems_total", attribute="primaryPhone",
                             state="not_readable") == 1
    one.sandbox.settings(unreadable_fields=[])
    one.server.sync(employee)
    one.quiet()
    assert set(problems(one, employee)) == {"division"}


def test_a_text_that_is_too_long_fails_its_row_alone(world):
    one = with_schema(
        world(start=False, mapping=[row("jobTitle", "work.title"),
                                    row("shortTitle", "work.title", too_long="truncate")]),
        jobTitle={"maxLength": 50}, shortTitle={"maxLength": 50})
    long_title = "Senior Vice President of the Department of Long Titles and More"
    employee = one.hire_settled("Ada", "Long", day(PAST), fields={"work.title": long_title})
    have = profile(one, "ada.long@example.com")
    assert have["title"] == long_title and "jobTitle" not in have
    assert have["shortTitle"] == long_title[:50].rstrip()
    problem = problems(one, employee)["jobTitle"]
    assert problem["state"] == "failed"
    assert problem["reason"] == f"{len(long_title)} characters, Okta takes 50"
    one.sandbox.update(employee, {"work.title": "Lead"})
    one.quiet()
    assert profile(one, "ada.long@example.com")["jobTitle"] == "Lead"
    assert problems(one, employee) == {}


def test_who_cannot_be_created_is_told_why(world):
    one = world()
    employee = one.sandbox.hire("A" * 61, "Name", day(PAST),
                                fields={"root.email": "a.name@example.com"})
    one.quiet()
    assert one.sandbox.user("a.name@example.com") is None
    sentence = one.server.record(employee)["last_sentence"]
    assert "cannot be created yet" in sentence and "61 characters, Okta takes 50" in sentence


def test_a_manager_is_named_by_account_and_filled_in_when_he_appears(world):
    one = world(mapping=[row("managerId", "work.reportsTo", **{"as": "okta_id"})])
    manager = one.sandbox.add_employee(**{
        "root.firstName": "Max", "root.surname": "Boss", "root.email": "max.boss@example.com",
        "work.startDate": day(PAST)})
    report = one.hire_settled("Ada", "Report", day(PAST), fields={"work.reportsTo": manager})
    assert not profile(one, "ada.report@example.com").get("managerId")
    assert problems(one, report)["managerId"]["state"] == "waiting"
    assert one.server.post_event(harness.event(manager, "employee.created")).status == 200
    wait_until(lambda: (profile(one, "ada.report@example.com") or {}).get("managerId"),
               "the report was looked at again")
    one.quiet()
    boss = one.sandbox.user("max.boss@example.com")
    assert profile(one, "ada.report@example.com")["managerId"] == boss["id"]
    assert problems(one, report) == {}


def test_bob_is_asked_for_mapped_and_needed_fields_alone(world):
    one = world(mapping=[row("division", CUSTOM), row("manager", "work.reportsTo"),
                         expr("nickName", ".address.city // .root.firstName")])
    one.hire_settled("Ada", "Frugal", day(PAST), fields={CUSTOM: "North"})
    known = {"root.email", "root.displayName", "root.firstName", "root.surname", "work.title",
             "work.workMobile", "work.workPhone", "work.department", "work.reportsTo", CUSTOM,
             "address.city"}
    searches = one.sandbox.bob_searches()
    asked = {name for call in searches for name in call["body"]["fields"]}
    assert searches and asked == NEEDED | known


def test_a_changed_address_renames_once_and_in_one_call(world):
    one = world()
    employee = one.hire_settled("Ada", "Maiden", day(PAST))
    since = one.sandbox.mark()
    one.sandbox.update(employee, {"root.surname": "Married",
                                  "root.email": "ada.married@example.com"})
    one.quiet()
    assert one.okta_writes(since) == ["update"]
    assert profile(one, "ada.married@example.com")["lastName"] == "Married"
    assert one.sandbox.user("ada.maiden@example.com") is None


def test_an_unreadable_schema_holds_nothing_back(world):
    one = world(sandbox_settings={
        "okta_missing_permissions": ["schemas.read", "schemas.manage"]})
    one.hire_settled("Ada", "Blind", day(PAST))
    assert profile(one, "ada.blind@example.com")["firstName"] == "Ada"
    assert one.server.log().count("user schema not read") == 1


# ----------------------------------------------------------------- expressions


def test_expressions_make_names_and_logins(world):
    one = world(email_domains=["example.com"], mapping=[
        expr("login", '"\\(.root.firstName | ascii).\\(.root.surname | ascii)@example.com"'
                      " | ascii_downcase"),
        expr("displayName", '.root.surname + ", " + .root.firstName'),
        expr("nickName", ".root.firstName | ascii"),
    ])
    employee = one.sandbox.hire("Zoë", "Łukasiewicz", day(PAST),
                                fields={"root.email": "zoe@example.com"})
    one.quiet()
    have = profile(one, "zoe.lukasiewicz@example.com")
    assert have["displayName"] == "Łukasiewicz, Zoë" and have["nickName"] == "Zoe"
    assert problems(one, employee) == {}
    since = one.sandbox.mark()
    one.sandbox.update(employee, {"root.surname": "Nowak"})
    one.quiet()
    assert one.okta_writes(since) == ["update"], "one expression follows Bob: one rename"
    assert profile(one, "zoe.nowak@example.com")["displayName"] == "Nowak, Zoë"


HOSTILE = [
    "def f: f; f", "[range(infinite)]", "input", '"x" * 100000000 | length', "@base32d | error",
]


def check_row_is_alone(one, hostile_state):
    employee = one.hire_settled("Ada", "Hostile", day(PAST), fields={CUSTOM: "North"})
    have = profile(one, "ada.hostile@example.com")
    assert (have["nickName"], have["division"]) == ("Ada", "North")
    assert not have.get("costCenter")
    assert problems(one, employee).get("costCenter", {}).get("state") == hostile_state


def hostile_rows(hostile):
    return [expr("costCenter", hostile), expr("nickName", ".root.firstName"),
            row("division", CUSTOM)]


@pytest.mark.parametrize("hostile", HOSTILE)
def test_a_hostile_expression_leaves_the_other_rows_working(world, hostile):
    check_row_is_alone(world(mapping=hostile_rows(hostile)), "failed")


def test_an_expression_has_no_environment(world):
    """$ENV is there and empty: no value, and nothing to complain of."""
    check_row_is_alone(world(mapping=hostile_rows("$ENV.PATH")), None)


def test_an_expression_that_does_not_compile_is_named(world):
    """Refused with the settings, or failed for everybody; never anything else."""
    one = world(start=False, mapping=hostile_rows('import "a" as a; 1'))
    one.server.program.start()
    wait_until(lambda: not one.server.program.is_running()
               or "bob2okta ready" in one.server.program.output("out"), "started or refused")
    if one.server.program.is_running():
        one.server.restart()
        one.point_webhooks()
        check_row_is_alone(one, "failed")
    else:
        assert "mapping[0]" in one.server.log()
    said = one.server.cli("check").stdout
    assert "failure" in said and ("costCenter" in said or "mapping[0]" in said)


def children(pid):
    found = []
    for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
        with_path = task / "children"
        if with_path.exists():
            found += [int(child) for child in with_path.read_text().split()]
    return found + [grandchild for child in found for grandchild in children(child)]


@pytest.mark.parametrize("killed", ["evaluators", "all but their keeper"])
def test_killed_evaluators_change_nothing(world, killed):
    one = world(mapping=[expr("nickName", ".root.firstName")])
    employee = one.hire_settled("Ada", "Killed", day(PAST))
    keeper, spawner, *evaluators = children(one.server.program.process.pid)
    assert evaluators, "expressions run in processes of their own"
    for pid in evaluators if killed == "evaluators" else [spawner, *evaluators]:
        with contextlib.suppress(ProcessLookupError):  # they die with their spawner
            os.kill(pid, signal.SIGKILL)
    assert children(one.server.program.process.pid)[0] == keeper
    since = one.sandbox.mark()
    one.sandbox.update(employee, {"root.firstName": "Augusta"})
    one.quiet()
    wait_until(lambda: profile(one, "ada.killed@example.com")["nickName"] == "Augusta",
               "evaluated by another process", 90)
    assert all(name == "update" for name in one.okta_writes(since))


# --------------------------------------------------------------- unique logins

LOGINS = expr(
    "login",
    '"\\(.root.firstName).\\(.root.surname)@example.com" | ascii_downcase',
    '"\\(.root.firstName[:1]).\\(.root.surname)@example.com" | ascii_downcase',
    '"\\(.root.firstName).\\(.root.surname)2@example.com" | ascii_downcase',
)


def hire_namesake(one, email):
    return one.hire_settled("Ada", "King", day(PAST), fields={"root.email": email})


def test_namesakes_get_the_next_login_and_keep_it(world):
    one = world(mapping=[LOGINS])
    one.sandbox.add_user(login="ada.king@example.com", email="other@example.com",
                         firstName="Adam", lastName="Kingsley")
    second = hire_namesake(one, "ada1@example.com")
    assert profile(one, "a.king@example.com")["email"] == "ada1@example.com"
    hire_namesake(one, "ada2@example.com")
    assert profile(one, "ada.king2@example.com")["email"] == "ada2@example.com"
    third = hire_namesake(one, "ada3@example.com")
    assert len(one.sandbox.users()) == 3, "no login is left"
    holds = [hold for hold in one.server.holds() if hold["employee_id"] == third]
    assert [hold["cause"] for hold in holds] == ["every login of the rule is taken"]
    # The first one leaves Okta: free by now, but nobody's login changes for that.
    one.sandbox.call("DELETE", "/okta/users/ada.king@example.com")
    since = one.sandbox.mark()
    one.sandbox.update(second, {"root.surname": "Lovelace"})
    one.quiet()
    assert one.okta_writes(since) == ["update"]
    assert profile(one, "a.king@example.com")["lastName"] == "Lovelace"
    one.server.sync(third)
    one.quiet()
    assert profile(one, "ada.king@example.com")["email"] == "ada3@example.com"


def test_a_taken_login_that_the_search_does_not_show_yet(world):
    one = world(mapping=[LOGINS])
    one.sandbox.settings(okta_search_lag_ms=600000)
    one.sandbox.add_user(login="ada.king@example.com", email="other@example.com",
                         firstName="Adam", lastName="Kingsley")
    hire_namesake(one, "ada1@example.com")
    assert profile(one, "a.king@example.com")["email"] == "ada1@example.com"
    *refused, made = one.okta_writes()
    assert made == "create+activate"
    # Once; and once more for each event that came in the middle of it, which plans anew.
    assert set(refused) == {"create+activate!"} and len(refused) <= 3


# ----------------------------------------------------------------------- scope

SCOPE = '.work.department.label == "Finance"'


@pytest.mark.parametrize("out_of_scope, status", [("keep", "ACTIVE"), ("suspend", "SUSPENDED")])
def test_scope_is_a_condition(world, out_of_scope, status):
    one = world(sandbox_settings={"okta_password_optional": True}, scope=SCOPE,
                out_of_scope=out_of_scope)
    inside = one.hire_settled("Ada", "Inside", day(PAST), fields={"work.department": "Finance"})
    outside = one.hire_settled("Ada", "Outside", day(PAST), fields={"work.department": "Legal"})
    assert one.status_of("ada.inside@example.com") == "ACTIVE"
    assert one.sandbox.user("ada.outside@example.com") is None
    assert "scope" in one.server.post(f"/people/{outside}/plan")["reason"]
    one.sandbox.update(inside, {"work.department": "Legal"})
    one.quiet()
    assert one.status_of("ada.inside@example.com") == status
    assert "scope" in one.server.post(f"/people/{inside}/plan")["reason"]


def test_an_unknown_scope_touches_nobody(world):
    one = world(sandbox_settings={"okta_password_optional": True}, scope=SCOPE,
                out_of_scope="suspend")
    employee = one.hire_settled("Ada", "Known", day(PAST), fields={"work.department": "Finance"})
    one.sandbox.settings(unreadable_fields=["work.department"])
    since = one.sandbox.mark()
    one.sandbox.update(employee, {"work.workPhone": "+44 1"})
    one.sandbox.drain()
    wait_until(lambda: "scope" in one.server.record(employee)["last_sentence"], "looked at")
    assert one.okta_writes(since) == []
    assert one.status_of("ada.known@example.com") == "ACTIVE"
    plan = one.server.post(f"/people/{employee}/plan")
    assert "work.department" in plan["reason"]
    # A leaver is closed whatever the condition says.
    one.sandbox.life(employee, "terminate", at=day(-1))
    wait_until(lambda: one.status_of("ada.known@example.com") == "DEPROVISIONED", "closed", 20)


# ----------------------------------------------------------------------- check


def test_check_tries_every_row_on_everybody(world):
    one = world(start=False, mapping=[
        row("badge", CUSTOM), row("jobTitle", "work.title"), row("nothing", "work.title"),
        expr("nickName", ".root.firstName | nosuchfunction"),
        row("costCenter", "work.custom.field_404")])
    one.sandbox.post("/okta/schema", {
        "badge": {"title": "Badge", "type": "integer"},
        "jobTitle": {"title": "Job", "type": "string", "maxLength": 50}})
    for n in range(3):
        one.sandbox.add_employee(**{"root.firstName": "Ada", "root.surname": f"Number{n}",
                                    "work.title": "T" * 61})
    said = one.server.cli("check").stdout
    print(said)
    assert "failure  okta: attribute nothing: the org's user profile has no such attribute" in said
    assert "warning  row jobTitle: 3 people: 61 characters, Okta takes 50" in said
    assert f"warning  okta: attribute badge: {CUSTOM} of Bob into Okta's integer" in said
    assert "failure  expression nickName:" in said and "nosuchfunction" in said
    assert "failure  bob: work.custom.field_404: Bob has no such field; needed for costCenter" in said
