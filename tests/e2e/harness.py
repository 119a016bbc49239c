# SPDX-License-Identifier: MIT
"""The real programs on free ports, each world in a directory of its own.

A World is one sandbox (the stand-in for Bob and Okta) and one bob2okta
between the two halves of it. Nothing here waits blindly: wait_until polls a
condition against a deadline. Programs come from BOB2OKTA_BIN and SANDBOX_BIN, or from
build/VARIANT/bin.
"""

import base64
import contextlib
import hashlib
import hmac
import http.client
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
import urllib.parse

ROOT = pathlib.Path(__file__).resolve().parents[2]
VARIANT = os.environ.get("VARIANT", "release")
BIN = ROOT / "build" / VARIANT / "bin"
FAKETIME = "/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1"
# Sanitizer builds are several times slower; every deadline stretches with them.
SLOW = 1 if VARIANT.startswith("release") else 4
SANITIZER_REPORT = re.compile(
    r"(AddressSanitizer|LeakSanitizer|ThreadSanitizer|UndefinedBehaviorSanitizer|runtime error:)"
)

COMPANY_ID = 636192
SECRET = "sandbox-webhook-secret"
BOB_TOKEN = "sandbox-bob-token"
OKTA_TOKEN = "sandbox-okta-token"
OWNER = "okta.admin@example.com"

# Worlds of the running test, so that a failure can show their logs.
live_worlds = []


class Timeout(AssertionError):
    """A condition did not come true in time."""


def program(name, variable):
    return os.environ.get(variable) or str(BIN / name)


def server_program():
    return program("bob2okta", "BOB2OKTA_BIN")


def wait_until(condition, what, deadline_s=30.0, step_s=0.02):
    """Polls until condition() is truthy and returns that value. The deadline is for a failure: it is
    generous, since a slow machine is none."""
    end = time.monotonic() + deadline_s * SLOW
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise Timeout(f"not within {deadline_s * SLOW:g} s: {what}")
        time.sleep(step_s)


def stays(condition, what, for_s):
    """The other way round: condition() must hold all that time."""
    end = time.monotonic() + for_s
    while time.monotonic() < end:
        assert condition(), f"did not stay so: {what}"
        time.sleep(0.05)


def sign(body, secret=SECRET):
    data = body.encode() if isinstance(body, str) else body
    tag = hmac.new(secret.encode(), data, hashlib.sha512).digest()
    return base64.b64encode(tag).decode()


class Reply:
    def __init__(self, status, headers, body):
        self.status = status
        self.headers = headers
        self.body = body

    def json(self):
        return json.loads(self.body)

    def __repr__(self):
        return f"<{self.status} {self.body[:300]!r}>"


def http_call(address, method, path, body=None, headers=None, timeout_s=30):
    """One request on a connection of its own. body: bytes, text, or something for JSON."""
    headers = dict(headers or {})
    if body is not None and not isinstance(body, (bytes, str)):
        body = json.dumps(body)
        headers.setdefault("Content-Type", "application/json")
    if isinstance(body, str):
        body = body.encode()
    connection = http.client.HTTPConnection(*address, timeout=timeout_s * SLOW)
    try:
        connection.request(method, path, body=body, headers=headers)
        answer = connection.getresponse()
        return Reply(answer.status, answer.headers, answer.read())
    finally:
        connection.close()


def address_of(url):
    parts = urllib.parse.urlsplit(url)
    return parts.hostname, parts.port


def raw_call(address, data, timeout_s=5):
    """Sends bytes as they are and returns everything until the other side closes (or falls silent)."""
    with socket.create_connection(address, timeout=timeout_s * SLOW) as sock:
        sock.sendall(data)
        answer = b""
        try:
            while chunk := sock.recv(65536):
                answer += chunk
        except (TimeoutError, ConnectionResetError):
            pass
        return answer


