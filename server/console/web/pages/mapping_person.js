// SPDX-License-Identifier: MIT
// The real person a mapping is tried on: chosen once, for the table and for the editor.
import m from "../lib/m.js";
import { get } from "../lib/api.js";
import { state as session } from "../lib/session.js";
import { nameOf } from "../lib/who.js";
import { Combobox } from "./mapping_combobox.js";

// By connection: {id, name}
const chosen = {};

export const person = () => chosen[session.connection] || null;

const option = (one) => ({ value: one.employee_id, label: nameOf(one), detail: one.login || one.employee_id });

async function findPeople(text) {
  return (await get("/people", { text, limit: 30 })).people.map(option);
}

function take(one) {
  chosen[session.connection] = { id: one.value, name: one.label };
}

// Somebody, so that a live result is there before anybody is asked for.
export async function somebody() {
  if (!person()) {
    const first = (await findPeople("")).at(0);
    if (first && !person()) take(first);
    m.redraw();
  }
  return person();
}

// m(PersonPicker, {onchoose})
export const PersonPicker = {
  view: ({ attrs }) => m(Combobox, {
    label: attrs.label || "Try it on",
    text: person()?.name || "",
    find: findPeople,
    help: attrs.help,
    onchoose: (one) => { take(one); attrs.onchoose?.(); },
  }),
};
