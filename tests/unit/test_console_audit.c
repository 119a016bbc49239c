/* SPDX-License-Identifier: MIT */
/* The trail by who and text, as a file, and masked for whom it is to be. */
#include "server/base/clock.h"
#include "server/base/json.h"
#include "server/base/str.h"
#include "server/routes.h"
#include "server/store/audit.h"
#include "tests/support/console_fixture.h"
#include "tests/support/doc_shape.h"
#include "tests/support/suite.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#define AUDIT       "/api/v1/audit"
#define EXPORT      "/api/v1/audit/export"
#define PERSON      "/api/v1/people/" FIXTURE_PERSON
#define DEADLINE_MS 60000

static struct console_fixture fixture;
static struct http_actor actor;
static struct http_server *other;

static void ask(const char *method, const char *target, const char *body, int status)
{
	int have = console_fixture_ask(&fixture, method, target, body);
	ck_assert_msg(have == status, "%s %s: %d %s", method, target, have, fixture.body);
}

/* Whoever asks is the actor. */
static enum err_code authorize(struct http_request *request, const struct http_route *route,
        const char **complaint, void *context)
{
	(void)route;
	(void)complaint;
	(void)context;
	http_request_set_actor(request, &actor);
	return ERR_OK;
}

static void start_other(void)
{
	struct err err = ERR_INIT;
	struct http_options options = {
	        .name = "other",
	        .listen = "127.0.0.1:0",
	        .mode = HTTP_THREADED,
	        .routes = routes_admin,
	        .context = &fixture.console,
	        .authorize = authorize,
	        .connections_max = 20,
	        .in_flight_max = 20,
	        .header_deadline_ms = DEADLINE_MS,
	        .body_deadline_ms = DEADLINE_MS,
	        .write_deadline_ms = DEADLINE_MS,
	};
	other = http_start(&options, &err);
	ck_assert_msg(other != NULL, "%s", err.text);
}

/* Ada, held by hand by two people: one in words that a spreadsheet would compute. */
static void set_up(void)
{
	console_fixture_start(&fixture);
	start_other();
	engine_fixture_bring(&fixture.engine, FIXTURE_PERSON, engine_fixture_person("{}"));
	engine_fixture_link(&fixture.engine, ACCOUNT_ACTIVE);
	ask("POST", PERSON "/hold", "{\"why\":\"holiday\",\"by\":\"=ada\"}", 200);
	ask("POST", "/api/v1/holds/reject",
	        "{\"employee_id\":\"412\",\"why\":\"she stays\",\"by\":\"ops\"}", 200);
}

static void tear_down(void)
{
	http_stop(other, clock_mono_ms() + DEADLINE_MS);
	console_fixture_stop(&fixture);
}

static void become(enum http_actor_kind kind, enum http_role role)
{
	actor = (struct http_actor){
	        .kind = kind, .role = role, .name = "vera", .account = 7, .session = 7};
	fixture.port = http_port(other);
}

static size_t records(void)
{
	return json_array_size(json_object_get(fixture.json, "records"));
}

static const char *says(size_t at)
{
	return json_get_text(json_array_get(json_object_get(fixture.json, "records"), at), "says");
}

START_TEST(a_record_has_the_shape_of_its_example)
{
	json_t *example = doc_shape_load("GET " AUDIT);
	ask("GET", AUDIT "?kind=reject", NULL, 200);
	ck_assert_uint_eq(records(), 1);
	const json_t *record = json_array_get(json_object_get(fixture.json, "records"), 0);
	const char *key = NULL;
	json_t *value = NULL;
	json_object_foreach(json_array_get(json_object_get(example, "records"), 0), key, value)
	{
		ck_assert_msg(json_object_get(record, key) != NULL, "%s", key);
	}
	ck_assert_str_eq(says(0), "reject human: she stays");
	json_decref(example);
}
END_TEST

static const struct filter_case {
	const char *query;
	size_t records;
} FILTERS[] = {
        {"?who=ops", 1},
        {"?who=nobody", 0},
        {"?text=SHE%20STAYS", 1},
        {"?text=412&kind=hold", 1},
        {"?text=nothing%20says%20this", 0},
        {"?who=ops&text=holiday", 0},
};

START_TEST(a_filter_shows_what_is_meant)
{
	char target[128];
	ck_assert(str_format(target, sizeof(target), AUDIT "%s", FILTERS[_i].query));
	ask("GET", target, NULL, 200);
	ck_assert_msg(records() == FILTERS[_i].records, "%s: %s", target, fixture.body);
}
END_TEST

