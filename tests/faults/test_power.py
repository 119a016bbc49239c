# SPDX-License-Identifier: MIT
"""D-02 (power cuts), and its cross-check: without fsync the same cuts must lose something.

kill -9 does not show a missing fsync, since the page cache outlives the process; a filesystem that is
shut down does. The ledger lies on another filesystem than the store.
"""

import os
import random
import time

import pytest

import harness
import oracle
import power
import scenes
from sizes import size

SEED = int(os.environ.get("SEED", "0")) or random.SystemRandom().randrange(1, 2**31)
# To see what a cut does to a process that goes on: not what a power cut does.
UNFROZEN = os.environ.get("CUT_UNFROZEN")
EATMYDATA = "/usr/lib/x86_64-linux-gnu/libeatmydata.so"


@pytest.fixture
def disk(request):
    why = power.missing(request.param)
    if why:
        pytest.skip(why)
    one = power.Disk(request.param)
    yield one
    for world in harness.live_worlds:
        world.server.program.kill()  # else the disk cannot be taken away
    one.remove()


def lost(one):
    """Acknowledged events whose rows are gone, and what the integrity check says."""
    try:
        store = scenes.evidence.read_store(one.server.store)
    except scenes.evidence.sqlite3.OperationalError as error:  # not even the tables are there
        print("the store cannot be read:", error)
        return one.ledger.acked, [str(error)]
    return [line for line in one.ledger.acked if line["sha256"] not in store["events"]], store["integrity"]


def cut_and_return(one, disk):
    """What was lost."""
    if one.server.program.is_running() and not UNFROZEN:
        power.freeze(one.server.program.process.pid)
    began = time.monotonic()
    disk.cut()
    time.sleep(0.01)
    assert one.server.program.process.poll() in (None, 74, 65, 1), oracle.last_words(one.server)
    one.server.kill()
    disk.again()
    gone, integrity = lost(one)
    if gone:
        print("acknowledged after the cut began by", [f"{line['at'] - began:.3f} s" for line in gone])
    return gone, integrity


def cut_in_recovery(one, disk, rng):
    """D-05: the next cut comes while the start before is at work."""
    one.server.program.start()
    time.sleep(rng.uniform(0.0, 0.05))
    return cut_and_return(one, disk)


@pytest.mark.fault("D-02", "D-05")
@pytest.mark.parametrize("disk", ["ext4", "xfs"], indirect=True)
def test_power_cuts(scene, disk):
    print(f"SEED={SEED}")
    rng = random.Random(SEED)
    one = scene(threads=20, store=disk.path / "store" / "bob2okta.db")
    cuts, starts = int(os.environ.get("CUTS", "0")) or size(10, 150), 0
    people = one.settled(30)
    for n in range(cuts):
        one.tell("update", rng.choices(people, k=60))
        if rng.random() < 0.3:
            one.tell(rng.choice(["rename", "update"]), rng.choices(people, k=3))
        time.sleep(rng.uniform(0.02, 0.25))
        gone, integrity = cut_and_return(one, disk)
        if not gone and rng.random() < 0.3:
            gone, integrity = cut_in_recovery(one, disk, rng)
            starts += 1
        assert not gone, f"cut {n}: {len(gone)} acknowledged events are gone"
        assert integrity == ["ok"], f"cut {n}: {integrity}"
        one.start()
        while one.sender.waiting() > 300:
            time.sleep(0.05)
    one.sender.drain(120)
    evidence = one.check(deadline_s=120)
    print(f"{cuts} cuts of {disk.kind}, {starts} more in a start, {len(evidence.acked)} acknowledged, 0 lost")


@pytest.mark.fault("D-02")
@pytest.mark.parametrize("disk", ["ext4"], indirect=True)
def test_the_same_cuts_without_fsync_lose_something(scene, disk):
    """The harness can fail: eatmydata makes every fsync nothing."""
    if not os.path.exists(EATMYDATA):
        pytest.skip("eatmydata is not installed")
    one = scene(threads=20, store=disk.path / "store" / "bob2okta.db")
    people = one.settled(30)
    one.server.stop()
    power.run("sync", "-f", str(disk.path))
    for _ in range(6):
        if not one.try_start(env={"LD_PRELOAD": EATMYDATA}):
            return  # so broken that it does not start any more
        one.tell("update", people)
        one.sender.drain()
        disk.cut()
        one.server.kill()
        disk.again()
        gone, integrity = lost(one)
        if gone or integrity != ["ok"]:
            return
    raise AssertionError("six cuts without fsync, and nothing was lost: this harness finds nothing")
