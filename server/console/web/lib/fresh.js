// SPDX-License-Identifier: MIT
// Asks for the password once more before something weighty is done.
import m from "./m.js";
import { renew, state, take, tellTabs } from "./session.js";
import { Dialog, Field, Problem } from "./ui.js";

let pending = null; // {resolve, error, isBusy}

// True once the proof was given, false when it was not. Calls that come meanwhile share the answer.
export function askAgain() {
  if (!pending) {
    pending = {};
    pending.promise = new Promise((resolve) => (pending.resolve = resolve));
    m.redraw();
  }
  return pending.promise;
}

function finish(given) {
  pending?.resolve(given);
  pending = null;
}

// Back and forward lead away from what asked: it is not done then, and nobody is asked on another page.
addEventListener("popstate", () => {
  if (!pending) return;
  finish(false);
  m.redraw();
});

async function send(form) {
  const response = await fetch("/api/v1/session/fresh", {
    method: "POST",
    credentials: "same-origin",
    headers: { "Content-Type": "application/json", "X-CSRF-Token": state.csrf },
    body: JSON.stringify({ password: form.password.value, second: form.second?.value.trim() || "" }),
  });
  const answer = await response.json();
  if (!response.ok) throw answer.error;
  return answer;
}

async function prove(form) {
  const mine = pending;
  mine.isBusy = true;
  mine.error = null;
  try {
    take(await send(form));
    tellTabs("in");
    finish(true);
  } catch (error) {
    mine.error = error.message && error.code ? error : { message: "The server does not answer." };
    mine.isBusy = false;
    // A wrong password and a session that has ended have the same code.
    if (error.code === "unauthorized" || error.code === "cross_site") await renew();
    if (state.phase !== "signed_in") finish(false);
  }
  m.redraw();
}

// Stands once in the layout.
export const FreshDialog = {
  view: () =>
    pending &&
    m(Dialog, { title: "Confirm that it is you", onclose: () => finish(false) }, [
      m("form", { onsubmit: (event) => { event.preventDefault(); prove(event.target); } }, [
        m("p", "What you are about to do needs your password once more. That lasts five minutes."),
        m("input[type=text][name=username][autocomplete=username][hidden]", { value: state.account?.name, readonly: true }),
        m(Field, { label: "Password", name: "password", type: "password", autocomplete: "current-password", required: true }),
        state.account?.has_totp &&
          m(Field, { label: "Six digits of the authenticator app, or a recovery code", name: "second", autocomplete: "one-time-code", required: true }),
        pending.error && m(Problem, { error: pending.error }),
        m(".actions", [
          m("button.btn.btn-primary[type=submit]", { disabled: pending.isBusy }, "Confirm"),
          m("button.btn.btn-outline-secondary[type=button]", { onclick: () => finish(false) }, "Cancel"),
        ]),
      ]),
    ]),
};
