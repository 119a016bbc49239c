/* SPDX-License-Identifier: MIT */
/*
 * Showing somebody's values to one session for a while (G-10): for a purpose
 * that stands in the audit trail before anything is shown. What was revealed is
 * kept in memory alone: a restart masks again.
 */
#include "server/base/clock.h"
#include "server/base/str.h"
#include "server/console/args.h"
#include "server/store/audit.h"

#include <pthread.h>
#include <string.h>

#define PURPOSE_MAX_BYTES 200
#define REVEALED_MS       (5 * 60 * 1000)
#define GRANTS_MAX        256 /* of all sessions; beyond it the one that ends first goes */

struct grant {
	int64_t account; /* a number of a session may come again, one's own at worst */
	int64_t session;
	struct employee_key key;
	int64_t until_mono_ms;
};

static struct {
	pthread_mutex_t mutex;
	struct grant items[GRANTS_MAX];
} given = {.mutex = PTHREAD_MUTEX_INITIALIZER};

static bool is_of(
        const struct grant *grant, const struct http_actor *actor, const struct employee_key *key)
{
	return grant->account == actor->account && grant->session == actor->session &&
	        str_equal(grant->key.connection, key->connection) &&
	        str_equal(grant->key.employee_id, key->employee_id);
}

static struct employee_key key_of(const struct args *args, const char *employee_id)
{
	struct employee_key key = {0};

	str_format_cut(key.connection, sizeof(key.connection), "%s", args->connection);
	str_format_cut(key.employee_id, sizeof(key.employee_id), "%s", employee_id);
	return key;
}

bool reveal_is_given(const struct args *args, const char *employee_id)
{
	const struct http_actor *actor = http_request_actor(args->request);
	const struct employee_key key = key_of(args, employee_id);
	int64_t now_ms = clock_mono_ms();
	bool is_given = false;

	if (actor->kind != HTTP_SESSION || actor->session == 0) {
		return false;
	}
	pthread_mutex_lock(&given.mutex);
	for (size_t i = 0; i < GRANTS_MAX && !is_given; i++) {
		is_given = given.items[i].until_mono_ms > now_ms &&
		        is_of(&given.items[i], actor, &key);
	}
	pthread_mutex_unlock(&given.mutex);
	return is_given;
}

static void give(const struct http_actor *actor, const struct employee_key *key)
{
	size_t at = 0;

	pthread_mutex_lock(&given.mutex);
	for (size_t i = 0; i < GRANTS_MAX; i++) {
		if (is_of(&given.items[i], actor, key)) {
			at = i;
			break;
		}
		if (given.items[i].until_mono_ms < given.items[at].until_mono_ms) {
			at = i;
		}
	}
	given.items[at] = (struct grant){.account = actor->account,
	        .session = actor->session,
	        .key = *key,
	        .until_mono_ms = clock_mono_ms() + REVEALED_MS};
	pthread_mutex_unlock(&given.mutex);
}

static bool audit(
        struct args *args, const struct employee_key *key, const char *by, const char *purpose)
{
	char what[SENTENCE_BYTES];
	const struct audit_entry entry = {.kind = "reveal",
	        .connection = key->connection,
	        .employee_id = key->employee_id,
	        .who = by,
	        .what = what};

	str_format_cut(what, sizeof(what), "reveal: %s", purpose);
	return store_audit_write(args->console->store, &entry, &args->err);
}

/* Known first, so that asking about nobody leaves no record of them. */
static bool is_known(struct args *args, const struct employee_key *key)
{
	struct employee employee = {0};
	bool is_found = store_employee_get(args->console->store, key, &employee, &args->err);

	employee_finish(&employee);
	return is_found;
}

bool reveal_give(struct args *args, const char *employee_id, const char *by, const char *purpose)
{
	const struct http_actor *actor = http_request_actor(args->request);
	const struct employee_key key = key_of(args, employee_id);

	if (!is_known(args, &key) || !audit(args, &key, by, purpose)) {
		return false;
	}
	if (actor->kind == HTTP_SESSION) {
		give(actor, &key);
	}
	return true;
}

static json_t *reveal(struct args *args)
{
	const char *purpose = args_body_text(args, "purpose", PURPOSE_MAX_BYTES, NULL);
	const char *by = args_by(args);

	if (!err_is_set(&args->err) && str_is_empty(purpose)) {
		err_set(&args->err, ERR_BAD_REQUEST,
		        "\"purpose\" says what the values are needed for; it is written down");
	}
	if (err_is_set(&args->err) || !reveal_give(args, args->key.employee_id, by, purpose)) {
		return NULL;
	}
	return json_pack("{s:s, s:I}", "employee_id", args->key.employee_id, "until_ms",
	        (json_int_t)(clock_wall_ms() + REVEALED_MS));
}

enum http_verdict console_reveal(
        struct http_request *request, struct http_reply *reply, void *context)
{
	struct args args;
	struct args_known known = {.body = KNOWN("purpose", "by")};
	bool is_good = args_init(&args, context, request, &known) && args_key(&args);

	return args_answer(&args, reply, is_good ? reveal(&args) : NULL, 200);
}
