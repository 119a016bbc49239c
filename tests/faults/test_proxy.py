# SPDX-License-Identifier: MIT
"""The faulty proxy over sockets (its pure half is tests/unit/test_proxy_rule.c), and what it is for:
D-18 (the 200 lost on the wire), E-09 (answers that are not what they seem), O-14."""

import http.server
import json
import os
import pathlib
import socket
import threading
import time

import pytest

import harness
import proxy as proxies
import scenes
from harness import wait_until
from sizes import size

BODY = b"0123456789" * 10


class Echo(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        if len(self.rfile.read(int(self.headers["Content-Length"]))) < 5:
            self.close_connection = True
            return
        self.server.taken += 1
        self.send_response(200)
        self.send_header("Content-Length", str(len(BODY)))
        self.end_headers()
        self.wfile.write(BODY)

    def log_message(self, *_):
        pass


@pytest.fixture
def echo(tmp_path):
    """A proxy in front of a server that answers each POST with a hundred bytes."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Echo)
    server.daemon_threads = True
    server.taken = 0
    threading.Thread(target=lambda: server.serve_forever(0.01), daemon=True).start()
    one = proxies.Proxy(tmp_path, server.server_address[1])
    one.server = server
    one.copies = 1
    yield one
    one.stop()
    server.shutdown()


REQUEST = b"POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello"


def talk(one, data=REQUEST, timeout_s=30):
    """(bytes, how it ended: "end", "reset" or "silent")"""
    got = b""
    try:
        with socket.create_connection(one.address, timeout=timeout_s) as peer:
            peer.sendall(data)
            while piece := peer.recv(65536):
                got += piece
                if got.endswith(BODY) and got.count(BODY) >= one.copies:
                    return got, "whole"
            return got, "end"
    except (ConnectionResetError, BrokenPipeError):
        return got, "reset"
    except TimeoutError:
        return got, "silent"


def test_passes_on_what_it_is_not_told_to_spoil(echo):
    got, how = talk(echo)
    assert how == "whole" and got.endswith(BODY) and echo.stats() == {"connections": 1, "fired": 0}


@pytest.mark.parametrize("at", [0, 1, 17, 60])
@pytest.mark.parametrize("action,how", [("reset", "reset"), ("close", "end"), ("hang", "end")])
def test_ends_an_answer_at_the_byte(echo, action, how, at):
    echo.add(action=action, at=at, ms=50)
    got, ended = talk(echo)
    assert ended == how and echo.server.taken == 1
    assert len(got) == at or action == "reset"  # a reset may overtake what was sent


@pytest.mark.parametrize("action", ["reset", "close"])
def test_ends_a_request_at_the_byte(echo, action):
    echo.add(side="request", action=action, at=len(REQUEST) - 1)
    assert talk(echo)[0] == b"" and echo.server.taken == 0


def test_half_closes_an_answer(echo):
    echo.add(action="half", at=9)
    with socket.create_connection(echo.address, timeout=30) as peer:
        peer.sendall(REQUEST)
        got = b"".join(iter(lambda: peer.recv(100), b""))
        assert got == b"HTTP/1.1 "
        peer.sendall(b"still open for writing")


def test_drips(echo):
    echo.add(action="drip", at=10, ms=2)
    began = time.monotonic()
    got, how = talk(echo)
    assert how == "whole" and time.monotonic() - began > 0.002 * (len(got) - 10)


def test_delays(echo):
    echo.add(side="request", action="delay", ms=80, jitter=40)
    began = time.monotonic()
    assert talk(echo)[1] == "whole" and time.monotonic() - began > 0.08


@pytest.mark.parametrize("by", [-20, 20])
def test_makes_the_length_wrong_and_nothing_else(echo, by):
    plain = talk(echo)[0].lower()
    echo.add(action="length", by=by)
    got = talk(echo)[0].lower()
    assert b"content-length: %d\r\n" % (100 + by) in got
    assert sorted(got.replace(b": %d" % (100 + by), b": 100").split(b"\r\n"))[:1] == sorted(plain.split(b"\r\n"))[:1]
    assert got.endswith(BODY)


def test_sends_an_answer_twice(echo):
    echo.add(action="double")
    echo.copies = 2
    got, _ = talk(echo)
    assert got.count(BODY) == 2 and got.count(b"HTTP/1.1 200") == 2


def test_refuses_a_connection(echo):
    echo.add(action="refuse", times=1)
    assert talk(echo)[1] == "reset"
    assert talk(echo)[1] == "whole"


def test_counts_what_matches_over_a_connection_that_is_kept(echo):
    echo.add(action="close", at=0, after=1, times=1, match="POST /x")
    with socket.create_connection(echo.address, timeout=30) as peer:
        peer.sendall(REQUEST)
        got = b""
        while not got.endswith(BODY):
            got += peer.recv(1000)
        peer.sendall(REQUEST.replace(b"/x", b"/y"))
        got = b""
        while not got.endswith(BODY):
            got += peer.recv(1000)
        peer.sendall(REQUEST)
        assert peer.recv(1000) == b""


def test_says_what_it_does_not_understand(echo):
    with pytest.raises(ValueError, match="no such action"):
        echo.add(action="explode")
    with pytest.raises(ValueError, match="no such command"):
        echo.tell("hello")


# ------------------------------------------------------------- what it is for

@pytest.mark.fault("D-18")
@pytest.mark.parametrize("action", ["reset", "close"])
def test_the_200_is_lost_on_the_wire(scene, action):
    """Committed, and Bob does not know: he sends again, and it is one effect."""
    one = scene()
    between = proxies.Proxy(one.world.directory, one.server.public[1])
    one.sender.address = lambda: between.address
    try:
        people = one.company.team(4)
        between.add(action=action, at=0, times=8, match="POST /webhooks")
        one.tell("join", people)
        one.sender.drain()
        one.world.quiet()
        between.add(action=action, at=20, percent=50, match="POST /webhooks")
        for _ in range(size(5, 100)):
            one.tell("update", people)
        one.sender.drain()
        assert between.stats()["fired"] > 8
        one.check()
        assert one.sender.tries > one.sender.sent
    finally:
        between.stop()


SPOILED = {
    "cut in the head": {"action": "close", "at": 30},
    "cut in the body": {"action": "close", "at": 400},
    "reset in the head": {"action": "reset", "at": 10},
    "reset before a byte": {"action": "reset", "at": 0},
    "half closed": {"action": "half", "at": 200},
    "too long a length": {"action": "length", "by": 40},
    "too short a length": {"action": "length", "by": -40},
    "twice": {"action": "double"},
    "one byte at a time": {"action": "drip", "ms": 1},
    "late": {"action": "delay", "ms": 100, "jitter": 200},
    "the request is cut": {"side": "request", "action": "close", "at": 60},
    "the request is reset": {"side": "request", "action": "reset", "at": 10},
    "no connection": {"action": "refuse"},
}


@pytest.mark.fault("E-09", "O-14")
@pytest.mark.parametrize("how", SPOILED if size(0, 1) else list(SPOILED)[::3])
def test_what_comes_back_from_okta_is_spoiled(world, scene, how):
    """Whatever became of the answer: each effect once, found out by reading."""
    between = None

    def through(**options):
        nonlocal between
        one = world(**options, start=False) if "start" not in options else world(**options)
        between = proxies.Proxy(one.directory, one.sandbox.address[1], seed=7)
        document = one.server.document
        document["connections"][0]["okta"]["base_url"] = between.url + "/okta"
        one.server.write_settings(document)
        return one

    one = scenes.Scene(through)
    try:
        people = one.settled(4)
        match = None if SPOILED[how]["action"] == "refuse" else "POST /okta/api/v1/users"
        between.add(**SPOILED[how], percent=60, **({"match": match} if match else {}))
        newcomers = one.company.team(size(3, 20))
        one.tell("join", newcomers)
        one.tell("update", people)
        one.tell("leave", people[2:])
        one.sender.drain()
        wait_until(lambda: between.stats()["fired"] > 0 or how == "no connection", "a fault fires", 20)
        time.sleep(1)  # some of it, some of the time
        between.clear()
        for row in one.server.people():
            one.server.sync(row["employee_id"])
        evidence = one.check(deadline_s=120)
        assert len(evidence.users) == 4 + len(newcomers)
    finally:
        one.end()
        between.stop()


@pytest.fixture
def black_hole():
    """A port that lets nobody in and answers nobody: its queue is full, and the kernel drops what knocks."""
    with socket.socket() as hole, socket.socket() as first, socket.socket() as second:
        hole.bind(("127.0.0.1", 0))
        hole.listen(0)
        for one in (first, second):
            one.setblocking(False)
            one.connect_ex(hole.getsockname())
        yield hole.getsockname()[1]


def cpu_s(server):
    """What the process has used so far."""
    fields = pathlib.Path(f"/proc/{server.program.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@pytest.mark.fault("O-14")
def test_an_okta_nobody_gets_through_to(scene, black_hole):
    """Connecting has an end, waiting for it costs nothing, and all is done once Okta is there again."""
    one = scene()
    one.settled(1)
    document = one.server.document
    right = document["connections"][0]["okta"]["base_url"]
    document["connections"][0]["okta"]["base_url"] = f"http://127.0.0.1:{black_hole}/okta"
    one.server.write_settings(document)
    one.world.restart()
    used = cpu_s(one.server)
    one.tell("join", one.company.team(3))
    one.sender.drain()  # Bob has its 200 all the same
    wait_until(lambda: one.server.status()["okta"]["state"] == "parked", "Okta is waited for", 40)
    time.sleep(4)  # what is measured is that nothing happens meanwhile
    assert cpu_s(one.server) - used < 1
    document["connections"][0]["okta"]["base_url"] = right
    one.server.write_settings(document)
    one.world.restart()
    assert len(one.check(deadline_s=120).users) == 4
