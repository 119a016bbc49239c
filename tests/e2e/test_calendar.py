# SPDX-License-Identifier: MIT
"""Plans with a clock: one person on a day, the days to come, approvals in advance."""

import json

import harness
from harness import day


def cli_json(one, *argv, status=0):
    result = one.server.cli(*argv, "--json")
    assert result.returncode == status, result.stdout + result.stderr
    return json.loads(result.stdout)


def day_of(calendar, date):
    return next((entry for entry in calendar["days"] if entry["date"] == date), None)


def actions(step):
    return [a if isinstance(a, str) else a["kind"] for a in step["actions"]]


def test_one_person_on_a_day(world):
    one = world(sandbox_settings={"okta_password_optional": True, "hide_future_rows": True})
    since = one.sandbox.mark()
    leaver = one.hire_settled("Ada", "Leaver", day(-30))
    hire = one.hire_settled("Bea", "Starter", day(14))
    one.sandbox.life(leaver, "terminate", phase="enter", at=day(7))
    one.quiet()
    wrote = one.okta_writes(since)

    before = cli_json(one, "plan", "--employee", leaver, "--on", day(6))
    assert before["status_after"] == "ACTIVE"
    assert [actions(step) for step in before["steps"]] == [[]]
    on = cli_json(one, "plan", "--employee", leaver, "--on", day(7))
    assert on["table"] == "" and on["status_after"] == "DEPROVISIONED"
    last = on["steps"][-1]
    assert (last["date"], last["time"], last["rule"]) == (day(7), "24:00", "L1")
    assert "deactivate" in actions(last)

    started = cli_json(one, "plan", "--employee", hire, "--on", day(14))
    assert [actions(step) for step in started["steps"]][-1] == ["activate"]
    assert (started["steps"][-1]["date"], started["steps"][-1]["time"]) == (day(14), "00:00")
    assert started["steps"][-1]["lifecycle"] == "employed"
    assert one.okta_writes(since) == wrote, "a plan writes nothing"

    text = one.server.cli("plan", "--employee", leaver, "--on", day(7)).stdout
    assert f"{day(7)} 24:00" in text and "DEPROVISIONED" in text
    past = one.server.cli("plan", "--employee", leaver, "--on", day(-3))
    assert past.returncode != 0 and "from today" in past.stderr

    # A termination that is withdrawn is followed, although no event says so.
    one.sandbox.life(leaver, "cancel-termination")
    assert cli_json(one, "plan", "--employee", leaver, "--on", day(7))["status_after"] == "ACTIVE"


def test_without_the_table_the_dates_are_planned(world):
    one = world(sandbox_settings={"okta_password_optional": True})
    leaver = one.hire_settled("Ada", "Leaver", day(-30))
    one.sandbox.life(leaver, "terminate", phase="enter", at=day(7))
    one.quiet()
    one.sandbox.fault(system="bob", route="GET /v1/people/{id}/{table}", action="status",
                      status=403)
    plan = cli_json(one, "plan", "--employee", leaver, "--on", day(7))
    assert "lifecycle table was not read" in plan["table"]
    assert plan["status_after"] == "DEPROVISIONED"
    other = one.hire_settled("Bea", "Starter", day(14))
    assert one.server.record(other)["state"] != "parked", "the table says nothing about searches"


def limits(**more):
    return {**harness.wide_limits(), **more}


