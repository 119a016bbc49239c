// SPDX-License-Identifier: MIT
// The frame: the page loads, the navigation leads to every page, nothing is violated.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { World, axe, closeBrowser, openPage } from "./harness.mjs";

let world;
before(async () => { world = await World.start({ people: 3 }); });
after(async () => { await closeBrowser(); await world.stop(); });

test("the navigation leads to every page", async () => {
  const page = await openPage(world, { as: "admin" });
  for (const name of ["Overview", "People", "Mapping", "Held and failed", "Activity", "System", "Settings"]) {
    await page.getByRole("navigation", { name: "Main" }).getByRole("link", { name }).click();
    await page.locator("main h1").waitFor();
    assert.deepEqual(await axe(page), []);
  }
  assert.deepEqual(page.complaints, []);
});
