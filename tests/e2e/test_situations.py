# SPDX-License-Identifier: MIT
"""Every situation Bob can tell of, in every activation mode and both creation times.

Each situation is one person's life, in stages on four days. All lives of one
combination are lived side by side in one world; then each is checked by the
exact list of changes Okta was asked for at each stage, and by the state it is left in.
What is expected comes from the policy; the rules are named beside it.
"""

import datetime
import time

import pytest

import harness

MODES = ["always", "bob_status", "never"]
TIMES = ["on_creation", "on_start_date"]

CREATED = "create+activate"
STAGED = "create"
CLOSED = ["deactivate", "sessions"]
# Silently, then written, then mailed; these accounts are active at once, and Okta mails nobody.
REOPENED = ["activate(no mail)", "reactivate!"]

# Days of the stages: all lives do their first, second, ... step together.
DAYS = [0, 0, 3, 8]
LAST_STAGE = len(DAYS) - 1


class Life:
    """One person. Steps are methods of the table's rows; dates are days from the first."""

    def __init__(self, world, name, first_day):
        self.world = world
        self.sandbox = world.sandbox
        self.login = f"{name}@example.com".replace("_", ".")
        self.first_day = first_day
        self.last = name.replace("_", " ").title()
        self.id = None

    def date(self, offset):
        return str(self.first_day + datetime.timedelta(days=offset))

    def hire(self, offset):
        fields = {"root.email": self.login}
        self.id = self.sandbox.hire("Ada", self.last, self.date(offset), fields=fields)

    def do(self, what, **body):
        for key in ("at", "last_day"):
            if isinstance(body.get(key), int):
                body[key] = self.date(body[key])
        self.sandbox.life(self.id, what, **body)

    def sync(self):
        self.world.server.sync(self.id)


def row(rules, steps, staged_first, later, final):
    """later: what each stage after the hire asks of Okta, for (always, bob_status, never)."""
    return {"rules": rules, "steps": steps, "first": staged_first, "later": later, "final": final}


def same(*writes):
    return [list(writes)] * 3


NOTHING = same()
# A person who has started: created by the mode, at both creation times (R1).
STARTED = [[CREATED], [CREATED], [STAGED]]
# A person whose start lies ahead: only `always` activates before it (R1); on_start_date waits.
AHEAD = [[CREATED], [STAGED], [STAGED]]
STARTS = {
    "on_creation": [[], ["activate"], []],
    "on_start_date": STARTED,
}
OPEN = ["ACTIVE", "ACTIVE", "STAGED"]
GONE = ["DEPROVISIONED"] * 3


def started(rules, steps, later, final):
    return row(rules, {0: lambda l: l.hire(-30), **steps}, {t: STARTED for t in TIMES},
               {t: later for t in TIMES}, {t: final for t in TIMES})


def ahead(rules, start, steps, later, final):
    first = {"on_creation": AHEAD, "on_start_date": NOTHING}
    return row(rules, {0: lambda l: l.hire(start), **steps}, first, later,
               final if isinstance(final, dict) else {t: final for t in TIMES})


