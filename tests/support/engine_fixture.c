/* SPDX-License-Identifier: MIT */
#include "tests/support/engine_fixture.h"

#include "server/base/clock.h"
#include "server/base/json.h"
#include "server/base/str.h"
#include "server/base/transport.h"
#include "server/settings/settings.h"
#include "tests/support/sample.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CALLS_BYTES 4096
#define USER_BYTES  2048
#define OKTA_USERS  "/api/v1/users"

static const char FORBIDDEN[] = "{\"errorCode\":\"E0000006\",\"errorSummary\":\"Forbidden\"}";
static const char NOT_FOUND[] = "{\"errorCode\":\"E0000007\",\"errorSummary\":\"Not found\"}";

static void must(bool holds, const char *what, const struct err *err)
{
	if (!holds) {
		fprintf(stderr, "fixture: %s: %s\n", what, err != NULL ? err->text : "");
		abort();
	}
}

/* ------------------------------------------------------------- the server */

/* Bob's metadata; NULL: the people are asked for. */
static const char *bob_page(const struct engine_fixture *fixture, const char *target)
{
	if (strstr(target, "/named-lists") != NULL) {
		return fixture->bob_lists != NULL ? fixture->bob_lists : "{}";
	}
	if (strstr(target, "/fields") != NULL) {
		return fixture->bob_fields != NULL
		        ? fixture->bob_fields
		        : "[{\"id\":\"root.email\",\"name\":\"Email\",\"type\":\"text\"}]";
	}
	return NULL;
}

static bool asks_history(const struct fake_request *request)
{
	return str_starts_with(request->target, "/bob/") &&
	        strstr(request->target, "/lifecycle") != NULL;
}

static char *answer_history(const struct engine_fixture *fixture)
{
	return fake_http_format(
	        fixture->bob_history_status != 0 ? fixture->bob_history_status : 200, "",
	        fixture->bob_history != NULL ? fixture->bob_history : "{\"values\":[]}");
}

static char *answer_bob(struct engine_fixture *fixture, const struct fake_request *request)
{
	json_t *body = json_loads(request->body, 0, NULL);
	const json_t *filter = json_array_get(json_object_get(body, "filters"), 0);
	const json_t *ids = json_object_get(filter, "values");
	json_t *found = json_array();
	const char *id = NULL;
	json_t *person = NULL;

	if (fixture->bob_status != 200) {
		json_decref(body);
		json_decref(found);
		return fake_http_format(fixture->bob_status, "", "{\"error\":\"no\"}");
	}
	json_object_foreach(fixture->people, id, person)
	{
		bool is_asked = ids == NULL;
		for (size_t i = 0; i < json_array_size(ids); i++) {
			is_asked = is_asked ||
			        str_equal(json_string_value(json_array_get(ids, i)), id);
		}
		if (is_asked) {
			json_array_append(found, person);
		}
	}
	const char *page = bob_page(fixture, request->target);
	json_t *answer =
	        page != NULL ? json_loads(page, 0, NULL) : json_pack("{s:O}", "employees", found);
	must(answer != NULL, "a page of Bob's", NULL);
	char *text = json_dumps(answer, JSON_COMPACT);
	char *bytes = fake_http_format(200, "", text);
	free(text);
	json_decref(answer);
	json_decref(found);
	json_decref(body);
	return bytes;
}

static struct fixture_answer *find_answer(
        struct engine_fixture *fixture, const struct fake_request *request)
{
	for (size_t i = 0; i < fixture->answer_count; i++) {
		struct fixture_answer *answer = &fixture->answers[i];
		if (answer->times > 0 && str_equal(answer->method, request->method) &&
		        strstr(request->target, answer->part) != NULL) {
			answer->times -= answer->times < FIXTURE_ALWAYS ? 1 : 0;
			return answer;
		}
	}
	return NULL;
}

/* Without a script nobody is there to be found, and nothing else is expected. */
static char *answer_unscripted(struct engine_fixture *fixture, const struct fake_request *request)
{
	if (str_equal(request->method, "GET") && strstr(request->target, "search=") != NULL) {
		return fake_http_format(200, "", "[]");
	}
	if (strstr(request->target, "/meta/schemas/") != NULL) {
		/* An org whose schema cannot be read: nothing is checked before it is sent. */
		return fake_http_format(403, "", FORBIDDEN);
	}
	fixture->unexpected++;
	fprintf(stderr, "fixture: nobody scripted %s %s\n", request->method, request->target);
	return fake_http_format(404, "", NOT_FOUND);
}

