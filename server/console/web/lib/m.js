// SPDX-License-Identifier: MIT
// Mithril, which index.html loads as a plain script. m.trust is never used: text is text.
export default window.m;
