/* SPDX-License-Identifier: MIT */
#include "tests/support/cli_fixture.h"

#include "server/base/crypto.h"
#include "server/base/str.h"
#include "server/base/transport.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define WORDS_MAX  12
#define WORD_BYTES 200
#define PATH_BYTES 160

static const char TOKEN_FILE[] = "admin-token";
static const char GIVEN_FILE[] = "given.json";

static void path_of(const struct cli_fixture *fixture, const char *name, char to[PATH_BYTES])
{
	ck_assert(str_format(to, PATH_BYTES, "%s/%s", fixture->folder, name));
}

static void write_file(const struct cli_fixture *fixture, const char *name, const char *text)
{
	char path[PATH_BYTES];
	path_of(fixture, name, path);
	FILE *file = fopen(path, "w");
	ck_assert_ptr_nonnull(file);
	ck_assert_int_ge(fputs(text, file), 0);
	ck_assert_int_eq(fclose(file), 0);
}

void cli_fixture_start(struct cli_fixture *fixture)
{
	*fixture = (struct cli_fixture){.options = {.workers = 4, .allow_insecure_loopback = true}};
	ck_assert(crypto_start(NULL) && transport_global_start(NULL));
	ck_assert(str_copy(fixture->folder, sizeof(fixture->folder), "/tmp/bob2okta-cli-XXXXXX"));
	ck_assert_ptr_nonnull(mkdtemp(fixture->folder));
	fixture->fake = fake_http_start();
	struct options *options = &fixture->options;
	const char *address = fake_http_url(fixture->fake) + strlen("http://");
	ck_assert(str_copy(options->admin_listen, sizeof(options->admin_listen), address));
	ck_assert(str_format(
	        options->store, sizeof(options->store), "sqlite:%s/x.db", fixture->folder));
	write_file(fixture, TOKEN_FILE, "token-of-the-store\n");
}

void cli_fixture_stop(struct cli_fixture *fixture)
{
	static const char *const FILES[] = {TOKEN_FILE, GIVEN_FILE};
	char path[PATH_BYTES];
	for (size_t i = 0; i < ARRAY_SIZE(FILES); i++) {
		path_of(fixture, FILES[i], path);
		(void)unlink(path);
	}
	rmdir(fixture->folder);
	fake_http_stop(fixture->fake);
	free(fixture->out);
	free(fixture->errors);
	transport_global_stop();
	crypto_stop();
}

const char *cli_fixture_file(struct cli_fixture *fixture, const char *text)
{
	static char path[PATH_BYTES];
	write_file(fixture, GIVEN_FILE, text);
	path_of(fixture, GIVEN_FILE, path);
	return path;
}

void cli_fixture_answer(struct cli_fixture *fixture, int status, const char *body)
{
	fake_http_script(fixture->fake, status, "", body);
}

int cli_fixture_run(struct cli_fixture *fixture, const char *const *words)
{
	static char room[WORDS_MAX][WORD_BYTES] = {"bob2okta"};
	char *argv[WORDS_MAX + 1] = {room[0]};
	size_t lens[2] = {0};
	int argc = 1;
	for (; words[argc - 1] != NULL; argc++) {
		ck_assert_int_lt(argc, WORDS_MAX);
		ck_assert(str_copy(room[argc], WORD_BYTES, words[argc - 1]));
		argv[argc] = room[argc];
	}
	free(fixture->out);
	free(fixture->errors);
	FILE *out = open_memstream(&fixture->out, &lens[0]);
	FILE *errors = open_memstream(&fixture->errors, &lens[1]);
	int status = cli_run_to(&fixture->options, argc, argv, out, errors);
	fclose(out);
	fclose(errors);
	return status;
}

json_t *cli_fixture_body(struct cli_fixture *fixture, size_t index)
{
	const struct fake_request *request = fake_http_request(fixture->fake, index);
	ck_assert_ptr_nonnull(request);
	json_t *body = json_loads(request->body, 0, NULL);
	ck_assert_msg(body != NULL, "%s", request->body);
	return body;
}
