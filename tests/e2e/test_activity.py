# SPDX-License-Identifier: MIT
"""What the Activity and System pages stand on, as a script has it: the trail as a file, the log."""

import csv
import io
import json

import pytest

import harness
from harness import day

PAST = -30
# what a spreadsheet would compute, or run.
FORMULAS = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "=cmd|' /C calc'!A0"]


@pytest.fixture(scope="module")
def one():
    with harness.World(sandbox_settings={"okta_password_optional": True}) as world:
        world.employee = world.hire_settled("Ada", "Traced", day(PAST))
        for formula in FORMULAS:
            world.server.post("/audit/export", {"by": formula})
        yield world


def export(one, **body):
    reply = one.server.ask("POST", "/api/v1/audit/export", body)
    assert reply.status == 200, reply
    return reply


def rows_of(reply):
    return list(csv.reader(io.StringIO(reply.body.decode(), newline="")))


def test_no_cell_of_the_csv_is_a_formula(one):
    rows = rows_of(export(one, format="csv"))
    assert rows[0][:4] == ["record", "at", "connection", "kind"]
    assert {len(row) for row in rows} == {len(rows[0])}
    cells = [cell for row in rows[1:] for cell in row]
    assert not [cell for cell in cells if cell[:1] in ("=", "+", "-", "@", "\t", "\r")]
    who = rows[0].index("who")
    assert [row[who] for row in rows if row[who].startswith("'")] == ["'" + one for one in FORMULAS]
    assert all(row[rows[0].index("employee_id")] in ("", "'" + one.employee) for row in rows[1:])


def test_json_lines_are_exact(one):
    reply = export(one, format="jsonl", kind="export")
    lines = [json.loads(line) for line in reply.body.decode().splitlines()]
    assert [line["who"] for line in lines][:len(FORMULAS)] == FORMULAS
    shown = one.server.get("/audit?kind=export&order=oldest&limit=1000")["records"]
    assert lines == shown


def test_parts_are_the_whole(one):
    whole = rows_of(export(one, format="csv", kind="export", who=FORMULAS[0]))
    assert len(whole) == 2
    parts, after = [], 0
    for _ in range(20):
        more = {"after": after} if after else {}
        reply = export(one, format="csv", limit=3, kind="intent", **more)
        parts += rows_of(reply)
        after = int(reply.headers["x-next-after"])
        if not after:
            break
    assert parts == rows_of(export(one, format="csv", kind="intent"))


def test_a_filter_means_the_same_in_list_and_file(one):
    for query in ({"who": "server"}, {"text": "create"}, {"employee_id": one.employee}):
        arguments = "&".join(f"{name}={value}" for name, value in query.items())
        shown = one.server.get(f"/audit?{arguments}&order=oldest&limit=1000")["records"]
        assert shown
        lines = export(one, format="jsonl", **query).body.decode().splitlines()
        assert [json.loads(line)["seq"] for line in lines] == [record["seq"] for record in shown]


def test_the_log_says_less_until_the_restart(world):
    """The servers of these tests are started with debug."""
    one = world()
    assert one.server.get("/log-level") == {"level": "debug", "usual": "debug", "until_ms": 0}
    one.server.post("/log-level", {"level": "warn", "by": "grace"})
    before = one.server.log()
    one.hire_settled("Ada", "Quiet", day(PAST))
    assert "INFO" not in one.server.log()[len(before):]
    timed = one.server.post("/log-level", {"level": "info", "minutes": 1, "by": "grace"})
    assert timed["level"] == "info" and timed["until_ms"] > 0
    one.hire_settled("Ada", "Loud", day(PAST))
    said = one.server.log()[len(before):]
    assert "INFO" in said and "DEBUG" not in said
    says = [record["says"] for record in one.server.get("/audit?kind=log")["records"]]
    assert says == ["log level info for 1 minutes", "log level warn"]
    one.server.restart()
    assert one.server.get("/log-level") == {"level": "debug", "usual": "debug", "until_ms": 0}
