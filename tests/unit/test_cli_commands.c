/* SPDX-License-Identifier: MIT */
#include "server/cli/cli.h"
#include "server/cli/commands.h"

#include "server/base/crypto.h"
#include "server/base/json.h"
#include "server/base/str.h"
#include "server/base/transport.h"
#include "tests/support/fake_http.h"
#include "tests/support/suite.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define WORDS_MAX 10

static struct fake_http *fake;
static struct options options;
static char folder[64];
static char *out_text;
static char *error_text;

static void write_file(const char *name, const char *text)
{
	char path[160];
	ck_assert(str_format(path, sizeof(path), "%s/%s", folder, name));
	FILE *file = fopen(path, "w");
	ck_assert_ptr_nonnull(file);
	ck_assert_int_ge(fputs(text, file), 0);
	ck_assert_int_eq(fclose(file), 0);
}

static void set_up(void)
{
	ck_assert(str_copy(folder, sizeof(folder), "/tmp/bob2okta-cli-XXXXXX"));
	ck_assert_ptr_nonnull(mkdtemp(folder));
	fake = fake_http_start();
	options = (struct options){.workers = 4, .allow_insecure_loopback = true};
	const char *address = fake_http_url(fake) + strlen("http://");
	ck_assert(str_copy(options.admin_listen, sizeof(options.admin_listen), address));
	ck_assert(str_copy(options.listen, sizeof(options.listen), address));
	ck_assert(str_format(options.store, sizeof(options.store), "sqlite:%s/x.db", folder));
	ck_assert(
	        str_format(options.settings, sizeof(options.settings), "%s/bob2okta.json", folder));
	write_file("admin-token", "token-of-the-store\n");
}

static void remove_file(const char *name)
{
	char path[160];
	if (str_format(path, sizeof(path), "%s/%s", folder, name)) {
		(void)unlink(path);
	}
}

static void tear_down(void)
{
	fake_http_stop(fake);
	free(out_text);
	free(error_text);
	out_text = NULL;
	error_text = NULL;
	remove_file("admin-token");
	remove_file("bob2okta.json");
	remove_file("body.json");
	rmdir(folder);
}

/* Words end with NULL. Leaves what was printed in out_text and error_text. */
static int run(const char *const *words)
{
	char room[WORDS_MAX][128] = {"bob2okta"};
	char *argv[WORDS_MAX + 1] = {room[0]};
	int argc = 1;
	size_t out_len = 0;
	size_t error_len = 0;
	for (; words[argc - 1] != NULL; argc++) {
		ck_assert(str_copy(room[argc], sizeof(room[argc]), words[argc - 1]));
		argv[argc] = room[argc];
	}
	free(out_text);
	free(error_text);
	FILE *out = open_memstream(&out_text, &out_len);
	FILE *errors = open_memstream(&error_text, &error_len);
	int status = cli_run_to(&options, argc, argv, out, errors);
	fclose(out);
	fclose(errors);
	return status;
}

#define RUN(...) run((const char *const[]){__VA_ARGS__, NULL})

/* What request `index` was, without head and version. */
static void check_request(size_t index, const char *method, const char *target)
{
	const struct fake_request *request = fake_http_request(fake, index);
	ck_assert_ptr_nonnull(request);
	ck_assert_str_eq(request->method, method);
	ck_assert_str_eq(request->target, target);
}

/* Compares the body of request `index` but for `by`, which is the machine's user. */
static void check_body(size_t index, const char *expected)
{
	const struct fake_request *request = fake_http_request(fake, index);
	ck_assert_ptr_nonnull(request);
	json_t *body = json_parse(request->body, request->body_len, NULL);
	json_t *wanted = json_parse(expected, strlen(expected), NULL);
	ck_assert(!str_is_empty(json_get_text(body, "by")));
	json_object_del(body, "by");
	ck_assert_msg(json_equal(body, wanted), "body is %s", request->body);
	json_decref(body);
	json_decref(wanted);
}

static void check_out(const char *part)
{
	ck_assert_msg(strstr(out_text, part) != NULL, "no \"%s\" in:\n%s", part, out_text);
}

static void check_error(const char *part)
{
	ck_assert_msg(strstr(error_text, part) != NULL, "no \"%s\" in:\n%s", part, error_text);
}

/* ------------------------------------------------------------- the way there */

START_TEST(the_token_beside_the_store_is_sent)
{
	fake_http_script(fake, 200, "", "{\"holds\":[]}");
	ck_assert_int_eq(RUN("held"), CLI_DONE);
	char value[64];
	ck_assert(fake_request_header(
	        fake_http_request(fake, 0), "Authorization", value, sizeof(value)));
	ck_assert_str_eq(value, "Bearer token-of-the-store");
	check_out("nothing waits for a human");
}
END_TEST

START_TEST(a_missing_token_says_where_it_should_be)
{
	remove_file("admin-token");
	ck_assert_int_eq(RUN("status"), CLI_FAILED);
	check_error("/admin-token: No such file");
	check_error("--store");
	ck_assert_uint_eq(fake_http_count(fake), 0);
}
END_TEST

START_TEST(a_refused_token_is_explained)
{
	fake_http_script(fake, 401, "",
	        "{\"error\":{\"code\":\"unauthorized\",\"message\":\"no\",\"hint\":\"\"}}");
	ck_assert_int_eq(RUN("status"), CLI_FAILED);
	check_error("refuses the token");
}
END_TEST

START_TEST(a_server_that_is_not_there_is_named)
{
	ck_assert(str_copy(options.admin_listen, sizeof(options.admin_listen), "127.0.0.1:1"));
	ck_assert_int_eq(RUN("status"), CLI_FAILED);
	check_error("no server answers at http://127.0.0.1:1");
}
END_TEST

START_TEST(the_token_never_leaves_the_machine)
{
	ck_assert(str_copy(options.admin_listen, sizeof(options.admin_listen), "192.0.2.1:8081"));
	ck_assert_int_eq(RUN("status"), CLI_USAGE);
	check_error("own machine only");
}
END_TEST

START_TEST(any_address_is_called_on_loopback)
{
	fake_http_script(fake, 200, "", "{\"holds\":[]}");
	const char *port = strrchr(options.admin_listen, ':');
	char any[32];
	ck_assert(str_format(any, sizeof(any), "0.0.0.0%s", port));
	ck_assert(str_copy(options.admin_listen, sizeof(options.admin_listen), any));
	ck_assert_int_eq(RUN("held"), CLI_DONE);
}
END_TEST

START_TEST(the_messages_of_the_api_are_passed_on)
{
	fake_http_script(fake, 404, "",
	        "{\"error\":{\"code\":\"not_found\",\"message\":\"there is no employee 42\","
	        "\"hint\":\"h\"}}");
	ck_assert_int_eq(RUN("person", "42"), CLI_FAILED);
	check_error("bob2okta: there is no employee 42\n");
	ck_assert_str_eq(out_text, "");
}
END_TEST

START_TEST(what_is_no_server_of_ours_is_said_to_be_none)
{
	fake_http_script(fake, 200, "", "hello");
	ck_assert_int_eq(RUN("status"), CLI_FAILED);
	check_error("no bob2okta server");
}
END_TEST

/* ------------------------------------------------------- what each one asks */

struct asking {
	const char *words[WORDS_MAX];
	const char *method;
	const char *target;
	const char *body; /* NULL: none */
	const char *answer;
	const char *said;
};

/* The report of a job that has ended, with what came of it. */
#define DONE(result) "{\"state\":\"done\",\"begun_at_ms\":1,\"result\":" result "}"

