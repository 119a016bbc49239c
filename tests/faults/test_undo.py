# SPDX-License-Identifier: MIT
"""Backup under load, the restore drill, an old backup, and what others do to an account meanwhile."""

import json
import socket
import sqlite3
import stat
import subprocess
import threading
import time

import pytest

import audit_oracle
import harness
from harness import announce, day, event, team, wait_until
from sizes import size

ACTIVE = {"okta_password_optional": True}
PAST = -30
RESTORE = harness.ROOT / "docker" / "restore"


def backup(one, name="copy.db"):
    path = one.directory / name
    done = one.server.cli("backup", str(path), timeout_s=300)
    assert done.returncode == 0, done.stderr
    return path


def restore(store, copy):
    """The documented drill, by the script."""
    return subprocess.run([str(RESTORE), str(store), str(copy)], capture_output=True, text=True)


def restart_on(one, copy):
    one.server.kill()
    done = restore(one.server.store, copy)
    assert done.returncode == 0, done.stderr
    one.restart()


def swept(one):
    """The sweep of the first start is over."""
    def is_done():
        sweeps = one.server.get("/sweeps")["sweeps"]
        return sweeps and all(s["state"] in ("done", "fault") for s in sweeps)
    wait_until(is_done, "everybody was compared", 60)
    one.quiet(40)


def logins(one):
    return sorted(user["login"] for user in one.sandbox.users())


def doubled(one):
    names = [user["profile"]["lastName"] + user["profile"]["firstName"]
             for user in one.sandbox.users()]
    return sorted({name for name in names if names.count(name) > 1})


# ------------------------------------------------------------------------------- D-14


class Load:
    """Deliveries one after the other, with how long each took, until stopped."""

    def __init__(self, one, people):
        self.one, self.people, self.is_over = one, people, False
        self.took_s, self.refused, self.n = [], 0, 0
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        while not self.is_over:
            employee = self.people[self.n % len(self.people)]
            begun = time.monotonic()
            status = self.one.server.post_event(event(employee, "employee.updated")).status
            self.took_s.append(time.monotonic() - begun)
            self.refused += status != 200
            self.n += 1

    def stop(self):
        self.is_over = True
        self.thread.join(30)


@pytest.mark.fault("D-14")
def test_a_backup_under_load_is_whole_and_its_drill_takes_minutes(world):
    one = world(sandbox_settings={**ACTIVE, "okta_limits": {"users": 5000, "users_write": 5000},
                                  "bob_search_per_min": 2000})
    people = team(one, size(60, 600), **{"work.startDate": day(PAST)})
    announce(one, people)
    one.quiet(120)
    load = Load(one, people)
    wait_until(lambda: load.n > 20, "load is on")
    copies = [backup(one, f"copy{n}.db") for n in range(size(3, 20))]
    counted = load.n
    load.stop()
    assert load.refused == 0 and counted > 20, "deliveries went on, and none was refused"
    print(f"deliveries during {len(copies)} backups: {load.n}, slowest {max(load.took_s):.3f} s")

    for copy in copies:
        assert stat.S_IMODE(copy.stat().st_mode) == 0o600
        database = sqlite3.connect(f"file:{copy}?mode=ro", uri=True)
        assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert database.execute("SELECT count(*) FROM employees").fetchone() == (len(people),)
        database.close()
    left = [p.name for p in one.server.store.parent.iterdir() if "backup-copy" in p.name]
    assert left == [], "the server keeps no copy"

    # A fresh host: the copy, the settings, the key file and nothing else. What came after is replayed by Bob.
    before = logins(one)
    since = one.sandbox.mark()
    one.sandbox.update(people[0], {"work.workPhone": "+44 after"})
    one.quiet(60)
    one.server.kill()
    begun = time.monotonic()
    for path in list(one.server.store.parent.iterdir()):
        if path.name != "master-key":
            path.unlink()
    assert restore(one.server.store, copies[0]).returncode == 0
    one.restart()
    assert "restored from a backup of" in one.server.cli("status").stdout
    swept(one)
    took_s = time.monotonic() - begun
    assert took_s < 300, "the drill"
    print(f"restore drill with {len(people)} people: {took_s:.1f} s")
    assert logins(one) == before and doubled(one) == []
    writes = one.okta_writes(since)
    assert set(writes) <= {"update"}, writes
    assert one.sandbox.user("ada.0@example.com")["profile"]["primaryPhone"] == "+44 after"


