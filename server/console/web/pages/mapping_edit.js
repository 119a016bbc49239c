// SPDX-License-Identifier: MIT
// One row, new or there already: where its value comes from, its rules, and what comes out for a real
// person while it is typed.
import m from "../lib/m.js";
import { get } from "../lib/api.js";
import { Badge, Dialog, Field, Loading, Problem } from "../lib/ui.js";
import { Combobox, matching } from "./mapping_combobox.js";
import { FORM_OPTIONS } from "./mapping_draft.js";
import { Expression, FunctionList, trial } from "./mapping_expression.js";
import { Reveal } from "../lib/reveal.js";
import { shown } from "../lib/values.js";
import { nameOf } from "../lib/who.js";
import { PersonPicker, person, somebody } from "./mapping_person.js";

export const STATES = {
  value: "", empty: "Empty in Bob", not_readable: "Not readable in Bob", no_such_field: "No such field in Bob",
  waiting: "Waits for a colleague's account", failed: "Does not fit, or fails", invalid: "Cannot be understood",
};

// -------------------------------------------------------------------- form

const isAddress = (okta) => okta === "login" || okta === "email";

function formOf(row) {
  return {
    okta: row?.okta || "",
    from: row?.expr !== undefined ? "expr" : row?.value !== undefined ? "value" : "bob",
    bob: row?.bob || "",
    expr: row?.expr !== undefined ? [row.expr].flat() : [""],
    value: textOf(row?.value),
    as: row?.as || "label",
    onCreate: row?.apply === "on_create",
    whenEmpty: row?.when_empty || "keep",
    fallback: textOf(row?.default),
    truncate: row?.too_long === "truncate",
  };
}

function textOf(value) {
  return value === undefined ? "" : Array.isArray(value) ? value.join("\n") : String(value);
}

// What was typed, as the attribute's type wants it.
function valueOf(text, type = "", before = undefined) {
  if (before !== undefined && text === textOf(before)) return before;
  if (type.startsWith("array")) {
    const items = text.split("\n").map((one) => one.trim()).filter(Boolean);
    return type === "array of string" ? items : items.map(Number);
  }
  if ((type === "number" || type === "integer") && text.trim() && Number.isFinite(Number(text))) return Number(text);
  if (type === "boolean" && /^(true|false)$/i.test(text.trim())) return text.trim().toLowerCase() === "true";
  return text;
}

function rowFrom(form, attribute, before) {
  const row = { okta: form.okta };
  if (form.from === "bob") {
    row.bob = form.bob;
    if (form.as !== "label") row.as = form.as;
  } else if (form.from === "expr") {
    row.expr = form.expr.length > 1 ? form.expr : form.expr[0];
  } else {
    row.value = valueOf(form.value, attribute?.type, before?.value);
  }
  if (form.onCreate) row.apply = "on_create";
  if (form.whenEmpty !== "keep") row.when_empty = form.whenEmpty;
  if (form.whenEmpty === "default") row.default = valueOf(form.fallback, attribute?.type, before?.default);
  if (form.truncate) row.too_long = "truncate";
  return row;
}

function missing(form) {
  if (!form.okta) return "Choose the Okta attribute first.";
  if (form.from === "bob" && !form.bob) return "Choose a field of Bob.";
  if (form.from === "expr" && form.expr.some((one) => !one.trim())) return "Write an expression.";
  if (form.from === "value" && !form.value.trim()) return "Type the value.";
  return "";
}

// ------------------------------------------------------------- live result

// What is to be tried, or null while there is nothing.
const question = (state) => missing(state.form) || !person()
  ? null : ["/mapping/preview-row", { employee_id: person().id, row: rowFrom(state.form, attributeOf(state), state.before) }];

// "mapping[0].expr[1]" -> 1
const alternative = (mistake) => Number(/expr\[(\d+)\]/.exec(mistake.path)?.[1] || 0);

