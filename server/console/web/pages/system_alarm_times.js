// SPDX-License-Identifier: MIT
// When an alarm is raised, and when it is sent again. Why it cannot be changed here, where it cannot, is said
// with who gets them.
import m from "../lib/m.js";
import { Section } from "../lib/ui.js";
import { lowerFirst } from "../lib/words.js";
import { mayEdit, model } from "./setup_model.js";
import { NumbersDialog, lay } from "./system_settings.js";

// key, what it is, its unit, and what the settings take and have without being told (docs/settings.md).
const RAISED = [
  ["leaver_minutes", "A leaver's account is still open", "minutes after the end is due", 0, 1440, 15],
  ["held_minutes", "Work waits for a human", "minutes after it was held", 0, 10080, 60],
  ["failed_hours", "People have failed", "hours after the last attempt", 0, 720, 24],
  ["bob_silent_hours", "HiBob sends nothing", "hours of working days without a delivery", 1, 2400, 48],
  ["token_unused_days", "The Okta token is not used", "days without a call that Okta answered", 1, 30, 20],
  ["token_expires_days", "A token or secret ends soon", "days before its end", 1, 365, 14],
  ["disk_percent", "The disk is nearly full", "percent free, or less", 0, 90, 10],
  ["disk_mb", "The disk is nearly full", "MB free, or less", 0, 1000000, 500],
];
const AGAIN = [
  ["critical_minutes", "A critical one, the first time", "minutes later", 1, 10080, 15],
  ["warning_minutes", "A warning, the first time", "minutes later", 1, 10080, 240],
  ["notice_minutes", "A notice, the first time", "minutes later", 1, 10080, 1440],
  ["longest_minutes", "Never further apart than", "minutes", 1, 10080, 1440],
];

const alarms = () => model.settings.document.alarms || {};
const valueIn = (from, key, otherwise) => from?.[key] ?? otherwise;

const TABLES = [
  {
    slug: "raised", title: "When an alarm is raised", rows: RAISED, place: "alarms", from: () => alarms(), into: (document) => (document.alarms ??= {}),
    lead: "A time that is too long hides a leaver with an open account; one that is too short teaches people to look away.",
  },
  {
    slug: "again", title: "When it is sent again", rows: AGAIN, place: "alarms.repeat", from: () => alarms().repeat, into: (document) => ((document.alarms ??= {}).repeat ??= {}),
    lead: "An alarm nobody has acknowledged is sent again, each time after twice as long, until it is acknowledged or over.",
  },
];

function write(table, document, values) {
  lay(table.into(document), values, Object.fromEntries(table.rows.map(([key, , , , , otherwise]) => [key, otherwise])));
  if (document.alarms.repeat && Object.keys(document.alarms.repeat).length === 0) delete document.alarms.repeat;
  if (Object.keys(document.alarms).length === 0) delete document.alarms;
}

const TimesDialog = {
  view: ({ attrs: { table, onclose } }) => m(NumbersDialog, {
    title: table.title, lead: table.lead, note: lowerFirst(table.title), done: "It is changed, and holds from now on.", onclose,
    fields: table.rows.map(([key, text, unit, min, max, otherwise]) => ({
      key, label: `${text}: ${unit}`, help: `${min} to ${max}; normally ${otherwise}.`, min, max,
      value: valueIn(table.from(), key, otherwise), path: `${table.place}.${key}`,
    })),
    write: (document, values) => write(table, document, values),
  }),
};

const Times = {
  view: ({ attrs: { table }, state }) =>
    m(Section, {
      title: table.title,
      actions: mayEdit() && m("button.btn.btn-sm.btn-outline-primary[type=button]", { "aria-label": `Change: ${lowerFirst(table.title)}`, onclick: () => { state.isAsked = true; } }, "Change"),
    }, [
      m("dl.facts", table.rows.flatMap(([key, text, unit, , , otherwise]) => [m("dt", text), m("dd", `${valueIn(table.from(), key, otherwise)} ${unit}`)])),
      state.isAsked && m(TimesDialog, { table, onclose: () => { state.isAsked = false; m.redraw(); } }),
    ]),
};

export const AlarmTimes = { view: () => TABLES.map((table) => m(Times, { key: table.slug, table })) };
