/* SPDX-License-Identifier: MIT */
#ifndef TESTS_SUPPORT_SAMPLE_H
#define TESTS_SUPPORT_SAMPLE_H

/*
 * One case of a table in tests/data/: person, facts about the account,
 * settings and clock, from a JSON row in which whatever is ordinary is left
 * out. Every function aborts the test on a mistake in the row.
 *
 *   person    shorthand: lifecycle, status, start, end, last, email, site,
 *             number, first, surname, display, employment (its type), and "more"
 *             (an object merged into Bob's); the word "absent" leaves the field
 *             out. null: not read.
 *   account   Okta's status (then it is linked) and any fact by its name; times
 *             without "_ms". is_compared unless it says otherwise.
 *   settings  the words of the settings document, flat; lead days create_days
 *             and activation_days, times of day in minutes (create_at,
 *             activation_at, leaver_at, mail_at), leaver_trigger,
 *             then_deactivate, clear_groups, mail_days, resend_days, leave,
 *             leave_types, employments, old_login
 *   scope     "not_met", or why it is unknown; met if left out
 *   now       an ISO time, "2026-11-23T12:00:00Z" if left out
 */

#include "mapping/mapping.h"

#include <jansson.h>

struct sample {
	struct policy_settings settings;
	struct account_facts account;
	struct person person;
	struct policy_input input;
	char *login;
};

/* The rows of a file, checked to be an array of objects. */
json_t *sample_load(const char *path);
void sample_init(struct sample *sample, const json_t *row);
void sample_finish(struct sample *sample);

void sample_settings_init(struct policy_settings *settings, const json_t *shorthand);
/* Bob's answer for the shorthand; new reference. */
json_t *sample_person_json(const json_t *shorthand);
/* Unix ms of an ISO time. */
int64_t sample_time_ms(const char *text);

#endif
