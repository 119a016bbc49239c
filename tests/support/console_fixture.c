/* SPDX-License-Identifier: MIT */
#include "tests/support/console_fixture.h"

#include "server/base/clock.h"
#include "server/check/check_job.h"
#include "server/store/audit_job.h"
#include "server/base/json.h"
#include "server/base/str.h"
#include "server/routes.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#define DEADLINE_MS 60000

static void load_token(struct console_fixture *fixture)
{
	struct err err = ERR_INIT;
	char path[160];

	ck_assert(str_format(path, sizeof(path), "%s/admin-token", store_fixture_directory()));
	ck_assert_msg(console_token_load(&fixture->console, path, &err), "%s", err.text);
}

void console_fixture_follow(struct console_fixture *fixture)
{
	/* The engine stays the engine fixture's. */
	ck_assert(holder_reserve(&fixture->engines));
	holder_swap(&fixture->engines, fixture->engine.engine);
	fixture->console.engines = &fixture->engines;
	fixture->console.store = fixture->engine.store;
	fixture->console.started_at_ms = clock_wall_ms();
}

/* The context of every route is the console, which stands in its fixture. */
static enum err_code authorize(struct http_request *request, const struct http_route *route,
        const char **complaint, void *context)
{
	const struct console_fixture *fixture =
	        (const void *)((const char *)context - offsetof(struct console_fixture, console));
	enum err_code code = console_authorize(request, route, complaint, context);

	if (code == ERR_OK && fixture->as.kind != HTTP_NOBODY) {
		http_request_set_actor(request, &fixture->as);
		code = fixture->as.role >= route->role ? ERR_OK : ERR_FORBIDDEN;
	}
	return code;
}

void console_fixture_sign_in(struct console_fixture *fixture, enum http_role role)
{
	fixture->as = (struct http_actor){
	        .kind = role == HTTP_ROLE_PUBLIC ? HTTP_NOBODY : HTTP_SESSION,
	        .role = role,
	        .name = "grace",
	        .account = 1,
	        .session = 1,
	};
}

void console_fixture_start(struct console_fixture *fixture)
{
	struct err err = ERR_INIT;
	struct http_options options = {
	        .name = "admin",
	        .listen = "127.0.0.1:0",
	        .mode = HTTP_THREADED,
	        .routes = routes_admin,
	        .context = &fixture->console,
	        .authorize = authorize,
	        .connections_max = 20,
	        .in_flight_max = 20,
	        .header_deadline_ms = DEADLINE_MS,
	        .body_deadline_ms = DEADLINE_MS,
	        .write_deadline_ms = DEADLINE_MS,
	};

	memset(fixture, 0, sizeof(*fixture));
	engine_fixture_start(&fixture->engine, NULL);
	holder_init(&fixture->engines, NULL, NULL);
	console_fixture_follow(fixture);
	load_token(fixture);
	fixture->console.check = check_job_create(NULL, &err);
	ck_assert_ptr_nonnull(fixture->console.check);
	fixture->console.audit = audit_job_create(fixture->engine.store, &err);
	ck_assert_ptr_nonnull(fixture->console.audit);
	fixture->server = http_start(&options, &err);
	ck_assert_msg(fixture->server != NULL, "%s", err.text);
	fixture->port = http_port(fixture->server);
}

/* What runs is real and asks who owns the token. */
static void script_owner(struct console_fixture *fixture)
{
	char owner[512];
	struct fixture_answer me = {.method = "GET",
	        .part = "/users/me",
	        .status = 200,
	        .times = FIXTURE_ALWAYS,
	        .body = owner};
	ck_assert(str_copy(owner, sizeof(owner),
	        engine_fixture_user("00uownerking", "ACTIVE", "owner@example.com", "")));
	engine_fixture_script(&fixture->engine, &me);
}

