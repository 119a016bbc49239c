// SPDX-License-Identifier: MIT
// A target of alarms, added or changed. Its secrets go to the store, one by one, after the target is
// in the settings; all are looked at before anything is changed.
import m from "../lib/m.js";
import { post } from "../lib/api.js";
import { Act, Dialog, Field, say } from "../lib/ui.js";
import { upperFirst } from "../lib/words.js";
import { load, model, saveDocument } from "./setup_model.js";
import { Choice } from "./setup_parts.js";
import { Rest, focusMistake } from "../lib/mistakes.js";

const STORED = { stored: true };
const SECRETS = ["webhook", "bearer", "hmac_secret", "password"]; // in the order they are bound to each other
const FIELDS = ["name", "smtp", "login", "from", "to", "least", ...SECRETS];
const SEVERITIES = [["notice", "everything"], ["warning", "warnings and what is critical"], ["critical", "only what is critical"]];
const NAME = /^[A-Za-z0-9_-]{1,63}$/;

const targetsOf = (document) => document.alarms?.targets || [];
const secretName = (name, key) => `alarms.${name}.${key}`;
const isEntered = (name, key) => model.secrets.some((one) => one.name === secretName(name, key) && one.stored.some((stored) => stored.is_for_this_host && !stored.is_damaged));

function formOf(target) {
  const one = target || {};
  return {
    name: one.name || "", kind: one.smtp ? "smtp" : "webhook", least: one.least || "notice",
    smtp: one.smtp || "", login: one.login || "", from: one.from || "", to: (one.to || []).join(", "),
    typed: Object.fromEntries(SECRETS.map((key) => [key, ""])),
    keeps: Object.fromEntries(SECRETS.map((key) => [key, Boolean(one[key])])),
  };
}

// What was typed for another kind of target is nobody's.
const typed = (form) => SECRETS.filter((key) => form.typed[key] && (key === "password" ? form.kind === "smtp" && form.login : form.kind === "webhook"));

const has = (form, key) => form.typed[key] !== "" || form.keeps[key];

function targetOf(form, before) {
  const target = { name: form.name, ...(form.least !== "notice" && { least: form.least }) };
  if (form.kind === "webhook") {
    target.webhook = STORED;
    for (const key of ["bearer", "hmac_secret"]) if (has(form, key)) target[key] = STORED;
    return target;
  }
  Object.assign(target, { smtp: form.smtp, from: form.from, to: form.to.split(/[\s,;]+/).filter(Boolean) });
  if (form.login) Object.assign(target, { login: form.login, password: STORED });
  // A file has sent it into the own network; another server is not reached there.
  if (before?.network && before.smtp === form.smtp) target.network = before.network;
  return target;
}

function put(document, form) {
  const targets = ((document.alarms ??= {}).targets ??= []);
  const at = targets.findIndex((one) => one.name === form.name);
  if (at === -1) targets.push(targetOf(form));
  else targets[at] = targetOf(form, targets[at]);
}

// ------------------------------------------------------------------------ mistakes

// What the server could not know: what is bound to another address, and what the form is there for.
function lacking(form, target) {
  const errors = {};
  const keeps = (key) => Boolean(target) && isEntered(target.name, key);
  if (!NAME.test(form.name)) errors.name = "Letters, digits, - and _ only.";
  else if (!target && targetsOf(model.settings.document).some((one) => one.name === form.name)) errors.name = "Another target has this name.";
  if (form.kind === "webhook") {
    if (!form.typed.webhook && !keeps("webhook")) errors.webhook = "Enter the address.";
    if (form.keeps.bearer && !form.typed.bearer && (form.typed.webhook || !keeps("bearer"))) errors.bearer = "It goes to the address it was entered for alone: enter it for this one, or take it away.";
    if (form.keeps.hmac_secret && !form.typed.hmac_secret && !keeps("hmac_secret")) errors.hmac_secret = "Enter it, or take it away.";
  } else if (form.login && !form.typed.password && (!keeps("password") || form.smtp !== target.smtp)) {
    errors.password = "It goes to the server it was entered for alone: enter it for this one.";
  }
  return errors;
}

