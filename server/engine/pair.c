/* SPDX-License-Identifier: MIT */
#include "server/engine/pair.h"

#include "server/base/clock.h"
#include "server/base/log.h"
#include "server/base/str.h"
#include "server/engine/run.h"

/* The old side looks again soon at first, then ever more rarely. */
#define LOOK_MIN_MS 1000
#define LOOK_MAX_MS (10 * 60 * 1000)

/* What the other connection has of this person. */
enum other_side {
	OTHER_WANTS_NONE,
	OTHER_UNHEARD, /* has not looked since the move was seen */
	OTHER_OPENS, /* wants an account and has none open yet */
	OTHER_HAS, /* its account is open */
	OTHER_SHARES, /* the very same Okta user */
};

static bool is_closed(const struct employee *employee)
{
	return employee->present_status == ACCOUNT_SUSPENDED ||
	        employee->present_status == ACCOUNT_DEPROVISIONED;
}

static bool wants_account(const struct employee *employee)
{
	return str_equal(employee->wanted, wanted_account_name(WANTED_STAGED)) ||
	        str_equal(employee->wanted, wanted_account_name(WANTED_ACTIVE));
}

static enum other_side judge(const struct employee *other, int64_t since_ms)
{
	if (other->okta_id[0] != '\0' && !is_closed(other)) {
		return OTHER_HAS;
	}
	if (other->last_run_at_ms < since_ms) {
		return OTHER_UNHEARD;
	}
	return wants_account(other) ? OTHER_OPENS : OTHER_WANTS_NONE;
}

/* Two connections into one org may hold the same user: then nothing is left behind to close. */
static bool is_shared(
        const struct run *run, const struct connection *connection, const struct employee *other)
{
	return str_equal(other->okta_id, run->employee->okta_id) &&
	        str_equal(connection->settings->okta.base_url,
	                run->connection->settings->okta.base_url);
}

static bool is_other_side(const struct run *run, const struct connection *connection)
{
	return connection != run->connection &&
	        str_equal(connection->settings->bob.company_id,
	                run->connection->settings->bob.company_id);
}

static bool load(struct store *store, const char *connection, const struct employee *employee,
        struct employee *other, struct err *err)
{
	struct employee_key key = employee->key;

	str_format_cut(key.connection, sizeof(key.connection), "%s", connection);
	if (store_employee_get(store, &key, other, err)) {
		return true;
	}
	if (err->code != ERR_NOT_FOUND) {
		return false;
	}
	*err = ERR_INIT;
	*other = (struct employee){.key = key};
	return true;
}

/* The most that any other connection has to say. */
static bool look_around(struct run *run, enum other_side *side, struct err *err)
{
	struct employee *employee = run->employee;
	bool is_done = true;

	*side = OTHER_WANTS_NONE;
	for (size_t i = 0; is_done && i < run->runner->connection_count; i++) {
		const struct connection *connection = run->runner->connections[i];
		struct employee other = {0};
		if (!is_other_side(run, connection)) {
			continue;
		}
		is_done =
		        load(run->runner->store, connection->settings->name, employee, &other, err);
		enum other_side found = !is_done ? OTHER_WANTS_NONE
		        : is_shared(run, connection, &other)
		        ? OTHER_SHARES
		        : judge(&other, employee->move_since_ms);
		if (found > *side) {
			*side = found;
			str_format_cut(employee->move_to, sizeof(employee->move_to), "%s",
			        found > OTHER_UNHEARD ? connection->settings->name : "");
		}
		employee_finish(&other);
	}
	return is_done;
}

static bool leaves_scope(const struct run *run)
{
	return run->facts.is_linked && run->decision.rule == RULE_L5 &&
	        run->decision.lower_cause == LOWER_SCOPE;
}

enum step pair_look(struct run *run)
{
	struct employee *employee = run->employee;
	struct err err = ERR_INIT;
	enum other_side side = OTHER_WANTS_NONE;
	int64_t now_ms = run_now_ms(run);

