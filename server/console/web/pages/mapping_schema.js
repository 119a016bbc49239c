// SPDX-License-Identifier: MIT
// Custom attributes that the rows need and Okta lacks: shown first, then created.
import m from "../lib/m.js";
import { post } from "../lib/api.js";
import { Act, Dialog, Loading, Problem, Table, say } from "../lib/ui.js";

const lines = (title, list, words) => list.length > 0 && [m("h3.h6", title), m("ul", list.map((one) => m("li", [m("code", one.okta), ": ", words(one)])))];

// m(CreateInOkta, {rows: the draft or null, onclose, ondone})
export const CreateInOkta = {
  oninit: ({ state, attrs }) => {
    state.body = attrs.rows ? { mapping: attrs.rows } : {};
    post("/schema/plan", state.body).then((plan) => { state.plan = plan; }, (error) => { state.error = error; }).then(() => m.redraw());
  },
  view: ({ attrs, state }) => {
    const { plan } = state;
    const count = plan?.add.length;
    const what = `${count} attribute${count === 1 ? "" : "s"}`;
    return m(Dialog, { title: "Create attributes in Okta", onclose: attrs.onclose }, [
      state.error && m(Problem, { error: state.error }),
      !plan && !state.error && m(Loading, { what: "what Okta lacks" }),
      plan && [
        m("p", plan.sentence),
        count > 0 && m(Table, {
          label: "Attributes that would be created", columns: ["Attribute", "Title", "Type", "Why"],
          rows: plan.add.map((one) => [m("code", one.okta), one.title, one.type, one.why]), keys: plan.add.map((one) => one.okta),
        }),
        lines("There with another type", plan.conflicts, (one) => one.reason),
        lines("Not created", plan.refused, (one) => one.reason),
        count > 0 && m("p", `This adds ${what} to the profile of every user of the org. It never changes or removes one, and Okta cannot undo it here.`),
        plan.mode === "dry_run" && count > 0 && m("p", "The mode is dry_run: nothing will be created."),
      ],
      m(".actions", [
        count > 0 && m(Act, {
          kind: "primary", onerror: (error) => { state.error = error; },
          run: async () => { const done = await post("/schema/apply", { ...state.body, plan: plan.plan }); say(done.sentence); attrs.ondone(); },
        }, `Create ${what} in Okta`),
        m("button.btn.btn-outline-secondary[type=button]", { onclick: attrs.onclose }, count > 0 ? "Cancel" : "Close"),
      ]),
    ]);
  },
};
