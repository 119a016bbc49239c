/* SPDX-License-Identifier: MIT */
/* What the org's schema lacks, adding it, and looking both systems' fields up. */
#include "server/base/crypto.h"
#include "server/base/json.h"
#include "server/base/str.h"
#include "server/engine/schema_plan.h"
#include "tests/support/engine_fixture.h"
#include "tests/support/suite.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

static struct engine_fixture fixture;
static struct err err;
static json_t *report;

static const char FIELDS[] =
        "[{\"id\":\"root.email\",\"name\":\"Email\",\"categoryDisplayName\":\"Basic\",\"type\":\"text\"},"
        "{\"id\":\"work.startDate\",\"name\":\"Start date\",\"categoryDisplayName\":\"Work\",\"type\":\"date\"},"
        "{\"id\":\"work.title\",\"name\":\"Job title\",\"categoryDisplayName\":\"Work\",\"type\":\"list\"},"
        "{\"id\":\"work.reportsTo\",\"name\":\"Reports to\",\"categoryDisplayName\":\"Work\",\"type\":\"employee\"},"
        "{\"id\":\"work.directReports\",\"name\":\"Direct reports\",\"categoryDisplayName\":\"Work\",\"type\":\"number\"},"
        "{\"id\":\"work.isManager\",\"name\":\"Is manager\",\"categoryDisplayName\":\"Work\",\"type\":\"boolean\"},"
        "{\"id\":\"about.skills\",\"name\":\"Skills\",\"categoryDisplayName\":\"About\",\"type\":\"multi-list\"}]";

#define BASE(name) "\"" name "\":{\"title\":\"" name "\",\"type\":\"string\"}"
static const char BASES[] =
        BASE("login") "," BASE("email") "," BASE("displayName") "," BASE("firstName") "," BASE("lastName") "," BASE("title") "," BASE(
                "mobilePhone") "," BASE("primaryPhone") "," BASE("department") "," BASE("manager") "," BASE("state") "," BASE("division");

static char schema_text[4000];

/* The answer of Okta's schema page; "custom" holds JSON members. */
static const char *schema_with(const char *custom)
{
	ck_assert(str_format(schema_text, sizeof(schema_text),
	        "{\"definitions\":{\"base\":{\"properties\":{%s},\"required\":[\"login\"]},"
	        "\"custom\":{\"properties\":{%s}}}}",
	        BASES, custom));
	return schema_text;
}

static void set_up_crypto(void)
{
	ck_assert(crypto_start(NULL));
}

static void tear_down(void)
{
	json_decref(report);
	report = NULL;
}

/* -------------------------------------------------------------- the pure plan */

static struct map_rules rules_of(const char *rows)
{
	struct settings_report mistakes;
	struct map_rules rules = {0};
	json_t *json = json_loads(rows, 0, NULL);
	ck_assert_msg(json != NULL, "%s", rows);
	err_clear(&err);
	bool is_loaded = settings_load_rows(json, NULL, &rules, &mistakes, &err);
	ck_assert_msg(is_loaded, "%s: %s", rows, err.text);
	json_decref(json);
	return rules;
}

static struct schema_plan plan_of(const char *rows, const char *custom, const char *match)
{
	struct schema_plan plan;
	struct map_rules rules = rules_of(rows);
	json_t *fields_json = json_loads(FIELDS, 0, NULL);
	json_t *schema_json = json_loads(schema_with(custom), 0, NULL);
	struct field_catalog *fields = field_catalog_parse(fields_json, &err);
	struct attribute_catalog *attributes = attribute_catalog_parse(schema_json, &err);
	ck_assert_msg(fields != NULL && attributes != NULL, "%s", err.text);
	struct schema_wants wants = {.connection = "default",
	        .rules = &rules,
	        .match_okta = match,
	        .match_bob = match != NULL ? "work.directReports" : NULL,
	        .fields = fields,
	        .attributes = attributes};
	ck_assert(schema_plan_make(&plan, &wants, &err));
	field_catalog_destroy(fields);
	attribute_catalog_destroy(attributes);
	json_decref(fields_json);
	json_decref(schema_json);
	map_rules_finish(&rules);
	return plan;
}

