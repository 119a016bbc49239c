// SPDX-License-Identifier: MIT
// What fills which attribute in Okta: the rows in force, a draft of others, what it would do, versions.
import m from "../lib/m.js";
import { get, post, save } from "../lib/api.js";
import { live } from "../lib/live.js";
import { may, state as session } from "../lib/session.js";
import { Reveal } from "../lib/reveal.js";
import { Badge, Dialog, Empty, Field, Live, Notice, Page, Problem, Section, Table, say } from "../lib/ui.js";
import { differences as changed, keep, load, put, ruleWords } from "./mapping_draft.js";
import { EditRow, STATES } from "./mapping_edit.js";
import { Everybody, watchEverybody } from "./mapping_everybody.js";
import { count } from "../lib/numbers.js";
import { shown } from "../lib/values.js";
import { nameOf } from "../lib/who.js";
import { PersonPicker, person } from "./mapping_person.js";
import { Groups } from "./mapping_groups.js";
import { EditGroup } from "./mapping_group_edit.js";
import { Publish } from "./mapping_publish.js";
import { CreateInOkta } from "./mapping_schema.js";
import { Versions } from "./mapping_versions.js";

const FAULTS = {
  no_such_field: ["bad", "No such field in Bob"], missing_in_okta: ["bad", "Missing in Okta"], read_only: ["bad", "Read-only in Okta"],
  sourced_elsewhere: ["bad", "Owned by another source"], wrong_type: ["bad", "Wrong type"], doubtful_type: ["warn", "May not fit"],
  unfit_value: ["bad", "Value does not fit"],
};
const ORIGINS = { default: "default row", own: "own row", replaced: "own row, in the place of a default", off: "switched off" };
const ALWAYS = ["login", "email"];

// ------------------------------------------------------------------- draft

const differences = (page) => (page.draft ? changed(page.draft) : []);
const plainGroups = (table) => table.groups.map(({ group, when }) => ({ group, when }));
const inForce = ({ value }) => ({ base: value.settings_version, baseRows: value.mapping, rows: value.mapping, baseGroups: plainGroups(value), groups: plainGroups(value) });
const draftNow = (page) => page.draft || inForce(page.table);
const rowsNow = (page) => draftNow(page).rows;

// The table of the draft, and what it makes of the chosen person.
async function look(page) {
  const turn = (page.turn = (page.turn || 0) + 1);
  const rows = page.draft ? { mapping: page.draft.rows, groups: page.draft.groups } : {};
  const who = person();
  const [table, preview] = await Promise.allSettled([
    page.draft ? post("/mapping/rows", rows) : null,
    who && may("operator") ? post("/mapping/preview", { employee_id: who.id, ...rows }) : null,
  ]);
  if (turn !== page.turn) return;
  page.draftTable = table.value || null;
  page.draftError = table.reason || null;
  page.preview = preview.value || null;
  page.previewError = preview.reason || null;
  m.redraw();
}

// part: what of the draft is another one now, {rows, groups, ...}
function setDraft(page, part) {
  const draft = { ...draftNow(page), ...part };
  page.draft = changed(draft).length ? draft : null;
  keep(session.connection, page.draft);
  look(page);
}

function discard(page) {
  page.draft = page.draftTable = page.draftError = null;
  keep(session.connection, null);
  look(page);
}

// Mine, theirs where that was chosen, on the version that is in force by now.
function rebaseDraft(page, version, conflict) {
  const settled = (list, key) => conflict.clashes.filter((one) => one.key === key && one.choice === "theirs").reduce((all, one) => put(all, one.name, one.theirs, key), list);
  page.publishes = false;
  setDraft(page, {
    base: version, baseRows: conflict.theirs, rows: settled(conflict.rows, "okta"),
    baseGroups: conflict.theirGroups, groups: settled(conflict.groups, "group"),
  });
  say(page.draft ? "Your changes stand on the version in force now. Look at them once more, then publish." : "Nothing of yours is left to publish.");
  page.table.reload();
}

async function published(page) {
  page.publishes = false;
  page.draft = page.draftTable = null;
  keep(session.connection, null);
  await page.table.reload();
  await learnSettings(page);
  look(page);
}

