# SPDX-License-Identifier: MIT
"""H-06: what every answer of both listeners says to a browser, found by going through both route tables."""

import email
import re

import pytest

import harness
import route_table

EVERYWHERE = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
                               "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Strict-Transport-Security": "max-age=31536000",
}
IMMUTABLE = "public, max-age=31536000, immutable"
BODIES = (None, "", "{}", '{"no_such_key": 1}', "no json")


def misses(what, reply):
    """Sentences about what an answer lacks, says twice, or says otherwise."""
    have = {name: reply.headers.get_all(name) or [] for name in (*EVERYWHERE, "Cache-Control", "Content-Type", "X-Request-Id")}
    found = [f"{name} is {have[name]}" for name, value in EVERYWHERE.items() if have[name] != [value]]
    is_asset = reply.status == 200 and "/assets/" in what
    if have["Cache-Control"] != [IMMUTABLE if is_asset else "no-store"]:
        found.append(f"Cache-Control is {have['Cache-Control']}")
    kind = have["Content-Type"][0] if len(have["Content-Type"]) == 1 else ""
    is_text = kind.startswith("text/") or "+xml" in kind
    if not kind or (is_text and not kind.endswith("; charset=utf-8")):
        found.append(f"Content-Type is {have['Content-Type']}")
    if reply.status >= 400 and kind != "application/json":
        found.append(f"a refusal is {kind}")
    if len(have["X-Request-Id"]) != 1 or "Server" in reply.headers:
        found.append("no id of its own, or a banner")
    return [f"{what} -> {reply.status}: {one}" for one in found]


def requests_of(table):
    """Every path of a table with every method, and paths that no table has."""
    paths = sorted({route_table.filled(route.path) for route in table})
    return [(method, path) for path in paths + ["/no/such/path", "/a%zz", "/?no_such_argument=1"]
            for method in route_table.METHODS]


def crawl(address, table, headers):
    """(answers seen, misses). Bodies are ones that no route takes, but for {}: nothing is broken by it."""
    seen, found = 0, []
    for method, path in requests_of(table):
        for body in BODIES if method in ("POST", "PUT") else (None,):
            for query in ("", "?no_such_argument=1"):
                if method in ("POST", "PUT") and body in (None, "{}", "") and not query:
                    continue  # it might do something
                reply = harness.http_call(address, method, path + query, body, headers)
                seen += 1
                found += misses(f"{method} {path}{query} {body!r}", reply)
    return seen, found


def raw_reply(address, data):
    """An answer to bytes that no HTTP library would send, as a Reply."""
    head, _, body = harness.raw_call(address, data).partition(b"\r\n\r\n")
    line, _, fields = head.partition(b"\r\n")
    return harness.Reply(int(line.split()[1]), email.message_from_bytes(fields + b"\r\n\r\n"), body)


def test_every_answer_of_both_listeners_carries_the_headers(world):
    server = world().server
    token = {"Authorization": f"Bearer {server.token}"}
    total, found = 0, []
    for address, table, headers in (
            (server.public, route_table.public(), {}),
            (server.admin, route_table.admin(), {}),
            (server.admin, route_table.admin(), {"Authorization": "Bearer wrong"}),
            (server.admin, route_table.admin(), token)):
        seen, more = crawl(address, table, headers)
        total += seen
        found += more
    print(f"{total} answers, {len(found)} misses")
    assert found == []
    assert total > 2000


# What never reaches a handler, by the status it has.
ODD = {
    400: b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
    413: b"POST /webhooks/bob HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99999999\r\n\r\n",
    414: b"GET /" + b"x" * 2000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n",
    431: b"GET / HTTP/1.1\r\nHost: localhost\r\n" + b"".join(b"H%d: x\r\n" % n for n in range(80)) + b"\r\n",
}


@pytest.mark.parametrize("status", ODD)
def test_refusals_before_a_route_carry_them_too(world, status):
    server = world().server
    for address in (server.public, server.admin):
        data = ODD[status] if address == server.public else ODD[status].replace(b"/webhooks/bob", b"/api/v1/pause")
        reply = raw_reply(address, data)
        assert reply.status == (401 if status == 413 and address == server.admin else status)
        assert misses(f"raw {status}", reply) == []


# Bytes that libmicrohttpd answers itself, with a text of its own; and some that it passes on.
OWN = (
    b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"secret-word" * 4000 + b"\r\n\r\n",
    b"GET /" + b"secret-word" * 4000 + b" HTTP/1.1\r\nHost: a\r\n\r\n",
    b"POST /webhooks/bob HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nsecret-word\r\n\r\n",
    b"GET /secret-word HTTP/9.9\r\nHost: a\r\n\r\n",
    b"GET /secret-word HTTP/1.1\r\n\r\n",
    b"secret-word\r\n\r\n",
)


@pytest.mark.parametrize("data", OWN, ids=range(len(OWN)))
def test_libmicrohttpds_own_refusals_repeat_nothing(world, data):
    """docs/security.md says what these lack: no header can be added to them."""
    server = world().server
    for address in (server.public, server.admin):
        answer = harness.raw_call(address, data)
        head = answer.partition(b"\r\n\r\n")[0]
        assert b"secret-word" not in answer and b"Cookie" not in head
        is_ours = b"Content-Security-Policy: default-src 'none';" in head
        is_fixed = b"Connection: close" in head and re.match(rb"HTTP/1.1 (400|413|414|431|5\d\d) ", head)
        assert answer == b"" or is_ours or is_fixed, answer[:500]


def test_what_works_carries_them_too(world):
    one = world()
    server = one.server
    one.sandbox.hire("Ada", "Lovelace", "2020-01-01")
    harness.wait_until(lambda: server.people(), "somebody is known")
    answers = {path: server.ask("GET", path) for path in
               [route.path for route in route_table.admin() if route.method == "GET" and "{" not in route.path]}
    answers["webhook"] = server.post_event("Ping test", signature=False)
    for path, body in (("/pause", {"revocations": True}), ("/resume", {}), ("/backup", {})):
        answers["POST " + path] = server.ask("POST", "/api/v1" + path, body)
    page = answers["/"].body.decode()
    for address in re.findall(r'"(/assets/[^"]+)"', page):
        answers[address] = server.ask("GET", address)
    bad = {path: reply for path, reply in answers.items() if reply.status >= 300}
    # Some ask about whoever is signed in, or for an argument.
    assert {path: reply for path, reply in bad.items() if reply.status >= 500 or not path.startswith("/api/v1/")} == {}
    assert len(answers) - len(bad) > 20
    assert [miss for path, reply in answers.items() for miss in misses(path, reply)] == []


def test_the_listeners_share_the_questions_of_health_alone():
    """H-03: whatever is in both tables says how the process does, and nothing else."""
    both = {(route.method, route.path) for route in route_table.public()} & \
        {(route.method, route.path) for route in route_table.admin()}
    assert both == {("GET", "/healthz"), ("GET", "/readyz")}


def test_the_public_port_has_no_route_of_the_administrators(world):
    server = world().server
    health = {"/healthz", "/readyz"}
    token = {"Authorization": f"Bearer {server.token}"}
    answered = []
    for route in route_table.admin():
        path = route_table.filled(route.path)
        reply = harness.http_call(server.public, route.method, path, {} if route.method != "GET" else None, token)
        if reply.status != 404 and path not in health:
            answered.append(f"{route.method} {path} -> {reply.status}")
    assert answered == []
    for path in health:
        assert harness.http_call(server.public, "GET", path).json() == {"status": "ok"}