const Result = {
  view: ({ attrs: { state } }) => {
    const { result, problem, isBusy } = state.trial;
    if (problem) return m(Problem, { error: problem });
    if (!result) return m("p.quiet.mb-0", isBusy ? "Trying..." : person() ? missing(state.form) : "Choose somebody to see what comes out.");
    if (result.state === "invalid") {
      return m("p.mb-0", [m(Badge, { tone: "bad" }, STATES.invalid), ` ${result.mistakes[0]?.text || ""}`]);
    }
    return [
      m("dl.facts", [
        m("dt", "Comes out"), m("dd", [
          m("output.result", shown(result.result)),
          result.type && m("span.quiet", ` ${result.type}`),
          STATES[result.state] && [" ", m(Badge, { tone: result.state === "empty" ? "plain" : "bad" }, STATES[result.state])],
        ]),
        result.reason && [m("dt", "Because"), m("dd", result.reason)],
        m("dt", "In Okta now"), m("dd", shown(result.okta_value)),
      ]),
      result.is_masked && m(Reveal, { id: result.employee_id, name: nameOf(result), onshown: state.trial.now }),
    ];
  },
};

// ------------------------------------------------------------------- parts

const attributeOf = (state) => state.fields?.okta.find((one) => one.name === state.form.okta);
const fieldOf = (state) => state.fields?.bob.find((one) => one.id === state.form.bob);

function attributes(state, taken) {
  return state.fields.okta.filter((one) => !taken.includes(one.name)).map((one) => ({
    value: one.name, label: one.title ? `${one.title} (${one.name})` : one.name,
    detail: [one.type, one.is_read_only && "read-only", one.is_sourced_elsewhere && "owned by another source"].filter(Boolean).join(", "),
  }));
}

// A name that Okta does not have yet may be typed: it can be created there.
function withNew(options, text) {
  const name = text.trim();
  const isNew = /^[A-Za-z_][A-Za-z0-9_]*$/.test(name) && !options.some((one) => one.value === name);
  return isNew ? [...matching(options, text), { value: name, label: name, detail: "not in Okta yet: to be created there" }] : matching(options, text);
}

const bobFields = (state) => state.fields.bob.map((one) => ({ value: one.id, label: one.name ? `${one.name} (${one.id})` : one.id, detail: `${one.category}, ${one.type}` }));

const labelOf = (options, value) => options.find((one) => one.value === value)?.label || value;

const Attribute = {
  view: ({ attrs: { state, taken } }) => {
    const options = attributes(state, taken);
    return m(Combobox, {
      label: "Okta attribute", text: labelOf(options, state.form.okta),
      find: (text) => withNew(options, text),
      onchoose: (one) => { state.form.okta = one.value; state.trial.later(); },
    });
  },
};

const FromBob = {
  view: ({ attrs: { state } }) => {
    const options = bobFields(state);
    const type = fieldOf(state)?.type || "";
    const hasForms = /list|employee|reference/i.test(type) || state.form.as !== "label";
    return [
      m(Combobox, {
        label: "Field of Bob", text: labelOf(options, state.form.bob), find: (text) => matching(options, text),
        onchoose: (one) => { state.form.bob = one.value; state.trial.later(); },
      }),
      hasForms && m(Field, { label: "Which side of it", name: "as", value: state.form.as, options: FORM_OPTIONS, onchange: (event) => { state.form.as = event.target.value; state.trial.later(); } }),
    ];
  },
};

const FromExpression = {
  view: ({ attrs: { state } }) => {
    const { form } = state;
    const mistakes = state.trial.result?.mistakes || [];
    return [
      form.expr.map((text, at) => m(Expression, {
        id: `${state.id}-expr-${at}`, label: form.expr.length > 1 ? `Expression, choice ${at + 1}` : "Expression", text,
        mistake: mistakes.find((one) => alternative(one) === at && /expr/.test(one.path)),
        oninput: (typed) => { form.expr[at] = typed; state.trial.later(); },
      })),
      form.okta === "login" && m("p", m("button.btn.btn-sm.btn-outline-secondary[type=button]", { onclick: () => form.expr.push("") }, "Add another choice, for logins that are taken")),
      m(FunctionList),
    ];
  },
};

const FixedValue = {
  view: ({ attrs: { state } }) => {
    const type = attributeOf(state)?.type || "";
    return m(Field, {
      label: "Value for everybody", name: "value", value: state.form.value,
      type: type.startsWith("array") ? "textarea" : "text",
      help: type.startsWith("array") ? "One a line." : type && `Okta takes: ${type}.`,
      oninput: (event) => { state.form.value = event.target.value; state.trial.later(); },
    });
  },
};

const SOURCES = [["bob", "A field of Bob", FromBob], ["expr", "An expression", FromExpression], ["value", "The same for everybody", FixedValue]];

