/* SPDX-License-Identifier: MIT */
#include "tests/simulation/fake_okta.h"

#include "okta/client.h"
#include "server/base/str.h"
#include "tests/simulation/driver.h"
#include "tests/simulation/happening.h"
#include "tests/simulation/weather.h"

#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#define SEARCH_LAG_MS (10 * SECOND_MS)
#define OWNER_ID      "00uOwnerOfTheToken000"
#define OWNER_LOGIN   "owner@example.com"

struct okta_org {
	struct sim *sim;
};

struct okta_client {
	struct sim *sim;
	enum call_urgency urgency;
};

static struct sim *served;

void okta_serve(struct sim *sim)
{
	served = sim;
}

/* ------------------------------------------------------------- accounts */

void okta_finish(struct sim *sim)
{
	for (int i = 0; i < sim->account_count; i++) {
		json_decref(sim->accounts[i].profile);
	}
	free(sim->accounts);
	free(sim->effects);
}

bool okta_is_closed(const struct okta_account *account)
{
	return account->status == ACCOUNT_SUSPENDED || account->status == ACCOUNT_DEPROVISIONED;
}

static const char *text_of(const struct okta_account *account, const char *attribute)
{
	const char *text = json_string_value(json_object_get(account->profile, attribute));
	return text != NULL ? text : "";
}

/* Letter case aside. */
static uint32_t hash_of(const char *text)
{
	uint32_t hash = 2166136261U;

	for (const char *at = text; *at != '\0'; at++) {
		uint32_t letter = (uint8_t)*at;
		hash = (hash ^ (letter >= 'A' && letter <= 'Z' ? letter + 32 : letter)) * 16777619U;
	}
	return hash;
}

static void note_addresses(struct okta_account *account)
{
	account->login_hash = hash_of(text_of(account, "login"));
	account->email_hash = hash_of(text_of(account, "email"));
}

static struct okta_account *add_account(struct sim *sim, int owner, json_t *profile)
{
	must(sim->account_count < sim->account_max, "room for accounts", NULL);
	struct okta_account *account = &sim->accounts[sim->account_count++];
	*account = (struct okta_account){
	        .owner = owner, .profile = profile, .created_ms = sim->now_ms};
	note_addresses(account);
	str_format_cut(account->id, sizeof(account->id), "00u%017d", sim->account_count);
	if (owner >= 0) {
		int *accounts = sim->people[owner].accounts;
		accounts[accounts[0] > 0 ? 1 : 0] = sim->account_count;
	}
	return account;
}

void okta_had(struct sim *sim, int person, enum account_status status)
{
	const struct truth *truth = &sim->people[person].now;
	struct okta_account *account = add_account(sim, person,
	        json_pack("{s:s, s:s, s:s, s:s}", "login", truth->email, "email", truth->email,
	                "firstName", truth->first, "lastName", truth->surname));

	account->status = status;
	account->created_ms = sim->now_ms - DAY_MS;
}

struct okta_account *okta_of(struct sim *sim, int person)
{
	int index = sim->people[person].accounts[0];
	return index > 0 ? &sim->accounts[index - 1] : NULL;
}

int okta_count_of(const struct sim *sim, int person)
{
	const int *accounts = sim->people[person].accounts;
	return (accounts[0] > 0 ? 1 : 0) + (accounts[1] > 0 ? 1 : 0);
}

static struct okta_account *find(struct sim *sim, const char *id_or_login)
{
	int64_t number = 0;

	if (str_starts_with(id_or_login, "00u") && str_to_int64(id_or_login + 3, &number)) {
		return number >= 1 && number <= sim->account_count ? &sim->accounts[number - 1]
		                                                   : NULL;
	}
	uint32_t hash = hash_of(id_or_login);
	for (int i = 0; i < sim->account_count; i++) {
		struct okta_account *account = &sim->accounts[i];
		if (account->login_hash == hash &&
		        str_equal_fold(text_of(account, "login"), id_or_login)) {
			return account;
		}
	}
	return NULL;
}

