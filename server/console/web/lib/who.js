// SPDX-License-Identifier: MIT
// Who somebody is, as far as one may see it.
import m from "./m.js";
import { isMasked } from "./values.js";

export function nameOf(person) {
  return person.display_name || (isMasked(person.login) ? "" : person.login) || `Employee ${person.employee_id}`;
}

// With a way to the person's page.
export const Who = {
  view: ({ attrs: { one } }) => [
    m("a", { href: `#/people/${encodeURIComponent(one.employee_id)}` }, m("bdi", nameOf(one))),
    !nameOf(one).includes(one.employee_id) && m(".small.quiet", one.employee_id),
  ],
};

// "Ada Example, Bo Example and 3 more"
export function names(people, most = 10) {
  const list = people.slice(0, most).map(nameOf);
  return people.length > most ? `${list.join(", ")} and ${people.length - most} more` : list.join(", ");
}
