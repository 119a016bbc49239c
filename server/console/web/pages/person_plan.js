// SPDX-License-Identifier: MIT
// What would be done now, or until a day: reasons, actions, and the difference. Nothing is changed by it.
import m from "../lib/m.js";
import { post } from "../lib/api.js";
import { isElsewhere, moment } from "../lib/time.js";
import { Act, Badge, Field, Problem, Section, Table } from "../lib/ui.js";
import { shown } from "../lib/values.js";
import { accountWord, actionWord } from "../lib/words.js";

const Action = {
  view: ({ attrs: { action, present } }) =>
    m("li.mb-2", [
      m("strong", actionWord(action.kind)), ` (${action.rule}): ${action.reason}`,
      action.sends_email && [" ", m(Badge, { tone: "info" }, "Okta sends a mail")],
      action.is_rename && [" ", m(Badge, { tone: "warn" }, "another login")],
      action.group && m("div", ["Group ", m("strong", action.group)]),
      action.profile && m(Table, {
        label: `Values of: ${actionWord(action.kind)}`, columns: ["Attribute", "Now in Okta", "Would be"],
        rows: Object.entries(action.profile).map(([name, value]) => [m("code", name), shown(present?.[name]), shown(value)]),
      }),
    ]),
};

const actionsOf = (actions, present) => actions.length > 0 && m("ol.mb-0", actions.map((action) => m(Action, { action, present })));

// The end of a day is 24:00 of it where the person works; the viewer's clocks may show another day.
function when(step, zone) {
  if (step.is_now) return "Now";
  const there = `${step.date} ${step.time}`;
  return isElsewhere(step.at_ms, zone) ? `${moment(step.at_ms)} (${there} in ${zone})` : there;
}

// The sentence of who needs nothing has the reason in it already.
const ruleOf = ({ rule, reason, sentence }) => (sentence.includes(reason) ? `Rule ${rule}.` : `Rule ${rule}: ${reason}.`);

export const PlanSection = {
  view: ({ attrs: { page, person }, state }) => {
    const plan = page.plan;
    const present = person?.employee.present_profile;
    const until = async () => {
      state.problem = null;
      page.plan = await post(page.path + "/plan", state.on ? { on: state.on } : {});
    };
    return m(Section, {
      title: "Plan", actions: [m("button.btn.btn-sm.btn-outline-secondary[type=button]", { onclick: () => { page.plan = null; } }, "Close the plan")],
    }, [
      m("p[role=status]", [m("strong", plan.sentence), plan.rule && m("span.quiet", ` ${ruleOf(plan)}`)]),
      plan.is_masked && m("p.small.quiet", "Values are hidden: \"Show values...\" shows them, for a purpose, and they are planned again."),
      plan.hold && m("p", [m(Badge, { tone: "warn" }, "would be held"), " ", plan.hold.cause]),
      plan.missing && m("p", ["Bob does not give: ", m("code", plan.missing)]),
      plan.actions && actionsOf(plan.actions, present),
      plan.table && m("p.small.quiet", `Later terminations and leaves are not known: ${plan.table}`),
      plan.steps && m("ol", plan.steps.map((step) => m("li.mb-2", [
        m("strong", when(step, plan.time_zone)),
        `: ${step.sentence} `, m("span.quiet", `Rule ${step.rule}: ${step.reason}. Account afterwards: ${accountWord(step.status_after)}.`),
        actionsOf(step.actions, present),
      ]))),
      state.problem && m(Problem, { error: state.problem }),
      m("form.search.mt-3", { onsubmit: (event) => event.preventDefault() }, [
        m(Field, {
          label: "Up to the end of the day", type: "date", value: state.on || "", help: "Empty: what would be done now.",
          oninput: (event) => { state.on = event.target.value; },
        }),
        m(".mb-3", m(Act, { run: until, onerror: (error) => { state.problem = error; } }, "Plan again")),
      ]),
    ]);
  },
};
