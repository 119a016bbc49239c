# SPDX-License-Identifier: MIT
"""Secrets and personal data are nowhere they may not be (I7, S-01 to S-06, U-02, G-01, L-05)."""

import json
import os
import pathlib
import pty
import random
import re
import signal
import socket
import subprocess
import termios
import threading
import time

import pytest

import audit_oracle
import harness
from harness import http_call, wait_until
from sizes import size

STORED = {"stored": True}
OLD_TOKEN = "CANARY-okta-token-before-1111"
NEW_TOKEN = "CANARY-okta-token-after-22222"
BOB_TOKEN = "CANARY-bob-token-3333333333"
HOOK_OLD = "CANARY-hook-secret-4444444"
HOOK_NEW = "CANARY-hook-secret-5555555"
CANARIES = [OLD_TOKEN, NEW_TOKEN, BOB_TOKEN, HOOK_OLD, HOOK_NEW]


def stored(connection):
    """A document that takes every secret from the store."""
    connection["okta"]["api_token"] = STORED
    connection["bob"]["service_user_token"] = STORED
    connection["bob"]["webhook_secrets"] = [STORED]


def enter(one, name, value, *flags):
    done = one.server.cli("secret", "set", name, *flags, stdin=value)
    assert done.returncode == 0, done.stderr
    assert value not in done.stdout + done.stderr
    return done.stdout


def enter_all(one, token=OLD_TOKEN):
    enter(one, "okta.api_token", token)
    enter(one, "bob.service_user_token", BOB_TOKEN)
    enter(one, "bob.webhook_secret", HOOK_OLD)


def keyed(world, **options):
    """A world whose Bob and Okta want the canaries, entered by command."""
    one = world(change=stored,
                sandbox_settings={"okta_token": OLD_TOKEN, "bob_token": BOB_TOKEN}, **options)
    enter_all(one)
    one.sandbox.webhooks(url=one.server.url(), secret=HOOK_OLD, retry=True, retry_ms=50,
                         retry_max_ms=500)
    return one


def works(one):
    status = one.server.status()
    return status["okta"]["state"] == "ok" and status["bob"]["state"] != "parked"


def listed(one):
    """name -> what the store has of it, newest first."""
    return {entry["name"]: entry["stored"] for entry in one.server.get("/secrets")["secrets"]}


@pytest.fixture(scope="module")
def shared():
    """One world is enough for what changes nothing."""
    with harness.World(change=stored) as one:
        yield one


# ------------------------------------------------------------------- entering

@pytest.mark.fault("S-01", "S-03", "O-10")
def test_secrets_are_entered_while_the_server_runs(world):
    """Nothing is entered at first: the connection waits and says for what, and calls nobody."""
    one = world(change=stored,
                sandbox_settings={"okta_token": OLD_TOKEN, "bob_token": BOB_TOKEN})
    wait_until(lambda: one.server.status()["okta"]["state"] == "parked", "Okta waits")
    wait_until(lambda: one.server.status()["bob"]["state"] == "parked", "Bob waits")
    status = one.server.status()
    assert "bob2okta secret set okta.api_token" in status["okta"]["sentence"]
    assert "bob2okta secret set bob.service_user_token" in status["bob"]["sentence"]
    assert one.sandbox.calls() == []
    refused = one.server.post_event({"companyId": 1, "type": "employee.updated"})
    assert (refused.status, refused.json()["error"]["code"]) == (503, "no_secret")
    assert "MISSING" in one.server.cli("secret", "list").stdout

    enter_all(one)
    one.sandbox.webhooks(url=one.server.url(), secret=HOOK_OLD)
    wait_until(lambda: works(one), "both work without a restart")
    one.hire_settled("Ada", "First", harness_day())
    shown = one.server.cli("secret", "list").stdout
    assert "...1111" in shown and "in use" in shown
    have = listed(one)
    assert have["okta.api_token"][0]["success_at_ms"] > 0
    assert have["bob.webhook_secret"][0]["success_at_ms"] > 0
    assert re.fullmatch(r"[0-9a-f]{16}", have["okta.api_token"][0]["fingerprint"])
    audit = audit_lines(one)
    assert any("secret okta.api_token entered for " in line for line in audit)
    one.restart()
    wait_until(lambda: works(one), "they are there after a restart")


