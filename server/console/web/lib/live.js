// SPDX-License-Identifier: MIT
// Data that keeps itself fresh by short polling while it is looked at; no reload is ever needed.
import m from "./m.js";
import { get } from "./api.js";

// In a component: oninit: (v) => { v.state.data = live("/status"); }, onremove: (v) => v.state.data.stop()
//   data.value   the last good answer; null before the first
//   data.error   why the last try failed; the value stays
//   data.reload() now; resolves when done
//   data.ask(query) with other arguments
// everyMs may also be told from the last value: (value) => how long until the next look
export function live(path, query = {}, { everyMs = 5000 } = {}) {
  const data = { value: null, error: null, isLoading: true, query };
  let timer = 0;
  let turn = 0;
  let isStopped = false;

  async function load() {
    const mine = ++turn;
    clearTimeout(timer);
    try {
      const value = await get(path, data.query);
      if (mine !== turn || isStopped) return;
      data.value = value;
      data.error = null;
    } catch (error) {
      if (mine !== turn || isStopped) return;
      data.error = error;
    }
    data.isLoading = false;
    m.redraw();
    timer = setTimeout(tick, typeof everyMs === "function" ? everyMs(data.value) : everyMs);
  }

  // A page nobody looks at asks nothing; it catches up when it is shown again.
  function tick() {
    if (!document.hidden) load();
  }

  function shown() {
    if (!document.hidden && !isStopped) load();
  }

  document.addEventListener("visibilitychange", shown);
  data.reload = load;
  data.ask = (next) => {
    data.query = next;
    data.isLoading = true;
    return load();
  };
  data.stop = () => {
    isStopped = true;
    clearTimeout(timer);
    document.removeEventListener("visibilitychange", shown);
  };
  load();
  return data;
}
