# SPDX-License-Identifier: MIT
"""The recipes of docs/mapping.md and docs/groups.md: every row is tried on the person they speak of."""

import json
import re

from harness import ROOT, day, wait_until

PAGE = (ROOT / "docs/mapping.md").read_text()
RECIPE = re.compile(r"```json\n(\{ \"okta\".*?)\n```\n\n(?:gives `(.*?)`|gives (empty))\n", re.S)

CUSTOM = {
    "managerEmail": {"title": "Manager's e-mail", "type": "string"},
    "hireDate": {"title": "Hire date", "type": "string"},
    "probationEnd": {"title": "End of probation", "type": "string"},
    "isManager": {"title": "Manages others", "type": "boolean"},
    "hobbies": {"title": "Hobbies", "type": "array", "items": {"type": "string"}},
}

ZOE = {
    "root.firstName": "Zoë",
    "root.surname": "Müller-Łódź",
    "root.email": "zoe.mueller@example.com",
    "work.employeeIdInCompany": 412,
    "work.startDate": "2026-09-01",
    "work.title": None,
    "work.department": "Finance",
    "work.site": "Munich",
    "work.isManager": False,
    "work.workMobile": "0151 123 456 78",
    "work.workPhone": None,
    "work.customColumns.column_1620839439167": "Acme Ltd",
    "payroll.employment.type": "Contractor",
    "home.privateEmail": "zoe@mail.example.org",
    "about.hobbies": ["Chess", "Running"],
}


def recipes():
    chapter = PAGE[PAGE.index("\n## Recipes"):]
    blocks = chapter.count("```json")
    found = [(json.loads(row), None if empty else gives) for row, gives, empty in RECIPE.findall(chapter)]
    assert len(found) == blocks >= 20, f"{len(found)} of {blocks} recipes can be read"
    return found


def as_text(value):
    if value is None or isinstance(value, str):
        return value
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def department_id(one):
    """Bob's id of the item, whatever the sandbox made it."""
    return one.sandbox.get(f"/bob/employees/{ZOE['root.email']}")["fields"]["work.department"]


def test_every_recipe_gives_what_the_page_says(world):
    one = world(create="on_creation", start=False)
    one.sandbox.post("/okta/schema", CUSTOM)
    one.start()
    sam = one.sandbox.hire("Sam", "Jones", day(-100))
    one.quiet()
    assert one.status_of("sam.jones@example.com"), "the manager has an account"
    zoe = one.sandbox.post("/bob/employees", {**ZOE, "work.reportsTo": sam})["id"]
    wrong = []
    for row, gives in recipes():
        answer = one.server.ask(
            "POST", "/api/v1/mapping/preview", {"employee_id": zoe, "mapping": [row]})
        assert answer.status == 200, f"{row}: {answer}"
        result = next(one for one in answer.json()["rows"] if one["okta"] == row["okta"])
        if row["okta"] == "division":
            gives = department_id(one)
        if result["state"] not in ("value", "empty") or as_text(result["result"]) != gives:
            wrong.append((row, gives, result["state"], result["result"], result["reason"]))
    assert not wrong, "\n".join(map(str, wrong))


def group_recipes():
    page = (ROOT / "docs/groups.md").read_text()
    chapter = page[page.index("\n## Recipes"):]
    found = re.findall(r"```json\n(\{ \"group\".*?)\n```\n\n(not a member|member)\n", chapter, re.S)
    assert len(found) == chapter.count("```json") >= 8
    return [(json.loads(row), verdict == "member") for row, verdict in found]


def test_every_recipe_for_groups_takes_in_whom_the_page_says(world):
    recipes_of_page = group_recipes()
    one = world(start=False, change=lambda connection: connection.update(
        groups=[row for row, _ in recipes_of_page]))
    for row, _ in recipes_of_page:
        one.sandbox.post("/okta/groups", {"name": row["group"]})
    one.start()
    zoe = one.sandbox.post("/bob/employees", ZOE)["id"]

    def judged():
        groups = one.server.post("/mapping/preview", {"employee_id": zoe})["groups"]
        return groups if all(g["answer"] != "unknown" for g in groups) else None

    # A machine at its limit may stop an expression once.
    groups = wait_until(judged, "every condition is judged")
    assert {g["group"]: g["answer"] for g in groups} == {
        row["group"]: "in" if is_member else "out" for row, is_member in recipes_of_page}, groups