static const struct asking askings[] = {
        {{"people"}, "GET", "/api/v1/people?connection=default", NULL,
                "{\"people\":[],\"next_after\":null}", "nobody"},
        {{"people", "--text", "a b&c", "--state=held", "--limit", "5", "--after", "7"}, "GET",
                "/api/v1/people?connection=default&text=a%20b%26c&state=held&after=7&limit=5", NULL,
                "{\"people\":[],\"next_after\":\"9\"}", "--after 9"},
        {{"held", "--kind", "limit", "--connection", "second"}, "GET",
                "/api/v1/holds?connection=second&kind=limit", NULL, "{\"holds\":[]}", ""},
        {{"plan"}, "POST", "/api/v1/plan/start?connection=default", "{}",
                DONE("{\"plans\":[],\"people\":12,\"unchanged\":12,\"left_out\":0}"),
                "12 people, 12 need nothing"},
        {{"plan", "--all"}, "POST", "/api/v1/plan/start?connection=default", "{}",
                DONE("{\"plans\":[],\"people\":9,\"unchanged\":4,\"held\":2,\"left_out\":5,"
                     "\"by_action\":{\"activate\":1,\"create\":2},\"by_rule\":{\"G1\":2},"
                     "\"is_draft\":true}"),
                "9 people, 4 need nothing, 5 would be changed or held\n"
                "by action: activate 1, create 2\nby rule: G1 2\n2 would be held for a human\n"
                "with settings that are not in force\n5 more plans are not shown\n"},
        {{"plan", "--employee", "42", "--on", "2026-12-31"}, "POST",
                "/api/v1/people/42/plan?connection=default", NULL,
                "{\"steps\":[],\"sentence\":\"Until then nothing.\"}", "Until then nothing."},
        {{"plan", "--next", "30d"}, "POST", "/api/v1/plan/next/start?connection=default",
                "{\"days\":30}",
                DONE("{\"days\":[],\"from\":\"a\",\"to\":\"b\",\"sentence\":\"c\"}"), "a to b: c"},
        {{"plan", "--next", "4w"}, "POST", "/api/v1/plan/next/start?connection=default",
                "{\"days\":28}", DONE("{\"days\":[],\"sentence\":\"c\"}"), "c"},
        {{"plan", "show", "--next"}, "GET", "/api/v1/plan/next?connection=default", NULL,
                DONE("{\"days\":[],\"from\":\"a\",\"to\":\"b\",\"sentence\":\"c\"}"), "a to b: c"},
        {{"plan", "show"}, "GET", "/api/v1/plan?connection=default", NULL,
                "{\"state\":\"running\",\"by\":\"ada\",\"listed\":9,\"read\":4}",
                "running, begun by ada"},
        {{"plan", "show"}, "GET", "/api/v1/plan?connection=default", NULL, "{\"state\":\"none\"}",
                "none was begun"},
        {{"plan", "stop"}, "POST", "/api/v1/plan/stop?connection=default", "{}",
                "{\"state\":\"running\"}", "it ends after"},
        {{"adopt", "stop"}, "POST", "/api/v1/adoption/stop?connection=default", "{}",
                "{\"scan\":{\"state\":\"running\"}}", "what was done stays"},
        {{"plan", "approve", "--day", "2026-12-31", "--limit", "lower", "--employee=1,42", "--yes"},
                "POST", "/api/v1/plan/approve?connection=default",
                "{\"day\":\"2026-12-31\",\"limit\":\"lower\",\"employee_ids\":[\"1\",\"42\"]}",
                "{\"people\":[{\"employee_id\":\"42\"}],\"sentence\":\"2 people may.\"}",
                "2 people may.\n"},
        {{"plan", "approve", "--day=2026-12-31", "--limit=lower", "--all", "--yes"}, "POST",
                "/api/v1/plan/approve?connection=default",
                "{\"day\":\"2026-12-31\",\"limit\":\"lower\",\"all\":true}",
                "{\"people\":[],\"sentence\":\"s\"}", "s\n"},
        {{"plan", "approvals", "--day", "2026-12-31"}, "GET",
                "/api/v1/plan/approvals?connection=default&day=2026-12-31", NULL,
                "{\"approvals\":[]}", "nothing is approved in advance"},
        {{"plan", "unapprove", "--day=2026-12-31", "--limit=lower", "--employee=42"}, "POST",
                "/api/v1/plan/unapprove?connection=default",
                "{\"day\":\"2026-12-31\",\"limit\":\"lower\",\"employee_id\":\"42\"}",
                "{\"removed\":1}", "1 taken back"},
        {{"sync"}, "POST", "/api/v1/sync?connection=default", "{}", "{\"marked\":12}",
                "12 people are being compared"},
        {{"sync", "--employee", "42", "--no-wait"}, "POST",
                "/api/v1/people/42/sync?connection=default", "{}",
                "{\"employee_id\":\"42\",\"generation\":3}", "bob2okta person 42"},
        {{"retry", "--failed"}, "POST", "/api/v1/retry?connection=default", "{\"failed\":true}",
                "{\"marked\":2}", "2 people are tried again"},
        {{"held", "--limit=lower"}, "GET", "/api/v1/holds?connection=default&limit=lower", NULL,
                "{\"holds\":[{\"employee_id\":\"42\",\"kind\":\"limit\",\"limit\":\"lower\","
                "\"action\":\"deactivate\",\"rule\":\"L1\",\"cause\":\"deactivate would pass the"
                " limit \\\"lower\\\": left\",\"differences\":[{\"attribute\":\"status\","
                "\"present\":\"ACTIVE\",\"wanted\":\"DEPROVISIONED\"}]}],\"left_out\":0,"
                "\"limits\":[{\"limit\":\"lower\",\"is_full\":true,\"next_in_ms\":2500000,"
                "\"windows\":[{\"window\":\"hour\",\"used\":5,\"allowed\":5}]}]}",
                "limit lower: 1 held; 5 of 5 in an hour; FULL: the next one passes in 42 min\n"
                "  ID  NAME  ACTION      RULE  SINCE  WHY   CHANGE\n"
                "  42  -     deactivate  L1    -      left  status: ACTIVE -> DEPROVISIONED\n"},
        {{"release", "42"}, "POST", "/api/v1/holds/release?connection=default",
                "{\"employee_id\":\"42\"}", "{\"released\":1}", "1 released"},
        {{"release", "42", "43", "--no-wait", "--yes"}, "POST",
                "/api/v1/holds/release?connection=default", "{\"employee_ids\":[\"42\",\"43\"]}",
                "{\"released\":2,\"release_id\":7}", "2 released"},
        {{"release", "--all", "--kind", "limit", "--yes"}, "POST",
                "/api/v1/holds/release?connection=default", "{\"all\":true,\"kind\":\"limit\"}",
                "{\"released\":3}", "3 released"},
        {{"release", "--limit", "revoke", "--yes"}, "POST",
                "/api/v1/holds/release?connection=default", "{\"all\":true,\"limit\":\"revoke\"}",
                "{\"released\":3}", "3 released"},
        {{"release", "--limit", "raise", "--yes"}, "POST",
                "/api/v1/holds/release?connection=default", "{\"all\":true,\"limit\":\"raise\"}",
                "{\"released\":0,\"release_id\":0}", "nothing of the kind is held\n"},
        {{"reject", "--limit", "rename", "--yes"}, "POST",
                "/api/v1/holds/reject?connection=default", "{\"all\":true,\"limit\":\"rename\"}",
                "{\"rejected\":2}", "2 rejected"},
        {{"reject", "--all", "--yes"}, "POST", "/api/v1/holds/reject?connection=default",
                "{\"all\":true}", "{\"rejected\":0}", "nothing of the kind is held\n"},
        {{"release", "--all", "--dry-run"}, "GET", "/api/v1/holds?connection=default", NULL,
                "{\"holds\":[],\"limits\":[]}", "nothing of the kind is held\n"},
        {{"key", "rotate", "--finish", "--yes"}, "POST", "/api/v1/keys/rotate?connection=default",
                "{\"finish\":true}", "{\"versions\":[2]}", "versions: 2\n"},
        {{"secret", "remove", "okta.api_token", "--yes"}, "POST",
                "/api/v1/secrets/okta.api_token/remove?connection=default", "{}",
                "{\"name\":\"okta.api_token\",\"is_in_force\":true}",
                "okta.api_token: removed from the store, and in force\n"},
        {{"undo", "13", "--dry-run"}, "POST", "/api/v1/actions/13/undo?connection=default",
                "{\"plan\":true}", "{\"state\":\"planned\",\"action_id\":13}",
                "nothing was done yet\n"},
        {{"reject", "42", "--why", "she stays"}, "POST", "/api/v1/holds/reject?connection=default",
                "{\"employee_id\":\"42\",\"why\":\"she stays\"}", "{\"rejected\":1}", "1 rejected"},
        {{"reject", "42", "--kind=match"}, "POST", "/api/v1/holds/reject?connection=default",
                "{\"employee_id\":\"42\",\"kind\":\"match\"}", "{\"rejected\":1}", "1 rejected"},
        {{"hold", "42", "--why", "on the phone with HR"}, "POST",
                "/api/v1/people/42/hold?connection=default", "{\"why\":\"on the phone with HR\"}",
                "{}", "42 is held"},
        {{"close", "42", "--no-wait"}, "POST", "/api/v1/people/42/close?connection=default", "{}",
                "{\"employee_id\":\"42\",\"generation\":3}", "is being closed"},
        {{"activation-link", "42"}, "POST", "/api/v1/people/42/activation-link?connection=default",
                "{}",
                "{\"employee_id\":\"42\",\"activation_link\":\"https://acme.okta.com/tokens/x\"}",
                "https://acme.okta.com/tokens/x\n"},
        {{"pause", "--revocations", "pass"}, "POST", "/api/v1/pause?connection=default",
                "{\"revocations\":true}", "{\"pause\":{}}", "but revocations"},
        {{"pause", "--revocations", "stop"}, "POST", "/api/v1/pause?connection=default",
                "{\"revocations\":false}", "{\"pause\":{}}", "revocations included"},
        {{"settings", "list"}, "GET", "/api/v1/settings/versions?connection=default", NULL,
                "{\"versions\":[{\"version\":12,\"is_active\":true,\"author\":\"ops\"}]}",
                "12       yes"},
        {{"settings", "show"}, "GET", "/api/v1/settings?connection=default", NULL,
                "{\"version\":12,\"file\":{\"state\":\"overruled\",\"version\":9},"
                "\"document\":{}}",
                "settings file: overruled (version 9)"},
        {{"settings", "show", "3", "--document"}, "GET",
                "/api/v1/settings/versions/3?connection=default", NULL,
                "{\"version\":3,\"document\":{\"connections\":[]}}",
                "{\n  \"connections\": []\n}\n"},
        {{"settings", "diff", "4"}, "GET", "/api/v1/settings/versions/4/diff?connection=default",
                NULL,
                "{\"from\":3,\"to\":4,\"changes\":[{\"path\":\"connections[default].mode\","
                "\"from\":\"dry_run\",\"to\":\"live\"}]}",
                "version 3 to 4:\n  connections[default].mode: dry_run -> live\n"},
        {{"settings", "diff", "2", "4"}, "GET",
                "/api/v1/settings/versions/4/diff?connection=default&from=2", NULL,
                "{\"from\":2,\"to\":4,\"changes\":[]}", "nothing differs"},
        {{"settings", "rollback", "2", "--note", "too early"}, "POST",
                "/api/v1/settings/rollback?connection=default",
                "{\"version\":2,\"note\":\"too early\"}",
                "{\"version\":5,\"is_new\":true,\"changes\":[]}", "version 5 is in force"},
        {{"settings", "reload"}, "POST", "/api/v1/settings/reload?connection=default", "{}",
                "{\"version\":5,\"is_new\":false,\"changes\":[]}", "no new version; 5"},
        {{"alarms"}, "GET", "/api/v1/alarms?connection=default&all=true&limit=500", NULL,
                "{\"alarms\":[{\"severity\":\"critical\",\"alarm\":\"brake\",\"connection\":\"eu\","
                "\"subject\":\"412\",\"since_ms\":1795467600000,\"acknowledged_at_ms\":1,"
                "\"acknowledged_by\":\"ops\",\"todo\":\"do it\"}],\"targets\":[{\"name\":\"a\","
                "\"failing_since_ms\":1795467600000,\"sentence\":\"no\"}]}",
                "critical  brake  eu          412   2026-11-23 21:00:00Z  by ops        do it\n"
                "target a FAILS since 2026-11-23 21:00:00Z: no\n"},
        {{"alarms", "--ended", "--connection", "eu"}, "GET",
                "/api/v1/alarms?connection=eu&ended=true&limit=500", NULL,
                "{\"alarms\":[],\"targets\":[]}", "no alarms\nnobody is told:"},
        {{"alarms"}, "GET", "/api/v1/alarms?connection=default&all=true&limit=500", NULL,
                "{\"alarms\":[],\"targets\":[{\"name\":\"a\",\"lack\":\"enter it\"}]}",
                "no alarms\ntarget a GETS NOTHING: enter it\n"},
        {{"secret", "remove", "alarms.ops.bearer", "--yes"}, "POST",
                "/api/v1/secrets/alarms.ops.bearer/remove?connection=default", "{}",
                "{\"name\":\"alarms.ops.bearer\",\"is_in_force\":true}",
                "alarms.ops.bearer: removed from the store, and in force\n"},
        {{"alarms", "ack", "held", "412"}, "POST", "/api/v1/alarms/ack?connection=default",
                "{\"alarm\":\"held\",\"all\":true,\"subject\":\"412\"}", "{\"acknowledged\":1}",
                "1 acknowledged"},
        {{"alarms", "test"}, "POST", "/api/v1/alarms/test?connection=default", "{}",
                "{\"targets\":[{\"name\":\"ops\",\"kind\":\"webhook\",\"is_sent\":true,"
                "\"sentence\":\"\"}]}",
                "ops (webhook): sent"},
        {{"resume"}, "POST", "/api/v1/resume?connection=default", "{}", "{\"pause\":null}",
                "resumed"},
        {{"account", "list"}, "GET", "/api/v1/accounts?connection=default", NULL,
                "{\"accounts\":[{\"account\":\"1\",\"name\":\"ada\",\"role\":\"admin\","
                "\"state\":\"active\",\"has_totp\":true,\"sessions\":2,"
                "\"signed_in_at_ms\":1795467600000,\"invited_until_ms\":0}]}",
                "ada   admin  active  yes            2         2026-11-23 21:00:00Z  -"},
        {{"account", "list"}, "GET", "/api/v1/accounts?connection=default", NULL,
                "{\"accounts\":[]}", "nobody yet"},
        {{"account", "first-code"}, "POST", "/api/v1/accounts/first-code?connection=default", "{}",
                "{\"code\":\"K7QM-92XP\"}", "K7QM-92XP\n"},
        {{"account", "invite", "grace", "--role", "operator"}, "POST",
                "/api/v1/accounts?connection=default", "{\"name\":\"grace\",\"role\":\"operator\"}",
                "{\"code\":\"K7QM-92XP\",\"account\":{\"name\":\"grace\","
                "\"role\":\"operator\",\"invited_until_ms\":1795467600000}}",
                "K7QM-92XP\ngive it to grace (operator)"},
};

