# SPDX-License-Identifier: MIT
"""Intake when the disk fails or crawls, when descriptors run out, and under the catalogue's floods.

strace attaches to the running server and answers its system calls in the kernel's place.
"""

import collections
import concurrent.futures
import contextlib
import copy
import json
import os
import pathlib
import resource
import shutil
import signal
import socket
import sqlite3
import subprocess
import threading
import time

import pytest

import harness
import test_hostile
import test_proxies
from harness import event, http_call, sign, wait_until
from sizes import size

EXIT_FSYNC = 74
SENDERS = 8


class Tracer:
    """strace on all threads of the server, from when it says so until it is ended."""

    def __init__(self, one, calls, inject):
        self.path = one.directory / "strace.out"
        argv = ["strace", "-f", "-o", str(self.path), "-e", f"trace={calls}",
                "-e", f"inject={inject}", "-p", str(one.server.program.process.pid)]
        self.process = subprocess.Popen(argv, stderr=subprocess.PIPE, text=True)
        # Said once, when all threads are held.
        line = self.process.stderr.readline()
        assert "attached" in line, line

    def calls(self, name):
        return [line for line in self.path.read_text().splitlines() if f" {name}(" in line]

    def end(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
        self.process.wait(20)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.end()


class Senders:
    """Signed deliveries without a pause; what was answered 200 by number."""

    def __init__(self, one, count=SENDERS):
        self.one, self.over = one, threading.Event()
        self.acked, self.others, self.times, self.lock = set(), collections.Counter(), [], threading.Lock()
        self.number = 0
        self.threads = [threading.Thread(target=self.run, daemon=True) for _ in range(count)]
        for thread in self.threads:
            thread.start()

    def next(self):
        with self.lock:
            self.number += 1
            return self.number

    def run(self):
        while not self.over.is_set():
            number = self.next()
            began = time.monotonic()
            try:
                status = self.one.server.post_event(event(str(number), "timeoff.x")).status
            except OSError:
                status = "none"
            with self.lock:
                if status == 200:
                    self.acked.add(number)
                    self.times.append(time.monotonic() - began)
                else:
                    self.others[status] += 1
            if status == "none":
                self.over.wait(0.05)

    def stop(self):
        self.over.set()
        for thread in self.threads:
            thread.join(60)


def stored_numbers(one):
    """Every event the store has, by the employee it speaks of."""
    one.quiet(120, unsettled=True)
    found, page = set(), one.server.events(limit=500)
    with contextlib.closing(sqlite3.connect(f"file:{one.server.store}?mode=ro", uri=True)) as store:
        for (body,) in store.execute(
                "SELECT body FROM events WHERE body IS NOT NULL UNION ALL SELECT body FROM inbox"):
            found.add(int(json.loads(body)["data"]["employeeId"]))
    assert len(page) > 0
    return found


# ------------------------------------------------ a sync or a write that fails (rule 12)

@pytest.mark.fault("D-06")
@pytest.mark.parametrize("calls,inject", [
    ("fdatasync", "fdatasync:error=EIO:when=1"),
    ("fdatasync", "fdatasync:error=EIO:when=1+"),
    ("fdatasync", "fdatasync:error=ENOSPC:when=1"),
    ("fdatasync", "fdatasync:error=EIO:when=3"),
    ("pwrite64", "pwrite64:error=EIO:when=1+"),
])
def test_a_failed_sync_ends_the_process_and_nothing_answered_is_lost(world, calls, inject):
    one = world()
    senders = Senders(one)
    wait_until(lambda: len(senders.acked) > 50, "deliveries are taken")
    # Held for a while, so that deliveries wait for the one that fails, also on a busy machine.
    with Tracer(one, "fdatasync,fsync,pwrite64", inject + ":delay_enter=1000000") as tracer:
        assert one.server.program.wait_exit(60) == EXIT_FSYNC
        tracer.end()
        lines = tracer.path.read_text().splitlines()
    if calls == "fdatasync":
        # A call that others wrote between its beginning and its end has two lines; the second one tells.
        failed = [n for n, line in enumerate(lines) if "INJECTED" in line and "fdatasync" in line]
        later = [line for line in lines[failed[0] + 1:] if "fdatasync(" in line or "fsync(" in line]
        assert later == [], "a sync is never tried again"
    assert f"exit_status={EXIT_FSYNC}" in one.server.log()
    # All were waiting for it but for who was slow on a busy machine; they read their answer when the
    # process may be gone already.
    wait_until(lambda: senders.others[503] >= SENDERS // 2, "those who waited have their 503", 60)
    assert set(senders.others) <= {503, "none"}, senders.others
    before = len(senders.acked)
    one.start()
    wait_until(lambda: len(senders.acked) > before + 10, "deliveries are taken again", 60)
    senders.stop()
    assert senders.acked <= stored_numbers(one), "nothing that was answered 200 is lost"


@pytest.mark.fault("D-06")
def test_a_failed_sync_while_the_log_is_moved_ends_the_process(world):
    """Also when nobody waits: a checkpoint that cannot be synced may have lost what was moved."""
    one = world()
    for number in range(200):
        assert one.server.post_event(event(str(number), "timeoff.x", filling="y" * 4000)).status == 200
    # The next sync of the database's file, not of its log.
    path = str(one.server.store)
    argv_path = ["-P", path]
    pid = one.server.program.process.pid
    process = subprocess.Popen(
        ["strace", "-f", "-o", "/dev/null", *argv_path, "-e", "trace=fdatasync",
         "-e", "inject=fdatasync:error=EIO:when=1+", "-p", str(pid)], stderr=subprocess.PIPE, text=True)
    try:
        assert "attached" in process.stderr.readline()
        n = [0]

        def is_over():
            n[0] += 1
            with contextlib.suppress(OSError):
                one.server.post_event(event(str(1000 + n[0]), "timeoff.x", filling="z" * 60000))
            return not one.server.program.is_running()

        wait_until(is_over, "the process ends", 60)
        assert one.server.program.wait_exit(20) == EXIT_FSYNC
    finally:
        process.wait(20)
    one.start()
    one.quiet(unsettled=True)
    assert one.server.status()["events"]["ignored"] >= 200


@pytest.mark.fault("D-06")
def test_a_failed_sync_at_the_start_is_not_tried_again(world):
    one = world()
    assert one.server.post_event(event("1", "timeoff.x")).status == 200
    one.server.kill()
    argv = list(one.server.program.argv)
    trace = one.directory / "start.strace"
    done = subprocess.run(
        ["strace", "-f", "-o", str(trace), "-e", "trace=fdatasync",
         "-e", "inject=fdatasync:error=EIO:when=1+", *argv],
        capture_output=True, text=True, timeout=60 * harness.SLOW, check=False)
    assert done.returncode == EXIT_FSYNC, done.stderr[-2000:]
    assert len([line for line in trace.read_text().splitlines() if "fdatasync(" in line]) == 1
    one.start()
    one.quiet(unsettled=True)
    assert one.server.status()["events"]["ignored"] == 1


@pytest.mark.fault("D-07")
def test_a_full_disk_is_503_and_goes_on_by_itself(world):
    one = world()
    senders = Senders(one)
    wait_until(lambda: len(senders.acked) > 50, "deliveries are taken")
    with Tracer(one, "pwrite64", "pwrite64:error=ENOSPC:when=1+"):
        wait_until(lambda: senders.others[503] > 20, "deliveries are refused")
        before = len(senders.acked)
        wait_until(lambda: http_call(one.server.public, "GET", "/readyz").status == 503,
                   "not ready")
        assert one.server.program.is_running()
    wait_until(lambda: len(senders.acked) > before + 50, "deliveries are taken again", 60)
    senders.stop()
    assert set(senders.others) == {503}, senders.others
    assert senders.acked <= stored_numbers(one)


# ------------------------------------------------------------------ a slow disk (D-08)

@pytest.mark.fault("D-08")
def test_a_disk_that_takes_two_seconds_a_sync(world):
    """What is taken is answered in time, what is beyond the bounds is refused, the rest lives."""
    one = world()
    count = size(64, 1000)
    statuses, times = collections.Counter(), []
    lock = threading.Lock()

    def send(number):
        began = time.monotonic()
        status = one.server.post_event(event(str(number), "timeoff.x")).status
        with lock:
            statuses[status] += 1
            if status == 200:
                times.append(time.monotonic() - began)

    with Tracer(one, "fdatasync", "fdatasync:delay_enter=2000000"):
        with concurrent.futures.ThreadPoolExecutor(min(count, 900)) as pool:
            work = [pool.submit(send, number) for number in range(count)]
            asked = []
            while not all(one_work.done() for one_work in work):
                began = time.monotonic()
                assert one.server.get("/status")
                assert http_call(one.server.public, "GET", "/healthz").status == 200
                asked.append(time.monotonic() - began)
                time.sleep(0.1)
            for one_work in work:
                one_work.result()
    assert set(statuses) <= {200, 503} and statuses[200] > 0, statuses
    # The answer's deadline is 5 s: nobody is left to wait for longer.
    assert max(times) < 6 * harness.SLOW
    print(f"{dict(statuses)}, answered within {max(times):.1f} s, console within {max(asked):.2f} s")
    one.quiet(unsettled=True)
    assert one.server.status()["events"]["ignored"] >= statuses[200]


# -------------------------------------------------- no descriptors any more

@pytest.mark.fault("R-02")
def test_without_descriptors_nothing_spins_and_it_recovers(world):
    one = world()
    pid = one.server.program.process.pid
    used = len(os.listdir(f"/proc/{pid}/fd"))
    resource.prlimit(pid, resource.RLIMIT_NOFILE, (used + 6, used + 6))
    with contextlib.ExitStack() as stack:
        for _ in range(40):
            sock = stack.enter_context(socket.socket())
            sock.settimeout(1)
            with contextlib.suppress(OSError):
                sock.connect(one.server.public)
        wait_until(lambda: len(os.listdir(f"/proc/{pid}/fd")) >= used + 6, "none is left")

        def cpu():
            fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
            return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

        before, began = cpu(), time.monotonic()
        time.sleep(2)  # what is measured is that nothing happens meanwhile
        share = (cpu() - before) / (time.monotonic() - began)
        print(f"{100 * share:.1f} % of a core while no descriptor is left")
        assert share < 0.05
    wait_until(lambda: one.server.post_event(event("1", "timeoff.x")).status == 200,
               "taken again when the others are gone")


# ----------------------------------------------------------- secrets that end (W-04)

@pytest.mark.fault("W-04")
def test_a_secret_ends_by_itself_under_load_and_its_last_use_is_remembered(world):
    one = world(start=False)
    old, new = "the-secret-that-ends", harness.SECRET
    path = one.directory / "old-secret"
    path.write_text(old + "\n")
    ends = time.time() + 10 * harness.SLOW  # the start comes before it, on a slow machine too
    text = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(ends))
    ends = float(int(ends))
    document = copy.deepcopy(one.server.document)
    document["connections"][0]["bob"]["webhook_secrets"] = [
        {"file": str(path), "expires": text}, new]
    one.server.write_settings(document)
    one.start()

    def post(secret, number):
        body = json.dumps(event(str(number), "timeoff.x", n=time.monotonic_ns()))
        return one.server.post_event(body, sign(body, secret)).status

    sent, number = [], 0
    with contextlib.ExitStack() as stack:
        stack.enter_context(test_hostile.Genuine(one))
        while time.time() < ends + 2:
            number += 1
            before = time.time()
            sent.append((before, post(old, number), time.time()))
    taken = [status for _, status, until in sent if until < ends]
    late = [status for begun, status, _ in sent if begun > ends + 1]
    assert taken and set(taken) == {200}, taken
    assert late and set(late) == {401}, late
    assert "secret that has expired" in one.server.log()
    assert old not in one.server.log()
    connection = one.server.get("/status")["connections"][0]
    assert connection["webhook_secret_expires_at_ms"] == [int(ends * 1000), 0]
    used = connection["webhook_secret_used_at_ms"]
    assert 0 < used[0] <= ends * 1000 < used[1]
    shown = one.server.cli("status").stdout
    assert "accepted until" in shown and "secret 2: last used" in shown, shown
    one.restart()
    assert one.server.get("/status")["connections"][0]["webhook_secret_used_at_ms"] == used


# ------------------------------------------------- the catalogue's numbers (make faults)

@pytest.mark.only_long
@pytest.mark.fault("X-01")
def test_a_thousand_slow_peers_of_each_kind(world, monkeypatch):
    one = world()
    monkeypatch.setattr(test_hostile, "SLOW_PEERS", 450)
    for _ in range(3):
        test_hostile.test_slow_peers_are_cut_in_time_and_delay_nobody(lambda: one)


@pytest.mark.only_long
@pytest.mark.fault("X-07", "W-08")
def test_a_hundred_thousand_wrong_signatures(world, monkeypatch):
    monkeypatch.setattr(test_hostile, "FLOOD", 100_000)
    test_hostile.test_a_flood_of_wrong_signatures_leaves_no_trace_and_delays_nobody(world)


@pytest.mark.only_long
@pytest.mark.fault("W-07")
def test_a_hundred_thousand_pings(world, monkeypatch):
    monkeypatch.setattr(test_hostile, "FLOOD", 100_000)
    test_hostile.test_a_flood_of_pings_leaves_no_trace(world)


@pytest.mark.only_long
@pytest.mark.fault("W-05")
def test_ten_thousand_replays(world, monkeypatch):
    monkeypatch.setattr(test_hostile, "REPLAYS", 480)
    test_hostile.test_captured_deliveries_do_nothing_when_sent_again(world)


@pytest.mark.only_long
@pytest.mark.fault("W-02")
def test_the_time_of_a_refusal_says_nothing_of_the_tag():
    """Welch's t of three kinds of wrong header, printed: the machine's neighbours decide too much."""
    program = harness.BIN / "unit" / "test_intake_work"
    if not program.exists():
        subprocess.run(["make", "-s", "-C", str(harness.ROOT), str(program.relative_to(harness.ROOT))],
                       check=True)
    done = subprocess.run([str(program)], cwd=harness.ROOT, capture_output=True, text=True, check=False,
                          env={**os.environ, "BOB2OKTA_TIMINGS": "1000000"}, timeout=1800)
    print(done.stdout)
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="module")
def behind():
    with harness.World(args=["--trusted-proxies", "127.0.0.1"]) as one:
        yield one


@pytest.fixture(scope="module")
def mint():
    return test_proxies.Mint()


@pytest.mark.only_long
@pytest.mark.fault("X-04")
@pytest.mark.parametrize("kind", ["nginx", "nginx-streaming", "haproxy", "apache", "caddy"])
def test_ten_thousand_requests_through_a_proxy(behind, mint, kind, tmp_path, monkeypatch):
    for program in ("apache2", "caddy"):
        if kind in program and not shutil.which(program) and not pathlib.Path("/usr/sbin", program).exists():
            pytest.skip(f"{program} is not installed (Debian: apache2-bin, caddy)")
    monkeypatch.setattr(test_proxies, "ROUNDS", int(os.environ.get("PROXY_ROUNDS", "25")))
    test_proxies.test_nothing_gets_out_of_step_behind_a_proxy(behind, mint, kind, tmp_path)
