// SPDX-License-Identifier: MIT
// What waits for a human, what went wrong, and what became of those who were let go.
import m from "../lib/m.js";
import { live } from "../lib/live.js";
import { Page } from "../lib/ui.js";
import { state as session } from "../lib/session.js";
import { Tabs } from "../lib/tabs.js";
import { HoldList } from "./held_list.js";
import { Failed, Parked } from "./held_failed.js";
import { Approved, Aside } from "./held_aside.js";
import { Releases } from "./held_release.js";

const sum = (object) => Object.values(object || {}).reduce((all, one) => all + one, 0);

const views = [
  { tab: "held", title: "Held", show: HoldList, count: (one) => sum(one.holds) },
  { tab: "failed", title: "Failed", show: Failed, count: (one) => one.employees.failed },
  { tab: "parked", title: "Parked", show: Parked, count: (one) => one.employees.parked },
  { tab: "aside", title: "Deliveries set aside", show: Aside, count: (one) => one.events_aside.length },
  { tab: "approved", title: "Approved in advance", show: Approved },
];

export const Held = {
  oninit: ({ state }) => { state.status = live("/status"); },
  onremove: ({ state }) => state.status.stop(),
  view: ({ state }) => {
    const connection = state.status.value?.connections.find((one) => one.name === session.connection);
    const releases = m.route.param("release");
    const current = views.find((one) => one.tab === m.route.param("tab")) || views[0];
    return m(Page, { title: "Held and failed", subtitle: "Nothing here goes on before somebody decides or mends it." }, [
      m(Tabs, {
        label: "Kinds of work that waits", path: "/held", current: releases ? "" : current.tab,
        tabs: views.map((one) => ({ ...one, count: connection ? one.count?.(connection) : undefined })),
      }),
      releases ? m(Releases, { ids: String(releases) }) : m(current.show, { status: state.status, connection }),
    ]);
  },
};
