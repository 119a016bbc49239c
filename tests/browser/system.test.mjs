// SPDX-License-Identifier: MIT
// System: pausing as Okta sees it, alarms, a token entered and never shown, the log, a copy, a sweep, accounts.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, afterEach, before, test } from "node:test";
import { OKTA_TOKEN, World, closeBrowser, openPage, picture, settings, until } from "./harness.mjs";
import { closePages, look } from "./look.mjs";

const TODAY = new Date().toISOString().slice(0, 10);
const NONE = { per_hour: 0, per_hour_percent: 0, per_day: 0, per_day_percent: 0, per_week: 0, per_week_percent: 0 };

let world;
before(async () => {
  world = await World.start({ document: (sandbox) => {
    const document = settings(sandbox, { limits: { lower: NONE } });
    document.connections[0].okta.api_token = { stored: true };
    return document;
  } });
  await world.sandbox("POST", "/settings", { okta_password_optional: true });
  await world.hook();
});
// Each page keeps asking while it is open.
afterEach(closePages);
after(async () => { await closeBrowser(); await world.stop(); });

const go = (page, tab) => page.evaluate((hash) => { location.hash = hash; }, `#/system?tab=${tab}`);
const active = (login) => until(async () => (await world.user(login))?.status === "ACTIVE", `${login} is active`);

test("a token is entered, used, and shown nowhere", async () => {
  const page = await openPage(world, { as: "admin" });
  const seen = [];
  page.on("response", async (response) => { if (response.url().includes("/api/")) seen.push(await response.text().catch(() => "")); });
  await go(page, "secrets");
  const row = page.getByRole("row").filter({ hasText: "okta.api_token" });
  await row.getByText("nothing is stored").waitFor();
  await look(page, "system-secrets");
  await row.getByRole("button", { name: /Enter a new/ }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("New value").fill(OKTA_TOKEN);
  await look(page, "system-secret");
  await dialog.getByLabel("New value").press("Enter");
  await dialog.waitFor({ state: "detached" });
  await row.getByText("in use", { exact: true }).waitFor();
  await row.getByText(OKTA_TOKEN.slice(-4), { exact: true }).waitFor();
  await world.hire("Ada", "Tokened");
  await active("ada.tokened@example.com");
  assert.ok(!(await page.content()).includes(OKTA_TOKEN), "not in the page");
  assert.ok(!seen.some((text) => text.includes(OKTA_TOKEN)), "in no answer");
  await page.getByRole("button", { name: "Add a newer one" }).click();
  await dialog.getByRole("button", { name: "Add" }).click();
  await page.getByText("version 2", { exact: true }).waitFor();
  assert.deepEqual(page.complaints, []);
});

test("paused, nothing reaches Okta; resumed, it does", async () => {
  const page = await openPage(world, { as: "operator" });
  await go(page, "health");
  await page.getByText("Changes are written.").waitFor();
  await look(page, "system-health");
  await picture(page, "system");
  await page.getByRole("button", { name: "Pause" }).click();
  const dialog = page.getByRole("dialog");
  await look(page, "system-pause");
  await dialog.getByRole("button", { name: "Pause" }).click();
  await page.getByText("Immediate revocations pass.").waitFor();
  const since = (await world.sandbox("GET", "/calls?since=0")).last;
  const id = await world.hire("Bo", "Paused");
  await until(async () => (await world.api("GET", "/status")).connections[0].employees.parked === 1, "waits for the end of the pause");
  assert.deepEqual((await world.sandbox("GET", `/calls?since=${since}&system=okta&writes=1`)).calls, []);
  await page.getByRole("button", { name: "Resume" }).click();
  await page.getByText("Changes are written.").waitFor();
  await active("bo.paused@example.com");
  assert.ok(id);
  assert.deepEqual(page.complaints, []);
});

test("an alarm says what to do, and that somebody has seen it", async () => {
  const { employees } = await world.sandbox("GET", "/bob/employees");
  const bo = employees.find((one) => one.fields["root.firstName"] === "Bo");
  await world.sandbox("POST", `/bob/employees/${bo.id}/terminate`, { at: TODAY });
  const page = await openPage(world, { as: "operator" });
  await go(page, "alarms");
  const row = page.getByRole("row").filter({ hasText: "a limit was reached" });
  await row.getByText("critical").waitFor();
  await page.getByText("Nobody gets alarms").waitFor();
  await look(page, "system-alarms");
  await picture(page, "system-alarms");
  await row.getByRole("button", { name: `Acknowledge brake ${bo.id}` }).click();
  await row.getByText(/seen by/).waitFor();
  await row.getByRole("link", { name: "Go to Held and failed" }).click();
  await page.getByRole("heading", { name: "Held and failed" }).waitFor();
  assert.deepEqual(page.complaints, []);
});

test("the log says more for a while, and a copy of the store is saved", async () => {
  const page = await openPage(world, { as: "admin" });
  await go(page, "upkeep");
  await page.getByText("as it was started with.").waitFor();
  await page.getByText("365 days").waitFor();
  await look(page, "system-upkeep");
  await page.getByRole("button", { name: "Change the level" }).click();
  await page.getByText(/Back to info at/).waitFor();
  assert.equal((await world.api("GET", "/log-level")).level, "debug");
  await world.hire("Cy", "Logged");
  await until(() => world.server.err.includes(" DEBUG "), "the log says more");
  const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name: "Make a copy and save it" }).click()]);
  assert.equal(readFileSync(await download.path()).subarray(0, 15).toString(), "SQLite format 3");
  await page.getByText(/Last asked for/).waitFor();
  assert.deepEqual(page.complaints, []);
});