def test_the_restore_script_refuses_what_would_hurt(world):
    one = world(sandbox_settings=ACTIVE)
    copy = backup(one)
    assert "stop it first" in restore(one.server.store, copy).stderr
    other = one.directory / "other.db"
    other.write_bytes(b"not a store at all, whatever its name says" * 10)
    assert "no backup of bob2okta" in restore(one.server.store, other).stderr
    assert "no file" in restore(one.server.store, one.directory / "none.db").stderr
    one.server.stop()
    old = one.server.store.read_bytes()
    assert restore(one.server.store, copy).returncode == 0
    kept = [p for p in one.server.store.parent.iterdir() if ".before-" in p.name]
    assert old in [p.read_bytes() for p in kept], "the store that was there is kept"


def test_a_backup_goes_over_nothing_and_leaves_nothing_half(world):
    one = world(sandbox_settings=ACTIVE)
    copy = backup(one)
    bytes_before = copy.read_bytes()
    again = one.server.cli("backup", str(copy))
    assert (again.returncode, "is there already" in again.stderr) == (1, True)
    assert copy.read_bytes() == bytes_before
    link = one.directory / "link.db"
    link.symlink_to(one.directory / "elsewhere.db")
    assert one.server.cli("backup", str(link)).returncode == 1
    assert not (one.directory / "elsewhere.db").exists()
    full = one.server.cli("backup", "/dev/full")
    assert full.returncode == 1
    one.server.stop()
    gone = one.server.cli("backup", str(one.directory / "late.db"))
    assert gone.returncode == 1 and "no server answers" in gone.stderr
    assert list(one.directory.glob("late*")) == []


def fill(one, megabytes):
    """The store's file grows by so much."""
    for n in range(5 * megabytes):
        assert one.server.post_event(event(n + 1, "test.kept", pad="x" * 200000)).status == 200


def test_a_backup_nobody_reads_keeps_no_server_from_stopping(world):
    one = world(sandbox_settings=ACTIVE)
    fill(one, 12)
    with socket.create_connection(one.server.admin, timeout=30) as sock:
        sock.sendall((f"POST /api/v1/backup HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n"
                      f"Authorization: Bearer {one.server.token}\r\n\r\n").encode())
        assert sock.recv(1000).startswith(b"HTTP/1.1 200")
        one.server.stop()


def test_only_the_first_start_on_a_copy_doubts_it(world):
    one = world(sandbox_settings=ACTIVE)
    one.hire_settled("Ada", "King", day(PAST))
    assert one.server.get("/status")["store"]["restored"] is None
    copy = backup(one)
    restart_on(one, copy)
    restored = one.server.get("/status")["store"]["restored"]
    assert restored["backup_at_ms"] <= restored["started_at_ms"]
    swept(one)
    # The second start is an ordinary one: nothing is doubted or compared again.
    sweeps = len(one.server.get("/sweeps")["sweeps"])
    one.restart()
    assert one.server.get("/status")["store"]["restored"] == restored
    assert len(one.server.get("/sweeps")["sweeps"]) == sweeps
    # A backup of it is a copy again.
    second = backup(one, "second.db")
    restart_on(one, second)
    assert one.server.get("/status")["store"]["restored"]["started_at_ms"] > \
        restored["started_at_ms"]


# ------------------------------------------------------------------------------- D-15


