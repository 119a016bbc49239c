/* SPDX-License-Identifier: MIT */
/*
 * simulate [--seed N | --seeds A-B | --orders] [--people N] [--days N] [--jobs N] [--verbose]
 * Runs seeds and says how each batch came out; exit status 1 when one failed. One case
 * more runs a seed twice and compares what happened.
 */
#include "server/base/crypto.h"
#include "server/base/log.h"
#include "server/base/str.h"
#include "tests/simulation/fake_okta.h"
#include "tests/simulation/orders.h"
#include "tests/simulation/world.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define BATCH    25
#define JOBS_MAX 16
#define BEGIN_MS                                                                        \
	INT64_C(1772611200000) /* 2026-03-04 08:00 UTC: two changes of the clocks ahead \
	                        */

struct plan_of_runs {
	uint64_t first;
	uint64_t last;
	struct size size;
	int jobs;
	bool is_verbose;
	bool is_of_orders;
};

struct tally {
	int passed;
	int failed;
	long runs;
	long calls;
	long crashes;
	long events;
	long changes;
};

extern struct sim *bob_served;

/* ---------------------------------------------------------------- a seed */

static void prepare(struct sim *sim, uint64_t seed, const struct plan_of_runs *plan)
{
	*sim = (struct sim){.seed = seed,
	        .size = plan->size,
	        .order = {seed * 3 + 1},
	        .fate = {seed * 5 + 2},
	        .lives = {seed * 11 + 3},
	        .begin_ms = BEGIN_MS,
	        .now_ms = BEGIN_MS,
	        .acting = -1,
	        .is_verbose = plan->is_verbose};
	sim->person_max = plan->size.people * 3 + 20;
	sim->people = calloc((size_t)sim->person_max, sizeof(*sim->people));
	/* Accounts never move while a call is on its way. */
	sim->account_max = sim->person_max * 2;
	sim->accounts = calloc((size_t)sim->account_max, sizeof(*sim->accounts));
	must(sim->people != NULL && sim->accounts != NULL, "memory", NULL);
	for (int i = 0; i < SITE_COUNT; i++) {
		struct err err = ERR_INIT;
		sim->zones[i] = zone_open(site_zone(i), &err);
		must(sim->zones[i] != NULL, "zone", &err);
	}
	scenario_choose(sim);
	if (plan->is_of_orders) {
		sim->is_of_orders = true;
		scenario_for_orders(sim);
		must(orders_choose(sim) <= sim->person_max, "room for lives", NULL);
	}
	okta_serve(sim);
	bob_served = sim;
}

static bool run_seed(uint64_t seed, const struct plan_of_runs *plan, struct tally *tally)
{
	struct sim *sim = malloc(sizeof(*sim));

	must(sim != NULL, "memory", NULL);
	prepare(sim, seed, plan);
	bool passed = sim_run(sim);
	tally->passed += passed ? 1 : 0;
	tally->failed += passed ? 0 : 1;
	tally->runs += sim->runs;
	tally->calls += sim->calls;
	tally->crashes += sim->crashes;
	tally->events += sim->events;
	tally->changes += sim->changes;
	okta_finish(sim);
	world_finish(sim);
	free(sim);
	return passed;
}

/* --------------------------------------------------------------- batches */

/* A share of the seeds in a process of its own; what it counted comes back through a pipe. */
static void work(const struct plan_of_runs *plan, int job, int to)
{
	struct tally tally = {0};
	struct err err = ERR_INIT;

	must(crypto_start(&err), "crypto", &err);
	for (uint64_t seed = plan->first + (uint64_t)job; seed <= plan->last;
	        seed += (uint64_t)plan->jobs) {
		(void)run_seed(seed, plan, &tally);
	}
	must(write(to, &tally, sizeof(tally)) == (ssize_t)sizeof(tally), "pipe", NULL);
	fflush(stdout);
	_exit(0);
}

static void add(struct tally *sum, const struct tally *more)
{
	sum->passed += more->passed;
	sum->failed += more->failed;
	sum->runs += more->runs;
	sum->calls += more->calls;
	sum->crashes += more->crashes;
	sum->events += more->events;
	sum->changes += more->changes;
}

static struct tally run_all(const struct plan_of_runs *plan)
{
	struct tally sum = {0};
	int from[JOBS_MAX];
	pid_t children[JOBS_MAX];

