/* SPDX-License-Identifier: MIT */
/*
 * What holds for every mapping, every person and every account: thousands of
 * cases made up by a seeded generator. The tables say what happens; this says
 * what never does.
 */
#include "mapping/mapping.h"

#include "server/base/json.h"
#include "server/base/str.h"
#include "tests/support/mapping_bench.h"
#include "tests/support/okta_model.h"
#include "tests/support/sample.h"
#include "tests/support/suite.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#define SEEDS     20
#define ROUNDS    200 /* of each seed */
#define TIMEOUT_S 120

/* Asserted by the thousand: a ck_assert that holds still writes to a file each time. */
#define MUST(holds, what, okta)                                            \
	do {                                                               \
		if (!(holds)) {                                            \
			char *case_text = json_format(made);               \
			ck_abort_msg("%s: %s: %s", what, okta, case_text); \
		}                                                          \
	} while (0)

static const char *const ATTRIBUTES[] = {"login", "email", "firstName", "lastName", "title",
        "department", "badge", "tags", "boss", "managerId"};
static const char *const FIELDS[] = {"root.email", "root.firstName", "root.surname", "work.title",
        "work.department", "work.n", "work.isManager", "work.reportsTo", "work.custom.field_1",
        "about.hobbies"};

static struct policy_settings settings;
static json_t *made; /* the case in hand, for messages */
static uint64_t state;

/* ------------------------------------------------------------------- generator */

static unsigned below(unsigned limit)
{
	state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (unsigned)(state >> 33) % limit;
}

static bool one_in(unsigned count)
{
	return below(count) == 0;
}

static const char *any_word(const char *const *words, unsigned count)
{
	return words[below(count)];
}

static json_t *any_text(void)
{
	static const char *const TEXTS[] = {"ada@example.com", "grace@example.com",
	        "joan@example.org", "Analyst", "Head of People and a good deal more", " ", "",
	        "412", "0.5", "yes", "Łódź \t王", "a\nb", "\xf0\x9f\x98\x80"};
	return json_string(any_word(TEXTS, ARRAY_SIZE(TEXTS)));
}

static json_t *any_scalar(void)
{
	switch (below(5)) {
	case 0: return json_integer(below(2000));
	case 1: return json_real(below(100) / 8.0);
	case 2: return json_boolean(one_in(2));
	default: return any_text();
	}
}

static json_t *any_list(void)
{
	json_t *list = json_array();
	for (unsigned i = below(4); i > 0; i--) {
		json_array_append_new(list, one_in(6) ? json_null() : any_scalar());
	}
	return list;
}

/* What an expression may give, objects and lists of lists among it. */
static json_t *any_value(void)
{
	switch (below(8)) {
	case 0: return json_null();
	case 1: return any_list();
	case 2: return json_pack("{s:s}", "label", "a");
	case 3: return json_pack("[[s]]", "a");
	default: return any_scalar();
	}
}

static json_t *any_evaluation(void)
{
	static const char *const FAILURES[] = {"failed", "stopped", "off", "again"};
	if (one_in(4)) {
		return json_pack("{s:s}", any_word(FAILURES, ARRAY_SIZE(FAILURES)), "a reason");
	}
	return json_pack("{s:o}", "value", any_value());
}

/* "e3 + .work.title": a text of its own for each, which reads a field or none. */
static json_t *add_expression(json_t *results)
{
	char text[128];
	const char *field = any_word(FIELDS, ARRAY_SIZE(FIELDS));
	str_format_cut(text, sizeof(text), one_in(2) ? "e%zu" : "e%zu + .%s",
	        json_object_size(results), field);
	json_object_set_new(results, text, any_evaluation());
	return json_string(text);
}

static json_t *any_source(json_t *row, const char *okta, json_t *results)
{
	static const char *const FORMS[] = {"label", "id", "email", "okta_id", "okta_login"};
	switch (below(4)) {
	case 0: json_object_set_new(row, "value", any_scalar()); break;
	case 1:
		if (strcmp(okta, "login") == 0) {
			json_t *list = json_array();
			for (unsigned i = 2 + below(3); i > 0; i--) {
				json_array_append_new(list, add_expression(results));
			}
			json_object_set_new(row, "expr", list);
		} else {
			json_object_set_new(row, "expr", add_expression(results));
		}
		break;
	default:
		json_object_set_new(row, "bob", json_string(any_word(FIELDS, ARRAY_SIZE(FIELDS))));
		json_object_set_new(row, "as", json_string(any_word(FORMS, ARRAY_SIZE(FORMS))));
		break;
	}
	return row;
}

