# SPDX-License-Identifier: MIT
"""H-04: a browser that was led here by another site's name gets nothing, whichever route it asks."""

import pytest

import harness
import route_table

NAME = "console.example.com"
PROBES = {"/healthz", "/readyz", "/metrics"}


def ask(server, method, path, host, address=None):
    headers = {"Host": host, "Authorization": f"Bearer {server.token}"}
    return harness.http_call(address or server.admin, method, path, None if method == "GET" else {}, headers)


@pytest.mark.parametrize("host", ["evil.example", "evil.example:8081", "localhost.evil.example", f"x.{NAME}"])
def test_a_foreign_name_gets_421_on_every_route(world, host):
    server = world(args=["--admin-hosts", NAME]).server
    for route in route_table.admin():
        reply = ask(server, route.method, route_table.filled(route.path), host)
        if route.path in PROBES:
            assert reply.status in (200, 503), route
            continue
        assert reply.status == 421 and reply.json()["error"]["code"] == "wrong_host", (route, reply)
        assert "Set-Cookie" not in reply.headers, route
    assert server.status()["employees"]["dirty"] == 0


@pytest.mark.parametrize("host", ["localhost", "localhost:9999", "127.0.0.1", "[::1]:1", NAME, f"{NAME.upper()}:443"])
def test_its_own_names_lead_in(world, host):
    server = world(args=["--admin-hosts", f"other.example.com,{NAME}"]).server
    assert ask(server, "GET", "/", host).status == 200
    assert ask(server, "GET", "/api/v1/status", host).status == 200


def test_a_head_without_a_name_leads_nowhere(world):
    server = world().server
    answer = harness.raw_call(server.admin, b"GET / HTTP/1.0\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 421 ") or answer.startswith(b"HTTP/1.0 421 ")
    assert b"200" in harness.raw_call(server.admin, b"GET /healthz HTTP/1.0\r\n\r\n")[:20]


def test_the_webhooks_listener_has_no_such_list(world):
    """Bob calls it by whatever name the administrator gave it."""
    one = world()
    body = b'{"companyId": 1}'
    headers = {"Host": "hooks.example.com", "Bob-Signature": harness.sign(body)}
    assert harness.http_call(one.server.public, "POST", "/webhooks/bob", body, headers).status == 200


def test_a_wrong_name_in_the_option_is_refused_at_the_start(world):
    one = world(start=False, args=["--admin-hosts", "https://console.example.com"])
    one.server.program.start()
    assert one.server.program.wait_exit() == 2
    assert "--admin-hosts must be at most 16 names" in one.server.program.output("err")
