// SPDX-License-Identifier: MIT
// Long work of the server, which can be left and come back to: begun, followed, ended, found again.
import m from "./m.js";
import { post } from "./api.js";
import { live } from "./live.js";
import { Act, Time } from "./ui.js";

// In a component: oninit: (v) => { v.state.job = watch("/plan"); }, onremove: (v) => v.state.job.stop()
//   job.value        {state: none, running, done, stopped or failed, by, listed, read, result, ...}, as docs/http.md has it
//   job.isRunning()  now
//   job.start(body)  begins it; throws when somebody else did, or when there are mistakes
//   and all that live() has
export function watch(path) {
  // What came of it may be long, and stays the same until another one begins.
  const job = live(path, {}, { everyMs: (value) => (value?.state === "running" ? 1000 : 30000) });
  job.path = path;
  job.isRunning = () => job.value?.state === "running";
  job.start = async (body = {}) => {
    try {
      await post(path + "/start", body);
    } finally {
      // Where somebody else's runs, that is what is shown.
      await job.reload();
    }
  };
  return job;
}

// m(Progress, {job: watch(...), unit: "people"})
export const Progress = {
  view: ({ attrs: { job, unit } }) => {
    const { listed, read, by, begun_at_ms: begunMs } = job.value;
    return m("div", [
      m("label", [
        listed ? `${read} of ${listed} ${unit} looked at ` : `Counting the ${unit} `,
        m("progress", listed ? { max: listed, value: read } : {}),
      ]),
      m("p.quiet", ["Begun by ", by, " ", m(Time, { ms: begunMs }), ". You may leave this page: it goes on."]),
      m(Act, { small: true, kind: "outline-secondary", run: async () => { await post(job.path + "/stop"); await job.reload(); } }, "Stop"),
    ]);
  },
};
