# SPDX-License-Identifier: MIT
"""Day one in an Okta org that has users already: scan, decide, apply, link, unlink."""

import csv
import json

import pytest

from harness import wait_until

START = "2020-01-06"


def cli_json(one, *argv, **more):
    result = one.server.cli(*argv, "--json", **more)
    assert result.returncode == 0, result.stderr
    return json.loads(result.stdout)


def cli(one, *argv, status=0, **more):
    result = one.server.cli(*argv, **more)
    assert result.returncode == status, (result.stdout, result.stderr)
    return result.stdout + result.stderr


def person(one, first, last, number, **fields):
    """Somebody who was in Bob before bob2okta came: no event tells of it."""
    return one.sandbox.add_employee(**{
        "root.firstName": first, "root.surname": last,
        "root.displayName": f"{first} {last}",
        "root.email": f"{first}.{last}@example.com".lower(),
        "work.startDate": START, "work.employeeIdInCompany": number, **fields})


def user(one, first, last, number=None, login=None, status="ACTIVE", **more):
    login = login or f"{first}.{last}@example.com".lower()
    profile = {"login": login, "email": more.pop("email", login), "firstName": first,
               "lastName": last}
    if number is not None:
        profile["employeeNumber"] = str(number)
    return one.sandbox.post("/okta/users", {"profile": profile, "status": status, **more})["id"]


def org(one):
    """About sixty people, some of each kind."""
    made = {}
    for i in range(40):
        made[f"number{i}"] = person(one, f"Num{i}", "Berg", 1000 + i)
        user(one, f"Num{i}", "Berg", 1000 + i, login=f"n{i}@example.com")
    for i in range(5):
        made[f"login{i}"] = person(one, f"Log{i}", "Holm", 2000 + i)
        user(one, f"Log{i}", "Holm")
    made["elsewhere"] = person(one, "Ada", "King", 3000)
    user(one, "Ada", "King", 3000, provider="ACTIVE_DIRECTORY", sourced=True)
    made["doubtful"] = person(one, "Bea", "Lund", 3001)
    user(one, "Bea", "Lund", 9999)
    made["closed"] = person(one, "Cid", "Moor", 3002)
    user(one, "Cid", "Moor", 3002, status="DEPROVISIONED")
    made["several"] = person(one, "Dan", "Nagy", 3003)
    user(one, "Dan", "Nagy")
    made["several_user"] = user(one, "Daniel", "Nagy", 3003, login="dnagy@example.com")
    for i in range(6):
        made[f"new{i}"] = person(one, f"New{i}", "Ortiz", 4000 + i)
    made["left"] = person(one, "Eve", "Park", 3004, **{
        "internal.lifecycleStatus": "terminated", "internal.terminationDate": "2025-01-31"})
    user(one, "Eve", "Park", 3004)
    made["gone"] = person(one, "Fay", "Quist", 3005, **{
        "internal.lifecycleStatus": "terminated", "internal.terminationDate": "2025-01-31"})
    return made


@pytest.fixture
def day_one(world):
    one = world(mode="dry_run", start=False)
    made = org(one)
    one.start()
    return one, made


def in_class(one, class_, **query):
    more = "".join(f"&{key}={value}" for key, value in query.items())
    return {p["employee_id"]: p
            for p in one.server.get(f"/adoption/people?limit=500&class={class_}{more}")["people"]}


