// SPDX-License-Identifier: MIT
// The real programs on free ports, each world in a folder of its own, and one Chromium for all of
// them. Nothing waits blindly: until() polls a condition against a deadline.
import { spawn } from "node:child_process";
import { createHmac } from "node:crypto";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";

export const ROOT = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "../..");
const BIN = path.join(ROOT, "build", process.env.VARIANT || "release", "bin");
export const COMPANY_ID = 636192;
export const SECRET = "sandbox-webhook-secret";
export const BOB_TOKEN = "sandbox-bob-token";
export const OKTA_TOKEN = "sandbox-okta-token";
export const PASSWORD = "violet tram under nine poplars";

export async function until(condition, what, deadlineMs = 30000) {
  const end = Date.now() + deadlineMs;
  for (;;) {
    const value = await condition();
    if (value) return value;
    if (Date.now() > end) throw new Error(`not within ${deadlineMs} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

// Nothing scrolls sideways. A chart, and whatever else follows the window, needs a moment for it.
export const fits = (page, what) => until(
  () => page.evaluate(() => document.documentElement.scrollWidth <= document.documentElement.clientWidth), `${what} fits its window`);

// A start over a store with 50,000 people, on a machine with other work.
const START_MS = 120000;

export class Program {
  constructor(argv, directory, name) {
    this.out = "";
    this.err = "";
    this.process = spawn(argv[0], argv.slice(1), { cwd: directory, stdio: ["ignore", "pipe", "pipe"] });
    this.process.stdout.on("data", (chunk) => (this.out += chunk));
    this.process.stderr.on("data", (chunk) => (this.err += chunk));
    this.ended = new Promise((resolve) => this.process.on("exit", resolve));
    this.name = name;
  }

  async line(pattern) {
    return until(() => {
      if (this.process.exitCode !== null) throw new Error(`${this.name} ended:\n${this.err.slice(-3000)}`);
      return pattern.exec(this.out);
    }, `${this.name} is ready`, START_MS);
  }

  async stop() {
    if (this.process.exitCode === null) this.process.kill("SIGTERM");
    await this.ended;
  }
}

async function call(method, address, body, headers = {}) {
  const response = await fetch(address, {
    method, headers: { "Content-Type": "application/json", ...headers },
    body: body === undefined ? undefined : typeof body === "string" ? body : JSON.stringify(body),
  });
  const text = await response.text();
  const value = text.startsWith("{") || text.startsWith("[") ? JSON.parse(text) : text;
  return { status: response.status, body: value, headers: response.headers };
}

export function settings(sandbox, more = {}) {
  return {
    connections: [{
      name: "default", mode: "live",
      bob: { company_id: COMPANY_ID, base_url: sandbox + "/bob/v1", service_user_id: "SERVICE-1", service_user_token: BOB_TOKEN, webhook_secrets: [SECRET] },
      okta: { base_url: sandbox + "/okta", api_token: OKTA_TOKEN },
      provisioning: { email_domains: ["example.com"], time_zone: "Etc/UTC", reread_after_s: 0 },
      ...more,
    }],
  };
}

// Programs of a test that failed midway would keep node from ending: closeBrowser() stops them.
const running = new Set();

// One sandbox and one bob2okta between its two halves.
//   people     how many the sandbox invents      settings   more keys of the connection
//   document   (sandboxUrl) => whole document; null: no settings file     args   more flags
//   programs   the folder of bob2okta and sandbox, if another than what was just built
export class World {
  static async start({ people = 0, settings: more = {}, document, args = [], programs = BIN } = {}) {
    const world = new World();
    world.programs = programs;
    running.add(world);
    world.directory = mkdtempSync(path.join(tmpdir(), "bob2okta-browser-"));
    mkdirSync(path.join(world.directory, "store"));
    world.sandboxProgram = new Program(
      [path.join(programs, "sandbox"), "--listen", "127.0.0.1:0", "--quiet", ...(people ? ["--seed-people", String(people)] : [])],
      world.directory, "sandbox");
    world.sandboxUrl = (await world.sandboxProgram.line(/listening on (http:\S+)/))[1];
    const whole = document === undefined ? settings(world.sandboxUrl, more) : document && document(world.sandboxUrl);
    world.settingsPath = path.join(world.directory, "bob2okta.json");
    if (whole) writeFileSync(world.settingsPath, JSON.stringify(whole));
    await world.serve(args);
    return world;
  }

  async serve(args = []) {
    this.server = new Program(
      [path.join(this.programs, "bob2okta"), "serve", "--listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0",
        "--store", `sqlite:${this.directory}/store/bob2okta.db`, "--settings", this.settingsPath,
        "--allow-insecure-loopback", ...args], this.directory, "bob2okta");
    const ready = await this.server.line(/ready: webhooks (http:\S+), admin (http:[^\s,]+)/);
    this.public = ready[1];
    this.admin = ready[2];
  }

  get token() { return readFileSync(path.join(this.directory, "store/admin-token"), "utf8").trim(); }

  // The API as a script uses it.
  async api(method, where, body) {
    const answer = await call(method, this.admin + "/api/v1" + where, body, { Authorization: `Bearer ${this.token}` });
    if (answer.status >= 300) throw new Error(`${method} ${where}: ${answer.status} ${JSON.stringify(answer.body)}`);
    return answer.body;
  }

  // The sandbox's control API (tests/sandbox/README.md).
  async sandbox(method, where, body) {
    const answer = await call(method, this.sandboxUrl + "/control" + where, body);
    if (answer.status >= 300) throw new Error(`sandbox ${method} ${where}: ${answer.status} ${JSON.stringify(answer.body)}`);
    return answer.body;
  }

  // Sends the sandbox's webhooks here from now on.
  hook() {
    return this.sandbox("POST", "/webhooks", { url: this.public + "/webhooks/bob", secret: SECRET });
  }

  async hire(first, last, more = {}) {
    const fields = { "root.firstName": first, "root.surname": last, "root.email": `${first}.${last}@example.com`.toLowerCase(), ...more };
    return (await this.sandbox("POST", "/bob/employees/new/hire", { fields })).employee.id;
  }

  async user(login) {
    return (await this.sandbox("GET", "/okta/users")).users.find((user) => user.login === login.toLowerCase());
  }

  // Sets up what was started without a settings file, as a script would.
  async setUp() {
    const { document } = await this.api("GET", "/settings");
    const one = document.connections[0];
    Object.assign(one.okta, { base_url: `${this.sandboxUrl}/okta` });
    Object.assign(one.bob, { company_id: COMPANY_ID, base_url: `${this.sandboxUrl}/bob/v1`, service_user_id: "SERVICE-1" });
    Object.assign(one.provisioning, { email_domains: ["example.com"], reread_after_s: 0 });
    await this.api("POST", "/settings", { document });
    for (const [name, value] of [["okta.api_token", OKTA_TOKEN], ["bob.service_user_token", BOB_TOKEN], ["bob.webhook_secret", SECRET]]) {
      await this.api("POST", `/secrets/${name}`, { value });
    }
  }

  event(body) {
    const text = JSON.stringify(body);
    const signature = createHmac("sha512", SECRET).update(text).digest("base64");
    return call("POST", this.public + "/webhooks/bob", text, { "Bob-Signature": signature });
  }

  async stop() {
    running.delete(this);
    await this.server?.stop();
    await this.sandboxProgram?.stop();
    rmSync(this.directory, { recursive: true, force: true });
  }
}

// ------------------------------------------------------------------ browser

let browser = null;

export async function openBrowser() {
  browser ??= await chromium.launch({
    executablePath: process.env.CHROMIUM || "/usr/bin/chromium",
    // Root needs --no-sandbox; containers have a small /dev/shm.
    args: ["--headless", "--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu", "--disable-quic", "--no-first-run",
      "--disable-background-networking", "--disable-component-update", "--disable-sync",
      // Nothing leaves this machine, whatever a page asks for.
      "--host-resolver-rules=MAP console.example.com 127.0.0.1, MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost"],
  });
  return browser;
}

export async function closeBrowser() {
  await browser?.close();
  browser = null;
  await Promise.all([...running].map((world) => world.stop()));
}

// A page of its own context. Whatever the browser complains of (an exception, a violation of the
// content security policy, a dialog) is in page.complaints, which a test expects to be empty.
export async function openPage(world, { colorScheme = "light", width = 1280, height = 900, as = null, context: more = {} } = {}) {
  const context = await (await openBrowser()).newContext({ colorScheme, reducedMotion: "reduce", viewport: { width, height }, locale: "en-GB", timezoneId: "Europe/London", ...more });
  const page = await context.newPage();
  page.setDefaultTimeout(30000);
  page.complaints = [];
  page.on("pageerror", (error) => page.complaints.push(`exception: ${error.message}`));
  page.on("dialog", (dialog) => { page.complaints.push(`dialog: ${dialog.message()}`); dialog.dismiss(); });
  page.on("console", (message) => {
    if (message.type() === "error" && !/Failed to load resource/.test(message.text())) page.complaints.push(message.text());
  });
  await page.exposeFunction("policyViolated", (what) => { page.complaints.push(`policy: ${what}`); });
  await page.addInitScript(() => document.addEventListener("securitypolicyviolation", (event) =>
    window.policyViolated(`${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}:${event.lineNumber}`)));
  if (as) await signIn(world, page, as);
  else await page.goto(world.admin + "/");
  return page;
}

// Comes in with a one-time code as the page does; what a browser adds by itself is added here.
export async function enter(world, code, name, password = PASSWORD) {
  const answer = await call("POST", world.admin + "/api/v1/session/enter", { code, name, password }, { Origin: world.admin });
  if (answer.status !== 200) throw new Error(`enter ${name}: ${answer.status} ${JSON.stringify(answer.body)}`);
}

// An account that is called like its role. The first one comes by the code of the first run.
async function makeAccount(world, role) {
  const { accounts } = await world.api("GET", "/accounts");
  if (accounts.some((one) => one.name === role)) return;
  if (accounts.length === 0) await enter(world, (await world.api("POST", "/accounts/first-code")).code, "admin");
  if (accounts.length === 0 && role === "admin") return;
  await enter(world, (await world.api("POST", "/accounts", { name: role, role })).code, role);
}

// By the form, as a human does.
export async function fillSignIn(page, name, password = PASSWORD) {
  await page.getByLabel("Name", { exact: true }).fill(name);
  await page.getByLabel("Password", { exact: true }).fill(password);
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
  await page.getByRole("navigation", { name: "Main" }).waitFor();
}

// Signs in as an account with that role, which is made at its first use. The session of an earlier
// page serves again once that page is closed: pages that are open together are different sessions.
export async function signIn(world, page, role) {
  world.sessions ??= {};
  const earlier = world.sessions[role];
  if (!earlier) await makeAccount(world, role);
  if (earlier?.page.isClosed()) await page.context().addCookies(earlier.cookies);
  await page.goto(world.admin + "/");
  const name = page.getByLabel("Name", { exact: true });
  await page.getByRole("navigation", { name: "Main" }).or(name).first().waitFor();
  if (await name.isVisible()) await fillSignIn(page, role);
  // Chromium takes a Secure cookie from http on loopback, its test interface from https alone.
  const cookies = (await page.context().cookies()).map(({ name: title, value, httpOnly, secure, sameSite }) =>
    ({ name: title, value, httpOnly, secure, sameSite, url: world.admin.replace("http:", "https:") }));
  world.sessions[role] = { page, cookies };
}

// Every violation that axe finds, as sentences.
const AXE = readFileSync(path.join(ROOT, "tests/browser/node_modules/axe-core/axe.min.js"), "utf8");
export async function axe(page) {
  await page.evaluate(AXE);
  const result = await page.evaluate(() => window.axe.run(document, { resultTypes: ["violations"] }));
  return result.violations.map((one) => `${one.id}: ${one.help}: ${one.nodes.map((node) => node.target.join(" ")).join(", ")}`);
}

// Taken by the tests for docs/console.md; only with SCREENSHOTS=1 (make screenshots), as pictures
// differ by a pixel. One window of 1280 by 900, or of the size that is given.
export async function picture(page, name, { width = 1280, height = 900 } = {}) {
  if (!process.env.SCREENSHOTS) return;
  const folder = path.join(ROOT, "docs/console");
  mkdirSync(folder, { recursive: true });
  const before = page.viewportSize();
  await page.setViewportSize({ width, height });
  await page.evaluate(() => scrollTo(0, 0));
  await page.screenshot({ path: path.join(folder, `${name}.png`), animations: "disabled", caret: "hide", scale: "css" });
  await page.setViewportSize(before);
}
