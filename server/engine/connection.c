/* SPDX-License-Identifier: MIT */
#include "server/engine/connection.h"

#include "server/base/clock.h"
#include "server/base/json.h"
#include "server/base/log.h"
#include "server/base/metrics.h"
#include "server/base/str.h"
#include "server/base/version.h"
#include "server/evaluator/rules_pool.h"

#include <stdlib.h>
#include <string.h>

#define OKTA_PARALLEL_MAX  8
#define BOB_BACKOFF_MIN_MS 1000
#define BOB_BACKOFF_MAX_MS 60000
#define HISTORY_AGAIN_MS   (24 * 60 * 60 * 1000LL)

static bool open_clients(
        struct connection *connection, const struct connection_options *options, struct err *err)
{
	const struct connection_settings *settings = options->settings;
	struct okta_org_options org = {
	        .base_url = settings->okta.base_url,
	        .api_token = &settings->okta.api_token.value,
	        .token_lack = settings->okta.api_token.lack,
	        .user_agent = version_user_agent(),
	        .plain = options->plain,
	        .stop = options->abort,
	        .parallel_max = OKTA_PARALLEL_MAX,
	        .share_with = options->predecessor != NULL ? options->predecessor->org : NULL,
	};
	struct bob_company_options company = {
	        .base_url = settings->bob.base_url,
	        .service_user_id = settings->bob.service_user_id,
	        .service_user_token = &settings->bob.service_user_token.value,
	        .token_lack = settings->bob.service_user_token.lack,
	        .user_agent = version_user_agent(),
	        .plain = options->plain,
	        .stop = options->abort,
	        .share_with = options->predecessor != NULL ? options->predecessor->company : NULL,
	};

	connection->org = okta_org_create(&org, err);
	connection->company = connection->org != NULL ? bob_company_create(&company, err) : NULL;
	return connection->company != NULL;
}

#define EMPLOYMENT_TYPE "payroll.employment.type"

/* Only where lead days depend on it: not every service user may read payroll fields. */
static bool ask_employment_type(json_t *fields)
{
	size_t i = 0;
	json_t *field = NULL;

	json_array_foreach(fields, i, field)
	{
		if (str_equal(json_string_value(field), EMPLOYMENT_TYPE)) {
			return true;
		}
	}
	return json_array_append_new(fields, json_string(EMPLOYMENT_TYPE)) == 0;
}

json_t *connection_fields_of(const struct map_rules *rules, const struct policy_settings *policy)
{
	json_t *fields = map_rules_fields(rules, policy->match_bob);

	if (fields != NULL && policy_needs_employment_type(policy) &&
	        !ask_employment_type(fields)) {
		json_decref(fields);
		return NULL;
	}
	return fields;
}

static bool name_fields(struct connection *connection, struct err *err)
{
	const struct connection_settings *settings = connection->settings;

	connection->fields = connection_fields_of(&settings->rules, &settings->policy);
	connection->fields_text =
	        connection->fields != NULL ? json_format(connection->fields) : NULL;
	if (connection->fields_text == NULL) {
		err_set(err, ERR_NO_MEMORY, "out of memory while naming the fields to read");
		return false;
	}
	return true;
}

static bool open_pool(
        struct connection *connection, struct evaluator_spawner *spawner, struct err *err)
{
	const struct map_rules *rules = &connection->settings->rules;

	if (spawner == NULL || map_rules_program_count(rules) == 0) {
		return true;
	}
	connection->pool = rules_pool_create(spawner, rules, err);
	if (connection->pool != NULL) {
		connection->evaluator = evaluator_pool_interface(connection->pool);
	}
	return connection->pool != NULL;
}

/* What the engine before learnt of the speed; its counts begin anew. */
static void inherit_drain(struct connection *connection, struct connection *before)
{
	if (before == NULL) {
		return;
	}
	monitor_lock(&before->monitor);
	connection->drain = before->drain;
	monitor_unlock(&before->monitor);
	connection->drain.is_counted = false;
}

