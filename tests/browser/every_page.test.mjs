// SPDX-License-Identifier: MIT
// One table of every page and every part of one, and what each has to stand: 375 px, 200 % of the
// window and of the text, both themes, the keyboard alone, and what a screen reader is told.
import assert from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";
import { World, axe, closeBrowser, openPage, until } from "./harness.mjs";
import { closePages } from "./look.mjs";
import { everyPage, visit } from "./pages.mjs";
import { badHeadings, cut, nameless, reached, sideways, unreached } from "./page_rules.mjs";

const SETUP = "/settings/integrations/provisioning/okta";
const PARTS = [
  ...["failed", "parked", "aside", "approved"].map((tab) => `/held?tab=${tab}`),
  ...["alarms", "limits", "secrets", "upkeep", "sweeps", "accounts"].map((tab) => `/system?tab=${tab}`),
  ...["switch-off", "okta", "bob", "rules", "test", "match", "go-live"].map((step) => `${SETUP}/${step}`),
];
// What opens a dialog: where, the button.
const DIALOGS = [
  ["/people/:id", /^Hold\.\.\.$/], ["/people/:id", /^Unlink\.\.\.$/], ["/people/:id", /^Close now\.\.\.$/], ["/people/:id", /^Export\.\.\.$/],
  ["/activity", /^Export$/], ["/system", /^Pause$/], ["/system?tab=accounts", /^Invite/], ["/system?tab=sweeps", /^Compare everybody/],
];
const LONG = ["Wolfeschlegelsteinhausenbergerdorff-Featherstone", "Nebuchadnezzar-Maximiliana Philippa Theodora"];

// What sticks out or is cut off once all has come to rest: a chart follows its window a moment later.
const REST_MS = 3000;
async function stuckOut(page) {
  let faults = [];
  const looked = async () => (faults = [...(await page.evaluate(sideways)), ...(await page.evaluate(cut))]).length === 0;
  await until(looked, "nothing sticks out", REST_MS).catch(() => {});
  return faults;
}

let world, hashes, person;

// Somebody with a name of any length, somebody who waits for a decision, somebody who failed, and a dozen more.
before(async () => {
  world = await World.start({ people: 12, settings: { limits: { create: { per_hour: 14 } } } });
  await world.hook();
  person = await world.hire(LONG[1], LONG[0], { "root.email": "nebuchadnezzar.wolfeschlegelsteinhausenbergerdorff@example.com" });
  await until(() => world.user("nebuchadnezzar.wolfeschlegelsteinhausenbergerdorff@example.com"), "the long name has an account", 60000);
  await world.sandbox("POST", "/faults", { system: "okta", route: "POST /api/v1/users", action: "status", status: 400, code: "E0000001", times: 1 });
  await world.hire("Failing", "Example");
  await until(async () => (await world.api("GET", "/people?state=failed")).people.length > 0, "somebody has failed", 60000);
  const held = await world.hire("Held", "Example");
  await until(() => world.user("held.example@example.com"), "who is held has an account", 60000);
  await world.api("POST", `/people/${held}/hold`, { why: "asked by payroll" });
  await world.api("POST", "/sweep");
  await until(async () => (await world.api("GET", "/people?limit=50")).people.length >= 15, "everybody is known", 60000);
  hashes = [...everyPage({ id: person, step: "okta" }).map((one) => one.hash), ...PARTS];
});
afterEach(closePages);
after(async () => { await closeBrowser(); await world.stop(); });

// Each page, and the one before any of them.
async function eachPage(page, look) {
  for (const hash of new Set(hashes)) {
    assert.ok(await visit(page, hash), `${hash} has come`);
    await look(hash);
  }
}

const VIEWS = [
  ["375 px", { width: 375, height: 700 }, null],
  ["200 % of a window of 1280 px", { width: 640, height: 450, context: { deviceScaleFactor: 2 } }, null],
  ["200 % of the text", { width: 1280, height: 900 }, "32px"],
];
for (const [name, view, fontSize] of VIEWS) {
  test(`every page is read without scrolling sideways, and nothing is cut off, at ${name}`, async () => {
    const enlarge = (page) => fontSize && page.evaluate((size) => { document.documentElement.style.fontSize = size; }, fontSize);
    const page = await openPage(world, { as: "admin", ...view });
    await enlarge(page);
    const found = [];
    const look = async (hash, on = page) => found.push(...(await stuckOut(on)).map((one) => `${hash}: ${one}`));
    await eachPage(page, look);
    const outside = await openPage(world, view);
    await outside.getByLabel("Password", { exact: true }).waitFor();
    await enlarge(outside);
    await look("signing in", outside);
    assert.deepEqual(found, []);
    assert.deepEqual([...page.complaints, ...outside.complaints], []);
  });
}

for (const colorScheme of ["light", "dark"]) {
  test(`axe finds nothing on any page, ${colorScheme}`, async () => {
    const page = await openPage(world, { as: "admin", colorScheme });
    await eachPage(page, async (hash) => assert.deepEqual(await axe(page), [], hash));
    const outside = await openPage(world, { colorScheme });
    await outside.getByLabel("Password", { exact: true }).waitFor();
    assert.deepEqual(await axe(outside), [], "signing in");
    assert.deepEqual([...page.complaints, ...outside.complaints], []);
  });
}