def harness_day():
    return "2020-01-01"


def audit_lines(one):
    return [json.dumps({**record["meta"], **(record["payload"] or {})}) for record in audit_oracle.records(one)]


@pytest.mark.fault("W-04")
def test_two_webhook_secrets_while_changing(world):
    one = keyed(world)
    body = {"companyId": 636192, "type": "employee.updated", "employee": {"id": "1"}}
    data = json.dumps(body)
    assert "in force" in enter(one, "bob.webhook_secret", HOOK_NEW)
    for secret in (HOOK_OLD, HOOK_NEW):
        assert one.server.post_event(data, harness.sign(data, secret)).status == 200
    removed = one.server.cli("secret", "remove", "bob.webhook_secret", "--before", "--yes")
    assert removed.returncode == 0, removed.stderr
    assert one.server.post_event(data, harness.sign(data, HOOK_OLD)).status == 401
    assert one.server.post_event(data, harness.sign(data, HOOK_NEW)).status == 200
    assert one.server.cli("secret", "remove", "bob.webhook_secret", "--yes").returncode == 0
    assert one.server.post_event(data, harness.sign(data, HOOK_NEW)).status == 503


@pytest.mark.parametrize("name, value, text", [
    ("okta.api_token", "", "nothing was entered"),
    ("okta.api_token", "SSWS abc", "SSWS"),
    ("okta.api_token", " abc", "white space"),
    ("okta.api_token", "a\nb", "characters that no token has"),
    ("okta.api_token", "x" * 5000, "longer than 4096"),
    ("bob.webhook_secret", "short", "is shorter than 8"),
    ("okta.api_tokn", "abc", "did you mean okta.api_token?"),
    ("nonsense", "abc", "they are okta.api_token, bob.service_user_token, bob.webhook_secret"),
    ("alarms.ops.colour", "abc", "of a target of alarms alarms.NAME.webhook"),
])
def test_what_is_no_secret_is_refused_with_a_sentence(shared, name, value, text):
    done = shared.server.cli("secret", "set", name, stdin=value)
    assert done.returncode == 2
    assert text in done.stderr
    assert len(value) <= 5 or value not in done.stderr


def test_what_is_typed_is_not_shown(world):
    one = world(change=stored)
    controller, terminal = pty.openpty()
    asked = subprocess.Popen(
        [harness.server_program(), "secret", "set", "okta.api_token", "--admin-listen",
         "%s:%d" % one.server.admin, "--store", f"sqlite:{one.server.store}"],
        stdin=terminal, stdout=terminal, stderr=terminal)
    shown = b""
    while b"(is not shown): " not in shown:
        shown += os.read(controller, 4096)
    os.write(controller, OLD_TOKEN.encode() + b"\n")
    assert asked.wait(60) == 0
    assert termios.tcgetattr(terminal)[3] & termios.ECHO, "the terminal shows again"
    os.close(terminal)
    try:
        while part := os.read(controller, 4096):
            shown += part
    except OSError:
        pass  # its other end is closed
    os.close(controller)
    assert b"Okta's API token" in shown and b"in force" in shown
    assert OLD_TOKEN.encode() not in shown
    assert listed(one)["okta.api_token"][0]["last4"] == "1111"


def test_check_says_that_the_server_has_the_token(shared):
    done = shared.server.cli("check")
    assert done.returncode == 0, done
    assert done.stdout.count("the token is in the store, which only the server reads") == 2
    assert "webhook_secrets" not in done.stdout


# ------------------------------------------------------------------ other hosts

class Listener:
    """Counts what arrives, and never answers."""

    def __init__(self):
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.bytes = b""
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        while True:
            try:
                peer, _ = self.socket.accept()
            except OSError:
                return
            with peer:
                peer.settimeout(1)
                try:
                    while chunk := peer.recv(65536):
                        self.bytes += chunk
                except OSError:
                    pass

    @property
    def url(self):
        return "http://127.0.0.1:%d" % self.socket.getsockname()[1]

    def close(self):
        self.socket.close()


