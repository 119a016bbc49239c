# SPDX-License-Identifier: MIT
"""The first sign-in's code: on the terminal and in a file, and nowhere else."""
import re
import stat

CODE = re.compile(
    r"^first sign-in: open http://(\S+)/ and enter the one-time code ((?:[A-Z2-7]{4}-){5}[A-Z2-7]{4});"
    r" it ends in 30 minutes, and stands in (\S+)$", re.M)


def test_each_start_prints_a_code_while_nobody_can_sign_in(world):
    one = world(mode="dry_run")
    codes = []
    for _ in range(2):
        address, code, path = CODE.search(one.server.program.output("out")).groups()
        assert address == "%s:%d" % one.server.admin
        file = one.server.store.parent / "first-code"
        assert path == str(file)
        assert file.read_text() == code + "\n"
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        codes.append(code)
        one.restart()
    assert codes[0] != codes[1]
    letters = [code.replace("-", "") for code in codes]
    stored = b"".join(p.read_bytes() for p in one.server.store.parent.glob("bob2okta.db*"))
    for code in codes + letters:
        assert code.encode() not in stored
    log = "".join(path.read_text() for path in one.directory.glob("server.*.err"))
    assert "a one-time code was made" in log
    assert not any(code in log for code in codes + letters)
    assert len(one.server.get("/audit?kind=account")["records"]) == 3


def test_a_code_that_cannot_be_written_keeps_nothing_from_starting(world):
    one = world(mode="dry_run", start=False)
    (one.server.store.parent / "first-code").mkdir(parents=True)
    one.start()
    assert "first sign-in" not in one.server.program.output("out")
    assert "no one-time code for the first sign-in was made" in one.server.log()
    one.server.status()