def test_scan_decide_apply_and_live_on(day_one):
    one, made = day_one
    writes = one.okta_writes()
    out = cli(one, "adopt")
    assert "exact" in out and "by employee_number 41, login 5" in out
    assert one.okta_writes() == writes, "a scan writes nothing"

    assert made["doubtful"] in in_class(one, "doubtful")
    assert in_class(one, "doubtful")[made["closed"]]["why"] == "closed"
    several = in_class(one, "doubtful")[made["several"]]
    assert several["why"] == "several" and len(several["others"]) == 1
    assert set(in_class(one, "unmatched")) == {made[f"new{i}"] for i in range(6)}
    assert set(in_class(one, "left")) == {made["left"]}
    assert set(in_class(one, "elsewhere")) == {made["elsewhere"]}
    assert made["gone"] not in in_class(one, "unmatched")

    # In bulk only with a word, and only exact ones.
    assert "--yes" in cli(one, "adopt", "decide", "--class", "exact", "--rule",
                          "employee_number", "link", status=2, stdin="")
    assert "41 decided" in cli(one, "adopt", "decide", "--class", "exact", "--rule",
                               "employee_number", "link", "--yes")
    assert "only exact" in cli(one, "adopt", "decide", "--class", "doubtful", "link", "--yes",
                               status=1)
    cli(one, "adopt", "decide", "--class", "left", "link", "--yes")
    cli(one, "adopt", "decide", "--class", "unmatched", "create", "--yes")
    cli(one, "adopt", "decide", made["new0"], "ignore")
    cli(one, "adopt", "decide", made["several"], "link", "--okta-user", made["several_user"])
    assert one.server.record(made["number0"]) is None, "deciding does nothing yet"

    # A fact changes behind our back: not linked.
    one.sandbox.patch_user("n7@example.com", profile={"employeeNumber": "77777"})
    out = cli(one, "adopt", "apply", "--yes")
    assert "48 of 49 carried out; 0 refused; 1 doubtful again" in out
    assert in_class(one, "doubtful")[made["number7"]]["why"] == "changed"
    linked = one.server.record(made["number0"])
    assert one.sandbox.user(linked["okta_id"])["login"] == "n0@example.com"
    assert one.server.record(made["elsewhere"])["is_sourced_elsewhere"]
    assert one.server.record(made["several"])["okta_id"] == made["several_user"]
    one.quiet()
    assert one.okta_writes() == writes, "dry_run: links are made, Okta is not written"

    # A rescan keeps what is decided, and counts the linked ones.
    assert "linked already" in cli(one, "adopt")
    report = one.server.get("/adoption")
    assert report["scan"]["linked"] == 42 and report["scan"]["taken_back"] == 0

    settings = one.server.document
    settings["connections"][0]["mode"] = "live"
    one.restart(settings)
    one.quiet()
    # Created as decided; not the ignored one; nobody's login was touched.
    assert one.status_of("new1.ortiz@example.com") == "PROVISIONED"
    assert one.status_of("new0.ortiz@example.com") is None
    assert one.status_of("n0@example.com") == "ACTIVE"
    one.sandbox.update(made["number0"], {"work.title": "Pilot"})
    one.quiet()
    assert one.sandbox.user("n0@example.com")["profile"]["title"] == "Pilot"
    one.sandbox.update(made["elsewhere"], {"work.title": "Pilot"})
    one.quiet()
    assert "title" not in one.sandbox.user("ada.king@example.com")["profile"]

    # M3: what the first comparison would lower is a question.
    assert one.server.hold_kinds(made["left"]) == ["first_lower"]
    assert one.status_of("eve.park@example.com") == "ACTIVE"
    cli(one, "release", made["left"])
    one.quiet()
    assert one.status_of("eve.park@example.com") == "DEPROVISIONED"


def test_a_scan_and_an_apply_can_be_ended_and_go_on(day_one):
    one, _ = day_one
    ask = one.server.ask

    def job(kind):
        return one.server.get("/adoption")[kind]

    assert ask("POST", "/api/v1/adoption/stop", {}).status == 409
    assert one.server.cli("adopt", "stop").returncode == 1
    one.sandbox.post("/settings", {"bob_latency_ms": 8000})
    one.server.post("/adoption/scan", {"by": "ada"})
    assert "ends after" in cli(one, "adopt", "stop")
    one.sandbox.post("/settings", {"bob_latency_ms": 0})
    wait_until(lambda: job("scan")["state"] != "running", "the scan has ended", 60)
    assert job("scan")["state"] == "stopped" and "before it was done" in job("scan")["sentence"]

    cli(one, "adopt")
    cli(one, "adopt", "decide", "--class", "exact", "link", "--yes")
    # A look at each user, no faster than Okta allows: there is time to end it.
    one.sandbox.post("/settings", {"okta_latency_ms": 200})
    assert ask("POST", "/api/v1/adoption/apply", {"by": "ada"}).status == 202
    wait_until(lambda: job("apply")["done"] >= 1, "the first is linked", 30)
    one.server.post("/adoption/stop", {"by": "ben"})
    one.sandbox.post("/settings", {"okta_latency_ms": 0})
    wait_until(lambda: job("apply")["state"] != "running", "the apply has ended", 30)
    ended = job("apply")
    assert (ended["state"], ended["sentence"]) == ("stopped", "stopped by ben before it was done")
    assert 1 <= ended["done"] < ended["total"] == 46, ended
    cli(one, "adopt", "apply", "--yes")
    assert job("apply")["state"] == "done" and job("apply")["done"] == 46 - ended["done"]


