// SPDX-License-Identifier: MIT
// Putting a draft to work: what differs, whom it concerns, what a limit would hold back; and what to do
// when somebody else has published meanwhile.
import m from "../lib/m.js";
import { get, post } from "../lib/api.js";
import { Progress } from "../lib/job.js";
import { state as session } from "../lib/session.js";
import { Act, Badge, Dialog, Field, Loading, Problem, say } from "../lib/ui.js";
import { limitWord, lowerFirst } from "../lib/words.js";
import { Changes } from "./mapping_diff.js";
import { changes, differences, rebase, rowWords, same } from "./mapping_draft.js";
import { LeaveLimit, groupSentence, isOf, startEverybody } from "./mapping_everybody.js";

const mine = (document) => document.connections.find((one) => one.name === session.connection);
const rowsIn = (document) => mine(document)?.mapping || [];
const groupsIn = (document) => mine(document)?.groups || [];

function withDraft(document, draft) {
  const next = structuredClone(document);
  const connection = mine(next);
  connection.mapping = draft.rows;
  if (draft.groups.length || connection.groups) connection.groups = draft.groups;
  return next;
}

// Null: nobody has changed these rows meanwhile.
function conflictWith(document, draft) {
  const theirs = rowsIn(document);
  const theirGroups = groupsIn(document);
  if (same(theirs, draft.baseRows) && same(theirGroups, draft.baseGroups)) return null;
  const rows = rebase(draft.baseRows, draft.rows, theirs);
  const groups = rebase(draft.baseGroups, draft.groups, theirGroups, "group");
  return { theirs, theirGroups, rows: rows.rows, groups: groups.rows, clashes: [...rows.clashes, ...groups.clashes] };
}

async function look(state, attrs) {
  Object.assign(state, { settings: null, check: null, error: null, conflict: null });
  try {
    const settings = await get("/settings");
    state.settings = settings;
    state.conflict = settings.version !== attrs.draft.base ? conflictWith(settings.document, attrs.draft) : null;
    if (!state.conflict) {
      const body = { document: withDraft(settings.document, attrs.draft), expected_version: settings.version, check_only: true };
      state.check = await post("/settings", body);
      const status = await get("/status");
      state.limit = status.connections.find((one) => one.name === session.connection)?.limits.find((one) => one.limit === "update_by_settings");
    }
  } catch (error) {
    state.error = error;
  }
  m.redraw();
}

async function publish(state, attrs) {
  try {
    const body = { document: withDraft(state.settings.document, attrs.draft), expected_version: state.settings.version };
    if (state.note?.trim()) body.note = state.note.trim();
    const done = await post("/settings", body);
    say(`Version ${done.version} is in force.`);
    attrs.ondone();
  } catch (error) {
    if (error.code === "conflict") await look(state, attrs);
    else state.error = error;
  }
}

// ---------------------------------------------------------------- conflict

const Conflict = {
  view: ({ attrs: { state, page } }) => {
    const { conflict, settings } = state;
    const theirs = differences({ ...page.draft, rows: conflict.theirs, groups: conflict.theirGroups });
    return [
      m(".alert.alert-warning", { role: "alert" }, `${settings.author || "Somebody"} has published version ${settings.version} since you began with version ${page.draft.base}. Nothing of yours is lost.`),
      m("h3.h6", "What they changed"),
      m("ul", theirs.map((one) => m("li", [m("code", one.label), `: ${rowWords(one.from)} \u2192 ${rowWords(one.to)}`]))),
      conflict.clashes.length > 0 && [
        m("h3.h6", "Both of you changed"),
        conflict.clashes.map((clash) => m("fieldset.mb-2", [
          m("legend.form-label", m("code", clash.label)),
          [["mine", `Mine: ${rowWords(clash.mine)}`], ["theirs", `Theirs: ${rowWords(clash.theirs)}`]].map(([side, text]) => m("label.d-block", [
            m("input[type=radio]", { name: `clash-${clash.label}`, checked: (clash.choice || "mine") === side, onchange: () => { clash.choice = side; } }), " ", text,
          ])),
        ])),
      ],
      m(".actions", [
        m("button.btn.btn-primary[type=button]", { onclick: () => page.onrebase(settings.version, conflict) }, "Put my changes on top of theirs"),
        m("button.btn.btn-outline-secondary[type=button]", { onclick: page.onclose }, "Not now"),
      ]),
    ];
  },
};

// ----------------------------------------------------------------- publish

function limitWords(limit, people) {
  const rooms = limit.windows.map((one) => `${Math.max(0, one.allowed - one.used)} more this ${one.window}`).join(", ");
  const room = Math.min(...limit.windows.map((one) => Math.max(0, one.allowed - one.used)));
  const meets = people === null ? "" : people > room ? ` ${people - room} of ${people} people would be held for release.` : " That is enough for all of them.";
  return `The limit "${lowerFirst(limitWord("update_by_settings"))}" lets ${rooms} be written.${meets}`;
}

const Whom = {
  view: ({ attrs: { state, page } }) => {
    const job = page.job.value;
    const isKnown = isOf(job, page.draft);
    return [
      m("h3.h6", "Whom it concerns"),
      isKnown ? m("p", `${job.result.sentence} ${job.result.would_write} linked people would be written.${groupSentence(job.result)}`)
        : job?.state === "running" ? m(Progress, { job: page.job, unit: "people" })
          : m("p", [m(Badge, { tone: "warn" }, "not previewed"), " You have not seen yet for how many people this draft changes something. ",
            m(Act, { small: true, run: () => startEverybody(page.job, page.draft) }, "Preview for everybody")]),
      isKnown && m(LeaveLimit, { limit: job.result.leave_limit }),
      changes(page.draft.baseGroups, page.draft.groups, "group").filter((one) => one.kind === "gone").map((one) => m("p", `The row of the group ${one.name} goes: it takes nobody out. To take people out, let its condition be false first.`)),
      state.limit && m("p", limitWords(state.limit, isKnown ? job.result.would_write : null)),
      m("p.quiet", "Nobody is written at once: a person gets the new mapping with the next event or change in Bob, and everybody with a sync of all."),
    ];
  },
};

const Confirm = {
  view: ({ attrs: { state, page } }) => [
    m("h3.h6", "What changes"),
    m(Changes, { changes: state.check.changes, label: "Differences from the version in force" }),
    m(Whom, { state, page }),
    m(Field, { label: "Note, for whoever looks at the versions later", name: "note", maxlength: 200, value: state.note, oninput: (event) => { state.note = event.target.value; } }),
    m(".actions", [
      m(Act, { kind: "primary", run: () => publish(state, page) }, "Publish"),
      m("button.btn.btn-outline-secondary[type=button]", { onclick: page.onclose }, "Cancel"),
    ]),
  ],
};

// m(Publish, {draft, job: watchEverybody(), onclose, ondone, onrebase: (version, {rows, groups, clashes, theirs, theirGroups}) => ...})
export const Publish = {
  oninit: ({ state, attrs }) => look(state, attrs),
  view: ({ attrs, state }) => m(Dialog, { title: state.conflict ? "Somebody else has published" : "Publish the mapping", onclose: attrs.onclose }, [
    state.error && m(Problem, { error: state.error }),
    state.conflict ? m(Conflict, { state, page: attrs })
      : state.check ? m(Confirm, { state, page: attrs })
        : state.error ? m("button.btn.btn-outline-secondary[type=button]", { onclick: attrs.onclose }, "Close")
          : m(Loading, { what: "what would change" }),
  ]),
};
