# SPDX-License-Identifier: MIT
"""Settings that change while the server runs: SIGHUP, the API, the commands, and going back."""

import copy
import json
import signal

import pytest

import harness
from harness import announce, day, event, team, wait_until

PAST = -30
ACTIVE = {"okta_password_optional": True}


def in_force(one):
    return one.server.get("/status")["settings"]


def hup(one, settings=None):
    if settings is not None:
        one.server.write_settings(settings)
    one.server.program.send_signal(signal.SIGHUP)


def changed(one, change):
    """A copy of the document in the file, with one change of its connection."""
    document = copy.deepcopy(one.server.document)
    change(document["connections"][0])
    return document


def with_mapping(rows):
    return lambda connection: connection.update(mapping=rows)


def actions(one, employee):
    return one.server.person(employee)["actions"]


def test_a_new_mapping_by_sighup_leaves_the_call_in_flight_alone(world):
    one = world(sandbox_settings=ACTIVE)
    employee = one.hire_settled("Ada", "Flight", day(PAST))
    one.sandbox.settings(okta_latency_ms=3000 * harness.SLOW)
    since = one.sandbox.mark()
    one.sandbox.update(employee, {"work.title": "Engineer"})
    wait_until(lambda: any(a["state"] == "open" for a in actions(one, employee)), "a call in flight")
    hup(one, changed(one, with_mapping([{"okta": "title", "bob": "work.department"}])))
    wait_until(lambda: in_force(one)["version"] == 2, "the new mapping is in force")
    assert [a["state"] for a in actions(one, employee)][0] == "open", "the call is still under way"
    one.sandbox.settings(okta_latency_ms=0)
    one.quiet()
    first = actions(one, employee)[0]
    assert (first["state"], first["settings_version"], first["is_resolved"]) == ("done", 1, False)
    assert one.okta_writes(since) == ["update"], "the new engine did not do it again"
    one.sandbox.update(employee, {"work.department": "Research"})
    one.quiet()
    newest = actions(one, employee)[0]
    assert (newest["settings_version"], newest["state"]) == (2, "done")
    assert one.sandbox.users()[0]["profile"]["title"] == "Research"


def test_a_wrong_file_changes_nothing_and_every_mistake_is_named(world):
    one = world()

    def spoil(connection):
        connection["mode"] = "wet"
        connection["colour"] = "blue"
        connection["provisioning"]["reread_after_s"] = 61

    good = copy.deepcopy(one.server.document)
    hup(one, changed(one, spoil))
    refused = wait_until(lambda: in_force(one)["refused"], "the reload is refused")
    assert refused["mistakes"] == 3
    assert in_force(one)["version"] == 1
    log = one.server.log()
    for path in ("connections[0].mode", "connections[0].colour",
                 "connections[0].provisioning.reread_after_s"):
        assert path in log, path
    assert "REFUSED" in one.server.cli("status").stdout
    employee = one.hire_settled("Ada", "Still", day(PAST))
    assert actions(one, employee)[0]["settings_version"] == 1
    hup(one, good)
    wait_until(lambda: in_force(one)["refused"] is None, "the good file is read")
    assert in_force(one)["version"] == 1


def test_a_new_webhook_secret_is_taken_at_once(world):
    one = world()
    employee = team(one, 1)[0]
    body = json.dumps(event(employee))
    other = "another-webhook-secret"
    assert one.server.post_event(body, harness.sign(body, other)).status == 401
    hup(one, changed(one, lambda c: c["bob"].update(webhook_secrets=[other])))
    wait_until(lambda: in_force(one)["version"] == 2, "the new secret is in force")
    assert one.server.post_event(body, harness.sign(body, other)).status == 200
    assert one.server.post_event(body, harness.sign(body)).status == 401
    store = b"".join(path.read_bytes() for path in one.server.store.parent.iterdir())
    for secret in (other, harness.SECRET, harness.OKTA_TOKEN, harness.BOB_TOKEN):
        assert secret.encode() not in store, "a secret is in the store"
    one.sandbox.webhooks(url=one.server.url(), secret=other)


def test_dry_run_becomes_live_by_the_api(world):
    one = world(mode="dry_run", sandbox_settings=ACTIVE)
    employee = one.hire_settled("Ada", "Dry", day(PAST))
    assert one.sandbox.users() == []
    shown = one.server.get("/settings")
    document = shown["document"]
    assert document["connections"][0]["okta"]["api_token"] == {"kept": True}
    document["connections"][0]["mode"] = "live"
    answer = one.server.post("/settings", {
        "document": document, "note": "go", "by": "ops", "expected_version": shown["version"]})
    assert answer["changes"] == [
        {"path": "connections[default].mode", "from": "dry_run", "to": "live"}]
    one.quiet()
    assert [user["profile"]["lastName"] for user in one.sandbox.users()] == ["Dry"]
    assert actions(one, employee)[0]["settings_version"] == answer["version"] == 2
    one.restart()
    assert in_force(one) | {"at_ms": 0} == {
        "version": 2, "hash": in_force(one)["hash"], "source": "api", "author": "ops", "at_ms": 0,
        "refused": None}
    assert "overruled" in one.server.cli("settings", "show").stdout


