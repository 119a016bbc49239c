# SPDX-License-Identifier: MIT
"""Who may come in, and what a browser has to bring: A-01, A-04, A-07, A-08, A-12, A-16, S-03.

What holds for every route is asked of every route of the table in server/routes.c.
"""

import base64
import hashlib
import hmac
import re
import sqlite3
import stat
import struct
import time

import pytest

import harness
from harness import BOB_TOKEN, OKTA_TOKEN, SECRET, http_call, wait_until

PASSWORD = "violet tram under nine poplars"
OTHER = "quiet otters count seven stars"
SAME = {"Sec-Fetch-Site": "same-origin"}
JSON = {"Content-Type": "application/json"}
MINUTE = 60

ROUTE = re.compile(
    r'\{HTTP_(\w+),\s*"([^"]+)",\s*HTTP_ROLE_(\w+),\s*\w+,\s*([\w |]+),\s*(\w+)\}')


def routes():
    """(method, path with something in each {x}, role, is_fresh) of the admin listener's table."""
    text = (harness.ROOT / "server/routes.c").read_text().split("routes_admin[]")[1]
    rows = [
        (method, re.sub(r"\{\w+\}", "1", path), role.lower(), "FRESH" in flags)
        for method, path, role, flags, _ in ROUTE.findall(text)
    ]
    assert len(rows) > 60
    return rows


CHANGES = [row for row in routes() if row[0] != "GET"]
READS = [row for row in routes() if row[0] == "GET"]


def code_of(reply):
    return reply.json()["error"]["code"]


class Browser:
    """What the console's own page sends, and what a hostile one can."""

    def __init__(self, server, cookie=None):
        self.server = server
        self.cookie = cookie
        self.csrf = None
        self.answer = None

    def ask(self, method, path, body=None, headers=None):
        """With the cookie alone, and these headers."""
        own = {"Cookie": self.cookie} if self.cookie else {}
        data = body if isinstance(body, (str, bytes, type(None))) else harness.json.dumps(body)
        if data is None and method != "GET":
            data = "{}"
        return http_call(self.server.admin, method, path, data, {**own, **(headers or {})})

    def own(self, method, path, body=None, headers=None):
        """As the page does."""
        more = {**SAME, **JSON, **(headers or {})}
        if self.csrf:
            more["X-CSRF-Token"] = self.csrf
        return self.ask(method, "/api/v1" + path, body, more)

    def take(self, reply):
        assert reply.status == 200, reply
        self.answer = reply.json()
        self.cookie = reply.headers["Set-Cookie"].split(";")[0]
        self.csrf = self.answer["csrf"]
        return self

    def sign_in(self, name, password=PASSWORD, **more):
        return self.take(self.own("POST", "/session", {"name": name, "password": password, **more}))

    def enter(self, code, name, password=PASSWORD):
        return self.own("POST", "/session/enter", {"code": code, "name": name, "password": password})


def first_admin(server, name="ada"):
    code = server.post("/accounts/first-code")["code"]
    browser = Browser(server)
    return browser.take(browser.enter(code, name))


def invited(server, name, role):
    answer = server.post("/accounts", {"name": name, "role": role})
    browser = Browser(server)
    browser.take(browser.enter(answer["code"], name))
    browser.account = answer["account"]["account"]
    return browser


