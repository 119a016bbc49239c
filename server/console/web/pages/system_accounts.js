// SPDX-License-Identifier: MIT
// Who may come into the console, as what; invitations, and what ends them.
import m from "../lib/m.js";
import { post } from "../lib/api.js";
import { live } from "../lib/live.js";
import { state as session } from "../lib/session.js";
import { moment } from "../lib/time.js";
import { Act, Badge, Dialog, Field, Live, Problem, Section, Table, Time, say } from "../lib/ui.js";

const roles = [
  ["viewer", "viewer", "Sees how it goes, and nobody's data."], ["operator", "operator", "Sees people, decides what is held, syncs and retries."],
  ["admin", "admin", "Settings, tokens and accounts, too."],
];
const states = { active: ["good", "active"], invited: ["info", "invited"], disabled: ["plain", "disabled"] };

// What is done to an account: button, question, consequences, what is said afterwards.
const verbs = {
  disable: { word: "Disable", title: (one) => `Disable ${one.name}?`, text: "Nobody can sign in with this account any more, and its sessions end now. It can be enabled again.", done: "disabled", isHard: true },
  enable: { word: "Enable", title: (one) => `Enable ${one.name}?`, text: "Whoever has the password can sign in again.", done: "enabled" },
  reset: { word: "Reset", title: (one) => `Reset ${one.name}?`, text: "Password and second factor are forgotten and the sessions end. You get a new code to pass on; it is shown once.", done: "reset", isHard: true },
  "end-sessions": { word: "Sign out", title: (one) => `End every session of ${one.name}?`, text: "Whoever is signed in with this account has to sign in again.", done: "signed out everywhere" },
  remove: { word: "Remove", title: (one) => `Remove ${one.name}?`, text: "The account is gone and its sessions end. What it did stays in the audit trail.", done: "removed", isHard: true },
};

function verbsOf(one) {
  if (one.state === "invited") return ["reset", "remove"];
  return one.state === "disabled" ? ["enable", "reset", "remove"] : ["end-sessions", "reset", "disable", "remove"];
}

const VerbDialog = {
  oninit: ({ state }) => { state.error = null; },
  view: ({ attrs: { asked, onclose, ondone }, state: dialog }) => {
    const verb = verbs[asked.verb];
    return m(Dialog, { title: verb.title(asked.one), onclose }, [
      m("p", verb.text),
      asked.one.name === session.account?.name && m("p", [m(Badge, { tone: "warn" }, "This is you"), " You will have to sign in again, if you still can."]),
      dialog.error && m(Problem, { error: dialog.error }),
      m(".actions", [
        m(Act, { kind: verb.isHard ? "danger" : "primary", onerror: (error) => { dialog.error = error; }, run: async () => {
          const answer = await post(`/accounts/${asked.one.account}/${asked.verb}`);
          say(`${asked.one.name} is ${verb.done}.`);
          ondone(answer);
        } }, verb.word),
        m("button.btn.btn-outline-secondary[type=button]", { onclick: onclose }, "Cancel"),
      ]),
    ]);
  },
};

const RoleDialog = {
  oninit: ({ attrs, state }) => { Object.assign(state, { role: attrs.one.role, error: null }); },
  view: ({ attrs: { one, onclose, ondone }, state: dialog }) =>
    m(Dialog, { title: `Role of ${one.name}`, onclose }, [
      m(Field, { label: "Role", value: dialog.role, options: roles, onchange: (event) => { dialog.role = event.target.value; } }),
      m("p", "Its sessions end: the new role counts from the next sign-in."),
      dialog.error && m(Problem, { error: dialog.error }),
      m(".actions", [
        m(Act, { kind: "primary", disabled: dialog.role === one.role, onerror: (error) => { dialog.error = error; }, run: async () => {
          const answer = await post(`/accounts/${one.account}/role`, { role: dialog.role });
          say(`${one.name} is ${dialog.role} now.`);
          ondone(answer);
        } }, "Change the role"),
        m("button.btn.btn-outline-secondary[type=button]", { onclick: onclose }, "Cancel"),
      ]),
    ]),
};