/* A text is looked for behind the first page too, and pages meet without a gap. */
START_TEST(pages_of_a_text_meet)
{
	ask("POST", PERSON "/hold", "{\"why\":\"holiday two\"}", 200);
	ask("GET", AUDIT "?text=hold&limit=1", NULL, 200);
	ck_assert_uint_eq(records(), 1);
	char target[128];
	ck_assert(str_format(target, sizeof(target),
	        AUDIT "?text=hold%%20human&limit=500&before=%lld",
	        (long long)json_get_int(fixture.json, "next_before", 0)));
	ask("GET", target, NULL, 200);
	ck_assert_uint_ge(records(), 1);
	ck_assert(json_is_null(json_object_get(fixture.json, "next_before")));
}
END_TEST

START_TEST(a_spreadsheet_computes_nothing)
{
	ask("POST", EXPORT, "{\"format\":\"csv\",\"by\":\"+cmd\"}", 200);
	ck_assert(str_starts_with(fixture.body, "record,at,connection,kind,employee_id,"));
	ck_assert_ptr_nonnull(strstr(fixture.head, "text/csv"));
	ck_assert_ptr_nonnull(strstr(fixture.head, "X-Next-After: 0"));
	ck_assert_ptr_nonnull(strstr(fixture.body, ",'=ada,"));
	ck_assert_ptr_nonnull(strstr(fixture.body, ",'+cmd,"));
	ck_assert_ptr_null(strstr(fixture.body, ",=ada"));
	ck_assert_ptr_null(strstr(fixture.body, ",+cmd"));
}
END_TEST

START_TEST(json_lines_are_the_records_exactly)
{
	char line[32768];
	ask("POST", EXPORT, "{\"format\":\"jsonl\",\"kind\":\"hold\"}", 200);
	ck_assert_ptr_nonnull(strstr(fixture.head, "application/x-ndjson"));
	ck_assert(str_copy(line, sizeof(line), fixture.body));
	line[strcspn(line, "\n")] = '\0';
	json_t *record = json_parse(line, strlen(line), NULL);
	ask("GET", AUDIT "?kind=hold&order=oldest&limit=1", NULL, 200);
	ck_assert(json_equal(record, json_array_get(json_object_get(fixture.json, "records"), 0)));
	ck_assert_str_eq(json_get_text(record, "who"), "=ada");
	json_decref(record);
}
END_TEST

/* Part by part the file is the same, and the names of the columns stand in the first alone. */
START_TEST(a_part_goes_on_where_the_one_before_ended)
{
	char body[128];
	ask("POST", EXPORT, "{\"format\":\"csv\",\"limit\":1}", 200);
	const char *next = strstr(fixture.head, "X-Next-After: ");
	ck_assert_ptr_nonnull(next);
	int after = (int)strtol(next + strlen("X-Next-After: "), NULL, 10);
	ck_assert_int_gt(after, 0);
	ck_assert(str_format(body, sizeof(body), "{\"format\":\"csv\",\"after\":%d}", after));
	ask("POST", EXPORT, body, 200);
	ck_assert(!str_starts_with(fixture.body, "record,"));
	ck_assert_int_eq((int)strtol(fixture.body, NULL, 10), after + 1);
}
END_TEST

static const char *const REFUSED[] = {
        "{\"format\":\"xlsx\"}",
        "{\"format\":\"csv\",\"limit\":0}",
        "{\"format\":\"csv\",\"limit\":20001}",
        "{\"format\":\"csv\",\"employee_id\":\"x\"}",
        "{\"format\":\"csv\",\"after\":\"1\"}",
        "{\"after\":\"1\"}",
};

START_TEST(what_cannot_be_meant_is_refused)
{
	ask("POST", EXPORT, REFUSED[_i], 400);
	ask("GET", AUDIT "?kind=export", NULL, 200);
	ck_assert_uint_eq(records(), 0);
}
END_TEST