START_TEST(each_command_asks_its_route)
{
	const struct asking *asking = &askings[_i];
	fake_http_script(fake, 200, "", asking->answer);
	int status = run(asking->words);
	ck_assert_msg(status == CLI_DONE, "%s", error_text);
	ck_assert_uint_eq(fake_http_count(fake), 1);
	check_request(0, asking->method, asking->target);
	if (asking->body != NULL) {
		check_body(0, asking->body);
	}
	check_out(asking->said);
}
END_TEST

#define TWO_ACCOUNTS                                                                       \
	"{\"accounts\":[{\"account\":\"1\",\"name\":\"ada\"},{\"account\":\"2\",\"name\":" \
	"\"grace\"}]}"
#define GRACE                                                                                        \
	"{\"account\":{\"name\":\"grace\",\"role\":\"viewer\",\"state\":\"active\",\"sessions\":0}," \
	"\"code\":\"K7QM-92XP\"}"

static const struct account_case {
	const char *words[WORDS_MAX];
	const char *target;
	const char *body;
	const char *said;
} account_cases[] = {
        {{"account", "role", "Grace", "viewer"}, "role", "{\"role\":\"viewer\"}",
                "grace: viewer, active, 0 sessions"},
        {{"account", "disable", "grace"}, "disable", "{}", "grace: viewer"},
        {{"account", "enable", "grace"}, "enable", "{}", "grace: viewer"},
        {{"account", "end-sessions", "grace"}, "end-sessions", "{}", "0 sessions"},
        {{"account", "reset", "grace", "--yes"}, "reset", "{}", "K7QM-92XP\ngive it to grace"},
        {{"account", "remove", "grace", "--yes"}, "remove", "{}", "grace: removed"},
};

