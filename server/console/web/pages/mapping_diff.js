// SPDX-License-Identifier: MIT
// Differences of settings, value by value, as the server tells them.
import m from "../lib/m.js";
import { Table } from "../lib/ui.js";
import { shown, valueText } from "../lib/values.js";
import { state as session } from "../lib/session.js";

const words = (value) => (value === undefined ? shown(value) : m("code", valueText(value)));

// "connections[default].mapping[title].bob" -> is it of this connection's rows, those of groups among them?
export const isMapping = (change) => ["mapping", "groups"].some((part) => change.path.startsWith(`connections[${session.connection}].${part}`));

const short = (path) => (isMapping({ path }) ? path.slice(`connections[${session.connection}].`.length) : path);

// The attribute, or the group, of a row stands in its path already.
const isSaid = (change) => isMapping(change) && /\]\.(okta|group)$/.test(change.path);

// The groups whose rows go.
export const goneGroups = (changes) => changes.filter((one) => isMapping(one) && one.path.endsWith("].group") && one.to === undefined).map((one) => one.from);

// A row of null switches a default row off; where no row stands, the default one holds.
function side(change, value, other) {
  if (!isMapping(change) || !change.path.endsWith("].bob")) return words(value);
  if (value === null) return "switched off";
  return value === undefined && other === null ? "the default row" : words(value);
}

export const Changes = {
  view: ({ attrs: { changes, label } }) => {
    const list = changes.filter((one) => !isSaid(one));
    return list.length === 0 ? m("p.quiet", "No difference.") : m(Table, {
      label, columns: ["What", "Before", "After"],
      rows: list.map((one) => [m("code", short(one.path)), side(one, one.from, one.to), side(one, one.to, one.from)]), keys: list.map((one) => one.path),
    });
  },
};
