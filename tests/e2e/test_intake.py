# SPDX-License-Identifier: MIT
"""What the public listener takes, refuses and makes durable."""

import base64
import concurrent.futures
import contextlib
import json
import os
import socket
import subprocess
import time

import pytest

import harness
from harness import event, sign


@pytest.fixture(scope="module")
def shared():
    """One world for tests that leave no trace on each other."""
    with harness.World() as one:
        yield one


def error_of(reply):
    """The one JSON error shape."""
    assert reply.headers["Content-Type"].startswith("application/json"), reply
    error = reply.json()["error"]
    assert set(error) == {"code", "message", "hint", "request_id"}, error
    assert all(isinstance(value, str) for value in error.values())
    assert error["message"] and error["request_id"]
    return error["code"]


def newest_event(world, **wanted):
    def look():
        for one in world.server.events(limit=50):
            if one["state"] != "received" and all(one[k] == v for k, v in wanted.items()):
                return one
        return None

    return harness.wait_until(look, f"an event with {wanted}")


# ------------------------------------------------------------------- signature

VECTORS = [
    (b'{"text":"Ping test"}',
     "ncmhMvwHyW39vToPImFa+G2HtaD+Q+FBf17sZg/FxfxzSsP9hT57MQBEtpKe2V8bdq6Un2/qPBdDGNbzbRPGKQ=="),
    (b"Ping test",
     "ikmn4kw5rmUrmjqbwggO3HLwD6Q27ZJlrufrYaONT72LaoT4XeMm18MitZrNfarzCQsicFmt4xEavNtWQafAWg=="),
    (b'{"companyId":637323,"type":"employee.created","triggeredBy":"3332883804594373380",'
     b'"triggeredAt":"2024-12-26T11:29:14.399997","version":"v2",'
     b'"data":{"employeeId":"3332883894235038486"}}',
     "4jfj59Ua+IrlqEx88TSuTMlQo3EAZYadp1j0oWSGuGpMrjfed0aYCAF1h+FGOBFpx0ge5aIVKzj/mHcx1cDAkA=="),
]


@pytest.fixture(scope="module")
def vector_world():
    def secrets(connection):
        connection["bob"]["webhook_secrets"] = ["another-secret-first", "test-bob-webhook-secret"]

    with harness.World(change=secrets) as one:
        yield one


@pytest.mark.parametrize("body,signature", VECTORS)
def test_accepts_the_known_vectors(vector_world, body, signature):
    assert vector_world.server.post_event(body, signature).status == 200


@pytest.mark.parametrize("secret", ["another-secret-first", "test-bob-webhook-secret"])
def test_accepts_every_configured_secret(vector_world, secret):
    body = json.dumps(event("77001", company=1))
    assert vector_world.server.post_event(body, sign(body, secret)).status == 200


def mangled(how):
    def change(body):
        good = sign(body)
        return {
            "wrong secret": sign(body, "not-the-secret"),
            "another body": sign(body + " "),
            "truncated to 32 bytes": good[:43] + "=",
            "first half": good[:44],
            "hex": bytes.hex(base64.b64decode(good)),
            "prefix": "sha512=" + good,
            "not base64": "!" * 88,
            "url alphabet": "-_" + good[2:],
            "empty": "",
            "one byte more": base64.b64encode(
                base64.b64decode(good) + b"\0").decode(),
            "twice": good + good,
            "without padding and a byte": good[:-3],
        }[how]

    return change


@pytest.mark.parametrize("how", [
    "wrong secret", "another body", "truncated to 32 bytes", "first half", "hex", "prefix",
    "not base64", "url alphabet", "empty", "one byte more", "twice",
    "without padding and a byte"])
def test_refuses_a_signature(shared, how):
    body = json.dumps(event("77002"))
    before = len(shared.server.events())
    reply = shared.server.post_event(body, mangled(how)(body) or " ")
    assert reply.status == 401 and error_of(reply) == "bad_signature"
    assert len(shared.server.events()) == before


def test_refuses_no_signature(shared):
    reply = shared.server.post_event(event("77003"), False)
    assert reply.status == 401 and error_of(reply) == "bad_signature"


def test_refuses_two_signatures(shared):
    body = json.dumps(event("77004")).encode()
    good = sign(body).encode()
    answer = harness.raw_call(
        shared.server.public,
        b"POST /webhooks/bob HTTP/1.1\r\nHost: a\r\nBob-Signature: " + good +
        b"\r\nBob-Signature: " + good + b"\r\nConnection: close\r\nContent-Length: %d\r\n\r\n"
        % len(body) + body)
    assert answer.split(b" ", 2)[1] in (b"400", b"401"), answer[:200]


