/* SPDX-License-Identifier: MIT */
/* The console's page and its files, out of the program itself. */
#include "server/base/str.h"
#include "server/console/assets.h"
#include "server/console/console.h"

#include <string.h>

#define NAME_BYTES 128
/* The name holds the digest: what was fetched once never changes. */
#define CACHE_FOR_EVER "public, max-age=31536000, immutable"

static const struct asset *find(const char *name)
{
	for (const struct asset *asset = assets_all; asset->name != NULL; asset++) {
		if (str_equal(asset->name, name)) {
			return asset;
		}
	}
	return NULL;
}

static bool takes_gzip(const struct http_request *request)
{
	const char *accepted = http_request_header(request, "Accept-Encoding");
	const char *gzip = accepted != NULL ? strstr(accepted, "gzip") : NULL;

	/* "gzip;q=0" is a refusal; who wants it by less than all gets it plain as well. */
	return gzip != NULL && !str_starts_with(gzip + strlen("gzip"), ";q=0");
}

static enum http_verdict send_asset(
        struct http_request *request, struct http_reply *reply, const struct asset *asset)
{
	if (takes_gzip(request) && http_reply_header(reply, "Content-Encoding", "gzip")) {
		http_reply_static(reply, asset->packed, asset->packed_len, asset->type);
	} else {
		http_reply_static(reply, asset->plain, asset->plain_len, asset->type);
	}
	if (!http_reply_header(reply, "Vary", "Accept-Encoding")) {
		http_reply_error(reply, request, ERR_INTERNAL, "too many headers");
	}
	return HTTP_ANSWERED;
}

enum http_verdict console_page(
        struct http_request *request, struct http_reply *reply, void *context)
{
	(void)context;
	return send_asset(request, reply, find(ASSETS_PAGE));
}

/* {set}/{file} or {set}/{folder}/{file}. */
enum http_verdict console_asset(
        struct http_request *request, struct http_reply *reply, void *context)
{
	char name[NAME_BYTES];
	const char *folder = http_request_param(request, 1);
	const char *file = http_request_param(request, 2);
	const struct asset *asset = NULL;

	(void)context;
	if (str_format(name, sizeof(name), "%s%s%s", folder, file[0] != '\0' ? "/" : "", file)) {
		asset = find(name);
	}
	if (asset == NULL || !str_equal(http_request_param(request, 0), assets_set) ||
	        str_equal(asset->name, ASSETS_PAGE)) {
		http_reply_error(reply, request, ERR_NOT_FOUND,
		        "the console has no such file; load it again");
		return HTTP_ANSWERED;
	}
	reply->cache = CACHE_FOR_EVER;
	return send_asset(request, reply, asset);
}
