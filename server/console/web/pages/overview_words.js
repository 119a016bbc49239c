// SPDX-License-Identifier: MIT
// The overview's words for lanes and budgets, and the sums that the page shows.
export const LANES = {
  revoke: "Access revoked at once", leave: "Leavers", join: "Joiners", update: "Changes", sweep: "Comparison of everybody",
};

export const BUCKETS = {
  users: "Searching users, creating them", user_write: "Changing users", user_read: "Reading users", groups: "Groups and memberships",
  group_read: "Reading a group", other: "Everything else",
};

// What the chart stacks, from the bottom up.
export const PARTS = [
  { name: "Joins", color: "--join", kinds: ["create", "activate", "reactivate", "unsuspend", "link"] },
  { name: "Changes", color: "--change", kinds: ["update", "join_group", "leave_group"] },
  { name: "Leaves", color: "--leave", kinds: ["suspend", "deactivate", "end_sessions", "unlink"] },
];

const sum = (numbers) => numbers.reduce((all, one) => all + one, 0);
export const total = (counts) => sum(Object.values(counts));

// In a dry run what would have been done stands in the place of what was done.
export const carried = (numbers, mode) => (mode === "dry_run" ? numbers.dry_run : numbers.done);
export const part = (numbers, mode, { kinds }) => sum(kinds.map((kind) => carried(numbers, mode)[kind] || 0));

// "0.5 s", "3 s", "2 min": bounds of buckets, which are round.
export function took(ms) {
  if (ms === null || ms === undefined) return "none yet";
  if (ms < 90000) return `${ms / 1000} s`;
  if (ms < 90 * 60000) return `${ms / 60000} min`;
  return ms < 48 * 3600000 ? `${ms / 3600000} h` : `${ms / 86400000} days`;
}

// Who is held on purpose waits for nobody's answer, and is held all the same.
export function heldNote({ undecided, by_kind: kinds }) {
  const onPurpose = sum(["human", "revoked", "undo"].map((kind) => kinds[kind] || 0));
  if (onPurpose > 0) return `and ${onPurpose} held on purpose`;
  return undecided > 0 ? "held until somebody decides" : "nobody is held";
}

// When those who wait will be done.
export function estimate({ seconds, waits_for: waitsFor }, waiting) {
  if (waiting === 0) return "nobody waits";
  const whom = { okta: "goes on when Okta answers again", bob: "goes on when Bob answers again", resume: "goes on when it is resumed" }[waitsFor];
  if (whom) return whom;
  if (seconds === null) return "no estimate yet";
  return seconds < 90 ? `done in about ${Math.max(1, Math.round(seconds))} s` : `done in about ${Math.round(seconds / 60)} min`;
}
