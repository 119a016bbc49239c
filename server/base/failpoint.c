/* SPDX-License-Identifier: MIT */
#include "server/base/failpoint.h"

#ifdef BOB2OKTA_FAILPOINTS

#include "server/base/str.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define VARIABLE   "BOB2OKTA_FAILPOINT"
#define SLEEP_MS   500
#define STOP_MS    (2 * ENGINE_LEASE_MS + 1000)
#define PART_BYTES 128
#define PARTS      4

/* Filled once, before the first thread asks; then only passes changes. */
static struct {
	char parts[PARTS][PART_BYTES]; /* name, action, nth, about; "" where not given */
	int nth;
	bool is_onward;
} armed;
static atomic_int passes;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void say(const char *text)
{
	char line[2 * PART_BYTES + 32];
	if (!str_format(line, sizeof(line), "%s\n", text)) {
		return;
	}
	if (write(STDERR_FILENO, line, strlen(line)) < 0) {
		_exit(1);
	}
}

static void read_variable(void)
{
	const char *at = getenv(VARIABLE);
	for (int i = 0; at != NULL && i < PARTS; i++) {
		/* What it is about may be an address, which has colons of its own. */
		size_t len = i < PARTS - 1 ? strcspn(at, ":") : strlen(at);
		str_format_cut(armed.parts[i], PART_BYTES, "%.*s", (int)len, at);
		at = at[len] == ':' ? at + len + 1 : NULL;
	}
	armed.nth = (int)strtol(armed.parts[2], NULL, 10);
	armed.nth = armed.nth > 0 ? armed.nth : 1;
	armed.is_onward = strchr(armed.parts[2], '+') != NULL;
}

static void pause_ms(int ms)
{
	struct timespec left = {.tv_sec = ms / 1000, .tv_nsec = (ms % 1000) * 1000000L};
	while (clock_nanosleep(CLOCK_MONOTONIC, 0, &left, &left) != 0) {
	}
}

static bool is_meant(const char *name, const char *about)
{
	const char *wanted = armed.parts[3];
	if (!str_equal(armed.parts[0], name)) {
		return false;
	}
	if (wanted[0] == '\0') {
		return true;
	}
	return about != NULL &&
	        (str_equal(about, wanted) ||
	                (strchr(wanted, '/') != NULL && strstr(about, wanted) != NULL));
}

static bool act(const char *name)
{
	char text[2 * PART_BYTES];
	const char *action = armed.parts[1];
	str_format_cut(text, sizeof(text), "failpoint %s %s", name, action);
	say(text);
	if (str_equal(action, "abort")) {
		abort();
	} else if (str_equal(action, "kill")) {
		kill(getpid(), SIGKILL);
		pause_ms(STOP_MS);
	} else if (str_equal(action, "sleep")) {
		pause_ms(SLEEP_MS);
	} else if (str_equal(action, "stop")) {
		pause_ms(STOP_MS);
		say("failpoint awake");
	}
	return str_equal(action, "error");
}

bool failpoint_pass(const char *name, const char *about)
{
	pthread_once(&once, read_variable);
	if (!is_meant(name, about)) {
		return false;
	}
	int pass = atomic_fetch_add(&passes, 1) + 1;
	return (pass == armed.nth || (armed.is_onward && pass > armed.nth)) && act(name);
}

#else

/* Nothing of it in any other build. */
typedef int failpoint_is_empty;

#endif