START_TEST(an_account_is_found_by_its_name)
{
	const struct account_case *row = &account_cases[_i];
	char target[128];
	fake_http_script(fake, 200, "", TWO_ACCOUNTS);
	fake_http_script(fake, 200, "", GRACE);
	ck_assert_msg(run(row->words) == CLI_DONE, "%s", error_text);
	ck_assert(str_format(
	        target, sizeof(target), "/api/v1/accounts/2/%s?connection=default", row->target));
	check_request(1, "POST", target);
	check_body(1, row->body);
	check_out(row->said);
}
END_TEST

START_TEST(an_account_that_is_not_there_is_named)
{
	fake_http_script(fake, 200, "", TWO_ACCOUNTS);
	ck_assert_int_eq(RUN("account", "disable", "eve"), CLI_FAILED);
	check_error("there is no account eve");
	ck_assert_uint_eq(fake_http_count(fake), 1);
}
END_TEST

START_TEST(a_settings_file_is_sent_whole)
{
	char path[160];
	write_file("body.json", "{\"connections\":[]}");
	ck_assert(str_format(path, sizeof(path), "%s/body.json", folder));
	fake_http_script(fake, 200, "", "{\"version\":2,\"is_new\":false,\"changes\":[]}");
	ck_assert_int_eq(RUN("settings", "apply", path, "--check", "--expect", "2"), CLI_DONE);
	check_request(0, "POST", "/api/v1/settings?connection=default");
	check_body(0,
	        "{\"document\":{\"connections\":[]},\"check_only\":true,\"expected_version\":2}");
	check_out("this could be put to work");
	write_file("body.json", "{");
	ck_assert_int_eq(RUN("settings", "apply", path), CLI_FAILED);
	check_error("body.json: ");
	ck_assert_uint_eq(fake_http_count(fake), 1);
}
END_TEST

START_TEST(every_mistake_of_refused_settings_is_shown)
{
	char path[160];
	write_file("body.json", "{}");
	ck_assert(str_format(path, sizeof(path), "%s/body.json", folder));
	fake_http_script(fake, 400, "",
	        "{\"error\":{\"code\":\"settings_invalid\",\"message\":\"2 mistakes\",\"hint\":"
	        "\"h\"},\"mistakes\":[{\"path\":\"connections\",\"text\":\"is missing\"},"
	        "{\"path\":\"colour\",\"text\":\"there is no such key\"}],\"left_out\":3}");
	ck_assert_int_eq(RUN("settings", "apply", path), CLI_USAGE);
	check_out("failure  connections: is missing\nfailure  colour: there is no such key\n"
	          "and 3 more\n");
	check_error("refused, nothing was changed");
}
END_TEST

START_TEST(json_is_the_answer_of_the_api)
{
	fake_http_script(fake, 200, "", "{\"holds\":[{\"kind\":\"limit\"}],\"more\":1}");
	ck_assert_int_eq(RUN("held", "--json"), CLI_DONE);
	json_t *json = json_parse(out_text, strlen(out_text), NULL);
	ck_assert_int_eq(json_get_int(json, "more", 0), 1);
	json_decref(json);
}
END_TEST

/* ------------------------------------------------------------ command lines */

struct mistake {
	const char *words[WORDS_MAX];
	const char *said;
};

static const struct mistake mistakes[] = {
        {{"peple"}, "did you mean people?"},
        {{"--lisen=x"}, "did you mean --listen?"},
        {{"person"}, "ID is missing"},
        {{"person", "ada@example.com"}, "1 to 32 digits"},
        {{"person", "1", "2"}, "one argument too many: 2"},
        {{"status", "1"}, "one argument too many: 1"},
        {{"people", "--stat", "held"}, "did you mean --state?"},
        {{"people", "--state", "gone"}, "--state is idle, dirty"},
        {{"people", "--limit", "501"}, "from 1 to 500"},
        {{"people", "--text"}, "--text needs a value"},
        {{"held", "--kind", "limits"}, "--kind is one of: human, limit"},
        {{"held", "--json=yes"}, "--json takes no value"},
        {{"plan", "--employee", "x"}, "1 to 32 digits"},
        {{"plan", "--on", "2026-12-31"}, "add --employee ID"},
        {{"plan", "--next", "30d", "--all"}, "--next is about everybody"},
        {{"plan", "--next", "soon"}, "30d, 4w"},
        {{"plan", "--next", "30x"}, "30d, 4w"},
        {{"plan", "aprove"}, "did you mean approve?"},
        {{"plan", "approve", "--all"}, "--day DATE and --limit LIMIT"},
        {{"plan", "approve", "--day=2026-12-31", "--limit=lower"}, "either --employee"},
        {{"plan", "approve", "--day=2026-12-31", "--limit=lower", "--employee=1,x"},
                "1 to 32 digits"},
        {{"plan", "unapprove", "--day=2026-12-31", "--limit=lower", "--employee=1,2"},
                "1 to 32 digits"},
        {{"plan", "--as-of", "absent.json"}, "absent.json"},
        {{"retry"}, "one of: an employee's id, --failed"},
        {{"retry", "1", "--failed"}, "one of: an employee's id, --failed"},
        {{"retry", "--failed", "--event", "4"}, "one of: an employee's id, --failed"},
        {{"retry", "--event", "four"}, "--event takes the number of an event"},
        {{"release"}, "employees' ids, or --limit LIMIT, or --all"},
        {{"release", "1", "--all"}, "employees' ids, or --limit LIMIT, or --all"},
        {{"release", "1", "ada"}, "digits"},
        {{"release", "--limit", "speed"}, "--limit is one of: lower, rename, raise"},
        {{"held", "--limit", "none"}, "--limit is one of: lower, rename, raise"},
        {{"pause", "--revocations", "maybe"}, "--revocations pass or --revocations stop"},
        {{"settings"}, "say what: list, show"},
        {{"settings", "lst"}, "say what: list, show"},
        {{"settings", "list", "3"}, "say it as: bob2okta settings list"},
        {{"settings", "diff"}, "say it as: bob2okta settings diff VERSION"},
        {{"settings", "diff", "1", "2", "3"}, "one argument too many: 3"},
        {{"settings", "show", "x"}, "x is no version"},
        {{"settings", "apply"}, "say it as: bob2okta settings apply FILE"},
        {{"settings", "rollback", "0"}, "0 is no version"},
        {{"settings", "reload", "--expect", "new"}, "new is no version"},
        {{"settings", "apply", "a.json", "--notes", "x"}, "did you mean --note?"},
        {{"secret"}, "say what: set, list, remove"},
        {{"secret", "frob"}, "secret frob is not known; say what: set, list, remove"},
        {{"secret", "lst"}, "did you mean list?"},
        {{"secret", "set"}, "NAME is missing"},
        {{"audit", "export"}, "FILE is missing"},
        {{"audit", "--kind", "relese"}, "did you mean release?"},
        {{"audit", "--kind", "x"}, "docs/audit.md lists them"},
        {{"person", "erase"}, "ID is missing"},
        {{"undo"}, "ACTION is missing"},
        {{"undo", "x"}, "x is no action's number"},
        {{"alarms", "ack"}, "NAME is missing"},
        {{"account"}, "say what: first-code, list, invite"},
        {{"account", "invite"}, "NAME is missing"},
        {{"account", "invite", "grace"}, "--role viewer, operator or admin"},
        {{"account", "role", "grace"}, "viewer, operator or admin"},
        {{"account", "remove", "grace"}, "--yes"},
        {{"help", "persn"}, "did you mean person"},
};