class Program:
    """A child process with its output in files; ended by its own pid only."""

    def __init__(self, name, argv, directory, env=None):
        self.name = name
        self.directory = pathlib.Path(directory)
        self.runs = 0
        self.argv = argv
        self.env = env or {}
        self.process = None

    def output(self, kind):
        path = self.directory / f"{self.name}.{self.runs}.{kind}"
        return path.read_text(errors="replace") if path.exists() else ""

    def start(self):
        self.runs += 1
        env = dict(os.environ)
        env.setdefault("ASAN_OPTIONS", "detect_leaks=1:exitcode=99")
        env.setdefault("TSAN_OPTIONS", "exitcode=66:halt_on_error=0")
        env.update(self.env)
        base = self.directory / f"{self.name}.{self.runs}"
        with open(f"{base}.out", "wb") as out, open(f"{base}.err", "wb") as err:
            self.process = subprocess.Popen(
                self.argv, stdout=out, stderr=err, stdin=subprocess.DEVNULL, env=env,
                cwd=self.directory,
            )

    def wait_line(self, pattern, deadline_s=60):
        def look():
            found = re.search(pattern, self.output("out"))
            if not found and self.process.poll() is not None:
                raise AssertionError(
                    f"{self.name} ended with {self.process.returncode} before it was ready:\n"
                    + self.output("err")[-4000:]
                )
            return found

        return wait_until(look, f"{self.name} is ready", deadline_s, 0.005)

    def is_running(self):
        return self.process is not None and self.process.poll() is None

    def send_signal(self, number):
        self.process.send_signal(number)

    def wait_exit(self, deadline_s=30):
        try:
            return self.process.wait(deadline_s * SLOW)
        except subprocess.TimeoutExpired:
            raise Timeout(f"{self.name} did not exit within {deadline_s * SLOW:g} s") from None

    def kill(self):
        if self.is_running():
            self.process.kill()
            self.process.wait()

    def check_reports(self):
        for run in range(1, self.runs + 1):
            path = self.directory / f"{self.name}.{run}.err"
            text = path.read_text(errors="replace") if path.exists() else ""
            found = SANITIZER_REPORT.search(text)
            assert not found, f"{self.name}: sanitizer report\n{text[found.start():][:6000]}"


class Sandbox:
    """The stand-in for Bob and Okta, and its control API."""

    def __init__(self, directory, people=0, env=None):
        argv = [program("sandbox", "SANDBOX_BIN"), "--listen", "127.0.0.1:0", "--quiet"]
        if people:
            argv += ["--seed-people", str(people)]
        self.program = Program("sandbox", argv, directory, env)
        self.program.start()
        self.patience_s = 20 + people / 500  # a large company takes its time to be made and freed
        line = self.program.wait_line(r"listening on (http://127\.0\.0\.1:\d+)", self.patience_s)
        self.url = line.group(1)
        self.address = address_of(self.url)

    def call(self, method, path, body=None):
        reply = http_call(self.address, method, "/control" + path, body)
        assert reply.status < 300, f"sandbox {method} {path}: {reply}"
        return reply.json()

    def get(self, path):
        return self.call("GET", path)

    def post(self, path, body=None):
        return self.call("POST", path, {} if body is None else body)

    # -- Bob

    def hire(self, first, last, at, **more):
        """A new record and its events; returns the employee id."""
        fields = {
            "root.firstName": first,
            "root.surname": last,
            "root.email": f"{first}.{last}@example.com".lower(),
            **more.pop("fields", {}),
        }
        return self.life("new", "hire", at=at, fields=fields, **more)["employee"]["id"]

    def life(self, employee, what, **body):
        return self.post(f"/bob/employees/{employee}/{what}", body)

    def update(self, employee, fields, **body):
        return self.life(employee, "update", fields=fields, **body)

    def add_employee(self, **fields):
        return self.post("/bob/employees", fields)["id"]

    def employee(self, employee):
        return self.get(f"/bob/employees/{employee}")

    def midnight(self, date):
        return self.post("/bob/midnight", {"date": str(date)})

    def settings(self, **values):
        return self.post("/settings", values)

    def fault(self, **rule):
        return self.post("/faults", rule)["ids"][0]

    def clear_faults(self):
        return self.call("DELETE", "/faults")

    # -- webhooks

    def webhooks(self, **values):
        return self.post("/webhooks", values)

    def send(self, body, **options):
        key = "body" if isinstance(body, str) else "json"
        return self.post("/webhooks/send", {key: body, "wait": True, **options})["deliveries"]

    def drain(self, timeout_ms=20000):
        done = self.post("/webhooks/drain", {"timeout_ms": int(timeout_ms * SLOW)})
        assert done["drained"], f"webhooks still pending: {done}"

    # -- Okta

    def users(self):
        users = self.get("/okta/users")["users"]
        return [user for user in users if not user.get("token_owner")]

    def user(self, login):
        """One user by login, or None."""
        wanted = login.lower()
        for user in self.users():
            if user["login"].lower() == wanted or user["id"] == login:
                return user
        return None

    def add_user(self, status="ACTIVE", **profile):
        return self.post("/okta/users", {"profile": profile, "status": status})

    def patch_user(self, login, **values):
        return self.call("PATCH", f"/okta/users/{urllib.parse.quote(login)}", values)

    # -- the call log

    def calls(self, since=0, **query):
        text = urllib.parse.urlencode({"since": since, **query})
        return self.get(f"/calls?{text}")["calls"]

    def mark(self):
        """Where the call log stands now."""
        return self.get("/calls?since=0")["last"]

    def bob_searches(self, since=0):
        return [c for c in self.calls(since, system="bob") if c["route"] == "POST /v1/people/search"]

    def stop(self):
        if self.program.is_running():
            self.program.send_signal(signal.SIGTERM)
            status = self.program.wait_exit(self.patience_s)
            assert status == 0, f"sandbox exited {status}: {self.program.output('err')[-2000:]}"
        self.program.check_reports()


