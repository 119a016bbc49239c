// SPDX-License-Identifier: MIT
// One person: who it is, what comes next, all that happened, and what may be done about it.
import m from "../lib/m.js";
import { post } from "../lib/api.js";
import { live } from "../lib/live.js";
import { may } from "../lib/session.js";
import { momentAt } from "../lib/time.js";
import { Act, Empty, Loading, Notice, Page, Problem, Section, Time, say } from "../lib/ui.js";
import { MASK, isMasked, valueText } from "../lib/values.js";
import { nameOf } from "../lib/who.js";
import { holdWord } from "../lib/words.js";
import { AccountBadge, NextStep, StateBadges } from "./person_parts.js";
import { PersonDialog } from "./person_dialogs.js";
import { PlanSection } from "./person_plan.js";
import { Timeline } from "./person_timeline.js";

export const Person = {
  oninit: ({ attrs, state }) => {
    state.id = attrs.id;
    state.path = "/people/" + encodeURIComponent(attrs.id);
    state.data = live(state.path);
    state.timeline = live(state.path + "/timeline");
    state.reload = () => Promise.all([state.data.reload(), state.timeline.reload()]);
    state.open = (kind, more = {}) => { state.problem = null; state.dialog = { kind, ...more }; };
    state.close = () => { state.dialog = null; };
    state.fail = (error) => { state.problem = error; };
    // What was asked of the server, said when it took it.
    state.run = async (what, body, told) => {
      state.problem = null;
      const answer = await post(state.path + "/" + what, body);
      say(told);
      await state.reload();
      return answer;
    };
  },
  onremove: ({ state }) => { state.data.stop(); state.timeline.stop(); },
  view: ({ state }) => {
    if (state.erased) return m(Erased, { page: state });
    if (state.data.error?.code === "not_found") return m(Unknown, { page: state });
    const person = state.data.value;
    if (!person) {
      return m(Page, { title: `Employee ${state.id}` },
        state.data.error ? m(Problem, { error: state.data.error, retry: state.data.reload }) : m(Loading, { what: "this person" }));
    }
    return m(Page, { title: nameOf(person.employee), subtitle: m("a", { href: "#/people" }, "All people") }, [
      state.data.error && m(Problem, { error: state.data.error, retry: state.data.reload }),
      state.problem && m(Problem, { error: state.problem }),
      m(Facts, { page: state, person }),
      may("operator") && m(Buttons, { page: state, person }),
      state.plan && m(PlanSection, { page: state, person }),
      person.holds.length > 0 && m(Holds, { page: state, person }),
      m(Timeline, { page: state, person }),
      state.dialog && m(PersonDialog, { page: state, person, dialog: state.dialog }),
    ]);
  },
};

const fact = (name, value) => [m("dt", name), m("dd", value)];

// As the overview's calendar tells them.
const isToJoin = (one) =>
  ["NONE", "STAGED"].includes(one.present_status) && ["none", "staged"].includes(one.wanted) && !one.was_terminated;
const dateAhead = (one) =>
  one.policy_due_at_ms > Date.now() && one.policy_due_at_ms !== one.confirmed_end_ms && one.wanted !== "deactivated";

const Facts = {
  view: ({ attrs: { page, person } }) => {
    const one = person.employee;
    const next = page.timeline.value?.next;
    return m(Section, { title: "Now" }, m("dl.facts", [
      fact("State", m(StateBadges, { person: one })),
      fact("What comes next", [
        m(NextStep, { person: one, text: person.next_step, atMs: next?.at_ms }),
        next?.at_ms ? m(".small.quiet", momentAt(next.at_ms, next.time_zone)) : null,
      ]),
      one.last_error && fact("What went wrong", isMasked(one.last_error) ? "Hidden from viewers." : one.last_error),
      person.move && fact("Moves", `from connection ${person.move.from} to ${person.move.to}: ${person.move.state}`),
      fact("Okta account", [m(AccountBadge, { status: one.present_status }), one.okta_id ? [" ", m("code", one.okta_id)] : " not linked"]),
      fact("Login", one.login === MASK ? "Hidden from viewers." : one.login || "none"),
      fact("Employee id", m("code", one.employee_id)),
      fact("Bob says", [one.lifecycle || "nothing yet", one.read_at_ms ? [", read ", m(Time, { ms: one.read_at_ms })] : ""]),
      one.confirmed_end_ms > 0 && fact("Account closes", momentAt(one.confirmed_end_ms, next?.time_zone)),
      dateAhead(one) && fact(isToJoin(one) ? "Joins" : "Next date", momentAt(one.policy_due_at_ms, next?.time_zone)),
      fact("Groups given", String(person.groups.filter((group) => group.state === "given").length)),
    ]));
  },
};

