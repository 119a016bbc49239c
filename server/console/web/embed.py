#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Writes one C file that holds every file of the console: embed.py OUT.c

What is embedded: the files beside this one, and Bootstrap, Chart.js and Mithril from Debian's
packages. Each plain and gzipped, under /assets/SET/, where SET is the digest of all of them: a
name never changes its content, and modules may import each other by relative names.
"""

import base64
import gzip
import hashlib
import pathlib
import posixpath
import re
import sys
import urllib.parse

HERE = pathlib.Path(__file__).resolve().parent
THIRD_PARTY = {
    "bootstrap.css": "/usr/share/javascript/bootstrap5/css/bootstrap.min.css",
    "chart.js": "/usr/share/javascript/chart.js/chart.min.js",
    "mithril.js": "/usr/lib/nodejs/mithril/mithril.js",
}
TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml; charset=utf-8",
}
PAGE = "index.html"
SET_MARK = b"@SET@"
PRELOADS_MARK = b"@PRELOADS@"
FIRST = ("main.js", "pages/overview.js")  # what a first view runs


def split_images(css):
    """Bootstrap's images are data: URLs, which the policy (img-src 'self') refuses: files of their own."""
    images = {}

    def replace(match):
        head, _, data = match[1].partition(",")
        body = base64.b64decode(data) if head.endswith(";base64") else urllib.parse.unquote_to_bytes(data)
        name = f"image-{hashlib.sha256(body).hexdigest()[:8]}.svg"
        images[name] = body
        return f"url({name})"

    text = re.sub(r'url\("?(data:image/svg\+xml[^")]*(?:\([^)]*\)[^")]*)*)"?\)', replace, css.decode())
    text = re.sub(r"/\*# sourceMappingURL=.*?\*/", "", text)
    if "url(data:" in text or 'url("data:' in text:
        sys.exit("embed: an image of bootstrap.css was not understood")
    return text.encode(), images


def collect():
    files = {}
    for name, path in THIRD_PARTY.items():
        source = pathlib.Path(path)
        if not source.exists():
            sys.exit(f"embed: {path} is missing: run `make deps` first, as root or with sudo")
        body = re.sub(rb"\n//# sourceMappingURL=.*", b"", source.read_bytes())
        if name == "bootstrap.css":
            body, images = split_images(body)
            files.update(images)
        files[name] = body
    for path in sorted(HERE.rglob("*")):
        if path.suffix in TYPES:
            files[path.relative_to(HERE).as_posix()] = path.read_bytes()
    return files


def modules_of(files, name, found):
    """A module and all that it imports."""
    if name in found:
        return
    found[name] = True
    for path in re.findall(rb'^(?:import|export) [^"]*?from "(\.[^"]*)";$', files[name], re.M):
        modules_of(files, posixpath.normpath(posixpath.join(posixpath.dirname(name), path.decode())), found)


def check_imports(files):
    """A name that a module asks for and no other exports keeps a whole page from loading."""
    for name, body in files.items():
        if not name.endswith(".js") or name in THIRD_PARTY:
            continue
        asked = re.findall(rb'^import (?:\w+, )?\{([^}]*)\} from "(\.[^"]*)";$', body, re.M)
        asked += [(one, path) for path, one in re.findall(rb'import\("(\.[^"]*)"\)\)\.(\w+)', body)]
        for names, path in asked:
            other = posixpath.normpath(posixpath.join(posixpath.dirname(name), path.decode()))
            exported = re.findall(rb"^export (?:async )?(?:function|const|class|let) (\w+)", files.get(other, b""), re.M)
            for one in names.split(b","):
                wanted = one.split(b" as ")[0].strip()
                if wanted and wanted not in exported:
                    sys.exit(f"embed: {name} imports {wanted.decode()}, which {other} does not export")


def preloads(files):
    """The browser asks for all modules of a first view at once, not for each when it has read who imports it."""
    found = {}
    for name in FIRST:
        modules_of(files, name, found)
    return "\n".join(f'<link rel="modulepreload" href="{SET_MARK.decode()}/{name}">' for name in found).encode()


def digest(files):
    whole = hashlib.sha256()
    for name in sorted(files):
        whole.update(name.encode() + b"\0" + hashlib.sha256(files[name]).digest())
    return whole.hexdigest()[:16]


def page_of(files):
    page = files[PAGE].replace(PRELOADS_MARK, preloads(files))
    return page.replace(SET_MARK, b"/assets/" + digest(files).encode())


def literal(body):
    """Octal escapes never run into the digits that follow, hexadecimal ones do."""
    lines = []
    for start in range(0, len(body), 64):
        lines.append('"' + "".join(f"\\{byte:03o}" for byte in body[start:start + 64]) + '"')
    return "\n\t".join(lines) or '""'


def write(out, files):
    name_of_set = digest(files)
    files[PAGE] = page_of(files)
    rows = []
    with open(out, "w") as c:
        c.write("/* Made by server/console/web/embed.py. */\n#include \"server/console/assets.h\"\n\n")
        for number, name in enumerate(sorted(files)):
            body = files[name]
            packed = gzip.compress(body, 9, mtime=0)
            c.write(f"static const char plain_{number}[] =\n\t{literal(body)};\n")
            c.write(f"static const char packed_{number}[] =\n\t{literal(packed)};\n")
            kind = TYPES[pathlib.PurePosixPath(name).suffix]
            rows.append(f'\t{{"{name}", "{kind}", plain_{number}, {len(body)}, packed_{number}, {len(packed)}}},\n')
        c.write(f'\nconst char assets_set[] = "{name_of_set}";\n')
        c.write("const struct asset assets_all[] = {\n" + "".join(rows) + "\t{0},\n};\n")


if __name__ == "__main__":
    collected = collect()
    check_imports(collected)
    write(sys.argv[1], collected)
