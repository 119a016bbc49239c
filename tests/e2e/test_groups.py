# SPDX-License-Identifier: MIT
"""Groups by rows of the settings, and the protected group."""

from harness import announce, day, stays, team, wait_until, wide_limits

FINANCE = '.work.department.label == "Finance"'
SALES = '.work.department.label == "Sales"'


def rows(**groups):
    return [{"group": name, "when": when} for name, when in groups.items()]


def with_groups(world, groups, names=("Finance", "Sales"), start=True, **options):
    """A world whose settings have these rows, and whose Okta has these groups."""
    one = world(start=False, change=lambda connection: connection.update(groups=groups), **options)
    for name in names:
        one.sandbox.post("/okta/groups", {"name": name})
    if start:
        one.start()
    return one


def members(one, group):
    for found in one.sandbox.get("/okta/groups")["groups"]:
        if found["name"] == group:
            logins = {user["id"]: user["login"].split("@")[0] for user in one.sandbox.users()}
            return sorted(logins.get(member, member) for member in found["members"])
    return None


def by_hand(one, group, **change):
    one.sandbox.post(f"/okta/groups/{group}/members", change)


def group_status(one):
    return one.server.status()["groups"]


def row(one, group):
    return next(row for row in group_status(one)["rows"] if row["group"] == group)


def hire(one, first, department, **more):
    return one.hire_settled(first, "King", day(-30), fields={"work.department": department}, **more)


def move(one, employee, department):
    one.sandbox.update(employee, {"work.department": department})
    one.quiet()


def test_people_join_on_hire_move_with_their_department_and_keep_what_others_gave(world):
    # What Okta shows lags, and nobody looks there to decide.
    one = with_groups(world, rows(Finance=FINANCE, Sales=SALES), names=("Finance", "Sales", "Chess"),
                      sandbox_settings={"okta_membership_lag_ms": 60000})
    ada = hire(one, "Ada", "Finance")
    assert members(one, "Finance") == ["ada.king"]
    by_hand(one, "Chess", join="ada.king@example.com")

    move(one, ada, "Sales")
    assert (members(one, "Finance"), members(one, "Sales")) == ([], ["ada.king"])
    assert members(one, "Chess") == ["ada.king"], "given by somebody else"

    mark = one.sandbox.mark()
    one.server.sync(ada)
    one.quiet()
    assert one.okta_writes(mark) == [], "nothing is given twice"
    kinds = [action["kind"] for action in one.server.person(ada)["actions"]]
    assert kinds[:2] == ["leave_group", "join_group"]
    assert [g["state"] for g in one.server.person(ada)["groups"]] == ["given"]
    assert row(one, "Sales")["given"] == 1

    # A row that is deleted takes nobody out; it is listed.
    one.server.document["connections"][0]["groups"] = rows(Finance=FINANCE)
    one.restart(one.server.document)
    move(one, ada, "Legal")
    assert members(one, "Sales") == ["ada.king"]
    assert [left["given"] for left in group_status(one)["without_row"]] == [1]
    assert "has no row any more" in one.server.cli("status").stdout


def test_a_membership_given_by_hand_is_never_taken(world):
    one = with_groups(world, rows(Finance=FINANCE), names=("Finance",))
    one.sandbox.add_user(login="ada.king@example.com", email="ada.king@example.com", firstName="Ada",
                         lastName="King")
    by_hand(one, "Finance", join="ada.king@example.com")
    ada = hire(one, "Ada", "Finance")
    assert [g["state"] for g in one.server.person(ada)["groups"]] == ["found"]
    move(one, ada, "Legal")
    assert members(one, "Finance") == ["ada.king"]
    assert row(one, "Finance") | {"given": 0, "found": 1} == row(one, "Finance")


def test_groups_that_others_fill_are_refused_and_hold_nobody_up(world):
    one = with_groups(world, rows(Imported="true", Ruled="true", Nowhere="true", Everyone="true",
                                  Finance=FINANCE), names=("Ruled", "Finance"), start=False)
    one.sandbox.post("/okta/groups", {"name": "Imported", "type": "APP_GROUP"})
    one.sandbox.post("/okta/group_rules", {"groups": ["Ruled"]})
    one.start()
    ada = hire(one, "Ada", "Finance")
    assert members(one, "Finance") == ["ada.king"]
    assert members(one, "Imported") == members(one, "Ruled") == []
    assert one.server.record(ada)["row_problems"] == []
    reasons = {row["group"]: row["reason"] for row in group_status(one)["rows"]}
    assert "application" in reasons["Imported"] and "group rule" in reasons["Ruled"]
    assert "no group" in reasons["Nowhere"] and "built into Okta" in reasons["Everyone"]
    assert reasons["Finance"] == ""

    check = one.server.cli("check")
    assert check.returncode != 0
    for name in ("Imported", "Ruled", "Nowhere", "Everyone"):
        assert f"okta: group {name}" in check.stdout, check.stdout
    assert "Manage group membership" in check.stdout


def test_the_limit_holds_leavings_until_a_human_says_so(world):
    limits = wide_limits() | {"leave_group": {"per_hour": 2, "per_hour_percent": 0}}
    one = with_groups(world, rows(Finance=FINANCE), names=("Finance",), limits=limits)
    people = team(one, 4, **{"work.department": "Finance"})
    announce(one, people)
    one.quiet()
    assert len(members(one, "Finance")) == 4
    for employee in people:
        one.sandbox.update(employee, {"work.department": "Legal"})
    one.quiet()
    held = [e for e in people if one.server.hold_kinds(e) == ["limit"]]
    assert (len(held), len(members(one, "Finance"))) == (2, 2)
    for employee in held:
        one.server.post("/holds/release", {"employee_id": employee, "kind": "limit"})
    one.quiet()
    assert members(one, "Finance") == []
    assert one.server.holds() == []


