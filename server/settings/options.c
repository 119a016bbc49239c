/* SPDX-License-Identifier: MIT */
#include "server/settings/options.h"

#include "server/base/str.h"
#include "server/settings/nearest.h"
#include "server/settings/settings_url.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#define WORKERS_MIN 2
#define WORKERS_MAX 64
#define PORT_MAX    65535

struct option;

/* Stores a value; NULL, or what is wrong with it (static). */
typedef const char *(*option_reader)(struct options *options, const char *value);

struct option {
	const char *flag;
	const char *variable;
	const char *value; /* as help shows it; NULL: a switch, which may stand alone */
	const char *fallback;
	option_reader read;
	const char *help;
};

/* "host:port" with the host in brackets when it holds colons itself. */
static const char *read_address(char *to, size_t size, const char *value)
{
	static const char *const problem = "must be HOST:PORT, like 127.0.0.1:8080 or [::1]:8080";
	const char *colon = strrchr(value, ':');
	int64_t port = 0;
	if (colon == NULL || colon == value || !str_is_digits(colon + 1, 5) ||
	        !str_to_int64(colon + 1, &port) || port > PORT_MAX) {
		return problem;
	}
	const char *first = strchr(value, ':');
	bool is_bracketed = value[0] == '[' && colon[-1] == ']';
	if (first != colon && !is_bracketed) {
		return problem;
	}
	return str_copy(to, size, value) ? NULL : "is too long for an address";
}

static const char *read_listen(struct options *options, const char *value)
{
	return read_address(options->listen, sizeof(options->listen), value);
}

static const char *read_admin_listen(struct options *options, const char *value)
{
	return read_address(options->admin_listen, sizeof(options->admin_listen), value);
}

static const char *read_admin_hosts(struct options *options, const char *value)
{
	return host_names_parse(value, &options->admin_hosts)
	        ? NULL
	        : "must be at most 16 names without ports, like console.example.com, or none";
}

static const char *read_store(struct options *options, const char *value)
{
	if (!str_starts_with(value, "sqlite:") || str_is_empty(value + strlen("sqlite:"))) {
		return "must be sqlite:PATH";
	}
	return str_copy(options->store, sizeof(options->store), value) ? NULL
	                                                               : "is too long for a path";
}

static const char *read_key_file(struct options *options, const char *value)
{
	return str_copy(options->key_file, sizeof(options->key_file), value)
	        ? NULL
	        : "is too long for a path";
}

static const char *read_settings(struct options *options, const char *value)
{
	return str_copy(options->settings, sizeof(options->settings), value)
	        ? NULL
	        : "is too long for a path";
}

/* Where Bob reaches the public listener, through whatever is in front of it. */
static const char *read_public_url(struct options *options, const char *value)
{
	char url[SETTINGS_URL_BYTES];
	const char *problem = str_is_empty(value)
	        ? NULL
	        : settings_url_hook(url, value, SETTINGS_PLAIN_ON_LOOPBACK);
	if (problem != NULL) {
		return problem;
	}
	size_t len = strlen(value);
	while (len > 0 && value[len - 1] == '/') {
		len--;
	}
	str_format_cut(options->public_url, sizeof(options->public_url), "%.*s", (int)len, value);
	return NULL;
}

static const char *read_workers(struct options *options, const char *value)
{
	int64_t number = 0;
	if (!str_to_int64(value, &number) || number < WORKERS_MIN || number > WORKERS_MAX) {
		return "must be a number from 2 to 64";
	}
	options->workers = (int)number;
	return NULL;
}

static const char *read_log_format(struct options *options, const char *value)
{
	return log_format_parse(value, &options->log_format) ? NULL : "must be text or json";
}

static const char *read_log_level(struct options *options, const char *value)
{
	return log_level_parse(value, &options->log_level) ? NULL
	                                                   : "must be debug, info, warn or error";
}

static const char *read_trusted_proxies(struct options *options, const char *value)
{
	return address_ranges_parse(value, &options->trusted_proxies)
	        ? NULL
	        : "must be at most 32 addresses or ranges like 10.0.0.0/8,2001:db8::/32, or none";
}

static const char *read_insecure_loopback(struct options *options, const char *value)
{
	bool is_on = str_equal_fold(value, "true") || str_equal(value, "1");
	if (!is_on && !str_equal_fold(value, "false") && !str_equal(value, "0")) {
		return "must be true or false";
	}
	options->allow_insecure_loopback = is_on;
	return NULL;
}

