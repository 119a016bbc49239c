// SPDX-License-Identifier: MIT
// Activity: filtering, the newest by itself, the file for a spreadsheet, and a chain that was damaged.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { after, afterEach, before, test } from "node:test";
import { World, closeBrowser, openPage, picture, until } from "./harness.mjs";
import { closePages, look } from "./look.mjs";

let world;
let ada;
before(async () => {
  world = await World.start();
  await world.sandbox("POST", "/settings", { okta_password_optional: true });
  await world.hook();
  ada = await world.hire("Ada", "Traced");
  await until(async () => (await world.user("ada.traced@example.com"))?.status === "ACTIVE", "Ada is active");
  await world.api("POST", `/people/${ada}/hold`, { why: "holiday", by: "+ops" });
  await world.api("POST", "/holds/reject", { employee_id: ada, why: "=HYPERLINK(1)", by: "+ops" });
});
// Each page keeps asking while it is open.
afterEach(closePages);
after(async () => { await closeBrowser(); await world.stop(); });

const open = (page, where) => page.evaluate((hash) => { location.hash = hash; }, where);
const rows = (page) => page.getByRole("table").getByRole("row");

async function saved(page, format) {
  await page.getByRole("button", { name: "Export" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Format").selectOption(format);
  const [download] = await Promise.all([page.waitForEvent("download"), dialog.getByRole("button", { name: "Export" }).click()]);
  await dialog.waitFor({ state: "detached" });
  return { name: download.suggestedFilename(), text: readFileSync(await download.path(), "utf8") };
}

test("the trail is filtered, and the newest comes by itself", async () => {
  const page = await openPage(world, { as: "operator" });
  await open(page, "#/activity");
  await page.getByRole("table").getByText("Change in Okta begun").first().waitFor();
  await look(page, "activity");
  await picture(page, "activity");
  await page.getByLabel("Kind", { exact: true }).selectOption("pause");
  await page.getByText("No record is like that").waitFor();
  await world.api("POST", "/pause", { revocations: true, by: "night" });
  await rows(page).filter({ hasText: "night" }).waitFor();
  await world.api("POST", "/resume", {});
  await page.getByLabel("Kind", { exact: true }).selectOption("");
  await page.getByLabel("Employee id").fill(ada);
  await page.getByLabel("Text").fill("hyperlink");
  await until(async () => (await rows(page).count()) === 2, "one record and the headings");
  await rows(page).nth(1).getByText("Record").click();
  await rows(page).nth(1).getByText("Pseudonym").waitFor();
  await look(page, "activity-filtered");
  await page.getByLabel("From").fill("2035-01-01T00:00");
  await page.getByText("No record is like that").waitFor();
  assert.deepEqual(page.complaints, []);
});

test("the filtered trail becomes a file in which nothing is a formula", async () => {
  const page = await openPage(world, { as: "operator" });
  await open(page, `#/activity?employee_id=${ada}`);
  await rows(page).filter({ hasText: "HYPERLINK" }).waitFor();
  const csv = await saved(page, "csv");
  assert.equal(csv.name, "audit.csv");
  const lines = csv.text.trim().split("\r\n");
  assert.match(lines[0], /^record,at,connection,kind,employee_id/);
  assert.ok(lines.slice(1).every((line) => line.includes(`,'${ada},`)), "of her alone, and her id is no rounded number");
  assert.match(csv.text, /,'\+ops,/);
  assert.doesNotMatch(csv.text, /(^|[,"\n])[=+@-]/m);
  const jsonl = await saved(page, "jsonl");
  const records = jsonl.text.trim().split("\n").map((line) => JSON.parse(line));
  const shown = (await world.api("GET", `/audit?employee_id=${ada}&order=oldest`)).records;
  assert.deepEqual(records, shown);
  const trail = await world.api("GET", "/audit?kind=export");
  assert.equal(trail.records.length, 2);
  assert.deepEqual(page.complaints, []);
});

test("a viewer sees what was done, of whom not, and takes nothing away", async () => {
  const page = await openPage(world, { as: "viewer" });
  await open(page, "#/activity");
  await page.getByRole("table").getByText("Change in Okta begun").first().waitFor();
  await page.getByText(/^Create the account \(action \d+\), by rule \w+$/).first().waitFor();
  // Who has accounts.
  await page.getByText("Hidden from viewers.").first().waitFor();
  assert.equal(await page.getByRole("button", { name: "Export" }).count(), 0);
  assert.deepEqual(page.complaints, []);
});

test("a whole chain is said to be whole, a damaged one where", async () => {
  const page = await openPage(world, { as: "operator" });
  await open(page, "#/activity");
  await page.getByRole("button", { name: "Verify all of it now" }).click();
  await page.getByText(/records looked at/).waitFor();
  await look(page, "activity-whole");
  // The server keeps what it found.
  await page.reload();
  await page.getByText(/records looked at/).waitFor();
  execFileSync("/usr/bin/python3", ["-c",
    "import sqlite3,sys; db=sqlite3.connect(sys.argv[1], timeout=10); db.execute(\"UPDATE audit_records SET who='mallory' WHERE seq=2\"); db.commit()",
    `${world.directory}/store/bob2okta.db`]);
  await page.getByRole("navigation", { name: "Main" }).getByRole("link", { name: "System" }).click();
  await page.getByRole("navigation", { name: "Main" }).getByRole("link", { name: "Activity" }).click();
  await page.getByText(/records looked at/).waitFor();
  await page.getByRole("button", { name: "Verify all of it now" }).click();
  await page.getByText(/Record 2: /).waitFor();
  await page.getByText("A record is not what was written.").first().waitFor();
  await look(page, "activity-broken");
  assert.deepEqual(page.complaints, []);
});
