// SPDX-License-Identifier: MIT
// Numbers as the viewer writes them.
export const number = (n) => new Intl.NumberFormat().format(n);

// "1 hold", "12,000 holds"
export const count = (n, one, many) => `${number(n)} ${n === 1 ? one : many}`;
