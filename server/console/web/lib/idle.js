// SPDX-License-Identifier: MIT
// Signs out who has gone away. The page asks the server by itself all the time, so only what a human
// does counts here: a key, a pointer. All tabs share the time of the last such act.
import m from "./m.js";
import { signedOut, state, tellTabs } from "./session.js";
import { quietMs, usedNow } from "./attended.js";
import { get, post } from "./api.js";
import { Dialog } from "./ui.js";

const WARN_MS = 60000;
const STEP_MS = 1000;

const idle = { leftMs: Infinity, isLast: false, timer: 0 };

function use() {
  // While the warning is shown, only its button counts: the rest of the page cannot be reached.
  if (idle.leftMs > WARN_MS && state.phase === "signed_in") usedNow();
}

export async function signOut(note = "") {
  await post("/session/end").catch(() => {});
  tellTabs("out");
  signedOut(note);
}

async function stay() {
  idle.leftMs = Infinity;
  use();
  await get("/session").catch(() => {});
}

function step() {
  if (state.phase !== "signed_in") return;
  const idleRestMs = state.idleMs - quietMs();
  const restMs = state.endsInMs - (performance.now() - state.takenAt);
  const wasShown = idle.leftMs <= WARN_MS;
  idle.isLast = restMs < idleRestMs;
  idle.leftMs = Math.min(idleRestMs, restMs);
  if (idle.leftMs <= 0) {
    idle.leftMs = Infinity;
    signOut(idle.isLast ? "A session lasts eight hours. Sign in again to go on where you were."
      : "You were signed out because nobody used the console for a while. Sign in again to go on where you were.");
  } else if (wasShown || idle.leftMs <= WARN_MS) m.redraw();
}

// From signing in on.
export function watchIdle() {
  if (idle.timer) return;
  if (quietMs() === 0) usedNow();
  for (const event of ["pointerdown", "keydown", "wheel"]) addEventListener(event, use, { passive: true });
  idle.timer = setInterval(step, STEP_MS);
}

// Stands once in the layout.
export const IdleDialog = {
  view: () =>
    idle.leftMs <= WARN_MS &&
    m(Dialog, { title: "Are you still there?", onclose: stay }, [
      m("p", { role: "timer" }, [
        idle.isLast ? "A session lasts eight hours, then you sign in again. " : "Nobody used the console for a while. ",
        m("span", { "aria-live": "off" }, `You will be signed out in ${Math.ceil(idle.leftMs / 1000)} s.`),
      ]),
      m("p", "What you entered and did not save is lost then. You come back to this page when you sign in again."),
      m(".actions", [
        !idle.isLast && m("button.btn.btn-primary[type=button]", { onclick: stay }, "Stay signed in"),
        m("button.btn.btn-outline-secondary[type=button]", { onclick: () => signOut() }, "Sign out now"),
      ]),
    ]),
};