static bool is_lowered(enum account_status status)
{
	return status == ACCOUNT_SUSPENDED || status == ACCOUNT_DEPROVISIONED;
}

void okta_changed_by(
        struct sim *sim, struct okta_account *account, enum account_status status, enum actor actor)
{
	static const char *const ACTORS[] = {"us", "a human", "okta", "either"};

	trace(sim, "okta: %s of person %d: %s -> %s by %s", account->id, account->owner,
	        account_status_name(account->status), account_status_name(status), ACTORS[actor]);
	if (is_lowered(status)) {
		account->lowered_by = actor;
	}
	account->status = status;
	account->is_sessions_ended = false;
	account->last_body[0] = '\0';
}

/* -------------------------------------------------------------- answers */

static struct okta_answer_facts answer(int status, const char *body)
{
	return (struct okta_answer_facts){.http_status = status,
	        .body = body,
	        .body_len = strlen(body),
	        .is_json = true,
	        .now_ms = served->now_ms + served->skew_ms};
}

static const char *error_body(const char *code, const char *cause)
{
	static char body[256];

	str_format_cut(body, sizeof(body),
	        "{\"errorCode\":\"%s\",\"errorSummary\":\"no\",\"errorLink\":\"%s\","
	        "\"errorCauses\":[%s%s%s]}",
	        code, code, cause[0] != '\0' ? "{\"errorSummary\":\"" : "", cause,
	        cause[0] != '\0' ? "\"}" : "");
	return body;
}

static void reply(struct call_outcome *outcome, enum okta_call_kind kind, int status,
        const char *code, const char *cause)
{
	struct okta_answer_facts facts =
	        answer(status, status < 300 ? "{}" : error_body(code, cause));

	facts.kind = kind;
	okta_answer_judge(&facts, outcome);
	str_format_cut(outcome->request_id, sizeof(outcome->request_id), "req%ld", served->calls);
}

static void reply_done(struct call_outcome *outcome, enum okta_call_kind kind)
{
	reply(outcome, kind, 200, "", "");
}

static void reply_limited(struct call_outcome *outcome, enum okta_call_kind kind)
{
	char reset[24];
	struct okta_answer_facts facts = answer(429, error_body("E0000047", ""));
	int64_t wait_s = random_between(&served->fate, 1, 60);

	str_format_cut(reset, sizeof(reset), "%" PRId64, facts.now_ms / 1000 + wait_s);
	facts.kind = kind;
	facts.rate_limit[0] = "600";
	facts.rate_remaining[0] = "0";
	facts.rate_reset[0] = reset;
	okta_answer_judge(&facts, outcome);
}

static void no_answer(struct call_outcome *outcome, enum okta_call_kind kind, bool is_sent)
{
	*outcome = (struct call_outcome){.is_sent = is_sent,
	        .call_class = is_sent && kind != OKTA_CALL_READ ? CALL_UNCLEAR : CALL_RETRY_LATER};
	str_format_cut(outcome->sentence, sizeof(outcome->sentence), "no answer from Okta");
}

/* ---------------------------------------------------------------- calls */

/* One call: how it fares is decided before it is carried out. */
struct call {
	struct sim *sim;
	const char *what;
	enum okta_call_kind kind;
	struct call_outcome *outcome;
	struct okta_account *account; /* it is about; NULL: none */
	enum fate fate;
	enum action_kind action; /* of the lifecycle; ACTION_CREATE stands for all others */
};

static bool is_lowering(enum action_kind kind)
{
	return kind == ACTION_SUSPEND || kind == ACTION_DEACTIVATE;
}

/* Nobody can tell whether a call that got lost had closed what is closed already. */
static void note_nothing(const struct call *call)
{
	enum action_kind kind = call->action;
	struct okta_account *account = call->account;

	bool is_unclear = call->fate != FATE_NOT_SENT && call->fate != FATE_LIMITED &&
	        call->fate != FATE_REFUSED;
	if (account != NULL && account->owner >= 0 && is_unclear &&
	        ((kind == ACTION_SUSPEND && account->status == ACCOUNT_SUSPENDED) ||
	                (kind == ACTION_DEACTIVATE && account->status == ACCOUNT_DEPROVISIONED))) {
		call->sim->people[account->owner].maybe[kind]++;
		/* So it may pass for ours, though a human did it. */
		account->lowered_by =
		        account->lowered_by == BY_HUMAN ? BY_EITHER : account->lowered_by;
	}
}

