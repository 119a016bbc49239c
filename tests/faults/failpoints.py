# SPDX-License-Identifier: MIT
"""The list of failpoints, and one strike: arm, send one event, die or dawdle, come back, be quiet."""

import re
import signal

import harness
import oracle
from harness import wait_until

ROOT = harness.ROOT
TABLE = ROOT / "server/base/failpoints.def"


def table():
    """{name: set of actions}"""
    rows = re.findall(r'^FAILPOINT_ROW\("([\w.]+)", "([\w ]*)", "', TABLE.read_text(), re.M)
    return {name: {"abort", "kill", "sleep", *more.split()} for name, more in rows}


# Passed while the program starts; no event is needed.
AT_START = {"open.locked", "open.recovered", "migrate.mid", "instance.pre_commit"}
# About one employee, so that the variable can name it. Batches (claim, bob) may begin with anybody.
OF_ONE = {"plan.done", "brake.counted", "intent.pre_commit",
          "intent.post_commit", "okta.pre_send", "okta.answered", "outcome.pre_commit", "outcome.post_commit",
          "finish.pre", "finish.post"}
DEADLY = {"abort", "kill"}


def armed(point, action, person, nth=1):
    about = ""
    if point in OF_ONE:
        about = f":{person.id}"
    elif point == "okta.sent_no_answer":
        about = ":/api/v1/"
    return f"{point}:{action}:{nth}{about}"


def provoke(scene, point, kind, person):
    """What makes the program come by the point: an event, or what an administrator does."""
    if point.startswith("checkpoint."):
        scene.tell("update", scene.bystanders)  # enough for the log to be moved when all is idle
    elif point.startswith("settings."):
        document = scene.server.document
        limits = document["connections"][0]["limits"]["create"]
        limits["per_hour"] += 1
        scene.server.write_settings(document)
        scene.server.program.send_signal(signal.SIGHUP)
    elif point.startswith("audit."):
        ask(scene, "POST", f"/people/{person.id}/hold", {})
        ask(scene, "POST", "/holds/release", {"employee_id": person.id})
    if point == "stop.drain":
        scene.server.program.send_signal(signal.SIGTERM)
        return
    scene.tell(kind, [person])


def ask(scene, method, path, body):
    """The server may die of it."""
    try:
        scene.server.ask(method, "/api/v1" + path, body)
    except (OSError, harness.http.client.HTTPException):
        pass


def strike(scene, point, action, kind, person, nth=1):
    """True when the point was reached. Afterwards the server runs, unarmed or past the point."""
    if scene.server.program.is_running():
        scene.server.kill()
    failpoint = armed(point, action, person, nth)
    if point in AT_START:
        return strike_start(scene, failpoint, kind, person)
    if not scene.try_start(failpoint=failpoint):
        is_said(scene)  # reached by what was left to do
        scene.start()
        scene.tell(kind, [person])
        return True
    provoke(scene, point, kind, person)
    if point.startswith("checkpoint."):
        wait_until(scene.has_fired, f"{failpoint} fires", 20)  # after a second without work
    wait_until(lambda: scene.has_fired() or is_quiet(scene), f"{failpoint} or quiet", 20)
    fired = scene.has_fired()
    if point == "stop.drain" and action not in DEADLY:
        scene.wait_death()
    if fired and action in DEADLY:
        scene.wait_death()
    if not scene.server.program.is_running():
        scene.start()
        if point == "stop.drain":
            scene.tell(kind, [person])
    return fired


def is_quiet(scene):
    """Acknowledged, and nobody is worked on."""
    if scene.sender.waiting() or not scene.server.program.is_running():
        return False
    try:
        oracle.let_go(scene.server)
        scene.world.quiet(1)
        return True
    except (AssertionError, OSError, harness.http.client.HTTPException):
        return False


def is_said(scene):
    """A program that did not start was killed, or says why."""
    status, words = scene.deaths.pop()
    assert status < 0 or "not started" in words, (status, words)
    return words


def strike_start(scene, failpoint, kind, person):
    """A start that does not come to its end says so, or was killed; the next one does."""
    if scene.try_start(failpoint=failpoint):
        fired = scene.has_fired()
    else:
        fired = "failpoint " in is_said(scene)
        scene.start()
    scene.tell(kind, [person])
    return fired
