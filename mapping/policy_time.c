/* SPDX-License-Identifier: MIT */
#include "mapping/policy_time.h"

#include "server/base/str.h"

/* ------------------------------------------------------- which setting counts */

static const struct site_settings *find_site(
        const struct policy_settings *settings, const struct person *person)
{
	if (person == NULL || person->site.state != FIELD_VALUE) {
		return NULL;
	}
	const char *site = personal_reveal(&person->site.text);
	for (size_t i = 0; i < settings->site_count; i++) {
		if (str_equal_fold(settings->sites[i].site, site)) {
			return &settings->sites[i];
		}
	}
	return NULL;
}

static const struct employment_settings *find_employment(
        const struct policy_settings *settings, const struct person *person)
{
	if (person->employment_type.state != FIELD_VALUE) {
		return NULL;
	}
	const char *type = personal_reveal(&person->employment_type.text);
	for (size_t i = 0; i < settings->employment_count; i++) {
		if (str_equal_fold(settings->employments[i].type, type)) {
			return &settings->employments[i];
		}
	}
	return NULL;
}

const struct zone *policy_zone(const struct policy_settings *settings, const struct person *person)
{
	const struct site_settings *site = find_site(settings, person);
	return site != NULL && site->zone != NULL ? site->zone : settings->zone;
}

static void lay_over(struct lead_days *lead, const struct lead_days *over)
{
	if (over->create != LEAD_NOT_GIVEN) {
		lead->create = over->create;
	}
	if (over->activation != LEAD_NOT_GIVEN) {
		lead->activation = over->activation;
	}
}

static struct lead_days lead_of(const struct policy_settings *settings, const struct person *person)
{
	const struct site_settings *site = find_site(settings, person);
	const struct employment_settings *employment = find_employment(settings, person);
	struct lead_days lead = settings->lead;
	if (site != NULL) {
		lay_over(&lead, &site->lead);
	}
	if (employment != NULL) {
		lay_over(&lead, &employment->lead);
	}
	return lead;
}

/* ------------------------------------------------------------------- the start */

void policy_times_read(const struct policy_settings *settings, const struct person *person,
        struct policy_times *times)
{
	const struct zone *zone = policy_zone(settings, person);
	const struct activation_email *mail = &settings->activation_email;
	*times = (struct policy_times){.lead = lead_of(settings, person)};
	if (person->start_date.state != FIELD_VALUE) {
		return;
	}
	const int32_t start = person->start_date.days;
	times->starts_at_ms = zone_first_instant_ms(zone, start);
	times->creates_at_ms =
	        zone_instant_ms(zone, start - times->lead.create, settings->create_at_minute);
	times->activates_at_ms = zone_instant_ms(
	        zone, start - times->lead.activation, settings->activation_at_minute);
	if (mail->is_timed) {
		times->mails_at_ms =
		        zone_instant_ms(zone, start - mail->days_before, mail->at_minute);
	}
}

/* --------------------------------------------------------------------- the end */

/* A rehire reuses the record, so a date before the start date is an old one (L1). */
static const struct field_date *of_this_employment(
        const struct person *person, const struct field_date *end)
{
	const bool is_ours = end->state == FIELD_VALUE &&
	        (person->start_date.state != FIELD_VALUE || end->days >= person->start_date.days);
	return is_ours ? end : NULL;
}

static const struct field_date *closing_date(enum leaver_trigger trigger,
        const struct field_date *termination, const struct field_date *last_day)
{
	switch (trigger) {
	case LEAVER_AT_DELETION: return NULL;
	case LEAVER_AT_TERMINATION_DATE: return termination;
	case LEAVER_AT_LAST_DAY: return last_day != NULL ? last_day : termination;
	case LEAVER_AT_EARLIEST: break;
	}
	if (last_day == NULL || (termination != NULL && termination->days <= last_day->days)) {
		return termination;
	}
	return last_day;
}

static void read_closing(const struct policy_settings *settings, const struct zone *zone,
        const struct field_date *date, struct policy_ends *ends)
{
	ends->closes_at_ms = zone_instant_ms(zone, date->days, settings->leaver.at_minute);
	ends->closing_day_over_ms = zone_first_instant_ms(zone, date->days + 1);
}

void policy_ends_read(const struct policy_settings *settings, const struct person *person,
        struct policy_ends *ends)
{
	const struct zone *zone = policy_zone(settings, person);
	const struct field_date *last_day = of_this_employment(person, &person->last_day);
	const struct field_date *termination =
	        of_this_employment(person, &person->termination_date);
	const struct field_date *closing =
	        closing_date(settings->leaver.trigger, termination, last_day);
	*ends = (struct policy_ends){.closes_on_last_day = closing != NULL && closing == last_day};
	if (last_day != NULL) {
		ends->last_day_begins_ms = zone_first_instant_ms(zone, last_day->days);
		ends->last_day_over_ms = zone_first_instant_ms(zone, last_day->days + 1);
	}
	if (termination != NULL) {
		ends->termination_over_ms = zone_first_instant_ms(zone, termination->days + 1);
	}
	if (closing != NULL) {
		read_closing(settings, zone, closing, ends);
	}
}

/* ---------------------------------------------------------------------- helpers */

bool policy_has_come(int64_t now_ms, int64_t instant_ms)
{
	return instant_ms != 0 && now_ms >= instant_ms;
}

void policy_due_at(int64_t *due_at_ms, int64_t now_ms, int64_t instant_ms)
{
	if (instant_ms > now_ms && (*due_at_ms == 0 || instant_ms < *due_at_ms)) {
		*due_at_ms = instant_ms;
	}
}

void policy_time_say(char *text, size_t size, const char *what, int days, int minute)
{
	char count[24] = "on";
	char hour[16] = "";
	if (days > 0) {
		str_format_cut(count, sizeof(count), "%d day%s before", days, days == 1 ? "" : "s");
	}
	if (minute > 0) {
		str_format_cut(hour, sizeof(hour), " at %02d:%02d", minute / 60, minute % 60);
	}
	str_format_cut(text, size, "%s %s the start date%s", what, count, hour);
}