def totp(seed, at_s):
    mac = hmac.new(base64.b32decode(seed), struct.pack(">Q", int(at_s // 30)), hashlib.sha1).digest()
    at = mac[19] & 15
    return f"{(struct.unpack('>I', mac[at:at + 4])[0] & 0x7FFFFFFF) % 1000000:06d}"


def later(one, minutes):
    """A new process, so much later: accounts count on the time since the start."""
    one.server.stop()
    one.set_clock(minutes * MINUTE)
    one.server.start()


# -------------------------------------------------------------------


def test_there_is_no_account_but_by_the_code_which_serves_once(world):
    server = world().server
    browser = Browser(server)
    assert browser.own("GET", "/session").json()["state"] == "first_run"
    for name, password in [("admin", "admin"), ("bob2okta", "bob2okta"), ("root", "")]:
        reply = browser.own("POST", "/session", {"name": name, "password": password})
        assert reply.status in (400, 401), reply
    path = server.store.parent / "first-code"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    by_file = path.read_text().strip()
    # It is on the terminal; a log is kept and read by others.
    assert by_file not in server.program.output("err")
    # More than 112 bits: letters and digits of an alphabet of 32.
    assert 5 * len(by_file.replace("-", "")) > 112
    newer = server.cli("account", "first-code")
    assert newer.returncode == 0, newer
    code = newer.stdout.split()[0]
    assert path.read_text().strip() == code != by_file
    assert browser.enter(by_file, "ada").status == 401
    assert browser.enter(code[:-1] + ("A" if code[-1] != "A" else "B"), "ada").status == 401
    assert browser.enter(code, "ada", "short").status == 400
    browser.take(browser.enter(code, "ada"))
    assert browser.answer["account"] == {"name": "ada", "role": "admin", "has_totp": False}
    assert not path.exists()
    assert Browser(server).enter(code, "eve").status == 401
    assert server.ask("POST", "/api/v1/accounts/first-code", {}).status == 409
    assert [one["name"] for one in server.get("/accounts")["accounts"]] == ["ada"]
    server.restart()
    assert not path.exists()


def test_an_invitation_ends_after_a_day_and_serves_only_whom_it_is_for(world):
    one = world(clock=0)
    first_admin(one.server)
    code = one.server.post("/accounts", {"name": "grace", "role": "viewer"})["code"]
    late = one.server.post("/accounts", {"name": "heidi", "role": "viewer"})["code"]
    assert Browser(one.server).enter(code, "heidi").status == 401
    assert Browser(one.server).enter(code, "grace").status == 200
    assert Browser(one.server).enter(code, "grace").status == 401
    later(one, 25 * 60)
    assert Browser(one.server).enter(late, "heidi").status == 401


# -------------------------------------------------------------------


def test_guessing_is_braked_whatever_address_is_claimed_and_after_a_restart(world):
    server = world().server
    owner = first_admin(server)
    judged = braked = guess = wait_s = 0
    # The wait that is left has to outlast the restart.
    while guess < 120 or wait_s < 8:
        guess += 1
        reply = Browser(server).own("POST", "/session", {"name": "ada", "password": f"guess {guess}"},
                                    {"X-Forwarded-For": f"203.0.113.{guess % 256}"})
        if reply.status == 429:
            braked += 1
            wait_s = int(reply.headers["Retry-After"])
            assert 1 <= wait_s <= 15 * MINUTE
            assert code_of(reply) == "too_many"
        else:
            assert code_of(reply) == "unauthorized"
            judged += 1
    assert judged <= 11 and braked >= 109
    assert owner.own("GET", "/account").status == 200
    server.restart()
    assert Browser(server).own("POST", "/session", {"name": "ada", "password": PASSWORD}).status == 429
    # The owner goes on in the session there is, and proves who it is.
    assert owner.own("GET", "/account").status == 200
    owner.take(owner.own("POST", "/session/fresh", {"password": PASSWORD}))
    assert owner.own("POST", "/accounts", {"name": "grace", "role": "viewer"}).status == 200


# -------------------------------------------------------------------


def test_a_session_is_never_one_that_was_there_before(world):
    server = world().server
    first_admin(server)
    planted = "__Host-bob2okta=" + "ab" * 32
    browser = Browser(server, planted).sign_in("ada")
    assert browser.cookie != planted
    assert Browser(server, planted).ask("GET", "/api/v1/status").status == 401
    flags = browser.own("POST", "/session", {"name": "ada", "password": PASSWORD}).headers["Set-Cookie"]
    assert flags.split("; ")[1:] == ["Path=/", "Secure", "HttpOnly", "SameSite=Strict"]
    # That was a second sign-in of the same browser: the first session ended.
    assert browser.own("GET", "/status").status == 401
    seen = {Browser(server).sign_in("ada").cookie for _ in range(5)}
    assert len(seen) == 5 and all(len(one.split("=")[1]) == 64 for one in seen)
    dump = "".join(sqlite3.connect(server.store).iterdump())
    assert not any(one.split("=")[1] in dump for one in seen)


def test_a_session_ends_for_good(world):
    server = world().server
    admin = first_admin(server)
    browser = invited(server, "grace", "operator")
    ends = {
        "sign out": lambda: browser.own("POST", "/session/end"),
        "role": lambda: admin.own("POST", f"/accounts/{browser.account}/role", {"role": "viewer"}),
        "end": lambda: admin.own("POST", f"/accounts/{browser.account}/end-sessions"),
        "disabled": lambda: admin.own("POST", f"/accounts/{browser.account}/disable"),
    }
    for what, end in ends.items():
        browser.sign_in("grace")
        assert browser.own("GET", "/status").status == 200, what
        assert end().status == 200, what
        for _ in range(2):
            reply = browser.own("GET", "/status")
            assert (reply.status, code_of(reply)) == (401, "unauthorized"), what
        assert browser.own("POST", "/session/end").status == 401, what
    assert browser.own("POST", "/session", {"name": "grace", "password": PASSWORD}).status == 401
    # A proof asked for once more makes another token; the one before is none.
    before = admin.cookie
    admin.take(admin.own("POST", "/session/fresh", {"password": PASSWORD}))
    assert admin.cookie != before
    assert Browser(server, before).ask("GET", "/api/v1/status").status == 401


def test_a_session_survives_a_restart_and_not_a_quarter_of_an_hour(world):
    one = world(clock=0)
    browser = first_admin(one.server)
    later(one, 10)
    assert browser.own("GET", "/status").status == 200
    later(one, 10 + 16)
    assert browser.own("GET", "/status").status == 401
    browser.sign_in("ada")
    # Used all the time, it ends after eight hours.
    for minute in range(14, 8 * 60, 14):
        later(one, 26 + minute)
        assert browser.own("GET", "/status").status == 200, minute
        if minute > 3 * 14:
            break
    later(one, 26 + 8 * 60 + 1)
    assert browser.own("GET", "/status").status == 401


# -------------------------------------------------------------------


# What the server notes by itself, whenever its time comes: for how long it runs, that it is alive,
# that /readyz could write, when a secret was used and the trail looked at, that Bob is silent.
CLOCKS = re.compile(r"running_ms|heartbeat_ms|probed_at_ms|webhook_secret\.used\.\w+|okta\.used_at_ms|"
                    r"audit\.verified_at_ms|retention\.\w+|alarm\.silent_ms")


def is_asked_for(table, row):
    """Alarms open and end by themselves, too: who has seen one is what somebody asked for."""
    if table == "alarms":
        return row["acknowledged_by"] != ""
    return not CLOCKS.fullmatch(str(row.get("name", "")))


def snapshot(server):
    """A digest of each table; a session's last use is not what a request asked for."""
    with sqlite3.connect(f"file:{server.store}?mode=ro", uri=True) as db:
        names = [name for name, in db.execute(
            "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")]
        digests = {}
        for name in sorted(names):
            columns = [row[1] for row in db.execute(f"PRAGMA table_info({name})")
                       if not (name == "sessions" and row[1] == "used_at_ms")]
            quoted = ", ".join(f'"{column}"' for column in columns)
            rows = sorted(repr(row) for row in db.execute(f"SELECT {quoted} FROM {name}")
                          if is_asked_for(name, dict(zip(columns, row))))
            digests[name] = hashlib.sha256("\n".join(rows).encode()).hexdigest()
        return digests


HOSTILE = {
    "no token": ({**SAME, **JSON}, None),
    "another session's token": ({**SAME, **JSON}, "other"),
    "half a token": ({**SAME, **JSON}, "half"),
    "cross-site": ({"Sec-Fetch-Site": "cross-site", **JSON}, "own"),
    "same-site": ({"Sec-Fetch-Site": "same-site", **JSON}, "own"),
    "typed by hand": ({"Sec-Fetch-Site": "none", **JSON}, "own"),
    "null origin": ({"Origin": "null", **JSON}, "own"),
    "another origin": ({"Origin": "https://evil.example", **JSON}, "own"),
    "neither": (JSON, "own"),
    "form post": ({**SAME, "Content-Type": "application/x-www-form-urlencoded"}, "own"),
    "text post": ({**SAME, "Content-Type": "text/plain"}, "own"),
    "multipart post": ({**SAME, "Content-Type": "multipart/form-data; boundary=x"}, "own"),
    "no type": (SAME, "own"),
}
PUBLIC_TOO = [what for what, (_, token) in HOSTILE.items() if token == "own"]


def test_nothing_is_changed_for_another_page(world):
    server = world().server
    admin, other = first_admin(server), Browser(server)
    other.sign_in("ada")
    tokens = {"own": admin.csrf, "other": other.csrf, "half": admin.csrf[:32]}
    before = snapshot(server)
    asked = 0
    for method, path, role, _ in CHANGES:
        for what, (headers, token) in HOSTILE.items():
            if role == "public" and what not in PUBLIC_TOO:
                continue
            more = {"X-CSRF-Token": tokens[token]} if token else {}
            reply = admin.ask(method, path, "{}", {**headers, **more})
            assert (reply.status, code_of(reply)) == (403, "cross_site"), f"{what}: {path}: {reply}"
            assert "Set-Cookie" not in reply.headers
            asked += 1
    assert asked > 600
    assert snapshot(server) == before
    # All that with the right things is let through: what it answers then is its own affair.
    for method, path, _, is_fresh in CHANGES:
        if path.endswith(("/session/end", "/end-others", "/1/end", "/1/remove", "/1/disable",
                          "/1/role", "/1/reset", "/1/end-sessions")):
            continue
        reply = admin.own(method, path[len("/api/v1"):], '{"nonsense": 1}')
        assert reply.status not in (401, 403, 421) or path.endswith("/session"), f"{path}: {reply}"


def test_reading_changes_nothing(world):
    one = world()
    server = one.server
    for first in ("Ada", "Bea"):
        one.sandbox.hire(first, "Read", one.sandbox.get("/state")["today"])
    # Somebody is there to be read, and nothing is on its way any more.
    one.quiet()
    assert len(server.people()) == 2
    admin = first_admin(server)
    browsers = [admin, invited(server, "otto", "operator"), invited(server, "vic", "viewer")]
    junk = ["", "?connection=default", "?connection=%00", "?limit=0&after=%27--", "?text=%3Cscript%3E",
            "?all=true", "?x=1"]
    before = snapshot(server)
    for _, path, _, _ in READS:
        for browser in browsers:
            for more in junk:
                browser.ask("GET", path + more, None, {"Sec-Fetch-Site": "cross-site"})
    assert snapshot(server) == before


# -------------------------------------------------------------------

# What the table of routes has to ask a fresh proof for, whatever else it may: token, domain,
# secrets, master key, brake release, activation mode, mapping, users, purge.
STEP_UP = [
    "/api/v1/settings", "/api/v1/settings/reload", "/api/v1/settings/rollback",
    "/api/v1/secrets/1", "/api/v1/secrets/1/remove", "/api/v1/keys/rotate",
    "/api/v1/holds/release", "/api/v1/plan/approve", "/api/v1/people/1/erase",
    "/api/v1/accounts", "/api/v1/accounts/1/role", "/api/v1/accounts/1/disable",
    "/api/v1/accounts/1/enable", "/api/v1/accounts/1/reset", "/api/v1/accounts/1/remove",
    "/api/v1/accounts/1/end-sessions", "/api/v1/account/totp/begin", "/api/v1/account/totp/remove",
]


def test_what_weighs_most_asks_for_the_password_once_more(world):
    one = world(clock=0)
    admin = first_admin(one.server)
    fresh = [(method, path) for method, path, _, is_fresh in CHANGES if is_fresh]
    assert set(STEP_UP) <= {path for _, path in fresh}
    later(one, 6)
    answer = admin.own("GET", "/session").json()
    assert (answer["state"], answer["fresh_until_ms"]) == ("signed_in", 0)
    before = snapshot(one.server)
    for method, path in fresh:
        reply = admin.own(method, path[len("/api/v1"):], "{}")
        assert (reply.status, code_of(reply)) == (403, "not_fresh"), f"{path}: {reply}"
    # The engine, started six minutes later, notes when it looked at what.
    engines = ("connection_values", "audit", "sweeps", "sweep_findings")
    after = snapshot(one.server)
    assert {name: after[name] for name in after if name not in engines} == {
        name: before[name] for name in before if name not in engines}
    for method, path, _, is_fresh in CHANGES:
        if not is_fresh and not path.endswith(("/session/end", "/session/fresh", "/session", "/enter")):
            assert admin.own(method, path[len("/api/v1"):], '{"nonsense": 1}').status != 403, path
    wrong = admin.own("POST", "/session/fresh", {"password": "not it at all, I fear"})
    assert (wrong.status, code_of(wrong)) == (401, "unauthorized")
    assert admin.own("POST", "/accounts", {"name": "eve", "role": "admin"}).status == 403
    admin.take(admin.own("POST", "/session/fresh", {"password": PASSWORD}))
    for method, path in fresh:
        reply = admin.own(method, path[len("/api/v1"):], '{"nonsense": 1}')
        assert reply.status not in (401, 403), f"{path}: {reply}"
    # The admin token is a program's, and fresh always.
    assert one.server.ask("POST", "/api/v1/accounts", {"name": "grace", "role": "viewer"}).status == 200


def test_a_fresh_proof_takes_the_second_factor_too(world):
    one = world(clock=0)
    admin = first_admin(one.server)
    seed = admin.own("POST", "/account/totp/begin").json()["secret"]
    assert admin.own("POST", "/account/totp/confirm", {"code": totp(seed, time.time())}).status == 200
    later(one, 6)
    for second in ({}, {"second": ""}, {"second": "000000"}):
        reply = admin.own("POST", "/session/fresh", {"password": PASSWORD, **second})
        assert (reply.status, code_of(reply)) == (401, "second_factor"), second
    code = totp(seed, time.time() + 6 * MINUTE)
    admin.take(admin.own("POST", "/session/fresh", {"password": PASSWORD, "second": code}))
    # It serves once.
    reply = Browser(one.server).own("POST", "/session", {"name": "ada", "password": PASSWORD, "second": code})
    assert (reply.status, code_of(reply)) == (401, "second_factor")


# -------------------------------------------------------------------


def test_a_password_is_changed_with_the_old_one_and_others_end_if_wanted(world):
    server = world().server
    first_admin(server)
    grace, away = invited(server, "grace", "viewer"), Browser(server)
    away.sign_in("grace")
    body = {"old": PASSWORD, "new": OTHER, "end_others": False}
    assert grace.own("POST", "/account/password", {**body, "old": OTHER}).status == 401
    weak = grace.own("POST", "/account/password", {**body, "new": "grace grace grace"})
    assert weak.status == 400 and "guess" in weak.json()["error"]["message"]
    assert grace.own("POST", "/account/password", {"new": OTHER}).status == 400
    kept = grace.own("POST", "/account/password", body).json()
    assert len(kept["sessions"]) == 2 and away.own("GET", "/account").status == 200
    ended = grace.own("POST", "/account/password", {"old": OTHER, "new": PASSWORD, "end_others": True})
    assert [one["is_this"] for one in ended.json()["sessions"]] == [True]
    assert away.own("GET", "/account").status == 401
    away.sign_in("grace")
    mine = [one for one in grace.own("GET", "/account").json()["sessions"] if not one["is_this"]]
    assert grace.own("POST", f"/account/sessions/{mine[0]['session']}/end").status == 200
    assert away.own("GET", "/account").status == 401
    # Nobody ends a session of somebody else but an admin.
    admin = Browser(server).sign_in("ada")
    theirs = admin.own("GET", "/account").json()["sessions"][0]["session"]
    assert grace.own("POST", f"/account/sessions/{theirs}/end").status == 404
    done = server.cli("account", "end-sessions", "grace")
    assert done.returncode == 0 and "0 sessions" in done.stdout, done
    assert grace.own("GET", "/account").status == 401


# ------------------------------------------------------------------- S-03


def test_no_answer_of_any_route_to_any_role_holds_a_secret(world):
    one = world(people=3)
    server = one.server
    admin = first_admin(server)
    open_code = server.post("/accounts", {"name": "nina", "role": "viewer"})["code"]
    otto, vic = invited(server, "otto", "operator"), invited(server, "vic", "viewer")
    seed = admin.own("POST", "/account/totp/begin").json()["secret"]
    recovery = admin.own("POST", "/account/totp/confirm", {"code": totp(seed, time.time())}).json()
    server.post("/secrets/bob.webhook_secret", {"value": "a canary of its own: x7Q!"})
    canaries = [OKTA_TOKEN, BOB_TOKEN, SECRET, server.token, PASSWORD, open_code, seed,
                "a canary of its own", *recovery["recovery_codes"],
                *(browser.cookie.split("=")[1] for browser in (admin, otto, vic))]
    asked = 0
    for browser in (admin, otto, vic, Browser(server)):
        # Its own csrf is its own; nobody else's is.
        foreign = [b.csrf for b in (admin, otto, vic) if b is not browser]
        for _, path, _, _ in READS:
            reply = browser.ask("GET", path)
            text = reply.body.decode(errors="replace") + str(reply.headers)
            found = [one for one in canaries + foreign if one in text]
            assert not found, f"{path}: {found}"
            asked += 1
    for _, path, _, _ in READS:
        text = server.ask("GET", path).body.decode(errors="replace")
        assert not [one for one in canaries if one in text], path
    assert asked > 100
    log = server.log()
    assert not [one for one in canaries if one in log]