@pytest.mark.fault("D-15")
def test_an_old_backup_repeats_nothing(world):
    """Rolled back by a day in which everything happened that must not happen twice."""
    one = world(sandbox_settings=ACTIVE, clock=0, existing="create")
    ada = one.hire_settled("Ada", "Stays", day(PAST))
    leaver = one.hire_settled("Lea", "Ver", day(PAST))
    one.sandbox.life(leaver, "terminate", at=day(0))
    one.quiet()
    # In the copy: a leaver about to be closed, a create without an answer, a revocation that waits.
    rehired = one.hire_settled("Ria", "Hired", day(PAST))
    revoked = one.hire_settled("Rex", "Voked", day(PAST))
    renamed = one.hire_settled("Ren", "Amed", day(PAST))
    one.server.post("/pause", {"revocations": False})
    one.sandbox.life(rehired, "terminate", at=day(0))
    one.sandbox.life(revoked, "revoke", at=day(3))
    wait_until(lambda: one.server.record(revoked)["state"] == "parked", "waits for the pause")
    one.sandbox.fault(system="okta", route="POST *", action="hang", ms=60000)
    begun = one.sandbox.hire("Bea", "Gun", day(PAST))
    one.server.post("/resume", {})
    wait_until(lambda: one.sandbox.get("/faults")["rules"][0]["fired"] == 3, "three are begun")
    copy = backup(one)
    one.server.kill()
    one.sandbox.clear_faults()
    one.restart()
    one.quiet(60)

    # The day after: all of it done, and undone again where people came back.
    one.sandbox.life(rehired, "rehire", at=day(0))
    one.sandbox.update(renamed, {"root.email": "ren.new@example.com"})
    one.sandbox.update(begun, {"root.email": "bea.new@example.com"})
    new = one.hire_settled("Nia", "Ew", day(PAST))
    wait_until(lambda: one.status_of("rex.voked@example.com") == "SUSPENDED", "revoked", 30)
    one.server.cli("release", revoked)
    one.quiet(60)
    states = {user["login"]: user["status"] for user in one.sandbox.users()}
    assert states["ria.hired@example.com"] == states["rex.voked@example.com"] == "ACTIVE"
    assert states["lea.ver@example.com"] == "DEPROVISIONED"
    assert {"bea.new@example.com", "nia.ew@example.com", "ren.new@example.com"} <= set(states)

    one.server.stop()
    since = one.sandbox.mark()
    assert restore(one.server.store, copy).returncode == 0
    one.set_clock(24 * 3600)
    one.restart()
    swept(one)
    one.sandbox.webhooks(url=one.server.url())
    writes = one.okta_writes(since)
    assert not [w for w in writes if w.startswith("create")], writes
    assert "deactivate" not in writes and "suspend" not in writes, writes
    assert {user["login"]: user["status"] for user in one.sandbox.users()} == states
    assert doubled(one) == []
    # The revocation is a question now, and everybody else is linked to whom they had.
    assert "revoke_doubtful" in one.server.hold_kinds(revoked)
    assert one.server.record(begun)["okta_id"] == one.sandbox.user("bea.new@example.com")["id"]
    assert one.server.record(ada)["okta_id"] and new
    assert "started on a backup of" in audit(one), "the audit trail shows the fork"


def audit(one):
    return json.dumps([record["payload"] for record in audit_oracle.records(one)])


@pytest.mark.fault("D-15")
def test_what_was_allowed_before_the_backup_is_to_be_allowed_again(world):
    one = world(sandbox_settings=ACTIVE, limits={
        **harness.wide_limits(), "lower": {
            "per_hour": 1, "per_hour_percent": 0, "per_day": 1, "per_day_percent": 0,
            "per_week": 1, "per_week_percent": 0}})
    people = [one.hire_settled(first, "Go", day(PAST)) for first in ("Ada", "Bea")]
    for employee in people:
        one.sandbox.life(employee, "terminate", at=day(0))
    one.quiet()
    (held,) = one.server.holds(kind="limit")
    one.server.post("/pause", {"revocations": True})
    one.server.post("/holds/release", {"employee_id": held["employee_id"]})
    wait_until(lambda: one.server.record(held["employee_id"])["state"] == "parked", "waits")
    copy = backup(one)
    restart_on(one, copy)
    since = one.sandbox.mark()
    one.server.post("/resume", {})
    swept(one)
    assert "deactivate" not in one.okta_writes(since), "the release was of an earlier time"
    assert one.server.hold_kinds(held["employee_id"]) == ["limit"]


# -------------------------------------------------------------------------- E-04, E-07


@pytest.mark.fault("E-04")
@pytest.mark.parametrize("status", ["ACTIVE", "STAGED", "SUSPENDED", "DEPROVISIONED"])
def test_a_login_of_another_employees_account_is_never_taken(world, status):
    """Taken by somebody with another number: held whatever the status; nobody gets a suffix."""
    one = world(sandbox_settings=ACTIVE)
    other = one.sandbox.add_user(status, login="ada.king@example.com",
                                 email="ada.king@example.com", firstName="Ada", lastName="King",
                                 employeeNumber="999")
    employee = one.sandbox.hire("Ada", "King", day(PAST), fields={"work.employeeIdInCompany": "1"})
    one.quiet()
    before = one.sandbox.user(other["id"])
    assert one.server.hold_kinds(employee) == ["match"]
    assert one.okta_writes() == []
    assert logins(one) == ["ada.king@example.com"] and before["status"] == status