async function learnSettings(page) {
  try {
    const { is_editable: isEditable = true, reason = "" } = await get("/settings");
    Object.assign(page, { isEditable, reason });
  } catch {
    page.isEditable = true;
  }
  m.redraw();
}

// --------------------------------------------------------------------- bar

// As `bob2okta mapping preview --draft` takes it.
const fileOf = ({ rows, groups, baseGroups }) => (groups.length || baseGroups.length ? { mapping: rows, groups } : rows);

const Unpublished = {
  view: ({ attrs: { page } }) => {
    const list = differences(page);
    return list.length > 0 && m("section.draft-bar", { "aria-label": "Unpublished changes" }, [
      m("p.mb-0", { role: "status" }, [m("strong", count(list.length, "unpublished change", "unpublished changes")), `: ${list.map((one) => one.label).join(", ")}. Kept in this tab, on version ${page.draft.base}.`]),
      m(".actions", [
        may("admin") && page.isEditable && m("button.btn.btn-sm.btn-primary[type=button]", { onclick: () => { page.publishes = true; } }, "Publish..."),
        m("button.btn.btn-sm.btn-outline-secondary[type=button]", { onclick: () => save("mapping.json", "application/json", JSON.stringify(fileOf(page.draft), null, 2) + "\n") }, "Save the rows as a file"),
        m("button.btn.btn-sm.btn-outline-secondary[type=button]", { onclick: () => { page.discards = true; } }, "Discard"),
      ]),
    ]);
  },
};

const Discard = {
  view: ({ attrs: { page } }) => m(Dialog, { title: "Discard the draft", onclose: () => { page.discards = false; } }, [
    m("p", `${differences(page).length} changes that nobody has published are thrown away: ${differences(page).map((one) => one.label).join(", ")}.`),
    m(".actions", [
      m("button.btn.btn-danger[type=button]", { onclick: () => { page.discards = false; discard(page); } }, "Discard the draft"),
      m("button.btn.btn-outline-secondary[type=button]", { onclick: () => { page.discards = false; } }, "Keep it"),
    ]),
  ]),
};

// ------------------------------------------------------------------- table

function source(one) {
  if (one.origin === "off") return m("span.quiet", "nothing: switched off");
  if (one.from === "bob") return [one.reads[0]?.name && [one.reads[0].name, " "], m("code", one.row.bob)];
  if (one.from === "value") return ["always ", m("code", JSON.stringify(one.row.value))];
  return [one.row.expr].flat().map((text) => m("pre.expr", text));
}

function notes(one, page) {
  const [tone, word] = FAULTS[one.fault] || [];
  const draft = differences(page).find((change) => change.key === "okta" && change.name === one.okta);
  const list = [
    draft && m(Badge, { tone: "info" }, draft.kind === "new" ? "new, unpublished" : "changed, unpublished"),
    word && m("span", [m(Badge, { tone }, word), " ", m("small", one.reason)]),
    one.fault === "missing_in_okta" && may("admin") && m("button.btn.btn-sm.btn-outline-primary[type=button]", { onclick: () => { page.creates = true; } }, "Create in Okta..."),
    one.problems.map((problem) => m("span", [m(Badge, { tone: problem.state === "waiting" ? "plain" : "warn" }, `${STATES[problem.state] || problem.state}: ${problem.people}`), " ", m("small", problem.reason)])),
  ].flat().filter(Boolean);
  return list.length > 0 && m(".notes", list);
}

function valueOf(one, page) {
  const row = page.preview?.rows.find((result) => result.okta === one.okta);
  if (!row) return m("span.quiet", "none");
  if (row.is_sent) return [shown(row.okta_value), " \u2192 ", m("strong", shown(row.result)), " ", m(Badge, { tone: "info" }, "would be sent")];
  const state = STATES[row.state];
  return [shown(row.result ?? row.okta_value), " ", state && m(Badge, {}, state), row.reason && m("small.quiet", ` ${row.reason}`)];
}

