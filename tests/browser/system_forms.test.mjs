// SPDX-License-Identifier: MIT
// The forms of System: who gets alarms, the limits of the brake, how long what is kept; what is wrong
// is said at its field, two admins do not undo each other, and a file's settings are shown alone.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import path from "node:path";
import { after, afterEach, test } from "node:test";
import { ROOT, World, closeBrowser, openPage, picture, until } from "./harness.mjs";
import { closePages, look } from "./look.mjs";

const TODAY = new Date().toISOString().slice(0, 10);
const KEY = "CANARY-invented-hook-key";
const ALARM_MS = 120000;

afterEach(closePages);
after(closeBrowser);

async function inWorld(options, story) {
  const world = await World.start(options);
  const hook = await listen();
  try {
    await story(world, hook);
  } finally {
    hook.server.closeAllConnections();
    hook.server.close();
    await world.stop();
  }
}

// A webhook that keeps what it got, and answers what it is told.
async function listen() {
  const hook = { got: [], status: 204 };
  hook.server = createServer((request, response) => {
    let body = "";
    request.on("data", (chunk) => { body += chunk; });
    request.on("end", () => {
      hook.got.push({ headers: request.headers, message: JSON.parse(body) });
      response.writeHead(hook.status).end();
    });
  });
  await new Promise((resolve) => hook.server.listen(0, "127.0.0.1", resolve));
  hook.url = `http://127.0.0.1:${hook.server.address().port}/alarms?key=${KEY}`;
  hook.tests = () => hook.got.filter((one) => one.message.event === "test").length;
  hook.told = (alarm, state) => hook.got.some((one) => one.message.alarms.some((entry) => entry.alarm === alarm && entry.state === state));
  return hook;
}

async function open(world, tab, options = {}) {
  const page = await openPage(world, { as: "admin", ...options });
  await go(page, tab);
  return page;
}
const go = (page, tab) => page.evaluate((hash) => { location.hash = hash; }, `#/system?tab=${tab}`);
const button = (page, name) => page.getByRole("button", { name, exact: true });
const row = (page, text) => page.getByRole("row").filter({ hasText: text });
const settings = async (world) => (await world.api("GET", "/settings")).document;

// The words at a field that is wrong.
async function mistake(dialog, label) {
  const field = dialog.getByLabel(label, { exact: true });
  await until(async () => (await field.getAttribute("aria-invalid")) === "true", `${label} is marked as wrong`);
  const ids = (await field.getAttribute("aria-describedby")).split(" ");
  return dialog.locator(`[id="${ids.at(-1)}"]`).innerText();
}