# What a call that changes Okta is called in the tables of the tests.
SHORT = {
    "POST /api/v1/users/{id}": "update",
    "PUT /api/v1/users/{id}": "replace",
    "DELETE /api/v1/users/{id}": "delete",
    "DELETE /api/v1/users/{id}/sessions": "sessions",
}


def short(call):
    """'create+activate', 'create', 'activate', 'activate(no mail)', 'deactivate', 'update'...
    with '!' behind it when Okta refused or the caller got no good answer."""
    route, query = call["route"], call.get("query") or {}
    if route == "POST /api/v1/users":
        name = "create" if query.get("activate") == "false" else "create+activate"
    elif "/lifecycle/" in route:
        name = route.rsplit("/", 1)[1]
        if name == "activate" and query.get("sendEmail") == "false":
            name = "activate(no mail)"
    else:
        name = SHORT.get(route, route)
    return name if 200 <= call["status"] < 300 else name + "!"


def default_settings(sandbox, okta_url=None, **provisioning):
    return {
        "connections": [
            {
                "name": "default",
                "bob": {
                    "company_id": COMPANY_ID,
                    "base_url": sandbox.url + "/bob/v1",
                    "service_user_id": "SERVICE-1",
                    "service_user_token": BOB_TOKEN,
                    "webhook_secrets": [SECRET],
                },
                "okta": {"base_url": okta_url or sandbox.url + "/okta", "api_token": OKTA_TOKEN},
                "mode": "live",
                "provisioning": {
                    "email_domains": ["example.com"],
                    "time_zone": "Etc/UTC",
                    "reread_after_s": 0,
                    **provisioning,
                },
            }
        ]
    }


def wide_limits():
    """Limits that no test trips by accident."""
    return {
        "lower": {"per_hour": 1000, "per_day": 1000, "per_week": 1000},
        "rename": {"per_hour": 1000, "per_day": 1000, "per_week": 1000},
        "raise": {"per_hour": 1000},
        "create": {"per_hour": 10000},
        "revoke": {"per_hour": 1000},
        "leave_group": {"per_hour": 1000, "per_day": 1000},
        "update_by_settings": {"per_hour": 10000, "per_day": 10000},
    }