/* True when the call is carried out. Else the outcome is set. */
static bool begin(struct call *call)
{
	struct sim *sim = call->sim;

	sim->calls++;
	driver_pass_time(sim, random_between(&sim->fate, 30, 400));
	call->fate = weather_of_okta(sim);
	trace(sim, "okta call %s for person %d, fate %d", call->what, sim->acting, call->fate);
	switch (call->fate) {
	case FATE_FINE:
	case FATE_ERROR_AFTER:
	case FATE_CUT_AFTER:
	case FATE_CRASH_AFTER: return true;
	case FATE_LIMITED: reply_limited(call->outcome, call->kind); break;
	case FATE_ERROR_BEFORE:
		reply(call->outcome, call->kind, 500 + 3 * random_below(&sim->fate, 2), "E0000009",
		        "");
		break;
	case FATE_CUT_BEFORE:
		sim_advance(sim, 5 * SECOND_MS);
		no_answer(call->outcome, call->kind, true);
		break;
	case FATE_NOT_SENT: no_answer(call->outcome, call->kind, false); break;
	case FATE_REFUSED: reply(call->outcome, call->kind, 401, "E0000011", ""); break;
	case FATE_CRASH_BEFORE: note_nothing(call); driver_crash(sim);
	}
	note_nothing(call);
	if (call->account != NULL && call->outcome->call_class == CALL_UNCLEAR) {
		call->account->is_in_doubt = true;
	}
	return false;
}

/* It was carried out; what of the answer reaches us? True: all of it. */
static bool end(struct call *call)
{
	struct sim *sim = call->sim;

	if (call->account != NULL) {
		call->account->is_in_doubt =
		        call->fate != FATE_FINE && call->kind != OKTA_CALL_READ;
	}
	driver_pass_time(sim, random_between(&sim->fate, 30, 400));
	switch (call->fate) {
	case FATE_ERROR_AFTER: reply(call->outcome, call->kind, 500, "E0000009", ""); return false;
	case FATE_CUT_AFTER:
		sim_advance(sim, 5 * SECOND_MS);
		no_answer(call->outcome, call->kind, true);
		return false;
	case FATE_CRASH_AFTER: driver_crash(sim);
	case FATE_FINE:
	case FATE_LIMITED:
	case FATE_ERROR_BEFORE:
	case FATE_CUT_BEFORE:
	case FATE_NOT_SENT:
	case FATE_REFUSED:
	case FATE_CRASH_BEFORE: break;
	}
	return true;
}

static void note_effect(struct call *call, enum action_kind kind)
{
	struct sim *sim = call->sim;

	if (call->account->owner >= 0) {
		sim->people[call->account->owner].effects[kind]++;
	}
	trace(sim, "okta does: %s for person %d", action_kind_name(kind), call->account->owner);
}

/* ----------------------------------------------------------------- read */

static void show(const struct okta_account *account, struct okta_user *user)
{
	*user = (struct okta_user){.status = account->status,
	        .is_transitioning = account->transition_until_ms > served->now_ms,
	        .profile = json_deep_copy(account->profile)};
	str_format_cut(user->id, sizeof(user->id), "%s", account->id);
}

static void show_owner(struct okta_user *user)
{
	*user = (struct okta_user){.status = ACCOUNT_ACTIVE,
	        .profile = json_pack("{s:s, s:s}", "login", OWNER_LOGIN, "email", OWNER_LOGIN)};
	str_format_cut(user->id, sizeof(user->id), "%s", OWNER_ID);
}

void okta_user_get(struct okta_client *client, const char *id_or_login, struct okta_user *user,
        struct call_outcome *outcome)
{
	struct call call = {
	        .sim = client->sim, .what = "get", .kind = OKTA_CALL_READ, .outcome = outcome};

