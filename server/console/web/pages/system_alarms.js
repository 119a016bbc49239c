// SPDX-License-Identifier: MIT
// Open alarms: what each means, what to do, that somebody has seen it; and who gets them.
import m from "../lib/m.js";
import { post } from "../lib/api.js";
import { live } from "../lib/live.js";
import { may } from "../lib/session.js";
import { Act, Badge, Empty, Field, Live, Section, Table, Time, say } from "../lib/ui.js";
import { Advice } from "./alarm_place.js";
import { AlarmLevels, TONES, words } from "./system_alarm_levels.js";
import { AlarmTimes } from "./system_alarm_times.js";
import { OfSettings } from "./system_settings.js";
import { Targets } from "./system_targets.js";

const Whom = {
  view: ({ attrs: { one } }) => [
    /^\d+$/.test(one.subject) ? m("a", { href: `#/people/${one.subject}` }, one.subject) : one.subject || one.connection || "the whole server",
    m(".small.quiet", ["since ", m(Time, { ms: one.since_ms })]),
  ],
};

const What = {
  view: ({ attrs: { one } }) => [
    m(".fw-semibold", [words(one.alarm), " ", m(Badge, { tone: TONES[one.severity] }, one.severity)]),
    m("", one.meaning),
    m(".small", m(Advice, { alarm: one, subject: one.subject })),
  ],
};

async function acknowledge(body, reload) {
  const { acknowledged } = await post("/alarms/ack", body);
  say(`${acknowledged} acknowledged: not sent again while they last.`);
  await reload();
}

const Seen = {
  view: ({ attrs: { one, reload } }) => {
    if (one.ended_at_ms) return ["over ", m(Time, { ms: one.ended_at_ms })];
    if (one.acknowledged_at_ms) return [`seen by ${one.acknowledged_by} `, m(Time, { ms: one.acknowledged_at_ms })];
    return [
      m(".small", one.sends > 0 ? [one.sends === 1 ? "sent once, " : `sent ${one.sends} times, last `, m(Time, { ms: one.sent_at_ms })] : "not sent yet"),
      may("operator") && m(Act, {
        small: true, "aria-label": `Acknowledge ${one.alarm} ${one.subject}`,
        run: () => acknowledge(one.subject ? { alarm: one.alarm, subject: one.subject } : { alarm: one.alarm }, reload),
      }, "I have seen it"),
    ];
  },
};

// A hundred people held are a hundred alarms: they are seen at once.
const Many = {
  view: ({ attrs: { alarms, reload } }) => {
    const counts = new Map();
    for (const one of alarms) {
      if (one.subject && !one.acknowledged_at_ms && !one.ended_at_ms) counts.set(one.alarm, (counts.get(one.alarm) || 0) + 1);
    }
    return [...counts].filter(([, n]) => n > 1).map(([alarm, n]) =>
      m(Act, { small: true, key: alarm, run: () => acknowledge({ alarm }, reload) }, `I have seen all ${n} of ${words(alarm)}`));
  },
};

const Open = {
  view: ({ attrs: { data, state } }) =>
    m(Section, { title: "Alarms" }, [
      m(Field, { label: "Show what is over, too", type: "checkbox", checked: state.withEnded,
        onchange: (event) => { state.withEnded = event.target.checked; data.ask({ ended: state.withEnded || "" }); } }),
      m(Live, { data, what: "alarms" }, ({ alarms }) => alarms.length === 0
        ? m(Empty, { title: "No alarm is open", hint: "Whatever needs a human and cannot be seen in Okta will be here." })
        : [may("operator") && m(".actions", m(Many, { alarms, reload: data.reload })), m(Table, {
            label: "List of alarms", columns: ["What", "Whom", "Seen"],
            keys: alarms.map((one) => [one.connection, one.alarm, one.subject, one.opened_at_ms].join()),
            rows: alarms.map((one) => [m(What, { one }), m(Whom, { one }), m(Seen, { one, reload: data.reload })]),
          })]),
    ]),
};

export const Alarms = {
  oninit: ({ state }) => { state.data = live("/alarms"); },
  onremove: ({ state }) => state.data.stop(),
  view: ({ state }) => [m(Open, { data: state.data, state }), m(OfSettings, () => [m(Targets, { data: state.data }), m(AlarmTimes), m(AlarmLevels)])],
};