@pytest.mark.fault("E-07", "I3")
def test_only_the_missing_step_is_tried_again(world):
    one = world(start=False, sandbox_settings=ACTIVE, change=lambda connection: connection.update(
        groups=[{"group": "Staff", "when": "1 == 1"}]))
    one.sandbox.post("/okta/groups", {"name": "Staff"})
    one.start()
    one.sandbox.fault(system="okta", method="PUT", path="/api/v1/groups/", action="500_before",
                      times=2)
    employee = one.sandbox.hire("Ada", "King", day(PAST))
    wait_until(lambda: [g["members"] for g in one.sandbox.get("/okta/groups")["groups"]
                        if g["name"] == "Staff"][0], "in the group at last", 60)
    one.quiet()
    writes = one.okta_writes()
    assert writes.count("create+activate") == 1, writes
    assert [g["state"] for g in one.server.person(employee)["groups"]] == ["given"]


# -------------------------------------------------------------------------------- E-08


@pytest.mark.fault("E-08")
def test_a_slow_activation_is_waited_for_and_a_later_suspension_comes_in_order(world):
    """Okta says E0000112 while it activates: no second activation, then what is due."""
    transition_ms = size(3000, 120000)
    one = world(sandbox_settings={"okta_transition_ms": transition_ms})
    people = [one.sandbox.hire(first, "King", day(PAST)) for first in ("Ada", "Bea")]
    wait_until(lambda: len(one.sandbox.users()) == 2, "created")
    for employee in people:
        one.sandbox.update(employee, {"work.workPhone": "+44 1"})
    for login in ("ada.king@example.com", "bea.king@example.com"):
        wait_until(lambda: "update!" in one.okta_writes(login=login), "refused meanwhile", 30)
    one.sandbox.life(people[0], "revoke", at=day(5))
    one.quiet(transition_ms / 1000 + 60)
    ada, bea = (one.sandbox.user(f"{first}.king@example.com") for first in ("ada", "bea"))
    assert ada["status"] in ("SUSPENDED", "DEPROVISIONED"), "closing waits for no activation"
    assert bea["profile"]["primaryPhone"] == "+44 1", "written once Okta was ready"
    writes = one.okta_writes()
    assert writes.count("create+activate") == 2, writes
    assert not {"activate", "activate(no mail)", "reactivate", "activate!"} & set(writes), writes
    refused = writes.count("update!")
    assert refused <= size(12, 60), f"{refused} tries: not a poll without a limit"


# ------------------------------------------------------------------------- E-10, E-11


@pytest.mark.fault("E-10")
def test_a_rename_in_the_middle_of_a_retry_finds_the_user_by_its_id(world):
    one = world(sandbox_settings=ACTIVE)
    employee = one.hire_settled("Ada", "Old", day(PAST))
    okta_id = one.server.record(employee)["okta_id"]
    one.sandbox.fault(system="okta", route="POST /api/v1/users/{id}", action="500_after", times=1)
    one.sandbox.update(employee, {"root.email": "ada.mid@example.com"})
    wait_until(lambda: one.sandbox.get("/faults")["rules"][0]["fired"] == 1, "answer lost")
    one.sandbox.update(employee, {"root.email": "ada.new@example.com"})
    one.quiet(60)
    assert logins(one) == ["ada.new@example.com"]
    assert one.sandbox.user("ada.new@example.com")["id"] == okta_id
    by_login = [c for c in one.okta_calls() if c["method"] == "GET" and "ada.mid" in
                json.dumps([c.get("path"), c.get("query")])]
    assert by_login == [], "found by the stored id alone"


@pytest.mark.fault("E-11")
def test_who_is_deleted_in_okta_is_not_made_again(world):
    one = world(sandbox_settings=ACTIVE)
    employee = one.hire_settled("Ada", "King", day(PAST))
    one.sandbox.call("DELETE", f"/okta/users/{one.server.record(employee)['okta_id']}")
    since = one.sandbox.mark()
    one.sandbox.update(employee, {"work.workPhone": "+44 1"})
    one.quiet()
    one.server.sync(employee)
    one.quiet()
    assert one.sandbox.users() == []
    assert not [w for w in one.okta_writes(since) if w.startswith("create")]
    (hold,) = one.server.holds(employee_id=employee)
    assert hold["kind"] == "closed_by_other" and "deleted" in hold["cause"]
