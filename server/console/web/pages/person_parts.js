// SPDX-License-Identifier: MIT
// What the list of people and the page of one of them share.
import m from "../lib/m.js";
import { moment, ago } from "../lib/time.js";
import { Badge } from "../lib/ui.js";
import { accountWord, holdWord, upperFirst } from "../lib/words.js";

const STATE = {
  idle: ["good", "at rest"], dirty: ["info", "about to be looked at"], working: ["info", "being worked on"],
  waiting: ["info", "waits"], failed: ["bad", "failed"], parked: ["warn", "parked"],
};
export const stateTitles = Object.entries(STATE).map(([state, [, word]]) => [state, upperFirst(word)]);

export const StateBadges = {
  view: ({ attrs: { person } }) => {
    const [tone, word] = STATE[person.state] || ["plain", person.state];
    return m(".badges", [
      ...person.holds.map((kind) => m(Badge, { tone: "warn" }, `held: ${holdWord(kind)}`)),
      (person.holds.length === 0 || person.state === "failed") && m(Badge, { tone }, word),
    ]);
  },
};

export const AccountBadge = {
  view: ({ attrs: { status } }) =>
    m(Badge, { tone: status === "ACTIVE" ? "good" : status === "DEPROVISIONED" || status === "SUSPENDED" ? "warn" : "plain" }, accountWord(status)),
};

// The server's sentence has the time in UTC and names commands; here it is the viewer's zone, and there are buttons.
const BY_HAND = new Set(["human", "undo"]);
function waitsFor(person) {
  if (person.holds.length > 0) {
    return person.holds.every((kind) => BY_HAND.has(kind)) ? "Stays as it is until somebody releases it." : "Waits for a human, who releases or rejects it.";
  }
  return person.state === "failed" ? "Has failed: mend the cause, then retry." : "";
}

export const NextStep = {
  view: ({ attrs: { person, text, atMs } }) =>
    atMs ? ["Is looked at again ", m("time", { datetime: new Date(atMs).toISOString(), title: moment(atMs) }, ago(atMs)), "."] : waitsFor(person) || text,
};