// The same words as the server has for a value, without the name of what the label says.
const wordsOf = (error) => upperFirst(error.message.replace(/^the value of \S+ /, ""));

async function lookAt(form, errors) {
  for (const key of typed(form)) {
    try {
      await post(`/secrets/${secretName(form.name, key)}`, { value: form.typed[key], check_only: true });
    } catch (error) {
      if (error.code !== "bad_request") throw error;
      errors[key] = wordsOf(error);
    }
  }
}

const PLACE = /^alarms\.targets\[(\d+)\]\.([a-z_]+)/;

// Mistakes of the document that are about this target, by field.
function fromDocument(error, form) {
  const targets = targetsOf(model.settings.document);
  const found = targets.findIndex((one) => one.name === form.name);
  const mine = String(found === -1 ? targets.length : found);
  return Object.fromEntries((error.mistakes || []).map((one) => [PLACE.exec(one.path), one.text]).filter(([place]) => place?.[1] === mine).map(([place, text]) => [place[2], upperFirst(text)]));
}

// -------------------------------------------------------------------------- saving

// False: one of them was refused, which stands at its field; the target is in the settings by then.
async function enterAll(form, errors) {
  for (const key of typed(form)) {
    try {
      const answer = await post(`/secrets/${secretName(form.name, key)}`, { value: form.typed[key] });
      if (!answer.is_in_force) throw new Error(answer.sentence);
      form.typed[key] = "";
    } catch (error) {
      errors[key] = wordsOf(error);
      break;
    }
  }
  await load();
  return Object.keys(errors).length === 0;
}

async function submit(dialog, { target, reload, onclose }) {
  const { form } = dialog;
  dialog.error = null;
  dialog.errors = lacking(form, dialog.isSaved ? form : target);
  if (Object.keys(dialog.errors).length === 0) await lookAt(form, dialog.errors);
  if (Object.keys(dialog.errors).length > 0) return;
  await saveDocument((document) => put(document, form), `alarms go to ${form.name}`, async () => {
    dialog.isSaved = true;
    if (!(await enterAll(form, dialog.errors))) return false;
    say(target ? `${form.name} is changed.` : `${form.name} gets alarms from now on. Send a test alarm to see them arrive.`);
    onclose();
    await reload();
    return true;
  });
}

// ---------------------------------------------------------------------------- form

const help = (target, key, text) => (target && isEntered(target.name, key) ? `${text} Leave it empty to keep the one that is there.` : text);

// m(SecretField, {dialog, target, name, label, help, isOptional})
const SecretField = {
  view: ({ attrs: { dialog, target, name, label, text, isOptional } }) => [
    m(Field, {
      label, name, type: "password", autocomplete: "off", spellcheck: "false", value: dialog.form.typed[name], error: dialog.errors[name], help: help(target, name, text),
      oninput: (event) => { dialog.form.typed[name] = event.target.value.trim(); },
    }),
    isOptional && target?.[name] && m(Field, {
      type: "checkbox", label: `Without it: take away what is there (${label.toLowerCase()})`, checked: !dialog.form.keeps[name],
      onchange: (event) => { dialog.form.keeps[name] = !event.target.checked; },
    }),
  ],
};

const text = (dialog, name, label, more = {}) =>
  m(Field, { label, name, value: dialog.form[name], error: dialog.errors[name], spellcheck: "false", ...more, oninput: (event) => { dialog.form[name] = event.target.value.trim(); } });

function webhookFields(dialog, target) {
  return [
    m(SecretField, { dialog, target, name: "webhook", label: "Address", text: "An https address that takes JSON, of a chat service for example. It is kept like a password and never shown." }),
    m("details.mb-3", { open: Boolean(target?.bearer || target?.hmac_secret || dialog.errors.bearer || dialog.errors.hmac_secret) }, [
      m("summary", "Proof that it comes from bob2okta"),
      m(SecretField, { dialog, target, name: "bearer", label: "Bearer token", text: "Sent along as Authorization: Bearer.", isOptional: true }),
      m(SecretField, { dialog, target, name: "hmac_secret", label: "Signing secret", text: "At least 8 characters; signs each message in the header Bob2okta-Signature.", isOptional: true }),
    ]),
  ];
}

