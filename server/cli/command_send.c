/* SPDX-License-Identifier: MIT */
#include "server/cli/commands.h"

#include "server/base/crypto.h"
#include "server/base/str.h"
#include "server/base/transport.h"
#include "server/base/version.h"
#include "server/cli/admin_client.h"
#include "server/settings/file.h"
#include "server/settings/settings.h"

#include <stdlib.h>
#include <string.h>

#define BODY_MAX_BYTES     (4 * 1024 * 1024) /* more than a webhook may have, to try that too */
#define ANSWER_MAX_BYTES   65536
#define CONNECT_TIMEOUT_MS 5000
#define SEND_TIMEOUT_MS    30000

/* The signature's text; caller frees. */
static char *sign(const struct hmac_key *key, const struct file_content *body, struct err *err)
{
	uint8_t mac[CRYPTO_HMAC_SHA512_BYTES];
	char *text = NULL;
	if (hmac_sign(key, body->bytes, body->len, mac)) {
		text = base64_encode(mac, sizeof(mac));
	}
	if (text == NULL) {
		err_set(err, ERR_INTERNAL, "the body could not be signed");
	}
	return text;
}

static char *sign_by_variable(const char *name, const struct file_content *body, struct err *err)
{
	const char *secret = getenv(name);
	if (str_is_empty(secret)) {
		err_set(err, ERR_USAGE,
		        "the variable %s is not set; put the webhook's secret there", name);
		return NULL;
	}
	struct hmac_key *key = hmac_key_create(secret, strlen(secret), err);
	char *text = key != NULL ? sign(key, body, err) : NULL;
	hmac_key_destroy(key);
	return text;
}

static char *sign_by_settings(
        struct cli_call *call, const struct file_content *body, struct err *err)
{
	enum settings_plain plain = call->options->allow_insecure_loopback
	        ? SETTINGS_PLAIN_ON_LOOPBACK
	        : SETTINGS_TLS_ONLY;
	struct settings_report report;
	struct settings *settings =
	        settings_load_file(call->options->settings, plain, &report, err);
	if (settings == NULL) {
		if (report.count > 0) {
			err_prefix(err, "%s", call->options->settings);
		}
		return NULL;
	}
	const char *name = cli_call_connection(call);
	const struct connection_settings *connection = settings_find(settings, name);
	char *text = NULL;
	if (connection == NULL) {
		err_set(err, ERR_USAGE, "the settings have no connection %s", name);
	} else if (connection->bob.webhook_key_count == 0) {
		err_set(err, ERR_USAGE,
		        "connection %s has no webhook secret; add one, or use --secret-env", name);
	} else {
		text = sign(connection->bob.webhook_keys[0], body, err);
	}
	settings_destroy(settings);
	return text;
}

static bool format_url(
        struct cli_call *call, const char *given, char *to, size_t size, struct err *err)
{
	char base[200];
	if (given != NULL) {
		if (str_copy(to, size, given)) {
			return true;
		}
		err_set(err, ERR_USAGE, "--url is too long");
		return false;
	}
	if (!admin_client_url(base, sizeof(base), call->options->listen, err)) {
		return false;
	}
	const char *name = cli_call_connection(call);
	if (!str_is_word(name, 63, "-_") ||
	        !str_format(to, size, "%s/webhooks/bob/%s", base, name)) {
		err_set(err, ERR_USAGE, "%s is no connection's name", name);
		return false;
	}
	return true;
}

static int print_answer(struct cli_call *call, const struct transport_answer *answer)
{
	if (call->is_json) {
		json_t *json = json_pack("{s:i, s:s, s:f}", "status", answer->status, "body",
		        buf_text(&answer->body), "elapsed_ms", (double)answer->elapsed_us / 1000.0);
		if (json == NULL) {
			json = json_pack("{s:i}", "status", answer->status);
		}
		(void)cli_call_print_json(call, json);
		json_decref(json);
	} else {
		cli_call_print(call, "%d in %.1f ms\n%s\n", answer->status,
		        (double)answer->elapsed_us / 1000.0, buf_text(&answer->body));
	}
	return answer->status == 200 ? CLI_DONE : CLI_FAILED;
}

static int post(struct cli_call *call, const char *url, const char *signature,
        const struct file_content *body)
{
	struct err err = ERR_INIT;
	const struct transport_options how = {.user_agent = version_user_agent(),
	        .plain = TRANSPORT_PLAIN_ON_LOOPBACK,
	        .reach = TRANSPORT_TO_ANY,
	        .connect_timeout_ms = CONNECT_TIMEOUT_MS,
	        .total_timeout_ms = SEND_TIMEOUT_MS};
	struct transport *transport = transport_create(&how, &err);
	if (transport == NULL) {
		return cli_call_fail(call, &err);
	}
	const struct transport_request request = {.method = "POST",
	        .url = url,
	        .bob_signature = signature,
	        .body = body->bytes,
	        .body_len = body->len,
	        .answer_max_bytes = ANSWER_MAX_BYTES};
	struct transport_answer answer;
	int status = CLI_FAILED;
	if (transport_send(transport, &request, &answer, &err) == TRANSPORT_ANSWERED) {
		status = print_answer(call, &answer);
	} else {
		err_prefix(&err, "%s", url);
		status = cli_call_fail(call, &err);
	}
	transport_answer_finish(&answer);
	transport_destroy(transport);
	return status;
}

int command_send(struct cli_call *call)
{
	const char *url = NULL;
	const char *variable = NULL;
	const struct cli_flag flags[] = {
	        {"--url", &url, NULL}, {"--secret-env", &variable, NULL}, {NULL, NULL, NULL}};
	struct err err = ERR_INIT;
	struct file_content body = {0};
	char target[1024];
	char *signature = NULL;
	int status = CLI_FAILED;
	if (cli_call_read(call, flags, CLI_NEEDS_WORD, &err) &&
	        format_url(call, url, target, sizeof(target), &err) &&
	        file_read(str_equal(call->word, "-") ? "/dev/stdin" : call->word, BODY_MAX_BYTES,
	                &body, &err)) {
		signature = variable != NULL ? sign_by_variable(variable, &body, &err)
		                             : sign_by_settings(call, &body, &err);
	}
	status = signature != NULL ? post(call, target, signature, &body)
	                           : cli_call_fail(call, &err);
	free(signature);
	file_content_wipe(&body);
	return status;
}
