# SPDX-License-Identifier: MIT
"""The audit trail's part of the oracle (I8): the chain verifies, and each effect in Okta has
exactly one intent and one outcome. Any test with a world may call check_audit."""

import collections
import json

import harness

# Actions that are one call to Okta, by the short name of that call (harness.short).
CALL_OF = {
    "create": ("create", "create+activate"),
    "update": ("update",),
    "activate": ("activate", "activate(no mail)"),
    "reactivate": ("reactivate",),
    "suspend": ("suspend",),
    "unsuspend": ("unsuspend",),
    "deactivate": ("deactivate",),
    "end_sessions": ("sessions",),
}


def records(one, **query):
    """All records, oldest first."""
    found, after = [], None
    while True:
        more = "".join(f"&{key}={value}" for key, value in query.items())
        page = one.server.get(
            f"/audit?order=oldest&limit=1000{more}" + (f"&after={after}" if after else ""))
        found += page["records"]
        after = page["next_after"]
        if not after:
            return found


def verify(one, heads=()):
    return one.server.post("/audit/verify", {"heads": list(heads)})


def by_intent(found, kind):
    groups = collections.defaultdict(list)
    for record in found:
        if record["kind"] == kind:
            groups[record["meta"]["intent_id"]].append(record)
    return groups


def check_pairs(found, is_quiet=True):
    """One intent and one outcome each, in this order, under one version of the settings."""
    intents, outcomes = by_intent(found, "intent"), by_intent(found, "outcome")
    for number, pair in intents.items():
        assert len(pair) == 1, f"intent {number} has {len(pair)} records"
    for number, pair in outcomes.items():
        assert len(pair) == 1, f"intent {number} has {len(pair)} outcomes"
        assert number in intents, f"outcome {number} has no intent"
        before, after = intents[number][0], pair[0]
        assert before["seq"] < after["seq"]
        assert before["settings_version"] == after["settings_version"], number
    if is_quiet:
        assert set(intents) == set(outcomes), "an intent has no outcome"
    return {n: (intents[n][0], outcomes[n][0]) for n in intents if n in outcomes}


def check_effects(one, pairs, is_exact):
    """What Okta did, by user and kind, against what the trail says was done. After faults a call
    may have been answered twice or found done by reading: then none may be without its record."""
    done = collections.Counter()
    for intent, outcome in pairs.values():
        action = intent["meta"]["action"]
        if outcome["meta"]["outcome"] == "done" and action in CALL_OF:
            done[action] += 1
    calls = collections.Counter(
        action for name in one.okta_writes() for action, names in CALL_OF.items() if name in names)
    for action in CALL_OF:
        if is_exact:
            assert done[action] == calls[action], (action, done, calls)
        elif calls[action]:
            assert done[action], f"{action} in Okta without a record: {calls}"


def check_audit(one, is_exact=False, is_quiet=True):
    """I8. is_exact: no fault was injected, so that each action was one call."""
    report = verify(one)
    assert report["finding"] == "whole", report
    pairs = check_pairs(records(one), is_quiet)
    check_effects(one, pairs, is_exact)
    return pairs


def heads_of(log):
    """The heads a server's log has, oldest first."""
    found = []
    for line in log.splitlines():
        if "audit head" in line:
            found += [word.split("=", 1)[1] for word in line.split() if word.startswith("head=")]
    return found


def output_of(result):
    return json.loads(result.stdout)


def stop_and_read(one):
    """The heads of a server that has stopped."""
    one.server.stop()
    return heads_of(one.server.log())


__all__ = ["check_audit", "check_pairs", "heads_of", "records", "stop_and_read", "verify",
           "harness"]
