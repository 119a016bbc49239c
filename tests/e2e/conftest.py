# SPDX-License-Identifier: MIT
import os
import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parent))

import harness


def pytest_addoption(parser):
    parser.addoption("--subset", action="store_true", help="only the tests named in the file subset")


def pytest_collection_modifyitems(config, items):
    if not config.getoption("--subset", default=False):
        return
    lines = (pathlib.Path(__file__).parent / "subset").read_text().splitlines()
    names = {line for line in lines if line and not line.startswith("#")}
    unknown = names - {item.originalname for item in items}
    assert not unknown, f"the subset names tests that do not exist: {sorted(unknown)}"
    items[:] = [item for item in items if item.originalname in names]


@pytest.fixture
def world():
    """A function that makes worlds; all of them are closed, and checked, at the end of the test."""
    made = []

    def make(**options):
        one = harness.World(**options)
        made.append(one)
        return one

    yield make
    errors = []
    for one in reversed(made):
        try:
            one.close()
        except Exception as error:  # noqa: BLE001 - every world must be closed
            errors.append(error)
        except AssertionError as error:
            errors.append(error)
    if errors:
        raise errors[0]


@pytest.fixture(autouse=True)
def forget_worlds():
    before = list(harness.live_worlds)
    yield
    for one in list(harness.live_worlds):
        if one not in before and not one.failed:
            harness.live_worlds.remove(one)
            one.remove()


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    outcome = yield
    report = outcome.get_result()
    if report.failed:
        for one in harness.live_worlds:
            if os.environ.get("KEEP_WORLDS"):
                one.failed = True
                report.sections.append(("kept", str(one.directory)))
            report.sections.append((f"world {one.directory.name}", one.tail()))
