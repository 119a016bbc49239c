# SPDX-License-Identifier: MIT
"""A mapping before it is in force: fields, suggestions, the org's schema, previews."""

import json

from harness import day

LOGIN = "ada.preview@example.com"
ROWS = [
    {"okta": "hireDate", "bob": "work.startDate"},
    {"okta": "headcount", "bob": "work.directReports"},
    {"okta": "badge", "expr": '"B-" + .root.id'},
]


def cli_json(one, *argv, status=0):
    result = one.server.cli(*argv, "--json")
    assert result.returncode == status, result.stdout + result.stderr
    return json.loads(result.stdout)


def custom(one):
    reply = one.sandbox.post("/okta/schema", {})
    return reply["definitions"]["custom"]["properties"]


def row_of(preview, okta):
    return next(row for row in preview["rows"] if row["okta"] == okta)


def attribute_of(answer, okta):
    return next(entry for entry in answer["attributes"] if entry["okta"] == okta)


def draft(one, rows):
    path = one.directory / "draft.json"
    path.write_text(json.dumps(rows))
    return str(path)


def test_schema_is_planned_and_added_and_then_all_is_well(world):
    one = world(mapping=ROWS + [{"okta": "departement", "value": "x"}],
                sandbox_settings={"okta_schema_lag_ms": 1500})
    assert one.server.cli("check").returncode != 0, "the attributes are not there yet"

    plan = cli_json(one, "schema", "plan")
    assert {entry["okta"]: entry["type"] for entry in plan["add"]} == {
        "hireDate": "string", "headcount": "number", "badge": "string"}
    assert "did you mean department?" in plan["refused"][0]["reason"]
    assert custom(one) == {}, "a plan adds nothing"
    refused = one.server.ask("POST", "/api/v1/schema/apply", {"plan": "0123456789abcdef"})
    assert (refused.status, refused.json()["error"]["code"]) == (409, "conflict")

    result = one.server.cli("schema", "apply", stdin="")
    assert result.returncode == 2 and "--yes" in result.stderr
    assert custom(one) == {}
    answer = cli_json(one, "schema", "apply", "--yes")
    assert answer["is_added"]
    added = custom(one)
    assert set(added) == {"badge", "hireDate", "headcount"}
    assert added["headcount"]["type"] == "number"
    assert added["hireDate"]["permissions"] == [{"principal": "SELF", "action": "READ_ONLY"}]
    assert cli_json(one, "schema", "plan")["add"] == []

    document = one.server.document
    document["connections"][0]["mapping"] = ROWS
    one.restart(document)
    ada = one.hire_settled("Ada", "Preview", day(-30))
    result = one.server.cli("check")
    assert result.returncode == 0, result.stdout + result.stderr
    profile = one.sandbox.user(LOGIN)["profile"]
    assert profile["hireDate"] == day(-30)
    assert profile["badge"] == f"B-{ada}"


def test_a_lost_schema_change_is_sent_again(world):
    one = world(mapping=ROWS[:1], sandbox_settings={"okta_schema_loses": 1})
    assert cli_json(one, "schema", "apply", "--yes")["is_added"]
    assert list(custom(one)) == ["hireDate"]
    posts = [call for call in one.sandbox.calls(system="okta")
             if call["method"] == "POST" and "/meta/schemas/" in call["path"]]
    assert len(posts) == 2


def test_in_dry_run_the_schema_stays_as_it_is(world):
    one = world(mapping=ROWS[:1], mode="dry_run")
    answer = cli_json(one, "schema", "apply", "--yes")
    assert not answer["is_added"] and [entry["okta"] for entry in answer["add"]] == ["hireDate"]
    assert custom(one) == {}