static const struct option table[] = {
        {"--listen", "BOB2OKTA_LISTEN", "HOST:PORT", "127.0.0.1:8080", read_listen,
                "public listener: webhooks and health"},
        {"--admin-listen", "BOB2OKTA_ADMIN_LISTEN", "HOST:PORT", "127.0.0.1:8081",
                read_admin_listen, "admin listener: metrics and the admin API"},
        {"--admin-hosts", "BOB2OKTA_ADMIN_HOSTS", "NAMES", "none", read_admin_hosts,
                "names the admin listener answers to, beside localhost and its address"},
        {"--store", "BOB2OKTA_STORE", "sqlite:PATH", "sqlite:bob2okta-data/bob2okta.db", read_store,
                "where everything durable is kept"},
        {"--key-file", "BOB2OKTA_KEY_FILE", "FILE", "", read_key_file,
                "the master keys; empty: master-key beside the store"},
        {"--settings", "BOB2OKTA_SETTINGS", "FILE", "bob2okta.json", read_settings,
                "the settings document (docs/settings.md); without the file, the console manages them"},
        {"--workers", "BOB2OKTA_WORKERS", "2..64", "4", read_workers,
                "how many employees are worked on at once"},
        {"--log-format", "BOB2OKTA_LOG_FORMAT", "text|json", "text", read_log_format,
                "how log lines are written"},
        {"--log-level", "BOB2OKTA_LOG_LEVEL", "debug|info|warn|error", "info", read_log_level,
                "the least important line that is written"},
        {"--trusted-proxies", "BOB2OKTA_TRUSTED_PROXIES", "RANGES", "none", read_trusted_proxies,
                "proxies whose X-Forwarded-For is believed"},
        {"--allow-insecure-loopback", "BOB2OKTA_ALLOW_INSECURE_LOOPBACK", NULL, "false",
                read_insecure_loopback,
                "plain http to Bob and Okta on this machine, for trying"
                " out"},
        {"--public-url", "BOB2OKTA_PUBLIC_URL", "URL", "", read_public_url,
                "where Bob reaches the public listener, like https://hooks.example.com; the console"
                " shows it"},
};

static bool set_option(struct options *options, const struct option *option, const char *value,
        const char *source, struct err *err)
{
	const char *problem = option->read(options, value);
	if (problem != NULL) {
		err_set(err, ERR_USAGE, "%s %s", source, problem);
	}
	return problem == NULL;
}

/* The option an argument names, with where its "=value" begins (NULL: none). */
static const struct option *find_option(const char *argument, const char **value)
{
	size_t len = strcspn(argument, "=");
	*value = argument[len] == '=' ? argument + len + 1 : NULL;
	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		if (strlen(table[i].flag) == len && memcmp(table[i].flag, argument, len) == 0) {
			return &table[i];
		}
	}
	return NULL;
}

/* Reads the flag at argv[*at] and moves *at beyond it. */
static bool read_flag(struct options *options, const struct option *option, const char *value,
        char **argv, int *at, struct err *err)
{
	(*at)++;
	if (value == NULL && option->value == NULL) {
		value = "true";
	} else if (value == NULL) {
		value = argv[*at];
		*at += value != NULL ? 1 : 0;
	}
	if (value == NULL) {
		err_set(err, ERR_USAGE, "%s needs a value: %s", option->flag, option->value);
		return false;
	}
	return set_option(options, option, value, option->flag, err);
}

static bool read_variables(struct options *options, struct err *err)
{
	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		const char *value = getenv(table[i].variable);
		if (!str_is_empty(value) &&
		        !set_option(options, &table[i], value, table[i].variable, err)) {
			return false;
		}
	}
	return true;
}

static bool set_fallbacks(struct options *options, struct err *err)
{
	*options = (struct options){0};
	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		if (!set_option(options, &table[i], table[i].fallback, table[i].flag, err)) {
			return false;
		}
	}
	return true;
}

bool options_parse(struct options *options, int *argc, char **argv, struct err *err)
{
	if (!set_fallbacks(options, err) || !read_variables(options, err)) {
		return false;
	}
	int kept = *argc > 0 ? 1 : 0;
	int at = kept;
	while (at < *argc && !str_equal(argv[at], "--")) {
		const char *value = NULL;
		const struct option *option = find_option(argv[at], &value);
		if (option == NULL) {
			argv[kept++] = argv[at++];
		} else if (!read_flag(options, option, value, argv, &at, err)) {
			return false;
		}
	}
	while (at < *argc) {
		argv[kept++] = argv[at++];
	}
	argv[kept] = NULL;
	*argc = kept;
	return true;
}

bool options_check_rest(int argc, char **argv, struct err *err)
{
	if (argc <= 2) {
		return true;
	}
	struct nearest nearest;
	nearest_init(&nearest, argv[2]);
	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		nearest_offer(&nearest, table[i].flag);
	}
	const char *near = nearest_get(&nearest);
	if (near != NULL) {
		err_set(err, ERR_USAGE, "%s is not known; did you mean %s?", argv[2], near);
	} else {
		err_set(err, ERR_USAGE, "%s is not known; see bob2okta help", argv[2]);
	}
	return false;
}

void options_print_help(FILE *out)
{
	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		char flag[64];
		str_format_cut(flag, sizeof(flag), "%s%s%s", table[i].flag,
		        table[i].value != NULL ? " " : "",
		        table[i].value != NULL ? table[i].value : "");
		bool has_default = table[i].fallback[0] != '\0';
		fprintf(out, "  %-35s %s\n  %-35s %s%s%s\n", flag, table[i].help, "",
		        table[i].variable, has_default ? ", default " : "", table[i].fallback);
	}
}

const char *options_flag(size_t n)
{
	return n < ARRAY_SIZE(table) ? table[n].flag : NULL;
}
