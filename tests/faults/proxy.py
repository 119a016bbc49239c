# SPDX-License-Identifier: MIT
"""Drives tests/support/proxy: a TCP proxy between two of ours that spoils what it passes on."""

import os
import re
import socket

import harness

PROGRAM = "FAULTY_PROXY_BIN"


class Proxy:
    """add(action="reset", side="answer", at=10, match="POST /okta"): see README.md."""

    def __init__(self, directory, to_port, seed=1):
        path = os.environ.get(PROGRAM) or str(harness.BIN / "faulty-proxy")
        self.program = harness.Program("proxy", [path, "--to", str(to_port), "--seed", str(seed)], directory)
        self.program.start()
        found = self.program.wait_line(r"listening on (\d+) control (\d+)")
        self.port, self.control_port = int(found[1]), int(found[2])
        self.address = ("127.0.0.1", self.port)
        self.url = f"http://127.0.0.1:{self.port}"

    def tell(self, line):
        with socket.create_connection(("127.0.0.1", self.control_port), timeout=10) as peer:
            peer.sendall(line.encode() + b"\n")
            answer = peer.makefile().readline().strip()
        if answer.startswith("error"):
            raise ValueError(f"{line}: {answer}")
        return answer

    def add(self, match=None, **keys):
        words = [f"{key}={value}" for key, value in keys.items()]
        return self.tell("add " + " ".join(words + ([f"match={match}"] if match else [])))

    def clear(self):
        return self.tell("clear")

    def to(self, port):
        return self.tell(f"to {port}")

    def stats(self):
        return {key: int(value) for key, value in re.findall(r"(\w+)=(\d+)", self.tell("stats"))}

    def stop(self):
        self.program.kill()