function doings(one, page) {
  const rows = rowsNow(page);
  const isDefault = one.origin === "default" || one.origin === "replaced" || one.origin === "off";
  return m(".actions", [
    one.origin !== "off" && m("button.btn.btn-sm.btn-outline-secondary[type=button]", { "aria-label": `Edit ${one.okta}`, onclick: () => { page.edits = { row: one.row }; } }, "Edit"),
    one.origin === "off" && m("button.btn.btn-sm.btn-outline-secondary[type=button]", { "aria-label": `Switch ${one.okta} on`, onclick: () => setDraft(page, { rows: put(rows, one.okta, null) }) }, "Switch on"),
    one.origin === "replaced" && m("button.btn.btn-sm.btn-outline-secondary[type=button]", { "aria-label": `Back to the default row of ${one.okta}`, onclick: () => setDraft(page, { rows: put(rows, one.okta, null) }) }, "Back to default"),
    one.origin === "own" && m("button.btn.btn-sm.btn-outline-secondary[type=button]", { "aria-label": `Remove ${one.okta}`, onclick: () => setDraft(page, { rows: put(rows, one.okta, null) }) }, "Remove"),
    isDefault && one.origin !== "off" && !ALWAYS.includes(one.okta) && m("button.btn.btn-sm.btn-outline-secondary[type=button]", { "aria-label": `Switch ${one.okta} off`, onclick: () => setDraft(page, { rows: put(rows, one.okta, { okta: one.okta, bob: null }) }) }, "Switch off"),
  ]);
}

const hit = (one, text) => `${one.okta} ${one.title} ${JSON.stringify(one.row)} ${one.reads.map((field) => field.name).join(" ")}`.toLowerCase().includes(text.toLowerCase());
const isAiling = (one) => one.fault || one.problems.length > 0;

const Rows = {
  view: ({ attrs: { page, table } }) => {
    const list = table.rows.filter((one) => hit(one, page.filter) && (!page.ailing || isAiling(one)));
    const columns = ["Okta attribute", "Filled from", "Rules", "State"];
    const who = page.preview && person();
    if (who) columns.push(`For ${who.name}`);
    if (may("operator")) columns.push("Actions");
    return [
      m(".filters", [
        m(Field, { label: "Filter", name: "filter", type: "search", value: page.filter, oninput: (event) => { page.filter = event.target.value; } }),
        m(Field, { label: "Only rows with problems", name: "ailing", type: "checkbox", checked: page.ailing, onchange: (event) => { page.ailing = event.target.checked; } }),
      ]),
      m("p.quiet", { role: "status" }, `${list.length} of ${table.rows.length} rows`),
      list.length === 0 ? m(Empty, { title: "No row has that." }) : m(Table, {
        label: "Rows of the mapping", columns,
        rows: list.map((one) => [
          [one.title && [one.title, " "], m("code", one.okta), m("small.quiet.d-block", [one.type, one.type && ", ", ORIGINS[one.origin]])],
          source(one), ruleWords(one.row).join("; "), notes(one, page),
          ...(who ? [valueOf(one, page)] : []), ...(may("operator") ? [doings(one, page)] : []),
        ]),
        keys: list.map((one) => one.okta),
      }),
    ];
  },
};

// ------------------------------------------------------------------ person

const SCOPES = { met: "in scope", not_met: "out of scope", unknown: "scope not known" };

const Person = {
  view: ({ attrs: { page } }) => m(Section, { title: "Preview for one person" }, [
    m(".filters", m(PersonPicker, { label: "Person", help: "Read from Bob and Okta; nothing is written.", onchoose: () => look(page) })),
    m("div", { "aria-live": "polite" }, [
      page.previewError && m(Problem, { error: page.previewError, retry: () => look(page) }),
      page.preview && [
        m("p.mb-1", [m("strong", nameOf(page.preview)), `: ${page.preview.sentence} `, m(Badge, {}, SCOPES[page.preview.scope] || page.preview.scope)]),
        page.preview.reason && m("p.quiet", `Account: ${page.preview.wanted} wanted, because: ${page.preview.reason}`),
        page.preview.is_masked && m(Reveal, { id: page.preview.employee_id, name: nameOf(page.preview), onshown: () => look(page) }),
      ],
    ]),
  ]),
};

// --------------------------------------------------------------------- page

