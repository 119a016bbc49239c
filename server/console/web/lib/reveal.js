// SPDX-License-Identifier: MIT
// Values of people are masked until somebody says what they look for.
import m from "./m.js";
import { post } from "./api.js";
import { Act, Dialog, Field, Problem, say } from "./ui.js";

// Asks what for, since it is written down, and then shows the person's values for a while.
export const RevealDialog = {
  view: ({ attrs: { id, name, onshown, onclose }, state }) =>
    m(Dialog, { title: `Show the values of ${name}`, onclose }, [
      m("p", "Who looked at whose values, when and what for is written into the audit trail. They are shown to you for five minutes."),
      m(Field, {
        label: "What for", name: "purpose", help: "A ticket, or a sentence.", maxlength: 160, required: true, value: state.purpose || "",
        oninput: (event) => { state.purpose = event.target.value; },
      }),
      state.error && m(Problem, { error: state.error }),
      m(".actions", [
        m(Act, {
          kind: "primary",
          disabled: !state.purpose?.trim(),
          onerror: (error) => { state.error = error; },
          run: async () => {
            state.error = null;
            const answer = await post(`/people/${encodeURIComponent(id)}/reveal`, { purpose: state.purpose.trim() });
            say("Values are shown to you for five minutes.");
            await onshown(answer);
            onclose();
          },
        }, "Show values"),
        m("button.btn.btn-outline-secondary[type=button]", { onclick: onclose }, "Cancel"),
      ]),
    ]),
};

// The button that opens it, beside what is masked.
export const Reveal = {
  view: ({ attrs: { id, name, onshown }, state }) => [
    m("button.btn.btn-sm.btn-outline-secondary[type=button]", { onclick: () => { state.isOpen = true; } },
      ["Show values", m("span.visually-hidden", ` of ${name}`)]),
    state.isOpen && m(RevealDialog, { id, name, onshown, onclose: () => { state.isOpen = false; } }),
  ],
};
