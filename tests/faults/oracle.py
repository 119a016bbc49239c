# SPDX-License-Identifier: MIT
"""The oracle: what must be true after any fault, once all is quiet.

Twelve invariants, I1 to I12, each a function of Evidence that returns what is wrong with it
(nothing: it holds). check(world, ledger) waits for quiet, gathers, asks all of them and
raises Broken with everything they said. It shares no code with the product: who should have
which account is told once more, here, in a few lines.
"""

import collections
import signal

import audit_oracle
import evidence
from harness import short, wait_until


class Broken(AssertionError):
    """An invariant does not hold."""


# What repeats by design: Okta does not show whether it was done (engine rule 9).
REPEATABLE = {"sessions", "PUT /api/v1/groups/{id}/users/{userId}", "DELETE /api/v1/groups/{id}/users/{userId}"}
# The kind of an intent, by what the call is called.
KINDS = {
    "create": "create", "create+activate": "create", "update": "update", "activate": "activate",
    "activate(no mail)": "activate", "reactivate": "reactivate", "suspend": "suspend",
    "unsuspend": "unsuspend", "deactivate": "deactivate",
}
# An effect and what must lie between two of its kind.
OPPOSITES = {
    "suspend": {"unsuspend", "activate"}, "unsuspend": {"suspend"},
    "deactivate": {"activate"}, "activate": {"deactivate"},
}
# Bob's field for each attribute of the default mapping; labels stand for list values.
PROFILE = {
    "login": "root.email", "email": "root.email", "displayName": "root.displayName",
    "firstName": "root.firstName", "lastName": "root.surname", "title": "work.title",
    "mobilePhone": "work.workMobile", "primaryPhone": "work.workPhone", "department": "work.department",
}
# Exits on purpose, and the words that name them.
NAMED_EXITS = {0: "", 65: "newest backup", 74: "the disk failed"}


def applied(one):
    return [call for call in one.writes if call["applied"]]


def by_user(one):
    """Applied effects of each Okta user, in order: (name, call)."""
    effects = collections.defaultdict(list)
    for call in applied(one):
        effects[call["user_id"]].append((short({**call, "status": 200}), call))
    return effects


def named(one):
    """Employees some acknowledged event was about."""
    return sorted({line["employee"] for line in one.acked})


def user_of(one, employee):
    okta_id = one.employees.get(employee, {}).get("okta_id")
    for user in one.users:
        if okta_id and user["id"] == okta_id:
            return user
    return None


# ---------------------------------------------------------------- invariants

def i1_nothing_acknowledged_is_lost(one):
    """I1: every acknowledged event is in the store, and finished."""
    for line in one.acked:
        state = one.events.get(line["sha256"])
        if state is None:
            yield f"an acknowledged event of {line['employee']} is not in the store"
        elif state == "received":
            yield f"an acknowledged event of {line['employee']} was never read"
    for employee in named(one):
        row = one.employees.get(employee)
        if row and row["state"] in ("dirty", "working"):
            yield f"{employee} is still {row['state']}"


def i2_one_user_an_employee(one):
    """I2: nobody has two accounts, and no account has two people."""
    logins = collections.Counter(user["login"].lower() for user in one.users)
    yield from (f"{count} users have the login {login}" for login, count in logins.items() if count > 1)
    links = collections.Counter(row["okta_id"] for row in one.employees.values() if row["okta_id"])
    yield from (f"{okta_id} is linked {count} times" for okta_id, count in links.items() if count > 1)
    for user in one.users:
        creates = user["transitions"].count("create")
        if creates > 1 or (creates == 1 and links[user["id"]] != 1):
            yield f"{user['login']} was created {creates} times and is linked {links[user['id']]} times"


def i3_each_effect_once(one):
    """I3: create, activation mail, suspend, deactivate, reactivate, update: once for a version; and
    a body that came twice is kept once."""
    yield from (f"the body {body[:16]}... is kept twice" for body in one.doubled)
    for user, effects in by_user(one).items():
        last_update, since = None, collections.defaultdict(set)
        for name, call in effects:
            name = {"activate(no mail)": "activate", "create+activate": "create"}.get(name, name)
            if name == "update":
                if call.get("body") == last_update:
                    yield f"the same update of {user} twice (call {call['seq']})"
                last_update = call.get("body")
            elif name in OPPOSITES:
                if name in since and not since[name] & OPPOSITES[name]:
                    yield f"{name} of {user} twice (call {call['seq']})"
                since[name] = set()
            for others in since.values():
                others.add(name)
    for user in one.users:
        opened = [t for t in user["transitions"] if t in ("activate", "reactivate")]
        if user["activation_mails"] > max(1, len(opened)):
            yield f"{user['login']} got {user['activation_mails']} activation mails"


