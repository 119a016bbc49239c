#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Fills the store of a server that is stopped with invented people: fill.py STORE.db [--people 50000]

Straight into the tables, since 50,000 hires by way of Bob and Okta take an hour. Employee ids are
7000000000000000001 and on. Everybody but --failed and --waiting of them is at rest; --leaving and
--joining have a date within the next 7 days, --held wait for a human. Each has --actions changes and
--events deliveries in the past 30 days. Seeded: the same arguments make the same people.
"""

import argparse
import hashlib
import json
import random
import sqlite3
import time

HOUR_MS = 3600000
DAY_MS = 24 * HOUR_MS
SLOT_MS = 15 * 60 * 1000
RUNNING_MS = 40 * DAY_MS  # how long the server has run: limits count in it
FIRST_ID = 7000000000000000001
FIRST_NAMES = ["Ada", "Alan", "Anna", "Björn", "Chidi", "Dana", "Edith", "Farid", "Grace", "Hedy", "Ines", "Jürgen",
               "Katherine", "Linus", "Mary", "Noor", "Olga", "Paul", "Quinn", "Rosa", "Søren", "Tove", "Uma", "Zoë"]
LAST_NAMES = ["Abara", "Byron", "Castro", "Dijkstra", "Engel", "Franklin", "García", "Hopper", "Ivanova", "Johnson",
              "Kowalski", "Lamarr", "Müller", "Nakamura", "Okafor", "Patel", "Quispe", "Rossi", "Silva", "Turing",
              "Ueda", "Vaughan", "Wang", "Yilmaz", "Zuse"]
DEPARTMENTS = ["Engineering", "Finance", "Legal", "Marketing", "Operations", "Sales", "Support"]
KINDS = ["update"] * 80 + ["create", "activate", "deactivate", "end_sessions", "join_group", "leave_group", "suspend", "unsuspend"]
TIMES_MS = [1000] * 3 + [2000] * 6 + [3000] * 5 + [5000] * 3 + [10000, 20000, 60000]


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("store")
    parser.add_argument("--connection", default="default")
    for name, default in (("people", 50000), ("actions", 6), ("events", 2), ("failed", 12), ("held", 20),
                          ("waiting", 0), ("joining", 140), ("leaving", 60), ("seed", 1)):
        parser.add_argument(f"--{name}", type=int, default=default)
    return parser.parse_args()


def insert(db, table, rows):
    """Rows are dictionaries with the same keys."""
    first = next(rows, None)
    if first is None:
        return
    names = ", ".join(f'"{name}"' for name in first)
    marks = ", ".join("?" for _ in first)
    sql = f"INSERT OR REPLACE INTO {table} ({names}) VALUES ({marks})"
    db.execute(sql, tuple(first.values()))
    db.executemany(sql, (tuple(row.values()) for row in rows))


class People:
    def __init__(self, options, now_ms):
        self.options = options
        self.now_ms = now_ms

    def id_of(self, number):
        return str(FIRST_ID + number)

    def role(self, number):
        """Who is what: the first ones fail, then those held, waiting, joining, leaving."""
        for role in ("failed", "held", "waiting", "joining", "leaving"):
            count = getattr(self.options, role)
            if number < count:
                return role
            number -= count
        return ""

    def profile(self, number):
        first = FIRST_NAMES[number % len(FIRST_NAMES)]
        last = LAST_NAMES[number // len(FIRST_NAMES) % len(LAST_NAMES)]
        login = f"p{number}@example.com"
        return {"department": DEPARTMENTS[number % len(DEPARTMENTS)], "displayName": f"{first} {last}", "email": login,
                "firstName": first, "lastName": last, "login": login, "title": "Analyst"}

    def employees(self):
        for number in range(self.options.people):
            role = self.role(number)
            profile = self.profile(number)
            is_joining = role == "joining"
            due_ms = self.now_ms + random.randrange(HOUR_MS, 7 * DAY_MS) if role in ("joining", "leaving") else 0
            has_failed = role == "failed"
            yield {
                "connection": self.options.connection, "employee_id": self.id_of(number),
                "state": {"failed": "failed", "waiting": "dirty"}.get(role, "waiting" if due_ms else "idle"),
                "lane": {"joining": "join", "leaving": "leave"}.get(role, "update"),
                "generation": 1, "claimed_generation": 1, "settled_generation": 0 if has_failed else 1,
                "last_event_at_ms": self.now_ms - DAY_MS, "dirty_since_ms": self.now_ms - HOUR_MS if has_failed or role == "waiting" else 0,
                "policy_due_at_ms": due_ms, "attempts": 10 if has_failed else 0, "failing_since_ms": self.now_ms - HOUR_MS if has_failed else 0,
                "claimed_at_ms": self.now_ms - HOUR_MS, "read_at_ms": self.now_ms - HOUR_MS,
                "lifecycle": "hired" if is_joining else "employed",
                "okta_id": "" if is_joining else f"00ufill{number:013d}", "origin": "none" if is_joining else "created",
                "activation": "" if is_joining else "bob_status", "is_activated": 0 if is_joining else 1,
                "present_status": "NONE" if is_joining else "ACTIVE",
                "present_profile": None if is_joining else json.dumps(profile, ensure_ascii=False),
                "present_at_ms": self.now_ms - HOUR_MS, "bob_login": profile["login"], "bob_email": profile["login"],
                "display_name": profile["displayName"], "login": None if is_joining else profile["login"],
                "last_rule": "R1" if is_joining else "R2",
                "last_sentence": "starts later" if is_joining else "here, and the account is activated",
                "last_error": "Okta refused a value: title is too long" if has_failed else "",
                "last_run_at_ms": self.now_ms - HOUR_MS, "is_last_run_good": 0 if has_failed else 1,
                "wanted": "none" if is_joining else "active", "linked_at_ms": 0 if is_joining else self.now_ms - 40 * DAY_MS,
                "is_compared": 1, "confirmed_end_ms": due_ms if role == "leaving" else 0,
                "confirmed_at_ms": self.now_ms - HOUR_MS if role == "leaving" else 0, "mapped_version": 1,
            }

    def holds(self):
        first = self.options.failed
        for number in range(first, min(first + self.options.held, self.options.people)):
            yield {"connection": self.options.connection, "employee_id": self.id_of(number), "kind": "domain",
                   "limit": "none", "cause": "another domain than the settings allow", "by": "", "since_ms": self.now_ms - HOUR_MS,
                   "rule": "C2", "action": "update"}

    def moment(self):
        """In the past 30 days, fewer at night."""
        while True:
            at_ms = self.now_ms - random.randrange(30 * DAY_MS)
            if 7 <= at_ms // HOUR_MS % 24 < 19 or random.random() < 0.15:
                return at_ms

    def actions(self):
        for number in range(self.options.people):
            for turn in range(self.options.actions):
                at_ms = self.moment()
                yield {"connection": self.options.connection, "employee_id": self.id_of(number), "lease_token": 1,
                       "claimed_generation": 1, "kind": KINDS[(number + turn) % len(KINDS)], "limit": "none", "is_rename": 0,
                       "is_approved": 0, "approvals_used": 0, "lower_cause": "none", "lane": "update", "rule": "C1",
                       "reason": "the profile differs", "okta_id": f"00ufill{number:013d}", "body": '{"title":"Analyst"}',
                       "sends_email": 0, "sets_sessions_due": 0, "opened_at_ms": at_ms,
                       "running_ms": RUNNING_MS - (self.now_ms - at_ms), "outcome": "done",
                       "http_status": 200, "closed_at_ms": at_ms + 200, "settings_version": 1}

    def events(self):
        for number in range(self.options.people):
            for turn in range(self.options.events):
                at_ms = self.moment()
                yield {"connection": self.options.connection, "sha256": hashlib.sha256(f"{number}-{turn}".encode()).digest(),
                       "employee_id": self.id_of(number), "state": "accepted", "type": "employee.updated",
                       "received_at_ms": at_ms, "triggered_at_ms": at_ms - 500, "last_seen_at_ms": at_ms}

    def history(self):
        """The same in numbers, as the server counts them (server/store/history.h)."""
        counts = {}

        def add(at_ms, measure, detail):
            key = (at_ms - at_ms % SLOT_MS, measure, detail)
            counts[key] = counts.get(key, 0) + 1

        for number in range(self.options.people * self.options.actions):
            at_ms = self.moment()
            add(at_ms, "action", KINDS[number % len(KINDS)] + " done")
            add(at_ms, "event", "accepted")
            add(at_ms, "write", str(random.choice(TIMES_MS)))
            if number % 500 == 0:
                add(at_ms, "run", "failed")
        for (slot_ms, measure, detail), count in counts.items():
            yield {"connection": self.options.connection, "slot_ms": slot_ms, "measure": measure, "detail": detail, "count": count}


def main():
    options = arguments()
    random.seed(options.seed)
    people = People(options, int(time.time() * 1000))
    db = sqlite3.connect(options.store)
    db.execute("PRAGMA synchronous = OFF")
    insert(db, "employees", people.employees())
    insert(db, "holds", people.holds())
    insert(db, "intents", people.actions())
    insert(db, "events", people.events())
    db.execute("INSERT OR REPLACE INTO store_state (name, value) VALUES ('running_ms', ?)", (RUNNING_MS,))
    if db.execute("SELECT count(*) FROM sqlite_master WHERE name = 'history'").fetchone()[0]:
        insert(db, "history", people.history())
    db.commit()
    db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    db.close()


if __name__ == "__main__":
    main()
