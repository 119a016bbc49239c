# SPDX-License-Identifier: MIT
"""A Scene: a world, its people, a ledger, a sender, and how the server is armed and revived."""

import os
import pathlib
import subprocess
import time

import company as companies
import evidence
import harness
import ledger as ledgers
import oracle
from harness import wait_until

FAULTS_BIN = harness.ROOT / "build" / "faults" / "bin"


def faults_program():
    """The build with failpoints in it."""
    return os.environ.get("BOB2OKTA_FAULTS_BIN") or str(FAULTS_BIN / "bob2okta")


class Scene:
    """build: "faults" runs the program with failpoints, None the one all other tests run."""

    def __init__(self, make_world, build=None, threads=4, prefix="Fault", store=None, ledger_in=None, start=True,
                 **options):
        settings = {**companies.SANDBOX, **options.pop("sandbox_settings", {})}
        self.world = make_world(sandbox_settings=settings, start=False, **options)
        self.server = self.world.server
        self.sandbox = self.world.sandbox
        if build == "faults":
            self.server.program.argv[0] = faults_program()
        if store is not None:
            self.place_store(pathlib.Path(store))
        self.plain_argv = list(self.server.program.argv)
        self.plain_env = dict(self.server.program.env)
        self.ledger = ledgers.Ledger(ledger_in)
        self.deaths = []
        self.before = None
        if start:
            self.server.start()
        self.company = companies.Company(self.world, prefix)
        self.sender = ledgers.Sender(lambda: self.server.public or ("127.0.0.1", 1), self.ledger, threads)

    def place_store(self, path):
        """The store on a filesystem of its own."""
        at = self.server.program.argv.index("--store") + 1
        self.server.program.argv[at] = f"sqlite:{path}"
        self.server.store = path

    # -- life and death

    def start(self, *, failpoint=None, wrap=(), env=None, keep_before=False):
        """Starts the server, armed or not. wrap: words before the program (strace, eatmydata)."""
        self.server.program.argv = [*wrap, *self.plain_argv]
        self.server.program.env = {**self.plain_env, **(env or {})}
        if failpoint:
            self.server.program.env["BOB2OKTA_FAILPOINT"] = failpoint
        if not keep_before:
            self.before = None
        self.server.start()
        if not (failpoint or wrap or env):
            oracle.let_go(self.server)

    def try_start(self, **how):
        """As start, but the server may die before it is ready: False."""
        try:
            self.start(**how)
            return True
        except AssertionError:
            if self.server.program.is_running():
                raise
            self.note_death()
            return False

    def note_death(self):
        self.deaths.append(oracle.last_words(self.server))
        return self.deaths[-1]

    def wait_death(self, deadline_s=20):
        self.server.program.wait_exit(deadline_s)
        return self.note_death()

    def revive(self):
        """Ends the server for good if it still runs, and starts it unarmed."""
        if self.server.program.is_running():
            self.server.kill()
        self.start()

    def has_fired(self):
        return "failpoint " in self.server.program.output("err")

    # -- events

    def tell(self, kind, people):
        for person in people:
            self.sender.put(person.id, getattr(self.company, kind)(person))

    def settled(self, count, *kinds):
        """So many people who have been through those kinds of events, all done."""
        people = self.company.team(count)
        for kind in kinds or ("join",):
            self.tell(kind, people)
            self.sender.drain()
            self.world.quiet(60)
        return people

    def note_usage(self):
        self.before = evidence.usage(self.server)

    # -- the oracle

    def check(self, **more):
        """Deaths the test itself caused are no finding of I11."""
        self.sender.drain(120)
        deaths = [death for death in self.deaths if not oracle.is_killed(death[0])]
        return oracle.check(
            self.world, self.ledger, personal=self.company.names, revoked=self.company.revoked,
            before=self.before, deaths=deaths, **more)

    def end(self):
        self.sender.stop()
        self.ledger.close()


def wait_gone_or(server, condition, what, deadline_s=20):
    """Waits until the server died (False) or the condition came true."""
    return wait_until(lambda: (not server.program.is_running() and "dead") or (condition() and "true"),
                      what, deadline_s) == "true"


class Strace:
    """strace on a server that runs already: kills it or fails it at its n-th system call.

    Counts are those of one thread since the attachment, which is how strace counts.
    """

    def __init__(self, scene, inject, trace=None, output="/dev/null"):
        pid = scene.server.program.process.pid
        calls = trace or inject.split(":")[0]
        self.output = output
        error = scene.world.directory / f"strace.{pid}.{time.monotonic_ns()}"
        with open(error, "wb") as to:
            self.process = subprocess.Popen(
                ["strace", "-f", "-o", str(output), "-e", f"trace={calls}", "-e", f"inject={inject}",
                 "-p", str(pid)], stderr=to, stdin=subprocess.DEVNULL)
        wait_until(lambda: "attached" in error.read_text() or self.process.poll() is not None,
                   "strace is attached")
        assert self.process.poll() is None or not scene.server.program.is_running(), error.read_text()

    def detach(self):
        if self.process.poll() is None:
            self.process.terminate()
        self.process.wait(10)