SITUATIONS = {
    # new hire, future start: created now; joined/activated at the start
    "future_start": ahead("G1 R1", 7, {}, {t: {3: STARTS[t]} for t in TIMES}, OPEN),
    "already_started": started("G1 R1", {}, {}, OPEN),
    # start date moved: employee.updated, table.entry.* lifecycle
    "start_later": ahead(
        "K3 R1", 2, {1: lambda l: l.do("update", fields={"work.startDate": l.date(7)})},
        {t: {3: STARTS[t]} for t in TIMES}, OPEN),
    "start_earlier": ahead(
        "K3 R1", 7, {1: lambda l: l.do("update", fields={"work.startDate": l.date(2)})},
        {t: {2: STARTS[t]} for t in TIMES}, OPEN),
    # leave, inactive: temporaryLeave + inactivated; return: activated
    "leave_inactive": started(
        "E1 R4", {1: lambda l: l.do("leave"), 2: lambda l: l.do("return")}, {}, OPEN),
    "leave_parental": started("E1", {1: lambda l: l.do("leave", type="parental leave")}, {}, OPEN),
    # leave, remain active: temporaryLeave only; return: activated
    "leave_active": started(
        "E1", {1: lambda l: l.do("leave-remain-active"), 2: lambda l: l.do("return")}, {}, OPEN),
    # termination in the future: table.entry.created now; left + inactivated at its date
    "leaves_later": started(
        "L1 L4", {1: lambda l: l.do("terminate", at=2)}, {2: same(*CLOSED)}, GONE),
    "leaves_today": started(
        "L1 L4", {1: lambda l: l.do("terminate", at=0)}, {1: same(*CLOSED)}, GONE),
    # garden leave: left at the last day of work; inactivated when the status flips
    "garden_leave": started(
        "L1 L4", {1: lambda l: l.do("garden-leave", at=2, last_day=-1)}, {1: same(*CLOSED)}, GONE),
    # immediate revocation: at once, closed for good on the termination's own date. An account
    # that never was active cannot be suspended: Okta says so, then it is deactivated.
    "revoked": started(
        "V2 L1", {1: lambda l: l.do("revoke", at=2)},
        {1: [["suspend", "sessions"], ["suspend", "sessions"],
             ["suspend!", "deactivate", "sessions"]],
         2: [CLOSED, CLOSED, []]}, GONE),
    # termination cancelled by deleting the row: no event; our own look on the date finds nothing
    "cancelled": started(
        "L1", {1: lambda l: (l.do("terminate", at=2), l.do("cancel-termination"))}, {}, OPEN),
    # withdrawn after it took effect: our own lowering is undone (R3), but in `never` (R4)
    "withdrawn": started(
        "R3 R4",
        {1: lambda l: l.do("terminate", at=0),
         2: lambda l: (l.do("cancel-termination"), l.sync())},
        {1: same(*CLOSED), 2: [REOPENED, REOPENED, []]},
        ["ACTIVE", "ACTIVE", "DEPROVISIONED"]),
    # file deleted
    "deleted": started("L2 L4", {1: lambda l: l.do("delete")}, {1: same(*CLOSED)}, GONE),
    "deleted_before_start": ahead(
        "L2 G1", 7, {1: lambda l: l.do("delete")},
        {"on_creation": {1: same(*CLOSED)}, "on_start_date": {}},
        {"on_creation": GONE, "on_start_date": [None] * 3}),
    "terminated_before_start": ahead(
        "L1 G1", 7, {1: lambda l: l.do("terminate", at=0)},
        {"on_creation": {1: same(*CLOSED)}, "on_start_date": {}},
        {"on_creation": GONE, "on_start_date": [None] * 3}),
    # rehire: the same record, joined/activated again
    "rehired": started(
        "R3 R4", {1: lambda l: l.do("terminate", at=0), 2: lambda l: l.do("rehire", at=3)},
        {1: same(*CLOSED), 2: [REOPENED, REOPENED, []]},
        ["ACTIVE", "ACTIVE", "DEPROVISIONED"]),
    # an ordinary change, and an event that changes nothing in Okta
    "changed": started(
        "C1",
        {1: lambda l: l.do("update", fields={"work.title": "Lead", "work.workPhone": "+44 20 1"}),
         2: lambda l: l.do("update", fields={"home.privateEmail": "a@example.org"})},
        {1: same("update")}, OPEN),
}


def expected(situation, mode, creation):
    at = MODES.index(mode)
    stages = [situation["first"][creation][at]]
    for stage in range(1, LAST_STAGE + 1):
        stages.append(situation["later"][creation].get(stage, NOTHING)[at])
    return stages


def to_nine_o_clock():
    """Offset that makes the server's day begin at nine, so that no test straddles midnight."""
    return 9 * 3600 - int(time.time()) % 86400


def live(world, situations):
    """All lives, stage by stage; what Okta was asked for at each stage, by situation."""
    first_day = datetime.datetime.now(datetime.timezone.utc).date()
    world.sandbox.settings(today=str(first_day))
    lives = {name: Life(world, name, first_day) for name in situations}
    writes = {name: [] for name in situations}
    lookups = {}
    for stage, offset in enumerate(DAYS):
        since = world.sandbox.mark()
        if stage and DAYS[stage - 1] != offset:
            world.set_clock(to_nine_o_clock() + offset * 86400)
            world.sandbox.midnight(first_day + datetime.timedelta(days=offset))
            world.quiet()
        for name, situation in situations.items():
            if stage in situation["steps"]:
                situation["steps"][stage](lives[name])
        world.quiet()
        for name, life in lives.items():
            writes[name].append(world.okta_writes(since, life.login))
    for name, life in lives.items():
        lookups[name] = len(world.lookups(0, life.login))
    users = {user["login"]: user for user in world.sandbox.users()}
    return {"lives": lives, "writes": writes, "lookups": lookups, "users": users, "world": world}


@pytest.fixture(scope="module", params=[(m, t) for m in MODES for t in TIMES],
                ids=lambda p: f"{p[0]}-{p[1]}")
