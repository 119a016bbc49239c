// SPDX-License-Identifier: MIT
// Setting up from nothing through the page; what goes wrong is said in words; two admins; a file.
import assert from "node:assert/strict";
import { after, afterEach, test } from "node:test";
import { BOB_TOKEN, COMPANY_ID, OKTA_TOKEN, SECRET, World, axe, closeBrowser, fits, openPage, picture, until } from "./harness.mjs";
import { closePages, look } from "./look.mjs";

const SETUP = "#/settings/integrations/provisioning/okta";
afterEach(closePages);
after(closeBrowser);

async function inWorld(options, story) {
  const world = await World.start(options);
  try {
    await story(world);
  } finally {
    await world.stop();
  }
}

async function open(world, slug = "", options = {}) {
  const page = await openPage(world, { as: "admin", ...options });
  await page.goto(`${world.admin}/${SETUP}${slug && "/" + slug}`);
  await page.getByRole("heading", { level: 1, name: "Provisioning to Okta" }).waitFor();
  return page;
}

const button = (page, name) => page.getByRole("button", { name, exact: true });
const heading = (page, name) => page.getByRole("heading", { level: 2, name, exact: true });

async function fillOkta(page, world, token = OKTA_TOKEN) {
  await page.getByLabel("Okta domain").fill(`${world.sandboxUrl}/okta`);
  await page.getByLabel("API token").fill(token);
}

async function fillBob(page, world) {
  await page.getByLabel("Company id").fill(String(COMPANY_ID));
  await page.getByLabel("Service user id").fill("SERVICE-1");
  await page.getByLabel("Service user token").fill(BOB_TOKEN);
  await page.getByLabel("Webhook secret").fill(SECRET);
  await page.getByText("Another API address").click();
  await page.getByLabel("HiBob API address").fill(`${world.sandboxUrl}/bob/v1`);
}

test("from nothing to the first hire in Okta, all on the page", () => inWorld({ document: null, people: 3 }, async (world) => {
  const page = await open(world);
  await heading(page, "Only one may write").waitFor();
  assert.deepEqual(await axe(page), []);
  await picture(page, "setup-switch-off");
  await page.getByLabel("HiBob's own Okta integration is switched off").check();
  await button(page, "Go on").click();

  await heading(page, "Okta").waitFor();
  await fillOkta(page, world);
  assert.deepEqual(await axe(page), []);
  await button(page, "Test before saving").click();
  await page.getByText("✓ works").waitFor();
  await picture(page, "setup-okta");
  await button(page, "Save and go on").click();

  await heading(page, "HiBob").waitFor();
  await page.getByText("Nothing yet").waitFor();
  await fillBob(page, world);
  await world.event("Ping test");
  await page.getByText("Ping arrived").waitFor();
  assert.deepEqual(await axe(page), []);
  await picture(page, "setup-hibob");
  await button(page, "Save and go on").click();

  await heading(page, "Who, and when").waitFor();
  await page.getByLabel("Steps").getByRole("link", { name: /HiBob ✓ done/ }).waitFor();
  await page.getByText("Nobody gets an account yet").waitFor();
  await page.getByLabel("Allowed e-mail domains").fill("example.com");
  await page.getByText("Only who has a work e-mail in example.com gets an account").waitFor();
  await page.getByLabel("Suspended first").check();
  await page.getByLabel("Deactivated so many days later").fill("30");
  await page.getByLabel("What it means").getByText("deactivated 30 days later").waitFor();
  assert.deepEqual(await axe(page), []);
  await picture(page, "setup-rules");
  await button(page, "Save and go on").click();

  await heading(page, "Test connection").waitFor();
  await button(page, "Test connection").click();
  await page.getByText("✓ works").waitFor();
  await page.getByText("Create users").waitFor();
  await page.getByText("Attributes written to Okta").waitFor();
  assert.deepEqual(await axe(page), []);
  await picture(page, "setup-test");

  await button(page, "Go on").click();
  await heading(page, "Match your people").waitFor();
  await button(page, "Compare everybody").click();
  await button(page, "Unmatched: 3").click();
  await button(page, "Make an account: all of them...").click();
  await page.getByRole("dialog").getByText("For each of these 3 people").waitFor();
  await button(page, "Make an account: all 3").click();
  await button(page, "Carry 3 decisions out...").waitFor();
  assert.deepEqual(await axe(page), []);
  await picture(page, "setup-match");
  await button(page, "Carry 3 decisions out...").click();
  await button(page, "Carry out").click();
  await page.getByText("3 of 3 done").waitFor();
  await page.getByRole("cell", { name: "done Make an account" }).first().waitFor();
  await button(page, "Go on").click();

  await heading(page, "Dry run or live").waitFor();
  await button(page, "Look what would happen first").click();
  await page.getByRole("cell", { name: "Accounts created" }).first().waitFor();
  assert.deepEqual(await axe(page), []);
  await picture(page, "setup-go-live");
  await button(page, "Go live...").click();
  await page.getByRole("dialog").getByText("accounts created").waitFor();
  await button(page, "Go live").click();
  await heading(page, "Mode").waitFor();
  await page.getByText("live", { exact: true }).waitFor();
  assert.deepEqual(await axe(page), []);
  await picture(page, "setup-summary");

  await world.hook();
  await world.hire("Ada", "First");
  await until(() => world.user("ada.first@example.com"), "the first hire is in Okta");
  await page.getByText("Events arrive").waitFor();
  const everything = await page.content();
  for (const secret of [OKTA_TOKEN, BOB_TOKEN, SECRET]) assert.ok(!everything.includes(secret), "no secret is on the page");
  assert.deepEqual(page.complaints, []);
}));

