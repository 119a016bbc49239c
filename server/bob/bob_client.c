/* SPDX-License-Identifier: MIT */
#include "server/bob/bob_client.h"

#include "server/base/buf.h"
#include "server/base/clock.h"
#include "server/base/json.h"
#include "server/base/metrics.h"
#include "server/base/str.h"
#include "server/bob/bob_answer.h"
#include "server/bob/bob_company.h"

#include <stdlib.h>
#include <string.h>

#define URL_MAX_BYTES      8192 /* BOB_TABLE_MAX ids in a query */
#define HEADER_VALUE_BYTES 64
#define STATUS_TEXT_BYTES  16

struct bob_client {
	struct bob_company *company; /* borrowed */
	struct transport *transport;
	bool is_probing;
};

/* The headers of one answer that facts point to. */
struct header_values {
	char limit[HEADER_VALUE_BYTES];
	char remaining[HEADER_VALUE_BYTES];
	char reset[HEADER_VALUE_BYTES];
	char retry_after[HEADER_VALUE_BYTES];
	char date[HEADER_VALUE_BYTES];
};

struct bob_client *bob_client_create(struct bob_company *company, struct err *err)
{
	struct transport_options options = {.user_agent = company->user_agent,
	        .plain = company->plain,
	        .connect_timeout_ms = BOB_CONNECT_TIMEOUT_MS,
	        .total_timeout_ms = BOB_CALL_TIMEOUT_MS,
	        .stop = company->stop};
	struct bob_client *client = calloc(1, sizeof(*client));
	if (client == NULL) {
		err_set(err, ERR_NO_MEMORY, "no memory for a Bob client");
		return NULL;
	}
	client->company = company;
	client->transport = transport_create(&options, err);
	if (client->transport == NULL) {
		free(client);
		return NULL;
	}
	return client;
}

void bob_client_destroy(struct bob_client *client)
{
	if (client != NULL) {
		transport_destroy(client->transport);
		free(client);
	}
}

void bob_client_stop_on(struct bob_client *client, const atomic_bool *stop)
{
	transport_stop_on(client->transport, stop);
}

void bob_client_set_probing(struct bob_client *client, bool is_probing)
{
	client->is_probing = is_probing;
}

void bob_reply_finish(struct bob_reply *reply)
{
	json_decref(reply->json);
	reply->json = NULL;
}

void bob_client_distrust(struct call_outcome *outcome)
{
	outcome->call_class = CALL_RETRY_LATER;
	str_format_cut(outcome->sentence, sizeof(outcome->sentence),
	        "Bob's answer is not what its API describes.");
}

static const char *sentence_for(enum err_code code)
{
	switch ((int)code) { /* not over the enum: most codes cannot come from the transport */
	case ERR_NO_HOST: return "Bob's host name has no address in DNS.";
	case ERR_NO_CONNECTION: return "No connection to Bob came about.";
	case ERR_TIMEOUT: return "Bob did not answer in time.";
	case ERR_TLS: return "Bob's certificate could not be verified.";
	case ERR_ANSWER_TOO_LARGE: return "Bob's answer is over its size limit.";
	case ERR_BAD_ANSWER: return "Bob's answer cannot be understood.";
	case ERR_STOPPED: return "The server is stopping.";
	case ERR_SETTINGS_INVALID: return "Bob's address is not allowed: https is required.";
	default: return "The connection to Bob broke.";
	}
}

/* Bob is only read, so nothing is ever unclear. */
static void judge_no_answer(
        enum transport_result result, const struct err *err, struct call_outcome *outcome)
{
	outcome->call_class = CALL_RETRY_LATER;
	if (result == TRANSPORT_STOPPED) {
		outcome->call_class = CALL_ABORTED;
	} else if (err->code == ERR_SETTINGS_INVALID) {
		outcome->call_class = CALL_STOP_CONFIG;
	}
	str_format_cut(outcome->sentence, sizeof(outcome->sentence), "%s", sentence_for(err->code));
}

/* A timeout is no damage: half the people would take as long. */
static enum bob_damage damage_of(
        enum transport_result result, const struct transport_answer *answer, const struct err *err)
{
	if (result == TRANSPORT_TOO_LARGE) {
		return BOB_DAMAGE_TOO_LARGE;
	}
	bool is_cut =
	        result == TRANSPORT_UNCLEAR && answer->status == 200 && err->code != ERR_TIMEOUT;
	return is_cut ? BOB_DAMAGE_CUT_OFF : BOB_DAMAGE_NONE;
}

static const char *take_header(
        const struct transport_answer *answer, const char *name, char to[HEADER_VALUE_BYTES])
{
	return transport_answer_header(answer, name, 0, to, HEADER_VALUE_BYTES) ? to : NULL;
}

static void read_facts(const struct transport_answer *answer, struct header_values *values,
        struct bob_answer_facts *facts)
{
	facts->http_status = answer->status;
	facts->is_json = answer->is_json;
	facts->rate_remaining = take_header(answer, "X-RateLimit-Remaining", values->remaining);
	facts->rate_reset = take_header(answer, "X-RateLimit-Reset", values->reset);
	facts->retry_after = take_header(answer, "Retry-After", values->retry_after);
	facts->date = take_header(answer, "Date", values->date);
	facts->now_ms = clock_wall_ms();
}