def test_what_only_the_file_may_say_is_refused(world):
    one = world()
    document = one.server.get("/settings")["document"]
    connection = document["connections"][0]
    connection["okta"]["api_token"] = {"env": "HOME"}
    connection["okta"]["base_url"] = one.sandbox.url + "/other"
    connection["bob"]["webhook_secrets"] = ["a-new-secret"]
    reply = one.server.ask("POST", "/api/v1/settings", {"document": document})
    assert reply.status == 400 and reply.json()["error"]["code"] == "settings_invalid"
    assert {m["path"] for m in reply.json()["mistakes"]} == {
        "connections[0].okta.api_token", "connections[0].okta.base_url",
        "connections[0].bob.webhook_secrets[0]"}
    assert in_force(one)["version"] == 1


def test_a_connection_comes_and_goes(world):
    one = world()
    single = copy.deepcopy(one.server.document)
    both = copy.deepcopy(single)
    both["connections"].append({**copy.deepcopy(single["connections"][0]), "name": "second"})
    body = json.dumps(event(team(one, 1)[0]))
    assert one.server.post_event(body, path="/webhooks/bob/second").status == 404
    hup(one, both)
    wait_until(lambda: in_force(one)["version"] == 2, "two connections")
    assert one.server.post_event(body, path="/webhooks/bob/second").status == 200
    wait_until(lambda: one.server.get("/status")["connections"][1]["events"]["accepted"] == 1,
               "the second connection's event is its own")
    hup(one, single)
    wait_until(lambda: in_force(one)["version"] == 3, "one connection")
    assert one.server.post_event(body, path="/webhooks/bob/second").status == 404
    assert len(one.server.get("/status")["connections"]) == 1


def test_the_commands_change_compare_and_go_back(world, tmp_path):
    one = world()
    cli = one.server.cli
    shown = cli("settings", "show", "--document")
    assert shown.returncode == 0 and harness.SECRET not in shown.stdout
    document = json.loads(shown.stdout)
    document["connections"][0]["provisioning"]["reread_after_s"] = 7
    path = tmp_path / "new.json"
    path.write_text(json.dumps(document))
    checked = cli("settings", "apply", str(path), "--check")
    assert "reread_after_s: 0 -> 7" in checked.stdout and in_force(one)["version"] == 1
    applied = cli("settings", "apply", str(path), "--note", "slower", "--expect", "1")
    assert applied.returncode == 0 and "version 2 is in force" in applied.stdout
    assert cli("settings", "apply", str(path), "--expect", "1").returncode == 1
    listed = cli("settings", "list").stdout
    assert "slower" in listed and listed.count("\n") == 3
    diff = cli("settings", "diff", "2").stdout
    assert "connections[default].provisioning.reread_after_s: 0 -> 7" in diff
    assert "7 -> 0" in cli("settings", "diff", "2", "1").stdout
    back = cli("settings", "rollback", "1")
    assert "version 3 is in force" in back.stdout
    document["connections"][0]["mode"] = "wet"
    document["connections"][0]["colour"] = 1
    path.write_text(json.dumps(document))
    refused = cli("settings", "apply", str(path))
    assert refused.returncode == 2
    assert refused.stdout.count("failure  connections[0].") == 2
    assert in_force(one)["version"] == 3
    assert "no new version; 3" in cli("settings", "reload").stdout


def test_reloads_under_load_lose_nothing(world):
    one = world(sandbox_settings={**ACTIVE, "okta_latency_ms": 20,
                                  "okta_limits": {"users": 5000, "users_write": 5000},
                                  "bob_search_per_min": 1000})
    people = team(one, 40)
    sending = harness.Background(lambda: announce(one, people))
    for n in range(10):
        hup(one, changed(one, lambda c: c["limits"]["raise"].update(per_hour=500 + n)))
        wait_until(lambda: in_force(one)["version"] == n + 2, f"reload {n}", 30)
    sending.join()
    one.quiet(60)
    assert len(one.sandbox.users()) == 40
    creates = [call for call in one.okta_writes() if call.startswith("create")]
    assert len(creates) == 40, "nobody was made twice"


def test_a_stop_in_the_middle_of_a_change_is_in_time(world):
    one = world(sandbox_settings=ACTIVE)
    employee = one.hire_settled("Ada", "Stop", day(PAST))
    one.sandbox.settings(okta_latency_ms=25000)
    one.sandbox.update(employee, {"work.title": "Engineer"})
    wait_until(lambda: any(a["state"] == "open" for a in actions(one, employee)), "a call in flight")
    hup(one, changed(one, lambda c: c["limits"]["raise"].update(per_hour=7)))
    wait_until(lambda: in_force(one)["version"] == 2, "the change is made")
    one.server.stop(10)
    one.sandbox.settings(okta_latency_ms=0)
    one.restart()
    one.quiet()
    assert one.sandbox.users()[0]["profile"]["title"] == "Engineer"
