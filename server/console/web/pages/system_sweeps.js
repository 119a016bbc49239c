// SPDX-License-Identifier: MIT
// Sweeps: comparing all of Bob with all of Okta. Start one, leave, come back; look at what it found.
import m from "../lib/m.js";
import { get, post } from "../lib/api.js";
import { live } from "../lib/live.js";
import { may } from "../lib/session.js";
import { moment } from "../lib/time.js";
import { Act, Badge, Dialog, Empty, Field, Live, Problem, Section, Table, Time, say } from "../lib/ui.js";
import { Who } from "../lib/who.js";

const causes = { nightly: "by itself", by_hand: "by hand", downtime: "after a downtime", silence: "because Bob was silent", repeat: "after a fault" };
const phases = { ids: "asking Bob for all ids", users: "reading Okta's users", people: "reading Bob's people", marks: "marking who differs", none: "waiting" };
const states = { waiting: ["plain", "waiting"], running: ["info", "running"], done: ["good", "done"], fault: ["bad", "not trusted"] };
const kinds = {
  change: "Bob says something else, and no event said so", status: "Another status in Okta", drift: "Changed in Okta by hand",
  no_user: "No linked user", no_employee: "Nobody in Bob", duplicate: "Twice", absent: "Missing from Bob's list",
};

const StartDialog = {
  oninit: ({ state }) => { Object.assign(state, { accepts: false, error: null }); },
  view: ({ attrs: { reload, onclose }, state: dialog }) =>
    m(Dialog, { title: "Compare everybody now?", onclose }, [
      m("p", "Everybody in Bob is compared with every user in Okta. It changes nobody: whoever differs is compared anew by a run of their own, with all limits. 10,000 people take about four minutes."),
      m(Field, { label: "Bob lists fewer people than before, and that is right", type: "checkbox", checked: dialog.accepts,
        help: "Only if the sweep before did not trust Bob's list for that.", onchange: (event) => { dialog.accepts = event.target.checked; } }),
      dialog.error && m(Problem, { error: dialog.error }),
      m(".actions", [
        m(Act, { kind: "primary", onerror: (error) => { dialog.error = error; }, run: async () => {
          const { sweep_id: id } = await post("/sweep", dialog.accepts ? { accept_shorter_list: true } : {});
          say(`Sweep ${id} is asked for.`);
          onclose();
          await reload();
        } }, "Start"),
        m("button.btn.btn-outline-secondary[type=button]", { onclick: onclose }, "Cancel"),
      ]),
    ]),
};

const Progress = {
  view: ({ attrs: { sweep } }) => m("label.d-block.mb-2", { role: "status" }, [
    sweep.total > 0 ? m("progress", { max: sweep.total, value: sweep.done }) : m("progress"),
    ` Sweep ${sweep.sweep_id}: ${phases[sweep.phase] || sweep.phase}${sweep.total > 0 ? `, ${sweep.done} of ${sweep.total}` : ""}. You may leave this page.`,
  ]),
};

function rowOf(one) {
  return [
    m("a", { href: `#/system?tab=sweeps&sweep=${one.sweep_id}` }, `Sweep ${one.sweep_id}`),
    [m(Badge, { tone: states[one.state][0] }, states[one.state][1]), one.sentence && m("", one.sentence)],
    `${causes[one.cause] || one.cause}${one.by ? ` (${one.by})` : ""}`,
    one.ended_at_ms ? m(Time, { ms: one.ended_at_ms }) : one.started_at_ms ? ["began ", m(Time, { ms: one.started_at_ms })] : "not begun",
  ];
}

const List = {
  oninit: ({ state }) => { state.data = live("/sweeps", { limit: 20 }, { everyMs: 2000 }); },
  onremove: ({ state }) => state.data.stop(),
  view: ({ attrs: { connection }, state }) =>
    m(Section, {
      title: "Sweeps",
      actions: may("operator") && [m("button.btn.btn-sm.btn-outline-primary[type=button]", { onclick: () => { state.isAsked = true; } }, "Compare everybody now")],
    }, [
      m("p", connection.sweep.next_at_ms ? `The next one is due by itself ${moment(connection.sweep.next_at_ms)}.` : "None runs by itself."),
      connection.sweep.is_bob_silent && m("p", { role: "alert" }, [m(Badge, { tone: "warn" }, "Bob is silent"), " It has sent nothing for longer than usual."]),
      m(Live, { data: state.data, what: "sweeps" }, ({ sweeps }) => [
        sweeps.filter((one) => one.state === "running" || one.state === "waiting").map((sweep) => m(Progress, { sweep })),
        sweeps.length === 0 ? m(Empty, { title: "No sweep has run yet" })
          : m(Table, { label: "List of sweeps", columns: ["Number", "State", "Why", "When"], rows: sweeps.map(rowOf), keys: sweeps.map((one) => one.sweep_id) }),
      ]),
      state.isAsked && m(StartDialog, { reload: state.data.reload, onclose: () => { state.isAsked = false; m.redraw(); } }),
    ]),
};

const One = {
  oninit: ({ attrs, state }) => {
    state.kind = "";
    state.more = [];
    state.next = undefined;
    state.data = live(`/sweeps/${attrs.id}`, { limit: 100 });
  },
  onremove: ({ state }) => state.data.stop(),
  view: ({ attrs: { id }, state }) =>
    m(Section, { title: `Sweep ${id}` }, [
      m("p", m("a", { href: "#/system?tab=sweeps" }, "Back to all sweeps")),
      m(Live, { data: state.data, what: "what the sweep found" }, ({ sweep, findings, next_after: after }) => {
        const next = state.next === undefined ? after : state.next;
        const all = [...findings, ...state.more];
        return [
          m("p", { role: "status" }, [m(Badge, { tone: states[sweep.state][0] }, states[sweep.state][1]), ` ${sweep.sentence}`]),
          sweep.state === "running" && m(Progress, { sweep }),
          m(Field, { label: "Findings", value: state.kind, options: [["", "of every kind"], ...Object.entries(kinds)], onchange: (event) => {
            Object.assign(state, { kind: event.target.value, more: [], next: undefined });
            state.data.ask({ kind: state.kind, limit: 100 });
          } }),
          all.length === 0 ? m(Empty, { title: "Nothing was found" }) : m(Table, {
            label: `Findings of sweep ${id}`, columns: ["What", "Who", "In Okta", "Details"], keys: all.map((one) => one.finding_id),
            rows: all.map((one) => [kinds[one.kind] || one.kind, one.employee_id ? m(Who, { one }) : "nobody", one.login || one.okta_id || "nobody", one.detail]),
          }),
          next && m(Act, { run: async () => {
            const answer = await get(`/sweeps/${id}`, { kind: state.kind, limit: 100, after: next });
            state.more.push(...answer.findings);
            state.next = answer.next_after;
          } }, "Show more"),
        ];
      }),
    ]),
};

export const Sweeps = {
  view: ({ attrs: { connection } }) => {
    const id = m.route.param("sweep");
    return /^\d+$/.test(id || "") ? m(One, { id: String(id) }) : m(List, { connection });
  },
};