def wanted_status(one, employee):
    """None: no account, or a closed one."""
    record = one.bob.get(employee)
    if record is None or record.get("deleted"):
        return None
    if record["fields"].get("internal.lifecycleStatus", "").lower() == "terminated":
        return None
    return "SUSPENDED" if employee in one.revoked else "ACTIVE"


def wanted_profile(record):
    values = {**record["fields"], **record["labels"]}
    return {attribute: values[field] for attribute, field in PROFILE.items() if values.get(field)}


def i4_okta_is_what_bob_says(one):
    """I4: final Okta = mapping(final Bob), for everybody an event named."""
    for employee in named(one):
        if one.holds.get(employee, set()) & one.may_be_held:
            continue  # waits for a human, who is told why
        user, status = user_of(one, employee), wanted_status(one, employee)
        if status is None:
            if user and user["status"] != "DEPROVISIONED":
                yield f"{employee} is gone and {user['login']} is {user['status']}"
            continue
        if user is None:
            yield f"{employee} has no account"
        elif user["status"] != status:
            yield f"{user['login']} is {user['status']}, not {status}"
        elif status == "ACTIVE":
            for attribute, value in wanted_profile(one.bob[employee]).items():
                have = str(user["profile"].get(attribute) or "")
                same = have.lower() == str(value).lower() if attribute in ("login", "email") else have == str(value)
                if not same:
                    row = one.employees[employee]
                    yield (f"{attribute} of {employee} is {have!r}, not {value!r} ({row['state']}; set back:"
                           f" {row['set_back']}; {row['last_sentence']}; {row['last_error']})")


def number_in(call):
    """The tests count up in the phone, so that versions can be told apart."""
    phone = ((call.get("body") or {}).get("profile") or {}).get("primaryPhone") or ""
    digits = phone.rsplit(" ", 1)[-1]
    return int(digits) if digits.isdigit() else None


def i5_in_order(one):
    """I5: one employee's effects in order: create first, versions only go up."""
    for user, effects in by_user(one).items():
        highest = -1
        for at, (name, call) in enumerate(effects):
            if name.startswith("create") and at > 0:
                yield f"{user} was changed before it was created"
            number = number_in(call)
            if number is not None and number < highest:
                yield f"{user} went back from version {highest} to {number} (call {call['seq']})"
            highest = max(highest, number if number is not None else -1)


def i6_no_lowering_beyond_the_brake(one):
    """I6: no more people suspended or deactivated than the limits let through."""
    if one.lower_limit is None:
        return
    lowered = {user for user, effects in by_user(one).items()
               if any(name in ("suspend", "deactivate") for name, _ in effects)}
    if len(lowered) > one.lower_limit:
        yield f"{len(lowered)} people were lowered where {one.lower_limit} may be"


def i7_no_canary(one):
    """I7: no secret and no name where it may not be."""
    yield from (f"{name} in {where}" for name, where in one.leaks)


def i8_audit_is_whole(one):
    """I8: the chain verifies, and each effect has exactly one record that says done."""
    if one.audit[0] not in (None, 0):
        yield f"audit verify: {one.audit[1].strip()[-300:]}"
    done = collections.Counter(
        (row["okta_id"], row["kind"]) for row in one.intents if row["outcome"] == "done" and row["kind"] != "create")
    owners = {row["okta_id"]: employee for employee, row in one.employees.items() if row["okta_id"]}
    created = collections.Counter(row["employee_id"] for row in one.intents
                                  if row["outcome"] == "done" and row["kind"] == "create")
    for user, effects in by_user(one).items():
        counts = collections.Counter(KINDS[name] for name, _ in effects if name in KINDS)
        for kind, count in counts.items():
            have = created[owners.get(user)] if kind == "create" else done[(user, kind)]
            if have != count:
                yield f"{kind} of {user}: {count} in Okta, {have} in the audit"
    yield from (f"intent {row['intent_id']} ({row['kind']}) is still open"
                for row in one.intents if row["outcome"] == "open")
    if one.audit[0] is not None:
        yield from i8_trail(one)


