// SPDX-License-Identifier: MIT
// When a human last did something here: a key, a pointer. All tabs share it; the page asks the server
// by itself all the time, which must not look like somebody at work.
const USED_KEY = "bob2okta.used";
const ALONE_MS = 60000;

export function usedNow() {
  localStorage.setItem(USED_KEY, String(Date.now()));
}

// For how long nobody did.
export function quietMs() {
  return Date.now() - (Number(localStorage.getItem(USED_KEY)) || Date.now());
}

// The server's own measure of an idle session is a minute fine, too.
export function isUnattended() {
  return quietMs() > ALONE_MS;
}
