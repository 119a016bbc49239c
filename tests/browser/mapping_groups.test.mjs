// SPDX-License-Identifier: MIT
// Rows of groups on the mapping page: added with a condition, previewed for one and for everybody,
// published and rolled back, and what that does to the members in Okta.
import assert from "node:assert/strict";
import { after, afterEach, before, beforeEach, test } from "node:test";
import { axe, closeBrowser, fits, picture, until } from "./harness.mjs";
import { choose, dialog, openMapping, publish, reveal, startWithoutFile } from "./mapping_story.mjs";

// Sums over everybody are a minute old at most, and a busy machine takes its time for a sync.
const PATIENCE_MS = 120000;
const ADA = "ada.byron@example.com";
const GRACE = "grace.hopper@example.com";

let world;
let grace;
before(async () => {
  world = await startWithoutFile();
  await world.hook();
  for (const [name, type] of [["Research", "OKTA_GROUP"], ["Research cloud", "APP_GROUP"], ["Research by rule", "OKTA_GROUP"], ["Sailors", "OKTA_GROUP"], ["Writers", "OKTA_GROUP"]]) {
    await world.sandbox("POST", "/okta/groups", { name, type });
  }
  await world.sandbox("POST", "/okta/group_rules", { groups: ["Research by rule"], status: "ACTIVE" });
  await world.hire("Ada", "Byron", { "work.title": "Analyst" });
  grace = await world.hire("Grace", "Hopper", { "work.title": "Admiral" });
  await until(async () => (await world.user(ADA)) && (await world.user(GRACE)), "both are in Okta", PATIENCE_MS);
});
after(async () => { await closeBrowser(); await world.stop(); });

const opened = [];
afterEach(async () => {
  await Promise.all(opened.splice(0).map((page) => page.context().close()));
  delete world.sessions;
});

async function open(options) {
  const page = await openMapping(world, options);
  opened.push(page);
  return page;
}

async function setGroups(groups, limits = {}) {
  const { document, version } = await world.api("GET", "/settings");
  document.connections[0].groups = groups;
  document.connections[0].limits = limits;
  await world.api("POST", "/settings", { document, expected_version: version });
}

beforeEach(() => setGroups([]));

const inForce = async () => (await world.api("GET", "/mapping/rows")).groups.map((one) => `${one.group}: ${one.when}`);

const readAt = async (id) => (await world.api("GET", `/people/${id}`)).employee.read_at_ms;

async function members(group) {
  const { users } = await world.sandbox("GET", "/okta/users");
  const found = (await world.sandbox("GET", "/okta/groups")).groups.find((one) => one.name === group);
  return found.members.map((id) => users.find((user) => user.id === id)?.login).sort();
}

// Everybody is looked at again until the group is as it should be.
async function settle(group, logins) {
  await until(async () => (await world.api("GET", "/mapping/rows")).groups.every((one) => one.state !== "unknown"), "Okta's groups were read", PATIENCE_MS);
  await world.api("POST", "/sync");
  await until(async () => (await members(group)).join() === logins.join(), `${logins.join() || "nobody"} in ${group}`, PATIENCE_MS);
}

const row = (page, group) => page.getByRole("table", { name: "Group rows" }).getByRole("row").filter({ has: page.getByText(group, { exact: true }) });
const condition = (page) => page.getByRole("textbox", { name: "Condition" });

async function addGroup(page, group, when) {
  await page.getByRole("button", { name: "Add a group row" }).click();
  await choose(page, "Okta group", group);
  await condition(page).fill(when);
  await page.getByRole("button", { name: "Add to the draft" }).click();
}