static json_t *any_row(const char *okta, json_t *results)
{
	static const char *const EMPTY[] = {"keep", "clear", "default"};
	json_t *row = json_pack("{s:s, s:s, s:s, s:s}", "okta", okta, "when_empty",
	        any_word(EMPTY, ARRAY_SIZE(EMPTY)), "apply", one_in(5) ? "on_create" : "always",
	        "too_long", one_in(3) ? "truncate" : "fail");
	json_object_set_new(row, "default", any_scalar());
	return any_source(row, okta, results);
}

static json_t *any_mapping(json_t *results)
{
	json_t *mapping = json_array();
	for (size_t i = 0; i < ARRAY_SIZE(ATTRIBUTES); i++) {
		if (!one_in(4)) {
			json_array_append_new(mapping, any_row(ATTRIBUTES[i], results));
		}
	}
	return mapping;
}

static json_t *any_field_value(void)
{
	switch (below(6)) {
	case 0: return json_null();
	case 1: return json_string("251934021");
	case 2:
		return json_pack("{s:s, s:s, s:s}", "id", "33", "displayName", "Sam Jones", "email",
		        "sam@example.com");
	case 3: return any_list();
	default: return any_scalar();
	}
}

/* A third of the fields are not in the answer, some stand in the flat form. */
static json_t *any_person(void)
{
	char key[64];
	json_t *bob = json_object();
	for (size_t i = 0; i < ARRAY_SIZE(FIELDS); i++) {
		if (one_in(3)) {
			continue;
		}
		str_format_cut(key, sizeof(key), "/%s", FIELDS[i]);
		for (char *c = key; *c != '\0'; c++) {
			*c = *c == '.' ? '/' : *c;
		}
		json_object_set_new(bob, key, json_pack("{s:o}", "value", any_field_value()));
	}
	return bob;
}

static json_t *any_metadata(void)
{
	static const char *const TYPES[] = {
	        "text", "number", "boolean", "date", "list", "multi-list", "employee", "currency"};
	json_t *metadata = json_pack("{s:s}", "root.id", "text");
	for (size_t i = 0; i < ARRAY_SIZE(FIELDS); i++) {
		if (!one_in(5)) {
			json_object_set_new(metadata, FIELDS[i],
			        json_string(any_word(TYPES, ARRAY_SIZE(TYPES))));
		}
	}
	return metadata;
}

static json_t *any_property(void)
{
	static const char *const TYPES[] = {"string", "string", "boolean", "number", "integer"};
	const char *type = any_word(TYPES, ARRAY_SIZE(TYPES));
	json_t *property = one_in(4)
	        ? json_pack("{s:s, s:{s:s}}", "type", "array", "items", "type", type)
	        : json_pack("{s:s, s:i}", "type", type, "maxLength", (int)(1 + below(20)));
	if (one_in(6)) {
		json_object_set_new(property, "mutability", json_string("READ_ONLY"));
	}
	json_object_set_new(property, "required", json_boolean(one_in(8)));
	return property;
}

static json_t *any_schema(void)
{
	json_t *schema = json_pack(
	        "{s:{s:s}, s:{s:s}}", "login", "type", "string", "email", "type", "string");
	for (size_t i = 2; i < ARRAY_SIZE(ATTRIBUTES); i++) {
		if (!one_in(6)) {
			json_object_set_new(schema, ATTRIBUTES[i], any_property());
		}
	}
	return schema;
}

static json_t *any_present(void)
{
	json_t *present = json_object();
	for (size_t i = 0; i < ARRAY_SIZE(ATTRIBUTES); i++) {
		if (!one_in(3)) {
			json_object_set_new(
			        present, ATTRIBUTES[i], one_in(5) ? json_null() : any_scalar());
		}
	}
	json_object_set_new(present, "nickName", json_string("Countess"));
	return present;
}

static void make_case(void)
{
	json_t *results = json_object();
	json_t *mapping = any_mapping(results);
	json_decref(made);
	made = json_pack("{s:o, s:o, s:o, s:o}", "mapping", mapping, "results", results, "bob",
	        any_person(), "present", any_present());
	if (one_in(2)) {
		json_object_set_new(made, "metadata", any_metadata());
	}
	if (one_in(2)) {
		json_object_set_new(made, "schema", any_schema());
	}
	if (one_in(3)) {
		json_object_set_new(made, "remembered", json_string("kept@example.com"));
	}
	if (one_in(2)) {
		json_object_set_new(made, "references",
		        json_pack("{s:{s:s, s:s}}", "33", "okta_id", one_in(2) ? "00u33" : "",
		                "login", "sam@example.com"));
	}
	json_object_set_new(made, "may_clear",
	        json_string(one_in(2) ? "" : "login,email,title,department,badge,tags,boss"));
	json_object_set_new(made, "is_linked", json_boolean(!one_in(3)));
}

