# SPDX-License-Identifier: MIT
"""Long work that can be left and come back to: plans of everybody, and the look at the whole trail."""

import json
import os
import subprocess

import pytest

from harness import wait_until

# Long enough for a look in between on a slow machine; the call in hand is waited for once.
SLOW_MS = 10000
PLAN = "/plan"
NEXT = "/plan/next"


def ended(one, path):
    answer = one.server.get(path)
    return answer if answer["state"] != "running" else None


def timeless(answer):
    """Without the moment each was asked at."""
    if isinstance(answer, dict):
        return {key: timeless(value) for key, value in answer.items() if not key.endswith("_ms")}
    return [timeless(value) for value in answer] if isinstance(answer, list) else answer


def wait_ended(one, path):
    return wait_until(lambda: ended(one, path), f"{path} ends", 60)


@pytest.mark.parametrize("path, body, query", [
    (PLAN, {}, {"is_draft": False}),
    (NEXT, {"days": 14}, {"days": 14, "is_draft": False}),
])
def test_a_plan_can_be_left_and_found_again(world, path, body, query):
    one = world(people=40)
    assert one.server.get(path)["state"] == "none"
    begun = one.server.ask("POST", "/api/v1" + path + "/start", {**body, "by": "ada"})
    assert begun.status == 202 and begun.json()["by"] == "ada" and begun.json()["query"] == query
    done = wait_ended(one, path)
    assert (done["state"], done["listed"], done["read"]) == ("done", 40, 40), done
    assert done["result"]["people"] == 40 and not done["result"]["is_draft"]
    # Scripts that wait for the answer get the same.
    assert timeless(one.server.post(path, body)) == timeless(done["result"])
    assert one.server.get(path)["result"] == done["result"]


def test_one_plan_at_a_time_and_it_can_be_ended(world):
    one = world(people=40)
    one.sandbox.post("/settings", {"bob_latency_ms": SLOW_MS})
    one.server.post(PLAN + "/start", {"by": "ada"})
    second = one.server.ask("POST", "/api/v1/plan/start", {"by": "ben"})
    assert second.status == 409 and "begun by ada" in second.json()["error"]["message"], second
    refused = one.server.cli("plan")
    assert refused.returncode == 1 and "begun by ada" in refused.stderr, refused
    assert "running, begun by ada" in one.server.cli("plan", "show").stdout
    # The days to come are another kind.
    one.server.post(NEXT + "/start", {"days": 7, "by": "ben"})
    assert one.server.cli("plan", "stop").returncode == 0
    one.server.post(NEXT + "/stop", {"by": "cyd"})
    one.sandbox.post("/settings", {"bob_latency_ms": 0})
    stopped = wait_ended(one, NEXT)
    assert stopped["state"] == "stopped" and stopped["result"] is None
    assert stopped["sentence"] == "stopped by cyd before it was done"
    assert wait_ended(one, PLAN)["state"] == "stopped"
    assert one.server.ask("POST", "/api/v1/plan/stop", {}).status == 409
    assert one.server.cli("plan", "stop").returncode == 1


def test_other_settings_end_a_plan_and_are_not_held_up(world):
    one = world(people=40)
    one.sandbox.post("/settings", {"bob_latency_ms": SLOW_MS})
    one.server.post(PLAN + "/start", {})
    document = one.server.get("/settings")["document"]
    document["connections"][0]["mapping"] = [{"okta": "division", "value": "EMEA"}]
    one.server.post("/settings", {"document": document})
    wait_until(lambda: one.server.get(PLAN)["state"] == "none", "a new start", 30)
    mistake = {**document, "connections": [{**document["connections"][0], "mode": "sideways"}]}
    refused = one.server.ask("POST", "/api/v1/plan/start", {"settings": mistake})
    assert refused.status == 400 and refused.json()["mistakes"], refused
    assert one.server.get(PLAN)["state"] == "none"


def test_the_command_shows_progress_on_a_terminal_only(world):
    one = world(people=40)
    one.sandbox.post("/settings", {"bob_latency_ms": 3000})
    master, slave = os.openpty()
    with subprocess.Popen(one.server.cli_words("plan", "--json"), stdout=subprocess.PIPE,
                          stderr=slave, text=True, cwd=one.server.directory) as command:
        os.close(slave)
        out, _ = command.communicate(timeout=60)
    told = os.read(master, 65536).decode()
    os.close(master)
    assert command.returncode == 0 and json.loads(out)["people"] == 40
    assert "Ctrl-C leaves it" in told, told
    one.sandbox.post("/settings", {"bob_latency_ms": 0})
    quiet = one.server.cli("plan", "--next", "7d", "--json")
    assert quiet.returncode == 0 and quiet.stderr == "", quiet.stderr
    # What came of it is still there for whoever left.
    assert json.loads(one.server.cli("plan", "show", "--json").stdout)["result"] == json.loads(out)
    shown = one.server.cli("plan", "show", "--next")
    assert "7 days" in shown.stdout, shown


def test_the_look_at_the_whole_trail_outlives_settings(world):
    one = world(people=3)
    path = "/audit/verify"
    assert one.server.get(path)["state"] == "none"
    begun = one.server.ask("POST", "/api/v1/audit/verify/start", {"heads": [], "by": "ada"})
    assert begun.status == 202, begun
    done = wait_ended(one, path)
    assert (done["state"], done["by"], done["query"]) == ("done", "ada", {"heads": 0}), done
    assert done["result"]["finding"] == "whole" and done["listed"] == done["read"] > 0
    assert done["result"]["records"] == done["read"]
    one.server.post("/settings/reload", {})
    assert one.server.get(path)["result"] == done["result"]
    bad = one.server.ask("POST", "/api/v1/audit/verify/start", {"heads": ["7"]})
    assert bad.status == 400
    assert one.server.ask("POST", "/api/v1/audit/verify/stop", {}).status == 409
    assert json.loads(one.server.cli("audit", "verify", "--json").stdout)["finding"] == "whole"
    assert one.server.get(path)["query"] == {"heads": 0}
