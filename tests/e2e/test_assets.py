# SPDX-License-Identifier: MIT
"""The files of the console as the program serves them, against what embed.py was to put in."""

import gzip
import importlib.util
import pathlib
import posixpath
import re

import harness
import route_table

DATA_URL = re.compile(rb"""data:(?:[a-z]+/[a-z+.-]+|;base64|,)""", re.I)
ELSEWHERE = re.compile(rb"""(?:src|href)\s*=\s*["']?(?:https?:)?//|@import|url\(\s*["']?(?:https?:)?//""", re.I)


def embed():
    path = route_table.SOURCE / "console" / "web" / "embed.py"
    spec = importlib.util.spec_from_file_location("embed", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def fetch(server, path, accepts=None):
    headers = {"Accept-Encoding": accepts} if accepts else {}
    return harness.http_call(server.admin, "GET", path, headers=headers)


def test_what_is_embedded_is_what_is_served(world):
    server = world().server
    made = embed()
    files = made.collect()
    base = f"/assets/{made.digest(files)}/"
    page = fetch(server, "/")
    assert page.body == made.page_of(files)
    del files[made.PAGE]
    assert set(re.findall(r'"(/assets/[^"]+)"', page.body.decode())) <= {base + name for name in files}
    for name, body in files.items():
        plain, packed = fetch(server, base + name), fetch(server, base + name, "br, gzip")
        assert plain.body == body and "Content-Encoding" not in plain.headers, name
        assert packed.headers["Content-Encoding"] == "gzip" and gzip.decompress(packed.body) == body, name
        assert "Content-Encoding" not in fetch(server, base + name, "gzip;q=0, identity").headers, name
        assert plain.headers["Vary"] == packed.headers["Vary"] == "Accept-Encoding", name
        assert plain.headers["Content-Type"] == made.TYPES["." + name.rsplit(".", 1)[1]], name


def test_the_page_names_every_module_of_a_first_view():
    made = embed()
    files = made.collect()
    named = re.findall(rb'modulepreload" href="@SET@/([^"]+)"', made.preloads(files))
    assert b"main.js" in named and b"pages/overview.js" in named and b"pages/mapping.js" not in named
    assert len(named) == len(set(named))
    for name in named:
        folder = pathlib.PurePosixPath(name.decode()).parent
        for path in re.findall(rb'from\s*"(\.[^"]+)"', files[name.decode()]):
            assert posixpath.normpath(folder / path.decode()).encode() in named, (name, path)


def test_nothing_needs_what_the_policy_forbids():
    """No data: URL and nothing from elsewhere; the policy would refuse both."""
    files = embed().collect()
    assert len(files) > 20 and "chart.js" in files and "image-" in " ".join(files)
    found = [f"{name}: {match[0]!r}" for name, body in files.items()
             for pattern in (DATA_URL, ELSEWHERE) for match in pattern.finditer(body)]
    assert found == []
    assert not re.search(rb"<script(?![^>]* src=)|\son[a-z]+=|\sstyle=|<style", files["index.html"])


def test_another_version_of_the_set_is_not_there(world):
    server = world().server
    files = embed().collect()
    base = f"/assets/{embed().digest(files)}/"
    for path in (f"/assets/{'0' * 16}/main.js", base + "index.html", base + "lib/../main.js",
                 base + "no.js", base + "pages/index.js/x"):
        assert fetch(server, path).status in (400, 404), path
