# SPDX-License-Identifier: MIT
"""kill -9 at random moments while events come in and Okta fails one call in five.

Afterwards every acknowledged event is done, and each employee has exactly one
Okta user in the wanted state. KILLS (default 200) and EVENTS (default 1000)
make it shorter; SEED repeats a run.
"""

import http.client
import json
import os
import random
import threading
import time

import harness
from harness import day, event, wait_until

KILLS = int(os.environ.get("KILLS", "200"))
EVENTS = int(os.environ.get("EVENTS", str(5 * KILLS)))
PEOPLE = max(20, EVENTS // 10)
SEED = int(os.environ.get("SEED", "0")) or random.SystemRandom().randrange(1, 2**31)

FAULTS = [
    ("status", {"status": 503, "code": "E0000181"}, 0.08),
    ("500_before", {}, 0.04),
    ("500_after", {}, 0.04),
    ("cut_after_apply", {}, 0.03),
    ("cut", {}, 0.02),
]


class Bob(threading.Thread):
    """Sends events like Bob: until each has its 200, whatever becomes of the server."""

    def __init__(self, world, employees, rng):
        super().__init__(daemon=True)
        self.world = world
        self.employees = employees
        self.rng = rng
        self.acknowledged = []
        self.sent = 0
        self.error = None
        self.stopped = False
        self.kills = 0

    def keep_pace(self):
        """Events come in all the while, not only before the last kills."""
        while self.kills < KILLS and self.sent * KILLS > EVENTS * (self.kills + 1):
            time.sleep(0.002)

    def run(self):
        try:
            while self.sent < EVENTS and not self.stopped:
                self.keep_pace()
                self.happen()
                self.sent += 1
        except BaseException as error:  # shown by the test
            self.error = error

    def happen(self):
        """Something changes in Bob, and the event goes out."""
        sandbox = self.world.sandbox
        employee = self.rng.choice(self.employees)
        kind = self.rng.random()
        if kind < 0.6:
            fields = {"work.workPhone": f"+44 {self.sent}"}
            sandbox.update(employee["id"], fields, send=False)
            employee["phone"] = fields["work.workPhone"]
        elif kind < 0.7 and not employee["gone"]:
            sandbox.life(employee["id"], "terminate", at=day(0), send=False)
            employee["gone"] = True
        elif kind < 0.8 and employee["gone"]:
            sandbox.life(employee["id"], "rehire", at=day(0), send=False)
            employee["gone"] = False
        body = json.dumps(event(employee["id"], n=self.sent))
        self.deliver(body)
        self.acknowledged.append((employee["id"], body))

    def deliver(self, body):
        end = time.monotonic() + 120 * harness.SLOW
        while time.monotonic() < end and not self.stopped:
            try:
                if self.world.server.post_event(body).status == 200:
                    return
            except (OSError, http.client.HTTPException):
                pass
            time.sleep(0.01)  # Bob's own pause before it tries again
        raise AssertionError("an event was never taken")


def killer(world, rng, bob):
    """Kills and starts the server again and again while Bob sends."""
    for _ in range(KILLS):
        pause = time.monotonic() + rng.expovariate(1 / 0.12) * harness.SLOW
        while time.monotonic() < pause:
            time.sleep(0.005)
        world.server.kill()
        world.server.start()
        bob.kills += 1
        if bob.error:
            raise bob.error


def is_right(user, employee):
    """A leaver who was gone before anybody looked has no account (G1)."""
    if user is None:
        return employee["gone"]
    return user["status"] == ("DEPROVISIONED" if employee["gone"] else "ACTIVE")


def test_nothing_is_lost_or_doubled():
    print(f"SEED={SEED} KILLS={KILLS} EVENTS={EVENTS}")
    rng = random.Random(SEED)
    with harness.World(
        sandbox_settings={
            "okta_password_optional": True, "okta_window_s": 1, "bob_window_s": 1,
            "bob_search_per_min": 1000, "okta_limits": {"users": 5000, "users_write": 5000}},
    ) as world:
        sandbox = world.sandbox
        sandbox.webhooks(url="")
        employees = []
        for n in range(PEOPLE):
            made = sandbox.add_employee(**{
                "root.firstName": "Ada", "root.surname": f"Kill{n}",
                "root.email": f"kill.{n}@example.com"})
            employees.append({"id": made, "login": f"kill.{n}@example.com", "gone": False,
                              "phone": None})
        sandbox.post("/faults", {"rules": [
            {"system": "okta", "route": "*", "action": action, "probability": p, **more}
            for action, more, p in FAULTS]})
        bob = Bob(world, employees, random.Random(SEED + 1))
        bob.start()
        killer(world, rng, bob)
        bob.join(300 * harness.SLOW)
        assert not bob.is_alive() and not bob.error, bob.error
        assert len(bob.acknowledged) == EVENTS
        counters = sandbox.get("/counters")
        print(f"{counters['okta_calls']} calls, {counters['faults_fired']} of them failed")
        assert counters["faults_fired"] > 0
        sandbox.clear_faults()
        named = {employee for employee, _ in bob.acknowledged}
        settle(world, [e for e in employees if e["id"] in named])
        check(world, employees, named)


def settle(world, employees):
    """All work that waits for a retry is done in its own time; nobody pushes it. But a kill looks
    like a crash: whom three in a row hit alone in mid-run, and an event that three hit while it was
    read, is set aside until a human lets go."""
    def is_done():
        for event_id in world.server.status()["events_aside"]:
            print(f"set aside by the kills: event {event_id}")
            assert world.server.cli("retry", "--event", str(event_id)).returncode == 0
        for hold in world.server.holds(kind="crash"):
            print(f"set aside by the kills: {hold['employee_id']}")
            world.server.post("/holds/release",
                              {"employee_id": hold["employee_id"], "kind": "crash"})
        users = {u["login"]: u for u in world.sandbox.users()}
        late = [
            e for e in employees
            if not is_right(users.get(e["login"]), e)
            or (not e["gone"] and e["phone"]
                and users[e["login"]]["profile"].get("primaryPhone") != e["phone"])
        ]
        settle.late = late
        return not late

    try:
        wait_until(is_done, "all employees as Bob has them", 180, 0.25)
    except harness.Timeout as error:
        records = [world.server.record(e["id"]) for e in settle.late[:5]]
        raise harness.Timeout(f"{error}: {len(settle.late)} late: {settle.late[:5]} {records}") from None
    world.quiet(60)


def check(world, employees, named):
    users = world.sandbox.users()
    logins = [user["login"] for user in users]
    never = {e["login"] for e in employees if e["gone"] and e["id"] in named} - set(logins)
    assert len(set(logins)) == len(logins) == len(named) - len(never), "one user for each"
    for user in users:
        assert user["transitions"].count("create") == 1
    links = [p["okta_id"] for p in world.server.people() if p["okta_id"]]
    assert sorted(links) == sorted(user["id"] for user in users)
    by_login = {e["login"]: e for e in employees}
    for user in users:
        employee = by_login[user["login"]]
        if employee["gone"]:
            assert user["sessions_ended"] >= 1, f"sessions of {user['login']} were never ended"
    for employee in named:
        record = world.server.record(employee)
        assert record["settled_generation"] == record["generation"], record
    status = world.server.status()
    assert status["events"]["accepted"] == EVENTS, status["events"]
    assert status["employees"]["failed"] == 0 and status["events"]["received"] == 0
