/* SPDX-License-Identifier: MIT */
#include "okta/client.h"

#include "okta/link.h"
#include "okta/okta_org.h"
#include "server/base/buf.h"
#include "server/base/clock.h"
#include "server/base/json.h"
#include "server/base/metrics.h"
#include "server/base/str.h"

#include <stdlib.h>
#include <string.h>

#define HEADER_VALUE_BYTES  64
#define ID_MIN_LEN          10
#define STATUS_TEXT_BYTES   16
#define RETRY_JITTER_MAX_MS 1000

struct okta_client {
	struct okta_org *org; /* borrowed */
	struct transport *transport;
	enum call_urgency urgency;
	bool is_probing;
	int64_t patience_ms; /* a call may wait so long for room */
};

/* The headers of one answer that facts point to. */
struct header_values {
	char limit[2][HEADER_VALUE_BYTES];
	char remaining[2][HEADER_VALUE_BYTES];
	char reset[2][HEADER_VALUE_BYTES];
	char date[HEADER_VALUE_BYTES];
};

struct okta_client *okta_client_create(struct okta_org *org, struct err *err)
{
	struct transport_options options = {.user_agent = org->user_agent,
	        .plain = org->plain,
	        .connect_timeout_ms = OKTA_CONNECT_TIMEOUT_MS,
	        .total_timeout_ms = OKTA_CALL_TIMEOUT_MS,
	        .stop = org->stop};
	struct okta_client *client = calloc(1, sizeof(*client));
	if (client == NULL) {
		err_set(err, ERR_NO_MEMORY, "no memory for an Okta client");
		return NULL;
	}
	client->org = org;
	client->urgency = CALL_NORMAL;
	client->transport = transport_create(&options, err);
	if (client->transport == NULL) {
		free(client);
		return NULL;
	}
	return client;
}

const struct okta_org *okta_client_org(const struct okta_client *client)
{
	return client->org;
}

void okta_client_destroy(struct okta_client *client)
{
	if (client != NULL) {
		transport_destroy(client->transport);
		free(client);
	}
}

void okta_client_stop_on(struct okta_client *client, const atomic_bool *stop)
{
	transport_stop_on(client->transport, stop);
}

void okta_client_set_patience(struct okta_client *client, int64_t patience_ms)
{
	client->patience_ms = patience_ms;
}

void okta_client_set_urgency(struct okta_client *client, enum call_urgency urgency)
{
	client->urgency = urgency;
}

void okta_client_set_probing(struct okta_client *client, bool is_probing)
{
	client->is_probing = is_probing;
}

bool okta_id_is_sane(const char *id)
{
	return str_is_word(id, OKTA_USER_ID_BYTES - 1, "") && strlen(id) >= ID_MIN_LEN;
}

void okta_client_refuse(struct call_outcome *outcome, const char *sentence)
{
	*outcome = (struct call_outcome){.call_class = CALL_PERMANENT};
	str_format_cut(outcome->sentence, sizeof(outcome->sentence), "%s", sentence);
}

static enum call_class unclear_for(enum okta_call_kind kind)
{
	return kind == OKTA_CALL_READ ? CALL_RETRY_LATER : CALL_UNCLEAR;
}

void okta_client_distrust(enum okta_call_kind kind, struct call_outcome *outcome)
{
	outcome->call_class = unclear_for(kind);
	str_format_cut(outcome->sentence, sizeof(outcome->sentence),
	        "Okta's answer is not what its API describes.");
}

void okta_reply_finish(struct okta_reply *reply)
{
	json_decref(reply->json);
	reply->json = NULL;
}

/* ------------------------------------------------------------- no answer */

static const char *sentence_for(enum err_code code)
{
	switch ((int)code) { /* not over the enum: most codes cannot come from the transport */
	case ERR_NO_HOST: return "Okta's host name has no address in DNS";
	case ERR_NO_CONNECTION: return "No connection to Okta came about";
	case ERR_TIMEOUT: return "Okta did not answer in time";
	case ERR_TLS: return "Okta's certificate could not be verified";
	case ERR_ANSWER_TOO_LARGE: return "Okta's answer is over its size limit";
	case ERR_BAD_ANSWER: return "Okta's answer cannot be understood";
	default: return "The connection to Okta broke";
	}
}

