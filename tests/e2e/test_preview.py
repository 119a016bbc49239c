# SPDX-License-Identifier: MIT
"""A mapping before it is in force: fields, suggestions, the org's schema, previews."""

import json

from harness import day, wait_until

LOGIN = "ada.preview@example.com"
CUSTOM = "work.custom.field_1655996461265"
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


def try_row(one, employee, row):
    return one.server.post("/mapping/preview-row", {"employee_id": employee, "row": row})


def test_an_expression_is_tried_while_it_is_typed(world):
    one = world()
    ada = one.hire_settled("Ada", "Preview", day(-30), fields={"work.title": "Analyst"})
    mark = one.sandbox.mark()
    text = ".work.title.label | upper"
    answers = [try_row(one, ada, {"okta": "title", "expr": text[:length]})
               for length in range(1, len(text) + 1)]
    assert answers[-1]["result"] == "ANALYST" and answers[-1]["okta_value"] == "Analyst"
    assert answers[-1]["reads"] == ["work.title"] and not answers[-1]["is_masked"]
    searches = [call for call in one.sandbox.calls(mark, system="bob")
                if call["route"] == "POST /v1/people/search"]
    assert len(searches) <= 2, "one read a person, and one for a field that came later"
    assert one.okta_writes(mark) == []

    wrong = try_row(one, ada, {"okta": "title", "expr": '"é" + .work.title.label\n  | | upper'})
    assert wrong["state"] == "invalid"
    assert (wrong["mistakes"][0]["line"], wrong["mistakes"][0]["column"]) == (2, 5), wrong
    unknown = try_row(one, ada, {"okta": "title", "expr": ".work.title.label | shout"})
    assert unknown["mistakes"][0]["column"] == 21, unknown
    open_text = try_row(one, ada, {"okta": "title", "expr": '.work.title.label + "!'})
    assert open_text["mistakes"][0]["column"] == 21, open_text
    failing = try_row(one, ada, {"okta": "title", "expr": ".work.title.label / 2"})
    assert failing["state"] == "failed" and failing["reason"], failing
    nothing = try_row(one, ada, {"okta": "title", "expr": ".work.noSuchThing.label"})
    assert nothing["state"] == "no_such_field"
    long = try_row(one, ada, {"okta": "countryCode", "expr": ".root.displayName"})
    assert long["state"] == "failed", long
    assert try_row(one, ada, {"okta": "login", "expr": ["null", ".root.email"]})["result"] == LOGIN


def test_everybody_is_previewed_by_a_job_that_can_be_left_and_stopped(world):
    one = world(people=40)
    rows = [{"okta": "division", "value": "EMEA"}]
    assert one.server.get("/mapping/preview-all")["state"] == "none"
    begun = one.server.post("/mapping/preview-all/start", {"mapping": rows, "by": "ada"})
    assert begun["by"] == "ada" and begun["query"]["mapping"] == rows
    done = wait_until(lambda: ended(one), "the preview ends")
    assert done["state"] == "done" and done["result"]["changed"] == 40, done
    assert (done["listed"], done["read"]) == (40, 40)
    assert one.server.get("/mapping/preview-all")["result"] == done["result"]

    one.sandbox.post("/settings", {"bob_latency_ms": 3000})
    one.server.post("/mapping/preview-all/start", {"mapping": rows})
    assert one.server.ask("POST", "/api/v1/mapping/preview-all/start", {}).status == 409
    one.server.post("/mapping/preview-all/stop", {})
    stopped = wait_until(lambda: ended(one), "the preview is stopped", 30)
    assert stopped["state"] == "stopped" and stopped["result"] is None
    assert one.server.ask("POST", "/api/v1/mapping/preview-all/stop", {}).status == 409

    # One that runs does not outlive other settings, nor hold them up.
    one.server.post("/mapping/preview-all/start", {"mapping": rows})
    document = one.server.get("/settings")["document"]
    document["connections"][0]["mapping"] = rows
    one.server.post("/settings", {"document": document})
    wait_until(lambda: one.server.get("/mapping/preview-all")["state"] == "none", "a new start")


def ended(one):
    answer = one.server.get("/mapping/preview-all")
    return answer if answer["state"] != "running" else None


def test_the_rows_are_told_with_what_is_known_of_them(world):
    one = world(mapping=[{"okta": "costCenter", "bob": CUSTOM}, {"okta": "hireDate", "bob": "work.startDate"},
                         {"okta": "manager", "bob": None}])
    one.sandbox.post("/settings", {"unreadable_fields": [CUSTOM]})
    one.hire_settled("Ada", "Preview", day(-30))
    table = one.server.get("/mapping/rows")
    assert table["mapping"][2] == {"okta": "manager", "bob": None}
    rows = {row["okta"]: row for row in table["rows"]}
    assert rows["costCenter"]["problems"][0]["state"] == "not_readable"
    assert rows["costCenter"]["problems"][0]["people"] == 1
    assert (rows["hireDate"]["fault"], rows["hireDate"]["origin"]) == ("missing_in_okta", "own")
    assert (rows["manager"]["origin"], rows["title"]["origin"]) == ("off", "default")
    assert rows["title"]["reads"][0]["type"]

    draft_rows = [{"okta": "badge", "bob": "root.id"}]
    plan = one.server.post("/schema/plan", {"mapping": draft_rows})
    assert [entry["okta"] for entry in plan["add"]] == ["badge"]
    refused = one.server.ask("POST", "/api/v1/schema/apply", {"plan": plan["plan"]})
    assert refused.status == 409, "the plan of the mapping in force is another one"
    assert one.server.post("/schema/apply", {"plan": plan["plan"], "mapping": draft_rows})["is_added"]
    rows = {row["okta"]: row for row in
            one.server.post("/mapping/rows", {"mapping": draft_rows})["rows"]}
    assert rows["badge"]["fault"] == ""