	run->is_move_pending = false;
	if (!leaves_scope(run)) {
		employee->move_since_ms = 0;
		employee->move_to[0] = '\0';
		return STEP_NEXT;
	}
	if (employee->move_since_ms == 0) {
		employee->move_since_ms = now_ms;
	}
	if (!look_around(run, &side, &err)) {
		return run_stop(run, RUN_ENDS_RETRY, err.text);
	}
	int64_t age_ms = now_ms - employee->move_since_ms;
	bool is_waiting = side == OTHER_UNHEARD || side == OTHER_OPENS;
	run->is_move_pending = side == OTHER_SHARES || (is_waiting && age_ms < MOVE_WAITS_MS);
	if (run->is_move_pending && is_waiting) {
		int64_t wait_ms = age_ms < LOOK_MIN_MS ? LOOK_MIN_MS : age_ms;
		run->look_again_ms = now_ms + (wait_ms < LOOK_MAX_MS ? wait_ms : LOOK_MAX_MS);
	}
	return STEP_NEXT;
}

static void ask(struct run *run, const struct employee_key *other)
{
	char why[SENTENCE_BYTES];
	struct err err = ERR_INIT;

	str_format_cut(why, sizeof(why), "leaves the scope of connection %s",
	        run->employee->key.connection);
	if (!store_employee_mark(run->runner->store, other, LANE_JOIN, why, &err)) {
		/* The next look asks again. */
		log_warn("move not announced", F("connection", other->connection),
		        F("employee_id", other->employee_id), F("cause", err.text));
	}
}

void pair_ask(struct run *run)
{
	for (size_t i = 0; run->is_move_pending && i < run->runner->connection_count; i++) {
		const struct connection *connection = run->runner->connections[i];
		struct employee other = {0};
		struct err err = ERR_INIT;
		if (is_other_side(run, connection) &&
		        load(run->runner->store, connection->settings->name, run->employee, &other,
		                &err) &&
		        judge(&other, run->employee->move_since_ms) == OTHER_UNHEARD) {
			ask(run, &other.key);
		}
		employee_finish(&other);
	}
}

bool pair_brings(const struct run *run)
{
	bool is_brought = false;

	for (size_t i = 0; !is_brought && i < run->runner->connection_count; i++) {
		const struct connection *connection = run->runner->connections[i];
		struct employee other = {0};
		struct err err = ERR_INIT;
		if (is_other_side(run, connection) &&
		        load(run->runner->store, connection->settings->name, run->employee, &other,
		                &err)) {
			is_brought = other.okta_id[0] != '\0' && other.move_since_ms != 0;
		}
		employee_finish(&other);
	}
	return is_brought;
}

/* ------------------------------------------------------------------ show */

static const char *state_word(const struct employee *from, const struct employee *to)
{
	if (is_closed(from)) {
		return "done";
	}
	if (to->okta_id[0] != '\0' && !is_closed(to)) {
		return "opened";
	}
	return clock_wall_ms() - from->move_since_ms < MOVE_WAITS_MS ? "opening" : "late";
}

static json_t *show(const struct employee *from, const struct employee *to)
{
	return json_pack("{s:s, s:s, s:s}", "from", from->key.connection, "to", to->key.connection,
	        "state", state_word(from, to));
}

/* NULL: not between these two. */
static json_t *pair_between(const struct employee *employee, const struct employee *other)
{
	if (employee->move_to[0] != '\0') {
		return str_equal(employee->move_to, other->key.connection) ? show(employee, other)
		                                                           : NULL;
	}
	return str_equal(other->move_to, employee->key.connection) ? show(other, employee) : NULL;
}

json_t *pair_json(
        struct store *store, const struct settings *settings, const struct employee *employee)
{
	const struct connection_settings *own = settings_find(settings, employee->key.connection);
	json_t *pair = NULL;

	for (size_t i = 0; own != NULL && pair == NULL && i < settings->connection_count; i++) {
		const struct connection_settings *connection = &settings->connections[i];
		struct employee other = {0};
		struct err err = ERR_INIT;
		if (connection != own &&
		        str_equal(connection->bob.company_id, own->bob.company_id) &&
		        load(store, connection->name, employee, &other, &err)) {
			pair = pair_between(employee, &other);
		}
		employee_finish(&other);
	}
	return pair != NULL ? pair : json_null();
}
