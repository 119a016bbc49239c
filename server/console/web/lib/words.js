// SPDX-License-Identifier: MIT
// The words for what the server names by a key: actions, holds, limits, records of the trail, states.
// One table each, for every page; a key that is not known here is shown as it is.
export const lowerFirst = (text) => text.charAt(0).toLowerCase() + text.slice(1);
export const upperFirst = (text) => text.charAt(0).toUpperCase() + text.slice(1);
const plain = (key) => upperFirst(String(key).replaceAll("_", " "));

// kind: [a step to be taken, what was done to so many]
const actions = {
  create: ["Create the account", "Accounts created"], activate: ["Activate the account", "Accounts activated"],
  reactivate: ["Send the activation again", "Activations sent again"], unsuspend: ["Take the suspension back", "Suspensions taken back"],
  update: ["Change the profile", "Profiles changed"], suspend: ["Suspend the account", "Accounts suspended"],
  deactivate: ["Deactivate the account", "Accounts deactivated"], end_sessions: ["End the sessions", "Sessions ended"],
  join_group: ["Put into a group", "Put into a group"], leave_group: ["Take out of a group", "Taken out of a group"],
  link: ["Link", "Accounts linked"], unlink: ["Unlink", "Links removed"],
};
export const actionKinds = Object.keys(actions);
export const actionWord = (kind) => actions[kind]?.[0] || plain(kind);
export const doneWord = (kind) => actions[kind]?.[1] || plain(kind);

// kind: [what it is, in few words, what happens when released, what happens when rejected]
const holds = {
  limit: ["A limit is full", "over a limit", "It is planned afresh and done, whatever the limit says.", "It is not done, and not asked again until the facts change."],
  human: ["Held by an administrator", "by hand", "Whatever Bob says by then is done again, a closing too.", "The hold stays."],
  match: ["Doubtful match", "another match", "The account is looked for once more, and linked or made.", "Nothing is linked or made until the facts change."],
  duplicate: ["Account belongs to another record", "twice in Bob", "It is looked at once more under this record.", "This record gets no account until the facts change."],
  closed_by_other: ["Somebody else closed the account", "closed by somebody else", "The account is opened again, if Bob still says active.", "The account stays closed."],
  revoked: ["Access was revoked", "revoked", "The account is opened again, if Bob still says active.", "The account stays closed."],
  revoke_doubtful: ["Doubtful revocation", "doubtful revocation", "The account is closed now.", "The revocation is not carried out."],
  disappeared: ["Gone from Bob", "gone from Bob", "The account is closed.", "The account stays as it is."],
  rehire: ["Came back", "hired again", "The account is opened again.", "The account stays closed."],
  domain: ["Login moves to another domain", "another domain", "Login and e-mail are changed.", "Login and e-mail stay as they are."],
  existing: ["Was here before bob2okta", "account exists", "The person is provisioned like everybody else.", "Nothing is done for this person."],
  first_lower: ["First comparison would close an open account", "first closing", "The account is closed or suspended.", "The account stays open."],
  forbidden: ["Okta does not let the token change this user", "forbidden", "It is tried again.", "It is not tried until the facts change."],
  row: ["Somebody sets a value back in Okta", "mapping row", "The value is written again.", "Okta's value stays."],
  crash: ["Set aside after three crashes", "set aside", "Work on this person is tried again.", "The person stays set aside."],
  undo: ["Held after an undo", "after an undo", "Whatever Bob says by then is done.", "The hold stays."],
};
export const holdTitles = Object.entries(holds).map(([kind, words]) => [kind, words[0]]);
export const holdTitle = (kind) => holds[kind]?.[0] || plain(kind);
export const holdWord = (kind) => holds[kind]?.[1] || plain(kind);
export const whenReleased = (kind) => holds[kind]?.[2] || "It is planned afresh and done.";
export const whenRejected = (kind) => holds[kind]?.[3] || "It is not asked again until the facts change.";

const limits = {
  lower: "Closing and suspending", rename: "Changing login or e-mail", raise: "Opening accounts again", create: "Creating accounts",
  revoke: "Immediate revocations", leave_group: "Taking people out of groups", update_by_settings: "Updates because the mapping changed",
};
export const limitTitles = Object.entries(limits);
export const limitWord = (limit) => limits[limit] || plain(limit);

// What a record of the audit trail is about, in the order of a menu.
const records = {
  intent: "Change in Okta begun", outcome: "Change in Okta ended", hold: "Held", release: "Released", reject: "Rejected",
  remove: "Hold ended by itself", brake: "Limit reached", approve: "Approved in advance", mark: "Looked at again",
  pause: "Paused", resume: "Resumed", close: "Closed by hand", link: "Linked by hand", unlink: "Unlinked by hand", adopt: "Adoption decided",
  settings: "Settings", schema: "Okta's schema", sweep: "Sweep asked for", sync: "Synced by hand", retry: "Tried again by hand",
  activation: "Activation link", undo: "Undone by hand", reveal: "Values looked at", secret: "Secret", keys: "Master keys",
  signin: "Sign-in", session: "Sessions ended", password: "Password changed", totp: "Second factor", account: "Account",
  backup: "Backup", restore: "Store put back", erase: "Person erased", export: "Read out",
  alarm: "Alarm acknowledged", log: "Log level", retention: "Retention", start: "Trail begins", note: "Other",
};
export const recordTitles = Object.entries(records);
export const recordWord = (kind) => records[kind] || plain(kind);

// Where a version of the settings came from.
const sources = { file: "settings file", api: "published", rollback: "rolled back" };
export const sourceWord = (source) => sources[source] || source;

// What became of a change in Okta.
const outcomes = {
  done: "done", refused: "refused by Okta", open: "outcome not known yet", not_sent: "not sent", dry_run: "dry run: only told",
};
export const outcomeWord = (state) => outcomes[state] || state;

const accounts = {
  NONE: "no account", STAGED: "staged", PROVISIONED: "waits for activation", ACTIVE: "active", SUSPENDED: "suspended",
  DEPROVISIONED: "deactivated", LOCKED_OUT: "locked out", PASSWORD_EXPIRED: "password expired", RECOVERY: "recovery",
};
export const accountStatuses = Object.keys(accounts);
export const accountWord = (status) => accounts[status] || status;
