// SPDX-License-Identifier: MIT
// Step 5: which account is whose (docs/adoption.md): compare, decide, carry out.
import m from "../lib/m.js";
import { get, post } from "../lib/api.js";
import { live } from "../lib/live.js";
import { may } from "../lib/session.js";
import { Act, Badge, Dialog, Empty, Field, Live, Loading, Notice, Problem, Section, Table, Time, say } from "../lib/ui.js";
import { nameOf } from "../lib/who.js";
import { upperFirst } from "../lib/words.js";
import { goTo } from "./setup_parts.js";

const CLASSES = [
  ["exact", "Exact", "One account, and the facts agree."],
  ["doubtful", "Doubtful", "Several accounts, or facts that disagree: look at each."],
  ["unmatched", "Unmatched", "Nobody in Okta was found: make an account, or leave it."],
  ["left", "Left, account open", "They have left and an account is open. Linked, its closing waits for you."],
  ["elsewhere", "Sourced elsewhere", "AD or LDAP owns the profile: linked, it is never written."],
];
const DECISIONS = { none: "Not decided", link: "Link", create: "Make an account", ignore: "Leave alone" };

// As docs/adoption.md counts: who left and who is sourced elsewhere are views beside the three classes.
const inClass = (row, key) => (key === "left" ? row.is_left : key === "elsewhere" ? row.is_sourced_elsewhere : row.class === key && !row.is_left);
const sum = (rows) => rows.reduce((total, row) => total + row.people, 0);
const countOf = (adoption, key) => sum(adoption.counts.filter((row) => inClass(row, key)));
const decidedOf = (adoption, decision) => sum(adoption.counts.filter((row) => row.decision === decision && row.state === "open"));

// --------------------------------------------------------------------------- progress

const Progress = {
  view: ({ attrs: { job, done, total, what, reload } }) =>
    m(".mb-3", [
      m("p.mb-1", { role: "status" }, `${what}: ${job.phase || "begins"}, ${done} of ${total || "?"}. Begun by ${job.by}. You may leave this page and come back.`),
      m("progress", { max: total || 1, value: total ? done : 0, "aria-label": what }),
      may("operator") && m(".actions", m(Act, { small: true, kind: "outline-secondary", run: async () => { await post("/adoption/stop"); await reload(); } }, "Stop")),
    ]),
};

const Ended = {
  view: ({ attrs: { job, what, again } }) => [
    m("p.quiet", [`${what} `, m(Time, { ms: job.ended_at_ms }), " by ", job.by, "."]),
    job.state === "failed" && m(Notice, { kind: "danger" }, job.sentence),
    job.state === "stopped" && m(Notice, { kind: "warning" }, [`${upperFirst(job.sentence)}. `, again]),
  ],
};

// ------------------------------------------------------------------------- the people

async function load(step, more) {
  step.listError = null;
  try {
    const page = await get("/adoption/people", { class: step.class, text: step.text, limit: 50, after: more ? step.list.next_after : "" });
    step.list = { people: more ? [...step.list.people, ...page.people] : page.people, next_after: page.next_after };
  } catch (error) {
    step.listError = error;
  }
  m.redraw();
}

async function decide(step, person, decision) {
  try {
    await post("/adoption/decide", { people: [{ employee_id: person.employee_id, decision }] });
    person.decision = decision;
    await step.adoption.reload();
  } catch (error) {
    say(error.body?.mistakes?.[0]?.text || error.message, "danger");
  }
  m.redraw();
}

const mayDecide = (person, decision) =>
  decision === "link" ? person.okta_id !== "" : decision === "create" ? person.class === "unmatched" : true;