	client->sim->is_resolving |= strchr(id_or_login, '@') != NULL;

	*user = (struct okta_user){0};
	if (!begin(&call)) {
		return;
	}
	/* What happens between the call and its answer does not show in it. */
	const struct okta_account *account = find(call.sim, id_or_login);
	struct okta_user shown = {0};
	if (account != NULL) {
		show(account, &shown);
	}
	bool was_there = account != NULL;
	if (!end(&call)) {
		okta_user_finish(&shown);
	} else if (!was_there) {
		reply(outcome, call.kind, 404, "E0000007", "");
	} else {
		*user = shown;
		struct okta_account *read = find(call.sim, id_or_login);
		read->is_in_doubt = false;
		read->is_known |= read->owner == call.sim->acting;
		reply_done(outcome, call.kind);
	}
}

void okta_me(struct okta_client *client, struct okta_user *user, struct call_outcome *outcome)
{
	struct call call = {
	        .sim = client->sim, .what = "me", .kind = OKTA_CALL_READ, .outcome = outcome};

	*user = (struct okta_user){0};
	if (begin(&call) && end(&call)) {
		show_owner(user);
		reply_done(outcome, call.kind);
	}
}

/* The text up to a character, cut to the buffer; returns where it ends. */
static const char *take_until(const char *from, char stop, char *to, size_t size)
{
	const char *end = strchr(from, stop);
	size_t len = end != NULL ? (size_t)(end - from) : strlen(from);

	str_format_cut(to, size, "%.*s", (int)len, from);
	return from + len;
}

#define TERMS_MAX 4

/* profile.attribute eq "value" or ...: the only form we are asked. */
struct search {
	char attribute[TERMS_MAX][64];
	char value[TERMS_MAX][128];
	uint32_t hash[TERMS_MAX];
	int count;
};

static void read_search(struct search *search, const char *text)
{
	search->count = 0;
	for (const char *at = strstr(text, "profile."); at != NULL; at = strstr(at, "profile.")) {
		int i = search->count++;
		must(i < TERMS_MAX, "a longer search", NULL);
		at = take_until(at + strlen("profile."), ' ', search->attribute[i], 64);
		must(str_starts_with(at, " eq \""), "a search of another form", NULL);
		at = take_until(at + strlen(" eq \""), '"', search->value[i], 128);
		search->hash[i] = hash_of(search->value[i]);
	}
}

static bool matches(const struct okta_account *account, const struct search *search)
{
	for (int i = 0; i < search->count; i++) {
		bool may_be = search->hash[i] == account->login_hash ||
		        search->hash[i] == account->email_hash ||
		        str_equal(search->attribute[i], "secondEmail");
		if (may_be &&
		        str_equal_fold(text_of(account, search->attribute[i]), search->value[i])) {
			return true;
		}
	}
	return false;
}

void okta_user_search(struct okta_client *client, const char *text, int limit,
        struct okta_user_list *users, struct call_outcome *outcome)
{
	struct call call = {
	        .sim = client->sim, .what = "search", .kind = OKTA_CALL_READ, .outcome = outcome};
	int64_t lag_ms = random_between(&client->sim->fate, 0, SEARCH_LAG_MS);
	struct search search;

	read_search(&search, text);

	*users = (struct okta_user_list){0};
	if (!begin(&call) || !end(&call)) {
		return;
	}
	users->items = calloc((size_t)limit, sizeof(*users->items));
	must(users->items != NULL, "memory for a search", NULL);
	for (int i = 0; i < call.sim->account_count && users->count < (size_t)limit; i++) {
		const struct okta_account *account = &call.sim->accounts[i];
		bool is_indexed = account->created_ms + lag_ms <= call.sim->now_ms;
		if (is_indexed && matches(account, &search)) {
			show(account, &users->items[users->count++]);
		}
	}
	reply_done(outcome, call.kind);
}

