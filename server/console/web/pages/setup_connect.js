// SPDX-License-Identifier: MIT
// Steps 0 to 2 and 4: switch the other writer off, Okta, HiBob, Test connection.
import m from "../lib/m.js";
import { post } from "../lib/api.js";
import { live } from "../lib/live.js";
import { Rest, focusMistake, mistakeAt } from "../lib/mistakes.js";
import { may } from "../lib/session.js";
import { Act, Badge, Field, Live, Notice, Section, Time, say } from "../lib/ui.js";
import { enterSecret, hasSecret, mayEdit, missing, present, save, secretOf } from "./setup_model.js";
import { Checks, goTo, stepPath } from "./setup_parts.js";

// ------------------------------------------------------------------------- step 0

const OFF_KEY = "bob2okta.other_writer_off";
export const isOtherWriterOff = () => localStorage.getItem(OFF_KEY) === "yes" || missing().okta.length === 0;

export const SwitchOff = {
  view: ({ state: step }) =>
    m(Section, { title: "Only one may write" }, [
      m("p", "HiBob has an Okta integration of its own. Two writers undo each other's work: what one closes the other opens, and nobody can say who did what. So switch HiBob's off before this one begins."),
      m("ol", [
        m("li", "In HiBob, open Settings > Integrations > Provisioning > Okta and disconnect it."),
        m("li", "If Okta imports from HiBob (in Okta, Applications > HiBob > Provisioning), switch the import and the profile source off there."),
        m("li", "Accounts that are there already stay as they are. You match them to your people in a later step."),
      ]),
      m(Field, {
        type: "checkbox", label: "HiBob's own Okta integration is switched off", checked: step.isTicked ?? isOtherWriterOff(),
        onchange: (event) => { step.isTicked = event.target.checked; localStorage.setItem(OFF_KEY, step.isTicked ? "yes" : "no"); },
      }),
      m("button.btn.btn-primary[type=button]", { disabled: !(step.isTicked ?? isOtherWriterOff()), onclick: () => goTo("okta") }, "Go on"),
    ]),
};

// ------------------------------------------------------------------------- secrets

const SecretFacts = {
  view: ({ attrs: { name } }) => {
    const { newest, settings_say } = secretOf(name);
    if (settings_say !== "stored") return m("p.quiet", "Comes from the settings file.");
    if (!newest) return m("p.quiet", "Not entered yet.");
    return m("p.quiet", [
      "In the store", newest.last4 && [", ends with ", m("code", newest.last4)], ", fingerprint ", m("code", newest.fingerprint),
      ", entered ", m(Time, { ms: newest.entered_at_ms }), " by ", newest.entered_by,
      newest.success_at_ms ? [", worked ", m(Time, { ms: newest.success_at_ms })] : ", not used yet", ".",
    ]);
  },
};

const secretHelp = (name) => (hasSecret(name) ? "Leave it empty to keep the one that is there." : "It is kept sealed, and never shown again.");

const SecretField = {
  view: ({ attrs: { name, label, form, field, help } }) => [
    m(Field, {
      label, type: "password", name: field, autocomplete: "off", spellcheck: "false", value: form[field] || "",
      oninput: (event) => { form[field] = event.target.value.trim(); }, help: `${help} ${secretHelp(name)}`,
    }),
    m(SecretFacts, { name }),
  ],
};

// What a draft would say; an empty field is what is in force.
const typed = (pairs) => Object.fromEntries(pairs.filter(([, value]) => value));

async function testDraft(step, body) {
  Object.assign(step, { error: null, hasTested: false, wasSent: true });
  try {
    await post("/check/draft", body);
    step.hasTested = true;
    await step.check.reload();
  } catch (error) {
    step.error = error;
  }
}

async function saveStep(step, work, next) {
  step.error = null;
  try {
    if (!(await work())) return;
    say("Saved.");
    goTo(next);
  } catch (error) {
    step.error = error;
  }
}

// Buttons and what came of them, below a form. The form itself saves with Enter. places: those of the
// document that have a field.
const Foot = {
  view: ({ attrs: { step, draft, places } }) => [
    m(Rest, { error: step.error, places }),
    mayEdit() && m(".actions", [
      m("button.btn.btn-primary[type=submit]", { disabled: step.isBusy }, "Save and go on"),
      m(Act, { run: () => testDraft(step, draft()) }, "Test before saving"),
    ]),
    step.hasTested && step.check.value && m(Checks, { report: step.check.value }),
  ],
};

function formOf(step, work, next, content) {
  return m("form", {
    autocomplete: "off",
    onupdate: ({ dom }) => focusMistake(step, dom),
    onsubmit: async (event) => {
      event.preventDefault();
      step.isBusy = step.wasSent = true;
      await saveStep(step, work, next);
      step.isBusy = false;
      m.redraw();
    },
  }, content);
}

