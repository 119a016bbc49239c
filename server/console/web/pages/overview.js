// SPDX-License-Identifier: MIT
// Is it working? One sentence, then the numbers behind it.
import m from "../lib/m.js";
import { live } from "../lib/live.js";
import { zone } from "../lib/time.js";
import { Empty, Live, Page } from "../lib/ui.js";
import { Calendar } from "./overview_calendar.js";
import { Chart, loadChart } from "./overview_chart.js";
import { Alarms, Banners, Budgets, Held, Lanes, Sentence, Tiles, Today } from "./overview_parts.js";

const CALENDAR_EVERY_MS = 60000; // dates come from readings hours old
const SETUP = "#/settings/integrations/provisioning/okta";

const isNew = ({ setup, people, last_delivery_at_ms: last }) => !setup.is_done || (people.known === 0 && last === 0);

// A server without settings has no connection to tell of.
const hasNothing = ({ value, error }) => value === null && error?.code === "not_found";
const NOTHING = { setup: { is_done: false } };

const Begin = {
  view: ({ attrs: { overview } }) => overview.setup.is_done
    ? m(Empty, {
        title: "Nobody is known yet",
        hint: "Match the people you have, or let Bob deliver its first event: give Bob the webhook's address and its secret.",
      }, m("a.btn.btn-primary", { href: SETUP }, "Go on with the set-up"))
    : m(Empty, { title: "bob2okta is not set up yet", hint: "It takes about ten minutes: Okta's domain and token, Bob's service user, the webhook." },
        m("a.btn.btn-primary", { href: SETUP }, "Set up")),
};

const Content = {
  view: ({ attrs: { overview, calendar, changed } }) => [
    m(Sentence, { working: overview.is_working }),
    overview.setup.is_done && m(Banners, { overview }),
    isNew(overview) ? m(Begin, { overview }) : [
      m(Tiles, { overview }),
      overview.alarms.length > 0 && m(Alarms, { alarms: overview.alarms, changed }),
      m(Chart, { overview }),
      m(Calendar, { data: calendar }),
      m(".columns", [m("div", [m(Held, { overview }), m(Lanes, { overview })]), m("div", [m(Today, { overview }), m(Budgets, { overview })])]),
    ],
  ],
};

loadChart().catch(() => {}); // while the numbers are on their way; the chart says what went wrong

export const Overview = {
  oninit: ({ state }) => {
    state.overview = live("/overview", { time_zone: zone });
    state.calendar = live("/overview/calendar", { time_zone: zone }, { everyMs: CALENDAR_EVERY_MS });
  },
  onremove: ({ state }) => { state.overview.stop(); state.calendar.stop(); },
  view: ({ state }) =>
    m(Page, { title: "Overview" }, hasNothing(state.overview)
      ? m(Begin, { overview: NOTHING })
      : m(Live, { data: state.overview, what: "the overview" }, (overview) =>
        m(Content, { overview, calendar: state.calendar, changed: state.overview.reload }))),
};
