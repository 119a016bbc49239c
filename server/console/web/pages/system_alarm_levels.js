// SPDX-License-Identifier: MIT
// How pressing each alarm is, and which are switched off.
import m from "../lib/m.js";
import { live } from "../lib/live.js";
import { Badge, Dialog, Field, Live, Problem, Section, Table, say } from "../lib/ui.js";
import { mayEdit, saveDocument } from "./setup_model.js";
import { lay } from "./system_settings.js";

export const TONES = { critical: "bad", warning: "warn", notice: "info", off: "plain" };
const OPTIONS = [
  ["critical", "critical", "Somebody's access is wrong, or nothing works."],
  ["warning", "warning", "It will be, unless somebody looks."],
  ["notice", "notice", "Worth knowing."],
  ["off", "off", "It is never raised: nobody is told, and no page shows it."],
];

export const words = (alarm) => alarm.replaceAll("_", " ");

function write(document, kind, severity) {
  const levels = ((document.alarms ??= {}).levels ??= {});
  lay(levels, { [kind.alarm]: severity }, { [kind.alarm]: kind.normally });
  if (Object.keys(levels).length === 0) delete document.alarms.levels;
  if (Object.keys(document.alarms).length === 0) delete document.alarms;
}

async function send(dialog, { kind, kinds, onclose }) {
  Object.assign(dialog, { isBusy: true, error: null });
  try {
    await saveDocument((document) => write(document, kind, dialog.severity), `level of ${kind.alarm}`, async () => {
      say("The level is changed, and holds from now on.");
      onclose();
      await kinds.reload();
    });
  } catch (error) {
    dialog.error = error;
  }
  dialog.isBusy = false;
  m.redraw();
}

const LevelDialog = {
  oninit: ({ attrs: { kind }, state: dialog }) => { dialog.severity = kind.severity; },
  view: ({ attrs, state: dialog }) => {
    const { kind, onclose } = attrs;
    return m(Dialog, { title: `How pressing: ${words(kind.alarm)}`, onclose }, m("form", {
      onsubmit: (event) => { event.preventDefault(); return send(dialog, attrs); },
    }, [
      m("p", kind.meaning),
      m(Field, { label: "Level", name: "level", value: dialog.severity, options: OPTIONS, onchange: (event) => { dialog.severity = event.target.value; } }),
      m("p.small.quiet", `Normally ${kind.normally}.`),
      dialog.error && m(Problem, { error: dialog.error }),
      m(".actions", [
        m("button.btn.btn-primary[type=submit]", { disabled: Boolean(dialog.isBusy) }, "Save"),
        m("button.btn.btn-outline-secondary[type=button]", { onclick: onclose }, "Cancel"),
      ]),
    ]));
  },
};

const rowOf = (kind, state) => [
  [m(".fw-semibold", words(kind.alarm)), m(".small", kind.meaning)],
  [m(Badge, { tone: TONES[kind.severity] }, kind.severity), kind.severity !== kind.normally && m(".small.quiet", `normally ${kind.normally}`)],
  ...(mayEdit() ? [m("button.btn.btn-sm.btn-outline-primary[type=button]", { "aria-label": `Change how pressing: ${words(kind.alarm)}`, onclick: () => { state.kind = kind; } }, "Change")] : []),
];

export const AlarmLevels = {
  oninit: ({ state }) => { state.kinds = live("/alarms/kinds", {}, { everyMs: 60000 }); },
  onremove: ({ state }) => state.kinds.stop(),
  view: ({ state }) =>
    m(Section, { title: "Which alarms there are" }, m("details", [
      m("summary", "All of them, and how pressing each is"),
      m(Live, { data: state.kinds, what: "the alarms there are" }, ({ kinds }) => m(Table, {
        label: "Alarms there are", columns: ["What", "How pressing", ...(mayEdit() ? ["Change"] : [])], keys: kinds.map((kind) => kind.alarm),
        rows: kinds.map((kind) => rowOf(kind, state)),
      })),
      state.kind && m(LevelDialog, { key: state.kind.alarm, kind: state.kind, kinds: state.kinds, onclose: () => { state.kind = null; m.redraw(); } }),
    ])),
};
