// SPDX-License-Identifier: MIT
// How full each limit is: used of allowed, in words and as a bar.
import m from "../lib/m.js";
import { span } from "../lib/time.js";
import { Badge, Section } from "../lib/ui.js";
import { limitWord } from "../lib/words.js";

function nextOne(limit) {
  if (!limit.is_full) return "";
  if (limit.next_in_ms < 0) return "Nobody passes: the limit is 0.";
  return `The next one passes in ${span(limit.next_in_ms / 1000)} of running time; who is held already waits for a decision.`;
}

const Limit = {
  view: ({ attrs: { limit } }) =>
    m("li.limit", [
      m(".fw-semibold", [limitWord(limit.limit), " ", limit.is_full && m(Badge, { tone: "bad" }, "full"),
        limit.is_restored && m(Badge, { tone: "warn" }, "full after a restore")]),
      limit.windows.map((one) =>
        m("label.d-block.small", [
          `${one.used} of ${one.allowed} in ${one.window === "hour" ? "an hour" : "a " + one.window} `,
          m("meter", { min: 0, max: Math.max(one.allowed, 1), high: Math.max(one.allowed, 1) * 0.8, value: Math.min(one.used, Math.max(one.allowed, 1)) }),
        ])),
      m(".small.quiet", [limit.held > 0 && `${limit.held} held. `, limit.rejected > 0 && `${limit.rejected} rejected. `, nextOne(limit)]),
    ]),
};

export const Limits = {
  view: ({ attrs: { limits } }) => {
    const busy = limits.filter((one) => one.is_full || one.held > 0 || one.windows.some((window) => window.used > 0));
    const rest = limits.filter((one) => !busy.includes(one));
    return m(Section, { title: "Limits" }, [
      busy.length === 0
        ? m("p.mb-1", "No limit counts anybody now.")
        : m("ul.limits", busy.map((limit) => m(Limit, { key: limit.limit, limit }))),
      rest.length > 0 && m("details", [
        m("summary", busy.length === 0 ? "All limits" : "The other limits"),
        m("ul.limits", rest.map((limit) => m(Limit, { key: limit.limit, limit }))),
      ]),
    ]);
  },
};
