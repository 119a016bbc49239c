// SPDX-License-Identifier: MIT
// What the steps of the set-up and the forms of System share: the settings in force, the secrets of
// the store, and saving with a look at what others saved meanwhile. It outlives a step, but
// keeps no secret.
import m from "../lib/m.js";
import { get, post } from "../lib/api.js";
import { state } from "../lib/session.js";
import { say } from "../lib/ui.js";

export const model = { connection: "", settings: null, secrets: null, error: null, conflict: null, turn: 0 };

const copy = (value) => JSON.parse(JSON.stringify(value));

export function connectionOf(document) {
  return document.connections.find((one) => one.name === state.connection);
}

// The connection as it is in force, with all its sections there.
export function present() {
  return { bob: {}, okta: {}, provisioning: {}, ...connectionOf(model.settings.document) };
}

export async function load() {
  if (model.connection !== state.connection) {
    Object.assign(model, { connection: state.connection, settings: null, secrets: null, conflict: null });
  }
  try {
    const [settings, secrets] = await Promise.all([get("/settings"), get("/secrets")]);
    Object.assign(model, { settings, secrets: secrets.secrets, error: null });
  } catch (error) {
    model.error = error;
  }
  m.redraw();
}

export const mayEdit = () => Boolean(model.settings?.is_editable);

// ------------------------------------------------------------------ how far it is

export function secretOf(name) {
  const secret = model.secrets.find((one) => one.name === name);
  return { ...secret, newest: secret.stored.find((one) => one.slot === "newest") };
}

// A secret that a file holds is the file's business.
export function hasSecret(name) {
  const secret = secretOf(name);
  return secret.settings_say !== "stored" || Boolean(secret.newest?.is_for_this_host && !secret.newest.is_damaged);
}

export function missing() {
  const { bob, okta, provisioning } = present();
  return {
    okta: [!okta.base_url && "the Okta domain", !hasSecret("okta.api_token") && "the API token"].filter(Boolean),
    bob: [
      !bob.company_id && "the company id", !bob.service_user_id && "the service user's id",
      !hasSecret("bob.service_user_token") && "the service user's token",
      !hasSecret("bob.webhook_secret") && "the webhook's secret",
    ].filter(Boolean),
    rules: [!provisioning.email_domains?.length && "the allowed e-mail domains"].filter(Boolean),
  };
}

export function isSetUp() {
  const { okta, bob, rules } = missing();
  return okta.length + bob.length + rules.length === 0;
}

// ------------------------------------------------------------------------- saving

// change(document) edits a copy of the document. True: saved, or nothing to save. False: somebody
// else saved first; model.conflict says what, and takeOver() does it again on top of theirs. What
// belongs to it, after() does then too; its false is that of the whole.
export async function saveDocument(change, note, after = () => true) {
  const document = copy(model.settings.document);
  change(document);
  try {
    await post("/settings", { document, note, expected_version: model.settings.version });
  } catch (error) {
    if (error.code !== "conflict" || !error.body?.present) throw error;
    const { present: theirs } = error.body;
    const { changes } = await get(`/settings/versions/${theirs.version}/diff`, { from: model.settings.version });
    model.conflict = { theirs, changes, change, note, after };
    m.redraw();
    return false;
  }
  model.conflict = null;
  await load();
  return (await after()) !== false;
}

// The same of the connection alone.
export const save = (change, note) => saveDocument((document) => change(connectionOf(document)), note);

export async function takeOver() {
  const { change, note, after } = model.conflict;
  await load();
  if (!(await saveDocument(change, note, after))) return;
  model.turn++; // the form shows both now
  say("Saved on top of what was there.");
}

export async function dropMine() {
  model.conflict = null;
  await load();
  model.turn++;
  say("Showing what is in force.", "info");
}

// The value goes out once and never comes back.
export async function enterSecret(name, value) {
  const answer = await post(`/secrets/${name}`, { value });
  await load();
  if (!answer.is_in_force) throw new Error(answer.sentence);
}