struct connection *connection_create(const struct connection_options *options, struct err *err)
{
	struct connection *connection = calloc(1, sizeof(*connection));

	if (connection == NULL || !monitor_init(&connection->monitor) ||
	        !catalogs_init(&connection->catalogs) || !seen_people_init(&connection->seen) ||
	        !everybody_jobs_init(&connection->jobs) || !row_tally_init(&connection->tally)) {
		err_set(err, ERR_NO_MEMORY, "out of memory for a connection");
		free(connection);
		return NULL;
	}
	connection->settings = options->settings;
	connection->settings_version = options->settings_version;
	connection->workers = options->workers;
	connection->policy = options->settings->policy;
	inherit_drain(connection, options->predecessor);
	park_init(&connection->okta);
	park_init(&connection->bob);
	park_enter(&connection->okta, PARK_STARTING, "asking Okta whether the token works",
	        clock_mono_ms());
	connection->groups = group_book_create(options->settings, err);
	if (connection->groups == NULL || !open_clients(connection, options, err) ||
	        !name_fields(connection, err) || !open_pool(connection, options->spawner, err)) {
		connection_destroy(connection);
		return NULL;
	}
	return connection;
}

void connection_destroy(struct connection *connection)
{
	if (connection == NULL) {
		return;
	}
	okta_org_destroy(connection->org);
	bob_company_destroy(connection->company);
	evaluator_pool_destroy(connection->pool);
	group_book_destroy(connection->groups);
	catalogs_finish(&connection->catalogs);
	seen_people_finish(&connection->seen);
	everybody_jobs_finish(&connection->jobs);
	row_tally_finish(&connection->tally);
	json_decref(connection->fields);
	free(connection->fields_text);
	monitor_finish(&connection->monitor);
	free(connection);
}

bool connection_is_blocked(
        struct connection *connection, enum work_kind kind, char *why, size_t size)
{
	char groups[SENTENCE_BYTES];
	bool is_blocked = true;
	bool waits_for_groups = group_book_blocks(connection->groups, groups, sizeof(groups));

	monitor_lock(&connection->monitor);
	if (park_is_parked(&connection->okta)) {
		str_format_cut(why, size, "waits for Okta: %s", connection->okta.cause);
	} else if (connection->pause == PAUSE_EVERYTHING ||
	        (connection->pause == PAUSE_PASS_REVOCATIONS && kind != WORK_REVOCATION)) {
		str_format_cut(why, size, "paused by an administrator");
	} else if (waits_for_groups) {
		str_format_cut(why, size, "%s", groups);
	} else {
		is_blocked = false;
	}
	monitor_unlock(&connection->monitor);
	return is_blocked;
}

bool connection_is_okta_parked(struct connection *connection)
{
	monitor_lock(&connection->monitor);
	bool is_parked = park_is_parked(&connection->okta);
	monitor_unlock(&connection->monitor);
	return is_parked;
}

bool connection_is_bob_parked(struct connection *connection)
{
	monitor_lock(&connection->monitor);
	bool is_parked = park_is_parked(&connection->bob);
	monitor_unlock(&connection->monitor);
	return is_parked;
}

bool connection_bob_parked_for(struct connection *connection, char *cause, size_t size)
{
	monitor_lock(&connection->monitor);
	bool is_parked = park_is_parked(&connection->bob);
	str_format_cut(cause, size, "%s", connection->bob.cause);
	monitor_unlock(&connection->monitor);
	return is_parked;
}

int64_t connection_bob_unread_since_ms(struct connection *connection)
{
	monitor_lock(&connection->monitor);
	int64_t since_ms = connection->bob_unread_since_ms;
	monitor_unlock(&connection->monitor);
	return since_ms;
}