test("a group row is added, previewed, published and rolled back, and the members follow", async () => {
  const page = await open();
  await page.getByRole("button", { name: "Add a group row" }).click();

  // What fills itself, or is filled by others, is marked and cannot be taken.
  const box = page.getByRole("combobox", { name: "Okta group" });
  await box.fill("res");
  await page.getByRole("option", { name: /Research cloud.*cannot be used: an application/ }).waitFor();
  await page.getByRole("option", { name: /Research by rule.*cannot be used: a group rule/ }).click();
  await page.getByText(/Research by rule cannot be used/).first().waitFor();
  await condition(page).fill(".work.title | | upper");
  assert.equal(await page.getByRole("button", { name: "Add to the draft" }).isDisabled(), true);
  assert.deepEqual(await axe(page), []);
  await choose(page, "Okta group", "Research");

  // A mistake has its place, and the live result is of a real person.
  await page.getByText(/line 1, column 15: syntax error/).first().waitFor();
  assert.equal((await page.locator(".mistake mark").textContent()).trim(), "|");
  await choose(page, "Try it on", "Ada");
  await condition(page).fill(".work.title.label == \"Admiral\"");
  await page.locator("output.result", { hasText: "(masked)" }).waitFor();
  await reveal(page, "Ada Byron");
  await page.locator("output.result", { hasText: "does not belong into it" }).waitFor();
  assert.deepEqual(await axe(page), []);
  await picture(page, "mapping-group");
  await page.getByRole("button", { name: "Add to the draft" }).click();

  // One person, everybody, and nothing in Okta before it is published.
  await page.getByText("1 unpublished change: group Research").waitFor();
  await row(page, "Research").getByText("does not belong into it").waitFor();
  await page.getByRole("button", { name: "Preview the draft for everybody" }).click();
  const counts = page.getByRole("table", { name: "By group" });
  await counts.waitFor({ timeout: PATIENCE_MS });
  assert.deepEqual(await counts.getByRole("row").nth(1).locator("td, th").allTextContents().then((cells) => cells.slice(0, 4)), ["Research", "1", "1", "0"]);
  await counts.getByText("1 example").click();
  await counts.getByText("Grace Hopper").waitFor();
  assert.deepEqual(await axe(page), []);
  assert.deepEqual(await members("Research"), []);
  await publish(page, "admirals");
  assert.deepEqual(await inForce(), ["Research: .work.title.label == \"Admiral\""]);
  await settle("Research", [GRACE]);

  // More people.
  await page.getByRole("button", { name: "Edit group Research" }).click();
  await condition(page).fill(".work.title.label | IN(\"Admiral\", \"Analyst\")");
  await page.locator("output.result", { hasText: /^belongs into it/ }).waitFor();
  await page.getByRole("button", { name: "Put into the draft" }).click();
  await row(page, "Research").getByText("would join").waitFor();
  await publish(page, "analysts too");
  await settle("Research", [ADA, GRACE]);

  // And back: who was taken in goes, whom the old row wants stays.
  await page.getByRole("row").filter({ hasText: "admirals" }).getByRole("button", { name: /^Roll back/ }).click();
  const back = dialog(page, /^Roll back to version/);
  await back.getByText(/groups\[Research\]\.when/).first().waitFor();
  assert.deepEqual(await axe(page), []);
  await back.getByRole("button", { name: /^Roll back to version/ }).click();
  await back.waitFor({ state: "detached" });
  await settle("Research", [GRACE]);

  // A row that goes takes nobody out, and says so before.
  await row(page, "Research").getByText("1 membership given").waitFor({ timeout: PATIENCE_MS });
  await page.getByRole("button", { name: "Remove group Research" }).click();
  await page.getByText(/The row of Research goes, and takes nobody out: 1 membership/).waitFor();
  await publish(page);
  assert.deepEqual(await inForce(), []);
  const readBefore = await readAt(grace);
  await world.api("POST", "/sync");
  await until(async () => (await readAt(grace)) > readBefore, "Grace was looked at without the row", PATIENCE_MS);
  assert.deepEqual(await members("Research"), [GRACE]);
  assert.deepEqual(page.complaints, []);
});

test("the limit of leaving groups is named where a draft would exceed it", async () => {
  await setGroups([{ group: "Sailors", when: "true" }]);
  await settle("Sailors", [ADA, GRACE]);
  await setGroups([{ group: "Sailors", when: "true" }], { leave_group: { per_hour: 1, per_hour_percent: 0, per_day: 1, per_day_percent: 0 } });
  const page = await open();
  await page.getByRole("button", { name: "Edit group Sailors" }).click();
  await condition(page).fill("false");
  await page.getByRole("button", { name: "Put into the draft" }).click();
  await page.getByRole("button", { name: "Preview the draft for everybody" }).click();
  await page.getByText(/The limit leave_group would be exceeded: 2 people would leave a group/).first().waitFor({ timeout: PATIENCE_MS });
  await page.getByText(/0 would join a group, 2 would leave one/).first().waitFor();
  assert.deepEqual(await axe(page), []);
  await page.getByRole("button", { name: "Publish..." }).click();
  await dialog(page, "Publish the mapping").getByText(/The limit leave_group would be exceeded/).waitFor();
  assert.deepEqual(page.complaints, []);
});

test("two admins at once: rows of groups of both are kept", async () => {
  const first = await open();
  const second = await open();
  await addGroup(first, "Sailors", ".work.title.label == \"Admiral\"");
  await addGroup(second, "Writers", ".work.title.label == \"Analyst\"");
  await publish(first);
  await second.getByRole("button", { name: "Publish..." }).click();
  const conflict = dialog(second, "Somebody else has published");
  await conflict.getByText("group Sailors").waitFor();
  await conflict.getByRole("button", { name: "Put my changes on top of theirs" }).click();
  await second.getByText("1 unpublished change: group Writers").waitFor();
  await publish(second);
  assert.deepEqual(await inForce(), ["Sailors: .work.title.label == \"Admiral\"", "Writers: .work.title.label == \"Analyst\""]);
  assert.deepEqual([...first.complaints, ...second.complaints], []);
});

test("a viewer sees rows of groups and may change nothing", async () => {
  await setGroups([{ group: "Writers", when: ".work.title.label == \"Analyst\"" }]);
  const page = await open({ as: "viewer" });
  await row(page, "Writers").getByText(".work.title").waitFor();
  for (const name of [/^Add a group row/, /^Edit group/, /^Remove group/]) assert.equal(await page.getByRole("button", { name }).count(), 0, String(name));
  assert.deepEqual(await axe(page), []);
  assert.deepEqual(page.complaints, []);
});

for (const [name, options] of [["dark", { colorScheme: "dark" }], ["375 px", { width: 375, height: 800 }]]) {
  test(`rows of groups and their dialog in ${name}`, async () => {
    await setGroups([{ group: "Nowhere", when: "true" }]);
    const page = await open(options);
    await row(page, "Nowhere").getByText(/Okta has no group of exactly this name/).waitFor({ timeout: PATIENCE_MS });
    assert.deepEqual(await axe(page), []);
    await page.getByRole("button", { name: "Edit group Nowhere" }).click();
    await condition(page).fill("nonsense");
    await page.getByText(/nonsense\/0 is not defined/).first().waitFor();
    assert.deepEqual(await axe(page), []);
    await fits(page, page.url());
    assert.deepEqual(page.complaints, []);
  });
}
