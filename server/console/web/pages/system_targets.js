// SPDX-License-Identifier: MIT
// Who gets alarms: the targets, how sending to each goes, a test, and for an admin their forms.
import m from "../lib/m.js";
import { post } from "../lib/api.js";
import { may } from "../lib/session.js";
import { Act, Badge, Empty, Live, Section, Table, Time, Words, say } from "../lib/ui.js";
import { mayEdit, model } from "./setup_model.js";
import { Reason } from "./system_settings.js";
import { RemoveTarget, TargetDialog } from "./system_target_form.js";

const least = { notice: "everything", warning: "from warning on", critical: "critical only" };

async function tryOut(state, name) {
  const { targets } = await post("/alarms/test", name ? { target: name } : {});
  state.results = { ...state.results, ...Object.fromEntries(targets.map((one) => [one.name, one])) };
  const lost = targets.filter((one) => !one.is_sent).map((one) => one.name);
  say(lost.length === 0 ? "The test alarm was taken." : `The test alarm was not taken by ${lost.join(", ")}.`, lost.length === 0 ? "success" : "danger");
}

const Result = {
  view: ({ attrs: { result } }) => result
    ? m("", [m(Badge, { tone: result.is_sent ? "good" : "bad" }, result.is_sent ? "test taken" : "test not taken"), result.sentence && [" ", m(Words, { text: result.sentence })]])
    : null,
};

const How = {
  view: ({ attrs: { one } }) => {
    if (one.lack) return m("", [m(Badge, { tone: "bad" }, "gets nothing"), ` ${one.lack}.`]);
    if (one.failing_since_ms) return m("", [m(Badge, { tone: "bad" }, "fails"), " since ", m(Time, { ms: one.failing_since_ms }), `: ${one.sentence}`]);
    return m("", one.sent_at_ms ? ["took the last one ", m(Time, { ms: one.sent_at_ms })] : "nothing to send since the start");
  },
};

function rowOf(one, state) {
  const target = model.settings.document.alarms?.targets?.find((other) => other.name === one.name);
  return [
    one.name, one.kind === "smtp" ? ["mail", target?.to && m(".small.quiet", target.to.join(", "))] : "webhook", least[one.least],
    [m(How, { one }), m(Result, { result: state.results?.[one.name] })],
    ...(may("operator") ? [m(".actions", [
      m(Act, { small: true, "aria-label": `Send a test alarm to ${one.name}`, run: () => tryOut(state, one.name) }, "Test"),
      mayEdit() && target && [
        m("button.btn.btn-sm.btn-outline-primary[type=button]", { "aria-label": `Change ${one.name}`, onclick: () => { state.changed = target; } }, "Change"),
        m("button.btn.btn-sm.btn-outline-danger[type=button]", { "aria-label": `Remove ${one.name}`, onclick: () => { state.removed = one.name; } }, "Remove"),
      ],
    ])] : []),
  ];
}

export const Targets = {
  view: ({ attrs: { data }, state }) => {
    const onclose = () => { Object.assign(state, { isAdding: false, changed: null, removed: null }); m.redraw(); };
    const { reload } = data;
    return m(Section, {
      title: "Who gets them",
      actions: [
        may("operator") && data.value?.targets.length > 1 && m(Act, { small: true, run: () => tryOut(state) }, "Send a test alarm to all"),
        mayEdit() && m("button.btn.btn-sm.btn-outline-primary[type=button]", { onclick: () => { state.isAdding = true; } }, "Add somebody"),
      ],
    }, [
      m(Reason),
      m(Live, { data, what: "targets" }, ({ targets }) => targets.length === 0
        ? m(Empty, { title: "Nobody gets alarms", hint: "They are in the log and the metrics alone. A webhook or a mail address gets each within seconds." })
        : m(Table, {
            label: "Targets of alarms", columns: ["Name", "By", "Gets", "Last sending", ...(may("operator") ? ["Do"] : [])], keys: targets.map((one) => one.name),
            rows: targets.map((one) => rowOf(one, state)),
          })),
      state.isAdding && m(TargetDialog, { reload, onclose }),
      state.changed && m(TargetDialog, { target: state.changed, reload, onclose }),
      state.removed && m(RemoveTarget, { name: state.removed, reload, onclose }),
    ]);
  },
};