test("what would happen first can be left, is found again after a reload, and can be ended", () => inWorld({ document: null, people: 20 }, async (world) => {
  await world.setUp();
  await world.sandbox("POST", "/settings", { bob_latency_ms: 15000 });
  const page = await open(world, "go-live");
  await button(page, "Look what would happen first").click();
  await page.getByText("You may leave this page: it goes on.").waitFor();
  await look(page, "setup-looking");
  await page.evaluate(() => { location.hash = "#/people"; });
  await page.getByRole("heading", { level: 1, name: "People" }).waitFor();
  await page.reload();
  await page.getByRole("heading", { level: 1, name: "People" }).waitFor();
  await page.evaluate((hash) => { location.hash = hash; }, `${SETUP}/go-live`);
  await heading(page, "Dry run or live").waitFor();
  await world.sandbox("POST", "/settings", { bob_latency_ms: 0 });
  const found = page.getByText(/Looked .*: 20 people/);
  await found.waitFor({ timeout: 60000 });
  await page.reload();
  await found.waitFor();
  await look(page, "setup-looked");

  // What somebody else began is shown, and not begun twice.
  await world.sandbox("POST", "/settings", { bob_latency_ms: 15000 });
  await world.api("POST", "/plan/start", { by: "ben" });
  await page.reload();
  await page.getByText("Begun by ben").waitFor();
  assert.equal(await button(page, "Look what would happen first").isDisabled(), true);
  await button(page, "Stop").click();
  await world.sandbox("POST", "/settings", { bob_latency_ms: 0 });
  await page.getByText(/stopped by .* before it was done/).waitFor({ timeout: 60000 });

  // The next real people, with choices that are not saved yet.
  await page.evaluate((hash) => { location.hash = hash; }, `${SETUP}/rules`);
  await page.getByLabel("Somebody is asked").check();
  await button(page, "Show it for my people").click();
  const tried = page.getByText(/Looked .*, with the choices as they were then/);
  await tried.waitFor({ timeout: 60000 });
  await look(page, "setup-rules-looked");
  await page.reload();
  await tried.waitFor();
  assert.deepEqual(page.complaints, []);
}));

test("a comparison can be left, is found again, and can be ended", () => inWorld({ document: null, people: 20 }, async (world) => {
  await world.setUp();
  await world.sandbox("POST", "/settings", { bob_latency_ms: 25000 });
  const page = await open(world, "match");
  await button(page, "Compare everybody").click();
  await page.getByText("You may leave this page and come back.").waitFor();
  await page.goto(`${world.admin}/#/people`);
  await page.getByRole("heading", { level: 1, name: "People" }).waitFor();
  await page.goto(`${world.admin}/${SETUP}/match`);
  await page.getByText("Begun by admin.").waitFor();
  await button(page, "Stop").click();
  await world.sandbox("POST", "/settings", { bob_latency_ms: 0 });
  await page.getByText(/Stopped by .* before it was done/).waitFor({ timeout: 60000 });
  assert.deepEqual(await axe(page), []);
  await button(page, "Compare again").click();
  await button(page, "Unmatched: 20").waitFor({ timeout: 60000 });
  assert.deepEqual(page.complaints, []);
}));

test("a wrong token and a missing permission are said in words", () => inWorld({ document: null, people: 2 }, async (world) => {
  const page = await open(world, "okta");
  await fillOkta(page, world, "no-such-token");
  await button(page, "Test before saving").click();
  await page.getByText("✗ does not work yet").waitFor();
  await page.getByText(/token/).first().waitFor();
  assert.deepEqual(await axe(page), []);
  await world.sandbox("POST", "/settings", { okta_missing_permissions: ["users.create"] });
  await fillOkta(page, world);
  await button(page, "Test before saving").click();
  await page.getByText("hires get no account without it").waitFor();
  await page.getByText("✗ to mend").waitFor();
  assert.deepEqual(await axe(page), []);
  await page.getByLabel("Okta domain").fill("https://login.example.com");
  await button(page, "Save and go on").click();
  await page.getByText("must be an address of Okta's own").first().waitFor();
  assert.deepEqual(page.complaints, []);
}));

