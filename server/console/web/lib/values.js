// SPDX-License-Identifier: MIT
// A value of an attribute or a setting, as people read it. The server masks what may not be seen.
import m from "./m.js";

export const MASK = "(masked)";
export const isMasked = (text) => !text || text === MASK;
export const unmasked = (text) => (text === MASK ? "" : text);

const isNothing = (value) => value === null || value === undefined || value === "" || (Array.isArray(value) && value.length === 0);

// Inside a sentence.
export function valueText(value, nothing = "nothing") {
  if (isNothing(value)) return nothing;
  if (value === MASK) return "hidden";
  if (Array.isArray(value) && value.every((one) => typeof one !== "object")) return value.join(", ");
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

// In a place of its own, where what is no value looks like none.
export const shown = (value, nothing) =>
  isNothing(value) || value === MASK ? m("span.quiet", valueText(value, nothing)) : valueText(value);
