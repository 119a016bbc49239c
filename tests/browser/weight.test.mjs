// SPDX-License-Identifier: MIT
// What a first view of Overview brings over the wire, chart included: under 400 kB, and all of it from here.
import assert from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";
import { World, closeBrowser, openPage, until } from "./harness.mjs";
import { closePages } from "./look.mjs";

const BYTES_MAX = 400_000;

let world;
before(async () => {
  world = await World.start();
  await world.hook();
  await world.hire("Ada", "Byron");
  await until(() => world.user("ada.byron@example.com"), "Ada has an account, and the chart something to draw");
});
afterEach(closePages);
after(async () => { await closeBrowser(); await world.stop(); });

async function weigh(response) {
  const sizes = await response.request().sizes();
  return { url: response.url(), bytes: sizes.responseBodySize + sizes.responseHeadersSize, status: response.status() };
}

test("a first view of Overview is under 400 kB compressed", async () => {
  const page = await openPage(world, { as: "admin" });
  // Signing in has filled the cache with most of it.
  const session = await page.context().newCDPSession(page);
  await session.send("Network.enable");
  await session.send("Network.setCacheDisabled", { cacheDisabled: true });
  const pending = [];
  page.on("response", (response) => pending.push(weigh(response)));
  await page.reload();
  await page.getByRole("img", { name: /Changes in Okta/ }).waitFor();
  await page.getByRole("heading", { name: /^Today/ }).waitFor();
  const loaded = await Promise.all(pending);
  const total = loaded.reduce((sum, one) => sum + one.bytes, 0);
  const heaviest = loaded.sort((a, b) => b.bytes - a.bytes);
  console.log(`# ${loaded.length} answers, ${total} bytes`);
  const size = (name) => loaded.find((one) => one.url.includes(name))?.bytes ?? 0;
  for (const [name, least] of [["chart", 40_000], ["mithril", 5_000], ["bootstrap", 15_000], ["console.css", 1_000], ["/overview", 200]]) {
    assert.ok(size(name) > least, `${name} was weighed: ${size(name)} bytes`);
  }
  assert.ok(total < BYTES_MAX, `${total} bytes: ${heaviest.slice(0, 8).map((one) => `${one.url} ${one.bytes}`).join(", ")}`);
  assert.deepEqual(loaded.filter((one) => !one.url.startsWith(world.admin + "/")), []);
  assert.deepEqual(page.complaints, []);
});

test("a second view fetches none of the files again", async () => {
  // Nobody needs to be signed in for the files, and a page that is tampered with has no cache.
  const page = await openPage(world);
  await page.locator("main").waitFor();
  const fetched = [];
  const session = await page.context().newCDPSession(page);
  await session.send("Network.enable");
  session.on("Network.responseReceived", ({ response }) => {
    if (response.url.includes("/assets/") && !response.fromDiskCache) fetched.push(response.url);
  });
  await page.goto("about:blank");
  await page.goto(world.admin + "/");
  await page.locator("main").waitFor();
  assert.deepEqual(fetched, []);
});
