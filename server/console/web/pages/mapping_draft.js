// SPDX-License-Identifier: MIT
// The mapping somebody works on: kept in this tab until it is published or thrown away. Pure but for
// where it is kept. Rows of the mapping are known by their "okta", rows of groups by their "group".
//   {base: settings version, baseRows, baseGroups: what it began from, rows, groups: as they are now}
const KEY = "bob2okta.draft.";

// The order of keys says nothing; that of a list does.
function ordered(value) {
  if (Array.isArray(value)) return value.map(ordered);
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(Object.keys(value).sort().map((key) => [key, ordered(value[key])]));
}

export const same = (a, b) => JSON.stringify(ordered(a)) === JSON.stringify(ordered(b));

export function load(connection) {
  try {
    return JSON.parse(sessionStorage.getItem(KEY + connection));
  } catch {
    return null;
  }
}

export function keep(connection, draft) {
  if (draft && differences(draft).length) sessionStorage.setItem(KEY + connection, JSON.stringify(draft));
  else sessionStorage.removeItem(KEY + connection);
}

const find = (rows, key, name) => rows.find((row) => row[key] === name);
const labelOf = (key, name) => (key === "group" ? `group ${name}` : name);

// Which rows differ, and how: [{key, name, label, kind: "new" | "changed" | "gone", from, to}]
export function changes(from, to, key = "okta") {
  const found = [];
  const add = (name, kind, before, after) => found.push({ key, name, label: labelOf(key, name), kind, from: before, to: after });
  for (const row of to) {
    const before = find(from, key, row[key]);
    if (!before) add(row[key], "new", undefined, row);
    else if (!same(before, row)) add(row[key], "changed", before, row);
  }
  for (const row of from) if (!find(to, key, row[key])) add(row[key], "gone", row, undefined);
  return found;
}

// All that a draft changes.
export const differences = (draft) => [...changes(draft.baseRows, draft.rows), ...changes(draft.baseGroups, draft.groups, "group")];

// The rows with that one in the place of the one of that name; row null: without it.
export function put(rows, name, row, key = "okta") {
  const others = rows.map((one) => (one[key] === name && row ? row : one)).filter((one) => row || one[key] !== name);
  return row && !find(rows, key, name) ? [...others, row] : others;
}

// What was changed from base to mine, on top of theirs. clashes: rows that both changed, each its own way.
export function rebase(base, mine, theirs, key = "okta") {
  const others = changes(base, theirs, key);
  const clashes = [];
  let rows = theirs;
  for (const change of changes(base, mine, key)) {
    const other = others.find((one) => one.name === change.name);
    if (other && !same(other.to || null, change.to || null)) clashes.push({ ...change, mine: change.to || null, theirs: other.to || null });
    rows = put(rows, change.name, change.to || null, key);
  }
  return { rows, clashes };
}

// A row in words: "from work.title", "from the expression .a | upper", "always EU".
export function rowWords(row) {
  if (!row) return "no row";
  if (row.group !== undefined) return `who meets ${row.when}`;
  if (row.bob === null) return "switched off";
  const parts = [];
  if (row.bob) parts.push(`from ${row.bob}`);
  if (row.expr) parts.push(`from the expression ${[row.expr].flat().join(" // else ")}`);
  if (row.value !== undefined) parts.push(`always ${JSON.stringify(row.value)}`);
  return [...parts, ...ruleWords(row)].join("; ");
}

const FORMS = { label: "its label", id: "its id in Bob", email: "the colleague's e-mail", okta_id: "the colleague's Okta id", okta_login: "the colleague's Okta login" };

export function ruleWords(row) {
  const words = [];
  if (row.as && row.as !== "label") words.push(FORMS[row.as] || row.as);
  if (row.apply === "on_create") words.push("only when the account is created");
  if (row.when_empty === "clear") words.push("cleared when empty");
  if (row.when_empty === "default") words.push(`${JSON.stringify(row.default)} when empty`);
  if (row.too_long === "truncate") words.push("cut when too long");
  return words;
}

export const FORM_OPTIONS = Object.entries(FORMS);
