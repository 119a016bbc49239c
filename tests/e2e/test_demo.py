"""`make run` without settings: the demonstration ends well and leaves nothing behind."""

import os
import pathlib
import re
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[2]


def test_the_demonstration_runs_and_leaves_no_process_behind():
    bin_dir = ROOT / "build" / os.environ.get("VARIANT", "release") / "bin"
    result = subprocess.run([ROOT / "tests/demo/run"], capture_output=True, text=True, timeout=240, check=False,
                            env={**os.environ, "DEMO_ONCE": "1", "BOB2OKTA_BIN_DIR": str(bin_dir)})
    assert result.returncode == 0, result.stdout + result.stderr
    assert result.stdout.count("create the account") == 11
    assert result.stdout.count("deactivate ") == 1
    assert result.stdout.count("end all sessions") == 1
    assert "title = Team Lead" in result.stdout
    assert "login = winter@example.com" in result.stdout
    console = re.findall(r"^console: (http://127\.0\.0\.1:[0-9]+), one-time code ([A-Z0-9-]{20,})$", result.stdout, re.M)
    assert len(console) == 2 and len(set(console)) == 1, "at the beginning and at the end"
    left = [path for path in pathlib.Path("/proc").glob("[0-9]*/cmdline")
            if str(ROOT / "build/demo/bob2okta.db").encode() in read_quietly(path)]
    assert not left, f"still running: {left}"


def read_quietly(path):
    try:
        return path.read_bytes()
    except OSError:
        return b""
