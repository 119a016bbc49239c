// SPDX-License-Identifier: MIT
// The mapping page: from a custom field of Bob to an attribute in Okta, by way of an expression, a
// preview and a publication, and back; and what happens when two do it at once.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import path from "node:path";
import { after, afterEach, before, beforeEach, test } from "node:test";
import { ROOT, World, axe, closeBrowser, fits, openPage, picture, until } from "./harness.mjs";
import { choose, dialog, openMapping as openIn, publish, reveal, startWithoutFile } from "./mapping_story.mjs";

const CUSTOM = "work.custom.field_1655996461265";
const ADA = "ada.byron@example.com";
const GRACE = "grace.hopper@example.com";

let world;
let ada;
before(async () => {
  world = await startWithoutFile();
  await world.hook();
  ada = await world.hire("Ada", "Byron", { [CUSTOM]: "cc-7", "work.title": "Analyst" });
  await world.hire("Grace", "Hopper", { [CUSTOM]: "cc-9", "work.title": "Admiral" });
  await until(async () => (await world.user(ADA)) && (await world.user(GRACE)), "both are in Okta");
});
after(async () => { await closeBrowser(); await world.stop(); });

// A page that nobody looks at any more still asks, and the next one signs in anew.
const opened = [];
afterEach(async () => {
  await Promise.all(opened.splice(0).map((page) => page.context().close()));
  delete world.sessions;
});

// The rows of each story begin as they are without any.
beforeEach(async () => { await setRows([]); });

async function setRows(rows) {
  const { document, version } = await world.api("GET", "/settings");
  document.connections[0].mapping = rows;
  await world.api("POST", "/settings", { document, expected_version: version });
}

const rowsInForce = async () => (await world.api("GET", "/mapping/rows")).mapping;
const profile = async (login) => (await world.user(login)).profile;

async function openMapping(options) {
  const page = await openIn(world, options);
  opened.push(page);
  return page;
}

const row = (page, okta) => page.getByRole("table", { name: "Rows of the mapping" }).getByRole("row").filter({ has: page.getByText(okta, { exact: true }) });

async function addRow(page, okta, expression) {
  await page.getByRole("button", { name: "Add a row" }).click();
  await dialog(page, "Add a row").getByRole("combobox", { name: "Okta attribute" }).waitFor();
  await choose(page, "Okta attribute", okta);
  await page.getByRole("radio", { name: "An expression" }).check();
  await page.getByRole("textbox", { name: "Expression" }).fill(expression);
}

const settle = async (login, attribute, value) => {
  await world.api("POST", "/sync");
  await until(async () => ((await profile(login))[attribute] ?? "") === value, `${attribute} of ${login} is ${value}`);
};

