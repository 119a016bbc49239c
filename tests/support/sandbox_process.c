/* SPDX-License-Identifier: MIT */
#include "tests/support/sandbox_process.h"

#include "server/base/json.h"
#include "server/base/str.h"
#include "server/base/transport.h"

#include <libgen.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define PATH_BYTES       4096
#define URL_BYTES        256
#define ANSWER_MAX_BYTES (8 * 1024 * 1024)
#define TIMEOUT_MS       20000
#define FIRST_LINE       "listening on "

struct sandbox_process {
	pid_t pid;
	char url[URL_BYTES];
	struct transport *transport;
};

static void die(const char *what)
{
	perror(what);
	abort();
}

static bool find_program(const char *test_program, char path[PATH_BYTES])
{
	char copy[PATH_BYTES];
	return str_copy(copy, sizeof(copy), test_program) &&
	        str_format(path, PATH_BYTES, "%s/../sandbox", dirname(copy)) &&
	        access(path, X_OK) == 0;
}

/* Dies with the test, however that ends. */
static void become_sandbox(const char *path, const char *people, int out)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	sigset_t none;
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	dup2(out, STDOUT_FILENO);
	execl(path, path, "--listen", "127.0.0.1:0", "--seed-people", people, "--quiet",
	        (char *)NULL);
	_exit(127);
}

static void read_url(struct sandbox_process *sandbox, int in)
{
	char line[URL_BYTES];
	FILE *stream = fdopen(in, "r");
	if (stream == NULL || fgets(line, sizeof(line), stream) == NULL ||
	        !str_starts_with(line, FIRST_LINE)) {
		die("sandbox: no address");
	}
	line[strcspn(line, "\r\n")] = '\0';
	if (!str_copy(sandbox->url, sizeof(sandbox->url), line + strlen(FIRST_LINE))) {
		die("sandbox: address too long");
	}
	fclose(stream);
}

struct sandbox_process *sandbox_process_start(const char *test_program, const char *people)
{
	char path[PATH_BYTES];
	int ends[2];
	if (!find_program(test_program, path)) {
		return NULL;
	}
	struct sandbox_process *sandbox = calloc(1, sizeof(*sandbox));
	struct transport_options options = {.user_agent = "bob2okta/test",
	        .plain = TRANSPORT_PLAIN_ON_LOOPBACK,
	        .connect_timeout_ms = TIMEOUT_MS,
	        .total_timeout_ms = TIMEOUT_MS};
	if (sandbox == NULL || pipe(ends) != 0) {
		die("sandbox: pipe");
	}
	sandbox->pid = fork();
	if (sandbox->pid == 0) {
		become_sandbox(path, people, ends[1]);
	}
	close(ends[1]);
	read_url(sandbox, ends[0]);
	sandbox->transport = transport_create(&options, NULL);
	if (sandbox->pid < 0 || sandbox->transport == NULL) {
		die("sandbox: start");
	}
	return sandbox;
}

void sandbox_process_stop(struct sandbox_process *sandbox)
{
	if (sandbox != NULL) {
		kill(sandbox->pid, SIGTERM);
		waitpid(sandbox->pid, NULL, 0);
		transport_destroy(sandbox->transport);
		free(sandbox);
	}
}

const char *sandbox_process_url(const struct sandbox_process *sandbox)
{
	return sandbox->url;
}

json_t *sandbox_process_control(struct sandbox_process *sandbox, const char *path, const char *body)
{
	char url[2 * URL_BYTES];
	struct transport_answer answer;
	struct transport_request request = {.method = body != NULL ? "POST" : "GET",
	        .url = url,
	        .body = body,
	        .body_len = body != NULL ? strlen(body) : 0,
	        .answer_max_bytes = ANSWER_MAX_BYTES};
	if (!str_format(url, sizeof(url), "%s/control/%s", sandbox->url, path)) {
		die("sandbox: path too long");
	}
	enum transport_result result = transport_send(sandbox->transport, &request, &answer, NULL);
	bool is_fine = result == TRANSPORT_ANSWERED && answer.status / 100 == 2;
	json_t *json = is_fine ? json_parse(answer.body.data, answer.body.len, NULL) : NULL;
	transport_answer_finish(&answer);
	return json;
}
