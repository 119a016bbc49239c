// SPDX-License-Identifier: MIT
// The frame around every page: the narrowest windows, the keyboard's way through it, and the focus
// before, in and behind a dialog.
import assert from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";
import { World, axe, closeBrowser, fits, openPage, picture, until } from "./harness.mjs";
import { closePages } from "./look.mjs";
import { sideways } from "./page_rules.mjs";
import { everyPage, visit } from "./pages.mjs";

let world, pages;
before(async () => {
  world = await World.start({ people: 12 });
  await world.api("POST", "/sweep");
  const person = await until(async () => (await world.api("GET", "/people")).people[0], "somebody is known");
  pages = everyPage({ id: person.employee_id });
});
afterEach(closePages);
after(async () => { await closeBrowser(); await world.stop(); });

test("no page goes on loading for ever", async () => {
  const page = await openPage(world, { as: "admin" });
  const endless = [];
  for (const { hash } of pages) if (!(await visit(page, hash))) endless.push(hash);
  // All of them: there is only the frame yet.
  if (endless.length < pages.length) assert.deepEqual(endless, []);
  assert.deepEqual(page.complaints, []);
});

// The narrowest; every_page.test.mjs has the rest.
for (const [name, width, height] of [["375 px", 375, 700], ["320 px", 320, 640]]) {
  test(`nothing scrolls sideways at ${name}`, async () => {
    const page = await openPage(world, { as: "admin", width, height });
    for (const { hash } of pages) {
      await visit(page, hash);
      await fits(page, hash).catch(() => {});
      assert.deepEqual(await page.evaluate(sideways), [], hash);
      if (width === 375 && hash === "/people") await picture(page, "narrow", { width, height });
    }
    assert.deepEqual(page.complaints, []);
  });
}

const focused = (page) => page.evaluate(() => document.activeElement.textContent.trim());
const isOn = (page, selector) => page.evaluate((s) => document.activeElement.matches(s), selector);

test("the first Tab reaches the skip link, which leads to the content", async () => {
  const page = await openPage(world, { as: "admin" });
  await page.goto(world.admin + "/?fresh#/overview");
  await page.locator("main h1").waitFor();
  assert.ok(await isOn(page, "body"), "a page that was just loaded leaves the focus alone");
  await page.keyboard.press("Tab");
  assert.equal(await focused(page), "Skip to content");
  const box = await page.locator(".skip").boundingBox();
  assert.ok(box.x >= 0 && box.y >= 0, "the skip link is seen when it has the focus");
  await page.keyboard.press("Enter");
  assert.ok(await isOn(page, "main h1"));
  assert.deepEqual(page.complaints, []);
});

test("each page is reached by keyboard, and its heading has the focus then", async () => {
  const page = await openPage(world, { as: "admin" });
  await page.locator("main h1").waitFor();
  const links = page.getByRole("navigation", { name: "Main" }).getByRole("link");
  const names = await links.allTextContents();
  assert.ok(names.length >= 7);
  for (const name of [...names.slice(1), names[0]]) {
    await page.getByRole("navigation", { name: "Main" }).getByRole("link", { name, exact: true }).focus();
    await page.keyboard.press("Enter");
    await until(() => isOn(page, "main h1"), `the heading of ${name} has the focus`);
    assert.match(await page.title(), / - bob2okta$/);
    assert.equal(await page.getByRole("navigation", { name: "Main" }).locator("a[aria-current=page]").textContent(), name);
  }
  assert.deepEqual(page.complaints, []);
});

test("a dialog keeps the focus inside and gives it back", async () => {
  const page = await openPage(world, { as: "admin" });
  await page.locator("main h1").waitFor();
  await page.getByRole("link", { name: "People" }).focus();
  await page.evaluate(async () => {
    const base = document.querySelector("script[src$=\"main.js\"]").src.replace("main.js", "");
    window.answer = (await import(base + "lib/fresh.js")).askAgain();
  });
  const dialog = page.getByRole("dialog", { name: "Confirm that it is you" });
  await dialog.waitFor();
  assert.deepEqual(await axe(page), []);
  const seen = new Set();
  for (let i = 0; i < 8; i++) {
    // Between the last and the first the browser itself has the focus; nothing of the page does.
    assert.ok(await page.evaluate(() => document.activeElement === document.body || document.activeElement.closest("dialog") !== null));
    seen.add(await page.evaluate(() => document.activeElement.name || document.activeElement.textContent.trim()));
    await page.keyboard.press(i < 4 ? "Tab" : "Shift+Tab");
  }
  for (const one of ["password", "Confirm", "Cancel"]) assert.ok(seen.has(one), `${one} is reached`);
  await page.keyboard.press("Escape");
  await dialog.waitFor({ state: "detached" });
  assert.equal(await page.evaluate(() => window.answer), false);
  await until(async () => (await focused(page)) === "People", "the focus is back");
  assert.deepEqual(page.complaints, []);
});

test("a page whose files are gone says so, and the way on", async () => {
  const page = await openPage(world, { as: "admin" });
  await page.route("**/pages/people.js", (route) => route.fulfill({ status: 404, body: "" }));
  await page.goto(world.admin + "/?another#/account");
  await page.getByRole("heading", { level: 1 }).waitFor();
  await page.getByRole("navigation", { name: "Main" }).getByRole("link", { name: "People" }).click();
  await page.getByRole("alert").getByText("another version of it runs by now").waitFor();
  assert.deepEqual(await axe(page), []);
  await page.unroute("**/pages/people.js");
  await page.getByRole("button", { name: "Try again" }).click();
  await page.getByRole("heading", { level: 1, name: "People" }).waitFor();
  assert.deepEqual(page.complaints, []);
});

test("what stands still is said with the frame, and moves nothing when the status comes", async () => {
  await world.api("POST", "/pause", { revocations: true, by: "night" });
  try {
    const page = await openPage(world, { as: "viewer" });
    let letGo;
    const isLetGo = new Promise((resolve) => { letGo = resolve; });
    await page.route("**/api/v1/status*", async (route) => { await isLetGo; await route.continue(); });
    await page.reload();
    await page.getByText("Paused by night: nothing is written to Okta").waitFor();
    const heading = page.getByRole("heading", { level: 1 });
    const before = (await heading.boundingBox()).y;
    const answered = page.waitForResponse(/api\/v1\/status/);
    letGo();
    await (await answered).finished();
    await page.getByText("Paused by night: nothing is written to Okta").waitFor();
    assert.equal((await heading.boundingBox()).y, before);
    assert.deepEqual(page.complaints, []);
  } finally {
    await world.api("POST", "/resume", {});
  }
});
