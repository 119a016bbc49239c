# SPDX-License-Identifier: MIT
"""D-01 (kill -9 at random times), D-03 and D-05 (at every system call that writes), E-03, O-01, O-16.

SEED repeats the random ones.
"""

import os
import random
import shutil
import statistics
import time

import pytest

import harness
import scenes
from company import KINDS, prepare
from harness import event, wait_until
from sizes import size

SEED = int(os.environ.get("SEED", "0")) or random.SystemRandom().randrange(1, 2**31)
# Whatever changes a file, and whatever leaves for a socket.
WRITES = "pwrite64,fdatasync,fsync,ftruncate,unlink,unlinkat,rename,sendto,sendmsg,writev"


def anything(one, rng, person):
    """Something happens to one of the team, weighted as in a company."""
    kind = rng.random()
    if person.is_gone:
        return "rehire" if kind < 0.3 else "tell"
    if kind < 0.08:
        return "leave"
    return "rename" if kind < 0.12 else "update"


@pytest.mark.fault("D-01")
def test_kills_at_random_times_under_load(scene):
    print(f"SEED={SEED}")
    rng = random.Random(SEED)
    one = scene(threads=20)
    kills, starts = size(12, 1000), []
    people = one.settled(40)
    for _ in range(kills):
        for person in rng.choices(people, k=8):
            one.tell(anything(one, rng, person), [person])
        time.sleep(rng.expovariate(1 / 0.08) * harness.SLOW)
        one.server.kill()
        began = time.monotonic()
        one.start()
        starts.append(time.monotonic() - began)
    one.sender.drain(120)
    evidence = one.check(deadline_s=120)
    p99 = statistics.quantiles(starts, n=100)[98] if len(starts) > 99 else max(starts)
    print(f"{kills} kills, {len(evidence.acked)} acknowledged, 0 lost, ready again within {p99:.2f} s (p99)")


@pytest.mark.fault("O-16")
def test_sigterm_under_load(scene):
    print(f"SEED={SEED}")
    rng = random.Random(SEED)
    one = scene(threads=20)
    stops, longest = size(8, 1000), 0
    people = one.settled(40)
    for _ in range(stops):
        for person in rng.choices(people, k=8):
            one.tell(anything(one, rng, person), [person])
        time.sleep(rng.expovariate(1 / 0.05) * harness.SLOW)
        began = time.monotonic()
        one.server.stop()
        longest = max(longest, time.monotonic() - began)
        one.start()
    one.sender.drain(120)
    one.check(deadline_s=120)
    print(f"{stops} stops, the longest {longest:.2f} s")


# ------------------------------------------------------------ every system call

@pytest.mark.fault("D-03")
def test_killed_at_every_system_call_that_writes(scene):
    """n = 1, 2, ... until the event is through: for each kind of event. Short: every fiftieth."""
    one = scene(threads=2)
    step = size(50, 1)
    points = 0
    for kind in KINDS:
        n, reached = 1, True
        while reached:
            person = one.settled(1, *KINDS[kind])[0] if KINDS[kind] else one.company.new()
            reached = kill_at(one, kind, person, n)
            points += reached
            n += step
    print(f"{points} points in {len(KINDS)} kinds of event")
    one.check()
    assert points >= size(6, 100)


def kill_at(one, kind, person, n):
    """True when the n-th call of some thread came, and the server died of it."""
    strace = scenes.Strace(one, f"{WRITES}:signal=SIGKILL:when={n}")
    one.tell(kind, [person])
    alive = scenes.wait_gone_or(
        one.server, lambda: not one.sender.waiting() and is_idle(one), f"{kind} at {n}")
    strace.detach()
    if alive:
        return False
    one.start()
    one.sender.drain()
    one.world.quiet(60)
    return True


def is_idle(one):
    try:
        one.world.quiet(0.01 / harness.SLOW)
        return True
    except (AssertionError, LookupError, ValueError, OSError, harness.http.client.HTTPException):
        return False  # or it cannot say


def start_and_kill(one, n):
    """True when the start was killed at the n-th of those calls that some thread made."""
    inject = f"{WRITES},write:signal=SIGKILL:when={n}"
    one.server.program.argv = ["strace", "-D", "-f", "-qq", "-o", "/dev/null", "-e",
                               f"trace={WRITES},write", "-e", f"inject={inject}", *one.plain_argv]
    one.server.program.start()
    wait_until(lambda: not one.server.program.is_running()
               or "ready" in one.server.program.output("out"), "ready or dead", 30)
    is_ready = "ready" in one.server.program.output("out")
    one.server.kill()
    return not is_ready