const Source = {
  view: ({ attrs: { state } }) => [
    m("fieldset.mb-3", [
      m("legend.form-label", "Where the value comes from"),
      SOURCES.map(([value, label]) => m(".form-check.form-check-inline", [
        m("input.form-check-input[type=radio][name=from]", {
          id: `${state.id}-${value}`, value, checked: state.form.from === value,
          onchange: () => { state.form.from = value; state.trial.later(); },
        }),
        m("label.form-check-label", { for: `${state.id}-${value}` }, label),
      ])),
    ]),
    m(SOURCES.find(([value]) => value === state.form.from)[2], { state }),
  ],
};

const Rules = {
  view: ({ attrs: { state } }) => {
    const { form } = state;
    const options = [["keep", "Okta's value stays"], ["clear", "the attribute is cleared"], ["default", "a default is written"]];
    return m("details.mb-3", { open: form.onCreate || form.truncate || form.whenEmpty !== "keep" || undefined }, [
      m("summary", "Rules: when it is written, empty and long values"),
      m(Field, { type: "checkbox", label: "Only when the account is created, never again", name: "on_create", checked: form.onCreate, onchange: (event) => { form.onCreate = event.target.checked; state.trial.later(); } }),
      m(Field, { type: "checkbox", label: "Cut a text that is too long for Okta (without this the row fails for that person)", name: "truncate", checked: form.truncate, onchange: (event) => { form.truncate = event.target.checked; state.trial.later(); } }),
      !isAddress(form.okta) && m(Field, { label: "When it is empty in Bob", name: "when_empty", value: form.whenEmpty, options, onchange: (event) => { form.whenEmpty = event.target.value; state.trial.later(); } }),
      form.whenEmpty === "default" && m(Field, { label: "Default", name: "default", value: form.fallback, oninput: (event) => { form.fallback = event.target.value; state.trial.later(); } }),
    ]);
  },
};

const Suggestions = {
  oninit: ({ state }) => {
    get("/mapping/suggest").then((answer) => { state.list = answer.suggestions; m.redraw(); }, () => {});
  },
  view: ({ attrs: { edit, taken }, state }) => {
    const list = (state.list || []).filter((one) => !taken.includes(one.row.okta));
    return list.length > 0 && m("details.mb-3", [
      m("summary", `Suggestions: ${list.length} fields have the same name in both`),
      m("ul.plain", list.map((one) => m("li", [
        m("button.btn.btn-sm.btn-outline-secondary[type=button]", { onclick: () => { edit.form = formOf(one.row); edit.trial.later(); } }, `Use ${one.row.bob} for ${one.row.okta}`),
        m("small.quiet", ` ${one.why}`),
      ]))),
    ]);
  },
};

// ------------------------------------------------------------------ dialog

let ids = 0;

// m(EditRow, {row: null for a new one, taken: attributes that have a row, onput: (row) => ..., onclose})
export const EditRow = {
  oninit: ({ state, attrs }) => {
    Object.assign(state, { id: `edit-${++ids}`, form: formOf(attrs.row), before: attrs.row, isNew: !attrs.row });
    state.trial = trial(() => question(state));
    get("/mapping/fields").then((fields) => { state.fields = fields; }, (error) => { state.loadError = error; }).then(() => m.redraw());
    somebody().then(() => state.trial.later(), () => {});
  },
  onremove: ({ state }) => state.trial.stop(),
  view: ({ attrs, state }) => {
    const title = state.isNew ? "Add a row" : `What fills ${state.form.okta}`;
    const lacks = missing(state.form);
    return m(Dialog, { title, onclose: attrs.onclose },
      state.loadError ? m(Problem, { error: state.loadError })
        : !state.fields ? m(Loading, { what: "the fields of Bob and Okta" })
          : m("form.edit-row", {
            onsubmit: (event) => { event.preventDefault(); if (!lacks) attrs.onput(rowFrom(state.form, attributeOf(state), state.before)); },
          }, [
            state.isNew && m(Suggestions, { edit: state, taken: attrs.taken }),
            state.isNew && m(Attribute, { state, taken: attrs.taken }),
            m(Source, { state }),
            m(Rules, { state }),
            m("section.try", { "aria-label": "Live result" }, [
              m(PersonPicker, { onchoose: () => state.trial.later() }),
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