@pytest.mark.fault("U-02")
@pytest.mark.parametrize("side", ["okta", "bob"])
def test_a_token_goes_to_the_host_it_was_entered_for_and_to_no_other(world, side):
    one = keyed(world)
    wait_until(lambda: works(one), "both work")
    name = {"okta": "okta.api_token", "bob": "bob.service_user_token"}[side]
    other = Listener()
    try:
        document = one.server.document
        before = document["connections"][0][side]["base_url"]
        document["connections"][0][side]["base_url"] = other.url
        one.server.write_settings(document)
        assert one.server.cli("settings", "reload").returncode == 0
        wait_until(lambda: one.server.status()[side]["state"] == "parked", "waits")
        assert name in one.server.status()[side]["sentence"]
        assert "no other host" in one.server.status()[side]["sentence"]
        assert listed(one)[name] == []
        assert any(f"secret {name} cleared" in line for line in audit_lines(one))
        one.server.cli("sync", "--all", "--no-wait")
        harness.stays(lambda: other.bytes == b"", "not one byte", 2)
        # Back, and after a restart: what was cleared is entered again, not found again.
        document["connections"][0][side]["base_url"] = before
        one.restart(document)
        wait_until(lambda: one.server.status()[side]["state"] == "parked", "waits still")
        enter(one, name, {"okta": OLD_TOKEN, "bob": BOB_TOKEN}[side])
        wait_until(lambda: works(one), "works again")
        assert other.bytes == b""
    finally:
        other.close()


@pytest.mark.fault("O-10")
def test_a_new_token_resumes_at_once(world):
    """A revoked token parks the connection; the next one is entered, and nothing is restarted."""
    one = keyed(world)
    one.hire_settled("Ada", "First", harness_day())
    one.sandbox.settings(okta_token=NEW_TOKEN)
    one.sandbox.hire("Berta", "Second", harness_day())
    wait_until(lambda: one.server.status()["okta"]["state"] == "parked", "parked", 30)
    one.sandbox.drain()
    enter(one, "okta.api_token", NEW_TOKEN)
    wait_until(lambda: one.sandbox.user("berta.second@example.com"), "done without a restart")
    assert len(listed(one)["okta.api_token"]) == 1


# ---------------------------------------------------------------------- keys

@pytest.mark.fault("S-06")
def test_master_keys_rotate_while_the_server_runs(world):
    one = keyed(world)
    key_file = one.server.store.parent / "master-key"
    assert key_file.stat().st_mode & 0o777 == 0o600
    first = key_file.read_text()
    assert "key file was made" in one.server.log() and str(key_file) in one.server.log()
    done = one.server.cli("key", "rotate")
    assert done.returncode == 0 and "versions: 1 2" in done.stdout, done
    assert "needs version 2" in one.server.cli("key", "status").stdout
    one.restart()
    wait_until(lambda: works(one), "with both versions")
    asked = one.server.cli("key", "rotate", "--finish")
    assert asked.returncode == 2 and "nobody is here to be asked" in asked.stderr
    done = one.server.cli("key", "rotate", "--finish", "--yes")
    assert done.returncode == 0 and "versions: 2\n" in done.stdout, done
    one.restart()
    wait_until(lambda: works(one), "with the newer alone")
    # The key of before opens nothing any more, and the sentence says what is wrong.
    one.server.stop()
    second = key_file.read_text()
    key_file.write_text(first)
    refused(one, "do not open under the key file", str(key_file))
    key_file.unlink()
    refused(one, "there is none at", str(key_file))
    assert not key_file.exists()
    key_file.write_text(second)
    key_file.chmod(0o644)
    refused(one, "may be read by others: chmod 600", str(key_file))
    key_file.chmod(0o600)
    one.server.start()
    wait_until(lambda: works(one), "with the right one")


