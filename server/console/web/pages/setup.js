// SPDX-License-Identifier: MIT
// Settings > Integrations > Provisioning > Okta: step by step while it is not set up, then a summary.
import m from "../lib/m.js";
import { live } from "../lib/live.js";
import { may } from "../lib/session.js";
import { Badge, Loading, Page, Problem, Section } from "../lib/ui.js";
import { hasSecret, isSetUp, load, mayEdit, missing, model, present } from "./setup_model.js";
import { Bob, isOtherWriterOff, Light, Okta, SwitchOff, Test } from "./setup_connect.js";
import { GoLive } from "./setup_live.js";
import { Match } from "./setup_match.js";
import { Conflict, Facts, ReadOnly, stepPath } from "./setup_parts.js";
import { Rules } from "./setup_rules.js";
import { activated, away, created, left, scoped, withDefaults } from "./setup_sentences.js";

const STEPS = [
  { slug: "switch-off", title: "Switch HiBob's own integration off", step: SwitchOff, isDone: () => isOtherWriterOff() },
  { slug: "okta", title: "Okta", step: Okta, isDone: () => missing().okta.length === 0 },
  { slug: "bob", title: "HiBob", step: Bob, isDone: () => missing().bob.length === 0 },
  { slug: "rules", title: "Who, and when", step: Rules, isDone: () => missing().rules.length === 0 },
  { slug: "test", title: "Test connection", step: Test },
  { slug: "match", title: "Match your people", step: Match },
  { slug: "go-live", title: "Dry run or live", step: GoLive, isDone: () => present().mode === "live" },
];

const Stepper = {
  view: ({ attrs: { current } }) =>
    m("nav.stepper", { "aria-label": "Steps" }, m("ol", STEPS.map((one) =>
      m("li", m("a", { href: `#${stepPath(one.slug)}`, "aria-current": one === current ? "step" : undefined }, [
        one.title, one.isDone?.() && m("span.done", [" ✓", m("span.visually-hidden", " done")]),
      ]))))),
};

// The first step that is not done; without one the last.
const firstOpen = () => STEPS.find((one) => one.isDone && !one.isDone()) || STEPS.at(-1);

// --------------------------------------------------------------------------- summary

const VERBS = { test: "Test", match: "Match" };
const verb = (slug) => (may("operator") && VERBS[slug]) || (mayEdit() ? "Change" : "Look");
const change = (slug) => m("a.btn.btn-sm.btn-outline-primary", { href: `#${stepPath(slug)}`, "aria-label": `${verb(slug)}: ${STEPS.find((one) => one.slug === slug).title}` }, verb(slug));
const entered = (name) => (hasSecret(name) ? "entered" : m(Badge, { tone: "bad" }, "missing"));

const Summary = {
  oninit: ({ state: page }) => { page.hook = live("/webhook"); },
  onremove: ({ state: page }) => page.hook.stop(),
  view: ({ state: page }) => {
    const { bob, okta, provisioning, mode } = present();
    const form = withDefaults(provisioning);
    return [
      m(Section, { title: "Mode", actions: change("go-live") }, m(Facts, { facts: [["Now", m(Badge, { tone: mode === "live" ? "good" : "info" }, mode === "live" ? "live" : "dry run: nothing is written to Okta")]] })),
      m(Section, { title: "Okta", actions: change("okta") }, m(Facts, { facts: [["Domain", okta.base_url], ["API token", entered("okta.api_token")]] })),
      m(Section, { title: "HiBob", actions: change("bob") }, m(Facts, { facts: [
        ["Company id", String(bob.company_id)], ["Service user", bob.service_user_id], ["Service user token", entered("bob.service_user_token")],
        ["Webhook secret", entered("bob.webhook_secret")], ["Webhook", page.hook.value ? m(Light, { hook: page.hook.value }) : "..."],
      ] })),
      m(Section, { title: "Who, and when", actions: change("rules") }, m(Facts, { facts: [
        ["The next hire", [scoped(form), " ", created(form), " ", activated(form)]], ["The next leaver", left(form)], ["The next leave", away(form)],
      ] })),
      m(Section, { title: "Test connection", actions: change("test") }, m("p.mb-0", "Each permission and each mapped field, with what to do.")),
      m(Section, { title: "Match your people", actions: change("match") }, m("p.mb-0", "Which account in Okta is whose.")),
    ];
  },
};

// ------------------------------------------------------------------------------ page

function content(slug) {
  if (model.error) return m(Problem, { error: model.error, retry: load });
  if (!model.settings) return m(Loading, { what: "the settings" });
  const chosen = STEPS.find((one) => one.slug === slug);
  if (!chosen && !isSetUp()) return m(Loading, { what: "the first step" });
  return [
    m(ReadOnly),
    chosen ? [m(Stepper, { current: chosen }), m("div", [m(chosen.step, { key: model.turn })])] : m(Summary),
    m(Conflict),
  ];
}

// A first run is led to where it is; the address then says which step is looked at.
async function arrive(slug, page) {
  await load();
  // Whoever has gone on meanwhile is not brought back.
  if (page.isGone) return;
  if (!slug && model.settings && !isSetUp()) m.route.set(stepPath(firstOpen().slug), null, { replace: true });
}

export const Setup = {
  oninit: ({ attrs: { step }, state: page }) => { arrive(step, page); },
  onremove: ({ state: page }) => { page.isGone = true; },
  view: ({ attrs: { step } }) =>
    m(Page, {
      title: "Provisioning to Okta", subtitle: "Settings > Integrations > Provisioning > Okta",
      actions: step && model.settings && isSetUp() && m("a.btn.btn-outline-secondary", { href: `#${stepPath("")}` }, "Summary"),
    }, content(step)),
};
