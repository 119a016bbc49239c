// SPDX-License-Identifier: MIT
// The overview: what it says of a new, a working, a failing, a held, a paused and a dry-running
// installation, by itself and without a reload, and how fast it is with 50,000 people.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import path from "node:path";
import { after, afterEach, test } from "node:test";
import { ROOT, World, axe, closeBrowser, fits, openPage, picture, settings, until } from "./harness.mjs";
import { closePages } from "./look.mjs";

const GENEROUS_MS = 15000; // the aim is 1 s on a machine that does nothing else; first_view.mjs measures
const ALARM_MS = 60000; // alarms are looked for every few seconds

afterEach(closePages);
after(closeBrowser);

function fill(world, ...args) {
  execFileSync("python3", [path.join(ROOT, "tests/browser/fill.py"), path.join(world.directory, "store/bob2okta.db"), ...args]);
}

async function filled(...args) {
  const world = await World.start();
  await world.server.stop();
  fill(world, ...args);
  await world.serve();
  return world;
}

const sentence = (page) => page.getByRole("region", { name: "Is it working?" }).getByRole("status");
const tile = (page, label) => page.getByRole("list", { name: "In short" }).getByRole("listitem").filter({ hasText: label }).locator(".tile-value");
const text = (locator) => locator.innerText();
const says = (page, pattern) => sentence(page).filter({ hasText: pattern }).waitFor();

async function expectClean(world, as = "admin") {
  for (const colorScheme of ["light", "dark"]) {
    const page = await openPage(world, { as, colorScheme });
    await sentence(page).waitFor();
    assert.deepEqual(await axe(page), [], colorScheme);
    assert.deepEqual(page.complaints, []);
    await page.context().close();
  }
}

test("a new installation leads to the set-up", async () => {
  const world = await World.start({ document: (sandbox) => {
    const whole = settings(sandbox);
    whole.connections[0].okta.api_token = { stored: true };
    return whole;
  } });
  const page = await openPage(world, { as: "admin" });
  await says(page, "It is not set up yet: okta.api_token is missing.");
  await page.getByRole("link", { name: "Set up", exact: true }).click();
  // Without a step in the address it goes on to the first that is open, sooner or later.
  await page.waitForURL(/#\/settings\/integrations\/provisioning\/okta\/[a-z-]+$/);
  // So does one that has no connection at all.
  await page.route("**/api/v1/overview?time_zone=*", (route) => route.fulfill({ status: 404, json: { error: { code: "not_found", message: "there is no connection of that name in the settings" } } }));
  await page.goto(world.admin + "/#/overview");
  await page.getByText("bob2okta is not set up yet").waitFor();
  assert.equal(await page.locator("main").getByRole("alert").count(), 0);
  assert.deepEqual(page.complaints, []);
  await expectClean(world);
  await world.stop();
});

test("whoever leaves the set-up before it has come is not brought back", async () => {
  const world = await World.start({ document: null });
  const page = await openPage(world, { as: "admin" });
  let answer = () => {};
  const asked = new Promise((resolve) => page.route(/\/api\/v1\/settings(\?|$)/, (route) => { answer = () => route.continue(); resolve(); }));
  await page.getByRole("navigation", { name: "Main" }).getByRole("link", { name: "Settings" }).click();
  await asked;
  await page.getByRole("navigation", { name: "Main" }).getByRole("link", { name: "People" }).click();
  await page.getByRole("heading", { level: 1, name: "People" }).waitFor();
  const answered = page.waitForResponse(/\/api\/v1\/settings(\?|$)/);
  await answer();
  await (await answered).finished();
  await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))));
  await page.getByRole("heading", { level: 1, name: "People" }).waitFor();
  assert.match(page.url(), /#\/people$/);
  assert.deepEqual(page.complaints, []);
  await world.stop();
});

