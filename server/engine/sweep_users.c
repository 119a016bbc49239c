/* SPDX-License-Identifier: MIT */
/* Okta's pages, kept by id: pages overlap when people come and go, and a list may be stale. */
#include "server/base/clock.h"
#include "server/base/json.h"
#include "server/base/str.h"
#include "server/engine/sweep_parts.h"

#include <stdlib.h>

#define TRIES_MAX       4 /* of one page, where another try may go better */
#define BACKOFF_MS      1000
#define LOOK_AGAIN_MS   1000
#define WAIT_OKTA_MS    (10 * 60 * 1000) /* for one page to be allowed */
#define STALE_PAGES_MAX 3 /* in a row that bring nobody new: the list goes round */
#define CALLER          "sweep" /* in the place of an employee, where outages are counted */

/* ------------------------------------------------------------------- users */

static const char *number_attribute(const struct connection *connection)
{
	const char *match = connection->policy.match_okta;

	return match != NULL ? match : "employeeNumber";
}

static bool set_number(struct personal *number, const json_t *value)
{
	char text[256];

	return personal_set(number, json_id_text(value, text, sizeof(text)) ? text : NULL);
}

static bool fill_user(
        const struct connection *connection, const struct okta_user *from, struct scratch_user *to)
{
	json_t *mapped = map_rules_project(&connection->settings->rules, from->profile);
	char *text = mapped != NULL ? json_format(mapped) : NULL;

	*to = (struct scratch_user){
	        .status = from->status, .is_sourced_elsewhere = from->is_sourced_elsewhere};
	str_format_cut(to->okta_id, sizeof(to->okta_id), "%s", from->id);
	bool is_filled = text != NULL && personal_set(&to->profile, text) &&
	        personal_set(&to->login, json_get_text(from->profile, "login")) &&
	        personal_set(&to->email, json_get_text(from->profile, "email")) &&
	        personal_set(&to->second_email, json_get_text(from->profile, "secondEmail")) &&
	        set_number(&to->number,
	                json_object_get(from->profile, number_attribute(connection))) &&
	        scratch_user_set_names(to, json_get_text(from->profile, "firstName"),
	                json_get_text(from->profile, "lastName"));
	free(text);
	json_decref(mapped);
	return is_filled;
}

/* *fresh: how many of the page were not known. */
static bool keep_page(struct sweeping *sweeping, const struct okta_user_list *page, size_t *fresh,
        struct err *err)
{
	*fresh = 0;
	for (size_t i = 0; i < page->count; i++) {
		struct scratch_user user;
		bool is_new = false;
		bool is_kept = fill_user(sweeping->all.connection, &page->items[i], &user) &&
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

static bool read_page(struct sweeping *sweeping, struct okta_page *page,
        struct okta_user_list *users, struct err *err)
{
	struct connection *connection = sweeping->all.connection;
	struct okta_client *client = runner_okta(&sweeping->all.runner, connection, err);
	int64_t give_up_ms = clock_mono_ms() + WAIT_OKTA_MS;
	struct call_outcome outcome = {.call_class = CALL_RETRY_LATER};
	int tries = 0;

	while (client != NULL && !sweep_is_stopped(sweeping, err) && clock_mono_ms() < give_up_ms) {
		if (connection_is_okta_parked(connection)) {
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
