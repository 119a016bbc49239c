// SPDX-License-Identifier: MIT
// The second look before a yes or a no: how many, who, and what will happen.
import m from "../lib/m.js";
import { get, post } from "../lib/api.js";
import { Act, Dialog, Field, Loading, Problem } from "../lib/ui.js";
import { count } from "../lib/numbers.js";
import { names } from "../lib/who.js";
import { ifRejected, ifReleased, kindTitle } from "./held_words.js";

const SHOWN = 20;
const IDS_A_CALL = 500;

// What goes to the server: one call for all that match, else one for each kind and limit.
function bodies({ all, holds }) {
  if (all) return [all];
  const groups = new Map();
  for (const hold of holds) {
    const stem = hold.kind === "limit" ? { kind: hold.kind, limit: hold.limit } : { kind: hold.kind };
    const name = JSON.stringify(stem);
    const group = groups.get(name) || { ...stem, employee_ids: [] };
    group.employee_ids.push(hold.employee_id);
    groups.set(name, group);
  }
  return [...groups.values()].flatMap((group) => {
    if (group.employee_ids.length === 1) {
      const { employee_ids: ids, ...rest } = group;
      return [{ ...rest, employee_id: ids[0] }];
    }
    const parts = [];
    for (let at = 0; at < group.employee_ids.length; at += IDS_A_CALL) {
      parts.push({ ...group, employee_ids: group.employee_ids.slice(at, at + IDS_A_CALL) });
    }
    return parts;
  });
}

async function decide(dialog, { asked, ondone }) {
  const ids = [];
  let decided = 0;
  for (const body of bodies(asked)) {
    const more = asked.verb === "reject" && dialog.why ? { why: dialog.why } : {};
    const answer = await post(`/holds/${asked.verb}`, { ...body, ...more });
    decided += answer.released ?? answer.rejected;
    if (answer.release_id) ids.push(answer.release_id);
  }
  ondone(asked.verb, decided, ids);
}

// Each thing that will happen, and to how many.
function effects({ verb, holds, total }) {
  const say = verb === "release" ? ifReleased : ifRejected;
  const groups = new Map();
  for (const hold of holds) {
    const line = `${kindTitle(hold)}. ${say(hold)}`;
    groups.set(line, (groups.get(line) || 0) + 1);
  }
  const lines = [...groups].map(([line, n]) => m("li", [m("strong", `${n}: `), line]));
  if (total > holds.length) lines.push(m("li", `${total - holds.length} more of the same filter`));
  return m("ul", lines);
}

export const Decide = {
  oninit: async ({ attrs: { asked }, state: dialog }) => {
    dialog.why = "";
    if (!asked.filter) return;
    dialog.isLoading = true;
    try {
      asked.holds = (await get("/holds", { ...asked.filter, rows: SHOWN })).holds;
    } catch (error) {
      dialog.error = error;
    }
    dialog.isLoading = false;
    m.redraw();
  },
  view: ({ attrs, state: dialog }) => {
    const { asked, onclose } = attrs;
    const isRelease = asked.verb === "release";
    const people = asked.holds.slice(0, SHOWN);
    const more = asked.total - people.length;
    const title = asked.total === 1 && people.length === 1
      ? `${isRelease ? "Release" : "Reject"} ${names(people)}?`
      : `${isRelease ? "Release" : "Reject"} ${count(asked.total, "hold", "holds")}?`;
    return m(Dialog, { title, onclose }, dialog.isLoading ? m(Loading, { what: "who it is about" }) : [
      effects(asked),
      m("p.mb-1", isRelease
        ? "Each is read from Bob and planned afresh; who need not be changed any more is not."
        : "They stay as they are. It is not asked again until the facts change."),
      asked.total > 1 && m("p", [m("strong", "Who: "), names(people, SHOWN), more > 0 && ` and ${more} more`]),
      !isRelease && m(Field, { label: "Reason, for the audit trail", name: "why", value: dialog.why, maxlength: 200,
        oninput: (event) => { dialog.why = event.target.value; } }),
      dialog.error && m(Problem, { error: dialog.error }),
      m(".actions", [
        m(Act, {
          kind: isRelease ? "primary" : "danger", onerror: (error) => { dialog.error = error; },
          disabled: !isRelease && dialog.why.trim() === "",
          run: () => decide(dialog, attrs),
        }, isRelease ? `Release ${asked.total}` : `Reject ${asked.total}`),
        m("button.btn.btn-outline-secondary[type=button]", { onclick: onclose }, "Cancel"),
      ]),
    ]);
  },
};
