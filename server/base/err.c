/* SPDX-License-Identifier: MIT */
#include "server/base/err.h"

#include "server/base/str.h"

#include <stdarg.h>
#include <stddef.h>

struct code_facts {
	const char *name;
	int http_status;
	enum err_retry retry;
	const char *hint;
};

static const struct code_facts facts[ERR_COUNT] = {
        [ERR_OK] = {"ok", 200, ERR_RETRY_NONE, "nothing went wrong"},
#define ERROR(symbol, code, http_status, retry, hint) \
	[ERR_##symbol] = {code, http_status, ERR_RETRY_##retry, hint},
#include "server/base/errors.def"
#undef ERROR
};

static const struct code_facts *facts_get(enum err_code code)
{
	if ((unsigned)code >= ERR_COUNT) {
		return &facts[ERR_INTERNAL];
	}
	return &facts[code];
}

void err_set(struct err *err, enum err_code code, const char *format, ...)
{
	if (err == NULL || err->code != ERR_OK) {
		return;
	}
	err->code = code;
	va_list args;
	va_start(args, format);
	str_vformat_cut(err->text, sizeof(err->text), format, args);
	va_end(args);
}

void err_prefix(struct err *err, const char *format, ...)
{
	if (!err_is_set(err)) {
		return;
	}
	char context[ERR_TEXT_MAX_BYTES];
	va_list args;
	va_start(args, format);
	str_vformat_cut(context, sizeof(context), format, args);
	va_end(args);
	char old[ERR_TEXT_MAX_BYTES];
	str_format_cut(old, sizeof(old), "%s", err->text);
	str_format_cut(err->text, sizeof(err->text), "%s: %s", context, old);
}

bool err_is_set(const struct err *err)
{
	return err != NULL && err->code != ERR_OK;
}

void err_clear(struct err *err)
{
	if (err != NULL) {
		err->code = ERR_OK;
		err->text[0] = '\0';
	}
}

const char *err_code_name(enum err_code code)
{
	return facts_get(code)->name;
}

int err_code_http_status(enum err_code code)
{
	return facts_get(code)->http_status;
}

enum err_retry err_code_retry(enum err_code code)
{
	return facts_get(code)->retry;
}

const char *err_code_hint(enum err_code code)
{
	return facts_get(code)->hint;
}
