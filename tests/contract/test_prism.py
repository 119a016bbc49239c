# SPDX-License-Identifier: MIT
"""The main scenarios with every call checked against Okta's own description."""

import json

import pytest

import harness
from harness import day, event, wait_until

ACTIVE = {"okta_password_optional": True}
PAST = -30


@pytest.mark.parametrize("mode", ["always", "bob_status", "never"])
@pytest.mark.parametrize("mail", [True, False], ids=["mail", "no mail"])
def test_hires(contract_world, mode, mail):
    one = contract_world(activation=mode, activation_email=mail)
    one.hire_settled("Ada", "Today", day(PAST))
    one.hire_settled("Ada", "Later", day(20))
    wanted = {"always": 2, "bob_status": 1, "never": 0}[mode]
    users = one.sandbox.users()
    assert len(users) == 2
    assert sum(user["status"] == "PROVISIONED" for user in users) == wanted


def test_changes_and_renames(contract_world):
    one = contract_world(mapping=[{"okta": "employeeNumber", "bob": "work.employeeIdInCompany"}])
    employee = one.hire_settled("Zoë", "O'Brien", day(PAST), fields={
        "root.email": "zoe.obrien@example.com"})
    one.sandbox.update(employee, {"work.title": "Lead \"Sums\"", "work.workPhone": "+44 20 1"})
    one.quiet()
    one.sandbox.update(employee, {"root.email": "zoe.b@example.com", "root.surname": "Brøwn"})
    one.quiet()
    (user,) = one.sandbox.users()
    assert user["login"] == "zoe.b@example.com" and user["profile"]["lastName"] == "Brøwn"


@pytest.mark.parametrize("action", ["deactivate", "suspend"])
def test_leavers_and_rehires(contract_world, action):
    one = contract_world(sandbox_settings=ACTIVE, leaver={"action": action})
    employee = one.hire_settled("Ada", "Leaver", day(PAST))
    one.sandbox.life(employee, "terminate", at=day(0))
    one.quiet()
    assert one.status_of("ada.leaver@example.com") in ("DEPROVISIONED", "SUSPENDED")
    one.sandbox.life(employee, "rehire", at=day(0))
    one.quiet()
    assert one.status_of("ada.leaver@example.com") == "ACTIVE"


def test_revocation(contract_world):
    one = contract_world(sandbox_settings=ACTIVE)
    employee = one.hire_settled("Ada", "Revoked", day(PAST))
    one.server.post_event(event(employee, "employee.access.revoked.immediately"))
    wait_until(lambda: one.status_of("ada.revoked@example.com") == "SUSPENDED", "suspended", 20)
    one.quiet()


def test_garden_leave_and_deletion(contract_world):
    one = contract_world(sandbox_settings=ACTIVE)
    first = one.hire_settled("Ada", "Garden", day(PAST))
    second = one.hire_settled("Ada", "Deleted", day(PAST))
    one.sandbox.life(first, "garden-leave", at=day(20), last_day=day(-1))
    one.sandbox.life(second, "delete")
    one.quiet()
    assert {user["status"] for user in one.sandbox.users()} == {"DEPROVISIONED"}


def test_adoption_by_an_attribute(contract_world):
    one = contract_world(match={"okta": "employeeNumber", "bob": "work.employeeIdInCompany"})
    one.sandbox.add_user("ACTIVE", login="old.login@example.com", email="old.login@example.com",
                         firstName="Ada", lastName="Match", employeeNumber="4711")
    employee = one.hire_settled("Ada", "Match", day(PAST),
                                fields={"work.employeeIdInCompany": 4711})
    assert one.server.record(employee)["okta_id"]
    assert len(one.sandbox.users()) == 1


def test_a_taken_login(contract_world):
    one = contract_world(sandbox_settings={"okta_search_lag_ms": 600000})
    one.sandbox.add_user("ACTIVE", login="ada.taken@example.com", email="ada.taken@example.com",
                         firstName="Ada", lastName="Taken")
    employee = one.hire_settled("Ada", "Taken", day(PAST))
    assert one.server.record(employee)["okta_id"]


def test_an_unclear_create(contract_world):
    one = contract_world()
    one.sandbox.fault(system="okta", route="POST /api/v1/users", action="500_after", times=1,
                      code="E0000009")
    employee = one.sandbox.hire("Ada", "Unclear", day(PAST))
    wait_until(lambda: (r := one.server.record(employee)) and r["okta_id"], "linked", 30)
    one.quiet(30)
    assert len(one.sandbox.users()) == 1


def test_the_check(contract_world, proxy):
    """Its requests change nothing; where they break the description, it is on purpose."""
    one = contract_world()
    one.sandbox.add_employee()
    proxy.verdicts.clear()
    applied = one.sandbox.get("/counters")["okta_applied"]
    result = one.server.cli("check", "--json")
    assert result.returncode == 0, result.stdout + result.stderr
    assert json.loads(result.stdout)["failures"] == 0
    assert one.sandbox.get("/counters")["okta_applied"] == applied
    assert any(call["method"] != "GET" for call in proxy.verdicts)
    paths = [call for call in proxy.verdicts if any(
        "route not resolved" in v.get("message", "").lower() for v in call["violations"])]
    assert paths == []
    proxy.verdicts[:] = [call for call in proxy.verdicts if call["method"] == "GET"]


def test_prism_would_see_a_wrong_request(proxy):
    """The proof that the proof can fail."""
    proxy.verdicts.clear()
    with harness.World(start=False) as one:
        proxy.back.target = one.sandbox.address
        reply = harness.http_call(
            harness.address_of(proxy.front.url), "POST", "/api/v1/users?activate=perhaps",
            {"profile": {"login": "a@example.com", "email": 7}},
            {"Authorization": f"SSWS {harness.OKTA_TOKEN}", "Accept": "application/json"})
        assert reply.status >= 200
    with pytest.raises(AssertionError):
        proxy.check()
    proxy.verdicts.clear()
