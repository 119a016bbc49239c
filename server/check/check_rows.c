/* SPDX-License-Identifier: MIT */
/* The mapping rows against the org's own user schema. */
#include "server/check/check.h"

#include "server/base/str.h"

struct row_check {
	struct check_report *report;
	const struct map_rules *rules;
	const struct check_facts *facts;
};

static void add(struct row_check *check, enum check_result result, const char *okta,
        const char *found, const char *mend)
{
	char what[160];
	str_format_cut(what, sizeof(what), "okta: attribute %s", okta);
	check_report_add(check->report, result, what, found, mend);
}

/* ------------------------------------------------------------------- existence */

/* NULL when the attribute is not there. */
static const struct attribute *check_exists(struct row_check *check, const char *okta)
{
	const struct attribute *attribute = attribute_catalog_find(check->facts->attributes, okta);
	if (attribute == NULL) {
		add(check, CHECK_FAILURE, okta, "the org's user profile has no such attribute",
		        "add it to Okta on the Mapping page, or with bob2okta schema apply, if it is"
		        " a custom one; or correct the mapping row");
	}
	return attribute;
}

static void check_writable(struct row_check *check, const struct attribute *attribute)
{
	if (attribute->is_read_only) {
		add(check, CHECK_FAILURE, attribute->name, "Okta says it is read-only",
		        "make it writable in Okta's Profile Editor, or remove the mapping row");
	} else if (attribute->is_sourced_elsewhere) {
		add(check, CHECK_FAILURE, attribute->name,
		        "another source than the Okta profile owns it",
		        "make it inherit from the profile source in Okta's Profile Editor, or remove"
		        " the mapping row");
	}
}

/* ------------------------------------------------------------------------ type */

static void check_field_type(
        struct row_check *check, const struct map_row *row, const struct attribute *attribute)
{
	char why[120];
	char found[260];
	enum row_fault fault =
	        map_row_type_fault(row, check->facts->fields, attribute, why, sizeof(why));
	bool is_text = fault == ROW_FAULT_DOUBTFUL_TYPE;
	if (fault == ROW_FAULT_NONE) {
		return;
	}
	str_format_cut(found, sizeof(found), "%s of Bob into Okta's %s: %s", row->bob,
	        attribute_type_name(attribute->type), why);
	add(check, is_text ? CHECK_WARNING : CHECK_FAILURE, row->okta, found,
	        is_text ? "works only where Bob's text reads so; an expression can convert it"
	                : "choose another field or attribute, or convert it with an expression");
}

static void check_constant(struct row_check *check, const struct map_row *row,
        const struct attribute *attribute, const json_t *constant)
{
	char why[ROW_REASON_BYTES];
	char found[300];
	json_t *value = constant != NULL ? json_deep_copy(constant) : NULL;
	if (value != NULL && !json_is_null(value) &&
	        !attribute_fit(attribute, row->too_long, &value, why, sizeof(why))) {
		str_format_cut(found, sizeof(found), "the row's %s does not fit: %s",
		        row->source == ROW_FROM_VALUE ? "value" : "default", why);
		add(check, CHECK_FAILURE, row->okta, found, "correct the mapping row");
	}
	json_decref(value);
}

static void check_source(
        struct row_check *check, const struct map_row *row, const struct attribute *attribute)
{
	check_writable(check, attribute);
	if (row->source == ROW_FROM_BOB) {
		check_field_type(check, row, attribute);
	}
	if (row->source == ROW_FROM_VALUE) {
		check_constant(check, row, attribute, row->value);
	}
	if (row->when_empty == WHEN_EMPTY_DEFAULT) {
		check_constant(check, row, attribute, row->fallback);
	}
}

static void check_row(struct row_check *check, const struct map_row *row)
{
	size_t before = check->report->failures + check->report->warnings;
	const struct attribute *attribute = check_exists(check, row->okta);
	if (attribute != NULL) {
		check_source(check, row, attribute);
	}
	if (check->report->is_detailed &&
	        check->report->failures + check->report->warnings == before) {
		add(check, CHECK_OK, row->okta, "exists and may be written", NULL);
	}
}

/* -------------------------------------------------------------------- required */

static void check_required(struct row_check *check)
{
	const struct attribute_catalog *attributes = check->facts->attributes;
	for (size_t i = 0; i < attribute_catalog_count(attributes); i++) {
		const struct attribute *attribute = attribute_catalog_at(attributes, i);
		if (attribute->is_required &&
		        map_rules_find(check->rules, attribute->name) == NULL) {
			add(check, CHECK_FAILURE, attribute->name,
			        "Okta requires it and no row fills it: nobody can be created",
			        "add a mapping row, or make it optional in Okta's Profile Editor");
		}
	}
}

void check_rows(struct check_report *report, const struct connection_settings *connection,
        const struct check_facts *facts)
{
	struct row_check check = {.report = report, .rules = &connection->rules, .facts = facts};
	size_t before = report->failures;
	if (facts->attributes == NULL) {
		return; /* why has been said */
	}
	for (size_t i = 0; i < check.rules->count; i++) {
		check_row(&check, &check.rules->rows[i]);
	}
	if (connection->policy.match_okta != NULL) {
		(void)check_exists(&check, connection->policy.match_okta);
	}
	check_required(&check);
	if (report->failures == before) {
		check_report_add(report, CHECK_OK, "okta: attributes",
		        "every mapped attribute exists and may be written", NULL);
	}
}
