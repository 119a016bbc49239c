/* SPDX-License-Identifier: MIT */
#include "server/cli/admin_client.h"

#include "server/base/buf.h"
#include "server/base/json.h"
#include "server/base/sensitive.h"
#include "server/base/str.h"
#include "server/base/transport.h"
#include "server/base/version.h"
#include "server/settings/file.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CONNECT_TIMEOUT_MS   3000
#define TOKEN_FILE_MAX_BYTES 1024
#define URL_MAX_BYTES        8192
#define BEARER               "Bearer "

struct admin_client {
	struct transport *transport;
	struct secret authorization;
	char base_url[160];
	char *token_path;
	json_t *refusal; /* of the last call */
};

bool admin_client_url(char *to, size_t size, const char *listen, struct err *err)
{
	const char *colon = strrchr(listen, ':');
	size_t host_len = colon != NULL ? (size_t)(colon - listen) : 0;
	const char *host = listen;
	if (colon == NULL || str_equal(colon, ":0")) {
		err_set(err, ERR_USAGE, "the address %s cannot be called: its port is not known",
		        listen);
		return false;
	}
	/* "Any address" is one to listen at, not one to call. */
	if (host_len == strlen("0.0.0.0") && str_starts_with(listen, "0.0.0.0:")) {
		host = "127.0.0.1";
		host_len = strlen(host);
	} else if (str_starts_with(listen, "[::]:")) {
		host = "[::1]";
		host_len = strlen(host);
	}
	if (!str_format(to, size, "http://%.*s%s", (int)host_len, host, colon)) {
		err_set(err, ERR_USAGE, "the address %s is too long", listen);
		return false;
	}
	return true;
}

char *admin_client_beside_store(const char *store, const char *name, struct err *err)
{
	const char *path = str_starts_with(store, "sqlite:") ? store + strlen("sqlite:") : store;
	char *folder = file_folder(path);
	struct buf full;
	buf_init(&full, URL_MAX_BYTES);
	if (folder != NULL) {
		buf_add_text(&full, folder);
		buf_add_char(&full, '/');
		buf_add_text(&full, name);
	}
	char *taken = buf_take(&full);
	if (taken == NULL) {
		err_set(err, ERR_NO_MEMORY, "no memory for the path of %s", name);
	}
	buf_finish(&full);
	free(folder);
	return taken;
}

char *admin_client_token_path(const char *store, struct err *err)
{
	return admin_client_beside_store(store, ADMIN_TOKEN_FILE, err);
}

static bool read_token(struct admin_client *client, struct err *err)
{
	struct file_content content;
	struct err cause = ERR_INIT;
	if (!file_read(client->token_path, TOKEN_FILE_MAX_BYTES, &content, &cause)) {
		bool is_refused = access(client->token_path, F_OK) == 0;
		err_set(err, ERR_IO, "no admin token: %s; %s", cause.text,
		        is_refused ? "run this as the user the server runs as"
		                   : "is --store that of the server, and has the server been"
		                     " started once?");
		return false;
	}
	size_t len = 0;
	const char *text = str_trim(content.bytes, &len);
	struct buf value;
	buf_init(&value, TOKEN_FILE_MAX_BYTES * 2);
	buf_add_text(&value, BEARER);
	buf_add(&value, text, len);
	bool is_set = len > 0 && secret_set(&client->authorization, buf_text(&value));
	if (!is_set) {
		err_set(err, ERR_IO, "the admin token in %s is empty", client->token_path);
	}
	buf_wipe(&value);
	file_content_wipe(&content);
	return is_set;
}

struct admin_client *admin_client_open(const struct options *options, struct err *err)
{
	struct admin_client *client = calloc(1, sizeof(*client));
	if (client == NULL) {
		err_set(err, ERR_NO_MEMORY, "no memory for the admin client");
		return NULL;
	}
	const struct transport_options how = {.user_agent = version_user_agent(),
	        .plain = TRANSPORT_PLAIN_ON_LOOPBACK,
	        .connect_timeout_ms = CONNECT_TIMEOUT_MS,
	        .total_timeout_ms = ADMIN_CLIENT_TIMEOUT_MS};
	if (!admin_client_url(
	            client->base_url, sizeof(client->base_url), options->admin_listen, err)) {
		goto fail;
	}
	/* The token must not cross a network in the clear. */
	if (!transport_url_is_loopback(client->base_url)) {
		err_set(err, ERR_USAGE,
		        "commands reach the server on its own machine only; run this there, with"
		        " --admin-listen 127.0.0.1:PORT");
		goto fail;
	}
	client->token_path = admin_client_token_path(options->store, err);
	if (client->token_path == NULL || !read_token(client, err)) {
		goto fail;
	}
	client->transport = transport_create(&how, err);
	if (client->transport != NULL) {
		return client;
	}
fail:
	admin_client_close(client);
	return NULL;
}