function row(step, person) {
  return [
    m("span", [m("strong", nameOf(person)), m("br"), m("small.quiet", person.employee_id)]),
    person.login ? [person.login, " ", m(Badge, person.status)] : "none",
    [person.why_text, person.others.length > 0 && m("small.d-block", ["also ", person.others.map((one) => one.login).join(", ")])],
    person.state === "open"
      ? m("select.form-select.form-select-sm", {
          "aria-label": `Decision for ${nameOf(person)}`, value: person.decision,
          onchange: (event) => decide(step, person, event.target.value),
        }, Object.entries(DECISIONS).filter(([key]) => key === person.decision || mayDecide(person, key)).map(([key, word]) => m("option", { value: key, selected: key === person.decision }, word)))
      : [m(Badge, { tone: person.state === "done" ? "good" : "bad" }, person.state), " ", DECISIONS[person.decision], person.sentence && m("small.d-block", person.sentence)],
  ];
}

const List = {
  oninit: ({ attrs: { step } }) => load(step, false),
  view: ({ attrs: { step } }) => [
    m("form.find", { role: "search", onsubmit: (event) => { event.preventDefault(); load(step, false); } }, [
      m(Field, { label: "Search by name, login or id", name: "text", type: "search", value: step.text, oninput: (event) => { step.text = event.target.value; } }),
      m("button.btn.btn-outline-primary[type=submit]", "Search"),
    ]),
    step.listError && m(Problem, { error: step.listError, retry: () => load(step, false) }),
    !step.list ? m(Loading, { what: "people" })
      : step.list.people.length === 0 ? m(Empty, { title: "Nobody here", hint: step.text ? "Nobody of this class has that in the name, login or id." : "This class is empty." })
        : m(Table, { label: "People and the accounts that were found", columns: ["Person", "Account in Okta", "Why", "Decision"], keys: step.list.people.map((one) => one.employee_id), rows: step.list.people.map((one) => row(step, one)) }),
    step.list?.next_after && m(Act, { run: () => load(step, true) }, "Show more"),
  ],
};

// -------------------------------------------------------------------------------- bulk

const BULK = { exact: "link", unmatched: "create", left: "link" };

async function askBulk(step) {
  const decision = BULK[step.class];
  const { decided } = await post("/adoption/decide", { class: step.class, decision, check: true });
  step.bulk = { class: step.class, decision, people: decided };
}

const BulkDialog = {
  view: ({ attrs: { step } }) => {
    const { bulk } = step;
    return m(Dialog, { title: `${DECISIONS[bulk.decision]}: ${bulk.people} people?`, onclose: () => { step.bulk = null; } }, [
      m("p", bulk.decision === "link"
        ? `Each of these ${bulk.people} people gets the account that was found. Nothing is done before you carry the decisions out, and each one is looked at once more then.`
        : `For each of these ${bulk.people} people an account is to be made, by the settings and as the limits allow. Nothing is done before you carry the decisions out.`),
      m(".actions", [
        m(Act, {
          kind: "primary", disabled: bulk.people === 0,
          run: async () => {
            await post("/adoption/decide", { class: bulk.class, decision: bulk.decision });
            step.bulk = null;
            await Promise.all([load(step, false), step.adoption.reload()]);
            say("Decided.");
          },
        }, `${DECISIONS[bulk.decision]}: all ${bulk.people}`),
        m("button.btn.btn-outline-secondary[type=button]", { onclick: () => { step.bulk = null; } }, "Cancel"),
      ]),
    ]);
  },
};

const ApplyDialog = {
  view: ({ attrs: { step, adoption } }) =>
    m(Dialog, { title: "Carry the decisions out?", onclose: () => { step.isApplying = false; } }, [
      m("ul", [
        m("li", `${decidedOf(adoption, "link")} accounts are linked. Okta is not changed by that.`),
        m("li", `${decidedOf(adoption, "create")} accounts are made, as the limits allow${adoption.is_dry_run ? "; in dry run they wait for live" : ""}.`),
        m("li", `${decidedOf(adoption, "ignore")} people are left alone.`),
      ]),
      m(".actions", [
        m(Act, { kind: "primary", run: async () => { step.isApplying = false; await post("/adoption/apply"); await step.adoption.reload(); } }, "Carry out"),
        m("button.btn.btn-outline-secondary[type=button]", { onclick: () => { step.isApplying = false; } }, "Cancel"),
      ]),
    ]),
};

