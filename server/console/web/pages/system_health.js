// SPDX-License-Identifier: MIT
// Pause and resume, what runs since when, and how its parts do.
import m from "../lib/m.js";
import { post } from "../lib/api.js";
import { live } from "../lib/live.js";
import { may } from "../lib/session.js";
import { moment } from "../lib/time.js";
import { Act, Badge, Dialog, Field, Problem, Section, Time, say } from "../lib/ui.js";

// Everything Okta is written is in question here: asked before, said after.
const PauseDialog = {
  oninit: ({ state }) => { Object.assign(state, { revocations: "true", error: null }); },
  view: ({ attrs: { name, reload, onclose }, state: dialog }) =>
    m(Dialog, { title: `Pause ${name}?`, onclose }, [
      m("p", "Nothing is written to Okta until somebody resumes: nobody gets an account, nobody is closed. What Bob sends is kept and done afterwards."),
      m(Field, { label: "Immediate revocations", value: dialog.revocations, onchange: (event) => { dialog.revocations = event.target.value; },
        options: [["true", "pass", "Whoever loses access in Bob loses it in Okta."], ["false", "wait too", "Nothing at all is written."]] }),
      dialog.error && m(Problem, { error: dialog.error }),
      m(".actions", [
        m(Act, {
          kind: "danger", onerror: (error) => { dialog.error = error; },
          run: async () => {
            await post("/pause", { revocations: dialog.revocations === "true" });
            say("Paused.", "warning");
            onclose();
            await reload();
          },
        }, "Pause"),
        m("button.btn.btn-outline-secondary[type=button]", { onclick: onclose }, "Cancel"),
      ]),
    ]),
};

const Pause = {
  view: ({ attrs: { connection, reload }, state }) => {
    const { pause, name } = connection;
    return m(Section, { title: "Writing to Okta" }, [
      pause
        ? m("p", { role: "status" }, [m(Badge, { tone: "warn" }, "Paused"), " by ", pause.by, " ", m(Time, { ms: pause.since_ms }), ". ",
            pause.revocations ? "Immediate revocations pass." : "Nothing passes, not even revocations."])
        : m("p", { role: "status" }, [m(Badge, { tone: connection.mode === "live" ? "good" : "info" }, connection.mode === "live" ? "Live" : "Dry run"),
            connection.mode === "live" ? " Changes are written." : " Everything is planned and nothing is written."]),
      may("operator") && (pause
        ? m(Act, { kind: "primary", run: async () => { await post("/resume"); say("Writing again."); await reload(); } }, "Resume")
        : m("button.btn.btn-outline-danger[type=button]", { onclick: () => { state.isAsked = true; } }, "Pause")),
      state.isAsked && m(PauseDialog, { name: `connection ${name}`, reload, onclose: () => { state.isAsked = false; m.redraw(); } }),
    ]);
  },
};

const fact = (name, value) => [m("dt", name), m("dd", value)];

const words = { ok: ["good", "works"], parked: ["bad", "away"], unknown: ["plain", "not asked yet"] };

function wordOf(system, lacks) {
  if (lacks) return ["plain", "not set up yet"];
  return system.is_refusing ? ["bad", "refuses access"] : words[system.state];
}

const Away = {
  view: ({ attrs: { name, system, lacks } }) => fact(name, [
    m(Badge, { tone: wordOf(system, lacks)[0] }, wordOf(system, lacks)[1]),
    system.sentence && ` ${system.sentence}`, system.state === "parked" && [" Since ", m(Time, { ms: system.since_ms }), "."],
  ]),
};

// The deliveries of the sweep's report are as old as the report; the webhook's are of now.
const lastCame = (hook) => (hook.value === null ? "" : hook.value.event_at_ms ? [" The last one came ", m(Time, { ms: hook.value.event_at_ms }), "."] : " None has come yet.");

const Parts = {
  oninit: ({ state }) => { state.hook = live("/webhook"); },
  onremove: ({ state }) => state.hook.stop(),
  view: ({ attrs: { status, connection }, state }) =>
    m(Section, { title: "Health" }, m("dl.facts", [
      fact("Store", [m(Badge, { tone: status.store.is_writable ? "good" : "bad" }, status.store.is_writable ? "writable" : "not writable"),
        status.store.sentence && ` ${status.store.sentence}`]),
      status.store.restored && fact("Copy", [m(Badge, { tone: "warn" }, "put back"), ` made ${moment(status.store.restored.backup_at_ms)}; first start on it ${moment(status.store.restored.started_at_ms)}.`]),
      fact("Disk", status.alarms.by_name.disk ? m(Badge, { tone: "bad" }, "nearly full") : m(Badge, { tone: "good" }, "has room")),
      m(Away, { name: "Okta", system: connection.okta, lacks: connection.lacks }),
      m(Away, { name: "Bob", system: connection.bob, lacks: connection.lacks }),
      fact("Webhook", connection.webhook_secrets > 0
        ? [m(Badge, { tone: "good" }, "takes deliveries"), lastCame(state.hook)]
        : [m(Badge, { tone: "bad" }, "has no secret"), " Every delivery is refused until one is entered."]),
    ])),
};

const Version = {
  view: ({ attrs: { status } }) =>
    m(Section, { title: "What runs" }, m("dl.facts", [
      m("dt", "Version"), m("dd", status.version),
      m("dt", "Commit"), m("dd", m("code", status.commit)),
      m("dt", "Started"), m("dd", [moment(status.started_at_ms), " (", m(Time, { ms: status.started_at_ms }), ")"]),
      m("dt", "Settings"), m("dd", `version ${status.settings.version}, from ${status.settings.source}, by ${status.settings.author}, ${moment(status.settings.at_ms)}`),
      status.settings.refused && [m("dt", "Refused"), m("dd", [m(Badge, { tone: "warn" }, "other settings were refused"), ` ${status.settings.refused.sentence}`])],
    ])),
};

export const Health = {
  view: ({ attrs }) => [m(Pause, attrs), m(Parts, attrs), m(Version, attrs)],
};
