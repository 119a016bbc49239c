// SPDX-License-Identifier: MIT
// What was done, as bars on a canvas, with the same numbers as a table for whoever cannot see them.
import m from "../lib/m.js";
import { Section, Table } from "../lib/ui.js";
import { number } from "../lib/numbers.js";
import { PARTS, part, took } from "./overview_words.js";

let script = null;

// Chart.js is a plain script, and this page alone needs it.
export function loadChart() {
  script ??= new Promise((resolve, reject) => {
    const element = document.createElement("script");
    element.src = new URL("../chart.js", import.meta.url).href;
    element.onload = () => resolve(window.Chart);
    element.onerror = () => { script = null; reject(new Error("chart.js did not load")); };
    document.head.append(element);
  });
  return script;
}

const color = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

const hourOf = (ms, timeZone) => new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", timeZone }).format(new Date(ms));
const dayOf = (date) => new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short", timeZone: "UTC" }).format(new Date(date + "T00:00:00Z"));

// The spans of what is looked at, with a label each.
function spansOf({ overview, span }) {
  const spans = span === "hours" ? overview.hours : overview.days;
  return spans.map((one) => ({ ...one, label: span === "hours" ? hourOf(one.at_ms, overview.time_zone) : dayOf(one.date) }));
}

function dataOf(attrs) {
  const spans = spansOf(attrs);
  const bars = PARTS.map((one) => ({ label: one.name, data: spans.map((span) => part(span, attrs.overview.mode, one)), backgroundColor: color(one.color) }));
  bars.push({ label: "Failed", data: spans.map((span) => span.failed), backgroundColor: color("--fail") });
  return { labels: spans.map((span) => span.label), datasets: bars };
}

function optionsOf() {
  const axis = { stacked: true, ticks: { color: color("--text"), precision: 0 }, grid: { color: color("--line") } };
  return {
    responsive: true, maintainAspectRatio: false, animation: false,
    scales: { x: { ...axis, grid: { display: false } }, y: { ...axis, beginAtZero: true, suggestedMax: 4 } },
    plugins: { legend: { position: "bottom", labels: { color: color("--text") } } },
  };
}

// The canvas belongs to Chart.js; Mithril keeps its hands off.
const Canvas = {
  oncreate: async ({ dom, attrs, state }) => {
    state.dark = matchMedia("(prefers-color-scheme: dark)");
    state.repaint = () => { if (state.chart) { state.chart.options = optionsOf(); state.draw(); } };
    state.attrs = attrs;
    state.draw = () => { state.chart.data = dataOf(state.attrs); state.chart.update("none"); };
    state.dark.addEventListener("change", state.repaint);
    try {
      const Chart = await loadChart();
      if (!state.isGone) state.chart = new Chart(dom.querySelector("canvas"), { type: "bar", data: dataOf(state.attrs), options: optionsOf() });
    } catch {
      state.hasFailed = true;
      m.redraw();
    }
  },
  onupdate: ({ attrs, state }) => {
    const isOther = state.shown !== JSON.stringify(spansOf(attrs)) + attrs.overview.mode;
    state.attrs = attrs;
    state.shown = JSON.stringify(spansOf(attrs)) + attrs.overview.mode;
    if (state.chart && isOther) state.draw();
  },
  onremove: ({ state }) => {
    state.isGone = true;
    state.dark.removeEventListener("change", state.repaint);
    state.chart?.destroy();
  },
  view: ({ attrs, state }) =>
    m(".chart", [
      state.hasFailed && m("p.quiet", "The chart could not be loaded; its numbers are in the table below."),
      m("canvas[role=img]", { "aria-label": attrs.label }),
    ]),
};

function summary({ overview, span }) {
  const spans = spansOf({ overview, span });
  const all = PARTS.map((one) => [one.name.toLowerCase(), spans.reduce((sum, each) => sum + part(each, overview.mode, one), 0)]);
  const failed = spans.reduce((sum, each) => sum + each.failed, 0);
  return `Changes in Okta in the last ${span === "hours" ? "24 hours" : "30 days"}: ` +
    `${all.map(([name, n]) => `${number(n)} ${name}`).join(", ")}, ${number(failed)} failed. The table below has the numbers.`;
}

const rowOf = (mode) => (span) => [
  span.label, number(span.deliveries), ...PARTS.map((one) => number(part(span, mode, one))), number(span.failed),
  span.times.p50_ms === null ? "-" : took(span.times.p50_ms), span.times.p95_ms === null ? "-" : took(span.times.p95_ms),
];

const SPANS = { hours: "24 hours", days: "30 days" };

export const Chart = {
  oninit: ({ state }) => { state.span = "hours"; },
  view: ({ attrs: { overview }, state }) => {
    const looked = { overview, span: state.span };
    const isDryRun = overview.mode === "dry_run";
    return m(Section, {
      title: isDryRun ? "What would have been done" : "What was done",
      actions: m(".btn-group", { role: "group", "aria-label": "How far back" }, Object.entries(SPANS).map(([span, name]) =>
        m("button.btn.btn-sm.btn-outline-secondary[type=button]", {
          "aria-pressed": String(state.span === span), onclick: () => { state.span = span; },
        }, name))),
    }, [
      m(Canvas, { ...looked, label: summary(looked) }),
      m("details", [
        m("summary", `The same as a table (${SPANS[state.span]}, in ${overview.time_zone})`),
        m(Table, {
          label: `What was done in the last ${SPANS[state.span]}`,
          columns: [state.span === "hours" ? "From" : "Day", "Deliveries", ...PARTS.map((one) => one.name), "Failed", "Half within", "95 of 100 within"],
          rows: spansOf(looked).reverse().map(rowOf(overview.mode)),
        }),
      ]),
    ]);
  },
};
