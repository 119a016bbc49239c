// SPDX-License-Identifier: MIT
// Who failed, why, and trying again; who is parked, and for what.
import m from "../lib/m.js";
import { post } from "../lib/api.js";
import { live } from "../lib/live.js";
import { may } from "../lib/session.js";
import { Act, Dialog, Empty, Field, Live, Notice, Problem, Section, Table, Time, say } from "../lib/ui.js";
import { count } from "../lib/numbers.js";
import { Who, nameOf, names } from "../lib/who.js";

const ROWS = 50;

// The first that fits the reason says what to do.
const mends = [
  [/E0000006|E0000005|permission|not allowed/i, "The token may not do this: give its owner the permission, or take the person out of the protected ones."],
  [/already exists|another (user|employee)|unique/i, "Another account has this login or e-mail: change it in Bob, or link the right account on the person's page."],
  [/E0000001|validation|Okta refuses|too long|takes \d+/i, "Okta does not take a value: correct it in Bob, or the row in the mapping."],
  [/missing|is empty|no work e-?mail/i, "Bob lacks a value the account needs: enter it there."],
  [/express|row/i, "A row of the mapping does not work for this person: look at it on the mapping page."],
];
const mendOf = (text) => (mends.find(([pattern]) => pattern.test(text)) || [0, "Mend what the reason names, in Bob, in Okta or in the mapping."])[1];

const Reason = {
  view: ({ attrs: { one } }) => [
    m("", one.last_error || one.last_sentence || "no reason was kept"),
    m(".small", [m("strong", "What to do: "), mendOf(one.last_error || "")]),
  ],
};

async function retry(people) {
  for (const one of people) await post(`/people/${one.employee_id}/retry`);
  say(`Trying again: ${names(people)}.`);
}

function makeList(state) {
  const list = { text: "", after: [], chosen: new Map(), asked: null };
  const query = () => ({ state, text: list.text, limit: ROWS, after: list.after[list.after.length - 1] });
  list.data = live("/people", query());
  list.reload = () => list.data.ask(query());
  list.search = (text) => { list.text = text; list.after = []; list.chosen.clear(); list.reload(); };
  list.next = (after) => { list.after.push(after); list.reload(); };
  list.back = () => { list.after.pop(); list.reload(); };
  list.choose = (one, isOn) => (isOn ? list.chosen.set(one.employee_id, one) : list.chosen.delete(one.employee_id));
  return list;
}

const Pages = {
  view: ({ attrs: { list, answer } }) =>
    (list.after.length > 0 || answer.next_after) && m("nav.actions", { "aria-label": "Pages" }, [
      m("button.btn.btn-sm.btn-outline-secondary[type=button]", { disabled: list.after.length === 0, onclick: list.back }, "Back"),
      m("button.btn.btn-sm.btn-outline-secondary[type=button]", { disabled: !answer.next_after, onclick: () => list.next(answer.next_after) }, "Next"),
    ]),
};

// The second look: everybody, or those who were chosen.
const Again = {
  view: ({ attrs: { list, onclose } }) => {
    const { people, total } = list.asked;
    return m(Dialog, { title: people ? `Try ${count(people.length, "person", "people")} again?` : `Try all ${total} again?`, onclose }, [
      m("p", people ? names(people, 20) : `Everybody who failed in this connection: ${count(total, "person", "people")}.`),
      m("p", "Their waiting times and used-up attempts are forgotten, and each is read and planned afresh now."),
      list.error && m(Problem, { error: list.error }),
      m(".actions", [
        m(Act, {
          kind: "primary", onerror: (error) => { list.error = error; },
          run: async () => {
            if (people) await retry(people);
            else say(`Trying ${(await post("/retry", { failed: true })).marked} again.`);
            list.chosen.clear();
            onclose();
            list.reload();
          },
        }, "Try again"),
        m("button.btn.btn-outline-secondary[type=button]", { onclick: onclose }, "Cancel"),
      ]),
    ]);
  },
};

function failedRow(list, one) {
  const cells = [m(Who, { one }), m(Reason, { one }), m(Time, { ms: one.last_run_at_ms })];
  if (!may("operator")) return cells;
  const who = nameOf(one);
  return [
    m("input.form-check-input[type=checkbox]", { "aria-label": `Choose ${who}`, checked: list.chosen.has(one.employee_id),
      onchange: (event) => list.choose(one, event.target.checked) }),
    ...cells,
    m(Act, { small: true, "aria-label": `Try ${who} again`, run: async () => { await retry([one]); list.reload(); } }, "Try again"),
  ];
}

