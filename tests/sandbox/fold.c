/* SPDX-License-Identifier: MIT */
#include "tests/sandbox/fold.h"

#include <glib.h>
#include <string.h>

#include "tests/sandbox/util.h"

static char *taken(char *glib_text)
{
	char *copy = util_dup(glib_text);

	g_free(glib_text);
	return copy;
}

char *fold_case(const char *text)
{
	if (!g_utf8_validate(text, -1, NULL)) {
		return util_dup(text);
	}
	return taken(g_utf8_casefold(text, -1));
}

char *fold_login(const char *text)
{
	if (!g_utf8_validate(text, -1, NULL)) {
		return util_dup(text);
	}
	char *split = g_utf8_normalize(text, -1, G_NORMALIZE_ALL);
	GString *bare = g_string_new(NULL);

	for (const char *at = split; *at != '\0'; at += g_utf8_skip[(guchar)*at]) {
		gunichar c = g_utf8_get_char(at);

		if (g_unichar_combining_class(c) == 0) {
			(void)g_string_append_unichar(bare, c);
		}
	}
	char *folded = g_utf8_casefold(bare->str, -1);

	g_free(split);
	(void)g_string_free(bare, TRUE);
	return taken(folded);
}