static const struct type_case {
	const char *row; /* the members beside "okta" */
	const char *type;
} TYPES[] = {
        {"\"bob\":\"root.email\"", "string"},
        {"\"bob\":\"work.startDate\"", "string"},
        {"\"bob\":\"work.title\"", "string"},
        {"\"bob\":\"work.title\",\"as\":\"id\"", "string"},
        {"\"bob\":\"work.reportsTo\"", "string"},
        {"\"bob\":\"work.reportsTo.email\"", "string"},
        {"\"bob\":\"work.directReports\"", "number"},
        {"\"bob\":\"work.isManager\"", "boolean"},
        {"\"bob\":\"about.skills\"", "array of string"},
        {"\"expr\":\".work.title\"", "string"},
        {"\"expr\":\".work.isManager\",\"when_empty\":\"default\",\"default\":false", "boolean"},
        {"\"value\":\"UK\"", "string"},
        {"\"value\":7", "number"},
        {"\"value\":true", "boolean"},
        {"\"value\":[\"a\",\"b\"]", "array of string"},
};

START_TEST(the_type_follows_from_the_source)
{
	const struct type_case *row = &TYPES[_i];
	char rows[300];
	ck_assert(str_format(rows, sizeof(rows), "[{\"okta\":\"wantedHere\",%s}]", row->row));
	struct schema_plan plan = plan_of(rows, "", NULL);
	ck_assert_msg(json_array_size(plan.add) == 1, "%s", rows);
	ck_assert_str_eq(json_get_text(json_array_get(plan.add, 0), "type"), row->type);
	const json_t *definition = json_object_get(plan.properties, "wantedHere");
	bool is_list = str_starts_with(row->type, "array of ");
	ck_assert_str_eq(json_get_text(definition, "type"), is_list ? "array" : row->type);
	ck_assert((json_get_path(definition, "items.type") != NULL) == is_list);
	ck_assert(json_is_false(json_object_get(definition, "required")));
	ck_assert_ptr_null(json_object_get(definition, "unique"));
	const json_t *permission = json_array_get(json_object_get(definition, "permissions"), 0);
	ck_assert_str_eq(json_get_text(permission, "principal"), "SELF");
	ck_assert_str_eq(json_get_text(permission, "action"), "READ_ONLY");
	schema_plan_finish(&plan);
}
END_TEST

START_TEST(the_title_is_what_bob_calls_it)
{
	struct schema_plan plan = plan_of("[{\"okta\":\"hireDate\",\"bob\":\"work.startDate\"},"
	                                  "{\"okta\":\"homeCountry_code\",\"value\":\"UK\"}]",
	        "", NULL);
	ck_assert_str_eq(
	        json_get_text(json_object_get(plan.properties, "hireDate"), "title"), "Start date");
	ck_assert_str_eq(
	        json_get_text(json_object_get(plan.properties, "homeCountry_code"), "title"),
	        "Home country code");
	schema_plan_finish(&plan);
}
END_TEST

START_TEST(what_is_there_is_not_added_and_the_match_rule_counts)
{
	struct schema_plan plan = plan_of("[{\"okta\":\"hireDate\",\"bob\":\"work.startDate\"}]",
	        "\"hireDate\":{\"type\":\"string\"}", NULL);
	ck_assert_uint_eq(json_array_size(plan.add), 0);
	schema_plan_finish(&plan);
	plan = plan_of("[]", "", "bobNumber");
	ck_assert_uint_eq(json_array_size(plan.add), 1);
	ck_assert_str_eq(json_get_text(json_array_get(plan.add, 0), "okta"), "bobNumber");
	ck_assert_str_eq(json_get_text(json_array_get(plan.add, 0), "type"), "number");
	schema_plan_finish(&plan);
}
END_TEST

static const struct conflict_case {
	const char *row;
	const char *present; /* the definition */
	bool is_conflict;
} CONFLICTS[] = {
        {"\"bob\":\"work.title\"", "{\"type\":\"boolean\"}", true},
        {"\"bob\":\"work.title\"", "{\"type\":\"number\"}", true},
        {"\"bob\":\"work.isManager\"", "{\"type\":\"integer\"}", true},
        {"\"bob\":\"about.skills\"", "{\"type\":\"number\"}", true},
        {"\"value\":7", "{\"type\":\"boolean\"}", true},
        {"\"bob\":\"work.directReports\"", "{\"type\":\"integer\"}", false},
        {"\"bob\":\"work.directReports\"", "{\"type\":\"string\"}", false},
        {"\"bob\":\"work.title\"", "{\"type\":\"array\",\"items\":{\"type\":\"string\"}}", false},
        {"\"expr\":\".work.title\"", "{\"type\":\"boolean\"}", false}, /* who knows */
};