def refused(one, *texts):
    done = subprocess.run(one.server.program.argv, capture_output=True, text=True, timeout=60,
                          cwd=one.directory)
    assert done.returncode == 1
    for text in ("not started: ", *texts):
        assert text in done.stderr, done.stderr


@pytest.mark.fault("S-06")
def test_an_administrator_adds_a_key_where_the_server_may_not_write(world):
    one = keyed(world, start=True)
    key_file = one.server.store.parent / "master-key"
    # A folder in the way of the new file: also root cannot write there.
    blocked = key_file.with_name("master-key.new")
    blocked.mkdir()
    done = one.server.cli("key", "rotate")
    assert done.returncode != 0
    assert "add a line 2:$(openssl rand -base64 32) yourself" in done.stderr, done.stderr
    with key_file.open("a") as file:
        file.write("2:" + "QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNkZWY=" + "\n")
    done = one.server.cli("key", "rotate")
    assert done.returncode == 0 and "needs version 2" in done.stdout, done
    blocked.rmdir()
    one.restart()
    wait_until(lambda: works(one), "with the key by hand")


@pytest.mark.fault("S-06")
def test_a_rotation_that_is_killed_leaves_everything_readable(world):
    """Killed anywhere in it: the next start reads every secret, and can rotate again."""
    one = keyed(world)
    generator = random.Random(20261101)
    for _ in range(size(5, 100)):
        asked = subprocess.Popen(
            [harness.server_program(), "key", "rotate", "--store", f"sqlite:{one.server.store}",
             "--admin-listen", "%s:%d" % one.server.admin],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(generator.uniform(0, 0.03))
        one.server.kill()
        asked.wait(60)
        one.restart()
        have = listed(one)
        assert all(have[name] and not have[name][0]["is_damaged"] for name in have), have
        one.server.post("/keys/rotate")
        one.server.post("/keys/rotate", {"finish": True})
    one.point_webhooks()
    wait_until(lambda: works(one), "all three in use")


# ------------------------------------------------------------------- canaries

PEOPLE_CANARIES = ["CANARYsalary", "CANARYiban", "CANARYhome", "CANARYreason"]


def plant_people(one):
    """Somebody with fields that nobody maps, each with a canary."""
    return one.sandbox.hire("Ada", "Canary", harness_day(), fields={
        "payroll.salary.payment": PEOPLE_CANARIES[0],
        "financial.iban": PEOPLE_CANARIES[1],
        "home.privateEmail": PEOPLE_CANARIES[2] + "@example.com",
        "internal.terminationReason": PEOPLE_CANARIES[3],
    })


def all_get_routes():
    table = (pathlib.Path(__file__).parents[2] / "server" / "routes.c").read_text()
    return re.findall(r'\{HTTP_GET,\s+"(/[^"]+)"', table)


def every_answer(one, employee):
    """Every GET of the admin listener, what is read out, and what routes that refuse have to say."""
    version = one.server.get("/settings")["version"]
    one.server.post("/check")
    wait_until(lambda: one.server.get("/check")["state"] == "done", "the check", 30)
    for route in all_get_routes():
        path = route.replace("{id}", employee).replace("{version}", str(version))
        path = path.replace("{sweep}", "1")
        yield route, one.server.ask("GET", path).body
    for path, body in (("/api/v1/audit/export", {"format": "csv"}),
                       ("/api/v1/audit/export", {"format": "jsonl"}),
                       (f"/api/v1/people/{employee}/export", {}),
                       (f"/api/v1/people/{employee}/plan", {}), ("/api/v1/mapping/rows", {}),
                       ("/api/v1/mapping/preview", {"employee_id": employee})):
        reply = one.server.ask("POST", path, body)
        assert reply.status == 200, (path, reply)
        yield path, reply.body
    secret = CANARIES[0]
    for path in ("/api/v1/secrets/nonsense", "/api/v1/secrets/okta.api_token"):
        yield path, one.server.ask("POST", path, {"value": secret, "unknown": secret}).body
        yield path, one.server.ask("POST", path, {"value": "SSWS " + secret}).body
        yield path, one.server.ask("POST", path, '{"value": "' + secret).body
        yield path, one.server.ask("POST", path, {"value": [secret]}).body


def files_of(one):
    return [path for path in one.directory.rglob("*")
            if path.is_file() and path.name not in ("bob2okta.json",)
            and not path.name.startswith("sandbox")]


def found_in(data, canaries):
    return [canary for canary in canaries if canary.encode() in data]


@pytest.mark.fault("I7", "S-02", "S-03", "S-04", "L-05", "G-01")
def test_canaries_are_nowhere(world):
    one = keyed(world)
    employee = plant_people(one)
    wait_until(lambda: one.sandbox.user("ada.canary@example.com"), "created")
    # Much goes wrong: answers that quote, refused tokens, bad signatures, a failing update.
    one.sandbox.fault(system="okta", route="POST /api/v1/users/{id}", action="status",
                      status=400, code="E0000001", times=1)
    one.sandbox.update(employee, {"work.title": "Analyst"})
    wait_until(lambda: one.server.record(employee)["state"] == "failed", "refused")
    one.server.post_event({"companyId": 1}, signature="CANARY")
    one.sandbox.settings(okta_token=NEW_TOKEN)
    one.sandbox.update(employee, {"work.title": "Engineer"})
    wait_until(lambda: one.server.status()["okta"]["state"] == "parked", "parked", 30)
    enter(one, "okta.api_token", NEW_TOKEN)
    enter(one, "bob.webhook_secret", HOOK_NEW)
    wait_until(lambda: works(one), "works")
    one.server.cli("sweep")
    one.quiet()
    for where, body in every_answer(one, employee):
        assert found_in(body, CANARIES + PEOPLE_CANARIES) == [], where
    # The store while it runs, and after an orderly end; logs, the key file, all else.
    for path in files_of(one):
        assert found_in(path.read_bytes(), CANARIES + PEOPLE_CANARIES) == [], path
    proc = pathlib.Path(f"/proc/{one.server.program.process.pid}")
    for name in ("cmdline", "environ"):
        assert found_in((proc / name).read_bytes(), CANARIES) == [], name
    # A backup has what the store has: sealed, and openable with the key file alone.
    copy = one.directory / "canaries.db"
    assert one.server.cli("backup", str(copy)).returncode == 0
    assert found_in(copy.read_bytes(), CANARIES + PEOPLE_CANARIES) == [], "the backup"
    assert employee.encode() in copy.read_bytes(), "and it is one"
    one.server.stop()
    for path in files_of(one):
        assert found_in(path.read_bytes(), CANARIES + PEOPLE_CANARIES) == [], path
    one.server.start()


@pytest.mark.fault("L-05", "G-08")
def test_logs_metrics_and_errors_name_nobody(world):
    one = world()
    names = ["Xenoclea", "Quillfeather"]
    employee = one.sandbox.hire(*names, harness_day())
    login = f"{names[0]}.{names[1]}@example.com".lower()
    wait_until(lambda: one.sandbox.user(login), "created")
    one.sandbox.fault(system="okta", route="POST /api/v1/users/{id}", action="status",
                      status=400, code="E0000001", times=2)
    one.sandbox.update(employee, {"work.title": "Analyst", "root.surname": "Quillfeather-Two"})
    one.server.cli("sweep")
    one.sandbox.life(employee, "terminate")
    # An event of Bob's first version brings names along, and one that is unusable does too.
    named = {"displayName": " ".join(names), "email": login, "firstName": names[0]}
    for body in ({"companyId": 636192, "type": "employee.updated",
                  "employee": {"id": employee, **named}},
                 {"companyId": 636192, "type": "employee.updated", "employee": named}):
        assert one.server.post_event(body).status == 200
    one.quiet()
    texts = {"log": one.server.log(), "metrics": one.server.metrics(),
             "public": str(one.server.post_event({"a": names[0]}, signature="x"))}
    for where, text in texts.items():
        for name in (*names, login, login.split("@")[0]):
            assert name.lower() not in text.lower(), (where, name)


@pytest.mark.fault("G-01")
def test_only_mapped_and_needed_fields_are_asked_for(world):
    one = world(mapping=[{"okta": "title", "bob": None}, {"okta": "department", "bob": None}])
    plant_people(one)
    wait_until(lambda: one.sandbox.user("ada.canary@example.com"), "created")
    asked = set()
    for call in one.sandbox.calls(system="bob"):
        asked |= set((call.get("body") or {}).get("fields") or [])
    assert asked, "searches name their fields"
    for field in ("work.title", "work.department", "payroll.salary.payment", "financial.iban",
                  "home.privateEmail", "internal.terminationReason"):
        assert field not in asked
    assert {"internal.status", "work.startDate", "internal.terminationDate"} <= asked


# ----------------------------------------------------------------- the process

def memory_of(pid):
    """What a core file of the process would hold, and more: every mapping that can be read."""
    with open(f"/proc/{pid}/maps") as maps, open(f"/proc/{pid}/mem", "rb", 0) as memory:
        for line in maps:
            found = re.match(r"([0-9a-f]+)-([0-9a-f]+) r", line)
            if not found or "[vvar]" in line or "[vsyscall]" in line:
                continue
            start, end = (int(part, 16) for part in found.groups())
            try:
                memory.seek(start)
                yield line.strip(), memory.read(end - start)
            except (OSError, OverflowError, ValueError):
                continue


@pytest.mark.fault("S-05")
def test_an_old_token_is_not_in_memory(world):
    if os.geteuid() != 0:
        pytest.skip("reading a process's memory takes root")
    if "asan" in harness.server_program() or "tsan" in harness.server_program():
        pytest.skip("sanitizers keep freed memory on purpose")
    one = keyed(world)
    one.hire_settled("Ada", "First", harness_day())
    pid = one.server.program.process.pid
    held = [line for line, data in memory_of(pid) if OLD_TOKEN.encode() in data]
    assert held, "the test can see a token that is in use"
    one.sandbox.settings(okta_token=NEW_TOKEN)
    enter(one, "okta.api_token", NEW_TOKEN)
    wait_until(lambda: works(one), "works")
    one.hire_settled("Berta", "Second", harness_day())

    def left():
        return [line for line, data in memory_of(pid) if OLD_TOKEN.encode() in data]

    wait_until(lambda: not left(), "the old engine has ended and wiped it", 45, 0.5)


@pytest.mark.fault("S-05")
def test_a_one_time_code_is_not_in_memory_once_it_was_told(world):
    if os.geteuid() != 0:
        pytest.skip("reading a process's memory takes root")
    if "asan" in harness.server_program() or "tsan" in harness.server_program():
        pytest.skip("sanitizers keep freed memory on purpose")
    one = keyed(world)
    code = one.server.api("POST", "/accounts", {"name": "test.bea", "role": "viewer"})["code"]
    pid = one.server.program.process.pid

    def left():
        return [line for line, data in memory_of(pid) if code.encode() in data]
    wait_until(lambda: not left(), "the answer that held it is wiped", step_s=0.5)


@pytest.mark.fault("S-04", "S-05")
def test_no_core_and_nothing_in_the_environment(world):
    variable = "B2O_TEST_OKTA_TOKEN"
    os.environ[variable] = OLD_TOKEN
    try:
        one = world(sandbox_settings={"okta_token": OLD_TOKEN},
                    change=lambda c: c["okta"].update(api_token={"env": variable}))
    finally:
        del os.environ[variable]
    wait_until(lambda: works(one), "works")
    pid = one.server.program.process.pid
    assert OLD_TOKEN.encode() not in pathlib.Path(f"/proc/{pid}/environ").read_bytes()
    limits = pathlib.Path(f"/proc/{pid}/limits").read_text()
    assert re.search(r"Max core file size\s+0\s+0", limits)
    # A second look at the settings still knows the value.
    assert one.server.cli("settings", "reload").returncode == 0
    wait_until(lambda: works(one), "works")
    one.hire_settled("Ada", "First", harness_day())
    one.server.program.send_signal(signal.SIGABRT)
    assert one.server.program.process.wait(20) == -signal.SIGABRT
    assert not list(one.directory.rglob("core*"))
