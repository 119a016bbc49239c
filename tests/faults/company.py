# SPDX-License-Identifier: MIT
"""People in Bob, what happens to them, and the webhooks that tell of it.

Each happening changes Bob's record first and sends nothing; the event goes out through a
Sender, whose ledger knows what was acknowledged.
"""

import itertools

import harness
from harness import day, event

# Fast windows and no password step, so that a fault is what a test waits for.
SANDBOX = {
    "okta_password_optional": True, "okta_window_s": 1, "bob_window_s": 1, "bob_search_per_min": 1000,
    "okta_limits": {"users": 5000, "users_write": 5000, "users_read": 5000},
}


class Person:
    def __init__(self, employee, login):
        self.id = employee
        self.login = login
        self.is_gone = self.is_revoked = False


class Company:
    """The events of one world; numbers never repeat, so that versions can be told apart."""

    def __init__(self, world, prefix="Fault"):
        self.world = world
        self.sandbox = world.sandbox
        self.prefix = prefix
        self.people = []
        self.numbers = itertools.count(1)
        self.sandbox.webhooks(url="")

    def new(self, **fields):
        n = len(self.people)
        login = f"{self.prefix}.{n}@example.com".lower()
        employee = self.sandbox.add_employee(**{
            "root.firstName": "Ada", "root.surname": f"{self.prefix}{n}", "root.email": login, **fields})
        person = Person(employee, login)
        self.people.append(person)
        return person

    def team(self, count):
        return [self.new() for _ in range(count)]

    @property
    def revoked(self):
        return [person.id for person in self.people if person.is_revoked]

    @property
    def names(self):
        return [f"{self.prefix}0", f"{self.prefix}.0@"]

    # -- happenings; each returns the body that tells of it

    def tell(self, person, kind="employee.updated", **more):
        return event(person.id, kind, n=next(self.numbers), **more)

    def join(self, person):
        return self.tell(person, "employee.created")

    def update(self, person):
        self.sandbox.update(person.id, {"work.workPhone": f"+44 {next(self.numbers)}"}, send=False)
        return self.tell(person)

    def rename(self, person):
        n = next(self.numbers)
        person.login = f"{self.prefix}.renamed{n}@example.com".lower()
        self.sandbox.update(person.id, {"root.email": person.login, "root.surname": f"Renamed{n}"}, send=False)
        return self.tell(person)

    def leave(self, person):
        self.sandbox.life(person.id, "terminate", at=day(0), send=False)
        person.is_gone = True
        return self.tell(person, "employee.left")

    def rehire(self, person):
        self.sandbox.life(person.id, "rehire", at=day(0), send=False)
        person.is_gone = person.is_revoked = False
        return self.tell(person)

    def revoke(self, person):
        self.sandbox.life(person.id, "revoke", at=day(5), send=False)
        person.is_revoked = True
        return {**harness.revoked_event(person.id), "n": next(self.numbers)}


# One event of each kind, and what the person must have been through before it.
KINDS = {
    "join": (),
    "update": ("join",),
    "rename": ("join",),
    "leave": ("join",),
    "rehire": ("join", "leave"),
    "revoke": ("join",),
}


def prepare(company, sender, people, kind):
    """Brings people to where an event of that kind makes sense; the caller waits for quiet."""
    for step in KINDS[kind]:
        for person in people:
            sender.put(person.id, getattr(company, step)(person))
        sender.drain()
        company.world.quiet(60)