class Server:
    """bob2okta serve, its admin API and its commands."""

    def __init__(self, directory, settings, args=(), env=None):
        self.directory = pathlib.Path(directory)
        self.store = self.directory / "store" / "bob2okta.db"
        self.store.parent.mkdir(exist_ok=True)
        self.settings_path = self.directory / "bob2okta.json"
        if settings is not None:
            self.write_settings(settings)
        self.args = list(args)
        self.public = self.admin = None
        argv = [
            server_program(), "serve", "--listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0",
            "--store", f"sqlite:{self.store}", "--settings", str(self.settings_path),
            "--allow-insecure-loopback", "--log-level", "debug", *self.args,
        ]
        self.program = Program("server", argv, directory, env)

    def write_settings(self, settings):
        self.document = settings
        self.settings_path.write_text(json.dumps(settings, indent=1))

    def start(self):
        self.program.start()
        line = self.program.wait_line(
            r"bob2okta ready: webhooks (http://\S+), admin (http://[^\s,]+)"
        )
        self.public = address_of(line.group(1))
        self.admin = address_of(line.group(2))
        return self

    def url(self, path="/webhooks/bob"):
        return f"http://{self.public[0]}:{self.public[1]}{path}"

    @property
    def token(self):
        return (self.store.parent / "admin-token").read_text().strip()

    # -- the admin API

    def ask(self, method, path, body=None, token=None):
        headers = {"Authorization": f"Bearer {token or self.token}"}
        if method != "GET":
            # The public routes of sessions ask for these whoever calls.
            headers |= {"Sec-Fetch-Site": "same-origin", "Content-Type": "application/json"}
        return http_call(self.admin, method, path, body, headers, timeout_s=120)

    def api(self, method, path, body=None):
        reply = self.ask(method, "/api/v1" + path, body)
        assert reply.status in (200, 202), f"{method} {path}: {reply}"
        return reply.json()

    def get(self, path):
        return self.api("GET", path)

    def post(self, path, body=None):
        return self.api("POST", path, {} if body is None else body)

    def status(self):
        return self.get("/status")["connections"][0]

    def people(self):
        people, after = [], None
        while True:
            more = f"&after={after}" if after else ""
            page = self.get("/people?limit=500" + more)
            people += page["people"]
            after = page["next_after"]
            if not after:
                return people

    def person(self, employee):
        """The employee with holds, events and actions; None while unknown."""
        reply = self.ask("GET", f"/api/v1/people/{employee}")
        if reply.status == 404:
            return None
        assert reply.status == 200, reply
        return reply.json()

    def record(self, employee):
        person = self.person(employee)
        return person["employee"] if person else None

    def holds(self, **query):
        return self.get("/holds?" + urllib.parse.urlencode(query))["holds"]

    def alarms(self, name=None):
        """The open ones."""
        return [a for a in self.get("/alarms")["alarms"] if name in (None, a["alarm"])]

    def hold_kinds(self, employee):
        return sorted(hold["kind"] for hold in self.holds(employee_id=employee))

    def events(self, employee=None, limit=500):
        more = f"&employee_id={employee}" if employee else ""
        return self.get(f"/events?limit={limit}{more}")["events"]

    def unread(self):
        """Deliveries that nobody has looked at; they are in no list yet."""
        return self.status()["events"]["received"]

    def sync(self, employee):
        return self.post(f"/people/{employee}/sync")

    def metrics(self):
        return http_call(self.admin, "GET", "/metrics").body.decode()

    def metric(self, name, /, **labels):
        """The sum of all samples of that name that carry those labels."""
        total = 0.0
        for line in self.metrics().splitlines():
            found = re.match(rf"{name}(?:{{(.*)}})? (\S+)$", line)
            if not found:
                continue
            have = dict(re.findall(r'(\w+)="([^"]*)"', found.group(1) or ""))
            if all(have.get(key) == value for key, value in labels.items()):
                total += float(found.group(2))
        return total

    # -- webhooks straight into the public listener

    def post_event(self, body, signature=None, path="/webhooks/bob", headers=None):
        data = body if isinstance(body, (bytes, str)) else json.dumps(body)
        more = {"Content-Type": "application/json", **(headers or {})}
        if signature is not False:
            more["Bob-Signature"] = signature or sign(data)
        return http_call(self.public, "POST", path, data, more)

    # -- commands

    def cli_words(self, *argv):
        """A command against this server as it is run: flags for the place of things are added."""
        host, port = self.admin or ("127.0.0.1", 1)
        return [
            server_program(), *argv, "--store", f"sqlite:{self.store}", "--settings",
            str(self.settings_path), "--admin-listen", f"{host}:{port}",
            "--listen", "%s:%d" % (self.public or ("127.0.0.1", 1)), "--allow-insecure-loopback",
        ]

    def cli(self, *argv, env=None, timeout_s=60, stdin=None):
        """One command against this server, waited for."""
        return subprocess.run(
            self.cli_words(*argv), capture_output=True, text=True, timeout=timeout_s * SLOW, input=stdin,
            cwd=self.directory, env={**os.environ, "BOB2OKTA_LOG_LEVEL": "error", **(env or {})},
        )

    # -- life

    def stop(self, deadline_s=30):
        self.program.send_signal(signal.SIGTERM)
        status = self.program.wait_exit(deadline_s)
        assert status == 0, f"exit status {status} after SIGTERM\n" + self.program.output("err")[-4000:]

    def kill(self):
        self.program.kill()

    def restart(self, settings=None):
        if self.program.is_running():
            self.stop()
        if settings is not None:
            self.write_settings(settings)
        return self.start()

    def log(self):
        return "".join(
            (self.directory / f"server.{run}.{kind}").read_text(errors="replace")
            for run in range(1, self.program.runs + 1)
            for kind in ("out", "err")
            if (self.directory / f"server.{run}.{kind}").exists()
        )


