// SPDX-License-Identifier: MIT
// Looking for somebody: what is typed and chosen stands in the address, so that it can be sent and come back to.
import m from "../lib/m.js";
import { live } from "../lib/live.js";
import { may } from "../lib/session.js";
import { Page, Live, Empty, Field, Problem, Table } from "../lib/ui.js";
import { count, number } from "../lib/numbers.js";
import { isMasked } from "../lib/values.js";
import { nameOf } from "../lib/who.js";
import { accountStatuses, accountWord, upperFirst } from "../lib/words.js";
import { AccountBadge, NextStep, StateBadges, stateTitles } from "./person_parts.js";

const DEBOUNCE_MS = 200;
const PAGE = 50;
const STATES = [["", "Everybody"], ["held", "Held, wait for a human"], ...stateTitles];
const ACCOUNTS = [["", "Any account"], ...accountStatuses.map((status) => [status, upperFirst(accountWord(status))])];
const LIFECYCLES = [["", "Any word of Bob's"], ["hired", "Hired"], ["employed", "Employed"], ["terminated", "Terminated"]];
const FILTERS = ["text", "state", "lifecycle", "present_status"];

function chosen(attrs) {
  return Object.fromEntries(FILTERS.map((name) => [name, attrs[name] || ""]));
}

// The router would make the page anew, and the search box would lose what is being typed.
function rememberInAddress(filters) {
  const query = new URLSearchParams(Object.entries(filters).filter(([, value]) => value));
  history.replaceState(null, "", "#/people" + (query.size ? "?" + query : ""));
}

function counted(value) {
  if (value.is_count_capped) return `more than ${number(value.count)} people`;
  return count(value.count, "person", "people");
}

const rowOf = (person) => [
  m("div", [
    m("a.fw-semibold", { href: "#/people/" + encodeURIComponent(person.employee_id) }, nameOf(person)),
    m(".small.quiet.wrap", [isMasked(person.login) ? null : person.login + " ", m("code", person.employee_id)]),
  ]),
  m(StateBadges, { person }),
  m(AccountBadge, { status: person.present_status }),
  m(NextStep, { person, text: person.next_step, atMs: person.next_at_ms }),
];

export const People = {
  oninit: ({ attrs, state }) => {
    state.filters = chosen(attrs);
    state.after = [];
    state.query = () => ({ ...state.filters, sort: "name", limit: PAGE, after: state.after[state.after.length - 1] });
    state.data = live("/people", state.query());
    state.ask = () => {
      rememberInAddress(state.filters);
      state.data.ask(state.query());
    };
    state.set = (name, value) => {
      state.filters[name] = value;
      state.after = [];
      clearTimeout(state.timer);
      state.timer = setTimeout(state.ask, name === "text" ? DEBOUNCE_MS : 0);
    };
    state.clear = () => {
      state.filters = chosen({});
      state.after = [];
      state.ask();
    };
    // "/" leads to the search box from anywhere on the page that is no field itself.
    state.onKey = (event) => {
      if (event.key !== "/" || event.ctrlKey || event.metaKey || /^(INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName)) return;
      event.preventDefault();
      document.querySelector("input[type=search]")?.focus();
    };
    document.addEventListener("keydown", state.onKey);
  },
  onremove: ({ state }) => {
    clearTimeout(state.timer);
    document.removeEventListener("keydown", state.onKey);
    state.data.stop();
  },
  view: ({ state }) => m(Page, { title: "People", subtitle: "Everybody this connection knows, and what happens to them next." }, [
    m(Search, { page: state }),
    state.data.error?.code === "conflict" && state.after.length > 0
      ? m(Problem, { error: state.data.error, retry: () => { state.after = []; state.ask(); } })
      : m(Live, { data: state.data, what: "people" }, (value) => m(Results, { page: state, value })),
  ]),
};

const Search = {
  view: ({ attrs: { page: { filters, set, data } } }) =>
    m("form.search[role=search]", {
      // Enter opens the only one there is.
      onsubmit: (event) => {
        event.preventDefault();
        const found = data.value?.people || [];
        if (!data.isLoading && found.length === 1 && filters.text) m.route.set("/people/" + found[0].employee_id);
      },
    }, [
      m(Field, {
        label: "Search", type: "search", value: filters.text, autocomplete: "off", spellcheck: false, maxlength: 200,
        help: may("operator")
          ? "Parts of the name or address in any order, an employee id, or an Okta id. The key / leads here."
          : "An employee id or an Okta id. Names are hidden from viewers, and cannot be searched for.",
        oninput: (event) => set("text", event.target.value),
      }),
      m(Field, { label: "State", value: filters.state, options: STATES, onchange: (event) => set("state", event.target.value) }),
      m(Field, { label: "Okta account", value: filters.present_status, options: ACCOUNTS, onchange: (event) => set("present_status", event.target.value) }),
      m(Field, { label: "In Bob", value: filters.lifecycle, options: LIFECYCLES, onchange: (event) => set("lifecycle", event.target.value) }),
    ]),
};

const Results = {
  view: ({ attrs: { value, page: { filters, data, after, ask, clear } } }) => {
    const people = value.people;
    return [
      m("p.quiet[role=status][aria-live=polite]", data.isLoading ? "Looking..." : `Found ${counted(value)}.`),
      people.length === 0
        ? m(Nobody, { filters, clear })
        : m(Table, {
            label: "People found", columns: ["Person", "State", "Okta account", "What happens next"],
            keys: people.map((one) => one.employee_id), rows: people.map(rowOf),
          }),
      (after.length > 0 || value.next_after) && m("nav.actions[aria-label=Pages]", [
        m("button.btn.btn-outline-secondary[type=button]", { disabled: after.length === 0, onclick: () => { after.pop(); ask(); } }, "Page before"),
        m("button.btn.btn-outline-secondary[type=button]", { disabled: !value.next_after, onclick: () => { after.push(value.next_after); ask(); } }, "Next page"),
      ]),
    ];
  },
};

const Nobody = {
  view: ({ attrs: { filters, clear } }) => {
    const isAsked = FILTERS.some((name) => filters[name]);
    if (!isAsked) {
      return m(Empty, {
        title: "Nobody is known here yet",
        hint: "People appear when Bob reports them, when a sweep reads everybody, or when those who have accounts already are matched in Settings.",
      });
    }
    return m(Empty, {
      title: filters.text ? "Nobody of that name, address or id" : "Nobody is like that",
      hint: "Check the spelling, or take the filters away. Whom Bob has never reported is not known here.",
    }, m(".actions.justify-content-center", [
      m("button.btn.btn-outline-primary[type=button]", { onclick: clear }, "Show everybody"),
      /^\d{1,32}$/.test(filters.text.trim()) && may("operator") &&
        m("a.btn.btn-outline-primary", { href: "#/people/" + filters.text.trim() }, `Ask Bob about employee ${filters.text.trim()}`),
    ]));
  },
};