	fflush(stdout);
	for (int job = 0; job < plan->jobs; job++) {
		int ends[2];
		must(pipe(ends) == 0, "pipe", NULL);
		children[job] = fork();
		must(children[job] >= 0, "fork", NULL);
		if (children[job] == 0) {
			work(plan, job, ends[1]);
		}
		close(ends[1]);
		from[job] = ends[0];
	}
	for (int job = 0; job < plan->jobs; job++) {
		struct tally tally = {0};
		int status = 0;
		bool is_told = read(from[job], &tally, sizeof(tally)) == (ssize_t)sizeof(tally);
		waitpid(children[job], &status, 0);
		tally.failed += is_told ? 0 : 1;
		if (!is_told) {
			printf("FAILED a share of the seeds ended with status %d\n", status);
		}
		add(&sum, &tally);
		close(from[job]);
	}
	return sum;
}

/* One seed twice: every step the same, or a failing one could not be replayed. */
static bool replays(const struct plan_of_runs *given)
{
	struct tally ignored = {0};
	struct err err = ERR_INIT;
	struct plan_of_runs small = *given;
	const struct plan_of_runs *plan = &small;

	small.size.people = small.size.people < 50 ? small.size.people : 50;
	small.size.days = small.size.days < 60 ? small.size.days : 60;

	must(crypto_start(&err), "crypto", &err);
	(void)run_seed(plan->first, plan, &ignored);
	uint64_t first = trace_digest();
	(void)run_seed(plan->first, plan, &ignored);
	bool is_same = first == trace_digest();
	if (!is_same) {
		printf("FAILED seed %" PRIu64 " does not replay: %016" PRIx64 ", then %016" PRIx64
		       "\n",
		        plan->first, first, trace_digest());
	}
	crypto_stop();
	return is_same;
}

/* ------------------------------------------------------------ arguments */

static long number(const char *text)
{
	int64_t value = 0;

	if (!str_to_int64(text, &value) || value < 1 || value > 1000000000) {
		fprintf(stderr, "simulate: not a number: %s\n", text);
		exit(2);
	}
	return (long)value;
}

static void take_seeds(struct plan_of_runs *plan, const char *text)
{
	char *last = strchr(text, '-') != NULL ? strchr(text, '-') + 1 : NULL;
	char first[24];

	str_format_cut(first, sizeof(first), "%.*s", (int)strcspn(text, "-"), text);
	plan->first = (uint64_t)number(first);
	plan->last = last != NULL ? (uint64_t)number(last) : plan->first;
}

static bool take(struct plan_of_runs *plan, const char *name, const char *value)
{
	if (str_equal(name, "--seed") || str_equal(name, "--seeds")) {
		take_seeds(plan, value);
	} else if (str_equal(name, "--people")) {
		plan->size.people = (int)number(value);
	} else if (str_equal(name, "--days")) {
		plan->size.days = (int)number(value);
	} else if (str_equal(name, "--jobs")) {
		plan->jobs = (int)number(value);
	} else {
		return false;
	}
	return true;
}

static void parse(struct plan_of_runs *plan, int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		if (str_equal(argv[i], "--verbose")) {
			plan->is_verbose = true;
		} else if (str_equal(argv[i], "--orders")) {
			/* As many people as there are lives; a seed is a set of settings. */
			plan->is_of_orders = true;
			plan->last = (uint64_t)orders_companies();
			plan->size = (struct size){.people = ORDERS_SLICE + 30, .days = 11};
		} else if (i + 1 < argc && take(plan, argv[i], argv[i + 1])) {
			i++;
		} else {
			fprintf(stderr,
			        "usage: simulate [--seed N | --seeds A-B] [--people N] [--days N]"
			        " [--orders] [--jobs N] [--verbose]\n");
			exit(2);
		}
	}
	plan->jobs = plan->jobs < JOBS_MAX ? plan->jobs : JOBS_MAX;
}

static double seconds(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

int main(int argc, char **argv)
{
	struct plan_of_runs plan = {
	        .first = 1, .last = 200, .size = {.people = 50, .days = 60}, .jobs = 2};
	double began = seconds();

	log_setup(LOG_LEVEL_ERROR + 1, LOG_FORMAT_TEXT);
	json_object_seed(1);
	parse(&plan, argc, argv);
	struct tally sum = run_all(&plan);
	bool is_same = plan.is_of_orders || replays(&plan);
	sum.passed += is_same && !plan.is_of_orders ? 1 : 0;
	sum.failed += is_same ? 0 : 1;
	printf("%" PRIu64 " seeds, %d people, %d days: %ld changes in Bob, %ld webhooks, %ld runs,"
	       " %ld calls, %ld crashes; %.1f s\n",
	        plan.last - plan.first + 1, plan.size.people, plan.size.days, sum.changes,
	        sum.events, sum.runs, sum.calls, sum.crashes, seconds() - began);
	printf("simulate: %d passed, %d failed, 0 skipped\n", sum.passed, sum.failed);
	return sum.failed > 0 ? 1 : 0;
}