const Dialogs = {
  view: ({ attrs: { page, table } }) => [
    page.edits && m(EditRow, {
      row: page.edits.row, taken: table.rows.filter((one) => one.origin !== "off").map((one) => one.okta),
      onclose: () => { page.edits = null; },
      onput: (row) => { page.edits = null; setDraft(page, { rows: put(rowsNow(page), row.okta, row) }); },
    }),
    page.editsGroup && m(EditGroup, {
      row: page.editsGroup.row, taken: draftNow(page).groups.map((one) => one.group), known: table.groups,
      onclose: () => { page.editsGroup = null; },
      onput: (row) => { page.editsGroup = null; setDraft(page, { groups: put(draftNow(page).groups, row.group, row, "group") }); },
    }),
    page.creates && m(CreateInOkta, {
      rows: page.draft?.rows, onclose: () => { page.creates = false; },
      ondone: () => { page.creates = false; page.table.reload(); look(page); },
    }),
    page.discards && m(Discard, { page }),
    page.publishes && page.draft && m(Publish, {
      draft: page.draft, job: page.job, onclose: () => { page.publishes = false; }, ondone: () => published(page),
      onrebase: (version, conflict) => rebaseDraft(page, version, conflict),
    }),
  ],
};

const Stale = {
  view: ({ attrs: { page, value } }) => page.draft && page.draft.base !== value.settings_version && changed({ ...page.draft, rows: value.mapping, groups: plainGroups(value) }).length > 0 &&
    m(Notice, { kind: "warning" }, `Version ${value.settings_version} was published since you began this draft. Publishing shows both and puts yours on top.`),
};

const Content = {
  view: ({ attrs: { page, value } }) => {
    const table = page.draft ? page.draftTable || value : value;
    return [
      !page.isEditable && m(Notice, { kind: "secondary" }, [m("strong", "Read-only. "), page.reason, may("operator") && " Drafts can be made and previewed all the same."]),
      m(Stale, { page, value }),
      m(Unpublished, { page }),
      !value.is_okta_known && m(Notice, { kind: "secondary" }, "Okta's attributes have not been read yet: titles, types and what is missing show as soon as they are."),
      page.draftError && m(Problem, { error: page.draftError }),
      may("operator") && m(Person, { page }),
      m(Section, {
        title: "Rows",
        actions: may("operator") && m("button.btn.btn-sm.btn-primary[type=button]", { onclick: () => { page.edits = { row: null }; } }, "Add a row"),
      }, [
        m("p.quiet", value.scope ? ["In scope, besides the e-mail domain: ", m("code", value.scope)] : "Everybody with a work e-mail of an allowed domain is in scope."),
        m(Rows, { page, table }),
      ]),
      m(Groups, {
        groups: table.groups, differences: differences(page).filter((one) => one.key === "group"),
        preview: page.preview, person: page.preview && person(), given: value.groups,
        onedit: (row) => { page.editsGroup = { row }; },
        onremove: (group) => setDraft(page, { groups: put(draftNow(page).groups, group, null, "group") }),
        onkeep: (row) => setDraft(page, { groups: put(draftNow(page).groups, row.group, row, "group") }),
      }),
      may("operator") && m(Everybody, { data: page.job, draft: page.draft }),
      m(Versions, {
        isEditable: page.isEditable, ondraft: (mapping) => setDraft(page, mapping), ondone: () => published(page),
      }),
      m(Dialogs, { page, table }),
    ];
  },
};

export const Mapping = {
  oninit: ({ state: page }) => {
    Object.assign(page, { filter: "", ailing: false, isEditable: true, reason: "", draft: may("operator") ? load(session.connection) : null });
    page.table = live("/mapping/rows", {}, { everyMs: 10000 });
    if (may("operator")) page.job = watchEverybody();
    learnSettings(page);
    look(page);
  },
  onremove: ({ state: page }) => {
    page.table.stop();
    page.job?.stop();
  },
  view: ({ state: page }) => m(Page, { title: "Mapping", subtitle: "What fills which attribute in Okta." },
    m(Live, { data: page.table, what: "the mapping" }, (value) => m(Content, { page, value }))),
};
