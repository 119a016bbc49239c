/* SPDX-License-Identifier: MIT */
#include "server/settings/settings_url.h"

#include "server/base/str.h"
#include "server/base/transport.h"

#include <string.h>

#define HOST_MAX_BYTES  253
#define LABEL_MAX_BYTES 63

/* Okta's own domains; anything else is an org's custom domain. */
static const char *const okta_domains[] = {
        "okta.com", "oktapreview.com", "okta-emea.com", "okta-gov.com", "okta.mil"};

struct parts {
	char text[SETTINGS_URL_BYTES - 16]; /* trimmed */
	const char *rest; /* after the scheme */
	bool has_scheme;
	bool is_https;
	char host[HOST_MAX_BYTES + 1]; /* folded; with the port, if any */
	const char *path; /* from the first slash on, or "" */
};

static const char *check_characters(const char *text)
{
	for (const char *at = text; *at != '\0'; at++) {
		if ((unsigned char)*at <= ' ' || (unsigned char)*at >= 0x7f) {
			return "must be plain letters: no spaces, no other alphabets";
		}
		if (*at == '@') {
			return "must not carry a user name or password (an @)";
		}
		if (*at == '?' || *at == '#') {
			return "must end after the host: no ? and no #";
		}
	}
	return NULL;
}

static void split_scheme(struct parts *parts)
{
	const char *colon = strstr(parts->text, "://");
	size_t len = colon != NULL ? (size_t)(colon - parts->text) : 0;
	parts->rest = colon != NULL ? colon + 3 : parts->text;
	parts->has_scheme = colon != NULL;
	parts->is_https = len == 5 && strncasecmp(parts->text, "https", len) == 0;
}

/* NULL, or what keeps the text from being split. */
static const char *split(struct parts *parts, const char *text)
{
	size_t len = 0;
	const char *start = str_trim(text, &len);
	if (len >= sizeof(parts->text)) {
		return "is too long for an address";
	}
	memcpy(parts->text, start, len);
	parts->text[len] = '\0';
	const char *problem = check_characters(parts->text);
	if (problem != NULL) {
		return problem;
	}
	split_scheme(parts);
	size_t host_len = strcspn(parts->rest, "/\\");
	if (host_len == 0 || host_len > HOST_MAX_BYTES) {
		return "must name a host";
	}
	memcpy(parts->host, parts->rest, host_len);
	parts->host[host_len] = '\0';
	str_fold(parts->host);
	parts->path = parts->rest + host_len;
	return NULL;
}

static bool label_is_good(const char *label, size_t len)
{
	if (len == 0 || len > LABEL_MAX_BYTES || label[0] == '-' || label[len - 1] == '-') {
		return false;
	}
	/* A name in another alphabet in disguise; nobody's Okta or Bob has one. */
	if (str_starts_with(label, "xn--")) {
		return false;
	}
	for (size_t i = 0; i < len; i++) {
		bool is_letter = label[i] >= 'a' && label[i] <= 'z';
		bool is_digit = label[i] >= '0' && label[i] <= '9';
		if (!is_letter && !is_digit && label[i] != '-') {
			return false;
		}
	}
	return true;
}

/* A name of at least two labels whose last is no number: never an address in any notation. */
static const char *check_host(const char *host)
{
	if (strchr(host, ':') != NULL || host[0] == '[') {
		return "must be a host name without port";
	}
	const char *label = host;
	for (;;) {
		size_t len = strcspn(label, ".");
		if (!label_is_good(label, len)) {
			return "is no host name; write it like acme.okta.com";
		}
		if (label[len] == '\0') {
			break;
		}
		label += len + 1;
	}
	if (label == host || (label[0] >= '0' && label[0] <= '9')) {
		return "must be a full host name, not a number and not a single word";
	}
	return NULL;
}

/* Where the Okta domain begins in a host under it ("acme.okta.com"); NULL: not under one. */
static const char *okta_domain_of(const char *host)
{
	size_t len = strlen(host);
	for (size_t i = 0; i < ARRAY_SIZE(okta_domains); i++) {
		size_t domain_len = strlen(okta_domains[i]);
		if (len > domain_len + 1 && host[len - domain_len - 1] == '.' &&
		        str_equal(host + len - domain_len, okta_domains[i])) {
			return host + len - domain_len;
		}
	}
	return NULL;
}

