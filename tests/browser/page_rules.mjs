// SPDX-License-Identifier: MIT
// What every page has to stand, as functions that run in the page or read its accessibility tree; each
// answers with what is wrong, in words.

// Elements that make the page wider than the window.
export const sideways = () => {
  const root = document.documentElement;
  if (root.scrollWidth <= root.clientWidth) return [];
  const out = [...document.querySelectorAll("body *")].filter((one) =>
    one.getBoundingClientRect().right > root.clientWidth + 1 && !one.closest(".table-responsive, pre"));
  return [`${root.scrollWidth} px wide in ${root.clientWidth}`, ...out.slice(-4).map((one) => `${one.tagName}.${one.className} sticks out`)];
};

// Texts that are cut off, and controls that are partly outside of the window or of what holds them.
export const cut = () => {
  const told = (one) => `${one.tagName}.${one.className} "${one.textContent.trim().slice(0, 40)}"`;
  const isShown = (one) => one.checkVisibility() && one.getClientRects().length > 0;
  const isForEars = (one) => one.closest(".visually-hidden, .skip, thead") !== null;
  const found = [];
  for (const one of document.querySelectorAll("body *")) {
    if (!isShown(one) || isForEars(one)) continue;
    const style = getComputedStyle(one);
    // A list that is chosen from shows the whole text when it is opened.
    const clips = /hidden|clip/.test(style.overflowX) || one.matches("button, .btn, .badge");
    if (clips && one.scrollWidth > one.clientWidth + 1 && one.textContent.trim() && !one.matches("select")) found.push(`cut off: ${told(one)}`);
    if (/auto|scroll/.test(style.overflowX) && one.scrollWidth > one.clientWidth + 1 && !one.closest(".table-responsive, pre")) found.push(`scrolls sideways: ${told(one)}`);
    if (one.matches("a, button, input, select, textarea, summary")) {
      const box = one.getBoundingClientRect();
      if ((box.left < -1 || box.right > document.documentElement.clientWidth + 1) && !one.closest(".table-responsive")) found.push(`outside: ${told(one)}`);
    }
  }
  return found;
};

// Which of what Tab should reach it has not reached; window.walked is the set of what it has.
export const unreached = () => {
  const told = (one) => `${one.tagName.toLowerCase()} "${(one.getAttribute("aria-label") || one.textContent || one.name || one.id).trim().slice(0, 40)}"`;
  const all = document.querySelectorAll("a[href], button, input, select, textarea, summary, [tabindex='0']");
  // One of a group of radio buttons has the focus of all.
  const isAnothers = (one) => one.type === "radio" && !one.checked && document.querySelector(`input[name="${CSS.escape(one.name)}"]:checked`) !== null;
  return [...all].filter((one) => !one.matches(":disabled") && one.type !== "hidden" && one.checkVisibility() && one.getClientRects().length > 0 &&
    !isAnothers(one) && !window.walked?.has(one)).map(told);
};

// After a Tab: "end" outside of the page, else "" or what has the focus without showing it.
export const reached = () => {
  const one = document.activeElement;
  if (one === null || one === document.body) return "end";
  // The parts of a date are in one field.
  if (window.walked.has(one)) return one === window.walkedLast ? "" : "end";
  window.walked.add(one);
  window.walkedLast = one;
  const { outlineStyle, outlineWidth, boxShadow } = getComputedStyle(one);
  const box = one.getBoundingClientRect();
  const isInView = box.bottom > 0 && box.top < innerHeight && box.width > 0;
  const isMarked = (outlineStyle !== "none" && parseFloat(outlineWidth) >= 2) || boxShadow !== "none";
  return isMarked && isInView ? "" : `${one.tagName.toLowerCase()}.${one.className} "${one.textContent.trim().slice(0, 40)}"`;
};

const CONTROLS = new Set(["button", "link", "textbox", "searchbox", "combobox", "checkbox", "radio", "spinbutton", "slider", "switch", "tab",
  "menuitem", "option", "listbox", "meter", "progressbar", "dialog", "table", "region", "navigation", "image", "img", "DisclosureTriangle", "Date", "InputTime"]);

// Controls, regions and pictures of the accessibility tree that have no name.
export function nameless(nodes) {
  return nodes.filter((node) => !node.ignored && CONTROLS.has(node.role?.value) && !node.name?.value?.trim())
    .map((node) => `a ${node.role.value} has no name`);
}

// One of the first level at the beginning, and no level left out on the way down.
export function badHeadings(nodes) {
  const levels = nodes.filter((node) => !node.ignored && node.role?.value === "heading")
    .map((node) => ({ level: node.properties.find((one) => one.name === "level")?.value.value, name: node.name?.value || "" }));
  const found = levels.filter((one) => !one.name.trim()).map((one) => `a heading of level ${one.level} is empty`);
  if (levels[0]?.level !== 1 || levels.filter((one) => one.level === 1).length !== 1) found.push("the first heading, and no other, is of level 1");
  levels.forEach((one, at) => { if (at > 0 && one.level > levels[at - 1].level + 1) found.push(`"${one.name}" of level ${one.level} comes after level ${levels[at - 1].level}`); });
  return found;
}