START_TEST(a_wrong_command_line_asks_nothing_and_says_the_mend)
{
	ck_assert_int_eq(run(mistakes[_i].words), CLI_USAGE);
	check_error(mistakes[_i].said);
	ck_assert_uint_eq(fake_http_count(fake), 0);
}
END_TEST

START_TEST(help_names_every_command_and_option)
{
	ck_assert_int_eq(RUN("help"), CLI_DONE);
	for (const struct cli_command *command = commands_table; command->name != NULL; command++) {
		check_out(command->help);
	}
	for (size_t i = 0; options_flag(i) != NULL; i++) {
		check_out(options_flag(i));
	}
	ck_assert_int_eq(RUN("person", "--help"), CLI_DONE);
	check_out("usage: bob2okta person ID");
}
END_TEST

/* ------------------------------------------------------------------- tables */

START_TEST(people_are_a_table_that_nobodys_name_can_break)
{
	fake_http_script(fake, 200, "",
	        "{\"people\":[{\"employee_id\":\"1\",\"display_name\":\"Ada \\u001b[31mEve\","
	        "\"login\":\"ada@example.com\",\"state\":\"waiting\",\"holds\":[\"limit\"],"
	        "\"present_status\":\"ACTIVE\",\"last_rule\":\"L1\",\"last_sentence\":\"s\","
	        "\"last_error\":\"\",\"last_run_at_ms\":1795460400000}],\"next_after\":null}");
	ck_assert_int_eq(RUN("people"), CLI_DONE);
	ck_assert_str_eq(out_text,
	        "ID  NAME          LOGIN            STATE        OKTA    RUN                   "
	        "RULE  LAST\n"
	        "1   Ada ?[31mEve  ada@example.com  held: limit  ACTIVE  2026-11-23 19:00:00Z  "
	        "L1    s\n");
}
END_TEST

START_TEST(a_person_is_shown_with_what_comes_next)
{
	fake_http_script(fake, 200, "",
	        "{\"employee\":{\"employee_id\":\"1\",\"display_name\":\"Ada\",\"state\":\"idle\","
	        "\"okta_id\":\"00u1\",\"present_status\":\"ACTIVE\",\"origin\":\"created\","
	        "\"login\":\"ada@example.com\",\"lowered\":\"none\",\"row_problems\":["
	        "{\"okta\":\"title\",\"state\":\"failed\",\"reason\":\"61 characters\"},"
	        "{\"okta\":\"costCenter\",\"state\":\"not_readable\",\"reason\":\"\"}]},"
	        "\"next_step\":\"Nothing to do.\",\"holds\":[],"
	        "\"events\":[{\"event_id\":3,\"received_at_ms\":1795460400000,"
	        "\"type\":\"employee.updated\",\"state\":\"accepted\",\"deliveries\":2}],"
	        "\"actions\":[{\"intent_id\":5,\"kind\":\"update\",\"state\":\"refused\","
	        "\"rule\":\"C1\",\"reason\":\"title differs\",\"sentence\":\"Okta said no\"}]}");
	ck_assert_int_eq(RUN("person", "1"), CLI_DONE);
	check_request(0, "GET", "/api/v1/people/1?connection=default");
	check_out("00u1, ACTIVE (created)");
	check_out("Nothing to do.");
	check_out("employee.updated  accepted  2");
	check_out("title differs - Okta said no");
	check_out("rows that do not work\n  title: failed: 61 characters\n"
	          "  costCenter: not readable\n");
}
END_TEST

START_TEST(a_plan_says_what_and_why)
{
	fake_http_script(fake, 200, "",
	        "{\"employee_id\":\"1\",\"display_name\":\"Ada\",\"present_status\":\"NONE\","
	        "\"okta_id\":\"\",\"wanted\":\"active\",\"rule\":\"R1\",\"reason\":\"Bob says"
	        " active\",\"due_at_ms\":0,\"hold\":null,\"missing\":\"\",\"actions\":[{\"kind\":"
	        "\"create\",\"rule\":\"G1\",\"reason\":\"hired\",\"is_activating\":true,"
	        "\"sends_email\":true,\"profile\":{\"login\":\"ada@example.com\"}}],"
	        "\"sentence\":\"Would create the account.\"}");
	ck_assert_int_eq(RUN("plan", "--employee", "1"), CLI_DONE);
	check_request(0, "POST", "/api/v1/people/1/plan?connection=default");
	check_out("create (G1: hired), active at once, Okta mails the person");
	check_out("login = ada@example.com");
	check_out("Would create the account.\n");
}
END_TEST

START_TEST(plans_of_everybody_are_a_table)
{
	fake_http_script(fake, 202, "", "{\"state\":\"running\",\"begun_at_ms\":1}");
	fake_http_script(fake, 200, "", "{\"state\":\"running\",\"begun_at_ms\":1,\"listed\":9}");
	fake_http_script(fake, 200, "",
	        DONE("{\"plans\":[{\"employee_id\":\"1\",\"display_name\":\"Ada\","
	             "\"present_status\":\"ACTIVE\",\"wanted\":\"deactivated\",\"rule\":\"L1\","
	             "\"reason\":\"left\",\"hold\":{\"kind\":\"limit\",\"cause\":\"c\"},"
	             "\"actions\":[{\"kind\":\"deactivate\"},{\"kind\":\"end_sessions\"}]}],"
	             "\"people\":9,\"unchanged\":8,\"left_out\":0}"));
	ck_assert_int_eq(RUN("plan"), CLI_DONE);
	check_out("deactivate, end_sessions, held: limit");
	check_out("9 people, 8 need nothing, 1 would be changed or held");
}
END_TEST

static const struct ending_case {
	const char *report;
	const char *said;
} ending_cases[] = {
        {"{\"state\":\"failed\",\"begun_at_ms\":1,\"sentence\":\"Bob: refused\",\"result\":null}",
                "Bob: refused"},
        {"{\"state\":\"stopped\",\"begun_at_ms\":1,\"sentence\":\"stopped by ben\"}",
                "stopped by ben"},
        {"{\"state\":\"none\",\"begun_at_ms\":0}", "the settings changed"},
        {"{\"state\":\"done\",\"begun_at_ms\":2,\"by\":\"ben\",\"result\":{\"plans\":[]}}",
                "ben began another one"},
};

START_TEST(a_job_that_comes_to_nothing_says_why)
{
	fake_http_script(fake, 202, "", "{\"state\":\"running\",\"begun_at_ms\":1}");
	fake_http_script(fake, 200, "", ending_cases[_i].report);
	ck_assert_int_eq(RUN("plan"), CLI_FAILED);
	check_request(1, "GET", "/api/v1/plan?connection=default");
	check_error(ending_cases[_i].said);
	/* What goes to a file or a mail is not told how far it was. */
	ck_assert_ptr_null(strstr(error_text, "Ctrl-C"));
}
END_TEST