static void learn(struct bob_client *client, const struct transport_answer *answer,
        const struct bob_answer_facts *facts)
{
	char limit[HEADER_VALUE_BYTES];
	int64_t reset_s = bob_answer_number(facts->rate_reset);
	struct pacing_news news = {
	        .limit = bob_answer_number(take_header(answer, "X-RateLimit-Limit", limit)),
	        .remaining = bob_answer_number(facts->rate_remaining),
	        .reset_s = reset_s,
	        .until_reset_ms =
	                reset_s >= 0 ? reset_s * 1000 - bob_answer_server_now_ms(facts) : 0,
	        .blocked_ms = answer->status == 429 ? bob_answer_wait_ms(facts) : 0,
	};
	bob_company_learn(client->company, &news);
}

static void read_body(const struct transport_answer *answer, struct bob_reply *reply,
        struct call_outcome *outcome)
{
	if (outcome->call_class != CALL_DONE) {
		return;
	}
	reply->json = json_parse(answer->body.data, answer->body.len, NULL);
	if (reply->json == NULL) {
		reply->damage = BOB_DAMAGE_CUT_OFF;
		bob_client_distrust(outcome);
	}
}

/* The few paths called here exist in every company; without one the address is wrong. */
static void judge_missing_path(const struct bob_request *request, struct call_outcome *outcome)
{
	if (outcome->call_class == CALL_NOT_FOUND && !request->is_of_one) {
		outcome->call_class = CALL_STOP_CONFIG;
		str_format_cut(outcome->sentence, sizeof(outcome->sentence),
		        "Bob does not know this API path; check bob.base_url.");
	}
}

static void count_call(
        const struct bob_request *request, const struct transport_answer *answer, int http_status)
{
	char route[HEADER_VALUE_BYTES];
	char status[STATUS_TEXT_BYTES];
	str_format_cut(route, sizeof(route), "%s %s", request->method, request->route);
	str_format_cut(status, sizeof(status), "%d", http_status);
	metrics_add(METRIC_BOB_CALLS, LABELS(route, status), 1);
	metrics_observe(METRIC_BOB_TIME, NULL, (double)answer->elapsed_us / 1e6);
}

static void exchange(struct bob_client *client, const struct bob_request *request, const char *url,
        struct bob_reply *reply, struct call_outcome *outcome)
{
	struct transport_request sent = {.method = request->method,
	        .url = url,
	        .authorization = &client->company->authorization,
	        .body = request->body,
	        .body_len = request->body != NULL ? strlen(request->body) : 0,
	        .answer_max_bytes = request->sink != NULL ? BOB_STREAM_ANSWER_MAX_BYTES
	                                                  : BOB_SEARCH_ANSWER_MAX_BYTES,
	        .sink = request->sink,
	        .sink_context = request->sink_context};
	struct err err = ERR_INIT;
	struct transport_answer answer;
	struct header_values values;
	struct bob_answer_facts facts = {0};
	enum transport_result result = transport_send(client->transport, &sent, &answer, &err);
	if (result == TRANSPORT_ANSWERED) {
		read_facts(&answer, &values, &facts);
		bob_answer_judge(&facts, outcome);
		if (outcome->call_class == CALL_STOP_CREDENTIALS) {
			bob_company_shut(client->company);
		}
		judge_missing_path(request, outcome);
		if (request->sink == NULL) {
			read_body(&answer, reply, outcome);
		}
		if (request->is_search) {
			learn(client, &answer, &facts);
		}
	} else {
		judge_no_answer(result, &err, outcome);
		reply->damage = damage_of(result, &answer, &err);
	}
	outcome->is_sent = answer.is_sent;
	count_call(request, &answer, facts.http_status);
	transport_answer_finish(&answer);
}

static void call_now(struct bob_client *client, const struct bob_request *request, const char *url,
        struct bob_reply *reply, struct call_outcome *outcome)
{
	if (!client->is_probing && atomic_load(&client->company->is_shut)) {
		outcome->call_class = CALL_STOP_CREDENTIALS;
		str_format_cut(outcome->sentence, sizeof(outcome->sentence),
		        "Bob does not accept the service user's token; it is not used until it"
		        " works.");
		return;
	}
	if (request->is_search) {
		bob_company_begin_search(client->company);
	}
	exchange(client, request, url, reply, outcome);
}

/* U-02: without a token nothing at all leaves for the host. */
static void refuse_without_token(const struct bob_company *company, struct call_outcome *outcome)
{
	outcome->call_class = CALL_STOP_CREDENTIALS;
	str_format_cut(outcome->sentence, sizeof(outcome->sentence), "%s", company->token_lack);
}

bool bob_client_call(struct bob_client *client, const struct bob_request *request,
        struct bob_reply *reply, struct call_outcome *outcome)
{
	*reply = (struct bob_reply){0};
	*outcome = (struct call_outcome){.call_class = CALL_PERMANENT};
	struct buf url;
	buf_init(&url, URL_MAX_BYTES);
	buf_add_text(&url, client->company->base_url);
	if (client->company->token_lack != NULL) {
		refuse_without_token(client->company, outcome);
	} else if (buf_add_text(&url, request->path != NULL ? request->path : request->route)) {
		call_now(client, request, buf_text(&url), reply, outcome);
	} else {
		str_format_cut(
		        outcome->sentence, sizeof(outcome->sentence), "Bob's address is too long.");
	}
	buf_finish(&url);
	return outcome->call_class == CALL_DONE;
}