/* A page of a sweep is a search too: it lags. Its place is a number here. */
void okta_user_page(struct okta_client *client, struct okta_page *page,
        struct okta_user_list *users, struct call_outcome *outcome)
{
	struct call call = {
	        .sim = client->sim, .what = "page", .kind = OKTA_CALL_READ, .outcome = outcome};
	int64_t lag_ms = random_between(&client->sim->fate, 0, SEARCH_LAG_MS);
	int64_t at = 0;

	must(page->next[0] == '\0' || str_to_int64(page->next, &at), "a page of ours", NULL);
	*users = (struct okta_user_list){0};
	if (!begin(&call) || !end(&call)) {
		return;
	}
	users->items = calloc(OKTA_PAGE_USERS, sizeof(*users->items));
	must(users->items != NULL, "memory for a page", NULL);
	for (; at < call.sim->account_count && users->count < OKTA_PAGE_USERS; at++) {
		const struct okta_account *account = &call.sim->accounts[at];
		if (account->created_ms + lag_ms <= call.sim->now_ms) {
			show(account, &users->items[users->count++]);
		}
	}
	str_format_cut(page->next, sizeof(page->next), "%lld", (long long)at);
	page->pages++;
	page->is_over = at >= call.sim->account_count;
	reply_done(outcome, call.kind);
}

/* ---------------------------------------------------------------- write */

static bool is_login_taken(struct sim *sim, const char *login, const struct okta_account *own)
{
	const struct okta_account *other = login != NULL ? find(sim, login) : NULL;

	return (other != NULL && other != own) || str_equal_fold(login, OWNER_LOGIN);
}

static int owner_of_login(const struct sim *sim, const char *login)
{
	if (sim->acting >= 0) {
		return sim->acting;
	}
	for (int i = 0; i < sim->person_count; i++) {
		if (str_equal_fold(sim->people[i].now.email, login)) {
			return i;
		}
	}
	return -1;
}

void okta_user_create(struct okta_client *client, const json_t *profile,
        enum okta_activate activate, struct okta_user *user, struct call_outcome *outcome)
{
	struct call call = {
	        .sim = client->sim, .what = "create", .kind = OKTA_CALL_WRITE, .outcome = outcome};
	const char *login = json_string_value(json_object_get(profile, "login"));

	*user = (struct okta_user){0};
	if (!call.sim->is_resolving) {
		oracle_judge_news(call.sim); /* what was begun is sent again whatever came since */
	}
	if (!begin(&call)) {
		return;
	}
	if (is_login_taken(call.sim, login, NULL)) {
		if (end(&call)) {
			reply(outcome, call.kind, 400, "E0000001",
			        "login: An object with this field already exists in the current "
			        "organization");
		}
		return;
	}
	oracle_judge_create(call.sim, login);
	int owner = owner_of_login(call.sim, login);
	struct okta_account *account = add_account(call.sim, owner, json_deep_copy(profile));
	account->status = activate == OKTA_ACTIVATE ? ACCOUNT_PROVISIONED : ACCOUNT_STAGED;
	account->is_by_us = account->is_known = true;
	int index = call.sim->account_count - 1;
	call.account = account;
	note_effect(&call, ACTION_CREATE);
	struct okta_user shown;
	show(account, &shown);
	account->is_in_doubt = call.fate != FATE_FINE;
	call.account = NULL; /* accounts may move while time passes */
	if (!end(&call)) {
		okta_user_finish(&shown);
		return;
	}
	call.sim->accounts[index].known_ms = call.sim->now_ms;
	*user = shown;
	reply_done(outcome, call.kind);
}

static bool is_same_body(struct okta_account *account, const json_t *profile)
{
	char *text = json_dumps(profile, JSON_COMPACT | JSON_SORT_KEYS);
	bool is_same = str_equal(text, account->last_body);

	str_format_cut(account->last_body, sizeof(account->last_body), "%s", text);
	free(text);
	return is_same;
}