const InviteDialog = {
  oninit: ({ state }) => { Object.assign(state, { name: "", role: "viewer", error: null }); },
  view: ({ attrs: { onclose, ondone }, state: dialog }) =>
    m(Dialog, { title: "Invite somebody", onclose }, [
      m(Field, { label: "Name", value: dialog.name, maxlength: 63, autocomplete: "off", oninput: (event) => { dialog.name = event.target.value; }, help: "The name to sign in with." }),
      m(Field, { label: "Role", value: dialog.role, options: roles, onchange: (event) => { dialog.role = event.target.value; } }),
      dialog.error && m(Problem, { error: dialog.error }),
      m(".actions", [
        m(Act, { kind: "primary", disabled: dialog.name.trim() === "", onerror: (error) => { dialog.error = error; },
          run: async () => ondone(await post("/accounts", { name: dialog.name.trim(), role: dialog.role })) }, "Invite"),
        m("button.btn.btn-outline-secondary[type=button]", { onclick: onclose }, "Cancel"),
      ]),
    ]),
};

const CodeDialog = {
  view: ({ attrs: { answer, onclose } }) =>
    m(Dialog, { title: `Code for ${answer.account.name}`, onclose }, [
      m("p", "Give this code to the person, not by the way that everybody reads. It is shown this once, serves once, and sets the password."),
      m("p.code", m("code", answer.code)),
      m("p", `Good until ${moment(answer.account.invited_until_ms)}.`),
      m(".actions", [m("button.btn.btn-primary[type=button]", { onclick: onclose }, "I have passed it on")]),
    ]),
};

function rowOf(one, ask) {
  return [
    [m(".fw-semibold", one.name), one.name === session.account?.name && m(".small.quiet", "you")],
    one.role,
    [m(Badge, { tone: states[one.state]?.[0] || "plain" }, states[one.state]?.[1] || one.state),
      one.state === "invited" && m(".small.quiet", one.invited_until_ms > Date.now() ? `until ${moment(one.invited_until_ms)}` : "the code is too old: reset it")],
    one.has_totp ? "yes" : m(Badge, { tone: one.role === "admin" ? "warn" : "plain" }, "no"),
    [m(Time, { ms: one.signed_in_at_ms }), one.sessions > 0 && m(".small.quiet", `${one.sessions} open`)],
    m(".actions", [
      m("button.btn.btn-sm.btn-outline-primary[type=button]", { "aria-label": `Role of ${one.name}`, onclick: () => ask({ role: one }) }, "Role"),
      verbsOf(one).map((verb) => m(`button.btn.btn-sm.btn-outline-${verbs[verb].isHard ? "danger" : "primary"}[type=button]`, {
        "aria-label": `${verbs[verb].word} ${one.name}`, onclick: () => ask({ verb, one }),
      }, verbs[verb].word)),
    ]),
  ];
}

export const Accounts = {
  oninit: ({ state }) => { state.data = live("/accounts"); },
  onremove: ({ state }) => state.data.stop(),
  view: ({ state }) => {
    const ask = (asked) => { state.asked = asked; };
    const onclose = () => { state.asked = null; m.redraw(); };
    const ondone = (answer) => {
      state.asked = answer.code ? { answer } : null;
      state.data.reload();
    };
    const { asked } = state;
    return m(Section, {
      title: "Admins and roles",
      actions: [m("button.btn.btn-sm.btn-outline-primary[type=button]", { onclick: () => ask({ invite: true }) }, "Invite somebody")],
    }, [
      m(Live, { data: state.data, what: "accounts" }, ({ accounts }) => m(Table, {
        label: "Accounts", columns: ["Name", "Role", "State", "Second factor", "Signed in", "Change"],
        rows: accounts.map((one) => rowOf(one, ask)), keys: accounts.map((one) => one.account),
      })),
      asked?.invite && m(InviteDialog, { onclose, ondone }),
      asked?.role && m(RoleDialog, { one: asked.role, onclose, ondone }),
      asked?.verb && m(VerbDialog, { asked, onclose, ondone }),
      asked?.answer && m(CodeDialog, { answer: asked.answer, onclose }),
    ]);
  },
};