const Fields = { view: ({ children }) => m("fieldset", { disabled: !mayEdit() }, children) };

// ---------------------------------------------------------------------------- step 1

export const Okta = {
  oninit: ({ state: step }) => {
    step.form = { base_url: present().okta.base_url || "" };
    step.check = live("/check", {}, { everyMs: 1500 });
  },
  onremove: ({ state: step }) => step.check.stop(),
  view: ({ state: step }) => {
    const { form } = step;
    const before = present().okta.base_url;
    const isMoved = before && form.base_url !== before;
    const work = async () => {
      if (form.base_url !== before && !(await save((one) => { one.okta.base_url = form.base_url; }, "Okta domain"))) return false;
      if (form.token) await enterSecret("okta.api_token", form.token);
      form.token = "";
      return true;
    };
    return m(Section, { title: "Okta" }, formOf(step, work, "bob", m(Fields, [
      m(Field, {
        label: "Okta domain", name: "base_url", required: true, value: form.base_url, placeholder: "acme.okta.com", inputmode: "url", spellcheck: "false",
        oninput: (event) => { form.base_url = event.target.value.trim(); }, error: mistakeAt(step.error, "okta.base_url"),
        help: "As in the address bar of your Okta, with or without -admin. Custom domains can only come from a settings file.",
      }),
      isMoved && m(Notice, { kind: "warning" }, "Another domain removes the token that was entered for the one before: it is never sent elsewhere. Enter the token of the new one."),
      m(SecretField, {
        name: "okta.api_token", label: "API token", form, field: "token",
        help: "In Okta: Security > API > Tokens > Create token, signed in as an account of its own that may create, edit, activate, suspend and deactivate users. Without SSWS in front.",
      }),
      m(Foot, { step, places: ["okta.base_url"], draft: () => ({ okta: typed([["base_url", form.base_url], ["api_token", form.token]]) }) }),
    ])));
  },
};

// ---------------------------------------------------------------------------- step 2

const lightOf = (hook) => {
  const arrived = Math.max(hook.event_at_ms, hook.ping_at_ms);
  if (hook.wrong_signature_at_ms > hook.event_at_ms) {
    return ["bad", "Wrong signature", ["A delivery came ", m(Time, { ms: hook.wrong_signature_at_ms }), " whose signature does not hold. If HiBob sent it, the secret here is not the one of its webhook: enter it again. Others who send something change nothing."]];
  }
  if (hook.no_secret_at_ms > arrived) {
    return ["warn", "No secret", ["An event came ", m(Time, { ms: hook.no_secret_at_ms }), " and was refused, since the set-up is not complete. HiBob sends it again."]];
  }
  if (hook.event_at_ms > 0) return ["good", "Events arrive", ["The last one ", m(Time, { ms: hook.event_at_ms }), "."]];
  if (hook.ping_at_ms > 0) return ["good", "Ping arrived", ["HiBob's test came ", m(Time, { ms: hook.ping_at_ms }), ": the address is right. The first event shows whether the secret is."]];
  return ["plain", "Nothing yet", "Waits for the first ping or event. This turns green by itself."];
};

export const Light = {
  view: ({ attrs: { hook } }) => {
    const [tone, word, sentence] = lightOf(hook);
    return m(".light", { role: "status" }, [m(Badge, { tone }, [m("span.dot", { "aria-hidden": "true" }, "●"), ` ${word}`]), " ", sentence]);
  },
};

const Webhook = {
  oninit: ({ state: part }) => { part.hook = live("/webhook", {}, { everyMs: 1500 }); },
  onremove: ({ state: part }) => part.hook.stop(),
  view: ({ state: part }) => m(Live, { data: part.hook, what: "the webhook" }, (hook) => {
    const address = hook.url || `https://YOUR-PUBLIC-ADDRESS${hook.path}`;
    return [
      m("label.form-label", { for: "hook-url" }, "Webhook URL, to paste into HiBob"),
      m(".input-group", [
        m("input.form-control#hook-url[readonly]", { value: address, onfocus: (event) => event.target.select() }),
        m(Act, { kind: "outline-secondary", run: async () => { await navigator.clipboard.writeText(address); say("Copied."); } }, "Copy"),
      ]),
      !hook.url && m(".form-text", ["Put in the name under which HiBob reaches this server. Started with ", m("code", "--public-url"), ", this page knows it."]),
      m(Light, { hook }),
    ];
  }),
};