def test_allows_white_space_around_and_any_case_of_the_name(shared):
    body = json.dumps(event("77005", company=2))
    reply = shared.server.post_event(body, False, headers={"bob-signature": f"  {sign(body)} "})
    assert reply.status == 200


def test_accepts_bytes_that_are_no_json(shared):
    """What was signed is stored as it is; the reason is told afterwards."""
    body = b"\xff\x00 not json \x80"
    assert shared.server.post_event(body).status == 200
    assert newest_event(shared, state="unusable")["reason"]


def test_answers_503_without_a_secret(world):
    def none(connection):
        connection["bob"]["webhook_secrets"] = []

    one = world(change=none)
    reply = one.server.post_event(event("1"))
    assert reply.status == 503 and error_of(reply) == "no_secret"
    assert one.server.events() == []


# ------------------------------------------------------------------------ ping

@pytest.mark.parametrize("body", ["Ping test", '"Ping test"', '{"text":"Ping test"}'])
@pytest.mark.parametrize("signature", [None, False, "bm9uc2Vuc2U="], ids=["signed", "unsigned",
                                                                         "nonsense"])
def test_answers_a_ping_and_keeps_nothing(shared, body, signature):
    before = len(shared.server.events())
    count = shared.server.metric("bob2okta_deliveries_total", result="ping")
    assert shared.server.post_event(body, signature).status == 200
    assert len(shared.server.events()) == before
    assert shared.server.metric("bob2okta_deliveries_total", result="ping") == count + 1


@pytest.mark.parametrize("body", ["Ping test ", "ping test", '{"text":"Ping test" }', ""])
def test_nothing_else_is_a_ping(shared, body):
    assert shared.server.post_event(body, False).status == 401


# -------------------------------------------------------------- event shapes

def v1(kind, employee, **data):
    return {
        "companyId": harness.COMPANY_ID, "type": kind, "creationDate": "2026-05-19T11:13:40.175639",
        "changedBy": {"displayName": "Ada HR"},
        "employee": {"id": employee, "firstName": "Sam", "surname": "Doe",
                     "email": "sam.doe@example.com"},
        "data": data,
    }


SHAPES = {
    "v2 created": lambda e: event(e, "employee.created"),
    "v2 updated": lambda e: event(e, fieldUpdates=[{"id": "root.surname"}]),
    "v2 updated, older key": lambda e: event(e, fieldUpdatesIds=["work.title"]),
    "v2 updated, no list": lambda e: event(e),
    "v2 joined": lambda e: event(e, "employee.joined"),
    "v2 activated": lambda e: event(e, "employee.activated"),
    "v2 table row by date": lambda e: event(
        e, "table.entry.created", tableId="lifecycle", effectiveDate="2026-01-08"),
    "v2 table row by id": lambda e: event(e, "table.entry.updated", tableId="t1", id=12345),
    "v2 table row, both keys": lambda e: event(
        e, "table.entry.updated", tableId="work", id=None, effectiveDate="2026-01-08"),
    "v2 without version": lambda e: {k: v for k, v in event(e).items() if k != "version"},
    "v2 with new keys": lambda e: {**event(e), "news": [1, {"a": None}]},
    "v1 created": lambda e: v1("employee.created", e, firstName="Sam"),
    "v1 updated": lambda e: v1("employee.updated", e, fieldUpdates=[{"path": "/root/surname"}]),
    "v1 inactivated": lambda e: v1("employee.inactivated", e),
    "v1 table row": lambda e: {
        "companyId": harness.COMPANY_ID, "type": "table.entry.updated",
        "creationDate": "2026-05-19T11:13:40.175639", "employeeId": e,
        "effectiveDate": "2026-06-01", "data": {"title": "123", "reportsTo": {"id": "9"}}},
}


@pytest.mark.parametrize("shape", SHAPES)
def test_reads_every_shape(shared, shape):
    employee = shared.sandbox.add_employee()
    assert shared.server.post_event(SHAPES[shape](employee)).status == 200
    harness.wait_until(lambda: shared.server.events(employee), "the event is read")
    shared.quiet()
    (got,) = shared.server.events(employee)
    assert got["state"] == "accepted", got
    assert shared.server.record(employee)["okta_id"], "the person got an account"


