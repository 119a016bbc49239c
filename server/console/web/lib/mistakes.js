// SPDX-License-Identifier: MIT
// Mistakes the server found in what a form sent: each beside the field it is about, what belongs to
// none above the buttons, and the focus at the first.
import m from "./m.js";
import { Problem } from "./ui.js";
import { upperFirst } from "./words.js";

// A place within the connection is the form's own; a list is one field.
const placeOf = (mistake) => mistake.path.replace(/^connections\[\d+\]\./, "");
const isAt = (mistake, place) => [mistake.path, placeOf(mistake)].some((path) => path === place || path.startsWith(`${place}[`));

// The mistake at that place of the document, in words.
export function mistakeAt(error, place) {
  const mistake = error?.mistakes?.find((one) => isAt(one, place));
  return mistake && upperFirst(mistake.text);
}

// m(Rest, {error, isAtField}) or m(Rest, {error, places}): what stands at a field already is not said
// again above it.
export const Rest = {
  view: ({ attrs: { error, places = [], isAtField = (one) => places.some((place) => isAt(one, place)) } }) => {
    if (!error || (error.mistakes?.length > 0 && error.mistakes.every(isAtField))) return null;
    return m(Problem, { error });
  },
};

// For a form's onupdate: once the mistakes of what was sent are there, the first has the focus. What
// the form keeps in `sent`: wasSent and isBusy.
export function focusMistake(sent, form) {
  if (!sent.wasSent || sent.isBusy) return;
  sent.wasSent = false;
  form.querySelector("[aria-invalid=true]")?.focus();
}
