// SPDX-License-Identifier: MIT
// The parts of a page that has several: links, so that each has an address and Back works.
import m from "./m.js";

// m(Tabs, {label, path: "/held", current: "failed", tabs: [{tab, title, count}]}); count undefined: none is shown
export const Tabs = {
  view: ({ attrs: { label, path, current, tabs } }) =>
    m("nav", { "aria-label": label },
      m("ul.nav.nav-tabs.mb-3", tabs.map((one) =>
        m("li.nav-item", { key: one.tab + (one.tab === current) }, m(`a.nav-link${one.tab === current ? ".active" : ""}`, {
          href: `#${path}?tab=${one.tab}`,
          ...(one.tab === current && { "aria-current": "page" }),
        }, one.count === undefined ? one.title : `${one.title} (${one.count})`))))),
};
