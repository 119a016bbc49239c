// SPDX-License-Identifier: MIT
// What every state of a page has to stand: no violation in either theme, no scrolling sideways.
import assert from "node:assert/strict";
import { axe, fits, openBrowser } from "./harness.mjs";

const NARROW = 375;

// With LOOK=folder a picture of each is kept there.
async function keep(page, name) {
  if (process.env.LOOK) await page.screenshot({ path: `${process.env.LOOK}/${name}.png`, fullPage: true });
}

export async function look(page, name) {
  const size = page.viewportSize();
  for (const colorScheme of ["dark", "light"]) {
    await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    assert.deepEqual(await axe(page), [], `${name} in ${colorScheme}`);
    await keep(page, `${name}-${colorScheme}`);
  }
  await page.setViewportSize({ width: NARROW, height: 800 });
  await keep(page, `${name}-${NARROW}`);
  await fits(page, `${name} at ${NARROW} px`);
  await page.setViewportSize(size);
}

export async function closePages() {
  await Promise.all((await openBrowser()).contexts().map((context) => context.close()));
}
