# SPDX-License-Identifier: MIT
"""The audit trail, retention, and what is held about one person: as an administrator has them."""

import json
import pathlib
import re
import shutil
import sqlite3
import sys

import pytest

import harness
from harness import day, event, now_text, wait_until

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "faults"))
from audit_oracle import check_audit, heads_of, records, stop_and_read, verify  # noqa: E402

PAST = -30
ACTIVE = {"okta_password_optional": True}


@pytest.fixture(scope="module")
def shared():
    with harness.World(sandbox_settings=ACTIVE) as one:
        one.employee = one.hire_settled("Ada", "Shared", day(PAST))
        yield one


def ok(result):
    assert result.returncode == 0, f"exit {result.returncode}\n{result.stdout}\n{result.stderr}"
    return result.stdout


def newest(one, kind):
    found = one.server.get(f"/audit?kind={kind}&limit=1")["records"]
    return found[0] if found else None


# -------------------------------------------------------------------- records

def test_each_effect_is_an_intent_and_an_outcome(world):
    one = world(sandbox_settings=ACTIVE)
    people = [one.hire_settled("Ada", f"Effect{n}", day(PAST)) for n in range(3)]
    one.sandbox.update(people[0], {"work.workPhone": "+44 20 1"})
    one.sandbox.life(people[1], "terminate", at=day(0))
    one.quiet()
    pairs = check_audit(one, is_exact=True)
    actions = sorted(intent["meta"]["action"] for intent, _ in pairs.values())
    assert actions.count("create") == 3 and "update" in actions and "deactivate" in actions
    version = one.server.get("/status")["settings"]["version"]
    assert {intent["settings_version"] for intent, _ in pairs.values()} == {version}


# Route, body and the kind of the one record each leaves.
DECISIONS = [
    ("/people/{id}/sync", {}, "sync"),
    ("/people/{id}/retry", {}, "retry"),
    ("/sync", {}, "sync"),
    ("/retry", {"failed": True}, "retry"),
    ("/pause", {"revocations": True}, "pause"),
    ("/resume", {}, "resume"),
    ("/people/{id}/hold", {"why": "a holiday"}, "hold"),
    ("/holds/release", {"employee_id": "{id}"}, "release"),
    ("/people/{id}/export", {}, "export"),
    ("/audit/export", {}, "export"),
    ("/audit/export", {"format": "csv"}, "export"),
    ("/log-level", {"level": "info"}, "log"),
    ("/sweep", {}, "sweep"),
]


@pytest.mark.parametrize("path,body,kind", DECISIONS,
                         ids=[f"{row[0]}{row[1].get('format', '')}" for row in DECISIONS])
def test_a_decision_of_a_human_is_one_record(shared, path, body, kind):
    shared.quiet()
    body = {key: value.format(id=shared.employee) if isinstance(value, str) else value
            for key, value in body.items()}
    before = records(shared)[-1]["seq"]
    reply = shared.server.ask("POST", "/api/v1" + path.format(id=shared.employee),
                              {**body, "by": "grace"})
    assert reply.status in (200, 202), reply
    fresh = [r for r in records(shared) if r["seq"] > before and r["who"] == "grace"]
    assert [record["kind"] for record in fresh] == [kind], fresh
    assert fresh[0]["origin"] == "127.0.0.1"


def test_a_version_of_the_settings_is_one_record(world):
    one = world()
    document = json.loads(json.dumps(one.server.document))
    document["retention"] = {"audit_days": 400}
    shown = one.server.get("/settings")
    assert shown["version"] == 1
    assert [r["meta"]["source"] for r in records(one, kind="settings")] == ["file"]
    one.server.write_settings(document)
    one.server.post("/settings/reload", {"by": "grace"})
    found = records(one, kind="settings")
    assert [(r["who"], r["settings_version"]) for r in found][1:] == [("grace", 2)]


def test_the_list_is_readable(shared):
    text = ok(shared.server.cli("audit", "--person", shared.employee, "--since", "1d"))
    assert re.search(rf"intent +{shared.employee} +server", text), text
    assert "done 2" in text and "create" in text
    data = json.loads(ok(shared.server.cli("audit", "--kind", "intent", "--json")))
    assert {record["kind"] for record in data["records"]} == {"intent"}
    assert ok(shared.server.cli("audit", "--until", "2020-01-01")) == "no records\n"
    for argv in (["--since", "soon"], ["--person", "x"], ["frob"], ["verify", "--head", "7"],
                 ["verify", "--file", "x.db"], ["export"]):
        result = shared.server.cli("audit", *argv)
        assert result.returncode == 2 and len(result.stderr) > 10, (argv, result)


