// SPDX-License-Identifier: MIT
// Step 3: who gets an account and when, and what becomes of leavers; each choice with what it means.
import m from "../lib/m.js";
import { Progress, watch } from "../lib/job.js";
import { Rest, focusMistake, mistakeAt } from "../lib/mistakes.js";
import { may } from "../lib/session.js";
import { Act, Badge, Field, Notice, Problem, Section, Time, say } from "../lib/ui.js";
import { nameOf } from "../lib/who.js";
import { actionWord, lowerFirst } from "../lib/words.js";
import { mayEdit, model, connectionOf, present, save } from "./setup_model.js";
import { Choice, goTo } from "./setup_parts.js";
import { activated, away, created, DEFAULTS, left, rehired, scoped, withDefaults } from "./setup_sentences.js";

const domainsOf = (text) => text.split(/[\s,;]+/).map((one) => one.replace(/^@/, "")).filter(Boolean);

const KEYS = ["create", "create_days_before", "create_at", "activation", "activation_days_before", "activation_at", "activation_email", "time_zone", "leave", "rehire", "email_domains"];
const LEAVER_KEYS = ["trigger", "at", "action", "then_deactivate_after_days", "end_sessions", "groups"];

// Those that have a field now to say a mistake at.
function placesShown({ create, activation, leaver }) {
  return [
    "email_domains", "time_zone",
    ...(create === "on_start_date" ? ["create_days_before", "create_at"] : []),
    ...(activation === "bob_status" ? ["activation_days_before", "activation_at"] : []),
    ...(leaver.trigger === "deletion" ? [] : ["leaver.at"]),
    ...(leaver.action === "suspend" ? ["leaver.then_deactivate_after_days"] : []),
  ].map((place) => `provisioning.${place}`);
}

// What is said only beside another choice goes with it.
function shape(form) {
  const isTimed = form.create === "on_start_date";
  const isSuspended = form.leaver.action === "suspend";
  return {
    ...form,
    create_days_before: isTimed ? form.create_days_before : 0,
    create_at: isTimed ? form.create_at : "00:00",
    leaver: { ...form.leaver, then_deactivate_after_days: isSuspended ? form.leaver.then_deactivate_after_days : 0 },
  };
}

// Only what was changed here is written, so that what somebody else changed meanwhile stays; and of
// that only what is not the default.
function lay(into, keys, wanted, before, defaults) {
  const same = (one, other) => JSON.stringify(one) === JSON.stringify(other);
  for (const key of keys) {
    if (same(wanted[key], before[key])) continue;
    if (same(wanted[key], defaults[key])) delete into[key];
    else into[key] = wanted[key];
  }
}

function fill(connection, form, base) {
  const to = (connection.provisioning ??= {});
  const [wanted, before] = [shape(form), shape(base)];
  lay(to, KEYS, wanted, before, DEFAULTS);
  const leaver = (to.leaver ??= {});
  lay(leaver, LEAVER_KEYS, wanted.leaver, before.leaver, DEFAULTS.leaver);
  if (Object.keys(leaver).length === 0) delete to.leaver;
}

// ------------------------------------------------------------- the next real people

const JOIN = ["create", "activate", "reactivate", "unsuspend"];
const LEAVE = ["deactivate", "suspend"];

async function lookAhead(step) {
  const settings = JSON.parse(JSON.stringify(model.settings.document));
  fill(connectionOf(settings), step.form, step.base);
  for (const one of settings.connections) { delete one.bob; delete one.okta; }
  step.nextError = null;
  try {
    await step.job.start({ days: 60, settings });
  } catch (error) {
    step.nextError = error;
  }
}

const told = (entry) => [m("strong", nameOf(entry)), ` on ${entry.date}${entry.is_now ? ", now" : ` at ${entry.time}`}: ${entry.actions.map((kind) => lowerFirst(actionWord(kind))).join(", ")}`, entry.hold && " (a human is asked first)", "."];