def test_keeps_ids_beyond_two_to_the_53_exact(shared):
    employee = "9007199254740993"
    shared.sandbox.add_employee(id=employee)
    assert shared.server.post_event(event(employee, "employee.created")).status == 200
    shared.quiet()
    assert shared.server.record(employee)["okta_id"]


UNUSABLE = {
    "no employee": ({"companyId": harness.COMPANY_ID, "type": "employee.updated", "data": {}},
                    {"unusable"}),
    "employee id is a path": (event("../../users/me"), {"unusable"}),
    "employee id too long": (event("1" * 33), {"unusable"}),
    "employee id empty": (event(""), {"unusable"}),
    "no type": ({"companyId": harness.COMPANY_ID, "data": {"employeeId": "1"}},
                {"unusable", "ignored"}),
    "unknown type": (event("77010", "employee.promoted.to.emperor"), {"ignored"}),
    "another family": (event("77011", "timeoff.request.approved", timeoffRequestId=1), {"ignored"}),
    "another company": (event("77012", company=999), {"foreign"}),
    "no company": ({"type": "employee.updated", "data": {"employeeId": "77013"}},
                   {"foreign", "unusable"}),
    "an array": ([1, 2], {"unusable"}),
    "a number": (17, {"unusable"}),
    "deep": ("[" * 5000, {"unusable"}),
    "half": ('{"companyId": 636192, "type": "employee.upd', {"unusable"}),
}


@pytest.mark.parametrize("what", UNUSABLE)
def test_stores_what_it_cannot_use_with_a_reason(shared, what):
    body, states = UNUSABLE[what]
    body = body if isinstance(body, str) else json.dumps(body)
    last = max((e["event_id"] for e in shared.server.events()), default=0)
    searches = len(shared.sandbox.bob_searches())
    assert shared.server.post_event(body).status == 200

    def read():
        fresh = [e for e in shared.server.events() if e["event_id"] > last]
        return fresh and fresh[0]["state"] != "received" and fresh[0]

    got = harness.wait_until(read, "the event is looked at")
    assert got["state"] in states and got["reason"], got
    assert len(shared.sandbox.bob_searches()) == searches, "nobody is read for it"


def test_another_company_is_never_acted_on(world):
    one = world()
    employee = one.sandbox.add_employee()
    assert one.server.post_event(event(employee, "employee.created", company=1)).status == 200
    newest_event(one, state="foreign")
    one.quiet()
    assert one.server.person(employee) is None
    assert one.sandbox.calls(system="okta", writes=1) == []


# -------------------------------------------------------------------- duplicates

def test_a_duplicate_causes_no_second_read(world):
    one = world()
    employee = one.sandbox.add_employee()
    body = json.dumps(event(employee, "employee.created"))
    assert one.server.post_event(body).status == 200
    one.quiet()
    searches = len(one.sandbox.bob_searches())
    generation = one.server.record(employee)["generation"]
    for _ in range(3):
        assert one.server.post_event(body).status == 200
    (got,) = harness.wait_until(
        lambda: [e for e in one.server.events(employee) if e["deliveries"] == 4], "counted")
    assert got["state"] == "accepted"
    one.quiet()
    assert len(one.sandbox.bob_searches()) == searches
    assert one.server.record(employee)["generation"] == generation
    harness.wait_until(lambda: one.server.metric("bob2okta_duplicates_total") == 3, "the metric, too")


def test_a_duplicate_is_one_more_chance_after_a_bad_end(world):
    one = world()
    employee = one.sandbox.add_employee()
    one.sandbox.fault(system="okta", route="POST /api/v1/users", action="status", status=400,
                      code="E0000001", times=1)
    body = json.dumps(event(employee, "employee.created"))
    one.server.post_event(body)
    harness.wait_until(
        lambda: (r := one.server.record(employee)) and r["state"] == "failed", "failed")
    assert one.server.post_event(body).status == 200
    harness.wait_until(lambda: one.server.record(employee)["okta_id"], "created after all")


def test_a_thousand_at_once_are_all_durable(world):
    """Kept-alive connections and many senders; every 200 is in the store."""
    one = world()
    bodies = [json.dumps(event(str(80000 + n), "timeoff.request.approved")) for n in range(1000)]
    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        replies = list(pool.map(lambda body: one.server.post_event(body).status, bodies))
    assert replies == [200] * 1000
    harness.wait_until(lambda: one.server.status()["events"]["ignored"] == 1000, "all looked at")


# ---------------------------------------------------------- routes and methods