export const Bob = {
  oninit: ({ state: step }) => {
    const { bob } = present();
    step.form = { company_id: String(bob.company_id ?? ""), service_user_id: bob.service_user_id || "", base_url: bob.base_url || "" };
    step.base = { ...step.form };
    step.isElsewhere = Boolean(bob.base_url);
    step.check = live("/check", {}, { everyMs: 1500 });
  },
  onremove: ({ state: step }) => step.check.stop(),
  view: ({ state: step }) => {
    const { form } = step;
    const input = (name) => ({
      name, value: form[name], spellcheck: "false", error: mistakeAt(step.error, `bob.${name}`),
      oninput: (event) => { form[name] = event.target.value.trim(); },
    });
    // What somebody else changed meanwhile stays.
    const changed = () => Object.keys(step.base).filter((key) => form[key] !== step.base[key]);
    const change = ({ bob }) => {
      for (const key of changed()) {
        if (form[key]) bob[key] = form[key];
        else delete bob[key];
      }
    };
    const work = async () => {
      if (changed().length > 0 && !(await save(change, "HiBob"))) return false;
      step.base = { base_url: form.base_url, company_id: form.company_id, service_user_id: form.service_user_id };
      if (form.token) await enterSecret("bob.service_user_token", form.token);
      if (form.secret) await enterSecret("bob.webhook_secret", form.secret);
      form.token = form.secret = "";
      return true;
    };
    return m(Section, { title: "HiBob" }, formOf(step, work, "rules", [
      m(Fields, [
        m(Field, { label: "Company id", required: true, inputmode: "numeric", ...input("company_id"), help: "The number of your company in HiBob. Events of any other company are never acted on." }),
        m(Field, { label: "Service user id", required: true, ...input("service_user_id"), help: "In HiBob: Settings > Integrations > Automation > Service users. Put the service user into a permission group of its own, with access to everybody in all lifecycle statuses, leavers too, and the right to view each category you map, Lifecycle among them." }),
        m(SecretField, { name: "bob.service_user_token", label: "Service user token", form, field: "token", help: "HiBob shows it once, when the service user is made." }),
        m("details.mb-3", { open: step.isElsewhere || Boolean(mistakeAt(step.error, "bob.base_url")) }, [
          m("summary", "Another API address"),
          m(Field, { label: "HiBob API address", ...input("base_url"), placeholder: "https://api.hibob.com/v1", help: "Empty: HiBob's own. Their sandbox is https://api.sandbox.hibob.com/v1." }),
        ]),
      ]),
      m("h3.h6", "Webhook"),
      m("p", "In HiBob: Settings > Integrations > Webhooks, make a new webhook with this URL and all events under Employee and Tables. HiBob then shows its secret."),
      m(".mb-3", m(Webhook)),
      m(Fields, [
        m(SecretField, { name: "bob.webhook_secret", label: "Webhook secret", form, field: "secret", help: "At least 8 characters. While you change it in HiBob, the one before stays valid." }),
        m(Foot, { step, places: Object.keys(step.base).map((name) => `bob.${name}`), draft: () => ({ bob: typed([["company_id", form.company_id], ["service_user_id", form.service_user_id], ["base_url", form.base_url], ["service_user_token", form.token]]) }) }),
      ]),
    ]));
  },
};

// ---------------------------------------------------------------------------- step 4

export const Test = {
  oninit: ({ state: step }) => { step.check = live("/check", {}, { everyMs: 1500 }); },
  onremove: ({ state: step }) => step.check.stop(),
  view: ({ state: step }) => {
    const lacking = Object.entries(missing()).flatMap(([slug, all]) => all.map((one) => [one, slug]));
    return m(Section, { title: "Test connection" }, [
      m("p", "Asks Okta and HiBob for everything that is needed, and changes nothing in either."),
      lacking.length > 0 && m(Notice, { kind: "warning" }, ["Still missing: ", lacking.map(([what, slug], i) => [i > 0 && ", ", m("a", { href: `#${stepPath(slug)}` }, what)]), "."]),
      may("operator") && m(".actions.mb-3", [
        m(Act, {
          kind: "primary", disabled: step.check.value?.state === "running",
          run: async () => { await post("/check"); await step.check.reload(); },
        }, "Test connection"),
        m("button.btn.btn-outline-primary[type=button]", { onclick: () => goTo("match") }, "Go on"),
      ]),
      m(Live, { data: step.check, what: "the last test" }, (report) =>
        report.state === "never" ? m("p.quiet", "Not tested since the server began.") : [
          report.ended_at_ms > 0 && m("p.quiet", ["Tested ", m(Time, { ms: report.ended_at_ms }), " by ", report.by, "."]),
          m(Checks, { report }),
        ]),
    ]);
  },
};
