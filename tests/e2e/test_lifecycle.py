# SPDX-License-Identifier: MIT
"""People in time: what happens before a start, on the last day, on a leave and after it, when
nobody calls and when Bob is away. The server's clock is moved (libfaketime); Bob's day only where
Bob itself says something else on it."""

import copy
import time

import harness
from harness import wait_until

DAY = 86400
HOUR = 3600
CLOSED = ["deactivate", "sessions"]
# Accounts are ACTIVE as soon as they are activated: who has to set a password first is PROVISIONED.
AT_ONCE = {"okta_password_optional": True}


def to_nine_o_clock():
    """Offset that makes the server's first day begin at nine, so that no test straddles midnight."""
    return 9 * HOUR - int(time.time()) % DAY


class Life:
    """A world whose first day begins at nine (UTC)."""

    def __init__(self, world, **options):
        options.setdefault("sandbox_settings", AT_ONCE)
        self.one = world(clock=to_nine_o_clock(), **options)
        self.sandbox = self.one.sandbox
        self.server = self.one.server
        self.sandbox.settings(today=harness.day(0))
        self.strangers = 0

    def move(self, days=0, hours=0, minutes=0):
        """To that time after the first day's midnight. Threads wait by the monotonic clock, which
        does not move: the event of a stranger wakes them, as the next minute would."""
        seconds = days * DAY + (hours - 9) * HOUR + minutes * 60
        self.one.set_clock(to_nine_o_clock() + seconds)
        self.wake()

    def wake(self):
        self.strangers += 1
        stranger = self.sandbox.add_employee(
            **{"root.email": f"stranger{self.strangers}@example.org"})
        self.server.post_event(harness.event(stranger))

    def settled(self, employee, since_ms):
        """Waits for a run that began after that, and for quiet."""
        wait_until(lambda: self.server.record(employee)["last_run_at_ms"] > since_ms, "a run")
        self.one.quiet()

    def goes_to(self, employee, days, hours=0, minutes=0):
        """Moves, waits until the employee was looked at there, and says what Okta was asked."""
        since, last = self.sandbox.mark(), self.server.record(employee)["last_run_at_ms"]
        self.move(days, hours, minutes)
        self.settled(employee, last)
        return self.one.okta_writes(since)

    def stays(self, days, hours=0, minutes=0):
        """Moves to where nothing is due yet: Okta is asked nothing."""
        since = self.sandbox.mark()
        self.move(days, hours, minutes)
        self.one.quiet()
        assert self.one.okta_writes(since) == []

    def status(self, login):
        return self.one.status_of(login)

    def mails(self, login):
        return self.sandbox.user(login)["activation_mails"]


# ----------------------------------------------------------------- before the start

def test_staged_14_days_before_and_active_the_day_before(world):
    """K3, R1: lead days of creation and activation."""
    life = Life(world, create="on_start_date", create_days_before=14, activation_days_before=1,
                activation_email=False)
    ada = life.one.hire_settled("Ada", "Early", harness.day(20))
    assert life.sandbox.users() == []
    assert life.goes_to(ada, 6, 1) == ["create"]
    assert life.status("ada.early@example.com") == "STAGED"
    assert life.goes_to(ada, 19, 1) == ["activate(no mail)"]
    assert life.status("ada.early@example.com") == "ACTIVE"


def test_the_mail_has_a_morning_of_its_own_and_one_repeat(world):
    """Activated silently three days before, mailed at eight the day before, once more after two."""
    life = Life(world, create="on_creation", activation_days_before=3,
                activation_email_days_before=1, activation_email_at="08:00",
                activation_email_resend_days=2, sandbox_settings={})
    login = "ada.mail@example.com"
    ada = life.one.hire_settled("Ada", "Mail", harness.day(10))
    assert life.goes_to(ada, 7, 1) == ["activate(no mail)"]
    assert life.status(login) == "PROVISIONED" and life.mails(login) == 0
    assert life.goes_to(ada, 9, 8, 1) == ["reactivate"]
    assert life.mails(login) == 1
    assert life.goes_to(ada, 11, 8, 5) == ["reactivate"]
    assert life.mails(login) == 2
    life.move(20, 9)
    life.server.sync(ada)
    life.one.quiet()
    assert life.mails(login) == 2
    assert life.server.record(ada)["mails"] == 2


