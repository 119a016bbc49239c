# SPDX-License-Identifier: MIT
"""Everything the oracle judges, gathered from where it lies and turned into plain values.

The store is read with SQLite's own eyes (read-only), Okta from the sandbox's call log, Bob
from the sandbox's records, what was acknowledged from the sender's ledger. The oracle itself
touches nothing, so that test_oracle.py can tamper with each part and see it notice.
"""

import dataclasses
import hashlib
import os
import pathlib
import re
import sqlite3

import audit_oracle
import harness


@dataclasses.dataclass
class Usage:
    """What the process holds of the machine."""

    descriptors: int
    threads: int
    rss_kib: int


def usage(server):
    base = pathlib.Path(f"/proc/{server.program.process.pid}")
    status = (base / "status").read_text()
    return Usage(
        descriptors=len(os.listdir(base / "fd")),
        threads=int(re.search(r"^Threads:\s+(\d+)", status, re.M)[1]),
        rss_kib=int(re.search(r"^VmRSS:\s+(\d+)", status, re.M)[1]),
    )


@dataclasses.dataclass
class Evidence:
    acked: list  # {"employee", "sha256", ...} each with a 200 in the ledger
    refused: list  # {"sha256", "status"}
    events: dict  # sha256 -> state of the row
    doubled: list  # sha256 of bodies that are there more than once
    employees: dict  # employee id -> row
    intents: list  # rows, oldest first
    integrity: list  # what integrity_check and foreign_key_check said
    bob: dict  # employee id -> the sandbox's record
    users: list  # the sandbox's users
    writes: list  # applied or not, calls that change Okta, by sequence number
    audit: tuple  # (exit status of audit verify, or None where nobody could be asked; its output)
    trail: list  # records of intents and outcomes in the audit
    leaks: list  # (canary's name, where)
    before: Usage = None
    after: Usage = None
    deaths: list = dataclasses.field(default_factory=list)  # (exit status, its last words)
    is_up: bool = True
    lower_limit: int = None  # how many may be lowered; None: not asked
    revoked: set = dataclasses.field(default_factory=set)  # employees whose access was revoked
    holds: dict = dataclasses.field(default_factory=dict)  # employee id -> kinds
    may_be_held: set = dataclasses.field(default_factory=set)  # kinds a test's own faults can cause


def rows(db, sql, *values):
    return [dict(row) for row in db.execute(sql, values)]


def open_store(path):
    db = sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=20)
    db.row_factory = sqlite3.Row
    return db


def holds_of(db):
    kinds = {}
    for row in db.execute("SELECT employee_id, kind FROM holds"):
        kinds.setdefault(row["employee_id"], set()).add(row["kind"])
    return kinds


def events_of(db):
    """Deliveries nobody has read yet, then the settled ones: what moves on meanwhile is seen once at least."""
    waiting = {hashlib.sha256(row["body"]).hexdigest(): "received" for row in rows(db, "SELECT body FROM inbox")}
    settled = rows(db, "SELECT hex(sha256) AS hash, state FROM events")
    return {**waiting, **{row["hash"].lower(): row["state"] for row in settled}}


def read_store(path):
    db = open_store(path)
    try:
        return {
            "events": events_of(db),
            "doubled": [row["hash"].lower() for row in rows(
                db, "SELECT hex(sha256) AS hash FROM events GROUP BY connection, sha256 HAVING count(*) > 1")],
            "employees": {row["employee_id"]: row for row in rows(
                db, "SELECT employee_id, state, okta_id, generation, settled_generation, present_status,"
                " lowered, is_sessions_due, set_back, last_sentence, last_error FROM employees")},
            "intents": rows(
                db, 'SELECT intent_id, employee_id, kind, "limit", outcome, is_resolved, okta_id'
                " FROM intents ORDER BY intent_id"),
            "holds": holds_of(db),
            "integrity": [row[0] for row in db.execute("PRAGMA integrity_check(5)")] + [
                str(tuple(row)) for row in db.execute("PRAGMA foreign_key_check")],
        }
    finally:
        db.close()


def audit_of(world):
    """What `bob2okta audit verify` says, told the heads in all logs so far; and the records of actions."""
    server = world.server
    if not server.program.is_running():
        return (None, ""), []
    log = world.directory / "all.log"
    log.write_text(server.log())
    heads = ["--heads", str(log)] if audit_oracle.heads_of(log.read_text()) else []
    done = server.cli("audit", "verify", *heads)
    return (done.returncode, done.stdout + done.stderr), [
        record for kind in ("intent", "outcome") for record in audit_oracle.records(world, kind=kind)]


SECRETS = {"webhook secret": harness.SECRET, "Bob token": harness.BOB_TOKEN, "Okta token": harness.OKTA_TOKEN}


def find_leaks(world, personal):
    """Where secrets and names are that may not be there. Names may be in the store."""
    server = world.server
    texts = {"log": server.log()}
    if server.program.is_running():
        texts["metrics"] = server.metrics()
    found = []
    canaries = {**SECRETS, **{f"name {n}": name for n, name in enumerate(personal)}}
    for where, text in texts.items():
        found += [(name, where) for name, value in canaries.items() if value in text]
    for path in server.store.parent.iterdir():
        if path.name == "admin-token" or not path.is_file():
            continue
        data = path.read_bytes()
        found += [(name, path.name) for name, value in SECRETS.items() if value.encode() in data]
    found += [("core file", str(path)) for path in world.directory.glob("**/core*")]
    return found


def gather(world, ledger, *, personal=(), before=None, lower_limit=None, revoked=(), deaths=(),
           may_be_held=()):
    server, sandbox = world.server, world.sandbox
    acked = ledger.acked  # before the store, which may only have more by then
    store = read_store(server.store)
    employees = sandbox.get("/bob/employees")["employees"]
    audit, trail = audit_of(world)
    return Evidence(
        acked=acked, refused=ledger.refused, **store,
        bob={one["id"]: one for one in employees},
        users=sandbox.users(),
        writes=[call for call in sandbox.calls(0, system="okta", writes="1")],
        audit=audit, trail=trail,
        leaks=find_leaks(world, personal),
        before=before, after=usage(server) if server.program.is_running() else None,
        deaths=list(deaths), is_up=server.program.is_running(), lower_limit=lower_limit,
        revoked=set(map(str, revoked)), may_be_held=set(may_be_held),
    )
