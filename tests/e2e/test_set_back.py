# SPDX-License-Identifier: MIT
"""Policy C4: somebody keeps setting an attribute back in Okta."""

from harness import day, wait_until

LOGIN = "ada.stubborn@example.com"


def set_back_and_change_something_else(one, ada, department):
    """The next update of another attribute shows bob2okta that the title is not what it wrote."""
    one.sandbox.patch_user(LOGIN, profile={"title": "Queen"})
    one.sandbox.update(ada, {"work.department": department})
    wait_until(lambda: one.sandbox.user(LOGIN)["profile"].get("department") == department, "the department")


def title(one):
    return one.sandbox.user(LOGIN)["profile"]["title"]


def test_an_attribute_set_back_twice_is_left_alone_until_a_human_says(world):
    one = world(reread_after_s=1)
    ada = one.hire_settled("Ada", "Stubborn", day(-30), fields={"work.title": "Analyst"})
    one.quiet()
    assert title(one) == "Analyst"

    set_back_and_change_something_else(one, ada, "Finance")
    wait_until(lambda: title(one) == "Analyst", "the first correction")
    one.quiet()
    set_back_and_change_something_else(one, ada, "People")
    one.quiet()
    assert one.server.hold_kinds(ada) == ["row"]
    assert title(one) == "Queen", "set back twice: not written a third time"

    one.sandbox.update(ada, {"work.department": "Legal"})
    wait_until(lambda: one.sandbox.user(LOGIN)["profile"]["department"] == "Legal", "the others go on")
    one.quiet()
    assert title(one) == "Queen"

    one.server.post("/holds/release", {"employee_id": ada})
    wait_until(lambda: title(one) == "Analyst", "written again once a human said so")
    one.quiet()
    assert one.server.hold_kinds(ada) == []
