# SPDX-License-Identifier: MIT
"""Installs what a lock file of npm's names, once, for the tests that need it.

Several test runs at once wait for one another. That npm's registry cannot be reached is no fault of
the program under test: it is Unavailable, which a test shows as the reason it was skipped for.
"""

import fcntl
import json
import os
import pathlib
import shutil
import signal
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[2]
INSTALL_TIMEOUT_S = 300

# What npm says when it is the network, or the registry, that fails and not our lock file.
UNREACHABLE = (
    "ENOTFOUND", "EAI_AGAIN", "ECONNREFUSED", "ECONNRESET", "ETIMEDOUT", "ENETUNREACH",
    "EHOSTUNREACH", "ERR_SOCKET_TIMEOUT", "EIDLETIMEOUT", "E502", "E503", "E504", "ENOTCACHED",
)


class Unavailable(Exception):
    """Why the packages are not here."""


def locked_versions(path):
    packages = json.loads(path.read_text())["packages"]
    return {name: entry.get("version") for name, entry in packages.items() if name}


def is_installed(folder, needed):
    """npm writes the inner lock file last, so a broken-off installation does not count."""
    inner = folder / "node_modules" / ".package-lock.json"
    if not needed.is_file() or not inner.is_file():
        return False
    wanted = locked_versions(folder / "package-lock.json")
    return all(wanted.get(name) == have for name, have in locked_versions(inner).items())


def run(argv, timeout_s, **options):
    """(exit status or None after the time limit, output). What it started ends with it."""
    process = subprocess.Popen(
        argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
        text=True, errors="replace", start_new_session=True, **options,
    )
    try:
        output, _ = process.communicate(timeout=timeout_s)
        return process.returncode, output
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        output, _ = process.communicate()
        return None, output


def install(folder, needed):
    """The packages of folder/package-lock.json; `needed` is a file in node_modules that must be there."""
    for name in ("node", "npm"):
        if not shutil.which(name):
            raise Unavailable(f"{name} is not installed")
    (ROOT / "build").mkdir(exist_ok=True)
    with open(ROOT / "build" / f"npm-{folder.name}.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if is_installed(folder, needed):
            return
        status, output = run([
            "npm", "ci", "--prefix", str(folder), "--no-audit", "--no-fund", "--fetch-retries=1",
            "--fetch-timeout=60000",
        ], INSTALL_TIMEOUT_S)
    if status is None:
        raise Unavailable(f"npm ci took longer than {INSTALL_TIMEOUT_S} s")
    reasons = [line for line in output.splitlines() if any(word in line for word in UNREACHABLE)]
    if status != 0 and reasons:
        raise Unavailable(f"npm's registry cannot be reached: {reasons[0].strip()}")
    assert status == 0, f"npm ci failed:\n{output[-4000:]}"
