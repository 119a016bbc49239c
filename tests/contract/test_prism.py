# SPDX-License-Identifier: MIT
"""The main situations once more, with Okta's own OpenAPI description as the judge.

Prism stands between bob2okta and the sandbox and checks each request of the one
and each answer of the other. What it finds fails the test at once, unless
FALSE_ALARMS names it. The sandbox's own rules are not repeated here (tests/e2e
does that): these lives only have to bring every kind of call about.
"""

import re
import types

import pytest

import harness
import npm
import prism
from harness import day, wait_until

PAST = -30

# Findings that are the description's mistake and not ours: (call, place, words, why).
FALSE_ALARMS = [
    ("POST /api/v1/users/[^/]+", r"request\.body\.profile\.(department|employeeNumber|locale)",
     "must be string",
     "null empties an optional attribute in Okta; the description calls these non-nullable"),
]


def is_false_alarm(violation):
    call = f"{violation.method} {violation.path.split('?')[0]}"
    return any(
        re.fullmatch(route, call) and re.fullmatch(where, violation.where)
        and words in violation.message
        for route, where, words, _ in FALSE_ALARMS
    )


class Contract:
    """One world with Prism in its way to Okta."""

    def __init__(self, spec):
        self.world = harness.World(
            start=False, activation="bob_status", create="on_creation", clock=0,
            reread_after_s=0,
            # Short windows and plenty of room, so that nobody waits for a budget here.
            sandbox_settings={"okta_password_optional": True, "okta_window_s": 2,
                              "bob_window_s": 2, "bob_search_per_min": 1000},
            match={"okta": "employeeNumber", "bob": "work.employeeIdInCompany"},
            mapping=[
                {"okta": "costCenter", "bob": "work.custom.field_1655996461265"},
                {"okta": "employeeNumber", "bob": "work.employeeIdInCompany"},
                {"okta": "department", "bob": "work.department", "when_empty": "clear"},
            ],
        )
        self.sandbox, self.server = self.world.sandbox, self.world.server
        self.prism = self.recorder = None
        try:
            self.prism = prism.Prism(self.world.directory, spec, self.sandbox.url + "/okta")
            self.recorder = prism.Recorder(self.prism.address)
            self.change(lambda connection: connection["okta"].update(base_url=self.recorder.url))
            self.world.start()
        except BaseException:
            self.close_all()
            raise

    def change(self, what):
        document = self.server.document
        what(document["connections"][0])
        self.server.write_settings(document)

    def restart(self, **provisioning):
        self.change(lambda connection: connection["provisioning"].update(provisioning))
        self.world.restart()

    def check(self, since=0):
        found = [v for v in self.recorder.violations(since) if not is_false_alarm(v)]
        assert not found, "against Okta's description:\n" + "\n".join(map(repr, found))

    def settle(self):
        self.world.quiet()
        self.check()

    def hire(self, first, last, offset=PAST, **more):
        employee = self.sandbox.hire(first, last, day(offset), **more)
        self.settle()
        return employee

    def routes(self, since):
        """What went through Prism, in the words of the sandbox's tables."""
        return [(c.method, c.path, c.status) for c in self.recorder.calls(since)]

    def close_all(self):
        try:
            self.world.close()
        finally:
            if self.recorder:
                self.recorder.close()
            if self.prism:
                self.prism.kill()
            harness.live_worlds.remove(self.world)
            self.world.remove()


@pytest.fixture(scope="module")
def contract():
    try:
        spec = prism.spec_path()
        prism.install()
    except npm.Unavailable as why:
        pytest.skip(str(why))
    one = Contract(spec)
    yield one
    one.close_all()


@pytest.fixture(autouse=True)
def judged(contract):
    """What a test did is judged at its end too, so that no call slips through unseen."""
    since = types.SimpleNamespace(
        okta=contract.sandbox.mark(), recorded=contract.recorder.mark())
    yield since
    contract.check(since.recorded)


# ------------------------------------------------------------------ starting

def test_the_start_reads_the_owner_of_the_token(contract):
    wait_until(lambda: any(c.path == "/api/v1/users/me" for c in contract.recorder.calls()),
               "the probe at the start")
    contract.settle()


# --------------------------------------------------------------------- lives

def test_a_hire_who_has_started(contract, judged):
    contract.hire("Ada", "Active", fields={
        "work.title": "Analyst", "work.department": "Finance", "work.workMobile": "+44 7700 900001",
        "work.workPhone": "+44 20 7946 0001", "work.employeeIdInCompany": 101,
        "work.custom.field_1655996461265": "CC-7"})
    assert contract.world.okta_writes(judged.okta) == ["create+activate"]


