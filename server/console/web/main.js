// SPDX-License-Identifier: MIT
// Starts the console: who is here decides what is shown, the address behind # which page.
import m from "./lib/m.js";
import { load, state } from "./lib/session.js";
import { watchIdle } from "./lib/idle.js";
import { forgetOverall, learnOverall, watchOverall } from "./lib/overall.js";
import { Layout } from "./lib/layout.js";
import { Loading, Page, Problem } from "./lib/ui.js";
import { pages } from "./pages/index.js";
import { FirstRun, SignIn } from "./pages/entry.js";

function entry() {
  forgetOverall();
  if (state.phase === "unknown") return m("main.entry", m(Loading, { what: "the console" }));
  if (state.phase === "unreachable") {
    return m("main.entry", [m("h1", "bob2okta"), m(Problem, { error: { message: "The server does not answer." }, retry: load })]);
  }
  return state.phase === "first_run" ? m(FirstRun) : m(SignIn);
}

// A page's own modules come when it is gone to. When they are not to be had any more, another
// version of the server runs than when this page was loaded.
const Gone = {
  view: () => m(Page, { title: "This page could not be loaded" }, m(Problem, {
    error: { message: "The server does not answer, or another version of it runs by now.", hint: "Loading the console anew brings the present one." },
    retry: () => location.reload(),
  })),
};

async function fetchPage(one) {
  one.hasFailed = false;
  try {
    one.page ??= await one.load();
  } catch {
    one.hasFailed = true;
  }
  m.redraw();
}

function shown(one, key, attrs) {
  if (one.page) return m(one.page, { key, ...attrs });
  return one.hasFailed ? m(Gone) : m(Loading, { what: "the page" });
}

function around(one) {
  return {
    onmatch: (attrs, requested) => {
      if (!one.page) fetchPage(one);
      // Another person's page is another page: Mithril would keep the component.
      return { view: () => {
        if (state.phase !== "signed_in") return entry();
        watchOverall();
        watchIdle();
        learnOverall();
        return m(Layout, { pages, current: one.path }, [shown(one, requested + state.connection, attrs)]);
      } };
    },
  };
}

m.route.prefix("#");
const routes = Object.fromEntries(pages.map((one) => [one.path, around(one)]));
m.route(document.getElementById("app"), "/overview", routes);
load();

// The others are there before they are gone to, also when the server goes away or becomes another.
const AFTERWARDS_MS = 2000;
addEventListener("load", () => setTimeout(() => { for (const one of pages) if (!one.page) fetchPage(one); }, AFTERWARDS_MS));
