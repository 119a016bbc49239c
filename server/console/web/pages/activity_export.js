// SPDX-License-Identifier: MIT
// The filtered trail as a file. It comes in parts, so that no answer is too large.
import m from "../lib/m.js";
import { postForFile, save } from "../lib/api.js";
import { state as session } from "../lib/session.js";
import { Act, Dialog, Field, Problem, say } from "../lib/ui.js";

const formats = {
  csv: { name: "audit.csv", type: "text/csv;charset=utf-8" },
  jsonl: { name: "audit.jsonl", type: "application/x-ndjson" },
};
const PARTS_MAX = 500;

// Empty texts are no filter.
const given = (filter) => Object.fromEntries(Object.entries(filter).filter(([, value]) => value !== "" && value !== undefined));

async function collect(job, format, filter) {
  const parts = [];
  const body = { ...given(filter), format };
  // What is written from now on, this export first of all, is not part of it.
  body.until_ms ??= Date.now() + 1;
  for (let after = 0; parts.length < PARTS_MAX; ) {
    const part = await postForFile("/audit/export", after ? { ...body, after } : body, { connection: session.connection });
    parts.push(part.blob);
    after = Number(part.header("X-Next-After"));
    job.parts = parts.length;
    m.redraw();
    if (!after) return parts;
  }
  throw new Error("This is too much for a browser: choose a shorter time, or use bob2okta audit export.");
}

export const ExportDialog = {
  oninit: ({ state }) => { Object.assign(state, { format: "csv", parts: 0, error: null }); },
  view: ({ attrs: { filter, isFiltered, onclose }, state: job }) =>
    m(Dialog, { title: "Export the audit trail", onclose }, [
      m("p", isFiltered ? "The records that the filter shows, all of them, are written to a file." : "All records are written to a file. Filter the list first to take fewer."),
      m("p", "The file names people. That you took it is a record of the trail itself."),
      m(Field, { label: "Format", value: job.format, onchange: (event) => { job.format = event.target.value; },
        options: [["csv", "CSV", "For spreadsheets; nothing in it can act as a formula."], ["jsonl", "JSON Lines", "Each record exactly."]] }),
      job.error && m(Problem, { error: job.error }),
      job.parts > 0 && m("p", { role: "status" }, `${job.parts} parts fetched.`),
      m(".actions", [
        m(Act, {
          kind: "primary", onerror: (error) => { job.error = error; },
          run: async () => {
            const { name, type } = formats[job.format];
            save(name, type, ...(await collect(job, job.format, filter)));
            say(`${name} is saved.`);
            onclose();
          },
        }, "Export"),
        m("button.btn.btn-outline-secondary[type=button]", { onclick: onclose }, "Cancel"),
      ]),
    ]),
};
