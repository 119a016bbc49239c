# SPDX-License-Identifier: MIT
"""Framing through a real nginx and a real haproxy with connections kept alive (X-04).

Every request carries an id of its own, which bob2okta takes from a trusted proxy and sends back.
Cases that readers of HTTP have disagreed about are mixed with signed deliveries, many connections
at a time over few connections behind. Proved afterwards, from the answers, the proxy's log, the
server's count and the store: the proxy and bob2okta have seen the same requests, each answer is
that of its request, and nothing was stored that the proxy did not pass on as a delivery.

PROXY_ROUNDS=N repeats everything N times.
"""

import collections
import concurrent.futures
import itertools
import json
import os
import random
import re
import shutil
import socket
import sqlite3

import pytest

import harness
from harness import sign

ROUNDS = int(os.environ.get("PROXY_ROUNDS", "1"))
CLIENTS = 8
LONE_ANSWER = b"(no head)"


# ------------------------------------------------------------------- the proxies

NGINX = """
daemon off;
master_process off;
worker_processes 1;
error_log {directory}/nginx-errors.log;
pid {directory}/nginx.pid;
events {{ worker_connections 256; }}
http {{
	log_format ids '$http_x_request_id $upstream_status';
	access_log {directory}/nginx-ids.log ids;
	client_body_temp_path {directory}/body;
	proxy_temp_path {directory}/proxy;
	fastcgi_temp_path {directory}/fastcgi;
	scgi_temp_path {directory}/scgi;
	uwsgi_temp_path {directory}/uwsgi;
	client_header_timeout 1s;
	client_body_timeout 1s;
	keepalive_timeout 1s;
	upstream behind {{ server 127.0.0.1:{behind}; keepalive 2; }}
	server {{
		listen 127.0.0.1:{port};
		proxy_http_version 1.1;
		proxy_set_header Connection "";
		proxy_set_header X-Forwarded-For $remote_addr;
		proxy_next_upstream off;
		proxy_request_buffering {buffering};
		location / {{ proxy_pass http://behind; }}
	}}
}}
"""

HAPROXY = """
global
	log stdout format raw local0
	maxconn 256
defaults
	mode http
	log global
	option http-keep-alive
	option dontlognull
	http-reuse always
	timeout connect 5s
	timeout client 1s
	timeout http-request 1s
	timeout http-keep-alive 1s
	timeout server 20s
	retries 0
frontend front
	bind 127.0.0.1:{port}
	capture request header X-Request-Id len 32
	log-format "%[capture.req.hdr(0)] %s %Tr/%ts/%ST"
	default_backend behind
backend behind
	option forwardfor
	server one 127.0.0.1:{behind} maxconn 4 pool-max-conn 4
"""


# These two are part of make faults alone. What they passed on is told by a header of the answer.
APACHE = """
ServerRoot {directory}
ServerName bob2okta.example.com
PidFile {directory}/apache.pid
Listen 127.0.0.1:{port}
User nobody
Group nogroup
LoadModule mpm_event_module /usr/lib/apache2/modules/mod_mpm_event.so
LoadModule authz_core_module /usr/lib/apache2/modules/mod_authz_core.so
LoadModule proxy_module /usr/lib/apache2/modules/mod_proxy.so
LoadModule proxy_http_module /usr/lib/apache2/modules/mod_proxy_http.so
ErrorLog {directory}/apache-errors.log
LogFormat "%{{X-Request-Id}}i %{{X-Content-Type-Options}}o" ids
CustomLog {directory}/ids.log ids
Timeout 2
KeepAlive On
KeepAliveTimeout 1
ProxyPass / http://127.0.0.1:{behind}/ keepalive=On max=4 retry=0
"""

CADDY = """
{{
	admin off
	auto_https off
	servers {{
		timeouts {{
			read_header 1s
			read_body 1s
			idle 1s
		}}
	}}
}}
:{port} {{
	bind 127.0.0.1
	log {{
		output file {directory}/ids.log
		format json
	}}
	reverse_proxy 127.0.0.1:{behind} {{
		transport http {{
			keepalive_idle_conns_per_host 4
		}}
	}}
}}
"""

