# SPDX-License-Identifier: MIT
"""docs/openapi.yaml says what the running server does: routes, bodies, answers."""
import datetime
import json
import pathlib
import re
import time

import harness
import pytest
import yaml
from test_sign_in import PASSWORD, Browser, first_admin, invited, totp

ROOT = pathlib.Path(__file__).parents[2]
SPEC = yaml.safe_load((ROOT / "docs" / "openapi.yaml").read_text())
METHODS = ("get", "post")
SURPLUS = "no_route_has_this_key"
MASKED = ("is_masked", True)  # on any object of which something was masked
UNKNOWN_KEY = "has a key this route does not know"

# ------------------------------------------------------------------------- the route table


def constants():
    """The macros of the table that are paths or sizes."""
    text = "".join(
        (ROOT / "server" / name).read_text()
        for name in ("routes.c", "console/console.h", "intake/webhook.h", "http/http.h",
                     "settings/settings.h")
    )
    return {name: value.split("/*")[0].strip()
            for name, value in re.findall(r"#define (\w+)\s+(.+)", text)}


MACROS = constants()


def value_of(word):
    """A path or a number, through as many macros as it takes."""
    for _ in range(10):
        named = re.sub(r"[A-Z_]{2,}[A-Z0-9_]*", lambda m: MACROS.get(m.group(), m.group()), word)
        if named == word:
            break
        word = named
    if '"' in word:
        return "".join(re.findall(r'"([^"]*)"', word))
    return eval(word.replace("(size_t)", ""), {"__builtins__": {}})  # arithmetic alone


def routes_of_the_table():
    """(listener, method, path) -> role, freshness and cap, as server/routes.c has them."""
    text = (ROOT / "server" / "routes.c").read_text()
    found = {}
    for listener in ("public", "admin"):
        part = text[text.index(f"routes_{listener}[]"):]
        part = part[:part.index("{.path = NULL}")]
        for line in re.findall(r"\{HTTP_(\w+),(.+)\},", part):
            path, role, cap, flags, _ = (field.strip() for field in line[1].split(","))
            found[listener, line[0], value_of(path)] = {
                "role": role.removeprefix("HTTP_ROLE_").lower(),
                "fresh": "FRESH" in flags,
                "cap": 0 if cap == "NO_BODY" else value_of(cap),
            }
    return found


def operations():
    for path, item in SPEC["paths"].items():
        for method in METHODS:
            if method in item:
                yield method.upper(), path, item[method]


def routes_of_the_spec():
    return {
        (listener, method, path): {
            "role": op["x-role"],
            "fresh": op.get("x-fresh", False),
            "cap": op.get("x-body-max", 0),
        }
        for method, path, op in operations()
        for listener in op["x-listeners"]
    }


def test_the_spec_has_the_routes_of_the_server():
    table, spec = routes_of_the_table(), routes_of_the_spec()
    assert len(table) > 60
    assert sorted(set(table) - set(spec)) == [], "docs/openapi.yaml lacks routes"
    assert sorted(set(spec) - set(table)) == [], "docs/openapi.yaml has routes the server has not"
    for key, row in table.items():
        assert spec[key] == row, key


