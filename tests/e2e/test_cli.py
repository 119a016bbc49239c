# SPDX-License-Identifier: MIT
"""The commands beside serve: what they print, and their exit status 0, 1 or 2."""

import json

import pytest

import harness
from harness import day, event, wait_until

PAST = -30
ACTIVE = {"okta_password_optional": True}


@pytest.fixture(scope="module")
def shared():
    with harness.World(sandbox_settings=ACTIVE) as one:
        one.employee = one.hire_settled("Ada", "Shared", day(PAST))
        yield one


def ok(result):
    assert result.returncode == 0, f"exit {result.returncode}\n{result.stdout}\n{result.stderr}"
    return result.stdout


def data(result):
    return json.loads(ok(result))


# ------------------------------------------------------------------ usage

@pytest.mark.parametrize("argv", [
    ["frobnicate"], ["people", "--colour"], ["person"], ["person", "not-an-id"], ["release"],
    ["release", "1", "--all"], ["retry"], ["hold"], ["close"], ["send"], ["sync", "extra"],
    ["sync", "--all", "--employee", "1"], ["plan", "--all", "--employee", "1"],
    ["held", "--kind", "nonsense"], ["version", "extra"], ["pause", "--revocations", "maybe"]],
    ids=" ".join)
def test_a_wrong_command_line_is_status_2_and_says_the_mend(shared, argv):
    result = shared.server.cli(*argv)
    assert result.returncode == 2, result
    assert result.stdout == "" and len(result.stderr.strip()) > 10


def test_version_and_help(shared):
    assert ok(shared.server.cli("version")).startswith("bob2okta ")
    assert set(data(shared.server.cli("version", "--json"))) == {"version", "commit"}
    text = ok(shared.server.cli("help"))
    for name in ("serve", "check", "plan", "sync", "people", "person", "retry", "held", "release",
                 "reject", "hold", "close", "pause", "resume", "send", "version"):
        assert f"\n  {name} " in text or f" {name} " in text, name
    assert "--employee" in ok(shared.server.cli("help", "plan"))


def test_a_command_without_a_server_is_status_1(shared):
    argv = ["people", "--admin-listen", "127.0.0.1:1"]
    host, port = shared.server.admin
    try:
        shared.server.admin = ("127.0.0.1", 1)
        result = shared.server.cli("people")
    finally:
        shared.server.admin = (host, port)
    assert result.returncode == 1, (argv, result)
    assert "running" in result.stderr or "reached" in result.stderr or "serve" in result.stderr


# ------------------------------------------------------------------ check

def test_check_is_well_and_changes_nothing(shared):
    shared.sandbox.add_employee(**{
        "root.email": "past.leaver@example.com", "internal.lifecycleStatus": "terminated",
        "internal.status": "Inactive", "internal.terminationDate": day(-90)})
    before = shared.sandbox.get("/counters")["okta_applied"]
    users = shared.sandbox.get("/okta/users")
    report = data(shared.server.cli("check", "--json"))
    assert report["ok"] is True and report["failures"] == 0, report
    text = json.dumps(report["checks"]).lower()
    assert text.count("proved") >= 5
    assert shared.sandbox.get("/counters")["okta_applied"] == before
    assert shared.sandbox.get("/okta/users") == users
    assert "default" in ok(shared.server.cli("check"))


@pytest.mark.parametrize("permission", [
    "users.read", "users.create", "users.lifecycle", "users.edit", "schemas.manage"])
def test_check_names_a_missing_permission(world, permission):
    one = world(sandbox_settings={"okta_missing_permissions": [permission]})
    one.hire_settled("Ada", "Check", day(PAST))
    result = one.server.cli("check", "--json")
    assert result.returncode == 1, result
    refused = [c for c in json.loads(result.stdout)["checks"] if "refused" in json.dumps(c)]
    assert refused, result.stdout


@pytest.mark.parametrize("settings,words", [
    ({"okta_token": "changed"}, ["okta"]),
    ({"bob_token": "changed"}, ["bob"]),
    ({"unreadable_fields": ["lifecycle"]}, ["internal.lifecycleStatus"]),
    ({"unreadable_fields": ["work.title"]}, ["work.title"]),
])
def test_check_finds_what_is_wrong(world, settings, words):
    one = world()
    one.sandbox.add_employee(**{"work.title": "Analyst"})
    one.sandbox.settings(**settings)
    result = one.server.cli("check")
    assert result.returncode == 1, result
    for word in words:
        assert word in result.stdout, result.stdout


