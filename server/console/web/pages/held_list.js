// SPDX-License-Identifier: MIT
// The list of holds: filters, choosing, and how full the limits are.
import m from "../lib/m.js";
import { get } from "../lib/api.js";
import { live } from "../lib/live.js";
import { Reveal } from "../lib/reveal.js";
import { may } from "../lib/session.js";
import { Act, Badge, Empty, Field, Live, Section, Table, Time, say } from "../lib/ui.js";
import { count } from "../lib/numbers.js";
import { valueText } from "../lib/values.js";
import { Who, nameOf } from "../lib/who.js";
import { holdTitles, limitTitles } from "../lib/words.js";
import { ifRejected, ifReleased, isInAll, kindTitle } from "./held_words.js";
import { Decide } from "./held_decide.js";
import { Limits } from "./held_limits.js";

const ROWS = 50;
const keyOf = (hold) => [hold.employee_id, hold.kind, hold.limit].join(" ");

const Difference = {
  view: ({ attrs: { hold, onshown } }) => hold.differences.length > 0 && [
    m("ul.list-unstyled.mb-1", hold.differences.map((one) =>
      m("li", [m("code", one.attribute), `: ${valueText(one.present)} \u2192 ${valueText(one.wanted)}`]))),
    hold.is_masked && may("operator") &&
      m(Reveal, { id: hold.employee_id, name: nameOf(hold), onshown }),
  ],
};

// The reason stands in the audit trail, not at the hold.
const Rejected = {
  view: ({ attrs: { hold }, state }) => m("", [
    m(Badge, { tone: "plain" }, `Rejected by ${hold.by}`), " ",
    state.why !== undefined ? m("span", state.why)
      : may("operator") && m(Act, { small: true, "aria-label": `Reason of the rejection of ${nameOf(hold)}`, run: async () => {
          const { records } = await get("/audit", { employee_id: hold.employee_id, kind: "reject", limit: 1 });
          state.why = records[0]?.says.split(": ").slice(1).join(": ") || "no reason was given";
        } }, "Reason"),
  ]),
};

const What = {
  view: ({ attrs: { hold } }) => [
    m(".fw-semibold", kindTitle(hold)),
    hold.is_rejected && m(Rejected, { hold }),
    m(".wrap", hold.cause),
    m("details.small", [
      m("summary", "What a yes and a no do"),
      m("p.mb-1", [m("strong", "Release: "), ifReleased(hold)]),
      m("p.mb-1", [m("strong", "Reject: "), ifRejected(hold)]),
      hold.rule && m("p.mb-1", `By rule ${hold.rule} of the policy; asked by ${hold.by || "server"}.`),
    ]),
  ],
};

const Filters = {
  view: ({ attrs: { filter, change } }) =>
    m("form.filter-row", { role: "search", "aria-label": "Holds", onsubmit: (event) => event.preventDefault() }, [
      m(Field, {
        label: "Kind", value: filter.kind, onchange: (event) => change({ kind: event.target.value, limit: "" }),
        options: [["", "Every kind"], ...holdTitles],
      }),
      filter.kind === "limit" && m(Field, {
        label: "Limit", value: filter.limit, onchange: (event) => change({ limit: event.target.value }),
        options: [["", "Every limit"], ...limitTitles],
      }),
      m(Field, { label: "Name, id or reason", type: "search", value: filter.text, maxlength: 60,
        oninput: (event) => change({ text: event.target.value }) }),
    ]),
};

// What is chosen: rows of this page, or everything that matches.
const Chosen = {
  view: ({ attrs: { list, answer } }) => {
    const n = list.isAll ? answer.in_all : list.chosen.size;
    const onPage = answer.holds.filter((hold) => isInAll(hold, list.filter.kind)).length;
    return m(".chosen", { role: "status" }, [
      m("span", n === 0 ? "Nobody chosen" : `${count(n, "hold", "holds")} chosen`),
      !list.isAll && n > 0 && n === onPage && !list.filter.text && answer.in_all > onPage &&
        m("button.btn.btn-sm.btn-link[type=button]", { onclick: () => { list.isAll = true; } }, `Choose all ${answer.in_all} that match`),
      n > 0 && m("button.btn.btn-sm.btn-link[type=button]", { onclick: () => list.none() }, "Choose nobody"),
      n > 0 && m("button.btn.btn-sm.btn-primary[type=button]", { onclick: () => list.ask("release", answer) }, `Release ${n}`),
      n > 0 && m("button.btn.btn-sm.btn-outline-danger[type=button]", { onclick: () => list.ask("reject", answer) }, `Reject ${n}`),
    ]);
  },
};

// Revocations stand apart: every minute counts, and there is one quick way to say yes to all.
const Revocations = {
  view: ({ attrs: { list, answer } }) => {
    const limit = answer.limits.find((one) => one.limit === "revoke");
    if (!limit || limit.held === 0) return null;
    return m(".alert.alert-danger", { role: "alert" }, [
      m("p.mb-2", [m("strong", `${count(limit.held, "immediate revocation waits", "immediate revocations wait")}. `),
        "More people than usual lost their access at once. They can still sign in until somebody decides."]),
      may("operator") && m("button.btn.btn-danger[type=button]", { onclick: () => list.askRevocations(limit.held) },
        `Look and approve all ${limit.held}`),
    ]);
  },
};

