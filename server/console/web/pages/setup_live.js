// SPDX-License-Identifier: MIT
// Step 6: dry run or live, with what would happen first.
import m from "../lib/m.js";
import { Progress, watch } from "../lib/job.js";
import { live } from "../lib/live.js";
import { may, state } from "../lib/session.js";
import { number } from "../lib/numbers.js";
import { doneWord, limitWord, lowerFirst } from "../lib/words.js";
import { Act, Badge, Dialog, Notice, Problem, Section, Table, Time, say } from "../lib/ui.js";
import { isSetUp, mayEdit, missing, present, save } from "./setup_model.js";
import { goTo } from "./setup_parts.js";

const wordOf = (action) => lowerFirst(doneWord(action));

// What was found with the settings in force; settings that somebody tries are another thing.
const found = (job) => (job?.value?.state === "done" && !job.value.query.is_draft ? job.value : null);

const Found = {
  view: ({ attrs: { done } }) => {
    const { result: plan } = done;
    const rows = Object.entries(plan.by_action);
    return [
      m("p", { role: "status" }, ["Looked ", m(Time, { ms: done.ended_at_ms }), ` for ${done.by}: ${plan.people} people, ${plan.unchanged} need nothing, ${plan.held} would wait for a human.`]),
      rows.length === 0 ? m("p", "Nothing would be done.")
        : m(Table, { label: "What would happen first", columns: ["What", "People"], rows: rows.map(([action, n]) => [doneWord(action), number(n)]) }),
    ];
  },
};

// Reading everybody takes a while: the server does it, and keeps what it found.
const Forecast = {
  view: ({ attrs: { job } }) => {
    const value = job.value;
    if (job.error) return m(Problem, { error: job.error, retry: job.reload });
    if (!value || value.state === "none") return null;
    if (job.isRunning()) return m(".mb-3", { role: "group", "aria-label": "What would happen first" }, m(Progress, { job, unit: "people" }));
    if (value.state !== "done") return m("p", [m(Badge, { tone: "warn" }, value.state), ` ${value.sentence}`]);
    if (!found(job)) return m("p.quiet", "The last look was at settings that are not in force.");
    return m(Found, { done: value });
  },
};

const Limits = {
  oninit: ({ state: part }) => { part.status = live("/status", {}, { everyMs: 10000 }); },
  onremove: ({ state: part }) => part.status.stop(),
  view: ({ state: part }) => {
    const connection = part.status.value?.connections.find((one) => one.name === state.connection);
    if (!connection) return null;
    return [
      m("p", "Limits ask a human before too many are changed: whoever is over waits under Held until somebody releases them. Limits count people, in the time the server runs."),
      m(Table, {
        label: "Limits", columns: ["What", "At most"],
        rows: connection.limits.map((one) => [limitWord(one.limit), one.windows.map((each) => `${each.allowed} ${each.window === "hour" ? "an" : "a"} ${each.window}`).join(", ")]),
      }),
    ];
  },
};

async function setMode(step, mode) {
  step.error = null;
  step.asks = null;
  try {
    if (await save((one) => { one.mode = mode; }, mode === "live" ? "go live" : "back to dry run")) {
      say(mode === "live" ? "Live: changes are made in Okta from now on." : "Dry run: nothing is written to Okta.");
      goTo("");
    }
  } catch (error) {
    step.error = error;
  }
}

const numbers = (job) => (found(job)
  ? Object.entries(found(job).result.by_action).map(([action, n]) => `${wordOf(action)}: ${number(n)}`).join(", ") || "nothing at once"
  : null);

const Ask = {
  view: ({ attrs: { step } }) =>
    m(Dialog, { title: step.asks === "live" ? "Go live?" : "Back to dry run?", onclose: () => { step.asks = null; } }, [
      step.asks === "live"
        ? [
            m("p", ["From now on changes are made in ", m("strong", present().okta.base_url), ": accounts are made, written and closed as HiBob says."]),
            m("p", numbers(step.job) ? `First, by the forecast: ${numbers(step.job)}.` : "You have not looked what would happen first. Cancel and look, if you are not sure."),
          ]
        : m("p", "Everything goes on being read and planned, and nothing is written to Okta. Leavers stay open until you go live again."),
      m(".actions", [
        m(Act, { kind: step.asks === "live" ? "danger" : "primary", run: () => setMode(step, step.asks) }, step.asks === "live" ? "Go live" : "Back to dry run"),
        m("button.btn.btn-outline-secondary[type=button]", { onclick: () => { step.asks = null; } }, "Cancel"),
      ]),
    ]),
};

export const GoLive = {
  oninit: ({ state: step }) => { if (may("operator")) step.job = watch("/plan"); },
  onremove: ({ state: step }) => step.job?.stop(),
  view: ({ state: step }) => {
    const isLive = present().mode === "live";
    const lacking = Object.values(missing()).flat();
    return m(Section, { title: "Dry run or live" }, [
      m("p", ["Now: ", m(Badge, { tone: isLive ? "good" : "info" }, isLive ? "live" : "dry run"), isLive
        ? " Changes are made in Okta." : " Everything runs, and nothing is written to Okta: look at what would be done for as long as you like."]),
      lacking.length > 0 && m(Notice, { kind: "warning" }, `Before it can go live: ${lacking.join(", ")}.`),
      may("operator") && isSetUp() && m(".actions.mb-3", m(Act, { run: () => step.job.start(), disabled: step.job.isRunning() }, "Look what would happen first")),
      step.job && m(Forecast, { job: step.job }),
      m(Limits),
      step.error && m(Problem, { error: step.error }),
      mayEdit() && m(".actions", isLive
        ? m("button.btn.btn-outline-primary[type=button]", { onclick: () => { step.asks = "dry_run"; } }, "Back to dry run...")
        : [
            m("button.btn.btn-danger[type=button]", { disabled: !isSetUp(), onclick: () => { step.asks = "live"; } }, "Go live..."),
            m("button.btn.btn-outline-primary[type=button]", { onclick: () => goTo("") }, "Stay in dry run"),
          ]),
      step.asks && m(Ask, { step }),
    ]);
  },
};