def test_a_draft_is_seen_before_it_is_in_force(world):
    one = world()
    ada = one.hire_settled("Ada", "Preview", day(-30), fields={"work.title": "Analyst"})
    ben = one.hire_settled("Ben", "Preview", day(-30), fields={"work.title": "Clerk"})
    one.sandbox.patch_user(LOGIN, profile={"title": "Queen"})
    before = one.sandbox.user(LOGIN)["profile"]
    writes = one.sandbox.mark()

    preview = cli_json(one, "mapping", "preview", "--employee", ada)
    assert row_of(preview, "title")["okta_value"] == "Queen"
    assert row_of(preview, "title")["verdict"] == "sent"
    assert row_of(preview, "lastName")["verdict"] == "same"

    rows = [
        {"okta": "title", "expr": '.work.title.label? // .work.title | ascii_upcase'},
        {"okta": "division", "value": "EMEA"},
        {"okta": "userType", "value": "staff", "apply": "on_create"},
        {"okta": "organization", "bob": "work.noSuchThing"},
    ]
    path = draft(one, rows)
    preview = cli_json(one, "mapping", "preview", "--employee", ada, "--draft", path)
    assert preview["is_draft"]
    assert row_of(preview, "title")["result"] == "ANALYST", preview
    assert row_of(preview, "division")["verdict"] == "sent"
    assert row_of(preview, "userType")["verdict"] == "on_create"
    assert row_of(preview, "organization")["verdict"] in ("no_such_field", "not_readable")
    table = one.server.cli("mapping", "preview", "--employee", ada, "--draft", path).stdout
    assert "ANALYST" in table and "on_create" in table

    answer = cli_json(one, "mapping", "preview", "--all", "--draft", path)
    title = attribute_of(answer, "title")
    assert (answer["people"], answer["changed"]) == (2, 2), answer
    assert {sample["employee_id"]: sample["to"] for sample in title["samples"]} == {
        ada: "ANALYST", ben: "CLERK"}
    assert attribute_of(answer, "userType")["people"] == 0
    assert "for example" in one.server.cli("mapping", "preview", "--all", "--draft", path).stdout

    assert one.sandbox.user(LOGIN)["profile"] == before, "nothing was written"
    assert one.okta_writes(writes) == []


def test_a_draft_with_mistakes_is_refused_with_each_of_them(world):
    one = world()
    ada = one.hire_settled("Ada", "Preview", day(-30))
    path = draft(one, [{"okta": "title", "bob": 7}, {"okta": "city"}])
    result = one.server.cli("mapping", "preview", "--employee", ada, "--draft", path)
    assert result.returncode == 2
    assert "mapping[0].bob" in result.stdout and "mapping[1]" in result.stdout
    path = draft(one, [{"okta": "title", "expr": ".work.title |"},
                       {"okta": "city", "expr": "nonsense(1)"}])
    result = one.server.cli("mapping", "preview", "--all", "--draft", path)
    assert result.returncode == 2
    assert "mapping[0].expr" in result.stdout and "mapping[1].expr" in result.stdout


def test_changes_since_an_earlier_version_are_counted(world):
    one = world(mapping=[{"okta": "title", "value": "Staff"}])
    ada = one.hire_settled("Ada", "Preview", day(-30), fields={"work.title": "Analyst"})
    old = cli_json(one, "settings", "list")["versions"][0]["version"]
    document = one.server.document
    document["connections"][0]["mapping"] = []
    one.restart(document)
    answer = cli_json(one, "mapping", "preview", "--all", "--changed-from", str(old))
    assert attribute_of(answer, "title")["samples"] == [{
        "employee_id": ada, "display_name": "Ada Preview", "from_state": "value", "from": "Staff",
        "to_state": "value", "to": "Analyst"}]
    assert attribute_of(answer, "title")["would_write"] == 1


def test_fields_are_found_and_rows_suggested(world):
    one = world()
    found = cli_json(one, "mapping", "fields", "start date")
    assert found == cli_json(one, "mapping", "fields", "START DATE")
    ids = [field["id"] for field in cli_json(one, "mapping", "fields", "title", "--bob")["bob"]]
    assert "work.title" in ids
    title = cli_json(one, "mapping", "fields", "title", "--okta")["okta"]
    assert next(entry for entry in title if entry["name"] == "title")["mapped_from"] == "work.title"
    rows = {entry["row"]["okta"]: entry["row"]["bob"]
            for entry in cli_json(one, "mapping", "suggest")["suggestions"]}
    assert rows["employeeNumber"] == "work.employeeIdInCompany"
    assert rows["city"] == "address.siteCity", "the office's, not the employee's own"
    assert "title" not in rows and "secondEmail" not in rows
