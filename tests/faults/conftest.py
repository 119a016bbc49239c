# SPDX-License-Identifier: MIT
"""Fault tests share the worlds of the end-to-end tests (tests/e2e/harness.py).

Each test names its entries of the catalogue: @pytest.mark.fault("D-01", "I1"). Numbers come from
size(short, long): the short form is part of `make test`, the long one is `make faults` (FAULTS=long).
"""

import pathlib
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "e2e"))
sys.path.insert(0, str(ROOT / "tests" / "faults"))

import importlib.util

import pytest

from sizes import IS_LONG

_spec = importlib.util.spec_from_file_location("e2e_conftest", ROOT / "tests" / "e2e" / "conftest.py")
_e2e = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(_e2e)

world = _e2e.world
forget_worlds = _e2e.forget_worlds
pytest_runtest_makereport = _e2e.pytest_runtest_makereport


@pytest.fixture
def scene(world):
    """A function that makes a Scene: a world with people, a ledger and a sender, cleaned up after."""
    import scenes

    made = []

    def make(build=None, **options):
        one = scenes.Scene(world, build, **options)
        made.append(one)
        return one

    yield make
    for one in made:
        one.end()


def pytest_configure(config):
    config.addinivalue_line("markers", "fault(*ids): the entries of the catalogue that a test proves")
    config.addinivalue_line("markers", "only_long: a part of `make faults` alone")
    config.addinivalue_line("markers", "only_short: the long form has something larger in its place")


def pytest_collection_modifyitems(config, items):
    """What is not of this form is left out, not skipped: a skip says that the machine lacks something."""
    other = "only_short" if IS_LONG else "only_long"
    left_out = [item for item in items if item.get_closest_marker(other)]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in left_out]
