// SPDX-License-Identifier: MIT
// How long the first view of the overview takes with 50,000 people, of one or of several builds by
// turns, so that they share whatever else the machine does: node first_view.mjs [--turns 9] [FOLDER...]
// A folder holds bob2okta and sandbox; without one, what was just built. The last is compared with the first.
import { execFileSync } from "node:child_process";
import path from "node:path";
import { parseArgs } from "node:util";
import { ROOT, World, closeBrowser, openPage, until } from "./harness.mjs";

const { values: options, positionals } = parseArgs({
  allowPositionals: true, options: { turns: { type: "string", default: "9" }, people: { type: "string", default: "50000" }, waterfall: { type: "boolean" } },
});
const folders = positionals.length > 0 ? positionals.map((one) => path.resolve(one)) : [undefined];

async function open(programs) {
  const world = await World.start({ programs });
  await world.server.stop();
  execFileSync("python3", [path.join(ROOT, "tests/browser/fill.py"), path.join(world.directory, "store/bob2okta.db"), "--people", options.people]);
  await world.serve();
  const page = await openPage(world, { as: "admin" });
  const session = await page.context().newCDPSession(page);
  await session.send("Network.enable");
  await page.addInitScript(() => {
    const seen = (window.firstView = {});
    const look = () => {
      if (!seen.frame && document.querySelector("main h1")) seen.frame = performance.now();
      if (!seen.numbers && document.querySelector(".tile-value")) seen.numbers = performance.now();
      const canvas = document.querySelector(".chart canvas");
      if (canvas && window.Chart?.getChart(canvas)) seen.chart = performance.now();
      else requestAnimationFrame(look);
    };
    look();
  });
  return { world, page, session, programs, cold: [], warm: [] };
}

async function view(one, isCold) {
  if (isCold) await one.session.send("Network.clearBrowserCache");
  await one.page.reload({ waitUntil: "commit" });
  await until(() => one.page.evaluate(() => window.firstView?.chart), "the chart stands", 60000);
  one[isCold ? "cold" : "warm"].push(await one.page.evaluate(() => window.firstView));
}

// What was asked for, when, and for how long.
async function waterfall({ page }) {
  const rows = await page.evaluate(() => performance.getEntriesByType("resource").map((one) => [one.startTime, one.responseEnd, one.transferSize, one.name]));
  for (const [from, to, bytes, name] of rows) console.log(`${from.toFixed(0).padStart(6)} ${to.toFixed(0).padStart(6)} ${String(bytes).padStart(7)} ${new URL(name).pathname.split("/").slice(-2).join("/")}`);
}

const middle = (list) => [...list].sort((a, b) => a - b)[Math.floor(list.length / 2)];
const MARKS = ["frame", "numbers", "chart"];
const row = (cells) => console.log(cells.map((one) => String(one).padStart(10)).join(""));

const views = [];
for (const folder of folders) views.push(await open(folder));
for (let turn = 0; turn < Number(options.turns); turn++) {
  for (const isCold of [true, false]) for (const one of views) await view(one, isCold);
}
for (const kind of ["cold", "warm"]) {
  console.log(`${kind === "cold" ? "nothing" : "all files"} in the browser's cache: ms until the ${MARKS.join(", the ")} stand, median of ${options.turns}`);
  const medians = views.map((one) => MARKS.map((mark) => middle(one[kind].map((marks) => marks[mark]))));
  for (const each of medians) row(each.map((ms) => ms.toFixed(0)));
  if (views.length > 1) row(medians.at(-1).map((ms, at) => `${(ms / medians[0][at]).toFixed(2)} of it`));
}
if (options.waterfall) for (const isCold of [true, false]) for (const one of views) { await view(one, isCold); console.log(isCold ? "cold" : "warm"); await waterfall(one); }
await closeBrowser();
