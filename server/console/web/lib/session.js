// SPDX-License-Identifier: MIT
// Who is here, and which connection is looked at. Everything else asks this.
import m from "./m.js";
import { ask, takeFirst } from "./early.js";

const CONNECTION_KEY = "bob2okta.connection";

export const state = {
  phase: "unknown", // unknown, first_run, signed_out, signed_in, unreachable
  note: "", // why somebody who was here is asked to sign in again
  account: null, // {name, role, has_totp}
  csrf: "",
  freshUntilMs: 0,
  idleMs: 0, // how long a session lasts that nobody uses
  endsInMs: 0, // and in any case, from takenAt on
  takenAt: 0, // performance.now() of the last answer: the clocks of server and browser may differ
  version: "",
  connections: [], // names
  writing: [], // of each {name, mode, pause, lacks}, before the first GET /status
  connection: sessionStorage.getItem(CONNECTION_KEY) || "default",
  settings: null, // {source, is_editable, reason}: of GET /settings
};

const RANK = { viewer: 1, operator: 2, admin: 3 };

// True when who is here may do what that role may. The server decides; this only hides buttons.
export function may(role) {
  return RANK[state.account?.role] >= RANK[role];
}

// Takes an answer of GET or POST /session.
export function take(answer) {
  state.phase = answer.state;
  state.account = answer.account || null;
  state.csrf = answer.csrf || "";
  state.freshUntilMs = answer.fresh_until_ms || 0;
  state.idleMs = (answer.idle_until_ms || 0) - (answer.now_ms || 0);
  state.endsInMs = (answer.ends_at_ms || 0) - (answer.now_ms || 0);
  state.takenAt = performance.now();
  state.version = answer.version || "";
  if (state.phase === "signed_in") state.note = "";
  state.writing = answer.writing || [];
  learnConnections(answer.connections || []);
  m.redraw();
}

export async function load() {
  try {
    take(await takeFirst());
  } catch {
    state.phase = "unreachable";
    m.redraw();
  }
}

// The server said that it does not know us, or not with this csrf: another tab may have signed out,
// or proved itself, which changes the session's token. True when it is worth asking once more.
export async function renew() {
  const before = state.csrf;
  let answer = null;
  try {
    answer = await ask();
  } catch {
    return false;
  }
  if (answer.state === "signed_in") take(answer);
  else signedOut("Your session has ended. Sign in again to go on where you were.");
  return state.phase === "signed_in" && state.csrf !== before;
}

export function signedOut(note = "") {
  state.phase = "signed_out";
  state.note = note;
  state.account = null;
  state.csrf = "";
  m.redraw();
}

// ------------------------------------------------------------------ other tabs

// Tabs share the cookie. What one does with it, the others hear.
const tabs = new BroadcastChannel("bob2okta.session");

export function tellTabs(what) {
  tabs.postMessage(what);
}

tabs.onmessage = ({ data: what }) => {
  if (what === "out" && state.phase === "signed_in") signedOut("You signed out in another tab.");
  if (what === "in") load();
};

// The one that was looked at may be gone.
export function learnConnections(names) {
  if (names.join() !== state.connections.join()) state.connections = names;
  if (names.length > 0 && !names.includes(state.connection)) chooseConnection(names[0]);
}

export function chooseConnection(name) {
  state.connection = name;
  sessionStorage.setItem(CONNECTION_KEY, name);
}
