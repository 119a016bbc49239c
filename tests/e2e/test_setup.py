# SPDX-License-Identifier: MIT
"""Without a settings file: everything is set up through the API, and stays."""

import base64
import copy
import hashlib
import hmac

import harness
import hooks
from harness import COMPANY_ID, announce, day, default_settings, team, wait_until

PAST = -30
STORED = {"stored": True}
TOLD_S = 90  # within that an alarm has arrived


def document(one):
    return copy.deepcopy(one.server.get("/settings")["document"])


def give(one, change, **more):
    whole = document(one)
    change(whole["connections"][0])
    return one.server.ask("POST", "/api/v1/settings", {"document": whole, **more})


def enter(one, name, value):
    return one.server.ask("POST", f"/api/v1/secrets/{name}", {"value": value})


def merge(into, more):
    for key, value in more.items():
        if isinstance(value, dict) and isinstance(into.get(key), dict):
            merge(into[key], value)
        else:
            into[key] = value


def wanted(one):
    """What the page would ask for, out of the settings a file would have."""
    connection = default_settings(one.sandbox)["connections"][0]
    secrets = {
        "okta.api_token": connection["okta"].pop("api_token"),
        "bob.service_user_token": connection["bob"].pop("service_user_token"),
        "bob.webhook_secret": connection["bob"].pop("webhook_secrets")[0],
    }
    return connection, secrets


def set_up(one):
    connection, secrets = wanted(one)
    connection["mode"] = "dry_run"
    assert give(one, lambda c: merge(c, connection)).status == 200
    for name, value in secrets.items():
        reply = enter(one, name, value).json()
        assert reply["is_in_force"], reply
    return secrets


def check(one, path="/check", body=None):
    one.server.post(path, body or {})
    wait_until(lambda: one.server.get("/check")["state"] == "done", "the check is over")
    return one.server.get("/check")


def failures(report):
    return [line for line in report["checks"] if line["result"] == "failure"]


def test_from_nothing_to_the_first_hire_by_the_api_alone_and_it_stays(world):
    one = world(has_file=False, people=3)
    assert one.server.get("/settings")["managed_by"] == "console"
    assert "not set up yet" in one.server.status()["okta"]["sentence"]
    assert not one.server.status()["okta"]["is_refusing"]
    assert " ERROR " not in one.server.log(), "nothing went wrong yet"
    assert one.server.status()["lacks"].startswith("bob.company_id")
    assert one.server.alarms() == [], "nobody is woken for what was never in use"
    body = harness.event("1")
    assert one.server.post_event(body).status == 503, "nothing is taken before it is set up"
    assert one.server.get("/webhook")["no_secret_at_ms"] > 0
    set_up(one)
    assert failures(check(one)) == []
    assert one.server.cli("check").returncode == 0, "the command has the server check"
    assert one.server.post_event(body, signature="AAAA").status == 401
    light = one.server.get("/webhook")
    assert light["wrong_signature_at_ms"] > 0 and light["event_at_ms"] == 0
    assert give(one, lambda c: c.update(mode="live")).status == 200
    one.hire_settled("Ada", "First", day(PAST))
    assert one.status_of("ada.first@example.com") is not None
    assert one.server.get("/webhook")["event_at_ms"] > 0
    version = one.server.get("/settings")["version"]
    one.restart()
    assert one.server.get("/settings")["version"] == version
    assert one.server.get("/settings")["managed_by"] == "console"
    one.hire_settled("Bea", "Second", day(PAST))
    assert one.status_of("bea.second@example.com") is not None


def test_a_draft_is_tested_before_it_is_saved_and_is_kept_nowhere(world):
    one = world(has_file=False, people=3)
    connection, secrets = wanted(one)
    okta = {"base_url": connection["okta"]["base_url"], "api_token": "no-such-token"}
    report = check(one, "/check/draft", {"okta": okta})
    assert report["is_draft"] and report["part"] == "okta"
    assert [line["what"] for line in failures(report)], report
    okta["api_token"] = secrets["okta.api_token"]
    assert failures(check(one, "/check/draft", {"okta": okta})) == []
    one.sandbox.settings(okta_missing_permissions=["users.create"])
    report = check(one, "/check/draft", {"okta": okta})
    refused = failures(report)
    assert len(refused) == 1 and "Create users" in refused[0]["what"] and refused[0]["mend"]
    assert "base_url" not in document(one)["connections"][0]["okta"]
    stored = one.server.get("/secrets")["secrets"]
    assert all(not secret["stored"] for secret in stored)
    assert "no-such-token" not in one.server.log()
    assert secrets["okta.api_token"] not in one.server.log()


