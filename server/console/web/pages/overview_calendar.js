// SPDX-License-Identifier: MIT
// The next seven days' joins and leaves, as the last reads of Bob told.
import m from "../lib/m.js";
import { Badge, Live, Section } from "../lib/ui.js";
import { count } from "../lib/numbers.js";
import { ago, clock, momentAt } from "../lib/time.js";
import { nameOf } from "../lib/who.js";

const NAMED = 5;
const KIND = { join: ["joins", "good"], leave: ["leaves", "warn"], change: ["changes", "info"] };

// "Fri 27 Nov"; the first of the seven needs no name of a day, and fits its column so.
const dayWord = (date, isToday) =>
  (isToday ? "Today, " : "") + new Intl.DateTimeFormat(undefined, { weekday: isToday ? undefined : "short", day: "numeric", month: "short", timeZone: "UTC" }).format(new Date(date + "T00:00:00Z"));

// "05:00", or "05:00 (00:00 in America/New_York)" of who works where the clocks show something else than in the calendar.
function clocks({ at_ms, time_zone }, zone) {
  const here = clock(at_ms, zone);
  const there = clock(at_ms, time_zone, zone);
  return here === there ? here : `${here} (${there} in ${time_zone})`;
}

const Entry = {
  view: ({ attrs: { entry, zone } }) => {
    const [word, tone] = KIND[entry.kind];
    return m("li", [
      m("a", { href: `#/people/${entry.employee_id}` }, nameOf(entry)), " ",
      m(Badge, { tone }, word), " ",
      entry.is_held && [m(Badge, { tone: "plain" }, "held"), " "],
      m("time.quiet", { datetime: new Date(entry.at_ms).toISOString(), title: momentAt(entry.at_ms, entry.time_zone) }, clocks(entry, zone)),
    ]);
  },
};

// "2 join, 1 leaves"
function counts({ joins, leaves, changes }) {
  const parts = [[joins, "join", "joins"], [leaves, "leave", "leaves"], [changes, "other change", "other changes"]];
  return parts.filter(([n]) => n > 0).map(([n, one, many]) => count(n, one, many)).join(", ") || "Nothing";
}

const Day = {
  view: ({ attrs: { day, zone, isToday } }) => {
    const more = day.left_out + Math.max(0, day.entries.length - NAMED);
    return m("li.day", [
      m("h3.h6", dayWord(day.date, isToday)),
      m("p.mb-1", { class: day.entries.length ? "" : "quiet" }, counts(day)),
      day.entries.length > 0 && m("ul.plain", day.entries.slice(0, NAMED).map((entry) => m(Entry, { key: entry.employee_id + entry.kind, entry, zone }))),
      more > 0 && m("p.quiet.mb-0", `and ${more} more`),
    ]);
  },
};

export const Calendar = {
  view: ({ attrs: { data } }) =>
    m(Section, { title: "The next 7 days" },
      m(Live, { data, what: "the next days" }, (calendar) => [
        m("ol.days", calendar.days.map((day, number) => m(Day, { key: day.date, day, zone: calendar.time_zone, isToday: number === 0 }))),
        m("p.quiet.mb-0", [
          `Days and times of ${calendar.time_zone}. From what Bob said when each person was last read`,
          calendar.oldest_read_at_ms ? `, the longest ago ${ago(calendar.oldest_read_at_ms)}. ` : ". ",
          "Everybody with a date within two weeks is read again every day.",
          calendar.is_masked ? " Names are shown to operators and admins." : "",
        ]),
      ])),
};
