# SPDX-License-Identifier: MIT
"""R-01 (no memory), R-03 (a cgroup's limit and the OOM killer), R-06 (a soak), R-07 (EINTR, short reads)."""

import contextlib
import mmap
import os
import pathlib
import random
import statistics
import struct
import subprocess
import sys
import time

import pytest

import harness
import oracle
import proxy as proxies
import scenes
from company import KINDS, prepare
from harness import wait_until
from sizes import IS_LONG, size
from test_kills import FAULTS, SEED, anything, is_idle, wake

LIB = harness.ROOT / "build" / harness.VARIANT / "lib"
RELEASE_ONLY = pytest.mark.skipif(harness.VARIANT in ("asan", "tsan"), reason="a sanitizer has the allocator")


class Malloc:
    """The other end of failing_malloc.so: armed, at, count, failed."""

    def __init__(self, path):
        path.write_bytes(bytes(32))
        self.file = open(path, "r+b")
        self.map = mmap.mmap(self.file.fileno(), 32)

    def get(self, at):
        return struct.unpack_from("<Q", self.map, 8 * at)[0]

    def arm(self, nth, mode=1):
        struct.pack_into("<QQQ", self.map, 8, nth, 0, 0)
        struct.pack_into("<Q", self.map, 0, mode)

    def disarm(self):
        struct.pack_into("<Q", self.map, 0, 0)

    @property
    def count(self):
        return self.get(2)

    @property
    def failed(self):
        return self.get(3)


