// SPDX-License-Identifier: MIT
// The rows of groups: which Okta group, who belongs into it, what Okta says of it, what becomes of the
// chosen person.
import m from "../lib/m.js";
import { may } from "../lib/session.js";
import { Badge, Empty, Section, Table } from "../lib/ui.js";
import { STATES } from "./mapping_edit.js";

export const ANSWERS = { in: "belongs into it", out: "does not belong into it", unknown: "not known" };
const CHANGES = { none: "nothing changes", join_group: "would join", leave_group: "would leave" };
const NOT_USED = { refused: ["bad", "Not used"], unknown: ["plain", "Not looked up yet"] };

const people = (count) => `${count} membership${count === 1 ? "" : "s"}`;

// A group that only the draft names is looked up by the previews.
function seen(one, preview) {
  return one.state === "unknown" && preview?.groups.find((other) => other.group === one.group) || one;
}

function notes(one, change, preview) {
  const { state, reason } = seen(one, preview);
  const [tone, word] = NOT_USED[state] || [];
  const list = [
    change && m(Badge, { tone: "info" }, change.kind === "new" ? "new, unpublished" : "changed, unpublished"),
    word && m("span", [m(Badge, { tone }, word), reason && [" ", m("small", reason)]]),
    one.given > 0 && m("small.quiet", `${people(one.given)} given`),
    one.problems.map((problem) => m("span", [m(Badge, { tone: "warn" }, `${STATES[problem.state] || problem.state}: ${problem.people}`), " ", m("small", problem.reason)])),
  ].flat().filter(Boolean);
  return list.length > 0 && m(".notes", list);
}

function forPerson(group, preview) {
  const found = preview.groups.find((one) => one.group === group);
  if (!found) return m("span.quiet", "not known");
  const change = found.change !== "none" && m(Badge, { tone: found.change === "leave_group" ? "warn" : "info" }, CHANGES[found.change] || found.change);
  return [ANSWERS[found.answer] || found.answer, change && [" ", change], found.reason && m("small.quiet", ` ${found.reason}`)];
}

function doings(one, attrs) {
  return m(".actions", [
    m("button.btn.btn-sm.btn-outline-secondary[type=button]", { "aria-label": `Edit group ${one.group}`, onclick: () => attrs.onedit({ group: one.group, when: one.when }) }, "Edit"),
    m("button.btn.btn-sm.btn-outline-secondary[type=button]", { "aria-label": `Remove group ${one.group}`, onclick: () => attrs.onremove(one.group) }, "Remove"),
  ]);
}

// A removed row is not in the table any more: what that means is said, and the way back is here.
const Gone = {
  view: ({ attrs: { change, given, onkeep } }) => {
    const count = given.find((one) => one.group === change.name)?.given || 0;
    return m(".alert.alert-warning", { role: "status" }, [
      m("p.mb-1", [`The row of ${change.name} goes, and takes nobody out`, count > 0 ? `: ${people(count)} that bob2okta gave stay${count === 1 ? "s" : ""}. To take them back, let the condition be false first, and remove the row once nobody is left.` : "."]),
      m("button.btn.btn-sm.btn-outline-secondary[type=button]", { onclick: () => onkeep(change.from) }, `Keep the row of ${change.name}`),
    ]);
  },
};

// m(Groups, {groups, differences, given: groups in force, preview, person, onedit: (row), onremove: (group), onkeep: (row)})
export const Groups = {
  view: ({ attrs }) => {
    const { groups, differences, preview, person } = attrs;
    const columns = ["Okta group", "Who belongs into it", "State"];
    if (person) columns.push(`For ${person.name}`);
    if (may("operator")) columns.push("Actions");
    return m(Section, {
      title: "Groups",
      actions: may("operator") && m("button.btn.btn-sm.btn-primary[type=button]", { onclick: () => attrs.onedit(null) }, "Add a group row"),
    }, [
      m("p.quiet", "Who meets the condition joins; who joined through bob2okta and does not meet it any more leaves. Anybody else's membership is left alone."),
      differences.filter((one) => one.kind === "gone").map((change) => m(Gone, { key: change.name, change, given: attrs.given, onkeep: attrs.onkeep })),
      groups.length === 0
        ? m(Empty, { title: "No group rows.", hint: "Rows of groups put people into Okta groups by a condition." })
        : m(Table, {
          label: "Group rows", columns,
          rows: groups.map((one) => [
            one.group, m("pre.expr", one.when), notes(one, differences.find((change) => change.name === one.group), preview),
            ...(person ? [forPerson(one.group, preview)] : []), ...(may("operator") ? [doings(one, attrs)] : []),
          ]),
          keys: groups.map((one) => one.group),
        }),
    ]);
  },
};
