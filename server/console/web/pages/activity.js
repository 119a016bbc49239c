// SPDX-License-Identifier: MIT
// The audit trail: the newest at the top by itself, older ones on request, and as a file.
import m from "../lib/m.js";
import { get } from "../lib/api.js";
import { live } from "../lib/live.js";
import { may, state as session } from "../lib/session.js";
import { moment } from "../lib/time.js";
import { Act, Empty, Field, Live, Page, Problem, Section, Table } from "../lib/ui.js";
import { recordTitles, recordWord } from "../lib/words.js";
import { MASK } from "../lib/values.js";
import { Chain } from "./activity_chain.js";
import { ExportDialog } from "./activity_export.js";
import { said } from "./activity_words.js";

const ROWS = 50;
const OF_ADDRESS = ["kind", "employee_id", "who", "text", "from", "to"];

const timeOf = (text) => (text ? new Date(text).getTime() : undefined);

// The filter as the API takes it; what the form has as an empty text is left out there.
function query(filter) {
  const { from, to, ...rest } = filter;
  return { ...rest, since_ms: timeOf(from), until_ms: timeOf(to) };
}

// Everybody's records in the order of the trail. A page that has nothing in common with what is
// there begins anew: what lies between is not known.
function merge(trail, records) {
  const isKnown = records.some((one) => trail.records.has(one.seq));
  if (!isKnown && trail.records.size > 0 && records.length === ROWS) trail.records.clear();
  for (const one of records) trail.records.set(one.seq, one);
  trail.sorted = [...trail.records.values()].sort((a, b) => b.seq - a.seq);
}

function makeTrail() {
  const filter = Object.fromEntries(OF_ADDRESS.map((name) => [name, m.route.param(name) || ""]));
  const trail = { filter, records: new Map(), sorted: [], next: null, seen: null, error: null, isAsked: false };
  trail.data = live("/audit", { ...query(filter), connection: session.connection, limit: ROWS });
  trail.take = (answer) => {
    if (trail.seen === answer) return;
    if (trail.records.size === 0) trail.next = answer.next_before;
    trail.seen = answer;
    merge(trail, answer.records);
  };
  trail.change = (more) => {
    Object.assign(filter, more);
    clearTimeout(trail.timer);
    trail.timer = setTimeout(() => {
      trail.records.clear();
      trail.data.ask({ ...query(filter), connection: session.connection, limit: ROWS });
    }, 250);
  };
  trail.older = async () => {
    trail.error = null;
    const answer = await get("/audit", { ...query(filter), connection: session.connection, limit: ROWS, before: trail.next });
    trail.next = answer.next_before;
    for (const one of answer.records) trail.records.set(one.seq, one);
    trail.sorted = [...trail.records.values()].sort((a, b) => b.seq - a.seq);
  };
  return trail;
}

const Filters = {
  view: ({ attrs: { trail: { filter, change } } }) => {
    const text = (name) => ({ value: filter[name], oninput: (event) => change({ [name]: event.target.value }) });
    return m("form.filter-row.wide", { role: "search", "aria-label": "Records", onsubmit: (event) => event.preventDefault() }, [
      m(Field, { label: "Kind", value: filter.kind, onchange: (event) => change({ kind: event.target.value }), options: [["", "Every kind"], ...recordTitles] }),
      m(Field, { label: "Employee id", inputmode: "numeric", maxlength: 32, ...text("employee_id") }),
      m(Field, { label: "Who did it", maxlength: 63, ...text("who") }),
      m(Field, { label: "Text", type: "search", maxlength: 60, ...text("text") }),
      m(Field, { label: "From", type: "datetime-local", ...text("from") }),
      m(Field, { label: "Until", type: "datetime-local", ...text("to") }),
    ]);
  },
};

const About = {
  view: ({ attrs: { one } }) => {
    if (one.employee_id) return m("a", { href: `#/people/${one.employee_id}` }, one.employee_id);
    if (!one.person) return m("span.quiet", "nobody");
    return m("span.quiet", { title: one.person }, one.is_erased ? "erased person" : "hidden person");
  },
};

const What = {
  view: ({ attrs: { one } }) => [
    m(".fw-semibold", recordWord(one.kind)),
    one.says === MASK ? m("span.quiet", "Hidden from viewers.") : m(".wrap", said(one)),
    m("details.small", [
      m("summary", `Record ${one.seq}`),
      m("dl.facts", [
        one.says !== MASK && one.says && [m("dt", "In the trail"), m("dd", one.says)],
        m("dt", "Connection"), m("dd", one.connection || "none"),
        m("dt", "Settings"), m("dd", one.settings_version ? `version ${one.settings_version}` : "none"),
        m("dt", "Facts"), m("dd", m("code", JSON.stringify(one.meta))),
        m("dt", "Pseudonym"), m("dd", m("code", one.person || "none")),
        m("dt", "MAC"), m("dd", m("code", one.mac)),
      ]),
    ]),
  ],
};

const Records = {
  view: ({ attrs: { trail } }) => m(Table, {
    label: "Records of the audit trail", columns: ["When", "What", "Who", "About"], keys: trail.sorted.map((one) => one.seq),
    rows: trail.sorted.map((one) => [
      m("time", { datetime: new Date(one.at_ms).toISOString() }, moment(one.at_ms)),
      m(What, { one }),
      [one.who, one.origin && m(".small.quiet", `from ${one.origin}`)],
      m(About, { one }),
    ]),
  }),
};

const isFiltered = (filter) => OF_ADDRESS.some((name) => filter[name]);

export const Activity = {
  oninit: ({ state }) => {
    state.trail = makeTrail();
    state.status = live("/status", {}, { everyMs: 10000 });
  },
  onremove: ({ state }) => {
    clearTimeout(state.trail.timer);
    state.trail.data.stop();
    state.status.stop();
  },
  view: ({ state: { trail, status } }) =>
    m(Page, {
      title: "Activity", subtitle: "Who did what, when, from where, and what came of it.",
      actions: may("operator") && [m("button.btn.btn-outline-primary[type=button]", { onclick: () => { trail.isAsked = true; } }, "Export")],
    }, [
      m(Live, { data: status, what: "the state of the trail" }, (answer) => m(Chain, { audit: answer.audit })),
      m(Section, { title: "Records" }, [
        m(Filters, { trail }),
        m(Live, { data: trail.data, what: "records" }, (answer) => {
          trail.take(answer);
          return trail.sorted.length === 0
            ? m(Empty, isFiltered(trail.filter) ? { title: "No record is like that", hint: "Change the filter to see the rest." } : { title: "Nothing has happened yet" })
            : m(Records, { trail });
        }),
        trail.error && m(Problem, { error: trail.error }),
        trail.next && m(Act, { run: trail.older, onerror: (error) => { trail.error = error; } }, "Show older records"),
      ]),
      trail.isAsked && m(ExportDialog, { filter: query(trail.filter), isFiltered: isFiltered(trail.filter), onclose: () => { trail.isAsked = false; m.redraw(); } }),
    ]),
};
