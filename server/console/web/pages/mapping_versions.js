// SPDX-License-Identifier: MIT
// The versions of the settings: who, when, why, what differed, and the way back.
import m from "../lib/m.js";
import { get, post } from "../lib/api.js";
import { live } from "../lib/live.js";
import { may, state as session } from "../lib/session.js";
import { Act, Badge, Dialog, Field, Live, Loading, Problem, Section, Table, Time, say } from "../lib/ui.js";
import { count } from "../lib/numbers.js";
import { sourceWord } from "../lib/words.js";
import { Changes, goneGroups, isMapping } from "./mapping_diff.js";

const between = (from, to) => get(`/settings/versions/${to}/diff`, from ? { from } : {});

const Difference = {
  view: ({ attrs: { changes } }) => {
    const other = changes.filter((one) => !isMapping(one));
    return [
      m("h3.h6", "In the mapping"),
      m(Changes, { changes: changes.filter(isMapping), label: "Differences in the mapping" }),
      other.length > 0 && [m("h3.h6", "In other settings"), m(Changes, { changes: other, label: "Differences in other settings" })],
    ];
  },
};

// ---------------------------------------------------------------- compare

const Compare = {
  oninit: ({ state, attrs }) => {
    Object.assign(state, attrs.pair);
    state.load = async () => {
      state.diff = state.error = null;
      try {
        state.diff = await between(state.from, state.to);
      } catch (error) {
        state.error = error;
      }
      m.redraw();
    };
    state.load();
  },
  view: ({ attrs, state }) => {
    const options = attrs.versions.map((one) => [one.version, `Version ${one.version}`]);
    const choose = (side) => (event) => { state[side] = Number(event.target.value); state.load(); };
    return m(Dialog, { title: `What version ${state.to} changed`, onclose: attrs.onclose }, [
      m(".pair", [
        m(Field, { label: "From", name: "from", value: state.from || state.diff?.from || "", options: [["", "the one before"], ...options], onchange: choose("from") }),
        m(Field, { label: "To", name: "to", value: state.to, options, onchange: choose("to") }),
      ]),
      state.error ? m(Problem, { error: state.error }) : state.diff ? m(Difference, { changes: state.diff.changes }) : m(Loading, { what: "the difference" }),
      m(".actions", m("button.btn.btn-outline-secondary[type=button]", { onclick: attrs.onclose }, "Close")),
    ]);
  },
};

// -------------------------------------------------------------- roll back

const RollBack = {
  oninit: ({ state, attrs }) => {
    between(attrs.active, attrs.version).then((diff) => { state.changes = diff.changes; }, (error) => { state.error = error; }).then(() => m.redraw());
  },
  view: ({ attrs, state }) => {
    const other = state.changes?.filter((one) => !isMapping(one)) || [];
    return m(Dialog, { title: `Roll back to version ${attrs.version}`, onclose: attrs.onclose }, [
      state.error && m(Problem, { error: state.error }),
      !state.changes && !state.error && m(Loading, { what: "what would change" }),
      state.changes && [
        m("p", `The whole settings of version ${attrs.version} become a new version, in the place of version ${attrs.active}.`),
        other.length > 0 && m(".alert.alert-warning", { role: "alert" }, `It changes ${count(other.length, "other setting", "other settings")} too, not only the mapping. To take the rows alone, put them into the draft instead.`),
        goneGroups(state.changes).map((group) => m("p", `The row of the group ${group} goes: it takes nobody out.`)),
        m(Difference, { changes: state.changes }),
        m(Field, { label: "Note", name: "note", maxlength: 200, value: state.note, oninput: (event) => { state.note = event.target.value; } }),
      ],
      m(".actions", [
        state.changes && m(Act, {
          kind: "danger", onerror: (error) => { state.error = error; },
          run: async () => {
            const body = { version: attrs.version, expected_version: attrs.active };
            if (state.note?.trim()) body.note = state.note.trim();
            const done = await post("/settings/rollback", body);
            say(`Version ${done.version} is in force: as version ${attrs.version} was.`);
            attrs.ondone();
          },
        }, `Roll back to version ${attrs.version}`),
        m("button.btn.btn-outline-secondary[type=button]", { onclick: attrs.onclose }, "Cancel"),
      ]),
    ]);
  },
};

// ------------------------------------------------------------------- list

async function mappingOf(version) {
  const { document } = await get(`/settings/versions/${version}`);
  const connection = document.connections.find((one) => one.name === session.connection);
  return { rows: connection?.mapping || [], groups: connection?.groups || [] };
}

function buttons(one, active, state, attrs) {
  return m(".actions", [
    m("button.btn.btn-sm.btn-outline-secondary[type=button]", { "aria-label": `Difference of version ${one.version}`, onclick: () => { state.compares = { to: one.version }; } }, "Difference"),
    !one.is_active && may("operator") && m(Act, { small: true, kind: "outline-secondary", "aria-label": `Rows of version ${one.version} into the draft`, run: async () => { attrs.ondraft(await mappingOf(one.version)); say(`The rows of version ${one.version} are in the draft.`); } }, "Into the draft"),
    !one.is_active && may("admin") && attrs.isEditable && m("button.btn.btn-sm.btn-outline-danger[type=button]", { "aria-label": `Roll back to version ${one.version}`, onclick: () => { state.rollsTo = one.version; } }, "Roll back"),
  ]);
}

// m(Versions, {active: version, isEditable, ondraft: ({rows, groups}) => ..., ondone})
export const Versions = {
  oninit: ({ state }) => { state.data = live("/settings/versions", { limit: 30 }, { everyMs: 10000 }); },
  onremove: ({ state }) => state.data.stop(),
  view: ({ attrs, state }) => m(Section, { title: "Versions" }, [
    m("p.quiet", "Every change of the settings is a version: of the mapping, and of everything else."),
    m(Live, { data: state.data, what: "the versions" }, ({ versions }) => {
      const active = versions.find((one) => one.is_active)?.version || 0;
      return [
        m(Table, {
          label: "Versions of the settings", columns: ["Version", "When", "Who", "How", "Note", "Actions"],
          rows: versions.map((one) => [
            [one.version, " ", one.is_active && m(Badge, { tone: "good" }, "in force")],
            m(Time, { ms: one.at_ms }), one.author, sourceWord(one.source), one.note, buttons(one, active, state, attrs),
          ]),
          keys: versions.map((one) => one.version),
        }),
        state.compares && m(Compare, { pair: state.compares, versions, onclose: () => { state.compares = null; } }),
        state.rollsTo && m(RollBack, {
          version: state.rollsTo, active, onclose: () => { state.rollsTo = 0; },
          ondone: () => { state.rollsTo = 0; state.data.reload(); attrs.ondone(); },
        }),
      ];
    }),
  ]),
};
