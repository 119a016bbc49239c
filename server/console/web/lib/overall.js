// SPDX-License-Identifier: MIT
// What the frame shows on every page: which connections there are, what needs a human, what stands
// still. One poll for all pages, from signing in to signing out.
import { learnConnections, state } from "./session.js";
import { live } from "./live.js";
import { onChange } from "./api.js";

const EVERY_MS = 15000;
// What was just changed shows everywhere a moment later; a form that asks as one types asks for one.
const AFTER_CHANGE_MS = 700;

let data = null;
let isBegun = false;
let soon = 0;

// After the page has asked for what it shows, which somebody waits for.
export function watchOverall() {
  if (data || isBegun) return;
  isBegun = true;
  setTimeout(() => {
    if (isBegun) data = live("/status", {}, { everyMs: EVERY_MS });
    isBegun = false;
  });
}

onChange(() => {
  clearTimeout(soon);
  soon = setTimeout(() => data?.reload(), AFTER_CHANGE_MS);
});

export function forgetOverall() {
  data?.stop();
  data = null;
  isBegun = false;
}

// Connections come and go with the settings.
export function learnOverall() {
  if (data?.value) learnConnections(data.value.connections.map((one) => one.name));
}

export function openAlarms() {
  return data?.value?.alarms.open || 0;
}

function present() {
  return data?.value?.connections.find((one) => one.name === state.connection);
}

export function openHolds() {
  return Object.values(present()?.holds || {}).reduce((sum, count) => sum + count, 0);
}

// Sentences about what stands still on the connection that is looked at. What who is here told stands
// with the frame, so that nothing moves when the status comes.
export function troubles() {
  const one = present() || (!data?.value && state.writing.find(({ name }) => name === state.connection));
  if (data?.error && data.error.code === "unreachable") return ["The server does not answer. What you see may be old; this page tries again by itself."];
  if (!one) return [];
  if (one.lacks) return ["Not set up yet: nothing is read and nothing is written. Go on under Settings."];
  return [
    one.pause && `Paused by ${one.pause.by}: nothing is written to Okta${one.pause.revocations ? " but revocations" : ""} until somebody resumes it on the System page.`,
    one.mode === "dry_run" && "Dry run: everything is planned, nothing is written to Okta.",
    one.okta?.state === "parked" && `Okta stands still. ${one.okta.sentence}`,
    one.bob?.state === "parked" && `Bob stands still. ${one.bob.sentence}`,
  ].filter(Boolean);
}