void connection_note_bob_unread(struct connection *connection, int64_t since_ms)
{
	monitor_lock(&connection->monitor);
	if (connection->bob.success_at_ms == 0) {
		connection->bob_unread_since_ms = since_ms;
	}
	monitor_unlock(&connection->monitor);
}

bool connection_may_ask_history(struct connection *connection)
{
	monitor_lock(&connection->monitor);
	bool may_ask = clock_mono_ms() >= connection->history_not_before_ms;
	monitor_unlock(&connection->monitor);
	return may_ask;
}

void connection_note_history_refused(struct connection *connection, const char *sentence)
{
	int64_t now_ms = clock_mono_ms();

	monitor_lock(&connection->monitor);
	bool is_first = connection->history_not_before_ms == 0;
	if (now_ms >= connection->history_not_before_ms) {
		connection->history_not_before_ms = now_ms + HISTORY_AGAIN_MS;
	}
	monitor_unlock(&connection->monitor);
	if (is_first) {
		log_warn("lifecycle history cannot be read",
		        F("connection", connection->settings->name), F("cause", sentence));
	}
}

bool connection_is_owner(struct connection *connection, const char *okta_id)
{
	monitor_lock(&connection->monitor);
	bool is_owner = connection->is_owner_known && str_equal(connection->owner_id, okta_id);
	monitor_unlock(&connection->monitor);
	return is_owner;
}

bool connection_is_protected(struct connection *connection, const char *okta_id)
{
	return group_book_is_protected(connection->groups, okta_id);
}

static void report_parked(
        const struct connection *connection, const char *system, const struct park *park)
{
	metrics_set(METRIC_PARKED, LABELS(connection->settings->name, system),
	        park_is_parked(park) ? 1 : 0);
	if (park_is_parked(park) && !settings_is_set_up(connection->settings)) {
		/* Nothing went wrong, and log lines of errors are for what did. */
		log_info("waits to be set up", F("connection", connection->settings->name),
		        F("system", system), F("cause", park->cause));
	} else if (park_is_parked(park)) {
		log_error("parked", F("connection", connection->settings->name),
		        F("system", system), F("cause", park->cause));
	} else {
		log_info("works again", F("connection", connection->settings->name),
		        F("system", system));
	}
}

/* Engine rule 6: 5xx and timeouts. A user who is still being activated (409) says nothing of Okta.
 */
static bool is_outage_sign(const struct call_outcome *outcome)
{
	bool is_bad =
	        outcome->call_class == CALL_RETRY_LATER || outcome->call_class == CALL_UNCLEAR;

	return is_bad && (outcome->http_status == 0 || outcome->http_status >= 500);
}

/*
 * With the lock held; true when that is new. Engine rule 7: from here on no call starts. What was
 * refused without being sent says nothing new.
 */
static bool note_refused(struct connection *connection, const struct call_outcome *outcome)
{
	struct park *park = &connection->okta;
	bool is_new = park->reason != PARK_CREDENTIALS;

	if (is_new || outcome->is_sent) {
		okta_org_shut(connection->org);
		park_enter(park, PARK_CREDENTIALS, outcome->sentence, clock_mono_ms());
	}
	return is_new;
}

bool connection_okta_outcome(
        struct connection *connection, const char *employee_id, const struct call_outcome *outcome)
{
	struct park *park = &connection->okta;
	bool is_changed = false;

	monitor_lock(&connection->monitor);
	if (outcome->call_class == CALL_STOP_CREDENTIALS) {
		is_changed = note_refused(connection, outcome);
	} else if (is_outage_sign(outcome)) {
		is_changed = park_failure(park, employee_id, outcome->sentence, clock_mono_ms());
	} else if (outcome->http_status != 0 && outcome->call_class != CALL_RETRY_AT &&
	        !park_is_parked(park)) {
		/* Only a probe ends a parking: a late answer to an older call proves nothing. */
		park_success(park);
	}
	bool is_parked = park_is_parked(park);
	struct park copy = *park;
	monitor_unlock(&connection->monitor);
	if (is_changed) {
		report_parked(connection, "okta", &copy);
	}
	return is_parked;
}

