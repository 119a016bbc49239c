// SPDX-License-Identifier: MIT
// One's own account: password, authenticator app, sessions.
import m from "../lib/m.js";
import { load, state as session } from "../lib/session.js";
import { post, save } from "../lib/api.js";
import { live } from "../lib/live.js";
import { Act, Badge, Dialog, Empty, Field, Live, Page, Problem, Section, Table, Time, say } from "../lib/ui.js";

// -------------------------------------------------------------------- password

async function change(form, data, { old, fresh, again, others }) {
  form.problems = {};
  if (fresh.value !== again.value) {
    form.problems = { again: "The two are not the same." };
    return;
  }
  form.isBusy = true;
  try {
    data.value = await post("/account/password", { old: old.value, new: fresh.value, end_others: others.checked });
    form.round = (form.round || 0) + 1;
    say("Your password is changed.");
  } catch (error) {
    if (error.code === "unauthorized") form.problems = { old: error.message };
    else if (error.code === "bad_request") form.problems = { fresh: error.message };
    else form.problems = { whole: error };
  } finally {
    form.isBusy = false;
    m.redraw();
  }
}

const Password = {
  view: ({ attrs: { data }, state: form }) => {
    const { old, fresh, again, whole } = form.problems || {};
    return m(Section, { title: "Password" },
      m("form.narrow", { key: form.round || 0, onsubmit: (event) => { event.preventDefault(); change(form, data, event.target); } }, [
        m("input[type=text][name=username][autocomplete=username][hidden]", { value: session.account?.name, readonly: true }),
        m(Field, { label: "Password of now", name: "old", type: "password", autocomplete: "current-password", required: true, error: old }),
        m(Field, { label: "New password", name: "fresh", type: "password", autocomplete: "new-password", required: true, error: fresh, help: "At least 15 characters; four or five words that do not belong together are fine." }),
        m(Field, { label: "New password once more", name: "again", type: "password", autocomplete: "new-password", required: true, error: again }),
        m(Field, { label: "End my other sessions", name: "others", type: "checkbox", checked: true, help: "Do this when somebody else may know the old password." }),
        whole && m(Problem, { error: whole }),
        m("button.btn.btn-primary[type=submit]", { disabled: form.isBusy }, "Change the password"),
      ]));
  },
};

// --------------------------------------------------------------- second factor

const groups = (secret) => secret.match(/.{1,4}/g).join(" ");

// Clipboards are there only where the page is safe; elsewhere it is marked to be copied by hand.
async function copy(text, where) {
  try {
    await navigator.clipboard.writeText(text);
    say("Copied.");
  } catch {
    const range = document.createRange();
    range.selectNodeContents(document.getElementById(where));
    getSelection().removeAllRanges();
    getSelection().addRange(range);
    say("Marked: copy it with your keyboard.", "info");
  }
}

const Codes = {
  view: ({ attrs: { codes, onkept } }) =>
    m(".codes", { role: "group", "aria-label": "Recovery codes" }, [
      m("p.fw-semibold", "The authenticator app is set up. Keep these recovery codes now: they are shown this once."),
      m("p", "Each serves one time in the place of the six digits, when the phone is not at hand. Keep them where the phone is not."),
      m("ul#recovery-codes", codes.map((code) => m("li", m("code", code)))),
      m(".actions", [
        m("button.btn.btn-outline-primary[type=button]", { onclick: () => copy(codes.join("\n"), "recovery-codes") }, "Copy"),
        m("button.btn.btn-outline-primary[type=button]", { onclick: () => save("bob2okta-recovery-codes.txt", "text/plain", codes.join("\n") + "\n") }, "Download"),
        m("button.btn.btn-primary[type=button]", { onclick: onkept }, "I have kept them"),
      ]),
    ]),
};

async function confirm(set, data, code) {
  set.isBusy = true;
  set.error = null;
  try {
    set.codes = (await post("/account/totp/confirm", { code: code.replace(/\s/g, "") })).recovery_codes;
    set.seed = null;
    await Promise.all([data.reload(), load()]);
  } catch (error) {
    set.error = error;
  } finally {
    set.isBusy = false;
    m.redraw();
  }
}