def test_a_hire_who_starts_later(contract, judged):
    employee = contract.hire("Bea", "Later", 7)
    contract.sandbox.life(employee, "start")
    contract.settle()
    assert contract.world.okta_writes(judged.okta) == ["create", "activate"]


def test_an_update(contract, judged):
    boss = contract.hire("Cai", "Boss")
    employee = contract.hire("Cai", "Changes")
    contract.sandbox.update(employee, {
        "work.title": "Größe & \"Sums\" <数>", "work.department": "Legal", "work.reportsTo": boss,
        "work.workPhone": "+44 20 7946 0002", "work.workMobile": "+44 7700 900002",
        "work.custom.field_1655996461265": "CC-8"})
    contract.settle()
    assert contract.world.okta_writes(judged.okta)[2:] == ["update"]


def test_a_rename(contract, judged):
    employee = contract.hire("Dora", "Single")
    contract.sandbox.update(
        employee, {"root.email": "dora.married@example.com", "root.surname": "Married"})
    contract.settle()
    assert contract.world.okta_writes(judged.okta) == ["create+activate", "update"]
    assert contract.world.status_of("dora.married@example.com") == "ACTIVE"


def test_an_emptied_value(contract, judged):
    """K4: the second read that agrees comes 20 s later, by the server's own clock."""
    employee = contract.hire("Eve", "Empties", fields={"work.department": "Finance"})
    contract.sandbox.update(employee, {"work.department": None})
    contract.world.quiet(unsettled=True)
    contract.world.set_clock(60)
    contract.server.sync(employee)
    wait_until(lambda: contract.world.okta_writes(judged.okta)[1:] == ["update"], "emptied", 40)
    contract.settle()
    assert not contract.sandbox.user("eve.empties@example.com")["profile"].get("department")
    # The alarm is listed because it rings: one that no longer does has to go from the list.
    assert any(map(is_false_alarm, contract.recorder.violations(judged.recorded)))


def test_a_leave_asks_okta_for_nothing(contract, judged):
    employee = contract.hire("Flo", "Away")
    contract.sandbox.life(employee, "leave")
    contract.settle()
    contract.sandbox.life(employee, "return")
    contract.settle()
    assert contract.world.okta_writes(judged.okta) == ["create+activate"]


def test_a_leaver_who_comes_back(contract, judged):
    employee = contract.hire("Gil", "Leaver")
    contract.sandbox.life(employee, "terminate", at=day(0))
    contract.settle()
    contract.sandbox.life(employee, "rehire", at=day(0))
    contract.settle()
    assert contract.world.okta_writes(judged.okta) == [
        "create+activate", "deactivate", "sessions", "activate(no mail)", "reactivate!"]


def test_a_revocation(contract, judged):
    employee = contract.hire("Hal", "Revoked")
    contract.sandbox.life(employee, "revoke", at=day(2))
    contract.settle()
    assert contract.world.okta_writes(judged.okta) == ["create+activate", "suspend", "sessions"]


def test_a_revocation_of_one_who_never_started(contract, judged):
    """Okta suspends active users only and says so; then the account is deactivated."""
    employee = contract.hire("Ida", "Staged", 7)
    contract.sandbox.life(employee, "revoke", at=day(2))
    contract.settle()
    assert contract.world.okta_writes(judged.okta) == [
        "create", "suspend!", "deactivate", "sessions"]


# ------------------------------------------------------------------- check

def test_check_and_its_probes(contract, judged):
    """The probes ask for what cannot succeed; they are well-formed all the same."""
    result = contract.server.cli("check", "--json")
    assert result.returncode == 0, result.stdout + result.stderr
    calls = {(method, path.split("?")[0]) for method, path, _ in contract.routes(judged.recorded)}
    assert {("POST", "/api/v1/users"), ("GET", "/api/v1/users"),
            ("POST", "/api/v1/meta/schemas/user/default"),
            ("GET", "/api/v1/meta/schemas/user/default")} <= calls, calls
    assert any(path.endswith("/lifecycle/deactivate") for _, path in calls)


# ------------------------------------------------------------------- schema

# Filled by constants, so that every life after this one sends every type.
TYPED = [
    {"okta": "badge", "value": "B-7"},
    {"okta": "headcount", "value": 7},
    {"okta": "isRemote", "value": True},
    {"okta": "skills", "value": ["C", "jq"]},
    {"okta": "scores", "value": [1, 2]},
]


