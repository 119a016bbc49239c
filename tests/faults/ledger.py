# SPDX-License-Identifier: MIT
"""What was acknowledged, written down by the one who was told so.

The ledger is a file outside the data directory, and one line is fsynced before the
sender goes on, so that it outlives whatever becomes of the server. For power cuts it
lies on another filesystem than the store.
"""

import hashlib
import http.client
import json
import os
import pathlib
import queue
import tempfile
import threading
import time

import harness


class Ledger:
    """Appends are from any thread. acked: what got its 200; refused: what must not leave a trace."""

    def __init__(self, directory=None):
        handle, self.path = tempfile.mkstemp(prefix="ledger-", suffix=".jsonl", dir=directory)
        self.handle = handle
        self.lock = threading.Lock()

    def note(self, **line):
        data = (json.dumps({**line, "at": time.monotonic()}) + "\n").encode()
        with self.lock:
            os.write(self.handle, data)
            os.fsync(self.handle)

    def lines(self):
        with open(self.path) as file:
            return [json.loads(line) for line in file]

    @property
    def acked(self):
        return [line for line in self.lines() if line["what"] == "acked"]

    @property
    def refused(self):
        return [line for line in self.lines() if line["what"] == "refused"]

    def close(self):
        os.close(self.handle)
        pathlib.Path(self.path).unlink(missing_ok=True)


def digest(body):
    return hashlib.sha256(body.encode() if isinstance(body, str) else body).hexdigest()


class Sender:
    """Bob's side of the wire: sends each event until it has its 200, on several threads.

    Order holds for an employee as Bob promises it: a body waits for the one before it.
    address: where to send, asked for anew each time, since a restarted server has another port.
    """

    def __init__(self, address, ledger, threads=4, pause_s=0.02, timeout_s=10):
        self.address = address
        self.ledger = ledger
        self.pause_s = pause_s
        self.timeout_s = timeout_s
        self.queues = [queue.Queue() for _ in range(threads)]
        self.is_stopped = False
        self.error = None
        self.sent = self.tries = 0
        self.latencies = []
        self.threads = [threading.Thread(target=self.run, args=(one,), daemon=True) for one in self.queues]
        for thread in self.threads:
            thread.start()

    def put(self, employee, body, **more):
        text = body if isinstance(body, str) else json.dumps(body)
        self.queues[hash(str(employee)) % len(self.queues)].put((str(employee), text, more))

    def run(self, todo):
        try:
            while True:
                item = todo.get()
                if item is None:
                    return
                self.deliver(*item)
                todo.task_done()
        except BaseException as error:  # shown by drain
            self.error = error

    def deliver(self, employee, body, more):
        end = time.monotonic() + 180 * harness.SLOW
        while not self.is_stopped:
            status = self.try_once(body)
            if status == 200:
                self.ledger.note(what="acked", employee=employee, sha256=digest(body), **more)
                self.sent += 1
                return
            if time.monotonic() > end:
                raise AssertionError(f"an event was never taken: {body[:200]}")
            time.sleep(self.pause_s)

    def try_once(self, body):
        """The status, or None when there was no answer."""
        began = time.monotonic()
        self.tries += 1
        try:
            connection = http.client.HTTPConnection(*self.address(), timeout=self.timeout_s * harness.SLOW)
            try:
                connection.request("POST", "/webhooks/bob", body=body.encode(), headers={
                    "Content-Type": "application/json", "Bob-Signature": harness.sign(body)})
                return connection.getresponse().status
            finally:
                connection.close()
                self.latencies.append(time.monotonic() - began)
        except (OSError, http.client.HTTPException):
            return None

    def waiting(self):
        return sum(one.unfinished_tasks for one in self.queues)

    def drain(self, deadline_s=60):
        def is_done():
            if self.error:
                raise self.error
            return self.waiting() == 0

        harness.wait_until(is_done, "all events are acknowledged", deadline_s)

    def stop(self):
        self.is_stopped = True
        for one in self.queues:
            one.put(None)
        for thread in self.threads:
            thread.join(30 * harness.SLOW)


def send_refused(server, ledger, body, signature="bm9uc2Vuc2U="):
    """Something that must be refused: I12 asks for its answer and that nothing of it was kept."""
    reply = server.post_event(body, signature=signature)
    ledger.note(what="refused", sha256=digest(body), status=reply.status)
    return reply
