# SPDX-License-Identifier: MIT
"""Who sees what of people: names and values are planted, and looked for in every answer (A-11, G-10).

A program with the admin token sees all: that shows that the canaries are where they are looked for.
Accounts need sessions; what is about them is skipped by a server without.
"""

import json
import re

import pytest

import harness

PASSWORD = "violet tram under nine poplars"
NAME, SURNAME, TITLE = "Zvanilde", "Canaryson", "Wimpelweberin"
NAMES = (NAME, SURNAME, "zvanilde", "canaryson")
ROUTE = re.compile(r'\{HTTP_(GET|POST), +"(/api/v1/[^"]*)", +HTTP_ROLE_(\w+),')
# What changes nothing, and what it is asked with; the other POSTs answer with counts and ids.
ASKED = {
    "/api/v1/people/{id}/plan": {},
    "/api/v1/plan": {},
    "/api/v1/plan/next": {"days": 7},
    "/api/v1/actions/{action}/undo": {"plan": True},
    "/api/v1/people/{id}/link": {"okta_user": "zvanilde.canaryson@example.com", "check": True},
}


def routes(method, role):
    text = (harness.ROOT / "server" / "routes.c").read_text()
    return [path for had, path, needs in ROUTE.findall(text) if had == method and needs == role]


class Somebody:
    """One account with its session, as a browser has it."""

    def __init__(self, server, name, code):
        self.server = server
        self.origin = "http://%s:%s" % server.admin
        answer = self.call("POST", "/api/v1/session/enter", {"code": code, "name": name, "password": PASSWORD}, {})
        assert answer.status == 200, answer
        self.cookie = answer.headers["Set-Cookie"].split(";")[0]
        self.csrf = answer.json()["csrf"]

    def call(self, method, path, body, headers):
        return harness.http_call(self.server.admin, method, path, body, {"Origin": self.origin, **headers}, timeout_s=120)

    def ask(self, method, path, body=None):
        headers = {"Cookie": self.cookie}
        if method != "GET":
            headers["X-CSRF-Token"] = self.csrf
        return self.call(method, path, body, headers)


def invite(server, role):
    return Somebody(server, role, server.api("POST", "/accounts", {"name": role, "role": role})["code"])


def needs_sessions(server):
    if harness.http_call(server.admin, "GET", "/api/v1/session").status != 200:
        pytest.skip("this server has no sessions yet")


@pytest.fixture
def planted(world):
    """Somebody who was hired, changed, held, released, swept, scanned; and a note about it all."""
    one = world()
    person = one.sandbox.hire(NAME, SURNAME, one.sandbox.get("/state")["today"], fields={"work.title": TITLE})
    one.sandbox.drain()
    one.quiet()
    one.sandbox.update(person, {"work.department": "Canary department"})
    one.sandbox.drain()
    one.quiet()
    server = one.server
    server.api("POST", f"/people/{person}/hold", {"why": f"{NAME} is on holiday"})
    server.api("POST", "/holds/release", {"employee_id": person})
    one.quiet()
    server.api("POST", f"/people/{person}/hold", {"why": f"{NAME} {SURNAME} is away again"})
    server.api("POST", f"/people/{person}/reveal", {"purpose": f"{NAME} asked for it"})
    server.api("POST", f"/people/{person}/sync", {})
    server.api("POST", "/pause", {"revocations": True, "by": "ops"})
    server.api("POST", "/resume", {"by": "ops"})
    one.sandbox.add_user(login=f"{NAME}@example.com", email=f"{NAME}@example.com", firstName=NAME, lastName="Elsewhere")
    sweep = server.api("POST", "/sweep", {})["sweep_id"]
    harness.wait_until(lambda: server.api("GET", f"/sweeps/{sweep}")["sweep"]["state"] != "running", "the sweep is done", 30)
    server.api("POST", "/adoption/scan", {})
    harness.wait_until(lambda: server.api("GET", "/adoption")["scan"]["state"] != "running", "the scan is done", 30)
    action = server.api("GET", f"/people/{person}")["actions"][0]["intent_id"]
    one.fill = {"{id}": person, "{sweep}": str(sweep), "{release}": "1", "{version}": "1", "{action}": str(action)}
    return one


def filled(one, path):
    for mark, value in one.fill.items():
        path = path.replace(mark, value)
    return path


