# SPDX-License-Identifier: MIT
"""D-04 (death and failure at every failpoint), D-16, E-01, E-02, E-05, E-06, and P-10."""

import re
import subprocess

import pytest

import failpoints
import harness
import scenes
from company import KINDS, prepare
from harness import wait_until
from sizes import IS_LONG, size

POINTS = failpoints.table()
EVENT_KINDS = list(KINDS)


def cases():
    """Long: every point and action. Short: every point once, with one action after the other."""
    if IS_LONG:
        return [(point, action) for point, actions in POINTS.items() for action in sorted(actions)]
    quick = ["kill", "error", "abort"]
    return [(point, next(a for a in quick[n % 3:] + quick if a in POINTS[point]))
            for n, point in enumerate(POINTS)]


def test_the_table_and_the_source_agree():
    found = {}
    for path in [p for room in ("server", "okta", "mapping") for p in (failpoints.ROOT / room).rglob("*.[ch]")]:
        for name in re.findall(r'FAILPOINT(?:_ONLY)?\("([\w.]+)"', path.read_text()):
            found.setdefault(name, []).append(path.name)
    assert set(found) == set(POINTS)
    assert all(len(places) == 1 for places in found.values()), found


@pytest.mark.fault("P-10")
def test_other_builds_have_no_failpoints():
    """Neither the names nor the variable nor the function; and the search itself finds them where they are."""
    def traces(program):
        data = open(program, "rb").read()
        symbols = subprocess.run(["nm", program], capture_output=True, text=True).stdout
        return [name for name in ["BOB2OKTA_FAILPOINT", "failpoint ", *POINTS] if name.encode() in data] + \
            re.findall(r"failpoint\w*", symbols)

    assert traces(harness.server_program()) == []
    assert len(traces(scenes.faults_program())) > len(POINTS)


def company_of(scene, batches):
    """For each kind so many people who are ready for it, and some bystanders."""
    people = {}
    scene.bystanders = scene.settled(12)
    for kind in EVENT_KINDS:
        people[kind] = scene.company.team(batches)
        prepare(scene.company, scene.sender, people[kind], kind)
    return people