test("what happens is seen without a reload, in the chart and in its table", async () => {
  const world = await World.start();
  const page = await openPage(world, { as: "operator" });
  await page.getByText("Nobody is known yet").waitFor();
  await world.hook();
  const id = await world.hire("Ada", "Byron");
  await until(() => world.user("ada.byron@example.com"), "Ada has an account");
  await says(page, "It works.");
  await until(async () => Number(await text(tile(page, "Done today"))) >= 1, "Ada is counted");
  await world.hire("Bea", "Castro");
  await until(async () => Number(await text(tile(page, "Done today"))) >= 2, "Bea is counted");
  await until(async () => /s \/ .* s/.test(await text(tile(page, "Event to Okta"))), "the times are counted");
  assert.equal(await page.getByText("Accounts created").count(), 1);

  // The picture says what it shows, and the same numbers are a table.
  const chart = page.getByRole("img", { name: /Changes in Okta in the last 24 hours: 2 joins, \d+ changes, 0 leaves, 0 failed/ });
  await chart.waitFor();
  assert.ok(await chart.evaluate((canvas) => canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data.some((byte) => byte !== 0)));
  await page.getByText(/The same as a table/).click();
  const first = page.getByRole("region", { name: "What was done in the last 24 hours" }).getByRole("row").nth(1);
  assert.match(await text(first), /^\d\d:\d\d/);
  await page.getByRole("button", { name: "30 days" }).click();
  await page.getByRole("img", { name: /in the last 30 days: 2 joins/ }).waitFor();

  // A server that does not answer is told, and what was known stays.
  await page.route("**/api/v1/overview?time_zone=*", (route) => route.abort());
  const alert = page.getByRole("alert").filter({ hasText: "The server does not answer." });
  await alert.waitFor();
  assert.ok(Number(await text(tile(page, "Done today"))) >= 2);
  assert.deepEqual(await axe(page), []);
  // Pressed while the server is still away: the page tries again by itself, and the button may go first.
  await alert.getByRole("button", { name: "Try again" }).click();
  await page.unroute("**/api/v1/overview?time_zone=*");
  await alert.waitFor({ state: "detached" });

  // Who leaves in three days is in the calendar, with a link to the person.
  await world.sandbox("POST", `/bob/employees/${id}/terminate`, { at: new Date(Date.now() + 3 * 86400000).toISOString().slice(0, 10) });
  await until(async () => (await world.api("GET", "/overview/calendar")).days.some((day) => day.leaves === 1), "her end is known");
  await page.reload();
  const link = page.getByRole("link", { name: "Ada Byron" });
  await link.waitFor();
  assert.equal(await link.getAttribute("href"), `#/people/${id}`);
  assert.deepEqual(page.complaints, []);
  await expectClean(world);
  await world.stop();
});

test("a pause and a failure say so", async () => {
  const world = await World.start();
  await world.hook();
  await world.hire("Ada", "Byron");
  await until(() => world.user("ada.byron@example.com"), "Ada has an account");
  const page = await openPage(world, { as: "operator" });
  await says(page, "It works.");
  await world.api("POST", "/pause", { revocations: true, by: "maria" });
  await says(page, "It is paused: only immediate revocations reach Okta");
  await page.locator("main").getByText(/Paused by maria/).waitFor();
  assert.deepEqual(await axe(page), []);
  await world.api("POST", "/resume", { by: "maria" });
  await says(page, "It works.");

  await world.sandbox("POST", "/faults", { system: "okta", route: "POST /api/v1/users", action: "status", status: 400, code: "E0000001" });
  await world.hire("Bea", "Castro");
  await says(page, "1 person has failed");
  assert.equal(await text(tile(page, "Failed")), "1");
  assert.deepEqual(await axe(page), []);

  assert.deepEqual(page.complaints, []);
  await world.stop();
});