const FailedTable = {
  view: ({ attrs: { list, answer } }) => {
    const columns = ["Who", "Why", "Last tried"];
    if (may("operator")) {
      columns.unshift(m("input.form-check-input[type=checkbox]", {
        "aria-label": "Choose all on this page", checked: answer.people.length > 0 && answer.people.every((one) => list.chosen.has(one.employee_id)),
        onchange: (event) => answer.people.forEach((one) => list.choose(one, event.target.checked)),
      }));
      columns.push("");
      columns[columns.length - 1] = m("span.visually-hidden", "Try again");
    }
    return m(Table, { label: "Failed people", columns, rows: answer.people.map((one) => failedRow(list, one)), keys: answer.people.map((one) => one.employee_id) });
  },
};

export const Failed = {
  oninit: ({ state }) => { state.list = makeList("failed"); },
  onremove: ({ state }) => state.list.data.stop(),
  view: ({ attrs: { connection }, state: { list } }) => [
    m(Section, { title: "Who failed" }, [
      m("p", "bob2okta has stopped trying. Mend the cause; the next change in Bob tries again by itself, and so does the button."),
      m(Field, { label: "Name, login or id", type: "search", value: list.text, oninput: (event) => list.search(event.target.value) }),
      m(Live, { data: list.data, what: "who failed" }, (answer) => [
        may("operator") && answer.people.length > 0 && m(".chosen", { role: "status" }, [
          m("span", list.chosen.size === 0 ? "Nobody chosen" : `${list.chosen.size} chosen`),
          list.chosen.size > 0 && m("button.btn.btn-sm.btn-primary[type=button]", { onclick: () => { list.asked = { people: [...list.chosen.values()] }; } }, `Try ${list.chosen.size} again`),
          m("button.btn.btn-sm.btn-outline-primary[type=button]", { onclick: () => { list.asked = { total: connection?.employees.failed ?? answer.people.length }; } }, "Try all again"),
        ]),
        answer.people.length > 0 ? m(FailedTable, { list, answer })
          : m(Empty, list.text ? { title: "Nobody who failed is called that" } : { title: "Nobody has failed", hint: "Whoever Okta or Bob refuses for good will be here, with the reason and what to do." }),
        m(Pages, { list, answer }),
      ]),
    ]),
    list.asked && m(Again, { list, onclose: () => { list.asked = null; list.error = null; m.redraw(); } }),
  ],
};

const Away = {
  view: ({ attrs: { name, system } }) =>
    system.state === "parked" && m(Notice, { kind: "warning" }, [
      m("strong", system.is_refusing ? `${name} refuses access. ` : `${name} is away. `), system.sentence, " Since ", m(Time, { ms: system.since_ms }), ". ",
      system.is_refusing ? ["It goes on by itself once access is given again; a new token is entered on the ", m("a", { href: "#/system?tab=secrets" }, "System page"), "."]
        : "Work goes on by itself when it is back."]),
};

export const Parked = {
  oninit: ({ state }) => { state.list = makeList("parked"); },
  onremove: ({ state }) => state.list.data.stop(),
  view: ({ attrs: { connection }, state: { list } }) =>
    m(Section, { title: "Who is parked" }, [
      connection && !connection.lacks && [m(Away, { name: "Okta", system: connection.okta }), m(Away, { name: "Bob", system: connection.bob })],
      connection?.pause && m(Notice, { kind: "warning" }, [`Paused by ${connection.pause.by}. `, m("a", { href: "#/system" }, "Resume on the System page"), "."]),
      m("p", "These people wait for the outside world, and for nobody's decision. They go on by themselves."),
      m(Live, { data: list.data, what: "who is parked" }, (answer) => [
        answer.people.length > 0
          ? m(Table, { label: "Parked people", columns: ["Who", "Why", "Last tried"],
              rows: answer.people.map((one) => [m(Who, { one }), one.last_error || one.last_sentence, m(Time, { ms: one.last_run_at_ms })]) })
          : m(Empty, { title: "Nobody is parked", hint: "While Okta or Bob is away, whoever has work waiting will be here." }),
        m(Pages, { list, answer }),
      ]),
    ]),
};