test("a sweep is started, left and come back to, and shows what it found", async () => {
  await world.sandbox("POST", "/okta/users", { profile: { login: "stranger@example.com", email: "stranger@example.com", firstName: "Stan", lastName: "Stranger" } });
  const page = await openPage(world, { as: "operator" });
  await go(page, "sweeps");
  await page.getByText("No sweep has run yet").waitFor();
  await page.getByRole("button", { name: "Compare everybody now" }).click();
  await look(page, "system-sweep-start");
  await page.getByRole("dialog").getByRole("button", { name: "Start" }).click();
  await go(page, "health");
  await go(page, "sweeps");
  await page.getByRole("row").filter({ hasText: "by hand" }).getByText("done", { exact: true }).waitFor();
  await look(page, "system-sweeps");
  await page.getByRole("link", { name: "Sweep 1" }).click();
  await page.getByRole("row").filter({ hasText: "stranger@example.com" }).getByText("Nobody in Bob").waitFor();
  await look(page, "system-sweep");
  assert.deepEqual(page.complaints, []);
});

test("somebody is invited with a code that is shown once", async () => {
  const page = await openPage(world, { as: "admin" });
  const ada = { account: "1", name: "ada", role: "admin", state: "active", has_totp: true, recovery_codes_left: 9, sessions: 2, made_at_ms: Date.now(), signed_in_at_ms: Date.now(), invited_until_ms: 0 };
  const grace = { ...ada, account: "2", name: "grace", role: "operator", state: "invited", has_totp: false, sessions: 0, signed_in_at_ms: 0, invited_until_ms: Date.now() + 86400000 };
  const accounts = [ada];
  const asked = [];
  await page.route(/\/api\/v1\/accounts/, (route) => {
    const { pathname } = new URL(route.request().url());
    if (route.request().method() === "GET") return route.fulfill({ json: { accounts } });
    asked.push([pathname.replace("/api/v1", ""), route.request().postDataJSON()]);
    if (pathname.endsWith("/accounts")) accounts.push(grace);
    if (pathname.endsWith("/disable")) grace.state = "disabled";
    return route.fulfill({ json: pathname.endsWith("/accounts") ? { account: grace, code: "K7QM-92XP" } : { account: grace } });
  });
  await go(page, "accounts");
  await page.getByRole("button", { name: "Invite somebody" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Name").fill("grace");
  await dialog.getByLabel("Role").selectOption("operator");
  await dialog.getByRole("button", { name: "Invite" }).click();
  await dialog.getByText("K7QM-92XP").waitFor();
  await look(page, "system-code");
  await dialog.getByRole("button", { name: "I have passed it on" }).click();
  await dialog.waitFor({ state: "detached" });
  await page.getByRole("row").filter({ hasText: "grace" }).getByText("invited").waitFor();
  assert.ok(!(await page.content()).includes("K7QM-92XP"));
  grace.state = "active";
  await page.getByRole("button", { name: "Disable grace" }).click();
  await look(page, "system-accounts");
  await dialog.getByRole("button", { name: "Disable" }).click();
  await page.getByRole("row").filter({ hasText: "grace" }).getByText("disabled").waitFor();
  assert.deepEqual(asked, [["/accounts", { name: "grace", role: "operator" }], ["/accounts/2/disable", {}]]);
  assert.deepEqual(page.complaints, []);
});

test("many alarms of one kind are seen at once, and a secret is removed", async () => {
  for (const name of ["Di", "Ed"]) {
    const id = await world.hire(name, "Alarmed");
    await active(`${name}.alarmed@example.com`);
    await until(async () => (await world.api("GET", `/people/${id}`)).employee.state === "idle", "is settled");
    await world.sandbox("POST", `/bob/employees/${id}/terminate`, { at: TODAY });
  }
  const page = await openPage(world, { as: "admin" });
  await go(page, "alarms");
  await page.getByRole("button", { name: "I have seen all 2 of brake" }).click();
  await until(async () => (await world.api("GET", "/alarms")).alarms.every((one) => one.acknowledged_at_ms > 0), "all are acknowledged");
  await go(page, "secrets");
  await page.getByRole("button", { name: "Remove okta.api_token" }).click();
  await look(page, "system-remove");
  await page.getByRole("dialog").getByRole("button", { name: "Remove" }).click();
  await page.getByRole("row").filter({ hasText: "okta.api_token" }).getByText("nothing is stored").waitFor();
  assert.deepEqual(page.complaints, []);
});

test("a viewer changes nothing", async () => {
  const page = await openPage(world, { as: "viewer" });
  for (const tab of ["health", "alarms", "limits", "secrets", "upkeep", "sweeps", "accounts"]) {
    await go(page, tab);
    await page.locator("main section").first().waitFor();
    for (const name of [/Pause/, /seen it/, /Enter/, /Add/, /Make a copy/, /Change the level/, /Compare/, /Invite/]) {
      assert.equal(await page.getByRole("button", { name }).count(), 0, `${tab}: ${name}`);
    }
  }
  assert.deepEqual(page.complaints, []);
});