bool connection_is_token_refused(struct connection *connection, struct okta_client *client,
        const struct call_outcome *outcome)
{
	struct okta_user owner = {0};
	struct call_outcome probe;

	okta_me(client, &owner, &probe);
	okta_user_finish(&owner);
	if (probe.call_class == CALL_DONE) {
		return false;
	}
	struct call_outcome stop = *outcome;
	stop.call_class = CALL_STOP_CREDENTIALS;
	connection_okta_outcome(connection, "", &stop);
	return true;
}

int connection_places(const struct connection *connection, enum call_urgency urgency)
{
	return okta_org_places(connection->org, urgency);
}

void connection_note_full(struct connection *connection, enum call_urgency urgency,
        const struct call_outcome *outcome)
{
	int64_t until_ms = clock_mono_ms() + outcome->retry_at_ms - clock_wall_ms();

	if (outcome->wait != CALL_WAIT_ROOM) {
		return;
	}
	monitor_lock(&connection->monitor);
	for (int i = 0; i <= (int)urgency && i < CALL_URGENT; i++) {
		if (connection->full_until_ms[i] < until_ms) {
			connection->full_until_ms[i] = until_ms;
		}
	}
	monitor_unlock(&connection->monitor);
}

int64_t connection_full_until_ms(struct connection *connection, enum call_urgency urgency)
{
	if (urgency == CALL_URGENT) {
		return 0;
	}
	monitor_lock(&connection->monitor);
	int64_t left_ms = connection->full_until_ms[urgency] - clock_mono_ms();
	monitor_unlock(&connection->monitor);
	return left_ms > 0 ? clock_wall_ms() + left_ms : 0;
}

/* With the lock held. */
static void drain_facts_now(
        struct connection *connection, int64_t waiting, struct drain_facts *facts)
{
	*facts = (struct drain_facts){
	        .waiting = waiting,
	        .runs = atomic_load(&connection->runs),
	        .workers = connection->workers,
	        .is_stopped = park_is_parked(&connection->okta) ||
	                park_is_parked(&connection->bob) || connection->pause != PAUSE_NONE,
	};
	for (int i = 0; i < OKTA_BUCKET_COUNT; i++) {
		okta_org_outlook(connection->org, (enum okta_bucket)i, &facts->buckets[i]);
	}
	okta_org_slow_start(connection->org, &facts->start);
	if (park_was_away(&connection->okta)) {
		facts->start.places = 1;
		facts->start.until_doubling_ms = facts->start.step_ms;
	}
}

void connection_look_at_drain(struct connection *connection, int64_t waiting)
{
	struct drain_facts facts;

	monitor_lock(&connection->monitor);
	drain_facts_now(connection, waiting, &facts);
	drain_look(&connection->drain, &facts, clock_mono_ms());
	monitor_unlock(&connection->monitor);
}

bool connection_is_for_people_first(struct connection *connection)
{
	struct okta_slow_start start;

	okta_org_slow_start(connection->org, &start);
	monitor_lock(&connection->monitor);
	bool have_waited = connection->drain.waiting > 0;
	monitor_unlock(&connection->monitor);
	return start.places < start.places_max && have_waited;
}

int64_t connection_drain_ms(struct connection *connection, int64_t waiting)
{
	struct drain_facts facts;

	monitor_lock(&connection->monitor);
	drain_facts_now(connection, waiting, &facts);
	int64_t ms = drain_ms(&connection->drain, &facts);
	monitor_unlock(&connection->monitor);
	return ms;
}

/* What the engine before learnt of the speed; its counts begin anew. */
static int64_t bob_backoff_ms(int failures)
{
	int64_t wait = BOB_BACKOFF_MIN_MS;
	for (int i = 1; i < failures && wait < BOB_BACKOFF_MAX_MS; i++) {
		wait *= 2;
	}
	return wait < BOB_BACKOFF_MAX_MS ? wait : BOB_BACKOFF_MAX_MS;
}