/* -------------------------------------------------------------------- planning */

static void make_plan(
        const struct mapping_bench *bench, const struct okta_model *model, struct plan *plan)
{
	struct err err = ERR_INIT;
	const struct decision decision = {
	        .wanted = WANTED_ACTIVE,
	        .rule = RULE_R1,
	        .lane = LANE_UPDATE,
	        .may_create = true,
	        .may_write_profile = true,
	        .may_rename = true,
	        .hold = HOLD_KIND_COUNT,
	};
	const struct plan_input input = {
	        .decision = &decision,
	        .account = &model->account,
	        .settings = &settings,
	        .wanted = &bench->profile,
	        .attributes = bench->attributes,
	        .present = model->present,
	        .bob_login = model->bob_login,
	        .bob_email = model->bob_email,
	        .may_clear = json_get_text(made, "may_clear"),
	};
	ck_assert(plan_make(plan, &input, &err));
}

static void init_model(struct okta_model *model)
{
	const bool is_linked = json_get_bool(made, "is_linked", true);
	const struct account_facts account = {
	        .is_linked = is_linked,
	        .status = is_linked ? ACCOUNT_ACTIVE : ACCOUNT_NONE,
	        .is_activated = is_linked,
	        .origin = ORIGIN_CREATED,
	};
	okta_model_init(model, &account,
	        is_linked ? json_deep_copy(json_object_get(made, "present")) : NULL);
	model->bob_login = str_dup("before@example.com");
	model->bob_email = str_dup("before@example.com");
}

/* Okta gives 3.0 back as 3. */
static json_t *as_okta_shows(const json_t *value)
{
	const double real = json_real_value(value);
	return json_is_real(value) && !(real > (double)(json_int_t)real)
	        ? json_integer((json_int_t)real)
	        : json_deep_copy(value);
}

static void read_back(json_t *present)
{
	const char *okta;
	json_t *value;
	json_object_foreach(present, okta, value)
	{
		for (size_t i = 0; i < json_array_size(value); i++) {
			json_array_set_new(value, i, as_okta_shows(json_array_get(value, i)));
		}
		json_object_set_new(present, okta, as_okta_shows(value));
	}
}

/* The profile that the plan writes; borrowed; NULL: none. */
static const json_t *written(const struct plan *plan)
{
	for (size_t i = 0; i < plan->count; i++) {
		if (plan->actions[i].profile != NULL) {
			return plan->actions[i].profile;
		}
	}
	return NULL;
}

static bool is_address(const char *okta)
{
	return strcmp(okta, "login") == 0 || strcmp(okta, "email") == 0;
}

/* ------------------------------------------------------------------ properties */

static void check_null(const struct map_result *result)
{
	const char *okta = result->row->okta;
	MUST(!is_address(okta), "an address is cleared", okta);
	MUST(result->row->when_empty == WHEN_EMPTY_CLEAR, "cleared, and nobody said so", okta);
	MUST(result->state == ROW_EMPTY, "cleared, and the source is not empty", okta);
	MUST(strstr(json_get_text(made, "may_clear"), okta) != NULL, "cleared at the first read",
	        okta);
}

static void check_written(const struct mapping_bench *bench, const char *okta, const json_t *value)
{
	const struct map_result *result = map_profile_find(&bench->profile, okta);
	const struct attribute *attribute = attribute_catalog_find(bench->attributes, okta);
	MUST(result != NULL, "written, and no row says so", okta);
	MUST(result->state == ROW_VALUE || result->state == ROW_EMPTY,
	        "written without a value that is known", okta);
	MUST(bench->attributes == NULL || (attribute != NULL && !attribute->is_read_only),
	        "written, and Okta's schema forbids it", okta);
	if (json_is_null(value)) {
		check_null(result);
		return;
	}
	MUST(result->state == ROW_VALUE && json_equal(value, result->value),
	        "written is what the row did not come to", okta);
	MUST(!json_is_object(value), "an object is written", okta);
	MUST(!json_is_string(value) || !str_is_empty(json_string_value(value)),
	        "a blank text is written", okta);
}

static void check_plan(const struct mapping_bench *bench, const struct plan *plan)
{
	const char *okta;
	json_t *value;
	json_object_foreach((json_t *)(uintptr_t)written(plan), okta, value)
	{
		check_written(bench, okta, value);
		MUST(plan->actions[0].kind == ACTION_CREATE ||
		                map_profile_find(&bench->profile, okta)->row->apply == APPLY_ALWAYS,
		        "a row of creates is written in an update", okta);
	}
}