START_TEST(the_steps_to_a_day_are_a_table)
{
	fake_http_script(fake, 200, "",
	        "{\"employee_id\":\"1\",\"display_name\":\"Ada\",\"time_zone\":\"Europe/London\","
	        "\"table\":\"Bob's lifecycle table was not read: no\",\"is_draft\":true,\"steps\":["
	        "{\"date\":\"2026-12-01\",\"time\":\"09:00\",\"is_now\":true,\"lifecycle\":"
	        "\"employed\",\"status_after\":\"ACTIVE\",\"rule\":\"R2\",\"reason\":\"here\",\"hold\":"
	        "{\"kind\":\"domain\"},\"actions\":[]},"
	        "{\"date\":\"2026-12-31\",\"time\":\"24:00\",\"is_now\":false,\"lifecycle\":"
	        "\"terminated\",\"status_after\":\"DEPROVISIONED\",\"rule\":\"L1\",\"reason\":\"over\","
	        "\"hold\":null,\"actions\":[{\"kind\":\"deactivate\"},{\"kind\":\"end_sessions\"}]}],"
	        "\"sentence\":\"s\"}");
	ck_assert_int_eq(RUN("plan", "--employee", "1", "--on", "2026-12-31"), CLI_DONE);
	ck_assert_str_eq(fake_http_request(fake, 0)->body, "{\"on\":\"2026-12-31\"}");
	check_out("1  Ada  (Europe/London)\nnote: Bob's lifecycle table was not read: no\n"
	          "with settings that are not in force\n");
	check_out("2026-12-01 09:00 (now)  employed    held: domain ");
	check_out("2026-12-31 24:00        terminated  deactivate, end_sessions  DEPROVISIONED ");
}
END_TEST

START_TEST(a_calendar_warns_of_limits_and_lists_people)
{
	fake_http_script(fake, 200, "",
	        "{\"state\":\"done\",\"begun_at_ms\":1,\"result\":{\"from\":\"2026-12-01\",\"to\":\"2026-12-30\",\"table\":\"\",\"is_draft\":false,"
	        "\"days\":[{\"date\":\"2026-12-05\",\"people\":12,\"held\":1,\"counts\":{"
	        "\"deactivate\":12},\"warnings\":[{\"sentence\":\"12 for the limit\"}],\"entries\":["
	        "{\"time\":\"24:00\",\"is_now\":false,\"employee_id\":\"1\",\"display_name\":\"Ada\","
	        "\"actions\":[\"deactivate\"],\"status_after\":\"DEPROVISIONED\",\"rule\":\"L1\","
	        "\"reason\":\"over\",\"hold\":\"\"}],\"left_out\":11}],\"sentence\":\"s\"}}");
	ck_assert_int_eq(RUN("plan", "--next", "4w"), CLI_DONE);
	check_body(0, "{\"days\":28}");
	check_out("2026-12-05  12 people: deactivate 12, 1 held for a human\n"
	          "  warning: 12 for the limit\n"
	          "  TIME   ID  NAME  WOULD       IN OKTA AFTER  RULE  WHY\n"
	          "  24:00  1   Ada   deactivate  DEPROVISIONED  L1    over\n"
	          "  and 11 more\n\n2026-12-01 to 2026-12-30: s\n");
}
END_TEST

START_TEST(draft_settings_go_without_their_access)
{
	char path[] = "/tmp/b2o-draft-XXXXXX";
	static const char *const DRAFT =
	        "{\"connections\":[{\"name\":\"default\",\"bob\":{\"service_user_token\":\"hush\"},"
	        "\"okta\":{\"api_token\":\"hush\"},\"mode\":\"live\"}],"
	        "\"alarms\":{\"targets\":[{\"name\":\"ops\","
	        "\"webhook\":\"https://hooks.example.com/hush\"}]}}";
	int file = mkstemp(path);
	ck_assert_int_ge(file, 0);
	ck_assert_int_eq(write(file, DRAFT, strlen(DRAFT)), (ssize_t)strlen(DRAFT));
	close(file);
	fake_http_script(
	        fake, 200, "", DONE("{\"plans\":[],\"people\":0,\"unchanged\":0,\"left_out\":0}"));
	ck_assert_int_eq(RUN("plan", "--as-of", path), CLI_DONE);
	check_body(
	        0, "{\"settings\":{\"connections\":[{\"mode\":\"live\",\"name\":\"default\"}]}}");
	unlink(path);
}
END_TEST

START_TEST(status_shows_what_is_parked_and_paused)
{
	fake_http_script(fake, 200, "",
	        "{\"version\":\"1\",\"commit\":\"c\",\"started_at_ms\":1795460400000,"
	        "\"settings\":{\"version\":12,\"hash\":\"9f86d081884c7d65\",\"source\":\"api\","
	        "\"author\":\"ops\",\"at_ms\":1795460400000,\"refused\":{\"at_ms\":1795460400000,"
	        "\"mistakes\":2,\"sentence\":\"connections: is missing\"}},\"store\":{\"is_writable\":false,\"sentence\":\"disk"
	        " full\",\"restored\":{\"backup_at_ms\":1795460400000,\"started_at_ms\":"
	        "1795460400000}},\"audit\":{\"broken\":\"changed: record 2\"},\"retention\":{"
	        "\"error\":\"no room\"},\"alarms\":{\"open\":2,\"critical\":2,"
	        "\"unacknowledged\":1,\"by_name\":{\"brake\":2},\"targets\":[{\"name\":\"ops\","
	        "\"failing_since_ms\":1,\"sentence\":\"no answer\"},{\"name\":\"mail\",\"lack\":"
	        "\"no password\"}]},\"connections\":[{\"name\":\"default\",\"mode\":\"live\","
	        "\"webhook_secrets\":0,\"pause\":{\"since_ms\":1795460400000,\"by\":\"root\","
	        "\"revocations\":true},\"bob\":{\"state\":\"ok\"},\"okta\":{\"state\":\"parked\","
	        "\"sentence\":\"token refused\",\"since_ms\":1795460400000},\"employees\":"
	        "{\"idle\":3,\"dirty\":0,\"failed\":1},\"row_problems\":2,\"events_aside\":[7],"
	        "\"holds\":{\"limit\":3,\"human\":2},\"sweep\":{\"is_fault\":true,"
	        "\"is_bob_silent\":true},\"limits\":[{\"limit\":\"lower\",\"held\":0,"
	        "\"is_full\":true,\"is_restored\":true},{\"limit\":\"rename\",\"held\":0,"
	        "\"is_full\":true,\"is_restored\":true}],"
	        "\"groups\":{\"rows\":[{\"group\":\"Staff\",\"state\":\"ok\",\"reason\":\"\","
	        "\"given\":41},{\"group\":\"Sales\",\"state\":\"refused\",\"reason\":\"an"
	        " application fills it\",\"given\":0}],\"without_row\":[{\"group_id\":\"00g9\","
	        "\"given\":3}],\"rules\":\"\",\"protected\":{\"group\":\"Admins\",\"is_known\":"
	        "false,\"members\":0,\"reason\":\"Okta has no such group\"}}}]}");
	fake_http_script(fake, 200, "",
	        "{\"event_to_okta\":{\"hours\":{\"writes\":{\"count\":190,\"p50_ms\":3000,"
	        "\"p95_ms\":90000}}}}");
	ck_assert_int_eq(RUN("status"), CLI_DONE);
	check_request(1, "GET", "/api/v1/overview?connection=default");
	check_out(
	        "  speed     event to Okta in the last 24 hours: half within 3 s, 95 of 100 within"
	        " 2 min (190)\n");
	ck_assert(str_starts_with(out_text,
	        "NOT WELL:\n"
	        "  - the store cannot be written, webhooks are refused: disk full\n"
	        "  - the audit trail is broken: bob2okta audit verify\n"
	        "  - what is kept no longer could not be emptied, see below\n"
	        "  - new settings were refused, see below; the ones before go on\n"
	        "  - the store was put back from a copy, see below: bob2okta held\n"
	        "  - ALARMS: 2 brake; 2 critical, 1 acknowledged: bob2okta alarms\n"
	        "  - alarm target ops fails: no answer\n"
	        "  - alarm target mail gets nothing: no password\n"
	        "  - default: okta parked since 2026-11-23 19:00:00Z, see below\n"
	        "  - default: paused since 2026-11-23 19:00:00Z by root: bob2okta resume\n"
	        "  - default: held for a human: 3 limit: bob2okta held\n"
	        "  - default: 1 failed: bob2okta people --state failed\n"
	        "  - default: 1 events set aside, see below\n"
	        "  - default: no webhook secret is configured: deliveries get 503\n"
	        "  - default: nothing is written: the members of Admins are not known, see"
	        " below\n"
	        "  - default: the last sweep could not trust what it read: bob2okta sweep"
	        " show\n"
	        "  - default: Bob has been silent for longer than usual, see below\n\n"
	        "bob2okta 1 (c), up since"));
	check_out("settings version 12 (9f86d081884c7d65), api of 2026-11-23 19:00:00Z by ops\n");
	check_out("settings REFUSED at 2026-11-23 19:00:00Z, the version above goes on:"
	          " connections: is missing\n");
	check_out("store NOT WRITABLE: disk full");
	check_out("parked since 2026-11-23 19:00:00Z: token refused");
	check_out("by root; revocations pass");
	check_out("people    3 idle, 1 failed");
	check_out("held      3 limit, 2 human");
	check_out("limit     lower, rename: FULL, since the store was put back; 0 held");
	check_out("audit trail BROKEN: changed: record 2");
	check_out("rows      people with mapping rows that do not work: 2");
	check_out("group     Staff: ok, 41 given");
	check_out("group     Sales: not used: an application fills it, 0 given");
	check_out("group     00g9: has no row any more, 3 memberships stay as given");
	check_out("protected group Admins: 0 members, NOTHING IS WRITTEN: Okta has no such group");
	check_out("deliveries get 503");
	check_request(0, "GET", "/api/v1/status");
}
END_TEST

