// SPDX-License-Identifier: MIT
// What to do about an alarm, with the way to where it is done.
import m from "../lib/m.js";

const NAMES = {
  held: "Held and failed", people: "the person", system: "System", activity: "Activity", mapping: "Mapping", settings: "Settings",
};

// An alarm of the API, and one of its subjects or none: a person's page needs one.
function placeOf(alarm, subject) {
  if (!alarm.place) return null;
  const isPerson = alarm.place.startsWith("people/");
  if (isPerson && !/^\d+$/.test(subject || "")) return null;
  return { href: "#/" + alarm.place.replace("ID", subject), name: NAMES[alarm.place.split(/[/?]/)[0]] };
}

export const Advice = {
  view: ({ attrs: { alarm, subject } }) => {
    const place = placeOf(alarm, subject);
    return [m("strong", "What to do: "), alarm.advice, ". ", place && m("a", { href: place.href }, `Go to ${place.name}`)];
  },
};
