/* SPDX-License-Identifier: MIT */
/* argv -> command. Global set-up first: signals are blocked before any thread exists (G1). */
#include "server/base/crypto.h"
#include "server/base/err.h"
#include "server/base/log.h"
#include "server/base/secrecy.h"
#include "server/base/str.h"
#include "server/base/transport.h"
#include "server/cli/cli.h"
#include "server/evaluator/evaluator.h"
#include "server/serve.h"

#include <jansson.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>

#define EXIT_USAGE 2
/* By default every thread may get a heap of its own, and each keeps its largest day. */
#define HEAPS_MAX 2

static void block_signals(void)
{
	sigset_t signals;

	sigemptyset(&signals);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGHUP);
	sigaddset(&signals, SIGUSR1);
	sigaddset(&signals, SIGUSR2);
	sigaddset(&signals, SIGCHLD);
	pthread_sigmask(SIG_BLOCK, &signals, NULL);
	/* G3: libmicrohttpd only looks after its own threads. */
	signal(SIGPIPE, SIG_IGN);
}

static void unblock_for_command(void)
{
	sigset_t none;

	sigemptyset(&none);
	pthread_sigmask(SIG_SETMASK, &none, NULL);
}

static int run(const struct options *options, int argc, char **argv)
{
	bool is_help = argc == 3 && (str_equal(argv[2], "--help") || str_equal(argv[2], "-h"));

	if (argc >= 2 && str_equal(argv[1], "serve") && !is_help) {
		struct err err = ERR_INIT;
		if (!options_check_rest(argc, argv, &err)) {
			fprintf(stderr, "bob2okta: %s\n", err.text);
			return EXIT_USAGE;
		}
		return serve_run(options);
	}
	/* A command has no threads to protect: Ctrl-C ends it at once. */
	unblock_for_command();
	return cli_run(options, argc, argv);
}

int main(int argc, char **argv)
{
	struct options options;
	struct err err = ERR_INIT;
	int status = 1;

	/* Engine rule 25: a spawner is this program again, with nothing of it yet. */
	if (evaluator_main(argc, argv, &status)) {
		return status;
	}
	mallopt(M_ARENA_MAX, HEAPS_MAX); /* before threads; refused, it is only more memory */
	block_signals();
	/* Documents and bodies hold secrets and people's data, and jansson frees as things are. */
	json_set_alloc_funcs(secrecy_malloc, secrecy_free);
	json_object_seed(0); /* J3: before threads */
	if (!options_parse(&options, &argc, argv, &err)) {
		fprintf(stderr, "bob2okta: %s\n", err.text);
		return EXIT_USAGE;
	}
	log_setup(options.log_level, options.log_format);
	if (!crypto_start(&err) || !transport_global_start(&err)) {
		fprintf(stderr, "bob2okta: %s\n", err.text);
		return status;
	}
	status = run(&options, argc, argv);
	transport_global_stop();
	crypto_stop();
	return status;
}