# ------------------------------------------------------------------------- leavers

def test_a_leaver_at_half_past_five_where_the_site_is(world):
    """L1: 17:30 of the last day in Honolulu is 03:30 of the next day in Greenwich."""
    life = Life(world, leaver={"at": "17:30"},
                sites={"Honolulu": {"time_zone": "Pacific/Honolulu"}})
    ada = life.one.hire_settled("Ada", "Leaver", harness.day(-30),
                                fields={"work.site": "Honolulu"})
    life.sandbox.life(ada, "terminate", at=harness.day(2))
    life.one.quiet()
    due_s = life.server.record(ada)["policy_due_at_ms"] / 1000
    assert time.strftime("%H:%M", time.gmtime(due_s)) == "03:30"
    life.stays(3, 3, 20)
    assert life.goes_to(ada, 3, 3, 31) == CLOSED
    assert life.status("ada.leaver@example.com") == "DEPROVISIONED"


def test_suspended_first_and_deactivated_days_later(world):
    """L4: sessions end once; the second step needs no event."""
    life = Life(world, leaver={"action": "suspend", "then_deactivate_after_days": 3})
    ada = life.one.hire_settled("Ada", "Leaver", harness.day(-30))
    since = life.sandbox.mark()
    life.sandbox.life(ada, "terminate", at=harness.day(0))
    life.one.quiet()
    assert life.one.okta_writes(since) == ["suspend", "sessions"]
    assert life.server.record(ada)["lowered_at_ms"] > 0
    writes = life.goes_to(ada, 3, 10)
    assert writes[0] == "deactivate"
    assert life.status("ada.leaver@example.com") == "DEPROVISIONED"


def test_a_leave_that_suspends_is_undone_when_it_ends(world):
    """E1, R3: only the leave that is named."""
    life = Life(world, leave_types={"Parental leave": "suspend"})
    ada = life.one.hire_settled("Ada", "Parent", harness.day(-30))
    bea = life.one.hire_settled("Bea", "Traveller", harness.day(-30))
    since = life.sandbox.mark()
    life.sandbox.life(ada, "leave", type="parental leave")
    life.sandbox.life(bea, "leave", type="leave")
    life.one.quiet()
    assert life.one.okta_writes(since)[0] == "suspend"
    assert life.status("ada.parent@example.com") == "SUSPENDED"
    assert life.status("bea.traveller@example.com") == "ACTIVE"
    since = life.sandbox.mark()
    life.sandbox.life(ada, "return")
    life.one.quiet()
    assert life.one.okta_writes(since) == ["unsuspend"]
    assert life.status("ada.parent@example.com") == "ACTIVE"


def test_a_rehire_is_opened_silently_then_written_then_mailed(world):
    """The same Okta user; the mail goes to the address of today."""
    life = Life(world, sandbox_settings={})
    login = "ada.again@example.com"
    ada = life.one.hire_settled("Ada", "Again", harness.day(-300), fields={"work.title": "Engineer"})
    first = life.sandbox.user(login)
    life.sandbox.life(ada, "terminate", at=harness.day(0))
    life.one.quiet()
    assert life.status(login) == "DEPROVISIONED"
    since = life.sandbox.mark()
    life.sandbox.life(ada, "rehire", at=harness.day(0), fields={"work.title": "Lead"})
    life.one.quiet()
    assert life.one.okta_writes(since) == ["activate(no mail)", "update", "reactivate"]
    again = life.sandbox.user(login)
    assert again["id"] == first["id"] and again["profile"]["title"] == "Lead"
    assert again["activation_mails"] == first["activation_mails"] + 1


# ---------------------------------------------------------------------- revocation

def test_a_revocation_finds_the_termination_that_basic_reads_hide(world):
    """V2, policy 5: Bob says active and shows no date; the lifecycle table has the row."""
    life = Life(world, sandbox_settings={**AT_ONCE, "hide_future_rows": True})
    ada = life.one.hire_settled("Ada", "Revoked", harness.day(-30))
    life.sandbox.life(ada, "revoke", at=harness.day(20))
    life.one.quiet()
    assert life.status("ada.revoked@example.com") == "SUSPENDED"
    wait_until(lambda: life.server.record(ada)["revoke_row"] == "found", "the row")
    assert life.server.alarms("revocation_unconfirmed") == []


