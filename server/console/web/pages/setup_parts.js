// SPDX-License-Identifier: MIT
// Parts that several steps of the set-up are made of.
import m from "../lib/m.js";
import { Act, Badge, Dialog, Notice, Time } from "../lib/ui.js";
import { valueText } from "../lib/values.js";
import { dropMine, model, takeOver } from "./setup_model.js";

const BASE = "/settings/integrations/provisioning/okta";
export const stepPath = (slug) => (slug ? `${BASE}/${slug}` : BASE);
export const goTo = (slug) => m.route.set(stepPath(slug));

export const Changes = {
  view: ({ attrs: { changes } }) =>
    m("ul.changes", changes.map((one) => m("li", [m("code", one.path), ": ", valueText(one.from), " → ", valueText(one.to)]))),
};

// Two admins at once: whose version runs, what it changed, and the two ways on.
export const Conflict = {
  view: () =>
    model.conflict &&
    m(Dialog, { title: "Somebody else saved meanwhile", onclose: dropMine }, [
      m("p", [
        m("strong", model.conflict.theirs.author), " saved version ", model.conflict.theirs.version, " ",
        m(Time, { ms: model.conflict.theirs.at_ms }), ", after this page was opened. Yours is not saved. What they changed:",
      ]),
      m(Changes, { changes: model.conflict.changes }),
      m("p", "Saving yours on top keeps theirs where you changed something else, and replaces it where you changed the same."),
      m(".actions", [
        m(Act, { kind: "primary", run: takeOver }, "Save mine on top"),
        m(Act, { kind: "outline-secondary", run: dropMine }, "Drop mine and look at theirs"),
      ]),
    ]),
};

export const ReadOnly = {
  view: () => !model.settings.is_editable && m(Notice, { kind: "warning" }, [m("strong", "Shown, not editable. "), model.settings.reason]),
};

const RESULTS = {
  ok: ["good", "✓ ok"], warning: ["warn", "! look"], unknown: ["plain", "? unknown"], failure: ["bad", "✗ to mend"],
};

const GROUPS = [
  ["Okta", (what) => what.startsWith("okta: ") && !what.startsWith("okta: attribute")],
  ["HiBob", (what) => what.startsWith("bob: ") && !what.includes(".")],
  ["Fields read from HiBob", (what) => what.startsWith("bob: ")],
  ["Attributes written to Okta", (what) => what.startsWith("okta: attribute")],
  ["Mapping and expressions", () => true],
];

function grouped(checks) {
  const groups = GROUPS.map(([title]) => ({ title, checks: [] }));
  for (const one of checks) groups[GROUPS.findIndex(([, fits]) => fits(one.what))].checks.push(one);
  return groups.filter((group) => group.checks.length > 0);
}

const bare = (what) => what.replace(/^(okta|bob): (attribute )?/, "");

// m(Checks, {report}): each permission and each field with a tick, or with what to do.
export const Checks = {
  view: ({ attrs: { report } }) => [
    m(".sr-live", { role: "status" }, report.state === "running"
      ? [m(".spinner-border.spinner-border-sm", { "aria-hidden": "true" }), ` Testing: ${report.step || "begins"}. You may leave this page and come back.`]
      : report.state === "done" && m("p", report.failures === 0
          ? [m(Badge, { tone: "good" }, "✓ works"), report.warnings ? ` ${report.warnings} to look at.` : " Everything that is needed is there."]
          : [m(Badge, { tone: "bad" }, "✗ does not work yet"), ` ${report.failures} to mend, ${report.warnings} to look at.`])),
    report.is_draft && report.state === "done" && m("p.quiet", "Tested with what was typed; it is not saved by this."),
    grouped(report.checks).map((group) => [
      m("h3.h6.mt-3", group.title),
      m("ul.checks", group.checks.map((one) =>
        m("li", [
          m(Badge, { tone: RESULTS[one.result][0] }, RESULTS[one.result][1]), " ",
          m("strong", bare(one.what)), one.found && [": ", one.found],
          one.mend && m(".mend", ["→ ", one.mend]),
        ]))),
    ]),
  ],
};

// m(Choice, {label, name, value, options: [[value, text, help]], onchange, disabled})
export const Choice = {
  view: ({ attrs: { label, name, value, options, onchange, disabled } }) =>
    m("fieldset.choice", { disabled }, [
      m("legend.form-label", label),
      options.map(([key, title, help]) =>
        m(".form-check", [
          m("input.form-check-input[type=radio]", {
            id: `${name}-${key}`, name, value: key, checked: value === key, onchange: () => onchange(key),
            "aria-describedby": help ? `${name}-${key}-help` : undefined,
          }),
          m("label.form-check-label", { for: `${name}-${key}` }, title),
          help && m(".form-text", { id: `${name}-${key}-help` }, help),
        ])),
    ]),
};

export const Facts = {
  view: ({ attrs: { facts } }) =>
    m("dl.facts", facts.filter(Boolean).map(([name, value]) => [m("dt", name), m("dd", value)])),
};
