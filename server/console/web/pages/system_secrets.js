// SPDX-License-Identifier: MIT
// Tokens and secrets as far as anybody may know them, and the master keys they lie under.
import m from "../lib/m.js";
import { post } from "../lib/api.js";
import { live } from "../lib/live.js";
import { may, state as session } from "../lib/session.js";
import { moment } from "../lib/time.js";
import { Act, Badge, Dialog, Field, Live, Problem, Section, Table, Time, say } from "../lib/ui.js";
import { upperFirst } from "../lib/words.js";

// Write only: the value goes from the field to the server, and is in no state of the page.
async function enter(event, { secret, reload, onclose }, dialog) {
  event.preventDefault();
  const field = event.target.value;
  dialog.isBusy = true;
  dialog.error = null;
  try {
    const answer = await post(`/secrets/${secret.name}`, { value: field.value });
    field.value = "";
    say(answer.is_in_force ? `${secret.help} is entered and in use.` : `Stored, and not used: ${answer.sentence}`, answer.is_in_force ? "success" : "warning");
    onclose();
    await reload();
  } catch (error) {
    dialog.error = error;
  }
  dialog.isBusy = false;
  m.redraw();
}

function whereTo({ name, host }) {
  if (name.startsWith("alarms.")) return "It is stored, and used for this target of alarms alone.";
  return host ? ["It is stored for ", m("code", host), " and sent there alone."] : "It is stored, and sent nowhere.";
}

const EnterDialog = {
  view: ({ attrs, state: dialog }) =>
    m(Dialog, { title: `Enter ${attrs.secret.help}`, onclose: attrs.onclose }, [
      m("form", { onsubmit: (event) => enter(event, attrs, dialog) }, [
        m("p", whereTo(attrs.secret)),
        m("p", "It is never shown again; only its last four characters and a fingerprint are."),
        attrs.secret.settings_say === "elsewhere" && m("p", [m(Badge, { tone: "warn" }, "Not used yet"), " The settings take this secret from elsewhere until they say ", m("code", "{\"stored\": true}"), "."]),
        m(Field, { label: "New value", name: "value", type: "password", autocomplete: "off", required: true, spellcheck: false }),
        dialog.error && m(Problem, { error: dialog.error }),
        m(".actions", [
          m("button.btn.btn-primary[type=submit]", { disabled: Boolean(dialog.isBusy) }, "Store and use"),
          m("button.btn.btn-outline-secondary[type=button]", { onclick: attrs.onclose }, "Cancel"),
        ]),
      ]),
    ]),
};

const RemoveDialog = {
  oninit: ({ state }) => { state.error = null; },
  view: ({ attrs: { secret, isBefore, reload, onclose }, state: dialog }) =>
    m(Dialog, { title: isBefore ? `Remove the value before of ${secret.name}?` : `Remove ${secret.name}?`, onclose }, [
      m("p", isBefore
        ? "Deliveries that are still signed with it are refused from now on."
        : "It is taken out of the store and out of what runs. What needs it stands still until another one is entered."),
      dialog.error && m(Problem, { error: dialog.error }),
      m(".actions", [
        m(Act, { kind: "danger", onerror: (error) => { dialog.error = error; }, run: async () => {
          await post(`/secrets/${secret.name}/remove`, isBefore ? { before_only: true } : {});
          say(`${secret.name} is removed.`);
          onclose();
          await reload();
        } }, "Remove"),
        m("button.btn.btn-outline-secondary[type=button]", { onclick: onclose }, "Cancel"),
      ]),
    ]),
};

const Stored = {
  view: ({ attrs: { one } }) => m("li", [
    one.last4 ? ["ends in ", m("code", one.last4), ", "] : "", "fingerprint ", m("code", one.fingerprint), m("br"),
    "entered ", m(Time, { ms: one.entered_at_ms }), ` by ${one.entered_by}`, m("br"),
    one.is_in_use ? m(Badge, { tone: "good" }, "in use") : m(Badge, { tone: "plain" }, "not in use"),
    one.slot === "before" && " (the one before)",
    !one.is_for_this_host && [" ", m(Badge, { tone: "warn" }, "for another host"), ` ${one.host}`],
    one.is_damaged && [" ", m(Badge, { tone: "bad" }, "damaged"), " Enter it again."],
  ]),
};

const expiry = (settings, name) =>
  settings?.document.connections?.find((one) => one.name === name)?.okta?.token_expires;

