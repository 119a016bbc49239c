// SPDX-License-Identifier: MIT
// The second look: each dialog names what will happen, and to whom.
import m from "../lib/m.js";
import { post, save } from "../lib/api.js";
import { Act, Badge, Dialog, Field, Problem, Table, say } from "../lib/ui.js";
import { RevealDialog } from "../lib/reveal.js";
import { shown } from "../lib/values.js";
import { nameOf } from "../lib/who.js";
import { accountWord, actionWord, holdWord } from "../lib/words.js";

const who = (person) => m("p", ["For ", m("strong", nameOf(person.employee)), " (employee ", m("code", person.employee.employee_id), ")."]);

// The frame of each: problem, what is asked, and two buttons of which the safe one comes last.
const Ask = {
  view: ({ attrs: { page, state, title, label, kind = "primary", run, disabled }, children }) =>
    m(Dialog, { title, onclose: page.close }, [
      children,
      state.problem && m(Problem, { error: state.problem }),
      m(".actions.mt-3", [
        label && m(Act, {
          kind, disabled, onerror: (error) => { state.problem = error; },
          run: async () => { state.problem = null; await run(); },
        }, label),
        m("button.btn.btn-outline-secondary[type=button]", { onclick: page.close }, label ? "Cancel" : "Close"),
      ]),
    ]),
};

const why = (state, label, help, more = {}) =>
  m(Field, { label, help, value: state.why || "", maxlength: 160, oninput: (event) => { state.why = event.target.value; }, ...more });