test("alarms reach whom the form names, also after a restart, and its secrets are shown nowhere", () => inWorld({ document: null }, async (world, hook) => {
  await world.setUp();
  const document = await settings(world);
  document.connections[0].mode = "live";
  await world.api("POST", "/settings", { document });
  await world.sandbox("POST", "/settings", { okta_password_optional: true });
  await world.hook();

  const page = await open(world, "alarms");
  const seen = [];
  page.on("response", async (response) => { if (response.url().includes("/api/")) seen.push(await response.text().catch(() => "")); });
  await page.getByText("Nobody gets alarms").waitFor();
  await button(page, "Add somebody").click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Name", { exact: true }).fill("ops chat");
  await button(dialog, "Save").click();
  assert.match(await mistake(dialog, "Name"), /Letters, digits/);
  assert.match(await mistake(dialog, "Address"), /Enter the address/);
  await dialog.getByLabel("Name", { exact: true }).fill("ops-chat");
  await dialog.getByLabel("Address", { exact: true }).fill("http://hooks.example.com/x");
  await dialog.getByText("Proof that it comes from bob2okta").click();
  await dialog.getByLabel("Signing secret", { exact: true }).fill("short");
  await button(dialog, "Save").click();
  assert.match(await mistake(dialog, "Signing secret"), /shorter than 8/);
  assert.match(await mistake(dialog, "Address"), /https/);
  await look(page, "system-target");
  assert.equal((await settings(world)).alarms, undefined, "nothing is changed before all of it is right");

  await dialog.getByLabel("Address", { exact: true }).fill(hook.url);
  await dialog.getByLabel("Bearer token", { exact: true }).fill(`${KEY}-bearer`);
  await dialog.getByLabel("Signing secret", { exact: true }).fill(`${KEY}-signing`);
  await button(dialog, "Save").click();
  await row(page, "ops-chat").getByText("nothing to send since the start").waitFor();
  await button(page, "Send a test alarm to ops-chat").click();
  await row(page, "ops-chat").getByText("test taken", { exact: true }).waitFor();
  await picture(page, "system-targets");
  assert.equal(hook.tests(), 1);
  assert.equal(hook.got[0].headers.authorization, `Bearer ${KEY}-bearer`);
  assert.match(hook.got[0].headers["bob2okta-signature"], /^sha512=/);
  hook.status = 500;
  await button(page, "Send a test alarm to ops-chat").click();
  await row(page, "ops-chat").getByText("the webhook answers 500").waitFor();
  await look(page, "system-targets");
  hook.status = 204;

  // A limit that nobody passes makes an alarm of the next leaver.
  await go(page, "limits");
  await button(page, "Change the limit: Closing and suspending").click();
  await dialog.getByLabel("People an hour", { exact: true }).fill("-1");
  await button(dialog, "Save").click();
  assert.match(await mistake(dialog, "People an hour"), /0 to 100000/);
  await look(page, "system-limit");
  await dialog.getByLabel("People an hour", { exact: true }).fill("0");
  await button(dialog, "Save").click();
  await row(page, "Closing and suspending").getByText("nobody").waitFor();
  await look(page, "system-limits");
  await picture(page, "system-limits");
  assert.deepEqual((await settings(world)).connections[0].limits, { lower: { per_hour: 0 } });
  const id = await world.hire("Ada", "Leaving");
  await until(async () => (await world.user("ada.leaving@example.com"))?.status === "ACTIVE", "is active");
  await until(async () => (await world.api("GET", `/people/${id}`)).employee.state === "idle", "is settled");
  await world.sandbox("POST", `/bob/employees/${id}/terminate`, { at: TODAY });
  await until(() => hook.told("brake", "opened"), "the brake is told", ALARM_MS);

  const shown = seen.join() + await page.content() + world.server.err + world.server.out;
  assert.ok(!shown.includes(KEY), "a secret of the target is shown");
  assert.deepEqual(page.complaints, []);
  await page.context().close();
  await world.server.stop();
  await world.serve();
  const later = await open(world, "alarms");
  await button(later, "Send a test alarm to ops-chat").click();
  await row(later, "ops-chat").getByText("test taken", { exact: true }).waitFor();
  await world.api("POST", "/holds/release", { all: true });
  await until(() => hook.told("brake", "resolved"), "its end is told", ALARM_MS);
  assert.ok(!world.server.err.includes(KEY));
  assert.deepEqual(later.complaints, []);
}));