CONFIGS = {"nginx": NGINX, "haproxy": HAPROXY, "apache": APACHE, "caddy": CADDY}
PROGRAMS = {"apache": "apache2"}


def arguments(name, config, directory):
    return {
        "nginx": ["-c", config, "-e", str(directory / "nginx-errors.log")],
        "haproxy": ["-db", "-f", config],
        "apache": ["-f", config, "-D", "FOREGROUND"],
        "caddy": ["run", "--adapter", "caddyfile", "--config", config],
    }[name]


def named_by_header(text):
    """The ids in Apache's or Caddy's log whose answer came from bob2okta."""
    ids = []
    for line in text.splitlines():
        if line.startswith("{"):
            entry = json.loads(line)
            request_id = entry["request"]["headers"].get("X-Request-Id", ["-"])[0]
            is_passed = "X-Content-Type-Options" in entry.get("resp_headers", {})
        else:
            request_id, _, header = line.rpartition(" ")
            is_passed = header == "nosniff"
        if is_passed:
            ids.append(request_id)
    return ids


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


class Proxy:
    def __init__(self, kind, directory, behind):
        self.kind = kind
        self.directory = directory
        self.port = free_port()
        directory.mkdir(exist_ok=True)
        config = directory / f"{kind}.conf"
        name = kind.split("-")[0]
        config.write_text(CONFIGS[name].format(
            directory=directory, port=self.port, behind=behind,
            buffering="off" if kind == "nginx-streaming" else "on"))
        program = PROGRAMS.get(name, name)
        path = shutil.which(program) or shutil.which(program, path="/usr/sbin:/sbin")
        assert path, f"{program} is not installed: make deps-test"
        # Caddy keeps things in its user's folders.
        env = {"XDG_CONFIG_HOME": str(directory), "XDG_DATA_HOME": str(directory)}
        self.program = harness.Program(
            kind, [path, *arguments(name, str(config), directory)], directory, env)

    def __enter__(self):
        self.program.start()
        harness.wait_until(self.answers, f"{self.kind} answers: {self.program.output('err')}")
        return self

    def answers(self):
        assert self.program.is_running(), self.program.output("err")
        try:
            socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
        except OSError:
            return False
        return True

    def __exit__(self, *how):
        self.program.kill()

    def passed_on(self):
        """The ids of the requests that were answered behind it, and how many they are."""
        if self.kind in ("apache", "caddy"):
            ids = named_by_header((self.directory / "ids.log").read_text(errors="replace"))
            return ids, len(ids)
        log = (self.program.output("out") if self.kind == "haproxy"
               else (self.directory / "nginx-ids.log").read_text(errors="replace"))
        ids, count = [], 0
        for line in log.splitlines():
            found = (re.fullmatch(r"(\S+) (\S+) (-?\d+)/\S+", line) if self.kind == "haproxy"
                     else re.fullmatch(r"(.*?) (-|[\d, :]+)", line))
            if not found:
                continue
            is_passed = (found.group(2) != "<NOSRV>" and found.group(3) != "-1"
                         if self.kind == "haproxy" else found.group(2) != "-")
            if is_passed:
                count += 1
                ids.append(found.group(1))
        return ids, count


# ------------------------------------------------------------------- the requests

class Mint:
    """Ids nobody has used, and what was signed under each."""

    def __init__(self):
        self.numbers = itertools.count(1)
        self.bodies = {}

    def fresh(self, kind):
        return f"{kind}-{next(self.numbers):06d}"

    def body(self, request_id):
        body = json.dumps({"companyId": harness.COMPANY_ID, "type": "timeoff.request.approved",
                           "data": {"id": request_id}}).encode()
        self.bodies[request_id] = body
        return body


def head(path, request_id, method=b"POST", more=b"", body=None, version=b"HTTP/1.1"):
    lines = [b"%s %s %s" % (method, path, version), b"Host: bob2okta.example.com",
             b"X-Request-Id: " + request_id.encode()]
    if body is not None:
        lines.append(b"Bob-Signature: " + sign(body).encode())
    return b"\r\n".join(lines) + b"\r\n" + more


