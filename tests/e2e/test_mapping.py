# SPDX-License-Identifier: MIT
"""Mapping rows end to end: any Bob field to any Okta attribute, and what rows may not do."""

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