// -------------------------------------------------------------------------------- page

function tabs(step, adoption) {
  return m("ul.classes", { "aria-label": "Classes" }, CLASSES.map(([key, title]) =>
    m("li", m("button.btn.btn-sm[type=button]", {
      class: key === step.class ? "btn-primary" : "btn-outline-secondary", "aria-pressed": String(key === step.class),
      onclick: () => { step.class = key; step.list = null; load(step, false); },
    }, `${title}: ${countOf(adoption, key)}`))));
}

function found(step, adoption) {
  const [, , meaning] = CLASSES.find(([key]) => key === step.class);
  const open = ["link", "create", "ignore"].reduce((total, one) => total + decidedOf(adoption, one), 0);
  return [
    m("p", `${adoption.scan.listed} people in HiBob, ${adoption.scan.users} users in Okta; ${adoption.scan.linked} have their account already.`),
    tabs(step, adoption),
    m("p", meaning),
    may("operator") && BULK[step.class] && m(".actions.mb-2", m(Act, { run: () => askBulk(step) }, `${DECISIONS[BULK[step.class]]}: all of them...`)),
    may("operator") && m(List, { step }),
    m(".actions.mt-3", [
      may("admin") && m("button.btn.btn-primary[type=button]", { disabled: open === 0, onclick: () => { step.isApplying = true; } }, `Carry ${open} decisions out...`),
      m("button.btn.btn-outline-primary[type=button]", { onclick: () => goTo("go-live") }, "Go on"),
    ]),
  ];
}

export const Match = {
  oninit: ({ state: step }) => {
    Object.assign(step, { class: "exact", text: "", list: null });
    step.adoption = live("/adoption", {}, { everyMs: 2000 });
  },
  onremove: ({ state: step }) => step.adoption.stop(),
  view: ({ state: step }) =>
    m(Section, { title: "Match your people" }, [
      m("p", "Most people have an Okta account already. Until it is known which one is whose, none is made for people hired before, and none is closed. Comparing reads everybody and changes nothing; linking is bob2okta's own record, and Okta is not written."),
      m(Live, { data: step.adoption, what: "the comparison" }, (adoption) => {
        const isScanning = adoption.scan?.state === "running";
        const isApplying = adoption.apply?.state === "running";
        const appliedAtMs = (!isApplying && adoption.apply?.ended_at_ms) || 0;
        if (appliedAtMs !== step.appliedAtMs && step.list) load(step, false); // what was carried out shows in the list
        step.appliedAtMs = appliedAtMs;
        return [
          may("operator") && m(".actions.mb-3", m(Act, {
            kind: adoption.scan ? "outline-primary" : "primary", disabled: isScanning || isApplying,
            run: async () => { step.list = null; await post("/adoption/scan"); await step.adoption.reload(); },
          }, adoption.scan ? "Compare again" : "Compare everybody")),
          isScanning && m(Progress, { job: adoption.scan, done: adoption.scan.read, total: adoption.scan.listed, what: "Comparing", reload: step.adoption.reload }),
          isApplying && m(Progress, { job: adoption.apply, done: adoption.apply.done, total: adoption.apply.total, what: "Carrying out", reload: step.adoption.reload }),
          adoption.apply && !isApplying && [m(Ended, { job: adoption.apply, what: "Carried out", again: "What was carried out is done; carried out again, it goes on from there." }), m("p", `${adoption.apply.done} of ${adoption.apply.total} done, ${adoption.apply.refused} refused, ${adoption.apply.changed} doubtful again.`)],
          adoption.scan && !isScanning && [m(Ended, { job: adoption.scan, what: "Compared", again: "Compare again to see everybody." }), found(step, adoption)],
          !adoption.scan && m("button.btn.btn-outline-primary[type=button]", { onclick: () => goTo("go-live") }, "Go on without"),
          step.bulk && m(BulkDialog, { step }),
          step.isApplying && m(ApplyDialog, { step, adoption }),
        ];
      }),
    ]),
};
