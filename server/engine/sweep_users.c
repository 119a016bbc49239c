/* SPDX-License-Identifier: MIT */
/* Okta's pages, kept by id: pages overlap when people come and go, and a list may be stale. */
#include "server/base/clock.h"
#include "server/engine/keep_user.h"
#include "server/engine/sweep_parts.h"

#define TRIES_MAX       4 /* of one page, where another try may go better */
#define BACKOFF_MS      1000
#define LOOK_AGAIN_MS   1000
#define WAIT_OKTA_MS    (10 * 60 * 1000) /* for one page to be allowed */
#define PEOPLE_FIRST_MS (30 * 1000) /* about twice as long as a slow start takes */
#define STALE_PAGES_MAX 3 /* in a row that bring nobody new: the list goes round */
#define CALLER          "sweep" /* in the place of an employee, where outages are counted */

/* ------------------------------------------------------------------- users */

/* *fresh: how many of the page were not known. */
static bool keep_page(struct sweeping *sweeping, const struct okta_user_list *page, size_t *fresh,
        struct err *err)
{
	const struct connection *connection = sweeping->all.connection;

	*fresh = 0;
	for (size_t i = 0; i < page->count; i++) {
		struct scratch_user user;
		bool is_new = false;
		const struct okta_user *from = &page->items[i];
		json_t *mapped = map_rules_project(&connection->settings->rules, from->profile);
		bool is_kept = keep_user_fill(&user, connection, from, mapped) &&
		        scratch_put_user(sweeping->all.scratch, &user, &is_new, err);
		scratch_user_finish(&user);
		if (!is_kept) {
			err_set(err, ERR_NO_MEMORY, "out of memory for a page of users");
			return false;
		}
		*fresh += is_new ? 1 : 0;
	}
	sweeping->users += (int64_t)*fresh;
	return true;
}

/* ------------------------------------------------------------------- pages */

static void wait_ms(struct sweeping *sweeping, int64_t ms)
{
	int64_t until_ms = clock_mono_ms() + (ms < LOOK_AGAIN_MS ? ms : LOOK_AGAIN_MS);
	struct engine *engine = sweeping->all.engine;

	while (clock_mono_ms() < until_ms && !atomic_load(&engine->is_stopping)) {
		engine_wait(engine, &sweeping->all.seen, until_ms);
	}
}

/* How long to stay away before the page is asked for again; 0: it came; -1: it will not. */
static int64_t judge(const struct call_outcome *outcome, int *tries)
{
	switch ((int)outcome->call_class) { /* the other classes mean the same here */
	case CALL_DONE: return 0;
	case CALL_RETRY_AT: {
		int64_t away_ms = outcome->retry_at_ms - clock_wall_ms();
		return away_ms > 1 ? away_ms : 1;
	}
	case CALL_RETRY_LATER: return ++*tries < TRIES_MAX ? BACKOFF_MS << *tries : -1;
	default: return -1;
	}
}

/* A page takes long, and in a slow start there may be one place for everybody. */
static bool leaves_place(const struct sweeping *sweeping, int64_t begun_at_ms)
{
	struct connection *connection = sweeping->all.connection;

	return connection_is_okta_parked(connection) ||
	        (clock_mono_ms() < begun_at_ms + PEOPLE_FIRST_MS &&
	                connection_is_for_people_first(connection));
}

static bool read_page(struct sweeping *sweeping, struct okta_page *page,
        struct okta_user_list *users, struct err *err)
{
	struct connection *connection = sweeping->all.connection;
	struct okta_client *client = runner_okta(&sweeping->all.runner, connection, err);
	int64_t begun_at_ms = clock_mono_ms();
	int64_t give_up_ms = begun_at_ms + WAIT_OKTA_MS;
	struct call_outcome outcome = {.call_class = CALL_RETRY_LATER};
	int tries = 0;

	while (client != NULL && !sweep_is_stopped(sweeping, err) && clock_mono_ms() < give_up_ms) {
		if (leaves_place(sweeping, begun_at_ms)) {
			wait_ms(sweeping, LOOK_AGAIN_MS);
			continue;
		}
		okta_client_set_urgency(client, CALL_BACKGROUND);
		okta_user_page(client, page, users, &outcome);
		sweeping->sweep.okta_calls += outcome.is_sent ? 1 : 0;
		connection_okta_outcome(connection, CALLER, &outcome);
		int64_t away_ms = judge(&outcome, &tries);
		if (away_ms == 0) {
			return true;
		}
		if (away_ms < 0) {
			break;
		}
		wait_ms(sweeping, away_ms);
	}
	if (outcome.call_class == CALL_ABORTED) {
		err_set(err, ERR_STOPPED, "the sweep was stopped");
	}
	engine_err_from_call(err, "Okta", &outcome);
	return false;
}

bool sweep_read_users(struct sweeping *sweeping, struct err *err)
{
	struct okta_page page = {0};
	int stale = 0;

	sweeping->okta_begun_at_ms = clock_wall_ms();
	while (!page.is_over) {
		struct okta_user_list users = {0};
		size_t fresh = 0;
		bool is_kept = read_page(sweeping, &page, &users, err) &&
		        keep_page(sweeping, &users, &fresh, err);
		stale = fresh > 0 || users.count == 0 ? 0 : stale + 1;
		okta_user_list_finish(&users);
		if (stale == STALE_PAGES_MAX) {
			err_set(err, ERR_BAD_ANSWER,
			        "Okta: the list of users brings the same again");
			return false;
		}
		if (!is_kept) {
			return false;
		}
		sweep_tell(sweeping, SWEEP_PHASE_USERS, sweeping->users, 0);
	}
	return true;
}
