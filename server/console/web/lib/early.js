// SPDX-License-Identifier: MIT
// Asks who is here while the rest of the program is on its way: fetched first, and waits for nothing.
export const ask = async () => (await fetch("/api/v1/session", { credentials: "same-origin", cache: "no-store" })).json();

// The answer of the page's beginning, for whoever comes first.
let first = ask();
first.catch(() => {}); // whoever takes it hears of it

export function takeFirst() {
  const answer = first || ask();
  first = null;
  return answer;
}
