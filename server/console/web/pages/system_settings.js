// SPDX-License-Identifier: MIT
// Forms of System whose values are settings: shown to all, changed by an admin where no file has them.
import m from "../lib/m.js";
import { Rest, focusMistake, mistakeAt } from "../lib/mistakes.js";
import { Dialog, Field, Loading, Problem, say } from "../lib/ui.js";
import { load, mayEdit, model, saveDocument } from "./setup_model.js";
import { Conflict } from "./setup_parts.js";

// m(OfSettings, () => content): once the settings are there; anew after a conflict was decided.
export const OfSettings = {
  oninit: load,
  view: ({ children }) => {
    if (model.error) return m(Problem, { error: model.error, retry: load });
    if (!model.settings) return m(Loading, { what: "the settings" });
    return m("div", [m("div", { key: `turn ${model.turn}` }, children[0].children()), m("div", { key: "conflict" }, m(Conflict))]);
  },
};

// Why it cannot be changed here; nothing for who can.
export const Reason = {
  view: () => model.settings && !mayEdit() && m("p.small.quiet", ["Shown, not editable. ", model.settings.reason]),
};

// Only what is not as it would be anyhow stands in the document.
export function lay(to, values, normal) {
  for (const [key, value] of Object.entries(values)) {
    if (value === normal[key]) delete to[key];
    else to[key] = value;
  }
}

// A whole number as one; what is none, or more than numbers hold, goes to the server as it is, which
// says what is wrong with it.
const valueOf = (text) => (/^-?\d+$/.test(text.trim()) && Number.isSafeInteger(Number(text)) ? Number(text) : text);

// m(NumbersDialog, {title, lead, note, done, fields: [{key, label, help, min, max, path, value}],
//   write: (document, values) => ..., onclose, ondone}): values holds what was changed.
export const NumbersDialog = {
  oninit: ({ attrs, state: dialog }) => {
    dialog.form = Object.fromEntries(attrs.fields.map((field) => [field.key, String(field.value)]));
  },
  view: ({ attrs: { title, lead, note, done, fields, write, onclose, ondone }, state: dialog }) =>
    m(Dialog, { title, onclose }, m("form[novalidate]", {
      onupdate: ({ dom }) => focusMistake(dialog, dom),
      onsubmit: async (event) => {
        event.preventDefault();
        Object.assign(dialog, { isBusy: true, wasSent: true, error: null });
        const changed = fields.filter((field) => dialog.form[field.key] !== String(field.value));
        const values = Object.fromEntries(changed.map((field) => [field.key, valueOf(dialog.form[field.key])]));
        try {
          await saveDocument((document) => write(document, values), note, async () => { say(done); onclose(); await ondone?.(); });
        } catch (error) {
          dialog.error = error;
        }
        dialog.isBusy = false;
        m.redraw();
      },
    }, [
      lead && m("p", lead),
      fields.map((field) => m(Field, {
        label: field.label, help: field.help, type: "number", inputmode: "numeric", name: field.key, min: field.min, max: field.max, value: dialog.form[field.key],
        error: mistakeAt(dialog.error, field.path), oninput: (event) => { dialog.form[field.key] = event.target.value; },
      })),
      m(Rest, { error: dialog.error, places: fields.map((field) => field.path) }),
      m(".actions", [
        m("button.btn.btn-primary[type=submit]", { disabled: Boolean(dialog.isBusy) }, "Save"),
        m("button.btn.btn-outline-secondary[type=button]", { onclick: onclose }, "Cancel"),
      ]),
    ])),
};
