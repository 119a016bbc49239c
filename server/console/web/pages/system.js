// SPDX-License-Identifier: MIT
// What keeps the whole running: pausing, alarms, limits, secrets, copies, the log, sweeps, who may come in.
import m from "../lib/m.js";
import { live } from "../lib/live.js";
import { may, state as session } from "../lib/session.js";
import { Tabs } from "../lib/tabs.js";
import { Empty, Live, Page } from "../lib/ui.js";
import { Health } from "./system_health.js";
import { Alarms } from "./system_alarms.js";
import { Limits } from "./system_limits.js";
import { Secrets } from "./system_secrets.js";
import { Upkeep } from "./system_upkeep.js";
import { Sweeps } from "./system_sweeps.js";
import { Accounts } from "./system_accounts.js";

const views = [
  { tab: "health", title: "Health", show: Health, role: "viewer" },
  { tab: "alarms", title: "Alarms", show: Alarms, role: "viewer", count: (status) => status.alarms.open },
  { tab: "limits", title: "Limits", show: Limits, role: "viewer" },
  { tab: "secrets", title: "Tokens and keys", show: Secrets, role: "viewer" },
  { tab: "upkeep", title: "Backup, log, retention", show: Upkeep, role: "viewer" },
  { tab: "sweeps", title: "Sweeps", show: Sweeps, role: "viewer" },
  { tab: "accounts", title: "Admins and roles", show: Accounts, role: "admin" },
];

export const System = {
  oninit: ({ state }) => { state.status = live("/status"); },
  onremove: ({ state }) => state.status.stop(),
  view: ({ state: { status } }) => {
    const tabs = views.filter((one) => may(one.role));
    const current = tabs.find((one) => one.tab === m.route.param("tab")) || tabs[0];
    return m(Page, { title: "System" }, [
      m(Tabs, {
        label: "Parts of the system", path: "/system", current: current.tab,
        tabs: tabs.map((one) => ({ ...one, count: status.value ? one.count?.(status.value) : undefined })),
      }),
      m(Live, { data: status, what: "the state of the system" }, (answer) => {
        const connection = answer.connections.find((one) => one.name === session.connection);
        return connection
          ? m(current.show, { status: answer, reload: status.reload, connection })
          : m(Empty, { title: `There is no connection ${session.connection} any more`, hint: "The settings have changed: choose another one." });
      }),
    ]);
  },
};
