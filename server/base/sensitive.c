/* SPDX-License-Identifier: MIT */
#include "server/base/sensitive.h"

#include "server/base/str.h"

#include <stdlib.h>
#include <string.h>

static void wipe_text(char **text)
{
	if (*text != NULL) {
		explicit_bzero(*text, strlen(*text));
		free(*text);
		*text = NULL;
	}
}

/* The copy is made first: text may point into what is held now. */
static bool replace_text(char **held, const char *text)
{
	char *copy = str_dup(text);
	if (text != NULL && copy == NULL) {
		return false;
	}
	wipe_text(held);
	*held = copy;
	return true;
}

bool secret_set(struct secret *secret, const char *text)
{
	return replace_text(&secret->text, text);
}

void secret_finish(struct secret *secret)
{
	if (secret != NULL) {
		wipe_text(&secret->text);
	}
}

bool secret_is_set(const struct secret *secret)
{
	return secret != NULL && !str_is_empty(secret->text);
}

const char *secret_reveal(const struct secret *secret)
{
	return secret != NULL && secret->text != NULL ? secret->text : "";
}

bool personal_set(struct personal *personal, const char *text)
{
	return replace_text(&personal->text, text);
}

void personal_finish(struct personal *personal)
{
	if (personal != NULL) {
		wipe_text(&personal->text);
	}
}

const char *personal_reveal(const struct personal *personal)
{
	return personal != NULL && personal->text != NULL ? personal->text : "";
}
