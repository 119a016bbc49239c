// SPDX-License-Identifier: MIT
// Every page of the console, as server/console/web/pages/index.js names them, for tests that go
// through all of them.
import { readFileSync } from "node:fs";
import path from "node:path";
import { ROOT, until } from "./harness.mjs";

// Long enough for a machine with other work on it.
const LOADED_MS = 30000;
const INDEX = path.join(ROOT, "server/console/web/pages/index.js");

// [{hash: "/people/42", role}, ...]; ids: what stands in the place of :id.
export function everyPage(ids = {}) {
  const rows = [...readFileSync(INDEX, "utf8").matchAll(/\{ path: "([^"]+)".*?role: "(\w+)"/g)];
  if (rows.length < 9) throw new Error("pages/index.js was not understood");
  return rows.map(([, hash, role]) => ({ role, hash: hash.replace(/:(\w+)/g, (_, name) => ids[name] ?? "1") }));
}

// Pages that did not stop loading once are not waited for again: "/people/42" as "/people/:".
const stuck = new Set();
const kindOf = (hash) => hash.split("/").slice(0, 3).map((part) => (/^\d+$/.test(part) ? ":" : part)).join("/");

// Goes there and waits until nothing is loading; true when that came about.
export async function visit(page, hash) {
  await page.evaluate((to) => { location.hash = to; }, hash);
  await until(() => page.evaluate((to) => decodeURIComponent(location.hash) === "#" + to, hash), `the address is ${hash}`);
  await page.locator("main h1").first().waitFor();
  const patienceMs = stuck.has(kindOf(hash)) ? 0 : LOADED_MS;
  const isLoaded = await until(() => page.evaluate(() => document.querySelector("main .loading") === null), hash, patienceMs).catch(() => false);
  if (!isLoaded) stuck.add(kindOf(hash));
  return isLoaded;
}