const Found = {
  view: ({ attrs: { done } }) => {
    const { result: plan } = done;
    const entries = plan.days.flatMap((day) => day.entries.map((one) => ({ ...one, date: day.date })));
    const first = (kinds) => entries.find((one) => one.actions.some((action) => kinds.includes(action)));
    const [hire, leaver] = [first(JOIN), first(LEAVE)];
    return [
      m("p.quiet", { role: "status" }, ["Looked ", m(Time, { ms: done.ended_at_ms }), ` for ${done.by}, `, plan.is_draft ? "with the choices as they were then." : "with the settings in force."]),
      m("p", hire ? ["First to join, of your people: ", told(hire)] : `Nobody joins until ${plan.to}.`),
      m("p", leaver ? ["First to leave: ", told(leaver)] : `Nobody leaves until ${plan.to}.`),
    ];
  },
};

const People = {
  view: ({ attrs: { job } }) => {
    const value = job.value;
    if (job.error) return m(Problem, { error: job.error, retry: job.reload });
    if (!value || value.state === "none") return null;
    if (job.isRunning()) return m(Progress, { job, unit: "people" });
    if (value.state !== "done") return m("p", [m(Badge, { tone: "warn" }, value.state), ` ${value.sentence}`]);
    return m(Found, { done: value });
  },
};

const Next = {
  view: ({ attrs: { step } }) =>
    m("section.means", { "aria-label": "What it means" }, [
      m("h3.h6", "What this means"),
      m(".sr-live", { role: "status" }, [
        m("p", [m("strong", "The next hire: "), scoped(step.form), " ", created(step.form), " ", activated(step.form)]),
        m("p", [m("strong", "The next leaver: "), left(step.form)]),
        m("p", [m("strong", "The next leave: "), away(step.form), " ", rehired(step.form)]),
      ]),
      step.job && m(People, { job: step.job }),
      step.nextError && m(Problem, { error: step.nextError }),
      step.job && m(Act, { small: true, run: () => lookAhead(step), disabled: step.job.isRunning() }, step.job.value?.state === "done" ? "Look again with these choices" : "Show it for my people"),
    ]),
};

// ------------------------------------------------------------------------- the form

// at: {form, place: of the form in the settings, error: what the server said of them}
const at = (step) => ({ form: step.form, place: "provisioning", error: step.error });
const atLeaver = (step) => ({ form: step.form.leaver, place: "provisioning.leaver", error: step.error });
const mistakeOf = ({ place, error }, key) => mistakeAt(error, `${place}.${key}`);
const number = (label, where, key, help, max) =>
  m(Field, { label, type: "number", min: 0, max, name: key, value: where.form[key], help, error: mistakeOf(where, key), oninput: (event) => { where.form[key] = Number(event.target.value) || 0; } });
const time = (label, where, key, help) =>
  m(Field, { label, name: key, value: where.form[key], pattern: "([01][0-9]|2[0-4]):[0-5][0-9]", help, error: mistakeOf(where, key), oninput: (event) => { where.form[key] = event.target.value.trim(); } });
const choice = (label, form, key, options) =>
  m(Choice, { label, name: key, value: form[key], options, onchange: (value) => { form[key] = value; } });
const check = (label, form, key) =>
  m(Field, { type: "checkbox", label, name: key, checked: form[key], onchange: (event) => { form[key] = event.target.checked; } });

function hireFields(step) {
  const { form } = step;
  return [
    m("h3.h6", "Who joins"),
    m(Field, {
      label: "Allowed e-mail domains", name: "email_domains", required: true, value: form.domainText, spellcheck: "false", placeholder: "acme.com, acme.de",
      help: "Only work e-mails in these domains get an account; * means any.",
      error: mistakeOf(at(step), "email_domains"),
      oninput: (event) => { form.domainText = event.target.value; form.email_domains = domainsOf(form.domainText); },
    }),
    choice("When the account is made", form, "create", [
      ["on_creation", "With the record in HiBob", created({ ...form, create: "on_creation" })],
      ["on_start_date", "For the start date", created({ ...form, create: "on_start_date" })],
    ]),
    form.create === "on_start_date" && m(".row2", [number("Days before the start date", at(step), "create_days_before", "0: on that day.", 365), time("At", at(step), "create_at", "Local time of the site, like 08:00.")]),
    choice("Activation mode", form, "activation", [
      ["bob_status", "As HiBob says", activated({ ...form, activation: "bob_status" })],
      ["always", "At once", activated({ ...form, activation: "always" })],
      ["never", "By hand", activated({ ...form, activation: "never" })],
    ]),
    form.activation === "bob_status" && m(".row2", [number("Activated how many days before the start date", at(step), "activation_days_before", "0: on that day.", 365), time("Activated at", at(step), "activation_at", "Local time of the site.")]),
    form.activation !== "never" && check("Okta mails the activation link", form, "activation_email"),
    m(Field, { label: "Time zone", name: "time_zone", value: form.time_zone, list: "zones", error: mistakeOf(at(step), "time_zone"), help: "In which days begin and end, like Europe/London. Sites may have one of their own.", oninput: (event) => { form.time_zone = event.target.value.trim(); } }),
    m("datalist#zones", (Intl.supportedValuesOf?.("timeZone") || []).map((zone) => m("option", { value: zone }))),
  ];
}