START_TEST(a_viewer_sees_nobody)
{
	become(HTTP_SESSION, HTTP_ROLE_VIEWER);
	ask("GET", AUDIT, NULL, 200);
	ck_assert_uint_gt(records(), 1);
	ck_assert_ptr_null(strstr(fixture.body, "she stays"));
	ck_assert_ptr_null(strstr(fixture.body, "holiday"));
	ck_assert_ptr_nonnull(strstr(fixture.body, "\"is_masked\":true"));
	ask("GET", AUDIT "?text=holiday", NULL, 200);
	ck_assert_uint_eq(records(), 0);
	ask("GET", "/api/v1/holds?text=holiday", NULL, 200);
	ck_assert_int_eq(json_get_int(fixture.json, "matching", 7), 0);
	ask("GET", "/api/v1/holds?text=412", NULL, 200);
	ck_assert_int_eq(json_get_int(fixture.json, "matching", 7), 1);
}
END_TEST

static const char *const KINDS[] = {
#define KIND(word, sight, means) word,
#include "server/store/audit_kinds.def"
#undef KIND
};

/*
 * Sentences of these are made of the program's words alone, wherever they are written. Whoever adds
 * one has looked.
 */
static const char *const OPEN_KINDS[] = {"start", "brake", "pause", "resume", "adopt", "schema",
        "sweep", "sync", "retry", "secret", "keys", "backup", "restore", "export", "retention",
        "log"};

static bool is_open_kind(const char *kind)
{
	for (size_t i = 0; i < ARRAY_SIZE(OPEN_KINDS); i++) {
		if (str_equal(OPEN_KINDS[i], kind)) {
			return true;
		}
	}
	return false;
}

static void write_canary(const char *kind, const char *employee_id, const char *meta)
{
	const struct audit_entry entry = {.kind = kind,
	        .connection = "default",
	        .employee_id = employee_id,
	        .who = "ops",
	        .what = "Zvanilde said so",
	        .meta = meta};
	ck_assert(store_audit_write(fixture.engine.store, &entry, NULL));
}

START_TEST(a_viewer_reads_no_sentence_that_may_name_somebody)
{
	const char *kind = KINDS[_i];
	char target[64];

	write_canary(kind, "", NULL);
	write_canary(kind, FIXTURE_PERSON, NULL);
	become(HTTP_SESSION, HTTP_ROLE_VIEWER);
	ck_assert(str_format(target, sizeof(target), AUDIT "?kind=%s&limit=2", kind));
	ask("GET", target, NULL, 200);
	ck_assert_uint_eq(records(), 2);
	/* About Ada: never. */
	ck_assert_ptr_null(strstr(says(0), "Zvanilde"));
	ck_assert_msg((strstr(says(1), "Zvanilde") != NULL) == is_open_kind(kind), "%s", says(1));
	const json_t *record = json_array_get(json_object_get(fixture.json, "records"), 1);
	ck_assert(json_get_bool(record, "is_masked", false) != is_open_kind(kind));
	ck_assert(json_is_null(json_object_get(record, "payload")));
	/* Nor does a search tell what is not shown. */
	ck_assert(str_format(target, sizeof(target), AUDIT "?kind=%s&text=zvanilde", kind));
	ask("GET", target, NULL, 200);
	ck_assert_uint_eq(records(), is_open_kind(kind) ? 1 : 0);
}
END_TEST

START_TEST(a_viewer_reads_the_facts_and_not_what_people_typed)
{
	write_canary("settings", "", "{\"hash\":\"251d9c47\",\"source\":\"file\",\"none\":\"\"}");
	write_canary("erase", FIXTURE_PERSON, "{\"although\":\"Zvanilde asks\"}");
	write_canary("invented", "", "{\"hash\":\"251d9c47\"}");
	become(HTTP_SESSION, HTTP_ROLE_VIEWER);
	ask("GET", AUDIT "?limit=3", NULL, 200);
	ck_assert_uint_eq(records(), 3);
	ck_assert_ptr_null(strstr(fixture.body, "Zvanilde"));
	ck_assert_str_eq(says(0), "(masked)");
	ck_assert_str_eq(says(1), "(masked)");
	ck_assert_str_eq(says(2), "hash 251d9c47, source file");
}
END_TEST

static void hold_title(void)
{
	struct hold hold = {.key = store_fixture_key(FIXTURE_PERSON),
	        .kind = HOLD_LIMIT,
	        .limit = LIMIT_RENAME,
	        .since_ms = 1,
	        .cause = "over the limit",
	        .by = "server"};
	ck_assert(personal_set(&hold.wanted, "{\"profile\":{\"title\":\"Pilot\"}}"));
	ck_assert(store_hold_add(fixture.engine.store, &hold, NULL));
	hold_finish(&hold);
}