START_TEST(status_says_first_that_all_is_well)
{
	fake_http_script(fake, 200, "",
	        "{\"version\":\"1\",\"store\":{\"is_writable\":true},\"connections\":[{\"name\":"
	        "\"default\",\"mode\":\"dry_run\",\"webhook_secrets\":1,\"holds\":{\"human\":2,"
	        "\"revoked\":1,\"undo\":1},\"groups\":{\"protected\":{\"group\":\"Admins\","
	        "\"is_known\":true}}},{\"name\":\"other\",\"webhook_secrets\":0}]}");
	ck_assert_int_eq(RUN("status", "--connection", "default"), CLI_DONE);
	ck_assert(str_starts_with(out_text, "all is well\n\nbob2okta 1 "));
	check_out("mode dry_run: nothing is written to Okta\n");
}
END_TEST

/* ------------------------------------------------------- waiting for the run */

#define PERSON(state, claimed, good)                                                        \
	"{\"employee\":{\"employee_id\":\"42\",\"display_name\":\"Ada\",\"state\":\"" state \
	"\",\"claimed_generation\":" claimed ",\"is_last_run_good\":" good                  \
	",\"last_sentence\":\"Updated.\",\"last_error\":\"Okta said no.\"},\"next_step\":\"Next.\"}"

START_TEST(sync_waits_until_its_generation_was_run)
{
	fake_http_script(fake, 202, "", "{\"employee_id\":\"42\",\"generation\":8}");
	fake_http_script(fake, 200, "", PERSON("idle", "7", "true"));
	fake_http_script(fake, 200, "", PERSON("working", "8", "true"));
	fake_http_script(fake, 200, "", PERSON("idle", "8", "true"));
	ck_assert_int_eq(RUN("sync", "--employee", "42"), CLI_DONE);
	ck_assert_uint_eq(fake_http_count(fake), 4);
	check_out("42 Ada: Updated.\nNext.\n");
}
END_TEST

START_TEST(a_run_that_ends_badly_is_a_failure)
{
	fake_http_script(fake, 202, "", "{\"employee_id\":\"42\",\"generation\":8}");
	fake_http_script(fake, 200, "", PERSON("failed", "8", "false"));
	ck_assert_int_eq(RUN("retry", "42"), CLI_FAILED);
	check_out("Okta said no.");
}
END_TEST

/* --------------------------------------------------------------------- send */

static const char *const least_settings =
        "{\"connections\":[{\"name\":\"default\",\"mode\":\"live\",\"bob\":{\"company_id\":1,"
        "\"service_user_id\":\"S\",\"service_user_token\":\"t\","
        "\"webhook_secrets\":[\"first-secret\",\"second-secret\"]},"
        "\"okta\":{\"base_url\":\"acme.okta.com\",\"api_token\":\"t\"},"
        "\"provisioning\":{\"email_domains\":[\"example.com\"]}}]}";

/* The signature of the first request must be that of this secret over this body. */
static void check_signature(const char *secret, const char *body)
{
	uint8_t mac[CRYPTO_HMAC_SHA512_BYTES];
	char value[128];
	struct hmac_key *key = hmac_key_create(secret, strlen(secret), NULL);
	ck_assert(hmac_sign(key, body, strlen(body), mac));
	char *expected = base64_encode(mac, sizeof(mac));
	ck_assert(fake_request_header(
	        fake_http_request(fake, 0), "Bob-Signature", value, sizeof(value)));
	ck_assert_str_eq(value, expected);
	ck_assert_str_eq(fake_http_request(fake, 0)->body, body);
	free(expected);
	hmac_key_destroy(key);
}

static const char *body_path(void)
{
	static char path[160];
	ck_assert(str_format(path, sizeof(path), "%s/body.json", folder));
	return path;
}

START_TEST(send_signs_with_the_first_secret)
{
	write_file("bob2okta.json", least_settings);
	write_file("body.json", "{\"type\":\"employee.created\"}\n");
	fake_http_script(fake, 200, "", "{\"result\":\"stored\"}");
	ck_assert_int_eq(RUN("send", body_path()), CLI_DONE);
	check_request(0, "POST", "/webhooks/bob/default");
	check_signature("first-secret", "{\"type\":\"employee.created\"}\n");
	check_out("{\"result\":\"stored\"}");
}
END_TEST

START_TEST(send_takes_a_secret_and_an_address_of_ones_own)
{
	char url[128];
	ck_assert(str_format(url, sizeof(url), "%s/else", fake_http_url(fake)));
	ck_assert_int_eq(setenv("BOB2OKTA_TEST_SECRET", "another-secret", 1), 0);
	write_file("body.json", "x");
	fake_http_script(fake, 401, "", "{}");
	ck_assert_int_eq(
	        RUN("send", body_path(), "--url", url, "--secret-env", "BOB2OKTA_TEST_SECRET"),
	        CLI_FAILED);
	check_request(0, "POST", "/else");
	check_signature("another-secret", "x");
	check_out("401 in");
}
END_TEST

START_TEST(send_without_a_body_says_so)
{
	ck_assert_int_eq(RUN("send", body_path()), CLI_FAILED);
	check_error("body.json: No such file");
}
END_TEST

START_TEST(send_with_wrong_settings_names_the_mistake)
{
	write_file("bob2okta.json", "{}");
	write_file("body.json", "x");
	ck_assert_int_eq(RUN("send", body_path()), CLI_USAGE);
	check_error("connections: is missing");
}
END_TEST

