/* SPDX-License-Identifier: MIT */
/* Randomness, trace and clock: everything that makes a seed replay exactly. */
#include "server/base/str.h"
#include "tests/simulation/sim.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Far ahead of the machine's own, so that no real wait of the store's ends by itself. */
#define MONO_BEGIN_MS INT64_C(4000000000000)
#define LINE_BYTES    240

/* ----------------------------------------------------------- randomness */

/* splitmix64 */
uint64_t random_next(struct random *random)
{
	uint64_t z = random->state += UINT64_C(0x9e3779b97f4a7c15);
	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

int random_below(struct random *random, int count)
{
	return count <= 1 ? 0 : (int)(random_next(random) % (uint64_t)count);
}

bool random_chance(struct random *random, int permille)
{
	return random_below(random, 1000) < permille;
}

int64_t random_between(struct random *random, int64_t least, int64_t most)
{
	return least + (int64_t)(random_next(random) % (uint64_t)(most - least + 1));
}

/* ---------------------------------------------------------------- trace */

static char lines[TRACE_KEPT][LINE_BYTES];
static size_t line_count;
static uint64_t digest;

void trace_begin(void)
{
	line_count = 0;
	digest = UINT64_C(0xcbf29ce484222325);
}

void trace(struct sim *sim, const char *format, ...)
{
	char *line = lines[line_count++ % TRACE_KEPT];
	int64_t at_ms = sim->now_ms - sim->begin_ms;
	va_list args;

	str_format_cut(line, LINE_BYTES, "day %d %02d:%02d:%02d.%03d  ", (int)(at_ms / DAY_MS),
	        (int)(at_ms % DAY_MS / HOUR_MS), (int)(at_ms % HOUR_MS / MINUTE_MS),
	        (int)(at_ms % MINUTE_MS / SECOND_MS), (int)(at_ms % SECOND_MS));
	size_t len = strlen(line);
	va_start(args, format);
	str_vformat_cut(line + len, LINE_BYTES - len, format, args);
	va_end(args);
	for (const char *at = line; *at != '\0'; at++) {
		digest = (digest ^ (uint8_t)*at) * UINT64_C(0x100000001b3);
	}
	if (sim->is_verbose) {
		printf("%s\n", line);
	}
}

uint64_t trace_digest(void)
{
	return digest;
}

void trace_print(void)
{
	size_t kept = line_count < TRACE_KEPT ? line_count : TRACE_KEPT;

	for (size_t i = line_count - kept; i < line_count; i++) {
		printf("  %s\n", lines[i % TRACE_KEPT]);
	}
}

void sim_fail(struct sim *sim, const char *invariant, int person, const char *format, ...)
{
	char text[512];
	va_list args;

	va_start(args, format);
	str_vformat_cut(text, sizeof(text), format, args);
	va_end(args);
	printf("FAILED seed %" PRIu64 ", day %d: %s\n", sim->seed, sim->day, invariant);
	if (person >= 0) {
		printf("  person %d, employee %s\n", person, sim->people[person].id);
	}
	printf("  %s\n  settings: %s\n  the last %d steps:\n", text, scenario_text(sim),
	        TRACE_KEPT);
	if (!sim->is_verbose) {
		trace_print();
	}
	if (sim->is_of_orders) {
		printf("  replay: make simulate ORDERS=1 SEED=%" PRIu64 "\n", sim->seed);
	} else {
		printf("  replay: make simulate SEED=%" PRIu64 " PEOPLE=%d DAYS=%d\n", sim->seed,
		        sim->size.people, sim->size.days);
	}
	fflush(stdout);
	sim->is_failed = true;
	longjmp(sim->end, 1); /* check: allow leaving the run from anywhere */
}

void must(bool holds, const char *what, const struct err *err)
{
	if (!holds) {
		printf("simulation: %s: %s\n", what, err != NULL ? err->text : "");
		fflush(stdout);
		abort();
	}
}

/* --------------------------------------------------------- virtual clock */

static struct sim *running;
/* Read by the store's writer as well, which never works while the clock moves. */
static _Atomic int64_t wall_ms;
static _Atomic int64_t mono_ms;

/* Put in the place of the product's by the linker. */
int64_t __wrap_clock_wall_ms(void);
int64_t __wrap_clock_mono_ms(void);
int64_t __wrap_clock_mono_us(void);
bool __wrap_crypto_random(void *to, size_t len, struct err *err);
void __wrap_engine_wait(struct engine *engine, uint64_t *seen, int64_t deadline_ms);
struct sqlite_conn;
bool __wrap_sqlite_state_set(
        struct sqlite_conn *conn, const char *name, int64_t value, struct err *err);
bool __real_sqlite_state_set(
        struct sqlite_conn *conn, const char *name, int64_t value, struct err *err);

static void show_clock(void)
{
	wall_ms = running->now_ms + running->skew_ms;
	mono_ms = sim_mono_ms(running);
}

void clock_use(struct sim *sim)
{
	running = sim;
	show_clock();
}

int64_t sim_mono_ms(const struct sim *sim)
{
	return MONO_BEGIN_MS + sim->now_ms - sim->begin_ms;
}

int64_t sim_running_ms(const struct sim *sim)
{
	return sim->now_ms - sim->begin_ms - sim->down_ms;
}

void sim_advance(struct sim *sim, int64_t ms)
{
	sim->now_ms += ms;
	show_clock();
}

int64_t __wrap_clock_wall_ms(void)
{
	return wall_ms;
}

int64_t __wrap_clock_mono_ms(void)
{
	return mono_ms;
}

int64_t __wrap_clock_mono_us(void)
{
	return mono_ms * 1000;
}

bool __wrap_crypto_random(void *to, size_t len, struct err *err)
{
	(void)err;
	for (size_t i = 0; i < len; i++) {
		((uint8_t *)to)[i] = (uint8_t)random_next(&running->order);
	}
	return true;
}

/* A thread that waits lets time pass; here it says how long, and the driver decides. */
void __wrap_engine_wait(struct engine *engine, uint64_t *seen, int64_t deadline_ms)
{
	int64_t wait_ms = deadline_ms - mono_ms;

	*seen = engine->wake_count;
	running->waited_ms = deadline_ms;
	if (wait_ms > 0 && (wait_ms <= 25 || running->is_sweeping)) {
		/* The dispatcher gathers events for so long, and looks again; a sweep has a thread
		   of its own, which waits where it is. */
		sim_advance(running, wait_ms);
	}
}

/* A process that died has not closed its store. */
bool __wrap_sqlite_state_set(
        struct sqlite_conn *conn, const char *name, int64_t value, struct err *err)
{
	if (running->is_store_dropped && str_equal(name, "is_open") && value == 0) {
		return true;
	}
	return __real_sqlite_state_set(conn, name, value, err);
}

/* A process that dies in mid-call leaves behind what it held: no leak of the product's. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
	return "detect_leaks=0";
}
