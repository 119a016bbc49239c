# SPDX-License-Identifier: MIT
"""bob2okta -> front -> Prism -> back -> sandbox.

Prism checks every request and answer against Okta's own description and says
what it found in the header sl-violations; front writes that down. Prism's
upstream is fixed when it starts, so back is what finds the present sandbox.
"""

import http.client
import http.server
import json
import os
import pathlib
import re
import subprocess
import threading

import pytest

import harness

HERE = pathlib.Path(__file__).resolve().parent
SPEC = pathlib.Path(
    os.environ.get("OKTA_SPEC") or harness.ROOT / ".." / "shared" / "spec" / "okta-users-prism.yaml")
# Hop-by-hop, and what each hop counts for itself.
PRIVATE = {"connection", "keep-alive", "transfer-encoding", "content-length", "host"}
# The description calls these non-nullable; real orgs answer null for the unset ones.
NULL_IS_FINE = {"login", "email", "department", "employeeNumber", "locale"}


def install():
    """npm ci, once; skips where the registry cannot be reached."""
    program = HERE / "node_modules" / ".bin" / "prism"
    if program.exists():
        return program
    done = subprocess.run(
        ["npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts"], cwd=HERE, text=True,
        capture_output=True, timeout=300)
    if done.returncode != 0:
        if re.search(r"ENOTFOUND|ECONNREFUSED|ETIMEDOUT|EAI_AGAIN|ENETUNREACH", done.stderr):
            pytest.skip("Prism is not installed and the npm registry cannot be reached")
        raise AssertionError("npm ci failed:\n" + done.stderr[-3000:])
    return program


class Hop:
    """Forwards each request to target, whole; on_answer sees both sides."""

    def __init__(self, on_answer=None):
        self.target = None
        hop = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def forward(self):
                length = int(self.headers.get("Content-Length") or 0)
                body = self.rfile.read(length) if length else b""
                headers = {k: v for k, v in self.headers.items() if k.lower() not in PRIVATE}
                if self.command in ("POST", "PUT"):
                    headers["Content-Length"] = str(len(body))
                upstream = http.client.HTTPConnection(*hop.target, timeout=60)
                try:
                    upstream.request(self.command, self.path, body or None, headers)
                    answer = upstream.getresponse()
                    data = answer.read()
                except (OSError, http.client.HTTPException):
                    self.close_connection = True
                    return
                finally:
                    upstream.close()
                if on_answer:
                    on_answer(self, body, answer, data)
                self.send_response_only(answer.status)
                for key, value in answer.getheaders():
                    if key.lower() not in PRIVATE:
                        self.send_header(key, value)
                if answer.status != 204:
                    self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            do_GET = do_POST = do_PUT = do_DELETE = forward

            def log_message(self, *args):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = "http://127.0.0.1:%d" % self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()


class Proxy:
    def __init__(self, directory):
        if not SPEC.exists():
            pytest.skip(f"Okta's description is not at {SPEC} (set OKTA_SPEC)")
        self.directory = directory
        self.program = install()
        self.verdicts = []

    def __enter__(self):
        self.front = Hop(self.note)
        self.back = Hop()
        # Prism takes no port 0: ask the kernel for a free one just before.
        with harness.socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        self.prism = harness.Program(
            "prism",
            ["node", str(self.program), "proxy", "-h", "127.0.0.1", "-p", str(port), str(SPEC),
             self.back.url],
            self.directory)
        self.prism.start()
        self.prism.wait_line(r"Prism is listening on", 60)
        self.front.target = ("127.0.0.1", port)
        return self

    def __exit__(self, *_):
        self.prism.kill()
        self.front.close()
        self.back.close()

    def note(self, handler, body, answer, data):
        found = answer.headers.get("sl-violations")
        self.verdicts.append({
            "method": handler.command, "path": handler.path, "body": body.decode(errors="replace"),
            "status": answer.status, "answer": data.decode(errors="replace")[:2000],
            "violations": json.loads(found) if found else [],
        })

    def check(self):
        """No call may break Okta's description, and there must have been calls."""
        assert self.verdicts, "nothing went through Prism"
        bad = []
        for call in self.verdicts:
            rest = [v for v in call["violations"] if not is_false_alarm(v, call["status"])]
            if rest:
                bad.append({**call, "violations": rest})
        assert not bad, json.dumps(bad[:5], indent=1)


def is_false_alarm(violation, status):
    message = violation.get("message", "").lower()
    location = violation.get("location") or []
    if status >= 500 and "returned status code" in message:
        return True  # the description names no server errors; the sandbox was told to fail
    return bool(location) and location[-1] in NULL_IS_FINE and "must be string" in message