def test_check_finds_an_attribute_okta_does_not_have(world):
    one = world(mapping=[{"okta": "shoeSize", "bob": "work.title"}])
    result = one.server.cli("check")
    assert result.returncode == 1 and "shoeSize" in result.stdout
    one.sandbox.post("/okta/schema", {"shoeSize": {"title": "Shoe size", "type": "string"}})
    assert "shoeSize" not in one.server.cli("check").stdout


def test_check_warns_when_no_leaver_is_visible(world):
    one = world()
    one.sandbox.add_employee()
    report = data(one.server.cli("check", "--json"))
    assert report["warnings"] >= 1


@pytest.mark.parametrize("path,value,named", [
    (["mode"], "lively", "connections[0].mode"),
    (["colour"], "red", "connections[0].colour"),
    (["provisioning", "email_domains"], [], "connections[0].provisioning.email_domains"),
    (["provisioning", "time_zone"], "Mars/Olympus", "connections[0].provisioning.time_zone"),
    (["provisioning", "leaver"], {"aktion": "suspend"}, "connections[0].provisioning.leaver.aktion"),
    (["limits", "lower", "per_hour"], -1, "connections[0].limits.lower.per_hour"),
    (["okta", "base_url"], "http://okta.example.com", "connections[0].okta.base_url"),
    (["okta", "api_token"], {"env": "NOT_SET_ANYWHERE"}, "connections[0].okta.api_token"),
    (["bob", "webhook_secrets"], ["short"], "connections[0].bob.webhook_secrets[0]"),
    (["mapping"], [{"okta": "title"}], "connections[0].mapping[0]"),
])
def test_a_mistake_in_the_settings_is_named_by_its_path(world, path, value, named):
    one = world(start=False)
    document = one.server.document
    place = document["connections"][0]
    for key in path[:-1]:
        place = place.setdefault(key, {})
    place[path[-1]] = value
    one.server.write_settings(document)
    result = one.server.cli("check")
    assert result.returncode == 2 and named in result.stdout + result.stderr, result
    serve = one.server.cli("serve")
    assert serve.returncode == 2 or serve.returncode == 1
    assert named in serve.stderr, serve.stderr


def test_every_mistake_is_named_at_once(world):
    one = world(start=False)
    document = one.server.document
    document["connections"][0]["mode"] = 7
    document["connections"][0]["limits"]["raise"]["per_hour"] = "many"
    document["surprise"] = {}
    one.server.write_settings(document)
    text = one.server.cli("check").stdout
    for named in ("connections[0].mode", "connections[0].limits.raise.per_hour", "surprise"):
        assert named in text


def test_secrets_come_from_files_and_variables(world):
    one = world(start=False)
    secret = one.directory / "okta-token"
    secret.write_text(harness.OKTA_TOKEN + "\n")
    document = one.server.document
    document["connections"][0]["okta"]["api_token"] = {"file": str(secret)}
    document["connections"][0]["bob"]["service_user_token"] = {"env": "TEST_BOB_TOKEN"}
    one.server.write_settings(document)
    one.server.program.env["TEST_BOB_TOKEN"] = harness.BOB_TOKEN
    one.start()
    one.hire_settled("Ada", "Secret", day(PAST))
    assert one.status_of("ada.secret@example.com")


def test_flags_are_variables_too(world):
    one = world(start=False)
    argv = one.server.program.argv
    at = argv.index("--settings")
    one.server.program.env["BOB2OKTA_SETTINGS"] = argv[at + 1]
    del argv[at:at + 2]
    argv.remove("--allow-insecure-loopback")
    one.server.program.env["BOB2OKTA_ALLOW_INSECURE_LOOPBACK"] = "true"
    one.start()
    assert one.server.status()["name"] == "default"


def test_plain_http_needs_the_flag(world):
    one = world(start=False)
    one.server.program.argv.remove("--allow-insecure-loopback")
    one.server.program.start()
    assert one.server.program.wait_exit(20) in (1, 2)
    assert "connections[0].okta.base_url" in one.server.log()


# ------------------------------------------------- looking, planning, doing

def test_plan_says_what_and_why_and_changes_nothing(world):
    one = world()
    employee = one.sandbox.add_employee(**{"root.email": "ada.plan@example.com"})
    plan = data(one.server.cli("plan", "--employee", employee, "--json"))
    assert plan["employee_id"] == employee and plan["wanted"] == "active"
    assert [a["kind"] for a in plan["actions"]] == ["create"]
    assert plan["actions"][0]["profile"]["login"] == "ada.plan@example.com"
    text = ok(one.server.cli("plan", "--employee", employee))
    assert "create" in text and "G1" in text or "R1" in text
    everybody = data(one.server.cli("plan", "--json"))
    assert everybody["people"] == 1 and len(everybody["plans"]) == 1
    assert employee in ok(one.server.cli("plan"))
    assert one.okta_writes() == []
    assert one.server.cli("plan", "--employee", "999").returncode == 1


