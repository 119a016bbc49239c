# SPDX-License-Identifier: MIT
"""Alarms end to end: a real server, a webhook, a human, a restart."""

import base64
import hashlib
import hmac
import json

import pytest

import hooks
from harness import announce, day, stays, team, wait_until, wide_limits

TARGET_SECRET = "alarm-target-secret"
LOOKS_S = 60  # within that an alarm has arrived


@pytest.fixture
def hook():
    made = hooks.Hook()
    yield made
    made.close()


def with_target(one, hook, **alarms):
    one.server.write_settings({
        **one.server.document,
        "alarms": {
            "targets": [{"name": "ops", "webhook": hook.url, "bearer": "ops-bearer",
                         "hmac_secret": TARGET_SECRET}],
            **alarms,
        },
    })


def braked(world, hook, **alarms):
    """Five new people, of whom two may have an account."""
    one = world(start=False, limits={**wide_limits(), "create": {"per_hour": 2}})
    with_target(one, hook, **alarms)
    one.start()
    people = team(one, 5)
    announce(one, people)
    wait_until(lambda: len(one.server.holds(kind="limit")) == 3, "three are held")
    return one, people


def test_a_tripped_brake_is_told_acknowledged_and_resolved(world, hook):
    one, people = braked(world, hook)
    wait_until(lambda: sum(e["count"] for e in hook.entries("brake", "opened")) == 3,
               "the brake is told", LOOKS_S)
    first = hook.entries("brake", "opened")[0]
    assert (first["severity"], first["connection"]) == ("critical", "default")
    assert set(first["subjects"]) <= set(people)
    assert "limit" in first["meaning"] and "bob2okta held" in first["todo"]

    # Signed, with the bearer, and without a name or an address of anybody.
    headers, body = hook.got[0]
    assert headers["Authorization"] == "Bearer ops-bearer"
    tag = hmac.new(TARGET_SECRET.encode(), body, hashlib.sha512).digest()
    assert headers["Bob2okta-Signature"] == "sha512=" + base64.b64encode(tag).decode()
    assert b"Ada" not in body and b"@" not in body and "brake" in json.loads(body)["text"]

    # What is seen where people look.
    wait_until(lambda: one.server.metric("bob2okta_alarms", name="brake", severity="critical") == 3, "counted")
    assert one.server.get("/status")["alarms"]["critical"] >= 3
    assert one.server.ask("GET", "/readyz").json()["alarms"]["open"] >= 3
    shown = one.server.cli("alarms").stdout
    assert "brake" in shown and people[4] in shown and "bob2okta held" in shown
    assert "ALARMS" in one.server.cli("status").stdout

    # A human has seen it.
    acked = one.server.cli("alarms", "ack", "brake")
    assert acked.returncode == 0 and acked.stdout.startswith("3 acknowledged"), acked
    assert all(a["acknowledged_by"] for a in one.server.alarms("brake"))

    # A restart says nothing a second time, and forgets no acknowledgement.
    told = len(hook.entries("brake"))
    one.restart()
    wait_until(lambda: one.server.metric("bob2okta_alarms", name="brake") == 3, "looked at", 30)
    stays(lambda: len(hook.entries("brake")) == told, "not told again", 5)
    assert all(a["acknowledged_by"] for a in one.server.alarms("brake"))

    # It is over once, and said once.
    one.server.post("/holds/release", {"all": True})
    wait_until(lambda: sum(e["count"] for e in hook.entries("brake", "resolved")) == 3,
               "the end is told", LOOKS_S)
    wait_until(lambda: one.server.alarms("brake") == [], "over", LOOKS_S)
    wait_until(lambda: one.server.metric("bob2okta_alarms", name="brake") == 0, "counted")


def test_a_target_that_fails_is_shown_and_blocks_nothing(world, hook):
    hook.status = 500
    one, people = braked(world, hook)
    wait_until(lambda: one.server.get("/alarms")["targets"][0]["failures"] > 0, "shown", LOOKS_S)
    target = one.server.get("/status")["alarms"]["targets"][0]
    assert target["sentence"] == "the webhook answers 500" and target["sent_at_ms"] == 0
    assert "alarm target ops fails" in one.server.cli("status").stdout
    assert "hook-key" not in one.server.log(), "the address is a key"
    # Meanwhile everything goes on.
    announce(one, team(one, 1))
    one.quiet(unsettled=True)
    # And what was not taken is told once it works: nothing of it is lost.
    failed = len(hook.messages())
    hook.status = 204
    wait_until(lambda: sum(e["count"] for message in hook.messages()[failed:]
                           for e in message["alarms"] if e["alarm"] == "brake") >= 3,
               "told after all", 90)
    wait_until(lambda: one.server.get("/alarms")["targets"][0]["failing_since_ms"] == 0, "mended")


def test_alarms_test_says_what_comes_of_it(world, hook):
    one = world(start=False)
    with_target(one, hook)
    one.start()
    done = one.server.cli("alarms", "test")
    assert (done.returncode, done.stdout) == (0, "ops (webhook): sent\n"), done
    wait_until(lambda: [m for m in hook.messages() if m["event"] == "test"], "arrived")
    hook.status = 403
    done = one.server.cli("alarms", "test", "ops")
    assert done.returncode == 1
    assert done.stdout == "ops (webhook): NOT SENT: the webhook answers 403\n"
    assert one.server.cli("alarms", "test", "nobody").returncode == 1
    wrong = one.server.cli("alarms", "ack", "brakes")
    assert wrong.returncode == 2 and "did you mean brake?" in wrong.stderr
    none = one.server.cli("alarms", "ack", "brake")
    assert none.returncode == 1 and "no such alarm is open" in none.stderr


def test_levels_thresholds_and_the_target_are_settings(world, hook):
    """Off is off; and only the file says where alarms go."""
    one, _ = braked(world, hook, levels={"brake": "off"})
    stays(lambda: one.server.alarms("brake") == [], "no such alarm", 5)
    with_target(one, hook, levels={"brake": "notice"})
    one.server.post("/settings/reload")
    wait_until(lambda: hook.entries("brake"), "told now", LOOKS_S)
    assert {entry["severity"] for entry in hook.entries("brake")} == {"notice"}
    document = json.loads(json.dumps(one.server.document))
    document["alarms"]["targets"][0]["webhook"] = "https://elsewhere.example.com/"
    for secret in ("bearer", "hmac_secret"):
        document["alarms"]["targets"][0][secret] = {"kept": True}
    refused = one.server.ask("POST", "/api/v1/settings", {"document": document})
    assert refused.status == 400 and "alarms.targets[0].webhook" in str(refused.body)
