// SPDX-License-Identifier: MIT
// One row of groups, new or there already: the Okta group, the condition, and what it says of a real
// person while it is typed.
import m from "../lib/m.js";
import { get } from "../lib/api.js";
import { Reveal } from "../lib/reveal.js";
import { Badge, Dialog, Problem } from "../lib/ui.js";
import { Combobox } from "./mapping_combobox.js";
import { nameOf } from "../lib/who.js";
import { STATES } from "./mapping_edit.js";
import { Expression, FunctionList, trial } from "./mapping_expression.js";
import { ANSWERS } from "./mapping_groups.js";
import { PersonPicker, person, somebody } from "./mapping_person.js";

const TYPES = { okta: "", app: "of an application", built_in: "built in", unknown: "of another kind" };

function option(one, taken) {
  const reason = taken.includes(one.name) || taken.includes(one.group_id) ? "has a row already: edit that one" : one.reason;
  return {
    value: one.name, label: one.name, reason,
    detail: [TYPES[one.type], reason && `cannot be used: ${reason}`].filter(Boolean).join(", ") || one.group_id,
  };
}

// Several groups of one name are told apart by their ids.
function distinct(groups) {
  return groups.map((one) => groups.filter((other) => other.name === one.name).length > 1 ? { ...one, name: one.group_id, label: one.name } : one);
}

async function findGroups(state, text, taken) {
  const { groups, rules } = await get("/mapping/groups", text ? { text } : {});
  state.rules = rules;
  return distinct(groups).map((one) => ({ ...option(one, taken), label: one.label ? `${one.label} (${one.name})` : one.name }));
}

function missing({ form, refusal }) {
  if (!form.group || refusal) return "Choose the Okta group first.";
  return form.when.trim() ? "" : "Write a condition.";
}

// The condition is tried before a group is chosen, too.
function question({ form }) {
  if (!form.when.trim() || !person()) return null;
  return ["/mapping/preview-group", { employee_id: person().id, row: { group: form.group || "(not chosen)", when: form.when } }];
}

const Result = {
  view: ({ attrs: { state } }) => {
    const { result, problem, isBusy } = state.trial;
    if (problem) return m(Problem, { error: problem });
    if (!result) return m("p.quiet.mb-0", isBusy ? "Trying..." : person() ? "Write a condition to see what it says." : "Choose somebody to see what the condition says.");
    if (result.state === "invalid") return m("p.mb-0", [m(Badge, { tone: "bad" }, STATES.invalid), ` ${result.mistakes[0]?.text || ""}`]);
    return [
      m("dl.facts", [
        m("dt", "The condition says"), m("dd", [
          m("output.result", ANSWERS[result.answer] || result.answer),
          STATES[result.state] && [" ", m(Badge, { tone: "bad" }, STATES[result.state])],
        ]),
        result.reason && [m("dt", "Because"), m("dd", result.reason)],
        result.reads.length > 0 && [m("dt", "It reads"), m("dd", result.reads.map((field, at) => [at > 0 && ", ", m("code", field)]))],
      ]),
      result.is_masked && m(Reveal, { id: result.employee_id, name: nameOf(result), onshown: state.trial.now }),
    ];
  },
};

const Group = {
  view: ({ attrs: { state, taken } }) => [
    m(Combobox, {
      label: "Okta group", text: state.form.group, find: (text) => findGroups(state, text, taken),
      help: "By the beginning of its name. Groups that Okta, a group rule or an application fills cannot be used.",
      error: state.refusal && `${state.form.group} cannot be used: ${state.refusal}`,
      onchoose: (one) => { state.form.group = one.value; state.refusal = one.reason; },
    }),
    state.rules && m("p.small.quiet", state.rules),
  ],
};

let ids = 0;

// m(EditGroup, {row: null for a new one, taken: groups that have a row, known: groups of the table, onput: (row) => ..., onclose})
export const EditGroup = {
  oninit: ({ state, attrs }) => {
    Object.assign(state, { id: `group-${++ids}`, form: { group: attrs.row?.group || "", when: attrs.row?.when || "" }, isNew: !attrs.row, refusal: "", rules: "" });
    state.trial = trial(() => question(state));
    somebody().then(state.trial.later, () => {});
  },
  onremove: ({ state }) => state.trial.stop(),
  view: ({ attrs, state }) => {
    const lacks = missing(state);
    // Names and ids: a row may have either.
    const taken = [...attrs.taken, ...attrs.known.filter((one) => attrs.taken.includes(one.group)).flatMap((one) => [one.name, one.group_id])];
    const mistake = state.trial.result?.mistakes.find((one) => one.path.endsWith("when"));
    return m(Dialog, { title: state.isNew ? "Add a group row" : `Who belongs into ${state.form.group}`, onclose: attrs.onclose },
      m("form.edit-row", {
        onsubmit: (event) => { event.preventDefault(); if (!lacks) attrs.onput({ group: state.form.group, when: state.form.when.trim() }); },
      }, [
        state.isNew && m(Group, { state, taken }),
        m(Expression, {
          id: `${state.id}-when`, label: "Condition", text: state.form.when, mistake,
          oninput: (typed) => { state.form.when = typed; state.trial.later(); },
        }),
        m("p.form-text", ["true: joins. false or null: who joined through bob2okta leaves. Anything else changes nothing. For instance ", m("code", ".work.department.label == \"Finance\""), "."]),
        m(FunctionList),
        m("section.try", { "aria-label": "Live result" }, [
          m(PersonPicker, { onchoose: state.trial.later }),
          m(".live", { "aria-live": "polite" }, m(Result, { state })),
        ]),
        m(".actions.mt-3", [
          m("button.btn.btn-primary[type=submit]", { disabled: Boolean(lacks) }, state.isNew ? "Add to the draft" : "Put into the draft"),
          m("button.btn.btn-outline-secondary[type=button]", { onclick: attrs.onclose }, "Cancel"),
          lacks && m("span.quiet", lacks),
        ]),
      ]));
  },
};