void admin_client_close(struct admin_client *client)
{
	if (client == NULL) {
		return;
	}
	transport_destroy(client->transport);
	json_decref(client->refusal);
	secret_finish(&client->authorization);
	free(client->token_path);
	free(client);
}

/* The API's error as ours, with its hint where it has one. */
static void take_error(
        const struct admin_client *client, int status, const json_t *answer, struct err *err)
{
	const json_t *error = json_object_get(answer, "error");
	const char *message = json_get_text(error, "message");
	const char *hint = json_get_text(error, "hint");
	enum err_code code = status == 404 ? ERR_NOT_FOUND
	        : status == 409            ? ERR_CONFLICT
	                                   : ERR_REFUSED;
	if (status == 401) {
		err_set(err, ERR_UNAUTHORIZED,
		        "the server at %s refuses the token in %s; is --store that of this server?",
		        client->base_url, client->token_path);
	} else if (message == NULL) {
		err_set(err, ERR_BAD_ANSWER,
		        "what answers at %s is no bob2okta server (status %d); is"
		        " --admin-listen right?",
		        client->base_url, status);
	} else if (str_is_empty(hint) || status < 500) {
		err_set(err, code, "%s", message);
	} else {
		err_set(err, code, "%s (%s)", message, hint);
	}
}

static void report_no_answer(const struct admin_client *client, enum transport_result result,
        const struct err *cause, struct err *err)
{
	if (result == TRANSPORT_NOT_SENT) {
		err_set(err, ERR_NETWORK,
		        "no server answers at %s; start it with bob2okta serve, or say where it"
		        " is with --admin-listen",
		        client->base_url);
	} else if (result == TRANSPORT_TOO_LARGE) {
		err_set(err, ERR_ANSWER_TOO_LARGE, "the answer is too large; ask for less");
	} else {
		err_set(err, ERR_NETWORK, "the server's answer was lost: %s", cause->text);
	}
}

const json_t *admin_client_refusal(const struct admin_client *client)
{
	return client->refusal;
}

/* One call; what it is refused with is kept. */
static bool send_call(struct admin_client *client, const struct admin_call *call,
        struct transport_answer *answer, struct err *err)
{
	char *text = call->body != NULL ? json_format(call->body) : NULL;
	json_decref(client->refusal);
	client->refusal = NULL;
	struct buf url;
	buf_init(&url, URL_MAX_BYTES);
	buf_add_text(&url, client->base_url);
	buf_add_text(&url, call->path);
	const struct transport_request request = {.method = call->method,
	        .url = buf_text(&url),
	        .authorization = &client->authorization,
	        .body = text,
	        .body_len = text != NULL ? strlen(text) : 0,
	        .accept = call->sink != NULL ? "*/*" : NULL,
	        .answer_max_bytes = call->sink != NULL ? ADMIN_CLIENT_FILE_MAX_BYTES
	                                               : ADMIN_CLIENT_ANSWER_MAX_BYTES,
	        .sink = call->sink,
	        .sink_context = call->sink_context};
	struct err cause = ERR_INIT;
	enum transport_result result = transport_send(client->transport, &request, answer, &cause);
	bool is_good = result == TRANSPORT_ANSWERED && answer->status / 100 == 2;
	if (result != TRANSPORT_ANSWERED) {
		report_no_answer(client, result, &cause, err);
	} else if (!is_good) {
		client->refusal = json_parse(buf_text(&answer->body), answer->body.len, NULL);
		take_error(client, answer->status, client->refusal, err);
	}
	buf_finish(&url);
	free(text);
	return is_good;
}

json_t *admin_client_call(struct admin_client *client, const char *method, const char *path,
        const json_t *body, struct err *err)
{
	const struct admin_call call = {.method = method, .path = path, .body = body};
	struct transport_answer answer;
	json_t *json = NULL;
	if (send_call(client, &call, &answer, err)) {
		json = json_parse(buf_text(&answer.body), answer.body.len, NULL);
		if (json == NULL) {
			take_error(client, answer.status, NULL, err);
		}
	}
	transport_answer_finish(&answer);
	return json;
}

bool admin_client_fetch(struct admin_client *client, const struct admin_call *call, struct err *err)
{
	struct transport_answer answer;
	bool is_fetched = send_call(client, call, &answer, err);
	transport_answer_finish(&answer);
	return is_fetched;
}