def test_a_revocation_without_a_termination_is_an_alarm(world):
    """Two reads 20 s apart: it stays closed, and is one alarm."""
    life = Life(world)
    ada = life.one.hire_settled("Ada", "Revoked", harness.day(-30))
    life.server.post_event(harness.revoked_event(ada, offset_s=to_nine_o_clock()))
    life.one.quiet()
    wait_until(lambda: life.server.record(ada)["reread_at_ms"], "the first question")
    assert life.server.record(ada)["revoke_row"] == "wanted"
    life.move(0, 9, 2)
    wait_until(lambda: life.server.record(ada)["revoke_row"] == "missing", "the second question")
    life.one.quiet()
    record = life.server.record(ada)
    assert "no termination behind it" in record["last_sentence"]
    assert life.status("ada.revoked@example.com") == "SUSPENDED"
    assert life.server.hold_kinds(ada) == ["revoked"]
    life.server.sync(ada)
    life.one.quiet()
    (alarm,) = wait_until(lambda: life.server.alarms("revocation_unconfirmed"), "an alarm", 20)
    assert alarm["subject"] == ada


# ------------------------------------------------------------ what no event announces

def test_what_was_taken_back_without_an_event_does_not_happen(world):
    """Re-checked, never replayed: whoever has a date within 14 days is read daily."""
    life = Life(world, create="on_start_date")
    gone = life.one.hire_settled("Ada", "Withdrawn", harness.day(4))
    moved = life.one.hire_settled("Bea", "Moved", harness.day(4))
    stays = life.one.hire_settled("Cay", "Cancelled", harness.day(-30))
    life.sandbox.life(stays, "terminate", at=harness.day(4))
    life.one.quiet()
    dated = [gone, moved, stays]
    assert all(life.server.record(one)["policy_due_at_ms"] for one in dated)
    # Nobody is told of any of it.
    life.sandbox.call("DELETE", f"/bob/employees/{gone}")
    life.sandbox.update(moved, {"work.startDate": harness.day(30)}, send=False)
    life.sandbox.life(stays, "cancel-termination", send=False)
    before = {one: life.server.record(one)["last_run_at_ms"] for one in dated}
    since = life.sandbox.mark()
    life.move(1, 11)
    for one in dated:
        life.settled(one, before[one])
    assert life.server.record(stays)["policy_due_at_ms"] == 0
    assert life.server.record(moved)["policy_due_at_ms"] > 1000 * (time.time() + 20 * DAY)
    # On the day itself nothing is due any more.
    life.move(5, 10)
    life.one.quiet(unsettled=True)
    assert life.one.okta_writes(since) == []
    assert life.status("cay.cancelled@example.com") == "ACTIVE"
    assert life.status("ada.withdrawn@example.com") is None
    assert life.status("bea.moved@example.com") is None


def test_a_leaver_while_bob_is_away_is_suspended_after_four_hours(world):
    """L6: confirmed within a day; and finished when Bob is back."""
    life = Life(world)
    bea = life.one.hire_settled("Bea", "Leaver", harness.day(-30))
    life.sandbox.life(bea, "terminate", at=harness.day(1))
    life.one.quiet()
    assert life.server.record(bea)["confirmed_end_ms"] > 0
    assert life.goes_to(bea, 1, 10, 30) == []  # the daily look: confirmed once more
    life.sandbox.fault(system="bob", route="*", action="status", status=503)
    since = life.sandbox.mark()
    life.move(2, 0, 10)  # the day is over; the reader tries, and Bob fails
    wait_until(lambda: life.server.metric("bob2okta_bob_requests_total", status="503") > 0,
               "Bob was asked")
    life.move(2, 4, 20)
    wait_until(lambda: life.status("bea.leaver@example.com") == "SUSPENDED", "suspended", 30)
    assert life.one.okta_writes(since)[0] == "suspend"
    assert life.server.record(bea)["last_rule"] == "L6"
    life.sandbox.clear_faults()
    life.sandbox.life(bea, "terminate", phase="effect", send=False)
    life.wake()
    wait_until(lambda: life.status("bea.leaver@example.com") == "DEPROVISIONED", "finished", 90)