def delivery(mint, framing="length", more=b""):
    request_id = mint.fresh("stored")
    body = mint.body(request_id)
    if framing == "length":
        more += b"Content-Length: %d\r\n" % len(body)
        return request_id, head(b"/webhooks/bob", request_id, more=more, body=body) + b"\r\n" + body
    half = len(body) // 2
    chunks = b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in (body[:half], body[half:]))
    return request_id, (head(b"/webhooks/bob", request_id, body=body,
                             more=more + b"Transfer-Encoding: chunked\r\n")
                        + b"\r\n" + chunks + b"0\r\n\r\n")


def wrong_signature(mint):
    request_id = mint.fresh("refused")
    return request_id, (head(b"/webhooks/bob", request_id, more=b"Content-Length: 2\r\n", body=b"x")
                        + b"\r\n{}")


def health(mint):
    request_id = mint.fresh("health")
    return request_id, head(b"/healthz", request_id, b"GET") + b"\r\n"


def nowhere(mint):
    request_id = mint.fresh("nowhere")
    return request_id, head(b"/webhooks/bob/nobody", request_id, more=b"Content-Length: 0\r\n",
                            body=b"") + b"\r\n"


PLAIN = [delivery, delivery, lambda mint: delivery(mint, "chunked"), wrong_signature, health, nowhere]
STATUS = {"stored": 200, "refused": 401, "health": 200, "nowhere": 404}

# Headers that make two readers disagree; "%d" is the length of what hides behind.
HEADERS = {
    "length and chunked": b"Content-Length: %d\r\nTransfer-Encoding: chunked",
    "chunked and length": b"Transfer-Encoding: chunked\r\nContent-Length: %d",
    "two lengths": b"Content-Length: 2\r\nContent-Length: %d",
    "two equal lengths": b"Content-Length: %d\r\nContent-Length: %d",
    "length list": b"Content-Length: 2, %d",
    "plus": b"Content-Length: +%d",
    "minus zero": b"Content-Length: -0",
    "hex": b"Content-Length: 0x%x",
    "inner space": b"Content-Length: 1 %d",
    "empty length": b"Content-Length: ",
    "over 2^63": b"Content-Length: 9223372036854775808",
    "over 2^64": b"Content-Length: 18446744073709551618",
    "octal": b"Content-Length: 0%d",
    "xchunked": b"Transfer-Encoding: xchunked",
    "coding list": b"Transfer-Encoding: chunked, identity",
    "coding twice in one": b"Transfer-Encoding: chunked,chunked",
    "coding twice": b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked",
    "identity and chunked": b"Transfer-Encoding: identity\r\nTransfer-Encoding: chunked",
    "identity and length": b"Transfer-Encoding: identity\r\nContent-Length: %d",
    "empty coding": b"Transfer-Encoding: \r\nContent-Length: %d",
    "quoted coding": b'Transfer-Encoding: "chunked"\r\nContent-Length: %d',
    "coding with VT": b"Transfer-Encoding: \x0bchunked\r\nContent-Length: %d",
    "coding with FF": b"Transfer-Encoding: chunked\x0c\r\nContent-Length: %d",
    "coding with NUL": b"Transfer-Encoding: chunked\0\r\nContent-Length: %d",
    "coding with comma": b"Transfer-Encoding: chunked,\r\nContent-Length: %d",
    "space before colon": b"Transfer-Encoding : chunked\r\nContent-Length: %d",
    "tab before colon": b"Content-Length\t: %d",
    "underscore twins": b"Content_Length: 2\r\nTransfer_Encoding: chunked\r\nContent-Length: %d",
    "folded coding": b"Transfer-Encoding:\r\n chunked\r\nContent-Length: %d",
    "folded length": b"Content-Length:\r\n %d",
    "folded away": b"X-A: b\r\n Transfer-Encoding: chunked\r\nContent-Length: %d",
    "bare LF hides": b"X-A: b\nTransfer-Encoding: chunked\r\nContent-Length: %d",
    "bare CR hides": b"X-A: b\rTransfer-Encoding: chunked\r\nContent-Length: %d",
    "NUL in a value": b"X-A: b\0c\r\nContent-Length: %d",
    "NUL in the length": b"Content-Length: 2\0%d",
    "control byte": b"X-A: b\x01c\r\nContent-Length: %d",
    "empty name": b": b\r\nContent-Length: %d",
    "empty name hides": b": chunked\r\nTransfer-Encoding: chunked\r\nContent-Length: %d",
    "empty name behind": b"Content-Length: %d\r\n: b",
    "only a colon": b"Content-Length: %d\r\n:\r\nX-A: b",
    "NUL begins a line": b"Content-Length: %d\r\n\0X-A: b",
    "NUL in a name": b"X\0A: b\r\nContent-Length: %d",
    "no colon": b"X-A\r\nContent-Length: %d",
    "two hosts": b"Host: evil.example.com\r\nContent-Length: %d",
    "expect": b"Expect: 100-continue\r\nContent-Length: %d",
    "odd expect": b"Expect: 200-maybe\r\nContent-Length: %d",
    "upgrade": b"Upgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n"
               b"Connection: Upgrade, HTTP2-Settings\r\nContent-Length: %d",
    "connection names length": b"Connection: Content-Length\r\nContent-Length: %d",
    "connection names coding": b"Connection: Transfer-Encoding\r\nTransfer-Encoding: chunked",
}