START_TEST(another_type_is_a_conflict_and_never_changed)
{
	const struct conflict_case *row = &CONFLICTS[_i];
	char rows[300];
	char custom[300];
	ck_assert(str_format(rows, sizeof(rows), "[{\"okta\":\"wantedHere\",%s}]", row->row));
	ck_assert(str_format(custom, sizeof(custom), "\"wantedHere\":%s", row->present));
	struct schema_plan plan = plan_of(rows, custom, NULL);
	ck_assert_msg((json_array_size(plan.conflicts) == 1) == row->is_conflict, "%s", rows);
	ck_assert_uint_eq(json_object_size(plan.properties), 0);
	schema_plan_finish(&plan);
}
END_TEST

static const struct name_case {
	const char *name;
	const char *reason; /* a part of it; NULL: added */
} NAMES[] = {
        {"departement", "did you mean department?"},
        {"titel", "did you mean title?"},
        {"managers", "did you mean manager?"},
        {"Department", "write department"},
        {"DISPLAYNAME", "write displayName"},
        {"HIREDATE", "write hireDate"},
        {"status", "keeps this name"},
        {"RealmId", "keeps this name"},
        {"_links", "keeps this name"},
        {"9lives", "begins with a letter"},
        {"site", NULL},
        {"title2", NULL},
        {"costPlace", NULL},
};

START_TEST(a_name_that_cannot_be_is_refused_with_the_mend)
{
	const struct name_case *row = &NAMES[_i];
	char rows[300];
	ck_assert(str_format(rows, sizeof(rows), "[{\"okta\":\"%s\",\"value\":\"x\"}]", row->name));
	struct schema_plan plan = plan_of(rows, "\"hireDate\":{\"type\":\"string\"}", NULL);
	ck_assert_msg(
	        json_array_size(plan.refused) == (row->reason != NULL ? 1U : 0U), "%s", row->name);
	ck_assert_uint_eq(json_array_size(plan.add), row->reason != NULL ? 0 : 1);
	if (row->reason != NULL) {
		const char *reason = json_get_text(json_array_get(plan.refused, 0), "reason");
		ck_assert_msg(strstr(reason, row->reason) != NULL, "%s: %s", row->name, reason);
	}
	schema_plan_finish(&plan);
}
END_TEST

START_TEST(two_new_names_may_not_differ_in_case_alone)
{
	struct schema_plan plan = plan_of("[{\"okta\":\"shirtSize\",\"value\":\"x\"},"
	                                  "{\"okta\":\"shirtsize\",\"value\":\"x\"}]",
	        "", NULL);
	ck_assert_uint_eq(json_array_size(plan.add), 1);
	ck_assert_uint_eq(json_array_size(plan.refused), 1);
	schema_plan_finish(&plan);
}
END_TEST

START_TEST(a_field_bob_does_not_have_gives_no_type)
{
	struct schema_plan plan =
	        plan_of("[{\"okta\":\"hireDate\",\"bob\":\"work.startDat\"}]", "", NULL);
	ck_assert_uint_eq(json_array_size(plan.add), 0);
	ck_assert_str_eq(json_get_text(json_array_get(plan.refused, 0), "reason"),
	        "Bob has no field work.startDat; did you mean work.startDate?");
	schema_plan_finish(&plan);
}
END_TEST

START_TEST(the_fingerprint_is_that_of_what_would_be_added)
{
	struct schema_plan one = plan_of("[{\"okta\":\"a1\",\"value\":1}]", "", NULL);
	struct schema_plan same = plan_of(
	        "[{\"okta\":\"a1\",\"value\":2},{\"okta\":\"status\",\"value\":1}]", "", NULL);
	struct schema_plan other = plan_of("[{\"okta\":\"a1\",\"value\":\"1\"}]", "", NULL);
	ck_assert_str_eq(one.fingerprint, same.fingerprint);
	ck_assert_str_ne(one.fingerprint, other.fingerprint);
	ck_assert_uint_eq(strlen(one.fingerprint), 16);
	schema_plan_finish(&one);
	schema_plan_finish(&same);
	schema_plan_finish(&other);
}
END_TEST

/* ----------------------------------------------------------------- the engine */

#define MAPPED                                                             \
	"\"mapping\":[{\"okta\":\"hireDate\",\"bob\":\"work.startDate\"}," \
	"{\"okta\":\"skills\",\"bob\":\"about.skills\"}]"

static void start(const char *changes)
{
	err = (struct err)ERR_INIT;
	engine_fixture_start(&fixture, changes);
	fixture.bob_fields = FIELDS;
}

static void okta_shows(const char *custom)
{
	engine_fixture_answer(&fixture, "GET", "/meta/schemas/user/default", schema_with(custom));
}