def test_a_spreadsheet_there_and_back(day_one):
    one, made = day_one
    evil = person(one, "=cmd|calc!A1", "Zed", 5000)
    cli(one, "adopt")
    path = one.directory / "people.csv"
    assert "written" in cli(one, "adopt", "export", str(path))
    assert "cannot be made" in cli(one, "adopt", "export", str(path), status=1)
    text = path.read_text()
    assert ",'=cmd|calc!A1 Zed," in text, "no formula"
    rows = list(csv.DictReader(text.splitlines()))
    by_id = {row["employee_id"].lstrip("'"): row for row in rows}
    assert by_id[made["login0"]]["class"] == "exact" and evil in by_id

    by_id[made["login0"]]["decision"] = "link"
    by_id[made["several"]]["decision"] = "link"
    by_id[made["new1"]]["decision"] = "maybe"
    bad = one.directory / "bad.csv"

    def write(where):
        with open(where, "w", newline="") as out:
            table = csv.DictWriter(out, rows[0].keys(), delimiter=";")
            table.writeheader()
            table.writerows(rows)

    write(bad)
    out = cli(one, "adopt", "import", str(bad), "--yes", status=2)
    assert f"line {rows.index(by_id[made['new1']]) + 2}: " in out
    by_id[made["new1"]]["decision"] = "create"
    write(bad)
    out = cli(one, "adopt", "import", str(bad), "--yes", status=2)
    assert f"line {rows.index(by_id[made['several']]) + 2}: several Okta users" in out
    assert not [p for p in in_class(one, "exact").values() if p["decision"] != "none"]
    by_id[made["several"]]["okta_user"] = made["several_user"]
    write(bad)
    assert "3 decided" in cli(one, "adopt", "import", str(bad), "--yes")
    assert in_class(one, "exact")[made["login0"]]["decision"] == "link"
    assert "0 decisions change" in cli(one, "adopt", "import", str(bad), "--yes")


def test_link_and_unlink_one_person(day_one):
    one, made = day_one
    settings = one.server.document
    settings["connections"][0]["mode"] = "live"
    one.restart(settings)
    writes = one.okta_writes()

    out = cli(one, "link", made["doubtful"], "bea.lund@example.com", "--yes", status=1)
    assert "IN BOB" in out and "the employee numbers differ" in out and "--although" in out
    out = cli(one, "link", made["doubtful"], "bea.lund@example.com", "--yes", "--although",
              "asked her")
    assert "linked" in out
    one.quiet()
    assert one.server.record(made["doubtful"])["okta_id"]
    # The number is written now; login and e-mail are not.
    assert one.okta_writes()[len(writes):] == ["update"]
    out = cli(one, "link", made["login1"], "bea.lund@example.com", "--yes", status=1)
    assert f"linked to employee {made['doubtful']}" in out
    assert "protected" in cli(one, "link", made["login1"], "okta.admin@example.com", "--yes",
                              status=1)

    writes = one.okta_writes()
    assert "not linked" in cli(one, "unlink", made["doubtful"], "--yes")
    one.sandbox.update(made["doubtful"], {"work.title": "Pilot"})
    one.quiet()
    assert one.okta_writes() == writes, "held: nothing is written, no second account"
    assert one.server.hold_kinds(made["doubtful"]) == ["human"]
    assert not one.server.record(made["doubtful"])["okta_id"]
    actions = [a["kind"] for a in one.server.person(made["doubtful"])["actions"]]
    assert "unlink" in actions and "link" in actions
    cli(one, "link", made["doubtful"], "bea.lund@example.com", "--yes", "--although", "again")
    one.quiet()
    assert one.server.hold_kinds(made["doubtful"]) == []
    wait_until(lambda: one.sandbox.user("bea.lund@example.com")["profile"].get("title") == "Pilot",
               "the account follows again")
