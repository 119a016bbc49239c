// SPDX-License-Identifier: MIT
// The parts of the overview: the sentence, banners, tiles, tables, budgets, alarms.
import m from "../lib/m.js";
import { post } from "../lib/api.js";
import { may } from "../lib/session.js";
import { Act, Badge, Notice, Section, Time, say } from "../lib/ui.js";
import { moment, span } from "../lib/time.js";
import { Advice } from "./alarm_place.js";
import { count, number } from "../lib/numbers.js";
import { actionKinds, doneWord, holdTitle, upperFirst } from "../lib/words.js";
import { BUCKETS, LANES, carried, estimate, heldNote, took, total } from "./overview_words.js";

/* ----------------------------------------------------------------- the sentence */

const STATES = { good: ["Works", "good", "\u2713"], attention: ["Needs a look", "warn", "!"], bad: ["Does not work", "bad", "\u2717"] };

// What stands on the page already is no link.
const WHERE = { "/system": "Go to System", "/held": "Go to Held and failed", "/settings/integrations/provisioning/okta": "Go to the settings" };

export const Sentence = {
  view: ({ attrs: { working } }) => {
    const [word, tone, sign] = STATES[working.state];
    const [first, ...others] = working.reasons;
    return m(`section.state.state-${working.state}`, { "aria-label": "Is it working?" }, [
      m("p.state-word", m(Badge, { tone }, [m("span", { "aria-hidden": "true" }, sign + " "), word])),
      m("div", [
        m("p.state-sentence", { role: "status" }, working.sentence),
        first && m("p.mb-0", m("a", { href: "#" + first.page }, WHERE[first.page] || "Look")),
        others.length > 0 && m("ul.mb-0.mt-2", others.map((one) =>
          m("li", { key: one.code }, [one.sentence, " ", m("a", { href: "#" + one.page }, WHERE[one.page] || "Look")]))),
      ]),
    ]);
  },
};

export const Banners = {
  view: ({ attrs: { overview: { pause, mode } } }) => [
    pause && m(Notice, { kind: "warning" }, [
      m("strong", "Paused"), ` by ${pause.by || "somebody"}, ${moment(pause.since_ms)}. `,
      pause.revocations ? "Only immediate revocations reach Okta. " : "Nothing reaches Okta. ",
      "Deliveries are kept and are carried out when it is resumed. ", m("a.alert-link", { href: "#/system" }, "Resume on System"),
    ]),
    mode === "dry_run" && m(Notice, { kind: "info" }, [
      m("strong", "Dry run"), ": what would be done is counted below, and nothing is changed in Okta. ",
      m("a.alert-link", { href: "#/settings/integrations/provisioning/okta" }, "Go live in the settings"),
    ]),
  ],
};

/* ----------------------------------------------------------------------- tiles */

const Tile = {
  view: ({ attrs: { label, value, note, href } }) =>
    m("li.tile", [m("p.tile-label", href ? m("a", { href }, label) : label), m("p.tile-value", value), m("p.tile-note", note || "\u00a0")]),
};

const shares = ({ p50_ms: half, p95_ms: most }) => (half === null ? "none yet" : `${took(half)} / ${took(most)}`);

export const Tiles = {
  view: ({ attrs: { overview } }) => {
    const waiting = total(overview.waiting);
    const { writes } = overview.event_to_okta.hours;
    const isDryRun = overview.mode === "dry_run";
    return m("ul.tiles", { "aria-label": "In short" }, [
      m(Tile, { label: "Last delivery", value: m(Time, { ms: overview.last_delivery_at_ms }), note: `${number(overview.today.deliveries)} today` }),
      m(Tile, { label: "Waiting", value: number(waiting), note: estimate(overview.drain, waiting) }),
      m(Tile, { label: isDryRun ? "Would be done today" : "Done today", value: number(total(carried(overview.today, overview.mode))), note: `${number(overview.people.active)} open accounts` }),
      m(Tile, { label: "Failed", value: number(overview.people.failed), note: `given up ${count(overview.today.failed, "time", "times")} today`, href: "#/held" }),
      m(Tile, { label: "Wait for a decision", value: number(overview.holds.undecided), note: heldNote(overview.holds), href: "#/held" }),
      m(Tile, { label: "Event to Okta", value: shares(writes), note: writes.count ? "half / 95 of 100, in 24 hours" : "in 24 hours" }),
    ]);
  },
};

/* ---------------------------------------------------------------------- tables */

// A word and a few numbers a row: narrow enough to stay a table on every screen.
const Numbers = {
  view: ({ attrs: { label, columns, rows } }) =>
    m("table.table.table-sm.numbers", [
      m("caption.visually-hidden", label),
      m("thead", m("tr", columns.map((name) => m("th[scope=col]", name)))),
      m("tbody", rows.map(([name, ...numbers]) => m("tr", { key: name }, [m("th[scope=row]", name), ...numbers.map((one) => m("td", number(one)))]))),
    ]),
};