static char *answer(void *context, const struct fake_request *request)
{
	struct engine_fixture *fixture = context;
	bool is_bob = str_starts_with(request->target, "/bob/");

	if (!is_bob && fixture->watcher != NULL) {
		fixture->watcher(fixture, request);
	}
	monitor_lock(&fixture->monitor);
	const struct fixture_answer *scripted = is_bob ? NULL : find_answer(fixture, request);
	char *bytes = asks_history(request) ? answer_history(fixture)
	        : is_bob                    ? answer_bob(fixture, request)
	        : scripted != NULL
	        ? fake_http_format(scripted->status, "X-Okta-Request-Id: req1\r\n", scripted->body)
	        : answer_unscripted(fixture, request);
	monitor_unlock(&fixture->monitor);
	return bytes;
}

void engine_fixture_script(struct engine_fixture *fixture, const struct fixture_answer *scripted)
{
	monitor_lock(&fixture->monitor);
	must(fixture->answer_count < FIXTURE_ANSWERS, "too many scripts", NULL);
	struct fixture_answer *made = &fixture->answers[fixture->answer_count++];
	*made = *scripted;
	made->body = str_dup(scripted->body);
	monitor_unlock(&fixture->monitor);
}

static struct fixture_answer script(const char *method, const char *part, int status)
{
	struct fixture_answer made = {.status = status, .times = 1};
	must(str_copy(made.method, sizeof(made.method), method) &&
	                str_copy(made.part, sizeof(made.part), part),
	        "script", NULL);
	return made;
}

void engine_fixture_answer(
        struct engine_fixture *fixture, const char *method, const char *part, const char *body)
{
	struct fixture_answer made = script(method, part, 200);
	char *copy = str_dup(body);
	made.body = copy;
	engine_fixture_script(fixture, &made);
	free(copy);
}

void engine_fixture_refuse(struct engine_fixture *fixture, const char *method, const char *part,
        int status, const char *code)
{
	struct fixture_answer made = script(method, part, status);
	char body[256];
	must(str_format(body, sizeof(body),
	             "{\"errorCode\":\"%s\",\"errorSummary\":\"no\",\"errorCauses\":[]}", code),
	        "body", NULL);
	made.body = body;
	engine_fixture_script(fixture, &made);
}

const char *engine_fixture_user(
        const char *okta_id, const char *status, const char *login, const char *more)
{
	static char text[USER_BYTES];
	must(str_format(text, sizeof(text),
	             "{\"id\":\"%s\",\"status\":\"%s\",\"profile\":{\"login\":\"%s\","
	             "\"email\":\"%s\"%s%s}}",
	             okta_id, status, login, login, more[0] != '\0' ? "," : "", more),
	        "user", NULL);
	return text;
}

static const char *short_target(const char *target)
{
	if (!str_starts_with(target, OKTA_USERS)) {
		return target;
	}
	target += strlen(OKTA_USERS);
	return str_starts_with(target, "?search=") || strstr(target, "?search=") != NULL ||
	                strstr(target, "&search=") != NULL
	        ? "?search"
	        : target;
}

const char *engine_fixture_calls(struct engine_fixture *fixture)
{
	static char text[CALLS_BYTES];
	size_t count = fake_http_count(fixture->fake);

	text[0] = '\0';
	for (size_t i = fixture->calls_from; i < count; i++) {
		const struct fake_request *request = fake_http_request(fixture->fake, i);
		size_t len = strlen(text);
		bool is_work = !str_starts_with(request->target, "/bob/") &&
		        strstr(request->target, "/meta/schemas/") == NULL;
		if (is_work) {
			must(str_format(text + len, sizeof(text) - len, "%s%s %s",
			             len > 0 ? ", " : "", request->method,
			             short_target(request->target)),
			        "calls", NULL);
		}
	}
	fixture->calls_from = count;
	return text;
}

json_t *engine_fixture_sent(struct engine_fixture *fixture, const char *method)
{
	for (size_t i = fake_http_count(fixture->fake); i > 0; i--) {
		const struct fake_request *request = fake_http_request(fixture->fake, i - 1);
		if (str_equal(request->method, method) &&
		        !str_starts_with(request->target, "/bob/")) {
			return json_loads(request->body, 0, NULL);
		}
	}
	return NULL;
}