def test_an_export_is_whole_and_in_the_trail(shared):
    path = shared.directory / "trail.ndjson"
    path.unlink(missing_ok=True)
    text = ok(shared.server.cli("audit", "export", str(path)))
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    assert [line["seq"] for line in lines] == list(range(1, len(lines) + 1))
    assert lines[-1]["kind"] == "export" and f"{len(lines)} records" in text
    assert path.stat().st_mode & 0o077 == 0
    again = shared.server.cli("audit", "export", str(path))
    assert again.returncode == 1 and "is there already" in again.stderr


# ------------------------------------------------------------------ verifying

def test_a_trail_is_verified_live_against_the_log_and_as_a_copy(world):
    one = world(sandbox_settings=ACTIVE)
    one.hire_settled("Ada", "Whole", day(PAST))
    text = ok(one.server.cli("audit", "verify"))
    assert "is whole" in text and "no head was compared" in text
    heads = stop_and_read(one)
    assert heads, "no head in the log of a server that has stopped"
    log = one.directory / "kept.log"
    log.write_text(one.server.log())
    copy, key = one.directory / "copy.db", one.server.store.parent / "master-key"
    shutil.copy(one.server.store, copy)
    offline = one.server.cli("audit", "verify", "--file", str(copy), "--key-file", str(key),
                             "--heads", str(log))
    assert "is whole" in ok(offline) and "no head" not in offline.stdout
    with sqlite3.connect(copy) as db:
        db.execute("DELETE FROM audit_records WHERE seq = 3")
    db.close()
    result = one.server.cli("audit", "verify", "--file", str(copy), "--key-file", str(key))
    assert result.returncode == 1 and "record 3 is missing" in result.stdout
    one.server.start()
    # A backup has another journal than a store in use.
    backup = one.directory / "backup.db"
    ok(one.server.cli("backup", str(backup)))
    offline = one.server.cli("audit", "verify", "--file", str(backup), "--key-file", str(key),
                             "--heads", str(log))
    assert "is whole" in ok(offline)
    live = one.server.cli("audit", "verify", "--heads", str(log))
    assert "is whole" in ok(live) and "no head" not in live.stdout


def test_a_broken_trail_is_found_at_the_start(world):
    one = world(sandbox_settings=ACTIVE)
    one.hire_settled("Ada", "Broken", day(PAST))
    assert wait_until(lambda: one.server.get("/status")["audit"]["verified_at_ms"], "a first look")
    assert one.server.get("/status")["audit"]["broken"] is None
    one.server.stop()
    with sqlite3.connect(one.server.store) as db:
        db.execute("UPDATE audit_records SET who = 'nobody' WHERE seq = 2")
    db.close()
    one.server.start()
    broken = wait_until(lambda: one.server.get("/status")["audit"]["broken"], "the break is found")
    assert broken.startswith("changed: record 2 ")
    assert "audit trail BROKEN: changed: record 2" in ok(one.server.cli("status"))
    wait_until(lambda: "the audit trail is broken" in one.server.log(), "and logged")


def test_heads_come_with_every_hundred_records(world):
    one = world()
    for n in range(110):
        one.server.post("/audit/export", {"by": f"n{n}"})
    heads = heads_of(one.server.log())
    assert heads and int(heads[0].split(":")[0]) <= 101, heads
    assert verify(one, heads)["heads_met"] == len(heads)


# -------------------------------------------------------------------- a person

def leaver(one, surname):
    employee = one.hire_settled("Ada", surname, day(PAST))
    one.sandbox.life(employee, "terminate", at=day(0))
    one.quiet()
    assert one.status_of(f"ada.{surname.lower()}@example.com") == "DEPROVISIONED"
    return employee


def where(one, needle):
    """Every file of the server that holds the text: store, log, index, logs."""
    found = []
    for path in [*one.server.store.parent.iterdir(), *one.directory.glob("server.*")]:
        if path.is_file() and needle.encode().lower() in path.read_bytes().lower():
            found.append(path.name)
    return found