# Chunked bodies that are not quite.
CHUNKS = {
    "plus": b"+2\r\nab\r\n0\r\n\r\n", "0x": b"0x2\r\nab\r\n0\r\n\r\n",
    "underscore": b"0_2\r\nab\r\n0\r\n\r\n", "leading space": b" 2\r\nab\r\n0\r\n\r\n",
    "too long": b"00000000000000002\r\nab\r\n0\r\n\r\n", "wraps": b"10000000000000002\r\nab\r\n0\r\n\r\n",
    "line ends with LF": b"2\nab\r\n0\r\n\r\n", "data ends with LF": b"2\r\nab\n0\r\n\r\n",
    "no end of data": b"2\r\nabcd\r\n0\r\n\r\n", "extension": b"2;a=b\r\nab\r\n0\r\n\r\n",
    "extension with CR": b"2;a\rb\r\nab\r\n0\r\n\r\n", "extension with LF": b"2;a\nb\r\nab\r\n0\r\n\r\n",
    "long extension": b"2;" + b"x" * 1024 + b"\r\nab\r\n0\r\n\r\n",
    "trailers": b"2\r\nab\r\n0\r\nContent-Length: 90\r\nHost: evil.example.com\r\n"
                b"Authorization: Bearer x\r\nTransfer-Encoding: chunked\r\n\r\n",
    "no last chunk": b"2\r\nab\r\n", "last chunk of zeros": b"2\r\nab\r\n000\r\n\r\n",
    "negative": b"-2\r\nab\r\n0\r\n\r\n", "no digit": b"zz\r\nab\r\n0\r\n\r\n",
}

# What the cases themselves sign, so that the harmless ones among them are taken.
SIGNED_BY_CASES = (b"ab", b"{}")

LINES = {
    "HTTP/1.2": b"POST /webhooks/bob HTTP/1.2", "HTTP/2.0": b"POST /webhooks/bob HTTP/2.0",
    "no version": b"POST /webhooks/bob", "tab": b"POST\t/webhooks/bob\tHTTP/1.1",
    "two spaces": b"POST  /webhooks/bob  HTTP/1.1", "lower case": b"post /webhooks/bob http/1.1",
    "absolute": b"POST http://evil.example.com/webhooks/bob HTTP/1.1",
    "connect": b"CONNECT evil.example.com:443 HTTP/1.1", "trace": b"TRACE /webhooks/bob HTTP/1.1",
    "preface": b"PRI * HTTP/2.0",
    "space in the path": b"POST /webhooks/b ob HTTP/1.1", "HTTP/1.0": b"POST /webhooks/bob HTTP/1.0",
    "leading empty line": b"\r\nPOST /webhooks/bob HTTP/1.1",
    "crlf escaped": b"POST /webhooks/bob%0d%0aX-A:%20b HTTP/1.1",
}