/* -------------------------------------------------------- start and stop */

static json_t *settings_json(const char *url, const char *changes)
{
	char bob_url[128];
	must(str_format(bob_url, sizeof(bob_url), "%s/bob/v1", url), "url", NULL);
	json_t *connection = json_pack("{s:s, s:{s:i, s:s, s:s, s:s, s:[s]}, s:{s:s, s:s}, s:s,"
	                               " s:{s:s, s:s, s:[s], s:s, s:i, s:s}}",
	        "name", "default", "bob", "company_id", 636192, "base_url", bob_url,
	        "service_user_id", "SERVICE-1", "service_user_token", "bob-token",
	        "webhook_secrets", "secret-of-bob", "okta", "base_url", url, "api_token",
	        "okta-token", "mode", "live", "provisioning", "create", "on_creation", "activation",
	        "bob_status", "email_domains", "example.com", "time_zone", "Europe/London",
	        "reread_after_s", 0, "existing", "create");
	json_t *laid = changes != NULL ? json_loads(changes, 0, NULL) : json_object();
	must(json_is_object(laid) && json_object_update_recursive(connection, laid) == 0,
	        "settings", NULL);
	json_decref(laid);
	return json_pack("{s:[o]}", "connections", connection);
}

static void load_settings(struct engine_fixture *fixture, const char *changes)
{
	struct settings_report report = {0};
	struct err err = ERR_INIT;
	json_t *document = settings_json(fake_http_url(fixture->fake), changes);
	char *text = json_dumps(document, JSON_COMPACT);

	fixture->settings = settings_load(
	        text, strlen(text), "/tmp", SETTINGS_PLAIN_ON_LOOPBACK, &report, &err);
	if (fixture->settings == NULL && report.count > 0) {
		fprintf(stderr, "%s: %s\n", report.mistakes[0].path, report.mistakes[0].text);
	}
	must(fixture->settings != NULL, "settings", &err);
	free(text);
	json_decref(document);
}

json_t *engine_fixture_document(const struct engine_fixture *fixture, const char *changes)
{
	return settings_json(fake_http_url(fixture->fake), changes);
}

void engine_fixture_parse_event(const char *body, size_t len, const char *company_id,
        int64_t received_at_ms, struct event_verdict *verdict)
{
	char text[64];
	bool is_revoke = len > 7 && strncmp(body, "revoke:", 7) == 0;
	bool is_change = len > 7 && strncmp(body, "change:", 7) == 0;

	(void)company_id;
	verdict->state = EVENT_IGNORED;
	if ((!is_revoke && !is_change) || !str_format(text, sizeof(text), "%.*s", (int)len, body)) {
		return;
	}
	verdict->state = EVENT_ACCEPTED;
	verdict->kind = is_revoke ? EVENT_KIND_REVOKE : EVENT_KIND_CHANGE;
	verdict->lane = is_revoke ? LANE_REVOKE : LANE_UPDATE;
	verdict->received_at_ms = received_at_ms;
	verdict->triggered_at_ms = received_at_ms;
	must(str_copy(verdict->employee_id, sizeof(verdict->employee_id), text + 7), "id", NULL);
}

static void make_engine(struct engine_fixture *fixture)
{
	struct err err = ERR_INIT;
	struct engine_options options = {
	        .settings = fixture->settings,
	        .store = fixture->store,
	        .workers = 2,
	        .plain = TRANSPORT_PLAIN_ON_LOOPBACK,
	        .parse_event = engine_fixture_parse_event,
	};

	fixture->engine = engine_create(&options, &err);
	must(fixture->engine != NULL, "engine", &err);
	fixture->connection = fixture->engine->connections[0];
	monitor_lock(&fixture->connection->monitor);
	park_success(&fixture->connection->okta);
	monitor_unlock(&fixture->connection->monitor);
	must(runner_init(&fixture->runner, fixture->store, fixture->engine->connections, 1, &err),
	        "runner", &err);
}

void engine_fixture_start(struct engine_fixture *fixture, const char *changes)
{
	struct err err = ERR_INIT;

	*fixture = (struct engine_fixture){.bob_status = 200, .people = json_object()};
	must(transport_global_start(&err), "transport", &err);
	must(monitor_init(&fixture->monitor), "monitor", NULL);
	fixture->fake = fake_http_start_handler(answer, fixture);
	fixture->store = store_fixture_open();
	load_settings(fixture, changes);
	make_engine(fixture);
}

