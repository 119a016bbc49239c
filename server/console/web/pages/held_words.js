// SPDX-License-Identifier: MIT
// What a hold is called, and what a yes and a no to it do.
import { actionWord, holdTitle, limitWord, lowerFirst, whenRejected, whenReleased } from "../lib/words.js";

// Somebody's own word, a revoked access, whoever ended the process: each a decision of its own,
// never meant by "all" unless the kind is asked for. As the server has it.
const apart = ["human", "undo", "revoked", "crash"];
export const isInAll = (hold, kind) => !hold.is_rejected && (Boolean(kind) || !apart.includes(hold.kind));

export const kindTitle = (hold) => (hold.kind === "limit" ? `Limit: ${lowerFirst(limitWord(hold.limit))}` : holdTitle(hold.kind));

export function ifReleased(hold) {
  if (hold.kind !== "limit" || !hold.action) return whenReleased(hold.kind);
  return `Planned afresh; if Bob still says so: ${lowerFirst(actionWord(hold.action))}.`;
}
export const ifRejected = (hold) => whenRejected(hold.kind);