@pytest.mark.fault("D-05")
def test_killed_at_every_system_call_of_the_first_start(scene):
    """Each on an empty directory; the start behind it is a whole one."""
    one = scene(threads=2, start=False)
    n, points = 1, 0
    while start_and_kill(one, n):
        one.start()
        one.server.stop()
        shutil.rmtree(one.server.store.parent)
        for log in one.world.directory.glob("server.*"):
            log.unlink()  # the heads in there are of a store that is gone
        points += 1
        n += size(10, 1)
    print(f"{points} points on the way of the first start")
    one.start()
    one.settled(1)
    one.check()
    assert points > size(2, 15)


@pytest.mark.fault("D-05")
def test_killed_at_every_system_call_of_a_start(scene):
    """The start after an unclean end: log to be moved, leases to be voided, intents to be resolved."""
    one = scene(threads=2)
    people = one.settled(6)
    n, points = 1, 0
    while True:
        one.tell("update", people)
        one.sender.drain()
        one.server.kill()
        was_killed = start_and_kill(one, n)
        points += was_killed
        one.start()
        if not was_killed:
            break
        n += size(4, 1)
    print(f"{points} points on the way of a start")
    one.check()
    assert points > size(2, 8)


# ----------------------------------------------------- doubled, shuffled, unclear

FAULTS = [("500_before", {}), ("500_after", {}), ("cut", {}), ("cut_after_apply", {}), ("truncate", {}),
          ("html200", {}), ("status", {"status": 503, "code": "E0000181"})]


@pytest.mark.fault("E-03")
def test_a_coin_decides_whether_a_call_was_applied(scene):
    """Errors, cuts and timeouts, before and after: I2 and I3 in all calls."""
    print(f"SEED={SEED}")
    rng = random.Random(SEED)
    one = scene(threads=8)
    people = one.company.team(20)
    for action, more in FAULTS:
        one.sandbox.fault(system="okta", route="*", action=action, probability=0.06, **more)
    calls = size(150, 2000)
    one.tell("join", people)
    while one.sandbox.get("/counters")["okta_calls"] < calls:
        for person in rng.choices(people, k=5):
            one.tell(anything(one, rng, person), [person])
        one.sender.drain()
        time.sleep(0.05)
    counters = one.sandbox.get("/counters")
    one.sandbox.clear_faults()
    wake(one)
    one.check(deadline_s=180, may_be_held={"forbidden"})  # a 403 whose body was cut (C5)
    print(f"{counters['okta_calls']} calls, {counters['faults_fired']} of them failed")
    assert counters["faults_fired"] > calls / 10


def wake(one):
    """Those that wait with a backoff are done now; that they would be by themselves test_kill.py shows."""
    for row in one.server.people():
        one.server.sync(row["employee_id"])


@pytest.mark.fault("O-01")
def test_every_event_doubled_shuffled_and_replayed(scene):
    """Each event one to ten times, out of order within a hundred, and all once more at the end."""
    print(f"SEED={SEED}")
    rng = random.Random(SEED)
    count = size(60, 10000)
    one = scene(threads=16, sandbox_settings={"bob_search_per_min": 100000,
                                              "okta_limits": {"users": 10**6, "users_write": 10**6}})
    people = one.company.team(count)
    told = []
    for person in people:
        for kind in ["join", *rng.sample(["update", "update", "leave", "rename"], rng.randrange(4))]:
            told.append((person, getattr(one.company, kind)(person)))
    copies = [item for item in told for _ in range(rng.randint(1, 10))]
    keyed = sorted(range(len(copies)), key=lambda i: i + rng.uniform(0, 100))
    for at in keyed:
        person, body = copies[at]
        one.sender.put(f"{person.id}", body)
    one.sender.drain(60 + count)
    one.world.quiet(60 + count / 5)
    mark = one.sandbox.mark()
    for person, body in told:
        one.sender.put(person.id, body)
    one.sender.drain(60 + count)
    evidence = one.check(deadline_s=60 + count)
    again = [call for call in evidence.writes if call["seq"] > mark]
    print(f"{count} employees, {len(told)} events, {len(copies)} deliveries, then all once more")
    assert again == [], f"a replay changed something: {again[:3]}"