/* With the lock held. A call that we cut off ourselves says nothing of Bob. */
static void note_bob_readable(struct connection *connection, enum call_class call_class)
{
	if (call_class == CALL_DONE) {
		connection->bob_unread_since_ms = 0;
	} else if (call_class != CALL_ABORTED && connection->bob_unread_since_ms == 0) {
		connection->bob_unread_since_ms = clock_wall_ms();
	}
}

void connection_bob_outcome(struct connection *connection, const struct call_outcome *outcome)
{
	struct park *park = &connection->bob;
	bool is_changed = false;

	monitor_lock(&connection->monitor);
	note_bob_readable(connection, outcome->call_class);
	if (outcome->call_class == CALL_DONE) {
		connection->bob_failures = 0;
		connection->bob_backoff_until_ms = 0;
		bob_company_open(connection->company);
		is_changed = park_success(park);
	} else if (outcome->call_class == CALL_STOP_CREDENTIALS ||
	        outcome->call_class == CALL_STOP_CONFIG) {
		is_changed = !park_is_parked(park);
		bob_company_shut(connection->company);
		park_enter(park, PARK_CREDENTIALS, outcome->sentence, clock_mono_ms());
	} else if (outcome->call_class == CALL_RETRY_AT) {
		int64_t wait = outcome->retry_at_ms - clock_wall_ms();
		connection->bob_backoff_until_ms = clock_mono_ms() + (wait > 0 ? wait : 0);
	} else if (outcome->call_class != CALL_ABORTED) {
		connection->bob_failures++;
		connection->bob_backoff_until_ms =
		        clock_mono_ms() + bob_backoff_ms(connection->bob_failures);
	}
	struct park copy = *park;
	monitor_unlock(&connection->monitor);
	if (is_changed) {
		report_parked(connection, "bob", &copy);
	}
}

int64_t connection_bob_ready_ms(struct connection *connection, enum call_urgency urgency)
{
	int64_t wall_ms = clock_wall_ms();
	int64_t ready_ms = clock_mono_ms() +
	        bob_company_next_search_ms(connection->company, urgency, wall_ms) - wall_ms;

	monitor_lock(&connection->monitor);
	if (connection->bob_backoff_until_ms > ready_ms) {
		ready_ms = connection->bob_backoff_until_ms;
	}
	monitor_unlock(&connection->monitor);
	return ready_ms;
}

static bool fill_memo(struct lookup_memo *memo, const char *employee_id, const char *search)
{
	*memo = (struct lookup_memo){.at_ms = clock_mono_ms()};
	str_format_cut(memo->employee_id, sizeof(memo->employee_id), "%s", employee_id);
	return crypto_sha256(search, strlen(search), memo->search_digest);
}

void connection_note_lookup(
        struct connection *connection, const char *employee_id, const char *search)
{
	struct lookup_memo memo;

	if (!fill_memo(&memo, employee_id, search)) {
		return;
	}
	monitor_lock(&connection->monitor);
	connection->lookups[connection->lookup_next] = memo;
	connection->lookup_next = (connection->lookup_next + 1) % LOOKUP_MEMOS;
	monitor_unlock(&connection->monitor);
}

static bool is_same_lookup(const struct lookup_memo *memo, const struct lookup_memo *wanted)
{
	return str_equal(memo->employee_id, wanted->employee_id) &&
	        wanted->at_ms - memo->at_ms < LOOKUP_REMEMBER_MS &&
	        memcmp(memo->search_digest, wanted->search_digest, sizeof(memo->search_digest)) ==
	        0;
}

bool connection_was_looked_up(
        struct connection *connection, const char *employee_id, const char *search)
{
	struct lookup_memo wanted;
	bool is_found = false;

