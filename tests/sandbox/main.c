/* SPDX-License-Identifier: MIT */
#include <curl/curl.h>
#include <getopt.h>
#include <jansson.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "tests/sandbox/http.h"
#include "tests/sandbox/sandbox.h"

static const char USAGE[] =
        "usage: sandbox [--listen 127.0.0.1:PORT] [--seed-people N] [--seed S]\n"
        "               [--call-log FILE] [--quiet]\n";

static const struct option OPTIONS[] = {
        {"listen", required_argument, NULL, 'l'},
        {"seed-people", required_argument, NULL, 'p'},
        {"seed", required_argument, NULL, 's'},
        {"call-log", required_argument, NULL, 'c'},
        {"quiet", no_argument, NULL, 'q'},
        {NULL, 0, NULL, 0},
};

struct arguments {
	const char *listen;
	struct sandbox_options sandbox;
};

static bool parse_arguments(int argc, char **argv, struct arguments *args)
{
	int option = 0;

	while ((option = getopt_long(argc, argv, "", OPTIONS, NULL)) != -1) {
		switch (option) {
		case 'l': args->listen = optarg; break;
		case 'p': args->sandbox.seed_people = strtoll(optarg, NULL, 10); break;
		case 's': args->sandbox.seed = strtoull(optarg, NULL, 10); break;
		case 'c': args->sandbox.call_log = optarg; break;
		case 'q': args->sandbox.is_quiet = true; break;
		default: return false;
		}
	}
	return optind == argc;
}

/* G1: signals are blocked before any thread starts and taken here alone. */
static void wait_for_signal(const sigset_t *signals)
{
	int which = 0;

	while (sigwait(signals, &which) != 0) {
	}
}

static bool run(const struct arguments *args, const sigset_t *signals)
{
	struct sandbox *sb = sandbox_create(&args->sandbox);
	struct http *http = sb != NULL ? http_start(sb, args->listen) : NULL;
	bool is_running = http != NULL;

	if (is_running) {
		(void)printf("listening on http://%s\n", http_address(http));
		(void)fflush(stdout);
		wait_for_signal(signals);
	}
	if (sb != NULL) {
		sandbox_stop(sb);
	}
	http_stop(http);
	sandbox_destroy(sb);
	return is_running;
}

int main(int argc, char **argv)
{
	struct arguments args = {.listen = "127.0.0.1:8090", .sandbox = {.seed = 1}};
	sigset_t signals;

	if (!parse_arguments(argc, argv, &args)) {
		(void)fputs(USAGE, stderr);
		return 2;
	}
	(void)sigemptyset(&signals);
	(void)sigaddset(&signals, SIGINT);
	(void)sigaddset(&signals, SIGTERM);
	(void)pthread_sigmask(SIG_BLOCK, &signals, NULL);
	(void)signal(SIGPIPE, SIG_IGN);
	json_object_seed(0);
	(void)curl_global_init(CURL_GLOBAL_DEFAULT);
	bool is_good = run(&args, &signals);

	curl_global_cleanup();
	return is_good ? 0 : 1;
}
