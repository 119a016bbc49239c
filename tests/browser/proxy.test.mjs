// SPDX-License-Identifier: MIT
// The console under a name of its own, behind a real nginx with docker/nginx.conf and docker/console.conf:
// a browser signs in over TLS and stays signed in.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { connect, createServer } from "node:net";
import path from "node:path";
import { after, afterEach, before, test } from "node:test";
import { Program, ROOT, World, closeBrowser, openPage, until } from "./harness.mjs";
import { closePages } from "./look.mjs";
import { everyPage, visit } from "./pages.mjs";

const NAME = "console.example.com";

let world, nginx, outside;

function freePort() {
  return new Promise((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

function isListening(port) {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1", () => { socket.destroy(); resolve(true); });
    socket.on("error", () => resolve(false));
  });
}

// The committed file with what its head says may be changed, in this order.
function committed(name, changes) {
  const text = readFileSync(path.join(ROOT, "docker", name), "utf8");
  return Object.entries(changes).reduce((so_far, [from, to]) => so_far.replaceAll(from, to), text);
}

async function startNginx() {
  const home = path.join(world.directory, "nginx");
  mkdirSync(home);
  execFileSync("openssl", ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
    "-subj", `/CN=${NAME}`, "-addext", `subjectAltName=DNS:${NAME}`, "-keyout", `${home}/privkey.pem`,
    "-out", `${home}/fullchain.pem`], { stdio: "ignore" });
  const port = await freePort();
  const shared = { "listen 8443 ssl": `listen 127.0.0.1:${port} ssl`, "/etc/nginx/tls/": `${home}/` };
  writeFileSync(`${home}/console.conf`, committed("console.conf", {
    ...shared, "server bob2okta:8081": `server ${new URL(world.admin).host}` }));
  writeFileSync(`${home}/nginx.conf`, committed("nginx.conf", {
    "/tmp/": `${home}/`, ...shared, "server bob2okta:8080": `server ${new URL(world.public).host}`,
    "/etc/nginx/console/*.conf": `${home}/console.conf`, "/dev/stdout": `${home}/access.log`, "/dev/stderr": `${home}/error.log` }));
  nginx = new Program(["/usr/sbin/nginx", "-c", `${home}/nginx.conf`, "-e", `${home}/error.log`,
    "-g", "daemon off; master_process off;"], world.directory, "nginx");
  await until(() => {
    if (nginx.process.exitCode !== null) throw new Error(`nginx ended: ${nginx.err}`);
    return isListening(port);
  }, "nginx listens");
  return `https://${NAME}:${port}`;
}

before(async () => {
  world = await World.start({ people: 3, args: ["--admin-hosts", NAME] });
  const address = await startNginx();
  // The same world, reached by the name; scripts go on calling it directly.
  outside = Object.create(world, { admin: { value: address } });
  outside.api = world.api.bind(world);
});
afterEach(closePages);
after(async () => { await closeBrowser(); await nginx.stop(); await world.stop(); });

const TLS = { context: { ignoreHTTPSErrors: true } };

test("over TLS, by its name, a session lasts from page to page and over a reload", async () => {
  // The first account is made without the proxy.
  const first = await openPage(world, { as: "admin" });
  await first.locator("main h1").waitFor();
  await first.close();
  const page = await openPage(outside, { as: "admin", ...TLS });
  const refused = [];
  page.on("response", (response) => { if (response.status() >= 400) refused.push(`${response.status()} ${response.url()}`); });
  for (const { hash } of everyPage().filter((one) => !one.hash.startsWith("/people/"))) {
    await visit(page, hash);
    assert.ok(page.url().startsWith(outside.admin + "/"), page.url());
  }
  await page.reload();
  await page.getByRole("navigation", { name: "Main" }).waitFor();
  await page.locator("main h1").waitFor();
  assert.deepEqual(refused, []);
  assert.deepEqual(page.complaints, []);
});

test("a page of another name that leads here gets 421 and no cookie", async () => {
  const page = await openPage(outside, TLS);
  const answer = await until(() => page.evaluate(async () => {
    const reply = await fetch("/api/v1/session");
    return { status: reply.status };
  }), "the name that is known is answered");
  assert.notEqual(answer.status, 421);
  // The name without the proxy, on the listener's own port, is one it was told as well; a third is not.
  const reply = await page.context().request.get(world.admin + "/", { headers: { Host: "evil.example" } });
  assert.equal(reply.status(), 421);
  assert.equal(reply.headers()["set-cookie"], undefined);
});
