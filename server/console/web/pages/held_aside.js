// SPDX-License-Identifier: MIT
// Deliveries that nobody reads any more, and what was approved in advance.
import m from "../lib/m.js";
import { post } from "../lib/api.js";
import { live } from "../lib/live.js";
import { may } from "../lib/session.js";
import { Act, Empty, Live, Loading, Section, Table, Time, say } from "../lib/ui.js";
import { moment } from "../lib/time.js";
import { Who, nameOf } from "../lib/who.js";
import { limitWord } from "../lib/words.js";

export const Aside = {
  oninit: ({ state }) => { state.events = live("/events", { limit: 500 }, { everyMs: 15000 }); },
  onremove: ({ state }) => state.events.stop(),
  view: ({ attrs: { connection, status }, state }) =>
    m(Section, { title: "Deliveries set aside" }, [
      m("p", "The process ended three times while it read one of these, so nobody reads it any more. It may be a revocation: look who it is about, and report it with the log around the crashes."),
      !connection ? m(Loading, { what: "deliveries" })
        : connection.events_aside.length === 0 ? m(Empty, { title: "No delivery is set aside" })
          : m(Table, {
              label: "List of deliveries", columns: ["Delivery", "What", "Received", "Mend"],
              rows: connection.events_aside.map((id) => {
                const event = state.events.value?.events.find((one) => one.event_id === id);
                return [String(id), event ? `${event.type}${event.employee_id ? ` about ${event.employee_id}` : ""}: ${event.reason}` : "not among the newest 500",
                  event ? m(Time, { ms: event.received_at_ms }) : "",
                  may("operator") && m(Act, { small: true, "aria-label": `Read delivery ${id} once more`, run: async () => {
                    await post("/retry", { event_id: id });
                    say(`Delivery ${id} is read once more.`);
                    await status.reload();
                  } }, "Read once more")];
              }),
            }),
    ]),
};

export const Approved = {
  oninit: ({ state }) => { state.data = live("/plan/approvals"); },
  onremove: ({ state }) => state.data.stop(),
  view: ({ state }) =>
    m(Section, { title: "Approved in advance" }, [
      m("p", "These people, and nobody else, pass their limit on their day. Approvals are given in the calendar of the Overview or with bob2okta plan approve."),
      m(Live, { data: state.data, what: "approvals" }, (answer) => answer.approvals.length === 0
        ? m(Empty, { title: "Nothing is approved in advance" })
        : m(Table, {
            label: "Approvals in advance", columns: ["Day", "Who", "Limit", "By", "Until", "Used", "Change"],
            rows: answer.approvals.map((one) => [one.day, m(Who, { one }), limitWord(one.limit), one.by, moment(one.until_ms), one.used_at_ms ? m(Time, { ms: one.used_at_ms }) : "not yet",
              may("operator") && m(Act, { small: true, "aria-label": `Take back the approval of ${nameOf(one)} on ${one.day}`, run: async () => {
                await post("/plan/unapprove", { day: one.day, limit: one.limit, employee_id: one.employee_id });
                say("The approval is taken back.");
                await state.data.reload();
              } }, "Take back")]),
          })),
    ]),
};