/* A custom domain that carries one of Okta's in its name is a trap or a slip. */
static bool is_lookalike(const char *host)
{
	for (size_t i = 0; i < ARRAY_SIZE(okta_domains); i++) {
		const char *at = strstr(host, okta_domains[i]);
		size_t len = strlen(okta_domains[i]);
		if (at != NULL && (at[len] == '\0' || at[len] == '.' || at[len] == '-')) {
			return true;
		}
	}
	return false;
}

/* "acme-admin.okta.com" is where the same org's administrators go. */
static void mend_admin(char *host, const char *domain)
{
	static const char ending[] = "-admin.";
	size_t ending_len = sizeof(ending) - 1;
	size_t before = (size_t)(domain - host);
	if (before > ending_len && strncmp(domain - ending_len, ending, ending_len) == 0) {
		memmove(host + before - ending_len, domain - 1, strlen(domain - 1) + 1);
	}
}

static const char *judge_okta_host(char *host)
{
	const char *problem = check_host(host);
	if (problem != NULL) {
		return problem;
	}
	const char *domain = okta_domain_of(host);
	if (domain != NULL) {
		mend_admin(host, domain);
		return NULL;
	}
	return is_lookalike(host) ? "looks like Okta's domain and is not; write the org's own"
	                            " address, like acme.okta.com"
	                          : NULL;
}

static const char *write_url(char *to, const struct parts *parts, const char *path)
{
	const char *scheme = parts->is_https || !parts->has_scheme ? "https" : "http";
	return str_format(to, SETTINGS_URL_BYTES, "%s://%s%s", scheme, parts->host, path)
	        ? NULL
	        : "is too long for an address";
}

/* NULL: go on with a host on the net. Else *problem, or the loopback address in `to`. */
static bool is_loopback(const struct parts *parts, enum settings_plain plain, const char **problem)
{
	if (!parts->has_scheme || !transport_url_is_loopback(parts->text)) {
		return false;
	}
	*problem = plain == SETTINGS_PLAIN_ON_LOOPBACK
	        ? NULL
	        : "loopback addresses are for trying out: start with --allow-insecure-loopback";
	return true;
}

static const char *check_scheme(const struct parts *parts)
{
	return parts->has_scheme && !parts->is_https ? "must begin with https://" : NULL;
}

/* Cuts slashes at the end of the path; false for a path that no API has. */
static bool trim_path(struct parts *parts)
{
	char *end = parts->text + strlen(parts->text);
	while (end > parts->path && end[-1] == '/') {
		*--end = '\0';
	}
	return *parts->path == '\0' ||
	        (str_is_word(parts->path, 200, "/_.-") && strstr(parts->path, "//") == NULL &&
	                strstr(parts->path, "..") == NULL);
}

const char *settings_url_okta(char *to, const char *text, enum settings_plain plain)
{
	struct parts parts;
	const char *problem = split(&parts, text);
	if (problem != NULL) {
		return problem;
	}
	if (is_loopback(&parts, plain, &problem)) {
		if (problem == NULL && !trim_path(&parts)) {
			problem = "has a path that no API has";
		}
		return problem != NULL ? problem : write_url(to, &parts, parts.path);
	}
	if (!str_equal(parts.path, "") && !str_equal(parts.path, "/")) {
		return "must end after the host: no path";
	}
	problem = check_scheme(&parts);
	problem = problem != NULL ? problem : judge_okta_host(parts.host);
	return problem != NULL ? problem : write_url(to, &parts, "");
}