	if (!fill_memo(&wanted, employee_id, search)) {
		return false;
	}
	monitor_lock(&connection->monitor);
	for (size_t i = 0; i < LOOKUP_MEMOS && !is_found; i++) {
		is_found = is_same_lookup(&connection->lookups[i], &wanted);
	}
	monitor_unlock(&connection->monitor);
	return is_found;
}

static bool take_probe(struct connection *connection, struct park *park)
{
	monitor_lock(&connection->monitor);
	bool is_due = park_probe_due(park, clock_mono_ms());
	monitor_unlock(&connection->monitor);
	return is_due;
}

/* The token's owner is protected (policy 1): nothing may lock out the account we act with. */
static void remember_owner(struct connection *connection, const struct okta_user *owner)
{
	const char *login = json_get_text(owner->profile, "login");

	connection->is_owner_known = true;
	str_format_cut(connection->owner_id, sizeof(connection->owner_id), "%s", owner->id);
	str_format_cut(connection->owner_login, sizeof(connection->owner_login), "%s",
	        login != NULL ? login : "");
}

/* Once: later tries are the dispatcher's, and hold nothing back. */
static bool is_schema_unknown(struct connection *connection)
{
	monitor_lock(&connection->monitor);
	bool is_unknown = connection->learning_attributes.not_before_ms == 0;
	monitor_unlock(&connection->monitor);
	return is_unknown;
}

bool connection_probe_okta(struct connection *connection, struct okta_client *client)
{
	struct call_outcome outcome;
	struct okta_user owner = {0};

	if (!take_probe(connection, &connection->okta)) {
		return false;
	}
	okta_client_set_urgency(client, CALL_URGENT);
	okta_client_set_probing(client, true);
	okta_me(client, &owner, &outcome);
	okta_client_set_probing(client, false);
	/* Okta may take the token without telling its owner. */
	bool works = outcome.call_class == CALL_DONE || outcome.call_class == CALL_NOT_FOUND ||
	        outcome.call_class == CALL_PERMANENT;
	if (works) {
		okta_org_open(connection->org);
	}
	if (works && is_schema_unknown(connection)) {
		(void)learn_attributes_now(connection, client);
	}
	monitor_lock(&connection->monitor);
	enum park_reason before = connection->okta.reason;
	if (works && park_was_away(&connection->okta)) {
		okta_org_start_slowly(connection->org);
	}
	if (works) {
		park_success(&connection->okta);
	} else if (outcome.call_class == CALL_STOP_CREDENTIALS) {
		park_enter(&connection->okta, PARK_CREDENTIALS, outcome.sentence, clock_mono_ms());
	} else {
		str_format_cut(connection->okta.cause, sizeof(connection->okta.cause), "%s",
		        outcome.sentence);
	}
	if (outcome.call_class == CALL_DONE) {
		remember_owner(connection, &owner);
	}
	struct park copy = connection->okta;
	monitor_unlock(&connection->monitor);
	okta_user_finish(&owner);
	/* Also when Okta is away from the very start; but not again with every probe. */
	if (copy.reason != before || copy.probes == 1) {
		report_parked(connection, "okta", &copy);
	}
	return works;
}

bool connection_probe_bob(struct connection *connection, struct bob_client *client)
{
	if (learn_fields(connection, client) || !take_probe(connection, &connection->bob)) {
		return false;
	}
	bob_client_set_probing(client, true);
	learn_fields_now(connection, client);
	bob_client_set_probing(client, false);
	return !connection_is_bob_parked(connection);
}

static int64_t probe_ms(struct connection *connection, const struct park *park)
{
	monitor_lock(&connection->monitor);
	int64_t at_ms = park_is_parked(park) ? park->probe_at_ms : 0;
	monitor_unlock(&connection->monitor);
	return at_ms;
}

int64_t connection_okta_probe_ms(struct connection *connection)
{
	return probe_ms(connection, &connection->okta);
}

int64_t connection_bob_probe_ms(struct connection *connection)
{
	return probe_ms(connection, &connection->bob);
}
