// SPDX-License-Identifier: MIT
// Whether the trail is whole: what the server found by itself, and a look at all of it on request.
import m from "../lib/m.js";
import { Progress, watch } from "../lib/job.js";
import { may } from "../lib/session.js";
import { moment } from "../lib/time.js";
import { Act, Badge, Problem, Section, Time } from "../lib/ui.js";

const findings = {
  whole: "The trail is whole.",
  changed: "A record is not what was written.",
  deleted: "A record is missing, or lost what it said.",
  inserted: "A record was put in.",
  swapped: "A record stands in another's place.",
  truncated: "The end is missing.",
  "rolled back": "An older state was put back.",
};

const Report = {
  view: ({ attrs: { report } }) => {
    const isWhole = report.finding === "whole";
    return m(`.alert.alert-${isWhole ? "success" : "danger"}.mt-2.mb-0`, { role: "status" }, [
      m("p.mb-1", [m("strong", findings[report.finding] || report.finding), " ",
        isWhole ? `${report.records} records looked at, from ${moment(report.begun_at_ms)}.` : `Record ${report.bad_seq}: ${report.sentence}`]),
      isWhole && report.erased_payloads > 0 && m("p.mb-1", `${report.erased_payloads} of them are of people who were erased.`),
      !isWhole && m("p.mb-1", "Stop, keep a copy of the store, and find out who changed it."),
      m("p.mb-0.small", ["Compare the head with one that your log keeps elsewhere: ", m("code.wrap", report.head)]),
    ]);
  },
};

const Mark = {
  view: ({ attrs: { audit, report } }) => {
    const isFound = report && report.finding !== "whole";
    if (audit.broken || isFound) return [m(Badge, { tone: "bad" }, "Chain broken"), " ", audit.broken || report.sentence];
    if (!audit.verified_at_ms) return [m(Badge, { tone: "plain" }, "Not verified yet"), " The server looks soon after its start, and daily."];
    return [m(Badge, { tone: "good" }, "Chain verified"), " The newest records were verified ", m(Time, { ms: audit.verified_at_ms }), "."];
  },
};

// The server looks, and keeps what it found: a long look can be left and come back to.
const Look = {
  view: ({ attrs: { job } }) => {
    const value = job.value;
    if (job.error) return m(Problem, { error: job.error, retry: job.reload });
    if (!value || value.state === "none") return null;
    if (job.isRunning()) return m(".mt-2", { role: "group", "aria-label": "Every record is looked at" }, m(Progress, { job, unit: "records" }));
    if (value.state !== "done") return m("p.mt-2.mb-0", [m(Badge, { tone: "warn" }, value.state), ` ${value.sentence}`]);
    return [
      m("p.quiet.mt-2.mb-0", ["Looked ", m(Time, { ms: value.ended_at_ms }), ` for ${value.by}.`]),
      m(Report, { report: value.result }),
    ];
  },
};

export const Chain = {
  oninit: ({ state }) => { if (may("operator")) state.job = watch("/audit/verify"); },
  onremove: ({ state }) => state.job?.stop(),
  view: ({ attrs: { audit }, state: { job } }) =>
    m(Section, {
      title: "The chain",
      actions: job && [m(Act, { small: true, run: () => job.start(), disabled: job.isRunning() }, "Verify all of it now")],
    }, [
      m("p.mb-1", { role: "status" }, m(Mark, { audit, report: job?.value?.result })),
      m("p.mb-0.small", ["Head ", m("code.wrap", audit.head || "none")]),
      job && m(Look, { job }),
    ]),
};
