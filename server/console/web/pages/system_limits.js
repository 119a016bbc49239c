// SPDX-License-Identifier: MIT
// The limits of the brake: how many people may be changed in a window before a human is asked.
import m from "../lib/m.js";
import { state as session } from "../lib/session.js";
import { Section, Table } from "../lib/ui.js";
import { limitWord, lowerFirst, upperFirst } from "../lib/words.js";
import { connectionOf, mayEdit, model, present } from "./setup_model.js";
import { NumbersDialog, OfSettings, Reason, lay } from "./system_settings.js";

// What holds where the settings say nothing (docs/settings.md); also which windows there are.
const DEFAULTS = {
  lower: { per_hour: 5, per_hour_percent: 2, per_day: 10, per_day_percent: 5, per_week: 20, per_week_percent: 10 },
  rename: { per_hour: 5, per_hour_percent: 2, per_day: 10, per_day_percent: 5, per_week: 20, per_week_percent: 10 },
  raise: { per_hour: 100 },
  create: { per_hour: 500 },
  revoke: { per_hour: 20 },
  leave_group: { per_hour: 20, per_hour_percent: 5, per_day: 50, per_day_percent: 10 },
  update_by_settings: { per_hour: 50, per_hour_percent: 5, per_day: 100, per_day_percent: 10 },
};
const KINDS = Object.keys(DEFAULTS);
const WINDOWS = [["per_hour", "an hour"], ["per_day", "a day"], ["per_week", "a week"]];
const [PEOPLE_MAX, PERCENT_MAX] = [100000, 100];

const valuesOf = (kind) => ({ ...DEFAULTS[kind], ...present().limits?.[kind] });

function allowed(values, window) {
  const [people, percent] = [values[window], values[`${window}_percent`]];
  if (people === undefined) return m("span.quiet", "no limit");
  if (people === 0) return "nobody";
  return percent ? `${people}, or ${percent} %` : `${people}`;
}

function fieldsOf(kind) {
  const values = valuesOf(kind);
  const index = model.settings.document.connections.findIndex((one) => one.name === session.connection);
  return WINDOWS.flatMap(([window, text]) => [[window, `People ${text}`, PEOPLE_MAX, "0: nobody passes, everybody waits for a decision."], [`${window}_percent`, `Percent ${text}`, PERCENT_MAX, "Of the active accounts that are managed."]])
    .filter(([key]) => key in values)
    .map(([key, label, max, help]) => ({ key, label, help, min: 0, max, value: values[key], path: `connections[${index}].limits.${kind}.${key}` }));
}

function write(document, kind, values) {
  const limits = (connectionOf(document).limits ??= {});
  const one = (limits[kind] ??= {});
  lay(one, values, DEFAULTS[kind]);
  if (Object.keys(one).length === 0) delete limits[kind];
}

const LimitDialog = {
  view: ({ attrs: { kind, onclose } }) => m(NumbersDialog, {
    title: `Limit: ${lowerFirst(limitWord(kind))}`, note: `limit of ${kind}`, done: "The limit is changed, and holds from now on.", onclose,
    lead: "The larger of people and percent holds. Who is over it waits for a decision; nobody is lost. A wide limit lets a mistake pass for as many people.",
    fields: fieldsOf(kind), write: (document, values) => write(document, kind, values),
  }),
};

const Content = {
  view: ({ state }) =>
    m(Section, { title: "Limits of the brake" }, [
      m("p", ["How many people may be changed before a human is asked, the larger of people and percent. ", m("a", { href: "#/held" }, "Held and failed"), " shows how full each is now."]),
      m(Reason),
      m(Table, {
        label: "Limits", keys: KINDS, columns: ["What", ...WINDOWS.map(([, text]) => upperFirst(text)), ...(mayEdit() ? ["Change"] : [])],
        rows: KINDS.map((kind) => [
          limitWord(kind), ...WINDOWS.map(([window]) => allowed(valuesOf(kind), window)),
          ...(mayEdit() ? [m("button.btn.btn-sm.btn-outline-primary[type=button]", { "aria-label": `Change the limit: ${limitWord(kind)}`, onclick: () => { state.kind = kind; } }, "Change")] : []),
        ]),
      }),
      state.kind && m(LimitDialog, { kind: state.kind, onclose: () => { state.kind = null; m.redraw(); } }),
    ]),
};

export const Limits = { view: () => m(OfSettings, () => m(Content)) };
