// SPDX-License-Identifier: MIT
// A text field that searches a list: the combobox pattern of WAI-ARIA with a list box.
//   m(Combobox, {label, text, find: (text) => [{value, label, detail}] or a promise of it, onchoose: (option) => ..., help, error})
import m from "../lib/m.js";

const SHOWN_MAX = 30;
const PAUSE_MS = 200;
let ids = 0;

async function search(state, attrs) {
  const turn = ++state.turn;
  try {
    const found = await attrs.find(state.text);
    if (turn !== state.turn) return;
    state.more = Math.max(0, found.length - SHOWN_MAX);
    state.options = found.slice(0, SHOWN_MAX);
    state.problem = "";
  } catch (error) {
    if (turn !== state.turn) return;
    state.options = [];
    state.problem = error.message;
  }
  state.isLooking = false;
  state.active = state.options.length && state.text ? 0 : -1;
  if (state.takesFirst && state.active === 0) choose(state, attrs, state.options[0]);
  else if (state.takesFirst) close(state);
  m.redraw();
}

function open(state, attrs, pauseMs) {
  state.isOpen = true;
  state.isLooking = true;
  clearTimeout(state.timer);
  state.timer = setTimeout(() => search(state, attrs), pauseMs);
}

function close(state) {
  clearTimeout(state.timer);
  state.turn++;
  state.isOpen = state.isLooking = state.takesFirst = false;
  state.active = -1;
}

// An answer that was asked for with Enter still comes.
function leave(state) {
  if (!state.takesFirst) close(state);
}

function choose(state, attrs, option) {
  state.text = state.given = option.label;
  close(state);
  attrs.onchoose(option);
}

function move(state, step) {
  const count = state.options.length;
  if (!count) return;
  state.active = state.active < 0 ? (step > 0 ? 0 : count - 1) : (state.active + step + count) % count;
}

function key(event, state, attrs) {
  const { key: name } = event;
  if (name === "ArrowDown" || name === "ArrowUp") {
    event.preventDefault();
    if (state.isOpen) move(state, name === "ArrowDown" ? 1 : -1);
    else open(state, attrs, 0);
  } else if (name === "Enter") {
    // Never the form's: whoever is faster than the search gets its first answer.
    event.preventDefault();
    if (state.isOpen && state.isLooking) {
      state.takesFirst = true;
      open(state, attrs, 0);
    } else if (state.isOpen && state.active >= 0) choose(state, attrs, state.options[state.active]);
  } else if (name === "Escape" && state.isOpen) {
    // The dialog around it stays.
    event.preventDefault();
    event.stopPropagation();
    close(state);
  } else if (name === "Tab") {
    leave(state);
  }
}

const status = (state) => {
  if (state.problem) return state.problem;
  if (state.isLooking) return "Looking...";
  if (!state.options.length) return "Nothing has that in its name or id.";
  return `${state.options.length + state.more} found${state.more ? `, the first ${state.options.length} shown: type more` : ""}`;
};

export const Combobox = {
  oninit: ({ state, attrs }) => {
    Object.assign(state, { id: `combobox-${++ids}`, text: attrs.text || "", given: attrs.text, options: [], more: 0, active: -1, turn: 0 });
  },
  // What was chosen elsewhere shows here.
  onbeforeupdate: ({ state, attrs }) => {
    if (attrs.text !== state.given) state.text = state.given = attrs.text || "";
  },
  onupdate: ({ state, dom }) => {
    if (state.isOpen) dom.querySelector("[aria-selected=true]")?.scrollIntoView({ block: "nearest" });
  },
  onremove: ({ state }) => close(state),
  view: ({ attrs, state }) => {
    const about = [attrs.help && state.id + "-help", attrs.error && state.id + "-error"].filter(Boolean).join(" ");
    return m(".combobox.mb-3", [
      m("label.form-label", { for: state.id }, attrs.label),
      m("input.form-control[type=text][role=combobox][aria-autocomplete=list][autocomplete=off][spellcheck=false]", {
        id: state.id,
        value: state.text,
        "aria-expanded": state.isOpen ? "true" : "false",
        "aria-controls": state.id + "-list",
        "aria-activedescendant": state.isOpen && state.active >= 0 ? `${state.id}-${state.active}` : false,
        "aria-describedby": about || false,
        "aria-invalid": attrs.error ? "true" : false,
        oninput: (event) => { state.text = event.target.value; open(state, attrs, PAUSE_MS); },
        onclick: () => { if (!state.isOpen) open(state, attrs, 0); },
        onkeydown: (event) => key(event, state, attrs),
        onblur: () => leave(state),
      }),
      m("ul.combobox-list", { id: state.id + "-list", role: "listbox", "aria-label": attrs.label, hidden: !state.isOpen || !state.options.length },
        state.options.map((option, at) => m("li", {
          id: `${state.id}-${at}`,
          role: "option",
          "aria-selected": at === state.active ? "true" : "false",
          // Before the blur that would close the list.
          onmousedown: (event) => { event.preventDefault(); choose(state, attrs, option); },
        }, [m("span", option.label), option.detail && m("small.quiet", option.detail)]))),
      m(".form-text", { role: "status" }, state.isOpen && status(state)),
      attrs.help && m(".form-text", { id: state.id + "-help" }, attrs.help),
      attrs.error && m(".invalid-feedback.d-block", { id: state.id + "-error" }, attrs.error),
    ]);
  },
};

// The options whose texts hold every word that was typed.
export function matching(options, text) {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  return options.filter((one) => words.every((word) => `${one.label} ${one.detail || ""} ${one.value}`.toLowerCase().includes(word)));
}