/* Path and query are whatever the receiver made them: often they are the key. */
const char *settings_url_hook(char *to, const char *text, enum settings_plain plain)
{
	struct parts parts;
	char host[SETTINGS_URL_BYTES];
	const char *query = strchr(text, '?');
	size_t query_len = query != NULL ? strcspn(query, " \t\r\n#") : 0;
	str_format_cut(host, sizeof(host), "%.*s", (int)strcspn(text, "?"), text);
	const char *problem = split(&parts, host);
	if (problem != NULL) {
		return problem;
	}
	if (!parts.has_scheme) {
		return "must begin with https://";
	}
	if (!is_loopback(&parts, plain, &problem)) {
		problem = check_scheme(&parts);
		problem = problem != NULL ? problem : check_host(parts.host);
	}
	if (problem != NULL) {
		return problem;
	}
	const char *scheme = parts.is_https ? "https" : "http";
	return str_format(to, SETTINGS_URL_BYTES, "%s://%s%s%.*s", scheme, parts.host, parts.path,
	               (int)query_len, query != NULL ? query : "")
	        ? NULL
	        : "is too long for an address";
}

/* Takes the port off a host; false for one that is no port. */
static bool cut_port(char *host, char *port, size_t size)
{
	char *colon = strrchr(host, ':');
	int64_t number = 0;
	port[0] = '\0';
	if (colon == NULL) {
		return true;
	}
	if (!str_is_digits(colon + 1, 5) || !str_to_int64(colon + 1, &number) || number < 1 ||
	        number > 65535) {
		return false;
	}
	str_format_cut(port, size, ":%lld", (long long)number);
	*colon = '\0';
	return true;
}

static const char *check_smtp_host(const struct parts *parts, enum settings_plain plain)
{
	char url[SETTINGS_URL_BYTES];
	str_format_cut(url, sizeof(url), "http://%s/", parts->host);
	if (!transport_url_is_loopback(url)) {
		return check_host(parts->host);
	}
	return plain == SETTINGS_PLAIN_ON_LOOPBACK
	        ? NULL
	        : "loopback addresses are for trying out: start with --allow-insecure-loopback";
}

const char *settings_url_smtp(char *to, const char *text, enum settings_plain plain)
{
	struct parts parts;
	char port[8];
	const char *problem = split(&parts, text);
	if (problem != NULL) {
		return problem;
	}
	bool is_tls = strncasecmp(parts.text, "smtps://", 8) == 0;
	if (!is_tls && strncasecmp(parts.text, "smtp://", 7) != 0) {
		return "must begin with smtps:// or smtp://";
	}
	if (!str_equal(parts.path, "") && !str_equal(parts.path, "/")) {
		return "must end after the host and its port";
	}
	if (!cut_port(parts.host, port, sizeof(port))) {
		return "has a port that is none";
	}
	problem = check_smtp_host(&parts, plain);
	if (problem != NULL) {
		return problem;
	}
	return str_format(to, SETTINGS_URL_BYTES, "%s://%s%s", is_tls ? "smtps" : "smtp",
	               parts.host, port)
	        ? NULL
	        : "is too long for an address";
}

const char *settings_url_bob(char *to, const char *text, enum settings_plain plain)
{
	struct parts parts;
	const char *problem = split(&parts, text);
	if (problem != NULL) {
		return problem;
	}
	if (!parts.has_scheme) {
		return "must begin with https://";
	}
	if (!trim_path(&parts)) {
		return "has a path that no API has; write it like https://api.hibob.com/v1";
	}
	if (!is_loopback(&parts, plain, &problem)) {
		problem = check_scheme(&parts);
		problem = problem != NULL ? problem : check_host(parts.host);
	}
	return problem != NULL ? problem : write_url(to, &parts, parts.path);
}

/* ------------------------------------------------------------------- whose it is */

/* The host of an address that was judged; cut where it does not fit. */
static void host_of(char *to, size_t size, const char *url)
{
	const char *host = strstr(url, "://");
	host = host != NULL ? host + 3 : url;
	str_format_cut(to, size, "%.*s", (int)strcspn(host, "/"), host);
}

bool settings_url_is_oktas(const char *url)
{
	char host[HOST_MAX_BYTES + 1];
	host_of(host, sizeof(host), url);
	return okta_domain_of(host) != NULL;
}

bool settings_url_is_bobs(const char *url)
{
	static const char domain[] = ".hibob.com";
	char host[HOST_MAX_BYTES + 1];
	host_of(host, sizeof(host), url);
	size_t len = strlen(host);
	return len > sizeof(domain) - 1 && str_equal(host + len - (sizeof(domain) - 1), domain);
}

bool settings_url_is_loopback(const char *url)
{
	return transport_url_is_loopback(url);
}
