// SPDX-License-Identifier: MIT
// What somebody sees who is not signed in: the first run, an invitation, or the sign-in itself.
import m from "../lib/m.js";
import { load, signedOut, state, tellTabs } from "../lib/session.js";
import { usedNow } from "../lib/attended.js";
import { post } from "../lib/api.js";
import { Field, Notice, Problem } from "../lib/ui.js";

const SETUP = "/settings/integrations/provisioning/okta";

const NOT_KEPT = "Name and password are right, but the browser did not keep the session. It keeps one from https; from http://127.0.0.1 and http://localhost most browsers do, Safari does not.";

// Plain http from another machine: whatever is entered here can be read on the way, and the
// browser keeps no session.
const Insecure = {
  view: () =>
    !window.isSecureContext &&
    m(Notice, { kind: "warning" }, [
      m("p.fw-semibold.mb-1", "From this address nobody can sign in."),
      m("p.mb-1", "The page came by plain http from another machine: a password could be read on the way, and browsers keep no session. Do one of these:"),
      m("ul.mb-0", [
        m("li", "open the console by https, through the proxy in front of it;"),
        m("li", ["make a tunnel, ", m("code", `ssh -L ${location.port || 8081}:127.0.0.1:${location.port || 8081} ${location.hostname}`), ", and open ", m("code", `http://127.0.0.1:${location.port || 8081}/`)]),
      ]),
    ]),
};

// 429 says for how long; the button waits as long.
function brake(form, seconds) {
  form.waitS = seconds;
  clearInterval(form.timer);
  form.timer = setInterval(() => {
    form.waitS -= 1;
    if (form.waitS <= 0) {
      clearInterval(form.timer);
      form.error = null;
    }
    m.redraw();
  }, 1000);
}

// The API's words are for scripts, too; these are for who stands at the door.
const WORDS = {
  "/session": { unauthorized: "Name or password is wrong." },
  "/session/enter": { unauthorized: "The code is wrong, was used already, is too old, or was made for another name." },
};

function said(error, path) {
  const words = WORDS[path][error.code];
  if (words) return { message: words };
  if (error.retryAfter) return { message: "Too many attempts failed. Wait until the button can be pressed again." };
  return error;
}

async function enter(form, path, body) {
  form.isBusy = true;
  form.error = null;
  try {
    await post(path, body);
    usedNow();
    // Did the cookie stay? Better said here than by a page that asks to sign in for ever.
    await load();
    if (state.phase === "signed_in") tellTabs("in");
    else signedOut(NOT_KEPT);
    return state.phase === "signed_in";
  } catch (error) {
    form.error = said(error, path);
    form.code = error.code;
    if (error.retryAfter) brake(form, error.retryAfter);
    return false;
  } finally {
    form.isBusy = false;
    m.redraw();
  }
}

const Submit = {
  view: ({ attrs: { form }, children }) =>
    m("button.btn.btn-primary[type=submit]", { disabled: form.isBusy || form.waitS > 0, "aria-busy": form.isBusy ? "true" : undefined },
      form.waitS > 0 ? `Wait ${form.waitS} s` : children),
};

const Entry = {
  oncreate: ({ dom, attrs }) => {
    document.title = `${attrs.title} - bob2okta`;
    dom.querySelector("input")?.focus();
  },
  view: ({ attrs: { title, onsubmit }, children }) =>
    m("main.entry", m("form.card", { onsubmit: (event) => { event.preventDefault(); onsubmit(event.target); } },
      m(".card-body", [m("h1", title), m(Insecure), children]))),
};

const PASSWORD_HELP = "At least 15 characters; four or five words that do not belong together are fine. Not a common one, and not made of your name or the company's.";

const NewPassword = {
  view: () => m(Field, { label: "New password", name: "password", type: "password", autocomplete: "new-password", required: true, minlength: 15, help: PASSWORD_HELP }),
};

