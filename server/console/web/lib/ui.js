// SPDX-License-Identifier: MIT
// The parts pages are made of. Text only ever becomes text nodes.
import m from "./m.js";
import { moment, ago } from "./time.js";
import { upperFirst } from "./words.js";

let ids = 0;
const nextId = (stem) => `${stem}-${++ids}`;

// A page that was just loaded leaves the focus where it is, so that the first Tab is the skip link.
let isTouched = false;
for (const sign of ["keydown", "pointerdown"]) {
  addEventListener(sign, () => { isTouched = true; }, { capture: true, once: true });
}

// m(Page, {title, subtitle, actions: [...]}, content): one h1 a page, which gets the focus on arrival.
export const Page = {
  oncreate: ({ dom, attrs }) => {
    document.title = `${attrs.title} - bob2okta`;
    if (isTouched) dom.querySelector("h1").focus();
  },
  onupdate: ({ attrs }) => {
    document.title = `${attrs.title} - bob2okta`;
  },
  view: ({ attrs, children }) =>
    m(".page", [
      m("header.page-head", [
        m("div", [m("h1[tabindex=-1]", attrs.title), attrs.subtitle && m("p.lead-in", attrs.subtitle)]),
        attrs.actions && m(".actions", attrs.actions),
      ]),
      children,
    ]),
};

// m(Section, {title, actions}, content)
export const Section = {
  oninit: ({ state }) => { state.id = nextId("section"); },
  view: ({ attrs, children, state }) =>
    m("section.card", { "aria-labelledby": state.id }, [
      m(".card-body", [
        m(".section-head", [m("h2.h5", { id: state.id }, attrs.title), attrs.actions && m(".actions", attrs.actions)]),
        children,
      ]),
    ]),
};

// Hints that are for who wrote the request or the file, and tell nothing to who filled a form.
const HINTS_FOR_SCRIPTS = ["bad_request", "settings_invalid", "unauthorized"];

// An error of the API: what went wrong, the mend, each mistake with its place.
export const Problem = {
  view: ({ attrs: { error, retry } }) =>
    m(".alert.alert-danger[role=alert]", [
      m("p.mb-1", error.mistakes?.length > 0 ? "Something has to be mended first:" : upperFirst(error.message)),
      error.hint && !HINTS_FOR_SCRIPTS.includes(error.code) && m("p.mb-1.small", upperFirst(error.hint)),
      error.mistakes?.length > 0 &&
        m("ul.mb-1", error.mistakes.map((one) => m("li", [m("code", one.path.replace(/^connections\[\d+\]\./, "")), ": ", one.text]))),
      error.requestId && m("p.mb-0.small", ["Request ", m("code", error.requestId), " in the log."]),
      retry && m("button.btn.btn-sm.btn-outline-danger.mt-2[type=button]", { onclick: retry }, "Try again"),
    ]),
};

export const Notice = {
  view: ({ attrs: { kind = "info" }, children }) => m(`.alert.alert-${kind}`, { role: "status" }, children),
};

export const Loading = {
  view: ({ attrs: { what = "data" } }) =>
    m(".loading[role=status]", [m(".spinner-border.spinner-border-sm", { "aria-hidden": "true" }), ` Loading ${what}...`]),
};

// m(Empty, {title, hint}, buttons)
export const Empty = {
  view: ({ attrs, children }) =>
    m(".empty", [m("p.fw-semibold.mb-1", attrs.title), attrs.hint && m("p.mb-2", attrs.hint), children]),
};

// The three states of live data (lib/live.js) and its content: m(Live, {data, what}, (value) => ...)
export const Live = {
  view: ({ attrs: { data, what }, children }) => [
    data.error && m(Problem, { error: data.error, retry: data.reload }),
    data.value === null ? !data.error && m(Loading, { what }) : children[0].children(data.value),
  ],
};

// A word with a colour; the colour is never the only sign.
const TONES = {
  good: "text-bg-success", bad: "text-bg-danger", warn: "text-bg-warning", info: "text-bg-info", plain: "text-bg-secondary",
};
export const Badge = {
  view: ({ attrs: { tone = "plain" }, children }) => m(`span.badge.${TONES[tone]}`, children),
};

// `words like these` are commands.
export const Words = {
  view: ({ attrs: { text } }) => text.split("`").map((part, at) => (at % 2 === 1 ? m("code", part) : part)),
};

export const Time = {
  view: ({ attrs: { ms } }) =>
    ms ? m("time", { datetime: new Date(ms).toISOString(), title: moment(ms) }, ago(ms)) : "never",
};