static int refuse_update(struct sim *sim, const struct okta_account *account, const json_t *profile,
        const char **code)
{
	if (account == NULL) {
		*code = "E0000007";
		return 404;
	}
	if (account->status == ACCOUNT_DEPROVISIONED) {
		*code = "E0000038";
		return 403;
	}
	if (account->transition_until_ms > sim->now_ms) {
		*code = "E0000112";
		return 409;
	}
	if (is_login_taken(sim, json_string_value(json_object_get(profile, "login")), account)) {
		*code = "E0000001";
		return 400;
	}
	return 0;
}

static bool changes_anything(const struct okta_account *account, const json_t *profile)
{
	const char *key = NULL;
	json_t *value = NULL;

	json_object_foreach((json_t *)(uintptr_t)profile, key, value)
	{
		const json_t *have = json_object_get(account->profile, key);
		bool is_unset = json_is_null(value) && (have == NULL || json_is_null(have));
		if (!is_unset && !json_equal(have, value)) {
			return true;
		}
	}
	return false;
}

static void apply_update(struct call *call, const json_t *profile)
{
	struct okta_account *account = call->account;
	bool is_rename = json_object_get(profile, "login") != NULL ||
	        json_object_get(profile, "email") != NULL;

	bool is_repeated = is_same_body(account, profile);
	if (!changes_anything(account, profile) && !account->is_in_doubt) {
		sim_fail(call->sim, "no action twice (C1)", account->owner,
		        "an update changes nothing%s: %s", is_repeated ? ", again" : "",
		        account->last_body);
	}
	oracle_judge(call->sim, account, ACTION_UPDATE);
	json_object_update(account->profile, (json_t *)(uintptr_t)profile);
	note_addresses(account);
	note_effect(call, ACTION_UPDATE);
	if (is_rename) {
		oracle_count(call->sim, account->owner, LIMIT_RENAME);
	}
}

void okta_user_update(struct okta_client *client, const char *id, const json_t *profile,
        const char *etag, struct okta_user *user, struct call_outcome *outcome)
{
	struct call call = {
	        .sim = client->sim, .what = "update", .kind = OKTA_CALL_WRITE, .outcome = outcome};
	const char *code = "";

	(void)etag;
	*user = (struct okta_user){0};
	call.account = find(call.sim, id);
	if (!begin(&call)) {
		return;
	}
	call.account = find(call.sim, id);
	int refused = refuse_update(call.sim, call.account, profile, &code);
	struct okta_user shown = {0};
	if (refused == 0) {
		apply_update(&call, profile);
		show(call.account, &shown);
	}
	if (!end(&call)) {
		okta_user_finish(&shown);
	} else if (refused != 0) {
		reply(outcome, call.kind, refused, code,
		        refused == 400 ? "login: An object with this field already exists in the "
		                         "current organization"
		                       : "");
	} else {
		*user = shown;
		reply_done(outcome, call.kind);
	}
}

/* ------------------------------------------------------------ lifecycle */

struct verdict {
	int status; /* HTTP; 0: carried out */
	const char *code;
	enum account_status becomes;
};

/* okta.md 1.6, row by row. */
static struct verdict judge_activate(const struct okta_account *account)
{
	if (account->status != ACCOUNT_STAGED && account->status != ACCOUNT_DEPROVISIONED) {
		return (struct verdict){403, "E0000016", ACCOUNT_NONE};
	}
	return (struct verdict){0, "", ACCOUNT_PROVISIONED};
}

static struct verdict judge_lifecycle(const struct okta_account *account, enum action_kind kind)
{
	bool is_active = account->status == ACCOUNT_ACTIVE;
	bool is_suspended = account->status == ACCOUNT_SUSPENDED;

	if (kind == ACTION_ACTIVATE) {
		return judge_activate(account);
	}
	if (kind == ACTION_REACTIVATE) {
		bool is_pending = account->status == ACCOUNT_PROVISIONED ||
		        account->status == ACCOUNT_RECOVERY;
		return is_pending ? (struct verdict){0, "", account->status}
		                  : (struct verdict){403, "E0000038", ACCOUNT_NONE};
	}
	if (kind == ACTION_DEACTIVATE) {
		return account->status == ACCOUNT_DEPROVISIONED
		        ? (struct verdict){404, "E0000007", ACCOUNT_NONE}
		        : (struct verdict){0, "", ACCOUNT_DEPROVISIONED};
	}
	bool is_allowed = kind == ACTION_SUSPEND ? is_active : is_suspended;
	return is_allowed ? (struct verdict){0, "",
	                            kind == ACTION_SUSPEND ? ACCOUNT_SUSPENDED : ACCOUNT_ACTIVE}
	                  : (struct verdict){400, "E0000001", ACCOUNT_NONE};
}