class World:
    """One sandbox, one server, one directory; a context manager."""

    def __init__(self, *, people=0, limits=None, mapping=None, mode="live", okta_url=None,
                 sandbox_settings=None, args=(), start=True, clock=None, change=None,
                 has_file=True, **provisioning):
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="b2o-e2e-"))
        self.failed = False
        env = {}
        self.clock_path = None
        if clock is not None:
            self.clock_path = self.directory / "clock"
            self.set_clock(clock)
            env = {
                "LD_PRELOAD": FAKETIME,
                "FAKETIME_TIMESTAMP_FILE": str(self.clock_path),
                "FAKETIME_NO_CACHE": "1",
                "FAKETIME_DONT_FAKE_MONOTONIC": "1",
                "DONT_FAKE_MONOTONIC": "1",
                # Else every timed wait of a condition variable ends at once.
                "FAKETIME_FORCE_MONOTONIC_FIX": "0",
            }
        live_worlds.append(self)
        self.sandbox = Sandbox(self.directory, people)
        if sandbox_settings:
            self.sandbox.settings(**sandbox_settings)
        settings = default_settings(self.sandbox, okta_url, **provisioning)
        connection = settings["connections"][0]
        connection["mode"] = mode
        connection["limits"] = wide_limits() if limits is None else limits
        if mapping is not None:
            connection["mapping"] = mapping
        if change is not None:
            change(connection)
        self.server = Server(self.directory, settings if has_file else None, args, env)
        if start:
            self.start()

    def start(self):
        self.server.start()
        self.point_webhooks()

    def point_webhooks(self):
        """Bob calls the server's present port, one delivery at a time, with quick retries."""
        self.sandbox.webhooks(url=self.server.url(), secret=SECRET, retry=True, retry_ms=50,
                              retry_max_ms=500)

    def restart(self, settings=None):
        self.server.restart(settings)
        self.point_webhooks()

    # -- the clock of the server alone (libfaketime)

    def set_clock(self, offset_s):
        """The server's wall clock is the machine's plus so many seconds from now on."""
        text = f"{offset_s:+d}\n"
        fresh = self.clock_path.with_suffix(".new")
        fresh.write_text(text)
        os.replace(fresh, self.clock_path)

    # -- watching

    def quiet(self, deadline_s=60, unsettled=False):
        """Waits until nothing is on its way: no delivery, no dirty or working employee, and
        (but for unsettled) no second look outstanding."""
        self.sandbox.drain()

        def is_quiet():
            status = self.server.status()
            busy = status["employees"]["dirty"] + status["employees"]["working"]
            if busy or status["events"]["received"]:
                return False
            return unsettled or not self.unsettled()

        try:
            wait_until(is_quiet, "nothing is on its way", deadline_s)
        except Timeout as error:
            raise Timeout(f"{error}: {self.server.status()}; {self.unsettled()}") from None

    def unsettled(self):
        """Employees whose last event has not had its second look, unless they wait for something."""
        rest = []
        for person in self.server.people():
            if person["state"] in ("idle", "parked", "failed") or (
                person["state"] == "waiting" and not person["is_last_run_good"]
            ):
                continue
            record = self.server.record(person["employee_id"])
            if record["settled_generation"] != record["generation"]:
                rest.append({key: record[key] for key in (
                    "employee_id", "state", "generation", "settled_generation", "reread_at_ms",
                    "last_sentence")})
        return rest

    def okta_calls(self, since=0, login=None):
        calls = self.sandbox.calls(since, system="okta")
        if login is not None:
            user = self.sandbox.user(login)
            ids = {user["id"]} if user else set()
            calls = [
                call for call in calls
                if (call.get("login") or "").lower() == login.lower() or call.get("user_id") in ids
            ]
        return calls

    def okta_writes(self, since=0, login=None):
        """Short names of the calls that change Okta, oldest first."""
        calls = self.okta_calls(since, login)
        return [short(call) for call in calls if call["method"] != "GET"]

    def lookups(self, since=0, login=None):
        """Searches for accounts that are there already."""
        return [
            call for call in self.sandbox.calls(since, system="okta")
            if call["route"] == "GET /api/v1/users"
            and (login is None or login.lower() in json.dumps(call.get("query") or {}).lower())
        ]

    def status_of(self, login):
        user = self.sandbox.user(login)
        return user["status"] if user else None

    def hire_settled(self, first, last, at, **more):
        employee = self.sandbox.hire(first, last, at, **more)
        self.quiet()
        return employee

    # -- end

    def close(self):
        try:
            if self.server.program.is_running():
                self.server.stop()
            self.sandbox.stop()
            self.server.program.check_reports()
        finally:
            self.server.program.kill()
            self.sandbox.program.kill()

    def remove(self):
        if not os.environ.get("KEEP_WORLDS"):
            shutil.rmtree(self.directory, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, kind, value, trace):
        if kind is None:
            self.close()
            live_worlds.remove(self)
            self.remove()
        else:
            # The failure's own message matters more than how the programs end.
            with contextlib.suppress(Exception, AssertionError):
                self.close()

    def tail(self, lines=60):
        parts = []
        for path in sorted(self.directory.glob("*.err")) + sorted(self.directory.glob("*.out")):
            text = path.read_text(errors="replace").splitlines()[-lines:]
            if text:
                parts.append(f"--- {path.name}\n" + "\n".join(text))
        return "\n".join(parts)


