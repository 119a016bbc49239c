// SPDX-License-Identifier: MIT
// What a record of the trail says, in words for people. Its own words stay beside it: they are what
// the trail keeps, what is searched and what bob2okta audit shows.
import { actionWord, lowerFirst, outcomeWord, sourceWord, upperFirst } from "../lib/words.js";
import { kindTitle } from "./held_words.js";

const because = (text) => (text ? `: ${text}` : "");
const behind = (says, start) => (says.startsWith(start + ": ") ? says.slice(start.length + 2) : "");

function hold({ kind, says, meta }) {
  const start = [kind, meta.hold, meta.limit].filter(Boolean).join(" ");
  const title = kindTitle({ kind: meta.hold, limit: meta.limit });
  const why = behind(says, start);
  return why.startsWith(lowerFirst(title)) ? upperFirst(why) : title + because(why);
}

const OF_FACTS = {
  intent: ({ says, meta }) =>
    `${actionWord(meta.action)} (action ${meta.intent_id}), by rule ${meta.rule}` + because(behind(says, `${meta.action} (${meta.intent_id}) by ${meta.rule}`)),
  outcome: ({ says, meta }) =>
    `${upperFirst(outcomeWord(meta.outcome))} (action ${meta.intent_id})${meta.http_status > 0 ? `, Okta answered ${meta.http_status}` : ""}` +
    because(behind(says, `(${meta.intent_id}) ${meta.outcome} ${meta.http_status}`)),
  settings: ({ says, meta }) => (says.startsWith("source ") ? upperFirst(sourceWord(meta.source)) : says),
  hold, release: hold, reject: hold, remove: hold,
};

// The sentences of the store that begin with the word of their kind, which stands above them already.
const SAID = [
  [/^signin failed for (.+): (\d+) in 24 hours$/, "Failed for $1, $2 in 24 hours"],
  [/^signin (\S+) again, for what needs it/, "$1 gave the proof again, for what needs it"],
  [/^signin ([^ ,]+)/, "$1 signed in"],
  [/^session of (\S+) ended$/, "One session of $1"],
  [/^session of (\S+): all others ended$/, "All other sessions of $1"],
  [/^session of (\S+): all ended$/, "All sessions of $1"],
  [/^password of (\S+) changed/, "Of $1"],
  [/^totp of (\S+) (on|off)$/, "Turned $2 for $1"],
  [/^account (?=\S)/, ""],
];

export function said(record) {
  const { kind, says, meta } = record;
  if (OF_FACTS[kind] && (meta.action || meta.outcome || meta.hold || meta.source)) return OF_FACTS[kind](record);
  const found = SAID.find(([pattern]) => pattern.test(says));
  if (found) return says.replace(...found);
  if (says === kind) return "";
  return upperFirst(says.replace(new RegExp(`^${kind}[:,] `), ""));
}