def hidden(mint):
    """A signed delivery that must not come alive inside of another request's body."""
    return delivery(mint)


def header_case(name):
    def make(mint):
        request_id = mint.fresh("case")
        hidden_id, inside = hidden(mint)
        rest = b"0\r\n\r\n" + inside
        count = HEADERS[name].count(b"%d") + HEADERS[name].count(b"%x")
        headers = HEADERS[name] % ((len(rest),) * count) if count else HEADERS[name]
        return [request_id, hidden_id], head(b"/webhooks/bob", request_id, body=b"{}",
                                             more=headers + b"\r\n") + b"\r\n" + rest

    return make


def chunk_case(name):
    def make(mint):
        request_id = mint.fresh("case")
        hidden_id, inside = hidden(mint)
        return [request_id, hidden_id], head(
            b"/webhooks/bob", request_id, body=b"ab",
            more=b"Transfer-Encoding: chunked\r\n") + b"\r\n" + CHUNKS[name] + inside

    return make


def line_case(name):
    def make(mint):
        request_id = mint.fresh("case")
        hidden_id, inside = hidden(mint)
        rest = head(b"", request_id, body=b"{}", more=b"Content-Length: %d\r\n" % len(inside))
        return [request_id, hidden_id], LINES[name] + rest[rest.index(b"\r\n"):] + b"\r\n" + inside

    return make


def body_on_get(mint):
    request_id = mint.fresh("case")
    hidden_id, inside = hidden(mint)
    return [request_id, hidden_id], head(
        b"/healthz", request_id, b"GET", b"Content-Length: %d\r\n" % len(inside)) + b"\r\n" + inside


def bare_line_feeds(mint):
    request_id, whole = delivery(mint)
    return [request_id], whole.replace(b"\r\n", b"\n")


CASES = {
    **{f"header: {name}": header_case(name) for name in HEADERS},
    **{f"chunk: {name}": chunk_case(name) for name in CHUNKS},
    **{f"line: {name}": line_case(name) for name in LINES},
    "body on GET": body_on_get,
    "bare line feeds": bare_line_feeds,
}


# ------------------------------------------------------------------- the client

class Answers:
    """Reads answer after answer from one connection."""

    def __init__(self, sock):
        self.file = sock.makefile("rb")

    def next(self):
        """(status, id or None), or None at the end."""
        line = self.file.readline()
        if not line:
            return None
        if not line.startswith(b"HTTP/1."):
            self.file.read()
            return LONE_ANSWER, None
        status, headers = int(line.split()[1]), {}
        while (line := self.file.readline().rstrip(b"\r\n")):
            name, _, value = line.partition(b":")
            headers[name.strip().lower()] = value.strip()
        if headers.get(b"transfer-encoding") == b"chunked":
            while size := int(self.file.readline().split(b";")[0], 16):
                self.file.read(size + 2)
            self.file.readline()
        elif status >= 200:
            self.file.read(int(headers.get(b"content-length", 0)))
        request_id = headers.get(b"x-request-id")
        return status, request_id.decode() if request_id else None


def converse(port, mint, case, seed):
    """Plain requests, the case, plain requests again, sent as one; the answers that came."""
    chance = random.Random(seed)
    before = [chance.choice(PLAIN)(mint) for _ in range(chance.randrange(3))]
    ids, odd = CASES[case](mint)
    after = [chance.choice(PLAIN)(mint) for _ in range(2)]
    last_id = after[-1][0]
    answers = []
    with socket.create_connection(("127.0.0.1", port), timeout=30 * harness.SLOW) as sock:
        sock.sendall(b"".join(data for _, data in before) + odd + b"".join(d for _, d in after))
        reader = Answers(sock)
        try:
            while (one := reader.next()) is not None:
                if one[0] != 100:
                    answers.append(one)
                if one[1] == last_id:
                    break
        except ConnectionResetError:
            pass
    return {"case": case, "before": [i for i, _ in before],
            "sent": [i for i, _ in before] + ids + [i for i, _ in after], "answers": answers}