#define ADDED                                 \
	"\"hireDate\":{\"type\":\"string\"}," \
	"\"skills\":{\"type\":\"array\",\"items\":{\"type\":\"string\"}}"

static const struct mapping_draft in_force;

static bool apply(const char *plan)
{
	struct schema_apply how = {.connection = "default", .plan = plan, .by = "ops"};
	json_decref(report);
	report = NULL;
	err_clear(&err);
	return engine_schema_apply(fixture.engine, &how, &report, &err);
}

/* The fingerprint of the present plan. */
static const char *planned(void)
{
	static char plan[SCHEMA_FINGERPRINT_BYTES];
	json_t *shown = NULL;
	okta_shows("");
	ck_assert_msg(engine_schema_plan(fixture.engine, "default", &in_force, &shown, &err), "%s",
	        err.text);
	ck_assert(str_copy(plan, sizeof(plan), json_get_text(shown, "plan")));
	json_decref(shown);
	return plan;
}

START_TEST(a_plan_says_what_would_be_added)
{
	start("{" MAPPED "}");
	okta_shows("");
	ck_assert(engine_schema_plan(fixture.engine, "default", &in_force, &report, &err));
	ck_assert_uint_eq(json_array_size(json_object_get(report, "add")), 2);
	ck_assert_str_eq(json_get_text(report, "mode"), "live");
	ck_assert_str_eq(json_get_text(report, "sentence"), "2 attributes would be added.");
	engine_fixture_stop(&fixture);
}
END_TEST

START_TEST(a_plan_with_nothing_to_add_says_so)
{
	start(NULL);
	okta_shows("");
	ck_assert(engine_schema_plan(fixture.engine, "default", &in_force, &report, &err));
	ck_assert_str_eq(
	        json_get_text(report, "sentence"), "Okta has every attribute the mapping needs.");
	engine_fixture_stop(&fixture);
}
END_TEST

START_TEST(what_was_confirmed_is_added_and_audited)
{
	start("{" MAPPED "}");
	const char *plan = planned();
	okta_shows("");
	engine_fixture_answer(&fixture, "POST", "/meta/schemas/user/default", schema_with(ADDED));
	okta_shows(ADDED);
	ck_assert_msg(apply(plan), "%s", err.text);
	ck_assert(json_is_true(json_object_get(report, "is_added")));
	json_t *sent = engine_fixture_sent(&fixture, "POST");
	ck_assert_uint_eq(
	        json_object_size(json_get_path(sent, "definitions.custom.properties")), 2);
	json_decref(sent);
	engine_fixture_stop(&fixture);
}
END_TEST

START_TEST(another_plan_than_was_seen_is_not_carried_out)
{
	start("{" MAPPED "}");
	okta_shows("");
	ck_assert(!apply("0123456789abcdef"));
	ck_assert_int_eq(err.code, ERR_CONFLICT);
	const char *plan = planned();
	okta_shows("\"hireDate\":{\"type\":\"string\"}");
	ck_assert(!apply(plan));
	ck_assert_int_eq(err.code, ERR_CONFLICT);
	ck_assert_ptr_null(engine_fixture_sent(&fixture, "POST"));
	engine_fixture_stop(&fixture);
}
END_TEST

START_TEST(in_dry_run_nothing_is_added)
{
	start("{\"mode\":\"dry_run\"," MAPPED "}");
	const char *plan = planned();
	okta_shows("");
	ck_assert_msg(apply(plan), "%s", err.text);
	ck_assert(json_is_false(json_object_get(report, "is_added")));
	ck_assert_uint_eq(json_array_size(json_object_get(report, "add")), 2);
	ck_assert_ptr_null(engine_fixture_sent(&fixture, "POST"));
	engine_fixture_stop(&fixture);
}
END_TEST

START_TEST(while_paused_nothing_is_added)
{
	start("{" MAPPED "}");
	ck_assert(engine_pause(fixture.engine, "default", PAUSE_EVERYTHING, "ops", &err));
	const char *plan = planned();
	okta_shows("");
	ck_assert(!apply(plan));
	ck_assert_int_eq(err.code, ERR_CONFLICT);
	ck_assert_ptr_null(engine_fixture_sent(&fixture, "POST"));
	engine_fixture_stop(&fixture);
}
END_TEST

START_TEST(a_refusal_of_okta_is_told)
{
	start("{" MAPPED "}");
	const char *plan = planned();
	okta_shows("");
	engine_fixture_refuse(&fixture, "POST", "/meta/schemas/user/default", 403, "E0000006");
	ck_assert(!apply(plan));
	ck_assert_int_eq(err.code, ERR_REFUSED);
	engine_fixture_stop(&fixture);
}
END_TEST