def hits(answers, canaries):
    return [(path, canary) for path, answer in answers for canary in canaries if canary in answer.body.decode()]


def answers_of(one, ask, found, method):
    answers = []
    for path in found:
        if path.rsplit("/", 1)[-1].startswith("{") and "{" in filled(one, path):
            continue
        answers.append((path, ask(method, filled(one, path), None if method == "GET" else ASKED[path])))
    return answers


def test_a_program_sees_what_was_planted(planted):
    looked = answers_of(planted, planted.server.ask, routes("GET", "VIEWER"), "GET")
    seen = {path for path, _ in hits(looked, NAMES)}
    for path in ("people", "people/{id}", "people/{id}/timeline", "holds", "holds/releases/{release}", "audit", "sweeps/{sweep}"):
        assert "/api/v1/" + path in seen, path
    assert {path for path, _ in hits(looked, (TITLE,))} >= {"/api/v1/people/{id}", "/api/v1/people/{id}/timeline"}
    asked = answers_of(planted, planted.server.ask, ASKED, "POST")
    # She is linked already.
    assert all(answer.status == (409 if path.endswith("/link") else 200) for path, answer in asked), asked


def test_a_viewer_finds_nobody_in_any_answer(planted):
    needs_sessions(planted.server)
    Somebody(planted.server, "first", planted.server.api("POST", "/accounts/first-code")["code"])
    viewer = invite(planted.server, "viewer")
    looked = answers_of(planted, viewer.ask, routes("GET", "VIEWER"), "GET")
    assert sum(answer.status == 200 for _, answer in looked) > 20, looked
    assert hits(looked, (*NAMES, TITLE, "Canary")) == []
    for path in routes("GET", "OPERATOR") + routes("GET", "ADMIN"):
        assert viewer.ask("GET", filled(planted, path)).status == 403, path
    for path in routes("POST", "OPERATOR") + routes("POST", "ADMIN"):
        assert viewer.ask("POST", filled(planted, path), {}).status == 403, path
    people = viewer.ask("GET", "/api/v1/people?text=zvanilde").json()
    assert people["people"] == []


def test_a_viewer_reads_what_names_nobody(planted):
    needs_sessions(planted.server)
    Somebody(planted.server, "first", planted.server.api("POST", "/accounts/first-code")["code"])
    viewer = invite(planted.server, "viewer")
    planted.server.api("POST", "/accounts", {"name": "zvanilde.canaryson", "role": "viewer"})

    def says(kind):
        records = viewer.ask("GET", f"/api/v1/audit?kind={kind}").json()["records"]
        assert records, kind
        return [one["says"] for one in records]

    assert says("pause") == ["pause, revocations pass"] and says("resume") == ["resume"]
    assert says("sweep") == ["sweep"]
    assert any(re.fullmatch(r"create \(\d+\) by \S+", one) for one in says("intent")), says("intent")
    assert any(re.fullmatch(r"\(\d+\) done 200", one) for one in says("outcome")), says("outcome")
    assert set(says("hold")) == {"hold human"}
    for kind in ("account", "reveal"):
        assert set(says(kind)) == {"(masked)"}, kind
    # Nor can it be looked for.
    for text in ("zvanilde", "canary", "holiday", "asked%20for%20it"):
        assert viewer.ask("GET", f"/api/v1/audit?text={text}").json()["records"] == [], text


def test_values_are_seen_by_who_said_what_for(planted):
    needs_sessions(planted.server)
    Somebody(planted.server, "first", planted.server.api("POST", "/accounts/first-code")["code"])
    operator = invite(planted.server, "operator")
    looked = answers_of(planted, operator.ask, routes("GET", "VIEWER") + routes("GET", "OPERATOR"), "GET")
    looked += answers_of(planted, operator.ask, ASKED, "POST")
    assert hits(looked, (NAME,)) != []
    assert hits(looked, (TITLE,)) == []
    person = planted.fill["{id}"]
    answer = operator.ask("POST", f"/api/v1/people/{person}/reveal", {"purpose": "ticket 4711"})
    assert answer.status == 200, answer
    assert TITLE in operator.ask("GET", f"/api/v1/people/{person}/timeline").body.decode()
    record = planted.server.api("GET", "/audit?kind=reveal")["records"][0]
    assert record["who"] == "operator" and "ticket 4711" in json.dumps(record["payload"])
