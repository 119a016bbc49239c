// SPDX-License-Identifier: MIT
// The frame around every page: skip link, navigation, connection switcher, account, messages.
import m from "./m.js";
import { chooseConnection, may, state } from "./session.js";
import { FreshDialog } from "./fresh.js";
import { IdleDialog, signOut } from "./idle.js";
import { openAlarms, openHolds, troubles } from "./overall.js";
import { Told } from "./ui.js";

// How many, for the eye, and of what, for the ear.
const Count = {
  view: ({ attrs: { count, what } }) =>
    count > 0 && m("span.count", [m("span", { "aria-hidden": "true" }, count > 99 ? "99+" : count), m("span.visually-hidden", ` (${count} ${what})`)]),
};

const COUNTS = {
  "/held": () => m(Count, { count: openHolds(), what: "held" }),
  "/system": () => m(Count, { count: openAlarms(), what: "open alarms" }),
};

function leadsTo(path, current) {
  return current === path || current.startsWith(path + "/");
}

const Nav = {
  view: ({ attrs: { pages, current }, state: nav }) =>
    m("nav.main-nav", { "aria-label": "Main", class: nav.isOpen ? "is-open" : "" }, [
      m("button.btn.btn-sm.btn-outline-secondary.menu[type=button]", {
        "aria-expanded": nav.isOpen ? "true" : "false", "aria-controls": "menu", onclick: () => (nav.isOpen = !nav.isOpen),
      }, "Menu"),
      m("ul#menu", pages.filter((one) => one.nav && may(one.role)).map((one) =>
        m("li", [
          m("a", { href: "#" + one.path, "aria-current": leadsTo(one.path, current) ? "page" : false }, one.nav),
          COUNTS[one.path]?.(),
        ]))),
    ]),
};

const Switcher = {
  view: () =>
    state.connections.length > 1 &&
    m("label.switcher", [m("span", "Connection"), m("select.form-select.form-select-sm", {
      value: state.connection,
      onchange: (event) => chooseConnection(event.target.value),
    }, state.connections.map((name) => m("option", { value: name }, name)))]),
};

const Who = {
  view: () =>
    m(".who", [
      m("a", { href: "#/account" }, [m("span.visually-hidden", "Your account: "), state.account?.name]),
      m("span.role", state.account?.role),
      m("button.btn.btn-sm.btn-outline-secondary[type=button]", { onclick: () => signOut() }, "Sign out"),
    ]),
};

// What stands still is said on every page, once, in words.
const Trouble = {
  view: () => m(".trouble", { role: "status" }, troubles().map((text) => m("p", { key: text }, text))),
};

export const Layout = {
  view: ({ attrs: { pages, current }, children }) => [
    m("a.skip", { href: "#main", onclick: (event) => { event.preventDefault(); document.querySelector("main h1")?.focus(); } }, "Skip to content"),
    m("header.top", [
      m("a.brand", { href: "#/overview" }, "bob2okta"),
      m(Nav, { pages, current }),
      m(Switcher),
      m(Who),
    ]),
    m(Trouble),
    m("main#main", children),
    m("footer.foot", `bob2okta ${state.version}`),
    m(Told),
    m(FreshDialog),
    m(IdleDialog),
  ],
};
