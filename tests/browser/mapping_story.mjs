// SPDX-License-Identifier: MIT
// What the stories of the mapping page have in common.
import { SECRET, World, openPage, settings } from "./harness.mjs";

// Settings of a file may not be published by who is signed in: these are the console's own.
//   more: further keys of the connection
export async function startWithoutFile(more = {}) {
  const one = await World.start({ document: null });
  const { document } = await one.api("GET", "/settings");
  const [wanted] = settings(one.sandboxUrl).connections;
  const secrets = [["okta.api_token", wanted.okta.api_token], ["bob.service_user_token", wanted.bob.service_user_token], ["bob.webhook_secret", SECRET]];
  delete wanted.okta.api_token;
  delete wanted.bob.service_user_token;
  delete wanted.bob.webhook_secrets;
  const [connection] = document.connections;
  for (const part of ["okta", "bob", "provisioning"]) Object.assign(connection[part], wanted[part]);
  Object.assign(connection, more);
  await one.api("POST", "/settings", { document });
  for (const [name, value] of secrets) await one.api("POST", `/secrets/${name}`, { value });
  connection.mode = "live";
  await one.api("POST", "/settings", { document });
  return one;
}

export async function openMapping(world, options) {
  const page = await openPage(world, { as: "admin", ...options });
  await page.goto(`${world.admin}/#/mapping`);
  await page.getByRole("table", { name: "Rows of the mapping" }).waitFor();
  return page;
}

export const dialog = (page, name) => page.getByRole("dialog", { name });

// Types into a combobox and takes the first answer, by keyboard alone.
export async function choose(page, label, text) {
  const box = page.getByRole("combobox", { name: label });
  await box.fill(text);
  await page.getByRole("option", { name: text }).first().waitFor();
  await box.press("Enter");
}

// Values are masked until somebody says what for.
export async function reveal(page, name) {
  await page.getByRole("button", { name: "Show values" }).first().click();
  const box = dialog(page, `Show the values of ${name}`);
  await box.getByLabel("What for").fill("trying the mapping");
  await box.getByRole("button", { name: "Show values" }).click();
  await box.waitFor({ state: "detached" });
}

export async function publish(page, note) {
  await page.getByRole("button", { name: "Publish..." }).click();
  const box = dialog(page, "Publish the mapping");
  if (note) await page.getByLabel(/^Note/).fill(note);
  await box.getByRole("button", { name: "Publish", exact: true }).click();
  await box.waitFor({ state: "detached" });
}
