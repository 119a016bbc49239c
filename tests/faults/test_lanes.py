# SPDX-License-Identifier: MIT
"""Outages, dead tokens, slow answers and poison: what waits, who goes first, what it costs."""

import http.client
import json
import os
import signal
import threading
import time

import pytest

import harness
from harness import announce, day, event, team, wait_until
from sizes import IS_LONG, size

ACTIVE = {"okta_password_optional": True}
QUICK = {"okta_window_s": 1, "bob_window_s": 1, "bob_search_per_min": 1000,
         "okta_limits": {"users": 5000, "users_write": 5000, "users_read": 5000}}
PAST = -30
SENDERS = 8


def company(one, count, **more):
    """Everybody has an account; returns the ids. more: other settings of the sandbox than QUICK."""
    one.sandbox.settings(**{**QUICK, **more})
    one.sandbox.webhooks(url="")
    people = [e["id"] for e in one.sandbox.get("/bob/employees")["employees"]][:count]
    post_all(one, [event(employee, "employee.created") for employee in people])
    wait_until(lambda: len(one.sandbox.users()) == count, "everybody has an account", size(120, 900))
    one.quiet(120)
    return people


def post_some(one, bodies, times, errors):
    """Bob's way: one connection, one delivery after the other."""
    connection = http.client.HTTPConnection(*one.server.public, timeout=60)
    try:
        for body in bodies:
            begun = time.monotonic()
            connection.request("POST", "/webhooks/bob", body, {
                "Content-Type": "application/json", "Bob-Signature": harness.sign(body)})
            answer = connection.getresponse()
            answer.read()
            times.append(time.monotonic() - begun)
            if answer.status != 200:
                errors.append(answer.status)
    except Exception as error:  # noqa: BLE001 - told to the test
        errors.append(error)
    finally:
        connection.close()