static void apply_lifecycle(struct call *call, enum action_kind kind, enum account_status becomes)
{
	struct okta_account *account = call->account;

	if (kind == ACTION_REACTIVATE) {
		note_effect(call, kind); /* a new token, nothing else */
		return;
	}
	oracle_judge(call->sim, account, kind);
	okta_changed_by(call->sim, account, becomes, BY_US);
	note_effect(call, kind);
	if (kind == ACTION_ACTIVATE && random_chance(&call->sim->fate, 200)) {
		account->transition_until_ms =
		        call->sim->now_ms + random_between(&call->sim->fate, 1000, 100 * SECOND_MS);
	}
}

static void lifecycle(struct okta_client *client, const char *id, enum action_kind kind,
        struct call_outcome *outcome)
{
	struct call call = {.sim = client->sim,
	        .what = action_kind_name(kind),
	        .action = kind,
	        .kind = OKTA_CALL_LIFECYCLE,
	        .outcome = outcome,
	        .account = find(client->sim, id)};
	struct verdict verdict = {404, "E0000007", ACCOUNT_NONE};

	if (kind == ACTION_ACTIVATE || kind == ACTION_UNSUSPEND) {
		oracle_judge_news(call.sim);
	}
	if (call.account != NULL && is_lowering(kind)) {
		/* Whatever becomes of it, sessions end again with it (rule 9). */
		call.account->is_sessions_ended = false;
	}
	bool is_sent = begin(&call);
	call.account = find(call.sim, id);
	if (!is_sent) {
		return;
	}
	if (call.account != NULL) {
		verdict = judge_lifecycle(call.account, kind);
	}
	if (verdict.status == 0) {
		apply_lifecycle(&call, kind, verdict.becomes);
	} else if (call.fate != FATE_FINE) {
		note_nothing(&call);
	}
	if (end(&call)) {
		reply(outcome, call.kind, verdict.status == 0 ? 200 : verdict.status, verdict.code,
		        "");
	}
}

void okta_user_activate(struct okta_client *client, const char *id, enum okta_email email,
        struct call_outcome *outcome)
{
	(void)email;
	lifecycle(client, id, ACTION_ACTIVATE, outcome);
}

void okta_user_reactivate(struct okta_client *client, const char *id, enum okta_email email,
        struct call_outcome *outcome)
{
	(void)email;
	lifecycle(client, id, ACTION_REACTIVATE, outcome);
}

/* Nobody fetches links here. */
void okta_user_activation_link(struct okta_client *client, const char *id, enum okta_link kind,
        struct secret *link, struct call_outcome *outcome)
{
	(void)id;
	(void)kind;
	(void)link;
	(void)client;
	reply(outcome, OKTA_CALL_LIFECYCLE, 403, "E0000006", "");
}

void okta_user_suspend(struct okta_client *client, const char *id, struct call_outcome *outcome)
{
	lifecycle(client, id, ACTION_SUSPEND, outcome);
}

void okta_user_unsuspend(struct okta_client *client, const char *id, struct call_outcome *outcome)
{
	lifecycle(client, id, ACTION_UNSUSPEND, outcome);
}

void okta_user_deactivate(struct okta_client *client, const char *id, struct call_outcome *outcome)
{
	lifecycle(client, id, ACTION_DEACTIVATE, outcome);
}

void okta_user_end_sessions(struct okta_client *client, const char *id, enum okta_tokens tokens,
        struct call_outcome *outcome)
{
	(void)tokens;
	struct call call = {.sim = client->sim,
	        .what = "end sessions",
	        .kind = OKTA_CALL_WRITE,
	        .outcome = outcome};

