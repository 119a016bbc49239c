// SPDX-License-Identifier: MIT
// What became of those who were let go. The page has an address: leave it, and come back.
import m from "../lib/m.js";
import { live } from "../lib/live.js";
import { Badge, Live, Section, Table } from "../lib/ui.js";
import { moment } from "../lib/time.js";
import { count } from "../lib/numbers.js";
import { Who } from "../lib/who.js";
import { holdTitle, limitWord } from "../lib/words.js";

const states = {
  waiting: ["plain", "being planned"], done: ["good", "done"], dry_run: ["info", "dry run"], held: ["warn", "held again"],
  skipped: ["info", "not needed"], parked: ["warn", "parked"], failed: ["bad", "failed"],
};
const State = { view: ({ attrs: { state } }) => m(Badge, { tone: states[state][0] }, states[state][1]) };

const Progress = {
  view: ({ attrs: { answer } }) => {
    const over = answer.released - answer.by_state.waiting;
    return [
      m("p.mb-1", `Released by ${answer.by} on ${moment(answer.at_ms)}.`),
      m("label.d-block.mb-2", [m("progress", { max: answer.released, value: over }), ` ${over} of ${count(answer.released, "hold", "holds")} looked at again`]),
      m("p.mb-2", { role: "status" }, Object.entries(answer.by_state).filter(([, n]) => n > 0)
        .map(([state, n]) => `${n} ${states[state][1]}`).join(", ")),
    ];
  },
};

const Release = {
  oninit: ({ attrs, state }) => { state.data = live(`/holds/releases/${attrs.id}`, {}, { everyMs: 2000 }); },
  onremove: ({ state }) => state.data.stop(),
  view: ({ attrs, state }) =>
    m(Section, { title: `Release ${attrs.id}` },
      m(Live, { data: state.data, what: "the release" }, (answer) => [
        m(Progress, { answer }),
        m(Table, {
          label: `People of release ${attrs.id}`, columns: ["Who", "Was held for", "State", "What was said"],
          rows: answer.people.map((one) => [m(Who, { one }), one.limit === "none" ? holdTitle(one.kind) : limitWord(one.limit), m(State, { state: one.state }), one.sentence]),
        }),
      ])),
};

export const Releases = {
  view: ({ attrs: { ids } }) => [
    m("p", [m("a", { href: "#/held" }, "Back to what is held"), " This page keeps its address: you may leave it and come back."]),
    ids.split(",").filter((id) => /^\d+$/.test(id)).slice(0, 20).map((id) => m(Release, { key: id, id })),
  ],
};
