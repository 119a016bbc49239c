# SPDX-License-Identifier: MIT
"""Prism between bob2okta and the sandbox, and the recorder in front of it.

    bob2okta -> Recorder -> Prism -> sandbox

Prism compares each request and each answer with Okta's OpenAPI description and
writes what it finds into the header `sl-violations` of the answer. The Recorder
keeps that verdict with the call, takes the header off, and otherwise passes
everything on as it is.
"""

import http.client
import http.server
import json
import os
import pathlib
import threading

import harness
import npm

HERE = pathlib.Path(__file__).resolve().parent
CLI = HERE / "node_modules" / "@stoplight" / "prism-cli" / "dist" / "index.js"
DEFAULT_SPEC = harness.ROOT.parent / "shared" / "spec" / "okta-users-prism.yaml"
CALL_TIMEOUT_S = 30
BODY_MAX_BYTES = 8 * 1024 * 1024

# ---------------------------------------------------------------- installing

def spec_path():
    path = pathlib.Path(os.environ.get("OKTA_SPEC") or DEFAULT_SPEC)
    if not path.is_file():
        raise npm.Unavailable(f"Okta's OpenAPI description is not at {path} (OKTA_SPEC names another place)")
    return path


def install():
    npm.install(HERE, CLI)


class Prism(harness.Program):
    """`prism proxy` on a free port; its log stands beside those of the world."""

    def __init__(self, directory, spec, upstream):
        # The file itself instead of node_modules/.bin: one process, ended by its own pid.
        argv = ["node", str(CLI), "proxy", "-h", "127.0.0.1", "-p", "0", "--errors", "false",
                str(spec), upstream]
        super().__init__("prism", argv, directory)
        self.start()
        try:
            line = self.wait_line(r"listening on (http://127\.0\.0\.1:\d+)", 60)
        except BaseException:
            self.kill()
            raise
        self.address = harness.address_of(line.group(1))


# ----------------------------------------------------------------- recording

class Violation:
    """One finding: where in the call, and in which words of Prism."""

    def __init__(self, method, path, status, finding):
        self.method = method
        self.path = path
        self.status = status
        self.where = ".".join(str(part) for part in finding.get("location", []))
        self.code = str(finding.get("code", ""))
        self.message = str(finding.get("message", finding))

    def __repr__(self):
        return f"{self.method} {self.path} -> {self.status}: {self.where}: {self.message}"


class Call:
    def __init__(self, method, path, body):
        self.method = method
        self.path = path
        self.body = body
        self.status = 0  # 0: no answer came back
        self.answer = b""
        self.violations = []

    def judge(self, headers):
        findings = json.loads(headers.get("sl-violations") or "[]")
        # An answer of Prism's own: it could not even match or pass on the call.
        if "problem+json" in (headers.get("Content-Type") or ""):
            findings.append({"location": ["prism"], "message": self.answer.decode(errors="replace")})
        self.violations = [Violation(self.method, self.path, self.status, f) for f in findings]


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # Both belong to one connection; the last is ours alone.
    DROPPED = {"connection", "keep-alive", "transfer-encoding", "content-length", "sl-violations"}

    def log_message(self, *_):
        pass

    def relay(self):
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(min(length, BODY_MAX_BYTES)) if length else None
        call = Call(self.command, self.path, body)
        connection = http.client.HTTPConnection(*self.server.upstream, timeout=CALL_TIMEOUT_S)
        try:
            headers = {k: v for k, v in self.headers.items() if k.lower() not in self.DROPPED}
            connection.request(self.command, self.path, body=body, headers=headers)
            answer = connection.getresponse()
            call.status, call.answer = answer.status, answer.read(BODY_MAX_BYTES)
            call.judge(answer.headers)
        except (OSError, http.client.HTTPException) as error:
            # What reaches neither side whole is no answer to the caller either.
            call.violations.append(
                Violation(call.method, call.path, 0, {"location": ["prism"], "message": repr(error)}))
            self.close_connection = True
            return
        finally:
            connection.close()
            self.server.recorder.add(call)
        self.pass_on(call, answer.headers)

    def pass_on(self, call, headers):
        self.send_response_only(call.status)
        for name, value in headers.items():
            if name.lower() not in self.DROPPED:
                self.send_header(name, value)
        if call.status != 204 and call.method != "HEAD":
            self.send_header("Content-Length", str(len(call.answer)))
        self.end_headers()
        self.wfile.write(call.answer)

    do_GET = do_POST = do_PUT = do_DELETE = do_PATCH = do_HEAD = do_OPTIONS = relay


class Listener(http.server.ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def handle_error(self, request, client_address):
        pass  # The caller went away: its own timeout, which the test sees there.


class Recorder:
    """A proxy in front of Prism with a list of all calls. Calls come from any thread."""

    def __init__(self, upstream):
        self.lock = threading.Lock()
        self.log = []
        self.listener = Listener(("127.0.0.1", 0), Handler)
        self.listener.upstream = upstream
        self.listener.recorder = self
        self.address = self.listener.server_address[:2]
        self.url = "http://%s:%d" % self.address
        self.thread = threading.Thread(target=self.listener.serve_forever, args=(0.05,), daemon=True)
        self.thread.start()

    def add(self, call):
        with self.lock:
            self.log.append(call)

    def calls(self, since=0):
        with self.lock:
            return self.log[since:]

    def violations(self, since=0):
        return [violation for call in self.calls(since) for violation in call.violations]

    def mark(self):
        with self.lock:
            return len(self.log)

    def forget(self, since):
        """Takes back the findings of calls that were meant to be bad; the calls stay."""
        for call in self.calls(since):
            call.violations = []

    def close(self):
        self.listener.shutdown()
        self.listener.server_close()
