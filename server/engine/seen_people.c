/* SPDX-License-Identifier: MIT */
#include "server/engine/seen_people.h"

#include "server/base/clock.h"
#include "server/base/crypto.h"
#include "server/base/json.h"
#include "server/base/str.h"

#include <stdlib.h>
#include <string.h>

#define FIELDS_MAX 200 /* of one read: beyond it what was asked for earlier is let go */

bool seen_people_init(struct seen_people *seen)
{
	*seen = (struct seen_people){0};
	return monitor_init(&seen->monitor);
}

static void forget(struct seen_person *person)
{
	if (person->source != NULL) {
		crypto_wipe(person->source, strlen(person->source));
	}
	free(person->source);
	free(person->fields);
	*person = (struct seen_person){0};
}

void seen_people_finish(struct seen_people *seen)
{
	for (size_t i = 0; i < SEEN_PEOPLE_MAX; i++) {
		forget(&seen->items[i]);
	}
	monitor_finish(&seen->monitor);
}

/* With the lock held; whoever looks sweeps out what is old. */
static struct seen_person *find(struct seen_people *seen, const char *employee_id)
{
	struct seen_person *found = NULL;
	int64_t oldest_ms = clock_mono_ms() - SEEN_PEOPLE_MS;

	for (size_t i = 0; i < SEEN_PEOPLE_MAX; i++) {
		struct seen_person *person = &seen->items[i];
		if (person->employee_id[0] != '\0' && person->at_ms < oldest_ms) {
			forget(person);
		}
		if (str_equal(person->employee_id, employee_id)) {
			found = person;
		}
	}
	return found;
}

static bool has_text(const json_t *texts, const json_t *text)
{
	size_t i = 0;
	const json_t *one = NULL;

	json_array_foreach(texts, i, one)
	{
		if (json_equal(one, text)) {
			return true;
		}
	}
	return false;
}

static bool has_all(const json_t *texts, const json_t *wanted)
{
	size_t i = 0;
	const json_t *one = NULL;

	json_array_foreach(wanted, i, one)
	{
		if (!has_text(texts, one)) {
			return false;
		}
	}
	return true;
}

static void add_missing(json_t *fields, const json_t *more)
{
	size_t i = 0;
	json_t *one = NULL;

	json_array_foreach(more, i, one)
	{
		if (json_array_size(fields) < FIELDS_MAX && !has_text(fields, one)) {
			json_array_append(fields, one);
		}
	}
}

json_t *seen_people_find(struct seen_people *seen, const char *employee_id, json_t *fields)
{
	json_t *source = NULL;

	monitor_lock(&seen->monitor);
	const struct seen_person *person = find(seen, employee_id);
	json_t *asked =
	        person != NULL ? json_parse(person->fields, strlen(person->fields), NULL) : NULL;
	if (asked != NULL && has_all(asked, fields)) {
		source = json_parse(person->source, strlen(person->source), NULL);
	}
	monitor_unlock(&seen->monitor);
	if (source == NULL) {
		add_missing(fields, asked);
	}
	json_decref(asked);
	return source;
}

/* With the lock held. */
static struct seen_person *place_for(struct seen_people *seen, const char *employee_id)
{
	struct seen_person *place = find(seen, employee_id);

	for (size_t i = 0; place == NULL && i < SEEN_PEOPLE_MAX; i++) {
		place = seen->items[i].employee_id[0] == '\0' ? &seen->items[i] : NULL;
	}
	if (place != NULL) {
		return place;
	}
	place = &seen->items[0];
	for (size_t i = 1; i < SEEN_PEOPLE_MAX; i++) {
		place = seen->items[i].at_ms < place->at_ms ? &seen->items[i] : place;
	}
	return place;
}

void seen_people_keep(struct seen_people *seen, const char *employee_id, const json_t *fields,
        const json_t *source)
{
	struct seen_person person = {.at_ms = clock_mono_ms(),
	        .fields = json_format(fields),
	        .source = json_format(source)};

	if (person.fields == NULL || person.source == NULL ||
	        !str_copy(person.employee_id, sizeof(person.employee_id), employee_id)) {
		forget(&person);
		return;
	}
	monitor_lock(&seen->monitor);
	struct seen_person *place = place_for(seen, employee_id);
	forget(place);
	*place = person;
	monitor_unlock(&seen->monitor);
}