def event(employee, kind="employee.updated", *, company=COMPANY_ID, triggered_at=None, **data):
    """A v2 body."""
    return {
        "companyId": company,
        "type": kind,
        "triggeredBy": "3332883804594373380",
        "triggeredAt": triggered_at or now_text(),
        "version": "v2",
        "data": {"employeeId": str(employee), **data},
    }


def team(one, count, **fields):
    """Employed people without an event, by number."""
    return [
        one.sandbox.add_employee(**{
            "root.firstName": "Ada", "root.surname": f"Number{n}",
            "root.email": f"ada.{n}@example.com", **fields,
        })
        for n in range(count)
    ]


def announce(one, employees, kind="employee.created"):
    for employee in employees:
        assert one.server.post_event(event(employee, kind)).status == 200


def revoked_event(employee, offset_s=0):
    return event(employee, "employee.access.revoked.immediately",
                 triggered_at=now_text(offset_s))


def now_text(offset_s=0):
    now = time.time() + offset_s
    text = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(now))
    return f"{text}.{int(now * 1e6) % 1000000:06d}"


def day(offset=0):
    """A date, so many days from today (UTC)."""
    return time.strftime("%Y-%m-%d", time.gmtime(time.time() + offset * 86400))


class Background:
    """Runs a function on a thread and hands its exception to whoever joins."""

    def __init__(self, work):
        self.error = None

        def run():
            try:
                work()
            except BaseException as error:  # handed on by join
                self.error = error

        self.thread = threading.Thread(target=run, daemon=True)
        self.thread.start()

    def join(self, deadline_s=60):
        self.thread.join(deadline_s * SLOW)
        assert not self.thread.is_alive(), "a helper thread hangs"
        if self.error:
            raise self.error