START_TEST(a_plan_writes_only_what_rows_say_and_only_once)
{
	state = (uint64_t)_i;
	for (int round = 0; round < ROUNDS; round++) {
		struct mapping_bench bench;
		struct okta_model model;
		struct plan plan;
		const struct decision decision = {.wanted = WANTED_ACTIVE};
		make_case();
		mapping_bench_init(&bench, made);
		mapping_bench_make(&bench);
		init_model(&model);
		make_plan(&bench, &model, &plan);
		check_plan(&bench, &plan);
		okta_model_apply(&model, &decision, &plan, &bench.profile);
		read_back(model.present);
		plan_finish(&plan);
		make_plan(&bench, &model, &plan);
		MUST(plan.count == 0, "planned twice", plan.actions[0].reason);
		plan_finish(&plan);
		okta_model_finish(&model);
		mapping_bench_finish(&bench);
	}
}
END_TEST

/* ----------------------------------------------------------------------- order */

static void shuffle(json_t *list)
{
	for (size_t i = json_array_size(list); i > 1; i--) {
		const size_t other = below((unsigned)i);
		json_t *moved = json_incref(json_array_get(list, other));
		json_array_remove(list, other);
		json_array_append_new(list, moved);
	}
}

/* What would be written for the case as it stands; new reference; NULL: nothing. */
static json_t *profile_of_case(void)
{
	struct mapping_bench bench;
	struct okta_model model;
	struct plan plan;
	mapping_bench_init(&bench, made);
	mapping_bench_make(&bench);
	init_model(&model);
	make_plan(&bench, &model, &plan);
	json_t *profile = json_deep_copy(written(&plan));
	plan_finish(&plan);
	okta_model_finish(&model);
	mapping_bench_finish(&bench);
	return profile;
}

START_TEST(the_order_of_rows_does_not_matter)
{
	state = (uint64_t)_i + 1000;
	for (int round = 0; round < ROUNDS; round++) {
		make_case();
		json_t *before = profile_of_case();
		shuffle(json_object_get(made, "mapping"));
		json_t *after = profile_of_case();
		MUST((before == NULL) == (after == NULL) &&
		                (before == NULL || json_equal(before, after)),
		        "another order, another profile", "");
		json_decref(before);
		json_decref(after);
	}
}
END_TEST

/* ------------------------------------------------------------------------ fits */

static bool is_of_type(enum attribute_type type, const json_t *value)
{
	switch (type) {
	case ATTRIBUTE_STRING: return json_is_string(value);
	case ATTRIBUTE_BOOLEAN: return json_is_boolean(value);
	case ATTRIBUTE_NUMBER: return json_is_number(value);
	case ATTRIBUTE_INTEGER: return json_is_integer(value);
	case ATTRIBUTE_STRINGS:
	case ATTRIBUTE_NUMBERS:
	case ATTRIBUTE_INTEGERS: return json_is_array(value);
	case ATTRIBUTE_OTHER: return true;
	}
	return false;
}

START_TEST(a_value_has_the_type_that_okta_takes)
{
	state = (uint64_t)_i + 2000;
	for (int round = 0; round < ROUNDS; round++) {
		struct mapping_bench bench;
		make_case();
		json_object_set_new(made, "schema", any_schema());
		mapping_bench_init(&bench, made);
		mapping_bench_make(&bench);
		for (size_t i = 0; i < bench.profile.count; i++) {
			const struct map_result *result = &bench.profile.results[i];
			const char *okta = result->row->okta;
			const struct attribute *attribute =
			        attribute_catalog_find(bench.attributes, okta);
			MUST(result->state != ROW_VALUE ||
			                is_of_type(attribute->type, result->value),
			        "a value of another type", okta);
			MUST(result->state != ROW_VALUE || !json_is_string(result->value) ||
			                attribute->max_length == 0 ||
			                json_string_length(result->value) <=
			                        3 * attribute->max_length,
			        "a text that is too long", okta);
		}
		mapping_bench_finish(&bench);
	}
}
END_TEST

static void set_up(void)
{
	json_t *shorthand = json_pack("{s:[s]}", "email_domains", "*");
	sample_settings_init(&settings, shorthand);
	json_decref(shorthand);
}

static void tear_down(void)
{
	policy_settings_finish(&settings);
	json_decref(made);
	made = NULL;
}

int main(void)
{
	Suite *suite = suite_create("mapping_properties");
	TCase *tcase = tcase_create("properties");
	tcase_set_timeout(tcase, TIMEOUT_S);
	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_loop_test(tcase, a_plan_writes_only_what_rows_say_and_only_once, 0, SEEDS);
	tcase_add_loop_test(tcase, the_order_of_rows_does_not_matter, 0, SEEDS);
	tcase_add_loop_test(tcase, a_value_has_the_type_that_okta_takes, 0, SEEDS);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