def test_a_leaver_keeps_groups_and_loses_them_where_the_settings_say_clear(world):
    one = with_groups(world, rows(Finance=FINANCE), names=("Finance", "Chess"))
    ada = hire(one, "Ada", "Finance")
    by_hand(one, "Chess", join="ada.king@example.com")
    one.sandbox.life(ada, "terminate", at=day(-1))
    one.quiet()
    assert one.status_of("ada.king@example.com") == "DEPROVISIONED"
    assert members(one, "Finance") == ["ada.king"]

    one.server.document["connections"][0]["provisioning"]["leaver"] = {"groups": "clear"}
    one.restart(one.server.document)
    mark = one.sandbox.mark()
    bea = hire(one, "Bea", "Finance")
    one.sandbox.life(bea, "terminate", at=day(-1))
    one.quiet()
    writes = one.okta_writes(mark, "bea.king@example.com")
    assert writes[-3:] == ["deactivate", "sessions", "DELETE /api/v1/groups/{id}/users/{userId}"]
    one.server.sync(ada)
    one.quiet()
    assert members(one, "Finance") == []
    assert members(one, "Chess") == ["ada.king"]


def test_a_rehire_gets_the_groups_of_today(world):
    one = with_groups(world, rows(Finance=FINANCE, Sales=SALES))
    ada = hire(one, "Ada", "Finance")
    one.sandbox.life(ada, "terminate", at=day(-1))
    one.quiet()
    # Okta may drop memberships of a closed user: here somebody does.
    by_hand(one, "Finance", leave="ada.king@example.com")
    one.sandbox.life(ada, "rehire", at=day(-1))
    one.quiet()
    assert one.status_of("ada.king@example.com") != "DEPROVISIONED"
    assert members(one, "Finance") == ["ada.king"]


def test_a_kill_in_the_middle_of_a_join_repeats_it(world):
    one = with_groups(world, rows(Finance=FINANCE), names=("Finance",))
    one.sandbox.fault(system="okta", route="PUT /api/v1/groups/{id}/users/{userId}", action="hang",
                      ms=3000, times=1)
    ada = one.sandbox.hire("Ada", "King", day(-30), fields={"work.department": "Finance"})
    wait_until(lambda: one.sandbox.get("/faults")["rules"][0]["fired"] == 1, "on its way")
    one.server.kill()
    one.start()
    one.quiet()
    assert [g["state"] for g in one.server.person(ada)["groups"]] == ["given"]
    joins = [a for a in one.server.person(ada)["actions"] if a["kind"] == "join_group"]
    assert [(a["state"], a["is_resolved"]) for a in joins] == [("done", True)]
    move(one, ada, "Legal")
    assert members(one, "Finance") == []


def test_dry_run_and_plan_say_what_would_happen(world):
    one = with_groups(world, rows(Finance=FINANCE), names=("Finance",), mode="dry_run")
    ada = hire(one, "Ada", "Finance")
    kinds = {a["kind"]: a["state"] for a in one.server.person(ada)["actions"]}
    assert kinds["join_group"] == "dry_run"
    plan = one.server.post(f"/people/{ada}/plan")
    assert [a.get("group") for a in plan["actions"] if a["kind"] == "join_group"] == ["Finance"]
    assert "group Finance" in one.server.cli("plan", "--employee", ada).stdout
    preview = one.server.post("/mapping/preview", {"employee_id": ada})
    assert preview["groups"] == [
        {"group": "Finance", "answer": "in", "change": "join_group", "state": "ok", "reason": ""}]
    draft = one.server.post("/mapping/preview", {
        "employee_id": ada, "mapping": [{"okta": "title", "value": "Clerk"}]})
    assert draft["groups"] == preview["groups"], "a draft of rows leaves groups as they are"
    draft = one.server.post("/mapping/preview", {
        "employee_id": ada, "mapping": [], "groups": [{"group": "Everyone", "when": "true"}]})
    assert [(g["group"], g["change"], g["state"]) for g in draft["groups"]] == [("Everyone", "none", "refused")]
    assert "group       Finance: in, join_group" in one.server.cli(
        "mapping", "preview", "--employee", ada).stdout
    assert members(one, "Finance") == []


def test_nothing_is_written_until_the_protected_group_was_read(world):
    one = world(start=False, protected_group="Admins")
    one.sandbox.add_user(login="ada.king@example.com", email="ada.king@example.com", firstName="Ada",
                         lastName="King")
    one.start()
    bea = one.sandbox.hire("Bea", "King", day(-30))
    wait_until(lambda: (one.server.record(bea) or {}).get("state") == "parked", "it waits")
    stays(lambda: one.sandbox.user("bea.king@example.com") is None, "nothing is written", 1)
    assert "no such group" in one.server.status()["groups"]["protected"]["reason"]
    assert "NOTHING IS WRITTEN" in one.server.cli("status").stdout
    check = one.server.cli("check")
    assert check.returncode != 0 and "protected group" in check.stdout

    one.sandbox.post("/okta/groups", {"name": "Admins"})
    by_hand(one, "Admins", join="ada.king@example.com")
    one.restart()
    wait_until(lambda: one.sandbox.user("bea.king@example.com"), "read, and nothing is blocked")
    ada = hire(one, "Ada", "Finance")
    one.sandbox.life(ada, "terminate", at=day(-1))
    one.quiet()
    assert one.status_of("ada.king@example.com") == "ACTIVE"
    assert one.server.record(ada)["last_rule"] == "S1.1"
