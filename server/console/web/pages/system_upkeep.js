// SPDX-License-Identifier: MIT
// A copy of the store, how much the log says, and how long what is kept.
import m from "../lib/m.js";
import { post, postForFile, save } from "../lib/api.js";
import { live } from "../lib/live.js";
import { may } from "../lib/session.js";
import { moment } from "../lib/time.js";
import { Act, Badge, Field, Live, Problem, Section, Time, say } from "../lib/ui.js";
import { mayEdit } from "./setup_model.js";
import { NumbersDialog, OfSettings, Reason } from "./system_settings.js";

const stamp = () => new Date().toISOString().slice(0, 16).replace(/[-:]/g, "");

const Backup = {
  oninit: ({ state }) => { state.last = live("/audit", { kind: "backup", limit: 1 }); },
  onremove: ({ state }) => state.last.stop(),
  view: ({ state }) =>
    m(Section, { title: "Backup" }, [
      m("p", "A copy shows the store at one moment. Secrets in it lie under the master key, which is not in it: keep the key file elsewhere. Whoever has both has everything."),
      m(Live, { data: state.last, what: "the last backup" }, ({ records }) => m("p", records.length === 0
        ? [m(Badge, { tone: "warn" }, "None yet"), " No backup stands in the audit trail."]
        : ["Last asked for ", m(Time, { ms: records[0].at_ms }), ` (${moment(records[0].at_ms)}) by ${records[0].who}.`])),
      state.error && m(Problem, { error: state.error }),
      may("admin") && m(Act, { onerror: (error) => { state.error = error; }, run: async () => {
        state.error = null;
        const file = await postForFile("/backup");
        save(`bob2okta-${stamp()}.db`, "application/vnd.sqlite3", file.blob);
        say("The copy is made and saved.");
        await state.last.reload();
      } }, "Make a copy and save it"),
    ]),
};

const levels = [
  ["debug", "debug: every step"], ["info", "info: what changes"],
  ["warn", "warn: what went wrong"], ["error", "error: what a human must mend"],
];
const periods = [["15", "15 minutes"], ["60", "an hour"], ["480", "8 hours"], ["", "until the server stops"]];

async function setLevel(state, data) {
  const { level, minutes } = state;
  data.value = await post("/log-level", minutes ? { level, minutes: Number(minutes) } : { level });
  say(`The log says ${data.value.level} now.`);
}

const Log = {
  oninit: ({ state }) => Object.assign(state, { data: live("/log-level"), level: "debug", minutes: "15", error: null }),
  onremove: ({ state }) => state.data.stop(),
  view: ({ state }) =>
    m(Section, { title: "Log" }, m(Live, { data: state.data, what: "the level of the log" }, (answer) => [
      m("p", { role: "status" }, [
        "The log says ", m("strong", answer.level), answer.level === answer.usual ? ", as it was started with." : `; it was started with ${answer.usual}.`,
        answer.until_ms > 0 && ` Back to ${answer.usual} at ${moment(answer.until_ms)}.`,
      ]),
      may("admin") && m("form.filter-row", { "aria-label": "Level of the log", onsubmit: (event) => event.preventDefault() }, [
        m(Field, { label: "Level", value: state.level, options: levels, onchange: (event) => { state.level = event.target.value; } }),
        m(Field, { label: "For", value: state.minutes, options: periods, onchange: (event) => { state.minutes = event.target.value; } }),
        m(".actions.mb-3", m(Act, { run: () => setLevel(state, state.data), onerror: (error) => { state.error = error; } }, "Change the level")),
      ]),
      m("p.small.quiet.mb-0", "At warn and error, the heads of the audit trail are not logged."),
      state.error && m(Problem, { error: state.error }),
    ])),
};

// Class, what it is, and what the settings take (docs/settings.md).
const kept = [
  { key: "event_bodies_days", text: "Raw deliveries of Bob, once they are done", min: 0, max: 30 },
  { key: "event_hashes_days", text: "Their hashes, by which a replay is known", min: 30, max: 365 },
  { key: "people_days", text: "Name, login and profile of people without an open account", min: 1, max: 365 },
  { key: "findings_days", text: "What sweeps found, and alarms that are over", min: 1, max: 365 },
  { key: "action_values_days", text: "The values a change wrote and overwrote", min: 1, max: 365 },
  { key: "audit_days", text: "The audit trail", min: 180, max: 1095 },
];
const classes = { event_bodies: "deliveries", event_hashes: "hashes", people: "people", findings: "findings", action_values: "values", audit: "audit records" };

const PeriodsDialog = {
  view: ({ attrs: { days, onclose, reload } }) => m(NumbersDialog, {
    title: "How long what is kept", note: "how long what is kept", done: "The periods are changed.", onclose, ondone: reload,
    lead: "In days. What is older than a shorter period is emptied within the hour, and cannot be brought back.",
    fields: kept.map(({ key, text, min, max }) => ({ key, label: text, help: `${min} to ${max} days.`, min, max, value: days[key], path: `retention.${key}` })),
    write: (document, values) => { document.retention = { ...document.retention, ...values }; },
  }),
};

const Retention = {
  view: ({ attrs: { retention, reload }, state }) =>
    m(Section, {
      title: "How long what is kept",
      actions: mayEdit() && m("button.btn.btn-sm.btn-outline-primary[type=button]", { onclick: () => { state.isAsked = true; } }, "Change the periods"),
    }, [
      m("dl.facts", kept.flatMap(({ key, text }) => [m("dt", `${retention.days[key]} days`), m("dd", text)])),
      m("p.mb-1", retention.at_ms ? ["The job that empties the rest ran last ", m(Time, { ms: retention.at_ms }), "."] : "The job that empties the rest has not run yet; it runs every hour."),
      retention.error && m("p.mb-1", { role: "alert" }, [m(Badge, { tone: "bad" }, "It failed"), ` ${retention.error}`]),
      retention.last && m("p.mb-1.small", ["It last emptied: ", Object.entries(retention.last).filter(([name]) => name !== "at_ms")
        .map(([name, n]) => `${n} ${classes[name] || name.replaceAll("_", " ")}`).join(", "), retention.last.at_ms ? `, ${moment(retention.last.at_ms)}` : ""]),
      m(Reason),
      state.isAsked && m(PeriodsDialog, { days: retention.days, reload, onclose: () => { state.isAsked = false; m.redraw(); } }),
    ]),
};

export const Upkeep = {
  view: ({ attrs: { status, reload } }) => [m(Backup), m(Log), m(OfSettings, () => m(Retention, { retention: status.retention, reload }))],
};