test("a custom field is mapped with an expression, previewed, published and rolled back", async () => {
  const page = await openMapping();
  await addRow(page, "costCenter", `.${CUSTOM} | | upper`);

  // A mistake has its place, in words and marked, and can be selected.
  await page.getByText(/line 1, column 36: syntax error/).first().waitFor();
  assert.equal((await page.locator(".mistake mark").textContent()).trim(), "|");
  assert.deepEqual(await axe(page), []);
  await page.getByRole("button", { name: "Select the place" }).click();
  const selected = await page.getByRole("textbox", { name: "Expression" }).evaluate((area) => [area.selectionStart, area.value.slice(area.selectionStart, area.selectionEnd).trim()]);
  assert.deepEqual(selected, [35, "|"]);

  // The live result is of a real person, and Bob is not asked for every key.
  await choose(page, "Try it on", "Ada");
  await page.getByRole("textbox", { name: "Expression" }).fill(`.${CUSTOM} | upper`);
  await page.locator("output.result", { hasText: "hidden" }).waitFor();
  await reveal(page, "Ada Byron");
  await page.locator("output.result", { hasText: "CC-7" }).waitFor();
  assert.equal(await page.getByRole("textbox", { name: "Expression" }).getAttribute("aria-invalid"), null);
  const { last } = await world.sandbox("GET", "/calls?since=0");
  await page.getByRole("textbox", { name: "Expression" }).pressSequentially(" | . + \"!\"", { delay: 30 });
  await page.locator("output.result", { hasText: "CC-7!" }).waitFor();
  await page.getByRole("textbox", { name: "Expression" }).fill(`.${CUSTOM} | upper`);
  await page.locator("output.result", { hasText: /^CC-7$/ }).waitFor();
  const reads = (await world.sandbox("GET", `/calls?since=${last}&system=bob`)).calls.filter((call) => call.route === "POST /v1/people/search");
  assert.equal(reads.length, 0);
  await picture(page, "mapping-expression");
  await page.getByRole("button", { name: "Add to the draft" }).click();

  // One person: before and after.
  await page.getByText("1 unpublished change").waitFor();
  await row(page, "costCenter").getByText("would be sent").waitFor();
  await row(page, "costCenter").filter({ hasText: /nothing.*CC-7/ }).waitFor();

  // Everybody, left while it runs and come back to.
  await page.getByRole("button", { name: "Preview the draft for everybody" }).click();
  await page.getByRole("link", { name: "Overview" }).click();
  await page.getByRole("link", { name: "Mapping" }).click();
  await page.getByText("The mapping gives something else for 2 of 2 people.").waitFor();
  await page.getByRole("table", { name: "By attribute" }).filter({ hasText: "costCenter" }).waitFor();
  await picture(page, "mapping");
  assert.deepEqual(await axe(page), []);
  assert.equal((await profile(ADA)).costCenter ?? "", "", "nothing is written before");

  await page.getByRole("button", { name: "Publish..." }).click();
  await dialog(page, "Publish the mapping").getByText(/mapping\[costCenter\]/).first().waitFor();
  await dialog(page, "Publish the mapping").getByText("2 linked people would be written.").waitFor();
  await dialog(page, "Publish the mapping").getByText(/updates because the mapping changed.* That is enough for all of them\./).waitFor();
  assert.deepEqual(await axe(page), []);
  await picture(page, "mapping-publish");
  await page.getByLabel(/^Note/).fill("cost centres");
  await dialog(page, "Publish the mapping").getByRole("button", { name: "Publish", exact: true }).click();
  await page.getByText(/Version \d+ is in force\./).waitFor();
  await settle(ADA, "costCenter", "CC-7");
  await until(async () => (await profile(GRACE)).costCenter === "CC-9", "Grace has hers");

  // Another one in its place, and the way back.
  await page.getByRole("button", { name: "Edit costCenter" }).click();
  await page.getByRole("textbox", { name: "Expression" }).fill(`.${CUSTOM} | . + "-new"`);
  await page.locator("output.result", { hasText: "cc-7-new" }).waitFor();
  await page.getByRole("button", { name: "Put into the draft" }).click();
  await publish(page);
  await settle(ADA, "costCenter", "cc-7-new");
  const before = page.getByRole("row").filter({ hasText: "cost centres" });
  await before.getByRole("button", { name: /^Roll back/ }).click();
  const back = page.getByRole("dialog", { name: /^Roll back to version/ });
  await back.getByText(/mapping\[costCenter\]/).first().waitFor();
  assert.deepEqual(await axe(page), []);
  await back.getByRole("button", { name: /^Roll back to version/ }).click();
  await back.waitFor({ state: "detached" });
  await page.getByText(/is in force: as version/).waitFor();
  await settle(ADA, "costCenter", "CC-7");
  assert.deepEqual(page.complaints, []);
});

test("an attribute that Okta lacks is created there", async () => {
  await setRows([{ okta: "hireDate", bob: "work.startDate" }]);
  const page = await openMapping();
  await row(page, "hireDate").getByText("Missing in Okta").waitFor();
  await row(page, "hireDate").getByRole("button", { name: "Create in Okta..." }).click();
  await dialog(page, "Create attributes in Okta").getByText("1 attribute would be added.").waitFor();
  assert.deepEqual(await axe(page), []);
  await page.getByRole("button", { name: "Create 1 attribute in Okta" }).click();
  await page.getByText(/Okta has 1 attribute more/).waitFor();
  await row(page, "hireDate").getByText("Missing in Okta").waitFor({ state: "detached" });
  await settle(ADA, "hireDate", (await world.sandbox("GET", "/state")).employees.find((one) => one.id === ada).fields["work.startDate"]);
  assert.deepEqual(page.complaints, []);
});

test("an attribute is created for a draft that nobody has published", async () => {
  const page = await openMapping();
  await addRow(page, "badge", ".work.employeeIdInCompany | pad(6; \"0\")");
  await page.getByRole("button", { name: "Add to the draft" }).click();
  await row(page, "badge").getByRole("button", { name: "Create in Okta..." }).click();
  await page.getByRole("button", { name: "Create 1 attribute in Okta" }).click();
  await row(page, "badge").getByText("Missing in Okta").waitFor({ state: "detached" });
  assert.deepEqual(await rowsInForce(), []);
  assert.deepEqual(page.complaints, []);
});