const DIALOGS = {
  hold: ({ page, person, state }) => m(Ask, {
    page, state, title: "Hold this person", label: "Hold",
    run: async () => { await page.run("hold", state.why ? { why: state.why } : {}, "Held: nothing is done until it is released."); page.close(); },
  }, [who(person), m("p", "Nothing is done for this person until somebody releases it; not even closings that fall due."), why(state, "Why", "Shown to whoever releases it.")]),

  release: ({ page, person, state }) => m(Ask, {
    page, state, title: "Release this person", label: "Release",
    run: async () => {
      await post("/holds/release", { employee_id: person.employee.employee_id });
      say("Released: looked at again now.");
      page.close();
      await page.reload();
    },
  }, [
    who(person), m("p", "These end, and what they held back may be done at once:"),
    m("ul", person.holds.map((hold) => m("li", [m("strong", holdWord(hold.kind)), hold.action && ` (${actionWord(hold.action)})`, `: ${hold.cause}`]))),
  ]),

  closeNow: ({ page, person, state }) => m(Ask, {
    page, state, title: "Close the account now", label: "Close the account", kind: "danger",
    run: async () => { await page.run("close", state.why ? { why: state.why } : {}, "Asked for: the account is closed now."); page.close(); },
  }, [
    who(person),
    m("p", `The Okta account ${person.employee.okta_id} is deactivated and its sessions end, whatever Bob says. The person is held then, so that it stays closed until released.`),
    why(state, "Why", "Stands in the audit trail."),
  ]),

  unlink: ({ page, person, state }) => m(Ask, {
    page, state, title: "Forget the link to the Okta account", label: "Unlink", kind: "danger",
    run: async () => { await page.run("unlink", {}, "Unlinked, and held until the right account is linked or it is released."); page.close(); },
  }, [who(person), m("p", ["The Okta user ", m("code", person.employee.okta_id), " is not changed, but nobody closes it any more when the person leaves. The person is held."])]),

  reveal: ({ page, person }) => m(RevealDialog, {
    id: person.employee.employee_id, name: nameOf(person.employee), onclose: page.close,
    onshown: async (answer) => {
      page.revealedUntilMs = answer.until_ms;
      await page.reload();
      if (page.plan && !page.plan.steps) page.plan = await post(page.path + "/plan");
    },
  }),

  activation: ({ page, person, state }) => m(Ask, {
    page, state, title: "A one-time activation link", label: state.link ? null : "Make the link",
    run: async () => { state.link = (await page.run("activation-link", {}, "The link was made.")).activation_link; },
  }, [
    who(person),
    state.link
      ? [m("p", "Hand it to the person alone. It is shown once and kept nowhere."),
          m(Field, { label: "Activation link", value: state.link, readonly: true, onfocus: (event) => event.target.select() })]
      : m("p", "Okta makes a link with which the account is activated without a mail. Earlier links end."),
  ]),

  export: ({ page, person, state }) => m(Ask, {
    page, state, title: "Read out all that is held", label: "Save as a file",
    run: async () => {
      const all = await post(page.path + "/export");
      save(`employee-${person.employee.employee_id}.json`, "application/json", JSON.stringify(all, null, 2));
      page.close();
      await page.reload();
    },
  }, [who(person), m("p", "The file holds personal data, unmasked. That you read it out stands in the audit trail.")]),

  erase: ({ page, person, state }) => m(Ask, {
    page, state, title: "Erase this person", label: "Erase for ever", kind: "danger",
    disabled: state.typed !== person.employee.employee_id,
    run: async () => {
      page.data.stop();
      page.timeline.stop();
      page.erased = await post(page.path + "/erase", state.why?.trim() ? { although: state.why.trim() } : {});
      page.close();
    },
  }, [
    who(person), m("p", "All that is held here goes, and cannot be brought back. Okta and Bob are not changed: erase in Bob first, else the person comes back after 30 days."),
    m(Field, { label: "Type the employee id to confirm", value: state.typed || "", autocomplete: "off", oninput: (event) => { state.typed = event.target.value.trim(); } }),
    state.problem?.code === "conflict" && why(state, "Erase although that is so, because", "Stands in the audit trail for ever; do not name the person."),
  ]),

  undo: ({ page, person, state, dialog: { action, plan } }) => m(Ask, {
    page, state, title: `Undo: ${actionWord(action.kind)}`, label: "Undo now",
    run: async () => {
      const answer = await post(`/actions/${action.intent_id}/undo`);
      say(answer.state === "done" ? "Undone. The person is held until released." : answer.state === "dry_run" ? "Dry run: only told." : "Undone in part: see the timeline.");
      page.close();
      await page.reload();
    },
  }, [
    who(person),
    m("p", `The account before: ${accountWord(plan.before.status)}; now: ${accountWord(plan.present_status)}. This would be done:`),
    m("ol", plan.steps.map((step) => m("li", [
      m("strong", actionWord(step.kind)), step.group && ` ${step.group}`,
      step.sends_email && [" ", m(Badge, { tone: "info" }, "Okta sends a mail")],
      step.profile && m(Table, { label: "Values it goes back to", columns: ["Attribute", "Goes back to"], rows: Object.entries(step.profile).map(([name, value]) => [m("code", name), shown(value)]) }),
    ]))),
    plan.losses.length > 0 && [m("p", "What does not come back:"), m("ul", plan.losses.map((one) => m("li", one)))],
    m("p.mb-0", "Afterwards nothing is done for this person until it is released."),
  ]),

  link: ({ page, person, state }) => m(Ask, {
    page, state, title: "Link to an Okta user", label: state.found ? "Link" : "Look it up", disabled: !state.user?.trim() || (state.found && !state.found.agrees && !state.why?.trim()),
    run: async () => {
      if (!state.found) {
        state.found = await post(page.path + "/link", { okta_user: state.user.trim(), check: true });
        return;
      }
      const although = state.found.agrees ? {} : { although: state.why.trim() };
      await page.run("link", { okta_user: state.found.okta.okta_id, expect: state.found.facts, ...although }, "Linked.");
      page.close();
    },
  }, [
    who(person),
    m(Field, {
      label: "Okta user", value: state.user || "", help: "The login or the Okta id.", autocomplete: "off",
      oninput: (event) => { state.user = event.target.value; state.found = null; },
    }),
    state.found && m(Compared, { found: state.found }),
    state.found && !state.found.agrees && why(state, "Why it is the same person all the same", "Stands in the audit trail.", { required: true }),
  ]),
};

const Compared = {
  view: ({ attrs: { found } }) => [
    m("p[role=status]", [m(Badge, { tone: found.agrees ? "good" : "warn" }, found.agrees ? "agrees" : "look twice"), ` ${found.why_text}.`]),
    m(Table, {
      label: "Bob and Okta side by side", columns: ["What", "Bob", "Okta"],
      rows: [
        ["Name", found.bob.display_name, [found.okta.first_name, found.okta.last_name].filter(Boolean).join(" ")],
        ["Login", shown(found.bob.login), shown(found.okta.login)],
        ["E-mail", shown(found.bob.email), shown(found.okta.email)],
        ["Employee number", shown(found.bob.employee_number), shown(found.okta.employee_number)],
        ["State", found.bob.lifecycle, accountWord(found.okta.status)],
      ],
    }),
    found.differences.some((one) => !one.is_kept) &&
      m("p.small", ["The mapping would then change: ", found.differences.filter((one) => !one.is_kept).map((one) => one.okta).join(", "), "."]),
  ],
};

export const PersonDialog = {
  view: ({ attrs: { page, person, dialog }, state }) => DIALOGS[dialog.kind]({ page, person, dialog, state }),
};
