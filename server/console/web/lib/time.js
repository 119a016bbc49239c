// SPDX-License-Identifier: MIT
// Times in the viewer's zone, with the site's beside it where that differs.
export const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;

function format(ms, timeZone) {
  return new Intl.DateTimeFormat(undefined, {
    dateStyle: "medium", timeStyle: "short", timeZone,
  }).format(new Date(ms));
}

export function moment(ms) {
  return ms ? format(ms, zone) : "never";
}

// Do the clocks there show something else then?
export function isElsewhere(ms, siteZone) {
  return Boolean(ms && siteZone) && format(ms, zone) !== format(ms, siteZone);
}

// "9 Dec 2026, 00:00" or "8 Dec 2026, 23:00 (9 Dec 2026, 00:00 in Europe/Berlin)".
export function momentAt(ms, siteZone) {
  return isElsewhere(ms, siteZone) ? `${format(ms, zone)} (${format(ms, siteZone)} in ${siteZone})` : moment(ms);
}

// "00:00"; with a day it is not: "Tue 14:00".
export function clock(ms, timeZone, dayZone = timeZone) {
  const weekday = (one) => new Intl.DateTimeFormat(undefined, { weekday: "short", timeZone: one }).format(new Date(ms));
  const time = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", timeZone }).format(new Date(ms));
  return weekday(timeZone) === weekday(dayZone) ? time : `${weekday(timeZone)} ${time}`;
}

const STEPS = [[60, "second"], [60, "minute"], [24, "hour"], [30, "day"], [12, "month"], [Infinity, "year"]];

// "3 minutes ago", "in 2 days"
export function ago(ms, nowMs = Date.now()) {
  if (!ms) return "never";
  let amount = (ms - nowMs) / 1000;
  for (const [size, unit] of STEPS) {
    if (Math.abs(amount) < size) {
      return new Intl.RelativeTimeFormat(undefined, { numeric: "auto" }).format(Math.round(amount), unit);
    }
    amount /= size;
  }
  return "";
}

// "1 h 5 min"
export function span(seconds) {
  if (seconds < 90) return `${Math.round(seconds)} s`;
  const minutes = Math.round(seconds / 60);
  return minutes < 90 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