test("two admins at once: the second sees what the first did, and loses nothing", async () => {
  const first = await openMapping();
  const second = await openMapping();
  await addRow(first, "division", "\"EMEA\"");
  await first.getByRole("button", { name: "Add to the draft" }).click();
  await addRow(second, "organization", "\"Example Ltd\"");
  await second.getByRole("button", { name: "Add to the draft" }).click();
  await second.getByRole("button", { name: "Edit title" }).click();
  await second.getByRole("radio", { name: "The same for everybody" }).check();
  await second.getByLabel("Value for everybody").fill("Second");
  await second.getByRole("button", { name: "Put into the draft" }).click();

  // The dialog of the second stood open while the first published.
  await second.getByRole("button", { name: "Publish..." }).click();
  await dialog(second, "Publish the mapping").getByText("What changes").waitFor();
  await first.getByRole("button", { name: "Edit title" }).click();
  await first.getByRole("radio", { name: "The same for everybody" }).check();
  await first.getByLabel("Value for everybody").fill("First");
  await first.getByRole("button", { name: "Put into the draft" }).click();
  await publish(first, "mine came first");

  await dialog(second, "Publish the mapping").getByRole("button", { name: "Publish", exact: true }).click();
  const conflict = dialog(second, "Somebody else has published");
  await conflict.getByText(/division/).waitFor();
  assert.deepEqual(await axe(second), []);
  await conflict.getByRole("radio", { name: /^Theirs/ }).check();
  await conflict.getByRole("button", { name: "Put my changes on top of theirs" }).click();
  await second.getByText("1 unpublished change").waitFor();
  await publish(second);
  assert.deepEqual(await rowsInForce(), [
    { okta: "division", expr: "\"EMEA\"" },
    { okta: "title", value: "First" },
    { okta: "organization", expr: "\"Example Ltd\"" },
  ]);
  assert.deepEqual([...first.complaints, ...second.complaints], []);
});

test("a row is switched off, on and removed, and a draft survives a reload and can be discarded", async () => {
  await setRows([{ okta: "division", value: "EMEA" }]);
  const page = await openMapping();
  await page.getByRole("button", { name: "Switch mobilePhone off" }).click();
  await row(page, "mobilePhone").getByText("nothing: switched off").waitFor();
  await page.getByRole("button", { name: "Publish..." }).click();
  const difference = page.getByRole("table", { name: "Differences from the version in force" }).getByRole("row").filter({ hasText: "mobilePhone" });
  await difference.getByRole("cell", { name: "the default row" }).waitFor();
  await difference.getByRole("cell", { name: "switched off" }).waitFor();
  await page.keyboard.press("Escape");
  await page.getByRole("button", { name: "Remove division" }).click();
  await row(page, "division").waitFor({ state: "detached" });
  await page.getByText("2 unpublished changes").waitFor();
  await page.reload();
  await page.getByText("2 unpublished changes").waitFor();
  await page.getByRole("button", { name: "Switch mobilePhone on" }).click();
  await page.getByText("1 unpublished change:").waitFor();
  assert.equal(await page.getByRole("button", { name: "Switch login off" }).count(), 0);
  await page.getByRole("button", { name: "Discard" }).click();
  await page.getByRole("button", { name: "Discard the draft" }).click();
  await row(page, "division").waitFor();
  assert.deepEqual(await rowsInForce(), [{ okta: "division", value: "EMEA" }]);
  assert.deepEqual(page.complaints, []);
});

test("rows are found, added and closed by keyboard alone", async () => {
  const page = await openMapping();
  await page.getByRole("searchbox", { name: "Filter" }).fill("work.title");
  await page.getByText("1 of 10 rows").waitFor();
  await page.getByRole("button", { name: "Add a row" }).focus();
  await page.keyboard.press("Enter");
  const box = page.getByRole("combobox", { name: "Okta attribute" });
  await box.focus();
  await page.keyboard.press("ArrowDown");
  await page.getByRole("option").first().waitFor();
  await page.keyboard.press("Escape");
  await page.getByRole("option").first().waitFor({ state: "hidden" });
  assert.equal(await dialog(page, "Add a row").isVisible(), true, "Escape closes the list, not the dialog");
  await page.keyboard.type("employee number");
  await page.getByRole("option", { name: /employeeNumber/ }).waitFor();
  await page.keyboard.press("Enter");
  await page.getByRole("combobox", { name: "Field of Bob" }).focus();
  await page.keyboard.type("employeeIdInCompany");
  await page.getByRole("option", { name: /work.employeeIdInCompany/ }).waitFor();
  await page.keyboard.press("Enter");
  await page.getByRole("button", { name: "Add to the draft" }).focus();
  await page.keyboard.press("Enter");
  await page.getByText("1 unpublished change: employeeNumber").waitFor();
  assert.deepEqual(page.complaints, []);
});