@pytest.mark.parametrize("method,path,status,code", [
    ("GET", "/webhooks/bob", 405, "method_not_allowed"),
    ("PUT", "/webhooks/bob", 405, "method_not_allowed"),
    ("DELETE", "/webhooks/bob/default", 405, "method_not_allowed"),
    ("POST", "/healthz", 405, "method_not_allowed"),
    ("GET", "/", 404, "not_found"),
    ("POST", "/webhooks", 404, "not_found"),
    ("POST", "/webhooks/bob/", 404, "not_found"),
    ("POST", "/webhooks/bob/nobody", 404, "not_found"),
    ("POST", "/webhooks/bob/default/more", 404, "not_found"),
    ("GET", "/webhooks%2Fbob", 404, "not_found"),
    ("GET", "/metrics", 404, "not_found"),
    ("GET", "/api/v1/status", 404, "not_found"),
])
def test_refuses_a_route(shared, method, path, status, code):
    body = "{}" if method in ("POST", "PUT") else None
    headers = {"Bob-Signature": sign("{}")} if body else {}
    reply = harness.http_call(shared.server.public, method, path, body, headers)
    assert reply.status == status and error_of(reply) == code
    if status == 405:
        assert reply.headers["Allow"]


def test_takes_events_under_the_connections_name(shared):
    body = json.dumps(event("77020", "timeoff.request.approved"))
    assert shared.server.post_event(body, path="/webhooks/bob/default").status == 200


def test_refuses_a_body_over_the_cap(shared):
    body = json.dumps({**event("77021"), "filling": "x" * (2 * 1024 * 1024)})
    try:
        reply = shared.server.post_event(body)
    except (BrokenPipeError, ConnectionResetError):
        head = b"POST /webhooks/bob HTTP/1.1\r\nHost: a\r\nContent-Length: 9999999\r\n\r\n"
        assert b" 413 " in harness.raw_call(shared.server.public, head)
        return
    assert reply.status == 413 and error_of(reply) == "body_too_large"


def test_refuses_a_chunked_body_over_the_cap(shared):
    chunk = b"10000\r\n" + b"x" * 0x10000 + b"\r\n"
    data = (b"POST /webhooks/bob HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
            + chunk * 40 + b"0\r\n\r\n")
    try:
        answer = harness.raw_call(shared.server.public, data)
    except (BrokenPipeError, ConnectionResetError):
        return
    assert answer == b"" or b" 413 " in answer.split(b"\r\n", 1)[0], answer[:200]


def test_takes_a_chunked_body_and_closes(shared):
    body = json.dumps(event("77022", "timeoff.request.approved")).encode()
    answer = harness.raw_call(
        shared.server.public,
        b"POST /webhooks/bob HTTP/1.1\r\nHost: a\r\nBob-Signature: " + sign(body).encode() +
        b"\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n" % (len(body), body))
    assert answer.startswith(b"HTTP/1.1 200"), answer[:200]
    assert b"connection: close" in answer.lower()


# --------------------------------------------------------------- framing traps