def test_attributes_of_every_type_are_added_and_filled(contract, judged):
    employee = contract.hire("Abe", "Typed")
    contract.change(lambda connection: connection["mapping"].extend(TYPED))
    contract.world.restart()
    wait_until(lambda: contract.server.status()["okta"]["state"] == "ok", "Okta takes the token")
    result = contract.server.cli("schema", "apply", "--yes")
    assert result.returncode == 0, result.stdout + result.stderr
    calls = {(method, path.split("?")[0], status)
             for method, path, status in contract.routes(judged.recorded)}
    assert {("POST", "/api/v1/meta/schemas/user/default", 200),
            ("GET", "/api/v1/meta/schemas/user/default", 200)} <= calls, calls
    contract.server.sync(employee)
    contract.settle()
    profile = contract.sandbox.user("abe.typed@example.com")["profile"]
    assert {row["okta"]: profile.get(row["okta"]) for row in TYPED} == {
        row["okta"]: row["value"] for row in TYPED}
    preview = contract.server.cli("mapping", "preview", "--employee", employee, "--json")
    assert preview.returncode == 0, preview.stdout + preview.stderr


# ------------------------------------------------------------ accounts there

def test_an_account_that_is_adopted(contract, judged):
    contract.sandbox.add_user("ACTIVE", login="old.login@example.com", email="old.login@example.com",
                              firstName="Joy", lastName="Adopted", employeeNumber="4711")
    employee = contract.hire("Joy", "Adopted", fields={"work.employeeIdInCompany": 4711})
    assert contract.server.record(employee)["okta_id"]
    assert any("search=" in path for _, path, _ in contract.routes(judged.recorded))
    assert "create+activate" not in contract.world.okta_writes(judged.okta)


def test_a_login_that_is_somebody_elses(contract, judged):
    contract.sandbox.add_user("ACTIVE", login="kim.taken@example.com", email="kim.taken@example.com",
                              firstName="Zoe", lastName="Other", employeeNumber="99")
    employee = contract.hire("Kim", "Taken", fields={"work.employeeIdInCompany": 12})
    assert contract.server.hold_kinds(employee) == ["match"]
    assert contract.world.okta_writes(judged.okta) == []


def test_a_login_that_the_search_does_not_know_yet(contract, judged):
    """Okta refuses to create the second one (E0000001); then the first is read by its login."""
    contract.sandbox.settings(okta_search_lag_ms=600000)
    contract.sandbox.add_user("ACTIVE", login="lea.lag@example.com", email="lea.lag@example.com",
                              firstName="Lea", lastName="Lag")
    contract.hire("Lea", "Lag", fields={"work.employeeIdInCompany": 13})
    contract.sandbox.settings(okta_search_lag_ms=0)
    assert contract.world.okta_writes(judged.okta)[0] == "create+activate!"
    assert any(method == "GET" and "lea.lag" in path.split("?")[0]
               for method, path, _ in contract.routes(judged.recorded))


# ------------------------------------------------------------ Okta refuses

def test_a_user_who_is_gone(contract, judged):
    employee = contract.hire("Mia", "Gone")
    contract.sandbox.call("DELETE", "/okta/users/mia.gone@example.com")
    contract.sandbox.update(employee, {"work.title": "Nobody"})
    contract.settle()
    assert any(status == 404 for *_, status in contract.routes(judged.recorded))


def test_a_user_the_token_may_not_manage(contract, judged):
    employee = contract.hire("Ned", "Admin")
    contract.sandbox.patch_user("ned.admin@example.com", manageable=False)
    contract.sandbox.update(employee, {"work.title": "Chief"})
    contract.settle()
    assert contract.world.okta_writes(judged.okta)[1:] == ["update!"]


def test_a_spent_budget(contract, judged):
    employee = contract.hire("Ole", "Hurry")
    contract.sandbox.fault(system="okta", route="POST /api/v1/users/{id}", action="429", reset_s=1,
                           times=1)
    contract.sandbox.update(employee, {"work.title": "Quick"})
    wait_until(lambda: contract.world.okta_writes(judged.okta)[1:] == ["update!", "update"],
               "sent again after the reset", 20)
    contract.settle()


# ---------------------------------------------------------- other settings

def test_leavers_are_suspended_and_no_mail_is_sent(contract):
    contract.restart(leaver={"action": "suspend", "end_sessions": True}, activation_email=False)
    since = contract.sandbox.mark()
    employee = contract.hire("Pia", "Quiet")
    contract.sandbox.life(employee, "terminate", at=day(0))
    contract.settle()
    contract.sandbox.life(employee, "rehire", at=day(0))
    contract.settle()
    assert contract.world.okta_writes(since) == [
        "create", "activate(no mail)", "suspend", "sessions", "unsuspend"]