function leaverFields(step) {
  const { form } = step;
  const { leaver } = form;
  return [
    m("h3.h6", "Who leaves"),
    choice("What closes an account", leaver, "trigger", [
      ["earliest", "The last day of work or the termination date, whichever is first", "Somebody on garden leave loses the account with the last day of work."],
      ["termination_date", "The termination date", "Somebody on garden leave keeps the account until then."],
      ["last_day_of_work", "The last day of work", "Where HiBob has none, the termination date counts."],
      ["deletion", "Only when HiBob says terminated, or the file is deleted", "No date closes an account by itself."],
    ]),
    leaver.trigger !== "deletion" && time("At which local time of that day", atLeaver(step), "at", "24:00: at its end."),
    choice("How it is closed", leaver, "action", [
      ["deactivate", "Deactivated", left({ leaver: { ...leaver, action: "deactivate" } })],
      ["suspend", "Suspended first", left({ leaver: { ...leaver, action: "suspend" } })],
    ]),
    leaver.action === "suspend" && number("Deactivated so many days later", atLeaver(step), "then_deactivate_after_days", "0: never.", 3650),
    check("End open sessions", leaver, "end_sessions"),
    choice("Groups that bob2okta gave", leaver, "groups", [
      ["keep", "Stay", "The next leaver's memberships are left as they are."],
      ["clear", "Are taken away", "The next leaver is taken out of them once the account is closed and its sessions are ended."],
    ]),
    m("h3.h6", "Who is away, and who comes back"),
    choice("During a leave", form, "leave", [["keep", "The account stays", away({ leave: "keep" })], ["suspend", "The account is suspended", away({ leave: "suspend" })]]),
    choice("After a rehire", form, "rehire", [["reactivate", "The former account is opened", rehired({ rehire: "reactivate" })], ["hold", "Somebody is asked", rehired({ rehire: "hold" })]]),
  ];
}

export const Rules = {
  onremove: ({ state: step }) => step.job?.stop(),
  oninit: ({ state: step }) => {
    if (may("operator")) step.job = watch("/plan/next");
    step.base = withDefaults(present().provisioning);
    step.form = JSON.parse(JSON.stringify(step.base));
    step.form.domainText = step.form.email_domains.join(", ");
  },
  view: ({ state: step }) =>
    m(Section, { title: "Who, and when" }, m(".two", [
      m("form", {
        onupdate: ({ dom }) => focusMistake(step, dom),
        onsubmit: async (event) => {
          event.preventDefault();
          step.isBusy = step.wasSent = true;
          step.error = null;
          try {
            const { form, base } = step;
            if (await save((one) => fill(one, form, base), "activation, domains, leavers")) { say("Saved."); goTo("test"); }
          } catch (error) {
            step.error = error;
          }
          step.isBusy = false;
          m.redraw();
        },
      }, m("fieldset", { disabled: !mayEdit() }, [
        hireFields(step), leaverFields(step),
        m(Rest, { error: step.error, places: placesShown(step.form) }),
        present().mode === "live" && mayEdit() && m(Notice, { kind: "warning" }, "This connection is live: what you save holds for the next person at once."),
        mayEdit() && m("button.btn.btn-primary[type=submit]", { disabled: step.isBusy }, "Save and go on"),
      ])),
      m(Next, { step }),
    ])),
};
