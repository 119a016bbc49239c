# SPDX-License-Identifier: MIT
"""K-05: the tz database is missing, or says something else than when a date was looked at.

K-04, the odd days themselves, is tests/unit/test_zone.c.
"""

import shutil

import pytest

import harness
from harness import day, wait_until

ZONEINFO = "/usr/share/zoneinfo"
HOUR_MS = 3600 * 1000


@pytest.mark.fault("K-05")
@pytest.mark.parametrize("zone", ["Etc/UTC", "Europe/London"])
def test_without_time_zones_it_does_not_start_and_says_what_is_missing(world, zone):
    one = world(start=False, time_zone=zone)
    empty = one.directory / "zoneinfo"
    empty.mkdir()
    one.server.program.env["TZDIR"] = str(empty)
    with pytest.raises(AssertionError, match="not started"):
        one.server.start()
    said = one.server.program.output("err")
    assert one.server.program.process.poll() == 2
    assert "connections[0].provisioning.time_zone" in said and "package tzdata" in said, said


@pytest.mark.fault("K-05")
def test_a_date_is_looked_at_anew_when_its_zone_has_changed(world):
    """The last day of a leaver, in a zone that a new tz database has further east: the next sweep
    finds that it ends earlier. One that ends later is planned afresh when the earlier time comes."""
    one = world(start=False, time_zone="Pacific/Kiritimati", sandbox_settings={"okta_password_optional": True})
    zones = one.directory / "zoneinfo"
    for name in ("Etc/UTC", "Pacific/Kiritimati"):
        (zones / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(f"{ZONEINFO}/{name}", zones / name)
    shutil.copy(f"{ZONEINFO}/Pacific/Honolulu", zones / "Pacific/Kiritimati")
    one.server.program.env["TZDIR"] = str(zones)
    one.start()
    leaver = one.hire_settled("Ada", "Leaver", day(-30))
    one.sandbox.life(leaver, "terminate", at=day(3))
    one.quiet()
    before_ms = one.server.record(leaver)["policy_due_at_ms"]
    assert before_ms > 0

    one.server.stop()
    shutil.copy(f"{ZONEINFO}/Pacific/Kiritimati", zones / "Pacific/Kiritimati")
    one.restart()
    assert one.server.cli("sweep").returncode == 0
    wait_until(lambda: one.server.record(leaver)["policy_due_at_ms"] != before_ms, "looked at anew")
    one.quiet()
    # 10 hours behind Greenwich before, 14 hours ahead of it now.
    assert before_ms - one.server.record(leaver)["policy_due_at_ms"] == 24 * HOUR_MS
    assert one.status_of("ada.leaver@example.com") == "ACTIVE"