def test_groups_are_found_joined_left_and_protected(contract, judged):
    for name in ("Finance", "Ruled", "Guards"):
        contract.sandbox.post("/okta/groups", {"name": name})
    contract.sandbox.post("/okta/group_rules", {"groups": ["Ruled"]})
    contract.change(lambda connection: connection.update(groups=[
        {"group": "Finance", "when": ".work.department.label == \"Finance\""},
        {"group": "Ruled", "when": "true"}]))
    contract.restart(protected_group="Guards")
    employee = contract.hire("Ria", "Grouped", fields={"work.department": "Finance"})
    contract.sandbox.update(employee, {"work.department": "Legal"})
    contract.settle()
    calls = {call for call in (f"{method} {path.split('?')[0]}" for method, path, _ in
                               contract.routes(judged.recorded)) if "group" in call}
    for route in ("GET /api/v1/groups", "GET /api/v1/groups/rules", r"GET /api/v1/groups/\w+/users",
                  r"GET /api/v1/users/\w+/groups", r"PUT /api/v1/groups/\w+/users/\w+",
                  r"DELETE /api/v1/groups/\w+/users/\w+"):
        assert any(re.fullmatch(route, call) for call in calls), (route, calls)
    contract.change(lambda connection: (connection.pop("groups"),
                                        connection["provisioning"].pop("protected_group")))
    contract.world.restart()


# ----------------------------------------------------------- of the test itself

def test_every_call_went_through_prism(contract):
    """No way around the judge: the sandbox saw exactly the calls that were recorded."""
    contract.settle()
    seen = [(c["method"], c["path"].removeprefix("/okta")) for c in
            contract.sandbox.calls(system="okta")]
    judged = [(c.method, c.path.split("?")[0]) for c in contract.recorder.calls()]
    assert seen and sorted(seen) == sorted(judged)


OKTA = {"Authorization": f"SSWS {harness.OKTA_TOKEN}", "Accept": "application/json"}
USER = {"firstName": "Uma", "lastName": "Planted", "login": "uma@example.com",
        "email": "uma@example.com"}


def plant(contract, method, path, body=None, headers=OKTA):
    """A call of our own through the recorder. Returns what was found, and takes it out again."""
    since = contract.recorder.mark()
    harness.http_call(contract.recorder.address, method, path, body, headers)
    with pytest.raises(AssertionError) as caught:
        contract.check(since)
    found = contract.recorder.violations(since)
    contract.recorder.forget(since)
    print(caught.value)
    return found


@pytest.mark.parametrize("method,path,body,headers,where", [
    ("POST", "/api/v1/users?activate=false", {"profile": {**USER, "email": 7}}, OKTA,
     "request.body.profile.email"),
    ("POST", "/api/v1/users?activate=false", {"profile": {**USER, "login": "x" * 101}}, OKTA,
     "request.body.profile.login"),
    ("POST", "/api/v1/users?activate=perhaps", {"profile": USER}, OKTA, "request.query.activate"),
    ("POST", "/api/v1/users?activate=false", None, OKTA, "request"),
    ("GET", "/api/v1/users/me", None, {"Accept": "application/json"}, "request"),
    ("GET", "/api/v1/people", None, OKTA, "request"),
    ("PATCH", "/api/v1/users/me", {"profile": USER}, OKTA, "request"),
])
def test_a_bad_request_is_seen(contract, method, path, body, headers, where):
    found = plant(contract, method, path, body, headers)
    assert where in [violation.where for violation in found], found


@pytest.mark.parametrize("answer,where", [
    ({"id": "00u1", "status": "NAPPING", "profile": USER}, "response.body.status"),
    ({"id": 7, "status": "ACTIVE", "profile": USER}, "response.body.id"),
    ({"id": "00u1", "status": "ACTIVE", "created": "yesterday"}, "response.body.created"),
    ([], "response.body"),
])
def test_a_bad_answer_is_seen(contract, answer, where):
    contract.sandbox.fault(system="okta", route="GET /api/v1/users/{id}", action="status", status=200,
                           body=answer, times=1)
    found = plant(contract, "GET", "/api/v1/users/00u1")
    assert where in [violation.where for violation in found], found


def test_an_answer_that_is_no_json_is_seen(contract):
    contract.sandbox.fault(system="okta", route="GET /api/v1/users/{id}", action="garbage", times=1)
    assert plant(contract, "GET", "/api/v1/users/00u1")


def test_what_bob2okta_itself_is_answered_is_seen(contract):
    """The same from end to end: not a call of the test, but one of the program's."""
    employee = contract.sandbox.hire("Vic", "Planted", day(PAST))
    contract.world.quiet()
    since = contract.recorder.mark()
    contract.sandbox.fault(system="okta", route="POST /api/v1/users/{id}", action="status",
                           status=200, body={"id": "00u1", "status": "NAPPING"}, times=1)
    contract.sandbox.update(employee, {"work.title": "Planted"})
    wait_until(lambda: contract.recorder.violations(since), "seen", 20)
    contract.world.quiet(40)
    with pytest.raises(AssertionError, match="response.body.status"):
        contract.check(since)
    contract.recorder.forget(since)
