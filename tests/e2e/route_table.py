# SPDX-License-Identifier: MIT
"""The two route tables as they stand in server/routes.c, for tests that go through all of them."""

import collections
import pathlib
import re

import harness

SOURCE = harness.ROOT / "server"
ROLES = ("public", "viewer", "operator", "admin")
METHODS = ("GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS")

Route = collections.namedtuple("Route", "method path role fresh page handler")


def _paths_with_a_name():
    text = (SOURCE / "intake" / "webhook.h").read_text()
    return dict(re.findall(r'#define (WEBHOOK_\w*PATH)\s+"([^"]+)"', text))


def routes(table):
    """The rows of routes_public or routes_admin; a row that is not understood fails the test."""
    text = (SOURCE / "routes.c").read_text()
    body = text.split(f"const struct http_route {table}[] = {{", 1)[1].split("{.path = NULL}", 1)[0]
    names = _paths_with_a_name()
    found = []
    for line in filter(None, (line.strip() for line in body.splitlines())):
        cells = [cell.strip() for cell in line.strip("{},").split(",")]
        assert len(cells) == 6 and cells[0].startswith("HTTP_"), f"{table}: not a row: {line}"
        path = cells[1].strip('"') if cells[1].startswith('"') else names[cells[1]]
        role = cells[2].removeprefix("HTTP_ROLE_").lower()
        assert role in ROLES, line
        flags = {flag.strip() for flag in cells[4].split("|")}
        found.append(Route(cells[0].removeprefix("HTTP_"), path, role, "FRESH" in flags, "PAGE" in flags, cells[5]))
    assert found, table
    return found


def public():
    return routes("routes_public")


def admin():
    return routes("routes_admin")


def filled(path):
    """The path with every {x} replaced by something that exists nowhere."""
    return re.sub(r"\{[^}]+\}", "1", path)