/* Never the error's own text: libcurl quotes addresses, and those hold logins. */
static void judge_no_answer(enum transport_result result, const struct okta_request *request,
        const struct err *err, struct call_outcome *outcome)
{
	switch (result) {
	case TRANSPORT_ANSWERED:
	case TRANSPORT_NOT_SENT: outcome->call_class = CALL_RETRY_LATER; break;
	case TRANSPORT_UNCLEAR:
	case TRANSPORT_TOO_LARGE: outcome->call_class = unclear_for(request->kind); break;
	case TRANSPORT_STOPPED: outcome->call_class = CALL_ABORTED; break;
	}
	if (err->code == ERR_SETTINGS_INVALID) {
		outcome->call_class = CALL_STOP_CONFIG;
	}
	const char *sentence = result == TRANSPORT_STOPPED ? "The server is stopping"
	        : err->code == ERR_SETTINGS_INVALID
	        ? "Okta's address is not allowed: https is required"
	        : sentence_for(err->code);
	str_format_cut(outcome->sentence, sizeof(outcome->sentence), "%s.", sentence);
}

/* ---------------------------------------------------------------- answer */

static const char *take_header(const struct transport_answer *answer, const char *name, int index,
        char to[HEADER_VALUE_BYTES])
{
	return transport_answer_header(answer, name, index, to, HEADER_VALUE_BYTES) ? to : NULL;
}

static void read_facts(const struct transport_answer *answer, struct header_values *values,
        struct okta_answer_facts *facts)
{
	facts->http_status = answer->status;
	facts->body = buf_text(&answer->body);
	facts->body_len = answer->body.len;
	facts->is_json = answer->is_json;
	for (int i = 0; i < 2; i++) {
		facts->rate_limit[i] =
		        take_header(answer, "X-Rate-Limit-Limit", i, values->limit[i]);
		facts->rate_remaining[i] =
		        take_header(answer, "X-Rate-Limit-Remaining", i, values->remaining[i]);
		facts->rate_reset[i] =
		        take_header(answer, "X-Rate-Limit-Reset", i, values->reset[i]);
	}
	facts->date = take_header(answer, "Date", 0, values->date);
	facts->now_ms = clock_wall_ms();
}

/* For the audit trail; anything that is no plain token is dropped. */
static void take_request_id(const struct transport_answer *answer, struct call_outcome *outcome)
{
	char *to = outcome->request_id;
	if (!transport_answer_header(answer, "X-Okta-Request-Id", 0, to, CALL_REQUEST_ID_BYTES) ||
	        !str_is_word(to, CALL_REQUEST_ID_BYTES - 1, "-_.:@+/=")) {
		to[0] = '\0';
	}
}

static void read_next(const struct okta_client *client, const struct transport_answer *answer,
        struct okta_reply *reply)
{
	/* As large as all headers together: a link that was cut would end the list early. */
	char value[TRANSPORT_HEADERS_MAX_BYTES];

	for (int i = 0; transport_answer_header(answer, "Link", i, value, sizeof(value)); i++) {
		enum link_next next = link_next_find(
		        value, client->org->base_url, reply->next, sizeof(reply->next));
		if (next != LINK_NEXT_NONE) {
			reply->is_next_foreign = next == LINK_NEXT_FOREIGN;
			return;
		}
	}
}

static void read_body(const struct transport_answer *answer, enum okta_call_kind kind,
        struct okta_reply *reply, struct call_outcome *outcome)
{
	if (outcome->call_class != CALL_DONE || answer->body.len == 0) {
		return;
	}
	reply->json = json_parse(answer->body.data, answer->body.len, NULL);
	if (reply->json == NULL) {
		okta_client_distrust(kind, outcome);
	}
	if (!transport_answer_header(answer, "ETag", 0, reply->etag, sizeof(reply->etag))) {
		reply->etag[0] = '\0';
	}
}

/* ------------------------------------------------------------------ call */

static void count_call(
        const struct okta_request *request, const struct transport_answer *answer, int http_status)
{
	char status[STATUS_TEXT_BYTES];
	str_format_cut(status, sizeof(status), "%d", http_status);
	metrics_add(METRIC_OKTA_CALLS, LABELS(request->route, status), 1);
	metrics_observe(METRIC_OKTA_TIME, NULL, (double)answer->elapsed_us / 1e6);
}

/* A pause after "too many at once" holds for the refused call too. */
static void spread_retry(const struct okta_client *client, struct call_outcome *outcome)
{
	if (outcome->call_class != CALL_RETRY_AT) {
		return;
	}
	int64_t pause_end_ms = clock_wall_ms() + okta_org_pause_ms(client->org);
	if (outcome->retry_at_ms < pause_end_ms) {
		outcome->retry_at_ms = pause_end_ms;
	}
	outcome->retry_at_ms += okta_org_jitter_ms(client->org, RETRY_JITTER_MAX_MS);
}