def references(value):
    if isinstance(value, dict):
        for key, inner in value.items():
            if key == "$ref":
                yield inner
            else:
                yield from references(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from references(inner)


def resolve(reference):
    value = SPEC
    for part in reference.removeprefix("#/").split("/"):
        value = value[part]
    return value


def test_the_spec_is_consistent():
    assert SPEC["openapi"] == "3.0.3"
    used = set(references(SPEC))
    for reference in used:
        resolve(reference)
    named = {f"#/components/schemas/{name}" for name in SPEC["components"]["schemas"]}
    assert sorted(named - used) == [], "schemas that nothing uses"
    ids = [op["operationId"] for _, _, op in operations()]
    assert len(ids) == len(set(ids))
    for method, path, op in operations():
        assert op["summary"], path
        assert "default" in op["responses"], path
        assert (op.get("security") == []) == (op["x-role"] == "public"), path
        wanted = re.findall(r"{(\w+)}", path)
        given = [p["name"] for p in op.get("parameters", []) if p.get("in") == "path"]
        assert given == wanted, path
        assert ("requestBody" in op) == (op.get("x-body-max", 0) > 0), path
        if "requestBody" in op and op["x-listeners"] == ["admin"]:
            assert body_schema(op)["additionalProperties"] is False, path


# ------------------------------------------------------------------- a validator of the subset

TYPES = {
    "object": dict, "array": list, "string": str, "boolean": bool, "integer": int,
    "number": (int, float),
}


def mistakes(schema, value, at="$"):
    """What is wrong with the value; a property the schema does not name is a mistake too."""
    if "$ref" in schema:
        yield from mistakes(resolve(schema["$ref"]), value, at)
        return
    if value is None and schema.get("nullable"):
        return
    if "anyOf" in schema:
        tried = [list(mistakes(one, value, at)) for one in schema["anyOf"]]
        yield from min(tried, key=len)
        return
    if value is None:
        if not schema.get("nullable") and "type" in schema:
            yield f"{at} is null"
        return
    kind = schema.get("type")
    is_wrong = kind and (not isinstance(value, TYPES[kind])
                         or (isinstance(value, bool) and kind != "boolean"))
    if is_wrong:
        yield f"{at} is no {kind}: {value!r}"
        return
    if "enum" in schema and value not in schema["enum"]:
        yield f"{at} is none of {schema['enum']}: {value!r}"
    if isinstance(value, str) and "pattern" in schema and not re.search(schema["pattern"], value):
        yield f"{at} does not fit {schema['pattern']}: {value!r}"
    if isinstance(value, list):
        for i, item in enumerate(value):
            yield from mistakes(schema.get("items", {}), item, f"{at}[{i}]")
    if isinstance(value, dict):
        shown = {k: v for k, v in value.items() if (k, v) != MASKED or k in schema.get("required", [])}
        yield from object_mistakes(schema, shown, at)


def object_mistakes(schema, value, at):
    properties = schema.get("properties", {})
    for name in schema.get("required", []):
        if name not in value:
            yield f"{at}.{name} is missing"
    others = schema.get("additionalProperties", not properties)
    for name, inner in value.items():
        if name in properties:
            yield from mistakes(properties[name], inner, f"{at}.{name}")
        elif others is False:
            yield f"{at}.{name} is not in the schema"
        elif isinstance(others, dict):
            yield from mistakes(others, inner, f"{at}.{name}")


def test_the_validator_finds_mistakes():
    schema = {
        "type": "object", "required": ["id"],
        "properties": {"id": {"type": "string", "pattern": "^[0-9]+$"},
                       "state": {"type": "string", "enum": ["done"]},
                       "list": {"type": "array", "items": {"type": "integer"}},
                       "gone": {"type": "string", "nullable": True}},
    }
    assert not list(mistakes(schema, {"id": "1", "state": "done", "list": [1], "gone": None}))
    for bad in ({}, {"id": 1}, {"id": "x"}, {"id": "1", "state": "no"}, {"id": "1", "list": [True]},
                {"id": "1", "list": None}, {"id": "1", "more": 1}, [], None):
        assert list(mistakes(schema, bad)), bad


def operation(method, path):
    """The operation whose path this is, of the ones with the most fixed parts."""
    path = path.split("?")[0]
    fits = [
        (template.count("{"), template) for template in SPEC["paths"]
        if re.fullmatch(re.sub(r"{\w+}", "[^/]+", template), path)
    ]
    assert fits, f"{path} is in no path of the spec"
    return SPEC["paths"][min(fits)[1]][method.lower()]


def body_schema(op):
    return op["requestBody"]["content"]["application/json"]["schema"]


def check_answer(method, path, reply):
    op = operation(method, path)
    answer = op["responses"].get(str(reply.status), op["responses"]["default"])
    if "$ref" in answer:
        answer = resolve(answer["$ref"])
    content = answer["content"]
    kind = reply.headers["Content-Type"].split(";")[0]
    assert kind in content or "*/*" in content, (method, path, kind)
    if kind == "application/json":
        found = list(mistakes(content[kind]["schema"], reply.json()))
        assert not found, f"{method} {path} {reply.status}: {found[:10]}"


# --------------------------------------------------------------------------- the real server

PLACES = {"id": "424242424242", "action": "999999", "sweep": "999999", "release": "999999",
          "version": "999999", "name": "okta.api_token"}


def filled(path, **places):
    return re.sub(r"{(\w+)}", lambda m: {**PLACES, **places}.get(m.group(1), "none"), path)


def posts():
    """The admin routes that take a body."""
    return [(path, op) for method, path, op in operations()
            if "requestBody" in op and "admin" in op["x-listeners"]]


def some(schema):
    """A value that fits."""
    if "$ref" in schema:
        return some(resolve(schema["$ref"]))
    if "enum" in schema:
        return schema["enum"][0]
    if schema.get("format") == "date":
        return "2031-01-31"
    kind = schema.get("type")
    if kind == "array":
        return [some(schema["items"])]
    if kind == "object":
        return {name: some(schema["properties"][name]) for name in schema.get("required", [])}
    plain = {"boolean": False, "integer": max(1, schema.get("minimum", 1)), "string": "1" * 12}
    return plain[kind]


def test_keys_of_bodies_are_those_of_the_spec(world):
    """A-14: every key of the spec is taken, any other refused, on every route with a body."""
    server = world(mode="dry_run").server
    for path, op in posts():
        schema = body_schema(op)
        for surplus in ({SURPLUS: 1}, {SURPLUS: None}, {"": 1}, {"__proto__": {}},
                        {**some(schema), SURPLUS: {}}):
            reply = server.ask("POST", filled(path), surplus)
            assert reply.status == 400, (path, surplus, reply)
            check_answer("POST", path, reply)
        for name, inner in schema["properties"].items():
            if name in ("finish", "check_only"):
                continue
            reply = server.ask("POST", filled(path), {name: some(inner)})
            assert UNKNOWN_KEY.encode() not in reply.body, (path, name, reply)
            check_answer("POST", path, reply)
        for body in ("[]", "1", '"x"', "{", "null", '{"by":"a","by":"b"}'):
            reply = server.ask("POST", filled(path), body)
            assert reply.status == 400, (path, body, reply)
    assert server.program.is_running()


def wrong(schema):
    """A value of another type."""
    return {"string": 12, "boolean": "true", "integer": "1", "array": {}, "object": "{}"}[
        schema["type"]]


def test_types_of_bodies_are_strict(world):
    here = world(people=3, mode="dry_run")
    server = here.server
    server.post("/sync")
    here.quiet()
    employee = server.people()[0]["employee_id"]
    taken = []
    for path, op in posts():
        schema = body_schema(op)
        for name, inner in schema["properties"].items():
            body = {**some(schema), name: wrong(inner)}
            reply = server.ask("POST", filled(path, id=employee), body)
            check_answer("POST", path, reply)
            if reply.status not in (400, 404):
                taken.append((path, body, reply))
    assert not taken


def test_arguments_are_those_of_the_spec(world):
    server = world(mode="dry_run").server
    for method, path, op in operations():
        if "admin" not in op["x-listeners"] or not path.startswith("/api/"):
            continue
        reply = server.ask(method, filled(path) + f"?{SURPLUS}=1", {} if method == "POST" else None)
        assert reply.status == 400, (path, reply)
        for parameter in op.get("parameters", []):
            parameter = resolve(parameter["$ref"]) if "$ref" in parameter else parameter
            if parameter["in"] != "query":
                continue
            word = "default" if parameter["name"] == "connection" else some(parameter["schema"])
            reply = server.ask(method, f"{filled(path)}?{parameter['name']}={word}",
                               {} if method == "POST" else None)
            assert b"no query argument of that name" not in reply.body, (path, parameter)


@pytest.fixture
def busy(world):
    """A world in which there is something of everything."""
    here = world(people=6, mode="live",
                 mapping=[{"okta": "title", "bob": "work.title"}])
    sandbox, server = here.sandbox, here.server
    server.post("/sync")
    here.quiet()
    sandbox.hire("Ada", "Example", datetime.date.today().isoformat())
    here.quiet()
    return here


def answers_to_somebody_signed_in(server):
    """The routes of accounts and sessions; a program has neither."""
    ada = Browser(server).sign_in("ada")
    seen = set()

    def ask(method, path, body=None):
        reply = ada.own(method, path, body)
        check_answer(method, "/api/v1" + path, reply)
        assert reply.status < 400, (method, path, reply)
        seen.add((method, operation(method, "/api/v1" + path)["operationId"]))
        if "Set-Cookie" in reply.headers:
            ada.take(reply)
        return reply.json()

    ask("GET", "/session")
    ask("POST", "/session/fresh", {"password": PASSWORD})
    made = ask("POST", "/accounts", {"name": "grace", "role": "viewer"})
    grace = f"/accounts/{made['account']['account']}"
    for path, body in (("/role", {"role": "operator"}), ("/disable", {}), ("/enable", {}),
                       ("/reset", {}), ("/end-sessions", {}), ("/remove", {})):
        ask("POST", grace + path, body)
    ask("GET", "/accounts")
    ask("POST", "/session", {"name": "ada", "password": PASSWORD})
    others = [one["session"] for one in ask("GET", "/account")["sessions"] if not one["is_this"]]
    for session in others[:1]:
        ask("POST", f"/account/sessions/{session}/end")
    ask("POST", "/account/sessions/end-others")
    ask("POST", "/account/password", {"old": PASSWORD, "new": PASSWORD + " more"})
    seed = ask("POST", "/account/totp/begin")["secret"]
    ask("POST", "/account/totp/confirm", {"code": totp(seed, time.time())})
    ask("POST", "/account/totp/remove")
    ask("POST", "/session/end")
    return seen


def masked_answers(server, paths):
    """What an admin and a viewer who signed in see of the same."""
    for somebody in (first_admin(server), invited(server, "vic", "viewer")):
        for path in paths:
            reply = somebody.own("GET", path.removeprefix("/api/v1"))
            assert reply.status in (200, 403), (path, reply)
            check_answer("GET", path, reply)


def test_answers_are_those_of_the_spec(busy):
    server = busy.server
    seen, reads = set(), set()

    def ask(method, path, body=None):
        reply = server.ask(method, path, body)
        check_answer(method, path, reply)
        if method == "GET" and path.startswith("/api/"):
            reads.add(path)
        assert reply.status < 400, (method, path, reply)
        seen.add((method, operation(method, path)["operationId"]))
        return reply.json() if reply.headers["Content-Type"] == "application/json" else reply

    employee = ask("GET", "/api/v1/people")["people"][0]["employee_id"]
    person = f"/api/v1/people/{employee}"
    ask("POST", person + "/plan", {})
    ask("POST", person + "/hold", {"why": "a look first"})
    ask("GET", "/api/v1/holds?text=e&rows=1")
    released = ask("POST", "/api/v1/holds/release", {"employee_id": employee})
    ask("GET", f"/api/v1/holds/releases/{released['release_id']}")
    ask("POST", "/api/v1/holds/reject", {"all": True})
    ask("POST", person + "/sync", {})
    ask("POST", person + "/retry", {})
    busy.quiet()
    shown = ask("GET", person)
    timeline = ask("GET", person + "/timeline?limit=1")
    ask("GET", person + "/timeline?before=" + timeline["next_before"])
    ask("POST", person + "/reveal", {"purpose": "to see what is shown"})
    ask("GET", "/api/v1/overview")
    ask("GET", "/api/v1/overview/calendar?days=31")
    sweep = ask("POST", "/api/v1/sweep", {})["sweep_id"]
    harness.wait_until(
        lambda: server.get(f"/sweeps/{sweep}")["sweep"]["state"] == "done", "the sweep", 30)
    ask("GET", "/api/v1/sweeps")
    ask("GET", f"/api/v1/sweeps/{sweep}")
    ask("POST", "/api/v1/adoption/scan", {})
    harness.wait_until(
        lambda: server.get("/adoption")["scan"]["state"] == "done", "the scan", 30)
    ask("GET", "/api/v1/adoption")
    ask("GET", "/api/v1/adoption/people")
    ask("POST", "/api/v1/adoption/decide", {"class": "exact", "decision": "link", "check": True})
    ask("POST", "/api/v1/plan", {})
    ask("POST", "/api/v1/plan/next", {"days": 30})
    for path, body in (("/plan", {}), ("/plan/next", {"days": 30}), ("/audit/verify", {})):
        ask("GET", "/api/v1" + path)
        ask("POST", f"/api/v1{path}/start", body)
        harness.wait_until(lambda: server.get(path)["state"] == "done", path, 30)
        ask("GET", "/api/v1" + path)
        check_answer("POST", f"/api/v1{path}/stop", server.ask("POST", f"/api/v1{path}/stop", {}))
    tomorrow = (datetime.date.today() + datetime.timedelta(1)).isoformat()
    ask("POST", person + "/plan", {"on": tomorrow})
    planned = {"day": tomorrow, "limit": "lower"}
    ask("POST", "/api/v1/plan/approve", {**planned, "employee_ids": [employee]})
    ask("GET", "/api/v1/plan/approvals")
    ask("POST", "/api/v1/plan/unapprove", {**planned, "all": True})
    ask("POST", "/api/v1/pause", {"revocations": True})
    ask("POST", "/api/v1/resume", {})
    ask("POST", "/api/v1/retry", {"failed": True})
    ask("POST", "/api/v1/sync", {})
    busy.quiet()
    ask("GET", "/api/v1/alarms?ended=true")
    ask("GET", "/api/v1/alarms/kinds")
    ask("POST", "/api/v1/alarms/test", {})
    ask("GET", "/api/v1/audit")
    ask("POST", "/api/v1/audit/verify", {})
    for form in ({}, {"format": "csv", "limit": 1}, {"format": "jsonl", "kind": "hold"}):
        ask("POST", "/api/v1/audit/export", form)
    ask("GET", "/api/v1/log-level")
    ask("POST", "/api/v1/log-level", {"level": "info", "minutes": 1})
    ask("GET", "/api/v1/events")
    ask("GET", "/api/v1/mapping/fields?text=title")
    ask("GET", "/api/v1/mapping/suggest")
    ask("POST", "/api/v1/mapping/preview", {"employee_id": employee})
    rows = [{"okta": "title", "expr": ".work.title // \"none\""}]
    ask("GET", "/api/v1/mapping/rows")
    ask("POST", "/api/v1/mapping/rows", {"mapping": rows + [{"okta": "nowhere", "bob": "work.gone"}]})
    groups = [{"group": "Everyone", "when": "true"}, {"group": "Nowhere", "when": ".work.site == 1"}]
    ask("GET", "/api/v1/mapping/groups?text=every")
    ask("POST", "/api/v1/mapping/rows", {"mapping": rows, "groups": groups})
    ask("POST", "/api/v1/mapping/preview", {"employee_id": employee, "mapping": rows, "groups": groups})
    ask("POST", "/api/v1/mapping/preview-group", {"employee_id": employee, "row": groups[1]})
    ask("POST", "/api/v1/mapping/preview-group",
        {"employee_id": employee, "row": {"group": "Nowhere", "when": ".work |"}})
    ask("POST", "/api/v1/mapping/preview-all", {"mapping": rows, "groups": groups})
    ask("POST", "/api/v1/mapping/preview-row", {"employee_id": employee, "row": rows[0]})
    ask("POST", "/api/v1/mapping/preview-row",
        {"employee_id": employee, "row": {"okta": "title", "expr": ".work |"}})
    ask("POST", "/api/v1/mapping/preview-all", {"mapping": rows})
    ask("GET", "/api/v1/mapping/preview-all")
    ask("POST", "/api/v1/mapping/preview-all/start", {"mapping": rows, "scope": None})
    harness.wait_until(
        lambda: server.get("/mapping/preview-all")["state"] == "done", "the preview", 30)
    ask("GET", "/api/v1/mapping/preview-all")
    check_answer("POST", "/api/v1/mapping/preview-all/stop",
                 server.ask("POST", "/api/v1/mapping/preview-all/stop", {}))
    ask("POST", "/api/v1/schema/plan", {})
    ask("GET", "/api/v1/settings")
    ask("POST", "/api/v1/settings/reload", {})
    document = server.get("/settings")["document"]
    ask("POST", "/api/v1/settings", {"document": document, "check_only": True})
    document["connections"][0]["mapping"].append({"okta": "division", "bob": "work.department"})
    ask("POST", "/api/v1/settings", {"document": document, "note": "one row more"})
    ask("POST", "/api/v1/settings/rollback", {"version": 1})
    document["connections"][0]["mode"] = "no such mode"
    refused = server.ask("POST", "/api/v1/settings", {"document": document})
    assert refused.status == 400 and refused.json()["mistakes"]
    check_answer("POST", "/api/v1/settings", refused)
    ask("GET", "/api/v1/settings/versions")
    ask("GET", "/api/v1/settings/versions/1")
    ask("GET", "/api/v1/settings/versions/1/diff")
    ask("POST", "/api/v1/secrets/okta.api_token", {"value": "a-token-that-is-not-in-force"})
    ask("GET", "/api/v1/secrets")
    ask("POST", "/api/v1/secrets/okta.api_token/remove", {})
    ask("GET", "/api/v1/check")
    ask("POST", "/api/v1/check", {})
    harness.wait_until(lambda: server.get("/check")["state"] == "done", "the check", 30)
    ask("GET", "/api/v1/check")
    check_answer("POST", "/api/v1/check/draft",
                 server.ask("POST", "/api/v1/check/draft", {"okta": {}}))
    ask("GET", "/api/v1/webhook")
    ask("GET", "/api/v1/keys")
    ask("POST", "/api/v1/keys/rotate", {})
    ask("GET", "/api/v1/status")
    ask("POST", "/api/v1/backup", {})
    ask("GET", "/")
    ask("GET", "/healthz")
    ask("GET", "/readyz")
    ask("GET", "/metrics")
    action = shown["actions"][0]["intent_id"] if shown["actions"] else None
    if action:
        check_answer("POST", f"/api/v1/actions/{action}/undo",
                     server.ask("POST", f"/api/v1/actions/{action}/undo", {"plan": True}))
    ask("POST", person + "/export", {})
    ask("POST", person + "/close", {})
    busy.quiet(unsettled=True)
    unlinked = harness.wait_until(
        lambda: (reply := server.ask("POST", person + "/unlink", {})).status == 200 and reply,
        "the link is forgotten", 20)
    check_answer("POST", person + "/unlink", unlinked)
    ask("POST", person + "/link", {"okta_user": shown["employee"]["okta_id"], "check": True})
    masked_answers(server, sorted(reads))
    erased = server.ask("POST", person + "/erase", {"although": "an invented person"})
    check_answer("POST", person + "/erase", erased)
    seen |= answers_to_somebody_signed_in(server)
    gets = {op["operationId"] for method, path, op in operations()
            if method == "GET" and path.startswith("/api/")}
    assert gets - {name for _, name in seen} == set(), "routes whose answer nobody looked at"


def test_errors_have_the_shape_of_the_spec(world):
    server = world(mode="dry_run").server
    for method, path, op in operations():
        if "admin" not in op["x-listeners"] or op["x-role"] == "public":
            continue
        reply = harness.http_call(server.admin, method, filled(path), None if method == "GET" else {})
        assert reply.status == 401, (method, path, reply)
        check_answer(method, path, reply)
        if "requestBody" in op:
            answer = harness.raw_call(server.admin, (
                f"POST {filled(path)} HTTP/1.1\r\nHost: {server.admin[0]}:{server.admin[1]}\r\n"
                f"Authorization: Bearer {server.token}\r\n"
                f"Content-Length: {op['x-body-max'] + 1}\r\n\r\n").encode())
            assert answer.startswith(b"HTTP/1.1 413 "), (path, answer)
            body = json.loads(answer.split(b"\r\n\r\n", 1)[1])
            assert not list(mistakes(SPEC["components"]["schemas"]["Error"], body)), path