def test_another_okta_takes_the_token_away_and_sends_it_nowhere(world):
    one = world(has_file=False, people=3)
    secrets = set_up(one)
    place = one.directory / "elsewhere"
    place.mkdir()
    elsewhere = harness.Sandbox(place, 0)
    try:
        other = elsewhere.url + "/okta"
        assert give(one, lambda c: c["okta"].update(base_url=other)).status == 200
        stored = {s["name"]: s["stored"] for s in one.server.get("/secrets")["secrets"]}
        assert stored["okta.api_token"] == []
        wait_until(lambda: other in one.server.status()["okta"]["sentence"], "Okta waits for a token")
        assert failures(check(one))[0]["what"] == "okta: token"
        assert elsewhere.calls(0, system="okta") == [], "the new host saw nothing of the old token"
        assert enter(one, "okta.api_token", secrets["okta.api_token"]).json()["is_in_force"]
        assert failures(check(one)) == []
        assert elsewhere.calls(0, system="okta") != []
    finally:
        elsewhere.stop()


def target_of(one, hook, secret):
    """A webhook that alarms go to, as the console makes one: first the settings, then its secrets."""
    whole = document(one)
    whole["alarms"] = {"targets": [{"name": "ops", "webhook": STORED, "bearer": STORED,
                                    "hmac_secret": STORED}]}
    assert one.server.ask("POST", "/api/v1/settings", {"document": whole}).status == 200
    assert "alarms.ops.webhook" in one.server.get("/alarms")["targets"][0]["lack"]
    assert "GETS NOTHING" in one.server.cli("alarms").stdout
    for name, value in (("webhook", hook.url), ("bearer", "ops-bearer"), ("hmac_secret", secret)):
        done = one.server.cli("secret", "set", f"alarms.ops.{name}", stdin=value + "\n")
        assert done.returncode == 0 and "in force" in done.stdout, done
    assert one.server.get("/alarms")["targets"][0]["lack"] == ""


def told(hook, state, count):
    return sum(entry["count"] for entry in hook.entries("brake", state)) >= count


def test_a_target_without_a_file_is_told_also_after_a_restart_and_a_rotation(world):
    hook = hooks.Hook()
    secret = "CANARY-invented-hmac-secret"
    try:
        one = world(has_file=False, people=3)
        set_up(one)
        target_of(one, hook, secret)
        braked = {"mode": "live", "limits": {"create": {"per_hour": 2}}}
        assert give(one, lambda c: c.update(braked)).status == 200
        announce(one, team(one, 5))
        wait_until(lambda: told(hook, "opened", 3), "the brake is told", TOLD_S)
        headers, body = hook.got[-1]
        assert headers["Authorization"] == "Bearer ops-bearer"
        tag = hmac.new(secret.encode(), body, hashlib.sha512).digest()
        assert headers["Bob2okta-Signature"] == "sha512=" + base64.b64encode(tag).decode()

        # Sealed anew under a newer key, and opened at the next start.
        rotated = one.server.cli("key", "rotate")
        assert rotated.returncode == 0, rotated
        one.restart()
        one.server.post("/holds/release", {"all": True})
        wait_until(lambda: told(hook, "resolved", 3), "its end is told", TOLD_S)
        assert hook.got[-1][0]["Authorization"] == "Bearer ops-bearer"

        # Nowhere in words: not in the log, not in the store, in no answer.
        shown = one.server.log() + str(one.server.get("/secrets")) + str(document(one))
        shown += str(one.server.get("/audit?kind=secret"))
        at_rest = b"".join(path.read_bytes() for path in one.server.store.parent.glob("*.db*"))
        for text in (secret, "hook-key", "ops-bearer"):
            assert text not in shown and text.encode() not in at_rest, text
    finally:
        hook.close()


def test_the_second_of_two_is_told_of_the_first(world):
    one = world(has_file=False, people=3)
    version = one.server.get("/settings")["version"]
    first = give(one, lambda c: c["bob"].update(company_id=COMPANY_ID), expected_version=version)
    assert first.status == 200
    second = give(one, lambda c: c["bob"].update(company_id=1), expected_version=version)
    assert second.status == 409
    assert second.json()["error"]["code"] == "conflict"
    assert second.json()["present"]["version"] == first.json()["version"]


def test_a_file_takes_over_and_its_loss_is_a_mistake(world):
    one = world(has_file=False, people=3)
    set_up(one)
    one.server.restart(default_settings(one.sandbox))
    settings = one.server.get("/settings")
    assert settings["managed_by"] == "file" and settings["path"].endswith("bob2okta.json")
    one.server.stop()
    one.server.settings_path.unlink()
    one.server.program.start()
    assert one.server.program.wait_exit() == 2
    assert "bob2okta.json" in one.server.program.output("err")


