// SPDX-License-Identifier: MIT
// All that happened to one person, newest first; older pages are fetched when they are asked for.
import m from "../lib/m.js";
import { get, post } from "../lib/api.js";
import { may } from "../lib/session.js";
import { moment, momentAt } from "../lib/time.js";
import { Act, Badge, Empty, Live, Section, Table, Time } from "../lib/ui.js";
import { isMasked, shown, unmasked, valueText } from "../lib/values.js";
import { accountWord, actionWord, outcomeWord, recordWord } from "../lib/words.js";
import { said } from "./activity_words.js";

const TONES = { done: "good", refused: "bad", open: "info", not_sent: "warn" };

const changeRow = (change) => {
  const word = change.attribute === "status" ? accountWord : (one) => one;
  return [m("code", change.attribute), shown(word(change.before)), shown(word(change.after))];
};

const pairs = (list) => m("dl.facts.small", list.filter(([, what]) => what).map(([name, what]) => [m("dt", name), m("dd", what)]));

const RENDER = {
  delivery: (event) => ({
    tone: event.state === "accepted" ? "info" : "plain", word: "Delivery",
    title: `Bob sent ${event.type || "an event"}${event.deliveries > 1 ? `, ${event.deliveries} times` : ""}`,
    more: event.state === "accepted" ? "" : `${event.state}${isMasked(event.reason) ? "" : ": " + event.reason}`,
    detail: pairs([["Happened in Bob", event.triggered_at_ms && moment(event.triggered_at_ms)], ["Came last", moment(event.last_seen_at_ms)],
      ["Times it came", String(event.deliveries)]]),
  }),
  read: (read, zone) => ({
    tone: read.is_good ? "info" : "bad", word: "Read", title: `Bob says ${read.lifecycle || "nothing"}`,
    more: unmasked(read.is_good ? read.sentence : read.error || read.sentence),
    detail: pairs([["Rule", read.rule], ["Account is to be", read.wanted], ["Account closes", read.confirmed_end_ms && momentAt(read.confirmed_end_ms, zone)],
      ["Gone from Bob since", read.absent_since_ms && moment(read.absent_since_ms)], ["Last run", read.run_at_ms && moment(read.run_at_ms)]]),
  }),
  action: (action) => ({
    tone: TONES[action.state] || "plain", word: outcomeWord(action.state),
    title: actionWord(action.kind), more: unmasked(action.reason) || (action.attributes.length > 0 ? action.attributes.join(", ") : ""),
    detail: [
      action.changes.length > 0 && m(Table, {
        label: `Before and after of action ${action.intent_id}`, columns: ["What", "Before", "After"], rows: action.changes.map(changeRow),
      }),
      pairs([["Rule", action.rule], ["Okta answered", [action.http_status || "nothing", action.code && ` ${action.code}`, unmasked(action.sentence) && `: ${unmasked(action.sentence)}`]],
        ["Took", action.closed_at_ms && `${action.closed_at_ms - action.opened_at_ms} ms`], ["Settings", `version ${action.settings_version}`],
        ["Okta request", action.request_id && m("code", action.request_id)], ["Group", action.group_id && m("code", action.group_id)],
        ["Takes back", action.undoes && `action ${action.undoes}`], ["Action", String(action.intent_id)]]),
    ],
  }),
  decision: (decision) => ({
    tone: "plain", word: "Decision", title: `${recordWord(decision.type)} by ${decision.who}`, more: isMasked(decision.what) ? "" : said({ kind: decision.type, says: decision.what, meta: decision.meta }),
    detail: pairs([["Settings", decision.settings_version && `version ${decision.settings_version}`], ["Record of the trail", String(decision.seq)],
      ...Object.entries(decision.meta).map(([name, what]) => [name, valueText(what)])]),
  }),
};

const Undo = {
  view: ({ attrs: { page, action } }) =>
    action.can_undo
      ? m(Act, {
          small: true, onerror: page.fail,
          run: async () => page.open("undo", { action, plan: await post(`/actions/${action.intent_id}/undo`, { plan: true }) }),
        }, "Undo...")
      : action.state === "done" && !isMasked(action.undo_why) && m("span.small.quiet", `No undo: ${action.undo_why}`),
};

const Entry = {
  view: ({ attrs: { page, entry } }) => {
    const what = entry[entry.kind];
    const { tone, word, title, more, detail } = RENDER[entry.kind](what, page.timeline.value.next.time_zone);
    return m("li.entry", [
      m(".entry-head", [m(Badge, { tone }, word), m("strong", title), m("span.quiet.small", m(Time, { ms: entry.at_ms }))]),
      more && m("p.mb-1.wrap", more),
      m("details", [m("summary", "Details"), m("p.small.quiet.mb-1", moment(entry.at_ms)), detail]),
      entry.kind === "action" && may("operator") && m(".mt-1", m(Undo, { page, action: what })),
    ]);
  },
};

const idOf = (entry) => entry.kind + (entry[entry.kind].event_id || entry[entry.kind].intent_id || entry[entry.kind].seq || "");

export const Timeline = {
  view: ({ attrs: { page }, state }) =>
    m(Section, { title: "Timeline" }, m(Live, { data: page.timeline, what: "the timeline" }, (first) => {
      // What falls off the first page while it is looked at stays.
      state.seen ??= new Map();
      for (const entry of first.entries) state.seen.set(idOf(entry), entry);
      const entries = [...state.seen.values()].sort((a, b) => b.at_ms - a.at_ms);
      const next = state.hasOlder ? state.next : first.next_before;
      if (entries.length === 0) return m(Empty, { title: "Nothing has happened yet" });
      return [
        m("ol.timeline", entries.map((entry) => m(Entry, { key: idOf(entry), page, entry }))),
        next && m(Act, {
          onerror: page.fail,
          run: async () => {
            const answer = await get(page.path + "/timeline", { before: next });
            for (const entry of answer.entries) state.seen.set(idOf(entry), entry);
            state.next = answer.next_before;
            state.hasOlder = true;
          },
        }, "Show older"),
      ];
    })),
};
