/* SPDX-License-Identifier: MIT */
#include "mapping/row_fit.h"

#include "server/base/str.h"

const char *row_fault_name(enum row_fault fault)
{
	static const char *const NAMES[ROW_FAULT_COUNT] = {
	        [ROW_FAULT_NONE] = "",
	        [ROW_FAULT_NO_SUCH_FIELD] = "no_such_field",
	        [ROW_FAULT_MISSING_IN_OKTA] = "missing_in_okta",
	        [ROW_FAULT_READ_ONLY] = "read_only",
	        [ROW_FAULT_SOURCED_ELSEWHERE] = "sourced_elsewhere",
	        [ROW_FAULT_WRONG_TYPE] = "wrong_type",
	        [ROW_FAULT_DOUBTFUL_TYPE] = "doubtful_type",
	        [ROW_FAULT_UNFIT_VALUE] = "unfit_value",
	};
	return NAMES[fault];
}

/* ------------------------------------------------------------------- fields */

/* Sections ("work.custom") are no fields; what an expression reads may be one. */
static bool is_in_bob(const struct field_catalog *fields, const char *id)
{
	return field_catalog_covers(fields, id) || field_catalog_is_section(fields, id);
}

static bool reads_nothing(
        const struct map_row *row, const struct field_catalog *fields, char *why, size_t size)
{
	const char *missing = row->bob != NULL && !is_in_bob(fields, row->bob) ? row->bob : NULL;
	for (size_t i = 0; i < row->expression_count; i++) {
		const struct map_expression *one = &row->expressions[i];
		for (size_t k = 0; missing == NULL && k < one->field_count; k++) {
			missing = is_in_bob(fields, one->fields[k]) ? NULL : one->fields[k];
		}
	}
	if (missing != NULL) {
		str_format_cut(why, size, "Bob has no field %s", missing);
	}
	return missing != NULL;
}

/* --------------------------------------------------------------------- type */

/* A value such as Bob's fields of that type have; NULL: could be anything. */
static json_t *sample_of(enum field_type type, enum field_form form)
{
	switch (type) {
	case FIELD_TYPE_TEXT:
	case FIELD_TYPE_EMPLOYEE: return json_string("a");
	case FIELD_TYPE_LIST: return form == FIELD_FORM_ID ? NULL : json_string("a");
	case FIELD_TYPE_MULTI_LIST: return form == FIELD_FORM_ID ? NULL : json_pack("[s]", "a");
	case FIELD_TYPE_NUMBER: return json_integer(1);
	case FIELD_TYPE_BOOL: return json_true();
	case FIELD_TYPE_DATE: return json_string("2026-01-31");
	case FIELD_TYPE_UNKNOWN:
	case FIELD_TYPE_OTHER: break;
	}
	return NULL;
}

/* The type alone: lengths and lists of values differ from person to person. Takes the value. */
static bool fits_type(const struct attribute *attribute, json_t *value, char *why, size_t size)
{
	/* Without its name, which says of a login that it must be an address. */
	char name[] = "";
	const struct attribute bare = {.name = name, .title = name, .type = attribute->type};
	bool fits = attribute_fit(&bare, TOO_LONG_FAILS, &value, why, size);
	json_decref(value);
	return fits;
}

/* A text may be what Okta takes, for one person or for all; a date never is a number. */
enum row_fault map_row_type_fault(const struct map_row *row, const struct field_catalog *fields,
        const struct attribute *attribute, char *why, size_t size)
{
	enum field_type type = field_catalog_type(fields, row->bob);
	json_t *sample = sample_of(type, row->form);
	bool is_text = type != FIELD_TYPE_DATE && json_is_string(sample);

	if (sample == NULL || fits_type(attribute, sample, why, size)) {
		return ROW_FAULT_NONE;
	}
	return is_text ? ROW_FAULT_DOUBTFUL_TYPE : ROW_FAULT_WRONG_TYPE;
}

static bool fits_constant(const struct map_row *row, const struct attribute *attribute,
        const json_t *constant, char *why, size_t size)
{
	json_t *value = constant != NULL ? json_deep_copy(constant) : NULL;
	bool fits = value == NULL || json_is_null(value) ||
	        attribute_fit(attribute, row->too_long, &value, why, size);
	json_decref(value);
	return fits;
}

/* -------------------------------------------------------------------- whole */

static enum row_fault attribute_fault(const struct map_row *row, const struct field_catalog *fields,
        const struct attribute *attribute, char *why, size_t size)
{
	enum row_fault fault = ROW_FAULT_NONE;

	if (attribute->is_read_only) {
		str_format_cut(why, size, "Okta says it is read-only");
		return ROW_FAULT_READ_ONLY;
	}
	if (attribute->is_sourced_elsewhere) {
		str_format_cut(why, size, "another source than the Okta profile owns it");
		return ROW_FAULT_SOURCED_ELSEWHERE;
	}
	if (row->source == ROW_FROM_BOB) {
		fault = map_row_type_fault(row, fields, attribute, why, size);
	}
	if (fault == ROW_FAULT_NONE &&
	        (!fits_constant(row, attribute, row->value, why, size) ||
	                !fits_constant(row, attribute, row->fallback, why, size))) {
		fault = ROW_FAULT_UNFIT_VALUE;
	}
	return fault;
}

enum row_fault map_row_fault(const struct map_row *row, const struct field_catalog *fields,
        const struct attribute_catalog *attributes, char *why, size_t size)
{
	const struct attribute *attribute = attribute_catalog_find(attributes, row->okta);

	str_format_cut(why, size, "%s", "");
	if (fields != NULL && reads_nothing(row, fields, why, size)) {
		return ROW_FAULT_NO_SUCH_FIELD;
	}
	if (attribute != NULL) {
		return attribute_fault(row, fields, attribute, why, size);
	}
	if (attributes == NULL) {
		return ROW_FAULT_NONE;
	}
	str_format_cut(why, size, "the org's user profile has no such attribute");
	return ROW_FAULT_MISSING_IN_OKTA;
}