const Holds = {
  view: ({ attrs: { page, person } }) =>
    m(Section, { title: "Waits for a human", actions: may("operator") && [
      m("button.btn.btn-sm.btn-primary[type=button]", { onclick: () => page.open("release") }, "Release..."),
    ] }, m("ul.mb-0", person.holds.map((hold) => m("li", [
      m("strong", holdWord(hold.kind)), hold.rule && ` (${hold.rule})`, isMasked(hold.cause) ? "" : `: ${hold.cause}`,
      m("span.quiet", [". Set by ", hold.by || "the server", " ", m(Time, { ms: hold.since_ms }), hold.is_rejected ? ", rejected." : "."]),
      hold.differences.length > 0 && m("ul", hold.differences.map((one) =>
        m("li", [m("code", one.attribute), `: ${valueText(one.present)} would become ${valueText(one.wanted)}`]))),
    ])))),
};

// Why erasing is refused, as far as is known before it is asked for.
function whyNotErase(one) {
  const isOpen = one.okta_id && !["DEPROVISIONED", "SUSPENDED"].includes(one.present_status);
  return isOpen ? "Erasing is refused while the Okta account is open: close it first." : "";
}

const Buttons = {
  view: ({ attrs: { page, person } }) => {
    const one = person.employee;
    const button = (kind, text, tone = "outline-primary", more = {}) =>
      m(`button.btn.btn-${tone}[type=button]`, { onclick: () => page.open(kind), ...more }, text);
    const why = whyNotErase(one);
    return m(Section, { title: "What you can do" }, [
      m(".actions.mb-2", [
        m(Act, { run: async () => { page.problem = null; page.plan = await post(page.path + "/plan"); }, onerror: page.fail }, "Plan"),
        m(Act, { run: () => page.run("sync", {}, "Asked for: read from Bob and compared now."), onerror: page.fail }, "Sync now"),
        (one.state === "failed" || one.state === "parked") &&
          m(Act, { kind: "primary", run: () => page.run("retry", {}, "Asked for: tried again now."), onerror: page.fail }, "Retry"),
        button("hold", "Hold..."),
        one.holds.length > 0 && button("release", "Release..."),
        one.okta_id ? button("unlink", "Unlink...") : button("link", "Link..."),
        one.okta_id && ["STAGED", "PROVISIONED"].includes(one.present_status) && button("activation", "Activation link..."),
        one.employee_id && one.is_masked && button("reveal", "Show values..."),
      ]),
      m(".actions", [
        one.okta_id && one.present_status !== "DEPROVISIONED" && button("closeNow", "Close now...", "outline-danger"),
        may("admin") && button("export", "Export...", "outline-secondary"),
        may("admin") && button("erase", "Erase...", "outline-danger", { disabled: !!why, "aria-describedby": why ? "why-not-erase" : false }),
        may("admin") && why && m("span.small.quiet#why-not-erase", why),
      ]),
      page.revealedUntilMs > Date.now() && m("p.small.quiet.mb-0.mt-2[role=status]", [
        "Values are shown to you until ", momentAt(page.revealedUntilMs), "."]),
    ]);
  },
};

const Unknown = {
  view: ({ attrs: { page } }) =>
    m(Page, { title: `Employee ${page.id}`, subtitle: m("a", { href: "#/people" }, "All people") }, [
      page.problem && m(Problem, { error: page.problem }),
      m(Empty, {
        title: "Nobody of this id is known here",
        hint: may("operator")
          ? "Bob has not reported this person, the id is mistyped, or the person was erased. Bob can be asked:"
          : "Bob has not reported this person, the id is mistyped, or the person was erased.",
      }, may("operator") && m(".actions.justify-content-center", [
        m(Act, { run: async () => { page.problem = null; page.plan = await post(page.path + "/plan"); }, onerror: page.fail }, "Ask Bob, change nothing"),
        m(Act, { run: () => page.run("sync", {}, "Asked for: read from Bob and compared now."), onerror: page.fail }, "Sync now"),
      ])),
      page.plan && m(PlanSection, { page, person: null }),
    ]),
};

const Erased = {
  view: ({ attrs: { page } }) =>
    m(Page, { title: `Employee ${page.id}` }, [
      m(Notice, { kind: "success" }, [
        m("p", "Erased. The audit trail keeps a pseudonym; Okta was not changed."),
        m("p.mb-0", `${page.erased.actions} actions, ${page.erased.events} deliveries and ${page.erased.records} records of the trail were emptied.`),
        page.erased.named_by_others > 0 &&
          m("p.mb-0.mt-2", `${page.erased.named_by_others} other people's profiles still name this person, until their next change.`),
      ]),
      m("a.btn.btn-outline-primary", { href: "#/people" }, "All people"),
    ]),
};