# ----------------------------------------------------------------------- by hand

def test_the_activation_link_is_shown_once_and_kept_nowhere(world):
    one = world(sandbox_settings={})
    ada = one.hire_settled("Ada", "Link", harness.day(20))
    refused = one.server.cli("activation-link", ada)
    assert refused.returncode == 1 and refused.stdout == ""
    assert "not to be open now" in refused.stderr
    bea = one.hire_settled("Bea", "Link", harness.day(-1))
    done = one.server.cli("activation-link", bea)
    assert done.returncode == 0, done.stderr
    link = done.stdout.strip()
    assert done.stdout == link + "\n" and link.startswith("http") and "/tokens/" in link
    assert "opens the account, once" in done.stderr
    token = link.split("/tokens/")[1].split("/")[0]
    one.quiet()
    again = one.server.cli("activation-link", bea)
    assert again.returncode == 0 and again.stdout.strip() != link
    actions = one.server.person(bea)["actions"]
    assert [action["kind"] for action in actions[:2]] == ["reactivate", "reactivate"]
    assert token not in one.server.log()
    for path in one.server.store.parent.iterdir():
        assert token.encode() not in path.read_bytes(), path.name


# -------------------------------------------------------------------------- moves

def two_connections(one, first_scope, second_scope):
    """The second one's people have logins of their own, since both use one org here."""
    document = copy.deepcopy(one.server.document)
    first = document["connections"][0]
    first["provisioning"].update(scope=first_scope, out_of_scope="deactivate")
    second = copy.deepcopy(first)
    second["name"] = "second"
    second["provisioning"]["scope"] = second_scope
    second["mapping"] = [
        {"okta": name, "expr": '"second." + .root.email'} for name in ("login", "email")
    ]
    document["connections"].append(second)
    one.server.write_settings(document)


def test_a_move_opens_the_new_account_and_then_closes_the_old_one(world):
    """L5: two connections of one company with opposite scopes; only the first one gets events."""
    one = world(start=False, sandbox_settings=AT_ONCE)
    two_connections(one, '.work.department.label == "Finance"', '.work.department.label != "Finance"')
    one.start()
    ada = one.hire_settled("Ada", "Mover", harness.day(-30), fields={"work.department": "Finance"})
    assert one.status_of("ada.mover@example.com") == "ACTIVE"
    assert one.status_of("second.ada.mover@example.com") is None
    since = one.sandbox.mark()
    one.sandbox.update(ada, {"work.department": "Legal"})
    wait_until(lambda: one.status_of("ada.mover@example.com") == "DEPROVISIONED", "closed", 30)
    assert one.status_of("second.ada.mover@example.com") == "ACTIVE"
    writes = one.okta_writes(since)
    assert writes.index("create+activate") < writes.index("deactivate")
    one.quiet(unsettled=True)
    person = one.server.person(ada)
    assert person["move"] == {"from": "default", "to": "second", "state": "done"}
    other = one.server.get(f"/people/{ada}?connection=second")
    assert other["move"] == person["move"]
    assert one.server.post(f"/people/{ada}/plan")["move"] == person["move"]
    shown = one.server.cli("person", ada).stdout
    assert "from connection default to second: done" in shown


def test_who_leaves_every_scope_waits_for_nobody(world):
    one = world(start=False, sandbox_settings=AT_ONCE)
    two_connections(one, '.work.department.label == "Finance"', '.work.department.label == "Sales"')
    one.start()
    ada = one.hire_settled("Ada", "Mover", harness.day(-30), fields={"work.department": "Finance"})
    one.sandbox.update(ada, {"work.department": "Legal"})
    wait_until(lambda: one.status_of("ada.mover@example.com") == "DEPROVISIONED", "closed", 30)
    assert one.status_of("second.ada.mover@example.com") is None
    assert one.server.person(ada)["move"] is None