def smuggle(headers, body=b"{}"):
    """A request that may hide a second one behind it."""
    return (b"POST /webhooks/bob HTTP/1.1\r\nHost: a\r\nBob-Signature: " + sign(b"{}").encode() +
            b"\r\n" + headers + b"\r\n\r\n" + body + b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n")


@pytest.mark.parametrize("headers", [
    b"Content-Length: 2\r\nContent-Length: 2",
    b"Content-Length: 2\r\nContent-Length: 40",
    b"Content-Length: 2\r\nTransfer-Encoding: chunked",
    b"Transfer-Encoding: chunked\r\nContent-Length: 2",
    b"Content-Length: 2, 2",
    b"Content-Length: +2",
    b"Content-Length: 0x2",
    b"Content-Length: -2",
    b"Transfer-Encoding: gzip, chunked",
    b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked",
    b"Transfer-Encoding: xchunked",
    b"Content-Length : 2",
], ids=lambda h: h.decode().replace("\r\n", " + "))
def test_refuses_ambiguous_framing_and_closes(shared, headers):
    harness.wait_until(lambda: shared.server.unread() == 0, "earlier deliveries are in the list")
    before = len(shared.server.events())
    answer = harness.raw_call(shared.server.public, smuggle(headers))
    lines = [line for line in answer.split(b"\r\n") if line.startswith(b"HTTP/1.1")]
    # libmicrohttpd repeats the head of an answer of its own; a hidden request would be a 200.
    assert all(line.split(b" ")[1] in (b"400", b"413", b"501") for line in lines), lines
    assert shared.server.unread() == 0
    assert len(shared.server.events()) == before


def test_refuses_a_missing_host(shared):
    answer = harness.raw_call(shared.server.public, b"GET /healthz HTTP/1.1\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 400"), answer[:100]


def test_closes_a_request_whose_headers_never_end(world):
    """A slow client does not keep a place for ever, and does not stop the others."""
    one = world()
    with socket.create_connection(one.server.public, timeout=60) as slow:
        slow.sendall(b"POST /webhooks/bob HTTP/1.1\r\nHost: a\r\n")
        assert one.server.post_event(event("1", "timeoff.x")).status == 200
        began = time.monotonic()
        while slow.recv(4096):
            pass
        assert time.monotonic() - began < 45


# -------------------------------------------------------------------- the store

def test_ready_and_health_say_no_more_than_that(shared):
    for path in ("/healthz", "/readyz"):
        reply = harness.http_call(shared.server.public, "GET", path)
        assert reply.status == 200 and reply.json() == {"status": "ok"}
    admin = harness.http_call(shared.server.admin, "GET", "/readyz")
    assert admin.status == 200 and len(admin.json()) > 1


@pytest.fixture
def small_disk(tmp_path):
    """A directory on a disk of 8 MiB, or skip."""
    where = tmp_path / "disk"
    where.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8m", "none", str(where)],
                             capture_output=True)
    if mounted.returncode != 0:
        pytest.skip("a small disk cannot be mounted here (needs root)")
    yield where
    subprocess.run(["umount", "-l", str(where)], check=False)


def is_ready(one):
    return harness.http_call(one.server.public, "GET", "/readyz").status == 200


def test_says_503_while_the_disk_is_full_and_goes_on_after(world, small_disk):
    one = world(start=False)
    one.server.store = small_disk / "bob2okta.db"
    at = one.server.program.argv.index("--store")
    one.server.program.argv[at + 1] = f"sqlite:{one.server.store}"
    one.start()
    assert one.server.post_event(event("1", "timeoff.a")).status == 200
    filler = small_disk / "filler"
    fill = os.open(filler, os.O_WRONLY | os.O_CREAT, 0o600)
    with contextlib.suppress(OSError):
        while True:
            os.write(fill, b"\0" * 4096)
    os.close(fill)
    acknowledged = 1

    def refused():
        nonlocal acknowledged
        reply = one.server.post_event(event("1", "timeoff.b", filling="y" * 50000, n=time.time()))
        acknowledged += reply.status == 200
        return reply.status == 503 and reply

    reply = harness.wait_until(refused, "the disk is full")
    assert error_of(reply) in ("store_full", "store_unavailable", "store_failed")
    assert int(reply.headers["Retry-After"]) > 0
    harness.wait_until(lambda: refused() and not is_ready(one), "not ready after a refusal", 30)
    assert harness.http_call(one.server.public, "GET", "/healthz").status == 200
    filler.unlink()

    def taken():
        nonlocal acknowledged
        status = one.server.post_event(event("1", "timeoff.c", n=time.time())).status
        acknowledged += status == 200
        return status == 200

    harness.wait_until(taken, "events are taken again", 30)
    harness.wait_until(
        lambda: one.server.status()["events"]["ignored"] >= acknowledged, "none is lost", 20)
    harness.wait_until(lambda: is_ready(one), "ready", 40)


def test_says_503_when_the_store_cannot_be_written(world):
    """A file size limit stands in for a read-only disk: root may write to read-only files."""
    one = world(start=False)
    argv = one.server.program.argv
    limited = "ulimit -f 1500; trap '' XFSZ; exec \"$@\""
    one.server.program.argv = ["/bin/bash", "-c", limited, "limited", *argv]
    one.start()

    def refused():
        reply = one.server.post_event(event("1", "timeoff.b", filling="y" * 60000, n=time.time()))
        return reply.status == 503 and reply

    reply = harness.wait_until(refused, "the store is full", 30)
    assert error_of(reply).startswith("store_")
    assert int(reply.headers["Retry-After"]) > 0
    harness.wait_until(lambda: refused() and not is_ready(one), "not ready after a refusal", 30)


def test_a_second_server_on_the_same_store_is_refused(shared):
    argv = shared.server.program.argv
    second = subprocess.run(argv, capture_output=True, text=True, timeout=30 * harness.SLOW)
    assert second.returncode == 1, second.stderr
    assert "store" in second.stderr.lower()