def test_sync_does_it_now(world):
    one = world()
    employee = one.sandbox.add_employee(**{"root.email": "ada.sync@example.com"})
    ok(one.server.cli("sync", "--employee", employee))
    assert one.server.hold_kinds(employee) == ["existing"], "M3: a human decides"
    ok(one.server.cli("release", employee))
    wait_until(lambda: one.status_of("ada.sync@example.com"), "created")
    one.quiet()
    one.sandbox.call("PATCH", f"/bob/employees/{employee}", {"work.workPhone": "+44 7"})
    ok(one.server.cli("sync", "--employee", employee))
    profile = one.sandbox.users()[0]["profile"]
    assert profile["primaryPhone"] == "+44 7", "done when the command returns"
    one.sandbox.call("PATCH", f"/bob/employees/{employee}", {"work.workPhone": "+44 8"})
    assert data(one.server.cli("sync", "--json"))["marked"] == 1
    assert data(one.server.cli("sync", "--all", "--json"))["marked"] == 1
    wait_until(lambda: one.sandbox.users()[0]["profile"].get("primaryPhone") == "+44 8", "done")
    assert one.server.cli("sync", "--employee", "999").returncode == 1


def test_people_and_person(shared):
    text = ok(shared.server.cli("people"))
    assert shared.employee in text and "ACTIVE" in text
    people = data(shared.server.cli("people", "--json"))["people"]
    assert shared.employee in [p["employee_id"] for p in people]
    assert shared.employee in ok(shared.server.cli("people", "--text", "shared"))
    assert shared.employee not in ok(shared.server.cli("people", "--text", "nobody-like-this"))
    person = data(shared.server.cli("person", shared.employee, "--json"))
    assert person["employee"]["employee_id"] == shared.employee
    assert person["events"] and person["actions"] and person["next_step"]
    text = ok(shared.server.cli("person", shared.employee))
    assert "employee.created" in text and "create" in text
    assert shared.server.cli("person", "999").returncode == 1


def test_status(shared):
    assert data(shared.server.cli("status", "--json"))["connections"][0]["name"] == "default"
    assert "default" in ok(shared.server.cli("status"))


def test_retry(world):
    one = world()
    fault = one.sandbox.fault(system="okta", route="POST /api/v1/users", action="status",
                              status=400, code="E0000001")
    employee = one.sandbox.hire("Ada", "Retry", day(PAST))
    wait_until(lambda: (r := one.server.record(employee)) and r["state"] == "failed", "failed")
    one.sandbox.call("DELETE", f"/faults/{fault}")
    ok(one.server.cli("retry", "--failed"))
    wait_until(lambda: one.status_of("ada.retry@example.com"), "created by the retry")
    ok(one.server.cli("retry", employee))
    assert one.server.cli("retry", "999").returncode == 1


def test_held_release_reject(world):
    one = world(sandbox_settings=ACTIVE)
    for name in ("one", "two"):
        one.sandbox.add_user("SUSPENDED", login=f"ada.{name}@example.com",
                             email=f"ada.{name}@example.com", firstName="Ada", lastName=name)
    first = one.sandbox.hire("Ada", "One", day(PAST))
    second = one.sandbox.hire("Ada", "Two", day(PAST))
    one.quiet(unsettled=True)
    holds = data(one.server.cli("held", "--json"))["holds"]
    assert {hold["employee_id"] for hold in holds} == {first, second}
    assert first in ok(one.server.cli("held", "--kind", "match"))
    ok(one.server.cli("reject", second))
    assert data(one.server.cli("release", "--all", "--yes", "--json"))["released"] == 1
    wait_until(lambda: one.status_of("ada.one@example.com") == "ACTIVE", "reopened")
    one.quiet(unsettled=True)
    assert one.status_of("ada.two@example.com") == "SUSPENDED"
    assert one.server.cli("release", "999").returncode == 1


def test_hold_and_close(world):
    one = world(sandbox_settings=ACTIVE)
    employee = one.hire_settled("Ada", "Hold", day(PAST))
    ok(one.server.cli("hold", employee, "--why", "an audit"))
    assert one.server.hold_kinds(employee) == ["human"]
    ok(one.server.cli("release", employee))
    assert one.server.hold_kinds(employee) == []
    ok(one.server.cli("close", employee, "--why", "at once"))
    wait_until(lambda: one.status_of("ada.hold@example.com") == "DEPROVISIONED", "closed")
    assert one.server.cli("close", "999").returncode == 1


