// SPDX-License-Identifier: MIT
// What a choice means for the next hire, the next leaver and the next leave, in one sentence each.
export const DEFAULTS = {
  create: "on_creation", create_days_before: 0, create_at: "00:00",
  activation: "bob_status", activation_days_before: 0, activation_at: "00:00", activation_email: true,
  email_domains: [], time_zone: "Etc/UTC", leave: "keep", rehire: "reactivate",
  leaver: { trigger: "earliest", at: "24:00", action: "deactivate", then_deactivate_after_days: 0, end_sessions: true, groups: "keep" },
};

export function withDefaults(provisioning) {
  return { ...DEFAULTS, ...provisioning, leaver: { ...DEFAULTS.leaver, ...provisioning.leaver } };
}

const days = (count) => (count === 0 ? "on the start date" : count === 1 ? "the day before the start date" : `${count} days before the start date`);
const at = (time) => (time === "00:00" ? "" : ` at ${time}`);

export function created({ create, create_days_before, create_at }) {
  return create === "on_creation"
    ? "The account is made within a minute of the record in HiBob, however far the start date is."
    : `The account is made ${days(create_days_before)}${at(create_at)}; until then nothing is in Okta.`;
}

export function activated({ activation, activation_days_before, activation_at, activation_email }) {
  const mail = activation_email ? "Okta mails the activation link then." : "No mail is sent: you hand the activation link over yourself.";
  if (activation === "always") return `It is activated as soon as it is made. ${mail}`;
  if (activation === "never") return "It stays staged until somebody activates it in Okta by hand; nobody is mailed.";
  return `It stays staged and is activated when HiBob says active, ${days(activation_days_before)}${at(activation_at)} at the latest. ${mail}`;
}

export function scoped({ email_domains }) {
  if (email_domains.length === 0) return "Nobody gets an account yet: no domain is allowed.";
  if (email_domains.includes("*")) return "Everybody with a work e-mail gets an account, whatever its domain.";
  return `Only who has a work e-mail in ${email_domains.join(", ")} gets an account; others are listed as waiting.`;
}

const ENDS = {
  earliest: "the last day of work or the termination date, whichever is first,",
  termination_date: "the termination date", last_day_of_work: "the last day of work",
  deletion: "the day the file is deleted in HiBob",
};

export function left({ leaver }) {
  const when = leaver.trigger === "deletion"
    ? "When the file is deleted in HiBob, or HiBob says terminated,"
    : `At ${leaver.at === "24:00" ? "the end" : leaver.at} of ${ENDS[leaver.trigger]}`;
  const what = leaver.action === "deactivate"
    ? "the account is deactivated; Okta takes its apps away"
    : leaver.then_deactivate_after_days > 0
      ? `the account is suspended, which can be undone, and deactivated ${leaver.then_deactivate_after_days} days later`
      : "the account is suspended, which can be undone, and stays so";
  return `${when} ${what}${leaver.end_sessions ? ", and open sessions end" : ""}.`;
}

export function away({ leave }) {
  return leave === "keep"
    ? "Somebody on a leave keeps the account as it is."
    : "Somebody on a leave is suspended, and opened again when they are back.";
}

export function rehired({ rehire }) {
  return rehire === "reactivate" ? "Whoever comes back gets the former account again." : "Whoever comes back is held until somebody decides.";
}