function rowOf(secret, state, settings) {
  const ends = secret.name === "okta.api_token" && expiry(settings, session.connection);
  return [
    [m(".fw-semibold", upperFirst(secret.help)), m("code.small", secret.name), ends && m("", `ends on ${ends}, by the settings`)],
    [secret.settings_say === "stored" ? "this store" : "the settings file, a file or the environment",
      m(".small", ["last success ", secret.success_at_ms ? m(Time, { ms: secret.success_at_ms }) : "not since the start"])],
    secret.stored.length === 0 ? "nothing is stored" : m("ul.plain", secret.stored.map((one) => m(Stored, { one }))),
    may("admin") && m(".actions", [
      m("button.btn.btn-sm.btn-outline-primary[type=button]", {
        "aria-label": `Enter a new ${secret.name}`, onclick: () => { state.secret = secret; },
      }, "Enter a new one"),
      secret.stored.some((one) => one.slot === "before") && m("button.btn.btn-sm.btn-outline-danger[type=button]", {
        "aria-label": `Remove the value before of ${secret.name}`, onclick: () => { state.removed = { secret, isBefore: true }; },
      }, "Remove the one before"),
      secret.stored.length > 0 && m("button.btn.btn-sm.btn-outline-danger[type=button]", {
        "aria-label": `Remove ${secret.name}`, onclick: () => { state.removed = { secret, isBefore: false }; },
      }, "Remove"),
    ]),
  ];
}

const Tokens = {
  view: ({ attrs: { data, settings }, state }) =>
    m(Section, { title: "Tokens and secrets" }, [
      m(Live, { data, what: "tokens" }, ({ secrets }) => m(Table, {
        label: "List of tokens and secrets", columns: ["What", "Taken from", "In the store", "Change"], keys: secrets.map((one) => one.name),
        rows: secrets.map((one) => rowOf(one, state, settings.value)),
      })),
      state.secret && m(EnterDialog, { secret: state.secret, reload: data.reload, onclose: () => { state.secret = null; m.redraw(); } }),
      state.removed && m(RemoveDialog, { ...state.removed, reload: data.reload, onclose: () => { state.removed = null; m.redraw(); } }),
    ]),
};

const KeysDialog = {
  oninit: ({ state }) => { state.error = null; },
  view: ({ attrs: { finish, reload, onclose }, state: dialog }) =>
    m(Dialog, { title: finish ? "Remove the older master keys?" : "Add a newer master key?", onclose }, [
      m("p", finish
        ? "Copies of the store that were made under an older key can be read by nobody any more, unless you have kept the key file of then."
        : "The key file gets a newer version, and the store's keys are sealed under it. Keep a copy of the key file: without it no secret of the store can be read."),
      dialog.error && m(Problem, { error: dialog.error }),
      m(".actions", [
        m(Act, { kind: finish ? "danger" : "primary", onerror: (error) => { dialog.error = error; }, run: async () => {
          await post("/keys/rotate", finish ? { finish: true } : {});
          say(finish ? "The older master keys are removed." : "The store's keys are sealed under a newer master key.");
          onclose();
          await reload();
        } }, finish ? "Remove" : "Add"),
        m("button.btn.btn-outline-secondary[type=button]", { onclick: onclose }, "Cancel"),
      ]),
    ]),
};

const Keys = {
  view: ({ attrs: { data }, state }) =>
    m(Section, { title: "Master keys" }, [
      m(Live, { data, what: "master keys" }, (keys) => [
        m("dl.facts", [
          m("dt", "Key file"), m("dd", m("code", keys.key_file)),
          m("dt", "Versions"), m("dd", keys.versions.join(", ")),
          m("dt", "In use"), m("dd", `version ${keys.sealed_under_newest}`),
          m("dt", "Sealed"), m("dd", moment(keys.sealed_at_ms)),
        ]),
        keys.sealed_under_oldest !== keys.sealed_under_newest && m("p", [m(Badge, { tone: "warn" }, "Two are needed"), " Some of the store's keys still lie under an older version."]),
        may("admin") && m(".actions", [
          m("button.btn.btn-sm.btn-outline-primary[type=button]", { onclick: () => { state.asked = "add"; } }, "Add a newer one"),
          keys.versions.length > 1 && m("button.btn.btn-sm.btn-outline-danger[type=button]", { onclick: () => { state.asked = "finish"; } }, "Remove the older ones"),
        ]),
      ]),
      state.asked && m(KeysDialog, { finish: state.asked === "finish", reload: data.reload, onclose: () => { state.asked = null; m.redraw(); } }),
    ]),
};

export const Secrets = {
  oninit: ({ state }) => Object.assign(state, { secrets: live("/secrets"), keys: live("/keys", {}, { everyMs: 30000 }), settings: live("/settings", {}, { everyMs: 30000 }) }),
  onremove: ({ state }) => { state.secrets.stop(); state.keys.stop(); state.settings.stop(); },
  view: ({ state }) => [m(Tokens, { data: state.secrets, settings: state.settings }), m(Keys, { data: state.keys })],
};