def check_conversation(one):
    case, sent = one["case"], one["sent"]
    got = [(status, request_id) for status, request_id in one["answers"] if request_id]
    places = [sent.index(request_id) for _, request_id in got if request_id in sent]
    # A request whose id the proxy did not see has one of bob2okta's own making.
    assert named_here(i for _, i in got) <= set(sent), (case, sent, got)
    assert places == sorted(set(places)), (case, "answers out of order or twice", sent, got)
    for status, request_id in got:
        kind = request_id.split("-")[0]
        if kind in STATUS:
            assert status == STATUS[kind], (case, request_id, status)
    answered = {request_id for _, request_id in got}
    assert set(one["before"]) <= answered, (case, "what stood before it was lost", sent, got)


def named_here(ids):
    """Without those that bob2okta made itself, for requests whose id did not reach it."""
    return {i for i in ids if re.fullmatch(r"[a-z]+-\d{6}", i)}


def stored_bodies(world):
    with sqlite3.connect(f"file:{world.server.store}?mode=ro", uri=True) as store:
        return [bytes(row[0]) for row in store.execute(
            "SELECT body FROM events WHERE body IS NOT NULL UNION ALL SELECT body FROM inbox")]


def answered_behind(world):
    return sum(world.server.metric("bob2okta_http_requests_total", listener="public", status=str(s))
               for s in range(200, 600))


@pytest.fixture(scope="module")
def behind():
    with harness.World(args=["--trusted-proxies", "127.0.0.1"]) as one:
        yield one


@pytest.fixture(scope="module")
def mint():
    return Mint()


@pytest.mark.parametrize("kind", ["nginx", "nginx-streaming", "haproxy"])
def test_nothing_gets_out_of_step_behind_a_proxy(behind, mint, kind, tmp_path):
    answered_before = answered_behind(behind)
    known = set(stored_bodies(behind))
    jobs = [(case, f"{kind} {n} {case}") for n in range(ROUNDS) for case in CASES]
    random.Random(kind).shuffle(jobs)
    with Proxy(kind, tmp_path / "proxy", behind.server.public[1]) as proxy:
        with concurrent.futures.ThreadPoolExecutor(CLIENTS) as pool:
            talks = list(pool.map(lambda job: converse(proxy.port, mint, *job), jobs))
        for one in talks:
            check_conversation(one)

        named = {i for one in talks for _, i in one["answers"] if i}

        def both_sides():
            """Once both have written down all: what the proxy passed on, and what has no answer
            with its id, because libmicrohttpd refused it before bob2okta saw it."""
            ids, passed = proxy.passed_on()
            nameless = [i for i in ids if i != "-" and i not in named]
            answered = answered_behind(behind) - answered_before
            return named_here(named) <= set(ids) and passed - len(nameless) == answered and (
                ids, passed, nameless)

        ids, passed, nameless = harness.wait_until(
            both_sides, "the proxy and bob2okta count the same requests")
        assert all(i.startswith("case") for i in nameless), nameless
        twice = [i for i, n in collections.Counter(ids).items() if n > 1 and i != "-"]
        assert not twice, twice

    # Each answer that came is of a request that was passed on, and the deliveries among them,
    # no others, are what was stored.
    good = {i for one in talks for status, i in one["answers"] if i and status == 200}
    assert {i for i in good if i.startswith("stored")} <= set(ids)
    by_body = {body: request_id for request_id, body in mint.bodies.items()}
    fresh = [body for body in stored_bodies(behind) if body not in known]
    unsigned = [body for body in fresh if body not in by_body and body not in SIGNED_BY_CASES]
    assert not unsigned, unsigned
    stored = {by_body[body] for body in fresh if body in by_body}
    assert {i for i in good if i.startswith("stored")} <= stored
    assert stored <= set(ids), (kind, "came alive inside of another request", stored - set(ids))
    assert passed > len(CASES), passed
    print(f"{kind}: {sum(len(one['sent']) for one in talks)} requests sent, {passed} passed on, "
          f"{len(nameless)} of them refused by libmicrohttpd, {len(stored)} stored")
    if os.environ.get("PROXY_TABLE"):
        for one in sorted(talks, key=lambda one: one["case"]):
            print("\t".join([one["case"], str(one["answers"][len(one["before"]):])]))