def test_pause_and_resume(world):
    one = world()
    refused = one.server.cli("pause", stdin="")
    assert refused.returncode == 2, "whether revocations pass is asked, never assumed"
    ok(one.server.cli("pause", "--revocations", "pass"))
    assert one.server.status()["pause"]["revocations"] is True
    one.sandbox.hire("Ada", "Pause", day(PAST))
    one.quiet(unsettled=True)
    assert one.okta_writes() == []
    ok(one.server.cli("resume"))
    wait_until(lambda: one.status_of("ada.pause@example.com"), "done after resume")


def test_send_signs_and_posts(shared):
    body = shared.directory / "body.json"
    body.write_text(json.dumps(event("4711", "timeoff.request.approved")))
    answer = data(shared.server.cli("send", str(body), "--json"))
    assert answer["status"] == 200
    assert "200" in ok(shared.server.cli("send", "-", stdin=body.read_text()))
    wrong = shared.server.cli("send", str(body), "--secret-env", "WRONG",
                              env={"WRONG": "another-secret"})
    assert wrong.returncode == 1 and "401" in wrong.stdout
    assert shared.server.cli("send", "/nonexistent").returncode in (1, 2)


# -------------------------------------------------------- the admin API's edges

@pytest.mark.parametrize("token", ["", "wrong", "x" * 5000])
def test_the_admin_api_wants_its_token(shared, token):
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    reply = harness.http_call(shared.server.admin, "GET", "/api/v1/status", headers=headers)
    assert reply.status in (401, 413, 431, 400)
    if len(token) < 100:
        assert reply.status == 401 and reply.json()["error"]["code"] == "unauthorized"


def test_the_admin_token_is_for_its_owner_alone(shared):
    path = shared.server.store.parent / "admin-token"
    assert path.stat().st_mode & 0o777 == 0o600
    assert len(path.read_text().strip()) >= 32


@pytest.mark.parametrize("method,path,body,status", [
    ("GET", "/api/v1/people?colour=red", None, 400),
    ("GET", "/api/v1/people?limit=0", None, 400),
    ("GET", "/api/v1/people?limit=501", None, 400),
    ("GET", "/api/v1/people?connection=nobody", None, 404),
    ("GET", "/api/v1/people/abc", None, 400),
    ("GET", "/api/v1/people/123456", None, 404),
    ("GET", "/api/v1/nothing", None, 404),
    ("DELETE", "/api/v1/people", None, 405),
    ("POST", "/api/v1/pause", {}, 400),
    ("POST", "/api/v1/retry", {}, 400),
    ("POST", "/api/v1/holds/release", {}, 400),
    ("POST", "/api/v1/holds/release", {"all": True, "colour": 1}, 400),
    ("POST", "/api/v1/holds/reject", {"all": True, "employee_id": "1"}, 400),
    ("POST", "/api/v1/holds/release", {"employee_ids": []}, 400),
    ("POST", "/api/v1/holds/release", {"employee_ids": [7]}, 400),
    ("POST", "/api/v1/holds/release", {"all": True, "limit": "speed"}, 400),
    ("GET", "/api/v1/holds/releases/first", None, 400),
    ("GET", "/api/v1/holds/releases/4711", None, 404),
    ("POST", "/api/v1/holds/release", {"employee_id": "123456"}, 404),
    ("POST", "/api/v1/people/123456/hold", {}, 404),
    ("POST", "/api/v1/people/123456/sync", {"by": "x" * 100}, 400),
    ("POST", "/api/v1/sync", {"filling": "x" * 20000}, 413),
])
def test_the_admin_api_refuses_in_one_shape(shared, method, path, body, status):
    reply = shared.server.ask(method, path, body)
    assert reply.status == status, reply
    assert set(reply.json()["error"]) == {"code", "message", "hint", "request_id"}


def test_people_come_in_pages(world):
    one = world(reread_after_s=0)
    ids = [one.sandbox.add_employee(**{"root.email": f"page.{n}@example.com"}) for n in range(7)]
    for employee in ids:
        one.server.post_event(event(employee, "employee.created"))
    one.quiet()
    seen, after = [], None
    for _ in range(10):
        page = one.server.get("/people?limit=3" + (f"&after={after}" if after else ""))
        seen += [p["employee_id"] for p in page["people"]]
        assert len(page["people"]) <= 3
        after = page["next_after"]
        if not after:
            break
    assert sorted(seen) == sorted(ids)
