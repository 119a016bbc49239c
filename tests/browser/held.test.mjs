// SPDX-License-Identifier: MIT
// Held and failed: a tripped brake, a failed person who is mended, many at once, and who may not.
import assert from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";
import { World, closeBrowser, openPage, picture, until } from "./harness.mjs";
import { closePages, look } from "./look.mjs";

const TODAY = new Date().toISOString().slice(0, 10);
const LIMITS = { lower: { per_hour: 0, per_hour_percent: 0, per_day: 0, per_day_percent: 0, per_week: 0, per_week_percent: 0 }, revoke: { per_hour: 0 } };
LIMITS.rename = LIMITS.lower;

let world;
before(async () => {
  world = await World.start({ settings: { limits: LIMITS } });
  await world.sandbox("POST", "/settings", { okta_password_optional: true });
  await world.hook();
});
// Each page keeps asking while it is open.
afterEach(closePages);
after(async () => { await closeBrowser(); await world.stop(); });

async function hired(first, last) {
  const id = await world.hire(first, last);
  const login = `${first}.${last}@example.com`.toLowerCase();
  await until(async () => (await world.user(login))?.status === "ACTIVE", `${login} is active`);
  await until(async () => (await world.api("GET", `/people/${id}`)).employee.state === "idle", `${login} is settled`);
  return { id, login };
}

async function leaves(person) {
  await world.sandbox("POST", `/bob/employees/${person.id}/terminate`, { at: TODAY });
  await until(async () => (await world.api("GET", `/holds?employee_id=${person.id}`)).holds.length === 1, "is held");
}

const status = async (person) => (await world.user(person.login)).status;
const row = (page, name) => page.getByRole("row").filter({ hasText: name });
const open = (page, where) => page.evaluate((hash) => { location.hash = hash; }, where);