	if (!begin(&call)) {
		return;
	}
	struct okta_account *account = find(call.sim, id);
	bool is_there = account != NULL;
	if (is_there && account->is_sessions_ended) {
		sim_fail(call.sim, "no action twice", account->owner,
		        "the sessions were ended, and nothing changed since");
	}
	if (is_there) {
		/* What cannot be read back is repeated after an unclear answer (rule 9). */
		account->is_sessions_ended = call.fate == FATE_FINE;
	}
	if (end(&call)) {
		reply(outcome, call.kind, is_there ? 204 : 404, "E0000007", "");
	}
}

/* --------------------------------------------------------------- the rest */

/* Its place in the client is a file that makes calls. */
bool okta_id_is_sane(const char *id)
{
	return id != NULL && id[0] != '\0';
}

struct okta_org *okta_org_create(const struct okta_org_options *options, struct err *err)
{
	(void)options;
	(void)err;
	struct okta_org *org = calloc(1, sizeof(*org));
	must(org != NULL, "memory", NULL);
	org->sim = served;
	return org;
}

void okta_org_destroy(struct okta_org *org)
{
	free(org);
}

void okta_org_shut(struct okta_org *org)
{
	(void)org;
}

void okta_org_open(struct okta_org *org)
{
	(void)org;
}

void okta_org_start_slowly(struct okta_org *org)
{
	(void)org;
}

int okta_org_places(const struct okta_org *org, enum call_urgency urgency)
{
	(void)org;
	(void)urgency;
	return INT_MAX;
}

void okta_org_slow_start(const struct okta_org *org, struct okta_slow_start *start)
{
	(void)org;
	*start = (struct okta_slow_start){.places = 1, .places_max = 1};
}

const char *okta_bucket_name(enum okta_bucket bucket)
{
	(void)bucket;
	return "users";
}

int64_t okta_org_remaining(const struct okta_org *org, enum okta_bucket bucket)
{
	(void)org;
	(void)bucket;
	return -1;
}

void okta_org_outlook(
        const struct okta_org *org, enum okta_bucket bucket, struct okta_outlook *outlook)
{
	(void)org;
	(void)bucket;
	*outlook = (struct okta_outlook){.limit = -1, .remaining = -1};
}

struct okta_client *okta_client_create(struct okta_org *org, struct err *err)
{
	(void)err;
	struct okta_client *client = calloc(1, sizeof(*client));
	must(client != NULL, "memory", NULL);
	client->sim = org->sim;
	return client;
}

void okta_client_destroy(struct okta_client *client)
{
	free(client);
}

void okta_client_stop_on(struct okta_client *client, const atomic_bool *stop)
{
	(void)client;
	(void)stop;
}

void okta_client_set_probing(struct okta_client *client, bool is_probing)
{
	(void)client;
	(void)is_probing;
}

void okta_client_set_patience(struct okta_client *client, int64_t patience_ms)
{
	(void)client;
	(void)patience_ms;
}

void okta_client_set_urgency(struct okta_client *client, enum call_urgency urgency)
{
	client->urgency = urgency;
}

/* An org that does not show its schema: nothing is checked before it is sent. */
void okta_schema_get(struct okta_client *client, json_t **schema, struct call_outcome *outcome)
{
	(void)client;
	*schema = NULL;
	reply(outcome, OKTA_CALL_READ, 403, "E0000006", "");
}

void okta_schema_add(struct okta_client *client, const json_t *properties, json_t **schema,
        struct call_outcome *outcome)
{
	(void)properties;
	okta_schema_get(client, schema, outcome);
}

const char *okta_permission_name(enum okta_permission permission)
{
	(void)permission;
	return "";
}

enum okta_proof okta_permission_probe(
        struct okta_client *client, enum okta_permission permission, struct call_outcome *outcome)
{
	(void)client;
	(void)permission;
	reply_done(outcome, OKTA_CALL_READ);
	return OKTA_PROOF_UNKNOWN;
}
