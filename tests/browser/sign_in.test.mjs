// SPDX-License-Identifier: MIT
// Coming in and going out: the first run, an invitation, a second factor, a proof asked for once
// more, roles that change, two tabs, and who went away.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createHmac } from "node:crypto";
import { readFileSync } from "node:fs";
import path from "node:path";
import { after, afterEach, before, test } from "node:test";
import { PASSWORD, World, axe, closeBrowser, enter, fillSignIn, fits, openPage, picture, settings, until } from "./harness.mjs";
import { closePages } from "./look.mjs";

let world;
before(async () => { world = await World.start(); });
afterEach(closePages);
after(async () => { await closeBrowser(); await world.stop(); });

const heading = (page, name) => page.getByRole("heading", { level: 1, name });
const nav = (page) => page.getByRole("navigation", { name: "Main" });

async function axeInBoth(page) {
  for (const colorScheme of ["light", "dark"]) {
    await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    assert.deepEqual(await axe(page), [], colorScheme);
  }
  await page.emulateMedia({ colorScheme: "light" });
}

// RFC 6238 with a seed as the page shows it.
function totp(seed, atMs = Date.now()) {
  const bits = [...seed.replace(/\s/g, "")].map((one) => "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".indexOf(one).toString(2).padStart(5, "0")).join("");
  const key = Buffer.from(bits.match(/.{8}/g).map((byte) => parseInt(byte, 2)));
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(atMs / 30000)));
  const mac = createHmac("sha1", key).update(counter).digest();
  const at = mac[19] & 15;
  return String((mac.readUInt32BE(at) & 0x7fffffff) % 1000000).padStart(6, "0");
}

async function invite(name, role) {
  const { account, code } = await world.api("POST", "/accounts", { name, role });
  await enter(world, code, name);
  await world.api("POST", `/accounts/${account.account}/end-sessions`);
  return account.account;
}

test("the first run makes the first admin with the code from the file", async () => {
  const page = await openPage(world);
  await heading(page, "Welcome to bob2okta").waitFor();
  await axeInBoth(page);
  await picture(page, "first-run");
  await page.getByLabel("One-time code").fill("AAAA-BBBB-CCCC");
  await page.getByLabel("The name you will sign in with").fill("ada");
  await page.getByLabel("New password").fill(PASSWORD);
  await page.getByRole("button", { name: "Begin" }).click();
  await page.getByRole("alert").waitFor();
  await axeInBoth(page);
  const code = readFileSync(path.join(world.directory, "store/first-code"), "utf8").trim();
  await page.getByLabel("One-time code").fill(code);
  await page.getByRole("button", { name: "Begin" }).click();
  await nav(page).waitFor();
  assert.match(page.url(), /settings\/integrations\/provisioning\/okta/);
  await page.getByRole("button", { name: "Sign out" }).click();
  await heading(page, "Sign in to bob2okta").waitFor();
  // It serves once.
  await assert.rejects(enter(world, code, "eve"), /401/);
  assert.deepEqual(page.complaints, []);
});

test("a wrong password is said, the right one leads back to where one was", async () => {
  const page = await openPage(world);
  await page.goto(world.admin + "/#/activity");
  await heading(page, "Sign in to bob2okta").waitFor();
  await axeInBoth(page);
  await page.getByLabel("Name", { exact: true }).fill("ada");
  await page.getByLabel("Password", { exact: true }).fill("not the right password");
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
  await page.getByRole("alert").waitFor();
  await fillSignIn(page, "ada");
  await heading(page, "Activity").waitFor();
  // Neither name nor token can be read by a script.
  assert.equal(await page.evaluate(() => document.cookie), "");
  const [cookie] = await page.context().cookies();
  assert.deepEqual([cookie.name, cookie.secure, cookie.httpOnly, cookie.sameSite, cookie.path], ["__Host-bob2okta", true, true, "Strict", "/"]);
  assert.deepEqual(page.complaints, []);
});