test("a dry run counts what it would do", async () => {
  const world = await World.start({ settings: { mode: "dry_run" } });
  await world.hook();
  await world.hire("Ada", "Byron");
  const page = await openPage(world, { as: "viewer" });
  await says(page, "It is a dry run");
  await page.getByRole("heading", { name: "What would have been done" }).waitFor();
  await until(async () => Number(await text(tile(page, "Would be done today"))) >= 1, "Ada is counted");
  assert.equal(await world.user("ada.byron@example.com"), undefined);
  assert.deepEqual(page.complaints, []);
  await expectClean(world, "viewer");
  await world.stop();
});

test("an alarm is acknowledged here by an operator, and not by a viewer", async () => {
  const world = await World.start({ settings: { limits: { create: { per_hour: 1 } } } });
  await world.hook();
  for (const last of ["Byron", "Castro", "Dijkstra"]) await world.hire("Ada", last);
  await until(async () => (await world.api("GET", "/alarms")).alarms.some((alarm) => alarm.alarm === "brake"), "the brake is an alarm", ALARM_MS);
  const viewer = await openPage(world, { as: "viewer" });
  await says(viewer, /does not work as it should.*a limit was reached/);
  assert.equal(await viewer.getByRole("button", { name: /Acknowledge/ }).count(), 0);
  // What to do is done on a page: there is a way to it, and no command.
  const open = viewer.getByRole("region", { name: "Open alarms" });
  await open.getByText("see who and what is held; release what is right, reject what is not.").waitFor();
  assert.equal(await open.getByRole("link", { name: "Go to Held and failed" }).getAttribute("href"), "#/held?kind=limit");
  assert.equal(await open.getByText("bob2okta ").count(), 0);
  const page = await openPage(world, { as: "operator" });
  await page.getByRole("button", { name: /Acknowledge: a limit was reached/ }).click();
  await page.getByText("has seen it.").waitFor();
  await says(page, "2 people wait for a decision.");
  assert.deepEqual(await axe(page), []);
  assert.deepEqual([...viewer.complaints, ...page.complaints], []);
  await world.stop();
});

test("50,000 people: the first view, nothing jumps, and every width", async () => {
  const world = await filled("--people", "50000");
  const begun = Date.now();
  await world.api("GET", "/overview");
  console.log(`# GET /overview with 50,000 people: ${Date.now() - begun} ms`);
  const page = await openPage(world, { as: "admin" });
  await sentence(page).waitFor();
  await page.reload({ waitUntil: "commit" });
  await page.getByRole("img", { name: /Changes in Okta/ }).waitFor();
  const firstMs = Math.round(await page.evaluate(() => performance.now()));
  console.log(`# first view of the overview with 50,000 people: ${firstMs} ms`);
  assert.ok(firstMs < GENEROUS_MS, `${firstMs} ms`);
  assert.equal(await text(tile(page, "Failed")), "12");
  assert.equal(await text(tile(page, "Wait for a decision")), "20");

  // The next answers change numbers and move nothing.
  await page.getByRole("heading", { name: /^Today/ }).waitFor();
  await page.evaluate(() => {
    window.moved = 0;
    new PerformanceObserver((list) => { for (const one of list.getEntries()) window.moved += one.value; }).observe({ type: "layout-shift" });
  });
  for (let turn = 0; turn < 2; turn++) await page.waitForResponse((response) => new URL(response.url()).pathname === "/api/v1/overview");
  assert.ok((await page.evaluate(() => window.moved)) < 0.01);
  await picture(page, "overview");

  for (const [width, colorScheme] of [[375, "light"], [640, "dark"], [1280, "dark"]]) {
    const narrow = await openPage(world, { as: "viewer", width, colorScheme });
    await narrow.getByRole("heading", { name: /^Today/ }).waitFor();
    assert.deepEqual(await axe(narrow), [], `${width} ${colorScheme}`);
    await fits(narrow, `the overview at ${width}`);
    if (width === 1280) await picture(narrow, "dark");
    assert.deepEqual(narrow.complaints, []);
  }
  assert.deepEqual(page.complaints, []);
  await world.stop();
});
