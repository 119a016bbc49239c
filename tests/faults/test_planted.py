# SPDX-License-Identifier: MIT
"""Proof of the harness: bugs planted on purpose, each of which its test must find.

planted/*.patch are applied to a copy of the tree, built, and the test that the patch names is run
against that build: it must fail, and show what the patch says. The head of a patch:

    test: the test (or unit: the unit test) that must fail
    env: NAME=VALUE for it, optional
    shows: a text of its output, which names the invariant
"""

import os
import pathlib
import re
import shutil
import subprocess
import sys

import pytest

import harness
from sizes import IS_LONG

HERE = pathlib.Path(__file__).parent
PATCHES = sorted((HERE / "planted").glob("*.patch"))
# The short form plants one that is quick to build and to find.
SHORT = ["token-logged"]
KEPT = ("server", "okta", "mapping", "tests", "Makefile", "docs")


def head_of(patch):
    text = patch.read_text().split("--- a/")[0]
    return {key: value for key, value in re.findall(r"^(test|unit|env|shows): (.*)$", text, re.M)}


@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    """A copy of the sources, with what is compiled already, so that a patch compiles a few files."""
    copy = tmp_path_factory.mktemp("planted")
    for name in KEPT:
        source = harness.ROOT / name
        if source.is_dir():
            shutil.copytree(source, copy / name, ignore=shutil.ignore_patterns("node_modules", "__pycache__"))
        else:
            shutil.copy2(source, copy / name)
    built = harness.ROOT / "build" / "faults"
    if built.is_dir():
        shutil.copytree(built, copy / "build" / "faults", copy_function=shutil.copy2)
    yield copy
    shutil.rmtree(copy, ignore_errors=True)


def run(tree, *argv, **env):
    return subprocess.run(argv, cwd=tree, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          errors="replace", env={**os.environ, **env})


def apply(tree, patch, *more):
    done = run(tree, "patch", "-p1", "-F3", "--no-backup-if-mismatch", *more, "-i", str(patch))
    assert done.returncode == 0, f"{patch.name} does not fit the tree any more; plant the bug anew:\n{done.stdout}"


def find(tree, head):
    """Builds, and runs the test that must fail; (exit status, output)."""
    if "unit" in head:
        done = run(tree, "make", "-s", "-j2", "MODE=faults", "unit", f"T={head['unit']}")
        return done.returncode, done.stdout
    built = run(tree, "make", "-s", "-j2", "MODE=faults", "all")
    assert built.returncode == 0, built.stdout[-3000:]
    program = str(tree / "build/faults/bin/bob2okta")
    env = dict([head["env"].split("=", 1)]) if "env" in head else {}
    # The short forms: what needs a thousand rounds to be found is not found.
    done = run(tree, sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", head["test"],
               BOB2OKTA_BIN=program, BOB2OKTA_FAULTS_BIN=program, FAULTS="short",
               SANDBOX_BIN=harness.program("sandbox", "SANDBOX_BIN"),
               FAULTY_PROXY_BIN=os.environ.get("FAULTY_PROXY_BIN") or str(harness.BIN / "faulty-proxy"), **env)
    return done.returncode, done.stdout


@pytest.mark.parametrize("name", [p.stem for p in PATCHES if IS_LONG or p.stem in SHORT])
def test_a_planted_bug_is_found(tree, name):
    patch = HERE / "planted" / f"{name}.patch"
    head = head_of(patch)
    apply(tree, patch)
    try:
        status, output = find(tree, head)
    finally:
        apply(tree, patch, "-R")
    assert status != 0, f"{name} went unnoticed:\n{output[-2000:]}"
    assert head["shows"] in output, f"{name} was found for another reason:\n{output[-4000:]}"


def test_every_bug_that_must_be_found_is_planted():
    assert {p.stem for p in PATCHES} >= {
        "ack-before-commit", "synchronous-normal", "no-dedupe", "brake-in-memory", "intent-skipped",
        "early-exit-compare", "lease-unchecked", "token-logged"}
    for patch in PATCHES:
        head = head_of(patch)
        assert head.get("shows") and ("test" in head) != ("unit" in head), patch.name


@pytest.mark.parametrize("name", [p.stem for p in PATCHES])
def test_each_patch_fits_the_sources(name):
    """Planted are most of them in the long form alone; that they can be shows at once."""
    apply(harness.ROOT, HERE / "planted" / f"{name}.patch", "--dry-run")
