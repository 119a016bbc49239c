/* SPDX-License-Identifier: MIT */
#include "server/console/origin.h"

#include "server/base/str.h"

#include <stddef.h>
#include <string.h>
#include <strings.h>

#define JSON "application/json"

/* "https://console.example.com" and the Host it was sent to; what is between may end TLS. */
static bool is_origin_of(const char *origin, const char *host)
{
	static const char *const SCHEMES[] = {"https://", "http://"};

	for (size_t i = 0; i < sizeof(SCHEMES) / sizeof(SCHEMES[0]); i++) {
		if (str_starts_with(origin, SCHEMES[i])) {
			return str_equal_fold(origin + strlen(SCHEMES[i]), host);
		}
	}
	return false;
}

static bool is_from_here(const struct origin_claim *claim)
{
	if (claim->has_fetch_site) {
		return claim->fetch_site != NULL && str_equal(claim->fetch_site, "same-origin");
	}
	return claim->origin != NULL && claim->host != NULL && claim->host[0] != '\0' &&
	        is_origin_of(claim->origin, claim->host);
}

/* A form can send neither this type nor its parameters. */
static bool is_json(const char *type)
{
	if (type == NULL || strncasecmp(type, JSON, strlen(JSON)) != 0) {
		return false;
	}
	const char *rest = type + strlen(JSON);
	return rest[strspn(rest, " \t")] == '\0' || rest[strspn(rest, " \t")] == ';';
}

const char *origin_complaint(const struct origin_claim *claim)
{
	if (!is_from_here(claim)) {
		return "this request does not come from the console's own page";
	}
	if (!is_json(claim->content_type)) {
		return "the body of this request is sent as application/json";
	}
	return NULL;
}
