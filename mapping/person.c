/* SPDX-License-Identifier: MIT */
#include "mapping/person.h"

#include "server/base/clock.h"
#include "server/base/json.h"
#include "server/base/str.h"

#include <ctype.h>
#include <string.h>

#define EMPLOYEE_ID_DIGITS_MAX 32

const char *const person_needed_fields[] = {
        "root.id",
        "root.email",
        "root.displayName",
        "root.surname",
        "internal.status",
        "internal.lifecycleStatus",
        "internal.terminationDate",
        "employee.lastDayOfWork",
        "work.startDate",
        "work.site",
        "work.employeeIdInCompany",
        NULL,
};

/* Compared without case, blanks, hyphens and underscores, which differ between sources. */
static const struct {
	const char *word;
	enum lifecycle lifecycle;
} LIFECYCLES[] = {
        {"hired", LIFECYCLE_HIRED},
        {"employed", LIFECYCLE_EMPLOYED},
        {"leave", LIFECYCLE_LEAVE},
        {"parentalleave", LIFECYCLE_LEAVE},
        {"gardenleave", LIFECYCLE_GARDEN_LEAVE},
        {"terminated", LIFECYCLE_TERMINATED},
};

/* Copies the letters and digits of a word, lower-cased; what does not fit is left out. */
static void squeeze(char *to, size_t size, const char *word)
{
	size_t used = 0;
	for (; *word != '\0' && used + 1 < size; word++) {
		if (*word != ' ' && *word != '-' && *word != '_') {
			to[used++] = (char)tolower((unsigned char)*word);
		}
	}
	to[used] = '\0';
}

bool lifecycle_word_equal(const char *a, const char *b)
{
	char squeezed_a[32];
	char squeezed_b[32];
	squeeze(squeezed_a, sizeof(squeezed_a), a);
	squeeze(squeezed_b, sizeof(squeezed_b), b);
	return strcmp(squeezed_a, squeezed_b) == 0;
}

enum lifecycle person_lifecycle(const char *word)
{
	char squeezed[32];
	squeeze(squeezed, sizeof(squeezed), word);
	for (size_t i = 0; i < ARRAY_SIZE(LIFECYCLES); i++) {
		if (strcmp(squeezed, LIFECYCLES[i].word) == 0) {
			return LIFECYCLES[i].lifecycle;
		}
	}
	return LIFECYCLE_UNKNOWN;
}

static enum bob_access access_parse(const char *word)
{
	if (str_equal_fold(word, "active")) {
		return BOB_ACCESS_ACTIVE;
	}
	return str_equal_fold(word, "inactive") ? BOB_ACCESS_INACTIVE : BOB_ACCESS_UNKNOWN;
}

/*
 * Status words are list values: the machine value where it is a word, the
 * label where it is a number.
 */
static json_t *take_word(const struct person *person, const char *path)
{
	json_t *word = NULL;
	if (person_field_as(person, FIELD_TYPE_UNKNOWN, path, &word) == FIELD_VALUE &&
	        !json_is_string(word)) {
		json_decref(word);
		word = NULL;
	}
	return word;
}

static void read_status(struct person *person)
{
	json_t *word = take_word(person, "internal.lifecycleStatus");
	if (word != NULL) {
		str_format_cut(person->lifecycle_word, sizeof(person->lifecycle_word), "%s",
		        json_string_value(word));
		str_fold(person->lifecycle_word);
		person->lifecycle = person_lifecycle(json_string_value(word));
	}
	json_decref(word);
	word = take_word(person, "internal.status");
	if (word != NULL) {
		person->access = access_parse(json_string_value(word));
	}
	json_decref(word);
}

static void read_date(const struct person *person, const char *path, struct field_date *date)
{
	json_t *value = NULL;
	date->state = person_field_as(person, FIELD_TYPE_DATE, path, &value);
	if (date->state == FIELD_VALUE && !date_parse(json_string_value(value), &date->days)) {
		date->state = FIELD_NOT_READABLE;
	}
	json_decref(value);
}

/* Numbers (employeeIdInCompany) become their decimal text. */
static bool read_text(const struct person *person, enum field_type type, const char *path,
        struct field_text *text)
{
	json_t *value = NULL;
	char id[64];
	bool is_kept = true;
	text->state = person_field_as(person, type, path, &value);
	if (text->state == FIELD_VALUE) {
		if (json_is_string(value)) {
			is_kept = personal_set(&text->text, json_string_value(value));
		} else if (json_id_text(value, id, sizeof(id))) {
			is_kept = personal_set(&text->text, id);
		} else {
			text->state = FIELD_NOT_READABLE;
		}
	}
	json_decref(value);
	return is_kept;
}

static bool read_texts(struct person *person)
{
	return read_text(person, FIELD_TYPE_TEXT, "root.email", &person->email) &&
	        read_text(person, FIELD_TYPE_TEXT, "root.surname", &person->last_name) &&
	        read_text(person, FIELD_TYPE_TEXT, "root.displayName", &person->display_name) &&
	        read_text(person, FIELD_TYPE_UNKNOWN, "work.site", &person->site) &&
	        read_text(person, FIELD_TYPE_UNKNOWN, "payroll.employment.type",
	                &person->employment_type) &&
	        read_text(person, FIELD_TYPE_NUMBER, "work.employeeIdInCompany",
	                &person->employee_number);
}

static bool read_id(struct person *person)
{
	const json_t *id = json_object_get(person->source, "id");
	if (id == NULL) {
		id = json_object_get(json_object_get(person->source, "/root/id"), "value");
	}
	return id != NULL && json_id_text(id, person->employee_id, sizeof(person->employee_id)) &&
	        str_is_digits(person->employee_id, EMPLOYEE_ID_DIGITS_MAX);
}

bool person_parse(struct person *person, json_t *source, struct err *err)
{
	memset(person, 0, sizeof(*person));
	person->source = json_incref(source);
	if (!json_is_object(source) || !read_id(person)) {
		err_set(err, ERR_BAD_ANSWER, "Bob's answer has an employee without a usable id");
		person_finish(person);
		return false;
	}
	read_status(person);
	read_date(person, "work.startDate", &person->start_date);
	read_date(person, "internal.terminationDate", &person->termination_date);
	read_date(person, "employee.lastDayOfWork", &person->last_day);
	if (!read_texts(person)) {
		err_set(err, ERR_NO_MEMORY, "no memory for an employee");
		person_finish(person);
		return false;
	}
	return true;
}

void person_finish(struct person *person)
{
	if (person == NULL) {
		return;
	}
	personal_finish(&person->email.text);
	personal_finish(&person->last_name.text);
	personal_finish(&person->display_name.text);
	personal_finish(&person->site.text);
	personal_finish(&person->employee_number.text);
	personal_finish(&person->employment_type.text);
	json_decref(person->source);
	memset(person, 0, sizeof(*person));
}