START_TEST(values_are_shown_to_who_says_that_they_look)
{
	hold_title();
	ask("GET", "/api/v1/holds", NULL, 200);
	ck_assert_ptr_nonnull(strstr(fixture.body, "Pilot"));
	become(HTTP_SESSION, HTTP_ROLE_OPERATOR);
	ask("GET", "/api/v1/holds", NULL, 200);
	ck_assert_ptr_null(strstr(fixture.body, "Pilot"));
	ck_assert_ptr_nonnull(strstr(fixture.body, "over the limit"));
	ask("POST", "/api/v1/people/412/reveal", "{\"purpose\":\"a release\"}", 200);
	ask("GET", "/api/v1/holds", NULL, 200);
	ck_assert_ptr_nonnull(strstr(fixture.body, "Pilot"));
	ask("GET", AUDIT "?kind=reveal&who=vera", NULL, 200);
	ck_assert_uint_eq(records(), 1);
}
END_TEST

START_TEST(a_page_of_holds_says_how_many_there_are)
{
	hold_title();
	ask("GET", "/api/v1/holds?rows=1", NULL, 200);
	ck_assert_uint_eq(json_array_size(json_object_get(fixture.json, "holds")), 1);
	ck_assert_int_eq(json_get_int(fixture.json, "matching", 0), 2);
	ck_assert_int_eq(json_get_int(fixture.json, "in_all", 0), 1);
	ck_assert_int_eq(json_get_int(fixture.json, "left_out", 0), 1);
	ask("GET", "/api/v1/holds?rows=5&skip=1&text=OVER", NULL, 200);
	ck_assert_int_eq(json_get_int(fixture.json, "matching", 0), 1);
	ck_assert_uint_eq(json_array_size(json_object_get(fixture.json, "holds")), 0);
	ask("GET", "/api/v1/holds?rows=1&skip=0", NULL, 200);
	ck_assert_uint_eq(json_array_size(json_object_get(fixture.json, "holds")), 1);
	ask("GET", "/api/v1/holds?skip=-1", NULL, 400);
	ask("GET", "/api/v1/holds?rows=0", NULL, 400);
}
END_TEST

START_TEST(a_change_of_the_log_is_in_the_trail)
{
	ask("POST", "/api/v1/log-level", "{\"level\":\"error\",\"minutes\":1,\"by\":\"ops\"}", 200);
	ck_assert_str_eq(json_get_text(fixture.json, "level"), "error");
	ck_assert_int_gt(json_get_int(fixture.json, "until_ms", 0), clock_wall_ms());
	ask("GET", AUDIT "?kind=log", NULL, 200);
	ck_assert_str_eq(says(0), "log level error for 1 minutes");
	ask("POST", "/api/v1/log-level", "{\"level\":\"info\",\"minutes\":1441}", 400);
	ask("POST", "/api/v1/log-level", "{\"level\":\"info\",\"minutes\":\"5\"}", 400);
	ask("GET", "/api/v1/log-level", NULL, 200);
	ck_assert_str_eq(json_get_text(fixture.json, "level"), "error");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("console_audit");
	TCase *tests = tcase_create("audit");
	tcase_set_timeout(tests, 60);
	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_test(tests, a_record_has_the_shape_of_its_example);
	tcase_add_loop_test(tests, a_filter_shows_what_is_meant, 0, (int)ARRAY_SIZE(FILTERS));
	tcase_add_test(tests, pages_of_a_text_meet);
	tcase_add_test(tests, a_spreadsheet_computes_nothing);
	tcase_add_test(tests, json_lines_are_the_records_exactly);
	tcase_add_test(tests, a_part_goes_on_where_the_one_before_ended);
	tcase_add_loop_test(tests, what_cannot_be_meant_is_refused, 0, (int)ARRAY_SIZE(REFUSED));
	tcase_add_test(tests, a_viewer_sees_nobody);
	tcase_add_loop_test(tests, a_viewer_reads_no_sentence_that_may_name_somebody, 0,
	        (int)ARRAY_SIZE(KINDS));
	tcase_add_test(tests, a_viewer_reads_the_facts_and_not_what_people_typed);
	tcase_add_test(tests, values_are_shown_to_who_says_that_they_look);
	tcase_add_test(tests, a_page_of_holds_says_how_many_there_are);
	tcase_add_test(tests, a_change_of_the_log_is_in_the_trail);
	suite_add_tcase(suite, tests);
	return suite_run(suite);
}
