# SPDX-License-Identifier: MIT
"""A-11, A-12: who gets how far on every route and method, generated from server/routes.c.

A caller is told by the class of the answer it gets. "through" means that the route itself answered:
bodies have a key that no route knows, so that nothing is done by it. What is expected follows from
the role and the flags in the table alone.
"""

import collections

import pytest

import harness
import route_table

RANK = {role: rank for rank, role in enumerate(route_table.ROLES)}
PASSWORD = "nine lives of a tabby cat"
BODY = {"no_such_key": True}
# Refusals that come before a route; any other answer is the route's own.
CLASSES = {"unauthorized", "forbidden", "not_fresh", "cross_site", "wrong_host"}
STALE_AFTER_S = 6 * 60
# Routes about whoever is signed in have nothing to say to a program with the token.
OWN = ("/api/v1/account/", "/api/v1/session/")

Caller = collections.namedtuple("Caller", "name role headers is_fresh")


class Session:
    """A browser's side of a session: its cookie, and what it sends with a change."""

    def __init__(self, server):
        self.server = server
        self.cookie = self.csrf = ""

    def headers(self):
        return {"Cookie": self.cookie, "X-CSRF-Token": self.csrf, "Sec-Fetch-Site": "same-origin",
                "Content-Type": "application/json"}

    def post(self, path, body):
        reply = harness.http_call(self.server.admin, "POST", "/api/v1" + path, body, self.headers())
        assert reply.status == 200, reply
        self.cookie = reply.headers["Set-Cookie"].split(";")[0]
        self.csrf = reply.json()["csrf"]
        assert self.cookie.startswith("__Host-bob2okta=") and self.csrf
        return reply.json()

    @classmethod
    def of(cls, server, role):
        """An account of that role, invited with the token and entered by its invitation."""
        code = server.post("/accounts", {"name": f"test.{role}", "role": role})["code"]
        session = cls(server)
        answer = session.post("/session/enter", {"code": code, "name": f"test.{role}", "password": PASSWORD})
        assert answer["account"]["role"] == role
        return session


def has_sessions(server):
    return harness.http_call(server.admin, "GET", "/api/v1/session").status == 200


def last_are_endings(route):
    return route.path.endswith("/session/end"), route.path


def guarded():
    return sorted((route for route in route_table.admin()), key=last_are_endings)


def class_of(reply):
    if reply.status in (401, 403, 421) and reply.headers["Content-Type"] == "application/json":
        code = reply.json()["error"]["code"]
        return code if code in CLASSES else "through"
    return "through"


def expected(route, caller):
    if route.role == "public":
        return "through"
    if caller.role is None:
        return "unauthorized"
    if RANK[caller.role] < RANK[route.role]:
        return "forbidden"
    return "not_fresh" if route.fresh and not caller.is_fresh else "through"


def ask(server, route, caller):
    body = None if route.method == "GET" else BODY
    return harness.http_call(server.admin, route.method, route_table.filled(route.path), body, caller.headers)


def matrix(server, callers):
    """Sentences about each route that let a caller further, or less far, than the table says."""
    found, cells = [], 0
    for route in guarded():
        for caller in callers:
            if caller.name == "token" and (route.path + "/").startswith(OWN):
                continue
            reply = ask(server, route, caller)
            cells += 1
            if reply.status >= 500:
                found.append(f"{caller.name}: {route.method} {route.path}: {reply}")
            elif class_of(reply) != expected(route, caller) and not is_own_business(route, reply):
                found.append(f"{caller.name}: {route.method} {route.path} ({route.role}{', fresh' * route.fresh}) "
                             f"-> {reply.status} {class_of(reply)}, expected {expected(route, caller)}")
    print(f"{cells} cells, {len(found)} wrong")
    return found


def is_own_business(route, reply):
    """Signing in says 401 itself to who gives no good password."""
    return route.role == "public" and route.path.startswith("/api/v1/session") and reply.status in (400, 401, 403)


def programs(server):
    """Callers without a session, and the one with the token."""
    wrong = [("nobody", {}), ("wrong token", {"Authorization": "Bearer " + "0" * 64}),
             ("half a token", {"Authorization": "Bearer " + server.token[:-1]}),
             ("no scheme", {"Authorization": server.token}), ("basic", {"Authorization": "Basic " + server.token}),
             ("invented cookie", {"Cookie": "__Host-bob2okta=" + "0" * 64, "Sec-Fetch-Site": "same-origin"})]
    return [Caller(name, None, headers, False) for name, headers in wrong] + \
        [Caller("token", "admin", {"Authorization": f"Bearer {server.token}"}, True)]


def test_the_table_is_not_laxer_than_it_should_be():
    """What A-12 names asks for a fresh proof; nothing but the page, probes and signing in is public."""
    rows = route_table.admin()
    is_open = {route.path for route in rows if route.role == "public" and not route.page}
    assert is_open - {"/api/v1/session", "/api/v1/session/enter"} == {"/healthz", "/readyz", "/metrics"}
    weighty = ("/api/v1/secrets/", "/api/v1/settings", "/api/v1/keys/rotate", "/api/v1/holds/release",
               "/api/v1/plan/approve", "/api/v1/accounts", "/api/v1/people/{id}/erase", "/api/v1/schema/apply", "/api/v1/backup")
    lax = [route.path for route in rows if route.method != "GET" and not route.fresh
           and route.path.startswith(weighty)]
    assert [path for path in lax if not path.endswith("/check")] == []
    assert [route for route in rows if route.role != "public" and not route.path.startswith("/api/v1/")] == []


def test_programs_get_as_far_as_the_table_says(world):
    server = world().server
    assert matrix(server, programs(server)) == []


def test_other_methods_are_405_for_whoever_asks(world):
    server = world().server
    token = {"Authorization": f"Bearer {server.token}"}
    has = collections.defaultdict(set)
    for route in route_table.admin():
        has[route_table.filled(route.path)].add(route.method)
    wrong = []
    for path, methods in has.items():
        for method in route_table.METHODS:
            if method in methods or (method == "HEAD" and "GET" in methods):
                continue
            for headers in ({}, token):
                reply = harness.http_call(server.admin, method, path, headers=headers)
                if reply.status != 405 or "Set-Cookie" in reply.headers:
                    wrong.append(f"{method} {path} -> {reply.status}")
    assert wrong == []


def test_people_get_as_far_as_the_table_says(world):
    """The same with sessions of each role, and with an admin whose proof is too old."""
    one = world(clock=0)
    server = one.server
    if not has_sessions(server):
        pytest.skip("this program has no sessions: GET /api/v1/session is not there")
    sessions = {role: Session.of(server, role) for role in route_table.ROLES[1:]}
    sessions["admin, not fresh"] = Session(server)
    sessions["admin, not fresh"].post("/session", {"name": "test.admin", "password": PASSWORD, "second": ""})
    # A clock that is set while the server runs neither ends nor prolongs anything; a restart shows it.
    one.set_clock(STALE_AFTER_S)
    one.restart()
    for role in route_table.ROLES[1:]:
        sessions[role].post("/session/fresh", {"password": PASSWORD, "second": ""})
    callers = [Caller(name, name.split(",")[0], session.headers(), "not" not in name)
               for name, session in sessions.items()]
    assert matrix(server, callers) == []