def i8_trail(one):
    """The trail has each intent and its outcome, once, in this order."""
    try:
        pairs = audit_oracle.check_pairs(one.trail)
    except AssertionError as error:
        yield f"the trail: {error}"
        return
    yield from (f"intent {row['intent_id']} ({row['kind']}) is not in the trail"
                for row in one.intents if row["intent_id"] not in pairs)


def i9_store_is_sound(one):
    """I9: integrity_check and foreign_key_check find nothing."""
    yield from (text for text in one.integrity if text != "ok")


# Caches fill and pools grow to their bound; a leak passes these within a few hundred events.
MORE_DESCRIPTORS, MORE_THREADS, MORE_RSS_KIB = 16, 8, 48 * 1024


def i10_nothing_grows(one):
    """I10: no descriptor, thread or heap growth over the run of one process."""
    if one.before is None or one.after is None:
        return
    for what, most in (("descriptors", MORE_DESCRIPTORS), ("threads", MORE_THREADS), ("rss_kib", MORE_RSS_KIB)):
        grown = getattr(one.after, what) - getattr(one.before, what)
        if grown > most:
            yield f"{what} grew by {grown}, from {getattr(one.before, what)}"


def i11_up_or_ended_on_purpose(one):
    """I11: the process runs, or ended for a reason with a name."""
    if not one.is_up:
        yield "the process does not run"
    for status, words in one.deaths:
        if status not in NAMED_EXITS:
            yield f"the process ended with {status}: {words[-200:]}"
        elif NAMED_EXITS[status] not in words:
            yield f"exit {status} was not explained: {words[-200:]}"


def i12_refused_is_refused(one):
    """I12: what was refused got no 2xx, and nothing of it was kept."""
    for line in one.refused:
        if 200 <= line["status"] < 300:
            yield f"something to be refused was answered {line['status']}"
        if line["sha256"] in one.events:
            yield "something refused is in the store"


INVARIANTS = [
    i1_nothing_acknowledged_is_lost, i2_one_user_an_employee, i3_each_effect_once, i4_okta_is_what_bob_says,
    i5_in_order, i6_no_lowering_beyond_the_brake, i7_no_canary, i8_audit_is_whole, i9_store_is_sound,
    i10_nothing_grows, i11_up_or_ended_on_purpose, i12_refused_is_refused,
]


# --------------------------------------------------------------------- check

def judge(one, skip=()):
    """[(name of the invariant, what is wrong)]"""
    return [(rule.__name__.split("_")[0].upper(), text)
            for rule in INVARIANTS if rule.__name__.split("_")[0].upper() not in skip for text in rule(one)]


def let_go(server):
    """A kill looks like a crash: whom three in a row hit alone in mid-run, and what was being read at
    three, waits for a human, who lets go."""
    for hold in server.holds(kind="crash"):
        print(f"set aside by the kills: {hold['employee_id']}")
        server.post("/holds/release", {"employee_id": hold["employee_id"], "kind": "crash"})
    for event in server.status()["events_aside"]:
        print(f"set aside by the kills: event {event}")
        server.post("/retry", {"event_id": event})


def quiet(world, deadline_s=60):
    """Nothing waits, nobody is worked on or set aside, no intent is open, and no retry is to come."""
    def rest():
        let_go(world.server)
        store = evidence.read_store(world.server.store)
        return ([row for row in store["employees"].values() if row["state"] in ("dirty", "working", "parked")]
                + [row for row in store["intents"] if row["outcome"] == "open"]
                + [state for state in store["events"].values() if state == "received"])

    let_go(world.server)
    world.quiet(deadline_s)
    wait_until(lambda: not rest(), "nothing is left to do", deadline_s, 0.05)


def check(world, ledger, *, skip=(), deadline_s=60, is_quiet=False, **more):
    """All invariants after a fault. skip: names of invariants that a test has a reason not to ask."""
    if not is_quiet:
        try:
            quiet(world, deadline_s)
        except AssertionError as error:
            wrong = judge(evidence.gather(world, ledger, **more), skip)
            raise Broken(f"not quiet: {error}\n" + "\n".join(f"{n}: {t}" for n, t in wrong[:20])) from None
    one = evidence.gather(world, ledger, **more)
    wrong = judge(one, skip)
    if wrong:
        raise Broken("\n".join(f"{name}: {text}" for name, text in wrong[:30]))
    return one


def last_words(server):
    """Exit status of a server that ended, and the end of what it said."""
    status = server.program.process.poll()
    text = server.program.output("err") + server.program.output("out")
    return (status, text[-4000:])


def is_killed(status):
    return status in (-signal.SIGKILL, -signal.SIGABRT)