// m(Field, {label, name, type, value, oninput, help, error, required, autocomplete, options: [[value, text, help]]})
// A closed list cuts a long text off on a narrow screen: what a choice means stands below it, as its help.
export const Field = {
  oninit: ({ state }) => { state.id = nextId("field"); },
  view: ({ attrs, state }) => {
    const { label, error, options, type = "text", help: always, ...rest } = attrs;
    const help = options?.find(([value]) => String(value) === String(attrs.value))?.[2] || always;
    const about = [help && state.id + "-help", error && state.id + "-error"].filter(Boolean).join(" ");
    // Mithril leaves an attribute as it was when it becomes undefined: left out, it is taken away.
    const shared = { ...rest, id: state.id, ...(about && { "aria-describedby": about }), ...(error && { "aria-invalid": "true" }) };
    const isCheck = type === "checkbox";
    const control = options
      ? m("select.form-select", shared, options.map(([value, text]) =>
          m("option", { value, selected: String(value) === String(attrs.value) }, text)))
      : type === "textarea"
        ? m("textarea.form-control", shared)
        : m(isCheck ? "input.form-check-input" : "input.form-control", { ...shared, type });
    const name = m(`label.${isCheck ? "form-check-label" : "form-label"}`, { for: state.id }, label);
    return m(isCheck ? ".form-check.mb-3" : ".mb-3", [
      isCheck ? [control, name] : [name, control],
      help && m(".form-text", { id: state.id + "-help" }, help),
      error && m(".invalid-feedback.d-block", { id: state.id + "-error" }, error),
    ]);
  },
};

// A native dialog keeps the focus inside and ends with Escape. m(Dialog, {title, onclose}, content)
export const Dialog = {
  oninit: ({ state }) => { state.id = nextId("dialog"); },
  oncreate: ({ dom, state }) => {
    state.before = document.activeElement;
    dom.showModal();
  },
  // While it is open, nothing outside of it takes the focus.
  onremove: ({ dom, state }) => {
    dom.close();
    state.before?.focus?.();
  },
  view: ({ attrs, children, state }) =>
    m("dialog.box", { "aria-labelledby": state.id, oncancel: (event) => { event.preventDefault(); attrs.onclose(); m.redraw(); } }, [
      m("h2.h5", { id: state.id }, attrs.title),
      children,
    ]),
};

// m(Table, {label, columns: ["Name", ...], rows: [[cell, ...]], keys}); on narrow screens rows become cards.
export const Table = {
  view: ({ attrs: { label, columns, rows, keys } }) =>
    m(".table-responsive", { tabindex: "0", role: "region", "aria-label": label },
      m("table.table.stack", [
        m("caption.visually-hidden", label),
        m("thead", m("tr", columns.map((name) => m("th[scope=col]", name)))),
        m("tbody", rows.map((cells, row) =>
          m("tr", { key: keys ? keys[row] : row }, cells.map((cell, column) =>
            m("td", { "data-label": typeof columns[column] === "string" ? columns[column] : "" }, cell))))),
      ])),
};

// A button for something that takes a moment: it says so, and cannot be pressed twice.
// m(Act, {run: async () => ..., kind: "primary", small: true}, "Sync now"); failures go to onerror.
export const Act = {
  view: ({ attrs: { run, kind = "outline-primary", small, onerror, disabled, ...rest }, children, state }) =>
    m(`button.btn.btn-${kind}${small ? ".btn-sm" : ""}[type=button]`, {
      ...rest,
      disabled: Boolean(disabled || state.isBusy),
      "aria-busy": state.isBusy ? "true" : "false",
      onclick: async () => {
        state.isBusy = true;
        try {
          await run();
        } catch (error) {
          if (onerror) onerror(error);
          else say(error.message, "danger");
        } finally {
          state.isBusy = false;
          m.redraw();
        }
      },
    }, children),
};

// One line at the edge of the page that screen readers are told of; goes by itself.
const told = { text: "", kind: "success", timer: 0 };
export function say(text, kind = "success") {
  Object.assign(told, { text, kind });
  clearTimeout(told.timer);
  told.timer = setTimeout(() => { told.text = ""; m.redraw(); }, 8000);
  m.redraw();
}
export const Told = {
  view: () => m(".told", { role: "status", "aria-live": "polite" }, told.text && m(`.alert.alert-${told.kind}.mb-0`, told.text)),
};