// From the top of the page of that world by Tab until the browser has the focus again, over everything that takes it.
async function walk(page, hash, { admin } = world) {
  // A page that loads anew begins at its skip link; one that was gone to, at its heading.
  await page.goto("about:blank");
  await page.goto(`${admin}/#${hash}`);
  await visit(page, hash);
  // What has the focus on arrival is reached.
  await page.evaluate(() => { window.walked = new Set([document.activeElement]); });
  const steps = 2 * (await page.evaluate(unreached)).length + 40;
  const found = [];
  for (let step = 0; step < steps; step++) {
    await page.keyboard.press("Tab");
    const told = await page.evaluate(reached);
    if (told === "end") return [...found, ...(await page.evaluate(unreached)).map((one) => `${hash}: Tab does not reach ${one}`)];
    if (told) found.push(`${hash}: the focus is not seen on ${told}`);
  }
  return [...found, `${hash}: ${steps} times Tab do not lead out of it`];
}

// What came while it was walked through is reached by another walk.
async function walkAll(page, all, at = world) {
  const found = [];
  for (const hash of new Set(all)) {
    const first = await walk(page, hash, at);
    found.push(...(first.length > 0 ? await walk(page, hash, at) : []));
  }
  return found;
}

test("every control is reached by Tab, seen when it has the focus, and let go", async () => {
  const page = await openPage(world, { as: "admin" });
  const found = await walkAll(page, hashes);
  assert.deepEqual(found, []);
  assert.deepEqual(page.complaints, []);
});

// Where a file has the settings, their forms are shown and not editable; and the first run was over long ago.
test("the first run, and the forms of the settings where they are editable, are walked through by Tab and fit 375 px", async () => {
  const fresh = await World.start({ document: null, people: 2 });
  try {
    const first = await openPage(fresh);
    await first.getByLabel("One-time code").waitFor();
    const found = await walkAll(first, ["/overview"], fresh);
    await first.setViewportSize({ width: 375, height: 700 });
    found.push(...(await stuckOut(first)));
    await first.context().close();
    await fresh.setUp();
    const page = await openPage(fresh, { as: "admin" });
    const forms = [...everyPage({ step: "okta" }).map((one) => one.hash), ...PARTS].filter((hash) => hash.startsWith(SETUP) || hash.startsWith("/system?tab"));
    found.push(...(await walkAll(page, forms, fresh)));
    await page.setViewportSize({ width: 375, height: 700 });
    for (const hash of forms) {
      assert.ok(await visit(page, hash), `${hash} has come`);
      found.push(...(await stuckOut(page)).map((one) => `${hash}: ${one}`));
    }
    await visit(page, `${SETUP}/rules`);
    assert.ok(await page.getByLabel("Allowed e-mail domains").isEnabled(), "the forms were editable");
    assert.deepEqual(found, []);
    assert.deepEqual([...first.complaints, ...page.complaints], []);
  } finally {
    await fresh.stop();
  }
});

test("the skip link leads to the content of every page", async () => {
  const page = await openPage(world, { as: "admin" });
  await eachPage(page, async (hash) => {
    await page.locator(".skip").focus();
    await page.keyboard.press("Enter");
    assert.ok(await page.evaluate(() => document.activeElement.matches("main h1")), hash);
  });
  assert.deepEqual(page.complaints, []);
});

test("a dialog keeps the keyboard, ends with Escape and gives the focus back", async () => {
  const page = await openPage(world, { as: "admin" });
  for (const [where, name] of DIALOGS) {
    const hash = where.replace(":id", person);
    await visit(page, hash);
    const button = page.locator("main").getByRole("button", { name }).first();
    await button.focus();
    await page.keyboard.press("Enter");
    const dialog = page.getByRole("dialog");
    await dialog.waitFor();
    const outside = () => page.evaluate(() => document.activeElement !== document.body && document.activeElement.closest("dialog") === null);
    for (let step = 0; step < 12; step++) {
      assert.equal(await outside(), false, `${hash} ${name}: nothing behind it has the focus`);
      await page.keyboard.press("Tab");
    }
    assert.deepEqual(await page.evaluate(cut), [], `${hash} ${name}`);
    const { y, height } = await dialog.boundingBox();
    assert.ok(Math.abs(y + height / 2 - page.viewportSize().height / 2) < 2, `${hash} ${name}: it stands in the middle`);
    await page.keyboard.press("Escape");
    await dialog.waitFor({ state: "detached" });
    assert.match(await page.evaluate(() => document.activeElement.textContent.trim()), name, `${hash}: the focus is back`);
  }
  assert.deepEqual(page.complaints, []);
});

test("a screen reader is told the name of every control, headings in their order, and what was done", async () => {
  const page = await openPage(world, { as: "admin" });
  const session = await page.context().newCDPSession(page);
  const found = [];
  await eachPage(page, async (hash) => {
    const { nodes } = await session.send("Accessibility.getFullAXTree");
    found.push(...[...nameless(nodes), ...badHeadings(nodes)].map((one) => `${hash}: ${one}`));
    if ((await page.locator(".told[role=status][aria-live=polite]").count()) !== 1) found.push(`${hash}: there is not one region that tells what was done`);
  });
  assert.deepEqual(found, []);
  // The region was there before it says something, else nobody hears it.
  await visit(page, `/people/${person}`);
  const told = await page.locator(".told").elementHandle();
  await page.getByRole("button", { name: "Sync now" }).click();
  await until(async () => /Asked for/.test(await told.textContent()), "what was done is told in the region that was there");
  assert.deepEqual(page.complaints, []);
});