test("a viewer sees the rows and may change nothing", async () => {
  const page = await openMapping({ as: "viewer" });
  await row(page, "department").getByText("work.department").waitFor();
  for (const name of [/^Add a row/, /^Edit/, /^Switch/, /^Publish/, /^Roll back/, /Preview the draft/]) {
    assert.equal(await page.getByRole("button", { name }).count(), 0, String(name));
  }
  assert.deepEqual(await axe(page), []);
  assert.deepEqual(page.complaints, []);
});

test("values are masked until somebody says what for", async () => {
  const page = await openPage(world, { as: "operator" });
  opened.push(page);
  await page.getByRole("link", { name: "Mapping" }).click();
  await choose(page, "Person", "Ada");
  await row(page, "firstName").getByText("hidden", { exact: true }).waitFor();
  assert.equal(await page.getByText("Analyst").count(), 0);
  await page.getByRole("button", { name: "Show values" }).click();
  assert.deepEqual(await axe(page), []);
  await page.keyboard.press("Escape");
  await reveal(page, "Ada Byron");
  await row(page, "title").getByText("Analyst", { exact: true }).waitFor();
  assert.match(JSON.stringify(await world.api("GET", "/audit?limit=50")), /trying the mapping/);
  assert.deepEqual(page.complaints, []);
});

test("settings that may not be edited are shown with the reason, and drafts are previewed", async () => {
  const filed = await World.start({ people: 2 });
  try {
    const page = await openPage(filed, { as: "admin" });
    await page.getByRole("link", { name: "Mapping" }).click();
    await page.getByText("Read-only.").waitFor();
    await page.getByText(/bob2okta\.json/).waitFor();
    await page.getByRole("button", { name: "Switch title off" }).click();
    await page.getByText("1 unpublished change").waitFor();
    for (const name of [/^Publish/, /^Roll back/]) assert.equal(await page.getByRole("button", { name }).count(), 0);
    await page.getByRole("button", { name: "Preview the draft for everybody" }).click();
    await page.getByText(/The mapping gives something else for 0 of 2 people/).waitFor();
    assert.deepEqual(await axe(page), []);
    assert.deepEqual(page.complaints, []);
    await page.context().close();
  } finally {
    await filed.stop();
  }
});

test("what a field that is not readable does to a row shows beside it", async () => {
  await setRows([{ okta: "costCenter", bob: CUSTOM }]);
  await world.sandbox("POST", "/bob/settings", { unreadable_fields: [CUSTOM] }).catch(() => world.sandbox("POST", "/settings", { unreadable_fields: [CUSTOM] }));
  try {
    await world.api("POST", "/sync");
    const page = await openMapping();
    await row(page, "costCenter").getByText(/Not readable in Bob: 2/).waitFor({ timeout: 120000 });
    await page.getByLabel("Only rows with problems").check();
    await page.getByText("1 of 11 rows").waitFor();
    assert.deepEqual(page.complaints, []);
  } finally {
    await world.sandbox("POST", "/settings", { unreadable_fields: [] });
  }
});

for (const [name, options] of [["dark", { colorScheme: "dark" }], ["375 px", { width: 375, height: 800 }]]) {
  test(`the page and its dialogs in ${name}`, async () => {
    await setRows([{ okta: "notThere", bob: "work.title" }]);
    const page = await openMapping(options);
    assert.deepEqual(await axe(page), []);
    await addRow(page, "costCenter", ".work.title | nonsense");
    await page.getByText(/nonsense\/0 is not defined/).first().waitFor();
    await page.getByText("Functions, with examples").click();
    assert.deepEqual(await axe(page), []);
    await fits(page, page.url());
    assert.deepEqual(page.complaints, []);
  });
}

test("the list of functions is that of docs/mapping.md", async () => {
  const { FUNCTIONS } = await import(path.join(ROOT, "server/console/web/pages/mapping_functions.js"));
  const lines = readFileSync(path.join(ROOT, "docs/mapping.md"), "utf8").split("\n");
  const from = lines.findIndex((line) => line.startsWith("| function | does"));
  const table = lines.slice(from + 2, lines.indexOf("", from)).map((line) =>
    line.split(/(?<!\\)\|/).slice(1, -1).map((cell, at) => cell.trim().replaceAll("\\|", "|").replace(at === 1 ? "" : /^`|`$/g, "")));
  assert.deepEqual(FUNCTIONS, table);
});