export const Lanes = {
  view: ({ attrs: { overview: { waiting, drain } } }) =>
    m(Section, { title: "Who waits" }, [
      m(Numbers, { label: "People who wait, by lane", columns: ["Lane", "People"], rows: Object.entries(LANES).map(([lane, name]) => [name, waiting[lane]]) }),
      m("p.quiet.mb-0", `All of them: ${estimate(drain, total(waiting))}. The upper lanes go first.`),
    ]),
};

export const Today = {
  view: ({ attrs: { overview: { today, mode } } }) => {
    const done = carried(today, mode);
    const kinds = actionKinds.filter((kind) => done[kind] || today.refused[kind]);
    return m(Section, { title: mode === "dry_run" ? "Would be done today, by kind" : "Done today, by kind" }, kinds.length === 0
      ? m("p.quiet.mb-0", "Nothing yet today.")
      : m(Numbers, {
          label: "Actions of today by kind", columns: ["Kind", mode === "dry_run" ? "Would be done" : "Done", "Refused by Okta"],
          rows: kinds.map((kind) => [doneWord(kind), done[kind] || 0, today.refused[kind] || 0]),
        }));
  },
};

export const Held = {
  view: ({ attrs: { overview: { holds, people } } }) => {
    const rows = Object.entries(holds.by_kind).map(([kind, people]) => [holdTitle(kind), people]);
    if (people.failed) rows.push(["Failed", people.failed]);
    return m(Section, { title: "Held and failed", actions: m("a.btn.btn-sm.btn-outline-secondary", { href: "#/held" }, "See who and why") }, rows.length === 0
      ? m("p.quiet.mb-0", "Nobody is held, and nobody has failed.")
      : m(Numbers, { label: "People held and failed, by kind", columns: ["Why", "People"], rows }));
  },
};

/* --------------------------------------------------------------------- budgets */

const Budget = {
  view: ({ attrs: { name, limit, remaining, reset } }) =>
    m("li", [
      m(".budget-line", [m("span", name), m("span", `${number(remaining)} of ${number(limit)} left`)]),
      m("meter", { min: 0, max: limit, low: limit * 0.15, optimum: limit, value: remaining, "aria-label": name }),
      m("span.quiet", reset > 0 ? `new in ${span(Math.ceil(reset / 1000))}` : "nothing was used just now"),
    ]),
};

const NAMES = { ok: ["answers", "good"], unknown: ["not asked yet", "plain"], parked: ["waits", "bad"] };
const SystemState = {
  view: ({ attrs: { system } }) => [m(Badge, { tone: NAMES[system.state][1] }, NAMES[system.state][0]), system.sentence && ` ${system.sentence}`],
};

export const Budgets = {
  view: ({ attrs: { overview: { okta, bob } } }) =>
    m(Section, { title: "Okta and Bob" }, [
      m("h3.h6", ["Okta ", m(SystemState, { system: okta })]),
      okta.budgets.length === 0
        ? m("p.quiet", "Okta tells its rate limits with the first calls.")
        : m("ul.plain", okta.budgets.map((one) =>
            m(Budget, { key: one.bucket, name: BUCKETS[one.bucket] || one.bucket, limit: one.limit, remaining: one.remaining, reset: one.reset_in_ms }))),
      m("h3.h6", ["Bob ", m(SystemState, { system: bob })]),
      m("ul.plain.mb-0", m(Budget, { name: "Searches a minute", limit: bob.budget.limit, remaining: bob.budget.remaining, reset: bob.budget.reset_in_ms })),
      bob.budget.blocked_ms > 0 && m("p.mb-0", `Bob asked to stay away for ${span(Math.ceil(bob.budget.blocked_ms / 1000))}.`),
    ]),
};

/* ---------------------------------------------------------------------- alarms */

const TONES = { critical: "bad", warning: "warn", notice: "info" };

const Alarm = {
  view: ({ attrs: { alarm, changed } }) =>
    m("li.alarm", [
      m("p.mb-1", [
        m(Badge, { tone: TONES[alarm.severity] }, alarm.severity), " ", m("strong", upperFirst(alarm.meaning)), alarm.open > 1 && `, ${number(alarm.open)} times`, ", since ", m(Time, { ms: alarm.since_ms }), ".",
      ]),
      m("p.mb-1", m(Advice, { alarm, subject: alarm.open === 1 ? alarm.subjects[0] : "" })),
      alarm.unacknowledged === 0
        ? m("p.quiet.mb-0", `${alarm.acknowledged_by} has seen it.`)
        : may("operator") && m(Act, { small: true, "aria-label": `Acknowledge: ${alarm.meaning}`, run: async () => {
            await post("/alarms/ack", { alarm: alarm.alarm, ...(alarm.connection ? {} : { all: true }) });
            say("Acknowledged: no repeats while it lasts.");
            await changed();
          } }, "Acknowledge"),
    ]),
};

export const Alarms = {
  view: ({ attrs: { alarms, changed } }) =>
    m(Section, { title: "Open alarms", actions: m("a.btn.btn-sm.btn-outline-secondary", { href: "#/system" }, "All on System") }, alarms.length === 0
      ? m("p.quiet.mb-0", "No alarm is open.")
      : m("ul.plain.mb-0", alarms.map((alarm) => m(Alarm, { key: alarm.alarm, alarm, changed })))),
};