/* --------------------------------------------------------------- looking up */

static void look(const char *text, enum engine_system system)
{
	struct fields_query query = {.connection = "default", .text = text, .system = system};
	json_decref(report);
	report = NULL;
	okta_shows("\"hireDate\":{\"title\":\"Hire date\",\"type\":\"string\",\"maxLength\":20}");
	ck_assert_msg(engine_fields(fixture.engine, &query, &report, &err), "%s", err.text);
}

static const json_t *first_of(const char *system)
{
	return json_array_get(json_object_get(report, system), 0);
}

START_TEST(fields_are_found_by_any_of_their_names)
{
	start("{\"mapping\":[{\"okta\":\"division\",\"expr\":\".work.title\"}]}");
	look("job TITLE", ENGINE_BOTH_SYSTEMS);
	ck_assert_uint_eq(json_array_size(json_object_get(report, "bob")), 1);
	ck_assert_str_eq(json_get_text(first_of("bob"), "id"), "work.title");
	ck_assert_str_eq(json_get_text(first_of("bob"), "type"), "list");
	ck_assert_uint_eq(json_array_size(json_object_get(first_of("bob"), "mapped_to")), 2);
	ck_assert_uint_eq(json_array_size(json_object_get(report, "okta")), 0);
	look("hire", ENGINE_BOTH_SYSTEMS);
	ck_assert_str_eq(json_get_text(first_of("okta"), "name"), "hireDate");
	ck_assert_int_eq(json_get_int(first_of("okta"), "max_length", 0), 20);
	ck_assert_str_eq(json_get_text(first_of("okta"), "mapped_from"), "");
	look("title", ENGINE_OKTA);
	ck_assert_uint_eq(json_array_size(json_object_get(report, "bob")), 0);
	ck_assert_str_eq(json_get_text(first_of("okta"), "mapped_from"), "work.title");
	look(NULL, ENGINE_BOB);
	ck_assert_uint_eq(json_array_size(json_object_get(report, "bob")), 7);
	engine_fixture_stop(&fixture);
}
END_TEST

START_TEST(rows_are_suggested_for_what_is_not_mapped)
{
	start(NULL);
	okta_shows("\"startDate\":{\"title\":\"Start\",\"type\":\"string\"}");
	ck_assert(engine_suggest(fixture.engine, "default", &report, &err));
	ck_assert_uint_eq(json_array_size(json_object_get(report, "suggestions")), 1);
	ck_assert_str_eq(json_get_text(json_object_get(first_of("suggestions"), "row"), "bob"),
	        "work.startDate");
	engine_fixture_stop(&fixture);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("engine_schema");
	TCase *pure = tcase_create("plan");
	tcase_add_checked_fixture(pure, set_up_crypto, crypto_stop);
	tcase_add_loop_test(pure, the_type_follows_from_the_source, 0, (int)ARRAY_SIZE(TYPES));
	tcase_add_test(pure, the_title_is_what_bob_calls_it);
	tcase_add_test(pure, what_is_there_is_not_added_and_the_match_rule_counts);
	tcase_add_loop_test(
	        pure, another_type_is_a_conflict_and_never_changed, 0, (int)ARRAY_SIZE(CONFLICTS));
	tcase_add_loop_test(
	        pure, a_name_that_cannot_be_is_refused_with_the_mend, 0, (int)ARRAY_SIZE(NAMES));
	tcase_add_test(pure, two_new_names_may_not_differ_in_case_alone);
	tcase_add_test(pure, a_field_bob_does_not_have_gives_no_type);
	tcase_add_test(pure, the_fingerprint_is_that_of_what_would_be_added);
	suite_add_tcase(suite, pure);
	TCase *tcase = tcase_create("engine");
	tcase_add_checked_fixture(tcase, NULL, tear_down);
	tcase_set_timeout(tcase, 30);
	tcase_add_test(tcase, a_plan_says_what_would_be_added);
	tcase_add_test(tcase, a_plan_with_nothing_to_add_says_so);
	tcase_add_test(tcase, what_was_confirmed_is_added_and_audited);
	tcase_add_test(tcase, another_plan_than_was_seen_is_not_carried_out);
	tcase_add_test(tcase, in_dry_run_nothing_is_added);
	tcase_add_test(tcase, while_paused_nothing_is_added);
	tcase_add_test(tcase, a_refusal_of_okta_is_told);
	tcase_add_test(tcase, fields_are_found_by_any_of_their_names);
	tcase_add_test(tcase, rows_are_suggested_for_what_is_not_mapped);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