@pytest.mark.fault("R-01")
@RELEASE_ONLY
@pytest.mark.parametrize("mode", [1, 2], ids=["once", "from then on"])
def test_no_memory_for_the_nth_allocation_of_an_event(scene, mode):
    """No crash; the event is refused with a 5xx or done, and in the end all is right."""
    # An employee whose end could not be written down is somebody else's when the lease is over, which
    # in this build is soon.
    one = scene("faults", threads=2, start=False)
    control = Malloc(one.world.directory / "malloc")
    env = {"LD_PRELOAD": str(LIB / "failing_malloc.so"), "FAILING_MALLOC_FILE": str(one.world.directory / "malloc")}
    one.start(env=env)
    people = one.settled(3)
    control.arm(2**62)
    one.tell("update", people[:1])
    one.sender.drain()
    one.world.quiet()
    total, fired = control.count, 0
    points = range(1, total + 1, max(1, total // size(20, 400)))
    for nth in points:
        control.arm(nth, mode)
        one.tell("update", people[nth % 3:nth % 3 + 1])
        wait_until(lambda: control.failed or (not one.sender.waiting() and is_idle(one))
                   or not one.server.program.is_running(), f"allocation {nth}", 60)
        if mode == 2:
            time.sleep(0.05)
        fired += control.failed > 0
        control.disarm()
        assert one.server.program.is_running(), f"allocation {nth}: {oracle.last_words(one.server)}"
        one.sender.drain()
    print(f"{len(points)} of {total} allocations, {fired} fired")
    wake(one)
    one.check(deadline_s=120)
    assert fired > len(points) / 2


CGROUP = pathlib.Path("/sys/fs/cgroup/memory")


@pytest.fixture
def memory():
    """A memory cgroup of its own (version 1), and words before a program that put it in there."""
    if not (CGROUP / "memory.limit_in_bytes").exists() or os.geteuid() != 0:
        pytest.skip("no memory cgroup of version 1 that may be used")
    path = CGROUP / f"b2o-{os.getpid()}-{time.monotonic_ns()}"
    path.mkdir()
    yield path
    for world in harness.live_worlds:
        world.server.kill()
    wait_until(lambda: not (path / "cgroup.procs").read_text().strip(), "the group is empty")
    path.rmdir()


def inside(path, first_to_go=False):
    choice = "echo 1000 > /proc/self/oom_score_adj && " if first_to_go else ""
    return ["sh", "-c", f'{choice}echo $$ > {path}/cgroup.procs && exec "$@"', "sh"]


@pytest.mark.fault("R-03")
@RELEASE_ONLY
def test_64_mb_are_enough(scene, memory):
    (memory / "memory.limit_in_bytes").write_text("64M")
    one = scene(threads=16, start=False)
    one.start(wrap=inside(memory))
    people = one.settled(100)
    for _ in range(size(2, 20)):
        one.tell("update", people)
    one.sender.drain()
    one.check()
    peak = int((memory / "memory.max_usage_in_bytes").read_text())
    print(f"peak {peak / 2**20:.0f} MiB with the page cache, {(memory / 'memory.failcnt').read_text().strip()} reclaims")


@contextlib.contextmanager
def hog(memory):
    """Takes all of the group's memory; the server was marked as the first to be killed for it."""
    process = subprocess.Popen(
        [*inside(memory), sys.executable, "-c", "import os\nkept = []\nwhile True: kept.append(os.urandom(1 << 20))"],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield
    finally:
        process.kill()
        process.wait()


@pytest.mark.fault("R-03")
@RELEASE_ONLY
def test_killed_for_want_of_memory(scene, memory):
    """The kernel's own kill -9, in the middle of work."""
    (memory / "memory.limit_in_bytes").write_text("96M")
    one = scene(threads=16, start=False)
    one.start(wrap=inside(memory, True))
    people = one.settled(20)
    for _ in range(size(2, 20)):
        one.tell("update", people)
        with hog(memory):
            one.wait_death(60)
        assert one.deaths.pop()[0] == -9
        one.start(wrap=inside(memory, True))
        one.sender.drain()
    one.check()


@pytest.mark.fault("R-07")
@RELEASE_ONLY
def test_one_byte_at_a_time_and_interrupted(scene):
    """Each kind of event: webhooks come in byte by byte, Okta and Bob are talked to byte by byte, and
    every third wait ends with EINTR."""
    one = scene(threads=4, start=False)
    one.start(env={"LD_PRELOAD": str(LIB / "short_io.so")})
    between = proxies.Proxy(one.world.directory, one.server.public[1])
    one.sender.address = lambda: between.address
    try:
        between.add(side="request", action="drip", ms=1)
        for kind in KINDS:
            people = one.company.team(size(2, 30))
            prepare(one.company, one.sender, people, kind)
            one.tell(kind, people)
        one.sender.drain(120)
        one.check(deadline_s=120)
        assert between.stats()["fired"] > 2 * len(KINDS)
    finally:
        between.stop()


@pytest.mark.fault("R-06", "I10")
def test_soak(scene):
    """Events all the while, one call in six fails, and nothing grows (SOAK_S sets the length)."""
    print(f"SEED={SEED}")
    rng = random.Random(SEED)
    seconds = int(os.environ.get("SOAK_S", "0")) or size(8, 1200)
    one = scene(threads=8, start=False)
    account = one.world.directory / "heap"
    # Without the caches of freed blocks that each thread keeps: they count as given out, and fill slowly.
    one.start(env={"LD_PRELOAD": str(LIB / "heap_account.so"), "HEAP_ACCOUNT_FILE": str(account),
                   "GLIBC_TUNABLES": "glibc.malloc.tcache_count=0"})
    people = one.settled(200 if IS_LONG else 30)
    for action, more in FAULTS:
        one.sandbox.fault(system="okta", route="*", action=action, probability=0.025, **more)
    began, samples, logs = time.monotonic(), [], []
    while time.monotonic() - began < seconds:
        one.tell(anything(one, rng, person := rng.choice(people)), [person])
        if len(samples) * seconds / 100 < time.monotonic() - began:
            samples.append(scenes.evidence.usage(one.server))
            logs.append(pathlib.Path(f"{one.server.store}-wal").stat().st_size)
        time.sleep(0.2)
    one.sandbox.clear_faults()
    wake(one)
    one.sender.drain(120)
    evidence = one.check(deadline_s=180, may_be_held={"forbidden"})  # a 403 whose body was cut (C5)
    heap = read_account(account)
    grown = slope([s.rss_kib for s in samples[len(samples) // 3:]], seconds * 2 / 3)
    print(f"{len(evidence.acked)} events in {seconds} s; descriptors {spread(samples, 'descriptors')}, threads "
          f"{spread(samples, 'threads')}, RSS {spread(samples, 'rss_kib')} KiB, {grown:+.0f} KiB an hour in the "
          f"last two thirds; log at most {max(logs) >> 10} KiB")
    leaked, caches = tell_heap(heap)
    assert caches < SQLITE_MAX_KIB
    assert max(logs) < 64 << 20
    assert max(s.descriptors for s in samples) - samples[len(samples) // 3].descriptors <= oracle.MORE_DESCRIPTORS
    if seconds >= 1000:
        # 1 MiB an hour is within the noise of twenty minutes; 12 an hour is not.
        assert grown < 12 * 1024
        assert leaked < 1024


# 4 MiB the writer's, 1 MiB each of four readers', and as much again for what is not pages.
SQLITE_MAX_KIB = 16 * 1024


def tell_heap(heap):
    """What the heap held at the start, after a quarter, a half and at the end; KiB an hour of it since the third."""
    marks = [heap[int(len(heap) * share)] for share in (0.05, 0.25, 0.5, 0.75)] + [heap[-1]]
    for seconds, given, taken, sqlite in marks:
        print(f"after {seconds:.0f} s: {given:.0f} KiB given out, of which SQLite {sqlite:.0f}; {taken:.0f} from the kernel")
    late = heap[len(heap) // 3:]
    rest = [given - sqlite for _, given, _, sqlite in late]
    over = late[-1][0] - late[0][0]
    print(f"given out but SQLite's: {slope(rest, over):+.0f} KiB an hour in the last two thirds, "
          f"SQLite's: {slope([row[3] for row in late], over):+.0f}")
    return slope(rest, over), max(row[3] for row in heap)


def read_account(path):
    """KiB: (seconds since the first line, given out, taken from the kernel, SQLite's), two seconds apart."""
    rows = [[int(word) for word in line.split()] for line in path.read_text().splitlines()]
    return [((at - rows[0][0]) / 1000, *(bytes_ / 1024 for bytes_ in more)) for at, *more in rows]


def spread(samples, what):
    values = [getattr(sample, what) for sample in samples]
    return f"{min(values)} to {max(values)}"


def slope(ys, seconds):
    """KiB an hour, by least squares."""
    n = len(ys)
    xs = [i * seconds / n for i in range(n)]
    mx, my = statistics.fmean(xs), statistics.fmean(ys)
    below = sum((x - mx) ** 2 for x in xs)
    return 3600 * sum((x - mx) * (y - my) for x, y in zip(xs, ys)) / below if below else 0.0