test("a tripped brake: one is released, one is rejected with a reason", async () => {
  const ada = await hired("Ada", "Released");
  const bo = await hired("Bo", "Rejected");
  const page = await openPage(world, { as: "operator" });
  await open(page, "#/held");
  await page.getByText("Nothing is held", { exact: true }).waitFor();
  await look(page, "held-empty");
  await leaves(ada);
  await leaves(bo);

  await row(page, "Ada Released").getByText("Limit: closing and suspending").waitFor();
  await row(page, "Ada Released").getByText("ACTIVE \u2192 DEPROVISIONED").waitFor();
  await look(page, "held-list");
  await picture(page, "held");
  await page.getByRole("button", { name: "Release Ada Released" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByRole("heading", { name: "Release Ada Released?" }).waitFor();
  await look(page, "held-dialog");
  await dialog.getByRole("button", { name: "Release 1" }).click();
  await page.getByRole("heading", { name: /^Release \d+$/ }).waitFor();
  await row(page, "Ada Released").getByText("done").waitFor();
  await look(page, "held-release");
  assert.equal(await status(ada), "DEPROVISIONED");

  await page.getByRole("link", { name: "Back to what is held" }).click();
  await page.getByRole("button", { name: "Reject Bo Rejected" }).click();
  assert.ok(await dialog.getByRole("button", { name: "Reject 1" }).isDisabled(), "a reason is asked for");
  await dialog.getByLabel("Reason, for the audit trail").fill("stays until the end of the month");
  await dialog.getByRole("button", { name: "Reject 1" }).click();
  await row(page, "Bo Rejected").getByText(/Rejected by/).waitFor();
  assert.equal(await status(bo), "ACTIVE");
  await page.getByRole("button", { name: "Reason of the rejection of Bo Rejected" }).click();
  await row(page, "Bo Rejected").getByText("stays until the end of the month").waitFor();
  const trail = await world.api("GET", "/audit?kind=reject");
  assert.match(trail.records[0].says, /stays until the end of the month/);
  assert.deepEqual(page.complaints, []);
});

test("many at once take a second look that names them", async () => {
  const people = [];
  for (const name of ["Cy", "Di", "Ed"]) people.push(await hired(name, "Many"));
  for (const one of people) await leaves(one);
  const page = await openPage(world, { as: "operator" });
  await open(page, "#/held");
  await page.getByLabel("Name, id or reason").fill("many");
  await row(page, "Cy Many").waitFor();
  await until(async () => (await page.getByRole("row").count()) === 4, "only these are shown");
  await page.getByLabel("Choose all on this page").press("Space");
  await page.getByRole("button", { name: "Release 3" }).press("Enter");
  const dialog = page.getByRole("dialog");
  await dialog.getByText("Cy Many, Di Many, Ed Many").waitFor();
  await page.keyboard.press("Escape");
  await dialog.waitFor({ state: "detached" });
  for (const one of people) assert.equal(await status(one), "ACTIVE");
  await page.getByRole("button", { name: "Release 3" }).click();
  await dialog.getByRole("button", { name: "Release 3" }).click();
  await page.getByText("3 of 3 holds looked at again").waitFor();
  for (const one of people) await until(async () => (await status(one)) === "DEPROVISIONED", "is closed");
  assert.deepEqual(page.complaints, []);
});

test("those of one limit are found, chosen one by one and released", async () => {
  const people = [await hired("Flo", "Whole"), await hired("Gus", "Whole")];
  for (const one of people) await leaves(one);
  const page = await openPage(world, { as: "operator" });
  await open(page, "#/held");
  await page.getByLabel("Kind", { exact: true }).selectOption("limit");
  await page.getByLabel("Limit", { exact: true }).selectOption("lower");
  await row(page, "Flo Whole").getByLabel(/^Choose Flo/).check();
  await row(page, "Gus Whole").getByLabel(/^Choose Gus/).check();
  await page.getByRole("button", { name: "Release 2" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Release 2" }).click();
  for (const one of people) await until(async () => (await status(one)) === "DEPROVISIONED", "is closed");
  assert.deepEqual(page.complaints, []);
});

test("all that match are released with one word, and none of them that was rejected", async () => {
  const people = [await hired("Lu", "Matching"), await hired("Mo", "Matching"), await hired("Ned", "Matching")];
  for (const one of people) await leaves(one);
  const page = await openPage(world, { as: "operator" });
  // A page of two stands for a page of fifty.
  await page.route(/\/holds\?/, (route) => route.continue({ url: route.request().url().replace("rows=50", "rows=2") }));
  await open(page, "#/held?kind=limit&limit=lower");
  await row(page, "Bo Rejected").waitFor();
  await until(async () => (await page.getByRole("row").count()) === 3, "one who was rejected, and one of three");
  await page.getByLabel("Choose all on this page").check();
  await page.getByRole("button", { name: "Choose all 3 that match" }).click();
  assert.ok(!(await row(page, "Bo Rejected").getByRole("checkbox").isChecked()));
  await page.getByRole("button", { name: "Release 3" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByText("2 more of the same filter").waitFor();
  assert.equal(await dialog.getByText("Bo Rejected").count(), 0);
  await dialog.getByRole("button", { name: "Release 3" }).click();
  await page.getByText("3 of 3 holds looked at again").waitFor();
  for (const one of people) await until(async () => (await status(one)) === "DEPROVISIONED", "is closed");
  assert.equal((await world.user("bo.rejected@example.com")).status, "ACTIVE");
  assert.deepEqual(page.complaints, []);
});

test("revocations stand apart, and are approved all at once", async () => {
  const people = [await hired("Jo", "Revoked"), await hired("Kim", "Revoked")];
  for (const one of people) await world.sandbox("POST", `/bob/employees/${one.id}/revoke`, {});
  await until(async () => (await world.api("GET", "/holds?limit=revoke")).holds.length === 2, "both are held");
  const page = await openPage(world, { as: "operator" });
  await open(page, "#/held");
  await page.getByRole("alert").getByText("2 immediate revocations wait").waitFor();
  await page.getByLabel("Choose all on this page").check();
  for (const one of ["Jo", "Kim"]) {
    await until(() => page.getByLabel(`Choose ${one} Revoked: Limit: immediate revocations`).isChecked(), `${one} is chosen`);
    assert.ok(!(await page.getByLabel(`Choose ${one} Revoked: Access was revoked`).isChecked()), "a yes to it opens the account");
  }
  await look(page, "held-revocations");
  await page.getByRole("button", { name: "Look and approve all 2" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByText(/(Jo Revoked, Kim|Kim Revoked, Jo) Revoked/).waitFor();
  await look(page, "held-approve");
  await dialog.getByRole("button", { name: "Release 2" }).click();
  for (const one of people) await until(async () => (await status(one)) !== "ACTIVE", "is closed");
  assert.deepEqual(page.complaints, []);
});

test("values are masked until somebody says what they are needed for", async () => {
  const rae = await hired("Rae", "Renamed");
  await world.sandbox("POST", `/bob/employees/${rae.id}/update`, { fields: { "root.email": "rae.other@example.com" } });
  await until(async () => (await world.api("GET", `/holds?employee_id=${rae.id}`)).holds.length === 1, "is held");
  const page = await openPage(world, { as: "operator" });
  await open(page, "#/held?kind=limit&limit=rename");
  await row(page, "Rae Renamed").getByText(/: hidden \u2192 hidden/).first().waitFor();
  await look(page, "held-masked");
  await page.getByRole("button", { name: "Show values of Rae Renamed" }).first().click();
  await page.getByRole("dialog").getByLabel("What for").fill("is the new address right?");
  await page.getByRole("dialog").getByRole("button", { name: "Show values" }).click();
  await row(page, "Rae Renamed").getByText(/rae.renamed@example.com \u2192 rae.other@example.com/).first().waitFor();
  const { records } = await world.api("GET", `/audit?kind=reveal&employee_id=${rae.id}`);
  assert.deepEqual(records.map((one) => [one.who, /: is the new address right\?/.test(one.says)]), [["operator", true]]);
  assert.deepEqual(page.complaints, []);
});

test("somebody who failed is mended and tried again", async () => {
  const hal = await hired("Hal", "Failed");
  const fault = { system: "okta", route: "POST /api/v1/users/{id}", action: "status", status: 400, code: "E0000001" };
  const { ids } = await world.sandbox("POST", "/faults", fault);
  await world.sandbox("POST", `/bob/employees/${hal.id}/update`, { fields: { "work.workPhone": "+44 5" } });
  await until(async () => (await world.api("GET", `/people/${hal.id}`)).employee.state === "failed", "has failed");
  const page = await openPage(world, { as: "operator" });
  await open(page, "#/held?tab=failed");
  await row(page, "Hal Failed").getByText("What to do:").waitFor();
  await look(page, "held-failed");
  await world.sandbox("DELETE", `/faults/${ids[0]}`);
  await page.getByRole("button", { name: "Try Hal Failed again" }).click();
  await page.getByText("Nobody has failed").waitFor();
  await until(async () => (await world.user(hal.login)).profile.primaryPhone === "+44 5", "Okta has it");
  assert.deepEqual(page.complaints, []);
});

test("all who failed are tried again after a second look", async () => {
  const people = [await hired("Sam", "Again"), await hired("Tia", "Again")];
  const fault = { system: "okta", route: "POST /api/v1/users/{id}", action: "status", status: 400, code: "E0000001" };
  const { ids } = await world.sandbox("POST", "/faults", fault);
  for (const one of people) await world.sandbox("POST", `/bob/employees/${one.id}/update`, { fields: { "work.workPhone": "+44 7" } });
  await until(async () => (await world.api("GET", "/status")).connections[0].employees.failed === 2, "both have failed");
  await world.sandbox("DELETE", `/faults/${ids[0]}`);
  const page = await openPage(world, { as: "operator" });
  await open(page, "#/held?tab=failed");
  await page.getByLabel("Choose Sam Again").check();
  await page.getByRole("button", { name: "Try 1 again" }).waitFor();
  await page.getByRole("button", { name: "Try all again" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByRole("heading", { name: "Try all 2 again?" }).waitFor();
  await look(page, "held-again");
  await dialog.getByRole("button", { name: "Try again" }).click();
  await page.getByText("Nobody has failed").waitFor();
  for (const one of people) await until(async () => (await world.user(one.login)).profile.primaryPhone === "+44 7", "Okta has it");
  assert.deepEqual(page.complaints, []);
});

test("parked, set aside and approved say what they are", async () => {
  const page = await openPage(world, { as: "operator" });
  for (const [tab, text] of [["parked", "Nobody is parked"], ["aside", "No delivery is set aside"], ["approved", "Nothing is approved in advance"]]) {
    await open(page, `#/held?tab=${tab}`);
    await page.getByText(text).waitFor();
    await look(page, `held-${tab}`);
  }
  assert.deepEqual(page.complaints, []);
});

test("what was approved in advance is taken back", async () => {
  const pia = await hired("Pia", "Approved");
  const day = new Date(Date.now() + 5 * 86400000).toISOString().slice(0, 10);
  await world.api("POST", "/plan/approve", { day, limit: "lower", employee_ids: [pia.id], by: "ops" });
  const page = await openPage(world, { as: "operator" });
  await open(page, "#/held?tab=approved");
  await row(page, "Pia Approved").getByText("Closing and suspending").waitFor();
  await look(page, "held-approvals");
  await page.getByRole("button", { name: /Take back the approval of Pia/ }).click();
  await page.getByText("Nothing is approved in advance").waitFor();
  assert.deepEqual((await world.api("GET", "/plan/approvals")).approvals, []);
  assert.deepEqual(page.complaints, []);
});

// Three crashes on one delivery take longer than a test may: the status is told to name one.
test("a delivery that was set aside is read once more", async () => {
  const asked = [];
  const page = await openPage(world, { as: "operator" });
  await page.route(/\/api\/v1\/status/, async (route) => {
    const response = await route.fetch();
    const json = await response.json();
    json.connections[0].events_aside = asked.length === 0 ? [1] : [];
    await route.fulfill({ response, json });
  });
  await page.route(/\/api\/v1\/retry/, (route) => { asked.push(route.request().postDataJSON()); return route.fulfill({ status: 202, json: { event_id: 1 } }); });
  await open(page, "#/held?tab=aside");
  await row(page, "employee.created").waitFor();
  await look(page, "held-aside-one");
  await page.getByRole("button", { name: "Read delivery 1 once more" }).click();
  await page.getByText("No delivery is set aside").waitFor();
  assert.deepEqual(asked, [{ event_id: 1 }]);
  assert.deepEqual(page.complaints, []);
});

test("a server that is away is said to be, and the page comes back by itself", async () => {
  const page = await openPage(world, { as: "operator" });
  await open(page, "#/held");
  await page.getByRole("heading", { name: "Limits" }).waitFor();
  await page.route(/\/api\/v1\/holds\?/, (route) => route.abort());
  await page.getByRole("alert").getByText("The server does not answer.").waitFor();
  await page.getByRole("heading", { name: "Limits" }).waitFor();
  await look(page, "held-away");
  await page.unroute(/\/api\/v1\/holds\?/);
  await page.getByText("The server does not answer.").waitFor({ state: "detached" });
});

test("a viewer sees that somebody is held, and may not decide", async () => {
  const ivy = await hired("Ivy", "Viewed");
  await leaves(ivy);
  const page = await openPage(world, { as: "viewer" });
  await open(page, "#/held");
  await page.getByRole("link", { name: new RegExp(`Ivy Viewed|${ivy.id}`) }).first().waitFor();
  assert.equal(await page.getByRole("button", { name: /^(Release|Reject)/ }).count(), 0);
  assert.equal(await page.getByRole("checkbox").count(), 0);
  assert.deepEqual(page.complaints, []);
});
