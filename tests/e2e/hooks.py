# SPDX-License-Identifier: MIT
"""A webhook that alarms are sent to: keeps what it got, answers what it is told."""

import http.server
import json
import threading


class Hook:
    def __init__(self):
        self.lock = threading.Lock()
        self.got = []  # (headers, message)
        self.status = 200
        hook = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                with hook.lock:
                    hook.got.append((dict(self.headers), body))
                    status = hook.status
                self.send_response(status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self.thread.start()
        self.url = f"http://127.0.0.1:{self.server.server_port}/alarms?key=hook-key"

    def messages(self):
        with self.lock:
            return [json.loads(body) for _, body in self.got]

    def entries(self, alarm=None, state=None):
        return [
            entry for message in self.messages() for entry in message["alarms"]
            if alarm in (None, entry["alarm"]) and state in (None, entry["state"])
        ]

    def close(self):
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()