void engine_fixture_renew(struct engine_fixture *fixture)
{
	runner_finish(&fixture->runner);
	engine_destroy(fixture->engine);
	make_engine(fixture);
}

size_t engine_fixture_history_reads(struct engine_fixture *fixture)
{
	size_t reads = 0;

	for (size_t i = 0; i < fake_http_count(fixture->fake); i++) {
		reads += asks_history(fake_http_request(fixture->fake, i)) ? 1 : 0;
	}
	return reads;
}

size_t engine_fixture_bob_searches(struct engine_fixture *fixture)
{
	size_t searches = 0;

	for (size_t i = 0; i < fake_http_count(fixture->fake); i++) {
		const char *target = fake_http_request(fixture->fake, i)->target;
		searches += strstr(target, "/people/search") != NULL ? 1 : 0;
	}
	return searches;
}

static void forget(struct engine_fixture *fixture)
{
	run_finish(&fixture->run);
	employee_finish(&fixture->employee);
	fixture->employee = (struct employee){0};
	action_list_finish(&fixture->actions);
	fixture->actions = (struct action_list){0};
}

void engine_fixture_stop(struct engine_fixture *fixture)
{
	must(fixture->unexpected == 0, "requests nobody scripted", NULL);
	forget(fixture);
	runner_finish(&fixture->runner);
	engine_destroy(fixture->engine);
	fake_http_stop(fixture->fake);
	settings_destroy(fixture->settings);
	store_close(fixture->store);
	store_fixture_clean();
	json_decref(fixture->people);
	for (size_t i = 0; i < fixture->answer_count; i++) {
		free(fixture->answers[i].body);
	}
	monitor_finish(&fixture->monitor);
	transport_global_stop();
}

/* ---------------------------------------------------------------- records */

json_t *engine_fixture_person(const char *shorthand)
{
	json_t *row = json_loads(shorthand, 0, NULL);
	must(json_is_object(row), shorthand, NULL);
	json_t *person = sample_person_json(row);
	json_object_set_new(person, "id", json_string(FIXTURE_PERSON));
	json_decref(row);
	return person;
}

void engine_fixture_bring(struct engine_fixture *fixture, const char *employee_id, json_t *person)
{
	json_object_set_new(person, "id", json_string(employee_id));
	monitor_lock(&fixture->monitor);
	json_object_set_new(fixture->people, employee_id, person);
	monitor_unlock(&fixture->monitor);
}

static enum account_status link_status;

static void set_link(struct employee *employee)
{
	static const char PROFILE[] =
	        "{\"login\":\"" FIXTURE_LOGIN "\",\"email\":\"" FIXTURE_LOGIN
	        "\",\"firstName\":\"Ada\",\"lastName\":\"King\",\"displayName\":\"Ada King\"}";
	must(str_copy(employee->okta_id, sizeof(employee->okta_id), FIXTURE_OKTA_ID) &&
	                str_copy(
	                        employee->activation, sizeof(employee->activation), "bob_status") &&
	                personal_set(&employee->present_profile, PROFILE) &&
	                personal_set(&employee->bob_login, FIXTURE_LOGIN) &&
	                personal_set(&employee->bob_email, FIXTURE_LOGIN),
	        "link", NULL);
	employee->origin = ORIGIN_CREATED;
	employee->present_status = link_status;
	employee->is_activated = link_status != ACCOUNT_STAGED;
}

void engine_fixture_link(struct engine_fixture *fixture, enum account_status status)
{
	link_status = status;
	engine_fixture_change(fixture, FIXTURE_PERSON, set_link);
}

void engine_fixture_change(
        struct engine_fixture *fixture, const char *employee_id, fixture_change *change)
{
	struct err err = ERR_INIT;
	struct employee_key key = store_fixture_key(employee_id);

	must(store_employee_mark(fixture->store, &key, LANE_UPDATE, NULL, &err), "mark", &err);
	struct employee employee = store_fixture_claim(fixture->store, employee_id);
	employee.attempts = 0;
	change(&employee);
	employee.settled_generation = employee.generation;
	must(store_employee_finish(fixture->store, &employee, EMPLOYEE_IDLE, &err), "finish", &err);
	employee_finish(&employee);
}

