// SPDX-License-Identifier: MIT
// A jq expression that is written: the place of a mistake in it, and what comes out while it is typed.
import m from "../lib/m.js";
import { post } from "../lib/api.js";
import { FUNCTIONS } from "./mapping_functions.js";

const PAUSE_MS = 350; // in typing, before it is tried

// Tries after a pause in typing, one question at a time; the newest wins.
//   ask: () => [path, body], or null while there is nothing to ask
export function trial(ask) {
  const self = { result: null, problem: null, isBusy: false };
  let timer = 0;
  self.stop = () => clearTimeout(timer);
  self.later = () => {
    clearTimeout(timer);
    timer = setTimeout(self.now, PAUSE_MS);
  };
  self.now = async () => {
    if (self.isBusy) return self.later();
    const question = ask();
    self.isBusy = Boolean(question);
    if (!question) self.result = null;
    m.redraw();
    if (!question) return undefined;
    try {
      self.result = await post(...question);
      self.problem = null;
    } catch (error) {
      self.result = null;
      self.problem = error;
    }
    self.isBusy = false;
    m.redraw();
    return undefined;
  };
  return self;
}

// Where in the text a mistake is: [from, to] of its UTF-16 units.
function placeIn(text, { line, column }) {
  const lines = text.split("\n");
  const before = lines.slice(0, line - 1).reduce((sum, one) => sum + one.length + 1, 0);
  const here = lines[line - 1] || "";
  const units = column ? [...here].slice(0, column - 1).join("").length : here.length;
  const token = /^(\w+|\s*\S?)/.exec(here.slice(units))[0].length;
  return [before + units, before + units + Math.max(token, 0)];
}

const Mistake = {
  view: ({ attrs: { mistake, text, onshow } }) => {
    const [from, to] = placeIn(text, mistake);
    const start = text.lastIndexOf("\n", from - 1) + 1;
    const end = text.indexOf("\n", from) < 0 ? text.length : text.indexOf("\n", from);
    return m(".mistake", [
      m("p.mb-1", mistake.text),
      mistake.line > 0 && m("pre.mb-1", [text.slice(start, from), m("mark", text.slice(from, to) || "\u2026"), text.slice(Math.max(to, from), Math.max(end, to))]),
      mistake.line > 0 && m("button.btn.btn-sm.btn-outline-secondary[type=button]", { onclick: () => onshow(from, to) }, "Select the place"),
    ]);
  },
};

export const FunctionList = {
  view: () => m("details.functions", [
    m("summary", "Functions, with examples"),
    m("p.small.quiet", [
      "An expression is jq 1.6 over the person: ", m("code", ".root.firstName"), ", ", m("code", ".work.department.label"), ", ", m("code", ".today"),
      ". Lists are objects with ", m("code", "label"), " and ", m("code", "id"), ". null and an empty text count as empty.",
    ]),
    m(".scrolls[tabindex=0][role=region][aria-label=Functions]",
      m("dl", FUNCTIONS.map(([name, does, example, result]) => [m("dt", m("code", name)), m("dd", [m("div", does), m("code", example), " gives ", m("code", result)])]))),
  ]),
};

// m(Expression, {id, label, text, mistake: {text, line, column} or undefined, oninput: (text) => ...})
export const Expression = {
  view: ({ attrs: { id, label, text, mistake, oninput } }) => m(".mb-3", [
    m("label.form-label", { for: id }, label),
    m("textarea.form-control.font-monospace[rows=4][spellcheck=false][autocapitalize=off]", {
      id, value: text, "aria-invalid": mistake ? "true" : false, "aria-describedby": `${id}-about`,
      oninput: (event) => oninput(event.target.value),
    }),
    m("div", { id: `${id}-about`, role: "status" }, mistake && m(Mistake, {
      mistake, text, onshow: (from, to) => {
        const area = document.getElementById(id);
        area.focus();
        area.setSelectionRange(from, to);
      },
    })),
  ]),
};
