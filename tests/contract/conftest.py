# SPDX-License-Identifier: MIT
"""The end-to-end fixtures, and Prism between bob2okta and the sandbox."""

import importlib.util
import pathlib
import sys

import pytest

E2E = pathlib.Path(__file__).resolve().parents[1] / "e2e"
sys.path.insert(0, str(E2E))
sys.path.insert(0, str(pathlib.Path(__file__).parent))

_spec = importlib.util.spec_from_file_location("e2e_conftest", E2E / "conftest.py")
_e2e = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(_e2e)
forget_worlds = _e2e.forget_worlds
pytest_runtest_makereport = _e2e.pytest_runtest_makereport

import prism


@pytest.fixture(scope="session")
def proxy(tmp_path_factory):
    """One Prism for all tests: it takes seconds to start."""
    with prism.Proxy(tmp_path_factory.mktemp("prism")) as one:
        yield one


@pytest.fixture
def contract_world(proxy):
    """Makes a world whose Okta calls go through Prism; checks every verdict at the end."""
    import harness

    made = []

    def make(**options):
        proxy.verdicts.clear()
        one = harness.World(start=False, okta_url=proxy.front.url, **options)
        made.append(one)
        proxy.back.target = one.sandbox.address
        one.start()
        return one

    yield make
    for one in made:
        one.close()
    proxy.check()