/* -------------------------------------------------------------------- check */

START_TEST(check_lists_every_mistake_of_the_settings)
{
	write_file("bob2okta.json", "{\"connections\":[{\"name\":\"default\",\"mode\":\"liv\"}]}");
	ck_assert_int_eq(RUN("check"), CLI_USAGE);
	check_out("failure  connections[0].mode: must be dry_run or live");
	check_out("failure  connections[0].okta: is missing");
	check_out("4 failures, 0 warnings");
	ck_assert_int_eq(RUN("check", "--json"), CLI_USAGE);
	json_t *json = json_parse(out_text, strlen(out_text), NULL);
	ck_assert(!json_get_bool(json, "ok", true));
	ck_assert_int_eq(json_get_int(json, "failures", 0), 4);
	json_decref(json);
}
END_TEST

static void write_settings_for_fake(void)
{
	char text[1200];
	ck_assert(str_format(text, sizeof(text),
	        "{\"connections\":[{\"name\":\"default\",\"mode\":\"live\",\"bob\":{"
	        "\"company_id\":1,\"base_url\":\"%s/bob/v1\",\"service_user_id\":\"S\","
	        "\"service_user_token\":\"t\"},\"okta\":{\"base_url\":\"%s/okta\","
	        "\"api_token\":\"t\"},\"provisioning\":{\"email_domains\":[\"*\"]}}]}",
	        fake_http_url(fake), fake_http_url(fake)));
	write_file("bob2okta.json", text);
}

START_TEST(check_stops_at_credentials_that_are_refused)
{
	write_settings_for_fake();
	fake_http_script(fake, 401, "", "{}");
	fake_http_script(fake, 401, "",
	        "{\"errorCode\":\"E0000011\",\"errorSummary\":\"Invalid token provided\"}");
	ck_assert_int_eq(RUN("check"), CLI_FAILED);
	ck_assert_uint_eq(fake_http_count(fake), 2);
	check_out("failure  bob: reachable");
	check_out("failure  okta: reachable");
	check_out("put the right credentials into the settings");
	check_out("warning  bob: webhook_secrets");
}
END_TEST

static const char *const one_person =
        "{\"employees\":[{\"id\":\"1\",\"companyId\":2,\"email\":\"ada@example.com\","
        "\"firstName\":\"Ada\",\"surname\":\"Example\",\"displayName\":\"Ada Example\","
        "\"internal\":{\"status\":\"Active\",\"lifecycleStatus\":\"Sabbatical\"},"
        "\"work\":{\"startDate\":\"2026-01-01\"},\"humanReadable\":{}}]}";

START_TEST(check_compares_what_was_asked_with_what_came)
{
	write_settings_for_fake();
	fake_http_script(fake, 200, "",
	        "[{\"id\":\"root.id\",\"type\":\"text\"},"
	        "{\"id\":\"work.title\",\"type\":\"list\"}]");
	fake_http_script(fake, 200, "", "{}");
	fake_http_script(fake, 200, "", one_person);
	fake_http_script(fake, 401, "",
	        "{\"errorCode\":\"E0000011\",\"errorSummary\":\"Invalid token provided\"}");
	ck_assert_int_eq(RUN("check"), CLI_FAILED);
	check_out("ok       bob: reachable");
	check_out("warning  bob: people: 1 visible, 0 of them terminated");
	check_out("failure  bob: company_id: Bob shows people of another company");
	check_out("failure  bob: internal.terminationDate");
	check_out("failure  bob: work.title: asked for and never received; needed for title\n");
	check_out("failure  bob: work.department: Bob has no such field; needed for department\n");
	check_out("warning  bob: lifecycle status");
}
END_TEST

/* ------------------------------------------------------------------- suite */

static void add_way(Suite *suite)
{
	TCase *way = tcase_create("the way to the server");
	tcase_add_checked_fixture(way, set_up, tear_down);
	tcase_add_test(way, the_token_beside_the_store_is_sent);
	tcase_add_test(way, a_missing_token_says_where_it_should_be);
	tcase_add_test(way, a_refused_token_is_explained);
	tcase_add_test(way, a_server_that_is_not_there_is_named);
	tcase_add_test(way, the_token_never_leaves_the_machine);
	tcase_add_test(way, any_address_is_called_on_loopback);
	tcase_add_test(way, the_messages_of_the_api_are_passed_on);
	tcase_add_test(way, what_is_no_server_of_ours_is_said_to_be_none);
	suite_add_tcase(suite, way);
}

static void add_asking(Suite *suite)
{
	TCase *asking = tcase_create("asking");
	tcase_add_checked_fixture(asking, set_up, tear_down);
	tcase_add_loop_test(asking, each_command_asks_its_route, 0, (int)ARRAY_SIZE(askings));
	tcase_add_loop_test(asking, a_wrong_command_line_asks_nothing_and_says_the_mend, 0,
	        (int)ARRAY_SIZE(mistakes));
	tcase_add_test(asking, json_is_the_answer_of_the_api);
	tcase_add_loop_test(asking, an_account_is_found_by_its_name, 0, ARRAY_SIZE(account_cases));
	tcase_add_test(asking, an_account_that_is_not_there_is_named);
	tcase_add_test(asking, a_settings_file_is_sent_whole);
	tcase_add_test(asking, every_mistake_of_refused_settings_is_shown);
	tcase_add_test(asking, help_names_every_command_and_option);
	suite_add_tcase(suite, asking);
}

static void add_showing(Suite *suite)
{
	TCase *showing = tcase_create("showing");
	tcase_add_checked_fixture(showing, set_up, tear_down);
	tcase_add_test(showing, people_are_a_table_that_nobodys_name_can_break);
	tcase_add_test(showing, a_person_is_shown_with_what_comes_next);
	tcase_add_test(showing, a_plan_says_what_and_why);
	tcase_add_test(showing, plans_of_everybody_are_a_table);
	tcase_add_loop_test(
	        showing, a_job_that_comes_to_nothing_says_why, 0, (int)ARRAY_SIZE(ending_cases));
	tcase_add_test(showing, the_steps_to_a_day_are_a_table);
	tcase_add_test(showing, a_calendar_warns_of_limits_and_lists_people);
	tcase_add_test(showing, draft_settings_go_without_their_access);
	tcase_add_test(showing, status_shows_what_is_parked_and_paused);
	tcase_add_test(showing, status_says_first_that_all_is_well);
	tcase_add_test(showing, sync_waits_until_its_generation_was_run);
	tcase_add_test(showing, a_run_that_ends_badly_is_a_failure);
	suite_add_tcase(suite, showing);
}

static void add_outside(Suite *suite)
{
	TCase *outside = tcase_create("send and check");
	tcase_add_checked_fixture(outside, set_up, tear_down);
	tcase_add_test(outside, send_signs_with_the_first_secret);
	tcase_add_test(outside, send_takes_a_secret_and_an_address_of_ones_own);
	tcase_add_test(outside, send_without_a_body_says_so);
	tcase_add_test(outside, send_with_wrong_settings_names_the_mistake);
	tcase_add_test(outside, check_lists_every_mistake_of_the_settings);
	tcase_add_test(outside, check_stops_at_credentials_that_are_refused);
	tcase_add_test(outside, check_compares_what_was_asked_with_what_came);
	suite_add_tcase(suite, outside);
}

int main(void)
{
	struct err err = ERR_INIT;
	if (!crypto_start(&err) || !transport_global_start(&err)) {
		return EXIT_FAILURE;
	}
	Suite *suite = suite_create("cli_commands");
	add_way(suite);
	add_asking(suite);
	add_showing(suite);
	add_outside(suite);
	int status = suite_run(suite);
	transport_global_stop();
	crypto_stop();
	return status;
}
