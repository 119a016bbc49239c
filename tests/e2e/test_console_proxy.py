# SPDX-License-Identifier: MIT
"""The console behind docker/nginx.conf with docker/console.conf, as docker/README.md says."""

import http.client
import json
import re
import socket
import ssl
import subprocess

import harness
import test_headers

NAME = "console.example.com"
WEBHOOKS = "hooks.example.com"


def free_port():
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return sock.getsockname()[1]


class Nginx:
    """The committed files; only what the head of nginx.conf names is changed."""

    def __init__(self, directory, server):
        self.port = free_port()
        directory.chmod(0o755)
        self.home = directory / "nginx"
        self.home.mkdir()
        self.make_certificate()
        self.write("nginx.conf", [
            ("server bob2okta:8080", f"server 127.0.0.1:{server.public[1]}"), ("/tmp/", f"{self.home}/"),
            ("/etc/nginx/console/*.conf", f"{self.home}/console.conf"),
            ("/dev/stdout", f"{self.home}/access.log"), ("/dev/stderr", f"{self.home}/error.log")])
        self.write("console.conf", [("server bob2okta:8081", f"server 127.0.0.1:{server.admin[1]}")])
        self.program = harness.Program("nginx", [
            "nginx", "-c", str(self.home / "nginx.conf"), "-e", str(self.home / "error.log"),
            "-g", "daemon off; master_process off;"], directory)
        self.program.start()
        harness.wait_until(self.is_up, "nginx listens")

    def make_certificate(self):
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
             "-subj", f"/CN={NAME}", "-addext", f"subjectAltName=DNS:{NAME},DNS:{WEBHOOKS}",
             "-keyout", str(self.home / "privkey.pem"), "-out", str(self.home / "fullchain.pem")],
            check=True, capture_output=True)

    def write(self, name, changes):
        text = (harness.ROOT / "docker" / name).read_text()
        for old, new in [*changes, ("listen 8443 ssl", f"listen 127.0.0.1:{self.port} ssl"),
                         ("/etc/nginx/tls/", f"{self.home}/")]:
            assert old in text or (name, old) == ("console.conf", "/tmp/"), f"{name} no longer has {old}"
            text = text.replace(old, new)
        (self.home / name).write_text(text)

    def is_up(self):
        with socket.socket() as sock:
            return sock.connect_ex(("127.0.0.1", self.port)) == 0

    def ask(self, name, method, path, body=None, headers=None):
        context = ssl.create_default_context(cafile=str(self.home / "fullchain.pem"))
        raw = socket.create_connection(("127.0.0.1", self.port), timeout=20 * harness.SLOW)
        connection = http.client.HTTPSConnection(name, self.port)
        connection.sock = context.wrap_socket(raw, server_hostname=name)
        connection.request(method, path, body=body, headers=headers or {})
        answer = connection.getresponse()
        reply = harness.Reply(answer.status, answer.headers, answer.read())
        connection.close()
        return reply


def test_the_console_behind_the_committed_nginx(world):
    one = world(args=["--admin-hosts", NAME])
    nginx = Nginx(one.directory, one.server)
    try:
        page = nginx.ask(NAME, "GET", "/")
        assert page.status == 200 and page.headers["Content-Type"].startswith("text/html")
        for path in re.findall(r'"(/assets/[^"]+)"', page.body.decode()):
            assert nginx.ask(NAME, "GET", path, headers={"Accept-Encoding": "gzip"}).status == 200, path
        for name, value in test_headers.EVERYWHERE.items():
            assert page.headers.get_all(name) == [value]
        assert nginx.ask(NAME, "GET", "/api/v1/status").status == 401
        token = {"Authorization": f"Bearer {one.server.token}"}
        assert nginx.ask(NAME, "GET", "/api/v1/status", headers=token).status == 200
        large = json.dumps({"document": {"x": "y" * 900_000}})
        assert nginx.ask(NAME, "POST", "/api/v1/settings", large, token).status == 400
        assert nginx.ask(NAME, "GET", "/metrics").status == 404
        # The webhooks' name leads to the webhooks alone.
        assert nginx.ask(WEBHOOKS, "GET", "/").status == 404
        assert nginx.ask(WEBHOOKS, "GET", "/api/v1/status", headers=token).status == 404
        assert nginx.ask(WEBHOOKS, "GET", "/healthz").status == 200
    finally:
        nginx.program.kill()


def test_a_name_bob2okta_was_not_told_gets_421_through_the_proxy(world):
    one = world()
    nginx = Nginx(one.directory, one.server)
    try:
        assert nginx.ask(NAME, "GET", "/").status == 421
    finally:
        nginx.program.kill()