@pytest.mark.fault("D-04", "D-05", "D-16")
@pytest.mark.only_short
def test_death_or_failure_at_every_failpoint(scene):
    """One world for all points: what one leaves behind the next one meets."""
    one = scene("faults")
    todo = cases()
    people = company_of(one, len(todo) // len(EVENT_KINDS) + 1)
    missed = []
    for n, (point, action) in enumerate(todo):
        kind = kind_for(point, n)
        victim = people[kind].pop() if people[kind] else one.settled(1, *KINDS[kind])[0]
        if not failpoints.strike(one, point, action, kind, victim):
            missed.append(point)
    one.check()
    # The schema is migrated in a new store alone, which has a test of its own.
    assert set(missed) <= {"migrate.mid"}, missed


def kind_for(point, n):
    """A kind that comes by: only some actions count against a limit."""
    kind = EVENT_KINDS[n % len(EVENT_KINDS)]
    if point == "brake.counted":
        return "leave"
    # The dispatcher takes revocations past the reader.
    return "update" if kind == "revoke" and point.startswith(("claim.", "bob.")) else kind


@pytest.mark.fault("D-04")
@pytest.mark.only_long
@pytest.mark.parametrize("point,action", cases())
def test_every_kind_of_event_at_every_failpoint(scene, point, action):
    one = scene("faults")
    people = company_of(one, 1)
    reached = [failpoints.strike(one, point, action, kind, people[kind][0]) for kind in EVENT_KINDS]
    one.check()
    assert any(reached) or point == "migrate.mid"


@pytest.mark.fault("D-16")
@pytest.mark.parametrize("action", ["kill", "abort", "error"])
def test_a_migration_is_whole_or_not_at_all(scene, action):
    """Cut at each version in turn: the file is of the version before, and the next start goes on."""
    one = scene("faults", start=False)
    versions = len(list((harness.ROOT / "server/store/schema").glob("*.sql")))
    for version in range(1, versions + 1):
        assert not one.try_start(failpoint=f"migrate.mid:{action}:1")
        db = scenes.evidence.open_store(one.server.store)
        assert db.execute("PRAGMA user_version").fetchone()[0] == version - 1
        assert [row[0] for row in db.execute("PRAGMA integrity_check")] == ["ok"]
        db.close()
        one.deaths.clear()
        if version < versions:
            assert not one.try_start(failpoint=f"migrate.mid:{action}:2")
            one.deaths.clear()
    one.start()
    one.settled(2)
    one.check()


@pytest.mark.fault("D-04")
def test_no_answer_before_the_commit(scene):
    """The commit dawdles, and the process dies meanwhile: who was told 200 by then was told a lie."""
    one = scene("faults")
    people = one.settled(2)
    one.server.kill()
    one.start(failpoint="inbox.pre_commit:sleep:1")
    one.tell("update", people)
    wait_until(one.has_fired, "the commit dawdles", 20)
    harness.time.sleep(0.3)  # it sleeps for half a second; an answer needs a millisecond
    one.server.kill()
    one.start()
    one.sender.drain()
    one.check()


@pytest.mark.fault("B-03")
def test_the_brake_outlives_the_process(scene):
    """Killed between leavers: three an hour stay three an hour (more of it in test_brake.py)."""
    limits = {**harness.wide_limits(), "lower": {"per_hour": 3, "per_day": 3, "per_week": 3}}
    one = scene("faults", limits=limits)
    people = one.settled(12)
    for batch in (people[:3], people[3:6], people[6:]):
        one.server.kill()
        one.start()
        one.tell("leave", batch)
        one.sender.drain()
        one.world.quiet()
    one.check(lower_limit=3, skip=("I4",))  # I4: the rest waits for a human


@pytest.mark.fault("E-01", "E-02")
@pytest.mark.parametrize("lag_ms", [0, 60000], ids=["search is up to date", "search lags a minute"])
def test_killed_after_the_create_was_applied(scene, lag_ms):
    """One user and one mail for each, found by its login, whatever the search shows."""
    one = scene("faults", sandbox_settings={"okta_search_lag_ms": lag_ms})
    one.settled(1)
    points = ["okta.sent_no_answer", "okta.answered", "outcome.pre_commit"]
    runs = size(6, 84)  # three people each: the long form makes 504 with both
    for run in range(runs):
        people = one.company.team(3)
        one.server.kill()
        # The sandbox's answers come one at a time, so that it is now this, now that one's.
        one.start(failpoint=failpoints.armed(points[run % 3], "kill", people[run % len(people)]))
        one.tell("join", people)
        one.wait_death()
        one.start()
        one.sender.drain()
    evidence = one.check()
    for user in evidence.users:
        assert user["activation_mails"] == 1, user["login"]


@pytest.mark.fault("E-05")
def test_two_events_of_one_newcomer_at_once(scene):
    """Whatever worker gets it: one create."""
    one = scene("faults", threads=16, prefix="Twin")
    rounds = size(40, 1000)
    for _ in range(rounds // 20):
        people = one.company.team(20)
        for person in people:
            for n in range(2):  # two senders, so that neither waits for the other
                one.sender.put(f"{person.id}/{n}", one.company.join(person))
        one.sender.drain()
    lines = one.ledger.lines()
    assert len(lines) == rounds * 2
    unsplit(one.ledger)
    evidence = one.check(deadline_s=120)
    assert len(evidence.users) == rounds
    assert sum(call["applied"] and call["route"] == "POST /api/v1/users" for call in evidence.writes) == rounds


def unsplit(ledger):
    """The ledger's employees without the number of their sender."""
    acked = [{**line, "employee": line["employee"].split("/")[0]} for line in ledger.acked]
    type(ledger).acked = property(lambda self: acked if self is ledger else
                                  [line for line in self.lines() if line["what"] == "acked"])


STOPS = [("intent.post_commit", "update")]
if IS_LONG:
    STOPS = [(point, kind) for point, actions in POINTS.items() if "stop" in actions
             for kind in ("join", "update", "leave")]


@pytest.mark.fault("E-06")
@pytest.mark.parametrize("point,kind", STOPS)
def test_a_worker_that_slept_past_its_lease(scene, point, kind):
    """Another one takes over; the sleeper makes no call after waking but one that was on its way."""
    one = scene("faults")
    person, nudged = one.settled(2, *KINDS[kind]) if KINDS[kind] else (one.company.new(), one.settled(1)[0])
    one.server.kill()
    one.start(failpoint=failpoints.armed(point, "stop", person))
    one.tell(kind, [person])
    wait_until(one.has_fired, f"{point} fires", 20)
    mark = one.sandbox.mark()
    last_nudge = harness.time.monotonic()
    while "failpoint awake" not in one.server.program.output("err"):
        mark = one.sandbox.mark()
        if harness.time.monotonic() - last_nudge > 1:  # the reader sleeps until something comes
            last_nudge = harness.time.monotonic()
            one.tell("update", [nudged])
        harness.time.sleep(0.01)
    one.sender.drain()
    # The one call that was on its way is a second one of its kind, and nobody's to write down.
    one.check(skip=("I3", "I8") if point.startswith("okta.") else ())
    user = one.sandbox.user(person.login)
    late = [harness.short(call) for call in one.sandbox.calls(mark, system="okta", writes="1")
            if call["user_id"] == user["id"] or call.get("login") == person.login]
    # The reader is one: while it sleeps nobody takes over, and what follows is the new holder's.
    assert len(late) <= 1 or point.startswith(("claim.", "bob.")), late