def outcome(request):
    mode, creation = request.param
    with harness.World(
        activation=mode, create=creation, clock=to_nine_o_clock(), reread_after_s=1,
        sandbox_settings={"okta_password_optional": True},
    ) as world:
        result = live(world, SITUATIONS)
        result.update(mode=mode, creation=creation)
        yield result


@pytest.mark.parametrize("name", SITUATIONS)
def test_asks_okta_for_exactly_this(outcome, name):
    situation = SITUATIONS[name]
    wanted = expected(situation, outcome["mode"], outcome["creation"])
    assert outcome["writes"][name] == wanted, situation["rules"]


@pytest.mark.parametrize("name", SITUATIONS)
def test_leaves_the_account_so(outcome, name):
    wanted = SITUATIONS[name]["final"][outcome["creation"]][MODES.index(outcome["mode"])]
    user = outcome["users"].get(outcome["lives"][name].login)
    assert (user["status"] if user else None) == wanted
    assert outcome["lookups"][name] <= 1, "at most one look-up before a create"
    if user:
        assert user["transitions"].count("create") == 1


def test_held_where_a_human_must_say(outcome):
    """R4: in `never` a rehire is a question."""
    server = outcome["world"].server
    kinds = server.hold_kinds(outcome["lives"]["rehired"].id)
    assert kinds == (["rehire"] if outcome["mode"] == "never" else [])


def test_nobody_is_left_over(outcome):
    status = outcome["world"].server.status()
    assert status["employees"]["failed"] == 0
    assert status["employees"]["parked"] == 0
    logins = {life.login for life in outcome["lives"].values()}
    assert set(outcome["users"]) <= logins, "an account nobody asked for"


# ------------------------------------------------ without the activation mail

QUIET_MAIL = {name: SITUATIONS[name] for name in ("future_start", "already_started")}
STAGED_THEN_QUIET = [STAGED, "activate(no mail)"]
NO_MAIL = {
    "always": {"future_start": [STAGED_THEN_QUIET, [], [], []],
               "already_started": [STAGED_THEN_QUIET, [], [], []]},
    "bob_status": {"future_start": [[STAGED], [], [], ["activate(no mail)"]],
                   "already_started": [STAGED_THEN_QUIET, [], [], []]},
    "never": {"future_start": [[STAGED], [], [], []],
              "already_started": [[STAGED], [], [], []]},
}


@pytest.mark.parametrize("mode", MODES)
def test_creates_without_mail_in_two_writes(mode):
    with harness.World(
        activation=mode, activation_email=False, clock=to_nine_o_clock(),
        sandbox_settings={"okta_password_optional": True},
    ) as world:
        result = live(world, QUIET_MAIL)
        assert result["writes"] == NO_MAIL[mode]
        assert world.sandbox.get("/counters")["activation_mails"] == 0


@pytest.mark.parametrize("action,ends,writes,status", [
    ("deactivate", True, ["deactivate", "sessions"], "DEPROVISIONED"),
    ("deactivate", False, ["deactivate"], "DEPROVISIONED"),
    ("suspend", True, ["suspend", "sessions"], "SUSPENDED"),
    ("suspend", False, ["suspend"], "SUSPENDED"),
])
def test_closes_leavers_as_the_settings_say(world, action, ends, writes, status):
    """L4: one call for the status, one for the sessions if that is on."""
    one = world(leaver={"action": action, "end_sessions": ends},
                sandbox_settings={"okta_password_optional": True})
    employee = one.hire_settled("Ada", "Leaver", harness.day(-30))
    since = one.sandbox.mark()
    one.sandbox.life(employee, "terminate", at=harness.day(0))
    one.quiet()
    assert one.okta_writes(since) == writes
    assert one.status_of("ada.leaver@example.com") == status


@pytest.mark.parametrize("status", ["STAGED", "PROVISIONED", "RECOVERY", "LOCKED_OUT"])
def test_deactivates_whom_okta_cannot_suspend(world, status):
    """L4: Okta suspends only active users."""
    one = world(leaver={"action": "suspend"})
    employee = one.hire_settled("Ada", "Leaver", harness.day(-30))
    one.sandbox.patch_user("ada.leaver@example.com", status=status)
    since = one.sandbox.mark()
    one.sandbox.life(employee, "terminate", at=harness.day(0))
    one.quiet()
    assert one.okta_writes(since) == ["suspend!", "deactivate", "sessions"]
    assert one.status_of("ada.leaver@example.com") == "DEPROVISIONED"