test("who was invited chooses a password with the code", async () => {
  const { code } = await world.api("POST", "/accounts", { name: "grace", role: "operator" });
  const page = await openPage(world);
  await page.getByRole("button", { name: "I have a one-time code" }).click();
  await heading(page, "Come in with a one-time code").waitFor();
  await axeInBoth(page);
  await page.getByLabel("One-time code").fill(code);
  await page.getByLabel("Name", { exact: true }).fill("grace");
  await page.getByLabel("New password").fill("bob2okta bob2okta");
  await page.getByRole("button", { name: "Come in" }).click();
  await page.getByRole("alert").waitFor();
  await page.getByLabel("New password").fill(PASSWORD);
  await page.getByRole("button", { name: "Come in" }).click();
  await nav(page).waitFor();
  assert.match(await page.locator(".who").innerText(), /grace\s+operator/);
  assert.deepEqual(page.complaints, []);
});

test("a second factor is set up, asked for, replaced by a recovery code, and turned off", async () => {
  await invite("heidi", "viewer");
  const page = await openPage(world);
  await fillSignIn(page, "heidi");
  await page.getByRole("link", { name: /heidi/ }).click();
  await heading(page, "Your account").waitFor();
  await axeInBoth(page);
  await picture(page, "account");
  await page.getByRole("button", { name: "Set up an authenticator app" }).click();
  const seed = await page.locator("#totp-seed").innerText();
  assert.match(await page.getByRole("link", { name: "this link" }).getAttribute("href"), /^otpauth:\/\/totp\//);
  await axeInBoth(page);
  await page.getByLabel("Six digits").fill("12345");
  await page.getByRole("button", { name: "Confirm" }).click();
  await page.getByRole("alert").waitFor();
  await page.getByLabel("Six digits").fill(totp(seed));
  await page.getByRole("button", { name: "Confirm" }).click();
  await page.locator("#recovery-codes").waitFor();
  const codes = await page.locator("#recovery-codes code").allInnerTexts();
  assert.equal(codes.length, 10);
  await axeInBoth(page);
  await page.getByRole("button", { name: "I have kept them" }).click();
  await page.getByText("Recovery codes left: 10").waitFor();
  await page.getByRole("button", { name: "Sign out" }).click();

  await page.getByLabel("Name", { exact: true }).fill("heidi");
  await page.getByLabel("Password", { exact: true }).fill(PASSWORD);
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
  const second = page.getByLabel("Second factor");
  await second.waitFor();
  await until(() => second.evaluate((one) => one === document.activeElement), "the second factor has the focus");
  await axeInBoth(page);
  await second.fill("000000");
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
  await page.getByRole("alert").waitFor();
  // The code that set it up is used up: the next one.
  await second.fill(totp(seed, Date.now() + 30000));
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
  await nav(page).waitFor();
  await page.getByRole("button", { name: "Sign out" }).click();

  await page.getByLabel("Name", { exact: true }).fill("heidi");
  await page.getByLabel("Password", { exact: true }).fill(PASSWORD);
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
  await page.getByLabel("Second factor").fill(codes[0]);
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
  await page.getByText("Recovery codes left: 9").waitFor();
  await page.getByRole("button", { name: "Turn it off" }).click();
  await axeInBoth(page);
  await page.getByRole("dialog").getByRole("button", { name: "Turn it off" }).click();
  await page.getByRole("button", { name: "Set up an authenticator app" }).waitFor();
  assert.deepEqual(page.complaints, []);
});

test("the password is changed with the old one, and other sessions end", async () => {
  await invite("ivan", "viewer");
  const [page, other] = [await openPage(world), await openPage(world)];
  for (const one of [page, other]) await fillSignIn(one, "ivan");
  await page.goto(world.admin + "/#/account");
  const fill = async (old, fresh, again = fresh) => {
    await page.getByLabel("Password of now").fill(old);
    await page.getByLabel("New password", { exact: true }).fill(fresh);
    await page.getByLabel("New password once more").fill(again);
    await page.getByRole("button", { name: "Change the password" }).click();
  };
  await fill(PASSWORD, "quiet otters count stars", "quiet otters count starz");
  await page.getByText("The two are not the same.").waitFor();
  await fill("something else altogether", "quiet otters count stars");
  await page.getByLabel("Password of now").and(page.locator("[aria-invalid=true]")).waitFor();
  await fill(PASSWORD, "too short");
  await page.getByLabel("New password", { exact: true }).and(page.locator("[aria-invalid=true]")).waitFor();
  await axeInBoth(page);
  await fill(PASSWORD, "quiet otters count stars");
  await page.getByText("You are signed in only here.").waitFor();
  await heading(other, "Sign in to bob2okta").waitFor({ timeout: 30000 });
  await fillSignIn(other, "ivan", "quiet otters count stars");
  // The list of sessions ends one of them.
  await page.getByRole("button", { name: "End the session from" }).waitFor({ timeout: 40000 });
  await page.getByRole("button", { name: "End the session from" }).click();
  await heading(other, "Sign in to bob2okta").waitFor({ timeout: 30000 });
  assert.deepEqual([...page.complaints, ...other.complaints], []);
});

// Six minutes that no test can wait for: the proof of every session was given that much earlier.
function ageProofs() {
  execFileSync("/usr/bin/python3", ["-c", `import sqlite3, sys
with sqlite3.connect(sys.argv[1], timeout=10) as db: db.execute("UPDATE sessions SET fresh_at_ms = fresh_at_ms - 360000")`,
  path.join(world.directory, "store/bob2okta.db")]);
}

test("what weighs most asks for the password once more, and then goes on", async () => {
  await invite("mia", "viewer");
  const page = await openPage(world);
  await fillSignIn(page, "mia");
  await page.goto(world.admin + "/#/account");
  await heading(page, "Your account").waitFor();
  const tab = await page.context().newPage();
  await tab.goto(world.admin + "/#/account");
  await heading(tab, "Your account").waitFor();
  ageProofs();
  const dialog = page.getByRole("dialog", { name: "Confirm that it is you" });
  const begin = page.getByRole("button", { name: "Set up an authenticator app" });
  await begin.click();
  await dialog.waitFor();
  await axeInBoth(page);
  await picture(page, "confirm");
  await page.keyboard.press("Escape");
  await dialog.waitFor({ state: "detached" });
  await page.getByText("this needs your password once more").waitFor();
  await begin.click();
  await dialog.getByLabel("Password").fill("not it at all, I fear");
  await dialog.getByRole("button", { name: "Confirm" }).click();
  await dialog.getByRole("alert").waitFor();
  assert.doesNotMatch(await dialog.getByRole("alert").innerText(), /Bearer/);

  // Whoever leaves the page is not asked any more, and what asked is not done.
  await page.evaluate(() => { location.hash = "#/overview"; });
  await heading(page, "Overview").waitFor();
  await dialog.waitFor({ state: "detached" });
  await page.goBack();
  await heading(page, "Your account").waitFor();
  await begin.click();
  await dialog.getByLabel("Password").fill(PASSWORD);
  await page.keyboard.press("Enter");
  await page.getByLabel("Six digits").waitFor();
  // The token of the session is another one now; the other tab goes on with it.
  await tab.getByRole("button", { name: "Set up an authenticator app" }).click();
  await tab.getByLabel("Six digits").waitFor();
  assert.deepEqual(page.complaints, []);
});

test("who guesses waits, and is told for how long", async () => {
  await invite("oscar", "viewer");
  const guess = { name: "oscar", password: "one more guess at it" };
  const ask = () => fetch(world.admin + "/api/v1/session", { method: "POST", headers: { Origin: world.admin, "Content-Type": "application/json" }, body: JSON.stringify(guess) });
  // Each failure doubles the delay; one that lasts longer than a page takes to load.
  await until(async () => Number((await ask()).headers.get("Retry-After")) >= 5, "guessing is braked for five seconds", 60000);
  const page = await openPage(world);
  await page.getByLabel("Name", { exact: true }).fill("oscar");
  await page.getByLabel("Password", { exact: true }).fill("one more guess at it");
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
  const wait = page.getByRole("button", { name: /^Wait \d+ s$/ });
  await wait.waitFor();
  assert.equal(await wait.isDisabled(), true);
  await axeInBoth(page);
  await page.getByRole("button", { name: "Sign in", exact: true }).waitFor({ timeout: 60000 });
  assert.deepEqual(page.complaints, []);
});

test("with several connections there is a switcher, and pages ask for the one chosen", async () => {
  const two = await World.start({ document: (sandbox) => {
    const one = settings(sandbox);
    const second = structuredClone(one.connections[0]);
    return { connections: [one.connections[0], { ...second, name: "second" }] };
  } });
  try {
    const page = await openPage(two, { as: "viewer" });
    await page.goto(two.admin + "/#/account");
    await heading(page, "Your account").waitFor();
    const asked = page.waitForRequest(/connection=second/);
    await page.getByLabel("Connection").selectOption("second");
    await asked;
    await axeInBoth(page);
    await page.reload();
    await heading(page, "Your account").waitFor();
    await until(async () => (await page.getByLabel("Connection").inputValue()) === "second", "the second is looked at again");
    assert.deepEqual(page.complaints, []);
  } finally {
    await two.stop();
  }
});

test("another role ends the session", async () => {
  const account = await invite("judy", "operator");
  const page = await openPage(world);
  await fillSignIn(page, "judy");
  await world.api("POST", `/accounts/${account}/role`, { role: "viewer" });
  await heading(page, "Sign in to bob2okta").waitFor({ timeout: 30000 });
  await page.getByText("Your session has ended.").waitFor();
  await fillSignIn(page, "judy");
  assert.match(await page.locator(".who").innerText(), /judy\s+viewer/);
  assert.deepEqual(page.complaints, []);
});

test("two tabs: signing out in one is signing out in both, and in again in both", async () => {
  await invite("kim", "viewer");
  const page = await openPage(world);
  await fillSignIn(page, "kim");
  const tab = await page.context().newPage();
  await tab.goto(world.admin + "/");
  await nav(tab).waitFor();
  await page.getByRole("button", { name: "Sign out" }).click();
  await tab.getByText("You signed out in another tab.").waitFor();
  await fillSignIn(tab, "kim");
  await nav(page).waitFor();
  assert.deepEqual(page.complaints, []);
});

test("who goes away is warned, and signed out; back again on the same page", async () => {
  await invite("lena", "viewer");
  const page = await openPage(world);
  await page.clock.install();
  await page.goto(world.admin + "/#/people");
  await page.reload();
  await fillSignIn(page, "lena");
  await heading(page, "People").waitFor();
  await page.clock.runFor(14 * 60 * 1000 + 5000);
  await page.getByRole("dialog", { name: "Are you still there?" }).waitFor();
  await axeInBoth(page);
  await page.getByRole("button", { name: "Stay signed in" }).click();
  await page.getByRole("dialog", { name: "Are you still there?" }).waitFor({ state: "detached" });
  await page.clock.runFor(15 * 60 * 1000 + 5000);
  await page.getByText("because nobody used the console").waitFor();
  await fillSignIn(page, "lena");
  await heading(page, "People").waitFor();
  // The server ended that session, too.
  const { accounts } = await world.api("GET", "/accounts");
  assert.equal(accounts.find((one) => one.name === "lena").sessions, 1);
  assert.deepEqual(page.complaints, []);
});

test("on a narrow screen the navigation is behind a button, and nothing scrolls sideways", async () => {
  const page = await openPage(world, { width: 375, height: 700 });
  const narrow = () => fits(page, page.url());
  await narrow();
  await fillSignIn(page, "grace");
  await narrow();
  await page.getByRole("button", { name: "Menu" }).click();
  await nav(page).getByRole("link", { name: "People" }).click();
  await heading(page, "People").waitFor();
  await page.goto(world.admin + "/#/account");
  await heading(page, "Your account").waitFor();
  await narrow();
  await axeInBoth(page);
  assert.deepEqual(page.complaints, []);
});