test("a mail target is added, changed on top of another admin's change, and removed", () => inWorld({ document: null }, async (world) => {
  const page = await open(world, "alarms");
  const dialog = page.getByRole("dialog");
  await button(page, "Add somebody").click();
  await dialog.getByLabel("Name", { exact: true }).fill("mail");
  await dialog.getByLabel("Mail", { exact: true }).check();
  await dialog.getByLabel("Mail server", { exact: true }).fill("https://mail.example.com");
  await dialog.getByLabel("Login", { exact: true }).fill("bob2okta");
  await dialog.getByLabel("From", { exact: true }).fill("nobody");
  await dialog.getByLabel("To", { exact: true }).fill("it@example.com, on-call@example.com");
  await button(dialog, "Save").click();
  assert.match(await mistake(dialog, "Password"), /enter it for this one/);
  await dialog.getByLabel("Password", { exact: true }).fill(KEY);
  await button(dialog, "Save").click();
  assert.match(await mistake(dialog, "Mail server"), /smtps:/);
  assert.match(await mistake(dialog, "From"), /no mail address/);
  await look(page, "system-target-mail");
  await dialog.getByLabel("Mail server", { exact: true }).fill("smtps://mail.example.com");
  await dialog.getByLabel("From", { exact: true }).fill("bob2okta@example.com");
  await button(dialog, "Save").click();
  await row(page, "on-call@example.com").waitFor();
  assert.deepEqual((await settings(world)).alarms.targets, [{
    name: "mail", smtp: "smtps://mail.example.com", login: "bob2okta", password: { stored: true },
    from: "bob2okta@example.com", to: ["it@example.com", "on-call@example.com"],
  }]);

  // Meanwhile somebody else changes something else.
  await button(page, "Change mail").click();
  const theirs = await settings(world);
  theirs.alarms.held_minutes = 30;
  await world.api("POST", "/settings", { document: theirs });
  await dialog.getByLabel("What it gets").selectOption("critical");
  await button(dialog, "Save").click();
  await page.getByText("Somebody else saved meanwhile").waitFor();
  await button(page, "Save mine on top").click();
  await row(page, "critical only").waitFor();
  const both = (await settings(world)).alarms;
  assert.deepEqual([both.held_minutes, both.targets[0].least, both.targets[0].password], [30, "critical", { stored: true }]);

  // The password goes to no other server.
  await button(page, "Change mail").click();
  await dialog.getByLabel("Mail server", { exact: true }).fill("smtps://other.example.com");
  await button(dialog, "Save").click();
  assert.match(await mistake(dialog, "Password"), /server it was entered for alone/);
  await button(dialog, "Cancel").click();

  await button(page, "Remove mail").click();
  await look(page, "system-target-remove");
  await button(dialog, "Remove").click();
  await page.getByText("Nobody gets alarms").waitFor();
  assert.deepEqual((await world.api("GET", "/secrets")).secrets.filter((one) => one.name.startsWith("alarms.")), []);
  assert.deepEqual(page.complaints, []);
}));

test("how long what is kept is a form, within what is allowed", () => inWorld({ document: null }, async (world) => {
  const page = await open(world, "upkeep");
  const dialog = page.getByRole("dialog");
  await button(page, "Change the periods").click();
  await dialog.getByLabel("The audit trail", { exact: true }).fill("9999999999999999999");
  await button(dialog, "Save").click();
  assert.match(await mistake(dialog, "The audit trail"), /number/);
  await dialog.getByLabel("The audit trail", { exact: true }).fill("30");
  await dialog.getByLabel("Raw deliveries of Bob, once they are done", { exact: true }).fill("");
  await button(dialog, "Save").click();
  assert.match(await mistake(dialog, "The audit trail"), /180 to 1095/);
  assert.match(await mistake(dialog, "Raw deliveries of Bob, once they are done"), /number/);
  await look(page, "system-retention");
  await dialog.getByLabel("The audit trail", { exact: true }).fill("400");
  await dialog.getByLabel("Raw deliveries of Bob, once they are done", { exact: true }).fill("3");
  await button(dialog, "Save").click();
  await page.getByText("400 days").waitFor();
  assert.deepEqual((await settings(world)).retention, { event_bodies_days: 3, audit_days: 400 });
  assert.equal((await world.api("GET", "/status")).retention.days.audit_days, 400);
  assert.deepEqual(page.complaints, []);
}));

test("when an alarm is raised, and sent again, is a form that keeps what it does not show", () => inWorld({ document: null }, async (world) => {
  const before = await settings(world);
  before.alarms = { ...before.alarms, levels: { unannounced: "off" } };
  await world.api("POST", "/settings", { document: before });
  const page = await open(world, "alarms");
  const dialog = page.getByRole("dialog");
  await button(page, "Change: when an alarm is raised").click();
  const leaver = "A leaver's account is still open: minutes after the end is due";
  await dialog.getByLabel(leaver, { exact: true }).fill("1441");
  await button(dialog, "Save").click();
  assert.match(await mistake(dialog, leaver), /0 to 1440/);
  await look(page, "system-alarm-times");
  await dialog.getByLabel(leaver, { exact: true }).fill("5");
  await button(dialog, "Save").click();
  await page.getByText("5 minutes after the end is due", { exact: true }).waitFor();
  await button(page, "Change: when it is sent again").click();
  await dialog.getByLabel("A warning, the first time: minutes later", { exact: true }).fill("60");
  await button(dialog, "Save").click();
  await page.getByText("60 minutes later", { exact: true }).waitFor();
  assert.deepEqual((await settings(world)).alarms, { levels: { unannounced: "off" }, leaver_minutes: 5, repeat: { warning_minutes: 60 } });

  // What is as it would be anyhow does not stand in the settings.
  await button(page, "Change: when it is sent again").click();
  await dialog.getByLabel("A warning, the first time: minutes later", { exact: true }).fill("240");
  await button(dialog, "Save").click();
  await dialog.waitFor({ state: "detached" });
  await until(async () => (await settings(world)).alarms.repeat === undefined, "the default is taken out");
  assert.deepEqual(page.complaints, []);
}));