const Seed = {
  view: ({ attrs: { set, data } }) => [
    m("ol.steps", [
      m("li", ["In the authenticator app add an account and enter this key (time based, six digits), or open ",
        m("a", { href: set.seed.uri }, "this link"), " on the device that has the app.",
        m("p.seed", [m("code#totp-seed", groups(set.seed.secret)), " ",
          m("button.btn.btn-sm.btn-outline-secondary[type=button]", { onclick: () => copy(set.seed.secret, "totp-seed") }, "Copy the key")])]),
      m("li", "Enter the six digits that it shows now."),
    ]),
    m("form.narrow", { onsubmit: (event) => { event.preventDefault(); confirm(set, data, event.target.code.value); } }, [
      m(Field, { label: "Six digits", name: "code", autocomplete: "one-time-code", inputmode: "numeric", required: true }),
      set.error && m(Problem, { error: set.error }),
      m(".actions", [
        m("button.btn.btn-primary[type=submit]", { disabled: set.isBusy }, "Confirm"),
        m("button.btn.btn-outline-secondary[type=button]", { onclick: () => (set.seed = null) }, "Cancel"),
      ]),
    ]),
  ],
};

const RemoveTotp = {
  view: ({ attrs: { set, data } }) =>
    m(Dialog, { title: "Turn the second factor off?", onclose: () => (set.asksRemoval = false) }, [
      m("p", `From then on the password alone lets ${session.account?.name} in. The recovery codes serve no more.`),
      m(".actions", [
        m(Act, { kind: "danger", run: async () => {
          set.asksRemoval = false;
          data.value = await post("/account/totp/remove");
          await load();
          say("The second factor is off.");
        } }, "Turn it off"),
        m("button.btn.btn-outline-secondary[type=button]", { onclick: () => (set.asksRemoval = false) }, "Cancel"),
      ]),
    ]),
};

async function begin(set) {
  set.error = null;
  set.seed = await post("/account/totp/begin");
}

const SecondFactor = {
  view: ({ attrs: { data, account }, state: set }) =>
    m(Section, { title: "Second factor" }, [
      set.codes ? m(Codes, { codes: set.codes, onkept: () => (set.codes = null) })
        : set.seed ? m(Seed, { set, data })
        : account.has_totp ? [
          m("p", [m(Badge, { tone: "good" }, "On"), ` An authenticator app is asked for at each sign-in. Recovery codes left: ${account.recovery_codes_left}.`]),
          account.recovery_codes_left < 3 && m("p", "That is few: set the app up anew, which gives ten."),
          m(".actions", [
            m(Act, { run: () => begin(set) }, "Set up anew"),
            m("button.btn.btn-outline-danger[type=button]", { onclick: () => (set.asksRemoval = true) }, "Turn it off"),
          ]),
        ] : [
          m("p", [m(Badge, { tone: "warn" }, "Off"), " Whoever learns your password is in. With an authenticator app on your phone they would need the phone too.",
            account.role === "admin" && " Admins should have it."]),
          m(Act, { kind: "primary", run: () => begin(set) }, "Set up an authenticator app"),
        ],
      set.asksRemoval && m(RemoveTotp, { set, data }),
    ]),
};

// -------------------------------------------------------------------- sessions

function sessionRow(data, one) {
  return [
    [one.peer, one.is_this && [" ", m(Badge, { tone: "info" }, "this one")]],
    m(Time, { ms: one.began_at_ms }),
    m(Time, { ms: one.used_at_ms }),
    m(Time, { ms: one.ends_at_ms }),
    !one.is_this && m(Act, {
      small: true, kind: "outline-danger", "aria-label": `End the session from ${one.peer}`,
      run: async () => { data.value = await post(`/account/sessions/${one.session}/end`); say("The session is ended."); },
    }, "End"),
  ];
}

const Sessions = {
  view: ({ attrs: { data, sessions } }) => {
    const others = sessions.filter((one) => !one.is_this).length;
    return m(Section, {
      title: "Sessions",
      actions: others > 0 && [m(Act, { small: true, run: async () => {
        data.value = await post("/account/sessions/end-others");
        say("All other sessions are ended.");
      } }, "End all others")],
    }, [
      m(Table, {
        label: "Your sessions", columns: ["From", "Began", "Used last", "Ends at the latest", m("span.visually-hidden", "End it")],
        rows: sessions.map((one) => sessionRow(data, one)), keys: sessions.map((one) => one.session),
      }),
      others === 0 && m(Empty, { title: "You are signed in only here." }),
    ]);
  },
};

export const Account = {
  oninit: ({ state }) => { state.data = live("/account", {}, { everyMs: 30000 }); },
  onremove: ({ state }) => state.data.stop(),
  view: ({ state: { data } }) =>
    m(Page, { title: "Your account", subtitle: `${session.account?.name}, ${session.account?.role}` },
      m(Live, { data, what: "your account" }, ({ account, sessions }) => [
        m(SecondFactor, { data, account }),
        m(Password, { data }),
        m(Sessions, { data, sessions }),
      ])),
};
