// SPDX-License-Identifier: MIT
// The one way to the server. Ids are texts in both directions, so that 19 digits stay 19 digits.
import { renew, state } from "./session.js";
import { isUnattended } from "./attended.js";
import { askAgain } from "./fresh.js";

// What the server said when it refused; network trouble has the code "unreachable".
class ApiError extends Error {
  constructor(status, error, body) {
    super(error.message);
    this.status = status;
    this.code = error.code;
    this.hint = error.hint || "";
    this.requestId = error.request_id || "";
    this.mistakes = body?.mistakes || [];
    this.body = body;
  }
}

const UNREACHABLE = {
  code: "unreachable",
  message: "The server does not answer.",
  hint: "Check that bob2okta runs and that your tunnel or network is up; this page tries again by itself.",
};

async function exchange(path, options, isFile = false) {
  let response;
  try {
    response = await fetch(path, { credentials: "same-origin", ...options });
  } catch {
    throw new ApiError(0, UNREACHABLE);
  }
  if (isFile && response.ok) {
    return { blob: await response.blob(), header: (name) => response.headers.get(name) };
  }
  const type = response.headers.get("Content-Type") || "";
  const body = type.startsWith("application/json") ? await response.json() : await response.text();
  if (!response.ok) {
    const error = body?.error || { code: "http", message: `The server answered ${response.status}.` };
    const failure = new ApiError(response.status, error, body);
    failure.retryAfter = Number(response.headers.get("Retry-After")) || 0;
    throw failure;
  }
  return body;
}

// "/people" with {text: "ada"} -> "/api/v1/people?connection=default&text=ada"
export function url(path, query = {}, connection = state.connection) {
  const all = new URLSearchParams();
  if (connection && connection !== "default") all.set("connection", connection);
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined && value !== null && value !== "") all.set(name, String(value));
  }
  const text = all.toString();
  return "/api/v1" + path + (text ? "?" + text : "");
}

async function guarded(send) {
  try {
    return await send();
  } catch (error) {
    if (state.phase !== "signed_in") throw error;
    // Has the session ended, or another tab renewed it? A wrong password has the same code as an end.
    if ((error.code === "unauthorized" || error.code === "cross_site") && (await renew())) return send();
    // what asks for a fresh proof is sent once more after it was given.
    if (error.code === "not_fresh" && (await askAgain())) return send();
    throw error;
  }
}

export function get(path, query) {
  return guarded(() => exchange(url(path, query), { method: "GET", headers: isUnattended() ? { "X-Unattended": "yes" } : {} }));
}

// Whoever shows what a change may have changed is told of each that the server took.
const watchers = [];
export const onChange = (watcher) => watchers.push(watcher);

async function send(path, body, query, isFile) {
  const answer = await guarded(() =>
    exchange(url(path, query), {
      method: "POST",
      headers: { "Content-Type": "application/json", "X-CSRF-Token": state.csrf || "" },
      body: JSON.stringify(body),
    }, isFile),
  );
  for (const told of watchers) told();
  return answer;
}

export const post = (path, body = {}, query = {}) => send(path, body, query, false);

// An answer that is a file: {blob, header(name)}.
export const postForFile = (path, body = {}, query = {}) => send(path, body, query, true);

// A file made from answers that are files, or from text made here.
export function save(name, type, ...parts) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob(parts, { type }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}