test("how pressing an alarm is, and that there is none, is a form", () => inWorld({ document: null }, async (world) => {
  const page = await open(world, "alarms");
  const dialog = page.getByRole("dialog");
  const silent = row(page, "bob silent");
  await page.getByText("All of them, and how pressing each is").click();
  await silent.getByText("warning", { exact: true }).waitFor();
  await button(page, "Change how pressing: bob silent").click();
  await dialog.getByLabel("Level").selectOption("critical");
  await look(page, "system-alarm-level");
  await button(dialog, "Save").click();
  await silent.getByText("critical", { exact: true }).waitFor();
  await silent.getByText("normally warning").waitFor();
  assert.deepEqual((await settings(world)).alarms, { levels: { bob_silent: "critical" } });
  await button(page, "Change how pressing: bob silent").click();
  await dialog.getByLabel("Level").selectOption("off");
  await dialog.getByText("It is never raised").waitFor();
  await button(dialog, "Save").click();
  await silent.getByText("off", { exact: true }).waitFor();
  await button(page, "Change how pressing: bob silent").click();
  await dialog.getByLabel("Level").selectOption("warning");
  await button(dialog, "Save").click();
  await dialog.waitFor({ state: "detached" });
  await until(async () => (await settings(world)).alarms === undefined, "what is the table's own is not in the settings");
  assert.deepEqual(page.complaints, []);
}));

test("what a file says is shown with the reason, and only an admin has the forms", () => inWorld({}, async (world) => {
  for (const [as, reason] of [["admin", /come from the file .*bob2okta\.json/], ["viewer", /come from the file/]]) {
    const page = await open(world, "alarms", { as });
    for (const tab of ["alarms", "limits", "upkeep"]) {
      await go(page, tab);
      await page.getByText(reason).waitFor();
      for (const name of [/Add somebody/, /^Change/, /^Remove/]) {
        assert.equal(await page.locator("main").getByRole("button", { name }).filter({ hasNotText: "Change the level" }).count(), 0, `${as}, ${tab}: ${name}`);
      }
    }
    await look(page, `system-forms-file-${as}`);
    assert.deepEqual(page.complaints, []);
  }
}));

// A table alone, out of a module that needs a browser.
async function tableOf(file, name) {
  const source = readFileSync(path.join(ROOT, "server/console/web/pages", file), "utf8");
  const table = new RegExp(`const ${name} = [[{][\\s\\S]*?\\n[\\]}];`).exec(source)[0];
  return (await import(`data:text/javascript,export ${encodeURIComponent(table)}`))[name];
}

// What the table of keys says of those whose name the pattern finds.
const keysOf = (pattern) => [...readFileSync(path.join(ROOT, "docs/settings.md"), "utf8").matchAll(pattern)];

test("the limits that hold without a word of the settings are those of the table of keys", async () => {
  const table = {};
  for (const [, kind, key, value] of keysOf(/^\| `connections\[\]\.limits\.(\w+)\.(\w+)` \| +\| `(\d+)` \|/gm)) (table[kind] ??= {})[key] = Number(value);
  assert.deepEqual(await tableOf("system_limits.js", "DEFAULTS"), table);
});

test("the times of alarms are those of the table of keys", async () => {
  for (const [name, pattern] of [["RAISED", /^\| `alarms\.(\w+)` \| +\| `(\d+)` \| (\d+) to (\d+) \|/gm], ["AGAIN", /^\| `alarms\.repeat\.(\w+)` \| +\| `(\d+)` \| (\d+) to (\d+) \|/gm]]) {
    const rows = (await tableOf("system_alarm_times.js", name)).map(([key, , , min, max, otherwise]) => [key, otherwise, min, max]);
    assert.deepEqual(rows, keysOf(pattern).map(([, key, ...numbers]) => [key, ...numbers.map(Number)]));
  }
});