def test_a_calendar_warns_and_takes_approvals(world):
    lower = {"per_hour": 1, "per_hour_percent": 0, "per_day": 2, "per_day_percent": 0}
    one = world(clock=0, limits=limits(lower=lower),
                sandbox_settings={"okta_password_optional": True, "hide_future_rows": True})
    names = ["Ada", "Bea", "Cia"]
    ids = {name: one.hire_settled(name, "Leaver", day(-30)) for name in names}
    new = one.hire_settled("Dot", "Starter", day(14))
    for employee in ids.values():
        one.sandbox.life(employee, "terminate", phase="enter", at=day(3))
    one.quiet()

    calendar = cli_json(one, "plan", "--next", "30d")
    assert calendar["people"] == 4
    leaving = day_of(calendar, day(3))
    assert leaving["people"] == 3 and leaving["counts"]["deactivate"] == 3
    assert [entry["employee_id"] for entry in leaving["entries"]] == sorted(ids.values())
    (warning,) = leaving["warnings"]
    assert (warning["limit"], warning["window"], warning["most"]) == ("lower", "hour", 1)
    assert (warning["planned"], warning["over"]) == (3, 2)
    starting = day_of(calendar, day(14))
    assert starting["entries"][0]["employee_id"] == new
    assert starting["counts"] == {"activate": 1} and starting["warnings"] == []
    text = one.server.cli("plan", "--next", "30d").stdout
    assert "warning: 3 for the limit" in text and "24:00" in text
    assert one.server.cli("plan", "--next", "2d").stdout.count("warning") == 0

    # Nobody to be asked: nothing is approved. Two of the three are named.
    where = ("--day", day(3), "--limit", "lower")
    asked = one.server.cli("plan", "approve", *where, "--all", stdin="")
    assert asked.returncode == 2 and "--yes" in asked.stderr and "Leaver" in asked.stdout
    assert cli_json(one, "plan", "approvals")["approvals"] == []
    named = cli_json(one, "plan", "approve", *where, "--yes", "--employee",
                     f"{ids['Ada']},{ids['Bea']}")
    assert named["approved"] == 2
    everybody = cli_json(one, "plan", "approve", *where, "--all", "--yes")
    assert everybody["approved"] == 3
    taken = cli_json(one, "plan", "unapprove", *where, "--employee", ids["Cia"])
    assert taken["removed"] == 1
    listed = cli_json(one, "plan", "approvals")["approvals"]
    assert {entry["employee_id"] for entry in listed} == {ids["Ada"], ids["Bea"]}
    assert {entry["day"] for entry in listed} == {day(3)}
    (warning,) = day_of(cli_json(one, "plan", "--next", "30d"), day(3))["warnings"]
    assert (warning["approved"], warning["over"]) == (2, 1)

    # The day comes, after a restart: those two pass, the third waits for a human.
    one.restart()
    one.set_clock(4 * 86400)
    one.sandbox.settings(today=day(4))
    for name in ("Ada", "Bea"):
        one.sandbox.life(ids[name], "terminate", phase="effect", at=day(3))
        harness.wait_until(
            lambda: one.status_of(f"{name}.leaver@example.com".lower()) == "DEPROVISIONED",
            f"{name} passes")
    one.sandbox.life(ids["Cia"], "terminate", phase="effect", at=day(3))
    harness.wait_until(lambda: one.server.hold_kinds(ids["Cia"]) == ["limit"], "Cia is held")
    assert one.status_of("cia.leaver@example.com") == "ACTIVE"
    used = [e for e in cli_json(one, "plan", "approvals", "--day", day(3))["approvals"]
            if e["used_at_ms"] > 0]
    assert used, "that an approval let somebody pass is noted"


def test_draft_settings_are_tried(world):
    one = world(sandbox_settings={"okta_password_optional": True})
    hire = one.hire_settled("Ada", "Starter", day(14))
    leaver = one.hire_settled("Bea", "Leaver", day(-30))
    one.sandbox.life(leaver, "terminate", phase="enter", at=day(3))
    one.quiet()
    document = json.loads(json.dumps(one.server.document))
    provisioning = document["connections"][0]["provisioning"]
    provisioning["activation"] = "never"
    provisioning["leaver"] = {"action": "suspend"}
    document["connections"][0]["okta"]["api_token"] = "not-looked-at"
    path = one.directory / "draft.json"
    path.write_text(json.dumps(document))

    plan = cli_json(one, "plan", "--employee", leaver, "--on", day(3), "--as-of", str(path))
    assert plan["is_draft"] and plan["status_after"] == "SUSPENDED"
    calendar = cli_json(one, "plan", "--next", "4w", "--as-of", str(path))
    assert calendar["is_draft"]
    assert day_of(calendar, day(3))["counts"]["suspend"] == 1
    assert cli_json(one, "plan", "--all", "--as-of", str(path))["is_draft"]
    everybody = one.server.cli("plan", "--all", "--as-of", str(path))
    assert "settings that are not in force" in everybody.stdout
    assert cli_json(one, "plan", "--employee", hire)["wanted"] == "staged"

    provisioning["leaver"] = {"action": "suspended"}
    path.write_text(json.dumps(document))
    refused = one.server.cli("plan", "--next", "30d", "--as-of", str(path))
    assert refused.returncode == 2
    assert "connections[0].provisioning.leaver.action" in refused.stdout
    document["connections"][0]["provisioning"].pop("leaver")
    document["connections"][0]["mapping"] = [{"okta": "title", "expr": ".work.title | nosuch"}]
    path.write_text(json.dumps(document))
    refused = one.server.cli("plan", "--all", "--as-of", str(path))
    assert "connections[0].mapping[0].expr" in refused.stdout