function mailFields(dialog, target) {
  return [
    text(dialog, "smtp", "Mail server", { placeholder: "smtps://mail.example.com", inputmode: "url", help: "smtps://host, or smtp://host:587 for STARTTLS." }),
    text(dialog, "login", "Login", { autocomplete: "off", help: "Empty: the server asks for none." }),
    dialog.form.login && m(SecretField, { dialog, target, name: "password", label: "Password", text: "Sent to this mail server alone." }),
    text(dialog, "from", "From", { placeholder: "bob2okta@example.com" }),
    m(Field, {
      label: "To", name: "to", value: dialog.form.to, error: dialog.errors.to, spellcheck: "false", placeholder: "it@example.com, on-call@example.com",
      help: "Up to 20 addresses.", oninput: (event) => { dialog.form.to = event.target.value; },
    }),
  ];
}

export const TargetDialog = {
  oninit: ({ attrs, state: dialog }) => Object.assign(dialog, { form: formOf(attrs.target), errors: {}, error: null }),
  view: ({ attrs, state: dialog }) => {
    const { target, onclose } = attrs;
    return m(Dialog, { title: target ? `Change ${target.name}` : "Who gets alarms", onclose }, m("form[novalidate][autocomplete=off]", {
      onupdate: ({ dom }) => focusMistake(dialog, dom),
      onsubmit: async (event) => {
        event.preventDefault();
        Object.assign(dialog, { isBusy: true, wasSent: true });
        try {
          await submit(dialog, attrs);
        } catch (error) {
          Object.assign(dialog.errors, fromDocument(error, dialog.form));
          dialog.error = error;
        }
        dialog.isBusy = false;
        m.redraw();
      },
    }, [
      !target && text(dialog, "name", "Name", { autocomplete: "off", help: "As it is called here and in the log, like ops-chat." }),
      !target && m(Choice, {
        label: "How", name: "target-kind", value: dialog.form.kind, onchange: (kind) => { dialog.form.kind = kind; },
        options: [["webhook", "Webhook", "Posted as JSON to an address on the internet."], ["smtp", "Mail", "Sent through a mail server of yours that is reached on the internet."]],
      }),
      dialog.form.kind === "webhook" ? webhookFields(dialog, target) : mailFields(dialog, target),
      m(Field, { label: "What it gets", name: "least", value: dialog.form.least, options: SEVERITIES, error: dialog.errors.least, onchange: (event) => { dialog.form.least = event.target.value; } }),
      m(Rest, { error: dialog.error, isAtField: (one) => FIELDS.some((field) => PLACE.exec(one.path)?.[2] === field && dialog.errors[field] === upperFirst(one.text)) }),
      m(".actions", [
        m("button.btn.btn-primary[type=submit]", { disabled: Boolean(dialog.isBusy) }, "Save"),
        m("button.btn.btn-outline-secondary[type=button]", { onclick: onclose }, "Cancel"),
      ]),
    ]));
  },
};

export const RemoveTarget = {
  view: ({ attrs: { name, reload, onclose }, state: dialog }) =>
    m(Dialog, { title: `Remove ${name}?`, onclose }, [
      m("p", "It gets no alarm any more, and what was entered for it is taken out of the store."),
      targetsOf(model.settings.document).length === 1 && m("p", "It is the only one: alarms are in the log and the metrics alone then."),
      m(Rest, { error: dialog.error, isAtField: () => false }),
      m(".actions", [
        m(Act, { kind: "danger", onerror: (error) => { dialog.error = error; }, run: () =>
          saveDocument((document) => { document.alarms.targets = targetsOf(document).filter((one) => one.name !== name); }, `no alarms to ${name}`, async () => {
            say(`${name} gets no alarms any more.`);
            onclose();
            await reload();
          }) }, "Remove"),
        m("button.btn.btn-outline-secondary[type=button]", { onclick: onclose }, "Cancel"),
      ]),
    ]),
};