function rowOf(list, hold) {
  const cells = [
    m(Who, { one: hold }), m(What, { hold }), m(Difference, { hold, onshown: list.data.reload }), m(Time, { ms: hold.since_ms }),
  ];
  if (!may("operator")) return cells;
  const who = nameOf(hold);
  return [
    m("input.form-check-input[type=checkbox]", {
      "aria-label": `Choose ${who}: ${kindTitle(hold)}`, checked: list.isChosen(hold),
      onchange: (event) => list.choose(hold, event.target.checked),
    }),
    ...cells,
    m(".actions", [
      m("button.btn.btn-sm.btn-outline-primary[type=button]", { "aria-label": `Release ${who}`, onclick: () => list.askOne("release", hold) }, "Release"),
      !hold.is_rejected &&
        m("button.btn.btn-sm.btn-outline-danger[type=button]", { "aria-label": `Reject ${who}`, onclick: () => list.askOne("reject", hold) }, "Reject"),
    ]),
  ];
}

const Holds = {
  view: ({ attrs: { list, answer } }) => {
    const shown = answer.holds;
    const columns = ["Who", "Why", "Change", "Since"];
    if (may("operator")) {
      const meant = shown.filter((hold) => isInAll(hold, list.filter.kind));
      const isWhole = meant.length > 0 && meant.every((hold) => list.isChosen(hold));
      columns.unshift(m("input.form-check-input[type=checkbox]", {
        "aria-label": "Choose all on this page", checked: isWhole, disabled: meant.length === 0,
        title: "Without those that were rejected, revoked, set aside or held by somebody: choose these one by one",
        onchange: (event) => list.choosePage(meant, event.target.checked),
      }));
      columns.push("Decide");
    }
    return m(Table, { label: "Holds", columns, rows: shown.map((hold) => rowOf(list, hold)), keys: shown.map(keyOf) });
  },
};

const Pages = {
  view: ({ attrs: { list, answer } }) =>
    answer.matching > ROWS && m("nav.actions", { "aria-label": "Pages of holds" }, [
      m("button.btn.btn-sm.btn-outline-secondary[type=button]", { disabled: list.skip === 0, onclick: () => list.turn(-ROWS) }, "Earlier"),
      m("span", `${list.skip + 1} to ${list.skip + answer.holds.length} of ${answer.matching}`),
      m("button.btn.btn-sm.btn-outline-secondary[type=button]", { disabled: answer.left_out === 0, onclick: () => list.turn(ROWS) }, "Later"),
    ]),
};

function makeList() {
  const list = { filter: { kind: m.route.param("kind") || "", limit: m.route.param("limit") || "", text: "" }, skip: 0, chosen: new Map(), isAll: false, asked: null };
  const query = () => ({ ...list.filter, rows: ROWS, skip: list.skip || undefined });
  list.data = live("/holds", query());
  list.none = () => { list.chosen.clear(); list.isAll = false; };
  list.change = (more) => {
    Object.assign(list.filter, more);
    list.skip = 0;
    list.none();
    list.data.ask(query());
  };
  list.turn = (by) => {
    list.skip = Math.max(0, list.skip + by);
    list.data.ask(query());
  };
  list.isChosen = (hold) => (list.isAll ? isInAll(hold, list.filter.kind) : list.chosen.has(keyOf(hold)));
  list.choose = (hold, isOn) => {
    list.isAll = false;
    if (isOn) list.chosen.set(keyOf(hold), hold);
    else list.chosen.delete(keyOf(hold));
  };
  list.choosePage = (holds, isOn) => holds.forEach((hold) => list.choose(hold, isOn));
  list.askOne = (verb, hold) => { list.asked = { verb, holds: [hold], total: 1 }; };
  list.ask = (verb, answer) => {
    const all = { all: true };
    if (list.filter.kind) all.kind = list.filter.kind;
    if (list.filter.limit) all.limit = list.filter.limit;
    list.asked = list.isAll
      ? { verb, all, holds: answer.holds.filter((hold) => isInAll(hold, list.filter.kind)), total: answer.in_all }
      : { verb, holds: [...list.chosen.values()], total: list.chosen.size };
  };
  list.askRevocations = (total) => {
    list.asked = { verb: "release", all: { all: true, kind: "limit", limit: "revoke" }, filter: { kind: "limit", limit: "revoke" }, holds: [], total };
  };
  list.done = (verb, decided, ids) => {
    list.asked = null;
    list.none();
    list.data.reload();
    say(`${count(decided, "hold", "holds")} ${verb === "release" ? "released" : "rejected"}.`);
    if (ids.length > 0) m.route.set("/held", { release: ids.join(",") });
  };
  return list;
}

export const HoldList = {
  oninit: ({ state }) => { state.list = makeList(); },
  onremove: ({ state }) => state.list.data.stop(),
  view: ({ state: { list } }) => [
    m(Live, { data: list.data, what: "what is held" }, (answer) => [
      m(Revocations, { list, answer }),
      m(Limits, { limits: answer.limits }),
      m(Section, { title: "Who waits for a decision" }, [
        m(Filters, { filter: list.filter, change: list.change }),
        may("operator") && answer.holds.length > 0 && m(Chosen, { list, answer }),
        answer.holds.length > 0
          ? m(Holds, { list, answer })
          : m(Empty, list.filter.kind || list.filter.text
            ? { title: "Nothing held is like that", hint: "Change the filter to see the rest." }
            : { title: "Nothing is held", hint: "Whatever a limit or a doubt stops will be here, with who and why." }),
        m(Pages, { list, answer }),
      ]),
    ]),
    list.asked && m(Decide, { asked: list.asked, onclose: () => { list.asked = null; }, ondone: list.done }),
  ],
};