static enum transport_result send_request(struct okta_client *client,
        const struct okta_request *request, const char *url, struct transport_answer *answer,
        struct err *err)
{
	bool is_post = str_equal(request->method, "POST");
	bool has_etag = request->if_match != NULL && request->if_match[0] != '\0';
	/* An empty body makes the transport send Content-Type, which Okta wants on every POST. */
	const char *body = request->body == NULL && is_post ? "" : request->body;
	struct transport_request sent = {.method = request->method,
	        .url = url,
	        .authorization = &client->org->authorization,
	        .if_match = has_etag ? request->if_match : NULL,
	        .body = body,
	        .body_len = body != NULL ? strlen(body) : 0,
	        .answer_max_bytes = request->answer_max_bytes > 0 ? request->answer_max_bytes
	                                                          : OKTA_ANSWER_MAX_BYTES};
	return transport_send(client->transport, &sent, answer, err);
}

static void exchange(struct okta_client *client, const struct okta_request *request,
        const char *url, struct okta_reply *reply, struct call_outcome *outcome)
{
	struct err err = ERR_INIT;
	struct transport_answer answer;
	struct header_values values;
	struct okta_answer_facts facts = {.kind = request->kind};
	struct budget_report report = {.bucket = request->bucket};
	enum transport_result result = send_request(client, request, url, &answer, &err);
	if (result == TRANSPORT_ANSWERED) {
		read_facts(&answer, &values, &facts);
		okta_answer_judge(&facts, outcome);
		if (outcome->call_class == CALL_STOP_CREDENTIALS) {
			okta_org_shut(client->org);
		}
		read_body(&answer, request->kind, reply, outcome);
		if (request->is_list) {
			read_next(client, &answer, reply);
		}
		rate_read(&facts, &report.rate);
		report.http_status = answer.status;
	} else {
		judge_no_answer(result, request, &err, outcome);
	}
	report.is_sent = outcome->is_sent = answer.is_sent;
	take_request_id(&answer, outcome);
	okta_org_end(client->org, &report);
	spread_retry(client, outcome);
	count_call(request, &answer, report.http_status);
	transport_answer_finish(&answer);
}

static void put_off(struct budget_wait wait, struct call_outcome *outcome)
{
	outcome->call_class = CALL_RETRY_AT;
	outcome->retry_at_ms = clock_wall_ms() + wait.ms;
	outcome->wait = wait.kind;
	str_format_cut(outcome->sentence, sizeof(outcome->sentence), "%s",
	        wait.kind == CALL_WAIT_PLACE ? "Waiting for other calls to Okta to end."
	                                     : "Waiting for Okta's rate limit to leave room.");
}

/* CALL_WAIT_NONE: the budget has room, which is taken; else when it has some. */
static struct budget_wait begin_in_turn(const struct okta_client *client, enum okta_bucket bucket)
{
	int64_t give_up_ms = clock_mono_ms() + client->patience_ms;
	struct budget_wait wait = okta_org_begin(client->org, bucket, client->urgency);

	while (wait.kind != CALL_WAIT_NONE && clock_mono_ms() + wait.ms <= give_up_ms &&
	        okta_org_wait(client->org, wait.ms)) {
		wait = okta_org_begin(client->org, bucket, client->urgency);
	}
	return wait;
}

/* Within the budget, or when that has room. */
static void call_now(struct okta_client *client, const struct okta_request *request,
        const char *url, struct okta_reply *reply, struct call_outcome *outcome)
{
	if (!client->is_probing && atomic_load(&client->org->is_shut)) {
		outcome->call_class = CALL_STOP_CREDENTIALS;
		str_format_cut(outcome->sentence, sizeof(outcome->sentence),
		        "Okta does not accept the API token; it is not used until it works.");
		return;
	}
	struct budget_wait wait = begin_in_turn(client, request->bucket);
	if (wait.kind != CALL_WAIT_NONE) {
		put_off(wait, outcome);
	} else {
		exchange(client, request, url, reply, outcome);
	}
}

/* U-02: without a token nothing at all leaves for the host. */
static void refuse_without_token(const struct okta_org *org, struct call_outcome *outcome)
{
	outcome->call_class = CALL_STOP_CREDENTIALS;
	str_format_cut(outcome->sentence, sizeof(outcome->sentence), "%s", org->token_lack);
}

bool okta_client_call(struct okta_client *client, const struct okta_request *request,
        struct okta_reply *reply, struct call_outcome *outcome)
{
	*reply = (struct okta_reply){0};
	*outcome = (struct call_outcome){.call_class = CALL_PERMANENT};
	struct buf url;
	buf_init(&url, CLIENT_PATH_MAX_BYTES);
	buf_add_text(&url, client->org->base_url);
	if (!buf_add_text(&url, request->path)) {
		okta_client_refuse(outcome, "The request to Okta would be too long.");
	} else if (client->org->token_lack != NULL) {
		refuse_without_token(client->org, outcome);
	} else {
		call_now(client, request, buf_text(&url), reply, outcome);
	}
	buf_finish(&url);
	return outcome->call_class == CALL_DONE;
}