test("what was tested before is not shown beside a newer mistake, and a look ahead says what is missing", () => inWorld({ document: null, people: 1 }, async (world) => {
  const page = await open(world, "okta");
  await page.getByLabel("Okta domain").fill("acme.okta.com");
  await button(page, "Test before saving").click();
  await page.getByText("✗ does not work yet").waitFor();
  await page.getByLabel("Okta domain").fill("https://acme.okta.com/admin");
  await button(page, "Test before saving").click();
  await page.getByText(/no path/).waitFor();
  assert.equal(await page.getByText("✗ does not work yet").count(), 0);

  await page.goto(`${world.admin}/${SETUP}/rules`);
  await page.getByLabel("Allowed e-mail domains").fill("example.com");
  await button(page, "Show it for my people").click();
  await page.getByText(/Bob cannot be asked: not set up yet/).waitFor();
  assert.deepEqual(page.complaints, []);
}));

test("what the server refuses is said at its field, which gets the focus", () => inWorld({ document: null, people: 1 }, async (world) => {
  await world.setUp();
  const page = await open(world, "okta");
  const refused = async (field, text) => {
    await button(page, "Save and go on").click();
    await page.getByText(text).waitFor();
    await until(() => field.evaluate((one) => one === document.activeElement), "the field has the focus");
    assert.equal(await field.getAttribute("aria-invalid"), "true");
    const about = (await field.getAttribute("aria-describedby")).split(" ");
    assert.match(await page.locator(`[id="${about.at(-1)}"]`).innerText(), text);
    assert.equal(await page.getByRole("alert").count(), 0, "and is not said again above it");
    assert.deepEqual(await axe(page), []);
  };
  const domain = page.getByLabel("Okta domain");
  await domain.fill("https://login.example.com");
  await refused(domain, /must be an address of Okta's own/i);
  await look(page, "setup-refused");
  await domain.fill(`${world.sandboxUrl}/okta`);
  await button(page, "Save and go on").click();
  await heading(page, "HiBob").waitFor();

  const company = page.getByLabel("Company id");
  await company.fill("twelve");
  await refused(company, /must be digits/i);

  await page.goto(`${world.admin}/${SETUP}/rules`);
  const zone = page.getByLabel("Time zone");
  await zone.fill("Europe/Atlantis");
  await refused(zone, /is no time zone/i);
  assert.deepEqual(page.complaints, []);
}));

test("the second of two admins sees what the first changed, and can take over", () => inWorld({ document: null, people: 1 }, async (world) => {
  await world.setUp();
  const first = await open(world, "rules");
  const second = await open(world, "rules");
  await first.getByLabel("The account is suspended").check();
  await first.getByLabel("At once").check();
  await second.getByLabel("Somebody is asked").check();
  await button(first, "Save and go on").click();
  await heading(first, "Test connection").waitFor();
  await button(second, "Save and go on").click();
  const dialog = second.getByRole("dialog");
  await dialog.getByText("Somebody else saved meanwhile").waitFor();
  await dialog.getByText("connections[default].provisioning.activation").waitFor();
  assert.deepEqual(await axe(second), []);
  await picture(second, "setup-conflict");
  await button(second, "Save mine on top").click();
  await dialog.waitFor({ state: "detached" });
  await until(() => second.getByLabel("The account is suspended").isChecked(), "what the first chose stays, and shows");
  const { document } = await world.api("GET", "/settings");
  assert.equal(document.connections[0].provisioning.rehire, "hold");
  assert.deepEqual([...first.complaints, ...second.complaints], []);
}));

test("settings of a file are shown and not editable, with the reason", () => inWorld({ people: 1 }, async (world) => {
  const page = await openPage(world, { as: "admin" });
  // Who is signed in may not; the admin token, which stands in for it here, could.
  await page.route("**/api/v1/settings", async (route) => {
    const response = await route.fetch();
    const body = await response.json();
    await route.fulfill({ json: { ...body, is_editable: false, reason: `These settings come from the file ${body.path} on the server: change it there, then reload it.` } });
  });
  await page.goto(`${world.admin}/${SETUP}`);
  await page.getByText("Shown, not editable.").waitFor();
  await page.getByText("bob2okta.json on the server").waitFor();
  await page.getByRole("link", { name: "Look: Who, and when" }).click();
  await page.getByLabel("Allowed e-mail domains").waitFor();
  assert.ok(await page.getByLabel("Allowed e-mail domains").isDisabled());
  assert.equal(await button(page, "Save and go on").count(), 0);
  assert.deepEqual(await axe(page), []);
  assert.deepEqual(page.complaints, []);
}));

test("dark, narrow and by keyboard", () => inWorld({ document: null, people: 1 }, async (world) => {
  await world.setUp();
  const page = await open(world, "", { colorScheme: "dark", width: 375, height: 800 });
  for (const slug of ["", "switch-off", "okta", "bob", "test", "rules", "match", "go-live"]) {
    await page.goto(`${world.admin}/${SETUP}${slug && "/" + slug}`);
    await page.locator("main h2").first().waitFor();
    assert.deepEqual(await axe(page), [], slug);
    await fits(page, slug);
  }
  await page.goto(`${world.admin}/${SETUP}/okta`);
  const field = page.getByLabel("Okta domain");
  await field.focus();
  await page.keyboard.press("Enter");
  await heading(page, "HiBob").waitFor();
  assert.deepEqual(page.complaints, []);
}));