void engine_fixture_hold(struct engine_fixture *fixture, const char *employee_id,
        enum hold_kind kind, const char *cause)
{
	struct err err = ERR_INIT;
	struct hold hold = {
	        .key = store_fixture_key(employee_id), .kind = kind, .since_ms = clock_wall_ms()};
	must(str_copy(hold.cause, sizeof(hold.cause), cause) &&
	                str_copy(hold.by, sizeof(hold.by), "test") &&
	                store_hold_add(fixture->store, &hold, &err),
	        "hold", &err);
}

/* -------------------------------------------------------------------- run */

void engine_fixture_begin(struct engine_fixture *fixture, enum lane lane)
{
	struct err err = ERR_INIT;
	struct employee_key key = store_fixture_key(FIXTURE_PERSON);

	forget(fixture);
	must(store_employee_mark(fixture->store, &key, lane, NULL, &err), "mark", &err);
	fixture->employee = store_fixture_claim(fixture->store, FIXTURE_PERSON);
	fixture->run = (struct run){
	        .runner = &fixture->runner,
	        .connection = fixture->connection,
	        .employee = &fixture->employee,
	        .presence = PRESENCE_NOT_READ,
	        .asked = HOLD_KIND_COUNT,
	        .read_begun_ms = clock_wall_ms(),
	};
}

void engine_fixture_load(struct engine_fixture *fixture)
{
	struct err err = ERR_INIT;
	struct employee_key key = store_fixture_key(FIXTURE_PERSON);

	forget(fixture);
	fixture->employee = store_fixture_get(fixture->store, FIXTURE_PERSON);
	must(store_action_list(fixture->store, &key, 20, &fixture->actions, &err), "actions", &err);
}

void engine_fixture_settle(struct engine_fixture *fixture)
{
	struct err err = ERR_INIT;

	fixture->end = fixture->run.end;
	must(str_copy(fixture->sentence, sizeof(fixture->sentence), fixture->run.sentence),
	        "sentence", NULL);
	must(run_settle(&fixture->run, &err), "settle", &err);
	engine_fixture_load(fixture);
}

enum run_end engine_fixture_run(struct engine_fixture *fixture, json_t *person)
{
	engine_fixture_begin(fixture, LANE_UPDATE);
	fixture->run.presence = person != NULL ? PRESENCE_READ : PRESENCE_NOT_READ;
	reconcile(&fixture->run, person);
	engine_fixture_settle(fixture);
	json_decref(person);
	return fixture->end;
}

int64_t engine_fixture_crash_in(
        struct engine_fixture *fixture, struct intent intent, const char *body)
{
	struct limit_set unlimited = {0};
	struct err err = ERR_INIT;
	struct employee_key key = store_fixture_key(FIXTURE_PERSON);

	must(store_employee_mark(fixture->store, &key, LANE_UPDATE, NULL, &err), "mark", &err);
	struct employee employee = store_fixture_claim(fixture->store, FIXTURE_PERSON);
	intent.key = employee.key;
	intent.lease_token = employee.lease_token;
	intent.claimed_generation = employee.claimed_generation;
	intent.opened_at_ms = clock_wall_ms();
	must(str_copy(intent.okta_id, sizeof(intent.okta_id), employee.okta_id), "id", NULL);
	must(body == NULL || personal_set(&intent.body, body), "body", NULL);
	must(store_intent_open(fixture->store, &intent, &unlimited, &err) == INTENT_OPEN, "intent",
	        &err);
	must(store_employee_finish(fixture->store, &employee, EMPLOYEE_IDLE, &err), "finish", &err);
	employee_finish(&employee);
	int64_t intent_id = intent.intent_id;
	intent_finish(&intent);
	return intent_id;
}

size_t engine_fixture_open_intents(struct engine_fixture *fixture)
{
	struct action_list open = {0};
	struct err err = ERR_INIT;

	must(store_intent_list_open(fixture->store, NULL, &open, &err), "open intents", &err);
	size_t count = open.count;
	action_list_finish(&open);
	return count;
}

bool engine_fixture_is_held(struct engine_fixture *fixture, enum hold_kind kind)
{
	struct employee employee = store_fixture_get(fixture->store, FIXTURE_PERSON);
	bool is_held = (employee.hold_kinds & (1U << kind)) != 0;

	employee_finish(&employee);
	return is_held;
}

struct call_outcome engine_fixture_outcome(enum call_class call_class, int http_status)
{
	return (struct call_outcome){
	        .call_class = call_class, .http_status = http_status, .is_sent = true};
}