static void run(struct console_fixture *fixture)
{
	struct err err = ERR_INIT;
	struct settings_report report;
	struct running_options options = {
	        .engine = {.store = fixture->engine.store,
	                .workers = 2,
	                .plain = TRANSPORT_PLAIN_ON_LOOPBACK,
	                .parse_event = engine_fixture_parse_event},
	        .settings_path = fixture->settings_path,
	        .plain = SETTINGS_PLAIN_ON_LOOPBACK,
	};

	script_owner(fixture);
	fixture->console.running = running_create(&options, &err);
	ck_assert_msg(fixture->console.running != NULL, "%s", err.text);
	ck_assert_msg(running_start(fixture->console.running, &report, &err), "%s", err.text);
	fixture->console.engines = running_engines(fixture->console.running);
}

void console_fixture_run(struct console_fixture *fixture)
{
	json_t *document = engine_fixture_document(&fixture->engine, NULL);

	ck_assert(str_format(fixture->settings_path, sizeof(fixture->settings_path),
	        "%s/settings.json", store_fixture_directory()));
	ck_assert_int_eq(json_dump_file(document, fixture->settings_path, 0), 0);
	json_decref(document);
	run(fixture);
}

void console_fixture_run_without_file(struct console_fixture *fixture)
{
	fixture->settings_path[0] = '\0';
	run(fixture);
}

void console_fixture_stop(struct console_fixture *fixture)
{
	if (fixture->console.running != NULL) {
		running_stop(fixture->console.running, clock_mono_ms() + DEADLINE_MS);
	}
	http_stop(fixture->server, clock_mono_ms() + DEADLINE_MS);
	check_job_stop(fixture->console.check);
	check_job_destroy(fixture->console.check);
	audit_job_stop_all(fixture->console.audit);
	audit_job_destroy(fixture->console.audit);
	running_destroy(fixture->console.running);
	json_decref(fixture->json);
	console_finish(&fixture->console);
	holder_finish(&fixture->engines);
	engine_fixture_stop(&fixture->engine);
}

static int ask(struct console_fixture *fixture, const char *request)
{
	struct raw_client *client = raw_client_open(fixture->port);
	const char *token = secret_reveal(&fixture->console.token);

	fixture->status = raw_client_ask(client, request);
	ck_assert(str_copy(fixture->body, sizeof(fixture->body), client->body));
	ck_assert(str_copy(fixture->head, sizeof(fixture->head), client->head));
	raw_client_close(client);
	ck_assert_ptr_null(strstr(fixture->body, token));
	ck_assert_ptr_null(strstr(fixture->head, token));
	json_decref(fixture->json);
	fixture->json = json_parse(fixture->body, strlen(fixture->body), NULL);
	return fixture->status;
}

int console_fixture_ask_as(struct console_fixture *fixture, const char *method, const char *target,
        const char *headers)
{
	char request[2048];

	const char *host = strstr(headers, "Host: ") != NULL ? "" : "Host: localhost\r\n";

	ck_assert(str_format(request, sizeof(request), "%s %s HTTP/1.1\r\n%s%s\r\n", method, target,
	        host, headers));
	return ask(fixture, request);
}

int console_fixture_ask(
        struct console_fixture *fixture, const char *method, const char *target, const char *body)
{
	const char *token = secret_reveal(&fixture->console.token);
	char *request = NULL;
	const char *text = body != NULL ? body : "";

	request = calloc(1, 4096 + strlen(text));
	ck_assert_ptr_nonnull(request);
	ck_assert(str_format(request, 4096 + strlen(text),
	        "%s %s HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer %s\r\n"
	        "Content-Length: %zu\r\n\r\n%s",
	        method, target, token, strlen(text), text));
	int status = ask(fixture, request);
	free(request);
	return status;
}

const char *console_fixture_code(const struct console_fixture *fixture)
{
	const char *code = json_get_text(json_object_get(fixture->json, "error"), "code");

	return code != NULL ? code : "";
}