const PasswordSignIn = {
  onremove: ({ state: form }) => clearInterval(form.timer),
  onupdate: ({ dom, state: form }) => {
    if (form.asksSecond && !form.hasAsked) {
      form.hasAsked = true;
      dom.querySelector("[name=second]").focus();
    }
  },
  view: ({ attrs: { useCode }, state: form }) =>
    m(Entry, {
      title: "Sign in to bob2okta",
      onsubmit: async ({ name, password, second }) => {
        await enter(form, "/session", { name: name.value, password: password.value, second: second?.value.trim() || "" });
        if (form.error && form.code === "second_factor" && !form.asksSecond) {
          Object.assign(form, { asksSecond: true, error: null });
          m.redraw();
        }
      },
    }, [
      state.note && m(Notice, state.note),
      m(Field, { label: "Name", name: "name", autocomplete: "username", autocapitalize: "none", spellcheck: "false", required: true }),
      m(Field, { label: "Password", name: "password", type: "password", autocomplete: "current-password", required: true }),
      form.asksSecond && m(Field, {
        label: "Second factor", name: "second", autocomplete: "one-time-code", required: true,
        help: "The six digits that the authenticator app shows now, or one of your recovery codes.",
      }),
      form.error && m(Problem, { error: form.error }),
      m(".actions", [
        m(Submit, { form }, "Sign in"),
        m("button.btn.btn-link[type=button]", { onclick: useCode }, "I have a one-time code"),
      ]),
      m("p.form-text.mt-3.mb-0", "Password or phone lost? An admin can reset your account, in the console or on the machine with bob2okta account reset."),
    ]),
};

const CodeEntry = {
  onremove: ({ state: form }) => clearInterval(form.timer),
  view: ({ attrs: { usePassword }, state: form }) =>
    m(Entry, {
      title: "Come in with a one-time code",
      onsubmit: ({ code, name, password }) =>
        enter(form, "/session/enter", { code: code.value.trim(), name: name.value.trim(), password: password.value }),
    }, [
      m("p", "An admin gave you the code with your name here. It serves once; with it you choose your password."),
      m(Field, { label: "One-time code", name: "code", autocomplete: "off", autocapitalize: "none", spellcheck: "false", required: true }),
      m(Field, { label: "Name", name: "name", autocomplete: "username", autocapitalize: "none", spellcheck: "false", required: true }),
      m(NewPassword),
      form.error && m(Problem, { error: form.error }),
      m(".actions", [
        m(Submit, { form }, "Come in"),
        m("button.btn.btn-link[type=button]", { onclick: usePassword }, "I have a password"),
      ]),
    ]),
};

export const SignIn = {
  view: ({ state: page }) =>
    page.hasCode ? m(CodeEntry, { usePassword: () => (page.hasCode = false) }) : m(PasswordSignIn, { useCode: () => (page.hasCode = true) }),
};

export const FirstRun = {
  onremove: ({ state: form }) => clearInterval(form.timer),
  view: ({ state: form }) =>
    m(Entry, {
      title: "Welcome to bob2okta",
      onsubmit: async ({ code, name, password }) => {
        const isIn = await enter(form, "/session/enter", { code: code.value.trim(), name: name.value.trim(), password: password.value });
        if (isIn) m.route.set(SETUP);
      },
    }, [
      m("p", ["Nobody has an account here yet. The server wrote a one-time code when it started, good for 30 minutes; whoever enters it becomes the first admin. ",
        "A newer one, on the machine: ", m("code", "bob2okta account first-code"), "."]),
      m(Field, { label: "One-time code", name: "code", autocomplete: "off", autocapitalize: "none", spellcheck: "false", required: true }),
      m(Field, { label: "The name you will sign in with", name: "name", autocomplete: "username", autocapitalize: "none", spellcheck: "false", required: true }),
      m(NewPassword),
      form.error && m(Problem, { error: form.error }),
      m(".actions", m(Submit, { form }, "Begin")),
    ]),
};
