// SPDX-License-Identifier: MIT
// What a draft does to everybody: counted by the server, which can be left and come back to.
import m from "../lib/m.js";
import { Progress, watch } from "../lib/job.js";
import { Act, Badge, Empty, Live, Section, Table, Time } from "../lib/ui.js";
import { same } from "./mapping_draft.js";
import { count } from "../lib/numbers.js";
import { shown } from "../lib/values.js";
import { nameOf } from "../lib/who.js";

const FAILING = [["failed", "fail"], ["not_readable", "not readable"], ["no_such_field", "no such field"], ["waiting", "wait for a colleague"]];

const failures = (states) => FAILING.filter(([word]) => states[word] > 0).map(([word, text]) => m(Badge, { tone: word === "waiting" ? "plain" : "bad" }, `${states[word]} ${text}`));

const Samples = {
  view: ({ attrs: { samples } }) => samples.length === 0 ? "" : m("details", [
    m("summary", count(samples.length, "example", "examples")),
    m("ul.plain", samples.map((one) => m("li", [m("a", { href: `#/people/${one.employee_id}` }, nameOf(one)), ": ", shown(one.from), " \u2192 ", shown(one.to)]))),
  ]),
};

// ------------------------------------------------------------------- groups

const GROUP_STATES = { refused: ["bad", "not used"], unknown: ["warn", "not known"] };

const Members = {
  view: ({ attrs: { samples } }) => samples.length === 0 ? "" : m("details", [
    m("summary", count(samples.length, "example", "examples")),
    m("ul.plain", samples.map((one) => m("li", [m("a", { href: `#/people/${one.employee_id}` }, nameOf(one)), one.change === "join_group" ? " joins" : " leaves"]))),
  ]),
};

function groupNotes(one) {
  const [tone, word] = GROUP_STATES[one.state] || [];
  return [
    word && m("span", [m(Badge, { tone }, word), " ", m("small", one.reason)]),
    one.unknown > 0 && m(Badge, { tone: "bad" }, `${one.unknown} without a verdict`),
  ];
}

// The limit of policy M2, where it would be exceeded.
export const LeaveLimit = {
  view: ({ attrs: { limit } }) => limit.is_exceeded && m(".alert.alert-warning", { role: "alert" }, limit.sentence),
};

const stays = (one) => `No row means the group ${one.group} any more: nobody is taken out, ${count(one.given, "membership", "memberships")} that bob2okta gave stay${one.given === 1 ? "s" : ""}.`;

const Groups = {
  view: ({ attrs: { result } }) => [
    m(LeaveLimit, { limit: result.leave_limit }),
    result.groups_removed.length > 0 && m("ul", result.groups_removed.map((one) => m("li", stays(one)))),
    result.groups.length > 0 && m(Table, {
      label: "By group", columns: ["Okta group", "Belong into it", "Join", "Leave", "Problems", "Examples"],
      rows: result.groups.map((one) => [one.group, one.belong, one.joins, one.leaves, groupNotes(one), m(Members, { samples: one.samples })]),
      keys: result.groups.map((one) => one.group),
    }),
  ],
};

// How many join and leave, in a sentence; "": the mapping has no groups.
export function groupSentence(result) {
  if (!result.groups.length) return "";
  const joins = result.groups.reduce((sum, one) => sum + one.joins, 0);
  return ` ${joins} would join a group, ${result.leave_limit.leaving} would leave one.`;
}

// --------------------------------------------------------------- attributes

const Counts = {
  view: ({ attrs: { result } }) => {
    const touched = result.attributes.filter((one) => one.people > 0 || FAILING.some(([word]) => one.states[word] > 0));
    return [
      m("p.fw-semibold", result.sentence + groupSentence(result)),
      m("ul", [
        m("li", `${result.would_write} linked people would be written`),
        m("li", `${result.left_out} were left out (leavers, and who could not be judged)`),
        result.enters_scope > 0 && m("li", `${result.enters_scope} come into scope`),
        result.leaves_scope > 0 && m("li", `${result.leaves_scope} leave the scope`),
        result.removed.length > 0 && m("li", ["No row fills ", result.removed.join(", "), " any more: Okta's values stay"]),
      ]),
      touched.length > 0 && m(Table, {
        label: "By attribute", columns: ["Attribute", "People it changes", "Would be written", "Problems", "Examples"],
        rows: touched.map((one) => [m("code", one.okta), one.people, one.is_known_in_okta ? one.would_write : `${one.would_write} at most`, failures(one.states), m(Samples, { samples: one.samples })]),
        keys: touched.map((one) => one.okta),
      }),
      m(Groups, { result }),
      result.is_masked && m("p.quiet", "Values are masked: open a person to show them."),
    ];
  },
};

// The job, for the page.
export const watchEverybody = () => watch("/mapping/preview-all");

// True when the last result is of exactly this draft.
export const isOf = (job, draft) => job?.state === "done" && same(job.query?.mapping, draft.rows) && same(job.query?.groups, draft.groups);

export const startEverybody = (data, draft) => data.start({ mapping: draft.rows, groups: draft.groups });

// m(Everybody, {data: watchEverybody(), draft: or null})
export const Everybody = {
  view: ({ attrs: { data, draft } }) => m(Section, {
    title: "Preview for everybody",
    actions: draft && data.value?.state !== "running" && m(Act, { small: true, run: () => startEverybody(data, draft) }, "Preview the draft for everybody"),
  }, m(Live, { data, what: "the last preview" }, (job) => {
    if (job.state === "running") return m(Progress, { job: data, unit: "people" });
    if (job.state === "none") return m(Empty, { title: "Nothing previewed yet.", hint: draft ? "It reads everybody from Bob and writes nothing." : "Change a row first: then you can see for how many people something else comes out." });
    if (job.state !== "done") return m("p", [m(Badge, { tone: "warn" }, job.state), ` ${job.sentence}`]);
    return [
      m("p.quiet", ["By ", job.by, ", ", m(Time, { ms: job.ended_at_ms }), ". ",
        draft && !isOf(job, draft) && m(Badge, { tone: "warn" }, "of an earlier draft: preview again"),
        !draft && "The draft it was made for is published or gone."]),
      m(Counts, { result: job.result }),
    ];
  })),
};