def test_an_erased_person_is_nowhere_and_does_not_come_back(world):
    one = world(sandbox_settings=ACTIVE)
    other = one.hire_settled("Grace", "Stays", day(PAST))
    employee = leaver(one, "Zvanildova")
    assert where(one, "zvanildova")
    asked = one.server.cli("person", "erase", employee)
    assert asked.returncode == 2 and "--yes" in asked.stderr
    refused = one.server.cli("person", "erase", employee, "--yes")
    assert refused.returncode == 1 and "limit" in refused.stderr
    text = ok(one.server.cli("person", "erase", employee, "--yes", "--although", "asked for it"))
    assert "is erased" in text and "as it was" in text
    assert where(one, "zvanildova") == []
    assert one.server.person(employee) is None
    assert one.server.person(other) is not None
    assert one.status_of("ada.zvanildova@example.com") == "DEPROVISIONED"
    mark = one.sandbox.mark()
    assert one.server.post_event(event(employee)).status == 200
    assert one.server.post_event(event(employee, "employee.joined",
                                       triggered_at=now_text(-3600))).status == 200
    one.quiet()
    assert one.server.person(employee) is None and one.okta_calls(since=mark) == []
    assert one.server.ask("POST", f"/api/v1/people/{employee}/sync", {}).status == 409
    assert where(one, "zvanildova") == []
    assert verify(one)["finding"] == "whole" and verify(one)["erased_payloads"] > 3
    (record,) = records(one, kind="erase")
    assert record["is_erased"] and record["meta"]["although"] == "asked for it"
    assert one.server.cli("person", "erase", employee, "--yes").returncode == 1
    # Hired again, later: known as anybody.
    one.sandbox.life(employee, "rehire", at=day(0), send=False)
    assert one.server.post_event(event(employee, "employee.joined",
                                       triggered_at=now_text(60))).status == 200
    wait_until(lambda: one.server.person(employee), "the person is known again")


def test_who_has_an_open_account_is_not_erased_by_mistake(shared):
    result = shared.server.cli("person", "erase", shared.employee, "--yes")
    assert result.returncode == 1 and "account is open" in result.stderr
    assert shared.server.cli("person", "erase", "99999999", "--yes").returncode == 1


def test_an_export_of_a_person_has_all_and_nothing_of_others(world):
    one = world(sandbox_settings=ACTIVE)
    employee = one.hire_settled("Ada", "Exported", day(PAST))
    one.hire_settled("Grace", "Quorbinet", day(PAST))
    text = ok(one.server.cli("person", "export", employee))
    person = json.loads(text)
    assert person["employee_id"] == employee
    assert person["held"]["employees"][0]["present_profile"]["login"] == "ada.exported@example.com"
    assert person["held"]["intents"] and person["held"]["events"][0]["body"]
    assert {"intent", "outcome"} <= {record["kind"] for record in person["audit"]}
    assert "quorbinet" not in text.lower()
    assert newest(one, "export")["employee_id"] == employee


# ------------------------------------------------------------------ retention

def test_what_is_kept_no_longer_is_emptied(world):
    """G-03, G-04: days go by for the server alone; a restart runs the job at once."""
    one = world(sandbox_settings=ACTIVE, clock=0)
    employee = leaver(one, "Wexelbruck")
    body = event(employee, "employee.updated", note="Ysgramorine")
    assert one.server.post_event(body).status == 200
    one.quiet()
    assert where(one, "ysgramorine") and where(one, "wexelbruck")

    def after(days):
        one.server.stop()
        one.set_clock(days * 86400)
        one.server.start()
        wait_until(lambda: one.server.get("/status")["retention"]["at_ms"] >
                   harness.time.time() * 1000 + (days - 1) * 86400000, "the job has run")
        one.server.stop()  # the log is in the file then
        one.server.start()

    after(6)
    assert where(one, "ysgramorine")
    after(8)
    assert where(one, "ysgramorine") == []
    assert one.server.person(employee)["employee"]["display_name"]
    after(60)
    assert where(one, "wexelbruck") == []
    assert one.server.person(employee)["employee"]["okta_id"]
    assert one.server.get("/status")["retention"]["last"]["at_ms"] > 0
    assert verify(one)["finding"] == "whole"
    after(500)
    report = verify(one)
    assert report["finding"] == "whole" and report["first_seq"] > 1