def move(world, seconds):
    """Moves the server's clock. Its threads wait by the monotonic clock, which does not move: the
    event of a stranger wakes them, as the next minute would."""
    world.set_clock(to_nine_o_clock() + seconds)
    stranger = world.sandbox.add_employee(**{"root.email": "stranger@example.org"})
    world.server.post_event(harness.event(stranger))


def test_a_leaver_needs_no_event_on_the_day(world):
    """The termination was announced; on its date nobody calls, and the account is closed."""
    one = world(clock=to_nine_o_clock(), sandbox_settings={"okta_password_optional": True})
    one.sandbox.settings(today=harness.day(0))
    employee = one.hire_settled("Ada", "Leaver", harness.day(-30))
    one.sandbox.life(employee, "terminate", at=harness.day(2))
    one.quiet()
    one.sandbox.life(employee, "terminate", phase="effect", send=False)
    since = one.sandbox.mark()
    assert one.server.record(employee)["policy_due_at_ms"] > 0
    move(one, 3 * 86400)
    harness.wait_until(
        lambda: one.status_of("ada.leaver@example.com") == "DEPROVISIONED", "closed on the date")
    one.quiet()
    assert one.okta_writes(since) == CLOSED


def test_dates_that_contradict_the_lifecycle_close_nobody(world):
    """L1: the end dates say over, Bob's lifecycle still says employed: looked at again, listed."""
    one = world(clock=to_nine_o_clock(), sandbox_settings={"okta_password_optional": True})
    one.sandbox.settings(today=harness.day(0))
    employee = one.hire_settled("Ada", "Leaver", harness.day(-30))
    one.sandbox.life(employee, "terminate", at=harness.day(2))
    one.quiet()
    searches = len(one.sandbox.bob_searches())
    since = one.sandbox.mark()
    move(one, 3 * 86400)
    harness.wait_until(lambda: len(one.sandbox.bob_searches()) > searches, "looked on the date")
    one.quiet()
    assert one.okta_writes(since) == []
    assert one.status_of("ada.leaver@example.com") == "ACTIVE"
    record = one.server.record(employee)
    assert record["policy_due_at_ms"] > 0 and "end dates" in record["last_sentence"]


def test_the_last_day_of_work_closes_before_the_termination_date(world):
    """L1: the earliest of the two; without garden leave Bob says employed until the later one."""
    one = world(clock=to_nine_o_clock(), sandbox_settings={"okta_password_optional": True})
    one.sandbox.settings(today=harness.day(0))
    employee = one.hire_settled("Ada", "Leaver", harness.day(-30))
    one.sandbox.life(employee, "terminate", at=harness.day(20), last_day=harness.day(2))
    one.quiet()
    since = one.sandbox.mark()
    move(one, 3 * 86400)
    harness.wait_until(
        lambda: one.status_of("ada.leaver@example.com") == "DEPROVISIONED", "closed on the date")
    one.quiet()
    assert one.okta_writes(since) == CLOSED


def test_a_start_needs_no_event_on_the_day(world):
    """R1: the start date has come before Bob says active."""
    one = world(clock=to_nine_o_clock(), sandbox_settings={"okta_password_optional": True})
    one.sandbox.settings(today=harness.day(0))
    one.hire_settled("Ada", "Starter", harness.day(2))
    since = one.sandbox.mark()
    move(one, 2 * 86400)
    harness.wait_until(
        lambda: one.status_of("ada.starter@example.com") == "ACTIVE", "active on the date")
    one.quiet()
    assert one.okta_writes(since) == ["activate"]


def test_a_day_begins_in_the_employees_time_zone(world):
    """The first instant of a date is the zone's of the site, else the connection's."""
    one = world(clock=to_nine_o_clock(), time_zone="Pacific/Kiritimati",
                sites={"Honolulu": {"time_zone": "Pacific/Honolulu"}},
                sandbox_settings={"okta_password_optional": True})
    one.sandbox.settings(today=harness.day(0))
    # At nine o'clock UTC it is eleven at night of the same day in Kiritimati (UTC+14): tomorrow
    # begins there in an hour, in Honolulu (UTC-10) in more than a day.
    one.sandbox.hire("Ada", "East", harness.day(1))
    one.sandbox.hire("Bea", "West", harness.day(1), fields={"work.site": "Honolulu"})
    one.quiet()
    assert one.status_of("ada.east@example.com") == "STAGED"
    move(one, 2 * 3600)
    harness.wait_until(
        lambda: one.status_of("ada.east@example.com") == "ACTIVE", "active in the east")
    assert one.status_of("bea.west@example.com") == "STAGED"
    move(one, 26 * 3600)
    harness.wait_until(
        lambda: one.status_of("bea.west@example.com") == "ACTIVE", "active in the west")