def post_all(one, events):
    """All of them, by several senders; the time that each answer took."""
    bodies = [json.dumps(body) for body in events]
    times, errors = [], []
    threads = [threading.Thread(target=post_some, args=(one, bodies[n::SENDERS], times, errors))
               for n in range(SENDERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not errors, errors[:5]
    assert len(times) == len(bodies)
    return sorted(times)


def proc_status_mb(one, name):
    for line in open(f"/proc/{one.server.program.process.pid}/status"):
        if line.startswith(f"{name}:"):
            return int(line.split()[1]) / 1024
    raise AssertionError(f"no {name}")


def resident_mb(one):
    return proc_status_mb(one, "VmRSS")


def okta_away(one, **more):
    one.sandbox.clear_faults()
    return one.sandbox.fault(system="okta", route="*", **more)


def wait_parked(one):
    wait_until(lambda: one.server.status()["okta"]["state"] == "parked", "parked", 60)


# --------------------------------------------------------------------------- outage


# What Okta lets through when it is back. In the long form as it does: 300 calls a minute.
WINDOW_S, LIMIT = size(4, 60), size(60, 300)
LATENCY_MS = 100
SLOW_STEP_MS = 5000  # okta/gate.h


@pytest.mark.fault("O-07", "O-08")
def test_an_outage_costs_no_delivery_and_ends_without_a_second_wave(world):
    """Six hours of 10,000 events each while Okta refuses, hangs and fails; then one run for each
    employee within Okta's limits, leavers first. In the long form only the hours are compressed: the
    events come as fast as intake takes them, and the time without any is left out."""
    count, events = size(150, 2000), size(3000, 60000)
    one = world(people=count, sandbox_settings=ACTIVE)
    # The window is what it will be: its length is learnt, and foretold with.
    people = company(one, count, okta_window_s=WINDOW_S, okta_limits=dict.fromkeys(QUICK["okta_limits"], 50000))
    know_limits(one, people)
    leavers = people[: count // 10]
    okta_away(one, action="cut", bytes=0, reset=True)
    change_everybody(one, people, leavers)
    since = one.sandbox.mark()
    spend_the_outage(one, people, events)
    check_probes(one.okta_calls(since))
    check_told(one, count, len(leavers))

    told_s = one.server.status()["drain"]["seconds"]
    since = one.sandbox.mark()
    one.sandbox.clear_faults()
    wait_until(lambda: one.server.status()["employees"]["parked"] == 0, "woken", 60)
    back = time.monotonic()
    one.quiet(size(120, 1200))
    took_s = time.monotonic() - back
    calls = one.okta_calls(since)
    writes = [c for c in calls if c["method"] != "GET"]
    print(f"drained in {took_s:.0f} s, foretold were {told_s} s: {len(calls)} calls, {len(writes)} writes, "
          f"{len([c for c in calls if c['status'] == 429])} refused; "
          f"{len(one.sandbox.bob_searches(since))} searches")
    unsent = one.server.metric("bob2okta_actions_total", result="not_sent")
    print(f"{unsent:.0f} intents whose call was not sent")
    check_slow_start(calls)
    check_drain(one, people, leavers, calls, LIMIT)
    if IS_LONG:
        assert took_s / 3 <= told_s <= took_s * 3
    status = one.server.status()
    assert sum(status["waiting"].values()) == 0 and status["employees"]["failed"] == 0
    wait_until(lambda: one.server.metric("bob2okta_waiting") == 0, "the metric, too")


def know_limits(one, people):
    """Nobody's last plan is that of a joiner any more, so that the lane is the one of what comes; and
    Okta's limits become what they are, and are met once."""
    post_all(one, change_in_bob(one, people, "+44 0"))
    one.quiet(size(120, 300))
    one.sandbox.settings(okta_latency_ms=LATENCY_MS, okta_limits={"users": LIMIT, "users_write": LIMIT})
    post_all(one, change_in_bob(one, people[-1:], "+44 999"))
    one.quiet(120)


def change_everybody(one, people, leavers):
    for n, employee in enumerate(people):
        if employee in leavers:
            one.sandbox.life(employee, "terminate", at=day(0), send=False)
        else:
            one.sandbox.update(employee, {"work.workPhone": f"+44 1{n}"}, send=False)


def peak_mb(one):
    return proc_status_mb(one, "VmHWM")


def forget_peak(one):
    with open(f"/proc/{one.server.program.process.pid}/clear_refs", "w") as file:
        file.write("5")


def spend_the_outage(one, people, events):
    """Okta refuses, hangs and fails, and each delivery gets its 200."""
    stages = [{"action": "cut", "bytes": 0, "reset": True}, {"action": "hang", "ms": 3000},
              {"action": "status", "status": 503, "code": "E0000181"}]
    before_mb, stored = resident_mb(one), one.server.metric("bob2okta_deliveries_total", result="stored")
    forget_peak(one)
    begun, times = time.monotonic(), []
    for stage, more in enumerate(stages):
        okta_away(one, **more)
        times += post_all(one, [
            event(people[n % len(people)], n=n) for n in range(stage, events, len(stages))])
        wait_parked(one)
        end = time.monotonic() + size(5, 40)
        wait_until(lambda: time.monotonic() > end, "the stage is over", 60)
    times.sort()
    peak = peak_mb(one)
    print(f"{events} events in {time.monotonic() - begun:.0f} s away, each with its 200: half within "
          f"{times[len(times) // 2] * 1e3:.1f} ms, p99 {times[len(times) * 99 // 100] * 1e3:.1f} ms, "
          f"longest {times[-1] * 1e3:.0f} ms; RSS {before_mb:.0f} MB before, at most {peak:.0f} MB")
    assert one.server.metric("bob2okta_deliveries_total", result="stored") - stored == events
    assert peak < before_mb + 60


def check_probes(calls):
    probes = [c for c in calls if is_probe(c)]
    gaps = [b["at_ms"] - a["at_ms"] for a, b in zip(probes, probes[1:])]
    print(f"{len(calls)} calls while it was away, of which {len(probes)} probes")
    assert len(calls) - len(probes) <= 12, "a parked connection calls nobody but to probe"
    assert all(gap >= 9500 for gap in gaps[4:]), f"probes come ever more rarely: {gaps}"


def check_told(one, count, leaver_count):
    """How many wait, in which lane, and when they will be done; to a human and as metrics."""
    waiting = {"leave": leaver_count, "update": count - leaver_count}

    def lanes():
        return {lane: n for lane, n in one.server.status()["waiting"].items() if n} == waiting

    wait_until(lanes, "everybody waits in the lane of what is to be done", size(60, 300))
    status = one.server.status()
    assert status["employees"]["failed"] == 0 and status["drain"]["waits_for"] == "okta"
    for lane, number in waiting.items():
        wait_until(lambda: one.server.metric("bob2okta_waiting", lane=lane) == number, f"the metric of {lane}")
    assert one.server.metric("bob2okta_waiting") == count
    shown = one.server.cli("status").stdout
    print(*[line for line in shown.splitlines() if line[2:6] in ("okta", "to d", "done")], sep="\n")
    assert f"{leaver_count} leave, {count - leaver_count} update" in shown
    # Nothing is measured when the outage came before the first look at the work before it.
    is_known = status["drain"]["seconds"] is not None
    assert ("once Okta works again, in about" if is_known else "once Okta works again, how long is unknown") in shown
    assert (one.server.metric("bob2okta_drain_seconds") >= 0) == is_known


def check_slow_start(calls):
    """One call at once and one more for who leaves, until the first step is over; then more."""
    back_ms = next(c for c in calls if is_probe(c) and c["status"] == 200)["at_ms"]
    begun = sorted(c["at_ms"] for c in calls if not is_probe(c) and "/users/" in c["path"])

    def at_once(from_ms, to_ms):
        some = [at for at in begun if from_ms <= at < to_ms]
        # Sandbox times are whole milliseconds.
        return max((sum(1 for other in some if at <= other < at + LATENCY_MS - 2) for at in some), default=0)

    steps = [at_once(back_ms + n * SLOW_STEP_MS, back_ms + (n + 1) * SLOW_STEP_MS) for n in range(4)]
    print(f"calls at once in the first steps of 5 s: {steps}")
    assert steps[0] <= 2 and begun


def check_drain(one, people, leavers, calls, limit):
    users = {user["login"]: user for user in one.sandbox.users()}
    closed = [u for u in users.values() if u["status"] == "DEPROVISIONED"]
    assert len(closed) == len(leavers)
    refused = [c for c in calls if c["status"] == 429]
    assert len(refused) * 100 <= len(calls), f"{len(refused)} of {len(calls)} calls met a 429"
    updates = [c["user_id"] for c in calls if harness.short(c) == "update"]
    assert len(updates) == len(set(updates)) == len(people) - len(leavers), "one run each"
    lowered = [n for n, c in enumerate(calls) if "deactivate" in c["route"]]
    assert len(lowered) == len(leavers)
    # Two calls each of a budget that updates have no part in: more than it lets through must wait.
    last = lowered[min(len(lowered), int(limit * 0.9) // 2) - 1]
    late = sum(1 for c in calls[:last] if harness.short(c) == "update")
    print(f"{late} updates before the last leaver of the first window")
    assert late <= max(20, len(updates) // 10), "leavers go first"
    reads = [c for c in calls if c["method"] == "GET" and not c["path"].endswith("/users/me")]
    assert len(reads) <= len(people) // 10 + 30, "nobody is looked up again and again"


# ---------------------------------------------------------------------- dead tokens


def change_in_bob(one, people, what="+44 1"):
    for employee in people:
        one.sandbox.update(employee, {"work.workPhone": what}, send=False)
    return [event(employee, what=what) for employee in people]


def reload_with(one, **tokens):
    """A new token comes with the settings file and SIGHUP."""
    connection = one.server.document["connections"][0]
    if "okta" in tokens:
        connection["okta"]["api_token"] = tokens["okta"]
    if "bob" in tokens:
        connection["bob"]["service_user_token"] = tokens["bob"]
    one.server.write_settings(one.server.document)
    one.server.program.send_signal(signal.SIGHUP)


def is_probe(call):
    return call["path"].endswith("/users/me")


def nobody_suffered(one):
    status = one.server.status()
    assert status["employees"]["failed"] == 0 and status["holds"] == {}, status
    assert status["events"]["unusable"] == 0
    for person in one.server.people():
        record = one.server.record(person["employee_id"])
        assert record["attempts"] == 0 or record["state"] in ("dirty", "working"), record


@pytest.mark.fault("O-10", "S-11")
@pytest.mark.parametrize("what", ["revoked", "zone"])
def test_a_dead_okta_token_costs_nothing(world, what):
    one = world(people=40, sandbox_settings=ACTIVE)
    people = company(one, 40)
    events = change_in_bob(one, people)
    since = one.sandbox.mark()
    if what == "revoked":
        one.sandbox.settings(okta_token="another-token")
    else:
        okta_away(one, action="status", status=403, code="E0000006")
    post_all(one, events)
    wait_parked(one)
    wait_until(lambda: one.server.status()["employees"]["parked"] == 40, "all lanes wait")
    wait_until(lambda: one.server.metric("bob2okta_connection_parked", system="okta") == 1, "the metric, too")
    post_all(one, [event(employee, n=2) for employee in people])
    for command in (("sync", people[0], "--no-wait"), ("plan", "--employee", people[0])):
        one.server.cli(*command)
    harness.stays(lambda: one.server.status()["okta"]["state"] == "parked", "parked", 2)
    calls = one.okta_calls(since)
    bad = [c for c in calls if not is_probe(c)]
    print(f"{what}: {len(bad)} calls and {len(calls) - len(bad)} questions with a dead token")
    assert 1 <= len(bad) <= 3
    assert len(calls) - len(bad) <= 4
    assert bad[-1]["at_ms"] - bad[0]["at_ms"] < 1000
    nobody_suffered(one)
    one.sandbox.clear_faults()
    one.sandbox.settings(okta_token="new-token")
    since = one.sandbox.mark()
    reload_with(one, okta="new-token")
    wait_until(lambda: one.server.status()["okta"]["state"] == "ok", "resumed", 20)
    wait_until(lambda: one.server.status()["employees"]["parked"] == 0, "woken")
    one.quiet(60)
    assert len([w for w in one.okta_writes(since) if w == "update"]) == 40
    nobody_suffered(one)


@pytest.mark.fault("O-11")
def test_a_dead_bob_token_is_used_once(world):
    """Bob's firewall blocks whoever is refused 50 times in 10 s: nobody asks again but the probe."""
    one = world(people=40, sandbox_settings=ACTIVE)
    people = company(one, 40)
    events = change_in_bob(one, people)
    one.sandbox.settings(bob_token="another-token")
    since = one.sandbox.mark()
    post_all(one, events)
    wait_until(lambda: one.server.status()["bob"]["state"] == "parked", "parked")
    for _ in range(5):
        one.server.cli("plan", "--employee", people[0])
    harness.stays(lambda: one.server.status()["bob"]["state"] == "parked", "parked", 2)
    refused = [c for c in one.sandbox.calls(since, system="bob") if c["status"] == 401]
    print(f"{len(refused)} calls with a dead token")
    assert 1 <= len(refused) <= 3, "the first one and the probe after a second"
    nobody_suffered(one)
    one.sandbox.settings(bob_token="new-token")
    reload_with(one, bob="new-token")
    one.quiet(60)
    assert one.sandbox.user(one.sandbox.employee(people[0])["fields"]["root.email"])[
        "profile"]["primaryPhone"] == "+44 1"
    nobody_suffered(one)


# --------------------------------------------------------------------------- poison


def fired(one):
    return one.sandbox.get("/faults")["rules"][0]["fired"]


@pytest.mark.fault("O-04")
def test_an_employee_that_ends_the_process_three_times_is_set_aside(world):
    one = world(sandbox_settings=ACTIVE)
    one.sandbox.settings(**QUICK)
    people = team(one, 6)
    poison = people[0]
    one.sandbox.fault(system="okta", route="POST /api/v1/users", action="hang", ms=60000,
                      user="ada.0@example.com")
    announce(one, people)
    wait_until(lambda: len(one.sandbox.users()) == 5, "the others are done", 30)
    for n in range(3):
        wait_until(lambda: fired(one) == n + 1, "its call hangs", 30)
        assert one.server.record(poison)["crashes"] == n
        one.server.kill()
        one.server.start()
    one.point_webhooks()
    assert one.server.hold_kinds(poison) == ["crash"]
    more = one.sandbox.hire("Grace", "After", day(PAST))
    wait_until(lambda: one.status_of("grace.after@example.com") == "ACTIVE", "others go on")
    assert fired(one) == 3, "nobody works on it"
    assert one.server.record(poison)["state"] == "dirty" and more
    shown = one.server.cli("held", "--kind", "crash").stdout
    assert poison in shown and "release" in shown
    for command in ("close", "sync", "retry"):
        refused = one.server.cli(command, *(["--employee"] if command == "sync" else []), poison)
        assert refused.returncode != 0 and "release" in refused.stderr, refused
    assert "set aside" in one.server.log()
    wait_until(lambda: sum(one.server.status()["waiting"].values()) == 0, "it waits for a human")

    one.sandbox.clear_faults()
    assert one.server.cli("release", poison, "--kind", "crash").returncode == 0
    wait_until(lambda: one.status_of("ada.0@example.com") == "ACTIVE", "done after the release")
    one.quiet()
    record = one.server.record(poison)
    assert record["crashes"] == 0 and one.server.hold_kinds(poison) == []
    creates = [u for u in one.sandbox.users() if u["login"] == "ada.0@example.com"]
    assert len(creates) == 1


@pytest.mark.fault("O-04")
def test_an_innocent_one_beside_it_is_not_counted(world):
    """Two in hand at the crash: both are suspected, neither is counted, and both get done."""
    one = world(sandbox_settings=ACTIVE)
    one.sandbox.settings(**QUICK)
    people = team(one, 2)
    one.sandbox.fault(system="okta", route="POST /api/v1/users", action="hang", ms=60000, times=2)
    announce(one, people)
    wait_until(lambda: fired(one) == 2, "both calls hang", 30)
    one.server.kill()
    one.server.start()
    wait_until(lambda: len(one.sandbox.users()) == 2, "both done", 30)
    one.quiet()
    assert [one.server.record(employee)["crashes"] for employee in people] == [0, 0]
    assert one.server.holds() == []


# ------------------------------------------------------------------------- fairness


@pytest.mark.fault("O-05")
@pytest.mark.parametrize("action", ["500_before", "hang"])
def test_one_that_always_fails_delays_nobody(world, action):
    count = size(40, 2000)
    one = world(people=count, sandbox_settings=ACTIVE)
    people = company(one, count)
    stuck = people[0]
    login = one.sandbox.employee(stuck)["fields"]["root.email"]
    one.sandbox.fault(system="okta", route="*", action=action, ms=2000,
                      user=one.sandbox.user(login)["id"])
    for n in range(3):
        begun = time.monotonic()
        post_all(one, change_in_bob(one, people, f"+44 {n}"))
        wait_until(lambda: sum(u["profile"].get("primaryPhone") == f"+44 {n}"
                               for u in one.sandbox.users()) == count - 1, "the others", 120)
        print(f"round {n}: {time.monotonic() - begun:.1f} s")
    wait_until(lambda: one.server.record(stuck)["failing_since_ms"] > 0, "it is visible")
    assert one.server.record(stuck)["last_error"]
    assert one.server.status()["okta"]["state"] == "ok", "one is no outage"
    one.sandbox.clear_faults()
    one.server.post(f"/people/{stuck}/retry")
    wait_until(lambda: one.sandbox.user(login)["profile"].get("primaryPhone") == "+44 2", "it too")


@pytest.mark.fault("O-15")
def test_a_slow_okta_keeps_no_leaver_waiting_and_no_stop(world):
    one = world(people=30, sandbox_settings=ACTIVE)
    people = company(one, 30)
    slow_ms = size(4000, 25000)
    one.sandbox.fault(system="okta", route="POST /api/v1/users/{id}", action="slow", ms=slow_ms)
    one.sandbox.update(people[0], {"work.workPhone": "+44 0"}, send=False)
    post_all(one, change_in_bob(one, people[1:]))
    wait_until(lambda: one.server.status()["employees"]["working"] >= 3, "workers are busy")
    leaver = people[0]
    one.sandbox.life(leaver, "terminate", at=day(0), send=False)
    begun = time.monotonic()
    post_all(one, [event(leaver, "employee.left")])
    login = one.sandbox.employee(leaver)["fields"]["root.email"]
    wait_until(lambda: one.status_of(login) == "DEPROVISIONED", "closed", 20)
    print(f"closed after {time.monotonic() - begun:.1f} s while each change takes {slow_ms} ms")
    waiting = one.server.status()["waiting"]
    assert sum(waiting.values()) > 20, waiting
    one.server.stop()
    one.sandbox.clear_faults()
    one.server.start()
    one.quiet(60)


@pytest.mark.fault("O-09")
@pytest.mark.parametrize("headers, at_least_s, at_most_s", [
    ({"X-Rate-Limit-Limit": "300", "X-Rate-Limit-Remaining": "0",
      "X-Rate-Limit-Reset": 60}, 50, 64),
    ({"X-Rate-Limit-Limit": "300", "X-Rate-Limit-Remaining": "0", "X-Rate-Limit-Reset": "1"}, 0, 4),
    ({"X-Rate-Limit-Limit": "300", "X-Rate-Limit-Remaining": "0",
      "X-Rate-Limit-Reset": "4071427200"}, 110, 124),
    ({}, 50, 64),
    ({"X-Rate-Limit-Limit": "0", "X-Rate-Limit-Remaining": "0",
      "X-Rate-Limit-Reset": "4071427200"}, 0, 4),
], ids=["60 s", "past", "2099", "missing", "concurrency"])
def test_how_long_a_429_makes_wait(world, headers, at_least_s, at_most_s):
    one = world(people=1, sandbox_settings=ACTIVE)
    (employee,) = company(one, 1)
    if headers.get("X-Rate-Limit-Reset") == 60:
        headers = {**headers, "X-Rate-Limit-Reset": str(int(time.time()) + 60)}  # from now, not from collection
    one.sandbox.fault(system="okta", route="POST /api/v1/users/{id}", action="status", status=429,
                      code="E0000047", headers=headers, times=1)
    since = one.sandbox.mark()
    post_all(one, change_in_bob(one, [employee]))
    wait_until(lambda: fired(one) == 1, "refused")
    refused = [c for c in one.okta_calls(since) if c["status"] == 429][0]

    def wait_s():
        record = one.server.record(employee)
        later = [c for c in one.okta_calls(since) if c["seq"] > refused["seq"]]
        until = later[0]["at_ms"] if later else record["retry_not_before_ms"]
        return until and (until - refused["at_ms"]) / 1000

    waited = wait_until(wait_s, "a time is set")
    assert at_least_s <= waited <= at_most_s
    assert one.server.record(employee)["attempts"] == 0 or waited < 5, "no attempt is used up"
